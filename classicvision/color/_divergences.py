"""Kullback and Leibler's divergence, and Jensen and Shannon's: logarithms of many rows."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel

_BLOCK = 1 << 15  # values whose logarithms stay in the cache
_LEAST = 1e-10  # what OpenCV takes instead of 0
_ZERO = np.finfo(np.float64).eps  # and up to which a bin is 0 for it

# log(1 + f) is f - f^2 / 2 + f^3 (P0 + f (P1 + f (P2 + ...))) for f from sqrt(1/2) - 1 to
# sqrt(2) - 1, with the smallest relative error that seven such terms allow. Found by least
# squares, repeated with weights that grow where the error is largest. With the rounding to
# float32 the relative error is below 1e-7.
_P0, _P1, _P2 = np.float32(0.33333912), np.float32(-0.25001332), np.float32(0.19963007)
_P3, _P4 = np.float32(-0.16577724), np.float32(0.14915492)
_P5, _P6 = np.float32(-0.14266615), np.float32(0.086972773)
_HALF, _ONE, _LOG2 = np.float32(0.5), np.float32(1), np.float32(0.69314718)
_ROOT = np.int32(0x3F3504F3)  # the bits of sqrt(1/2)
_ANY_ORDER = {"reassoc", "contract", "nsz"}  # as in comparison.py


# The bits of a float32 are its exponent, 8 of them, and its mantissa, 23: less those of sqrt(1/2)
# their upper part is the exponent of the power of two that leaves sqrt(1/2) to sqrt(2).
@kernel(inline=True, fastmath={"contract"})
def _log(value):
    """Return the logarithm of a normal float32; of 0, which is multiplied by 0, some number."""
    bits = np.float32(value).view(np.int32)
    exponent = np.int32(np.int32(bits - _ROOT) >> np.int32(23))
    f = np.float32(np.int32(bits - np.int32(exponent << np.int32(23))).view(np.float32) - _ONE)
    p = np.float32(_P5 + np.float32(f * _P6))
    p = np.float32(_P4 + np.float32(f * p))
    p = np.float32(_P3 + np.float32(f * p))
    p = np.float32(_P2 + np.float32(f * p))
    p = np.float32(_P1 + np.float32(f * p))
    p = np.float32(_P0 + np.float32(f * p))
    p = np.float32(np.float32(f * p) - _HALF)
    whole = np.float32(np.float32(exponent) * _LOG2)
    return np.float32(whole + np.float32(f + np.float32(np.float32(f * f) * p)))


@kernel(fastmath=_ANY_ORDER, views_only=True)
def _divergences(histogram, logarithms, rows, results):
    """Sum h (log h - log g) of each row."""
    zero, least = np.float32(_ZERO), np.float32(_LEAST)
    for i in range(rows.shape[0]):
        row = rows[i]
        total = np.float32(0)
        for k in range(row.size):
            value = row[k] if row[k] > zero else least
            total += histogram[k] * (logarithms[k] - _log(value))
        results[i] = total


@kernel(fastmath=_ANY_ORDER, views_only=True)
def _divergences_from_mean(histogram, logarithms, rows, results):
    """Sum h (log h - log m) + g (log g - log m) of each row, where m is the mean."""
    for i in range(rows.shape[0]):
        row = rows[i]
        total = np.float32(0)
        for k in range(row.size):
            value, other = abs(row[k]), histogram[k]  # of -0 the logarithm would be wild
            mean = _log(_HALF * np.float32(value + other))
            total += other * (logarithms[k] - mean) + value * (_log(value) - mean)
        results[i] = total


def kullback_leibler(histogram, rows):
    """Return the sums of h log(h / g) for each row g, with OpenCV's 1e-10 for g = 0."""
    positive = histogram > _ZERO
    h = np.where(positive, histogram, 0).astype(rows.dtype)
    logarithms = np.log(np.where(positive, histogram, 1))
    if rows.dtype == np.float32:
        results = np.empty(len(rows), np.float32)
        _divergences(h, logarithms, rows, results)
        return results
    return _in_blocks(lambda g: (logarithms - np.log(np.where(g > _ZERO, g, _LEAST))) @ h, rows)


def jensen_shannon(histogram, rows):
    """Return half the divergences of both from their mean, for each row."""
    if rows.dtype == np.float32:
        results = np.empty(len(rows), np.float32)
        logarithms = np.log(np.where(histogram > 0, histogram, 1))
        _divergences_from_mean(np.abs(histogram), logarithms, rows, results)
        return np.maximum(results / 2, 0)
    tiny = np.finfo(rows.dtype).tiny

    def divergence(g):
        mean = np.maximum((histogram + g) / 2, tiny)
        total = _times_log(histogram, mean, tiny) + _times_log(g, mean, tiny)
        return np.maximum(total.sum(axis=1) / 2, 0)

    return _in_blocks(divergence, rows)


def _times_log(p, q, tiny):
    """Return p log(p / q), 0 where p is 0, without a case apart that vectors do not have."""
    return p * np.log(np.maximum(p / q, tiny))


def _in_blocks(function, rows):
    step = max(1, _BLOCK // rows.shape[1])
    result = np.empty(len(rows), rows.dtype)
    for start in range(0, len(rows), step):
        result[start : start + step] = function(rows[start : start + step])
    return result
