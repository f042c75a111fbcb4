"""Linear filters: the sum of the pixels around each pixel, weighted by a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_option
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices, check_mode

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

_RESULT_DTYPES = ("bool", "uint8", "uint16", "int16", "int32", "float32", "float64")


# c = column. Eight taps at a time, of any filter, keep the sum in a register; they are added in
# the order of the kernel, as OpenCV adds them. The taps are offsets into one flat array: a slice
# for each would take as long as the sums of a short row. They are unsigned, since a signed one
# might count from the end. Contraction to fused multiply-add (1.2 times as fast) only makes
# the sums more precise.
@kernel(inline=True, fastmath={"contract"})
def _weigh(source, offsets, weights, total):
    w0, w1, w2, w3, w4 = weights[0], weights[1], weights[2], weights[3], weights[4]
    w5, w6, w7, w8 = weights[5], weights[6], weights[7], weights[8]
    o0, o1, o2, o3, o4 = offsets[0], offsets[1], offsets[2], offsets[3], offsets[4]
    o5, o6, o7, o8 = offsets[5], offsets[6], offsets[7], offsets[8]
    for column in range(total.size):
        c = np.uint64(column)
        value = w0 * source[o0 + c]
        value += w1 * source[o1 + c]
        value += w2 * source[o2 + c]
        value += w3 * source[o3 + c]
        value += w4 * source[o4 + c]
        value += w5 * source[o5 + c]
        value += w6 * source[o6 + c]
        value += w7 * source[o7 + c]
        value += w8 * source[o8 + c]
        total[c] = value


@kernel(inline=True, fastmath={"contract"})
def _weigh_more(source, offsets, weights, k, total):
    w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
    w4, w5, w6, w7 = weights[k + 4], weights[k + 5], weights[k + 6], weights[k + 7]
    o0, o1, o2, o3 = offsets[k], offsets[k + 1], offsets[k + 2], offsets[k + 3]
    o4, o5, o6, o7 = offsets[k + 4], offsets[k + 5], offsets[k + 6], offsets[k + 7]
    for column in range(total.size):
        c = np.uint64(column)
        value = total[c]
        value += w0 * source[o0 + c]
        value += w1 * source[o1 + c]
        value += w2 * source[o2 + c]
        value += w3 * source[o3 + c]
        value += w4 * source[o4 + c]
        value += w5 * source[o5 + c]
        value += w6 * source[o6 + c]
        value += w7 * source[o7 + c]
        total[c] = value


# y = row of the image with its border, r = row, c = column, t = tap. `rows_at` has the offset, in
# the flat image, of the row at each y; `columns_at` says which element stands at each position of
# a row with its border, of which `left` are before the image. A ring of `lines` holds the rows
# under the kernel. A tap is a row and a column in it, and a weight; there are 1 + 8 n of them.
# Where `along` has taps the first ones sum into `middle`, and `along` sums that. `total` is one
# row where the result is rounded, and otherwise the result itself.
@kernel
def _correlate(
    image,
    rows_at,
    columns_at,
    left,
    tap_rows,
    tap_columns,
    weights,
    along,
    along_weights,
    rounded,
    offsets,
    lines,
    middle,
    total,
    result,
):
    rows, width = result.shape
    number, to_result = lines.dtype.type, result.dtype.type
    pitch = np.uint64(columns_at.size)
    ring = np.uint64(rows_at.size - rows + 1)
    inside = np.uint64(width)
    largest = number(255)
    for y in range(rows_at.size):
        line = np.uint64(y) % ring * pitch
        start = rows_at[y]
        for column in range(width):
            c = np.uint64(column)
            lines[line + left + c] = number(image[start + c])
        for column in range(left):
            c = np.uint64(column)
            lines[line + c] = lines[line + left + columns_at[c]]
        for column in range(left + inside, pitch):
            c = np.uint64(column)
            lines[line + c] = lines[line + left + columns_at[c]]
        r = y + 1 - np.int64(ring)
        if r < 0:
            continue
        first = np.uint64(r) % ring
        for t in range(tap_rows.size):
            slot = first + tap_rows[t]
            if slot >= ring:
                slot -= ring
            offsets[t] = slot * pitch + tap_columns[t]
        sums = total[r % total.shape[0]]
        target = middle if along.size else sums
        _weigh(lines, offsets, weights, target)
        for k in range(9, weights.size, 8):
            _weigh_more(lines, offsets, weights, k, target)
        if along.size:
            _weigh(middle, along, along_weights, sums)
            for k in range(9, along.size, 8):
                _weigh_more(middle, along, along_weights, k, sums)
        if rounded:
            row = result[r]
            for c in range(width):
                value = np.rint(sums[c])
                value = value if value > number(0) else number(0)
                row[c] = to_result(value if value < largest else largest)


def correlate(
    image: ArrayLike,
    kernel: ArrayLike,
    *,
    mode: str = "mirror",
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
        Integers are rounded to the nearest (halves to even) and saturate, as in OpenCV.

    Raises
    ------
    TypeError, ValueError
        For an image, kernel, mode or dtype that is not one of these.

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
    *,
    mode: str = "mirror",
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
    TypeError, ValueError
        For an image, kernel, mode or dtype that is not one of these.

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
        Only the result is rounded, not the sums downwards.

    Raises
    ------
    TypeError, ValueError
        For an image, column, row, mode or dtype that is not one of these.

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
        raise TypeError(f"{name} must be of real numbers, got dtype {array.dtype}")
    if array.ndim != dimensions:
        wanted = "(rows, columns)" if dimensions == 2 else "(n,)"
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} has no weights: its shape is {array.shape}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinite weights")
    return array


def _result_dtype(dtype, image_dtype):
    if dtype is None:
        return image_dtype
    dtype = np.dtype(dtype).newbyteorder("=")
    check_option(dtype.name, "dtype", _RESULT_DTYPES)
    return dtype


def _filter(image, weights, anchor, mode, dtype):
    """Correlate with a kernel, or with two factors of one, whose ``anchor`` lies on the pixel."""
    if mode == "constant":  # the nearest pixel to all those outside is one of a frame of zeros
        framed = np.pad(image, [(1, 1)] * 2 + [(0, 0)] * (image.ndim - 2))
        result = _filter(framed, weights, anchor, "nearest", dtype)
        return np.ascontiguousarray(result[1:-1, 1:-1])
    if image.dtype == bool:
        image = image.view(np.uint8)
    small = image.dtype in (np.uint8, np.float32) and dtype.name not in ("int32", "float64")
    work = np.dtype(np.float32 if small else np.float64)
    rounded = image.dtype == dtype == np.uint8
    if not rounded:
        image = image.astype(work, copy=False)
    result = np.empty(image.shape, np.uint8 if rounded else work)
    _apply(image, weights, anchor, mode, work, result)
    return converted(result, dtype)


def converted(result: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return ``result``, which may be written to, as ``dtype``: integers round and saturate."""
    if dtype.kind == "f" or dtype == result.dtype:
        return result.astype(dtype, copy=False)
    limits = np.iinfo(np.uint8 if dtype.kind == "b" else dtype)
    np.rint(result, out=result)
    np.clip(result, limits.min, 1 if dtype.kind == "b" else limits.max, out=result)
    return result.astype(dtype)


def _apply(image, weights, anchor, mode, work, result):
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    separable = isinstance(weights, tuple)
    shape = tuple(factor.size for factor in weights) if separable else weights.shape
    rows_at = kernel_positions(rows, shape[0], anchor[0], mode, 1) * np.uint64(columns * step)
    columns_at = kernel_positions(columns, shape[1], anchor[1], mode, step)
    if separable:
        first = _taps(weights[0][:, None], step, work)
        _, *along = _taps(weights[1][None], step, work)
    else:
        first, along = _taps(weights, step, work), [np.empty(0, np.uint64), np.empty(0, work)]
    rounded = result.dtype != work
    flat = result.reshape(rows, -1)
    _correlate(
        image.reshape(-1),
        rows_at,
        columns_at,
        np.uint64(anchor[1] * step),
        *first,
        *along,
        rounded,
        np.empty(first[0].size, np.uint64),
        np.empty(shape[0] * columns_at.size, work),
        np.empty(columns_at.size if separable else 0, work),
        np.empty((1, columns * step), work) if rounded else flat,
        flat,
    )


def kernel_positions(
    length: int, size: int, anchor: int, mode: str, step: int
) -> NDArray[np.uint64]:
    """Return the element at each position that a kernel reaches, ``anchor`` before the image."""
    radius = max(anchor, size - 1 - anchor)
    indices = border_indices(length, radius, mode, step)
    end = (radius + length + size - 1 - anchor) * step
    return indices[(radius - anchor) * step : end].astype(np.uint64)


def _taps(weights, step, work):
    """Return rows, elements and values of the weights other than 0, and some more to 1 + 8 n."""
    rows, columns = np.nonzero(weights)
    number = 1 + 8 * max(-((1 - rows.size) // 8), 1)
    missing = (0, number - rows.size)
    values = np.pad(weights[rows, columns], missing).astype(work)
    rows, columns = np.pad(rows, missing), np.pad(columns * step, missing)
    return rows.astype(np.uint64), columns.astype(np.uint64), values
