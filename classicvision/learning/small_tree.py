"""Trees of a few levels, kept in three arrays: columns, thresholds, and the values of leaves.

A tree of depth d is complete. Node k asks whether ``x[columns[k]] < thresholds[k]``; yes leads
to node 2 k + 1, no to node 2 k + 2. The first 2**d - 1 nodes ask, the last 2**d are the leaves.
A node that need not ask has an infinite threshold, so that all samples go on to the left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel
from classicvision.learning.splits import best_split, restricted, threshold_between

if TYPE_CHECKING:
    from numpy.typing import NDArray


def grow(
    columns: NDArray,
    order: NDArray[np.uint32],
    tried: NDArray[np.intp],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    criterion: int,
    max_depth: int,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the columns and thresholds of a tree whose every node is the best split there.

    Parameters
    ----------
    columns, order, tried, targets, weights, criterion
        As for `classicvision.learning.splits.best_split`.
    max_depth : int
        At least 1, a stump.
    """
    nodes = 2**max_depth - 1
    asked, thresholds = np.zeros(nodes, np.intp), np.full(nodes, np.inf)
    waiting = {0: order}
    for node in range(nodes):
        members = waiting.pop(node, None)
        if members is None:
            continue
        _, column, low, high = best_split(columns, members, tried, targets, weights, criterion)
        if column < 0:
            continue
        asked[node] = column
        thresholds[node] = threshold_between(low, high, columns.dtype)
        if 2 * node + 1 < nodes:
            left = columns[column] < thresholds[node]
            waiting[2 * node + 1] = restricted(members, left)
            waiting[2 * node + 2] = restricted(members, ~left)
    return asked, thresholds


@kernel(inline=True)
def _leaf(sample, columns, thresholds):
    node = 0
    while node < len(columns):
        node = 2 * node + 2 - (sample[columns[node]] < thresholds[node])  # no branch to foresee
    return node - len(columns)


@kernel
def leaves_of(X, columns, thresholds):
    """Return for each row of ``X`` the leaf of a tree it falls into, from 0 on."""
    leaves = np.empty(len(X), np.intp)
    for i in range(len(X)):
        leaves[i] = _leaf(X[i], columns, thresholds)
    return leaves


@kernel
def sums_of_leaves(X, columns, thresholds, values):
    """Return for each row of ``X`` the sum of the values of its leaves in several trees."""
    sums = np.zeros(len(X))
    for i in range(len(X)):
        for t in range(len(columns)):
            sums[i] += values[t, _leaf(X[i], columns[t], thresholds[t])]
    return sums
