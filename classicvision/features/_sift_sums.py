"""SIFT's histograms of gradients in 4 x 4 cells and 8 directions: upright points of one size.

Each gradient counts in the two nearest directions and in the four nearest cells, by how near
these are, and less the farther it is from the point, by a Gaussian (Lowe 2004, section 6.1). Of an
upright point both weights are a product of one along x and one along y: rows are summed first,
for all points of one row at once, and columns of these sums then.
"""

from __future__ import annotations

import math

import numpy as np

from classicvision._jit import kernel
from classicvision.filters.orientation import measure_angles, measure_lengths

CELLS, BINS = 4, 8  # cells a side; directions in each
LARGEST = 0.2  # value of a descriptor of length 1; what is above is cut off
SCALE = 512  # of a descriptor of length 1, to whole numbers up to 255
_SUMS = CELLS * BINS  # of one column of pixels


# r = row, c = column. `scratch` has rows for both slopes, their lengths and their angles. The
# outermost pixels have no gradient; lengths are in levels per two pixels.
@kernel(views_only=True)
def _spread_row(image, r, scratch, planes):
    to_bins = np.float32(BINS / (2 * np.pi))
    gx, gy, lengths, angles = scratch[0], scratch[1], scratch[2], scratch[3]
    before, row, after = image[r - 1], image[r], image[r + 1]
    behind, ahead = row[:-2], row[2:]
    upper, lower, inner_x, inner_y = before[1:-1], after[1:-1], gx[1:-1], gy[1:-1]
    for c in range(inner_x.size):
        inner_x[c] = ahead[c] - behind[c]
        inner_y[c] = lower[c] - upper[c]
    measure_lengths(gx, gy, lengths)
    measure_angles(gx, gy, angles)
    for n in range(planes.size):
        planes[n] = np.float32(0)
    for c in range(1, row.size - 1):
        place = np.float32(-angles[c] * to_bins)  # Lowe's y axis points up
        place = np.float32(place + np.float32(BINS)) if place < 0 else place
        low = np.int64(place)
        share = np.float32(lengths[c] * np.float32(place - np.float32(low)))
        planes[BINS * c + (low & (BINS - 1))] = np.float32(lengths[c] - share)
        planes[BINS * c + ((low + 1) & (BINS - 1))] = share


# i = cell's row, t = tap, c = column, k = direction. A cell's weights start `starts[i]` rows from
# the point. Row r of the image is row r modulo `height` of the planes; a last row, zero, stands for
# all outside. The sums of the columns from `left` to `right` are put side by side, all 4 x 8 of a
# column together. Fused multiplications and another order of a few float32 sums are far below the
# rounding to whole numbers, and twice as fast.
@kernel(fastmath={"reassoc", "contract"}, views_only=True)
def _sum_rows(planes, rows, y, left, right, weights, starts, line, before, columns):
    height = planes.shape[0] - 1
    sums = line[: (right - left) * BINS]
    for i in range(CELLS):
        for n in range(sums.size):
            sums[n] = np.float32(0)
        for t in range(0, weights.shape[1], 4):
            w0, w1, w2, w3 = weights[i, t], weights[i, t + 1], weights[i, t + 2], weights[i, t + 3]
            r = y + starts[i] + t
            p0 = r % height if 0 < r < rows - 1 else height
            p1 = (r + 1) % height if 0 < r + 1 < rows - 1 else height
            p2 = (r + 2) % height if 0 < r + 2 < rows - 1 else height
            p3 = (r + 3) % height if 0 < r + 3 < rows - 1 else height
            row0 = planes[p0, left * BINS : right * BINS]
            row1 = planes[p1, left * BINS : right * BINS]
            row2 = planes[p2, left * BINS : right * BINS]
            row3 = planes[p3, left * BINS : right * BINS]
            for n in range(sums.size):
                sums[n] += w0 * row0[n] + w1 * row1[n] + w2 * row2[n] + w3 * row3[n]
        for c in range(right - left):
            source = np.uint64(BINS * c)
            target = np.uint64(_SUMS * (before + left + c) + BINS * i)
            for k in range(BINS):
                columns[target + np.uint64(k)] = sums[source + np.uint64(k)]


# j = cell's column, n = cell's row and direction.
@kernel(fastmath={"reassoc", "contract"}, views_only=True)
def _sum_columns(columns, x, weights, starts, histogram):
    one = np.uint64(_SUMS)
    for j in range(CELLS):
        sums = histogram[j]
        for n in range(_SUMS):
            sums[n] = np.float32(0)
        first = np.uint64(_SUMS * (x + starts[j]))
        for t in range(0, weights.shape[1], 4):
            w0, w1, w2, w3 = weights[j, t], weights[j, t + 1], weights[j, t + 2], weights[j, t + 3]
            here = first + one * np.uint64(t)
            for n in range(_SUMS):
                c = here + np.uint64(n)
                pair = w0 * columns[c] + w1 * columns[c + one]
                sums[n] += pair + w2 * columns[c + one + one] + w3 * columns[c + one + one + one]


# i, j = cell's row and column, k = direction. The sums of squares may be taken in any order: they
# differ in the last places of a float32. Returns the sum of the histogram.
@kernel(fastmath={"reassoc", "contract"}, views_only=True)
def _normalize(histogram, smallest, descriptor):
    values = histogram.reshape(-1)
    square, total = np.float32(0), np.float32(0)
    for m in range(values.size):
        square += values[m] * values[m]
        total += values[m]
    limit = np.float32(np.float32(LARGEST) * np.float32(np.sqrt(square)))
    square = np.float32(0)
    for m in range(values.size):
        value = min(values[m], limit)
        square += value * value
    length = max(np.float32(np.sqrt(square)), np.float32(1e-30))
    scale = np.float32(np.float32(SCALE) / length) if total > smallest else np.float32(0)
    for i in range(CELLS):
        for j in range(CELLS):
            cell = histogram[j, i * BINS : (i + 1) * BINS]
            target = descriptor[(CELLS * i + j) * BINS : (CELLS * i + j + 1) * BINS]
            for k in range(BINS):
                value = np.float32(np.rint(min(cell[k], limit) * scale))
                target[k] = min(value, np.float32(255))
    return total


# n = point. They are sorted by row, then column. Planes are kept of the rows that one row of points
# needs. `columns` has `before` columns of zeros on either side; `histogram` is one point's, by the
# columns of cells.
@kernel(views_only=True)
def _describe(
    image, points, weights, starts, scratch, planes, line, before, columns, histogram, smallest,
    totals, descriptors,
):  # fmt: skip
    rows, width = image.shape
    height, taps = planes.shape[0] - 1, weights.shape[1]
    first, spread = 0, 1
    while first < len(points):
        y = points[first, 1]
        behind = first
        while behind < len(points) and points[behind, 1] == y:
            behind += 1
        spread = max(spread, y + starts[0])
        while spread < min(y + starts[CELLS - 1] + taps, rows - 1):
            _spread_row(image, spread, scratch, planes[spread % height])
            spread += 1
        left = max(points[first, 0] + starts[0], 0)
        right = min(points[behind - 1, 0] + starts[CELLS - 1] + taps, width)
        _sum_rows(planes, rows, y, left, right, weights, starts, line, before, columns)
        for n in range(first, behind):
            _sum_columns(columns, before + points[n, 0], weights, starts, histogram)
            totals[n] = _normalize(histogram, smallest, descriptors[n])
        first = behind


def cell_weights(cell):
    """Return the weights of each cell along an axis, and where they start from the point.

    ``cell`` is its side in pixels. The weights, float32 of shape (4, taps), are zero from two and
    a half cells from the point on.
    """
    starts = np.array([math.floor((i - 2.5) * cell) + 1 for i in range(CELLS)])
    taps = -(-math.ceil(2 * cell) // 4) * 4
    distance = (starts[:, None] + np.arange(taps)) / cell
    nearness = 1 - np.abs(distance - (np.arange(CELLS) - 1.5)[:, None])
    weights = np.maximum(nearness, 0) * np.exp(-(distance**2) / 8)  # of deviation 2 cells
    return weights.astype(np.float32), starts


def describe_points(image, points, cell, smallest, slopes, descriptors):
    """Write SIFT descriptors, float32 of shape (n, 128), and the mean slope around each point.

    ``image`` is float32. ``points`` are whole numbers x, y, sorted by y, then x. Where the slope,
    in levels per pixel, is not above ``smallest`` the descriptor is zero.
    """
    weights, starts = cell_weights(cell)
    taps, width = weights.shape[1], image.shape[1]
    before = max(-int(starts[0]), int(starts[-1])) + taps
    whole = 2 * weights.sum(dtype=np.float64) ** 2  # gradients are differences over two pixels
    _describe(
        image,
        points,
        weights,
        starts,
        np.zeros((4, width), np.float32),
        np.zeros((starts[-1] - starts[0] + taps + 1, width * BINS), np.float32),
        np.empty(width * BINS, np.float32),
        before,
        np.zeros((width + 2 * before) * _SUMS, np.float32),
        np.empty((CELLS, _SUMS), np.float32),
        np.float32(smallest * whole),
        slopes,
        descriptors,
    )
    slopes /= np.float32(whole)
