"""Crops of equal size as one array: checks and resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_size
from classicvision._opencv import opencv
from classicvision.images import as_uint8, luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LARGEST_SIDE = 10_000  # pixels a side, as in cascade files

RATIO_SLACK = 0.1  # by which the aspect ratio of a crop may differ from the window's


def check_crop_size(window: int | tuple[int, int], name: str = "window") -> tuple[int, int]:
    """Return (width, height) as two ints from 1 to 10,000."""
    if window is None:
        raise TypeError(f"{name} must be an integer or (width, height), got None")
    return check_size(window, name, at_least=1, at_most=_LARGEST_SIDE)


def to_gray(image: ArrayLike, name: str = "image") -> NDArray[np.uint8]:
    """Return any image as gray uint8, on the scale of 0 to 255."""
    return luminance(as_uint8(check_image(image, name=name)))


def check_crops(images: ArrayLike, name: str = "images") -> NDArray[np.uint8]:
    """Return crops as a C-contiguous uint8 array (n, rows, columns) of at least one."""
    array = np.asarray(images)
    if array.dtype != np.uint8:
        raise TypeError(
            f"{name} must be of dtype uint8, got {array.dtype}; read_positives converts"
        )
    if array.ndim != 3:
        raise TypeError(f"{name} must have shape (n, rows, columns), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} has no pixels: its shape is {array.shape}")
    return np.ascontiguousarray(array)


def resize(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize one gray image to (width, height): by area to shrink it, linearly to enlarge it."""
    rows, columns = image.shape
    if (columns, rows) == size:
        return image
    cv2 = opencv()
    shrinks = size[0] * size[1] < columns * rows
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=method)


def resize_crops(images: ArrayLike, size: int | tuple[int, int]) -> NDArray[np.uint8]:
    """Resize crops: by area where they shrink, linearly where they grow.

    Parameters
    ----------
    images : array_like of uint8, shape (n, rows, columns)
    size : int or (width, height)
        In pixels, 1 to 10,000.

    Returns
    -------
    ndarray of uint8, shape (n, height, width)
        ``images`` itself where it has that size already.

    Raises
    ------
    TypeError, ValueError
        For images that are not such an array, or a size out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from classicvision.detection.samples import resize_crops
    >>> resize_crops(np.array([[[10, 20], [30, 40]]], np.uint8), 1)
    array([[[25]]], dtype=uint8)
    """
    images = check_crops(images)
    width, height = check_crop_size(size, "size")
    if images.shape[1:] == (height, width):
        return images
    resized = np.empty((len(images), height, width), np.uint8)
    for image, result in zip(images, resized, strict=True):
        result[:] = resize(image, (width, height))
    return resized
