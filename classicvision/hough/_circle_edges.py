"""Edge pixels as circles need them: exact places, smooth normals, and quick to look up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from classicvision._jit import kernel

TILE = 32  # columns that one entry of the table of edge pixels stands for
_REACH = 2  # rows and columns around an edge pixel that have a say in its normal
_SIMILAR = 0.7  # cosine of the largest angle between normals that are averaged
_STRAIGHT = 0.25  # largest variance across a line of edge pixels, relative to that along it


@dataclass(frozen=True)
class EdgePoints:
    """Edge pixels in the order of rows, then columns.

    Attributes
    ----------
    points : ndarray of float32, shape (4, n)
        x, y and the unit normal there, which points to the brighter side. The normal is (0, 0)
        where there is none.
    first : ndarray of int32, shape (rows, tiles + 1)
        ``first[r, t]`` is the first of the points in row ``r`` from column ``TILE * t`` on.
    signed : bool
        Whether the normals know the brighter side.
    shape : tuple of int
        The image's rows and columns.
    """

    points: np.ndarray
    first: np.ndarray
    signed: bool
    shape: tuple[int, int]


@kernel(inline=True)
def _sobel(flat, rows, columns, r, c):
    """The derivatives at a pixel, by Sobel's operator; beyond the border the last pixel repeats."""
    number, twice = np.float32, np.float32(2)
    here = np.uint64(r * columns)
    above = np.uint64(max(r - 1, 0) * columns)
    below = np.uint64(min(r + 1, rows - 1) * columns)
    left, right = np.uint64(max(c - 1, 0)), np.uint64(min(c + 1, columns - 1))
    middle = np.uint64(c)
    a, b = number(flat[above + left]), number(flat[above + right])
    d, e = number(flat[below + left]), number(flat[below + right])
    gx = b - a + e - d + twice * (number(flat[here + right]) - number(flat[here + left]))
    gy = d - a + e - b + twice * (number(flat[below + middle]) - number(flat[above + middle]))
    return gx, gy


@kernel(inline=True)
def _length(gradient):
    return np.float32(np.sqrt(gradient[0] * gradient[0] + gradient[1] * gradient[1]))


# Samples on a grid are enough to know the noise, and cost the same for every image.
@kernel
def sample_gradients(image, step, lengths):
    """Write the gradient's length at every ``step``-th row and column; return how many."""
    rows, columns = image.shape
    flat = image.reshape(-1)
    count = 0
    for r in range(step // 2, rows, step):
        for c in range(step // 2, columns, step):
            lengths[count] = _length(_sobel(flat, rows, columns, r, c))
            count += 1
    return count


# r = row, c = column, p = edge pixel. An edge crosses the row (or, where it is flat, the column)
# of its pixel where the gradient's length is greatest: at the vertex of the parabola through
# three of them.
@kernel
def _measure(image, positions, points):
    """Write the exact place of each edge pixel, and the direction of its gradient."""
    rows, columns = image.shape
    flat = image.reshape(-1)
    xs, ys, nxs, nys = points[0], points[1], points[2], points[3]
    half = np.float32(0.5)
    r = first_of_row = 0
    for p in range(positions.size):
        while positions[p] >= first_of_row + columns:
            r += 1
            first_of_row += columns
        c = positions[p] - first_of_row
        gx, gy = _sobel(flat, rows, columns, r, c)
        steep = abs(gx) >= abs(gy)
        if steep:
            before = _length(_sobel(flat, rows, columns, r, max(c - 1, 0)))
            after = _length(_sobel(flat, rows, columns, r, min(c + 1, columns - 1)))
        else:
            before = _length(_sobel(flat, rows, columns, max(r - 1, 0), c))
            after = _length(_sobel(flat, rows, columns, min(r + 1, rows - 1), c))
        length = _length((gx, gy))
        bend = length + length - before - after
        shift = np.float32(0)
        if bend > np.float32(0):
            shift = min(max(half * (after - before) / bend, -half), half)
        xs[p], ys[p] = np.float32(c), np.float32(r)
        if steep:
            xs[p] += shift
        else:
            ys[p] += shift
        nxs[p] = gx / length if length > 0 else np.float32(0)
        nys[p] = gy / length if length > 0 else np.float32(0)


@kernel
def _index(positions, columns, first):
    """Fill the table of the first edge pixel of each tile."""
    rows, stops = first.shape
    p = 0
    for r in range(rows):
        for t in range(stops):
            limit = r * columns + min(t * TILE, columns)
            while p < positions.size and positions[p] < limit:
                p += 1
            first[r, t] = p


# i = the pixel, j = its neighbours. In an edge map nothing but the pixels themselves tells the
# direction of an edge: it is that in which they spread.
@kernel
def _spread(positions, first, columns, points):
    """Write each edge pixel's place, and the normal of the line through those around it."""
    xs, ys, nxs, nys = points[0], points[1], points[2], points[3]
    rows, tiles = first.shape[0], first.shape[1] - 1
    for i in range(positions.size):
        r, c = divmod(positions[i], columns)
        xs[i], ys[i] = np.float32(c), np.float32(r)
        left, right = max(c - _REACH, 0) // TILE, min((c + _REACH) // TILE + 1, tiles)
        count = sx = sy = sxx = sxy = syy = 0
        for row in range(max(r - _REACH, 0), min(r + _REACH + 1, rows)):
            dy = row - r
            for j in range(first[row, left], first[row, right]):
                dx = positions[j] - row * columns - c
                if abs(dx) <= _REACH:
                    count += 1
                    sx += dx
                    sy += dy
                    sxx += dx * dx
                    sxy += dx * dy
                    syy += dy * dy
        a = np.float32(count * sxx - sx * sx)
        b = np.float32(count * sxy - sx * sy)
        d = np.float32(count * syy - sy * sy)
        root = np.float32(np.sqrt((a - d) * (a - d) + np.float32(4) * b * b))
        most, least = a + d + root, a + d - root
        nx = ny = np.float32(0)
        if least < np.float32(_STRAIGHT) * most:
            # (cos 2t, sin 2t) of the normal's angle t is (d - a, -2 b) / root
            nx = np.float32(np.sqrt(max(np.float32(0.5) * (root + d - a) / root, np.float32(0))))
            ny = np.float32(np.sqrt(max(np.float32(0.5) * (root + a - d) / root, np.float32(0))))
            if b > 0:
                ny = -ny
        nxs[i], nys[i] = nx, ny


# i = the pixel, j = its neighbours
@kernel
def _average_normals(points, first, normals):
    """Write the mean normal of the neighbours on the same edge: half as noisy as its own."""
    xs, nxs, nys = points[0], points[2], points[3]
    out_x, out_y = normals[0], normals[1]
    tiles = first.shape[1] - 1
    reach, similar = np.float32(_REACH + 0.5), np.float32(_SIMILAR)
    for r in range(first.shape[0]):
        for i in range(first[r, 0], first[r, tiles]):
            x, nx, ny = xs[i], nxs[i], nys[i]
            left = max(int(x - reach), 0) // TILE
            right = min(int(x + reach) // TILE + 1, tiles)
            sum_x, sum_y = nx, ny
            for row in range(max(r - _REACH, 0), min(r + _REACH + 1, first.shape[0])):
                for j in range(np.uint64(first[row, left]), np.uint64(first[row, right])):
                    if abs(xs[j] - x) <= reach:
                        cosine = nx * nxs[j] + ny * nys[j]
                        if cosine > similar:
                            sum_x += nxs[j]
                            sum_y += nys[j]
                        elif -cosine > similar:
                            sum_x -= nxs[j]
                            sum_y -= nys[j]
            length = np.float32(np.sqrt(sum_x * sum_x + sum_y * sum_y))
            if length > 0:
                sum_x /= length
                sum_y /= length
            out_x[i], out_y[i] = sum_x, sum_y


def edge_points(mask: np.ndarray, image: np.ndarray | None) -> EdgePoints:
    """Return the pixels of an edge map with their normals.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    image : ndarray of uint8 or float32, shape (rows, columns), or None
        The image whose edges these are, smoothed: it gives the normals, and places between the
        pixels. Without it both come from the edge map alone.
    """
    columns = mask.shape[1]
    positions = np.flatnonzero(mask)
    first = np.empty((mask.shape[0], -(-columns // TILE) + 1), np.int32)
    _index(positions, columns, first)
    points = np.empty((4, positions.size), np.float32)
    if image is None:
        _spread(positions, first, columns, points)
        normals = np.empty((2, positions.size), np.float32)
        _average_normals(points, first, normals)
        points[2:] = normals
    else:
        _measure(image, positions, points)
    return EdgePoints(points, first, image is not None, mask.shape)
