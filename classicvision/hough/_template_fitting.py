"""Fitting a contour's pose to edge pixels, and giving each edge pixel to one match only."""

from __future__ import annotations

import math

import numpy as np

from classicvision._jit import kernel
from classicvision.hough._linear import solve

_NONE = 1e9  # the distance of an edge that is not there
_PEN = 5  # two edges, each up to so far away, may be the two sides of a line drawn with a pen
_TOLERANCE = 2.0  # an edge backs a point of the contour up to this distance, in pixels
_PAIR_TOLERANCE = 1.5  # the same for the middle of a pair of edges
_COARSE_ANGLE = math.radians(30)
_FINE_ANGLE = math.radians(20)
_ROUGH_POINTS, _FINE_POINTS = 80, 200  # of the contour, while poses move
_MOST_FITTED = 64
_DAMPING = 1e-3  # keeps a pose that the edges do not determine, like a circle's angle


# x, y = a point of the contour, nx, ny = its normal. An edge pixel and its four neighbours know
# the edge, so that no diagonal step slips through.
@kernel(inline=True)
def _look_across(x, y, nx, ny, reach, cosine, signed, nearest, edges):
    """Return the distances along a normal to the nearest edges of either direction."""
    rows, columns = nearest.shape
    forward, backward = _NONE, _NONE
    for k in range(2 * reach + 1):
        along = (k + 1) // 2 if k % 2 else -(k // 2)
        c = int(np.floor(x + along * nx + 0.5))
        r = int(np.floor(y + along * ny + 0.5))
        if c < 0 or c >= columns or r < 0 or r >= rows:
            continue
        edge = nearest[r, c]
        if edge < 0:
            continue
        agreement = nx * edges[edge, 2] + ny * edges[edge, 3]
        distance = nx * (edges[edge, 0] - x) + ny * (edges[edge, 1] - y)
        if abs(distance) > reach:
            continue
        if agreement >= cosine:
            forward = distance if abs(distance) < abs(forward) else forward
        elif agreement <= -cosine and not signed:
            backward = distance if abs(distance) < abs(backward) else backward
    return forward, backward


# i = point of the contour.
@kernel
def _measure(contour, normals, pose, reach, cosine, signed, pen, nearest, edges, found):
    """Note each point's distance to its edge and to the middle of a pair; return both counts."""
    turn_x, turn_y = np.cos(pose[2]), np.sin(pose[2])
    some, pairs = 0, 0
    for i in range(contour.shape[0]):
        x = pose[0] + pose[3] * (turn_x * contour[i, 0] - turn_y * contour[i, 1])
        y = pose[1] + pose[3] * (turn_y * contour[i, 0] + turn_x * contour[i, 1])
        nx = turn_x * normals[i, 0] - turn_y * normals[i, 1]
        ny = turn_y * normals[i, 0] + turn_x * normals[i, 1]
        forward, backward = _look_across(x, y, nx, ny, reach, cosine, signed, nearest, edges)
        found[i, 0] = forward if abs(forward) <= abs(backward) else backward
        found[i, 1] = _NONE
        if abs(found[i, 0]) < _NONE:
            some += 1
        if reach <= pen and abs(forward) < _NONE and abs(backward) < _NONE:
            found[i, 1] = 0.5 * (forward + backward)
            pairs += 1
    return some, pairs


# k, m = unknown: shift along x and y, turn, growth; the last two as the shift that they cause at
# the contour's mean radius. Distances along the normals are linear in these; least squares with
# the weights of Tukey's biweight.
@kernel
def _move(contour, normals, radius, pose, distances, width, damping, limits, system, row):
    """Move a pose by one step towards the edges that are less than ``width`` away."""
    turn_x, turn_y, scale = np.cos(pose[2]), np.sin(pose[2]), pose[3]
    for k in range(4):
        for m in range(5):
            system[k, m] = 0.0
    weights = 0.0
    for i in range(contour.shape[0]):
        distance = distances[i]
        if abs(distance) >= width:
            continue
        u = turn_x * contour[i, 0] - turn_y * contour[i, 1]
        v = turn_y * contour[i, 0] + turn_x * contour[i, 1]
        row[0] = turn_x * normals[i, 0] - turn_y * normals[i, 1]
        row[1] = turn_y * normals[i, 0] + turn_x * normals[i, 1]
        row[2] = (row[1] * u - row[0] * v) / radius
        row[3] = (row[0] * u + row[1] * v) / radius
        row[4] = distance
        weight = 1.0 - (distance / width) * (distance / width)
        weight *= weight
        weights += weight
        for k in range(4):
            for m in range(k, 5):
                system[k, m] += weight * row[k] * row[m]
    if weights == 0.0:
        return
    for k in range(4):
        system[k, k] += weights * damping[k]
        for m in range(k):
            system[k, m] = system[m, k]
    solve(system)
    pose[0] += system[0, 4]
    pose[1] += system[1, 4]
    turned = pose[2] + system[2, 4] / (scale * radius)
    grown = scale * np.exp(system[3, 4] / (scale * radius))
    pose[2] = min(max(turned, limits[0]), limits[1])
    pose[3] = min(max(grown, limits[2]), limits[3])


@kernel
def _fit(
    contour, normals, radius, nearest, edges, signed, pen, reaches, widths, cosines, damping,
    limits, found, system, row, poses, backed,
):  # fmt: skip
    """Move each pose to the edges around it; count the points of the contour that have one."""
    last = reaches.size - 1
    near, middle = found[:, 0], found[:, 1]
    for p in range(poses.shape[0]):
        pose = poses[p]
        for step in range(reaches.size):
            some, pairs = _measure(
                contour, normals, pose, reaches[step], cosines[step], signed, pen, nearest, edges,
                found,
            )  # fmt: skip
            if step < last:
                distances = middle if 2 * pairs > some else near
                _move(
                    contour, normals, radius, pose, distances, widths[step], damping, limits,
                    system, row,
                )  # fmt: skip
        for i in range(contour.shape[0]):
            if abs(near[i]) <= _TOLERANCE or abs(middle[i]) <= _PAIR_TOLERANCE:
                backed[p] += 1


class EdgeField:
    """The edges of an image, to be looked up by pixel, and a contour to lay over them.

    Parameters
    ----------
    edges : OrientedEdges
    contour, normals : ndarray of float64, shape (n, 2)
        The template's points, relative to their mean, and the unit vectors across them.
    signed : bool
        Whether edges must have the normals' direction, not the opposite one.
    rotation, scale_range : (float, float)
        Limits of angle and scale; equal ones are kept.
    """

    def __init__(self, edges, contour, normals, signed, rotation, scale_range):
        self._edges = np.hstack([edges.points, edges.normals])
        self._nearest = _nearest_edges(edges.pixels)
        self._contour, self._normals = contour, normals
        self._radius = mean_radius(contour)
        self._signed = bool(signed)
        drawn = _is_narrow(contour, normals, math.ceil(_PEN / scale_range[0]))
        self._pen = 0 if signed or drawn else _PEN
        fixed = [low == high for low, high in (rotation, scale_range)]
        self._damping = np.array([_DAMPING] * 2 + [1e12 if f else _DAMPING for f in fixed])
        whole_turn = rotation[1] - rotation[0] >= 2 * math.pi
        angles = (-math.inf, math.inf) if whole_turn else rotation
        self._limits = np.array([*angles, *scale_range], np.float64)

    def fit(self, poses, reach, threshold):
        """Return the fitted poses, without those that came to the same or to nothing.

        Parameters
        ----------
        poses : ndarray, shape (n, 4)
            x, y, angle, scale of the contour's mean.
        reach : float
            How far the edges may be, in pixels.
        threshold : float
            The part of the contour that must have an edge in the end; a rough fit to less than
            half of that is given up.
        """
        wide = [max(_PEN, math.ceil(reach * part)) for part in (1, 0.8, 0.6, 0.5)] + [_PEN]
        angles = [_COARSE_ANGLE] * 4 + [_FINE_ANGLE]
        poses, backed = self._run(poses, wide, wide, angles, _ROUGH_POINTS)
        order = np.argsort(-backed, kind="stable")
        poses = poses[order[backed[order] >= threshold / 2]]
        poses = poses[~self._repeated(poses, reach / 2)][:_MOST_FITTED]
        widths = [_PEN, _PEN, _PEN, 3, 3, 3]
        poses, _ = self._run(poses, [_PEN] * 6, widths, [_FINE_ANGLE] * 6, _FINE_POINTS)
        return poses

    def _repeated(self, poses, distance):
        """Whether a pose moves the contour's points as an earlier one does, in the mean."""
        place = poses[:, 0] + 1j * poses[:, 1]
        size = self._radius * poses[:, 3] * np.exp(1j * poses[:, 2])
        shift, change = (np.abs(z[:, None] - z) for z in (place, size))
        return np.triu(shift**2 + change**2 < distance**2, 1).any(axis=0)

    def backing(self, poses):
        """Return for each pose which part of the contour's points has an edge, 0 to 1."""
        _, backed = self._run(poses, [_PEN], [_PEN], [_FINE_ANGLE], len(self._contour))
        return backed

    def share(self, poses, backing, threshold):
        """Keep the poses that reach the threshold with edges that no better one has.

        Parameters
        ----------
        poses : ndarray, shape (n, 4)
        backing : ndarray, shape (n,)
            As :meth:`backing` returns it.
        threshold : float

        Returns
        -------
        poses : ndarray, shape (k, 4)
        backing : ndarray, shape (k,)
            By the edges that were left.
        """
        kept, parts = [], []
        for number in np.argsort(-backing, kind="stable").tolist():
            pose, part = poses[number], float(backing[number])
            if part < threshold or part == 0:
                break
            if kept:
                part = float(self.backing([pose])[0])
            if part >= threshold and part > 0:
                kept.append(pose)
                parts.append(part)
                self._clear(pose)
        return np.array(kept).reshape(-1, 4), np.array(parts)

    def _clear(self, pose):
        """Take the edges along the contour away, so that they back no other pose."""
        x, y, angle, scale = pose
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        normals = self._normals @ turn
        points = scale * self._contour @ turn + [x, y]
        across = np.arange(-_PEN, _PEN + 1)[:, None, None]
        columns, rows = np.rint(points + across * normals).astype(np.intp).reshape(-1, 2).T
        height, width = self._nearest.shape
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                r, c = rows + down, columns + right
                inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
                self._nearest[r[inside], c[inside]] = -1

    def _run(self, poses, reaches, widths, angles, most_points):
        poses = np.array(poses, np.float64)
        thin = slice(None, None, -(-len(self._contour) // most_points))
        contour, normals = (np.ascontiguousarray(a[thin]) for a in (self._contour, self._normals))
        backed = np.zeros(len(poses), np.int64)
        _fit(
            contour,
            normals,
            self._radius,
            self._nearest,
            self._edges,
            self._signed,
            self._pen,
            np.array(reaches, np.int64),
            np.array(widths, np.float64),
            np.cos(angles),
            self._damping,
            self._limits,
            np.empty((len(contour), 2)),
            np.empty((4, 5)),
            np.empty(5),
            poses,
            backed,
        )
        return poses, backed / len(contour)


def _nearest_edges(pixels):
    """Return at each pixel the number of the edge pixel there or beside it, or -1."""
    rows, columns = np.divmod(np.flatnonzero(pixels), pixels.shape[1])
    numbers = np.arange(len(rows), dtype=np.int32)
    framed = np.full((pixels.shape[0] + 2, pixels.shape[1] + 2), -1, np.int32)
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2), (1, 1)):
        framed[rows + down, columns + right] = numbers
    return np.ascontiguousarray(framed[1:-1, 1:-1])


def mean_radius(contour):
    """Return the root of the mean squared distance from the origin."""
    return float(np.sqrt((contour**2).sum(axis=1).mean()))


def _is_narrow(contour, normals, reach):
    """Whether most of a contour has another part of itself close beside it, as pen strokes do."""
    corner = contour.min(axis=0) - reach - 2
    columns, rows = np.rint(contour - corner).astype(np.intp).T
    pixels = np.zeros((rows.max() + reach + 3, columns.max() + reach + 3), bool)
    pixels[rows, columns] = True
    beside = np.zeros(len(contour), bool)
    for away in (*range(-reach, -2), *range(3, reach + 1)):
        columns, rows = np.rint(contour - corner + away * normals).astype(np.intp).T
        beside |= pixels[rows, columns]
    return bool(2 * beside.sum() > len(contour))
