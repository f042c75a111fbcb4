"""Kullback and Leibler's divergence, and Jensen and Shannon's: logarithms of many rows."""

from __future__ import annotations

import numpy as np

_BLOCK = 1 << 15  # values whose logarithms stay in the cache
_LEAST = 1e-10  # what OpenCV takes instead of 0


def kullback_leibler(histogram, rows):
    """Return the sums of h log(h / g) for each row g, with OpenCV's 1e-10 for g = 0."""
    zero, least = np.finfo(np.float64).eps, rows.dtype.type(_LEAST)
    positive = histogram > zero
    h = np.where(positive, histogram, 0).astype(rows.dtype)
    logarithms = np.log(np.where(positive, histogram, 1))

    def divergence(g):
        return (logarithms - np.log(np.where(g > zero, g, least))) @ h

    return _in_blocks(divergence, rows)


def jensen_shannon(histogram, rows):
    """Return half the divergences of both from their mean, for each row."""
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
