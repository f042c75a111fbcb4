"""Quantiles of the gradient's magnitude, by counting the leading bits of all magnitudes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


_SEGMENT = 64  # magnitudes of a row that are passed over where none is wanted


# c = column. `bits` are those of `row`.
@kernel(inline=True)
def _magnitude_row(x_row, y_row, squared, rooted, row):
    if squared:
        for c in range(row.size):
            row[c] = x_row[c] * x_row[c] + y_row[c] * y_row[c]
    else:
        for c in range(row.size):
            row[c] = abs(x_row[c]) + abs(y_row[c])
    if rooted:
        for c in range(row.size):
            row[c] = np.sqrt(row[c])


# Two rows of counts, taken in turn: one that is written cannot be read again at once.
@kernel
def _count(gx, gy, squared, rooted, row, bits, shift, counts):
    for r in range(gx.shape[0]):
        _magnitude_row(gx[r], gy[r], squared, rooted, row)
        for c in range(row.size):
            counts[c & 1, bits[c] >> shift] += 1


# k = which of the quantiles, n = how many of its magnitudes have been found
@kernel
def _collect(gx, gy, squared, rooted, row, bits, shift, wanted, n, found):
    """Write the magnitudes with each of the wanted leading bits into a row of ``found``."""
    for r in range(gx.shape[0]):
        _magnitude_row(gx[r], gy[r], squared, rooted, row)
        for k in range(wanted.size):
            leading = wanted[k]
            for start in range(0, row.size, _SEGMENT):
                segment, values = bits[start : start + _SEGMENT], row[start : start + _SEGMENT]
                hit = False
                for c in range(segment.size):
                    hit |= segment[c] >> shift == leading
                if not hit:
                    continue
                for c in range(segment.size):
                    if segment[c] >> shift == leading:
                        found[k, n[k]] = values[c]
                        n[k] += 1


def magnitude_quantiles(
    gx: np.ndarray, gy: np.ndarray, *, squared: bool, rooted: bool, fractions: Sequence[float]
) -> NDArray[np.float64]:
    """Return the magnitudes at ``int(fraction * (n - 1))`` of all n, sorted, counted from 0.

    Parameters
    ----------
    gx, gy : numpy.ndarray of float32 or float64, shape (rows, columns)
    squared, rooted : bool
        Whether the magnitude is a sum of squares, and whether its root is taken.
    fractions : sequence of float, from 0 to 1

    Notes
    -----
    Positive floats are ordered as their bits are. Once it is counted how many magnitudes there
    are with the same leading 16 bits, only the few with those of the quantile are sorted.
    """
    row = np.empty(gx.shape[1], gx.dtype)
    bits = row.view(f"u{row.itemsize}")
    shift = bits.dtype.type(8 * row.itemsize - 16)
    counts = np.zeros((2, 2**16), np.int32)
    _count(gx, gy, squared, rooted, row, bits, shift, counts)
    counts = counts.sum(axis=0, dtype=np.int64)
    reached = np.cumsum(counts)
    positions = [int(fraction * (gx.size - 1)) for fraction in fractions]
    wanted = np.searchsorted(reached, positions, side="right")
    found = np.empty((len(positions), counts[wanted].max()), gx.dtype)
    n = np.zeros(len(positions), np.int64)
    _collect(gx, gy, squared, rooted, row, bits, shift, wanted.astype(bits.dtype), n, found)
    quantiles = []
    for candidates, leading, position in zip(found, wanted, positions, strict=True):
        position -= reached[leading] - counts[leading]
        quantiles.append(np.partition(candidates[: counts[leading]], position)[position])
    return np.array(quantiles, np.float64)
