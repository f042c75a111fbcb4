"""The mean of a box around each pixel, whose time hardly depends on the size of the box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number, check_size
from classicvision._jit import kernel
from classicvision.filters._borders import check_mode, with_zeros_outside
from classicvision.filters._weighted_sums import kernel_positions
from classicvision.filters.convolution import converted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LARGEST_SIZE = 100_000  # pixels; the border takes memory of this size
_SMALL_AREA = 256  # pixels, up to which OpenCV rounds halves up


# c = column, y = row of the image with its border. `added_at` and `dropped_at` are offsets in the
# flat image; offsets are unsigned, since a signed one might count from the end.
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


# r = row. `columns_at` says which element stands at each position of a row with its border, of
# which `left` are before the image; `step` is the number of interleaved channels. `lines` are the
# sums downwards and then those of several of them: of 1, of twice as many or one more than that,
# until they are as many as the box is wide. `division` is what to multiply these by, and what to
# add before rounding, negative where they are not rounded. Contraction to fused multiply-add
# (1.3 times as fast) only makes the means more precise.
@kernel(fastmath={"contract"})
def _box(image, rows_at, columns_at, left, step, size, division, lines, sums, result):
    width, height = size
    number, wide, to_mean = lines.dtype.type, sums.dtype.type, division.dtype.type
    to_result = result.dtype.type
    scale, bias = division[0], division[1]
    line, inside = lines[0], np.uint64(result.shape[1])
    halvings = 0
    while width >> (halvings + 1):
        halvings += 1
    for y in range(rows_at.size):
        dropped_at = rows_at[max(y - height, 0)]
        _slide(image, rows_at[y], dropped_at, wide(y >= height), left, sums, line)
        r = y - height + 1
        if r < 0:
            continue
        for column in range(left):
            c = np.uint64(column)
            line[c] = line[left + columns_at[c]]
        for column in range(left + inside, columns_at.size):
            c = np.uint64(column)
            line[c] = line[left + columns_at[c]]
        joined, half = 1, line
        for bit in range(1, halvings):
            odd = number((width >> (halvings - bit)) & 1)
            distance, last = np.uint64(joined * step), np.uint64(2 * joined * step)
            joined = 2 * joined + np.int64(odd)
            total = lines[1 + bit % 2][: columns_at.size - (joined - 1) * step]
            for column in range(total.size):
                c = np.uint64(column)
                both = number(half[c] + half[distance + c])
                total[c] = number(both + number(odd * line[last + c]))
            half = total
        row, odd, two = result[r], number(width > 1 and width & 1), number(width > 1)
        distance, last = np.uint64(joined * step), np.uint64(2 * joined * step)
        for column in range(row.size):
            c = np.uint64(column)
            both = number(half[c] + number(two * half[distance + c]))
            mean = to_mean(number(both + number(odd * line[last + c]))) * scale
            row[c] = to_result(np.rint(mean + bias) if bias >= 0 else mean)


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
    TypeError, ValueError
        For an image, size or mode that is not one of these.

    Notes
    -----
    1. Downwards a running sum: the row that enters the box is added and the one that leaves it is
       subtracted. Those of floats are kept in float64.
    2. Along the row sums of 2 of these, of 4 (or 5), and so on, each from the one before, until
       they are as long as the box is wide: log2 of its width steps.

    A value that is 10^16 times larger than the others hides them in the rows below it, even
    when it has left the box, as in the peers.

    Memory: five rows with their borders; a float64 copy of uint16 and int16 images and their
    result; with "constant", a copy of the image.

    References
    ----------
    M. J. McDonnell, "Box-filtering techniques", Computer Graphics and Image Processing 17, 1981.

    Examples
    --------
    >>> import numpy as np
    >>> box_filter(np.array([[0, 0, 9, 0, 0]], np.uint8), (3, 1)).tolist()
    [[0, 3, 3, 3, 0]]
    """
    image = check_image(image, finite=False)
    width, height = _check_box(size)
    mode = check_mode(mode)
    if width == height == 1:
        return check_image(image).copy()
    if mode == "constant":
        return with_zeros_outside(image, lambda framed: box_filter(framed, size, mode="nearest"))
    dtype = image.dtype
    if dtype.kind == "b":
        return box_filter(image.view(np.uint8), size, mode=mode).view(bool)
    if image.dtype == np.uint8 and width * height < 2**23:  # whose sums fit into 32 bits
        wide = work = np.uint16 if width * height <= _SMALL_AREA else np.int32
    else:
        work, wide = np.float32 if image.dtype == np.float32 else np.float64, np.float64
        image = image.astype(work, copy=False)
    result = np.empty_like(image)
    sums = _average(image, (width, height), mode, work, wide, result)
    if not np.isfinite(sums).all():  # running sums never get rid of a NaN or infinity
        check_image(image)
    return converted(result, dtype)


def _check_box(size):
    if size is None:
        raise TypeError("size must be an integer or (width, height), got None")
    width, height = check_size(size, "size")
    for length, name in ((width, "size width"), (height, "size height")):
        check_number(length, name, at_least=1, at_most=_LARGEST_SIZE, integer=True)
    return width, height


def _average(image, size, mode, work, wide, result):
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    width, height = size
    rows_at = kernel_positions(rows, height, height // 2, mode, 1) * np.uint64(columns * step)
    columns_at = kernel_positions(columns, width, width // 2, mode, step)
    sums = np.zeros(columns * step, wide)
    bias = -1
    if image.dtype == np.uint8:  # half of the least distance of a mean of 256 pixels from a half
        bias = 2**-10 if width * height <= _SMALL_AREA else 0
    _box(
        image.reshape(-1),
        rows_at,
        columns_at,
        np.uint64(width // 2 * step),
        step,
        size,
        np.array([1 / (width * height), bias], np.float64 if work == np.float64 else np.float32),
        # the last sums reach beyond the line, for pixels that do not count
        np.zeros((3, columns_at.size + 2 * step), work),
        sums,
        result.reshape(rows, -1),
    )
    return sums
