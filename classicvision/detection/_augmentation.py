"""More crops from few: mirrored, shifted, scaled, turned and relit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number, check_random_state
from classicvision._opencv import opencv
from classicvision.detection._crops import check_crops

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_MOST = 100_000_000


def augment_samples(
    images: ArrayLike,
    n: int,
    *,
    mirror: bool = True,
    shift: float = 0.05,
    scale: tuple[float, float] = (0.95, 1.1),
    rotation: float = 0.1,
    brightness: float = 0.1,
    contrast: float = 0.2,
    random_state: int | np.random.Generator | np.random.RandomState | None = None,
) -> NDArray[np.uint8]:
    """Make varied crops from crops.

    Parameters
    ----------
    images : array_like of uint8, shape (m, rows, columns)
        Best larger than the detector's window, so that no detail is lost: the result has their
        size, and is shrunk to the window afterwards (`resize_crops`).
    n : int
        How many crops to make: from the first image, the second, ..., and the first again.
    mirror : bool
        Mirror half of them left to right.
    shift : float
        The largest shift along x and along y, as a share of the width and height; 0 to 1.
    scale : (float, float)
        The smallest and the largest scale about the centre, 0.1 to 10: above 1 the object gets
        larger and its edges are cut off.
    rotation : float
        The largest rotation about the centre, to both sides, in radians.
    brightness : float
        The largest change of all pixels up or down, as a share of 255; 0 to 1.
    contrast : float
        The largest change of the differences from the crop's mean, as a share of them; 0 to 1.
    random_state : int, numpy.random.Generator, numpy.random.RandomState, optional
        Where the random numbers come from. An int gives the same crops at every call, and the
        first ones stay the same when ``n`` grows.

    Returns
    -------
    ndarray of uint8, shape (n, rows, columns)

    Raises
    ------
    TypeError, ValueError
        For images that are not such an array, or an option out of range.

    Notes
    -----
    All numbers are drawn evenly from their ranges, the scale's logarithm too. One affine
    transform with bilinear interpolation does the geometry; pixels that come from beyond the
    border repeat it.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> crops = np.tile(np.arange(48, dtype=np.uint8), (2, 48, 1))
    >>> cv.augment_samples(crops, 5, random_state=0).shape
    (5, 48, 48)
    """
    images = check_crops(images)
    n = check_number(n, "n", at_least=0, at_most=_MOST, integer=True)
    shift = check_number(shift, "shift", at_least=0, at_most=1)
    low, high = check_range(scale, "scale", at_least=0.1, at_most=10)
    rotation = check_number(rotation, "rotation", at_least=0, at_most=math.pi)
    brightness = check_number(brightness, "brightness", at_least=0, at_most=1)
    contrast = check_number(contrast, "contrast", at_least=0, at_most=1)
    # A row of numbers for each crop, from 0 to 1, or from -1 to 1.
    numbers = check_random_state(random_state).random((n, 7))
    signed = 2 * numbers - 1
    rows, columns = images.shape[1:]
    made = np.empty((n, rows, columns), np.uint8)
    for i in range(n):
        matrix = affine_matrix(
            (columns, rows),
            scale=low * (high / low) ** numbers[i, 0],
            angle=rotation * signed[i, 1],
            shift=(shift * columns * signed[i, 2], shift * rows * signed[i, 3]),
            mirror=mirror and numbers[i, 4] < 0.5,
        )
        warped = warp(images[i % len(images)], matrix, (columns, rows))
        made[i] = relight(warped, 255 * brightness * signed[i, 5], 1 + contrast * signed[i, 6])
    return made


def check_range(value, name, **limits):
    """Return (low, high) as two floats within limits, low not above high."""
    try:
        low, high = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a pair (low, high), got {value!r:.80}") from None
    low, high = check_number(low, name, **limits), check_number(high, name, **limits)
    if low > high:
        raise ValueError(f"{name} must be (low, high) with low <= high, got ({low}, {high})")
    return low, high


def affine_matrix(size, *, scale=1.0, angle=0.0, shift=(0.0, 0.0), mirror=False):
    """Return the 2 by 3 matrix that moves the points of an image of (width, height) pixels."""
    x, y = (size[0] - 1) / 2, (size[1] - 1) / 2
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    flip = -1.0 if mirror else 1.0
    linear = np.array([[cosine * flip, -sine], [sine * flip, cosine]])
    offset = np.array([x + shift[0], y + shift[1]]) - linear @ (x, y)
    return np.column_stack([linear, offset])


def warp(image, matrix, size, *, outside=None):
    """Move an image's pixels by a matrix; beyond the border is repeated, or has one value."""
    cv2 = opencv()
    border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    return cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border, borderValue=outside or 0
    )


def relight(image, offset, gain):
    """Multiply the differences from the mean by ``gain``, and add ``offset`` to all."""
    mean = image.mean()
    levels = np.arange(256) * gain + (mean * (1 - gain) + offset + 0.5)
    return np.clip(levels, 0, 255).astype(np.uint8)[image]
