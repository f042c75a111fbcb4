"""The Gaussian as one two-dimensional mask, and OpenCV's whole-numbered weights."""

import numpy as np

from tests.naive.derivatives import correlate


def weights(sigma, radius):
    x = np.arange(-radius, radius + 1)
    values = np.exp(-(x**2) / (2 * sigma**2)) if sigma else np.ones(1)
    return values / values.sum()


def whole_weights(sigma, radius, bits):
    """Weights in units of 2^-bits: errors are carried inwards, the centre takes the rest."""
    exact = weights(sigma, radius) * 2**bits
    result = []
    carried = 0.0
    for value in exact[:radius]:
        result.append(round(value + carried))
        carried += value - result[-1]
    return np.array([*result, 2**bits - 2 * sum(result), *result[::-1]])


def gaussian(image, sigma_x, sigma_y, radius_x, radius_y, mode="mirror"):
    mask = np.outer(weights(sigma_y, radius_y), weights(sigma_x, radius_x))
    return correlate(image, mask, mode)


def gaussian_uint8(image, sigma, mode="mirror"):
    radius = (round(6 * sigma + 1) | 1) // 2
    row = whole_weights(sigma, radius, 8)
    return np.floor(correlate(image, np.outer(row, row), mode) / 2**16 + 0.5).astype(np.uint8)
