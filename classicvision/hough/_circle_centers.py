"""Voting for the centres of circles, one octave of radii at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from classicvision._jit import kernel

_CELLS_TO_CENTRE = 8  # from the nearest edge pixels of an octave; its cells are that large
_PAD = 2 * _CELLS_TO_CENTRE + 4  # cells around the image, which take the votes for outside it


@dataclass(frozen=True)
class Octave:
    """A range of radii, the largest at most twice the smallest, whose votes share one table.

    Attributes
    ----------
    low, high : float
        The radii in pixels, both included.
    cell : float
        The side of a cell of the table in pixels.
    """

    low: float
    high: float
    cell: float

    def table_shape(self, shape):
        """Return the rows and columns of the table for an image of this shape, with its pad."""
        return tuple(math.ceil(side / self.cell) + 2 * _PAD for side in shape)


def octaves(low: float, high: float) -> list[Octave]:
    """Split the radii from ``low`` (at least 1) to ``high`` into octaves."""
    found = []
    while not found or low < high:
        found.append(Octave(low, min(2 * low, high), max(1.0, low / _CELLS_TO_CENTRE)))
        low *= 2
    return found


# p = edge pixel, s = step. Everything is in cells, so that a step along the normal is one cell.
# The pad takes what falls outside the image: the loop has nothing to check.
@kernel
def _vote(points, cell, nearest, steps, votes):
    """Vote for the cells that lie along the normal of each edge pixel, on both of its sides."""
    xs, ys, nxs, nys = points[0], points[1], points[2], points[3]
    width = np.uint64(votes.shape[1])
    flat = votes.reshape(-1)
    half, pad = np.float32(0.5), np.float32(_PAD)
    for p in range(xs.size):
        nx, ny = nxs[p], nys[p]
        if nx == 0 and ny == 0:
            continue
        x, y = (xs[p] + half) / cell + pad, (ys[p] + half) / cell + pad
        for s in range(steps):
            distance = np.float32(nearest + np.float32(s))
            dx, dy = distance * nx, distance * ny
            ahead = np.uint64(np.int32(y + dy)) * width + np.uint64(np.int32(x + dx))
            behind = np.uint64(np.int32(y - dy)) * width + np.uint64(np.int32(x - dx))
            flat[ahead] += 1
            flat[behind] += 1


# r = row, c = column. A vote for a cell is half a vote for the cells beside it.
@kernel
def _blur(votes, line, blurred):
    rows, columns = votes.shape
    for r in range(1, rows - 1):
        above, here, below = votes[r - 1], votes[r], votes[r + 1]
        for c in range(columns):
            line[c] = above[c] + np.int32(2) * here[c] + below[c]
        left, middle, right = line, line[1:], line[2:]
        row = blurred[r][1:]
        for c in range(columns - 2):
            row[c] = left[c] + np.int32(2) * middle[c] + right[c]


# Most of the table is below the threshold: 64 cells at a time are skipped by their maximum.
@kernel
def _find_peaks(votes, threshold, peaks):
    """Write the flat positions of the local maxima inside the image; return how many there are."""
    rows, columns = votes.shape
    found = 0
    for r in range(_PAD, rows - _PAD):
        above, here, below = votes[r - 1], votes[r], votes[r + 1]
        for start in range(_PAD, columns - _PAD, 64):
            stop = min(start + 64, columns - _PAD)
            part = here[start:stop]
            most = part[0]
            for k in range(part.size):
                most = max(most, part[k])
            if most < threshold:
                continue
            for c in range(start, stop):
                v = here[c]
                if (
                    v >= threshold
                    and v > here[c - 1]
                    and v >= here[c + 1]
                    and v > above[c - 1]
                    and v > above[c]
                    and v > above[c + 1]
                    and v >= below[c - 1]
                    and v >= below[c]
                    and v >= below[c + 1]
                ):
                    if found < peaks.size:
                        peaks[found] = r * columns + c
                    found += 1
    return found


def vote(points: np.ndarray, shape: tuple[int, int], octave: Octave) -> np.ndarray:
    """Return the table of votes for centres, int32, with its pad.

    Cell ``(_PAD + i, _PAD + j)`` stands for the pixels with ``i <= (y + 0.5) / cell < i + 1``
    and ``j <= (x + 0.5) / cell < j + 1``; its value is 4 times the votes for it, 2 times those
    for the cells beside, above and below, and those for its other neighbours.
    """
    votes = np.zeros(octave.table_shape(shape), np.int32)
    nearest = octave.low / octave.cell
    steps = math.floor(octave.high / octave.cell - nearest + 1e-6) + 1
    _vote(points, np.float32(octave.cell), np.float32(nearest), steps, votes)
    blurred = np.zeros_like(votes)
    _blur(votes, np.empty(votes.shape[1], np.int32), blurred)
    return blurred


def find_centers(votes: np.ndarray, octave: Octave, threshold: float) -> np.ndarray:
    """Return x, y of the local maxima of at least ``threshold``, float64 ``(n, 2)``, in order.

    The place inside a cell is the vertex of a parabola through the votes of three cells.
    """
    threshold = math.ceil(threshold)
    peaks = np.empty(1024, np.int64)
    count = _find_peaks(votes, threshold, peaks)
    if count > peaks.size:
        peaks = np.empty(count, np.int64)
        _find_peaks(votes, threshold, peaks)
    peaks = peaks[:count]
    flat = votes.reshape(-1)
    rows, columns = np.divmod(peaks, votes.shape[1])
    x = columns + _vertex(flat[peaks - 1], flat[peaks], flat[peaks + 1])
    width = votes.shape[1]
    y = rows + _vertex(flat[peaks - width], flat[peaks], flat[peaks + width])
    return (np.stack([x, y], axis=1) + (0.5 - _PAD)) * octave.cell - 0.5


def inside(votes: np.ndarray) -> np.ndarray:
    """Return the table without its pad."""
    return votes[_PAD:-_PAD, _PAD:-_PAD]


def _vertex(before, here, after):
    """Where the parabola through three values, the middle one not below the others, is highest."""
    bend = 2 * here - before - after
    return 0.5 * (after - before) / np.maximum(bend, 1)
