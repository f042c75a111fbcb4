"""Harris' response and its peaks, by the definition."""

import numpy as np
from scipy import ndimage


def response(image, size, k):
    """Return det - k trace^2 of the mean products in boxes; borders are mirrored."""
    image = np.asarray(image, np.float64)
    gx, gy = (ndimage.sobel(image, axis=axis, mode="mirror") / 4 for axis in (1, 0))
    xx, xy, yy = (
        ndimage.uniform_filter(product, size, mode="mirror", origin=0)
        for product in (gx * gx, gx * gy, gy * gy)
    )
    return xx * yy - xy * xy - k * (xx + yy) ** 2


def peaks(values, smallest, radius):
    """Return rows and columns of the largest within a radius, of equals the first."""
    found = []
    rows, columns = values.shape
    for r in range(1, rows - 1):
        for c in range(1, columns - 1):
            around = [
                (-values[i, j], i, j)
                for i in range(max(r - radius, 0), min(r + radius + 1, rows))
                for j in range(max(c - radius, 0), min(c + radius + 1, columns))
            ]
            if values[r, c] > smallest and min(around)[1:] == (r, c):
                found.append((r, c))
    return found
