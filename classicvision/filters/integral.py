"""Integral images: the sum over any box from four look-ups.

All have one extra row and column of zeros, ``(rows + 1, columns + 1)``, so that no box needs
a special case at the image's edge.

References
----------
F. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984, section 2.
P. Viola and M. Jones, "Robust real-time face detection", IJCV 57, 2004, section 2.1.
R. Lienhart and J. Maydt, "An extended set of Haar-like features for rapid object detection",
ICIP 2002, section 2.2 (the tilted table).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_boxes, check_dtype, check_image
from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

_DTYPES = ("int32", "int64", "float32", "float64")
_QUADS = 64  # fours of pixels that a row of uint8 is summed up by


# r = rows, c = columns
@kernel
def _accumulate(image, table):
    rows, columns = image.shape
    column_sums = np.zeros(columns, table.dtype)
    for r in range(rows):
        pixels, sums = image[r], table[r + 1, 1:]
        for c in range(columns):
            column_sums[c] += pixels[c]
        total = table[0, 0]  # zero of the table's type
        for c in range(columns):
            total += column_sums[c]
            sums[c] = total


# q = quad: four neighbouring pixels, read as one number of 32 bits, the first in the lowest byte.
# Indices are unsigned: a signed one might count from the end, which forbids vector instructions.
@kernel(inline=True)
def _add_four(numbers, step, sums):
    """Write the sum of the four numbers at ``q, q + step, ...`` into ``sums[q]``."""
    small = sums.dtype.type
    second = np.uint64(step)
    third, fourth = second + second, second + second + second
    for quad in range(sums.size):
        q = np.uint64(quad)
        pair = small(numbers[q] + numbers[q + second])
        sums[q] = small(pair + small(numbers[q + third] + numbers[q + fourth]))


# The sums of 4, 16 and 64 quads that end at each quad come from four shorter ones each; they fit
# 16 bits: 64 * 4 * 255 = 65,280. What is left is a step for 64 quads, not one for each pixel.
# Each array starts with the zeros that the next one looks back to.
@kernel(inline=True)
def _sum_row(quads, of_1, of_4, of_16, totals):
    """Write the sum of each quad and all before it behind the 64 zeros of ``totals``."""
    word, small, number = np.uint32, np.uint16, np.int32
    latest = of_1[_QUADS - 1 :]
    for quad in range(quads.size):
        q = np.uint64(quad)
        mask, pixels = word(0x00FF00FF), quads[q]
        pairs = word(word(pixels & mask) + word(word(pixels >> word(8)) & mask))
        latest[q] = small(word(pairs + word(pairs >> word(16))))
    _add_four(of_1[_QUADS - 4 :], 1, of_4[_QUADS - 4 :])
    _add_four(of_4[_QUADS - 16 :], 4, of_16[_QUADS - 16 :])
    for quad in range(quads.size):
        q = np.uint64(quad)
        pair = small(of_16[q] + of_16[q + np.uint64(16)])
        of_64 = small(pair + small(of_16[q + np.uint64(32)] + of_16[q + np.uint64(48)]))
        totals[q + np.uint64(_QUADS)] = number(totals[q] + number(of_64))


# `sums` are the latest row's entries for the first, second, third and fourth pixel of each quad.
# Of 32 bits, they take half as long as 64: for images whose sums fit.
@kernel
def _accumulate_uint8(image, row, quads, of_1, of_4, of_16, totals, sums, table):
    rows, columns = image.shape
    word, number = np.uint32, np.int32
    byte = word(255)
    first, second, third, fourth = sums[0], sums[1], sums[2], sums[3]
    totals_here = totals[_QUADS:]
    whole = columns // 4
    for r in range(rows):
        image_row, below = image[r], table[r + 1, 1:]
        for c in range(columns):
            row[c] = image_row[c]
        _sum_row(quads, of_1, of_4, of_16, totals)
        for quad in range(quads.size):
            q = np.uint64(quad)
            pixels, total = quads[q], totals_here[q]
            fourth[q] += total
            total = number(total - number(pixels >> word(24)))
            third[q] += total
            total = number(total - number(word(pixels >> word(16)) & byte))
            second[q] += total
            total = number(total - number(word(pixels >> word(8)) & byte))
            first[q] += total
        for quad in range(whole):
            q = np.uint64(quad)
            c = np.uint64(4) * q
            below[c] = first[q]
            below[c + np.uint64(1)] = second[q]
            below[c + np.uint64(2)] = third[q]
            below[c + np.uint64(3)] = fourth[q]
        for c in range(4 * whole, columns):
            below[c] = sums[c % 4, whole]


def integral_image(image: ArrayLike, *, dtype: DTypeLike | None = None) -> np.ndarray:
    """Return the integral image: at ``[r, c]`` the sum of ``image[:r, :c]``.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Of dtype bool, uint8, uint16, int16, float32 or float64. Colours are summed one by one.
    dtype : {None, int32, int64, float32, float64}
        Of the result. ``None``: int64 for bool and integer images, float64 for float images.

    Returns
    -------
    ndarray, shape (rows + 1, columns + 1) or (rows + 1, columns + 1, 3)

    Raises
    ------
    TypeError
        For an image of another dtype.
    ValueError
        For another dtype of the result; for an image without pixels or with NaN; for int32 where
        the sums could overflow; for an integer dtype asked of a float image.

    Notes
    -----
    int64 is exact: it cannot overflow below 2**47 pixels (2**31 for squares of uint16).
    int32, half the memory, is exact too, and is refused unless pixels times the largest
    magnitude stay below 2**31: 8.4 million pixels of any uint8 image, 33,000 for its squares.
    Float images are summed in float64, each step rounded to 2**-53 of the sum; ``float32``
    rounds the final sums once.

    Memory: the result and some rows; for float32, and for colours, the result twice.

    Unlike scikit-image's table this one begins with a row and a column of zeros, as OpenCV's,
    so that no box is a special case, and `box_sum` refuses negative indices.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> cv.integral_image(np.array([[1, 2], [3, 4]], np.uint8))
    array([[ 0,  0,  0],
           [ 0,  1,  3],
           [ 0,  4, 10]])
    """
    return _integrate(_accumulate, image, dtype, power=1)


@kernel
def _accumulate_squares(image, table):
    rows, columns = image.shape
    zero = table[0, 0]
    column_sums = np.zeros(columns, table.dtype)
    for r in range(rows):
        pixels, sums = image[r], table[r + 1, 1:]
        for c in range(columns):
            value = zero + pixels[c]
            column_sums[c] += value * value
        total = zero
        for c in range(columns):
            total += column_sums[c]
            sums[c] = total


def squared_integral_image(image: ArrayLike, *, dtype: DTypeLike | None = None) -> np.ndarray:
    """Return the integral image of the squares: at ``[r, c]`` the sum of ``image[:r, :c] ** 2``.

    With :func:`integral_image` it gives the variance over any box. Parameters, result, errors
    and the limits of each dtype are those of :func:`integral_image`.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> cv.squared_integral_image(np.array([[1, 2], [3, 4]], np.uint8))
    array([[ 0,  0,  0],
           [ 0,  1,  5],
           [ 0, 10, 30]])
    """
    return _integrate(_accumulate_squares, image, dtype, power=2)


# diagonals[d + 1] = sum of the pixels with x + y = d in the rows above the current one
@kernel
def _accumulate_tilted(image, table):
    rows, columns = image.shape
    diagonals = np.zeros(rows + columns, table.dtype)
    for r in range(rows):
        pixels, above, below = image[r], table[r], table[r + 1, 1:]
        left, right = diagonals[r:], diagonals[r + 1 :]
        table[r + 1, 0] = above[1]
        # The cone under a pixel is that of its upper left neighbour and two diagonals more.
        for c in range(columns):
            below[c] = above[c] + left[c] + right[c] + pixels[c]
        for c in range(columns):
            right[c] += pixels[c]


def tilted_integral_image(image: ArrayLike, *, dtype: DTypeLike | None = None) -> np.ndarray:
    """Return the integral image turned by 45 degrees: sums over cones that open upwards.

    At ``[y, x]`` it holds the sum of ``image[v, u]`` over v < y and abs(u - x + 1) < y - v:
    the pixel ``[y - 1, x - 1]``, three pixels above it, five above those, and so on. This is the
    table of OpenCV's ``cv2.integral3`` and of tilted Haar-like features. Parameters, result,
    errors and the limits of each dtype are those of :func:`integral_image`.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> cv.tilted_integral_image(np.array([[1, 2, 3], [0, 5, 0]], np.uint8))
    array([[ 0,  0,  0,  0],
           [ 0,  1,  2,  3],
           [ 1,  3, 11,  5]])
    """
    return _integrate(_accumulate_tilted, image, dtype, power=1)


def box_sum(integral: ArrayLike, boxes: ArrayLike) -> np.ndarray:
    """Return the sum over each box, four look-ups a box.

    Parameters
    ----------
    integral : ndarray, shape (rows + 1, columns + 1) or (rows + 1, columns + 1, 3)
        From :func:`integral_image` or :func:`squared_integral_image`.
    boxes : array_like, shape (n, 4)
        Whole-pixel boxes x1, y1, x2, y2 inside the image, right and bottom edges exclusive:
        the sum is that of ``image[y1:y2, x1:x2]``.

    Returns
    -------
    ndarray, shape (n,) or (n, 3), of the dtype of ``integral``

    Raises
    ------
    TypeError
        For an integral image with another number of dimensions.
    ValueError
        For boxes that are not whole pixels or reach outside the image.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> table = cv.integral_image(np.ones((4, 6), np.uint8))
    >>> cv.box_sum(table, [[0, 0, 6, 4], [2, 1, 5, 3]])
    array([24,  6])
    """
    integral = np.asarray(integral)
    if integral.ndim not in (2, 3) or integral.dtype.kind not in "iuf" or integral.size == 0:
        raise TypeError(
            "integral must be a numeric array (rows + 1, columns + 1[, 3]), "
            f"got {integral.dtype} {integral.shape}; make it with integral_image"
        )
    check_boxes(boxes)
    corners = np.asarray(boxes, np.float64).reshape(-1, 4)
    fractional = (np.rint(corners) != corners).any(axis=1)
    if fractional.any():
        first = np.flatnonzero(fractional)[0]
        raise ValueError(
            f"boxes must be whole pixels, boxes[{first}] is {corners[first].tolist()}; "
            "round them with np.rint"
        )
    rows, columns = integral.shape[0] - 1, integral.shape[1] - 1
    outside = (corners < 0).any(axis=1) | (corners > [columns, rows] * 2).any(axis=1)
    if outside.any():
        first = np.flatnonzero(outside)[0]
        raise ValueError(
            f"boxes must lie inside the image of {columns} x {rows} pixels, "
            f"boxes[{first}] is {[int(edge) for edge in corners[first]]}; clip them with np.clip"
        )
    x1, y1, x2, y2 = corners.T.astype(np.intp)
    return integral[y2, x2] - integral[y1, x2] - integral[y2, x1] + integral[y1, x1]


def _integrate(accumulate, image, dtype, power):
    """Check, choose a dtype whose sums are exact, run the kernel, convert the result."""
    image = check_image(image)
    floating = image.dtype.kind == "f"
    exact = np.dtype(np.float64 if floating else np.int64)
    dtype = exact if dtype is None else check_dtype(dtype, _DTYPES)
    if floating and dtype.kind == "i":
        raise ValueError(f"dtype must be float32 or float64 for a float image, got {dtype}")
    if dtype == np.int32:
        _check_fits_int32(image, power)
        exact = dtype
    pixels = image.view(np.uint8) if image.dtype == bool else image
    if image.ndim == 3:
        planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
        table = np.moveaxis(np.stack([_run(accumulate, plane, exact) for plane in planes]), 0, 2)
    else:
        table = _run(accumulate, pixels, exact)
    return table.astype(dtype, copy=False)


def _run(accumulate, pixels, dtype):
    rows, columns = pixels.shape
    table = np.empty((rows + 1, columns + 1), dtype)
    table[0], table[:, 0] = 0, 0
    if accumulate is _accumulate and pixels.dtype == np.uint8 and pixels.size * 255 < 2**31:
        _run_uint8(pixels, table)
    else:
        accumulate(pixels, table)
    return table


def _run_uint8(pixels, table):
    quads = -(-pixels.shape[1] // 128) * 32  # vectors of 16 bits are whole
    row = np.zeros(4 * quads, np.uint8)
    _accumulate_uint8(
        pixels,
        row,
        row.view("<u4"),
        np.zeros(_QUADS - 1 + quads, np.uint16),
        np.zeros(_QUADS - 4 + quads, np.uint16),
        np.zeros(_QUADS - 16 + quads, np.uint16),
        np.zeros(_QUADS + quads, np.int32),
        np.zeros((4, quads), np.int32),
        table,
    )


def _check_fits_int32(image, power):
    limits = np.iinfo(image.dtype) if image.dtype != bool else np.iinfo(np.uint8)
    pixels = image.shape[0] * image.shape[1]
    if pixels * max(limits.max, -limits.min) ** power < 2**31:
        return
    largest = max(int(image.max()), -int(image.min()))
    if pixels * largest**power >= 2**31:
        raise ValueError(
            f"dtype int32 could overflow: {pixels} pixels of up to {largest}"
            f"{' squared' if power == 2 else ''} may sum to 2**31 or more; use int64"
        )
