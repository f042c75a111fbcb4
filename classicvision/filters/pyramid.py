"""Image pyramids: smooth and halve, double and smooth, and what is lost in between.

References
----------
P. J. Burt and E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE Transactions
on Communications 31(4), 1983.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_GAIN = 256  # sums are up to this many times the values
# dtype: that of the sums of reduce, of those of expand, and of the levels of details. For uint8
# everything fits into 16 bits: 255 * 256 + 128 < 2^16 and 255 * 64 + 32 < 2^15.
_WORK = {
    "uint8": (np.uint16, np.int16, np.int16),
    "uint16": (np.int32, np.int32, np.int32),
    "int16": (np.int32, np.int32, np.int32),
    "float32": (np.float32, np.float32, np.float32),
    "float64": (np.float64, np.float64, np.float64),
}


@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _five_taps(number, a, b, c, d, e):
    """Return a + 4 b + 6 c + 4 d + e; every sum is cut to one type, which keeps vectors wide."""
    ends, sides = number(a + e), number(b + d)
    return number(number(ends + number(number(4) * sides)) + number(number(6) * c))


# c = column, i = pixel of the result. The row is summed downwards first, where neighbours need
# no shuffling; then its even and its odd pixels are told apart, so that the sums along the row
# read whole vectors again. `step` is the number of interleaved channels, 1 or 3.
@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _split_row(image, rows_at, columns_at, step, line, evens, odds):
    number = line.dtype.type
    width = image.shape[1]
    border = 2 * step
    inner = line[border : border + width]
    first, second, third = image[rows_at[0]], image[rows_at[1]], image[rows_at[2]]
    fourth, fifth = image[rows_at[3]], image[rows_at[4]]
    for c in range(width):
        inner[c] = _five_taps(
            number,
            number(first[c]),
            number(second[c]),
            number(third[c]),
            number(fourth[c]),
            number(fifth[c]),
        )
    for c in range(border):
        beyond = border + width + c
        line[c] = inner[columns_at[c]]
        line[beyond] = inner[columns_at[beyond]]
    if step == 1:
        for i in range(evens.size):
            pixel = np.uint64(2 * i)
            evens[i] = line[pixel]
            odds[i] = line[pixel + np.uint64(1)]
    else:
        for i in range(evens.size // 3):
            pixel, half = np.uint64(6 * i), np.uint64(3 * i)
            for channel in range(3):
                k = np.uint64(channel)
                evens[half + k] = line[pixel + k]
                odds[half + k] = line[pixel + np.uint64(3) + k]


# r = row of the result, c = column
@kernel(views_only=True)
def _reduce_integers(image, rows_at, columns_at, step, line, evens, odds, result):
    number, to_result = line.dtype.type, result.dtype.type
    half, shift = number(128), number(8)
    for r in range(result.shape[0]):
        _split_row(image, rows_at[2 * r :], columns_at, step, line, evens, odds)
        row, next_odds = result[r], odds[step:]
        centres, next_evens = evens[step:], evens[2 * step :]
        for c in range(row.size):
            total = _five_taps(number, evens[c], odds[c], centres[c], next_odds[c], next_evens[c])
            row[c] = to_result(number(total + half) >> shift)


# Contraction to fused multiply-add makes float sums only more precise, here and below.
@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _reduce_row(image, rows_at, columns_at, step, line, evens, odds, row):
    number = line.dtype.type
    scale = number(1 / 256)
    _split_row(image, rows_at, columns_at, step, line, evens, odds)
    next_odds, centres, next_evens = odds[step:], evens[step:], evens[2 * step :]
    for c in range(row.size):
        total = _five_taps(number, evens[c], odds[c], centres[c], next_odds[c], next_evens[c])
        row[c] = number(total * scale)


@kernel(fastmath={"contract"}, views_only=True)
def _reduce_floats(image, rows_at, columns_at, step, line, evens, odds, result):
    for r in range(result.shape[0]):
        _reduce_row(image, rows_at[2 * r :], columns_at, step, line, evens, odds, result[r])


def pyramid_reduce(image: ArrayLike) -> np.ndarray:
    """Smooth an image and keep every second row and column.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are reduced per channel, bool images as 0 and 1.

    Returns
    -------
    numpy.ndarray, shape ((rows + 1) // 2, (columns + 1) // 2[, 3]), dtype of ``image``
        For integers identical to ``cv2.pyrDown``, for floats equal to 1e-6.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has.
    ValueError
        For an image without pixels, with NaN or infinite values, or with floats so large that
        256 times them is infinite.

    Notes
    -----
    The filter is [1, 4, 6, 4, 1] / 16 along both axes, with a mirrored border. Integers are
    summed exactly and rounded once, halves up. Beside the result a few rows are allocated.

    Unlike scikit-image's the factor is always 2 and integers keep their dtype and range.

    References
    ----------
    P. J. Burt and E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE
    Transactions on Communications 31(4), 1983.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((5, 5), np.uint8)
    >>> image[2, 2] = 255
    >>> pyramid_reduce(image)
    array([[ 4, 12,  4],
           [12, 36, 12],
           [ 4, 12,  4]], dtype=uint8)
    """
    image = check_image(image, finite=False)
    return raise_if_not_finite(reduced(image), image)


def reduced(image):
    """Return the next level of a checked image, not checked to be finite."""
    if image.dtype == bool:
        return reduced(image.view(np.uint8)).view(bool)
    result, arguments = _reduction(image)
    reduce = _reduce_floats if image.dtype.kind == "f" else _reduce_integers
    reduce(*arguments)
    return result


def _reduction(image):
    """Return an array for the reduced image, and the arguments of the kernels."""
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    result = np.empty((halved(rows), halved(columns), *channels), image.dtype)
    work = _WORK[image.dtype.name][0]
    pairs = (result.shape[1] + 2) * step
    return result, (
        image.reshape(rows, -1),
        border_indices(rows, 2, "mirror"),
        border_indices(columns, 2, "mirror", step),
        step,
        np.zeros(2 * pairs, work),
        np.empty(pairs, work),
        np.empty(pairs, work),
        result.reshape(len(result), -1),
    )


# c = column, i = pixel of the small image. `step` is the number of interleaved channels.
@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _double_row(row, step, padded, line):
    """Write a row with zeros between its pixels, filtered by [1, 4, 6, 4, 1]."""
    number = line.dtype.type
    width = row.size
    inner = padded[step : step + width]
    for c in range(width):
        inner[c] = number(row[c])
    second = min(step, width - step)
    for k in range(step):
        padded[k] = inner[second + k]
        padded[step + width + k] = inner[width - step + k]
    left, right = padded, padded[2 * step :]
    if step == 1:
        for i in range(width):
            pixel = np.uint64(2 * i)
            outer = number(left[i] + right[i])
            line[pixel] = number(outer + number(number(6) * inner[i]))
            line[pixel + np.uint64(1)] = number(number(4) * number(inner[i] + right[i]))
    else:
        for i in range(width // 3):
            pixel, half = np.uint64(6 * i), np.uint64(3 * i)
            for channel in range(3):
                k = np.uint64(channel)
                c = half + k
                outer = number(left[c] + right[c])
                line[pixel + k] = number(outer + number(number(6) * inner[c]))
                sides = number(inner[c] + right[c])
                line[pixel + np.uint64(3) + k] = number(number(4) * sides)
    for k in range(step):  # the last column of a width that is twice the small one and one more
        line[2 * width + k] = line[2 * width - step + k]


# r = row of the result, y = row of the small image, c = column. Each row of the small image is
# doubled once and used three times: three of them go round in a ring.
@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _doubled_rows(small, r, step, padded, ring):
    """Return the doubled rows above, at and below row ``r`` of the expanded image."""
    rows = small.shape[0]
    y = min(r // 2, rows - 1)  # OpenCV repeats the last row but one after twice the rows
    if r == 2 * y:
        for n in range(y + 1 if y > 0 else 0, min(y + 2, rows)):
            _double_row(small[n], step, padded, ring[n % 3])
    above, here = ring[(y - 1 if y > 0 else min(1, rows - 1)) % 3], ring[y % 3]
    return above, here, ring[min(y + 1, rows - 1) % 3]


@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _expand_row(small, r, step, padded, ring, line):
    """Write 64 times row ``r`` of the expanded image."""
    number = line.dtype.type
    above, here, below = _doubled_rows(small, r, step, padded, ring)
    if r % 2 == 0:
        for c in range(line.size):
            line[c] = number(number(above[c] + below[c]) + number(number(6) * here[c]))
    else:
        for c in range(line.size):
            line[c] = number(number(4) * number(here[c] + below[c]))


# r = row of the result, c = column. The result is `other` minus the expanded image, or plus it
# and cut to low..high: beyond the span of the images `other` cannot matter. It may have one row.
@kernel(views_only=True)
def _expand_integers(small, step, padded, ring, line, other, minus, low, high, span, result):
    number, to_result = line.dtype.type, result.dtype.type
    half, shift = number(32), number(6)
    for r in range(result.shape[0]):
        _expand_row(small, r, step, padded, ring, line)
        row, addend = result[r], other[min(r, other.shape[0] - 1)]
        if minus:
            for c in range(row.size):
                value = number(number(line[c] + half) >> shift)
                row[c] = to_result(number(number(addend[c]) - value))
        else:
            for c in range(row.size):
                value = number(number(line[c] + half) >> shift)
                more = min(max(number(addend[c]), number(-span)), span)
                row[c] = to_result(min(max(number(value + more), low), high))


# A row is made in one go: an array between would be a second store and load for each pixel.
@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _add_expanded_row(small, r, step, padded, ring, scale, addend, row):
    """Add row ``r`` of the expanded image, 64 times as large and scaled."""
    number = row.dtype.type
    above, here, below = _doubled_rows(small, r, step, padded, ring)
    if r % 2 == 0:
        for c in range(row.size):
            outer = number(above[c] + below[c])
            total = number(outer + number(number(6) * here[c]))
            row[c] = number(addend[c] + number(total * scale))
    else:
        for c in range(row.size):
            total = number(number(4) * number(here[c] + below[c]))
            row[c] = number(addend[c] + number(total * scale))


@kernel(fastmath={"contract"}, views_only=True)
def _expand_floats(small, step, padded, ring, line, other, minus, low, high, span, result):
    number = line.dtype.type
    scale = number(-1 / 64) if minus else number(1 / 64)
    for r in range(result.shape[0]):
        addend = other[min(r, other.shape[0] - 1)]
        _add_expanded_row(small, r, step, padded, ring, scale, addend, result[r])


# Each row of the image is reduced, and later subtracted from, while it is in the cache.
@kernel(fastmath={"contract"}, views_only=True)
def _split_floats(image, rows_at, columns_at, step, line, evens, odds, small, padded, ring, result):
    number = line.dtype.type
    scale, done = number(-1 / 64), 0
    for y in range(small.shape[0]):
        _reduce_row(image, rows_at[2 * y :], columns_at, step, line, evens, odds, small[y])
        known = 2 * y if y < small.shape[0] - 1 else result.shape[0]
        for r in range(done, known):  # the rows from 2 * y on need the next small one
            _add_expanded_row(small, r, step, padded, ring, scale, image[r], result[r])
        done = known


def pyramid_expand(image: ArrayLike, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Double the rows and columns of an image, and smooth it.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are expanded per channel, bool images as 0 and 1.
    shape : (int, int), optional
        (rows, columns) of the result, each twice that of ``image`` or one less or more; twice by
        default. It is the shape of the image from which ``image`` was reduced.

    Returns
    -------
    numpy.ndarray, shape (*shape[, 3]), dtype of ``image``
        For integers identical to ``cv2.pyrUp``, for floats equal to 1e-6.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a shape that is no pair of
        integers.
    ValueError
        For an image without pixels, with NaN or infinite values, or with floats so large that
        256 times them is infinite; for a shape that is not twice that of the image.

    Notes
    -----
    Zeros are put between the pixels, then the filter is [1, 4, 6, 4, 1] / 8 along both axes. The
    image is mirrored at its top and left, its last pixels repeat at its bottom and right. As in
    OpenCV one column more than twice as many repeats the last one, one row more the last but one.
    Integers are summed exactly and rounded once, halves up. Beside the result a few rows are
    allocated.

    References
    ----------
    P. J. Burt and E. H. Adelson, "The Laplacian pyramid as a compact image code", IEEE
    Transactions on Communications 31(4), 1983.

    Examples
    --------
    >>> import numpy as np
    >>> pyramid_expand(np.array([[0, 64, 0, 0]], np.uint8))
    array([[16, 32, 48, 32,  8,  0,  0,  0],
           [16, 32, 48, 32,  8,  0,  0,  0]], dtype=uint8)
    """
    image = check_image(image, finite=False)
    if image.dtype.kind == "f":
        most = np.finfo(image.dtype).max / _GAIN
        if not (image.max() <= most and image.min() >= -most):  # nor where it is NaN
            _raise_not_finite(image, "image", _GAIN)
    rows, columns = image.shape[:2]
    shape = (2 * rows, 2 * columns) if shape is None else _check_shape(shape, rows, columns)
    nothing = np.zeros((1, *shape[1:], *image.shape[2:]), image.dtype)
    result = np.empty((*shape, *image.shape[2:]), image.dtype)
    return expand_onto(image, nothing, False, result)


def expand_onto(small, other, minus, result):
    """Fill ``result`` with ``other`` plus or minus ``small`` expanded, and return it."""
    step = small.shape[2] if small.ndim == 3 else 1
    low, high = (0, 0) if small.dtype.kind == "f" else value_range(small.dtype)
    small, other, flat = (
        (a.view(np.uint8) if a.dtype == bool else a).reshape(len(a), -1)
        for a in (small, other, result)
    )
    work = _WORK[small.dtype.name][1]
    padded, ring, line = _expansion(small.shape[1], step, flat.shape[1], work)
    expand = _expand_floats if small.dtype.kind == "f" else _expand_integers
    expand(
        small,
        step,
        padded,
        ring,
        line,
        other,
        minus,
        work(low),
        work(high),
        work(high - low),
        flat,
    )
    return result


def _expansion(width, step, wide, work):
    """Return the rows that expansion works on."""
    return (
        np.empty(width + 2 * step, work),
        np.empty((3, 2 * width + step), work),
        np.empty(wide, work),
    )


def split_details(image):
    """Return the reduced image, and the image minus that expanded."""
    details = np.empty(image.shape, detail_dtype(image.dtype))
    if image.dtype.kind != "f":
        small = reduced(image)
        return small, expand_onto(small, image, True, details)
    small, arguments = _reduction(image)
    flat, step, lines = arguments[0], arguments[3], arguments[-1]
    padded, ring, _ = _expansion(lines.shape[1], step, 0, image.dtype)
    _split_floats(*arguments, padded, ring, details.reshape(flat.shape))
    return small, details


def value_range(dtype):
    """Return the smallest and the largest value of an image of bool or integers."""
    if dtype.kind == "b":
        return 0, 1
    bits = 8 * dtype.itemsize
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dtype.kind == "i" else (0, 2**bits - 1)


def detail_dtype(dtype):
    """Return the type of the levels of details of images of a type."""
    return np.dtype(_WORK["uint8" if dtype.kind == "b" else dtype.name][2])


def raise_if_not_finite(result, image, name="image", gain=_GAIN):
    """Return the result; raise ``ValueError`` where it, hence the image or a sum, is not finite.

    Every pixel has a part in the result, which is smaller: this is faster than to look first.
    """
    if result.dtype.kind == "f" and not np.isfinite(result).all():
        _raise_not_finite(image, name, gain)
    return result


def _raise_not_finite(image, name, gain):
    check_image(image, name=name)
    raise ValueError(
        f"{name} must have no values above {np.finfo(image.dtype).max / gain:.3g}, as sums of them "
        f"may be {gain} times as large; divide all by one number"
    )


def halved(length):
    """Return how many pixels of a row or column are left in the next level."""
    return (length + 1) // 2


def _check_shape(shape, rows, columns):
    try:
        wanted_rows, wanted_columns = shape
    except (TypeError, ValueError):
        raise TypeError(f"shape must be (rows, columns), got {shape!r}") from None
    wanted_rows = check_number(wanted_rows, "shape rows", integer=True)
    wanted_columns = check_number(wanted_columns, "shape columns", integer=True)
    if abs(wanted_rows - 2 * rows) > 1 or abs(wanted_columns - 2 * columns) > 1:
        raise ValueError(
            f"shape must be twice that of the image, {(2 * rows, 2 * columns)}, or one less or "
            f"more, got {(wanted_rows, wanted_columns)}"
        )
    return wanted_rows, wanted_columns
