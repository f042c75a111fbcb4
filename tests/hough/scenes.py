"""Scenes with circles or ellipses whose true places are known, drawn with a seed.

A scene has 1 to 8 shapes of radius 10 to 60, filled or outlined, on an uneven background, with
straight lines as clutter and noise. Shapes hide each other, lines hide them, the frame cuts
them; of the outline of each at least 60 % is seen, with a contrast of at least 30 levels.
"""

import time
from dataclasses import dataclass

import numpy as np
from skimage.draw import circle_perimeter

ROWS, COLUMNS = 360, 480
_LEAST_SEEN = 0.6
_LEAST_CONTRAST = 30
_CLOSE = 3.0  # pixels between a found and a true centre, or half axis


@dataclass(frozen=True)
class Shape:
    """An ellipse; a circle where both half axes are equal. ``angle`` is that of the longer one."""

    x: float
    y: float
    longer: float
    shorter: float
    angle: float
    thickness: float  # of the outline; 0 for a filled shape


@dataclass(frozen=True)
class Scene:
    image: np.ndarray  # uint8 (ROWS, COLUMNS)
    shapes: list


def make_scene(seed, *, circles=True):
    """Return scene number ``seed``, of circles or of ellipses (half axes 2 : 1 to 1 : 1)."""
    rng = np.random.default_rng([seed, int(circles)])
    wanted = rng.integers(1, 9)
    canvas = _background(rng)
    for _ in range(rng.integers(0, 5)):
        _draw_line(rng, canvas)
    shapes = []
    for _ in range(200):
        if len(shapes) >= wanted:
            break
        added = _concentric_pair(rng, circles) if rng.random() < 0.15 else [_shape(rng, circles)]
        if len(shapes) + len(added) > wanted or _too_alike(shapes, added):
            continue
        attempt = canvas.copy()
        for shape in added:
            _paint(rng, attempt, shape)
        if all(_seen(attempt, shape) >= _LEAST_SEEN for shape in shapes + added):
            canvas, shapes = attempt, shapes + added
    for _ in range(rng.integers(0, 4)):
        attempt = canvas.copy()
        _draw_line(rng, attempt)
        if all(_seen(attempt, shape) >= _LEAST_SEEN for shape in shapes):
            canvas = attempt
    noisy = canvas + rng.normal(0, rng.uniform(0, 12), canvas.shape)
    return Scene(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), shapes)


def _background(rng):
    y, x = np.mgrid[:ROWS, :COLUMNS]
    slope = rng.uniform(-20, 20, 2)
    return rng.uniform(70, 185) + slope[0] * (x / COLUMNS - 0.5) + slope[1] * (y / ROWS - 0.5)


def _shape(rng, circles):
    longer = rng.uniform(10, 60)
    shorter = longer if circles else max(10.0, longer * rng.uniform(0.5, 1))
    longer = max(longer, shorter)
    angle = 0.0 if circles else rng.uniform(0, np.pi)
    x, y = rng.uniform(0.5 * longer, COLUMNS - 0.5 * longer), rng.uniform(5, ROWS - 5)
    return Shape(x, y, longer, shorter, angle, rng.choice([0, rng.uniform(2, 4)]))


def _concentric_pair(rng, circles):
    outer = _shape(rng, circles)
    gap = rng.uniform(9, 20)
    if outer.shorter - gap < 10:
        return [outer]
    inner = Shape(
        outer.x, outer.y, outer.longer - gap, outer.shorter - gap, outer.angle, rng.choice([0, 3])
    )
    return [outer, inner]


def _too_alike(shapes, added):
    """Whether two shapes could not be told apart, by people either."""
    return any(
        np.hypot(a.x - b.x, a.y - b.y) + abs(a.longer - b.longer) + abs(a.shorter - b.shorter) < 14
        for a in shapes
        for b in added
    )


def distance_outside(x, y, shape):
    """How far points lie outside the outline, in pixels, to first order; inside it is negative."""
    cosine, sine = np.cos(shape.angle), np.sin(shape.angle)
    u = (x - shape.x) * cosine + (y - shape.y) * sine
    v = (y - shape.y) * cosine - (x - shape.x) * sine
    level = np.sqrt((u / shape.longer) ** 2 + (v / shape.shorter) ** 2)
    slope = np.hypot(u / shape.longer**2, v / shape.shorter**2)
    return (level - 1) * np.where(slope > 0, level / np.maximum(slope, 1e-12), shape.shorter)


def outline(shape, count=360):
    """Points x, y on the outline and the normals there that point outwards."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    cosine, sine = np.cos(shape.angle), np.sin(shape.angle)
    u, v = shape.longer * np.cos(t), shape.shorter * np.sin(t)
    nu, nv = np.cos(t) / shape.longer, np.sin(t) / shape.shorter
    length = np.hypot(nu, nv)
    nu, nv = nu / length, nv / length
    points = shape.x + u * cosine - v * sine, shape.y + u * sine + v * cosine
    return *points, nu * cosine - nv * sine, nu * sine + nv * cosine


def painted(shapes, rows=80, columns=100, level=60, step=120):
    """A picture of ellipses (x, y, longer, shorter, angle, thickness), exact to a 256th."""
    y, x = np.mgrid[:rows, :columns]
    image = np.full((rows, columns), float(level))
    for shape in shapes:
        away = distance_outside(x, y, Shape(*shape))
        if shape[5]:
            away = np.abs(away) - shape[5] / 2
        image += np.clip(0.5 - away, 0, 1) * (level + step - image)
    return image.round().astype(np.uint8)


def round_ones(circles, **options):
    """A picture of circles (x, y, radius, thickness)."""
    return painted([(x, y, r, r, 0, t) for x, y, r, t in circles], **options)


def perimeter(*circles, shape=(80, 100)):
    """An edge map of thin circles (x, y, radius)."""
    edges = np.zeros(shape, bool)
    for x, y, radius in circles:
        edges[circle_perimeter(y, x, radius, shape=shape)] = True
    return edges


def _paint(rng, canvas, shape):
    y, x = np.mgrid[:ROWS, :COLUMNS]
    away = distance_outside(x, y, shape)
    if shape.thickness:
        away = np.abs(away) - shape.thickness / 2
    cover = np.clip(0.5 - away, 0, 1)
    around = canvas[np.clip(round(shape.y), 0, ROWS - 1), np.clip(round(shape.x), 0, COLUMNS - 1)]
    step = rng.uniform(_LEAST_CONTRAST, 100) * rng.choice([-1, 1])
    level = around + step if 0 <= around + step <= 255 else around - step
    canvas += cover * (np.clip(level, 0, 255) - canvas)


def _draw_line(rng, canvas):
    ends = rng.uniform([0, 0, 0, 0], [COLUMNS, ROWS, COLUMNS, ROWS])
    y, x = np.mgrid[:ROWS, :COLUMNS]
    direction = ends[2:] - ends[:2]
    along = ((x - ends[0]) * direction[0] + (y - ends[1]) * direction[1]) / (direction**2).sum()
    along = np.clip(along, 0, 1)
    away = np.hypot(x - ends[0] - along * direction[0], y - ends[1] - along * direction[1])
    cover = np.clip(rng.uniform(1, 4) / 2 + 0.5 - away, 0, 1)
    canvas += cover * (rng.uniform(0, 255) - canvas)


def _seen(canvas, shape):
    """The part of the outline across which the picture changes by the least contrast or more."""
    x, y, nx, ny = outline(shape)
    reach = shape.thickness / 2 + 2
    here = _at(canvas, x, y) if shape.thickness else _at(canvas, x - 2 * nx, y - 2 * ny)
    outside = _at(canvas, x + reach * nx, y + reach * ny)
    inside_frame = (x >= 2) & (x < COLUMNS - 2) & (y >= 2) & (y < ROWS - 2)
    seen = np.abs(here - outside) >= _LEAST_CONTRAST - 1
    if shape.thickness:
        inside = _at(canvas, x - reach * nx, y - reach * ny)
        seen &= np.abs(here - inside) >= _LEAST_CONTRAST - 1
    return (seen & inside_frame).mean()


def _at(canvas, x, y):
    rows = np.clip(np.rint(y), 0, ROWS - 1).astype(int)
    columns = np.clip(np.rint(x), 0, COLUMNS - 1).astype(int)
    return canvas[rows, columns]


@dataclass(frozen=True)
class Quality:
    """What a detector finds in scenes, and how far off; the errors are medians, in pixels."""

    recall: float
    precision: float
    f1: float
    centre: float
    size: float  # of the radius, or of both half axes
    seconds: float  # a scene, median


def measure(detector, scenes):
    """Return the quality of a detector that returns rows x, y, longer, shorter, angle."""
    hits = found_count = true_count = 0
    errors, seconds = [], []
    for scene in scenes:
        start = time.thread_time()
        found = np.reshape(detector(scene.image), (-1, 5))
        seconds.append(time.thread_time() - start)
        truth = [(s.x, s.y, s.longer, s.shorter, s.angle) for s in scene.shapes]
        truth = np.reshape(truth, (-1, 5))
        pairs = match(found, truth)
        hits += len(pairs)
        found_count += len(found)
        true_count += len(truth)
        errors += [found[i] - truth[j] for i, j in pairs]
    x, y, longer, shorter, _ = np.reshape(errors, (-1, 5)).T
    return Quality(
        recall=hits / max(true_count, 1),
        precision=hits / max(found_count, 1),
        f1=2 * hits / max(true_count + found_count, 1),
        centre=float(np.median(np.hypot(x, y))) if hits else np.nan,
        size=float(np.median(np.abs([longer, shorter]))) if hits else np.nan,
        seconds=float(np.median(seconds)),
    )


def match(found, truth):
    """Pair found and true shapes (rows x, y, longer, shorter, angle) one to one, nearest first.

    Two may be the same whose centres are within 3 pixels, both half axes too or within a tenth,
    and whose angles are within 10 degrees unless the true one is nearly a circle. A circle's
    radius must be within 3 pixels. Returns the pairs (found index, true index).
    """
    difference = np.abs(found[:, None] - truth[None])
    apart = np.hypot(difference[..., 0], difference[..., 1])
    longer, shorter = truth[:, 2], truth[:, 3]
    tolerance = np.where(longer == shorter, _CLOSE, np.maximum(_CLOSE, 0.1 * truth[:, 2:4].T))
    close = (apart <= _CLOSE) & (difference[..., 2:4] <= tolerance.T).all(axis=2)
    turned = np.abs((difference[..., 4] + np.pi / 2) % np.pi - np.pi / 2)
    close &= (shorter >= 0.85 * longer) | (turned <= np.radians(10))
    pairs = []
    for flat in np.argsort(apart, axis=None, kind="stable"):
        i, j = np.unravel_index(flat, apart.shape)
        if close[i, j] and all(i != a and j != b for a, b in pairs):
            pairs.append((int(i), int(j)))
    return pairs
