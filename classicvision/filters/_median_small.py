"""Medians of 3 x 3 and 5 x 5 pixels: two rows of windows at a time.

For 3 x 3 all values stay in registers. For 5 x 5 the neighbours in each row are sorted once for
all windows, and the rows that both windows have in common are merged once; the sorted neighbours
of the last rows are kept, one scratch row for each rank.
"""

from __future__ import annotations

import numpy as np

from classicvision._checks import check_image
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices
from classicvision.filters._finite import not_finite

_BLOCK = 2048  # columns that are done together: their scratch rows stay in the cache
_VECTOR = 64  # pixels that vector instructions treat at once, at most
_STRIDE = _BLOCK + 64  # not a power of two: those would share a few sets of the cache


# The exchanges, x, y = min(x, y), max(x, y), of these functions are Batcher's odd-even merge
# without what the result does not need.
@kernel(inline=True, views_only=True)
def _sort_5(a, b, d, e, f):
    a, b = min(a, b), max(a, b)
    d, e = min(d, e), max(d, e)
    a, d = min(a, d), max(a, d)
    b, e = min(b, e), max(b, e)
    b, d = min(b, d), max(b, d)
    b, f = min(b, f), max(b, f)
    a, b = min(a, b), max(a, b)
    d, f = min(d, f), max(d, f)
    return a, b, d, min(e, f), max(e, f)


@kernel(inline=True, views_only=True)
def _merge_5_5(a0, a1, a2, a3, a4, b0, b1, b2, b3, b4):
    a0, b0 = min(a0, b0), max(a0, b0)
    a4, b4 = min(a4, b4), max(a4, b4)
    a4, b0 = min(a4, b0), max(a4, b0)
    a2, b2 = min(a2, b2), max(a2, b2)
    a2, a4 = min(a2, a4), max(a2, a4)
    b2, b0 = min(b2, b0), max(b2, b0)
    a1, b1 = min(a1, b1), max(a1, b1)
    a3, b3 = min(a3, b3), max(a3, b3)
    a3, b1 = min(a3, b1), max(a3, b1)
    a1, a2 = min(a1, a2), max(a1, a2)
    a3, a4 = min(a3, a4), max(a3, a4)
    b1, b2 = min(b1, b2), max(b1, b2)
    b3, b0 = min(b3, b0), max(b3, b0)
    return a0, a1, a2, a3, a4, b1, b2, b3, b0, b4


@kernel(inline=True, views_only=True)
def _middle_six(a, b):
    """Of two sorted tens, those that can be the median of them and five more."""
    _, a1, a2, a3, a4, a5, a6, a7, a8, a9 = a
    b0, b1, b2, b3, b4, b5, b6, b7, b8, _ = b
    b0 = max(a[0], b0)
    a8 = min(a8, b8)
    a8, b0 = min(a8, b0), max(a8, b0)
    a4, b4 = min(a4, b4), max(a4, b4)
    a8 = max(a4, a8)
    b4 = min(b4, b0)
    b2 = max(a2, b2)
    a6 = min(a6, b6)
    a6, b2 = min(a6, b2), max(a6, b2)
    a8 = max(a6, a8)
    b2, b4 = min(b2, b4), max(b2, b4)
    b1 = max(a1, b1)
    a9 = min(a9, b[9])
    a9, b1 = min(a9, b1), max(a9, b1)
    a5, b5 = min(a5, b5), max(a5, b5)
    a9 = max(a5, a9)
    b5 = min(b5, b1)
    b3 = max(a3, b3)
    a7 = min(a7, b7)
    a7, b3 = min(a7, b3), max(a7, b3)
    a7, a9 = min(a7, a9), max(a7, a9)
    b3 = min(b3, b5)
    a7, a8 = min(a7, a8), max(a7, a8)
    a9, b2 = min(a9, b2), max(a9, b2)
    b3, b4 = min(b3, b4), max(b3, b4)
    return a7, a8, a9, b2, b3, b4


@kernel(inline=True, views_only=True)
def _median_6_5(a, b):
    """The smallest of the larger ones of a[i] and b[j], i + j = 5."""
    first = min(max(a[0], b[4]), max(a[1], b[3]))
    second = min(max(a[2], b[2]), max(a[3], b[1]))
    return min(min(first, second), min(max(a[4], b[0]), a[5]))


@kernel(inline=True, views_only=True)
def _load_5(rows, c):
    stride = np.uint64(_STRIDE)
    c_1, c_2 = c + stride, c + stride + stride
    c_3, c_4 = c_2 + stride, c_2 + stride + stride
    return rows[c], rows[c_1], rows[c_2], rows[c_3], rows[c_4]


@kernel(inline=True, views_only=True)
def _store_5(rows, c, values):
    stride = np.uint64(_STRIDE)
    c_1, c_2 = c + stride, c + stride + stride
    c_3, c_4 = c_2 + stride, c_2 + stride + stride
    rows[c], rows[c_1], rows[c_2], rows[c_3], rows[c_4] = values


# c = column; n = channels, whose number the compiler knows as the length of a tuple. Near the
# left and the right border `columns_at` says which pixels are the neighbours.
@kernel(inline=True, views_only=True)
def _sort_neighbours_5(row, columns_at, n, start, stop, kept):
    step = np.uint64(n)
    begin = min(max(start, 2 * n), stop)
    end = max(min(stop, row.size - 2 * n), begin)
    source, target = row[begin - 2 * n :], kept[begin - start :]
    for c in range(np.uint64(end - begin)):
        d, e = c + step, c + step + step
        f, g = e + step, e + step + step
        values = _sort_5(source[c], source[d], source[e], source[f], source[g])
        _store_5(target, c, values)
    for k in range(begin - start + stop - end):
        c = k if k < begin - start else k - begin + end
        at = columns_at[start + c :]
        p, q, s, t, u = at[0], at[n], at[2 * n], at[3 * n], at[4 * n]
        _store_5(kept, np.uint64(c), _sort_5(row[p], row[q], row[s], row[t], row[u]))


@kernel(inline=True, views_only=True)
def _sort_third(low, high, x):
    """Sort low <= high and x."""
    return min(low, x), max(low, min(high, x)), max(high, x)


@kernel(inline=True, views_only=True)
def _two_columns(a, b, d, e):
    """Sort a, b, d and b, d, e."""
    low, high = min(b, d), max(b, d)
    return _sort_third(low, high, a), _sort_third(low, high, e)


# Of three sorted columns the median is that of three values: the largest of the lows, the median
# of the middles and the smallest of the highs.
@kernel(inline=True, views_only=True)
def _median_of_columns(left, centre, right):
    low = max(max(left[0], centre[0]), right[0])
    middle = max(min(left[1], centre[1]), min(max(left[1], centre[1]), right[1]))
    high = min(min(left[2], centre[2]), right[2])
    return max(min(low, high), min(max(low, high), middle))


# c = column; n = channels, whose number the compiler knows as the length of a tuple. Two rows of
# windows have the inner two of four rows in common. To sort each column three times, once for
# each window, is cheaper than to store it. Where neighbours stand side by side, `in_turn` passes
# the sorted columns on to the next window: that saves more for floats than the shuffling in the
# registers takes (None leaves it out of what is compiled). The kernels get the result twice, for
# the first and for the second one of two rows: from two arguments the compiler can tell with few
# checks that the rows do not overlap. The sum of the inner two rows tells whether they are
# finite, in any order of its terms.
@kernel(inline=True, fastmath={"reassoc"}, views_only=True)
def _two_of_3(row_0, row_1, row_2, row_3, n, in_turn, first, second):
    step, number = np.uint64(n), first.dtype.type
    total = number(0)
    if first.size == 0:
        return total
    if in_turn is not None:
        upper_0, lower_0 = _two_columns(row_0[0], row_1[0], row_2[0], row_3[0])
        upper_1, lower_1 = _two_columns(row_0[1], row_1[1], row_2[1], row_3[1])
        for c in range(np.uint64(first.size)):
            e = c + step + step
            total += row_1[c] + row_2[c]
            upper_2, lower_2 = _two_columns(row_0[e], row_1[e], row_2[e], row_3[e])
            first[c] = _median_of_columns(upper_0, upper_1, upper_2)
            second[c] = _median_of_columns(lower_0, lower_1, lower_2)
            upper_0, lower_0, upper_1, lower_1 = upper_1, lower_1, upper_2, lower_2
        return total
    for c in range(np.uint64(first.size)):
        total = number(total + number(row_1[c] + row_2[c]))
        d, e = c + step, c + step + step
        upper_0, lower_0 = _two_columns(row_0[c], row_1[c], row_2[c], row_3[c])
        upper_1, lower_1 = _two_columns(row_0[d], row_1[d], row_2[d], row_3[d])
        upper_2, lower_2 = _two_columns(row_0[e], row_1[e], row_2[e], row_3[e])
        first[c] = _median_of_columns(upper_0, upper_1, upper_2)
        second[c] = _median_of_columns(lower_0, lower_1, lower_2)
    return total


# Near the left and the right border `columns_at` says which pixels are the neighbours. The inner
# columns are done in whole vectors: what is left over, once more with those before it.
@kernel(views_only=True)
def _median_3(image, rows_at, columns_at, channels, in_turn, result, result_again):
    n, width = len(channels), image.shape[1]
    inner = max(width - 2 * n, 0)
    whole = inner // _VECTOR * _VECTOR
    spoiled = 0
    for r in range(0, result.shape[0], 2):
        row_0, row_1 = image[rows_at[r]], image[rows_at[r + 1]]
        row_2, row_3 = image[rows_at[r + 2]], image[rows_at[min(r + 3, rows_at.size - 1)]]
        first, second = result[r], result_again[r + 1]
        for again in range(1 + (whole < inner)):
            start, stop = 0, whole
            if again:
                start, stop = max(inner - _VECTOR, 0), inner
            total = _two_of_3(
                row_0[start:],
                row_1[start:],
                row_2[start:],
                row_3[start:],
                n,
                in_turn,
                first[start + n : stop + n],
                second[start + n : stop + n],
            )
            spoiled += total - total != 0
        for k in range(width - inner):
            c = k if k < n else k + inner
            i, j, m = columns_at[c], columns_at[c + n], columns_at[c + 2 * n]
            upper_0, lower_0 = _two_columns(row_0[i], row_1[i], row_2[i], row_3[i])
            upper_1, lower_1 = _two_columns(row_0[j], row_1[j], row_2[j], row_3[j])
            upper_2, lower_2 = _two_columns(row_0[m], row_1[m], row_2[m], row_3[m])
            first[c] = _median_of_columns(upper_0, upper_1, upper_2)
            second[c] = _median_of_columns(lower_0, lower_1, lower_2)
            total = row_1[i] + row_2[i] + row_1[j] + row_2[j]
            spoiled += total - total != 0
    return spoiled


@kernel(inline=True, views_only=True)
def _merge_rows(row_a, row_b, count, merged):
    half = np.uint64(5 * _STRIDE)
    for c in range(count):
        values = _merge_5_5(*_load_5(row_a, c), *_load_5(row_b, c))
        _store_5(merged, c, values[:5])
        _store_5(merged, c + half, values[5:])


@kernel(inline=True, views_only=True)
def _two_of_5(upper, lower, row_0, row_5, first, second):
    half = np.uint64(5 * _STRIDE)
    for c in range(np.uint64(first.size)):
        above = _load_5(upper, c) + _load_5(upper, c + half)
        below = _load_5(lower, c) + _load_5(lower, c + half)
        common = _middle_six(above, below)
        first[c] = _median_6_5(common, _load_5(row_0, c))
        second[c] = _median_6_5(common, _load_5(row_5, c))


@kernel(views_only=True)
def _median_5(
    image, rows_at, columns_at, channels, start, stop, kept, merged, result, result_again
):
    count = np.uint64(stop - start)
    spoiled = 0
    for r in range(-4, result.shape[0], 2):
        for i in range(r + 4, r + 6):
            row = image[rows_at[min(i, rows_at.size - 1)]]
            spoiled += not_finite(row[start:stop])
            _sort_neighbours_5(row, columns_at, len(channels), start, stop, kept[i % 6])
        upper, lower = merged[(r // 2 + 1) % 2], merged[r // 2 % 2]
        if r >= -2:
            _merge_rows(kept[(r + 3) % 6], kept[(r + 4) % 6], count, lower)
        if r < 0:
            continue
        first = result[r][start:stop]
        second = result_again[r + 1][start:stop]
        _two_of_5(upper, lower, kept[r % 6], kept[(r + 5) % 6], first, second)
    return spoiled


def small_median(image: np.ndarray, size: int, mode: str) -> np.ndarray:
    """Return the medians of windows of ``size`` x ``size`` pixels; the size is 3 or 5.

    Floats that are not finite raise ``ValueError``.
    """
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    # Rows are done in pairs: an image with an odd number of them gets one more, of no matter what.
    rows_at = border_indices(rows, size // 2, mode)
    columns_at = border_indices(columns, size // 2, mode, step)
    image, shape = image.reshape(rows, -1), image.shape
    width = columns * step
    result = np.empty((rows + rows % 2, width), image.dtype)
    if size == 3:
        in_turn = True if step == 1 and image.dtype.kind == "f" else None
        spoiled = _median_3(image, rows_at, columns_at, (0,) * step, in_turn, result, result)
        if spoiled:
            check_image(image)
        return result[:rows].reshape(shape)
    kept = np.empty((size + 1, size * _STRIDE), image.dtype)
    merged = np.empty((2, 10 * _STRIDE), image.dtype)
    for start in range(0, width, _BLOCK):
        stop = min(start + _BLOCK, width)
        spoiled = _median_5(
            image, rows_at, columns_at, (0,) * step, start, stop, kept, merged, result, result
        )
        if spoiled:
            check_image(image)
    return result[:rows].reshape(shape)
