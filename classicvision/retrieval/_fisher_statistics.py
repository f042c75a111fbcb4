"""What a Fisher vector takes from descriptors: who is responsible for them, and their moments."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel

_LOWEST = np.finfo(np.float32).min  # of a likelihood's logarithm that is still a number


@kernel(views_only=True)
def with_squares(rows, center, both):
    """Write the squares of what rows differ from the centre by, and beside them the differences."""
    # r = rows, j = dimensions
    d = rows.shape[1]
    for r in range(rows.shape[0]):
        row, squares, values = rows[r], both[r], both[r, d:]
        for j in range(d):
            values[j] = row[j] - center[j]
        for j in range(d):
            squares[j] = values[j] * values[j]


@kernel(views_only=True)
def likely(logarithms, offsets, least, largest, values, places, ends):
    """Collect what of each Gaussian is not far below its descriptor's largest; return how much."""
    # r = descriptors, k = Gaussians: each row is of one Gaussian, so that loops are vectorized
    gaussians, n = logarithms.shape
    largest[:] = _LOWEST
    for k in range(gaussians):
        row, offset = logarithms[k], offsets[k]
        for r in range(n):
            row[r] += offset
            largest[r] = row[r] if row[r] > largest[r] else largest[r]
    for r in range(n):
        largest[r] += least
    count = np.uint64(0)  # without a sign, or each index would be looked at twice
    for k in range(gaussians):
        row = logarithms[k]
        for r in range(n):
            places[count] = r
            count += np.uint64(row[r] >= largest[r])  # equal where rounding swallowed `least`
        ends[k] = count
    i = np.uint64(0)
    for k in range(gaussians):
        row = logarithms[k]
        while i < np.uint64(ends[k]):
            values[i] = row[places[i]] - largest[places[i]] + least
            i += np.uint64(1)
    return count


# Eight descriptors at a time: the sums are read and written an eighth as often.
@kernel(fastmath={"contract"}, views_only=True)
def add_statistics(weights, places, ends, both, scales, zeroth, sums):
    """Add responsibilities, and values weighted by them; those of a descriptor sum to 1."""
    # i = pairs of a descriptor and a Gaussian, Gaussian by Gaussian (k), j = columns of both
    gaussians = ends.shape[0]
    d = both.shape[1]
    scales[:] = 0
    for i in range(ends[gaussians - 1]):
        scales[places[i]] += weights[i]
    for r in range(scales.shape[0]):
        scales[r] = np.float32(1) / scales[r]
    for i in range(ends[gaussians - 1]):
        weights[i] *= scales[places[i]]
    i = 0
    for k in range(gaussians):
        total, end = sums[k], ends[k]
        while i + 8 <= end:
            v0, v1, v2, v3 = (
                both[places[i]],
                both[places[i + 1]],
                both[places[i + 2]],
                both[places[i + 3]],
            )
            v4, v5, v6, v7 = (
                both[places[i + 4]],
                both[places[i + 5]],
                both[places[i + 6]],
                both[places[i + 7]],
            )
            w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
            w4, w5, w6, w7 = weights[i + 4], weights[i + 5], weights[i + 6], weights[i + 7]
            zeroth[k] += ((w0 + w1) + (w2 + w3)) + ((w4 + w5) + (w6 + w7))
            for j in range(d):
                first = (w0 * v0[j] + w1 * v1[j]) + (w2 * v2[j] + w3 * v3[j])
                second = (w4 * v4[j] + w5 * v5[j]) + (w6 * v6[j] + w7 * v7[j])
                total[j] += first + second
            i += 8
        while i < end:
            weight, row = weights[i], both[places[i]]
            zeroth[k] += weight
            for j in range(d):
                total[j] += weight * row[j]
            i += 1


@kernel(views_only=True)
def to_gradients(zeroth, sums, means, variances, weights, first, second):
    """Write the gradients with respect to the means (first) and to the deviations (second)."""
    # k = Gaussians, j = dimensions; sums are of squares, then of values; all divided by n
    d = means.shape[1]
    for k in range(means.shape[0]):
        squares, values, mean, variance = sums[k], sums[k, d:], means[k], variances[k]
        for_means, for_deviations = first[k], second[k]
        q, root = zeroth[k], np.sqrt(weights[k])
        for j in range(d):
            for_means[j] = (values[j] - q * mean[j]) / (root * np.sqrt(variance[j]))
        for j in range(d):
            spread = squares[j] - 2 * mean[j] * values[j] + q * (mean[j] * mean[j] - variance[j])
            for_deviations[j] = spread / (np.sqrt(np.float32(2)) * root * variance[j])


# The sum may be taken in any order: of 8,000 positive numbers it is exact to some 1e-6 anyway.
@kernel(fastmath={"reassoc", "contract"}, views_only=True)
def improve(encoding):
    """Take signed square roots and divide by the length, in place; zeros stay."""
    squared = np.float32(0)
    for j in range(encoding.size):
        squared += abs(encoding[j])  # is the square of the root
    scale = np.float32(1) / np.sqrt(squared) if squared > 0 else np.float32(0)
    for j in range(encoding.size):
        encoding[j] = np.copysign(np.sqrt(abs(encoding[j])) * scale, encoding[j])
