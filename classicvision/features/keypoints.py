"""Interest points: one function for all detectors, OpenCV's and our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_flag, check_image, check_number, check_option
from classicvision.features._opencv_features import (
    ORB_SMALLEST,
    best_keypoints,
    best_order,
    create,
)
from classicvision.features._sharing import share_out
from classicvision.features.difference_of_gaussian import (
    DifferenceOfGaussianSteps,
    difference_of_gaussian_keypoints,
    difference_of_gaussian_steps,
)
from classicvision.features.harris import find_peaks, harris
from classicvision.images import as_uint8, luminance
from classicvision.results import Keypoints

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# kind: the threshold by default, the smallest and the largest one
_THRESHOLDS = {
    "sift": (0.01, 0, None),
    "dog": (0.01, 0, None),
    "orb": (20, 1, 255),
    "fast": (10, 1, 255),
    "harris": (0.01, 0, 1),
}
_CORNER = 7  # pixels across, which Harris' window and FAST's circle look at


@overload
def detect_keypoints(
    image: ArrayLike,
    kind: str = ...,
    *,
    max_keypoints: int | None = ...,
    threshold: float | None = ...,
    cells: int | None = ...,
    return_steps: Literal[False] = ...,
) -> Keypoints: ...


@overload
def detect_keypoints(
    image: ArrayLike,
    kind: str = ...,
    *,
    max_keypoints: int | None = ...,
    threshold: float | None = ...,
    cells: int | None = ...,
    return_steps: Literal[True],
) -> DifferenceOfGaussianSteps: ...


def detect_keypoints(
    image: ArrayLike,
    kind: str = "sift",
    *,
    max_keypoints: int | None = 1000,
    threshold: float | None = None,
    cells: int | None = None,
    return_steps: bool = False,
) -> Keypoints | DifferenceOfGaussianSteps:
    """Find points that are found again in other images of the same thing.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Other types than uint8 are brought to 0..255 first, as by `images.as_uint8`, and of colour
        images the luminance is taken.
    kind : {"sift", "dog", "orb", "fast", "harris"}
        "sift" and "dog": blobs of any size, extrema of the difference of Gaussians over place and
        scale, with a direction each (more than one where several are as strong: then the point
        occurs several times); by OpenCV, and by our own code, which finds the same points a
        quarter of a pixel farther left and up: OpenCV's are off by that, from doubling the image,
        unless told otherwise. "orb": corners of a pyramid by FAST, ranked by Harris' measure,
        with a direction, by OpenCV. "fast": corners at which 9 of 16 pixels on a circle are all
        brighter or all darker, by OpenCV. "harris": peaks of our own `harris`, to a fraction of a
        pixel; within two pixels along x and y there is one.
    max_keypoints : int, optional
        How many are kept, the best ones; None for all.
    threshold : float, optional
        What is too weak. For "sift" and "dog" OpenCV's contrast threshold, by default 0.01; for
        "orb" and "fast" how much brighter or darker, in levels from 1 to 255, by default 20 and 10;
        for "harris" a part of the largest response, by default 0.01.
    cells : int, optional
        Keep about as many keypoints of each of ``cells`` times ``cells`` parts of the image, so far
        as there are: first the best of every part, then the second best, ... By default the best
        of the whole image, which may all lie where it has most contrast.
    return_steps : bool
        For "dog": return the scale space and what is found in it, step by step, instead. The steps
        of "harris" are those of `harris`.

    Returns
    -------
    keypoints : Keypoints
        Best first, and of equals by y, x, size and angle; without any keypoint an empty result.
    steps : DifferenceOfGaussianSteps
        With ``return_steps=True`` only.

    Raises
    ------
    TypeError, ValueError
        For what is no image, an unknown kind, a ``max_keypoints`` or ``cells`` below 1, a threshold
        out of range, or the steps of another kind than "dog".

    Notes
    -----
    Nothing is found within 31 pixels of the border by "orb", nor in images of less than 64 pixels
    a side. Without directions "fast" and "harris" have angles of 0, and sizes of 7. Each call has
    OpenCV objects of its own: threads may call it at once.

    Memory: for "dog" 180 bytes for each pixel.

    References
    ----------
    C. Harris and M. Stephens, "A combined corner and edge detector", Alvey Vision Conference, 1988.
    D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004.
    E. Rosten and T. Drummond, "Machine learning for high-speed corner detection", ECCV 2006.
    E. Rublee, V. Rabaud, K. Konolige and G. Bradski, "ORB: an efficient alternative to SIFT or
    SURF", ICCV 2011.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:64, :64]
    >>> blob = 200 * np.exp(-((x - 30) ** 2 + (y - 25) ** 2) / (2 * 5.0**2))
    >>> found = detect_keypoints(blob.astype(np.uint8), max_keypoints=1)
    >>> found.points.round().tolist()
    [[30.0, 25.0]]
    """
    gray = check_gray(image)
    kind = check_option(kind, "kind", tuple(_THRESHOLDS))
    max_keypoints = check_max_keypoints(max_keypoints)
    usual, smallest, largest = _THRESHOLDS[kind]
    threshold = usual if threshold is None else threshold
    threshold = check_number(threshold, "threshold", at_least=smallest, at_most=largest)
    if cells is not None:
        cells = check_number(cells, "cells", at_least=1, at_most=1000, integer=True)
    if check_flag(return_steps, "return_steps"):
        if kind != "dog":
            raise ValueError(f"kind must be 'dog' for return_steps=True, got {kind!r}")

        def choose(rows):
            if cells is None:
                return _best(rows, max_keypoints)
            return share_out(_best(rows, None), gray.shape, cells, max_keypoints)

        return difference_of_gaussian_steps(gray, threshold, choose)
    if cells is not None:
        found = detect_keypoints(gray, kind, max_keypoints=None, threshold=threshold)
        return share_out(found, gray.shape, cells, max_keypoints)
    if kind == "orb" and min(gray.shape) < ORB_SMALLEST:
        return Keypoints([], [], [], [])
    if kind == "harris":
        return _best(_corners(gray, threshold), max_keypoints)
    if kind == "dog":
        return _best(difference_of_gaussian_keypoints(gray, threshold), max_keypoints)
    found = create(kind, max_keypoints, threshold).detect(gray)
    return best_keypoints(found, max_keypoints)[0]


def _corners(gray, threshold):
    """Return x, y, size, angle and score of the peaks of Harris' response."""
    response = harris(gray)
    points, values = find_peaks(response, threshold * max(response.max(), 0))
    sizes = np.full(len(points), _CORNER)
    return np.column_stack([points, sizes, np.zeros(len(points)), values])


def _best(rows, max_keypoints):
    """Return rows of x, y, size, angle and score as keypoints, best first, none twice."""
    rows = np.unique(rows.astype(np.float32), axis=0)
    points, sizes, angles, scores = rows[:, :2], rows[:, 2], rows[:, 3], rows[:, 4]
    order = best_order(points, sizes, angles, scores)[:max_keypoints]
    return Keypoints(points[order], sizes[order], angles[order], scores[order])


def check_gray(image: ArrayLike) -> NDArray[np.uint8]:
    """Return an image as the detectors take it: its luminance, uint8."""
    return luminance(as_uint8(check_image(image)))


def check_max_keypoints(max_keypoints: int | None) -> int | None:
    """Return how many keypoints are kept, None for all."""
    if max_keypoints is None:
        return None
    return check_number(max_keypoints, "max_keypoints", at_least=1, at_most=2**31 - 1, integer=True)
