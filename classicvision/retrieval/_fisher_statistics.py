"""What a Fisher vector takes from descriptors: who is responsible for them, and their moments."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel


@kernel(views_only=True)
def with_squares(rows, center, both):
    # r = rows, j = dimensions
    d = rows.shape[1]
    for r in range(rows.shape[0]):
        row, squares, values = rows[r], both[r], both[r, d:]
        for j in range(d):
            values[j] = row[j] - center[j]
        for j in range(d):
            squares[j] = values[j] * values[j]


@kernel(views_only=True)
def below_largest(logarithms, offsets, largest):
    # r = descriptors, k = Gaussians; each row is of one Gaussian, so that all loops are vectorized
    gaussians, n = logarithms.shape
    largest[:] = -np.inf
    for k in range(gaussians):
        row, offset = logarithms[k], offsets[k]
        for r in range(n):
            row[r] += offset
            largest[r] = row[r] if row[r] > largest[r] else largest[r]
    for k in range(gaussians):
        row = logarithms[k]
        for r in range(n):
            row[r] -= largest[r]


# Four descriptors at a time: the sums are read and written a quarter as often, and no branch
# depends on a weight, which takes 60 % of the time.
@kernel(fastmath={"contract"}, views_only=True)
def add_statistics(weights, both, scales, chosen, least, zeroth, sums):
    # r = descriptors, k = Gaussians, j = dimensions, of the squares and then of the values
    gaussians, n = weights.shape
    d = both.shape[1]
    scales[:] = 0
    for k in range(gaussians):
        row = weights[k]
        for r in range(n):
            scales[r] += row[r]
    for r in range(n):
        scales[r] = np.float32(1) / scales[r]
    for k in range(gaussians):
        row, total = weights[k], sums[k]
        count = 0
        for r in range(n):
            chosen[count] = r
            count += row[r] > least
        i = 0
        while i + 4 <= count:
            r0, r1, r2, r3 = chosen[i], chosen[i + 1], chosen[i + 2], chosen[i + 3]
            w0, w1 = row[r0] * scales[r0], row[r1] * scales[r1]
            w2, w3 = row[r2] * scales[r2], row[r3] * scales[r3]
            zeroth[k] += (w0 + w1) + (w2 + w3)
            v0, v1, v2, v3 = both[r0], both[r1], both[r2], both[r3]
            for j in range(d):
                total[j] += (w0 * v0[j] + w1 * v1[j]) + (w2 * v2[j] + w3 * v3[j])
            i += 4
        while i < count:
            weight, values = row[chosen[i]] * scales[chosen[i]], both[chosen[i]]
            zeroth[k] += weight
            for j in range(d):
                total[j] += weight * values[j]
            i += 1


@kernel(views_only=True)
def to_gradients(zeroth, sums, means, variances, weights, first, second):
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
