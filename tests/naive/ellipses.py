"""The steps of finding ellipses from arcs, one point, arc or sample at a time.

An ellipse is x, y, p, q, r: its centre, and p u^2 + 2 q u v + r v^2 = 1 for the offsets u, v.
"""

import itertools
import math

import numpy as np


def from_axes(x, y, longer, shorter, angle):
    """The ellipse with these half axes; the angle is that of the first one."""
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    (p, q), (_, r) = turn @ np.diag([1 / longer**2, 1 / shorter**2]) @ turn.T
    return np.array([x, y, p, q, r])


def exact_places(mask, gx, gy):
    """Edge pixels moved across their edge to the greatest gradient, in the nearest of 8 ways."""
    rows, columns = mask.shape
    length = np.hypot(gx.astype(float), gy)
    places = []
    for r, c in np.argwhere(mask):
        dx, dy = round(gx[r, c] / length[r, c]), round(gy[r, c] / length[r, c])
        ahead = length[min(max(r + dy, 0), rows - 1), min(max(c + dx, 0), columns - 1)]
        behind = length[min(max(r - dy, 0), rows - 1), min(max(c - dx, 0), columns - 1)]
        bend = 2 * length[r, c] - ahead - behind
        shift = np.clip(0.5 * (ahead - behind) / bend, -0.5, 0.5) if bend > 0 else 0
        places.append((c + shift * dx, r + shift * dy))
    return np.reshape(places, (-1, 2))


def scatter(x, y, unit):
    """The centre of points, and the sums of the products of (u^2, u v, v^2, u, v, 1)."""
    u, v = (x - np.mean(x)) * unit, (y - np.mean(y)) * unit
    rows = np.stack([u * u, u * v, v * v, u, v, np.ones(len(u))])
    return (np.mean(x), np.mean(y)), rows @ rows.T


def directions(places, normals):
    """The directions along one curve, and 1, or -1 where it runs with the bright side on its left.

    They are across the normals; without normals, from the point two before to the one two after.
    """
    last = len(places) - 1
    steps = [places[min(j + 2, last)] - places[max(j - 2, 0)] for j in range(last + 1)]
    if normals is None:
        return np.array(steps), 1
    across = np.array([(ny, -nx) for nx, ny in normals])
    sign = -1 if (across * steps).sum() < 0 else 1
    return sign * across, sign


def smooth_angles(directions, reach):
    """The angles along one curve without jumps, each the mean of those up to ``reach`` away.

    Near the ends of the curve it is the mean of as many on either side as there are.
    """
    whole = np.unwrap(np.arctan2(directions[1], directions[0]))
    smooth = []
    for i in range(len(whole)):
        near = min(reach, i, len(whole) - 1 - i)
        smooth.append(whole[i - near : i + near + 1].mean())
    return np.array(smooth)


def pairs_of_arcs(marks, sides, farthest, slope, offset):
    """The pairs of arcs of one side, each of which lies on the inner side of the other's tangents.

    ``marks`` are three places of each arc with the normal that points inside. What another arc
    may lie outside grows with the distance.
    """

    def inside(one, other):
        for x, y, nx, ny in marks[one]:
            for u, v, _, _ in marks[other]:
                distance = math.hypot(u - x, v - y)
                if (u - x) * nx + (v - y) * ny < -offset - slope * distance or distance > farthest:
                    return False
        return True

    return [
        (i, j)
        for i in range(len(marks))
        for j in range(i + 1, len(marks))
        if sides[i] == sides[j] and inside(i, j) and inside(j, i)
    ]


def pixels_across(x, y, nx, ny, steps):
    """The pixels along a normal; a diagonal step goes over the pixel beside it."""
    places = [(x + t * nx, y + t * ny) for t in range(-steps, steps + 2)]
    along = [(math.floor(u + 0.5), math.floor(v + 0.5)) for u, v in places]
    pixels = []
    for (column, row), (next_column, next_row) in itertools.pairwise(along):
        pixels.append((column, row))
        if column != next_column and row != next_row:
            pixels.append((next_column, row))
    return pixels


def follow_outline(ellipse, points, shape, side, reach, stride, least_cosine):
    """The sums and the equations of the edge points nearest to samples of an outline.

    ``points`` maps pixels (column, row) to x, y, nx, ny. The sums are the pixels of the digital
    ellipse that have an edge point, those in the image, all, and the first weighted by nearness.
    The pixels of all points within reach come last.
    """
    x0, y0, p, q, r = ellipse
    values, vectors = np.linalg.eigh([[p, q], [q, r]])
    (longer, shorter), along = 1 / np.sqrt(values), vectors[:, 0]
    if along[0] < 0:
        along = -along
    unit = math.sqrt(longer * shorter)
    reach *= min(max(1.0, 0.01 * unit), 3.0)
    samples = math.ceil(2 * math.pi * longer / stride)
    voted = inside = total = weighted = 0.0
    rows, errors, weights, near = [], [], [], set()
    for k in range(1, samples + 1):
        cosine, sine = math.cos(2 * math.pi * k / samples), math.sin(2 * math.pi * k / samples)
        across = np.array([-along[1], along[0]])
        x, y = [x0, y0] + longer * cosine * along + shorter * sine * across
        tangent = -longer * sine * along + shorter * cosine * across
        share = 2 * math.pi / samples * np.abs(tangent).max()
        total += share
        if not (-0.5 <= x < shape[1] - 0.5 and -0.5 <= y < shape[0] - 0.5):
            continue
        inside += share
        nx, ny = np.array([tangent[1], -tangent[0]]) / np.linalg.norm(tangent)
        nearest, found = reach, None
        for pixel in pixels_across(x, y, nx, ny, math.ceil(reach)):
            if pixel in points:
                px, py, mx, my = points[pixel]
                aligned = mx * nx + my * ny
                aligned = -side * aligned if side else abs(aligned)
                distance = abs((px - x) * nx + (py - y) * ny)
                if aligned >= least_cosine and distance <= reach:
                    near.add(pixel)
                    if distance <= nearest:
                        nearest, found = distance, (px, py)
        if found is None:
            continue
        weight = share * (1 - (nearest / reach) ** 2)
        voted, weighted = voted + share, weighted + weight
        # The distance from the ellipse to first order, and its derivatives
        u, v = (found[0] - x0) / unit, (found[1] - y0) / unit
        a, b, c = unit**2 * np.array([p, q, r])
        gx, gy = 2 * (a * u + b * v), 2 * (b * u + c * v)
        slope = math.hypot(gx, gy)
        rows.append(np.array([-gx, -gy, u * u, 2 * u * v, v * v]) / slope)
        errors.append((a * u * u + 2 * b * u * v + c * v * v - 1) / slope)
        weights.append(weight)
    rows, weights = np.reshape(rows, (-1, 5)), np.array(weights)
    equations = (rows.T * weights) @ np.column_stack([rows, -np.array(errors)])
    return (voted, inside, total, weighted), equations, near


def moved_outline(ellipse, equations, damping):
    """The ellipse after one step of Levenberg and Marquardt; p, q, r in units of its size."""
    p, q, r = ellipse[2:]
    unit = 1 / math.sqrt(math.sqrt(p * r - q * q))
    left = np.tril(equations[:, :5]) + np.tril(equations[:, :5], -1).T
    left = left + np.diag(damping * np.diag(left))
    return ellipse + np.linalg.solve(left, equations[:, 5]) * [unit, unit, *[unit**-2] * 3]


def choose(ellipses, sides, order, points, shape, threshold, reach, stride, least_cosine):
    """The ellipses that reach the threshold, each with the points that no earlier one took."""
    chosen, free = [], dict(points)
    for i in order:
        outline = (shape, sides[i], reach, stride, least_cosine)
        (votes, inside, _, _), _, near = follow_outline(ellipses[i], free, *outline)
        if votes >= threshold * inside:
            chosen.append((int(i), votes))
            free = {pixel: point for pixel, point in free.items() if pixel not in near}
    return chosen
