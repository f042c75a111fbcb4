"""Linear filters: the sum of the pixels around each pixel, weighted by a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_dtype, check_image
from classicvision.filters._borders import check_mode, with_zeros_outside
from classicvision.filters._fourier import sum_by_spectra, tile_shape
from classicvision.filters._weighted_sums import sum_factors, sum_kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

_RESULT_DTYPES = ("bool", "uint8", "uint16", "int16", "int32", "float32", "float64")

# measured, in the time of a tap of a kernel in float32
_FACTOR_COST = 2  # a tap of a factor
_LARGEST_WEIGHT_32 = 1e15  # beyond it the sums might not fit into float32
_FOURIER_COST = 800  # in float64


def correlate(
    image: ArrayLike,
    kernel: ArrayLike,
    mode: str = "mirror",
    *,
    dtype: DTypeLike | None = None,
) -> np.ndarray:
    """Sum the pixels around each pixel, weighted by a kernel that lies upon them.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    kernel : array_like, shape (kernel rows, kernel columns)
        The weights, of any size. The element at ``(kernel rows // 2, kernel columns // 2)`` lies
        upon the pixel, as in SciPy and OpenCV.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside. A kernel may be larger than
        the image.
    dtype : {None, "uint8", "uint16", "int16", "int32", "float32", "float64", "bool"}
        Of the result. None: that of the image.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        Integers are rounded to the nearest (halves to even) and saturate. With whole weights, or
        multiples of a power of two, uint8 images are identical to ``cv2.filter2D``.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a kernel that is not of real
        numbers.
    ValueError
        For an image without pixels or with values that are not finite, a kernel without
        weights, of other dimensions or with weights that are not finite, or an unknown mode or
        dtype.

    Notes
    -----
    Whichever is expected to be the fastest computes the result, the same but for rounding:

    1. the weighted sum of the pixels, whose time grows with the weights that are not 0;
    2. two passes, downwards and along the rows, where the kernel is a column times a row, so
       that it has one singular value;
    3. for large kernels, some 32x32 and more (23x23 where sums are computed in float64), the
       product of the Fourier transforms of the kernel and of tiles of the image.

    Sums are computed in float32, and in float64 for float64, uint16 and int16 images, for an int32
    or float64 result, and with Fourier transforms. These alone let a pixel reach others than those
    that the kernel connects with it: by rounding errors of some 1e-16 of its value times the sum
    of the weights' magnitudes.

    Memory: as many rows as the kernel has, in float32 or float64; with Fourier transforms some
    tiles of four times the kernel's size. Where the image is of another type than the sums, and
    not both image and result are uint8, also a copy of it and of the result.

    References
    ----------
    R. Szeliski, Computer Vision: Algorithms and Applications, 2nd edition, 2022, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((3, 5), np.uint8)
    >>> image[1, 2] = 10
    >>> correlate(image, [[1, 2, 3]])[1].tolist()
    [0, 30, 20, 10, 0]
    """
    image, weights, mode, dtype = _check(image, kernel, mode, dtype)
    return _filter(image, weights, [n // 2 for n in weights.shape], mode, dtype)


def convolve(
    image: ArrayLike,
    kernel: ArrayLike,
    mode: str = "mirror",
    *,
    dtype: DTypeLike | None = None,
) -> np.ndarray:
    """Convolve an image with a kernel: correlate it with the kernel turned by 180 degrees.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    kernel : array_like, shape (kernel rows, kernel columns)
        The weights, of any size. The element at ``(kernel rows // 2, kernel columns // 2)`` lies
        upon the pixel, as in SciPy.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.
    dtype : {None, "uint8", "uint16", "int16", "int32", "float32", "float64", "bool"}
        Of the result. None: that of the image.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        Integers are rounded to the nearest (halves to even) and saturate.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a kernel that is not of real
        numbers.
    ValueError
        For an image without pixels or with values that are not finite, a kernel without
        weights, of other dimensions or with weights that are not finite, or an unknown mode or
        dtype.

    Notes
    -----
    Computed as `correlate`, with its precision and memory.

    References
    ----------
    R. Szeliski, Computer Vision: Algorithms and Applications, 2nd edition, 2022, section 3.2.

    Examples
    --------
    An impulse becomes the kernel:

    >>> import numpy as np
    >>> image = np.zeros((1, 5), np.uint8)
    >>> image[0, 2] = 1
    >>> convolve(image, [[1, 2, 3]])[0].tolist()
    [0, 1, 2, 3, 0]
    """
    image, weights, mode, dtype = _check(image, kernel, mode, dtype)
    return _filter(image, weights[::-1, ::-1], [(n - 1) // 2 for n in weights.shape], mode, dtype)


def convolve_separable(
    image: ArrayLike,
    column: ArrayLike,
    row: ArrayLike,
    *,
    mode: str = "mirror",
    dtype: DTypeLike | None = None,
) -> np.ndarray:
    """Convolve an image with the product of a column and a row: first downwards, then along.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    column, row : array_like, shape (n,)
        The weights downwards and along the rows; the kernel is ``np.outer(column, row)``.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.
    dtype : {None, "uint8", "uint16", "int16", "int32", "float32", "float64", "bool"}
        Of the result. None: that of the image.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        Only the result is rounded, not the sums downwards. Integers are rounded to the nearest
        (halves to even) and saturate.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a column or row that is not of
        real numbers.
    ValueError
        For an image without pixels or with values that are not finite, a column or row
        without weights, of other dimensions or with weights that are not finite, or an unknown mode
        or dtype.

    Notes
    -----
    The element at ``n // 2`` of each factor lies upon the pixel. The time grows with the sum of
    their lengths.

    Memory: as many rows as ``column`` has weights, in float32 or float64.

    References
    ----------
    R. Szeliski, Computer Vision: Algorithms and Applications, 2nd edition, 2022, section 3.2.1.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((5, 5), np.uint8)
    >>> image[2, 2] = 1
    >>> convolve_separable(image, [1, 2, 1], [0, 3, 5])[1:4].tolist()
    [[0, 0, 3, 5, 0], [0, 0, 6, 10, 0], [0, 0, 3, 5, 0]]
    """
    image = check_image(image)
    column, row = _check_kernel(column, "column", 1), _check_kernel(row, "row", 1)
    mode, dtype = check_mode(mode), _result_dtype(dtype, image.dtype)
    anchor = (column.size - 1) // 2, (row.size - 1) // 2
    return _filter(image, (column[::-1], row[::-1]), anchor, mode, dtype)


def _check(image, kernel, mode, dtype):
    image = check_image(image)
    weights = _check_kernel(kernel, "kernel", 2)
    return image, weights, check_mode(mode), _result_dtype(dtype, image.dtype)


def _check_kernel(weights, name, dimensions):
    array = np.asarray(weights)
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"{name} must be of real numbers, got dtype {array.dtype}; convert it with .astype()"
        )
    if array.ndim != dimensions:
        wanted = "(rows, columns)" if dimensions == 2 else "(n,)"
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} has no weights: its shape is {array.shape}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinite weights; replace them")
    return array


def _result_dtype(dtype, image_dtype):
    if dtype is None:
        return image_dtype
    return check_dtype(dtype, _RESULT_DTYPES)


def _filter(image, weights, anchor, mode, dtype):
    """Correlate with a kernel, or with two factors of one, whose ``anchor`` lies on the pixel."""
    if mode == "constant":
        return with_zeros_outside(
            image, lambda framed: _filter(framed, weights, anchor, "nearest", dtype)
        )
    if image.dtype.kind == "b":
        image = image.view(np.uint8)
    small = image.dtype in (np.uint8, np.float32) and dtype.name not in ("int32", "float64")
    parts = weights if isinstance(weights, tuple) else (weights,)
    if max(np.abs(part).max() for part in parts) > _LARGEST_WEIGHT_32:
        small = False
    work = np.float32 if small else np.float64
    method, weights = _method(image, weights, work)
    if method is sum_by_spectra:  # whose rounding errors go from the largest pixels to all others
        work = np.float64
    rounded = image.dtype == dtype == np.uint8 and work == np.float32
    if not rounded:
        image = image.astype(work, copy=False)
    result = np.empty(image.shape, np.uint8 if rounded else work)
    method(image, weights, anchor, mode, work, result)
    return converted(result, dtype)


def _method(image, weights, work):
    """Return the function that is expected to be the fastest, and the kernel or its factors."""
    if isinstance(weights, tuple):
        return sum_factors, weights
    height, width = weights.shape
    tap = 2 if work == np.float64 else 1
    costs = {sum_kernel: tap * np.count_nonzero(weights)}
    if costs[sum_kernel] > _FOURIER_COST:
        tile = tile_shape(*image.shape[:2], height, width)
        useful = (tile[0] - height + 1) * (tile[1] - width + 1)
        costs[sum_by_spectra] = _FOURIER_COST * tile[0] * tile[1] / useful
    cheapest = min(costs, key=costs.get)
    if _FACTOR_COST * tap * (height + width) < costs[cheapest]:
        factors = kernel_factors(weights, np.finfo(work).eps)
        if factors is not None:
            return sum_factors, factors
    return cheapest, weights


def kernel_factors(weights: np.ndarray, precision: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a column and a row whose product the kernel is; None where it is no such product.

    It is one where all its singular values but the first are 0. Then the column and the row
    through its largest weight are its factors; and where these are, each weight to its own rounding
    in this precision, no other singular value is larger than that rounding (Eckart and Young,
    1936): there is no need to compute them. Weights of 0 must be 0 in the product. Factors of whole
    numbers are made whole numbers, so that their sums stay exact.
    """
    i, j = np.unravel_index(np.abs(weights).argmax(), weights.shape)
    largest = weights[i, j]
    if largest == 0:
        return None
    column, row = weights[:, j], weights[i] / largest
    if (np.abs(np.outer(column, row) - weights) > 4 * precision * np.abs(weights)).any():
        return None
    if (column == np.rint(column)).all() and abs(largest) < 2**53:
        column = column / np.gcd.reduce(column.astype(np.int64))
    return column, weights[i] / column[i]


def converted(result: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return ``result``, which may be written to, as ``dtype``: integers round and saturate."""
    if dtype.kind == "f" or dtype == result.dtype:
        return result.astype(dtype, copy=False)
    limits = np.iinfo(np.uint8 if dtype.kind == "b" else dtype)
    np.rint(result, out=result)
    np.clip(result, limits.min, 1 if dtype.kind == "b" else limits.max, out=result)
    return result.astype(dtype)
