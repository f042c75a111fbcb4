"""The work of turning one histogram into another, and the distance of their cumulatives."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel
from classicvision._opencv import opencv

_UNEQUAL = 1e-4  # relative difference of totals that is not rounding


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
    matched by the transportation simplex of OpenCV's ``EMD``.
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
    sources, sinks = (
        np.column_stack([np.abs(excess[chosen]) / amount, np.argwhere(chosen)])
        for chosen in (given, taken)
    )
    cv2 = opencv()
    cost = cv2.EMD(sources.astype(np.float32), sinks.astype(np.float32), cv2.DIST_L2)[0]
    return float(cost * amount)
