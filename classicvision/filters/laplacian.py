"""The Laplacian of an image, as it is or smoothed: the sum of its second derivatives."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number, check_option
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices, check_mode
from classicvision.filters.derivatives import derivative_dtype, row_offsets, work_dtype
from classicvision.filters.smoothing import derivative_weights, gaussian

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

_LARGEST_SIGMA = 10_000  # pixels
_LARGEST_TRUNCATE = 100

# size: the second difference's taps at 0, 1, 2, ... pixels from the centre, and those of the
# smoothing across it; both are symmetric
_TAPS = {
    1: ([-2, 1], [1, 0]),
    3: ([-2, 1], [2, 1]),
    5: ([-2, 0, 1], [6, 4, 1]),
    7: ([-4, -1, 2, 1], [20, 15, 6, 1]),
}


# c = column, k = distance of a tap; `before`, `here` and `after` are unsigned offsets into flat
# arrays. Every product is cut to the sums' own type, since Numba widens integers to 64 bits.
@kernel(inline=True)
def _weigh_rows(image, before, here, after, taps, bend, smooth):
    """Write the second difference and the smoothing of a row, across it, into two rows."""
    number = bend.dtype.type
    bend_middle, bend_near = taps[0, 0], taps[0, 1]
    middle, near = taps[1, 0], taps[1, 1]
    for column in range(bend.size):
        c = np.uint64(column)
        pixel = number(image[here + c])
        both = number(number(image[before + c]) + number(image[after + c]))
        bend[c] = number(number(bend_middle * pixel) + number(bend_near * both))
        smooth[c] = number(number(middle * pixel) + number(near * both))


@kernel(inline=True)
def _add_rows(image, before, after, taps, k, bend, smooth):
    number = bend.dtype.type
    bend_near, near = taps[0, k], taps[1, k]
    for column in range(bend.size):
        c = np.uint64(column)
        both = number(number(image[before + c]) + number(image[after + c]))
        bend[c] += number(bend_near * both)
        smooth[c] += number(near * both)


@kernel(inline=True)
def _weigh_along(bend, smooth, before, here, after, taps, result):
    """Add the smoothing of one row to the second difference of the other, both along the row."""
    number = taps.dtype.type
    bend_middle, bend_near = taps[0, 0], taps[0, 1]
    middle, near = taps[1, 0], taps[1, 1]
    for column in range(result.size):
        c = np.uint64(column)
        at_middle = number(number(middle * bend[here + c]) + number(bend_middle * smooth[here + c]))
        of_bend = number(near * number(bend[before + c] + bend[after + c]))
        of_smooth = number(bend_near * number(smooth[before + c] + smooth[after + c]))
        result[c] = number(at_middle + number(of_bend + of_smooth))


@kernel(inline=True)
def _add_along(bend, smooth, before, after, taps, k, result):
    number = taps.dtype.type
    bend_near, near = taps[0, k], taps[1, k]
    for column in range(result.size):
        c = np.uint64(column)
        of_bend = number(near * number(bend[before + c] + bend[after + c]))
        of_smooth = number(bend_near * number(smooth[before + c] + smooth[after + c]))
        result[c] += number(of_bend + of_smooth)


# r = row; axis 0 is y. `rows_at` has the offset of the row at each position of the image with its
# border, `columns_at` the element at each position of a row with its border; `step` is the number
# of interleaved channels; `lines` are two rows with their borders.
@kernel
def _laplacian(image, rows_at, columns_at, step, taps_y, taps_x, lines, result):
    width = result.shape[1]
    one, stride, radius = np.uint64(1), np.uint64(step), np.uint64(taps_y.shape[1] - 1)
    border = np.uint64(taps_x.shape[1] - 1) * stride
    bend, smooth = lines[0], lines[1]
    bend_inside, smooth_inside = bend[border : border + width], smooth[border : border + width]
    for r in range(result.shape[0]):
        here, row = np.uint64(r) + radius, result[r]
        before, after = rows_at[here - one], rows_at[here + one]
        _weigh_rows(image, before, rows_at[here], after, taps_y, bend_inside, smooth_inside)
        for distance in range(2, taps_y.shape[1]):
            k = np.uint64(distance)
            before, after = rows_at[here - k], rows_at[here + k]
            _add_rows(image, before, after, taps_y, k, bend_inside, smooth_inside)
        for column in range(border):
            c = np.uint64(column)
            beyond = border + np.uint64(width) + c
            bend[c], smooth[c] = bend_inside[columns_at[c]], smooth_inside[columns_at[c]]
            bend[beyond] = bend_inside[columns_at[beyond]]
            smooth[beyond] = smooth_inside[columns_at[beyond]]
        _weigh_along(bend, smooth, border - stride, border, border + stride, taps_x, row)
        for distance in range(2, taps_x.shape[1]):
            k = np.uint64(distance)
            _add_along(bend, smooth, border - k * stride, border + k * stride, taps_x, k, row)


def laplacian(
    image: ArrayLike,
    *,
    size: int = 1,
    dtype: DTypeLike | None = None,
    mode: str = "mirror",
) -> np.ndarray:
    """Return the sum of the second derivatives along x and y.

    It is negative on bright lines and spots, positive on dark ones, and changes its sign at edges.

    ==== ========================== =========================== ==================
    size second difference          smoothing across it         response to x² / 2
    ==== ========================== =========================== ==================
    1    [1, -2, 1]                 none                        1
    3    [1, -2, 1]                 [1, 2, 1]                   4
    5    [1, 0, -2, 0, 1]           [1, 4, 6, 4, 1]             64
    7    [1, 2, -1, -4, -1, 2, 1]   [1, 6, 15, 20, 15, 6, 1]    1024
    ==== ========================== =========================== ==================

    Nothing is rescaled: divide by the last column to measure the Laplacian.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    size : {1, 3, 5, 7}
        Side of the operator, with OpenCV's meaning; 1 is the cross of a pixel and its four
        neighbours, which weigh -4 and 1.
    dtype : {None, "int16", "int32", "float32", "float64"}
        Of the result. None: float32, and float64 for a float64 image. Integers are exact and
        saturate where they do not fit (never for uint8 images up to size 5).
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        Equal to ``cv2.Laplacian(image, depth, ksize=size)``; with size 1 to
        ``scipy.ndimage.laplace`` too. (scikit-image's ``laplace`` has the opposite sign.)

    Raises
    ------
    TypeError, ValueError
        For an image, size, dtype or mode that is not one of these.

    Notes
    -----
    The second difference along each axis is smoothed across it, by two one-dimensional filters.
    Memory: the result and two rows; for the border "constant", a framed copy of the image.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th edition, 2018, section 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> spot = np.zeros((3, 3), np.uint8)
    >>> spot[1, 1] = 10
    >>> cv.laplacian(spot, mode="constant").astype(int)
    array([[  0,  10,   0],
           [ 10, -40,  10],
           [  0,  10,   0]])
    """
    image = check_image(image)
    if image.dtype == bool:
        image = image.view(np.uint8)
    check_option(size, "size", tuple(_TAPS))
    mode = check_mode(mode)
    dtype = derivative_dtype(dtype, image.dtype)
    taps = np.array(_TAPS[size])
    weights = 2 * abs(taps).sum(axis=1) - abs(taps[:, 0])
    work, largest = work_dtype(image.dtype, dtype, 2 * int(weights.prod()))
    saturates = dtype.kind == "i" and largest > np.iinfo(dtype).max
    taps = taps.astype(work)
    result = _filter(image, taps, taps, mode, work if saturates else dtype)
    if saturates:
        limits = np.iinfo(dtype)
        result = result.clip(limits.min, limits.max)
    return result.astype(dtype, copy=False)


def _filter(image, taps_y, taps_x, mode, dtype):
    if mode == "constant":  # the nearest pixel to all those outside is one of a frame of zeros
        framed = np.pad(image, [(1, 1)] * 2 + [(0, 0)] * (image.ndim - 2))
        return np.ascontiguousarray(_filter(framed, taps_y, taps_x, "nearest", dtype)[1:-1, 1:-1])
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    columns_at = border_indices(columns, taps_x.shape[1] - 1, mode, step).astype(np.uint64)
    result = np.empty(image.shape, dtype)
    _laplacian(
        image.reshape(-1),
        row_offsets(image, taps_y.shape[1] - 1, mode),
        columns_at,
        step,
        taps_y,
        taps_x,
        np.empty((2, columns_at.size), taps_x.dtype),
        result.reshape(rows, -1),
    )
    return result


def laplacian_of_gaussian(
    image: ArrayLike,
    sigma: float | tuple[float, float],
    *,
    truncate: float = 4.0,
    zero_sum: bool = False,
    mode: str = "mirror",
) -> np.ndarray:
    """Smooth an image by a Gaussian and return its Laplacian, as one filter.

    It answers to lines and spots of about the size of the Gaussian, and changes its sign at edges.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    sigma : float or (float, float)
        Standard deviation of the Gaussian in pixels, or one along x and one along y; above 0, at
        most 10,000.
    truncate : float
        The weights end at ``int(truncate * sigma + 0.5)`` pixels from the centre, as in SciPy;
        from 0 to 100.
    zero_sum : bool
        Take from each second derivative as much of the Gaussian as makes its weights sum to 0, so
        that a flat image gives 0. Otherwise, as in SciPy, it gives its value times the sum of the
        weights: between 0 and -0.0022 / sigma**2 with ``truncate=4`` and sigma 1 or more.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        float32, and float64 for a float64 image; without ``zero_sum`` equal to
        ``scipy.ndimage.gaussian_laplace`` of that type. Positive on dark spots, negative on bright
        ones.

    Raises
    ------
    TypeError, ValueError
        For an image, sigma, truncate or mode that is not one of these.

    Notes
    -----
    The second derivative of the Gaussian along each axis, smoothed across it by the Gaussian: two
    filters of two one-dimensional ones each. They are not rescaled: where image and sigma are
    enlarged, the response falls with sigma squared. Memory: the result and two rows; for the border
    "constant", a framed copy of the image.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", Proceedings of the Royal Society B 207,
    1980, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 100
    >>> cv.laplacian_of_gaussian(spot, 1)[4].round(1)
    array([  0.1,   1.2,   4.3,  -9.7, -31.8,  -9.7,   4.3,   1.2,   0.1])
    """
    image = check_image(image)
    if image.dtype == bool:
        image = image.view(np.uint8)
    sigmas = _pair(sigma, "sigma")
    truncate = check_number(truncate, "truncate", at_least=0, at_most=_LARGEST_TRUNCATE)
    mode = check_mode(mode)
    dtype = derivative_dtype(None, image.dtype)
    taps_x, taps_y = (_gaussian_taps(s, truncate, zero_sum).astype(dtype) for s in sigmas)
    return _filter(image, taps_y, taps_x, mode, dtype)


def _gaussian_taps(sigma, truncate, zero_sum):
    """Return the Gaussian's second derivative and the Gaussian, from the centre outwards."""
    radius = int(truncate * sigma + 0.5)
    smooth = derivative_weights(sigma, 0, radius)
    bend = derivative_weights(sigma, 2, radius)
    if zero_sum:
        bend -= bend.sum() * smooth
    taps = np.zeros((2, max(radius, 1) + 1))
    taps[:, : radius + 1] = bend[radius:], smooth[radius:]
    return taps


def difference_of_gaussians(
    image: ArrayLike,
    low: float | tuple[float, float],
    high: float | tuple[float, float] | None = None,
    *,
    truncate: float = 4.0,
    mode: str = "mirror",
) -> np.ndarray:
    """Subtract a strongly smoothed image from a weakly smoothed one: a band of its frequencies.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    low, high : float or (float, float)
        Standard deviations in pixels of the narrower and of the wider Gaussian, or pairs along x
        and y. ``high`` must not be below ``low``; None is 1.6 times ``low``, of which Marr and
        Hildreth say that it comes closest to the Laplacian of a Gaussian.
    truncate : float
        The weights end at ``int(truncate * sigma + 0.5)`` pixels from the centre, as in SciPy;
        from 0 to 100.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        float32, and float64 for a float64 image. For float images equal to
        ``skimage.filters.difference_of_gaussians``, whose border is "nearest"; that divides
        integers by the largest of their dtype first, while here all values keep their scale.

    Raises
    ------
    TypeError, ValueError
        For an image, sigma, truncate or mode that is not one of these, or ``high < low``.

    Notes
    -----
    Positive on bright spots, negative on dark ones: about ``(high**2 - low**2) / 2`` times the
    negative of the Laplacian of a Gaussian. Memory: twice the result, and as much again for
    integer images.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", Proceedings of the Royal Society B 207,
    1980, appendix B.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 100
    >>> cv.difference_of_gaussians(spot, 1)[4].round(1)
    array([-0.5, -0.9, -0.7,  4.5,  9.7,  4.5, -0.7, -0.9, -0.5])
    """
    image = check_image(image)
    low = _pair(low, "low")
    high = tuple(1.6 * sigma for sigma in low) if high is None else _pair(high, "high")
    if high[0] < low[0] or high[1] < low[1]:
        raise ValueError(f"high must not be below low, got {high} and {low}")
    if image.dtype.kind != "f":
        image = image.astype(np.float32)
    result = gaussian(image, low, truncate=truncate, mode=mode)
    result -= gaussian(image, high, truncate=truncate, mode=mode)
    return result


def _pair(sigma, name):
    pair = (sigma, sigma) if isinstance(sigma, numbers.Real) else sigma
    try:
        sigma_x, sigma_y = pair
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number or a pair (x, y), got {sigma!r}") from None
    return tuple(
        check_number(value, name, at_least=0, at_most=_LARGEST_SIGMA)
        for value in (sigma_x, sigma_y)
    )
