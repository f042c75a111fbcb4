"""The generalized Hough transform with dictionaries: an R-table, its votes, and one fit."""

import math
from collections import Counter, defaultdict

import numpy as np
from scipy import optimize

STEP = math.pi / 36


def direction(normal, directions):
    """The bin of a direction, of 36 over half a turn or 72 over a whole one."""
    return round(math.atan2(normal[1], normal[0]) / STEP) % directions


def r_table(contour, normals, grid):
    """For each bin of directions, where the contour has it: x, y in cells from the middle.

    Points of one direction that share a cell, at the middle scale, count as one at their mean.
    """
    middle = math.sqrt(grid.scales[0] * grid.scales[-1])
    together = defaultdict(list)
    for point, normal in zip(contour.tolist(), normals.tolist(), strict=True):
        cell = tuple(math.floor(value * (middle / grid.cell)) for value in point)
        together[direction(normal, grid.directions), cell].append(point)
    table = defaultdict(list)
    for (b, _), points in together.items():
        x, y = (sum(point[i] for point in points) / len(points) for i in (0, 1))
        table[b].append((x / grid.cell, y / grid.cell))
    return table


def votes(edges, contour, normals, grid):
    """The most votes of each block of 3 x 3 cells, and the (angle, scale) that has them."""
    cells = defaultdict(set)
    for (x, y), normal in zip(edges.points.tolist(), edges.normals.tolist(), strict=True):
        c = min(max(math.floor((x + 0.5) / grid.cell), 0), grid.columns - 1)
        r = min(max(math.floor((y + 0.5) / grid.cell), 0), grid.rows - 1)
        for near in (-1, 0, 1):
            cells[(direction(normal, grid.directions) + near) % grid.directions].add((r, c))
    table = r_table(contour, normals, grid)
    best = {(r, c): (0, (0, 0)) for r in range(grid.rows) for c in range(grid.columns)}
    for a, turn in enumerate(grid.turns.tolist()):
        for j, scale in enumerate(grid.scales.tolist()):
            cosine, sine = scale * math.cos(turn * STEP), scale * math.sin(turn * STEP)
            count = Counter()
            for b, displacements in table.items():
                for x, y in displacements:
                    right = math.floor(x * cosine - y * sine + 0.5)
                    down = math.floor(x * sine + y * cosine + 0.5)
                    for r, c in cells[(b + turn) % grid.directions]:
                        count[r - down, c - right] += 1
            for r, c in best:
                total = sum(count[r + i, c + k] for i in (-1, 0, 1) for k in (-1, 0, 1))
                if total > best[r, c][0]:
                    best[r, c] = total, (a, j)
    return best


def transformed(contour, normals, pose):
    """The contour's points and normals at a pose (x, y, angle, scale)."""
    x, y, angle, scale = pose
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return scale * contour @ turn.T + [x, y], normals @ turn.T


def edge_numbers(pixels):
    """By (row, column): the number of the edge pixel there, or left, right, above or below it."""
    numbers = {}
    for down, right in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)):
        for number, (r, c) in enumerate(np.argwhere(pixels).tolist()):
            if 0 <= r + down < pixels.shape[0] and 0 <= c + right < pixels.shape[1]:
                numbers.setdefault((r + down, c + right), number)
    return numbers


def distances(edges, numbers, point, normal, reach, cosine, signed):
    """How far along a normal the nearest edges are, with its direction and the opposite one."""
    same, opposite = [math.inf], [math.inf]
    for along in range(-reach, reach + 1):
        c, r = (math.floor(value) for value in point + along * normal + 0.5)
        number = numbers.get((r, c))
        if number is None:
            continue
        away = float(normal @ (edges.points[number] - point))
        agreement = float(normal @ edges.normals[number])
        if abs(away) <= reach and agreement >= cosine:
            same.append(away)
        elif abs(away) <= reach and agreement <= -cosine and not signed:
            opposite.append(away)
    return min(same, key=abs), min(opposite, key=abs)


def all_distances(edges, contour, normals, pose, reach, cosine, signed, pen):
    """For each point of the contour, how far its edge is, and the middle of a pair of edges."""
    near, middle, numbers = [], [], edge_numbers(edges.pixels)
    for point, normal in zip(*transformed(contour, normals, pose), strict=True):
        one, other = distances(edges, numbers, point, normal, reach, cosine, signed)
        near.append(min(one, other, key=abs))
        pair = reach <= pen and max(abs(one), abs(other)) < math.inf
        middle.append((one + other) / 2 if pair else math.inf)
    return np.array(near), np.array(middle)


def moved(pose, step, radius):
    """A pose after a step: shift along x and y, then turn and growth as the way at the radius."""
    x, y, angle, scale = pose
    size = scale * radius
    return x + step[0], y + step[1], angle + step[2] / size, scale * math.exp(step[3] / size)


def fit_once(edges, contour, normals, pose, width, cosine, signed, pen, damping, free=(1, 1)):
    """The pose that brings the contour nearest to its edges, to first order in the step.

    What is least is the sum of weight (distance - way along the normal)^2 + damping step^2. How
    far the step moves each point along its normal is measured by small steps. Angle and scale
    change where they are ``free``.
    """
    near, middle = all_distances(edges, contour, normals, pose, width, cosine, signed, pen)
    away = middle if 2 * np.isfinite(middle).sum() > np.isfinite(near).sum() else near
    use = np.abs(away) < width
    if not use.any():
        return np.array(pose)
    radius = math.sqrt((contour**2).sum(axis=1).mean())
    _, across = transformed(contour, normals, pose)

    def way(step):
        points, _ = transformed(contour, normals, moved(pose, step, radius))
        return (points * across).sum(axis=1)[use]

    steps = 1e-4 * np.diag([1, 1, *free])
    slopes = np.array([way(step) - way(-step) for step in steps]) / 2e-4
    root = 1 - (away[use] / width) ** 2  # of the weight

    def errors(step):
        stay = math.sqrt(damping * (root**2).sum())
        return np.concatenate([root * (away[use] - step @ slopes), stay * step])

    step = optimize.least_squares(errors, np.zeros(4), xtol=1e-14, ftol=1e-14, gtol=1e-14).x
    return np.array(moved(pose, step, radius))


def backing(edges, contour, normals, pose, pen, signed=False):
    """The part of the contour's points with an edge within 2 pixels, or between two within 1.5."""
    cosine = math.cos(math.radians(20))
    near, middle = all_distances(edges, contour, normals, pose, 5, cosine, signed, pen)
    return ((np.abs(near) <= 2) | (np.abs(middle) <= 1.5)).mean()
