"""From peaks to lines: fit each line to its edge pixels, and give each pixel to one line only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision.hough._voting import check_edges, check_lines
from classicvision.results import Lines

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_FITS = 6  # at most; a line usually stands still after two or three
_STANDSTILL = 1e-4  # radians, and pixels


def fit_lines(
    lines: Lines,
    edges: ArrayLike,
    *,
    gradient: tuple[ArrayLike, ArrayLike] | None = None,
    width: float = 4,
    min_length: float = 50,
    max_gap: float = 10,
    max_turn: float = math.pi / 12,
) -> Lines:
    """Fit lines to the edge pixels around them, the strongest first, each pixel to one line.

    A peak of the Hough transform is as exact as a cell of its table, one line of the picture
    makes several peaks, and pixels that are in line by chance make more. Here every line is
    moved to where its pixels are, which are then taken off the map: what is left of its other
    peaks has no pixels of its own, and goes. A line that a lens has bent stays one line, the
    best straight one.

    Parameters
    ----------
    lines : Lines
        Candidates, as from :func:`classicvision.hough.lines.hough_lines` with a low threshold.
    edges : ndarray, shape (rows, columns) or (rows, columns, 3)
        The edge map they were found in.
    gradient : (gx, gy), optional
        The image's derivatives, each of shape (rows, columns). Only pixels whose gradient is
        across the line then belong to it, which tells edges from texture.
    width : float
        A pixel belongs to a line up to this distance, in pixels.
    min_length : float
        The longest stretch of a line without a gap covers at least so many pixels.
    max_gap : float
        The longest gap in a stretch, in pixels. Without ``gradient`` a line that was found
        before leaves a gap of 2 ``width`` + 1 pixels where it crosses.
    max_turn : float
        The largest angle between a pixel's gradient and the line's normal, in radians.

    Returns
    -------
    Lines
        By votes, which are the numbers of pixels that belong to each; ``rho`` and ``theta`` are
        not rounded to cells; theta is from 0 to pi.

    Raises
    ------
    TypeError
        For other lines than ``Lines``, an edge map or derivatives of a dtype or number of
        dimensions that no image has, or an option that is no number.
    ValueError
        For an edge map that is empty or not finite, derivatives of another shape, or an option
        out of range.

    Notes
    -----
    For each candidate, from the strongest to the weakest:

    1. Take the pixels within ``width``, and of these the longest stretch.
    2. Give up if it is shorter than ``min_length``.
    3. Fit a line to the stretch by total least squares, and start again with the fitted line
       until it stands still.
    4. Take its pixels off the map.

    The time is proportional to the candidates times the edge pixels.

    References
    ----------
    K. Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical
    Magazine 2(11), 1901 (step 3).

    Examples
    --------
    >>> from classicvision.hough.lines import hough_lines
    >>> import numpy as np
    >>> edges = np.zeros((60, 90), bool)
    >>> edges[20 + np.arange(80) // 8, np.arange(80)] = True
    >>> candidates = hough_lines(edges, threshold=25)
    >>> len(candidates)
    4
    >>> fit_lines(candidates, edges).votes.tolist()
    [80]
    """
    check_lines(lines)
    mask = check_edges(edges)
    width = check_number(width, "width", above=0)
    min_length = check_number(min_length, "min_length", at_least=1)
    max_gap = check_number(max_gap, "max_gap", at_least=0)
    max_turn = check_number(max_turn, "max_turn", at_least=0)
    pixels = np.stack(np.nonzero(mask)[::-1]).astype(np.float64)
    if gradient is not None:
        directions = _directions(gradient, mask)
        pixels = np.concatenate([pixels, directions])
    limits = (width, min_length, max_gap, math.cos(2 * min(max_turn, math.pi / 2)))

    order = np.argsort(-lines.votes, kind="stable")
    fitted = []
    for rho, theta in zip(lines.rho[order].tolist(), lines.theta[order].tolist(), strict=True):
        line, own = _fit(pixels, rho, theta, limits)
        if line is not None:
            fitted.append((*line, len(own)))
            pixels = np.delete(pixels, own, axis=1)
    rhos, thetas, votes = np.array(fitted).reshape(-1, 3).T
    found = Lines(rhos, thetas, votes.astype(np.int64))
    return found[np.lexsort((found.theta, found.rho, -found.votes))]


def _fit(pixels, rho, theta, limits):
    """Return the fitted (rho, theta) and the indices of its pixels, or None twice."""
    _, min_length, max_gap, _ = limits
    for _ in range(_FITS):
        own = _near(pixels, rho, theta, limits)
        if len(own) < min_length:
            return None, None
        x, y = pixels[0, own], pixels[1, own]
        along = np.round(y * math.cos(theta) - x * math.sin(theta))
        stretch, length = _longest_stretch(along, max_gap)
        if length < min_length:
            return None, None
        before = rho, theta
        rho, theta = _least_squares(x[stretch], y[stretch])
        if abs(rho - before[0]) < _STANDSTILL and abs(theta - before[1]) < _STANDSTILL:
            break
    return (rho, theta), _near(pixels, rho, theta, limits)


def _near(pixels, rho, theta, limits):
    """Return the indices of the pixels within the width whose gradient is across the line."""
    width, _, _, least_cosine = limits
    distance = pixels[0] * math.cos(theta)
    distance += pixels[1] * math.sin(theta)
    distance -= rho
    near = np.flatnonzero(np.abs(distance) <= width)
    if len(pixels) == 4:
        across = pixels[2, near] * math.cos(2 * theta) + pixels[3, near] * math.sin(2 * theta)
        near = near[across >= least_cosine]
    return near


def _longest_stretch(along, max_gap):
    """Return where the longest stretch without a gap is, and how many whole pixels it covers."""
    covered = np.unique(along)
    breaks = np.flatnonzero(np.diff(covered) > max_gap + 1) + 1
    starts, stops = np.append(0, breaks), np.append(breaks, len(covered))
    longest = np.argmax(stops - starts)
    first, last = covered[starts[longest]], covered[stops[longest] - 1]
    return (along >= first) & (along <= last), stops[longest] - starts[longest]


def _least_squares(x, y):
    """Return (rho, theta) of the line with the least sum of squared distances to the points."""
    mean_x, mean_y = x.mean(), y.mean()
    dx, dy = x - mean_x, y - mean_y
    along = math.atan2(2 * (dx @ dy), dx @ dx - dy @ dy) / 2
    theta = (along + math.pi / 2) % math.pi
    return mean_x * math.cos(theta) + mean_y * math.sin(theta), theta


def _directions(gradient, mask):
    """Return cos and sin of twice the gradient's angle: opposite directions are the same."""
    if not isinstance(gradient, (tuple, list)) or len(gradient) != 2:
        raise TypeError("gradient must be two arrays (gx, gy), as gradient(image) returns them")
    gx, gy = (check_image(part, name="gradient", color=False) for part in gradient)
    for part in (gx, gy):
        if part.shape != mask.shape:
            raise ValueError(
                f"gradient must be two arrays of the edges' shape {mask.shape}, got {part.shape}"
            )
    angle = 2 * np.arctan2(gy[mask].astype(np.float64), gx[mask].astype(np.float64))
    return np.stack([np.cos(angle), np.sin(angle)])
