"""Stumps and boosted trees, by trying every threshold of every column anew."""

import math
from itertools import pairwise

from tests.naive.splits import gain_of


def best_stump(rows, targets, weights, criterion):
    """Gain, column and the two values around the first best cut; None where there is none."""
    best = None
    for column in range(len(rows[0])):
        values = sorted({row[column] for row in rows})
        for low, high in pairwise(values):
            gain = gain_of(targets, weights, [row[column] <= low for row in rows], criterion)
            if gain > (-math.inf if best is None else best[0] + 1e-12 * abs(best[0])):
                best = gain, column, low, high
    return best


def tree_leaves(rows, targets, weights, criterion, depth, queries):
    """Grow a tree on ``rows``; return the leaf, a string of L and R, of each query."""
    best = best_stump(rows, targets, weights, criterion) if depth and rows else None
    if best is None:
        return ["L" * depth for _ in queries]
    _, column, low, high = best
    threshold = low / 2 + high / 2
    leaves = [None] * len(queries)
    for side in "LR":
        inside = [k for k, row in enumerate(rows) if (row[column] < threshold) == (side == "L")]
        asked = [k for k, row in enumerate(queries) if (row[column] < threshold) == (side == "L")]
        below = tree_leaves(
            [rows[k] for k in inside],
            [targets[k] for k in inside],
            [weights[k] for k in inside],
            criterion,
            depth - 1,
            [queries[k] for k in asked],
        )
        for k, leaf in zip(asked, below, strict=True):
            leaves[k] = side + leaf
    return leaves
