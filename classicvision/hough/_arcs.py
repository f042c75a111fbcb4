"""Elliptic arcs: curves of edge pixels, cut where no ellipse goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from classicvision._jit import kernel
from classicvision.edges.tracing import link_pixels
from classicvision.hough import _conics

_SHORTEST_CURVE = 6  # pixels; shorter spurs go
_SMOOTHING = 2  # points on either side over which directions are averaged
_CORNER_REACH = 3  # points on either side between which a corner turns ...
_CORNER_TURN = math.radians(65)  # ... by more than this
_TURN_BACK = math.radians(16)  # an inflection: the curve turns back by more than this
_LEAST_TURN = math.radians(12)  # of an arc; less is a straight line
_LARGEST_DISTANCE = 0.7  # pixels, root mean square, of an arc's points from its own ellipse
_CUTS = 3  # times that an arc no ellipse fits is cut in two


@dataclass(frozen=True)
class Arcs:
    """Curves that turn to one side only, each near to an ellipse, the longest first.

    Attributes
    ----------
    path : ndarray of int
        The indices of the edge points along all curves.
    begins, ends : ndarray of int, shape (n,)
        Arc i is the points ``path[begins[i] : ends[i]]``.
    turns : ndarray, shape (n,)
        By how many radians each turns from end to end; never negative.
    sides : ndarray of int, shape (n,)
        1 if the inside is brighter, -1 if it is darker, 0 if nobody knows.
    marks : ndarray, shape (n, 3, 4)
        x, y and the unit normal that points inside, at both ends and in the middle.
    centers, scatters : ndarray
        As from `_conics.scatter_of`.
    """

    path: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    turns: np.ndarray
    sides: np.ndarray
    marks: np.ndarray
    centers: np.ndarray
    scatters: np.ndarray


def elliptic_arcs(edges, points, shortest):
    """Return the arcs of an edge map that can be parts of ellipses.

    1. The pixels are linked into curves.
    2. A curve is cut at corners, and where it begins to turn to the other side.
    3. An arc to which no ellipse fits is cut in two where it is farthest from its ellipse.
    4. What is nearly straight, or shorter than ``shortest`` points, is left out.

    The normals of the points are replaced by smoother ones, the averages along their curves;
    points of an edge map get their normals in this way.
    """
    pixels, starts, _ = link_pixels(edges, _SHORTEST_CURVE)
    path = points.index[pixels[:, 1], pixels[:, 0]]
    if not points.signed:
        for coordinate in points.places[:2]:
            coordinate[path] = _smooth_along(coordinate[path], starts)
    x, y = points.places[0, path], points.places[1, path]
    angles, signs = np.empty(len(path)), np.ones(len(starts) - 1)
    scratch = np.empty((2, len(path)))
    _directions(points.places, path, starts, points.signed, scratch, signs)
    _smooth_angles(scratch, starts, _SMOOTHING, np.empty(len(path)), angles)
    _write_normals(points.places, path, starts, signs, angles)
    begins, ends = np.empty((2, len(path)), np.int64)
    count = _cut(angles, starts, _CORNER_REACH, _CORNER_TURN, _TURN_BACK, begins, ends)
    long = np.flatnonzero(ends[:count] - begins[:count] >= shortest)
    begins, ends = _near_ellipses(x, y, begins[long], ends[long], shortest)
    turns = angles[ends - 1] - angles[begins]
    order = np.argsort(begins - ends, kind="stable")
    order = order[np.abs(turns[order]) >= _LEAST_TURN]
    begins, ends, turns = begins[order], ends[order], turns[order]
    ways = np.sign(turns)
    curves = np.searchsorted(starts, begins, side="right") - 1
    centers, scatters = _conics.scatter_of(x, y, begins, ends)
    return Arcs(
        path=path,
        begins=begins,
        ends=ends,
        turns=np.abs(turns),
        sides=(ways * signs[curves]).astype(np.int64) * int(points.signed),
        marks=_marks(x, y, angles, begins, ends, ways),
        centers=centers,
        scatters=scatters,
    )


def _smooth_along(values, starts):
    """Average every value with those before and after it; the ends of curves stay."""
    smooth = values.copy()
    smooth[1:-1] = (values[:-2] + 2 * values[1:-1] + values[2:]) / 4
    ends = np.concatenate([starts[:-1], starts[1:] - 1])
    smooth[ends] = values[ends]
    return smooth


# i = curve, j = point along the curves. The direction along a curve is across its normals. Of
# the two such directions the one is taken that most of the curve's steps follow; with an edge
# map, which has no normals, the direction is that from the point before to the point after.
@kernel
def _directions(places, path, starts, signed, directions, signs):
    for i in range(starts.size - 1):
        first, last = starts[i], starts[i + 1] - 1
        along = 0.0
        for j in range(first, last + 1):
            before, after = max(j - 2, first), min(j + 2, last)
            dx = places[0, path[after]] - places[0, path[before]]
            dy = places[1, path[after]] - places[1, path[before]]
            if signed:
                directions[0, j] = places[3, path[j]]
                directions[1, j] = -places[2, path[j]]
                along += dx * directions[0, j] + dy * directions[1, j]
            else:
                directions[0, j], directions[1, j] = dx, dy
        if along < 0:
            signs[i] = -1.0
            for j in range(first, last + 1):
                directions[0, j], directions[1, j] = -directions[0, j], -directions[1, j]


@kernel
def _smooth_angles(directions, starts, reach, whole, angles):
    """Write the directions' angles, without jumps by a full turn, averaged along each curve."""
    for i in range(starts.size - 1):
        first, stop = starts[i], starts[i + 1]
        if first == stop:
            continue
        angle = math.atan2(directions[1, first], directions[0, first])
        whole[first] = angle
        for j in range(first + 1, stop):
            ux, uy = directions[0, j - 1], directions[1, j - 1]
            vx, vy = directions[0, j], directions[1, j]
            angle += math.atan2(ux * vy - uy * vx, ux * vx + uy * vy)
            whole[j] = angle
        for j in range(first, stop):
            near = min(reach, j - first, stop - 1 - j)
            total = 0.0
            for k in range(j - near, j + near + 1):
                total += whole[k]
            angles[j] = total / (2 * near + 1)


@kernel
def _write_normals(places, path, starts, signs, angles):
    for i in range(starts.size - 1):
        for j in range(starts[i], starts[i + 1]):
            places[2, path[j]] = -signs[i] * math.sin(angles[j])
            places[3, path[j]] = signs[i] * math.cos(angles[j])


# While the curve turns to one side (way = 1 or -1; 0: not known yet) `most` is how far it has
# come, at point `at`. It turns back for good if it falls behind that by more than `turn_back`.
@kernel
def _cut(angles, starts, reach, corner, turn_back, begins, ends):
    """Write where the arcs between corners and inflections begin and end; return their number."""
    count = 0
    for i in range(starts.size - 1):
        first, stop = starts[i], starts[i + 1]
        begin, way = first, 0
        least, most, least_at, most_at = math.inf, -math.inf, first, first
        for j in range(first, stop):
            turn = 0.0
            if j - reach >= first and j + reach < stop:
                turn = abs(angles[j + reach] - angles[j - reach])
                if turn > corner:
                    for k in range(max(j - reach, first + reach), min(j + reach + 1, stop - reach)):
                        other = abs(angles[k + reach] - angles[k - reach])
                        if other > turn or (other == turn and k < j):
                            turn = 0.0
            if turn > corner:
                begins[count], ends[count] = begin, j
                count += 1
                begin, way = j + 1, 0
                least, most, least_at, most_at = math.inf, -math.inf, j, j
                continue
            angle = angles[j]
            if angle < least:
                least, least_at = angle, j
            if angle > most:
                most, most_at = angle, j
            if way >= 0 and angle < most - turn_back:
                if way > 0:
                    begins[count], ends[count] = begin, most_at
                    count += 1
                    begin = most_at
                way, least, least_at = -1, angle, j
            elif way <= 0 and angle > least + turn_back:
                if way < 0:
                    begins[count], ends[count] = begin, least_at
                    count += 1
                    begin = least_at
                way, most, most_at = 1, angle, j
        begins[count], ends[count] = begin, stop
        count += 1
    return count


def _near_ellipses(x, y, begins, ends, shortest):
    """Cut the arcs to which no ellipse fits; return where the resulting arcs begin and end."""
    done_begins, done_ends = [], []
    for cut in range(_CUTS + 1):
        centers, scatters = _conics.scatter_of(x, y, begins, ends)
        conics = _conics.fit_conics(scatters)
        bad = ~(_conics.mean_distances(conics, scatters) <= _LARGEST_DISTANCE)
        # No ellipse fits a straight line, and nothing is gained by cutting it.
        bad &= ends - begins >= 2 * shortest
        done_begins.append(begins[~bad])
        done_ends.append(ends[~bad])
        if not bad.any() or cut == _CUTS:
            break
        begins, ends = begins[bad], ends[bad]
        at = np.empty(len(begins), np.int64)
        conics, centers = np.nan_to_num(conics[bad]), centers[bad]
        _farthest(x, y, begins, ends, conics, centers, _conics.SCALE, shortest, at)
        begins, ends = np.concatenate([begins, at]), np.concatenate([at, ends])
    return np.concatenate(done_begins), np.concatenate(done_ends)


@kernel
def _farthest(x, y, begins, ends, conics, centers, scale, margin, at):
    """Write which point of each arc, not near its ends, is farthest from its conic."""
    for i in range(begins.size):
        a, b, c, d, e, f = conics[i]
        worst = -1.0
        for j in range(begins[i] + margin, ends[i] - margin + 1):
            u, v = (x[j] - centers[i, 0]) * scale, (y[j] - centers[i, 1]) * scale
            value = abs(a * u * u + b * u * v + c * v * v + d * u + e * v + f)
            slope = math.sqrt((2 * a * u + b * v + d) ** 2 + (b * u + 2 * c * v + e) ** 2)
            distance = value / (slope + 1e-30)
            if distance > worst:
                worst = distance
                at[i] = j


def _marks(x, y, angles, begins, ends, ways):
    at = np.stack([begins, (begins + ends) // 2, ends - 1], axis=1)
    inside = -np.sin(angles[at]) * ways[:, None], np.cos(angles[at]) * ways[:, None]
    return np.stack([x[at], y[at], *inside], axis=2)
