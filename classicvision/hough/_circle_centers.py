"""Voting for the centres of circles, one octave of radii at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from classicvision._jit import kernel

_CELLS_TO_CENTRE = 8  # from the nearest edge pixels of an octave; its cells are that large
_PAD = 2 * _CELLS_TO_CENTRE + 4  # cells around the image, which take the votes for outside it
_MOST = 2**16 - 1  # votes that a cell can hold; there it stops counting
_RAY = 7  # what a vote along a line through a cell and its neighbours adds to the blurred cell
_LEAST_PART = 0.7  # of the votes a circle needs, for its centre


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
            flat[ahead] += flat[ahead] != _MOST
            flat[behind] += flat[behind] != _MOST


@kernel(inline=True)
def _vertex(before, here, after):
    """Where the parabola through three values is highest; the middle one is not below the rest."""
    return 0.5 * (after - before) / max(2 * here - before - after, 1)


# 1 where a circle around a place lies inside the image, along one axis, and 0.5 at the border.
@kernel(inline=True)
def _part_inside(place, size, radius):
    return 0.5 * (min(place / radius, 1.0) + min((size - place) / radius, 1.0))


# r = row, c = column. The last three rows of the blurred table go round in a ring. Most of it is
# below the threshold: 64 cells at a time are skipped by their maximum.
@kernel
def _find_peaks(votes, line, ring, nearest, threshold, peaks):
    """Write x, y (in cells) and votes of the local maxima of the blurred table inside the image.

    A vote for a cell is half a vote for the cells beside it. The threshold sinks towards the
    border with the part of the smallest circle, ``nearest`` cells in radius, that is inside the
    image. Returns how many maxima there are.
    """
    rows, columns = votes.shape
    found = 0
    left, middle, right = line, line[1:], line[2:]
    for r in range(_PAD - 1, rows - _PAD + 1):
        first, second, third = votes[r - 1], votes[r], votes[r + 1]
        for c in range(columns):
            line[c] = np.int32(first[c]) + np.int32(2) * np.int32(second[c]) + np.int32(third[c])
        newest = ring[r % 3][1:]
        for c in range(columns - 2):
            newest[c] = left[c] + np.int32(2) * middle[c] + right[c]
        if r <= _PAD:
            continue
        above, here, below = ring[(r - 2) % 3], ring[(r - 1) % 3], ring[r % 3]
        wanted = threshold * _part_inside(r - 0.5 - _PAD, rows - 2 * _PAD, nearest)
        for start in range(_PAD, columns - _PAD, 64):
            stop = min(start + 64, columns - _PAD)
            least = wanted * min(
                _part_inside(start + 0.5 - _PAD, columns - 2 * _PAD, nearest),
                _part_inside(stop - 0.5 - _PAD, columns - 2 * _PAD, nearest),
            )
            part = here[start:stop]
            most = part[0]
            for k in range(part.size):
                most = max(most, part[k])
            if most < least:
                continue
            for c in range(start, stop):
                v = here[c]
                if (
                    v >= least
                    and v >= wanted * _part_inside(c + 0.5 - _PAD, columns - 2 * _PAD, nearest)
                    and v > here[c - 1]
                    and v >= here[c + 1]
                    and v > above[c - 1]
                    and v > above[c]
                    and v > above[c + 1]
                    and v >= below[c - 1]
                    and v >= below[c]
                    and v >= below[c + 1]
                ):
                    if found < peaks.shape[0]:
                        peak = peaks[found]
                        peak[0] = c - _PAD + _vertex(here[c - 1], v, here[c + 1])
                        peak[1] = r - 1 - _PAD + _vertex(above[c], v, below[c])
                        peak[2] = v
                    found += 1
    return found


def new_table(octaves: list[Octave], shape: tuple[int, int]) -> np.ndarray:
    """Return memory for the largest table of votes."""
    sizes = [math.prod(octave.table_shape(shape)) for octave in octaves]
    return np.empty(max(sizes, default=0), np.uint16)


def vote(
    points: np.ndarray, shape: tuple[int, int], octave: Octave, memory: np.ndarray
) -> np.ndarray:
    """Return the table of votes for centres, uint16, with its pad; it lies in ``memory``.

    Cell ``(_PAD + i, _PAD + j)`` stands for the pixels with ``i <= (y + 0.5) / cell < i + 1``
    and ``j <= (x + 0.5) / cell < j + 1``.
    """
    rows, columns = octave.table_shape(shape)
    votes = memory[: rows * columns].reshape(rows, columns)
    votes.fill(0)
    nearest = octave.low / octave.cell
    steps = math.floor(octave.high / octave.cell - nearest + 1e-6) + 1
    _vote(points, np.float32(octave.cell), np.float32(nearest), steps, votes)
    return votes


def find_centers(votes: np.ndarray, octave: Octave, threshold: float) -> np.ndarray:
    """Return x, y of the centres that have enough votes, float64 ``(n, 2)``, in order.

    Enough is the part ``threshold`` of those of a circle of the octave's smallest radius; where
    the frame cuts that circle, of about what is left of it.
    """
    most = 4 * math.sqrt(2) * octave.low * _RAY
    line, ring = np.empty(votes.shape[1], np.int32), np.empty((3, votes.shape[1]), np.int32)
    nearest, least = octave.low / octave.cell, _LEAST_PART * threshold * most
    peaks = np.empty((256, 3))
    count = _find_peaks(votes, line, ring, nearest, least, peaks)
    if count > len(peaks):
        peaks = np.empty((count, 3))
        _find_peaks(votes, line, ring, nearest, least, peaks)
    return (peaks[:count, :2] + 0.5) * octave.cell - 0.5


def inside(votes: np.ndarray) -> np.ndarray:
    """Return the table without its pad."""
    return votes[_PAD:-_PAD, _PAD:-_PAD]
