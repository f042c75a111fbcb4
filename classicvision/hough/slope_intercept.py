"""Hough's own table: lines y = a x + b as points of a plane (a, b)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classicvision.hough._voting import as_numbers, check_edges

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LARGEST_TABLE = 2 << 30  # bytes, four for each cell


@dataclass(frozen=True, eq=False)
class SlopeInterceptAccumulator:
    """The votes of the lines y = a x + b.

    Attributes
    ----------
    votes : ndarray of int32, shape (slopes, intercepts)
        ``votes[i, j]`` edge pixels lie, to the nearest whole intercept, on the line with slope
        ``slopes[i]`` and intercept ``intercepts[j]``.
    slopes : ndarray of float64, shape (slopes,)
        Each ``a``: rows downwards for one column to the right.
    intercepts : ndarray of int64, shape (intercepts,)
        Each ``b``: the row, inside the image or not, where the line meets column 0.
    """

    votes: NDArray[np.int32]
    slopes: NDArray[np.float64]
    intercepts: NDArray[np.int64]


def hough_slope_intercept(edges: ArrayLike, *, slopes: ArrayLike) -> SlopeInterceptAccumulator:
    """Count, for lines y = a x + b, the edge pixels on each: the first form of the transform.

    A point (x, y) of the image is the line b = y - a x of the table, and the points of a line
    of the image are lines that meet in one cell. It is easy to draw and to understand, but a
    vertical line has no slope, and steep ones need a huge range of intercepts: `hough_lines`
    counts distances and angles instead.

    Parameters
    ----------
    edges : array_like, shape (rows, columns) or (rows, columns, 3)
        Any pixel that is not 0 is an edge.
    slopes : array_like, shape (n,)
        The slopes ``a`` to try.

    Returns
    -------
    SlopeInterceptAccumulator
        With every whole intercept that some line through the image has.

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has; for slopes that are no numbers.
    ValueError
        For an edge map that is empty or not finite; for slopes that are no row, not finite, or
        so steep that the table would take more than 2 GiB.

    References
    ----------
    P. V. C. Hough, "Method and means for recognizing complex patterns", US patent 3069654, 1962.

    Examples
    --------
    >>> edges = np.eye(5, dtype=bool)[:, ::-1]  # y = 4 - x
    >>> table = hough_slope_intercept(edges, slopes=[-1, 0, 1])
    >>> i, j = np.unravel_index(table.votes.argmax(), table.votes.shape)
    >>> int(table.slopes[i]), int(table.intercepts[j]), int(table.votes[i, j])
    (-1, 4, 5)
    """
    mask = check_edges(edges)
    slopes = as_numbers(slopes, "slopes", "(n,)")
    if slopes.ndim != 1 or not slopes.size:
        raise ValueError(f"slopes must be a row, shape (n,), not empty, got shape {slopes.shape}")
    if not np.isfinite(slopes).all():
        wrong = slopes[~np.isfinite(slopes)][0]
        raise ValueError(f"slopes must be finite, got {wrong}; use hough_lines")
    rows, columns = mask.shape
    lowest = np.floor(min(0.0, -slopes.max() * (columns - 1)))
    highest = np.ceil(rows - 1 + max(0.0, -slopes.min() * (columns - 1)))
    size = 4 * slopes.size * (highest - lowest + 1)
    if size > _LARGEST_TABLE:
        raise ValueError(
            f"slopes up to {np.abs(slopes).max():g} take a table of {size / 2**30:.3g} GiB, more "
            "than 2; use hough_lines for steep lines"
        )
    intercepts = np.arange(int(lowest), int(highest) + 1)
    votes = np.empty((slopes.size, intercepts.size), np.int32)
    y, x = np.nonzero(mask)
    for i, slope in enumerate(slopes):
        bins = np.rint(y - slope * x).astype(np.int64) - intercepts[0]
        votes[i] = np.bincount(bins, minlength=intercepts.size)
    return SlopeInterceptAccumulator(votes, slopes, intercepts)
