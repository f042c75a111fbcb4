"""Where to cut a set of samples in two: the search that stumps, trees and boosting share.

Samples have a target each, such as -1 and 1, and a weight. A cut is good where the targets on
either side of it differ little. With S the sum of weight times target and W that of the weights,

* "variance": the variance left on both sides is smallest where S_L**2 / W_L + S_R**2 / W_R is
  largest. For targets of -1 and 1 this is CART's Gini impurity, but for a factor.
* "error": with each side named after its heavier class, the misclassified weight is
  (W - abs(S_L) - abs(S_R)) / 2, smallest where abs(S_L) + abs(S_R) is largest.

References
----------
L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and regression trees", 1984,
sections 4.1 and 8.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

VARIANCE, ERROR = 0, 1
CRITERIA = {"variance": VARIANCE, "error": ERROR}  # what kernels take for each name

ROUNDING = 1e-12  # of a sum of weights; smaller differences are errors of the sums


@kernel(inline=True, views_only=True)
def gain_of_cut(criterion, left, left_weight, right, right_weight):
    """Return the gain of a cut from S_L, W_L, S_R and W_R; the weights must be above 0."""
    if criterion == VARIANCE:
        return left * left / left_weight + right * right / right_weight
    return abs(left) + abs(right)


@kernel
def best_cut(values, targets, weights, criterion):
    """Return the best cut of samples that are in the order of their values.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n,)
        In ascending order, without NaN.
    targets, weights : ndarray of float64, shape (n,)
        Of the same samples, in the same order. Weights are not negative; they need no sum of 1.
    criterion : int
        ``VARIANCE`` or ``ERROR``; ``CRITERIA`` has them by name.

    Returns
    -------
    gain : float
        S_L**2 / W_L + S_R**2 / W_R, or abs(S_L) + abs(S_R); -inf where no cut is possible.
    position : int
        How many samples are left of the cut; 0 where no cut is possible.

    Notes
    -----
    Equal values are never cut apart, and no side has less than 1e-12 of the weight. Of equally
    good cuts the first is taken; they are equally good if their gains differ by less than 1e-12
    of themselves, since that is rounding. Two passes, no memory.
    """
    total, total_weight = 0.0, 0.0
    for k in range(len(values)):
        total += weights[k] * targets[k]
        total_weight += weights[k]
    least = ROUNDING * total_weight
    best, bar, position = -np.inf, -np.inf, 0
    left, left_weight = 0.0, 0.0
    for k in range(1, len(values)):
        left += weights[k - 1] * targets[k - 1]
        left_weight += weights[k - 1]
        right, right_weight = total - left, total_weight - left_weight
        if values[k - 1] == values[k] or left_weight <= least or right_weight <= least:
            continue
        gain = gain_of_cut(criterion, left, left_weight, right, right_weight)
        if gain > bar:
            best, bar, position = gain, gain * (1 + ROUNDING), k
    return best, position


# Below: p columns of values of n samples; m of the samples are looked at.


@kernel
def best_split(columns, order, tried, targets, weights, criterion):
    """Return the best cut by any one column.

    Parameters
    ----------
    columns : ndarray of float32 or float64, shape (p, n)
        The values of each column, contiguous.
    order : ndarray of uint32, shape (p, m)
        For each column the samples to split, in the order of its values.
    tried : ndarray of intp
        The columns to look at.
    targets, weights : ndarray of float64, shape (n,)
    criterion : int
        As for `best_cut`.

    Returns
    -------
    gain : float
        As of `best_cut`.
    column : int
        The first in ``tried`` of equally good ones; -1 where no cut is possible.
    low, high : float
        The values on both sides of the cut.
    """
    m = order.shape[1]
    pairs = np.empty((len(targets), 2))  # neighbours in memory: one access instead of two
    pairs[:, 0], pairs[:, 1] = targets, weights
    values = np.empty(m, columns.dtype)
    sorted_targets, sorted_weights = np.empty(m), np.empty(m)
    best, bar, column, low, high = -np.inf, -np.inf, -1, np.inf, np.inf
    for j in tried:
        for k in range(m):
            i = order[j, k]
            values[k] = columns[j, i]
            sorted_targets[k] = pairs[i, 0]
            sorted_weights[k] = pairs[i, 1]
        gain, position = best_cut(values, sorted_targets, sorted_weights, criterion)
        if position > 0 and gain > bar:
            best, bar, column = gain, gain * (1 + ROUNDING), j
            low, high = values[position - 1], values[position]
    return best, column, low, high


@kernel
def _restricted(order, keep, count):
    result = np.empty((order.shape[0], count), order.dtype)
    kept = np.empty(order.shape[1] + 1, order.dtype)
    for j in range(order.shape[0]):
        position = np.uint64(0)
        for k in range(order.shape[1]):  # without a branch, which could not be foreseen
            i = order[j, k]
            kept[position] = i
            position += np.uint64(keep[i])
        for k in range(count):
            result[j, k] = kept[k]
    return result


def restricted(order: NDArray[np.uint32], keep: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return the order of the samples to keep; ``keep`` says of all n samples which ones."""
    count = np.count_nonzero(keep[order[0]])
    return order if count == order.shape[1] else _restricted(order, keep, count)


def sorted_order(columns: NDArray) -> NDArray[np.uint32]:
    """Return for each column its samples in the order of their values, equal ones as they come."""
    order = np.empty(columns.shape, np.uint32)
    for values, samples in zip(columns, order, strict=True):
        samples[:] = np.argsort(values, kind="stable")
    return order


def threshold_between(low: float, high: float, dtype: np.dtype | type) -> float:
    """Return t with low < t <= high, for ``value < t`` to tell values of that dtype apart.

    It is the middle, as near as the dtype has it. Between neighbours it has none: t is ``high``.
    """
    middle = np.dtype(dtype).type(low / 2 + high / 2)  # the sum of both could overflow
    return float(middle if middle > low else high)
