"""Which of the circles that were found are reported: none twice, and strokes once."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel
from classicvision.hough._circle_edges import EdgePoints
from classicvision.hough._circle_fitting import (
    ALIGNED,
    ROUGHLY_ALIGNED,
    TOLERANCE,
    collect,
    count_pixels,
    new_marks,
)

_OWN_RING = 2.5  # pixels to both sides of a circle within which edge pixels belong to it
_OWN_PART = 0.7  # of the votes a circle needs must be its own
_SAME_CENTRE = 3.0  # pixels between the centres of a stroke's two edges
_BLOCK = 256  # circles that are compared with all others at once


# k = circle, from the best to the worst
@kernel
def _share_pixels(points, first, size, circles, least, ids, marks, taken, kept):
    """Keep the circles that have enough edge pixels which belong to no better circle."""
    rows, columns = size
    for k in range(circles.shape[0]):
        x, y, radius, possible = circles[k, 0], circles[k, 1], circles[k, 2], circles[k, 4]
        inner, outer = radius - TOLERANCE, radius + TOLERANCE
        count = collect(points, first, x, y, inner, outer, ALIGNED, ids)
        votes, _ = count_pixels(points, ids, count, x, y, radius, rows, columns, taken, marks)
        kept[k] = votes >= least * possible
        if kept[k]:
            inner, outer = radius - _OWN_RING, radius + _OWN_RING
            count = collect(points, first, x, y, inner, outer, ROUGHLY_ALIGNED, ids)
            for i in range(count):
                taken[ids[i]] = True


@kernel
def _count_votes(points, first, size, circles, gaps, ids, marks, taken, votes):
    """Write the votes of each circle from edges half a gap beside it, and the possible votes."""
    rows, columns = size
    for k in range(circles.shape[0]):
        x, y, radius = circles[k, 0], circles[k, 1], circles[k, 2]
        reach = TOLERANCE + 0.5 * gaps[k]
        inner, outer = radius - reach, radius + reach
        count = collect(points, first, x, y, inner, outer, ALIGNED, ids)
        votes[k, 0], votes[k, 1] = count_pixels(
            points, ids, count, x, y, radius, rows, columns, taken, marks
        )


def select_circles(
    edges: EdgePoints, found: np.ndarray, threshold: float, min_gap: float
) -> np.ndarray:
    """Return each circle once, and the two edges of a stroke as one circle.

    Parameters
    ----------
    edges : EdgePoints
    found : ndarray of float64, shape (n, 6)
        As :func:`find_circles` returns it, of all octaves together.
    threshold : float
        The least votes of a circle, as a part of the pixels it has inside the image.
    min_gap : float
        Concentric edges closer than this are the two sides of a stroke.

    Returns
    -------
    ndarray of float64, shape (n, 5)
        x, y, radius, votes, pixels inside the image.
    """
    order = np.lexsort((found[:, 2], found[:, 0], found[:, 1], -_strength(found)))
    found = found[order]
    count = edges.points.shape[1]
    ids, taken = np.empty(count + 1, np.int32), np.zeros(count, bool)
    memory = ids, new_marks(found[:, 2].max(initial=1) + min_gap), taken
    kept = np.zeros(len(found), bool)
    least = _OWN_PART * threshold
    _share_pixels(edges.points, edges.first, edges.shape, found, least, *memory, kept)
    circles, gaps = _merge_strokes(found[kept], edges.signed, min_gap)
    strokes = np.flatnonzero(gaps)
    votes = np.empty((len(strokes), 2), np.int64)
    taken[:] = False
    _count_votes(
        edges.points, edges.first, edges.shape, circles[strokes], gaps[strokes], *memory, votes
    )
    circles[strokes, 3:5] = votes
    return circles[:, :5]


def _strength(found):
    """How much speaks for a circle: its votes, times the part of it that has votes."""
    return found[:, 3] ** 2 / found[:, 4]


def _merge_strokes(circles, signed, min_gap):
    """Put the circle in the middle of each stroke in place of its edges.

    Returns the circles, and how far apart their edges are; 0 for those that are no stroke. Of
    the edges that could be a stroke's two sides those closest together are, so that two strokes
    side by side stay two.
    """
    gaps, side, strength = np.zeros(len(circles)), circles[:, 5], _strength(circles)
    circles, waiting, gone = circles.copy(), np.ones(len(circles), bool), []
    for i, j in _concentric(circles, min_gap):
        if not (waiting[i] and waiting[j]):
            continue
        if strength[j] > strength[i]:
            i, j = j, i
        if not signed or side[i] != side[j]:
            waiting[i] = waiting[j] = False
            gaps[i] = abs(circles[i, 2] - circles[j, 2])
            circles[i, :3] = (circles[i, :3] + circles[j, :3]) / 2
        waiting[j] = False
        gone.append(j)
    rest = np.delete(np.arange(len(circles)), gone)
    return circles[rest], gaps[rest]


def _concentric(circles, min_gap):
    """Return the pairs of circles that may be a stroke or an edge seen twice, closest first."""
    x, y, radius = circles[:, 0], circles[:, 1], circles[:, 2]
    pairs, distances = [np.empty((0, 2), np.intp)], [np.empty(0)]
    for start in range(0, len(circles), _BLOCK):
        block = slice(start, start + _BLOCK)
        apart = np.hypot(x[block, None] - x, y[block, None] - y)
        gap = np.abs(radius[block, None] - radius)
        first, second = np.nonzero((apart < _SAME_CENTRE) & (gap < min_gap))
        after = first + start < second
        first, second = first[after], second[after]
        pairs.append(np.stack([first + start, second], axis=1))
        distances.append(gap[first, second] + apart[first, second])
    order = np.argsort(np.concatenate(distances), kind="stable")
    return np.concatenate(pairs)[order].tolist()
