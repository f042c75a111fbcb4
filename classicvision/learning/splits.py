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

import numpy as np

from classicvision._jit import kernel

VARIANCE, ERROR = 0, 1
CRITERIA = {"variance": VARIANCE, "error": ERROR}  # what kernels take for each name

_ROUNDING = 1e-12  # of a sum of weights; smaller differences are errors of the sums


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
    least = _ROUNDING * total_weight
    best, bar, position = -np.inf, -np.inf, 0
    left, left_weight = 0.0, 0.0
    for k in range(1, len(values)):
        left += weights[k - 1] * targets[k - 1]
        left_weight += weights[k - 1]
        right, right_weight = total - left, total_weight - left_weight
        if values[k - 1] == values[k] or left_weight <= least or right_weight <= least:
            continue
        if criterion == VARIANCE:
            gain = left * left / left_weight + right * right / right_weight
        else:
            gain = abs(left) + abs(right)
        if gain > bar:
            best, bar, position = gain, gain * (1 + _ROUNDING), k
    return best, position
