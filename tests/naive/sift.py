"""The descriptor of Lowe 2004, section 6.1, pixel by pixel, in double precision."""

import math

import numpy as np


def histograms(image, x, y, cell, angle=0.0):
    """Return 4 x 4 histograms of 8 directions around (x, y), in cells of so many pixels a side.

    ``angle`` turns the cells, in radians clockwise on the screen. Directions are counted from the
    turned x axis to the top.
    """
    rows, columns = image.shape
    sums = np.zeros((4, 4, 8))
    cosine, sine = math.cos(angle), math.sin(angle)
    for r in range(1, rows - 1):
        for c in range(1, columns - 1):
            # Coordinates in cells, along the turned axes.
            across = ((c - x) * cosine + (r - y) * sine) / cell
            down = ((r - y) * cosine - (c - x) * sine) / cell
            if max(abs(across), abs(down)) >= 2.5:
                continue
            dx = float(image[r, c + 1]) - float(image[r, c - 1])
            dy = float(image[r - 1, c]) - float(image[r + 1, c])
            weight = math.hypot(dx, dy) * math.exp(-(across**2 + down**2) / (2 * 2**2))
            direction = ((math.atan2(dy, dx) + angle) / (2 * math.pi) * 8) % 8
            for i in range(4):
                for j in range(4):
                    near = max(0, 1 - abs(down - (i - 1.5))) * max(0, 1 - abs(across - (j - 1.5)))
                    low = math.floor(direction)
                    sums[i, j, low % 8] += weight * near * (1 - (direction - low))
                    sums[i, j, (low + 1) % 8] += weight * near * (direction - low)
    return sums


def descriptor(image, x, y, cell, angle=0.0):
    """Return 128 whole numbers: divided by their length, cut off at 0.2, scaled and rounded."""
    values = histograms(image, x, y, cell, angle).ravel()
    length = np.linalg.norm(values)
    if length == 0:
        return values
    values = np.minimum(values / length, 0.2)
    return np.minimum(np.rint(512 * values / np.linalg.norm(values)), 255)
