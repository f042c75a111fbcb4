"""Zero crossings by their definition: every pair of neighbours is looked at."""

import numpy as np


def slopes(response):
    """The steepest crossing that belongs to each pixel."""
    rows, columns = response.shape
    result = np.zeros_like(response)
    for r, c in np.ndindex(rows, columns):
        for below, right in ((0, 1), (1, 0)):
            if r + below == rows or c + right == columns:
                continue
            p, q = response[r, c], response[r + below, c + right]
            if (p < 0) == (q < 0):
                continue
            slope = abs(p - q)
            owner = (
                (r, c) if abs(p) <= response.dtype.type(0.501) * slope else (r + below, c + right)
            )
            result[owner] = max(result[owner], slope)
    return result
