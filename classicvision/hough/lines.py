"""The standard Hough transform: straight lines as peaks in a table of votes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._jit import kernel
from classicvision.hough._voting import (
    check_edges,
    check_max_lines,
    check_resolution,
    trigonometry,
)
from classicvision.hough.suppression import suppress_lines
from classicvision.results import Lines

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


_REFINED = 2  # cells on either side of a peak


@dataclass(frozen=True, eq=False)
class Accumulator:
    """The votes of all lines, as :func:`hough_lines` counts them.

    Attributes
    ----------
    votes : ndarray of int32, shape (angles, distances)
        ``votes[i, j]`` edge pixels lie on the line ``(rho[j], theta[i])``.
    rho : ndarray of float32, shape (distances,)
        Pixels, from about ``-(rows + columns)`` to ``rows + columns``.
    theta : ndarray of float32, shape (angles,)
        Radians.
    """

    votes: NDArray[np.int32]
    rho: NDArray[np.float32]
    theta: NDArray[np.float32]


@kernel(inline=True)
def _split(positions, columns, xs, ys):
    """Write x and y of the flat positions, which are in order."""
    row, first_of_row = 0, 0
    for p in range(positions.size):
        while positions[p] >= first_of_row + columns:
            row += 1
            first_of_row += columns
        xs[p] = positions[p] - first_of_row
        ys[p] = row


@kernel(inline=True)
def _find_bins(x, y, cosine, sine, first_bin, bins):
    """Write where in a row of the accumulator the pixels vote."""
    for k in range(x.size):
        bins[k] = np.uint32(np.int32(np.rint(x[k] * cosine + y[k] * sine)) + first_bin)


# Angles are the outer loop: one row of the accumulator stays in the first cache. The bins of a
# block of points are computed first (vector instructions), then counted. Neighbours on an edge
# often fall into the same bin, and a counter cannot be read before its last value is stored:
# the two halves of a block are counted in turns, into two rows that are added at the end. The
# scratch memory comes from outside: allocating it here would take a while to compile.
@kernel
def _vote(positions, columns, cosine, sine, center, points, block, counters, accumulator):
    """Count, for each angle, the pixels at every distance; the borders of the table stay 0."""
    count = positions.size
    xs, ys = points[0], points[1]
    _split(positions, columns, xs, ys)
    bins = accumulator.shape[1]
    even, odd = counters[0], counters[1]
    first_bin, one = np.int32(center + 1), np.int32(1)
    for angle in range(cosine.size):
        for start in range(0, count, block.size):
            x = xs[start : start + block.size]
            y = ys[start : start + block.size]
            _find_bins(x, y, cosine[angle], sine[angle], first_bin, block)
            half = x.size // 2
            left, right = block[:half], block[half:]
            for k in range(half):
                even[left[k]] += one
                odd[right[k]] += one
            if x.size % 2:
                odd[right[half]] += one
        votes = accumulator[angle + 1]
        for b in range(bins):
            votes[b] = even[b] + odd[b]
            even[b] = 0
            odd[b] = 0


@kernel
def _vote_weights(positions, columns, cosine, sine, center, points, block, weights, accumulator):
    """Add, for each angle, the weights of the pixels at every distance."""
    xs, ys = points[0], points[1]
    _split(positions, columns, xs, ys)
    first_bin = np.int32(center + 1)
    for angle in range(cosine.size):
        votes = accumulator[angle + 1]
        for start in range(0, positions.size, block.size):
            x = xs[start : start + block.size]
            y = ys[start : start + block.size]
            _find_bins(x, y, cosine[angle], sine[angle], first_bin, block)
            for k in range(x.size):
                votes[block[k]] += weights[start + k]


# Most of the table is below the threshold: 64 cells at a time are skipped by their maximum.
@kernel
def _find_peaks(accumulator, threshold, peaks):
    """Write the flat positions of the local maxima, in order; return how many there are."""
    rows, columns = accumulator.shape
    found = 0
    for r in range(1, rows - 1):
        above, here, below = accumulator[r - 1], accumulator[r], accumulator[r + 1]
        for start in range(1, columns - 1, 64):
            stop = min(start + 64, columns - 1)
            part = here[start:stop]
            highest = part[0]
            for k in range(part.size):
                highest = part[k] if part[k] > highest else highest
            if highest <= threshold:
                continue
            for b in range(start, stop):
                votes = here[b]
                if (
                    votes > threshold
                    and votes > here[b - 1]
                    and votes >= here[b + 1]
                    and votes > above[b]
                    and votes >= below[b]
                ):
                    if found < peaks.size:
                        peaks[found] = r * columns + b
                    found += 1
    return found


@overload
def hough_lines(
    edges: ArrayLike,
    *,
    rho: float = ...,
    theta: float = ...,
    threshold: float,
    min_theta: float = ...,
    max_theta: float = ...,
    max_lines: int | None = ...,
    min_distance: float | None = ...,
    min_angle: float | None = ...,
    weights: ArrayLike | None = ...,
    refine: bool = ...,
    return_accumulator: Literal[False] = ...,
) -> Lines: ...


@overload
def hough_lines(
    edges: ArrayLike,
    *,
    rho: float = ...,
    theta: float = ...,
    threshold: float,
    min_theta: float = ...,
    max_theta: float = ...,
    max_lines: int | None = ...,
    min_distance: float | None = ...,
    min_angle: float | None = ...,
    weights: ArrayLike | None = ...,
    refine: bool = ...,
    return_accumulator: Literal[True],
) -> tuple[Lines, Accumulator]: ...


def hough_lines(
    edges: ArrayLike,
    *,
    rho: float = 1,
    theta: float = math.pi / 180,
    threshold: float,
    min_theta: float = 0,
    max_theta: float = math.pi,
    max_lines: int | None = None,
    min_distance: float | None = None,
    min_angle: float | None = None,
    weights: ArrayLike | None = None,
    refine: bool = False,
    return_accumulator: bool = False,
) -> Lines | tuple[Lines, Accumulator]:
    """Find straight lines in an edge map by the standard Hough transform.

    Every edge pixel (x, y) votes for all lines ``rho = x cos(theta) + y sin(theta)`` through
    it. Lines are the cells of the table of votes that are above the threshold and are local
    maxima among their four neighbours. Votes and lines are those of OpenCV's ``HoughLines``,
    bit for bit; only among lines of as many votes is the order another, by rho.

    Parameters
    ----------
    edges : ndarray, shape (rows, columns) or (rows, columns, 3)
        Any pixel that is not 0 is an edge; a colour image is taken in luminance.
    rho, theta : float
        The size of a cell of the table, in pixels and radians.
    threshold : float
        A line has more votes than this.
    min_theta, max_theta : float
        The range of theta, in radians; equal, they ask for one direction.
    max_lines : int, optional
        Return the strongest lines only.
    min_distance, min_angle : float, optional
        Give both, in pixels and radians, and a line that is closer than both to a stronger one
        is left out, as :func:`suppress_lines` does. By default every peak is returned, as by
        OpenCV: a thick or slightly bent line makes several.
    weights : array_like, shape (rows, columns), optional
        What each edge pixel's vote counts, for instance the gradient's magnitude; not negative,
        rounded to whole numbers. By default 1. With ``weights=edges`` the lines are those of
        OpenCV's ``use_edgeval=True``.
    refine : bool
        Move each line to the centre of mass of the votes above half of its own, of the cells up
        to two away in rho and theta: about half as far from the truth. ``theta`` may end up to
        two steps outside the range of angles.
    return_accumulator : bool
        Also return the table of votes.

    Returns
    -------
    lines : Lines
        By votes, highest first, then by rho, then theta.
    accumulator : Accumulator
        Only with ``return_accumulator=True``.

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has, or an option that is no number.
    ValueError
        For an edge map that is empty or not finite, an option out of range, weights that are
        negative or sum to more than 2^31, or a table above 2 GiB.

    Notes
    -----
    The table has 4 bytes for each of (max_theta - min_theta) / theta angles and
    2 (rows + columns) / rho distances: 4.3 MB for 1920 x 1080 pixels. 12 to 16 bytes for each
    edge pixel come on top.

    Differences from scikit-image's ``hough_line`` and ``hough_line_peaks``, all for OpenCV's
    sake or that of the lines' geometry: angles are equally spaced, and from 0 to pi, not -pi / 2
    to pi / 2, unless ``min_theta`` and ``max_theta`` say so; every local maximum is a peak;
    ``min_distance`` and ``min_angle`` compare lines, not cells, so that one line does not come
    twice at the ends of the range of theta, and perpendicular lines always stay two.

    References
    ----------
    R. O. Duda, P. E. Hart, "Use of the Hough transformation to detect lines and curves in
    pictures", Communications of the ACM 15(1), 1972.

    Examples
    --------
    >>> import numpy as np
    >>> edges = np.zeros((50, 60), bool)
    >>> edges[20, 5:55] = True
    >>> lines = hough_lines(edges, threshold=40)
    >>> lines.to_dict()
    {'lines': [[20.0, 1.5707964]], 'votes': [50]}
    """
    mask = check_edges(edges)
    min_theta = check_number(min_theta, "min_theta", at_least=-1e6, at_most=1e6)
    max_theta = check_number(max_theta, "max_theta", at_least=-1e6, at_most=1e6)
    if min_theta > max_theta:
        raise ValueError(
            f"min_theta must be at most max_theta, got {min_theta:g} and {max_theta:g}"
        )
    resolution = check_resolution(mask.shape, rho, theta, min_theta, max_theta)
    threshold = math.floor(min(check_number(threshold, "threshold", at_least=0), 2**31 - 1))
    max_lines = check_max_lines(max_lines)
    if (min_distance is None) != (min_angle is None):
        raise ValueError("min_distance and min_angle go together; give both or neither")

    whole_weights = None if weights is None else _check_weights(weights, mask)
    accumulator = _accumulate(mask, resolution, min_theta, whole_weights)
    peaks = np.empty(4096, np.int64)
    count = _find_peaks(accumulator, threshold, peaks)
    if count > len(peaks):
        peaks = np.empty(count, np.int64)
        _find_peaks(accumulator, threshold, peaks)
    rows, columns = np.divmod(peaks[:count], accumulator.shape[1])
    distances, angles = _axes(resolution, min_theta)
    rhos, thetas, votes = distances[columns - 1], angles[rows - 1], accumulator[rows, columns]
    if refine:
        cells = accumulator[1:-1, 1:-1], rows - 1, columns - 1
        down, right = _shifts_to_centroids(*cells, resolution)
        rhos = rhos + resolution.rho * right.astype(np.float32)
        thetas = thetas + resolution.theta * down.astype(np.float32)
    order = np.lexsort((thetas, rhos, -votes))
    lines = Lines(rhos[order], thetas[order], votes[order])
    if min_distance is not None and min_angle is not None:
        lines = suppress_lines(lines, mask.shape, min_distance=min_distance, min_angle=min_angle)
    lines = lines[:max_lines]
    if return_accumulator:
        return lines, Accumulator(accumulator[1:-1, 1:-1], distances, angles)
    return lines


def _check_weights(weights, mask):
    """Return the weights of the edge pixels as int32, in the order of their positions."""
    weights = check_image(weights, name="weights", color=False)
    if weights.shape != mask.shape:
        raise ValueError(f"weights must have the edges' shape, {mask.shape}, got {weights.shape}")
    chosen = np.rint(weights[mask].astype(np.float64))
    if chosen.size and chosen.min() < 0:
        raise ValueError(f"weights must not be negative, got {chosen.min():g}")
    if chosen.sum() >= 2**31:
        raise ValueError("weights must sum to less than 2^31 over the edges; divide them")
    return chosen.astype(np.int32)


def _shifts_to_centroids(votes, rows, columns, resolution):
    """Return how many rows and columns the mass above half of each peak's votes lies away.

    Only cells at most two away count; near an end of the table as many on either side. Where
    the table goes round half a turn, its last row is the neighbour of the first, with distances
    of the other sign.
    """
    away = np.arange(-_REFINED, _REFINED + 1)
    r, c = rows[:, None] + away, columns[:, None] + away
    to_edge = np.minimum(columns, votes.shape[1] - 1 - columns)
    use = (np.abs(away) <= to_edge[:, None])[:, None, :]
    if abs(len(votes) * float(resolution.theta) - math.pi) < 0.01 * resolution.theta:
        round_the_end = ((r < 0) | (r >= len(votes)))[:, :, None]
        r %= len(votes)
        c = np.where(round_the_end, 2 * resolution.center - c[:, None, :], c[:, None, :])
    else:
        to_end = np.minimum(rows, len(votes) - 1 - rows)
        use = use & (np.abs(away) <= to_end[:, None])[:, :, None]
        c = c[:, None, :]
    around = votes[r.clip(0, len(votes) - 1)[:, :, None], c.clip(0, votes.shape[1] - 1)]
    mass = np.maximum(around - 0.5 * votes[rows, columns][:, None, None], 0) * use
    total = mass.sum(axis=(1, 2))
    return mass.sum(axis=2) @ away / total, mass.sum(axis=1) @ away / total


def _accumulate(mask, resolution, min_theta, weights):
    """Return the table of votes with a border of one cell all around, as OpenCV's."""
    accumulator = np.zeros((resolution.angles + 2, resolution.bins + 2), np.int32)
    # OpenCV adds up the angles in float32: the sum drifts from angle * theta.
    steps = np.full(resolution.angles, resolution.theta)
    steps[0] = min_theta
    angles = np.add.accumulate(steps, dtype=np.float32)
    cosine, sine = trigonometry(angles.tolist(), resolution)
    if resolution.bins:
        positions = np.flatnonzero(mask)
        points = np.empty((2, len(positions)), np.float32)
        line = positions, mask.shape[1], cosine, sine, resolution.center
        line += points, np.empty(2048, np.uint32)
        if weights is None:
            _vote(*line, np.zeros((2, accumulator.shape[1]), np.int32), accumulator)
        else:
            _vote_weights(*line, weights, accumulator)
    return accumulator


def _axes(resolution, min_theta):
    """Return the rho and theta of the table's columns and rows, in float32 as OpenCV's."""
    bins = np.arange(resolution.bins) - resolution.center
    rho = bins.astype(np.float32) * resolution.rho
    theta = np.arange(resolution.angles).astype(np.float32) * resolution.theta
    return rho, np.float32(min_theta) + theta
