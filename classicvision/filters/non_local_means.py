"""Non-local means: a mean over the pixels whose surroundings look alike."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._jit import kernel
from classicvision.filters._borders import check_mode
from classicvision.filters._exponential import LOG2_E, power_of_two
from classicvision.filters._planes import joined_planes, padded_planes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LARGEST_SIZE = 1001  # pixels
_TILE = 2048  # columns at a time: long loops, and one row of each array stays in the second cache
_BLOCK = 64  # columns that vector instructions take in one turn of a loop
_LEAST_WEIGHT = 0.001  # smaller ones count as 0, as in OpenCV
_COARSEST = 128  # whole weights below this, of equal patches, are too coarse: floats are used
_FURTHEST = -math.log(_LEAST_WEIGHT)  # the distance that has this weight
_NO_SQUARE_ABOVE = 7.0  # of a single pixel: enough to exceed that distance


@kernel(inline=True, views_only=True)
def _square(a, b, scale):
    """Return (a - b)**2 as a whole number, or in the unit of the weights' exponent."""
    if scale is None:
        step = np.int32(np.int32(a) - np.int32(b))
        return np.int32(step * step)
    step = (a - b) * scale
    return min(step * step, _NO_SQUARE_ABOVE)


# c = column.
@kernel(inline=True, views_only=True)
def _exchange_squares(a, b, old_a, old_b, scale, total):
    number = total.dtype.type
    for c in range(total.size):
        change = number(_square(a[c], b[c], scale) - _square(old_a[c], old_b[c], scale))
        total[c] = number(total[c] + change)


# c = column, k = tap. Seven at a time, the default size, keep the sum in a register.
@kernel(inline=True, views_only=True)
def _sum_along(line, size, nothing, scale, last, shift, total):
    """Write the sums of ``size`` neighbours; whole ones divided by a power of two, up to last."""
    number = total.dtype.type
    bits = np.int32(shift) & np.int32(31)  # as LLVM cannot know, a shift of 32 bits or more
    beyond = nothing
    if size > 7:
        beyond = total
        for c in range(total.size):
            total[c] = 0
    for k in range(7, size, 2):
        tap, next_tap = line[k:], line[k + 1 :]
        for c in range(total.size):
            total[c] = number(total[c] + number(tap[c] + next_tap[c]))
    t0, t1, t2 = line, line[1:], line[2:]
    t3, t4, t5, t6 = line[3:], line[4:], line[5:], line[6:]
    if size < 7:
        t5 = t6 = nothing
    if size < 5:
        t3 = t4 = nothing
    if size < 3:
        t1 = t2 = nothing
    for c in range(total.size):
        left = number(number(t0[c] + t1[c]) + number(t2[c] + t3[c]))
        right = number(number(t4[c] + t5[c]) + number(t6[c] + beyond[c]))
        if scale is None:
            total[c] = min(np.int32(np.int32(left + right) >> bits), last)
        else:
            total[c] = left + right


# c = column. Two entries at a time, each half of a word.
@kernel(inline=True, views_only=True)
def _look_up(table, pairs):
    """Replace the entries' numbers by the entries."""
    half = np.uint64(32)
    for c in range(pairs.size):
        pair = pairs[c]
        low, high = table[pair & np.uint64(0xFFFFFFFF)], table[pair >> half]
        pairs[c] = np.uint64(low) | (np.uint64(high) << half)


# c = column. What is replaced are the distances.
@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _weigh(line, precise):
    if precise:
        for c in range(line.size):
            line[c] = np.exp(-line[c]) if line[c] <= _FURTHEST else 0.0
    else:
        for c in range(line.size):
            weight = power_of_two(np.float32(line[c] * -LOG2_E))
            line[c] = weight if line[c] <= _FURTHEST else 0.0


# c = column, k = channel, back = 0 for the pixels p that steps begin at, 1 for those, q, that
# they lead to: the first of three steps from column p to p + dx, the others next to it. Three
# lines of weights at a time spare loads and stores of the sums.
@kernel(inline=True, views_only=True)
def _add_both_ways(lines, planes, margin, top, p, dy, dx, weight_sums, value_sums):
    """Add three lines of weights, and the weighted values, at both ends of the steps."""
    number, width = lines.dtype.type, lines.shape[1] - 4
    for back in range(2):
        w0, w1, w2 = lines[0][2:], lines[1][2 - back :], lines[2][2 - 2 * back :]
        row, start = top + back * dy, p + back * dx
        stop = start + width + 2 * back
        total = weight_sums[row][start:stop]
        for c in range(total.size):
            total[c] = number(total[c] + number(number(w0[c] + w1[c]) + w2[c]))
        begin, step = p + margin + (1 - back) * dx, 1 - 2 * back
        for k in range(planes.shape[0]):
            other = planes[k, top + margin + (1 - back) * dy]
            v0, v1, v2 = other[begin:], other[begin + step :], other[begin + 2 * step :]
            total = value_sums[k, row][start:stop]
            for c in range(total.size):
                both = number(number(w0[c] * number(v0[c])) + number(w1[c] * number(v1[c])))
                total[c] = number(total[c] + number(both + number(w2[c] * number(v2[c]))))


# r = row, c = column, k = channel. Whole numbers are rounded as OpenCV does; the quotients, of
# numbers below 2^32, are exact enough in float64 to be rounded down.
@kernel(inline=True, views_only=True)
def _average(planes, margin, scale, unit, weight_sums, value_sums, result):
    channels, rows, columns = result.shape
    top = (weight_sums.shape[0] - rows) // 2
    left = 2 * top + 2
    to_result = result.dtype.type
    for r in range(rows):
        sums = weight_sums[r + top][left:]
        for k in range(channels):
            own, row = planes[k, r + top + margin][left + margin :], result[k, r]
            others = value_sums[k, r + top][left:]
            for c in range(columns):
                weight = np.float64(sums[c]) + unit
                total = np.float64(others[c]) + unit * np.float64(own[c])
                if scale is None:
                    total = np.floor((total + np.floor(0.5 * weight)) / weight)
                else:
                    total = total / weight
                row[c] = to_result(total)


# dy, dx = step from a pixel p to the pixel q that it is compared with, k = channel, i = which of
# three steps, left, top = where p stands in the sums, and its patch begins in the planes. Both
# pixels have the same weight in the mean of the other, so each pair is weighed once and added to
# both: only half of the steps are taken. For one step the squared differences are summed
# downwards in a running sum for each column, `down`, and then along the row. The weights of
# three steps that end side by side stand in `lines`, with two zeros before and after; `pairs`
# is the same memory. What is added outside the image is never read.
@kernel(views_only=True)
def _filter(
    planes,
    margin,
    scale,
    table,
    shift,
    precise,
    unit,
    down,
    lines,
    pairs,
    weight_sums,
    value_sums,
    result,
):
    channels, patch, reach = planes.shape[0], 2 * margin + 1, down.shape[0] // 2 - 1
    tile, nothing = lines.shape[1] - 4, down[2 * reach + 1]
    last = np.int32(table.size - 1)
    for left in range(reach + 2, weight_sums.shape[1] - reach - 2, tile):
        for dy in range(reach + 1):
            for top in range(reach - dy, weight_sums.shape[0] - reach):
                for first in range(-reach if dy > 0 else 1, reach + 1, 3):
                    for i in range(3):
                        dx = first + i
                        weights = lines[i][2 : 2 + tile]
                        if dx > reach:
                            for c in range(tile):
                                weights[c] = 0
                            continue
                        sums = down[dx + reach]
                        fresh = top == reach - dy
                        if fresh:
                            for c in range(sums.size):
                                sums[c] = 0
                        for k in range(channels):
                            for y in range(top if fresh else top + patch - 1, top + patch):
                                a, b = planes[k, y][left:], planes[k, y + dy][left + dx :]
                                old_a, old_b = a, a
                                if not fresh:
                                    old_a = planes[k, y - patch][left:]
                                    old_b = planes[k, y - patch + dy][left + dx :]
                                _exchange_squares(a, b, old_a, old_b, scale, sums)
                        _sum_along(sums, patch, nothing, scale, last, shift, weights)
                        if scale is None:
                            _look_up(table, pairs[i][1 : 1 + tile // 2])
                        else:
                            _weigh(weights, precise)
                    _add_both_ways(
                        lines, planes, margin, top, left, dy, first, weight_sums, value_sums
                    )
    _average(planes, margin, scale, unit, weight_sums, value_sums, result)


def non_local_means(
    image: ArrayLike,
    strength: float,
    *,
    patch_size: int = 7,
    search_size: int = 21,
    mode: str = "mirror",
) -> np.ndarray:
    """Remove noise by averaging pixels whose surroundings look alike: non-local means.

    Each pixel becomes the mean of those in a window around it, weighted by
    ``exp(-d / strength**2)``: d is the mean squared difference between the patch around the one
    and the patch around the other, over all channels.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        The channels of a colour image share their weights.
    strength : float
        How much patches may differ, in the image's units; about the noise's standard deviation.
        Also known as h. 0 leaves the image as it is.
    patch_size : int
        Side of the patches that are compared, an odd number up to 1001: they are square.
    search_size : int
        Side of the window that is searched, an odd number up to 1001: it is square.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``image``
        Integers are rounded to the nearest. uint8 images are identical to
        ``cv2.fastNlMeansDenoising(image, None, strength, patch_size, search_size)``, gray and
        colour, up to a patch_size of 101 and a search_size of 255.

    Raises
    ------
    TypeError
        For what is not an image, or a strength or size that is not such a number.
    ValueError
        For an image without pixels or with values that are not finite, a strength below 0, a
        size that is even or out of range, or an unknown mode.

    Notes
    -----
    1. For one step from a pixel to another in the window the squared differences are summed over
       the patch by running sums, so that the time does not depend on the patch's rows.
    2. The sum gives the weight; below 1/1000 it counts as 0, as in OpenCV.
    3. The weight counts for both pixels of the pair, which halves the number of steps.

    uint8 images are computed in whole numbers, as OpenCV does: the sum of squares is divided by
    the power of two at or above ``patch_size**2`` and rounded down, the weights are whole
    multiples of ``1 / floor((2**31 - 1) / (255 * search_size**2))``. All others are computed in
    float64, the weights of float32 images to a relative error of 1e-6.

    Besides the result it takes, for each pixel, 9 bytes for a gray uint8 image, 19 for a colour
    one, and 32 or 80 for other types.

    References
    ----------
    A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image denoising", CVPR 2005,
    section 3; its patches are weighted by a Gaussian, here all their pixels count the same.
    J. Darbon, A. Cunha, T. F. Chan, S. Osher and G. J. Jensen, "Fast nonlocal filtering applied
    to electron cryomicroscopy", ISBI 2008, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile(np.array([10, 10, 200, 200], np.uint8), (8, 2))
    >>> stripes[4, 4] += 8
    >>> non_local_means(stripes, 10, patch_size=3, search_size=9)[4].tolist()
    [10, 10, 200, 200, 11, 10, 200, 200]
    """
    image = check_image(image)
    strength = check_number(strength, "strength", at_least=0)
    margin = _half(patch_size, "patch_size")
    reach = _half(search_size, "search_size")
    mode = check_mode(mode)
    if strength == 0:  # only equal patches are averaged, and their centres are equal
        return image.copy()
    if image.dtype == bool:
        denoised = non_local_means(
            image.view(np.uint8),
            strength,
            patch_size=patch_size,
            search_size=search_size,
            mode=mode,
        )
        return denoised.view(bool)
    channels = image.shape[2] if image.ndim == 3 else 1
    most = np.iinfo(np.int32).max
    unit = most // (255 * (2 * reach + 1) ** 2)  # the weight of equal patches
    if (
        image.dtype == np.uint8
        and unit >= _COARSEST
        and 255**2 * channels * (2 * margin + 1) ** 2 <= most
    ):
        result = _in_whole_numbers(image, strength, margin, reach, mode, unit)
    else:
        result = _in_floats(image, strength, margin, reach, mode)
    return joined_planes(result, image.shape)


def _in_whole_numbers(image, strength, margin, reach, mode, unit):
    channels = image.shape[2] if image.ndim == 3 else 1
    table, shift = _whole_weights(strength, 2 * margin + 1, channels, unit)
    planes, scratch = _scratch(image, margin, reach, mode, np.uint8, np.int32)
    result = np.empty((channels, *image.shape[:2]), np.uint8)
    _filter(planes, margin, None, table, shift, False, float(unit), *scratch, result)
    return result


def _in_floats(image, strength, margin, reach, mode):
    channels = image.shape[2] if image.ndim == 3 else 1
    planes, scratch = _scratch(image, margin, reach, mode, np.float64, np.float64)
    scale = 1 / max(strength * (2 * margin + 1) * math.sqrt(channels), 1e-300)
    precise = image.dtype == np.float64
    result = np.empty((channels, *image.shape[:2]))
    no_table = np.empty(0, np.uint32)
    _filter(planes, margin, scale, no_table, 0, bool(precise), 1.0, *scratch, result)
    return (result if image.dtype.kind == "f" else np.rint(result)).astype(image.dtype)


def _scratch(image, margin, reach, mode, value, number):
    """Return the padded planes, and the arrays that the kernel works in."""
    rows, columns = image.shape[:2]
    tiles = -(-(columns + 2 * reach) // _TILE)
    tile = -(-(columns + 2 * reach) // (tiles * _BLOCK)) * _BLOCK
    down = np.zeros((2 * reach + 2, tile + -(-2 * margin // _BLOCK) * _BLOCK), number)
    lines = np.zeros((3, tile + 4), number)
    # Steps to the right begin, and steps to the left end, up to `reach` outside the image; so
    # steps lead up to twice as far, and three at a time two pixels further.
    width = tiles * tile + 2 * (reach + 2)
    weight_sums = np.zeros((rows + 2 * reach, width), number)
    border = reach + margin
    spare = (reach + 2, width + down.shape[1] - tile - columns - 2 * border - reach - 2)
    planes = padded_planes(image, border, mode, value, spare)
    value_sums = np.zeros((len(planes), *weight_sums.shape), number)
    return planes, (down, lines, lines.view(np.uint64), weight_sums, value_sums)


def _whole_weights(strength, patch, channels, unit):
    """Return OpenCV's table of weights, and by how many bits it shifts a sum of squares."""
    shift = (patch * patch - 1).bit_length()
    step = 2.0**shift / patch**2  # mean squared difference from one entry to the next
    entries = int(255**2 * channels / step + 1)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        square = np.float32(strength) * np.float32(strength) * np.float32(channels)
        entries = int(min(entries, 1.01 * _FURTHEST * float(square) / step + 2))
        weights = unit * np.exp(-np.arange(entries) * step / np.float64(square))
    weights = np.rint(np.nan_to_num(weights, nan=unit))
    weights[weights < _LEAST_WEIGHT * unit] = 0
    return weights.astype(np.uint32), shift


def _half(size, name):
    size = check_number(size, name, at_least=1, at_most=_LARGEST_SIZE, integer=True)
    if size % 2 == 0:
        raise ValueError(f"{name} must be odd, got {size}; use {size - 1} or {size + 1}")
    return size // 2
