"""Scenes in which one known contour hides among other shapes, drawn with a seed.

A scene has one target, which is one of five asymmetric templates turned by any angle and scaled
by 0.7 to 1.4, filled or outlined, and 10 to 16 other shapes: circles, ellipses, polygons, stars,
blobs and the other templates. They overlap each other and the target, of whose contour at least
80 % is seen with a contrast of at least 40 levels; straight lines cross the picture, and there is
noise of sigma 0 to 10.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

ROWS, COLUMNS = 360, 480
_MARGIN = 20  # pixels around the shape in the template's own picture
_LEAST_SEEN = 0.8
_LEAST_CONTRAST = 40
_FINE = 4  # each pixel is drawn as 4 x 4


@dataclass(frozen=True)
class Pose:
    """Where the template's reference point lies, and how the template is turned and scaled."""

    x: float
    y: float
    angle: float
    scale: float


@dataclass(frozen=True)
class Scene:
    image: np.ndarray  # uint8 (ROWS, COLUMNS)
    name: str  # of the template
    pose: Pose
    thickness: float  # of the outline; 0 for a filled target
    others: int  # how many other shapes there are
    noise: float  # its standard deviation, in gray levels


def make_scene(seed, *, turned=True, scaled=True):
    """Return scene number ``seed``; the target upright, or in its own size, where asked for."""
    rng = np.random.default_rng([seed, 77])
    name = list(CONTOURS)[rng.integers(len(CONTOURS))]
    thickness = rng.choice([0, rng.uniform(2, 4)])
    canvas = _background(rng)
    others = int(rng.integers(10, 17))
    behind = int(rng.integers(others // 2, others + 1))
    for _ in range(behind):
        _draw_other(rng, canvas, name)
    for _ in range(rng.integers(0, 4)):
        _draw_line(rng, canvas)
    canvas, pose = _place_target(rng, canvas, name, thickness, turned, scaled)
    drawn = behind
    for _ in range(1000):
        if drawn == others:
            break
        attempt = canvas.copy()
        _draw_other(rng, attempt, name)
        if _seen(attempt, name, pose, thickness) >= _LEAST_SEEN:
            canvas, drawn = attempt, drawn + 1
    noise = float(rng.uniform(0, 10))
    noisy = canvas + rng.normal(0, noise, canvas.shape)
    image = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return Scene(image, name, pose, float(thickness), drawn, noise)


def template_image(name):
    """Return a picture of a template, bright on dark, and its reference point (x, y) there."""
    points = CONTOURS[name]
    center = np.ceil(-points.min(axis=0)) + _MARGIN
    columns, rows = (np.ceil(points.max(axis=0)) + center + _MARGIN + 1).astype(int)
    canvas = np.full((rows, columns), 50.0)
    _draw(canvas, points + center, 0, 200)
    return np.rint(canvas).astype(np.uint8), tuple(center.tolist())


def errors(pose, x, y, angle, scale):
    """Return how far a match is off: in pixels, in degrees, and as a part of the scale."""
    turn = np.degrees(angle - pose.angle)
    return (
        float(np.hypot(x - pose.x, y - pose.y)),
        float(abs((turn + 180) % 360 - 180)),
        float(abs(scale / pose.scale - 1)),
    )


def is_right(pose, x, y, angle, scale):
    """Whether a match is within 3 pixels, 3 degrees and 5 % of the truth."""
    pixels, degrees, part = errors(pose, x, y, angle, scale)
    return pixels <= 3 and degrees <= 3 and part <= 0.05


def move(points, pose):
    """Scale, turn (from x towards y) and shift points."""
    cosine, sine = np.cos(pose.angle), np.sin(pose.angle)
    turned = points @ np.array([[cosine, sine], [-sine, cosine]])
    return pose.scale * turned + [pose.x, pose.y]


def resample(points, spacing=1.0):
    """Return points at equal steps along a closed polygon."""
    closed = np.vstack([points, points[:1]])
    along = np.append(0, np.cumsum(np.hypot(*np.diff(closed, axis=0).T)))
    wanted = np.linspace(0, along[-1], max(3, round(along[-1] / spacing)), endpoint=False)
    return np.stack([np.interp(wanted, along, closed[:, i]) for i in (0, 1)], axis=1)


def _background(rng):
    y, x = np.mgrid[:ROWS, :COLUMNS]
    slope = rng.uniform(-20, 20, 2)
    return rng.uniform(70, 185) + slope[0] * (x / COLUMNS - 0.5) + slope[1] * (y / ROWS - 0.5)


def _place_target(rng, canvas, name, thickness, turned, scaled):
    for _ in range(1000):
        pose = Pose(
            rng.uniform(40, COLUMNS - 40),
            rng.uniform(40, ROWS - 40),
            rng.uniform(-np.pi, np.pi) if turned else 0.0,
            rng.uniform(0.7, 1.4) if scaled else 1.0,
        )
        attempt = canvas.copy()
        level = _level(rng, canvas, pose.x, pose.y)
        _draw(attempt, move(CONTOURS[name], pose), thickness, level)
        if _seen(attempt, name, pose, thickness) >= _LEAST_SEEN:
            return attempt, pose
    raise RuntimeError("no place for the target")


def _level(rng, canvas, x, y):
    """Return a gray level that differs from that of the canvas around (x, y)."""
    rows, columns = canvas.shape
    around = canvas[np.clip(round(y), 0, rows - 1), np.clip(round(x), 0, columns - 1)]
    step = rng.uniform(_LEAST_CONTRAST, 110) * rng.choice([-1, 1])
    return np.clip(around + step if 0 <= around + step <= 255 else around - step, 0, 255)


def _draw_other(rng, canvas, name):
    kind = rng.integers(6)
    radius = rng.uniform(10, 45)
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    if kind == 0:  # a circle
        shape = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    elif kind == 1:  # an ellipse
        shape = radius * np.stack([np.cos(turn), rng.uniform(0.3, 0.9) * np.sin(turn)], axis=1)
    elif kind == 2:  # a convex polygon
        corners = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
        shape = radius * np.stack([np.cos(corners), np.sin(corners)], axis=1)
    elif kind == 3:  # a star
        corners = np.linspace(0, 2 * np.pi, 2 * rng.integers(3, 8), endpoint=False)
        reach = radius * np.where(np.arange(len(corners)) % 2, rng.uniform(0.3, 0.8), 1)
        shape = np.stack([reach * np.cos(corners), reach * np.sin(corners)], axis=1)
    elif kind == 4:  # a blob
        reach = np.ones_like(turn)
        for waves in range(2, 6):
            reach += rng.uniform(0, 0.5) / waves * np.cos(waves * turn + rng.uniform(0, 6.3))
        shape = radius * np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1)
    else:  # another template
        name = rng.choice([other for other in CONTOURS if other != name])
        shape = CONTOURS[name] * rng.uniform(0.5, 1)
    x, y = rng.uniform(0, COLUMNS), rng.uniform(0, ROWS)
    points = move(shape, Pose(x, y, rng.uniform(-np.pi, np.pi), 1.0))
    thickness = rng.choice([0, rng.uniform(2, 4)])
    _draw(canvas, points, thickness, _level(rng, canvas, x, y))


def _draw(canvas, points, thickness, level):
    """Draw a closed polygon, filled or as a line of some thickness, with smooth edges."""
    rows, columns = canvas.shape
    reach = thickness / 2 + 2
    left, top = np.clip(np.floor(points.min(axis=0) - reach), 0, [columns, rows]).astype(int)
    right, bottom = np.clip(np.ceil(points.max(axis=0) + reach), 0, [columns, rows]).astype(int)
    width, height = right - left, bottom - top
    if width <= 0 or height <= 0:
        return
    fine = (points + 0.5 - [left, top]) * _FINE - 0.5
    fixed = np.rint(fine * 16).astype(np.int32)
    drawn = np.zeros((height * _FINE, width * _FINE), np.uint8)
    if thickness:
        cv2.polylines(drawn, [fixed], True, 1, round(thickness * _FINE), cv2.LINE_8, 4)
    else:
        cv2.fillPoly(drawn, [fixed], 1, cv2.LINE_8, 4)
    cover = drawn.reshape(height, _FINE, width, _FINE).mean(axis=(1, 3))
    canvas[top:bottom, left:right] += cover * (level - canvas[top:bottom, left:right])


def _draw_line(rng, canvas):
    ends = rng.uniform([0, 0], [COLUMNS, ROWS], (2, 2))
    _draw(canvas, ends, rng.uniform(1, 4), rng.uniform(0, 255))


def _seen(canvas, name, pose, thickness):
    """The part of the contour across which the picture changes by the least contrast or more."""
    points = move(resample(CONTOURS[name], 2), pose)
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.hypot(*along.T)[:, None]
    reach = 2 + thickness / 2
    one, other = (_at(canvas, points + side * reach * normals) for side in (-1, 1))
    if thickness:
        here = _at(canvas, points)
        step = np.minimum(np.abs(here - one), np.abs(here - other))
    else:
        step = np.abs(one - other)
    x, y = points.T
    inside = (x >= 2) & (x < COLUMNS - 2) & (y >= 2) & (y < ROWS - 2)
    return (inside & (step >= _LEAST_CONTRAST - 1)).mean()


def _at(canvas, points):
    columns = np.clip(np.rint(points[:, 0]), 0, COLUMNS - 1).astype(int)
    rows = np.clip(np.rint(points[:, 1]), 0, ROWS - 1).astype(int)
    return canvas[rows, columns]


# The templates, as closed polygons about 110 pixels long


def _arc(x, y, radius, first, last):
    turn = np.radians(np.arange(first, last + 0.1, 4.0))
    return np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], axis=1)


def _smooth(corners):
    corners = np.array([*corners, corners[0]], float)
    curve = CubicSpline(np.arange(len(corners)), corners, bc_type="periodic")
    return curve(np.linspace(0, len(corners) - 1, 200, endpoint=False))


def _key():
    bits = [(58, -5), (58, 16), (49, 16), (49, 5), (42, 5), (42, 12), (33, 12), (33, 5)]
    return np.vstack([_arc(-32, 0, 20, 15, 345), bits])


def _spanner():
    jaw = np.radians(200)
    along, across = np.array([np.cos(jaw), np.sin(jaw)]), np.array([-np.sin(jaw), np.cos(jaw)])
    slot = [(-38, 0) - 8 * across - 2 * along, (-38, 0) + 8 * across - 2 * along]
    return np.vstack(
        [_arc(-38, 0, 22, 19, 178), slot, _arc(-38, 0, 22, 222, 341), _arc(48, 0, 13, 213, 507)]
    )


def _letter():
    corners = [(-28, -50), (30, -50), (30, -34), (-10, -34), (-10, -8)]
    return np.array([*corners, (20, -8), (20, 8), (-10, 8), (-10, 50), (-28, 50)], float)


def _leaf():
    t = np.linspace(0.03, 1, 60)
    x, y = -45 + 100 * t, 24 * t**2
    upper = np.stack([x, y - 28 * np.sin(np.pi * t**0.75)], axis=1)
    lower = np.stack([x, y + 17 * np.sin(np.pi * t**1.3)], axis=1)
    return np.vstack([[(-64, -9)], upper, lower[-2::-1], [(-64, -3)]])


def _bird():
    return _smooth(
        [
            *[(58, -22), (38, -42), (19, -26), (-10, -12), (-55, -27)],
            *[(-44, 6), (-15, 30), (24, 22), (32, -4), (40, -15)],
        ]
    )


def _centred(points):
    return points - resample(points).mean(axis=0)


CONTOURS = {
    "key": _centred(_key()),
    "spanner": _centred(_spanner()),
    "letter": _centred(_letter()),
    "leaf": _centred(_leaf()),
    "bird": _centred(_bird()),
}
