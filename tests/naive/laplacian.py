"""Laplacians as two-dimensional masks, moved over the padded image pixel by pixel."""

import numpy as np

from tests.naive import smoothing
from tests.naive.derivatives import correlate

MASKS = {
    1: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    3: [[2, 0, 2], [0, -8, 0], [2, 0, 2]],
    5: [
        [2, 4, 4, 4, 2],
        [4, 0, -8, 0, 4],
        [4, -8, -24, -8, 4],
        [4, 0, -8, 0, 4],
        [2, 4, 4, 4, 2],
    ],
}


def mask(size):
    """The second difference of the binomial along each axis, times the binomial across it."""
    if size in MASKS:
        return np.array(MASKS[size])
    binomial, difference = np.array([1]), np.array([1, -2, 1])
    for _ in range(size - 1):
        binomial = np.convolve(binomial, [1, 1])
    for _ in range(size - 3):
        difference = np.convolve(difference, [1, 1])
    return np.outer(binomial, difference) + np.outer(difference, binomial)


def laplacian(image, size=1, mode="mirror"):
    return correlate(image, mask(size), mode)


def laplacian_of_gaussian(image, sigma_x, sigma_y, truncate=4, zero_sum=False, mode="mirror"):
    g_x, g_y = (smoothing.weights(s, int(truncate * s + 0.5)) for s in (sigma_x, sigma_y))
    x, y = (np.arange(g.size) - g.size // 2 for g in (g_x, g_y))
    bend_x = (x**2 / sigma_x**4 - 1 / sigma_x**2) * g_x
    bend_y = (y**2 / sigma_y**4 - 1 / sigma_y**2) * g_y
    if zero_sum:
        bend_x, bend_y = bend_x - bend_x.sum() * g_x, bend_y - bend_y.sum() * g_y
    return correlate(image, np.outer(g_y, bend_x) + np.outer(bend_y, g_x), mode)


def difference_of_gaussians(image, low, high, truncate=4, mode="mirror"):
    narrow, wide = (
        smoothing.gaussian(image, s, s, *[int(truncate * s + 0.5)] * 2, mode) for s in (low, high)
    )
    return narrow - wide
