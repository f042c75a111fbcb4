"""The pixels around keypoints, turned upright and brought to one size and contrast.

References
----------
M. Varma and A. Zisserman, "A statistical approach to material classification using image patch
exemplars", IEEE PAMI 31(11), 2009: patches as words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel
from classicvision.filters.pyramid import pyramid_reduce

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from classicvision.results import Keypoints

_WINDOW = 6  # times a keypoint's size: the side of a patch, as of SIFT
_FLAT = 0.5  # levels of standard deviation, up to which a patch is flat


# n = keypoint, i, j = row and column of its patch, k = channel. Each sample is interpolated between
# four pixels; beyond the image its outermost ones go on. `turns` are the steps along x and y, in
# pixels, from one column of a patch to the next.
@kernel
def _sample(image, points, turns, chosen, patches):
    rows, columns, channels = image.shape
    side = patches.shape[1]
    middle = 0.5 * (side - 1)
    for n in chosen:
        dx, dy = turns[n, 0], turns[n, 1]
        for i in range(side):
            for j in range(side):
                x = points[n, 0] + (j - middle) * dx - (i - middle) * dy
                y = points[n, 1] + (j - middle) * dy + (i - middle) * dx
                x = min(max(x, 0.0), columns - 1.0)
                y = min(max(y, 0.0), rows - 1.0)
                left, top = int(x), int(y)
                right, bottom = min(left + 1, columns - 1), min(top + 1, rows - 1)
                across, down = x - left, y - top
                for k in range(channels):
                    upper = image[top, left, k] * (1 - across) + image[top, right, k] * across
                    lower = image[bottom, left, k] * (1 - across) + image[bottom, right, k] * across
                    patches[n, i, j, k] = upper * (1 - down) + lower * down


def describe_patches(
    image: NDArray[np.uint8], keypoints: Keypoints, side: int
) -> NDArray[np.float32]:
    """Return the patch around each keypoint, of mean 0 and variance 1 over all its values.

    Parameters
    ----------
    image : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        The channels of a patch are normalised together: its colours stay.
    keypoints : Keypoints
        A patch covers six times their size, with its x axis in their direction.
    side : int
        Samples along each side.

    Returns
    -------
    ndarray of float32, shape (n, side * side * channels)
        Flat patches, of a standard deviation up to half a level, are zero.

    Notes
    -----
    Samples are taken from the level of the Gaussian pyramid at which they are one to two pixels
    apart.
    """
    steps = _WINDOW / side * keypoints.sizes.astype(np.float64)
    levels = np.floor(np.log2(np.maximum(steps, 1))).astype(int)
    level = image.astype(np.float32)
    channels = 1 if image.ndim == 2 else 3
    patches = np.empty((len(keypoints), side, side, channels), np.float32)
    angles, factor = keypoints.angles.astype(np.float64), 1
    for number in range(levels.max(initial=-1) + 1):
        chosen = np.nonzero(levels == number)[0]
        if number and min(level.shape[:2]) > 1:
            level, factor = pyramid_reduce(level), 2 * factor
        turns = np.column_stack([np.cos(angles), np.sin(angles)]) * (steps / factor)[:, None]
        points = keypoints.points.astype(np.float64) / factor
        shaped = level.reshape(*level.shape[:2], channels)
        _sample(shaped, points, turns, chosen, patches)
    values = patches.reshape(len(keypoints), side * side * channels)
    values -= values.mean(axis=1, keepdims=True)
    deviations = values.std(axis=1, keepdims=True)
    values[deviations[:, 0] <= _FLAT] = 0
    return values / np.maximum(deviations, _FLAT)
