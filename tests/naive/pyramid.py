"""Pyramids by one 5 x 5 mask, moved over the padded image, and by the definition of blending."""

import numpy as np

from tests.naive.derivatives import correlate

ROW = np.array([1, 4, 6, 4, 1])


def per_channel(function, image, *args):
    if image.ndim == 2:
        return function(image, *args)
    return np.stack([function(image[..., k], *args) for k in range(image.shape[2])], axis=2)


def rounded(sums, divisor, dtype):
    """Divide whole sums, halves up, for integers; for floats just divide."""
    if np.dtype(dtype).kind == "f":
        return (sums / divisor).astype(dtype)
    return np.floor(sums / divisor + 0.5).astype(dtype)


def reduce(image):
    return per_channel(_reduce, image)


def _reduce(image):
    smooth = correlate(image, np.outer(ROW, ROW), "mirror")
    return rounded(smooth[::2, ::2], 256, image.dtype)


def expand(image, shape):
    return per_channel(_expand, image, shape)


def _expand(image, shape):
    """Put zeros between the pixels, mirrored above and left, repeated below and right; smooth.

    Beyond twice the size OpenCV repeats the last column, but the last row but one.
    """
    rows, columns = image.shape
    above, left = min(1, rows - 1), min(1, columns - 1)
    bordered = np.asarray(image, np.float64)[[above, *range(rows), rows - 1]]
    bordered = bordered[:, [left, *range(columns), columns - 1]]
    spread = np.zeros((2 * rows + 4, 2 * columns + 4))
    spread[::2, ::2] = bordered
    sums = correlate(spread, np.outer(ROW, ROW), "constant")[2:-2, 2:-2]
    sums = sums[[*range(2 * rows), 2 * rows - 2]][:, [*range(2 * columns), 2 * columns - 1]]
    return rounded(sums[: shape[0], : shape[1]], 64, image.dtype)


def laplacian_pyramid(image, levels):
    """Differences of each level and the next one expanded, and the last level."""
    pyramid = []
    for _ in range(levels - 1):
        smaller = reduce(image)
        wide = image if image.dtype.kind == "f" else image.astype(np.int64)
        pyramid.append(wide - expand(smaller, image.shape[:2]))
        image = smaller
    return [*pyramid, image]


def blend(a, b, mask, levels):
    """Burt and Adelson's four steps in float64: take apart a and b, mix each band, sum up."""
    if mask.ndim < a.ndim:
        mask = np.repeat(mask[..., np.newaxis], 3, axis=2)
    bands_a, bands_b = (laplacian_pyramid(image.astype(float), levels) for image in (a, b))
    share = mask.astype(float)
    mixed = []
    for band_a, band_b in zip(bands_a, bands_b, strict=True):
        mixed.append(share * band_a + (1 - share) * band_b)
        share = reduce(share)
    result = mixed.pop()
    while mixed:
        result = mixed[-1] + expand(result, mixed.pop().shape[:2])
    return result
