"""From a centre to circles: radii by a histogram, least squares, and votes by counting pixels."""

from __future__ import annotations

import math

import numpy as np

from classicvision._jit import kernel
from classicvision.hough._circle_centers import Octave
from classicvision.hough._circle_edges import TILE, EdgePoints

ROUGHLY_ALIGNED = 0.85  # cosine between a normal and the direction to a roughly known centre
ALIGNED = 0.96  # the same for a fitted centre: 16 degrees
TOLERANCE = 1.5  # pixels between a circle and the edge pixels that lie on it
_MOST_FITS = 12
_NARROWER = 0.5  # how the width of the ring shrinks from fit to fit
_STANDSTILL = 0.02  # pixels
_PROMISING = 0.8  # of the votes a circle needs, in one peak of the histogram
_NEARLY = 0.9  # of the votes a circle needs, in edge pixels while it is fitted
_LEAST_ARC = 0.2  # of the whole circle, inside the image or not
_ALL_PIXELS = 4 * math.sqrt(2)  # of a digital circle, times its radius
_FARTHEST_MOVE = 3  # cells, from what the votes say to what fits
_LEAST_DISTANCE = 0.25  # pixels from a centre; nearer ones have no direction to it
_DIAGONAL = math.sqrt(0.5)


# The ring is cut into rows, and each row into the columns left and right of the hole where that
# is worth it: TILE columns or more, so that no tile is visited twice.
@kernel
def collect(points, first, x, y, inner, outer, cosine, ids):
    """Write which edge pixels of a ring have their normal through its centre; return how many."""
    xs, ys, nxs, nys = points[0], points[1], points[2], points[3]
    rows, tiles = first.shape[0], first.shape[1] - 1
    near, far, square = max(inner, _LEAST_DISTANCE) ** 2, outer * outer, cosine * cosine
    count = np.uint64(0)
    for row in range(max(int(y - outer) - 1, 0), min(int(y + outer) + 2, rows)):
        dy = max(abs(row - y) - 1, 0.0)
        reach = math.sqrt(max(far - dy * dy, 0.0)) + 1
        dy = abs(row - y) + 1
        hole = math.sqrt(max(near - dy * dy, 0.0)) - 1
        parts = 2 if hole >= TILE else 1
        for part in range(parts):
            start, stop = x - reach, x + reach
            if parts == 2:
                start, stop = (start, x - hole) if part == 0 else (x + hole, stop)
            if stop < 0:
                continue
            left, right = int(max(start, 0.0)) // TILE, min(int(stop) // TILE + 1, tiles)
            if left >= right:
                continue
            for j in range(np.uint64(first[row, left]), np.uint64(first[row, right])):
                dx, dy = xs[j] - x, ys[j] - y
                distance = dx * dx + dy * dy
                along = dx * nxs[j] + dy * nys[j]
                in_ring = (near <= distance) & (distance <= far)
                ids[count] = j  # without a branch, which would be mispredicted
                count += np.uint64(in_ring & (along * along >= square * distance))
    return np.int64(count)


# Gauss-Newton for the sum of w (distance - radius)^2 over x, y and radius, with Tukey's weights
# w, which leave out what is not in the ring. The ring narrows from fit to fit.
@kernel
def _fit(points, ids, count, x, y, radius, width, side, least):
    """Fit a circle to the edge pixels around it; return x, y, radius, or radius 0 without a fit.

    There is none with fewer than ``least`` edge pixels in the ring.
    ``side`` is 1 where only edges that are brighter outside belong to the circle at first, 0
    for those brighter inside, -1 for both.
    """
    xs, ys, nxs, nys = points[0], points[1], points[2], points[3]
    for _ in range(_MOST_FITS):
        uu = uv = vv = u1 = v1 = ones = ue = ve = e1 = 0.0
        in_ring, per_square = 0, 1 / (width * width)
        for k in range(count):
            j = np.uint64(ids[k])
            dx, dy = xs[j] - x, ys[j] - y
            distance = math.sqrt(dx * dx + dy * dy)
            error = distance - radius
            if abs(error) >= width or distance <= 0:
                continue
            along = dx * nxs[j] + dy * nys[j]
            if abs(along) < ALIGNED * distance:
                continue
            in_ring += 1
            if side >= 0 and (along > 0) != (side == 1):
                continue
            scale = 1 / distance
            u, v = scale * dx, scale * dy
            w = (1 - error * error * per_square) ** 2
            wu, wv, we = w * u, w * v, w * error
            uu += wu * u
            uv += wu * v
            vv += wv * v
            u1 += wu
            v1 += wv
            ones += w
            ue += u * we
            ve += v * we
            e1 += we
        # Cramer's rule for the symmetric system of three equations
        a, b, c = vv * ones - v1 * v1, u1 * v1 - uv * ones, uv * v1 - vv * u1
        determinant = uu * a + uv * b + u1 * c
        if in_ring < least or not determinant > 1e-6 * ones * ones * ones:
            return x, y, 0.0
        d, f, g = uu * ones - u1 * u1, uv * u1 - uu * v1, uu * vv - uv * uv
        step_x = (a * ue + b * ve + c * e1) / determinant
        step_y = (b * ue + d * ve + f * e1) / determinant
        step_radius = (c * ue + f * ve + g * e1) / determinant
        x += step_x
        y += step_y
        radius += step_radius
        if not radius > 0:
            return x, y, 0.0
        if width == TOLERANCE:
            if side == -1 and abs(step_x) + abs(step_y) + abs(step_radius) < _STANDSTILL:
                break
            side = -1
        width = max(_NARROWER * width, TOLERANCE)
    return x, y, radius


# The pixels of a digital circle: one in each column where it is flat, on top and at the bottom,
# and one in each row where it is steep, left and right. `marks` has a line for each of the four.
# An edge pixel is moved onto the circle and marks its column, its row, or near a diagonal both.
@kernel
def count_pixels(points, ids, count, x, y, radius, rows, columns, taken, marks):
    """Return how many pixels of the digital circle have an edge, and how many are in the image."""
    xs, ys = points[0], points[1]
    reach = _DIAGONAL * radius
    base_x, base_y = math.floor(x - reach) - 2, math.floor(y - reach) - 2
    width = int(2 * reach) + 6
    for k in range(4 * width):
        marks[k] = 0
    for k in range(count):
        j = np.uint64(ids[k])
        if taken[j]:
            continue
        dx, dy = xs[j] - x, ys[j] - y
        scale = radius / math.sqrt(dx * dx + dy * dy)
        if abs(dy) >= abs(dx) - 1.5:
            column = int(np.rint(x + scale * dx)) - base_x
            if 0 <= column < width:
                marks[column + (width if dy > 0 else 0)] = 1
        if abs(dx) >= abs(dy) - 1.5:
            row = int(np.rint(y + scale * dy)) - base_y
            if 0 <= row < width:
                marks[row + (3 * width if dx > 0 else 2 * width)] = 1
    votes = possible = 0
    for k in range(width):
        across = base_x + k - x
        height = math.sqrt(max(radius * radius - across * across, 0.0))
        for part in range(2):
            row = int(np.rint(y + height if part else y - height))
            in_image = 0 <= base_x + k < columns and 0 <= row < rows
            if abs(across) <= radius and abs(row - y) >= abs(across) and in_image:
                possible += 1
                votes += 1 if marks[k + part * width] else 0
        across = base_y + k - y
        height = math.sqrt(max(radius * radius - across * across, 0.0))
        for part in range(2):
            column = int(np.rint(x + height if part else x - height))
            in_image = 0 <= base_y + k < rows and 0 <= column < columns
            if abs(across) <= radius and abs(column - x) > abs(across) and in_image:
                possible += 1
                votes += 1 if marks[k + (2 + part) * width] else 0
    return votes, possible


# The first two and the last two bins stay empty.
@kernel
def _fill_histogram(points, ids, count, x, y, inner, bin_width, signed, histogram):
    """Count the collected edge pixels by their distance; line 1 has those brighter outside."""
    xs, ys, nxs, nys = points[0], points[1], points[2], points[3]
    for side in range(2):
        line = histogram[side]
        for b in range(line.size):
            line[b] = 0
    for k in range(count):
        j = np.uint64(ids[k])
        dx, dy = xs[j] - x, ys[j] - y
        b = int((math.sqrt(dx * dx + dy * dy) - inner) / bin_width) + 2
        side = 1 if signed and dx * nxs[j] + dy * nys[j] > 0 else 0
        histogram[side, b] += 1


@kernel
def _narrow(points, ids, count, x, y, inner, outer, chosen):
    """Write which of the edge pixels are in a narrower ring; return how many."""
    xs, ys = points[0], points[1]
    near, far = max(inner, 0.0) ** 2, outer * outer
    left = np.uint64(0)
    for k in range(count):
        j = np.uint64(ids[k])
        dx, dy = xs[j] - x, ys[j] - y
        distance = dx * dx + dy * dy
        chosen[left] = ids[k]
        left += np.uint64((near <= distance) & (distance <= far))
    return np.int64(left)


@kernel
def _try_circle(
    points,
    first,
    size,
    ids,
    count,
    x,
    y,
    radius,
    cell,
    side,
    possible,
    threshold,
    scratch,
    marks,
    taken,
):
    """Fit a circle and count its votes; return x, y, radius (0 if it is none), votes, possible."""
    rows, columns = size
    old_x, old_y, old_radius = x, y, radius
    width, least = TOLERANCE + cell, _NEARLY * threshold * possible
    inner, outer = radius - width - cell, radius + width + cell
    count = _narrow(points, ids, count, x, y, inner, outer, scratch)
    if count < least:
        return x, y, 0.0, 0, 0
    x, y, radius = _fit(points, scratch, count, x, y, radius, width, side, least)
    moved = max(abs(x - old_x), abs(y - old_y), abs(radius - old_radius))
    inside = -0.5 <= x < columns - 0.5 and -0.5 <= y < rows - 0.5
    if radius <= 0 or moved > _FARTHEST_MOVE * cell or not inside:
        return x, y, 0.0, 0, 0
    inner, outer = radius - TOLERANCE, radius + TOLERANCE
    count = collect(points, first, x, y, inner, outer, ALIGNED, scratch)
    votes, possible = count_pixels(
        points, scratch, count, x, y, radius, rows, columns, taken, marks
    )
    if votes < threshold * possible or votes < _LEAST_ARC * _ALL_PIXELS * radius:
        radius = 0.0
    return x, y, radius, votes, possible


# k = centre, b = bin. A radius that stands out of the histogram is one to fit.
@kernel
def _find_circles(
    points, first, size, signed, centers, radii, threshold, histogram, ids, marks, taken, circles
):
    """Write x, y, radius, votes, possible and side of the circles around centres; return how many.

    One centre can have several circles. ``ids`` has two lines, each one longer than the number
    of edge pixels.
    """
    rows, columns = size
    inner, outer, cell, bin_width = radii
    ring, scratch = ids[0], ids[1]
    found = 0
    for k in range(centers.shape[0]):
        x, y = centers[k, 0], centers[k, 1]
        count = collect(points, first, x, y, inner, outer, ROUGHLY_ALIGNED, ring)
        _fill_histogram(points, ring, count, x, y, inner, bin_width, signed, histogram)
        for side in range(2 if signed else 1):
            line = histogram[side]
            for b in range(2, line.size - 2):
                here = line[b - 1] + line[b] + line[b + 1]
                radius = inner + (b - 1.5) * bin_width
                if (
                    here <= line[b - 2] + line[b - 1] + line[b]
                    or here < line[b] + line[b + 1] + line[b + 2]
                    or here < _PROMISING * _LEAST_ARC * _ALL_PIXELS * radius
                ):
                    continue
                if min(x, y, columns - 1 - x, rows - 1 - y) > radius:
                    possible = int(_ALL_PIXELS * radius)
                else:
                    _, possible = count_pixels(
                        points, ring, 0, x, y, radius, rows, columns, taken, marks
                    )
                if here < _PROMISING * threshold * possible or found == circles.shape[0]:
                    continue
                circle = circles[found]
                circle[0], circle[1], circle[2], circle[3], circle[4] = _try_circle(
                    points,
                    first,
                    size,
                    ring,
                    count,
                    x,
                    y,
                    radius,
                    cell,
                    side if signed else -1,
                    possible,
                    threshold,
                    scratch,
                    marks,
                    taken,
                )
                if circle[2] > 0:
                    circle[5] = side
                    found += 1
    return found


def find_circles(
    edges: EdgePoints, centers: np.ndarray, octave: Octave, margin: float, threshold: float
) -> np.ndarray:
    """Return the circles around the centres, of the octave's radii or nearly so.

    Parameters
    ----------
    edges : EdgePoints
    centers : ndarray of float64, shape (n, 2)
        x, y, to about a cell of the octave.
    octave : Octave
    margin : float
        How many pixels beyond the octave's radii the histogram reaches, at least a cell: the
        two edges of a stroke lie on either side of it.
    threshold : float
        The least votes of a circle, as a part of the pixels it has inside the image.

    Returns
    -------
    ndarray of float64, shape (n, 6)
        x, y, radius, votes, pixels inside the image, and the histogram's side: 1 for the
        circles found by edges that are brighter outside.
    """
    margin = max(margin, octave.cell)
    inner, outer = max(octave.low - margin, 0.5), octave.high + margin
    bin_width = max(1.0, 0.5 * octave.cell)
    bins = int((outer - inner) / bin_width) + 1
    # The middle of the last bin may lie half a bin beyond the ring.
    largest = outer + 0.5 * bin_width + _FARTHEST_MOVE * octave.cell
    found = np.empty((8 * len(centers), 6))
    count = _find_circles(
        edges.points,
        edges.first,
        edges.shape,
        edges.signed,
        centers,
        (inner, outer, octave.cell, bin_width),
        threshold,
        np.empty((2, bins + 4), np.int32),
        np.empty((2, edges.points.shape[1] + 1), np.int32),
        new_marks(largest),
        np.zeros(edges.points.shape[1], bool),
        found,
    )
    return found[:count]


def new_marks(radius: float) -> np.ndarray:
    """Return the scratch memory that counting the pixels of circles up to a radius takes."""
    return np.empty(4 * (int(2 * _DIAGONAL * radius) + 6), np.uint8)
