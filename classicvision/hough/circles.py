"""The Hough transform for circles: edge pixels vote along their gradient for centres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision.edges.canny import canny
from classicvision.filters.smoothing import gaussian
from classicvision.hough._circle_centers import (
    Octave,
    find_centers,
    inside,
    new_table,
    octaves,
    vote,
)
from classicvision.hough._circle_edges import EdgePoints, edge_points, sample_gradients
from classicvision.hough._circle_fitting import find_circles
from classicvision.hough._circle_selection import select_circles
from classicvision.images import luminance
from classicvision.results import Circles

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Canny's higher threshold: so many times the noise of the gradient, and at least this part of
# the largest possible one, which is 4 times the image's range.
_TIMES_NOISE = 5.0
_LEAST_CONTRAST = 0.03
_LOW_TO_HIGH = 0.5  # ratio of Canny's thresholds
_SAMPLES = 4_000  # of the gradient, to know its noise
_RAYLEIGH_MEDIAN = math.sqrt(2 * math.log(2))  # of the length of a gradient with unit noise
_ENOUGH_LEVELS = 64  # an image with a smaller range is stretched before it is smoothed
_HALF_PIXEL = 0.5  # radii are as exact as this where they are compared to the limits
_SOBEL_VARIANCE = 0.5 + 1 / 12  # by which Sobel's smoothing and the pixel widen an edge


@dataclass(frozen=True, eq=False)
class CircleSteps:
    """What :func:`hough_circles` computes on its way.

    Attributes
    ----------
    smoothed : ndarray, shape (rows, columns)
        The image in gray after the Gaussian; with ``edges=True`` the edge map.
    edges : ndarray of bool, shape (rows, columns)
        The edge pixels.
    normals : ndarray of float32, shape (rows, columns, 2)
        The direction x, y in which edge pixels vote; 0 elsewhere.
    octaves : list of Octave
        The ranges of radii, each with ``low``, ``high`` and ``cell``, the side in pixels of a
        cell of its table.
    votes : list of ndarray of uint16
        One table for each octave, whose cells stop counting at 65535.
    centers : list of ndarray of float64, each of shape (n, 2)
        For each octave x, y of the maxima of its table.
    candidates : Circles
        All that were fitted, overlapping ones included.
    circles : Circles
        The result.
    scores : ndarray of float64, shape (n,)
        The votes of each circle divided by its pixels inside the image.
    """

    smoothed: np.ndarray
    edges: NDArray[np.bool_]
    normals: NDArray[np.float32]
    octaves: list[Octave]
    votes: list[NDArray[np.uint16]]
    centers: list[NDArray[np.float64]]
    candidates: Circles
    circles: Circles
    scores: NDArray[np.float64]


@overload
def hough_circles(
    image: ArrayLike,
    *,
    edges: bool = ...,
    min_radius: float,
    max_radius: float,
    threshold: float = ...,
    min_distance: float | None = ...,
    min_gap: float = ...,
    max_circles: int | None = ...,
    sigma: float = ...,
    low: float | None = ...,
    high: float | None = ...,
    return_steps: Literal[False] = ...,
) -> Circles: ...


@overload
def hough_circles(
    image: ArrayLike,
    *,
    edges: bool = ...,
    min_radius: float,
    max_radius: float,
    threshold: float = ...,
    min_distance: float | None = ...,
    min_gap: float = ...,
    max_circles: int | None = ...,
    sigma: float = ...,
    low: float | None = ...,
    high: float | None = ...,
    return_steps: Literal[True],
) -> CircleSteps: ...


def hough_circles(
    image: ArrayLike,
    *,
    edges: bool = False,
    min_radius: float,
    max_radius: float,
    threshold: float = 0.5,
    min_distance: float | None = None,
    min_gap: float = 6,
    max_circles: int | None = None,
    sigma: float = 1.4,
    low: float | None = None,
    high: float | None = None,
    return_steps: bool = False,
) -> Circles | CircleSteps:
    """Find circles, filled or drawn, also concentric ones, whose centres are in the image.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Of a colour image the luminance is taken.
    edges : bool
        The image is an edge map: any pixel that is not 0 is an edge. ``sigma``, ``low`` and
        ``high`` have no meaning then.
    min_radius, max_radius : float
        In pixels, at least 1; both included, to half a pixel.
    threshold : float
        The least part of a circle that must be seen, 0 to 1: its votes divided by the pixels
        that it has inside the image. A circle of which half is hidden has at most 0.5.
    min_distance : float, optional
        Of two circles whose centres are closer than this, in pixels, only the better one is
        returned. By default all are, concentric ones too.
    min_gap : float
        Two concentric edges closer than this, in pixels, are the two sides of a stroke (one is
        brighter inside and one outside) or an edge seen twice. A stroke is one circle, in its
        middle. 0 returns every edge by itself. Larger than the image's diagonal is as large.
    max_circles : int, optional
        Return the best only.
    sigma : float
        Standard deviation in pixels of the Gaussian that smooths the image first; 0 for none.
    low, high : float, optional
        Canny's thresholds of the length of Sobel's gradient of the smoothed image (in its
        units: a sharp step of height h has 4 h without smoothing, and about 1.8 h after a
        Gaussian of 1.4). By default they follow from the image's noise. Give both or neither;
        they may come in either order.
    return_steps : bool
        Return all intermediate results.

    Returns
    -------
    circles : Circles
        The best first: by votes divided by pixels inside the image, then by votes, then from
        top to bottom and from left to right. The votes are the pixels of the digital circle
        that have an edge; centres and radii are exact to a fraction of a pixel.
    steps : CircleSteps
        Instead of ``circles``, with ``return_steps=True``.

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has, or an option that is no number.
    ValueError
        For an image that is empty or not finite, or an option out of range.

    Notes
    -----
    1. Canny's detector finds the edge pixels. The higher threshold is 5 times the noise of
       the gradient, as its median tells, and at least 3 % of the largest gradient that the
       image's range allows; the lower one is half of it. An edge pixel moves along its row or
       column to where the gradient is greatest, and has the gradient's direction. In an edge
       map its direction is across the line through the pixels around it.
    2. Each edge pixel votes for the centres on both sides of it, along its direction. The error
       of that direction moves a vote the further, the larger the radius is: radii are voted for
       in octaves (r to 2 r), each with its own table, whose cells are r / 8 large. So the votes
       for all radii cost no more than those for a few.
    3. Around each maximum of a table the edge pixels that point to it are counted by their
       distance; every peak of that histogram is a radius to try, so concentric circles have one
       centre and several radii.
    4. A circle is fitted to the edge pixels around each of them by iterated, weighted least
       squares of their distances, with places between pixels. For an image its radius is
       corrected for the smoothing, by which a round edge moves inwards.
    5. Its votes are counted along the digital circle, which has one pixel in each column
       where it is flat and one in each row where it is steep. A pixel counts that has an edge
       pixel within 1.5 pixels with the right direction. Apart from the threshold, a fifth of
       the whole circle must be seen.
    6. From the best circle (by votes times the part that is seen) to the worst, each takes the
       edge pixels along it; one that is left with less than 0.7 of the votes it needs goes.
    7. The two sides of a stroke are joined.

    The memory is about 16 bytes for each pixel of the image and 50 for each edge pixel. The
    time of steps 2 to 5 is proportional to the edge pixels.

    Differences from scikit-image's ``hough_circle`` and ``hough_circle_peaks``: a centre lies in
    the image, since otherwise little of the circle does (``np.pad`` the image for more); an edge
    need not lie on the digital circle exactly, so that worn circles count as complete; of
    equally complete circles the larger comes first; any radius is found, not those of a list.

    References
    ----------
    C. Kimme, D. Ballard, J. Sklansky, "Finding circles by an array of accumulators",
    Communications of the ACM 18(2), 1975.

    H. K. Yuen, J. Princen, J. Illingworth, J. Kittler, "Comparative study of Hough transform
    methods for circle finding", Image and Vision Computing 8(1), 1990, sections 3 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:80, :100]
    >>> disk = np.uint8(50 + 150 * np.clip(20.5 - np.hypot(x - 60, y - 30), 0, 1))
    >>> found = hough_circles(disk, min_radius=10, max_radius=30)
    >>> found.centers.round(1).tolist(), found.radii.round(1).tolist()
    ([[60.0, 30.0]], [20.0])
    """
    gray = luminance(check_image(image))
    limits = _check_radii(min_radius, max_radius)
    threshold = check_number(threshold, "threshold", above=0, at_most=1)
    min_gap = min(check_number(min_gap, "min_gap", at_least=0), math.hypot(*gray.shape))
    sigma = check_number(sigma, "sigma", at_least=0)
    if min_distance is not None:
        min_distance = check_number(min_distance, "min_distance", at_least=0)
    if max_circles is not None:
        max_circles = check_number(max_circles, "max_circles", at_least=1, integer=True)
    thresholds = _check_thresholds(low, high)

    if edges:
        smoothed, mask, points = gray, gray != 0, edge_points(gray != 0, None)
    else:
        smoothed, mask = _find_edges(gray, sigma, thresholds)
        points = edge_points(mask, smoothed)
    ranges = _search_ranges(limits, gray.shape)
    memory = new_table(ranges, gray.shape)
    votes, centers, found = [], [], [np.empty((0, 6))]
    for octave in ranges:
        table = vote(points.points, gray.shape, octave, memory)
        peaks = find_centers(table, octave, threshold)
        found.append(find_circles(points, peaks, octave, min_gap / 2, threshold))
        if return_steps:
            votes.append(inside(table).copy())
            centers.append(peaks)
    candidates = np.concatenate(found)
    selected = select_circles(points, candidates, threshold, min_gap)
    if not edges:
        _undo_smoothing(selected, sigma)
    selected = _choose(selected, limits, min_distance, max_circles)
    circles = _as_circles(selected)
    if not return_steps:
        return circles
    return CircleSteps(
        smoothed=smoothed,
        edges=mask,
        normals=_normals(mask, points),
        octaves=ranges,
        votes=votes,
        centers=centers,
        candidates=_as_circles(candidates),
        circles=circles,
        scores=selected[:, 3] / selected[:, 4],
    )


def _check_radii(min_radius, max_radius):
    min_radius = check_number(min_radius, "min_radius", at_least=1)
    max_radius = check_number(max_radius, "max_radius", at_least=1)
    if min_radius > max_radius:
        raise ValueError(
            f"min_radius must be at most max_radius, got {min_radius:g} and {max_radius:g}"
        )
    return min_radius, max_radius


def _check_thresholds(low, high):
    if (low is None) != (high is None):
        raise ValueError("low and high go together; give both or neither")
    if low is None:
        return None
    return sorted(check_number(t, n, at_least=0) for t, n in ((low, "low"), (high, "high")))


def _find_edges(gray, sigma, thresholds):
    """Return the smoothed image, uint8 or float32, and its edge map."""
    least, most = float(gray.min()) / 2, float(gray.max()) / 2
    half, scale = most - least, 1.0  # of the range, which itself may be too large for a float
    if gray.dtype != np.uint8 or half < _ENOUGH_LEVELS / 2:
        # From 0 to 255, in float32: nothing is lost to rounding.
        half = half or 1.0
        gray = gray.astype(np.float64 if gray.dtype == np.float64 else np.float32)
        gray /= 2
        gray -= least
        gray /= half
        gray *= 255
        gray = gray.astype(np.float32, copy=False)
        half, scale = 127.5, 127.5 / half
    smoothed = gaussian(gray, sigma)
    if thresholds is None:
        high = max(_TIMES_NOISE * _noise(smoothed), _LEAST_CONTRAST * 8 * half)
        low = _LOW_TO_HIGH * high
    else:
        low, high = (t * scale for t in thresholds)
    return smoothed, canny(smoothed, low, high, l2_gradient=True)


def _noise(smoothed):
    """Return the standard deviation of the gradient where there are no edges."""
    step = max(1, math.isqrt(smoothed.size // _SAMPLES))
    lengths = np.empty(-(-smoothed.shape[0] // step) * -(-smoothed.shape[1] // step), np.float32)
    count = sample_gradients(smoothed, step, lengths)
    lengths = lengths[:count]
    lengths.partition(count // 2)
    return float(lengths[count // 2]) / _RAYLEIGH_MEDIAN


def _search_ranges(limits, shape):
    """Return the octaves of the radii that a circle with its centre in the image can show."""
    low, high = limits[0], min(limits[1], math.hypot(*shape))
    return octaves(low, high) if low <= high else []


def _undo_smoothing(selected, sigma):
    """Move a round edge back out: smoothing by s has moved it by s^2 / (2 r), to first order."""
    radius = selected[:, 2]
    radius += (sigma**2 + _SOBEL_VARIANCE) / (2 * np.maximum(radius, 2 * sigma + 1))


def _choose(selected, limits, min_distance, max_circles):
    """Return the circles of the wanted radii, best first, as many and as far apart as asked."""
    x, y, radius, votes, possible = selected.T
    low, high = limits[0] - _HALF_PIXEL, limits[1] + _HALF_PIXEL
    order = np.lexsort((radius, x, y, -votes, -votes / np.maximum(possible, 1)))
    selected = selected[order][((low <= radius) & (radius <= high))[order]]
    if min_distance:
        selected = selected[_far_apart(selected[:, :2], min_distance)]
    return selected[:max_circles]


def _far_apart(centers, min_distance):
    kept: list[int] = []
    for i, center in enumerate(centers):
        if not kept or np.hypot(*(centers[kept] - center).T).min() >= min_distance:
            kept.append(i)
    return kept


def _as_circles(found):
    return Circles(found[:, :2], found[:, 2], found[:, 3].astype(np.int64))


def _normals(mask, points: EdgePoints):
    normals = np.zeros((*mask.shape, 2), np.float32)
    normals[mask] = points.points[2:].T
    return normals
