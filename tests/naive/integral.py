"""Integral images by their definition: every entry is summed from the pixels."""

import numpy as np


def integral_image(image):
    rows, columns = image.shape[:2]
    exact = np.asarray(image, np.float64 if image.dtype.kind == "f" else np.int64)
    return np.array(
        [[exact[:r, :c].sum(axis=(0, 1)) for c in range(columns + 1)] for r in range(rows + 1)]
    )


def tilted_integral_image(image):
    rows, columns = image.shape[:2]
    exact = np.asarray(image, np.float64 if image.dtype.kind == "f" else np.int64)
    v, u = np.mgrid[:rows, :columns]
    return np.array(
        [
            [exact[(v < y) & (abs(u - x + 1) < y - v)].sum(axis=0) for x in range(columns + 1)]
            for y in range(rows + 1)
        ]
    )
