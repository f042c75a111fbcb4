"""Canny's detector pixel by pixel."""

import numpy as np

from tests.naive import derivatives

OFFSETS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def canny(
    image,
    low,
    high,
    aperture=3,
    l2_gradient=False,
    interpolate=False,
    quantiles=False,
    number=np.float64,
):
    """Return the edges; the thresholds are those of the definition, the sums are of one type."""
    low, high = min(low, high), max(low, high)
    gx, gy = (slope.astype(number) for slope in slopes(image, aperture))
    magnitude = gx * gx + gy * gy if l2_gradient else abs(gx) + abs(gy)
    in_squares = l2_gradient and not interpolate
    if l2_gradient and interpolate:
        magnitude = np.sqrt(magnitude)
    if quantiles:
        ordered = np.sort(magnitude, axis=None)
        low, high = (ordered[int(fraction * (ordered.size - 1))] for fraction in (low, high))
    else:
        low, high = (t / 16 if aperture == 7 else t for t in (low, high))
        low, high = (t * abs(t) if in_squares else t for t in (low, high))
    find = is_interpolated_ridge if interpolate else is_ridge
    ridges = np.where(find(magnitude, gx, gy), magnitude, -np.inf)
    return hysteresis(ridges > np.float64(low), ridges > np.float64(high))


def slopes(image, aperture):
    gx, gy = derivatives.gradient(image, "sobel", aperture, "nearest")
    if aperture == 7:
        gx, gy = gx / 16, gy / 16
        if image.dtype == np.uint8:
            gx, gy = np.rint(gx), np.rint(gy)
    return gx, gy


def is_ridge(magnitude, gx, gy):
    padded = np.pad(magnitude, 1)
    result = np.zeros(magnitude.shape, bool)
    number = magnitude.dtype.type
    for r, c in np.ndindex(*magnitude.shape):
        # tan 22.5 degrees = 13573 / 2^15 in OpenCV, and tan 67.5 is 2 more
        dx, dy = abs(gx[r, c]) * number(13573), abs(gy[r, c]) * number(2**15)
        here = magnitude[r, c]

        def neighbor(y, x, r=r, c=c):
            return padded[r + 1 + y, c + 1 + x]

        if dy < dx:
            result[r, c] = here > neighbor(0, -1) and here >= neighbor(0, 1)
        elif dy > dx + abs(gx[r, c]) * number(2**16):
            result[r, c] = here > neighbor(-1, 0) and here >= neighbor(1, 0)
        else:
            x = 1 if (gx[r, c] < 0) == (gy[r, c] < 0) else -1
            result[r, c] = here > neighbor(-1, -x) and here > neighbor(1, x)
    return result


def is_interpolated_ridge(magnitude, gx, gy):
    """Compare with the magnitudes one step away along the gradient, at a side of the square."""
    padded = np.pad(magnitude, 1)
    result = np.zeros(magnitude.shape, bool)
    slack = 64 * np.finfo(magnitude.dtype).eps  # magnitudes that are as close count as equal
    for r, c in np.ndindex(*magnitude.shape):
        dx, dy = gx[r, c], gy[r, c]
        if dy < 0 or (dy == 0 and dx < 0):
            dx, dy = -dx, -dy  # the direction that leads down, or to the right
        along, across = max(abs(dx), abs(dy)), min(abs(dx), abs(dy))
        if abs(dy) > abs(dx):
            side, corner = (1, 0), (1, 1 if dx > 0 else -1)
        else:
            side, corner = (0, 1 if dx > 0 else -1), (1, 1 if dx > 0 else -1)

        def times_along(sign, r=r, c=c, side=side, corner=corner, along=along, across=across):
            at_side = padded[r + 1 + sign * side[0], c + 1 + sign * side[1]]
            at_corner = padded[r + 1 + sign * corner[0], c + 1 + sign * corner[1]]
            return (along - across) * at_side + across * at_corner

        # Of two equal magnitudes the first one stays, counted along the larger derivative's axis.
        first, last = (-1, 1) if max(side) > 0 else (1, -1)
        here = magnitude[r, c] * along
        more, less = here.dtype.type(1 + slack), here.dtype.type(1 - slack)
        result[r, c] = here > times_along(first) * more and here >= times_along(last) * less
    return result


def hysteresis(candidates, strong):
    """Grow the strong pixels through the candidates until nothing changes."""
    edges = strong & candidates
    while True:
        padded = np.pad(edges, 1)
        near = np.zeros_like(edges)
        for y, x in OFFSETS:
            near |= padded[1 + y : 1 + y + edges.shape[0], 1 + x : 1 + x + edges.shape[1]]
        grown = edges | (candidates & near)
        if (grown == edges).all():
            return edges
        edges = grown
