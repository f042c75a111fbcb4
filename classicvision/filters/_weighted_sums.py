"""Weighted sums of the pixels around each pixel: of a whole kernel, or of its two factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel
from classicvision.filters._borders import border_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray


# c = column, k = the first of some taps. The taps are offsets into one flat array: a slice for
# each would take as long as the sums of a short row. They are unsigned, since a signed one might
# count from the end. A group of taps, of any kernel, keeps the sums in registers; they are added
# in the order of the kernel, as OpenCV adds them. Contraction to fused multiply-add (1.2 times as
# fast) only makes the sums more precise.
@kernel(inline=True, fastmath={"contract"})
def _add_to_both(source, offsets, weights, k, upper, lower):
    """Add six taps to the sums of two rows, which so share the reading of the pixels."""
    u0, u1, u2 = weights[0, k], weights[0, k + 1], weights[0, k + 2]
    u3, u4, u5 = weights[0, k + 3], weights[0, k + 4], weights[0, k + 5]
    l0, l1, l2 = weights[1, k], weights[1, k + 1], weights[1, k + 2]
    l3, l4, l5 = weights[1, k + 3], weights[1, k + 4], weights[1, k + 5]
    o0, o1, o2 = offsets[k], offsets[k + 1], offsets[k + 2]
    o3, o4, o5 = offsets[k + 3], offsets[k + 4], offsets[k + 5]
    for column in range(upper.size):
        c = np.uint64(column)
        p0, p1, p2 = source[o0 + c], source[o1 + c], source[o2 + c]
        p3, p4, p5 = source[o3 + c], source[o4 + c], source[o5 + c]
        first = upper[c] + u0 * p0
        second = lower[c] + l0 * p0
        first, second = first + u1 * p1, second + l1 * p1
        first, second = first + u2 * p2, second + l2 * p2
        first, second = first + u3 * p3, second + l3 * p3
        first, second = first + u4 * p4, second + l4 * p4
        upper[c], lower[c] = first + u5 * p5, second + l5 * p5


@kernel(inline=True, fastmath={"contract"})
def _add(source, offsets, weights, k, sums):
    """Add eight taps to the sums of one row."""
    w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
    w4, w5, w6, w7 = weights[k + 4], weights[k + 5], weights[k + 6], weights[k + 7]
    o0, o1, o2, o3 = offsets[k], offsets[k + 1], offsets[k + 2], offsets[k + 3]
    o4, o5, o6, o7 = offsets[k + 4], offsets[k + 5], offsets[k + 6], offsets[k + 7]
    for column in range(sums.size):
        c = np.uint64(column)
        total = sums[c] + w0 * source[o0 + c]
        total += w1 * source[o1 + c]
        total += w2 * source[o2 + c]
        total += w3 * source[o3 + c]
        total += w4 * source[o4 + c]
        total += w5 * source[o5 + c]
        total += w6 * source[o6 + c]
        sums[c] = total + w7 * source[o7 + c]


# y = row of the image with its border. `columns_at` says which element stands at each position of
# a row with its border, of which `left` are before the image.
@kernel(inline=True)
def _fill_line(image, start, width, columns_at, left, line, lines):
    """Write the image's row at ``start`` with its border into ``lines``, from ``line`` on."""
    number = lines.dtype.type
    for column in range(width):
        c = np.uint64(column)
        lines[line + left + c] = number(image[start + c])
    for column in range(left):
        c = np.uint64(column)
        lines[line + c] = lines[line + left + columns_at[c]]
    for column in range(left + np.uint64(width), columns_at.size):
        c = np.uint64(column)
        lines[line + c] = lines[line + left + columns_at[c]]


@kernel(inline=True)
def _write(sums, rounded, row):
    number, to_result = sums.dtype.type, row.dtype.type
    largest = number(255)
    if rounded:
        for c in range(row.size):
            value = np.rint(sums[c])
            value = value if value > number(0) else number(0)
            row[c] = to_result(value if value < largest else largest)
    else:
        for c in range(row.size):
            row[c] = to_result(sums[c])


# r = row. `rows_at` has the offset, in the flat image, of the row at each y. A ring of `lines`
# holds the rows under the kernel upon two rows of the image. A tap is a row and a column in it,
# and a weight for each of the two. Where ``direct``, ``sums`` is the result, else it has two rows.
@kernel
def _sum_kernel(
    image,
    rows_at,
    columns_at,
    left,
    tap_rows,
    tap_columns,
    weights,
    rounded,
    direct,
    offsets,
    lines,
    sums,
    result,
):
    rows, width = result.shape
    pitch = np.uint64(columns_at.size)
    ring = np.uint64(lines.size) // pitch
    for y in range(rows_at.size):
        slot = np.uint64(y) % ring
        _fill_line(image, rows_at[y], width, columns_at, left, slot * pitch, lines)
        r = y + 1 - np.int64(ring)
        if r < 0 or r % 2:
            continue
        for t in range(tap_rows.size):
            slot = np.uint64(r) % ring + tap_rows[t]
            if slot >= ring:
                slot -= ring
            offsets[t] = slot * pitch + tap_columns[t]
        pair = r if direct else 0
        upper, lower = sums[pair], sums[pair + 1]
        for c in range(width):
            upper[c] = lower[c] = 0
        for k in range(0, tap_rows.size, 6):
            _add_to_both(lines, offsets, weights, k, upper, lower)
        for below in range(0 if direct else min(2, rows - r)):
            _write(sums[below], rounded, result[r + below])


# `lines` as above, for one row of the image. `downwards` are the sums of the column's taps, which
# lie on all rows of the ring; the row's taps are offsets in these.
@kernel
def _sum_factors(
    image,
    rows_at,
    columns_at,
    left,
    column_weights,
    tap_columns,
    row_weights,
    rounded,
    offsets,
    lines,
    downwards,
    sums,
    result,
):
    width = result.shape[1]
    pitch = np.uint64(columns_at.size)
    ring = np.uint64(lines.size) // pitch
    for y in range(rows_at.size):
        slot = np.uint64(y) % ring
        _fill_line(image, rows_at[y], width, columns_at, left, slot * pitch, lines)
        r = y + 1 - np.int64(ring)
        if r < 0:
            continue
        for t in range(offsets.size):
            offsets[t] = np.uint64(r + t) % ring * pitch
        for c in range(downwards.size):
            downwards[c] = 0
        for c in range(width):
            sums[c] = 0
        for k in range(0, offsets.size, 8):
            _add(lines, offsets, column_weights, k, downwards)
        for k in range(0, tap_columns.size, 8):
            _add(downwards, tap_columns, row_weights, k, sums)
        _write(sums, rounded, result[r])


def sum_kernel(
    image: np.ndarray,
    weights: np.ndarray,
    anchor: tuple[int, int],
    mode: str,
    work: type,
    result: np.ndarray,
) -> None:
    """Write the sums of the pixels under a kernel into ``result``, computed in ``work``.

    ``anchor`` is the row and column of the kernel that lie upon the pixel. A uint8 result is
    rounded. Weights of 0 cost nothing.
    """
    rows, columns, step = _shape(image)
    height, width = weights.shape
    # the rows under the kernel upon a row and upon the one below it
    both = np.zeros((2, height + 1, width), work)
    both[0, :-1] = both[1, 1:] = weights
    tap_rows, tap_columns = np.nonzero(both.any(axis=0))
    taps = tap_rows.size
    groups = max(-(-taps // 6), 1)
    values, places = np.zeros((2, 6 * groups), work), np.zeros((2, 6 * groups), np.uint64)
    values[:, :taps] = both[:, tap_rows, tap_columns]
    places[:, :taps] = tap_rows, tap_columns * step
    rows_at = kernel_positions(rows, height, anchor[0], mode, 1)
    if rows % 2:
        rows_at = np.append(rows_at, rows_at[-1:])  # under the row below the last one
    columns_at = kernel_positions(columns, width, anchor[1], mode, step)
    direct = result.dtype == work and rows % 2 == 0
    result = result.reshape(rows, -1)
    _sum_kernel(
        image.reshape(-1),
        rows_at * np.uint64(columns * step),
        columns_at,
        np.uint64(anchor[1] * step),
        places[0],
        places[1],
        values,
        result.dtype == np.uint8,
        direct,
        np.empty(values.shape[1], np.uint64),
        np.empty((height + 1) * columns_at.size, work),
        result if direct else np.empty((2, columns * step), work),
        result,
    )


def sum_factors(
    image: np.ndarray,
    factors: tuple[np.ndarray, np.ndarray],
    anchor: tuple[int, int],
    mode: str,
    work: type,
    result: np.ndarray,
) -> None:
    """As ``sum_kernel`` for the kernel ``np.outer(*factors)``: first downwards, then along."""
    rows, columns, step = _shape(image)
    column, row = (np.pad(factor, (0, -factor.size % 8)).astype(work) for factor in factors)
    height, width = factors[0].size, factors[1].size
    rows_at = kernel_positions(rows, height, anchor[0], mode, 1) * np.uint64(columns * step)
    columns_at = kernel_positions(columns, width, anchor[1], mode, step)
    along = np.arange(row.size)
    along[width:] = 0  # taps of weight 0
    _sum_factors(
        image.reshape(-1),
        rows_at,
        columns_at,
        np.uint64(anchor[1] * step),
        column,
        (along * step).astype(np.uint64),
        row,
        result.dtype == np.uint8,
        np.empty(column.size, np.uint64),
        np.empty(height * columns_at.size, work),
        np.empty(columns_at.size, work),
        np.empty(columns * step, work),
        result.reshape(rows, -1),
    )


def _shape(image):
    return (*image.shape, 1)[:3]


def kernel_positions(
    length: int, size: int, anchor: int, mode: str, step: int
) -> NDArray[np.uint64]:
    """Return the element at each position that a kernel reaches, ``anchor`` before the image."""
    radius = max(anchor, size - 1 - anchor)
    indices = border_indices(length, radius, mode, step)
    end = (radius + length + size - 1 - anchor) * step
    return indices[(radius - anchor) * step : end].astype(np.uint64)
