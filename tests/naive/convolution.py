"""Linear filters pixel by pixel: every weight times the pixel that it lies upon."""

import numpy as np

from tests.naive.derivatives import PAD_MODES


def correlate(image, kernel, mode="mirror", anchor=None):
    """Sum the pixels under the kernel, weighted, in float64; ``anchor`` lies upon the pixel."""
    kernel = np.asarray(kernel, np.float64)
    rows, columns = kernel.shape
    down, along = anchor or (rows // 2, columns // 2)
    padded = np.pad(
        np.asarray(image, np.float64),
        [(down, rows - 1 - down), (along, columns - 1 - along)],
        mode=PAD_MODES[mode],
    )
    result = np.zeros(np.shape(image))
    for r, c in np.ndindex(*result.shape):
        for i, j in np.ndindex(rows, columns):
            result[r, c] += kernel[i, j] * padded[r + i, c + j]
    return result


def convolve(image, kernel, mode="mirror"):
    """Spread every pixel over its surroundings, by the weights of the kernel."""
    kernel = np.asarray(kernel, np.float64)
    rows, columns = kernel.shape
    before, after = (rows // 2, columns // 2), ((rows - 1) // 2, (columns - 1) // 2)
    padded = np.pad(
        np.asarray(image, np.float64),
        [(after[axis], before[axis]) for axis in (0, 1)],
        mode=PAD_MODES[mode],
    )
    spread = np.zeros((padded.shape[0] + rows - 1, padded.shape[1] + columns - 1))
    for r, c in np.ndindex(*padded.shape):
        spread[r : r + rows, c : c + columns] += padded[r, c] * kernel
    top, left = rows - 1, columns - 1
    return spread[top : top + np.shape(image)[0], left : left + np.shape(image)[1]]


def box_filter(image, width, height, mode="mirror"):
    return correlate(image, np.ones((height, width)), mode) / (width * height)


def rounded(values, dtype):
    """Round to the nearest, halves to even, and saturate."""
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
