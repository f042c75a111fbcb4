"""Voting for the poses of a contour: angle by angle and scale by scale, in coarse cells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from classicvision._jit import kernel

DIRECTION_STEP = math.pi / 36  # 5 degrees, of directions and of angles
_SCALE_STEP = 1.1
_CELLS_TO_RADIUS = 12  # the contour's mean radius in cells, at the middle scale
_MOST_ENTRIES = 4000  # of the R-table: a sum of nine cells must fit into 16 bits
_ANGLES_TO_GROUP = 6
_CANDIDATES_OF_GROUP = 32
_MOST_CANDIDATES = 128


@dataclass(frozen=True)
class Grid:
    """The cells of the accumulator.

    Attributes
    ----------
    cell : int
        The side of a cell, in pixels.
    rows, columns : int
    directions : int
        Bins of the R-table: 36 over half a turn, 72 over a whole one for signed directions.
    turns : ndarray of int64
        The angles, in steps of 5 degrees.
    scales : ndarray of float64
    """

    cell: int
    rows: int
    columns: int
    directions: int
    turns: np.ndarray
    scales: np.ndarray

    @property
    def angles(self):
        """The angles in radians."""
        return self.turns * DIRECTION_STEP


# a = angle, j = scale, i = entry of the R-table, r = row, c = column. `cells` are the positions
# of the edges' cells, sorted by direction; direction b's are from first[b] to first[b + 1].
# The accumulator has a margin that every displacement fits into, so that nothing is out of it.
# The cells of one direction are all different: no counter waits for its own last value. The
# last loop has no branch, and one type, so that LLVM makes vector instructions of it.
@kernel
def _vote(
    cells, first, entries, bins, turns, cosine, sine, scales, margin, accumulator, line,
    votes, plane,
):  # fmt: skip
    """Keep, for each cell, the most votes of a block of 3 x 3, and at which angle and scale."""
    rows = votes.shape[0]
    stride = accumulator.shape[1]
    flat = accumulator.reshape(-1)
    directions = first.size - 1
    one = np.uint16(1)
    for a in range(turns.size):
        for j in range(scales.size):
            number = np.uint16(a * scales.size + j)
            for c in range(flat.size):
                flat[c] = 0
            s_cosine, s_sine = scales[j] * cosine[a], scales[j] * sine[a]
            for i in range(bins.size):
                x, y = entries[i, 0], entries[i, 1]
                right = int(np.floor(x * s_cosine - y * s_sine + 0.5))
                down = int(np.floor(x * s_sine + y * s_cosine + 0.5))
                b = (bins[i] + turns[a]) % directions
                target = flat[(margin - down) * stride + margin - right :]
                own = cells[first[b] : first[b + 1]]
                for e in range(own.size):
                    target[own[e]] += one
            for r in range(rows):
                above = accumulator[margin + r - 1][margin - 1 :]
                here = accumulator[margin + r][margin - 1 :]
                below = accumulator[margin + r + 1][margin - 1 :]
                for c in range(line.size):
                    line[c] = np.uint16(np.uint16(above[c] + here[c]) + below[c])
                middle, after = line[1:], line[2:]
                best, best_plane = votes[r], plane[r]
                for c in range(best.size):
                    total = np.uint16(np.uint16(line[c] + middle[c]) + after[c])
                    before, plane_before = best[c], best_plane[c]
                    best_plane[c] = number if total > before else plane_before
                    best[c] = max(total, before)


def make_grid(shape, radius, signed, rotation, scale_range):
    """Choose cells that suit a contour of this mean radius.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    radius : float
        Root of the mean squared distance of the contour's points from their mean.
    signed : bool
    rotation, scale_range : (float, float)
        The least and the largest angle and scale.
    """
    least, most = scale_range
    cell = max(1, round(radius * math.sqrt(least * most) / _CELLS_TO_RADIUS))
    directions = 72 if signed else 36
    low, high = (round(angle / DIRECTION_STEP) for angle in rotation)
    high = min(high, low + 71)
    count = max(1, math.ceil(math.log(most / least) / math.log(_SCALE_STEP) - 1e-9))
    scales = least * (most / least) ** ((np.arange(count) + 0.5) / count)
    rows, columns = (-(-length // cell) for length in shape)
    return Grid(cell, rows, columns, directions, np.arange(low, high + 1), scales)


def count_votes(edges, contour, normals, grid):
    """Let the edges vote, for six neighbouring angles and all scales at a time.

    Parameters
    ----------
    edges : OrientedEdges
    contour, normals : ndarray, shape (n, 2)
        The template's points, relative to their mean, and the unit vectors across them.
    grid : Grid

    Yields
    ------
    votes : ndarray of uint16, shape (grid.rows, grid.columns)
        How many entries of the R-table found an edge, summed over 3 x 3 cells, at the best of
        the angles and scales.
    plane : ndarray of uint16, of the same shape
        That angle's number times the scales, plus that scale's number.
    first_plane : int
        What to add to ``plane`` for the number among all angles.
    """
    entries, bins = _r_table(contour, normals, grid)
    margin = int(np.ceil(np.hypot(*entries.T).max() * grid.scales.max())) + 2
    stride = grid.columns + 2 * margin
    cells, first = _cells_by_direction(edges, grid, stride)
    accumulator = np.empty((grid.rows + 2 * margin, stride), np.uint16)
    line = np.empty(grid.columns + 2, np.uint16)
    for start in range(0, len(grid.turns), _ANGLES_TO_GROUP):
        turns = grid.turns[start : start + _ANGLES_TO_GROUP].astype(np.int64)
        angles = turns * DIRECTION_STEP
        votes, plane = np.zeros((2, grid.rows, grid.columns), np.uint16)
        _vote(
            cells,
            first,
            entries,
            bins,
            turns,
            np.cos(angles),
            np.sin(angles),
            grid.scales,
            margin,
            accumulator,
            line,
            votes,
            plane,
        )
        yield votes, plane, start * len(grid.scales)


def find_candidates(edges, contour, normals, grid, keep_votes=False):
    """Find the poses with the most votes, as :func:`count_votes` counts them.

    Returns
    -------
    poses : ndarray, shape (n, 4)
        x, y of the contour's mean in pixels, angle, scale; the strongest first. They are local
        maxima among the angles of their group.
    votes, plane : ndarray, shape (grid.rows, grid.columns)
        The best of all groups, with ``keep_votes``; otherwise ``None``.
    """
    best, best_plane = None, None
    chosen = []
    for votes, plane, first_plane in count_votes(edges, contour, normals, grid):
        places = _peaks(votes, _CANDIDATES_OF_GROUP)
        planes = plane.ravel()[places].astype(np.int64) + first_plane
        chosen.append(np.stack([places, planes, votes.ravel()[places]]))
        if keep_votes:
            plane = plane.astype(np.int64) + first_plane
            best_plane = plane if best is None else np.where(votes > best, plane, best_plane)
            best = votes if best is None else np.maximum(votes, best)
    places, planes, counts = np.concatenate(chosen, axis=1)
    order = np.argsort(-counts, kind="stable")[:_MOST_CANDIDATES]
    rows, columns = np.divmod(places[order], grid.columns)
    turn, scale = np.divmod(planes[order], len(grid.scales))
    x, y = ((place + 0.5) * grid.cell - 0.5 for place in (columns, rows))
    poses = np.stack([x, y, grid.angles[turn], grid.scales[scale]], axis=1)
    return poses, best, best_plane


def _peaks(votes, most):
    """Return the flat positions of the highest local maxima among eight neighbours."""
    highest = np.pad(votes, 1)
    highest = np.maximum(np.maximum(highest[:-2], highest[1:-1]), highest[2:])
    highest = np.maximum(np.maximum(highest[:, :-2], highest[:, 1:-1]), highest[:, 2:])
    places = np.flatnonzero((votes == highest) & (votes > 0))
    if len(places) > most:
        rank = places - votes.ravel()[places].astype(np.int64) * votes.size
        places = places[np.argpartition(rank, most)[:most]]
    return np.sort(places)


def _r_table(contour, normals, grid):
    """Return displacements in cells and the bins of their directions, one for each cell."""
    middle = math.sqrt(grid.scales[0] * grid.scales[-1])
    bins = _direction_bins(normals, grid.directions)
    columns, rows = np.floor(contour * (middle / grid.cell)).astype(np.int64).T
    keys = ((rows - rows.min()) * (np.ptp(columns) + 1) + columns - columns.min()) * 72 + bins
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    size = np.bincount(group)
    mean = [np.bincount(group, contour[:, i]) / size for i in (0, 1)]
    entries = np.stack(mean, axis=1) / grid.cell
    thin = slice(None, None, -(-len(entries) // _MOST_ENTRIES))
    return np.ascontiguousarray(entries[thin]), np.ascontiguousarray(bins[first][thin])


def _cells_by_direction(edges, grid, stride):
    """Return the cells with edges of each direction or a neighbouring one, and where each starts.

    A cell counts once for each direction, however many edge pixels it has.
    """
    columns, rows = np.floor((edges.points.astype(np.float64) + 0.5) / grid.cell).astype(np.int64).T
    places = rows.clip(0, grid.rows - 1) * stride + columns.clip(0, grid.columns - 1)
    bins = _direction_bins(edges.normals, grid.directions)
    near = [(bins + turn) % grid.directions * (grid.rows * stride) + places for turn in (-1, 0, 1)]
    bins, places = np.divmod(np.unique(near), grid.rows * stride)
    first = np.searchsorted(bins, np.arange(grid.directions + 1))
    return places.astype(np.uint32), first.astype(np.int64)


def _direction_bins(normals, directions):
    angle = np.arctan2(normals[:, 1], normals[:, 0]) / DIRECTION_STEP
    return np.rint(angle).astype(np.int64) % directions
