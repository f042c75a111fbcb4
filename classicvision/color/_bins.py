"""Which bin of a histogram a value belongs to."""

from __future__ import annotations

import math
import numbers

import numpy as np

from classicvision._checks import check_number

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
    channels : ndarray, shape (c, n)
    ranges : list of (low, high)
    bins : tuple of int

    Returns
    -------
    ndarray of float64, shape (c, n)
        Computed as OpenCV does.
    """
    positions = np.empty(channels.shape)
    for k, (count, (low, high)) in enumerate(zip(bins, ranges, strict=True)):
        factor = count / (high - low)
        np.multiply(channels[k], factor, out=positions[k])
        positions[k] += -factor * low
    return positions


def flat_numbers(channels, ranges, bins):
    """Return the bin of each pixel in the flattened joint histogram.

    Values on the upper end belong to the last bin.

    Parameters
    ----------
    channels, ranges, bins
        As in `bin_positions`.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    positions = bin_positions(channels, ranges, bins)
    flat = np.zeros(channels.shape[1], np.int64)
    for position, count in zip(positions, bins, strict=True):
        flat *= count
        # What is cut off is what floor would cut off: positions are not negative.
        flat += np.clip(position, 0, count - 1, out=position).astype(np.int64)
    return flat


def level_tables(ranges, bins):
    """Return the bin of each of the 256 levels of each channel, int64 (c, 256)."""
    levels = np.broadcast_to(np.arange(256.0), (len(bins), 256))
    tables = np.floor(bin_positions(levels, ranges, bins)).astype(np.int64)
    return np.clip(tables, 0, np.array(bins)[:, None] - 1)
