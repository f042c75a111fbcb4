"""Which arcs may belong to one ellipse, and the ellipses through one or two of them."""

from __future__ import annotations

import math

import numpy as np

from classicvision._jit import kernel
from classicvision.hough import _conics

_LONE_TURN = math.radians(75)  # an arc that turns by so much determines an ellipse by itself
_LARGEST_SLOPE = math.tan(math.radians(10))  # by which an arc's end may point away from another
_LARGEST_OFFSET = 1.5  # pixels; the same close by
_LARGEST_DISTANCE = 1.0  # pixels, root mean square, of each arc from their common ellipse
_LEAST_COVER = 0.2  # part of an ellipse's outline that its arcs must be
_MARGIN = 0.75  # the first fit's axes may be off by this factor
_MOST_PAIRS = 20_000  # of the longest arcs


# All points of an ellipse lie on the inner side of each of its tangents. i, j = arcs; the marks
# are x, y and the inward normal at both ends and in the middle.
@kernel
def _find_pairs(marks, sides, farthest, slope, offset, pairs):
    """Write the pairs of arcs that lie on the inner side of each other; return their number."""
    count = 0
    limit = farthest * farthest
    for i in range(sides.size):
        for j in range(i + 1, sides.size):
            if sides[i] != sides[j]:
                continue
            dx, dy = marks[i, 1, 0] - marks[j, 1, 0], marks[i, 1, 1] - marks[j, 1, 1]
            if dx * dx + dy * dy > limit:
                continue
            good = True
            for a in range(3):
                for b in range(3):
                    dx, dy = marks[j, b, 0] - marks[i, a, 0], marks[j, b, 1] - marks[i, a, 1]
                    length = math.sqrt(dx * dx + dy * dy)
                    lowest = -offset - slope * length
                    inward_i = dx * marks[i, a, 2] + dy * marks[i, a, 3]
                    inward_j = -dx * marks[j, b, 2] - dy * marks[j, b, 3]
                    good = good and inward_i >= lowest and inward_j >= lowest
                    good = good and length <= farthest
                if not good:
                    break
            if good:
                if count == len(pairs):
                    return count
                pairs[count, 0], pairs[count, 1] = i, j
                count += 1
    return count


def propose(arcs, least, most, min_ratio):
    """Return ellipses through arcs that turn far enough, and through pairs of arcs.

    Parameters
    ----------
    arcs : Arcs
        The longest ones first.
    least, most : float
        The half axes lie between these.
    min_ratio : float
        Of the shorter to the longer one.

    Returns
    -------
    ellipses : ndarray, shape (n, 5)
    sides : ndarray of int, shape (n,)
        Those of their arcs.
    """
    pairs = np.empty((_MOST_PAIRS, 2), np.int64)
    count = _find_pairs(arcs.marks, arcs.sides, 2 * most, _LARGEST_SLOPE, _LARGEST_OFFSET, pairs)
    first, second = pairs[:count].T
    middle = (arcs.centers[first] + arcs.centers[second]) / 2
    parts = [_conics.moved(arcs.scatters[k], arcs.centers[k], middle) for k in (first, second)]
    conics = _conics.fit_conics(parts[0] + parts[1])
    near = np.ones(count, bool)
    for part in parts:
        near &= _conics.mean_distances(conics, part) <= _LARGEST_DISTANCE
    first, second = first[near], second[near]
    lone = np.flatnonzero(arcs.turns >= _LONE_TURN)
    ellipses = np.concatenate(
        [
            _conics.ellipses_of(_conics.fit_conics(arcs.scatters[lone]), arcs.centers[lone]),
            _conics.ellipses_of(conics[near], middle[near]),
        ]
    )
    lengths = arcs.ends - arcs.begins
    lengths = np.concatenate([lengths[lone], lengths[first] + lengths[second]])
    axes, _ = _conics.axes_of(ellipses)
    # Within 2 % these are the pixels of a digital ellipse, one a row or column, at any angle.
    outlines = 4 * np.hypot(axes[:, 0], axes[:, 1])
    good = (axes[:, 1] >= _MARGIN * least) & (axes[:, 0] * _MARGIN <= most)
    good &= axes[:, 1] >= _MARGIN * min_ratio * axes[:, 0]
    good &= lengths >= _LEAST_COVER * outlines
    return ellipses[good], np.concatenate([arcs.sides[lone], arcs.sides[first]])[good]
