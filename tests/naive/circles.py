"""The Hough transform for circles as in the textbook, one edge pixel and one cell at a time.

Edge pixels are rows x, y, nx, ny here: a place and the unit normal of the edge.
"""

import math

import numpy as np

f32 = np.float32


def center_votes(points, shape, low, high, cell, pad):
    """Every edge pixel votes for the centres along its normal, ``low`` to ``high`` away.

    The table has ``pad`` cells around those of the image. The sums are rounded as in float32,
    which decides for a vote on the border of two cells.
    """
    rows, columns = (math.ceil(side / cell) + 2 * pad for side in shape)
    votes = np.zeros((rows, columns), int)
    nearest, cell = f32(low / cell), f32(cell)
    steps = math.floor(high / float(cell) - low / float(cell) + 1e-6) + 1
    for x, y, nx, ny in points:
        if nx == 0 and ny == 0:
            continue
        for step in range(steps):
            distance = f32(nearest + f32(step))
            for side in (1, -1):
                column = (x + f32(0.5)) / cell + f32(pad) + f32(side) * (distance * nx)
                row = (y + f32(0.5)) / cell + f32(pad) + f32(side) * (distance * ny)
                votes[math.floor(row), math.floor(column)] += 1
    return votes


def table_peaks(votes, pad, least):
    """x, y (in cells, to a fraction) of the local maxima of the blurred table, in its order.

    ``least(row, column)`` are the blurred votes wanted there. Of two equal neighbours the one
    that comes first counts.
    """
    blurred = np.zeros(votes.shape, int)
    for r in range(1, votes.shape[0] - 1):
        for c in range(1, votes.shape[1] - 1):
            weights = np.outer([1, 2, 1], [1, 2, 1])
            blurred[r, c] = (weights * votes[r - 1 : r + 2, c - 1 : c + 2].astype(int)).sum()
    found = []
    for r in range(pad, votes.shape[0] - pad):
        for c in range(pad, votes.shape[1] - pad):
            around = blurred[r - 1 : r + 2, c - 1 : c + 2].ravel().tolist()
            v, before, after = around[4], around[:4], around[5:]
            if v >= least(r - pad, c - pad) and v > max(before) and v >= max(after):
                x = c - pad + vertex(blurred[r, c - 1], v, blurred[r, c + 1])
                y = r - pad + vertex(blurred[r - 1, c], v, blurred[r + 1, c])
                found.append((x, y))
    return found


def vertex(before, here, after):
    """Where the parabola through values at -1, 0 and 1 is highest."""
    bend = 2 * here - before - after
    return 0.5 * (after - before) / bend if bend > 0 else 0.0


def in_ring(points, x, y, inner, outer, cosine):
    """The numbers of the edge pixels in a ring whose normal goes through its centre, nearly."""
    found = []
    for i, (px, py, nx, ny) in enumerate(np.asarray(points, float)):
        dx, dy = px - x, py - y
        distance = math.hypot(dx, dy)
        if inner <= distance <= outer and abs(dx * nx + dy * ny) >= cosine * distance:
            found.append(i)
    return found


def fit_circle(points, x, y, radius, widths):
    """Weighted least squares of the distances from a circle, once for each width of the ring."""
    points = np.asarray(points, float)
    for width in widths:
        dx, dy = points[:, 0] - x, points[:, 1] - y
        distance = np.hypot(dx, dy)
        error = distance - radius
        near = np.abs(error) < width
        dx, dy, distance, error = (values[near] for values in (dx, dy, distance, error))
        root = 1 - (error / width) ** 2  # of Tukey's weight
        matrix = np.column_stack([dx / distance, dy / distance, np.ones(len(error))])
        step = np.linalg.lstsq(matrix * root[:, None], error * root, rcond=None)[0]
        x, y, radius = x + step[0], y + step[1], radius + step[2]
    return x, y, radius


def digital_circle(x, y, radius):
    """The pixels (column, row, flat): one a column where it is flat, one a row where steep."""
    pixels = []
    for column in range(math.floor(x - radius) - 1, math.ceil(x + radius) + 2):
        if abs(column - x) <= radius:
            height = math.sqrt(radius**2 - (column - x) ** 2)
            for row in (round(y - height), round(y + height)):
                if abs(row - y) >= abs(column - x):
                    pixels.append((column, row, True))
    for row in range(math.floor(y - radius) - 1, math.ceil(y + radius) + 2):
        if abs(row - y) <= radius:
            width = math.sqrt(radius**2 - (row - y) ** 2)
            for column in (round(x - width), round(x + width)):
                if abs(column - x) > abs(row - y):
                    pixels.append((column, row, False))
    return pixels


def count_pixels(points, x, y, radius, shape):
    """How many pixels of the digital circle have an edge, and how many are in the image.

    An edge pixel is moved onto the circle. It is there for one column, above or below, or for
    one row, left or right; within 1.5 pixels of the diagonals for both.
    """
    seen = set()
    for px, py, _, _ in np.asarray(points, float):
        dx, dy = px - x, py - y
        scale = radius / math.hypot(dx, dy)
        if abs(dy) >= abs(dx) - 1.5:
            seen.add((True, round(x + scale * dx), dy > 0))
        if abs(dx) >= abs(dy) - 1.5:
            seen.add((False, round(y + scale * dy), dx > 0))
    votes = possible = 0
    for column, row, flat in digital_circle(x, y, radius):
        if 0 <= column < shape[1] and 0 <= row < shape[0]:
            possible += 1
            votes += ((True, column, row > y) if flat else (False, row, column > x)) in seen
    return votes, possible


def share_pixels(points, circles, shape, least):
    """Whether each of the circles (x, y, radius), best first, has enough edge pixels of its own.

    It takes all edge pixels within 2.5 pixels whose normal goes through its centre, nearly; those
    within 1.5, more exactly aligned, are its votes.
    """
    points, free, kept = np.asarray(points, float), np.ones(len(points), bool), []
    for x, y, radius in circles:
        near = in_ring(points, x, y, radius - 1.5, radius + 1.5, 0.96)
        own = points[[i for i in near if free[i]]]
        votes, possible = count_pixels(own, x, y, radius, shape)
        kept.append(votes >= least * possible)
        if kept[-1]:
            free[in_ring(points, x, y, radius - 2.5, radius + 2.5, 0.85)] = False
    return kept


def stroke_votes(points, x, y, radius, gap, shape):
    """The votes and the possible ones of a circle between two edges ``gap`` pixels apart."""
    reach = 1.5 + gap / 2
    near = in_ring(points, x, y, radius - reach, radius + reach, 0.96)
    return count_pixels(np.asarray(points, float)[near], x, y, radius, shape)


def map_normals(mask):
    """The normals of an edge map's pixels: across the direction in which those around spread.

    That is the eigenvector of the smaller eigenvalue of their scatter in 5 x 5 pixels; (0, 0)
    where this is not less than a quarter of the larger one.
    """
    places = np.argwhere(mask)
    normals = []
    for here in places:
        around = places[(np.abs(places - here) <= 2).all(axis=1)].astype(float)
        values, vectors = np.linalg.eigh(np.cov(around.T, bias=True))
        normals.append(vectors[::-1, 0] if values[0] < 0.25 * values[1] else (0.0, 0.0))
    return np.reshape(normals, (-1, 2))


def averaged_normals(mask, normals):
    """The mean of normals in 5 x 5 pixels that differ by less than 45 degrees, its own twice."""
    places = np.argwhere(mask)
    averaged = []
    for here, normal in zip(places, normals, strict=True):
        total = normal.copy()
        for other, one in zip(places, normals, strict=True):
            cosine = float(normal @ one)
            if (np.abs(other - here) <= 2).all() and abs(cosine) > 0.7:
                total += one * np.sign(cosine)
        averaged.append(total / (np.linalg.norm(total) or 1))
    return np.reshape(averaged, (-1, 2))


def exact_places(mask, gx, gy):
    """The places of edge pixels, moved along their row or column to the greatest gradient."""
    rows, columns = mask.shape
    length = np.hypot(gx, gy)
    places = []
    for r, c in np.argwhere(mask):
        steep = abs(gx[r, c]) >= abs(gy[r, c])
        dr, dc = (0, 1) if steep else (1, 0)
        before = length[max(r - dr, 0), max(c - dc, 0)]
        after = length[min(r + dr, rows - 1), min(c + dc, columns - 1)]
        shift = min(max(vertex(before, length[r, c], after), -0.5), 0.5)
        places.append((c + shift * dc, r + shift * dr))
    return np.reshape(places, (-1, 2))
