"""What an index keeps of a picture: SIFT keypoints of its reduced image, and its colours."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._opencv import opencv
from classicvision.color.histogram import color_histogram
from classicvision.features.descriptors import extract_descriptors
from classicvision.images import as_uint8
from classicvision.results import Keypoints

_LEVELS = 8  # of red, of green and of blue


@dataclass(frozen=True)
class Extraction:
    """How keypoints are found.

    Parameters
    ----------
    max_side : int
        Larger images are reduced to this many pixels on their longer side.
    max_keypoints : int
        The most keypoints that are kept of an image.
    contrast_threshold : float
        Of SIFT.
    cells : int
        Into how many parts each side is divided, of which about as many keypoints are kept each:
        of 150 cut-outs pasted into 1,000 photographs 141 were found at their place with 8, and
        135 with the best keypoints of the whole image.
    """

    max_side: int = 640
    max_keypoints: int = 1000
    contrast_threshold: float = 0.01
    cells: int = 8

    def __post_init__(self):
        for name, limits in (
            ("max_side", {"at_least": 16, "integer": True}),
            ("max_keypoints", {"at_least": 1, "integer": True}),
            ("contrast_threshold", {"at_least": 0}),
            ("cells", {"at_least": 1, "integer": True}),
        ):  # NumPy's numbers become Python's, which JSON keeps
            object.__setattr__(self, name, check_number(getattr(self, name), name, **limits))

    def to_dict(self):
        """Return the parameters, as JSON keeps them."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Description:
    """What is found in a picture.

    Attributes
    ----------
    width, height : int
        Of the whole picture.
    keypoints : Keypoints
        In pixels of the whole picture.
    descriptors : ndarray of uint8, shape (n, 128)
        SIFT.
    vector : ndarray of uint8, shape (512,)
        The square roots of the shares of the colours, divided by the largest.
    """

    width: int
    height: int
    keypoints: Keypoints
    descriptors: np.ndarray
    vector: np.ndarray


def describe(image, extraction):
    """Return the `Description` of an image."""
    image = as_uint8(check_image(image))
    height, width = image.shape[:2]
    small = _reduced(image, extraction.max_side)
    keypoints, descriptors = extract_descriptors(
        small,
        "sift",
        max_keypoints=extraction.max_keypoints,
        contrast_threshold=extraction.contrast_threshold,
        cells=extraction.cells,
    )
    zoom = np.array([width / small.shape[1], height / small.shape[0]])
    keypoints = Keypoints(
        (keypoints.points + 0.5) * zoom - 0.5,
        keypoints.sizes * np.sqrt(zoom.prod()),
        keypoints.angles,
        keypoints.scores,
    )
    return Description(width, height, keypoints, descriptors.astype(np.uint8), color_vector(small))


def _reduced(image, max_side):
    height, width = image.shape[:2]
    if max(height, width) <= max_side:
        return image
    share = max_side / max(height, width)
    size = max(1, round(width * share)), max(1, round(height * share))
    cv2 = opencv()
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def color_vector(image):
    """Return the square roots of a histogram of 8 x 8 x 8 colours, the largest as 255."""
    rgb = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
    roots = np.sqrt(color_histogram(rgb, _LEVELS).ravel())
    return np.rint(roots * (255 / roots.max())).astype(np.uint8)


def color_similarities(vector, vectors):
    """Return the Bhattacharyya coefficients, 0 to 1, of one colour vector and of many.

    Parameters
    ----------
    vector : ndarray of uint8, shape (512,)
    vectors : ndarray of uint8, shape (n, 512)
        Read a block at a time.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    query = vector.astype(np.float32)
    query /= np.linalg.norm(query)
    found = np.empty(len(vectors), np.float32)
    for begin in range(0, len(vectors), 4096):
        block = np.asarray(vectors[begin : begin + 4096], np.float32)
        lengths = np.maximum(np.sqrt(np.einsum("ij,ij->i", block, block)), 1)
        found[begin : begin + 4096] = np.minimum(block @ query / lengths, 1)
    return found
