"""Kernels for images of bytes: what they count and look up, they index by levels of 0 to 255."""

from __future__ import annotations

import math

import numpy as np

from classicvision._jit import kernel
from classicvision.color._bins import level_tables

_BLOCK = 2048  # pixels whose bins stay in the fastest cache
_MOST_FOURFOLD = 1 << 13  # bins that have four counters each


# first, second, third: interleaved bytes times a multiplier of 2^16 give the bins of a pixel.
@kernel(inline=True)
def _joint_numbers(block, multipliers, bins, numbers):
    """Write the joint bins of interleaved triples of bytes, with vector instructions."""
    m0, m1, m2 = multipliers[0], multipliers[1], multipliers[2]
    b1, b2, top = bins[1], bins[2], np.uint32(bins[0] - np.uint32(1))
    shift = np.uint32(16)
    for i in range(block.size // 3):
        k = np.uint64(3) * np.uint64(i)
        first = min((np.uint32(block[k]) * m0) >> shift, top)
        second = (np.uint32(block[k + np.uint64(1)]) * m1) >> shift
        third = (np.uint32(block[k + np.uint64(2)]) * m2) >> shift
        numbers[i] = (first * b1 + second) * b2 + third


# Four counters a bin, one for each pixel of four, where bins are few: neighbouring pixels are
# often alike, and adding to the counter that was just written has to wait for it.
@kernel
def _count_triples(pixels, multipliers, bins, numbers, fourfold, counts, histogram):
    """Add joint bins to the histogram; ``counts`` has four of each if ``fourfold`` is 4, or one."""
    one, wide = np.uint32(1), np.uint64(fourfold)
    other = np.uint64(fourfold // 4)  # 1, or 0
    n = pixels.size // 3
    for start in range(0, n, numbers.size):
        width = min(numbers.size, n - start)
        _joint_numbers(pixels[3 * start : 3 * (start + width)], multipliers, bins, numbers)
        fours = width // 4
        for j in range(fours):
            i = np.uint64(4) * np.uint64(j)
            for k in range(4):
                number = np.uint64(numbers[i + np.uint64(k)])
                counts[number * wide + other * np.uint64(k)] += one
        for i in range(4 * fours, width):
            counts[np.uint64(numbers[np.uint64(i)]) * wide] += one
    for i in range(histogram.size):
        for k in range(fourfold):
            histogram[i] += counts[i * fourfold + k]


@kernel
def _look_up_triples(pixels, multipliers, bins, numbers, values, result):
    """Write the value of each pixel's joint bin."""
    for start in range(0, result.size, numbers.size):
        width = min(numbers.size, result.size - start)
        _joint_numbers(pixels[3 * start : 3 * (start + width)], multipliers, bins, numbers)
        out = result[start : start + width]
        for i in range(width):
            out[i] = values[np.uint64(numbers[np.uint64(i)])]


@kernel
def _count_levels(pixels, channels, counts):
    """Count the levels of each channel into ``counts`` (channels x 256, flattened)."""
    one = np.int64(1)
    for i in range(pixels.size // channels):
        for k in range(channels):
            counts[np.uint64(256 * k) + np.uint64(pixels[i * channels + k])] += one


@kernel
def _replace_levels(pixels, channels, tables, result):
    """Write the level of each channel that a table (channels x 256, flattened) gives."""
    for i in range(pixels.size // channels):
        for k in range(channels):
            at = i * channels + k
            result[at] = tables[np.uint64(256 * k) + np.uint64(pixels[at])]


def count_triples(pixels, ranges, bins, histogram):
    """Add pixels of three channels to a joint histogram.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, 3)
    ranges : list of (low, high)
    bins : tuple of int
    histogram : ndarray of float64, shape (product of bins,)
    """
    pixels, multipliers, bins = _multiplied(pixels, ranges, bins)
    fourfold = 4 if histogram.size <= _MOST_FOURFOLD else 1
    counts = np.zeros(fourfold * histogram.size, np.uint32)
    numbers = np.empty(_BLOCK, np.uint32)
    _count_triples(pixels, multipliers, bins, numbers, fourfold, counts, histogram)


def look_up_triples(pixels, ranges, values, result):
    """Write the value of a joint histogram for each pixel.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, 3)
    ranges : list of (low, high)
    values : ndarray of float32, of three dimensions
    result : ndarray of float32, shape (n,)
    """
    pixels, multipliers, bins = _multiplied(pixels, ranges, values.shape)
    numbers = np.empty(_BLOCK, np.uint32)
    _look_up_triples(pixels, multipliers, bins, numbers, values.reshape(-1), result)


def fits(ranges, bins):
    """Tell whether triples of bytes can be binned here: bins that bytes can number."""
    return all(limits == (0, 256) for limits in ranges) or max(bins) <= 256


def _multiplied(pixels, ranges, bins):
    """Return flat bytes, what to multiply them by for 2^16 times their bin, and the bins."""
    multipliers = [256 * count for count in bins]  # exact for ranges of 0 to 256
    if any(limits != (0, 256) for limits in ranges):
        tables = level_tables(ranges, bins)
        hue = math.ceil(65536 * bins[0] / ranges[0][1])
        levels = np.arange(int(min(ranges[0][1], 256)))
        if (
            ranges[0][0] == 0
            and ranges[1] == ranges[2] == (0, 256)
            and np.array_equal(
                np.minimum(levels * hue >> 16, bins[0] - 1), tables[0, : len(levels)]
            )
        ):
            multipliers[0] = hue
        else:
            pixels = replace_levels(pixels, tables.astype(np.uint8))
            multipliers = [65536] * 3
    return pixels.reshape(-1), np.array(multipliers, np.uint32), np.array(bins, np.uint32)


def count_levels(pixels):
    """Return how often each level occurs.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, c)

    Returns
    -------
    ndarray of int64, shape (c, 256)
    """
    channels = pixels.shape[1]
    counts = np.zeros(256 * channels, np.int64)
    _count_levels(pixels.reshape(-1), channels, counts)
    return counts.reshape(channels, 256)


def replace_levels(pixels, tables):
    """Return what the tables (c, 256) have for the levels of pixels (n, c), uint8."""
    result = np.empty(pixels.shape, np.uint8)
    flat = result.reshape(-1)
    _replace_levels(pixels.reshape(-1), pixels.shape[1], tables.reshape(-1), flat)
    return result
