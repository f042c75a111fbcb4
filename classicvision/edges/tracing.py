"""Link the pixels of a thin edge map into curves, in order from end to end."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._jit import kernel
from classicvision.images import luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LARGEST_REACH = 1000  # pixels


# p = position in the flat map, k = direction: east, south-east, south, ... clockwise, so that
# the even ones are the 4-neighbours and (k + 4) % 8 is the way back.
@kernel(views_only=True)
def _find_links(mask, positions, steps, links, degree):
    """Note to which of its neighbours each pixel is linked, a bit for each, and to how many."""
    for i in range(positions.size):
        p = positions[i]
        bits, count = 0, 0
        for k in range(8):
            if not mask[p + steps[k]]:
                continue
            if k % 2 and (mask[p + steps[k - 1]] or mask[p + steps[(k + 1) % 8]]):
                continue
            bits |= 1 << k
            count += 1
        links[p] = bits
        degree[p] = count


@kernel(inline=True, views_only=True)
def _link_besides(bits, back):
    """The first direction of a link that does not lead back; -1 if there is none."""
    for k in range(8):
        if k != back and (bits >> k) & 1:
            return k
    return -1


# An ordinary pixel has two links at most, so there is one way only: first to an end of the
# curve without recording anything, then to its other end.
@kernel(views_only=True)
def _follow(positions, steps, links, degree, seen, points, starts, closed):
    """Record the positions of all curves, one after the other; return how many there are."""
    curves, n = 0, 0
    for i in range(positions.size):
        first = positions[i]
        if seen[first] or degree[first] > 2:
            continue
        here = first
        back = _link_besides(int(links[here]), -1)
        round_trip = False
        while degree[here] <= 2 and not round_trip:
            k = _link_besides(int(links[here]), back)
            if k < 0:
                break
            here += steps[k]
            back = (k + 4) % 8
            round_trip = here == first
        begin, start = here, n
        points[n] = here
        seen[here] = 1
        n += 1
        k = back
        while k >= 0:
            here += steps[k]
            points[n] = here
            seen[here] = 1
            n += 1
            if degree[here] > 2 or here == begin:
                break
            k = _link_besides(int(links[here]), (k + 4) % 8)
        if points[n - 1] < points[start]:
            for j in range((n - start) // 2):
                points[start + j], points[n - 1 - j] = points[n - 1 - j], points[start + j]
        closed[curves] = round_trip
        curves += 1
        starts[curves] = n
    return curves


@kernel(views_only=True)
def _mark_corners(points, starts, closed, reach, max_turn, turns, corners):
    """Mark the points where a curve turns most within ``reach``, and by more than ``max_turn``."""
    for i in range(closed.size):
        start = starts[i]
        count = starts[i + 1] - start - (1 if closed[i] else 0)
        first, stop = (0, count) if closed[i] else (reach, count - reach)
        if count <= 2 * reach:
            continue
        for j in range(first, stop):
            before, after = start + (j - reach) % count, start + (j + reach) % count
            here = start + j
            ux, uy = points[here, 0] - points[before, 0], points[here, 1] - points[before, 1]
            vx, vy = points[after, 0] - points[here, 0], points[after, 1] - points[here, 1]
            turns[here] = abs(math.atan2(float(ux * vy - uy * vx), float(ux * vx + uy * vy)))
        for j in range(first, stop):
            turn = turns[start + j]
            most = turn > max_turn
            for d in range(-reach, reach + 1):
                other = (j + d) % count
                # Of equal turns the one that comes first along the curve counts.
                most = most and (
                    turns[start + other] < turn or (turns[start + other] == turn and other >= j)
                )
            corners[start + j] = most


def trace_edges(
    edges: ArrayLike,
    *,
    min_length: int = 1,
    max_turn: float = math.pi / 3,
    reach: int = 5,
) -> list[NDArray[np.int32]]:
    """Link the pixels of a thin edge map into curves, split at junctions and at corners.

    Parameters
    ----------
    edges : ndarray, shape (rows, columns) or (rows, columns, 3)
        Any pixel that is not 0 is an edge; a colour image is taken in luminance. The edges
        should be one pixel wide, as :func:`classicvision.edges.canny.canny` returns them.
    min_length : int
        Shorter curves, in pixels, are left out. Spurs go first: a curve of fewer pixels that
        hangs on a junction with one end only is taken off the map, and what it hung on is no
        junction any more.
    max_turn : float
        A curve is split where it turns by more than this angle, in radians; pi for nowhere.
    reach : int
        The turn at a pixel is the angle between the directions from the pixel ``reach`` links
        before, and to the one ``reach`` links after it. A corner turns most of all pixels
        within ``reach`` links; there is none nearer to the end of a curve.

    Returns
    -------
    list of numpy.ndarray of int32, each of shape (n, 2)
        The pixels x, y of each curve in order. A closed curve repeats its first pixel at its
        end; it starts at its topmost pixel, of those at the leftmost, and goes clockwise on the
        screen. Other curves start at the end that is higher, or farther left. The curves are in
        the order in which their first pixel is met row by row.

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has, or an option that is no number.
    ValueError
        For an edge map that is empty or not finite, or an option out of range.

    Notes
    -----
    Two pixels are linked if they share a side, or if they share a corner and no third pixel
    shares a side with both (m-adjacency): an edge that climbs in steps has one path along it.
    A pixel with three links or more is a junction. Curves end at junctions, which belong to all
    the curves that meet there; every other pixel belongs to exactly one curve (with
    ``min_length=1``). Two junctions side by side make no curve. The pixel at a corner ends the
    curve that comes first, and the other one starts at the next pixel. A closed curve that has
    corners becomes curves from corner to corner, none of them closed.

    The time is proportional to the pixels of the map. Memory: 4 bytes for each of them, and
    about 90 bytes for each edge pixel.

    References
    ----------
    R. C. Gonzalez, R. E. Woods, Digital Image Processing, 4th edition, 2018, section 2.5
    (m-adjacency).

    Examples
    --------
    >>> import numpy as np
    >>> edges = np.array([[1, 0, 0, 1],
    ...                   [0, 1, 1, 0],
    ...                   [0, 0, 0, 1]], bool)
    >>> for curve in trace_edges(edges):
    ...     print(curve.tolist())
    [[0, 0], [1, 1], [2, 1]]
    [[3, 0], [2, 1]]
    [[2, 1], [3, 2]]
    """
    mask = luminance(check_image(edges, name="edges")) != 0
    min_length = check_number(min_length, "min_length", at_least=1, integer=True)
    max_turn = check_number(max_turn, "max_turn", at_least=0)
    reach = check_number(reach, "reach", at_least=1, at_most=_LARGEST_REACH, integer=True)
    points, starts, closed = link_pixels(mask, min_length)
    corners = np.zeros(len(points), bool)
    _mark_corners(points, starts, closed, reach, max_turn, np.zeros(len(points)), corners)
    reached = np.append(0, np.cumsum(corners))
    cornered = reached[starts[1:]] > reached[starts[:-1]]
    curves = []
    for i, (start, stop) in enumerate(pairwise(starts.tolist())):
        if cornered[i]:
            pieces = _split(points[start:stop], np.flatnonzero(corners[start:stop]), closed[i])
            curves += [piece.copy() for piece in pieces if len(piece) >= min_length]
        else:
            curves.append(points[start:stop].copy())
    return curves


def link_pixels(
    mask: NDArray[np.bool_], min_length: int = 1
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
    """Link the pixels of an edge map into curves from junction to junction, in flat arrays.

    Parameters
    ----------
    mask : numpy.ndarray of bool, shape (rows, columns)
    min_length : int
        As for `trace_edges`.

    Returns
    -------
    points : numpy.ndarray of int32, shape (n, 2)
        x, y of the pixels of all curves, one curve after the other.
    starts : numpy.ndarray of int64, shape (curves + 1,)
        Curve i is ``points[starts[i] : starts[i + 1]]``.
    closed : numpy.ndarray of bool, shape (curves,)
        Which curves are loops without a junction; they repeat their first point at their end.
    """
    rows, columns = mask.shape
    width = columns + 2
    flat = np.zeros((rows + 2) * width, np.uint8)
    flat.reshape(rows + 2, width)[1:-1, 1:-1] = mask
    steps = np.array([1, width + 1, width, width - 1, -1, -width - 1, -width, -width + 1])
    points, starts, closed, degree = _curves(flat, steps)
    if min_length > 1:
        short = _lengths(points, starts) < min_length
        first, last = degree[points[starts[:-1]]], degree[points[starts[1:] - 1]]
        spurs = short & ((first > 2) != (last > 2))
        if spurs.any():
            on_spur = points[np.repeat(spurs, np.diff(starts))]
            flat[on_spur[degree[on_spur] <= 2]] = 0
            points, starts, closed, _ = _curves(flat, steps)
        long = _lengths(points, starts) >= min_length
        points = points[np.repeat(long, np.diff(starts))]
        starts = np.append(0, np.cumsum(np.diff(starts)[long]))
        closed = closed[long]
    y, x = np.divmod(points, width)
    return np.stack([x - 1, y - 1], axis=1).astype(np.int32), starts, closed


def _curves(flat, steps):
    """Return the positions of all curves in the flat map, and each pixel's number of links."""
    positions = np.flatnonzero(flat)
    links, degree, seen = (np.zeros_like(flat) for _ in range(3))
    _find_links(flat, positions, steps, links, degree)
    points = np.empty(3 * len(positions), np.int64)
    starts = np.zeros(len(positions) + 1, np.int64)
    closed = np.zeros(len(positions), bool)
    count = _follow(positions, steps, links, degree, seen, points, starts, closed)
    return points[: starts[count]], starts[: count + 1], closed[:count], degree


def _split(curve, corners, whole):
    """Return the pieces of a curve between its corners; each corner ends a piece."""
    if not whole:
        return [piece for piece in np.split(curve, corners + 1) if len(piece)]
    turned = np.roll(curve[:-1], -corners[0] - 1, axis=0)
    return np.split(turned, corners[1:] - corners[0])


def _lengths(points, starts):
    """How many pixels each curve has; the repeated one of a loop counts once."""
    counts = np.diff(starts)
    return counts - ((counts > 1) & (points[starts[:-1]] == points[starts[1:] - 1]))
