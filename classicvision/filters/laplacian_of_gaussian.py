"""The Laplacian of a Gaussian, and the difference of Gaussians that comes close to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image
from classicvision.filters._borders import check_mode, with_zeros_outside
from classicvision.filters.derivatives import as_work, derivative_dtype
from classicvision.filters.laplacian import filter_bends
from classicvision.filters.smoothing import (
    LARGEST_SIGMA,
    SMALLEST_SIGMA,
    check_sigma,
    check_truncate,
    derivative_weights,
    gaussian,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_RATIO = 1.6  # of the wider Gaussian to the narrower one


def laplacian_of_gaussian(
    image: ArrayLike,
    sigma: float | tuple[float, float],
    *,
    truncate: float = 4.0,
    zero_sum: bool = False,
    mode: str = "mirror",
) -> np.ndarray:
    """Smooth an image by a Gaussian and return its Laplacian, as one filter.

    It answers to lines and spots of about the size of the Gaussian, and changes its sign at edges.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    sigma : float or (float, float)
        Standard deviation of the Gaussian in pixels, or one along x and one along y; 0.3 to
        10,000. Below, the next pixels weigh less than 1/256 of the centre, and nothing is left to
        differentiate; from 0.75 on the response to (x^2 + y^2) / 4 is the Laplacian, 1, to 1 %.
    truncate : float
        The weights end at ``int(truncate * sigma + 0.5)`` pixels from the centre, as in SciPy;
        from 0 to 100.
    zero_sum : bool
        Take from each second derivative as much of the Gaussian as makes its weights sum to 0, so
        that a flat image gives 0. Otherwise, as in SciPy, it gives its value times the sum of the
        weights: with ``truncate=4`` between 0 and -0.0022 / sigma**2 for sigma 1 or more, but -1.1
        for sigma 0.5 and -20 for 0.3.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        float32, and float64 for a float64 image; without ``zero_sum`` equal to
        ``scipy.ndimage.gaussian_laplace`` of that type. Positive on dark spots, negative on bright
        ones.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a sigma or truncate that is no
        number (or pair).
    ValueError
        For an image without pixels or with values that are not finite, a sigma or truncate out of
        range, or an unknown mode.

    Notes
    -----
    The second derivative of the Gaussian along each axis, smoothed across it by the Gaussian: two
    filters of two one-dimensional ones each. They are not rescaled: where image and sigma are
    enlarged, the response falls with sigma squared. Memory: the result and two rows; for the border
    "constant", and for integers other than uint8, a copy of the image.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", Proceedings of the Royal Society B 207,
    1980, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 100
    >>> cv.laplacian_of_gaussian(spot, 1)[4].round(1)
    array([  0.1,   1.2,   4.3,  -9.7, -31.8,  -9.7,   4.3,   1.2,   0.1])
    """
    image = check_image(image)
    if image.dtype == bool:
        image = image.view(np.uint8)
    sigmas = check_sigma(sigma, at_least=SMALLEST_SIGMA)
    truncate = check_truncate(truncate)
    mode = check_mode(mode)
    if mode == "constant":
        options = {"truncate": truncate, "zero_sum": zero_sum, "mode": "nearest"}
        return with_zeros_outside(
            image, lambda framed: laplacian_of_gaussian(framed, sigma, **options)
        )
    dtype = derivative_dtype(None, image.dtype)
    taps_x, taps_y = (_gaussian_taps(s, truncate, zero_sum).astype(dtype) for s in sigmas)
    return filter_bends(as_work(image, dtype), taps_y, taps_x, mode)


def _gaussian_taps(sigma, truncate, zero_sum):
    """Return the Gaussian's second derivative and the Gaussian, from the centre outwards."""
    radius = int(truncate * sigma + 0.5)
    smooth = derivative_weights(sigma, 0, radius)
    bend = derivative_weights(sigma, 2, radius)
    if zero_sum:
        bend -= bend.sum() * smooth
    taps = np.zeros((2, max(radius, 1) + 1))
    taps[:, : radius + 1] = bend[radius:], smooth[radius:]
    return taps


def difference_of_gaussians(
    image: ArrayLike,
    low: float | tuple[float, float],
    high: float | tuple[float, float] | None = None,
    *,
    truncate: float = 4.0,
    mode: str = "mirror",
) -> np.ndarray:
    """Subtract a strongly smoothed image from a weakly smoothed one: a band of its frequencies.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    low, high : float or (float, float)
        Standard deviations in pixels of the narrower and of the wider Gaussian, or pairs along x
        and y; at most 10,000. ``high`` must not be below ``low``; None is 1.6 times ``low``, which
        must be above 0 then: Marr and Hildreth say that it comes closest to the Laplacian of a
        Gaussian.
    truncate : float
        The weights end at ``int(truncate * sigma + 0.5)`` pixels from the centre, as in SciPy;
        from 0 to 100.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape of ``image``
        float32, and float64 for a float64 image. For float images equal to
        ``skimage.filters.difference_of_gaussians``, whose border is "nearest"; that divides
        integers by the largest of their dtype first, while here all values keep their scale.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a low, high or truncate that is
        no number (or pair).
    ValueError
        For an image without pixels or with values that are not finite, a low, high or truncate out
        of range, ``high < low``, or an unknown mode.

    Notes
    -----
    Positive on bright spots, negative on dark ones: about ``(high**2 - low**2) / 2`` times the
    negative of the Laplacian of a Gaussian. Memory: twice the result, and as much again for
    integer images.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", Proceedings of the Royal Society B 207,
    1980, appendix B.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 100
    >>> cv.difference_of_gaussians(spot, 1)[4].round(1)
    array([-0.5, -0.9, -0.7,  4.5,  9.7,  4.5, -0.7, -0.9, -0.5])
    """
    image = check_image(image)
    low = check_sigma(low, "low")
    if high is None:
        if min(low) == 0:
            raise ValueError("low must be above 0 where high is None, got 0; pass high=...")
        if _RATIO * max(low) > LARGEST_SIGMA:
            raise ValueError(
                f"low must be at most {LARGEST_SIGMA / _RATIO:g} where high is None, "
                f"got {max(low):g}; pass high=..."
            )
        high = tuple(_RATIO * sigma for sigma in low)
    high = check_sigma(high, "high")
    if high[0] < low[0] or high[1] < low[1]:
        raise ValueError(f"high must not be below low, got {high} and {low}")
    if image.dtype.kind != "f":
        image = image.astype(np.float32)
    result = gaussian(image, low, truncate=truncate, mode=mode)
    result -= gaussian(image, high, truncate=truncate, mode=mode)
    return result
