"""Canny's detector pixel by pixel."""

import numpy as np

from tests.naive import derivatives

TAN_22_5 = 13573 / 2**15  # OpenCV's value
OFFSETS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def canny(image, low, high, aperture=3, l2_gradient=False):
    low, high = min(low, high), max(low, high)
    gx, gy = derivatives.gradient(image, "sobel", aperture, "nearest")
    if aperture == 7:
        gx, gy, low, high = gx / 16, gy / 16, low / 16, high / 16
        if image.dtype == np.uint8:
            gx, gy = np.rint(gx), np.rint(gy)
    if l2_gradient:
        magnitude, low, high = gx**2 + gy**2, low * abs(low), high * abs(high)
    else:
        magnitude = abs(gx) + abs(gy)
    ridges = np.where(is_ridge(magnitude, gx, gy), magnitude, -np.inf)
    return hysteresis(ridges > low, ridges > high)


def is_ridge(magnitude, gx, gy):
    padded = np.pad(magnitude, 1)
    result = np.zeros(magnitude.shape, bool)
    for r, c in np.ndindex(*magnitude.shape):
        dx, dy = abs(gx[r, c]), abs(gy[r, c])
        here = magnitude[r, c]

        def neighbor(y, x, r=r, c=c):
            return padded[r + 1 + y, c + 1 + x]

        if dy < TAN_22_5 * dx:
            result[r, c] = here > neighbor(0, -1) and here >= neighbor(0, 1)
        elif dy > (2 + TAN_22_5) * dx:  # tan 67.5 = 2 + tan 22.5
            result[r, c] = here > neighbor(-1, 0) and here >= neighbor(1, 0)
        else:
            x = 1 if (gx[r, c] < 0) == (gy[r, c] < 0) else -1
            result[r, c] = here > neighbor(-1, -x) and here > neighbor(1, x)
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
