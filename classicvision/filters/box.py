"""The mean of a box around each pixel, whose time hardly depends on the size of the box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_window
from classicvision._jit import kernel
from classicvision.filters._borders import check_mode, with_zeros_outside
from classicvision.filters._weighted_sums import kernel_positions
from classicvision.filters.convolution import converted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_SMALL_AREA = 256  # pixels, up to which OpenCV rounds halves up
_LOW = 8  # pixels, up to which rows are added two by two
# What is added to means before rounding, and taken off again. To those of up to 256 pixels, half
# of their least distance from a half, so that halves are rounded up. Others are so rounded to
# 2^-34: halves, which the inverse of the area misses by up to 2^-36, become halves again, and no
# other mean of up to 10^10 pixels comes so close to one.
_HALVES_UP = 2**-10, 0
_HALVES_TO_EVEN = 1.5 * 2**18, 1.5 * 2**18
_NOT_ROUNDED = 0, -1


# c = column, y = row of the image with its border; `line` is a row of sums downwards, from `left`
# on. Offsets are in the flat image, and unsigned, since a signed one might count from the end.
@kernel(inline=True)
def _slide(image, added_at, dropped_at, subtracted, left, sums, line):
    """Add a row to the sums, subtract one where ``subtracted`` is 1, and copy them to ``line``."""
    wide, number = sums.dtype.type, line.dtype.type
    for column in range(sums.size):
        c = np.uint64(column)
        dropped = wide(subtracted * wide(image[dropped_at + c]))
        total = wide(wide(sums[c] + wide(image[added_at + c])) - dropped)
        sums[c] = total
        line[left + c] = number(total)


@kernel(inline=True)
def _start(image, first, upper, lower, odd, two, sums):
    """Write a row where ``odd`` is 1 and the sum of a pair where ``two`` is 1, or all three."""
    for column in range(sums.size):
        c = np.uint64(column)
        sums[c] = odd * image[first + c] + (two * image[upper + c] + two * image[lower + c])


@kernel(inline=True)
def _add_pair(image, upper, lower, sums):
    number = sums.dtype.type
    for column in range(sums.size):
        c = np.uint64(column)
        sums[c] += number(image[upper + c] + image[lower + c])


@kernel(inline=True)
def _add_row(image, start, sums, copy):
    for column in range(sums.size):
        c = np.uint64(column)
        total = sums[c] + image[start + c]
        sums[c], copy[c] = total, total


@kernel(inline=True)
def _join(upper, lower, image, next_at, line):
    """Write the sum of two rows to ``line``, and add a row of the image to the lower one."""
    number = line.dtype.type
    for column in range(line.size):
        c = np.uint64(column)
        line[c] = number(upper[c] + lower[c])
        lower[c] += image[next_at + c]


# `columns_at` says which element stands at each position of a row with its border, of which `left`
# are before the image; `step` is the number of interleaved channels. `lines` are the sums downwards
# and then those of several of them: of 1, of twice as many or one more than that, until they are
# as many as the box is wide. `division` is what to multiply these by, what to add, and what to
# take off again before rounding, negative where they are not rounded. Contraction to fused
# multiply-add (1.3 times as fast) only makes the means more precise.
@kernel(inline=True, fastmath={"contract"})
def _average_along(columns_at, left, step, width, division, lines, row):
    number, to_mean, to_result = lines.dtype.type, division.dtype.type, row.dtype.type
    scale, added, taken = division[0], division[1], division[2]
    line, inside = lines[0], np.uint64(row.size)
    halvings = 0
    while width >> (halvings + 1):
        halvings += 1
    for column in range(left):
        c = np.uint64(column)
        line[c] = line[left + columns_at[c]]
    for column in range(left + inside, columns_at.size):
        c = np.uint64(column)
        line[c] = line[left + columns_at[c]]
    joined, half = 1, line
    for bit in range(1, halvings):
        odd = (width >> (halvings - bit)) & 1
        distance, last = np.uint64(joined * step), np.uint64(2 * joined * step)
        joined = 2 * joined + odd
        total = lines[1 + bit % 2][: columns_at.size - (joined - 1) * step]
        for column in range(total.size):
            c = np.uint64(column)
            both = number(half[c] + half[distance + c])
            total[c] = number(both + line[last + c]) if odd else both
        half = total
    odd, two = width > 1 and width & 1, width > 1
    distance, last = np.uint64(joined * step), np.uint64(2 * joined * step)
    for column in range(row.size):
        c = np.uint64(column)
        total = number(half[c] + half[distance + c]) if two else half[c]
        total = number(total + line[last + c]) if odd else total
        mean = to_mean(total) * scale + added
        row[c] = to_result(np.rint(mean - taken) if taken >= 0 else mean)


# r = row. Of integers, whose running sums are exact.
@kernel
def _average_integers(image, rows_at, columns_at, left, step, size, division, lines, sums, result):
    width, height = size
    for y in range(rows_at.size):
        dropped_at = rows_at[max(y - height, 0)]
        _slide(image, rows_at[y], dropped_at, sums.dtype.type(y >= height), left, sums, lines[0])
        r = y - height + 1
        if r >= 0:
            _average_along(columns_at, left, step, width, division, lines, result[r])


# k = row of a block. Of floats: a box that starts in row k of a block of as many rows as it is high
# holds the last rows of the block, from k on, whose sums are `tails`, and the first k rows of the
# next, whose sum is `head`. Nothing is subtracted, so that no rounding error outlives its pixel.
# The rows of low boxes are added two by two, which is faster.
@kernel
def _average_floats(
    image, rows_at, columns_at, left, step, size, division, lines, tails, head, everything, result
):
    width, height = size
    rows, last = result.shape[0], rows_at.size - 1
    number = lines.dtype.type
    line = lines[0][left : left + np.uint64(head.size)]
    for r in range(rows):
        k = r % height
        if height <= _LOW:
            odd = height % 2
            upper, lower = rows_at[min(r + odd, last)], rows_at[min(r + odd + 1, last)]
            _start(image, rows_at[r], upper, lower, number(odd), number(height > 1), line)
            for below in range(odd + 2, height, 2):
                _add_pair(image, rows_at[r + below], rows_at[r + below + 1], line)
        else:
            if k == 0:
                started = min(height, rows - r)  # boxes
                for c in range(head.size):
                    head[c] = 0
                for below in range(height - 1, -1, -1):
                    _add_row(image, rows_at[r + below], head, tails[min(below, started - 1)])
                for c in range(head.size):
                    head[c] = 0
            _join(tails[k], head, image, rows_at[min(r + height, last)], line)
        if k == 0 or r == rows - 1:  # these boxes hold every pixel
            for c in range(line.size):
                everything[c] += line[c]
        _average_along(columns_at, left, step, width, division, lines, result[r])


def box_filter(
    image: ArrayLike, size: int | tuple[int, int], *, mode: str = "mirror"
) -> np.ndarray:
    """Average the pixels in a box around each pixel.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    size : int or (int, int)
        Width and height of the box in pixels, 1 to 100,000. A box of even width reaches one
        pixel further to the left than to the right, as in SciPy and OpenCV.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside. A box may be larger than the
        image.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``image``
        Integers are rounded to the nearest, halves to even; but for uint8 images and boxes of up
        to 256 pixels halves up, which makes them identical to ``cv2.blur(image, size)``. Two
        differences remain: where a box has 2, 4, 8, ... 256 pixels OpenCV rounds more than the
        halves up (it makes [1, 1, ...] to [2, 2, ...] with the size (2, 1)), and for larger even
        numbers of pixels its rounding of halves depends on the column.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a size that is not whole.
    ValueError
        For an image without pixels or with values that are not finite, a size out of range,
        or an unknown mode.

    Notes
    -----
    1. Downwards, for uint8, a running sum: the row that enters the box is added and the one that
       leaves it is subtracted. Others would keep the rounding errors of a large value that has left
       the box. They are cut into blocks of as many rows as the box is high: a box holds the end of
       one block and the beginning of the next, whose sums are added, in float64 (van Herk's way to
       the largest values of boxes). Of boxes up to 8 pixels high the rows are added.
    2. Along the row sums of 2 of these, of 4 (or 5), and so on, each from the one before, until
       they are as long as the box is wide: log2 of its width steps.

    A value changes the means of the boxes that hold it, and no others. Where the dtype does not
    hold their sum, they are infinite. Halves are told from other means exactly.

    Memory: five rows with their borders; for images other than uint8 as many rows as the box is
    high, at most those of the image, in float64; a float64 copy of uint16 and int16 images and
    their result; with "constant", a copy of the image.

    References
    ----------
    .. [1] M. J. McDonnell, "Box-filtering techniques", Computer Graphics and Image Processing 17,
       1981.
    .. [2] M. van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and
       octagonal kernels", Pattern Recognition Letters 13(7), 1992.

    Examples
    --------
    >>> import numpy as np
    >>> box_filter(np.array([[0, 0, 9, 0, 0]], np.uint8), (3, 1)).tolist()
    [[0, 3, 3, 3, 0]]
    """
    image = check_image(image, finite=False)
    width, height = check_window(size)
    mode = check_mode(mode)
    if width == height == 1:
        return check_image(image).copy()
    if mode == "constant":
        return with_zeros_outside(image, lambda framed: box_filter(framed, size, mode="nearest"))
    dtype = image.dtype
    if dtype.kind == "b":
        return box_filter(image.view(np.uint8), size, mode=mode).view(bool)
    size = width, height
    if dtype == np.uint8 and width * height < 2**23:  # whose sums fit into 32 bits
        small = width * height <= _SMALL_AREA
        result = np.empty_like(image)
        _average(image, size, mode, np.uint16 if small else np.int32, result)
        return result
    image = image.astype(np.float32 if dtype == np.float32 else np.float64, copy=False)
    result = np.empty_like(image)
    sums = _average(image, size, mode, image.dtype, result, rounded=dtype.kind != "f")
    if not np.isfinite(sums).all():
        check_image(image)
    return converted(result, dtype)


def _average(image, size, mode, number, result, rounded=True):
    """Write the means; ``number`` is the type of the sums along a row.

    Return a row of sums downwards; of a float image, in which every pixel is counted.
    """
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    width, height = size
    rounding = _HALVES_UP if number == np.uint16 else _HALVES_TO_EVEN
    division = 1 / (width * height), *(rounding if rounded else _NOT_ROUNDED)
    rows_at = kernel_positions(rows, height, height // 2, mode, 1) * np.uint64(columns * step)
    columns_at = kernel_positions(columns, width, width // 2, mode, step)
    arguments = (
        image.reshape(-1),
        rows_at,
        columns_at,
        np.uint64(width // 2 * step),
        step,
        size,
        np.array(division, np.float32 if number in (np.uint16, np.float32) else np.float64),
        # the last sums reach beyond the line, for pixels that do not count
        np.zeros((3, columns_at.size + 2 * step), number),
    )
    result = result.reshape(rows, -1)
    if image.dtype == np.uint8:
        sums = np.zeros(columns * step, number)
        _average_integers(*arguments, sums, result)
        return sums
    tails = np.empty((min(height, rows) if height > _LOW else 0, columns * step))
    head, sums = np.zeros((2, columns * step))
    _average_floats(*arguments, tails, head, sums, result)
    return sums
