"""Pyramids: an image halved again and again, taken apart into bands, and two images joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision.filters.pyramid import (
    detail_dtype,
    expand_onto,
    halved,
    raise_if_not_finite,
    reduced,
    split_details,
    value_range,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_SMALLEST_SIDE = 4  # pixels of the shorter side of the last level where levels=None


def gaussian_pyramid(image: ArrayLike, levels: int | None = None) -> list[np.ndarray]:
    """Return an image and its reduced versions, each half as large as the one before.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
    levels : int, optional
        How many arrays to return, at most down to a single pixel. By default as many as leave
        the shorter side at least 4 pixels.

    Returns
    -------
    list of numpy.ndarray
        The first is a copy of ``image``; each other one is :func:`pyramid_reduce` of the one
        before, of the same dtype.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or levels that are not whole.
    ValueError
        For an image without pixels, with NaN or infinite values, or with floats so large that
        256 times them is infinite; for more levels than it has, or less than 1.

    Notes
    -----
    All levels together have 4/3 of the image's pixels. Unlike scikit-image's generator this is a
    list, which by default ends before a side is shorter than 4 pixels.

    References
    ----------
    P. J. Burt and E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE
    Transactions on Communications 31(4), 1983.

    Examples
    --------
    >>> import numpy as np
    >>> [level.shape for level in gaussian_pyramid(np.zeros((48, 64), np.uint8))]
    [(48, 64), (24, 32), (12, 16), (6, 8)]
    """
    image = check_image(image, finite=False)
    pyramid = [image.copy()]
    for _ in range(_check_levels(levels, image.shape) - 1):
        pyramid.append(reduced(pyramid[-1]))
    raise_if_not_finite(pyramid[-1], image)
    return pyramid


def laplacian_pyramid(image: ArrayLike, levels: int | None = None) -> list[np.ndarray]:
    """Take an image apart into bands of detail, each half as fine as the one before.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
    levels : int, optional
        How many arrays to return, at most down to a single pixel. By default as many as leave
        the shorter side at least 4 pixels.

    Returns
    -------
    list of numpy.ndarray
        Each level but the last is that of :func:`gaussian_pyramid` minus the next one expanded:
        int16 for bool and uint8 images, int32 for uint16 and int16, float32 and float64 for
        themselves. The last is the rest: the last level of the Gaussian pyramid, of the dtype of
        ``image``. :func:`reconstruct` puts them together again.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or levels that are not whole.
    ValueError
        For an image without pixels, with NaN or infinite values, or with floats so large that
        256 times them is infinite; for more levels than it has, or less than 1.

    Notes
    -----
    1. The image is reduced.
    2. The reduced image is expanded, and subtracted from the image.
    3. The same is done with the reduced image.

    Expansion and difference are one pass; no expanded image is stored.

    Unlike scikit-image's, whose levels are all differences, the last level is the reduced image
    itself: without it no reconstruction is possible.

    References
    ----------
    P. J. Burt and E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE
    Transactions on Communications 31(4), 1983.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 0, 80, 0, 0, 0, 0]], np.uint8)
    >>> details, rest = laplacian_pyramid(image, 2)
    >>> details.tolist(), rest.tolist()
    ([[-5, -10, -18, 60, -18, -10, -3, 0]], [[0, 20, 20, 0]])
    """
    image = check_image(image, finite=False)
    pyramid = _bands(image, levels)
    raise_if_not_finite(pyramid[-1], image)
    return pyramid


def _bands(image, levels):
    pyramid = []
    level = image
    for _ in range(_check_levels(levels, image.shape) - 1):
        level, details = split_details(level)
        pyramid.append(details)
    pyramid.append(level if pyramid else level.copy())
    return pyramid


def reconstruct(pyramid: Sequence[ArrayLike]) -> np.ndarray:
    """Put the levels of a Laplacian pyramid together.

    Parameters
    ----------
    pyramid : list of array_like
        As :func:`laplacian_pyramid` returns it: the finest level first, last the small image.
        The levels may have been changed; where the small image is of an integer dtype, levels of
        another dtype are rounded.

    Returns
    -------
    numpy.ndarray, shape of the first level, dtype of the last
        Integers saturate. Of an unchanged pyramid, the image itself: exactly for integers, to
        1e-5 of the largest value for float32 and 1e-14 for float64.

    Raises
    ------
    TypeError
        For what is not a list of levels, or a level of a dtype or dimensions that none has.
    ValueError
        For an empty list, NaN or infinite values, values too large for their sums, or shapes
        that are not each half of the one before.

    Notes
    -----
    From the last level on, each is expanded and added to the one before, in one pass. Beside the
    result there is one level at a time, a third of its memory.

    References
    ----------
    P. J. Burt and E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE
    Transactions on Communications 31(4), 1983.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    >>> bool((reconstruct(laplacian_pyramid(image)) == image).all())
    True
    """
    if not isinstance(pyramid, (list, tuple)):
        raise TypeError(f"pyramid must be a list of arrays, got {type(pyramid).__name__}")
    if not pyramid:
        raise ValueError("pyramid must have at least one level, got an empty list")
    smallest = check_image(pyramid[-1], name=f"pyramid[{len(pyramid) - 1}]")
    image = smallest.copy()
    for number in range(len(pyramid) - 2, -1, -1):
        details = _check_details(pyramid[number], f"pyramid[{number}]", image)
        image = expand_onto(image, details, False, np.empty(details.shape, image.dtype))
    return raise_if_not_finite(image, smallest, "pyramid")


def blend(a: ArrayLike, b: ArrayLike, mask: ArrayLike, levels: int | None = None) -> np.ndarray:
    """Join two images without a visible seam: coarse structures over a wide zone, fine ones over
    a narrow one.

    Parameters
    ----------
    a, b : array_like, shape (rows, columns) or (rows, columns, 3)
        Two images of one shape and dtype.
    mask : array_like of bool or float, shape (rows, columns) or that of the images
        1 where ``a`` is wanted, 0 where ``b`` is; between 0 and 1 for a share of ``a``.
    levels : int, optional
        Of the pyramids: with one the images are mixed as the mask says, pixel by pixel; each
        further one doubles the widest zone of transition. By default as many as leave the
        shorter side at least 4 pixels.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``a``
        Integers are rounded and saturate.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image or mask has, or levels that are not
        whole.
    ValueError
        For images of two shapes or dtypes, with NaN or infinite values, or with floats so large
        that 1024 times them is infinite; for a mask of another shape or beyond 0 to 1; for more
        levels than the images have, or less than 1.

    Notes
    -----
    In each band of detail the images are mixed by the mask, smoothed as far as that band is
    coarse. Pyramids are linear, hence ``b`` and the mixed bands of ``a - b`` give the same sum
    with one Laplacian pyramid instead of two. Computed in float32, float64 images in float64;
    the pyramids take about three times the images in that type.

    References
    ----------
    P. J. Burt and E. H. Adelson, "A multiresolution spline with application to image mosaics",
    ACM Transactions on Graphics 2(4), 1983.

    Examples
    --------
    >>> import numpy as np
    >>> black, white = np.zeros((8, 8), np.uint8), np.full((8, 8), 240, np.uint8)
    >>> left_half = np.arange(8) < np.full((8, 1), 4)
    >>> blend(black, white, left_half, levels=1)[0].tolist()
    [0, 0, 0, 0, 240, 240, 240, 240]
    >>> blend(black, white, left_half, levels=2)[0].tolist()
    [4, 8, 32, 90, 156, 202, 231, 240]
    """
    a, b = check_image(a, name="a"), check_image(b, name="b")
    if a.shape != b.shape or a.dtype != b.dtype:
        raise ValueError(
            f"a and b must have one shape and dtype, got {a.dtype} {a.shape} and "
            f"{b.dtype} {b.shape}"
        )
    work = np.float64 if a.dtype == np.float64 else np.float32
    mask = _check_mask(mask, a.shape, work)
    base = b.astype(work)
    with np.errstate(over="ignore", invalid="ignore"):
        bands = _bands(a - base, levels)
        for band, share in zip(bands, gaussian_pyramid(mask, len(bands)), strict=True):
            band *= share if share.ndim == band.ndim else share[..., np.newaxis]
        mixed = bands.pop()
        while bands:
            band = bands.pop()
            mixed = expand_onto(mixed, band, False, np.empty_like(band))
        mixed += base
    if a.dtype.kind == "f":
        return raise_if_not_finite(mixed, a, "a and b", 1024)
    return np.rint(mixed).clip(*value_range(a.dtype)).astype(a.dtype)


def _check_mask(mask, shape, dtype):
    """Return the mask as a float array that broadcasts to the shape."""
    mask = check_image(mask, name="mask")
    if mask.dtype.kind not in "bf":
        raise TypeError(
            f"mask must be bool or float from 0 to 1, got {mask.dtype}; "
            "divide it by its largest value"
        )
    if mask.shape not in (shape, shape[:2]):
        wanted = " or ".join(map(str, dict.fromkeys((shape[:2], shape))))
        raise ValueError(f"mask must have shape {wanted}, got {mask.shape}")
    if mask.min() < 0 or mask.max() > 1:
        raise ValueError(f"mask must be from 0 to 1, got {mask.min():g} to {mask.max():g}")
    return mask.astype(dtype)


def _check_details(details, name, smaller):
    """Return a level of details that fits the next smaller one, in the dtype of details."""
    details = np.asarray(details)
    dtype = detail_dtype(smaller.dtype)
    if details.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold numbers, got {details.dtype}")
    fits = details.ndim == smaller.ndim and details.shape[2:] == smaller.shape[2:]
    if not fits or any(abs(details.shape[i] - 2 * smaller.shape[i]) > 1 for i in range(2)):
        raise ValueError(
            f"{name} must be twice as large as the level after it, {smaller.shape}, got "
            f"{details.shape}; the levels go from the finest to the smallest"
        )
    if details.dtype.kind == "f" and not np.isfinite(details).all():
        raise ValueError(f"{name} has NaN or infinite values")
    if details.dtype != dtype and dtype.kind == "i":
        limits = np.iinfo(dtype)
        if details.dtype.kind == "f":
            details = np.rint(details)
        details = details.clip(limits.min, limits.max)
    return np.require(details.astype(dtype, copy=False), requirements=["C", "W"])


def _check_levels(levels, shape):
    rows, columns = shape[:2]
    if levels is None:
        shorter, levels = min(rows, columns), 1
        while halved(shorter) >= _SMALLEST_SIDE:
            shorter, levels = halved(shorter), levels + 1
        return levels
    levels = check_number(levels, "levels", at_least=1, integer=True)
    most = 1 + (max(rows, columns) - 1).bit_length()
    if levels > most:
        raise ValueError(
            f"levels must be at most {most} for an image of {columns} x {rows} pixels, "
            f"whose last level is a single pixel, got {levels}"
        )
    return levels
