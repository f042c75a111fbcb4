"""The median filter: each pixel becomes the median of those around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_window
from classicvision.filters._borders import check_mode, with_zeros_outside
from classicvision.filters._median_large import histogram_median, rank_median
from classicvision.filters._median_networks import network_median
from classicvision.filters._median_small import small_median

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Exchanges grow with the window's side, what follows the window with a histogram does not (uint8)
# or hardly (the others): from these sides on it is the faster one.
_LARGE_UINT8 = 33
_LARGE = 63


def median(
    image: ArrayLike,
    size: int | tuple[int, int],
    *,
    mode: str = "nearest",
) -> np.ndarray:
    """Replace each pixel by the median of the pixels around it.

    Single wrong pixels, such as salt and pepper noise, vanish; straight edges stay sharp.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Colour images are filtered per channel.
    size : int or (int, int)
        The window's side in pixels, or its (width, height); odd, 1 to 100,000. It may exceed the
        image.
    mode : {"nearest", "mirror", "reflect", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside. The default is that of
        ``cv2.medianBlur``.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``image``
        Identical to ``cv2.medianBlur`` where that takes the type and size, and to
        ``scipy.ndimage.median_filter``.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or a size that is not whole.
    ValueError
        For an image without pixels or with values that are not finite (NaN has no place in any
        order), a size that is even or above 100,000, or an unknown mode.

    Notes
    -----
    Three methods give the same result; the size of the window and the dtype choose:

    1. Up to some thirty pixels (some sixty, if not uint8), a fixed list of exchanges ``low, high =
       min(a, b), max(a, b)`` finds the median, for a whole row of pixels at once. What
       neighbouring windows share is sorted once: the windows of a small tile have a core in
       common, which is sorted first; then the tile is split in halves, and each adds the rows or
       columns that only its windows have [1]_. The merging is Batcher's [2]_. Windows of
       3 x 3 and 5 x 5 have loops of their own.
    2. Larger windows of uint8 pixels: a histogram for each column moves down by a pixel, the
       window's, their sum, to the right by a column [3]_. Histograms are cumulative, and of the
       sum only the 64 levels around the median are kept, so that finding it is one comparison
       with all of them. The time does not depend on the size.
    3. Larger windows of other types: all pixels are sorted once; then a set of ranks follows the
       window, with counts for groups of 64 and 4096 of them [4]_. The time grows with the side.

    Memory: beside the result some hundred kilobytes for the first, 256 bytes for each column of
    the image and its border, but at most 1024 of the image's, for the second (1 kilobyte if the
    window has 2**16 pixels), and some 30 bytes for each pixel of the image with its border for
    the third method.

    Unlike scikit-image's median the window is a rectangle whose size must be given, and a third
    axis of 3 is colour.

    References
    ----------
    .. [1] A. Adams, "Fast median filters using separable sorting networks", ACM Transactions on
       Graphics 40(4), 2021, sections 3 and 4.
    .. [2] K. E. Batcher, "Sorting networks and their applications", AFIPS Spring Joint Computer
       Conference, 1968.
    .. [3] S. Perreault and P. Hebert, "Median filtering in constant time", IEEE Transactions on
       Image Processing 16(9), 2007, section II.
    .. [4] T. Huang, G. Yang and G. Tang, "A fast two-dimensional median filtering algorithm",
       IEEE Transactions on Acoustics, Speech and Signal Processing 27(1), 1979.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 1, 1, 9, 9], [1, 99, 1, 9, 9], [1, 1, 1, 9, 0]], np.uint8)
    >>> median(image, 3)
    array([[1, 1, 1, 9, 9],
           [1, 1, 1, 9, 9],
           [1, 1, 1, 1, 9]], dtype=uint8)
    """
    image = check_image(image, finite=False)
    width, height = _window(size)
    mode = check_mode(mode)
    if image.dtype == bool:
        return median(image.view(np.uint8), size, mode=mode).view(bool)
    if mode == "constant":
        return with_zeros_outside(image, lambda framed: median(framed, size, mode="nearest"))
    if width == height and width in (3, 5):
        return small_median(image, width, mode)  # which looks for NaN on its way
    check_image(image)
    if width == height == 1:
        return image.copy()
    if max(width, height) < (_LARGE_UINT8 if image.dtype == np.uint8 else _LARGE):
        return network_median(image, width, height, mode)
    if image.dtype == np.uint8:
        return histogram_median(image, width, height, mode)
    return rank_median(image, width, height, mode)


def _window(size):
    pair = check_window(size)
    if not (pair[0] % 2 and pair[1] % 2):
        raise ValueError(f"size must be odd, got {size!r}; windows have a pixel in the middle")
    return pair
