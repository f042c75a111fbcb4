"""The features of a cascade enlarged, rectangle by rectangle, with areas as exact fractions."""

import dataclasses
from fractions import Fraction

import numpy as np


def times(value, scale):
    """Return the product in single precision, rounded, halves to even."""
    return round(float(np.float32(value) * np.float32(scale)))


def enlarge(cascade, scale):
    """Return the cascade for a window `scale` times as large."""
    window = tuple(times(side, scale) for side in cascade.window)
    rectangles, weights = cascade.rectangles.copy(), cascade.weights.copy()
    for feature, k in np.ndindex(weights.shape):
        old = [int(value) for value in cascade.rectangles[feature, k]]
        if cascade.kind == "lbp":
            new = grid(old, window, scale) if k == 0 else old
        elif cascade.tilted[feature]:
            new = tilted(old, window, scale)
        else:
            new = upright(old, scale)
        rectangles[feature, k] = new
        if cascade.kind == "haar" and old[2] * old[3] > 0:
            before = Fraction(old[2] * old[3], inner_area(cascade.window, 1))
            after = Fraction(new[2] * new[3], inner_area(cascade.window, scale))
            exact = Fraction(float(cascade.weights[feature, k])) * before / after
            weights[feature, k] = np.float32(float(exact))
    return dataclasses.replace(cascade, window=window, rectangles=rectangles, weights=weights)


def frame(window, scale):
    """Edges of what is inside a border of one pixel of the small window."""
    return *(times(1, scale) for _ in window), *(times(side - 1, scale) for side in window)


def inner_area(window, scale):
    """Pixels inside the frame."""
    left, top, right, bottom = frame(window, scale)
    return (right - left) * (bottom - top)


def upright(rectangle, scale):
    """Round the four edges."""
    x, y, width, height = rectangle
    left, top = times(x, scale), times(y, scale)
    return left, top, times(x + width, scale) - left, times(y + height, scale) - top


def tilted(rectangle, window, scale):
    """Round the top corner and the sides, then push the rectangle back into the window."""
    x, y, width, height = (times(value, scale) for value in rectangle)
    while width + height > min(window):
        if width >= height:
            width -= 1
        else:
            height -= 1
    while x - height < 0:
        x += 1
    while x + width > window[0]:
        x -= 1
    while y + width + height > window[1]:
        y -= 1
    return x, y, width, height


def grid(cell, window, scale):
    """Round the sides of a cell, and place the 3 by 3 of them around the same centre."""
    result = []
    for start, side, limit in zip(cell[:2], cell[2:], window, strict=True):
        new_side = times(side, scale)
        while 3 * new_side > limit:
            new_side -= 1
        centre = (start + 1.5 * side) * float(np.float32(scale))
        new_start = round(centre - 1.5 * new_side)
        result.append((min(max(new_start, 0), limit - 3 * new_side), new_side))
    return *(start for start, _ in result), *(side for _, side in result)
