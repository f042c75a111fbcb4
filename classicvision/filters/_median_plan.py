"""How to find the medians of a tile of neighbouring windows: a list of exchanges.

The windows of a tile overlap in a common core. Its pixels are sorted once for all of them, and
those that can no longer be the median of any window are dropped. Then the tile is split in two,
each half adds the rows or columns that its windows have in common beyond that core, already
sorted, and so on down to single windows. All of it consists of exchanges, ``low, high = min(a,
b), max(a, b)``, whose order does not depend on the pixels: one exchange is carried out for a
whole row of tiles at once. What neighbouring tiles share, such as sorted columns, is computed
once and read with a shift.

Here the exchanges are planned, for any size of window; `rank` carries them out.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

EXCHANGE, FOLD = 0, 1  # kinds of operations: see Plan.segments
PAIRS = 3  # taken into the smallest of the larger ones by one operation of kind FOLD


class Selection(NamedTuple):
    """Exchanges between numbered rows; rows below ``inputs`` are only read.

    ``exchanges`` has columns a, b, low, high; ``folds`` has columns best, then pairs, then the
    new best: the smallest of ``best`` and of the larger one of each pair.
    """

    inputs: int
    rows: int
    exchanges: np.ndarray
    folds: np.ndarray
    outputs: list


class _Network:
    """Exchanges between values, numbered in the order of their creation."""

    def __init__(self, inputs):
        self.inputs = self.values = inputs
        self.exchanges = []

    def exchange(self, a, b):
        low, high = self.values, self.values + 1
        self.values += 2
        self.exchanges.append((a, b, low, high))
        return low, high

    def merge(self, a, b):
        """Batcher's odd-even merge of two sorted lists of any lengths."""
        if not a or not b:
            return a + b
        if len(a) == len(b) == 1:
            return list(self.exchange(a[0], b[0]))
        outer = self.merge(a[0::2], b[0::2])
        inner = self.merge(a[1::2], b[1::2])
        merged = outer[:1]
        for x, y in zip(inner, outer[1:], strict=False):
            merged += self.exchange(x, y)
        return merged + inner[len(outer) - 1 :] + outer[1 + len(inner) :]

    def merge_all(self, lists):
        """Merge sorted lists, the shortest two first."""
        lists = list(lists)
        while len(lists) > 1:
            lists.sort(key=len)
            lists = [self.merge(lists[0], lists[1]), *lists[2:]]
        return lists[0]

    def rows(self, outputs):
        """Return how many rows the needed exchanges take, these, and the rows of the outputs.

        An exchange never writes to a row that it reads: the compiled loop would have to check
        for it. Results that nobody reads go to the first row after the inputs.
        """
        last_use = {value: len(self.exchanges) for value in outputs}
        needed = []
        for n in range(len(self.exchanges) - 1, -1, -1):
            a, b, low, high = self.exchanges[n]
            if low in last_use or high in last_use:
                needed.append(n)
                last_use.setdefault(a, n)
                last_use.setdefault(b, n)
        row = {value: value for value in range(self.inputs)}
        unread, rows, free = self.inputs, self.inputs + 1, []
        result = []
        for n in reversed(needed):
            a, b, *new = self.exchanges[n]
            for value in new:
                if value not in last_use:
                    row[value] = unread
                elif free:
                    row[value] = free.pop()
                else:
                    row[value] = rows
                    rows += 1
            result.append([row[value] for value in (a, b, *new)])
            free += [row[v] for v in (a, b) if v >= self.inputs and last_use[v] == n]
        return rows, np.array(result, np.int64).reshape(-1, 4), [row[value] for value in outputs]


@functools.cache
def sorting(lengths: tuple[int, ...], first: int, count: int) -> Selection:
    """Merge sorted lists of these lengths; keep ``count`` elements from rank ``first`` on."""
    inputs = sum(lengths)
    network = _Network(inputs)
    starts = np.cumsum([0, *lengths]).tolist()
    lists = [list(range(start, start + n)) for start, n in zip(starts, lengths, strict=False)]
    outputs = network.merge_all(lists)[first : first + count]
    rows, exchanges, outputs = network.rows(outputs)
    return Selection(inputs, rows, exchanges, np.empty((0, 2 * PAIRS + 2), np.int64), outputs)


@functools.cache
def middle(half: int) -> Selection:
    """Find the median of a sorted list of ``half + 1`` elements and one of ``half``.

    That of rank t of two sorted lists is the smallest, over all i + j = t, of the larger one of
    the i-th of the first list and the j-th of the second.
    """
    pairs = [(i, 2 * half - i) for i in range(half)]
    pairs += pairs[-1:] * (-len(pairs) % PAIRS)
    best, unread = half, 2 * half + 1
    folds = []
    for n in range(0, len(pairs), PAIRS):
        result = unread + 1 + len(folds) % 2
        folds.append([best, *np.ravel(pairs[n : n + PAIRS]), result])
        best = result
    return Selection(2 * half + 1, unread + 3, np.empty((0, 4), np.int64), np.array(folds), [best])


class _Step(NamedTuple):
    selection: Selection
    sources: list  # (row number, shift) of each input
    targets: dict  # row of the selection -> row number


class _Planner:
    """Plans the steps for one tile. Lists hold ``(row number, shift in tiles)``."""

    def __init__(self, width, height, tile_width, tile_height):
        self.width, self.height = width, height
        self.tile_width, self.tile_height = tile_width, tile_height
        self.middle = width * height // 2
        patch = (tile_height + height - 1) * tile_width
        self.number = patch  # the first numbers are the pixels: row, then column in the tile
        self.steps = []
        self.sorted = {}
        self.medians = np.zeros((tile_height, tile_width), np.int64)
        self.split(None, 0, tile_height, 0, tile_width)

    def step(self, selection, lists):
        sources = [item for items in lists for item in items]
        targets = {}
        result = []
        for row in selection.outputs:
            if row < selection.inputs:
                result.append(sources[row])
                continue
            targets[row] = self.number
            result.append((self.number, 0))
            self.number += 1
        self.steps.append(_Step(selection, sources, targets))
        return result

    def dropped(self, pixels):
        """How many on either side of so many sorted pixels cannot be a window's median."""
        return max(0, pixels - 1 - self.middle)

    def join(self, a, pixels_a, b, pixels_b):
        """Merge two lists, of which the impossible elements have been dropped; drop more."""
        pixels = pixels_a + pixels_b
        dropped = self.dropped(pixels)
        first = dropped - self.dropped(pixels_a) - self.dropped(pixels_b)
        count = pixels - 2 * dropped
        if count == 1 and len(a) == len(b) + 1:
            return self.step(middle(len(b)), [a, b])
        return self.step(sorting((len(a), len(b)), first, count), [a, b])

    def column(self, column, rows):
        """Sort the pixels ``range(*rows)`` of one column."""
        key = column, rows
        if key in self.sorted:
            return self.sorted[key]
        start, stop = rows
        pixels = [[(row * self.tile_width + column, 0)] for row in range(start, stop)]
        # Rows that all windows of a part of the tile have in common: begin with those that all
        # windows of a part twice as high have in common.
        part = self.height - (stop - start) + 1
        if 1 <= part < self.tile_height and (start + 1) % part == 0:
            upper = (start + 1 - part) % (2 * part) == 0
            core = (start + part, stop) if upper else (start, stop - part)
            rest = (start, start + part) if upper else (stop - part, stop)
            lists = [self.column(column, core), self.column(column, rest)]
        else:
            lists = pixels
        count = stop - start
        self.sorted[key] = self.step(sorting(tuple(map(len, lists)), 0, count), lists)
        return self.sorted[key]

    def block(self, column, columns, rows):
        """Sort the pixels ``range(*rows)`` of neighbouring columns, for all tiles at once."""
        shift, column = divmod(column, self.tile_width)
        key = column, columns, rows
        if key not in self.sorted:
            height = rows[1] - rows[0]
            if columns == 1:
                dropped = self.dropped(height)
                self.sorted[key] = self.column(column, rows)[dropped : height - dropped]
            else:
                half = 1 << (columns - 1).bit_length() - 1
                left = self.block(column, half, rows)
                right = self.block(column + half, columns - half, rows)
                self.sorted[key] = self.join(left, half * height, right, (columns - half) * height)
        return [(row, own + shift) for row, own in self.sorted[key]]

    def across(self, rows, column, part):
        """Sort the pixels ``range(*rows)`` common to all windows of a part of the tile."""
        key = "across", rows, column, part
        if key not in self.sorted:
            height, columns = rows[1] - rows[0], self.width - part + 1
            if part == self.tile_width:
                self.sorted[key] = self.block(part - 1, columns, rows)
            else:
                whole = column - column % (2 * part)
                core = self.across(rows, whole, 2 * part)
                side = column + part - 1 if column == whole else whole + self.width
                rest = self.block(side, part, rows)
                self.sorted[key] = self.join(core, (columns - part) * height, rest, part * height)
        return self.sorted[key]

    def split(self, core, row, part_height, column, part_width):
        """Plan all windows of a part of the tile, whose common pixels are sorted in ``core``."""
        height, width = self.height - part_height + 1, self.width - part_width + 1
        rows = row + part_height - 1, row + self.height
        if core is None:
            core = self.block(part_width - 1, width, rows)
        if part_height == part_width == 1:
            self.medians[row, column] = core[0][0]
        elif part_height >= part_width:
            half = part_height // 2
            for new, start in ((row, row + half - 1), (row + half, row + self.height)):
                rest = self.across((start, start + half), column, part_width)
                joined = self.join(core, height * width, rest, half * width)
                self.split(joined, new, half, column, part_width)
        else:
            half = part_width // 2
            for new, start in ((column, column + half - 1), (column + half, column + self.width)):
                rest = self.block(start, half, rows)
                joined = self.join(core, height * width, rest, half * height)
                self.split(joined, row, part_height, new, half)


class Plan(NamedTuple):
    """Operations on the rows of one flat array, for tiles of windows side by side.

    Attributes
    ----------
    tile : (columns, rows) of windows
    rows : the length of the flat array, in rows
    shift : how many tiles to the right of a tile its windows reach
    segments : kind, first operation, end; in the order in which they are to be carried out
    exchanges : columns a, b, low, high: positions in the flat array
    folds : columns best, pairs, new best
    pixels, medians : where the pixels are put, and where the medians are found: row of the flat
        array for each pixel of the tile's patch, a row of pixels of as many tiles as there are
        side by side
    """

    tile: tuple[int, int]
    rows: int
    shift: int
    segments: np.ndarray
    exchanges: np.ndarray
    folds: np.ndarray
    pixels: np.ndarray
    medians: np.ndarray


@functools.lru_cache(64)
def plan(width: int, height: int, stride: int, tile=None) -> Plan:
    """Plan the medians of ``width`` x ``height`` windows in an array with rows of ``stride``."""
    tile_width, tile_height = tile or _tile(width, height)
    planner = _Planner(width, height, tile_width, tile_height)
    last_use = {}
    for n, step in enumerate(planner.steps):
        last_use.update((number, n) for number, _ in step.sources)
    last_use.update((number, len(planner.steps)) for number in planner.medians.flat)
    pixels = (tile_height + height - 1) * tile_width
    slot = {number: 1 + number for number in range(pixels)}  # row 0 takes what nobody reads
    free, rows = [], 1 + pixels
    operations, done, segments = ([], []), [0, 0], []
    for n, step in enumerate(planner.steps):
        selection = step.selection
        new = selection.rows - selection.inputs - 1
        own = [free.pop() if free else -1 for _ in range(new)]
        fresh = own.count(-1)
        own[new - fresh :] = range(rows, rows + fresh)
        rows += fresh
        place = [slot[number] * stride + shift for number, shift in step.sources]
        place = np.array([*place, 0, *(row * stride for row in own)])
        kind = FOLD if len(selection.folds) else EXCHANGE
        chosen = place[selection.folds if kind == FOLD else selection.exchanges]
        operations[kind].append(chosen)
        if not segments or segments[-1][0] != kind:
            segments.append([kind, done[kind], 0])
        done[kind] += len(chosen)
        segments[-1][2] = done[kind]
        free += [own[row] for row in range(new) if row + selection.inputs + 1 not in step.targets]
        for row, number in step.targets.items():
            slot[number] = own[row - selection.inputs - 1]
        dying = {number for number, _ in step.sources if last_use[number] == n}
        free += [slot.pop(number) for number in dying]
    return Plan(
        (tile_width, tile_height),
        rows,
        (tile_width + width - 2) // tile_width,
        np.array(segments, np.int64),
        np.concatenate([np.empty((0, 4)), *operations[EXCHANGE]]).astype(np.uint64),
        np.concatenate([np.empty((0, 2 * PAIRS + 2)), *operations[FOLD]]).astype(np.uint64),
        np.arange(1, 1 + pixels, dtype=np.uint64) * np.uint64(stride),
        np.array([slot[number] * stride for number in planner.medians.flat], np.uint64),
    )


def _tile(width, height):
    """Return the size of tile that takes the fewest exchanges, or nearly."""
    return _power_of_two(min((width + 1) // 2, 8)), _power_of_two(min((height + 1) // 3, 4))


def _power_of_two(number):
    return 1 << max(number.bit_length() - 1, 0)
