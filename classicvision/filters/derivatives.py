"""First derivatives of an image: differences along one axis, smoothed along the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_dtype, check_image, check_option
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices, check_mode, with_zeros_outside

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

# operator: the difference's taps at 1, 2, ... pixels after the centre (before it they are
# negative), then the smoothing's at 0, 1, 2, ... pixels from it
_TAPS = {
    "central": ([1], [1, 0]),
    "prewitt": ([1], [1, 1]),
    "sobel": ([1], [2, 1]),
    "scharr": ([1], [10, 3]),
}
_SOBEL_TAPS = {
    3: _TAPS["sobel"],
    5: ([2, 1], [6, 4, 1]),
    7: ([5, 4, 1], [20, 15, 6, 1]),
}


# c = column. `before`, `here` and `after` are offsets into flat arrays: a slice for each would
# take as long as the sums of a short row; they are unsigned, since a signed one might count from
# the end. Every product is cut to the sums' own type: otherwise Numba widens integers to 64
# bits and a vector instruction does 4 of them instead of 16.
@kernel(inline=True)
def _weigh_pair(to_subtract, to_add, before, here, after, taps, differences, sums):
    number = sums.dtype.type
    side, middle, near = taps[0, 1], taps[1, 0], taps[1, 1]
    for column in range(sums.size):
        c = np.uint64(column)
        apart = number(number(to_subtract[after + c]) - number(to_subtract[before + c]))
        both = number(number(to_add[before + c]) + number(to_add[after + c]))
        differences[c] = number(side * apart)
        sums[c] = number(number(middle * number(to_add[here + c])) + number(near * both))


@kernel(inline=True)
def _add_pair(to_subtract, to_add, before, after, taps, k, differences, sums):
    number = sums.dtype.type
    side, near = taps[0, k], taps[1, k]
    for column in range(sums.size):
        c = np.uint64(column)
        apart = number(number(to_subtract[after + c]) - number(to_subtract[before + c]))
        both = number(number(to_add[before + c]) + number(to_add[after + c]))
        differences[c] += number(side * apart)
        sums[c] += number(near * both)


# r = row, c = column, k = distance of a tap; axis 0 is x, 1 is y. `rows_at` has the offset, in the
# flat image, of the row at each position of the image with its border; `columns_at` says which
# element stands at each position of a row with its border; `step` is the number of interleaved
# channels. `taps` are from `operator_taps`; `lines` hold one row with its border, differentiated
# downwards and smoothed downwards. All scratch memory comes from outside: allocating it here
# would double the time it takes to compile.
@kernel(inline=True)
def gradient_row(image, r, rows_at, columns_at, step, taps, lines, slopes, slot):
    """Write the derivatives of row ``r`` along each axis into ``slopes[axis, slot]``."""
    width = slopes.shape[2]
    one, stride = np.uint64(1), np.uint64(step)
    radius = np.uint64(taps.shape[1] - 1)
    border = radius * stride
    here = np.uint64(r) + radius
    steep, smooth = lines[0], lines[1]
    steep_inside, smooth_inside = steep[border : border + width], smooth[border : border + width]
    before, centre, after = rows_at[here - one], rows_at[here], rows_at[here + one]
    _weigh_pair(image, image, before, centre, after, taps, steep_inside, smooth_inside)
    for distance in range(2, taps.shape[1]):
        k = np.uint64(distance)
        before, after = rows_at[here - k], rows_at[here + k]
        _add_pair(image, image, before, after, taps, k, steep_inside, smooth_inside)
    for column in range(border):
        c = np.uint64(column)
        beyond = border + np.uint64(width) + c
        steep[c], smooth[c] = steep_inside[columns_at[c]], smooth_inside[columns_at[c]]
        steep[beyond] = steep_inside[columns_at[beyond]]
        smooth[beyond] = smooth_inside[columns_at[beyond]]
    gx, gy = slopes[0, slot], slopes[1, slot]
    _weigh_pair(smooth, steep, border - stride, border, border + stride, taps, gx, gy)
    for distance in range(2, taps.shape[1]):
        k = np.uint64(distance)
        _add_pair(smooth, steep, border - k * stride, border + k * stride, taps, k, gx, gy)


@kernel
def _gradient(image, rows_at, columns_at, step, taps, lines, slopes):
    for r in range(slopes.shape[1]):
        gradient_row(image, r, rows_at, columns_at, step, taps, lines, slopes, r)


def gradient(
    image: ArrayLike,
    operator: str = "sobel",
    *,
    size: int = 3,
    dtype: DTypeLike | None = None,
    mode: str = "mirror",
) -> tuple[np.ndarray, np.ndarray]:
    """Differentiate an image along x and along y.

    ======== ================ ====================== ============================
    operator difference       smoothing across it    response to a slope of 1
    ======== ================ ====================== ============================
    forward  [-1, 1]          none                   1
    central  [-1, 0, 1]       none                   2
    prewitt  [-1, 0, 1]       [1, 1, 1]              6
    sobel    [-1, 0, 1]       [1, 2, 1]              8, as ``cv2.Sobel``
    scharr   [-1, 0, 1]       [3, 10, 3]             32, as ``cv2.Scharr``
    ======== ================ ====================== ============================

    Nothing is rescaled: divide by the last column to measure slopes.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are differentiated per channel.
    operator : {"sobel", "scharr", "prewitt", "central", "forward"}
    size : {3, 5, 7}
        The side of the Sobel operator; the others have one size.
    dtype : {None, "int16", "int32", "float32", "float64"}
        Of the result. None: float32, and float64 for a float64 image. Integers are exact and
        saturate where they do not fit (never for uint8 images and size 3).
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    gx, gy : numpy.ndarray, shape of ``image``
        Positive where the image becomes brighter to the right and downwards.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has.
    ValueError
        For an image without pixels or with values that are not finite, an unknown operator,
        size, dtype or mode, another size than 3 for another operator than "sobel", or an integer
        dtype for a float image.

    Notes
    -----
    The difference along each axis is smoothed across it, by two one-dimensional filters. Integers
    are computed exactly, floats in the dtype of the result. Memory: the result and two rows; for
    the border "constant", and for integers other than uint8, a copy of the image; where integers
    saturate, the result again.

    References
    ----------
    I. Sobel and G. Feldman, "A 3x3 isotropic gradient operator for image processing", 1968.
    H. Scharr, "Optimal operators in digital image processing", dissertation, Heidelberg, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> gx, gy = gradient(np.array([[0, 0, 9, 9]] * 3, np.uint8))
    >>> gx[1].tolist(), gy[1].tolist()
    ([0.0, 36.0, 36.0, 0.0], [0.0, 0.0, 0.0, 0.0])
    """
    image = check_image(image)
    if image.dtype == bool:
        image = image.view(np.uint8)
    taps = operator_taps(operator, size)
    mode = check_mode(mode)
    dtype = derivative_dtype(dtype, image.dtype)
    if mode == "constant":
        options = {"size": size, "dtype": dtype, "mode": "nearest"}
        gx, gy = with_zeros_outside(image, lambda framed: gradient(framed, operator, **options))
        return gx, gy
    work, largest = work_dtype(image.dtype, dtype, _total_weight(taps))
    image = as_work(image, work)
    if operator == "forward":
        slopes = _differ_forward(image.astype(work, copy=False), mode)
    else:
        slopes = np.empty((2, *image.shape), work)
        _apply(image, taps.astype(work), mode, slopes)
    if dtype.kind == "i" and largest > np.iinfo(dtype).max:
        limits = np.iinfo(dtype)
        slopes = slopes.clip(limits.min, limits.max)
    slopes = slopes.astype(dtype, copy=False)
    return slopes[0], slopes[1]


def _apply(image, taps, mode, slopes):
    columns_at = column_offsets(image, taps.shape[1] - 1, mode)
    _gradient(
        image.reshape(-1),
        row_offsets(image, taps.shape[1] - 1, mode),
        columns_at,
        image.shape[2] if image.ndim == 3 else 1,
        taps,
        np.empty((2, columns_at.size), taps.dtype),
        slopes.reshape(2, image.shape[0], -1),
    )


def row_offsets(image: np.ndarray, radius: int, mode: str) -> NDArray[np.uint64]:
    """Return the offset, in the flat image, of the row at each position with its border."""
    row = image.shape[1] * (image.shape[2] if image.ndim == 3 else 1)
    return border_indices(image.shape[0], radius, mode).astype(np.uint64) * np.uint64(row)


def column_offsets(image: np.ndarray, radius: int, mode: str) -> NDArray[np.uint64]:
    """Return which element of a row stands at each position of it with its border."""
    step = image.shape[2] if image.ndim == 3 else 1
    return border_indices(image.shape[1], radius, mode, step).astype(np.uint64)


def _differ_forward(image, mode):
    down, right = (border_indices(length, 1, mode)[2:] for length in image.shape[:2])
    return np.stack([image[:, right] - image, image[down] - image])


def operator_taps(operator: str, size: int = 3) -> np.ndarray:
    """Return two rows of taps at 0, 1, 2, ... pixels from the centre.

    The first is the difference, whose taps before the centre are the negative ones; the second
    is the smoothing across it. "forward", which has no such form, gets those of "central".
    """
    check_option(operator, "operator", ("forward", *_TAPS))
    check_option(size, "size", tuple(_SOBEL_TAPS))
    if size != 3 and operator != "sobel":
        raise ValueError(f"size must be 3 for operator {operator!r}, got {size}; use 'sobel'")
    difference, smoothing = _SOBEL_TAPS[size] if size > 3 else _TAPS.get(operator, _TAPS["central"])
    return np.array([[0, *difference], smoothing])


def derivative_dtype(dtype: DTypeLike | None, image_dtype: np.dtype) -> np.dtype:
    """Return the native dtype of a derivative, as asked for or else as the image demands."""
    if dtype is None:
        return np.dtype("float64" if image_dtype == np.float64 else "float32")
    dtype = check_dtype(dtype, ("int16", "int32", "float32", "float64"))
    if dtype.kind == "i" and image_dtype.kind == "f":
        raise ValueError(
            f"dtype must be float32 or float64 for a {image_dtype} image, got {dtype}; "
            "convert the result with .astype()"
        )
    return dtype


def work_dtype(image_dtype: np.dtype, dtype: np.dtype, total_weight: int) -> tuple[np.dtype, int]:
    """Return the type to compute in, and the largest possible sum of integers.

    ``total_weight`` is the sum of the absolute values of all weights.
    """
    if dtype.kind == "f":
        return np.result_type(image_dtype, dtype) if image_dtype.kind == "f" else dtype, 0
    largest = total_weight * np.iinfo(image_dtype).max
    return np.dtype("int16" if largest < 2**15 else "int32"), largest


def as_work(image: np.ndarray, work: np.dtype) -> np.ndarray:
    """Return an image as ``work``, so that few types are compiled; uint8 mostly stays as it is."""
    if image.dtype == np.uint8 and work in (np.int16, np.float32):
        return image
    return image.astype(work, copy=False)


def _total_weight(taps):
    difference, smoothing = 2 * taps.sum(axis=1) - taps[:, 0]
    return int(difference * smoothing)
