"""Colour to gray, with OpenCV's weights and rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image
from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_WEIGHTS = (0.299, 0.587, 0.114)
_WEIGHTS_15_BITS = (9798, 19235, 3735)  # times 32768, rounded


# Unsigned positions: a signed one might count from the end, which forbids vector instructions.
@kernel
def _weigh_uint8(pixels, gray):
    """Write the luminance of interleaved red, green, blue, ... into ``gray``."""
    red, green, blue = _WEIGHTS_15_BITS
    for i in range(gray.size):
        k = np.uint64(3) * np.uint64(i)
        total = np.uint32(np.uint32(red) * np.uint32(pixels[k]))
        total = np.uint32(total + np.uint32(np.uint32(green) * np.uint32(pixels[k + np.uint64(1)])))
        total = np.uint32(total + np.uint32(np.uint32(blue) * np.uint32(pixels[k + np.uint64(2)])))
        gray[i] = np.uint8(np.uint32(total + np.uint32(16384)) >> np.uint32(15))


def luminance(image: ArrayLike) -> np.ndarray:
    """Return the luminance of an RGB image: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

    Integers are computed with weights of 15 bits and rounded to the nearest, halves up, which
    is OpenCV's ``cvtColor`` bit for bit; float32 is computed with OpenCV's fused
    multiplications (its own last seven columns may differ by one unit in the last place).

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, 3)
        bool, uint8, uint16, int16, float32 or float64.

    Returns
    -------
    ndarray, shape (rows, columns)
        Of the same dtype; a gray image is returned as it is.

    Examples
    --------
    >>> luminance(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8))
    array([[ 76, 150,  29]], dtype=uint8)
    """
    image = check_image(image, finite=False)
    if image.ndim == 2:
        return image
    gray = np.empty(image.shape[:2], image.dtype)
    pixels, flat = image.reshape(-1, 3), gray.reshape(-1)
    if image.dtype == np.uint8:
        _weigh_uint8(image.reshape(-1), flat)
        return gray
    for start in range(0, len(flat), 16384):  # blocks that stay in the cache
        flat[start : start + 16384] = _weighted(pixels[start : start + 16384])
    return gray


def as_uint8(image: np.ndarray) -> NDArray[np.uint8]:
    """Return an image as uint8, on the scale of 0 to 255 that its dtype stands for.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, 3)
        uint8 is returned as it is. uint16 is divided by 257 and bool multiplied by 255; floats
        are multiplied by 255 where none exceeds 1, rounded half to even and clipped; int16 is
        clipped.

    Returns
    -------
    ndarray of uint8, of the same shape

    Examples
    --------
    >>> import numpy as np
    >>> from classicvision.images import as_uint8
    >>> as_uint8(np.array([[0.0, 0.5, 1.0]]))
    array([[  0, 128, 255]], dtype=uint8)
    """
    if image.dtype == np.uint8:
        return image
    if image.dtype == bool:
        return image.astype(np.uint8) * np.uint8(255)
    if image.dtype == np.uint16:
        image = np.rint(image / 257.0)
    elif image.dtype.kind == "f":
        image = np.rint(image * 255.0 if image.max() <= 1 else image)
    return np.clip(image, 0, 255).astype(np.uint8)


def _weighted(pixels):
    if pixels.dtype.kind == "f":
        # float32: products are exact in float64, and each sum is rounded once, as a fused
        # multiplication does.
        dtype = pixels.dtype.type
        red, green, blue = (pixels[:, i] * np.float64(dtype(w)) for i, w in enumerate(_WEIGHTS))
        return (blue + (red + green.astype(dtype)).astype(dtype)).astype(dtype)
    # Every product and sum of these is exact: 8 + 15 bits in float32, 16 + 15 in float64.
    dtype = np.float32 if pixels.dtype.itemsize == 1 else np.float64
    sums = pixels.astype(dtype) @ np.array(_WEIGHTS_15_BITS, dtype)
    return np.floor(sums / dtype(32768) + dtype(0.5))
