"""The lines of a photograph: edges, Hough transform and fitting, with parameters that suit it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision.edges.canny import canny
from classicvision.filters.derivatives import gradient
from classicvision.filters.smoothing import gaussian
from classicvision.hough.fitting import fit_lines
from classicvision.hough.lines import hough_lines
from classicvision.hough.segments import hough_segments
from classicvision.images import as_uint8, luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from classicvision.results import Lines, Segments

_STRONGEST_EDGES = 0.05  # this part of the pixels may start an edge
_FAINTEST_EDGE = 40.0  # a step of 10 gray levels; below that a flat picture has only noise
_LOW_TO_HIGH = 0.4  # ratio of Canny's thresholds
_MARGIN = 0.01  # a photograph's own frame is no line of the scene
# Lengths relative to the shorter side of the image.
_FEWEST_VOTES = 0.1
_SHORTEST_LINE = 0.2
_SHORTEST_SEGMENT = 0.1
_WIDTH_OF_LINE = 0.012
_GAP_IN_LINE = 0.02
_GAP_IN_SEGMENT = 0.01
_LARGEST_TURN = math.radians(12)
_MOST_CANDIDATES = 2000


def find_lines(
    image: ArrayLike, *, min_length: float | None = None, max_gap: float | None = None
) -> tuple[Lines, Segments]:
    """Find the straight lines and segments of a photograph.

    All thresholds follow from the image: Canny's from the strongest 5 % of its gradient, all
    lengths from its shorter side. For thresholds of your own call `canny`, `hough_lines`,
    `fit_lines` and `hough_segments` yourself, as this function does.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3) RGB
        Other types than uint8 are brought to 0..255 first, as by `images.as_uint8`.
    min_length : float, optional
        The shortest line and segment in pixels; by default a fifth of the image's shorter
        side for lines, and a tenth for segments.
    max_gap : float, optional
        The longest gap in a line or segment, in pixels; by default 2 % of the shorter side for
        lines, and 1 % for segments.

    Returns
    -------
    lines : Lines
        Fitted to their edge pixels, by the number of these (``votes``).
    segments : Segments

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has, or a length that is no number.
    ValueError
        For an image that is empty or not finite, or a length out of range.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> image = np.zeros((100, 120), np.uint8)
    >>> image[:, 60:] = 200
    >>> lines, segments = cv.find_lines(image)
    >>> lines.rho.round(1), lines.theta.round(3)
    (array([59.], dtype=float32), array([0.], dtype=float32))
    """
    smooth = gaussian(luminance(as_uint8(check_image(image))), 1)
    shorter = min(smooth.shape)
    gaps = [_GAP_IN_LINE * shorter, _GAP_IN_SEGMENT * shorter]
    lengths = [_SHORTEST_LINE * shorter, _SHORTEST_SEGMENT * shorter]
    if min_length is not None:
        lengths = [check_number(min_length, "min_length", above=0)] * 2
    if max_gap is not None:
        gaps = [check_number(max_gap, "max_gap", at_least=0)] * 2
    gx, gy = gradient(smooth, dtype="int16")  # exact for uint8, and compiled for canny anyway
    magnitude = np.abs(gx[::2, ::2]) + np.abs(gy[::2, ::2])
    high = max(_FAINTEST_EDGE, float(np.quantile(magnitude, 1 - _STRONGEST_EDGES)))
    edges = canny(smooth, _LOW_TO_HIGH * high, high)
    margin = math.ceil(_MARGIN * shorter)
    edges[:margin] = edges[-margin:] = False
    edges[:, :margin] = edges[:, -margin:] = False
    votes = _FEWEST_VOTES * shorter
    peaks = hough_lines(edges, rho=2, threshold=min(votes, lengths[0]), max_lines=_MOST_CANDIDATES)
    lines = fit_lines(
        peaks,
        edges,
        gradient=(gx, gy),
        width=max(2, _WIDTH_OF_LINE * shorter),
        min_length=max(1, lengths[0]),
        max_gap=gaps[0],
        max_turn=_LARGEST_TURN,
    )
    segments = hough_segments(
        edges,
        threshold=max(1, min(votes, lengths[1])),
        min_length=lengths[1],
        max_gap=gaps[1],
    )
    return lines, segments
