"""Luminance as the formula says it, one pixel at a time, in exact arithmetic."""

from fractions import Fraction

import numpy as np


def luminance(image):
    """Round (9798 R + 19235 G + 3735 B) / 32768 to the nearest integer, halves up."""
    rows, columns, _ = image.shape
    gray = np.empty((rows, columns), image.dtype)
    for y in range(rows):
        for x in range(columns):
            red, green, blue = (int(value) for value in image[y, x])
            exact = Fraction(9798 * red + 19235 * green + 3735 * blue, 32768)
            gray[y, x] = (exact + Fraction(1, 2)) // 1
    return gray
