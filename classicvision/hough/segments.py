"""The progressive probabilistic Hough transform: line segments, found a pixel at a time."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number
from classicvision._jit import kernel
from classicvision.hough._voting import (
    check_edges,
    check_max_lines,
    check_resolution,
    trigonometry,
)
from classicvision.results import Segments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_OPENCV_STATE = 2**64 - 1


@kernel(views_only=True)
def _draw_edges(mask, state, order):
    """Draw the edge pixels one by one: fill ``order`` from its end with their positions."""
    number = order.dtype.type
    low, bits = np.uint64(0xFFFFFFFF), np.uint64(32)
    flat, count = mask.reshape(mask.size), 0
    for position in range(flat.size):
        order[count] = position  # to be overwritten by the next one unless it is an edge
        count += flat[position]
    for remaining in range(count, 0, -1):
        # Multiply with carry, and swap the pixel drawn with the last one that remains.
        state = (state & low) * np.uint64(4164903690) + (state >> bits)
        drawn, last = number(state & low) % number(remaining), remaining - 1
        order[drawn], order[last] = order[last], order[drawn]


@kernel(views_only=True)
def _vote_cells(column, row, cosine, sine, centers, cells):
    """Where in the accumulator a pixel votes: one cell for each angle."""
    x, y = np.float32(column), np.float32(row)
    for angle in range(cells.size):
        distance = np.int32(np.rint(x * cosine[angle] + y * sine[angle]))
        cells[angle] = np.uint32(distance + centers[angle])


# x and y are in units of 2^-16 pixel; 2^16 is the step along the longer axis.
@kernel(views_only=True)
def _walk(mask, x, y, dx, dy, max_gap):
    """Follow a line from a pixel to its end; return the steps to its last pixel."""
    rows, columns = mask.shape
    gap, steps, last = 0, 0, 0
    while gap <= max_gap:
        c, r = (x + steps * dx) >> 16, (y + steps * dy) >> 16
        if c < 0 or c >= columns or r < 0 or r >= rows:
            break
        if mask[r, c]:
            gap, last = 0, steps
        else:
            gap += 1
        steps += 1
    return last


# Votes are counted in one flat table, row after row of distances. The cells of all angles are
# computed first (vector instructions), then counted, then searched for their maximum.
@kernel(views_only=True)
def _trace_segments(
    mask, order, cosine, sine, centers, accumulator, limits, cells, counts, points, votes
):
    """Find the segments and clear their pixels from the mask; return how many there are."""
    threshold, min_length, max_gap, max_lines = limits
    flat, columns = mask.reshape(mask.size), order.dtype.type(mask.shape[1])
    pixel, one = np.float32(65536), np.int16(1)
    found = 0
    for position in order[::-1]:
        if not flat[position]:
            continue
        row = np.int64(position // columns)
        column = np.int64(position % columns)
        _vote_cells(column, row, cosine, sine, centers, cells)
        for a in range(cells.size):
            counts[a] = accumulator[cells[a]] = accumulator[cells[a]] + one
        most = counts[0]
        for a in range(counts.size):
            most = counts[a] if counts[a] > most else most
        if most < threshold:
            continue
        best = 0
        while counts[best] != most:
            best += 1

        # Follow the line both ways. Its direction is (-sin, cos), scaled to its longer axis.
        along = max(abs(sine[best]), abs(cosine[best]))
        dx = int(np.rint(-sine[best] * pixel / along))
        dy = int(np.rint(cosine[best] * pixel / along))
        x, y = (column << 16) + 32768, (row << 16) + 32768
        forward = _walk(mask, x, y, dx, dy, max_gap)
        backward = _walk(mask, x, y, -dx, -dy, max_gap)
        x1, y1 = (x + forward * dx) >> 16, (y + forward * dy) >> 16
        x2, y2 = (x - backward * dx) >> 16, (y - backward * dy) >> 16
        long_enough = max(abs(x2 - x1), abs(y2 - y1)) >= min_length
        # Clear the pixels; those of a segment take their votes back (also if they never voted).
        for step in range(-backward, forward + 1):
            c, r = (x + step * dx) >> 16, (y + step * dy) >> 16
            if mask[r, c]:
                mask[r, c] = False
                if long_enough:
                    _vote_cells(c, r, cosine, sine, centers, cells)
                    for a in range(cells.size):
                        accumulator[cells[a]] -= one
        if long_enough:
            points[found, 0], points[found, 1] = x1, y1
            points[found, 2], points[found, 3] = x2, y2
            votes[found] = most
            found += 1
            if found >= max_lines:
                break
    return found


def hough_segments(
    edges: ArrayLike,
    *,
    rho: float = 1,
    theta: float = math.pi / 180,
    threshold: float,
    min_length: float = 0,
    max_gap: float = 0,
    max_lines: int | None = None,
    random_state: int | np.random.Generator | np.random.RandomState | None = None,
) -> Segments:
    """Find line segments in an edge map by the progressive probabilistic Hough transform.

    Edge pixels are drawn at random and vote for all lines through them. As soon as a line has
    ``threshold`` votes it is followed from the pixel in both directions, its pixels are taken
    off the map and, if the segment is long enough, their votes are taken back. The segments are
    those of OpenCV's ``HoughLinesP``, in its order.

    Parameters
    ----------
    edges : ndarray, shape (rows, columns) or (rows, columns, 3)
        Any pixel that is not 0 is an edge; a colour image is taken in luminance.
    rho, theta : float
        The size of a cell of the table of votes, in pixels and radians.
    threshold : float
        A segment is looked for where a line has this many votes or more.
    min_length : float
        The least extent of a segment along x or y, whichever is larger, in pixels; rounded.
    max_gap : float
        The longest run of missing pixels inside a segment; rounded.
    max_lines : int, optional
        Stop when so many segments are found.
    random_state : int, numpy.random.Generator, numpy.random.RandomState, optional
        The order in which pixels are drawn. By default OpenCV's; the same seed always gives the
        same segments.

    Returns
    -------
    Segments
        In the order in which they were found. ``votes`` is the count of the segment's line when
        it was found: of the pixels that had been drawn and not yet taken off, so often just
        ``threshold``; it is not the segment's length.

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has, or an option of another type.
    ValueError
        For an edge map that is empty or not finite, an option out of range, or a table above
        2 GiB.

    Notes
    -----
    Pixels are drawn by a multiply-with-carry generator (multiplier 4164903690) that starts at
    2^64 - 1, or at a number drawn from ``random_state``. scikit-image's
    ``probabilistic_hough_line`` draws its pixels in another order, so that it finds other
    segments.

    Memory: the table has 2 bytes (4 where a line may have more than 32767 votes) for each of
    pi / theta angles and some 0.64 (rows + columns) / rho distances, 0.7 MB for 1920 x 1080
    pixels; a byte for each pixel and 24 for each edge pixel come on top.

    References
    ----------
    J. Matas, C. Galambos, J. Kittler, "Robust detection of lines using the progressive
    probabilistic Hough transform", Computer Vision and Image Understanding 78(1), 2000.

    Examples
    --------
    >>> import numpy as np
    >>> edges = np.zeros((50, 60), bool)
    >>> edges[20, 5:55] = True
    >>> hough_segments(edges, threshold=10, min_length=30).to_dict()
    {'segments': [[5.0, 20.0, 54.0, 20.0]], 'votes': [10]}
    """
    mask = check_edges(edges)
    resolution = check_resolution(mask.shape, rho, theta)
    limits = (
        _whole(math.ceil, threshold, "threshold"),
        _whole(round, min_length, "min_length"),
        _whole(round, max_gap, "max_gap"),
        check_max_lines(max_lines),
    )
    state = _initial_state(random_state)

    step = float(resolution.theta)
    cosine, sine = trigonometry([n * step for n in range(resolution.angles)], resolution)
    centers, cells = _cells_in_use(mask.shape, cosine, sine)
    counter = _counter_type(mask.shape, float(resolution.rho))
    order = np.empty(np.count_nonzero(mask) + 1, np.uint32 if mask.size < 2**32 else np.uint64)
    _draw_edges(mask, np.uint64(state), order)
    order = order[:-1]
    points = np.empty((len(order), 4), np.int32)
    votes = np.empty(len(order), np.int32)
    if not resolution.bins:
        return Segments(points[:0], votes[:0])
    count = _trace_segments(
        mask,
        order,
        cosine,
        sine,
        centers,
        np.zeros(cells, counter),
        limits,
        np.empty(resolution.angles, np.uint32),
        np.empty(resolution.angles, counter),
        points,
        votes,
    )
    return Segments(points[:count], votes[:count])


def _cells_in_use(shape, cosine, sine):
    """Return where each angle counts the lines through the origin, and how many cells there are.

    An angle has only the cells of the distances that pixels can have, one behind the other: a
    third of OpenCV's table, which stays in the cache. A pixel's distance, rounded, lies between
    those of the corners.
    """
    x, y = np.float32(shape[1] - 1) * cosine, np.float32(shape[0] - 1) * sine
    lowest = np.rint(np.minimum(x, 0) + np.minimum(y, 0)).astype(np.int64)
    highest = np.rint(np.maximum(x, 0) + np.maximum(y, 0)).astype(np.int64)
    ends = np.cumsum(highest - lowest + 1)
    return (ends - highest - 1).astype(np.int32), ends[-1]


def _counter_type(shape, rho):
    """Return int16 where no line can have more votes: half the memory to go through."""
    # A band of pixels has at most rho * sqrt(2) + 1 in each column, or in each row if it is steep.
    return np.int16 if (math.sqrt(2) * rho + 2) * max(shape) < 2**15 else np.int32


def _whole(rounding, value, name):
    return rounding(min(check_number(value, name, at_least=0), 2**31 - 1))


def _initial_state(random_state):
    if random_state is None:
        return _OPENCV_STATE
    if isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool):
        if random_state < 0:
            raise ValueError(f"random_state must be at least 0, got {random_state}")
        random_state = np.random.default_rng(int(random_state))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(1, _OPENCV_STATE, dtype=np.uint64))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(1, _OPENCV_STATE, dtype=np.uint64))
    raise TypeError(
        "random_state must be None, an integer, a numpy Generator or RandomState, "
        f"got {random_state!r}"
    )
