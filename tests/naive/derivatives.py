"""Derivatives as two-dimensional masks, moved over the padded image pixel by pixel."""

import numpy as np

# NumPy's names of the borders that SciPy names mirror, reflect, nearest, wrap and constant
PAD_MODES = {
    "mirror": "reflect",
    "reflect": "symmetric",
    "nearest": "edge",
    "wrap": "wrap",
    "constant": "constant",
}

MASKS_X = {
    "forward": [[0, 0, 0], [0, -1, 1], [0, 0, 0]],
    "central": [[0, 0, 0], [-1, 0, 1], [0, 0, 0]],
    "prewitt": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "scharr": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
}


def sobel_mask_x(size):
    """Binomial smoothing downwards, and its difference along the row."""
    binomial = np.array([1])
    for _ in range(size - 1):
        binomial = np.convolve(binomial, [1, 1])
    shorter = np.array([1])
    for _ in range(size - 3):
        shorter = np.convolve(shorter, [1, 1])
    return np.outer(binomial, np.convolve(shorter, [-1, 0, 1]))


def correlate(image, mask, mode):
    """Sum the pixels under the mask, weighted, at every position, in float64."""
    mask = np.asarray(mask)
    margin_y, margin_x = mask.shape[0] // 2, mask.shape[1] // 2
    padded = np.pad(
        np.asarray(image, np.float64),
        [(margin_y, margin_y), (margin_x, margin_x)],
        mode=PAD_MODES[mode],
    )
    result = np.empty(np.shape(image))
    for r, c in np.ndindex(*result.shape):
        result[r, c] = (padded[r : r + mask.shape[0], c : c + mask.shape[1]] * mask).sum()
    return result


def gradient(image, operator="sobel", size=3, mode="mirror"):
    mask = np.array(MASKS_X[operator]) if size == 3 else sobel_mask_x(size)
    return correlate(image, mask, mode), correlate(image, mask.T, mode)
