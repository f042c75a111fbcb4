"""First derivatives of an image: differences along one axis, smoothed along the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_option
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices, check_mode

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

# operator: the taps of the difference, then those of the smoothing across it
_TAPS = {
    "forward": ([0, -1, 1], [0, 1, 0]),
    "central": ([-1, 0, 1], [0, 1, 0]),
    "prewitt": ([-1, 0, 1], [1, 1, 1]),
    "sobel": ([-1, 0, 1], [1, 2, 1]),
    "scharr": ([-1, 0, 1], [3, 10, 3]),
}
# side: Sobel's taps, filled up with zeros to a multiple of three; tap size // 2 is the pixel itself
_SOBEL_TAPS = {
    3: _TAPS["sobel"],
    5: ([0, -1, -2, 0, 2, 1], [0, 1, 4, 6, 4, 1]),
    7: ([0, -1, -4, -5, 0, 5, 4, 1, 0], [0, 1, 6, 15, 20, 15, 6, 1, 0]),
}


# c = column. Every product is cut to the sums' own type: otherwise Numba widens integers to 64
# bits and a vector instruction does 4 of them instead of 16.
@kernel(inline=True)
def _weigh_three(first, second, third, taps, total):
    number = total.dtype.type
    t0, t1, t2 = taps[0], taps[1], taps[2]
    for c in range(total.size):
        a, b, d = number(first[c]), number(second[c]), number(third[c])
        total[c] = number(number(t0 * a) + number(t1 * b)) + number(t2 * d)


@kernel(inline=True)
def _add_three(first, second, third, taps, total):
    number = total.dtype.type
    t0, t1, t2 = taps[0], taps[1], taps[2]
    for c in range(total.size):
        a, b, d = number(first[c]), number(second[c]), number(third[c])
        total[c] += number(number(t0 * a) + number(t1 * b)) + number(t2 * d)


# r = row, c = column, k = tap; axis 0 is x, 1 is y. `rows_at` and `columns_at` say which pixel
# stands at each position of the image with its border; `step` is the number of interleaved
# channels. `taps` are the difference and the smoothing; `lines` hold one row with its border,
# filtered downwards by each of them. All scratch memory comes from outside: allocating it here
# would double the time it takes to compile.
@kernel(inline=True)
def gradient_row(image, r, rows_at, columns_at, step, taps, lines, slopes, slot):
    """Write the derivatives of row ``r`` along each axis into ``slopes[axis, slot]``."""
    width = image.shape[1]
    size = taps.shape[1]
    border = (size // 2) * step
    for i in range(2):
        line = lines[i]
        inner = line[border : border + width]
        top, middle, bottom = image[rows_at[r]], image[rows_at[r + 1]], image[rows_at[r + 2]]
        _weigh_three(top, middle, bottom, taps[i], inner)
        for k in range(3, size, 3):
            top, middle = image[rows_at[r + k]], image[rows_at[r + k + 1]]
            bottom = image[rows_at[r + k + 2]]
            _add_three(top, middle, bottom, taps[i, k : k + 3], inner)
        for c in range(border):
            beyond = border + width + c
            line[c] = inner[columns_at[c]]
            line[beyond] = inner[columns_at[beyond]]
    for axis in range(2):
        line, slope = lines[1 - axis], slopes[axis, slot]
        _weigh_three(line, line[step:], line[2 * step :], taps[axis], slope)
        for k in range(3, size, 3):
            a, b, d = k * step, (k + 1) * step, (k + 2) * step
            _add_three(line[a:], line[b:], line[d:], taps[axis, k : k + 3], slope)


@kernel
def _gradient(image, rows_at, columns_at, step, taps, lines, slopes):
    for r in range(image.shape[0]):
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
    TypeError, ValueError
        For an image, operator, size, dtype or mode that is not one of these.

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
    dtype = _result_dtype(dtype, image.dtype)
    if mode == "constant":  # the nearest pixel to all those outside is one of a frame of zeros
        framed = np.pad(image, [(1, 1)] * 2 + [(0, 0)] * (image.ndim - 2))
        gx, gy = gradient(framed, operator, size=size, dtype=dtype, mode="nearest")
        return np.ascontiguousarray(gx[1:-1, 1:-1]), np.ascontiguousarray(gy[1:-1, 1:-1])
    radius = taps.shape[1] // 2
    work, largest = _work_dtype(image.dtype, dtype, taps)
    saturates = dtype.kind == "i" and largest > np.iinfo(dtype).max
    slopes = np.empty((2, *image.shape), work if saturates else dtype)
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    columns_at = border_indices(columns, radius, mode, step)
    _gradient(
        image.reshape(rows, -1),
        border_indices(rows, radius, mode),
        columns_at,
        step,
        taps.astype(work),
        np.empty((2, columns_at.size), work),
        slopes.reshape(2, rows, -1),
    )
    if saturates:
        limits = np.iinfo(dtype)
        slopes = slopes.clip(limits.min, limits.max).astype(dtype)
    return slopes[0], slopes[1]


def operator_taps(operator: str, size: int = 3) -> np.ndarray:
    """Return the operator's two rows of taps: the difference, and the smoothing across it."""
    check_option(operator, "operator", tuple(_TAPS))
    check_option(size, "size", tuple(_SOBEL_TAPS))
    if size != 3 and operator != "sobel":
        raise ValueError(f"size must be 3 for operator {operator!r}, got {size}; use 'sobel'")
    return np.array(_TAPS[operator] if size == 3 else _SOBEL_TAPS[size])


def _result_dtype(dtype: DTypeLike | None, image_dtype: np.dtype) -> np.dtype:
    if dtype is None:
        return np.dtype("float64" if image_dtype == np.float64 else "float32")
    dtype = np.dtype(dtype).newbyteorder("=")
    check_option(dtype.name, "dtype", ("int16", "int32", "float32", "float64"))
    if dtype.kind == "i" and image_dtype.kind == "f":
        raise ValueError(
            f"dtype must be float32 or float64 for a {image_dtype} image, got {dtype}; "
            "convert the result with .astype()"
        )
    return dtype


def _work_dtype(image_dtype, dtype, taps):
    """Return the type to compute in, and the largest possible sum of integers."""
    if dtype.kind == "f":
        return np.result_type(image_dtype, dtype) if image_dtype.kind == "f" else dtype, 0
    difference, smoothing = np.abs(taps).sum(axis=1)
    largest = difference * smoothing * np.iinfo(image_dtype).max
    return np.dtype("int16" if largest < 2**15 else "int32"), largest
