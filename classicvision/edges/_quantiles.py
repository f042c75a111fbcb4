"""Quantiles of the gradient's magnitude, by counting the leading bits of all magnitudes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel
from classicvision.filters.derivatives import gradient_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


_SEGMENT = 64  # magnitudes of a row that are passed over where none is wanted


# c = column
@kernel(inline=True, views_only=True)
def _measure(x_row, y_row, squared, rooted, row):
    number = row.dtype.type
    if squared:
        for c in range(row.size):
            x, y = number(x_row[c]), number(y_row[c])
            row[c] = x * x + y * y
    else:
        for c in range(row.size):
            row[c] = abs(number(x_row[c])) + abs(number(y_row[c]))
    if rooted:
        for c in range(row.size):
            row[c] = np.sqrt(row[c])


# r = row, k = which of the quantiles, n = how many of its magnitudes have been found; `bits` are
# those of `row`. Two rows of counts, taken in turn: one that is written cannot be read again at
# once. The derivatives are computed in both passes: to store them would take longer.
@kernel(views_only=True)
def _scan(
    image, rows_at, columns_at, taps, rounded, lines, slopes, squared, rooted, row, bits, shift,
    counts, wanted, n, found,
):  # fmt: skip
    """Count the leading bits of all magnitudes; where some are wanted, write these instead."""
    x_row, y_row = slopes[0, 0], slopes[1, 0]
    for r in range(image.size // row.size):
        gradient_row(image, r, rows_at, columns_at, 1, taps, lines, slopes, 0)
        if rounded:
            for c in range(row.size):
                x_row[c] = np.rint(x_row[c])
                y_row[c] = np.rint(y_row[c])
        _measure(x_row, y_row, squared, rooted, row)
        if wanted.size == 0:
            for c in range(row.size):
                counts[c & 1, bits[c] >> shift] += 1
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
    derivatives: tuple, *, dtype: type, squared: bool, rooted: bool, fractions: Sequence[float]
) -> NDArray[np.float64]:
    """Return the magnitudes at ``int(fraction * (n - 1))`` of all n, sorted, counted from 0.

    Parameters
    ----------
    derivatives : tuple
        The flat image and what else `gradient_row` needs, as for `label_ridges`.
    dtype : {numpy.float32, numpy.float64}
        A type that has all magnitudes exactly.
    squared, rooted : bool
        Whether the magnitude is a sum of squares, and whether its root is taken.
    fractions : sequence of float, from 0 to 1

    Notes
    -----
    Positive floats are ordered as their bits are. Once it is counted how many magnitudes there
    are with the same leading 16 bits, only the few with those of the quantile are sorted.
    """
    image, slopes = derivatives[0], derivatives[-1]
    row = np.empty(slopes.shape[2], dtype)
    bits = row.view(f"u{row.itemsize}")
    shift = bits.dtype.type(8 * row.itemsize - 16)
    counts = np.zeros((2, 2**16), np.int32)
    positions = [int(fraction * (image.size - 1)) for fraction in fractions]
    n = np.zeros(len(positions), np.int64)
    scan = (*derivatives, squared, rooted, row, bits, shift, counts)
    _scan(*scan, np.empty(0, bits.dtype), n, np.empty((0, 0), dtype))
    counts = counts.sum(axis=0, dtype=np.int64)
    reached = np.cumsum(counts)
    wanted = np.searchsorted(reached, positions, side="right")
    found = np.empty((len(positions), counts[wanted].max()), dtype)
    _scan(*scan, wanted.astype(bits.dtype), n, found)
    quantiles = []
    for candidates, leading, position in zip(found, wanted, positions, strict=True):
        position -= reached[leading] - counts[leading]
        quantiles.append(np.partition(candidates[: counts[leading]], position)[position])
    return np.array(quantiles, np.float64)
