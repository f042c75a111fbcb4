"""Colour without brightness: the share that red, green and blue have in each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classicvision._checks import check_image

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Chromaticity(NamedTuple):
    """Four arrays of shape (rows, columns), float32, or float64 for images of float64.

    Attributes
    ----------
    red, green, blue : ndarray
        R, G and B, each divided by R + G + B; their sum is 1, or 0 where the pixel is black.
    intensity : ndarray
        (R + G + B) / 3, on the image's own scale.
    """

    red: np.ndarray
    green: np.ndarray
    blue: np.ndarray
    intensity: np.ndarray


def chromaticity(image: ArrayLike) -> Chromaticity:
    """Separate the colour of an image from its brightness.

    The chromaticities r = R / (R + G + B), and likewise g and b, stay the same when a surface of
    the scene gets more or less of the same light.

    Parameters
    ----------
    image : array_like, shape (rows, columns, 3)
        RGB, not negative: bool, uint8, uint16, int16, float32 or float64, on any scale.

    Returns
    -------
    Chromaticity
        A tuple of four arrays, ``red, green, blue, intensity``, of shape (rows, columns).

    Raises
    ------
    TypeError, ValueError
        For a gray image, or values that are negative or not finite.

    Notes
    -----
    A black pixel, 0 / 0, has the chromaticities 0, 0, 0. Computed in float64. Memory: eight
    float64 values a pixel for the time of the call.

    References
    ----------
    G. Wyszecki and W. S. Stiles, "Color Science", 2nd edition, 1982, section 3.3.

    Examples
    --------
    >>> image = np.array([[[200, 50, 0], [20, 5, 0]]], np.uint8)
    >>> red, green, blue, intensity = chromaticity(image)
    >>> red
    array([[0.8, 0.8]], dtype=float32)
    >>> intensity
    array([[83.333336,  8.333333]], dtype=float32)
    """
    image = check_image(image)
    if image.ndim == 2:
        raise ValueError(f"image must be RGB, (rows, columns, 3), got shape {image.shape}")
    if image.dtype.kind in "if" and image.min() < 0:
        raise ValueError(
            f"image must not be negative, got {image.min():g}; shift it, or clip it with np.clip"
        )
    values = image.astype(np.float64)
    total = values.sum(axis=2)
    dtype = np.float64 if image.dtype == np.float64 else np.float32
    shares = np.zeros_like(values)
    np.divide(values, total[..., None], out=shares, where=total[..., None] > 0)
    red, green, blue = np.moveaxis(shares.astype(dtype), 2, 0).copy()
    return Chromaticity(red, green, blue, (total / 3).astype(dtype))
