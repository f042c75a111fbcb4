"""The standard Hough transform: straight lines as peaks in a table of votes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_number
from classicvision._jit import kernel
from classicvision.hough._voting import (
    check_edges,
    check_lines,
    check_max_lines,
    check_resolution,
    trigonometry,
)
from classicvision.results import Lines

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
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


# Angles are the outer loop: one row of the accumulator stays in the first cache. The bins of a
# block of points are computed first (vector instructions), then counted. Neighbours on an edge
# often fall into the same bin, and a counter cannot be read before its last value is stored:
# the two halves of a block are counted in turns, into two rows that are added at the end.
@kernel
def _vote(positions, columns, cosine, sine, center, accumulator):
    """Count, for each angle, the pixels at every distance; the borders of the table stay 0."""
    count = positions.size
    xs = np.empty(count, np.float32)
    ys = np.empty(count, np.float32)
    row, first_of_row = 0, 0
    for p in range(count):
        while positions[p] >= first_of_row + columns:
            row += 1
            first_of_row += columns
        xs[p] = positions[p] - first_of_row
        ys[p] = row
    bins = accumulator.shape[1]
    even = np.zeros(bins, np.int32)
    odd = np.zeros(bins, np.int32)
    block = np.empty(2048, np.uint32)
    first_bin = np.int32(center + 1)
    one = np.int32(1)
    for angle in range(cosine.size):
        c, s = cosine[angle], sine[angle]
        for start in range(0, count, block.size):
            x = xs[start : start + block.size]
            y = ys[start : start + block.size]
            for k in range(x.size):
                block[k] = np.uint32(np.int32(np.rint(x[k] * c + y[k] * s)) + first_bin)
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
                highest = max(highest, part[k])
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
    return_accumulator: bool = False,
) -> Lines | tuple[Lines, Accumulator]:
    """Find straight lines in an edge map by the standard Hough transform.

    Every edge pixel (x, y) votes for all lines ``rho = x cos(theta) + y sin(theta)`` through
    it. Lines are the cells of the table of votes that are above the threshold and are local
    maxima among their four neighbours. Votes and lines are those of OpenCV's ``HoughLines``,
    bit for bit.

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
    TypeError, ValueError
        For an image without pixels, of an unsupported dtype or shape, with NaN or infinity; for
        options out of range, or a table above 2 GiB.

    Notes
    -----
    The table has 4 bytes for each of (max_theta - min_theta) / theta angles and
    2 (rows + columns) / rho distances: 4.3 MB for 1920 x 1080 pixels. 12 to 16 bytes for each
    edge pixel come on top.

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

    accumulator = _accumulate(mask, resolution, min_theta)
    peaks = np.empty(4096, np.int64)
    count = _find_peaks(accumulator, threshold, peaks)
    if count > len(peaks):
        peaks = np.empty(count, np.int64)
        _find_peaks(accumulator, threshold, peaks)
    rows, columns = np.divmod(peaks[:count], accumulator.shape[1])
    distances, angles = _axes(resolution, min_theta)
    rhos, thetas, votes = distances[columns - 1], angles[rows - 1], accumulator[rows, columns]
    order = np.lexsort((thetas, rhos, -votes))
    lines = Lines(rhos[order], thetas[order], votes[order])
    if min_distance is not None and min_angle is not None:
        lines = suppress_lines(lines, mask.shape, min_distance=min_distance, min_angle=min_angle)
    lines = lines[:max_lines]
    if return_accumulator:
        return lines, Accumulator(accumulator[1:-1, 1:-1], distances, angles)
    return lines


def suppress_lines(
    lines: Lines, shape: tuple[int, ...], *, min_distance: float, min_angle: float
) -> Lines:
    """Keep of lines that nearly coincide the one with the most votes.

    A line is left out if it differs from a stronger one that is kept by less than ``min_angle``
    in direction and by less than ``min_distance`` at the image's centre. Directions half a turn
    apart are the same: (rho, theta) and (-rho, theta - pi) are one line.

    Parameters
    ----------
    lines : Lines
    shape : tuple of int
        The image's shape, rows and columns first.
    min_distance : float
        Pixels.
    min_angle : float
        Radians.

    Returns
    -------
    Lines
        By votes, highest first.

    Raises
    ------
    TypeError, ValueError
        For other lines than ``Lines``; for a distance or an angle that is not a number or
        negative.

    Examples
    --------
    >>> lines = Lines(rho=[20, 21, -20], theta=[0, 0, 3.13], votes=[90, 80, 70])
    >>> suppress_lines(lines, (2, 2), min_distance=3, min_angle=0.1).to_dict()
    {'lines': [[20.0, 0.0]], 'votes': [90]}
    """
    check_lines(lines)
    min_distance = check_number(min_distance, "min_distance", at_least=0)
    min_angle = check_number(min_angle, "min_angle", at_least=0)
    lines = lines[np.argsort(-lines.votes, kind="stable")]
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    theta = lines.theta.astype(np.float64)
    rho = lines.rho - x * np.cos(theta) - y * np.sin(theta)  # as seen from the centre

    kept = []
    waiting = np.arange(len(lines))
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        turn = theta[waiting] - theta[best]
        half_turns = np.round(turn / math.pi)
        apart = np.abs(rho[waiting] * np.where(half_turns % 2, -1, 1) - rho[best])
        same = (np.abs(turn - half_turns * math.pi) < min_angle) & (apart < min_distance)
        waiting = waiting[~same]
    return lines[np.array(kept, np.intp)]


def _accumulate(mask, resolution, min_theta):
    """Return the table of votes with a border of one cell all around, as OpenCV's."""
    accumulator = np.zeros((resolution.angles + 2, resolution.bins + 2), np.int32)
    # OpenCV adds up the angles in float32: the sum drifts from angle * theta.
    steps = np.full(resolution.angles, resolution.theta)
    steps[0] = min_theta
    angles = np.add.accumulate(steps, dtype=np.float32)
    cosine, sine = trigonometry(angles.tolist(), resolution)
    if resolution.bins:
        positions = np.flatnonzero(mask)
        _vote(positions, mask.shape[1], cosine, sine, resolution.center, accumulator)
    return accumulator


def _axes(resolution, min_theta):
    """Return the rho and theta of the table's columns and rows, in float32 as OpenCV's."""
    bins = np.arange(resolution.bins) - resolution.center
    rho = bins.astype(np.float32) * resolution.rho
    theta = np.arange(resolution.angles).astype(np.float32) * resolution.theta
    return rho, np.float32(min_theta) + theta
