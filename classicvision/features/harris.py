"""Corners: where an image changes in all directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import (
    check_flag,
    check_image,
    check_number,
    check_option,
    check_window,
)
from classicvision._jit import kernel
from classicvision.filters.box import box_filter
from classicvision.filters.derivatives import gradient
from classicvision.filters.smoothing import check_sigma, gaussian
from classicvision.images import luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_RADIUS = 2  # pixels, within which there is one corner


@dataclass(frozen=True, eq=False)
class HarrisSteps:
    """What Harris' measure is computed from; every array has the image's rows and columns.

    Attributes
    ----------
    gx, gy : ndarray
        The derivatives, positive where it becomes brighter to the right and downwards.
    xx, xy, yy : ndarray
        The means in the window of gx gx, gx gy and gy gy: the structure tensor M is
        ``[[xx, xy], [xy, yy]]``.
    response : ndarray
        ``xx yy - xy^2 - k (xx + yy)^2``.
    """

    gx: np.ndarray
    gy: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    response: np.ndarray


# `products` are gx gx, gx gy and gy gy of each pixel, side by side.
@kernel
def _multiply(gx, gy, scale, products):
    number = products.dtype.type
    for i in range(gx.size):
        x, y, k = number(scale * gx[i]), number(scale * gy[i]), np.uint64(3) * np.uint64(i)
        products[k] = number(x * x)
        products[k + np.uint64(1)] = number(x * y)
        products[k + np.uint64(2)] = number(y * y)


@kernel
def _respond(means, k, response):
    number = response.dtype.type
    for i in range(response.size):
        m = np.uint64(3) * np.uint64(i)
        xx, xy, yy = means[m], means[m + np.uint64(1)], means[m + np.uint64(2)]
        determinant = number(number(xx * yy) - number(xy * xy))
        trace = number(xx + yy)
        response[i] = number(determinant - number(k * number(trace * trace)))


@overload
def harris(
    image: ArrayLike,
    *,
    sigma: float = ...,
    size: int | tuple[int, int] | None = ...,
    aperture: int = ...,
    k: float = ...,
    return_steps: Literal[False] = ...,
) -> np.ndarray: ...


@overload
def harris(
    image: ArrayLike,
    *,
    sigma: float = ...,
    size: int | tuple[int, int] | None = ...,
    aperture: int = ...,
    k: float = ...,
    return_steps: Literal[True],
) -> HarrisSteps: ...


def harris(
    image: ArrayLike,
    *,
    sigma: float = 1.0,
    size: int | tuple[int, int] | None = None,
    aperture: int = 3,
    k: float = 0.04,
    return_steps: bool = False,
) -> np.ndarray | HarrisSteps:
    """Return Harris' and Stephens' measure of how much of a corner each pixel is.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        In any range; of colour images the luminance is taken.
    sigma : float
        Standard deviation, in pixels, of the Gaussian window around each pixel.
    size : int or (int, int), optional
        Width and height of a box in pixels instead of the Gaussian, as OpenCV's ``blockSize``.
    aperture : {3, 5, 7}
        The side of the Sobel operator.
    k : float
        How much edges count against a corner, from 0 to 0.25.
    return_steps : bool
        Return the derivatives, the structure tensor and the response instead.

    Returns
    -------
    response : numpy.ndarray, shape (rows, columns)
        float32, or float64 for a float64 image: large at corners, negative at edges, about zero
        where there is nothing.
    steps : HarrisSteps
        With ``return_steps=True`` only.

    Raises
    ------
    TypeError, ValueError
        For what is no image, or options out of range.

    Notes
    -----
    The derivatives are Sobel's divided by 4 (by 16 and 64 for the larger ones), M is the mean of
    their products in the window, and the response ``det(M) - k trace(M)^2``.

    With ``size`` these are the values of ``cv2.cornerHarris(image, size, aperture, k)`` of a
    float32 image, to 1e-5 of the largest one; of a uint8 image OpenCV divides them by 255^4.
    ``skimage.feature.corner_harris`` has a Gaussian window as well. Memory: eight times the result.

    References
    ----------
    C. Harris and M. Stephens, "A combined corner and edge detector", Alvey Vision Conference, 1988.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9), np.uint8)
    >>> image[4:, 4:] = 1
    >>> response = harris(image)
    >>> np.unravel_index(response.argmax(), response.shape) == (4, 4)
    True
    >>> bool(response[8, 4] < 0), bool(abs(response[0, 0]) < 1e-9)
    (True, True)
    """
    gray = luminance(check_image(image))
    aperture = check_option(aperture, "aperture", (3, 5, 7))
    k = check_number(k, "k", at_least=0, at_most=0.25)
    sigma = check_sigma(sigma)
    window = None if size is None else check_window(size)
    return_steps = check_flag(return_steps, "return_steps")
    gx, gy = gradient(
        gray, size=aperture, dtype=np.float64 if gray.dtype == np.float64 else np.float32
    )
    number = gx.dtype.type
    products = np.empty((*gx.shape, 3), number)
    scale = number(2.0 ** (1 - aperture))
    _multiply(gx.reshape(-1), gy.reshape(-1), scale, products.reshape(-1))
    means = gaussian(products, sigma) if window is None else box_filter(products, window)
    response = np.empty(gx.shape, number)
    _respond(means.reshape(-1), number(k), response.reshape(-1))
    if return_steps:
        return HarrisSteps(scale * gx, scale * gy, *np.moveaxis(means, 2, 0), response)
    return response


# r = row, c = column. Of equally large ones the first counts, by row, then column.
@kernel
def _find_peaks(response, smallest, radius, peaks):
    count = 0
    rows, columns = response.shape
    for r in range(1, rows - 1):
        for c in range(1, columns - 1):
            value = response[r, c]
            if not value > smallest:
                continue
            largest = True
            for i in range(max(r - radius, 0), min(r + radius + 1, rows)):
                for j in range(max(c - radius, 0), min(c + radius + 1, columns)):
                    before = i < r or (i == r and j < c)
                    if response[i, j] > value or (before and response[i, j] == value):
                        largest = False
            if largest:
                if count < peaks.shape[0]:
                    peaks[count, 0], peaks[count, 1] = r, c
                count += 1
    return count


def find_peaks(
    response: NDArray, smallest: float, radius: int = _RADIUS
) -> tuple[NDArray[np.float64], NDArray]:
    """Return where a response is largest, to a fraction of a pixel, and how large it is there.

    Parameters
    ----------
    response : ndarray, shape (rows, columns)
    smallest : float
        Only what is larger counts.
    radius : int
        Nothing within so many pixels along x and y is larger.

    Returns
    -------
    points : ndarray of float64, shape (n, 2)
        x, y, by row, then column: of the parabola through three pixels along each axis. The
        outermost pixels are no peaks.
    values : ndarray, shape (n,)
        Of the pixels.
    """
    peaks = np.empty(
        (_find_peaks(response, smallest, radius, np.empty((0, 2), np.int64)), 2), np.int64
    )
    _find_peaks(response, smallest, radius, peaks)
    r, c = peaks.T
    values = response[r, c]
    points = []
    for before, after in (
        (response[r, c - 1], response[r, c + 1]),
        (response[r - 1, c], response[r + 1, c]),
    ):
        slope = after.astype(np.float64) - before
        curvature = 2.0 * values - before - after
        shift = np.divide(slope, 2 * curvature, out=np.zeros(len(values)), where=curvature > 0)
        points.append(np.clip(shift, -0.5, 0.5))
    return np.column_stack([c + points[0], r + points[1]]), values
