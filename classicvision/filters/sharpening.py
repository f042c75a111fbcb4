"""Sharpening: adding to an image the details that smoothing takes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._jit import kernel
from classicvision.filters._borders import check_mode
from classicvision.filters.convolution import converted, correlate
from classicvision.filters.smoothing import gaussian

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LARGEST_AMOUNT = 10_000


# i = element. Contraction to fused multiply-add only makes the sums more precise, and is what
# OpenCV does.
@kernel(fastmath={"contract"})
def _blend(image, smooth, weights, rounded, result):
    number, to_result = weights.dtype.type, result.dtype.type
    sharp, blurred = weights[0], weights[1]
    largest = number(255)
    for i in range(image.size):
        value = sharp * number(image[i]) + blurred * number(smooth[i])
        if rounded:
            value = np.rint(value)
            value = value if value > number(0) else number(0)
            value = value if value < largest else largest
        result[i] = to_result(value)


def sharpen(
    image: ArrayLike,
    amount: float = 1.0,
    sigma: float | tuple[float, float] | None = None,
    *,
    mode: str = "mirror",
) -> np.ndarray:
    """Add to an image what smoothing takes from it.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are sharpened per channel.
    amount : float
        How much of the details to add, 0 to 10,000.
    sigma : float or (float, float), optional
        None: the details are the difference from the mean of 3x3 pixels, so that the kernel is
        ``(1 + amount) * identity - amount * box``; with amount 1 the textbook's
        2 identity - box. A number of pixels, or one along x and one along y: the difference
        from ``gaussian(image, sigma)``, which is called unsharp masking.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``image``
        Integers are rounded to the nearest and saturate.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or an amount or sigma that is no
        number (or pair).
    ValueError
        For an image without pixels or with values that are not finite, an amount or sigma
        out of range, or an unknown mode.

    Notes
    -----
    uint8 images are smoothed into uint8, as in OpenCV's usual
    ``cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (0, 0), sigma), -amount, 0)``.

    Memory: a smoothed copy of the image; for uint16 and int16 images two more in float64.

    References
    ----------
    R. Szeliski, Computer Vision: Algorithms and Applications, 2nd edition, 2022, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 0, 90, 90, 90]] * 3, np.uint8)
    >>> sharpen(image)[1].tolist()
    [0, 0, 0, 120, 90, 90]
    """
    image = check_image(image)
    amount = check_number(amount, "amount", at_least=0, at_most=_LARGEST_AMOUNT)
    mode = check_mode(mode)
    if sigma is None:
        weights = np.full((3, 3), -amount / 9)
        weights[1, 1] += 1 + amount
        return correlate(image, weights, mode=mode)
    dtype = image.dtype
    smooth = gaussian(image, sigma, mode=mode)
    if dtype.kind != "f" and dtype != np.uint8:
        image, smooth = image.astype(np.float64), smooth.astype(np.float64)
    weights = np.array([1 + amount, -amount])
    weights = weights.astype(np.float64 if image.dtype == np.float64 else np.float32)
    result = np.empty_like(image)
    rounded = dtype == np.uint8
    _blend(image.reshape(-1), smooth.reshape(-1), weights, rounded, result.reshape(-1))
    return converted(result, dtype)
