"""Smoothing by a Gaussian: two one-dimensional filters, downwards and then along the rows."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number, check_pair
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices, check_mode, with_zeros_outside
from classicvision.filters._finite import not_finite

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LARGEST_SIGMA = 10_000  # pixels; the time grows with sigma
_LARGEST_ORDER = 10
SMALLEST_SIGMA = 0.3  # of a derivative, in pixels
_LARGEST_TRUNCATE = 100  # beyond 39 sigma all weights are 0 in float64


# c = column. Four symmetric pairs of taps at a time, of any filter, keep the sum in a register.
# The taps are offsets into one flat array: a slice for each would take as long as the sums of a
# short row. They are unsigned, since a signed one might count from the end. Every product is
# cut to the sum's own type: otherwise Numba widens integers to 64 bits. Contraction to fused
# multiply-add (1.2 times as fast) only makes the float sums more precise; the fixed-point sums
# are exact either way.
@kernel(inline=True, fastmath={"contract"})
def _weigh_pairs(source, start, centre, a0, b0, a1, b1, a2, b2, a3, b3, weights, total):
    number = total.dtype.type
    w0, w1, w2, w3, w4 = weights[0], weights[1], weights[2], weights[3], weights[4]
    for column in range(total.size):
        c = np.uint64(column)
        middle = number(start + number(w0 * number(source[centre + c])))
        pair0 = number(w1 * number(number(source[a0 + c]) + number(source[b0 + c])))
        pair1 = number(w2 * number(number(source[a1 + c]) + number(source[b1 + c])))
        pair2 = number(w3 * number(number(source[a2 + c]) + number(source[b2 + c])))
        pair3 = number(w4 * number(number(source[a3 + c]) + number(source[b3 + c])))
        pairs = number(number(pair0 + pair1) + number(pair2 + pair3))
        total[c] = number(middle + pairs)


@kernel(inline=True, fastmath={"contract"})
def _add_pairs(source, a0, b0, a1, b1, a2, b2, a3, b3, weights, k, total):
    number = total.dtype.type
    one = np.uint64(1)
    w0, w1, w2, w3 = weights[k], weights[k + one], weights[k + one + one], weights[k + one * 3]
    for column in range(total.size):
        c = np.uint64(column)
        pair0 = number(w0 * number(number(source[a0 + c]) + number(source[b0 + c])))
        pair1 = number(w1 * number(number(source[a1 + c]) + number(source[b1 + c])))
        pair2 = number(w2 * number(number(source[a2 + c]) + number(source[b2 + c])))
        pair3 = number(w3 * number(number(source[a3 + c]) + number(source[b3 + c])))
        total[c] += number(number(pair0 + pair1) + number(pair2 + pair3))


# r = row, c = column, k = distance from the centre. `rows_at` has the offset, in the flat image,
# of the row at each position of the image with its border; `columns_at` says which element stands
# at each position of a row with its border; `step` is the number of interleaved channels. The
# weights are those from the centre outwards, filled up with zeros to 1 + whole fours. `half` is
# 0.5 where the result is rounded; `total` is one row then, and otherwise the result itself.
# `downwards` may be the inside of `line`. A result that is not rounded is looked through for NaN
# and infinity, which each pixel passes on to its own place.
@kernel(fastmath={"contract"}, views_only=True)
def _smooth(
    image,
    rows_at,
    columns_at,
    step,
    weights_y,
    weights_x,
    half,
    copied,
    downwards,
    line,
    total,
    result,
):
    rows, width = result.shape
    one, three, four = np.uint64(1), np.uint64(3), np.uint64(4)
    radius_y, radius_x = np.uint64(weights_y.size - 1), np.uint64(weights_x.size - 1)
    border = radius_x * np.uint64(step)
    s1, s2, s3 = np.uint64(step), np.uint64(2 * step), np.uint64(3 * step)
    to_result = result.dtype.type
    zero = weights_y.dtype.type(0)
    spoiled = 0
    for r in range(rows):
        here = np.uint64(r) + radius_y
        for group in range(radius_y // four):
            k = four * np.uint64(group) + one
            a0, b0 = rows_at[here - k], rows_at[here + k]
            a1, b1 = rows_at[here - k - one], rows_at[here + k + one]
            a2, b2 = rows_at[here - k - one - one], rows_at[here + k + one + one]
            a3, b3 = rows_at[here - k - three], rows_at[here + k + three]
            if group == 0:
                _weigh_pairs(
                    image, zero, rows_at[here], a0, b0, a1, b1, a2, b2, a3, b3, weights_y, downwards
                )
            else:
                _add_pairs(image, a0, b0, a1, b1, a2, b2, a3, b3, weights_y, k, downwards)
        if copied:
            for column in range(width):
                c = np.uint64(column)
                line[border + c] = downwards[c]
        for column in range(border):
            c = np.uint64(column)
            beyond = border + np.uint64(width) + c
            line[c] = line[border + columns_at[c]]
            line[beyond] = line[border + columns_at[beyond]]
        sums = total[r % total.shape[0]]
        for group in range(radius_x // four):
            k = four * np.uint64(group) + one
            left, right = border - (k + three) * s1, border + k * s1
            a0, b0, a1, b1 = left + s3, right, left + s2, right + s1
            a2, b2, a3, b3 = left + s1, right + s2, left, right + s3
            if group == 0:
                _weigh_pairs(line, half, border, a0, b0, a1, b1, a2, b2, a3, b3, weights_x, sums)
            else:
                _add_pairs(line, a0, b0, a1, b1, a2, b2, a3, b3, weights_x, k, sums)
        if half:
            row = result[r]
            for c in range(width):
                row[c] = to_result(np.floor(sums[c]))
        else:
            spoiled += not_finite(sums)
    return spoiled


def gaussian(
    image: ArrayLike,
    sigma: float | tuple[float, float],
    *,
    order: int | tuple[int, int] = 0,
    truncate: float | None = None,
    mode: str = "mirror",
) -> np.ndarray:
    """Smooth an image by a Gaussian, or differentiate it by the derivatives of one.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are smoothed per channel.
    sigma : float or (float, float)
        Standard deviation in pixels, or one along x and one along y, at most
        10,000. 0 leaves an axis as it is. Along an axis of a derivative at least 0.3: below, the
        next pixels weigh less than 1/256 of the centre, and nothing is left to differentiate.
    order : int or (int, int)
        The derivative of the smoothed image, along x and along y (one number is both), at most
        10: (1, 0) is the slope along x, from sigma 0.65 on (see the notes). 0 only smooths.
    truncate : float, optional
        None: OpenCV's size and weights. A number: the weights end at
        ``int(truncate * sigma + 0.5)`` pixels from the centre, as in SciPy, whose default is 4;
        at most 100.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``image``
        Integers are rounded to the nearest. Derivatives are float32, and float64 for float64
        images. With ``truncate=None`` uint8 and uint16 images are identical to
        ``cv2.GaussianBlur(image, (0, 0), sigma)``, and float32 images but for 1e-6 of their range.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, a sigma, order or truncate that is
        no number (or pair), or an order that is not whole.
    ValueError
        For an image without pixels or with values that are not finite, a sigma, order or truncate
        out of range, or an unknown mode.

    Notes
    -----
    OpenCV's size is ``round(6 sigma + 1) | 1`` pixels for uint8 images and
    ``round(8 sigma + 1) | 1`` for the others. It computes uint8 images with weights of 8 bits
    and uint16 images with weights of 16 bits: the rounding error of each weight is carried into
    the next one, from the ends inwards, and the centre takes what is missing from 1.

    Derivatives are taken of the Gaussian, as sampled and cut off, and not of the image: see
    `convolve_separable`. Narrow Gaussians are sampled too coarsely for that: of a ramp of slope 1
    order (1, 0) makes 0.09 with sigma 0.3, 0.51 with 0.4, 0.86 with 0.5, 0.977 with 0.6, and from
    0.65 on 1 to 1 %; of x^2 / 2 order (2, 0) makes 1 to 1 % from sigma 0.75 on.

    Memory: two rows with their borders; with "constant", a copy of the image.

    References
    ----------
    R. Szeliski, Computer Vision: Algorithms and Applications, 2nd edition, 2022, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((3, 5), np.uint8)
    >>> image[:, 2] = 100
    >>> gaussian(image, 1)[1].tolist()
    [11, 25, 40, 25, 11]
    >>> gaussian(image, 1, order=(1, 0))[1].round().astype(int).tolist()
    [0, 23, 0, -23, 0]
    """
    image = check_image(image, finite=False)
    sigma_x, sigma_y = check_sigma(sigma)
    orders = check_pair(order, "order", integer=True, at_least=0, at_most=_LARGEST_ORDER)
    if truncate is not None:
        truncate = check_truncate(truncate)
    mode = check_mode(mode)
    if any(orders):
        return _differentiate(image, (sigma_x, sigma_y), orders, truncate, mode)
    if image.dtype == bool:
        return gaussian(image.view(np.uint8), sigma, truncate=truncate, mode=mode).view(bool)
    if mode == "constant":
        options = {"truncate": truncate, "mode": "nearest"}
        return with_zeros_outside(image, lambda framed: gaussian(framed, sigma, **options))
    radius_x, radius_y = (_radius(s, truncate, image.dtype) for s in (sigma_x, sigma_y))
    bits = {"uint8": 8, "uint16": 16}.get(image.dtype.name) if truncate is None else None
    # Sums of uint8 stay below 2^16 downwards and below 2^24, where float32 is exact, in all.
    small = {"uint8": (np.float32, np.uint16), "float32": (np.float32, np.float32)}
    work_x, work_y = small.get(image.dtype.name, (np.float64, np.float64))
    if image.dtype == np.uint8 and bits is None:
        work_y = np.float32
    # The whole numbers are scaled back here; by a power of two, which is exact.
    weights_x = (_half_weights(sigma_x, radius_x, bits) / 4.0 ** (bits or 0)).astype(work_x)
    weights_y = _half_weights(sigma_y, radius_y, bits).astype(work_y)
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    rows_at = border_indices(rows, weights_y.size - 1, mode).astype(np.uint64)
    columns_at = border_indices(columns, weights_x.size - 1, mode, step).astype(np.uint64)
    line = np.empty(columns_at.size, work_x)
    copied = work_x != work_y
    border = (weights_x.size - 1) * step
    inner = line[border : border + columns * step]
    result = np.empty_like(image)
    spoiled = _smooth(
        image.reshape(-1),
        rows_at * np.uint64(columns * step),
        columns_at,
        step,
        weights_y,
        weights_x,
        work_x(0.5 if image.dtype.kind != "f" else 0),
        copied,
        np.empty(columns * step, work_y) if copied else inner,
        line,
        result.reshape(rows, -1)
        if image.dtype.kind == "f"
        else np.empty((1, columns * step), work_x),
        result.reshape(rows, -1),
    )
    if spoiled:
        return _scaled_down(image, sigma, truncate, mode)
    return result


def _scaled_down(image, sigma, truncate, mode):
    """Smooth a float image, which must be finite, at a scale at which nothing overflows."""
    largest = np.abs(check_image(image)).max()
    exponent = int(np.frexp(largest)[1])
    smooth = gaussian(np.ldexp(image, -exponent), sigma, truncate=truncate, mode=mode)
    limit = np.ldexp(largest, -exponent)
    return np.ldexp(smooth.clip(-limit, limit), exponent)


def check_sigma(
    sigma: float | tuple[float, float], name: str = "sigma", at_least: float = 0
) -> tuple[float, float]:
    """Return a Gaussian's standard deviations along x and y."""
    return check_pair(sigma, name, at_least=at_least, at_most=LARGEST_SIGMA)


def check_truncate(truncate: float) -> float:
    """Return after how many standard deviations the weights end."""
    return check_number(truncate, "truncate", at_least=0, at_most=_LARGEST_TRUNCATE)


def _differentiate(image, sigmas, orders, truncate, mode):
    from classicvision.filters.convolution import convolve_separable  # not needed for smoothing

    for sigma, order in zip(sigmas, orders, strict=True):
        if order and sigma < SMALLEST_SIGMA:
            raise ValueError(
                f"sigma must be at least {SMALLEST_SIGMA} along an axis of order {order}, "
                f"got {sigma:g}; classicvision.gradient takes plain differences"
            )
    dtype = np.float64 if image.dtype == np.float64 else np.float32
    row, column = (
        derivative_weights(sigma, order, _radius(sigma, truncate, np.dtype(dtype)))
        for sigma, order in zip(sigmas, orders, strict=True)
    )
    return convolve_separable(image, column, row, mode=mode, dtype=dtype)


def derivative_weights(sigma: float, order: int, radius: int) -> np.ndarray:
    """Return the derivative of the Gaussian that sums to 1, from -radius to radius.

    Each derivative of ``p(x) exp(-x^2 / (2 sigma^2))``, p a polynomial, is another of that form:
    p becomes ``p'(x) - x / sigma^2 p(x)``. With an order, sigma is at least ``SMALLEST_SIGMA``.
    """
    half = _half_weights(sigma, radius, None)[: radius + 1]
    polynomial = np.polynomial.Polynomial([1.0])
    for _ in range(order):
        polynomial = polynomial.deriv() - np.polynomial.Polynomial([0, sigma**-2]) * polynomial
    return polynomial(np.arange(-radius, radius + 1)) * np.concatenate([half[:0:-1], half])


def _radius(sigma, truncate, dtype):
    if sigma == 0:
        return 0
    if truncate is None:
        return (round(sigma * (6 if dtype == np.uint8 else 8) + 1) | 1) // 2
    return int(truncate * sigma + 0.5)


@functools.lru_cache(maxsize=64)  # many small images are smoothed alike
def _half_weights(sigma, radius, bits):
    """Return the weights from the centre outwards, and zeros up to 1 + 4, 8, 12, ... in all.

    The array is shared by all callers, and read-only.
    """
    distance = np.arange(radius + 1)
    sigma = max(sigma, 0.02)  # below which the centre alone has a weight, whose square may be 0
    weights = np.array([math.exp(-0.5 / sigma**2 * d * d) if d else 1.0 for d in distance])
    weights /= 2 * weights[:0:-1].sum() + 1
    if bits:
        weights = _diffuse(weights, bits)
    weights = np.concatenate([weights, np.zeros(-radius % 4 if radius else 4)])
    weights.flags.writeable = False
    return weights


def _diffuse(weights, bits):
    """Return the weights times ``2**bits`` as whole numbers that sum to ``2**bits``."""
    whole = np.zeros_like(weights)
    error = 0.0
    for d in range(weights.size - 1, 0, -1):
        wanted = weights[d] * 2**bits + error
        whole[d] = round(wanted)
        error = wanted - whole[d]
    whole[0] = 2**bits - 2 * whole[1:].sum()
    return whole
