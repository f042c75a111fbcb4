"""SIFT descriptors on a regular grid, without looking for keypoints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_flag, check_number, check_option, check_random_state
from classicvision.features._sift_sums import BINS, CELLS, describe_points
from classicvision.features.descriptors import root_sift
from classicvision.features.keypoints import check_gray
from classicvision.filters.smoothing import LARGEST_SIGMA, gaussian
from classicvision.results import Keypoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

WINDOW = 6  # times a keypoint's size: the side of what SIFT describes
_CAMERA_SIGMA = 0.5  # smoothing that Lowe assumes in any image
_SMALLEST, _LARGEST = 4, 100_000  # pixels a side


def dense_descriptors(
    image: ArrayLike,
    kind: str = "rootsift",
    *,
    step: int = 8,
    sizes: float | Sequence[float] = (24, 48, 96),
    random_sizes: bool = False,
    sigma: float = 1.0,
    contrast_threshold: float = 0.1,
    random_state: int | np.random.Generator | None = None,
) -> tuple[Keypoints, NDArray[np.float32]]:
    """Describe windows of one or several sizes on a regular grid by SIFT.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Other types than uint8 are brought to 0..255 first, as by `images.as_uint8`, and of colour
        images the luminance is taken.
    kind : {"rootsift", "sift"}
        As for `extract_descriptors`.
    step : int
        Pixels from one place to the next, along x and along y.
    sizes : float or sequence of float
        Sides of the windows in pixels, at least 4: each has 4 x 4 cells. At each place there is
        one window of each size that lies within the image.
    random_sizes : bool
        At each place only one window, of one of these sizes, at random.
    sigma : float
        Standard deviation, in pixels, to which the image is smoothed before its gradients are
        taken, where 0.5 counts as what the camera did.
    contrast_threshold : float
        Windows whose mean slope, in levels per pixel, is not above it get a descriptor of zeros:
        what there is in them is noise.
    random_state : int, numpy.random.Generator or None
        For ``random_sizes``.

    Returns
    -------
    keypoints : Keypoints
        Upright; sorted by size, then y, then x. Their sizes are a sixth of the windows', as
        OpenCV's SIFT has it, and their scores the mean slopes.
    descriptors : ndarray of float32, shape (n, 128)
        One for each; ``(0, 128)`` where no window fits into the image.

    Raises
    ------
    TypeError, ValueError
        For what is no image, an unknown kind, or options out of range.

    Notes
    -----
    Each gradient counts in two of 8 directions and four of 4 x 4 cells by how near it is to these,
    and by a Gaussian of half the window's side around the centre. The 128 sums are divided by their
    Euclidean length, cut off at 0.2, and scaled to length 512 and rounded. As these weights are
    products of one along x and one along y, the points of a row of the grid share their sums over
    the rows of pixels.

    With ``sigma=1.6`` the values are those of ``cv2.SIFT.compute`` of upright keypoints of a sixth
    of the size in octave 0, but for one level in one value of a thousand, except where the slope is
    below 1e-6.

    Memory: the smoothed image, 8 such images of as many rows as the largest window has, and the
    result.

    References
    ----------
    D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004,
    section 6.1.
    A. Bosch, A. Zisserman and X. Munoz, "Image classification using random forests and ferns", ICCV
    2007: dense descriptors of several sizes.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.random.default_rng(0).integers(0, 256, (40, 48), np.uint8)
    >>> found, descriptors = dense_descriptors(image, step=12, sizes=16)
    >>> len(found), descriptors.shape
    (6, (6, 128))
    >>> found.points[:3].tolist()
    [[11.0, 13.0], [23.0, 13.0], [35.0, 13.0]]
    """
    gray = check_gray(image)
    kind = check_option(kind, "kind", ("sift", "rootsift"))
    step = check_number(step, "step", at_least=1, integer=True)
    sides = _check_sizes(sizes)
    sigma = check_number(sigma, "sigma", at_least=0, at_most=LARGEST_SIGMA)
    contrast_threshold = check_number(contrast_threshold, "contrast_threshold", at_least=0)
    random = check_random_state(random_state)
    places = _grid(gray.shape, step, sides[0])
    fitting = [_fits(places, side, gray.shape) for side in sides]
    if check_flag(random_sizes, "random_sizes"):
        fitting = _choose_one(fitting, random)
    counts = [np.count_nonzero(chosen) for chosen in fitting]
    points = np.concatenate([places[chosen] for chosen in fitting])
    slopes = np.empty(len(points), np.float32)
    descriptors = np.empty((len(points), CELLS * CELLS * BINS), np.float32)
    smooth, behind = _smooth(gray, sigma), np.cumsum(counts)
    for side, start, stop in zip(sides, behind - counts, behind, strict=True):
        if start < stop:
            results = slopes[start:stop], descriptors[start:stop]
            describe_points(smooth, points[start:stop], side / CELLS, contrast_threshold, *results)
    diameters = np.repeat(np.divide(sides, WINDOW), counts)
    keypoints = Keypoints(points, diameters, np.zeros(len(points)), slopes)
    return keypoints, root_sift(descriptors) if kind == "rootsift" else descriptors


def _check_sizes(sizes):
    """Return the windows' sides, each once, smallest first."""
    sides = [sizes] if np.ndim(sizes) == 0 else list(sizes)
    if not sides:
        raise ValueError("sizes must be at least one number, got none")
    limits = {"at_least": _SMALLEST, "at_most": _LARGEST}
    return sorted({check_number(side, "sizes", **limits) for side in sides})


def _grid(shape, step, side):
    """Return places x, y on which a window is centred, in the middle of the image."""
    axes = []
    for length in shape:
        first, last = math.ceil(side / 2 - 0.5), math.floor(length - 0.5 - side / 2)
        first += max(last - first, 0) % step // 2
        axes.append(np.arange(first, last + 1, step))
    y, x = np.meshgrid(*axes, indexing="ij")
    return np.column_stack([x.ravel(), y.ravel()])


def _fits(places, side, shape):
    """Return of which places a window lies within the image."""
    last = np.array(shape[::-1]) - 0.5 - side / 2
    return ((places >= side / 2 - 0.5) & (places <= last)).all(axis=1)


def _choose_one(fitting, random):
    """Return for each size at which places it is the one chosen; small sizes fit everywhere."""
    counts = np.sum(fitting, axis=0)
    chosen = (random.random(len(counts)) * counts).astype(int)
    return [chosen == number for number in range(len(fitting))]


def _smooth(gray, sigma):
    """Smooth an image to a standard deviation, as float32."""
    rest = math.sqrt(max(sigma**2 - _CAMERA_SIGMA**2, 0))
    return gaussian(gray.astype(np.float32), rest)
