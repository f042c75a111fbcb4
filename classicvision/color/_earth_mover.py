"""The work of turning one histogram into another, and the distance of their cumulatives."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel
from classicvision._opencv import opencv

_UNEQUAL = 1e-4  # relative difference of totals that is not rounding
# OpenCV's simplex ends after 500 steps, done or not: from 240 bins that differ its cost was up to
# 1 % above the least, from 500 up to 4 %, from 1,700 10 %.
_MOST_FOR_SIMPLEX = 256
_ROUNDING = 1e-5  # of costs, relative, with amounts of float32
_LEAST_MOVE = 1e-7  # of what is moved; less is rounding


@kernel
def _cumulative_differences(histogram, rows, sums, largest):
    """Write the sum, and the largest, of the distances between the cumulatives of each row."""
    for i in range(rows.shape[0]):
        row = rows[i]
        running = total = most = row.dtype.type(0)
        for k in range(row.size):
            running += histogram[k] - row[k]
            distance = abs(running)
            total += distance
            most = max(most, distance)
        sums[i], largest[i] = total, most


def earth_mover(histogram, rows):
    """Return what each row costs in one dimension: counts times the bins they are moved by."""
    sums, largest = np.empty((2, len(rows)), rows.dtype)
    _cumulative_differences(histogram, rows, sums, largest)
    return sums


def kolmogorov_smirnov(histogram, rows):
    """Return the largest distance between the cumulatives of a histogram and each row."""
    sums, largest = np.empty((2, len(rows)), rows.dtype)
    _cumulative_differences(histogram, rows, sums, largest)
    return largest


def joint_earth_mover(a, b):
    """Return the least cost of turning the joint histogram ``a`` into ``b``.

    What both have in a bin stays there, which the triangle inequality allows, and the others are
    matched by the transportation simplex of OpenCV's ``EMD``, or as a linear program.
    """
    totals = a.sum(), b.sum()
    if abs(totals[0] - totals[1]) > _UNEQUAL * max(totals):
        raise ValueError(
            f"a and b must have the same total for 'emd' of joint histograms, got {totals[0]:g} "
            f"and {totals[1]:g}; divide each by its sum"
        )
    excess = a - b
    given, taken = excess > 0, excess < 0
    amount = excess[given].sum()
    if amount == 0 or not taken.any():
        return 0.0
    # As shares of the amount: float32 holds them whatever the scale.
    shares = excess[given] / amount, excess[taken] / excess[taken].sum()
    places = np.argwhere(given), np.argwhere(taken)
    return _least_cost(shares, places) * float(amount)


def _least_cost(shares, places):
    """Return the least cost of moving shares from places to places; both sum to 1."""
    from scipy.spatial.distance import cdist

    distances = cdist(*places)
    if sum(distances.shape) <= _MOST_FOR_SIMPLEX:
        cv2 = opencv()
        columns = (np.column_stack(each) for each in zip(shares, places, strict=True))
        sources, sinks = (each.astype(np.float32) for each in columns)
        cost, _, moves = cv2.EMD(sources, sinks, cv2.DIST_L2)
        if _is_least(cost, moves, shares, distances):
            return cost
    return _linear_program(shares, distances)


def _is_least(cost, moves, shares, distances):
    """Tell whether a cost is the least, which prices prove.

    Where no source and sink have prices whose sum exceeds their distance, the shares times their
    prices are a lower bound of the cost. The sources' prices begin with 0 and rise until each move
    that is made costs the two prices, as it does if the cost is the least.
    """
    used = moves > _LEAST_MOVE
    prices = np.zeros(len(distances))
    for _ in range(sum(distances.shape)):
        others = (distances - prices[:, None]).min(axis=0)
        if cost - (shares[0] @ prices + shares[1] @ others) <= _ROUNDING * cost:
            return True
        prices = np.maximum(prices, np.where(used, distances - others, 0).max(axis=1))
    return False


def _linear_program(shares, distances):
    """Return the least cost of moving shares over distances (sources, sinks), however many."""
    from scipy import sparse
    from scipy.optimize import linprog

    sources, sinks = distances.shape
    given = sparse.kron(sparse.eye(sources), np.ones((1, sinks)))
    taken = sparse.kron(np.ones((1, sources)), sparse.eye(sinks))
    equations = sparse.vstack([given, taken]).tocsr()[:-1]  # the last one follows from the others
    amounts = sources * np.concatenate(shares)[:-1]  # near 1, which the tolerances are made for
    found = linprog(distances.ravel(), A_eq=equations, b_eq=amounts, method="highs")
    if found.fun is None:
        raise RuntimeError(f"'emd' found no least cost: {found.message}")
    return found.fun / sources
