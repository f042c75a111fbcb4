"""Marr and Hildreth's edges: where the Laplacian of the smoothed image changes its sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._jit import kernel
from classicvision.filters.laplacian_of_gaussian import laplacian_of_gaussian
from classicvision.images import luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class ZeroCrossingSteps:
    """What :func:`zero_crossings` computes on its way; all have the image's rows and columns.

    Attributes
    ----------
    gray : ndarray
        The image, or the luminance of a colour image.
    response : ndarray of float32 or float64
        The Laplacian of the Gaussian.
    slope : ndarray of float32 or float64
        How steeply the response crosses zero at a pixel, 0 where it does not.
    edges : ndarray of bool
        Where the slope exceeds the threshold.
    """

    gray: np.ndarray
    response: np.ndarray
    slope: np.ndarray
    edges: NDArray[np.bool_]


# c = column. A pixel and its neighbour `there` have a crossing between them where one response is
# negative and the other is not. It belongs to the `first` of the two, the left or upper one,
# if it is at most 0.501 of the way to the other. No branches: they forbid vector instructions.
@kernel(inline=True)
def _raise_slopes(here, there, first, slopes):
    number = slopes.dtype.type
    zero = number(0)
    for c in range(slopes.size):
        p, q = here[c], there[c]
        slope = abs(p - q)
        half = number(number(0.501) * slope)
        mine = abs(p) <= half if first else abs(q) > half
        crossing = ((p < zero) != (q < zero)) & mine
        steepest = slope if slope > slopes[c] else slopes[c]
        slopes[c] = steepest if crossing else slopes[c]


# r = row
@kernel
def _find_crossings(response, threshold, slope, edges):
    rows, columns = response.shape
    last = columns - 1
    for r in range(rows):
        here, slopes = response[r], slope[r]
        _raise_slopes(here, here[1:], True, slopes[:last])
        _raise_slopes(here[1:], here, False, slopes[1:])
        if r + 1 < rows:
            _raise_slopes(here, response[r + 1], True, slopes)
        if r > 0:
            _raise_slopes(here, response[r - 1], False, slopes)
        edge_row = edges[r]
        for c in range(columns):
            edge_row[c] = slopes[c] > threshold


@overload
def zero_crossings(
    image: ArrayLike,
    sigma: float,
    threshold: float,
    *,
    mode: str = ...,
    return_steps: Literal[False] = ...,
) -> NDArray[np.bool_]: ...


@overload
def zero_crossings(
    image: ArrayLike,
    sigma: float,
    threshold: float,
    *,
    mode: str = ...,
    return_steps: Literal[True],
) -> ZeroCrossingSteps: ...


def zero_crossings(
    image: ArrayLike,
    sigma: float,
    threshold: float,
    *,
    mode: str = "mirror",
    return_steps: bool = False,
) -> NDArray[np.bool_] | ZeroCrossingSteps:
    """Find edges as Marr and Hildreth: sign changes of the Laplacian of a Gaussian.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Of a colour image the luminance is taken.
    sigma : float
        Standard deviation of the Gaussian in pixels, 0.3 to 10,000: finer structures than that are
        not seen.
    threshold : float
        At least 0; of the slope with which the Laplacian crosses zero, in the image's units for
        each pixel cubed. At a straight step of height h it is about
        ``h / (sqrt(2 pi) * sigma**3)``. With 0 everything that crosses zero is an edge, rounding
        errors in flat parts included.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border of the Gaussian, as SciPy names it; "constant" is zero outside.
    return_steps : bool
        Return all intermediate results.

    Returns
    -------
    edges : numpy.ndarray of bool, shape (rows, columns)
        Lines of one pixel.
    steps : ZeroCrossingSteps
        Instead of ``edges``, with ``return_steps=True``.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a sigma or threshold that is no
        number.
    ValueError
        For an image without pixels or with values that are not finite, a sigma or threshold
        out of range, or an unknown mode.

    Notes
    -----
    1. L is :func:`laplacian_of_gaussian` of the image, with ``zero_sum=True``; float32, or float64
       for a float64 image.
    2. Of two pixels side by side, or one above the other, L crosses zero between them if it is
       negative at one of them and not at the other. The slope of the crossing is the difference
       of their L. It belongs to the nearer one, by linear interpolation; halfway, it belongs to
       the left or upper one, which rounding errors of a thousandth of a pixel do not change.
    3. A pixel is an edge if a slope that belongs to it exceeds the threshold.

    The lines are closed, as the borders of regions are, unless the threshold cuts them. Memory:
    three arrays of the image's shape in the dtype of L.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", Proceedings of the Royal Society B 207,
    1980, sections 2 and 3.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> image = np.zeros((5, 9), np.uint8)
    >>> image[:, 4:] = 100
    >>> cv.zero_crossings(image, sigma=1, threshold=20)[2].astype(int)
    array([0, 0, 0, 1, 0, 0, 0, 0, 0])
    """
    image = check_image(image)
    sigma = check_number(sigma, "sigma")
    threshold = check_number(threshold, "threshold", at_least=0)
    gray = luminance(image)
    response = laplacian_of_gaussian(gray, sigma, zero_sum=True, mode=mode)
    slope = np.zeros_like(response)
    edges = np.empty(response.shape, bool)
    _find_crossings(response, threshold, slope, edges)
    if return_steps:
        return ZeroCrossingSteps(gray=gray, response=response, slope=slope, edges=edges)
    return edges
