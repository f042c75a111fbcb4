"""The Laplacian of an image: the sum of its second derivatives along x and y."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_option
from classicvision._jit import kernel
from classicvision.filters._borders import check_mode, with_zeros_outside
from classicvision.filters.derivatives import (
    as_work,
    column_offsets,
    derivative_dtype,
    row_offsets,
    work_dtype,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

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


# The cross alone in one pass: half the time. The first and last pixel of a row have neighbours
# beyond the border; a row of one pixel is both.
@kernel
def _cross(image, rows_at, columns_at, step, result):
    number = result.dtype.type
    rows, width = result.shape
    one, stride = np.uint64(1), np.uint64(step)
    for r in range(rows):
        y, row = np.uint64(r) + one, result[r]
        above, here, below = rows_at[y - one], rows_at[y], rows_at[y + one]
        for edge in (np.uint64(0), np.uint64(width - step)):
            for channel in range(step):
                c = edge + np.uint64(channel)
                left, right = columns_at[c], columns_at[c + stride + stride]
                upright = number(number(image[above + c]) + number(image[below + c]))
                level = number(number(image[here + left]) + number(image[here + right]))
                around = number(upright + level)
                row[c] = number(around - number(number(4) * number(image[here + c])))
        inside, left, right = row[step:], here, here + stride + stride
        above, here, below = above + stride, here + stride, below + stride
        for column in range(width - 2 * step):
            c = np.uint64(column)
            upright = number(number(image[above + c]) + number(image[below + c]))
            level = number(number(image[left + c]) + number(image[right + c]))
            around = number(upright + level)
            inside[c] = number(around - number(number(4) * number(image[here + c])))


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
    TypeError
        For a dtype or a number of dimensions that no image has.
    ValueError
        For an image without pixels or with values that are not finite, an unknown size,
        dtype or mode, or an integer dtype for a float image.

    Notes
    -----
    The second difference along each axis is smoothed across it, by two one-dimensional filters.
    Memory: the result and two rows; for the border "constant", and for integers other than uint8,
    a copy of the image.

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
    if mode == "constant":
        options = {"size": size, "dtype": dtype, "mode": "nearest"}
        return with_zeros_outside(image, lambda framed: laplacian(framed, **options))
    taps = np.array(_TAPS[size])
    weights = 2 * abs(taps).sum(axis=1) - abs(taps[:, 0])
    work, largest = work_dtype(image.dtype, dtype, 2 * int(weights.prod()))
    image, taps = as_work(image, work), taps.astype(work)
    result = _apply_cross(image, mode, work) if size == 1 else filter_bends(image, taps, taps, mode)
    if dtype.kind == "i" and largest > np.iinfo(dtype).max:
        limits = np.iinfo(dtype)
        result = result.clip(limits.min, limits.max)
    return result.astype(dtype, copy=False)


def filter_bends(
    image: np.ndarray, taps_y: np.ndarray, taps_x: np.ndarray, mode: str
) -> np.ndarray:
    """Return the sum of the second differences along y and x, each smoothed across it.

    ``taps_y`` and ``taps_x`` have two rows: the taps of the second difference and those of the
    smoothing, at 0, 1, 2, ... pixels from the centre, at least two of each. Their dtype is that of
    the result. The border is any but "constant".
    """
    radius_y, radius_x = taps_y.shape[1] - 1, taps_x.shape[1] - 1
    rows_at, columns_at, step = _positions(image, radius_y, radius_x, mode)
    lines = np.empty((2, columns_at.size), taps_x.dtype)
    result = np.empty(image.shape, taps_x.dtype)
    flat = result.reshape(len(result), -1)
    _laplacian(image.reshape(-1), rows_at, columns_at, step, taps_y, taps_x, lines, flat)
    return result


def _apply_cross(image, mode, dtype):
    result = np.empty(image.shape, dtype)
    flat = result.reshape(len(result), -1)
    _cross(image.reshape(-1), *_positions(image, 1, 1, mode), flat)
    return result


def _positions(image, radius_y, radius_x, mode):
    step = image.shape[2] if image.ndim == 3 else 1
    return row_offsets(image, radius_y, mode), column_offsets(image, radius_x, mode), step
