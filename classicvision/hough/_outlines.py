"""Walk along the outlines of ellipses, collect the edge points there, and fit to these."""

from __future__ import annotations

import math

import numpy as np

from classicvision._jit import kernel
from classicvision.hough._linear import solve

# Two ways to fit: from nearby, where a wrong edge a few pixels away does no harm, and from afar,
# where the arcs left much open. Each row is a step: how far from the outline an edge point may
# lie, and the distance between samples of the outline, in pixels. In the last step votes are
# counted.
_SCHEDULES = (
    np.array([[1.5, 3], [1.5, 1], [1.5, 1], [1.0, 1]]),
    np.array([[4.0, 3], [2.5, 2], [1.5, 1], [1.5, 1], [1.0, 1]]),
)
_LARGEST_ANGLE = math.radians(25)  # between the normals of an edge point and of the outline
_DAMPING = 1e-3  # relative to the diagonal; what the points do not determine stays as it is
_HOPELESS = 0.75  # of the threshold: so much of the outline must have edge points all along
_LEAST_INSIDE = 0.5  # of the outline
_GROWTH, _MOST_GROWTH = 0.01, 3.0  # of the first distance, per pixel of the mean half axis


# t = pixels along the normal. A step to a diagonal neighbour might pass between two edge pixels:
# it takes two.
@kernel(inline=True)
def _nearest_edge(x, y, nx, ny, reach, steps, edges, side, least_cosine, claim):
    """Return the distance and the number of the edge point nearest to a sample, or -1."""
    places, index, owners = edges
    rows, columns = index.shape
    nearest, found = reach, -1
    c, row = math.floor(x - steps * nx + 0.5), math.floor(y - steps * ny + 0.5)
    t = -steps
    while t <= steps:
        if c >= 0 and row >= 0 and c < columns and row < rows:
            e = index[row, c]
            if e >= 0 and (owners[e] == 0 or owners[e] == claim):
                aligned = places[2, e] * nx + places[3, e] * ny
                aligned = -aligned * side if side != 0 else abs(aligned)
                distance = abs((places[0, e] - x) * nx + (places[1, e] - y) * ny)
                if aligned >= least_cosine and distance <= reach:
                    owners[e] = claim
                    if distance <= nearest:
                        nearest, found = distance, e
        next_c, next_row = math.floor(x + (t + 1) * nx + 0.5), math.floor(y + (t + 1) * ny + 0.5)
        if c != next_c and row != next_row:
            c = next_c
        else:
            c, row = next_c, next_row
            t += 1
    return nearest, found


# i, j = x0, y0, p, q, r. The distance to first order is value / slope.
@kernel(inline=True)
def _add_equation(u, v, p, q, r, weight, equations):
    """Add a point (u, v), relative to the centre, to the lower half of the equations."""
    gx, gy = 2 * (p * u + q * v), 2 * (q * u + r * v)
    slope = math.sqrt(gx * gx + gy * gy)
    value = (p * u * u + 2 * q * u * v + r * v * v - 1) / slope
    derivatives = (-gx / slope, -gy / slope, u * u / slope, 2 * u * v / slope, v * v / slope)
    for i in range(5):
        weighted = weight * derivatives[i]
        for j in range(i + 1):
            equations[i, j] += weighted * derivatives[j]
        equations[i, 5] -= weighted * value


# The samples are at equal steps of the ellipse's parameter. Each stands for `share` pixels of the
# digital ellipse, which has one pixel in every column where it is flat, and in every row where it
# is steep.
@kernel
def _collect(ellipse, edges, side, reach, stride, least_cosine, claim, sums, equations):
    """Find the nearest edge point to every sample of an outline.

    ``edges`` are the places, the index and the owners of the points. Points that an ellipse
    owns are left out; where ``claim`` is not 0 it becomes the owner of all within reach.
    ``sums`` become the pixels of the digital ellipse that have an edge point, those inside the
    image, all, and the first with less weight the farther off the edge point is. ``equations``
    (5, 6) become those of a Gauss-Newton step towards the points.
    """
    places, index = edges[0], edges[1]
    rows, columns = index.shape
    x0, y0, p, q, r = ellipse[0], ellipse[1], ellipse[2], ellipse[3], ellipse[4]
    mean, root = 0.5 * (p + r), math.sqrt(0.25 * (p - r) ** 2 + q * q)
    longer, shorter = 1 / math.sqrt(mean - root), 1 / math.sqrt(mean + root)
    angle = 0.5 * math.atan2(-2 * q, r - p)
    ax, ay = longer * math.cos(angle), longer * math.sin(angle)
    bx, by = -shorter * math.sin(angle), shorter * math.cos(angle)
    unit = math.sqrt(longer * shorter)  # of the equations, whose coefficients are then near 1
    reach *= min(max(1.0, _GROWTH * unit), _MOST_GROWTH)
    p, q, r = p * unit * unit, q * unit * unit, r * unit * unit
    samples = math.ceil(2 * math.pi * longer / stride)
    step = 2 * math.pi / samples
    step_c, step_s = math.cos(step), math.sin(step)
    cosine, sine = 1.0, 0.0
    steps = math.ceil(reach)
    voted, inside, total, weighted = 0.0, 0.0, 0.0, 0.0
    for i in range(5):
        for j in range(6):
            equations[i, j] = 0.0
    for _ in range(samples):
        cosine, sine = cosine * step_c - sine * step_s, sine * step_c + cosine * step_s
        x, y = x0 + ax * cosine + bx * sine, y0 + ay * cosine + by * sine
        vx, vy = bx * cosine - ax * sine, by * cosine - ay * sine
        share = step * max(abs(vx), abs(vy))
        total += share
        if x < -0.5 or y < -0.5 or x >= columns - 0.5 or y >= rows - 0.5:
            continue
        inside += share
        speed = math.sqrt(vx * vx + vy * vy)
        nearest, found = _nearest_edge(
            x, y, vy / speed, -vx / speed, reach, steps, edges, side, least_cosine, claim
        )
        if found < 0:
            continue
        weight = share * (1 - (nearest / reach) ** 2)
        voted += share
        weighted += weight
        u, v = (places[0, found] - x0) / unit, (places[1, found] - y0) / unit
        _add_equation(u, v, p, q, r, weight, equations)
    sums[0], sums[1], sums[2], sums[3] = voted, inside, total, weighted


@kernel
def _complete(equations, damping):
    """Write the upper half of the symmetric equations, and make what is undetermined stay."""
    for i in range(5):
        equations[i, i] += damping * equations[i, i] + 1e-12
        for j in range(i):
            equations[j, i] = equations[i, j]


@kernel
def _move(ellipse, equations, least, most):
    """Move an ellipse by one Gauss-Newton step; return whether it is one of a size allowed."""
    p, q, r = ellipse[2], ellipse[3], ellipse[4]
    unit = (p * r - q * q) ** -0.25
    ellipse[0] += equations[0, 5] * unit
    ellipse[1] += equations[1, 5] * unit
    ellipse[2] += equations[2, 5] / (unit * unit)
    ellipse[3] += equations[3, 5] / (unit * unit)
    ellipse[4] += equations[4, 5] / (unit * unit)
    p, q, r = ellipse[2], ellipse[3], ellipse[4]
    mean, root = 0.5 * (p + r), math.sqrt(0.25 * (p - r) ** 2 + q * q)
    return mean - root >= 1 / (most * most) and mean + root <= 1 / (least * least)


# The zeros are typed: for a literal Numba would compile _collect once more.
@kernel
def _refine(ellipses, sides, edges, schedule, limits, results, equations):
    """Fit each ellipse to the edge points around it; its results are 0 where that fails."""
    least, most, least_cosine, hopeless, least_inside, damping = limits
    for i in range(sides.size):
        ellipse, sums = ellipses[i], results[i]
        good = True
        for n in range(len(schedule)):
            if n > 0:
                _complete(equations, damping)
                solve(equations)
                good = _move(ellipse, equations, least, most)
            if good:
                reach, stride = schedule[n, 0], schedule[n, 1]
                _collect(
                    ellipse,
                    edges,
                    sides[i],
                    reach,
                    stride,
                    least_cosine,
                    np.int64(0),
                    sums,
                    equations,
                )
                good = sums[0] >= hopeless * sums[1] and sums[1] >= least_inside * sums[2]
            if not good:
                for k in range(4):
                    sums[k] = 0.0
                break


@kernel
def _choose(ellipses, sides, order, edges, threshold, step, least_cosine, chosen, votes, equations):
    """Take ellipses in the given order, each edge point to one only; return how many."""
    reach, stride = step[0], step[1]
    count = 0
    for n in range(order.size):
        i, sums = order[n], votes[count]
        claim = np.int64(0)
        while True:
            _collect(
                ellipses[i], edges, sides[i], reach, stride, least_cosine, claim, sums, equations
            )
            if claim != 0 or sums[0] < threshold * sums[1]:
                break
            chosen[count] = i
            count += 1
            claim = np.int64(count)
    return count


def fit_and_choose(candidates, sides, points, least, most, threshold):
    """Fit ellipses to the edge points around them, and keep those whose outline has enough.

    Parameters
    ----------
    candidates : ndarray, shape (n, 5)
    sides : ndarray of int, shape (n,)
        1 if the inside is brighter, -1 if it is darker, 0 for either.
    points : EdgePoints
    least, most : float
        The half axes lie between these.
    threshold : float
        The part of the digital ellipse inside the image that must have edge points.

    Returns
    -------
    fitted, fitted_votes : ndarray
        All ellipses that reach the threshold, many of them the same, with their votes.
    chosen, chosen_sides, chosen_votes, chosen_pixels : ndarray
        Those that do so with edge points of their own, the best first; their votes, and the
        pixels of their digital ellipses inside the image.
    """
    edges = points.places, points.index, np.zeros(points.places.shape[1], np.int32)
    equations, least_cosine = np.empty((5, 6)), math.cos(_LARGEST_ANGLE)
    limits = (least, most, least_cosine, _HOPELESS * threshold, _LEAST_INSIDE, _DAMPING)
    ellipses = np.concatenate([candidates] * len(_SCHEDULES))
    sides = np.concatenate([sides] * len(_SCHEDULES))
    results = np.zeros((len(ellipses), 4))
    for part, schedule in enumerate(_SCHEDULES):
        own = slice(part * len(candidates), (part + 1) * len(candidates))
        _refine(ellipses[own], sides[own], edges, schedule, limits, results[own], equations)
    good = (results[:, 0] >= threshold * results[:, 1]) & (results[:, 0] > 0)
    ellipses, sides, results = ellipses[good], sides[good], results[good]
    order = np.argsort(-(results[:, 3] ** 1.5) / results[:, 1], kind="stable")
    chosen, votes = np.empty(len(order), np.int64), np.empty((len(order), 4))
    count = _choose(
        ellipses,
        sides,
        order,
        edges,
        threshold,
        _SCHEDULES[0][-1],
        least_cosine,
        chosen,
        votes,
        equations,
    )
    chosen, (votes, pixels, _, _) = chosen[:count], votes[:count].T
    return ellipses, results[:, 0], ellipses[chosen], sides[chosen], votes, pixels
