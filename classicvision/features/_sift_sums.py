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
from classicvision.filters.derivatives import gradient
from classicvision.filters.orientation import gradient_magnitude, gradient_orientation

CELLS, BINS = 4, 8  # cells a side; directions in each
LARGEST = 0.2  # value of a descriptor of length 1; what is above is cut off
SCALE = 512  # of a descriptor of length 1, to whole numbers up to 255
_SUMS = CELLS * BINS  # of one column of pixels


# r = row, c = column. The outermost rows and columns stay zero.
@kernel(views_only=True)
def _spread_directions(lengths, angles, planes):
    to_bins = np.float32(BINS / (2 * np.pi))
    for r in range(1, lengths.shape[0] - 1):
        for c in range(1, lengths.shape[1] - 1):
            place = np.float32(-angles[r, c] * to_bins)  # Lowe's y axis points up
            place = np.float32(place + np.float32(BINS)) if place < 0 else place
            low = np.int64(place)
            share = np.float32(lengths[r, c] * np.float32(place - np.float32(low)))
            planes[r, BINS * c + (low & (BINS - 1))] = np.float32(lengths[r, c] - share)
            planes[r, BINS * c + ((low + 1) & (BINS - 1))] = share


# i = cell's row, t = tap, c = column, k = direction. A cell's weights start `starts[i]` rows from
# the point; rows outside the image are read from its outermost ones, which are zero. The sums of
# the columns from `left` to `right` are put side by side, all 4 x 8 of a column together. Fused
# multiplications and another order of a few float32 sums are far below the rounding to whole
# numbers, and twice as fast.
@kernel(fastmath={"reassoc", "contract"}, views_only=True)
def _sum_rows(planes, y, left, right, weights, starts, line, before, columns):
    last = planes.shape[0] - 1
    sums = line[: (right - left) * BINS]
    for i in range(CELLS):
        for n in range(sums.size):
            sums[n] = np.float32(0)
        for t in range(0, weights.shape[1], 4):
            w0, w1, w2, w3 = weights[i, t], weights[i, t + 1], weights[i, t + 2], weights[i, t + 3]
            r = y + starts[i] + t
            row0 = planes[min(max(r, 0), last), left * BINS : right * BINS]
            row1 = planes[min(max(r + 1, 0), last), left * BINS : right * BINS]
            row2 = planes[min(max(r + 2, 0), last), left * BINS : right * BINS]
            row3 = planes[min(max(r + 3, 0), last), left * BINS : right * BINS]
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


# Points are sorted by row, then column. `columns` has `before` columns of zeros on either side.
@kernel(views_only=True)
def _sum_points(planes, points, weights, starts, line, before, columns, histograms):
    width = planes.shape[1] // BINS
    first = 0
    while first < len(points):
        y = points[first, 1]
        behind = first
        while behind < len(points) and points[behind, 1] == y:
            behind += 1
        left = max(points[first, 0] + starts[0], 0)
        right = min(points[behind - 1, 0] + starts[CELLS - 1] + weights.shape[1], width)
        _sum_rows(planes, y, left, right, weights, starts, line, before, columns)
        for n in range(first, behind):
            _sum_columns(columns, before + points[n, 0], weights, starts, histograms[n])
        first = behind


def direction_planes(image):
    """Return the gradients of a float32 image by direction, shape (rows, 8 columns).

    The 8 values of a pixel are side by side: its gradient's length, in levels per two pixels,
    shared between the two directions next to it, counted from x towards the top. The outermost
    pixels have none.
    """
    gx, gy = gradient(image, "central")
    planes = np.zeros((image.shape[0], image.shape[1] * BINS), np.float32)
    _spread_directions(gradient_magnitude(gx, gy), gradient_orientation(gx, gy), planes)
    return planes


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


# n = point, i, j = cell's row and column, k = direction. The sums of squares may be taken in any
# order: they differ in the last places of a float32.
@kernel(fastmath={"reassoc", "contract"}, views_only=True)
def _normalize(histograms, smallest, totals, descriptors):
    tiny = np.float32(1e-30)
    for n in range(histograms.shape[0]):
        values, result = histograms[n].reshape(-1), descriptors[n]
        square, total = np.float32(0), np.float32(0)
        for m in range(values.size):
            square += values[m] * values[m]
            total += values[m]
        totals[n] = total
        limit = np.float32(np.float32(LARGEST) * np.float32(np.sqrt(square)))
        square = np.float32(0)
        for m in range(values.size):
            value = min(values[m], limit)
            square += value * value
        scale = np.float32(np.float32(SCALE) / max(np.float32(np.sqrt(square)), tiny))
        scale = scale if total > smallest else np.float32(0)
        for i in range(CELLS):
            for j in range(CELLS):
                cell = histograms[n, j, i * BINS : (i + 1) * BINS]
                target = result[(CELLS * i + j) * BINS : (CELLS * i + j + 1) * BINS]
                for k in range(BINS):
                    value = np.float32(np.rint(min(cell[k], limit) * scale))
                    target[k] = min(value, np.float32(255))


def describe_points(planes, points, cell, smallest):
    """Return SIFT descriptors, float32 of shape (n, 128), and the mean slope around each point.

    ``points`` are whole numbers x, y, sorted by y, then x. Where the slope, in levels per pixel,
    is not above ``smallest`` the descriptor is zero.
    """
    weights, starts = cell_weights(cell)
    before = max(-int(starts[0]), int(starts[-1])) + weights.shape[1]
    columns = np.zeros((planes.shape[1] // BINS + 2 * before) * _SUMS, np.float32)
    line = np.empty(planes.shape[1], np.float32)
    histograms = np.empty((len(points), CELLS, _SUMS), np.float32)
    _sum_points(planes, points, weights, starts, line, before, columns, histograms)
    totals = np.empty(len(points), np.float32)
    descriptors = np.empty((len(points), CELLS * _SUMS), np.float32)
    whole = 2 * weights.sum(dtype=np.float64) ** 2  # gradients are differences over two pixels
    _normalize(histograms, np.float32(smallest * whole), totals, descriptors)
    return descriptors, totals / np.float32(whole)
