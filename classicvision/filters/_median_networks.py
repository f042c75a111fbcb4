"""Medians by exchanges: carry out the plan of `_median_plan` for a whole row of tiles at once.

The columns of the image are dealt out to as many parts as a tile is wide, so that a row of the
parts has one pixel of every tile side by side and an exchange is a loop over two such rows.
"""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel
from classicvision.filters._borders import border_indices
from classicvision.filters._median_plan import FOLD, plan

_ROW_BYTES = 512  # of the tiles that an exchange treats at once: eight vector instructions, or more
_BAND_BYTES = 1 << 17  # of the image that are dealt out at a time
_ALIGNMENT = 64  # bytes; vectors that lie across two cache lines take half as long again


# c = tile. Rows are positions in one flat array; unsigned, or Numba would look for negative ones.
# That the lengths are known to the compiler makes these loops a dozen instructions.
@kernel(inline=True, views_only=True)
def _exchange(work, a, b, low, high, tiles):
    for c in range(tiles):
        x, y = work[a + c], work[b + c]
        work[low + c] = min(x, y)
        work[high + c] = max(x, y)


@kernel(inline=True, views_only=True)
def _fold(work, best, a, b, d, e, f, g, new, tiles):
    for c in range(tiles):
        first = max(work[a + c], work[b + c])
        second = max(work[d + c], work[e + c])
        third = max(work[f + c], work[g + c])
        work[new + c] = min(min(work[best + c], first), min(second, third))


@kernel(inline=True, views_only=True)
def _copy(source, start, target, to, count):
    for c in range(count):
        target[to + c] = source[start + c]


# The length of the tuple, which the compiler knows, is the number of tiles that an exchange
# treats at once, as a power of two. The windows of the last ones, as many as `beyond` says, reach
# outside the block: the next block treats these tiles again.
@kernel(views_only=True)
def _carry_out(
    power, beyond, parts, bands, band_tiles, segments, exchanges, folds, rows, work, found
):
    """Find all medians; row k of ``found`` has those of the k-th window of every tile."""
    block = np.uint64(1 << len(power))
    pixels, medians, band_step = rows
    tiles = bands * band_tiles
    for start in range(0, tiles, (1 << len(power)) - beyond):
        # The tiles of all bands form one line: a block of them may go from one band to the next.
        at, filled = start, np.uint64(0)
        while filled < block and at < tiles:
            first = at % band_tiles
            source = np.uint64(at // band_tiles) * band_step[0] + np.uint64(first)
            count = min(np.uint64(band_tiles - first), block - filled)
            if count == block:
                for k in range(pixels.size):
                    _copy(parts, source, work, pixels[k], block)
                    source += np.uint64(band_tiles)
            else:
                for k in range(pixels.size):
                    _copy(parts, source, work, pixels[k] + filled, count)
                    source += np.uint64(band_tiles)
            filled += count
            at += np.int64(count)
        for s in range(segments.shape[0]):
            if segments[s, 0] == FOLD:
                for n in range(segments[s, 1], segments[s, 2]):
                    row = folds[n]
                    _fold(
                        work, row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], block
                    )
            else:
                for n in range(segments[s, 1], segments[s, 2]):
                    row = exchanges[n]
                    _exchange(work, row[0], row[1], row[2], row[3], block)
        for k in range(medians.size):
            _copy(work, medians[k], found[k], np.uint64(start), block)


# r = row, c = column. Dealing out is done in steps of two, which have vector instructions.
@kernel(views_only=True)
def _deal(image, rows_at, columns_at, step, channel, radius, ways, lines, parts):
    """Write each row with its border, every ``ways``-th pixel in one part, into ``parts``."""
    columns = image.shape[1] // step
    length = parts.shape[1]
    for r in range(rows_at.size):
        line, other = lines[0], lines[1]
        source = image[rows_at[r]][channel:]
        inner = line[radius:]
        if step == 1:
            for c in range(columns):
                inner[c] = source[c]
        else:
            for c in range(columns):
                inner[c] = source[c * step]
        after, beyond = inner[columns:], columns_at[radius + columns :]
        for c in range(radius):
            line[c] = inner[columns_at[c]]
        for c in range(beyond.size):
            after[c] = inner[beyond[c]]
        dealt = 1
        while dealt < ways:
            half = length // dealt // 2
            for p in range(dealt):
                whole = line[2 * p * half :]
                even, odd = other[2 * p * half :], other[(2 * p + 1) * half :]
                for c in range(half):
                    even[c] = whole[2 * c]
                    odd[c] = whole[2 * c + 1]
            line, other = other, line
            dealt *= 2
        row = parts[r]
        for c in range(length):
            row[c] = line[c]


@kernel(views_only=True)
def _gather(found, band_tiles, ways, step, channel, lines, result):
    """Put the medians back into the order of the columns."""
    columns = result.shape[1] // step
    band_rows = found.shape[0] // ways
    for r in range(result.shape[0]):
        line, other = lines[0], lines[1]
        first, start = r % band_rows * ways, r // band_rows * band_tiles
        for p in range(ways):
            part, row = line[p * band_tiles :], found[first + p][start:]
            for c in range(band_tiles):
                part[c] = row[c]
        dealt = ways
        while dealt > 1:
            dealt //= 2
            half = line.size // dealt // 2
            for p in range(dealt):
                whole = other[2 * p * half :]
                even, odd = line[2 * p * half :], line[(2 * p + 1) * half :]
                for c in range(half):
                    whole[2 * c] = even[c]
                    whole[2 * c + 1] = odd[c]
            line, other = other, line
        row = result[r][channel:]
        if step == 1:
            for c in range(columns):
                row[c] = line[c]
        else:
            for c in range(columns):
                row[c * step] = line[c]


def network_median(image: np.ndarray, width: int, height: int, mode: str) -> np.ndarray:
    """Return the medians of all windows of ``width`` x ``height`` pixels."""
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    dtype = image.dtype
    block = max(_ROW_BYTES // dtype.itemsize, 32)
    todo = plan(width, height, block)
    ways, high = todo.tile
    band_tiles = -(-columns // ways) + todo.shift
    bands = -(-rows // high)
    together = min(max(_BAND_BYTES // (high * ways * band_tiles * dtype.itemsize), 1), bands)
    rows_at = _filled_up(border_indices(rows, height // 2, mode), bands * high + height - 1)
    columns_at = _filled_up(border_indices(columns, width // 2, mode), band_tiles * ways)
    order = _bit_reversed(ways)
    pixels, medians = (at.reshape(-1, ways)[:, order].ravel() for at in (todo.pixels, todo.medians))
    band_step = np.array([high * ways * band_tiles], np.uint64)
    lines = np.empty((2, band_tiles * ways), dtype)
    parts = np.empty((together * high + height - 1, band_tiles * ways), dtype)
    found = np.empty((high * ways, together * band_tiles + block), dtype)
    work = _aligned(todo.rows * block + todo.shift, dtype)
    result = np.empty_like(image)
    flat, flat_result = image.reshape(rows, -1), result.reshape(rows, -1)
    for channel in range(step):
        for first in range(0, bands, together):
            count = min(together, bands - first)
            own_rows = rows_at[first * high : (first + count) * high + height - 1]
            _deal(flat, own_rows, columns_at, step, channel, width // 2, ways, lines, parts)
            _carry_out(
                (0,) * (block.bit_length() - 1),
                todo.shift,
                parts.reshape(-1),
                count,
                band_tiles,
                todo.segments,
                todo.exchanges,
                todo.folds,
                (pixels, medians, band_step),
                work,
                found,
            )
            part = flat_result[first * high : (first + count) * high]
            _gather(found, band_tiles, ways, step, channel, lines, part)
    return result


def _filled_up(indices, length):
    return np.concatenate([indices, np.zeros(length - indices.size, indices.dtype)])


def _bit_reversed(count):
    """The order in which dealing out by twos, again and again, leaves the parts."""
    order = [0]
    while len(order) < count:
        order = [2 * k for k in order] + [2 * k + 1 for k in order]
    return order


def _aligned(size, dtype):
    """Return a new array of zeros that begins with a cache line."""
    memory = np.zeros(size * dtype.itemsize + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size * dtype.itemsize].view(dtype)
