"""Which bin of a histogram a value belongs to."""

from __future__ import annotations

import math
import numbers

import numpy as np

from classicvision._checks import check_number
from classicvision._opencv import opencv

_MOST_BINS = 1 << 24


def check_bins(bins, channels):
    """Return the number of bins of each channel as a tuple; a number is all of them."""
    each = [bins] * channels if isinstance(bins, numbers.Number) else bins
    try:
        each = list(each)
    except TypeError:
        each = []
    if len(each) != channels:
        raise ValueError(
            f"bins must be an integer or {channels} of them, one for each channel, got {bins!r:.80}"
        )
    each = tuple(check_number(b, "bins", at_least=1, at_most=65536, integer=True) for b in each)
    if math.prod(each) > _MOST_BINS:
        raise ValueError(
            f"bins must be at most {_MOST_BINS} in all, got {' x '.join(map(str, each))}; "
            "take fewer bins, or joint=False"
        )
    return each


def bin_positions(channels, ranges, bins):
    """Return where values lie on the scale of bins: bin i reaches from i to i + 1.

    Parameters
    ----------
    channels : ndarray of uint8 or float64, shape (n, c)
    ranges : list of (low, high)
    bins : tuple of int

    Returns
    -------
    ndarray of float64, shape (n, c)
        Computed as OpenCV does.
    """
    factors = np.array([b / (high - low) for b, (low, high) in zip(bins, ranges, strict=True)])
    offsets = np.array([-f * low for f, (low, _) in zip(factors, ranges, strict=True)])
    return channels * factors + offsets


def bin_numbers(channels, ranges, bins):
    """Return the bin of each value; values on the upper end belong to the last one.

    Parameters
    ----------
    channels, ranges, bins
        As in `bin_positions`.

    Returns
    -------
    ndarray of int64, or uint8 for uint8, shape (n, c)
    """
    if channels.dtype == np.uint8 and max(bins) <= 256:
        return _looked_up(channels, ranges, bins)
    numbers = np.floor(bin_positions(channels, ranges, bins)).astype(np.int64)
    return np.clip(numbers, 0, np.array(bins) - 1)


def flat_numbers(channels, ranges, bins):
    """Return the bin of each pixel in the flattened joint histogram, int64."""
    numbers = bin_numbers(channels, ranges, bins)
    flat = numbers[:, 0].astype(np.int64)
    for k in range(1, len(bins)):
        flat *= bins[k]
        flat += numbers[:, k]
    return flat


def _looked_up(channels, ranges, bins):
    """Return the bins of uint8 channels, from tables of 256 entries."""
    levels = np.repeat(np.arange(256.0)[:, None], len(bins), axis=1)
    tables = np.floor(bin_positions(levels, ranges, bins))
    tables = np.clip(tables, 0, np.array(bins) - 1).astype(np.uint8)
    if len(channels) == 0:
        return channels
    return opencv().LUT(channels[None], tables[None])[0].reshape(channels.shape)
