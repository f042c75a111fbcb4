"""Finding a small image in a large one: normalised cross-correlation, at one scale or at many.

References
----------
J. P. Lewis, "Fast normalized cross-correlation", Vision Interface, 1995.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image
from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Nanoseconds of the direct sum for a pixel of the result and one of the template, and of the FFT
# for a pixel of the image and a doubling of its size, and to set up: only their ratios matter.
_DIRECT_COST, _FFT_COST, _FFT_SETUP = 0.1, 1.0, 100_000
# A window counts as flat where its standard deviation is below this part of the largest
# deviation in the image: less is lost in the rounding of running sums. Sums of integers are exact.
_FLAT_INTEGERS, _FLAT_FLOATS = 3e-8, 1e-6
_LARGEST_EXPONENT = 256  # of two: sums of squares of larger values may be infinite, or vanish


# p = plane (channel), r, c = row and column of the result, i, j = those of the template, whose
# rows are filled up with zeros to whole fours: four taps at a time keep the sum in a register.
# Contraction to fused multiply-add only makes the sums more precise.
@kernel(fastmath={"contract"}, views_only=True)
def _correlate(image, template, result):
    planes, height, width = template.shape
    columns = result.shape[1]
    for r in range(result.shape[0]):
        total = result[r]
        for c in range(columns):
            total[c] = 0.0
        for p in range(planes):
            for i in range(height):
                row, taps = image[p, r + i], template[p, i]
                for j in range(0, width, 4):
                    first, second, third, fourth = row[j:], row[j + 1 :], row[j + 2 :], row[j + 3 :]
                    t0, t1, t2, t3 = taps[j], taps[j + 1], taps[j + 2], taps[j + 3]
                    for c in range(columns):
                        total[c] += t0 * first[c] + t1 * second[c] + t2 * third[c] + t3 * fourth[c]


@kernel(inline=True, views_only=True)
def _window_sums(values, width, result):
    """Write the sum over each ``width`` neighbouring values."""
    total = 0.0
    for c in range(width):
        total += values[c]
    result[0] = total
    entering = values[width:]
    for c in range(result.size - 1):
        total += entering[c] - values[c]
        result[c + 1] = total


# p = plane, r, c = row and column. `sums` and `squares` are those of the pixels of each column
# over the window's rows; `spread` becomes the squared deviations from the mean in each window.
@kernel(views_only=True)
def _normalize(image, products, norm, floor, height, width, sums, squares, window, spread, result):
    planes, rows, columns = image.shape
    share = 1.0 / (height * width)
    for r in range(rows):
        for p in range(planes):
            entering, leaving, column = image[p, r], image[p, max(r - height, 0)], sums[p]
            if r < height:
                for c in range(columns):
                    value = entering[c]
                    column[c] += value
                    squares[c] += value * value
            else:
                for c in range(columns):
                    value, old = entering[c], leaving[c]
                    column[c] += value - old
                    squares[c] += value * value - old * old
        if r < height - 1:
            continue
        _window_sums(squares, width, spread)
        for p in range(planes):
            _window_sums(sums[p], width, window)
            for c in range(spread.size):
                spread[c] -= window[c] * window[c] * share
        product, row = products[r - height + 1], result[r - height + 1]
        for c in range(spread.size):
            squared = max(spread[c], floor)
            value = product[c] / (norm * np.sqrt(squared))
            value = min(max(value, -1.0), 1.0)
            row[c] = value if squared > floor else 0.0


def match_template(image: ArrayLike, template: ArrayLike) -> NDArray[np.float32]:
    """Compare a template with every place of an image by normalised cross-correlation.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
    template : array_like, shape (height, width) or (height, width, 3)
        Not larger than the image, with as many channels. Of bool, uint8, uint16, int16, float32
        or float64; dtype and range may be others than the image's.

    Returns
    -------
    numpy.ndarray of float32, shape (rows - template rows + 1, columns - template columns + 1)
        From -1 to 1: the correlation coefficient of the template and the part of the image whose
        top left pixel stands here. It is 1 where they are equal up to brightness and contrast,
        and 0 where one of them is flat.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has.
    ValueError
        For an image or template without pixels or with values that are not finite, or a template
        that is larger or has other channels.

    Notes
    -----
    The deviations from the template's mean are correlated with the image, directly for small
    templates and by FFT for large ones, in float64, and divided by the local standard deviations,
    from running sums. The means are those of each channel, the sums run over all channels.

    Equal to ``cv2.matchTemplate(image, template, cv2.TM_CCOEFF_NORMED)`` up to the rounding of
    its float32 sums, 0.2 divided by the standard deviations of template and window in levels of
    0 to 255: 1e-4 where both are 45 (of flat ones it says 1 or what is left by rounding). For
    gray images equal to ``skimage.feature.match_template`` in float64 to 1e-5. Windows of float
    images whose standard deviation is below a millionth of the image's largest deviation from
    its mean count as flat.

    Memory: 8 bytes for each value of the image and of the result, with FFT 5 times as much.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 5, 0, 9], [0, 0, 0, 5, 0]], np.uint8)
    >>> match_template(image, np.eye(2)).round(1).tolist()
    [[0.0, -0.6000000238418579, 1.0, -0.8999999761581421]]
    """
    image, template = check_image(image), check_image(template, name="template")
    check_channels(image, template)
    if any(template.shape[i] > image.shape[i] for i in range(2)):
        raise ValueError(
            f"template must not be larger than the image, got shapes {template.shape} and "
            f"{image.shape}; did they change places?"
        )
    return correlation(image, template)


def check_channels(image, template):
    """Raise ``ValueError`` unless both are gray or both have the same number of channels."""
    if image.ndim != template.ndim:
        raise ValueError(
            "template must have as many channels as the image, got shapes "
            f"{template.shape} and {image.shape}"
        )


def correlation(image: np.ndarray, template: np.ndarray) -> NDArray[np.float32]:
    """Do the work of :func:`match_template`; nothing is checked."""
    rows, columns = image.shape[:2]
    height, width = template.shape[:2]
    shape = (rows - height + 1, columns - width + 1)
    result = np.zeros(shape, np.float32)
    pattern = _planes(template, 0)
    pattern -= pattern.mean(axis=(1, 2), keepdims=True)
    if (template.min(axis=(0, 1)) == template.max(axis=(0, 1))).all():
        return result
    padding = -width % 4
    pixels = _planes(image, padding)
    middle = pixels[:, :, :columns].mean(axis=(1, 2), keepdims=True)
    inside = pixels[:, :, :columns]
    inside -= middle if image.dtype.kind == "f" else np.rint(middle)  # sums stay whole numbers
    largest = max(pixels.max(), -pixels.min())
    flat = (_FLAT_FLOATS if image.dtype.kind == "f" else _FLAT_INTEGERS) * largest
    by_fft = _FFT_SETUP + _FFT_COST * image.size * math.log2(image.size)
    if by_fft < _DIRECT_COST * result.size * pattern.size:
        products = _correlate_by_fft(pixels[:, :, :columns], pattern, shape)
    else:
        products = np.empty(shape)
        _correlate(pixels, np.pad(pattern, [(0, 0), (0, 0), (0, padding)]), products)
    _normalize(
        pixels,
        products,
        math.sqrt((pattern * pattern).sum()),
        max(float(flat * flat * height * width), np.finfo(np.float64).tiny),
        height,
        width,
        np.zeros((len(pixels), pixels.shape[2])),
        np.zeros(pixels.shape[2]),
        np.empty(shape[1]),
        np.empty(shape[1]),
        result,
    )
    return result


def _planes(image, padding):
    """Return the channels of an image one by one, in float64, with zeros right of their rows."""
    rows, columns = image.shape[:2]
    planes = np.zeros((image.size // (rows * columns), rows, columns + padding))
    planes[:, :, :columns] = image if image.ndim == 2 else np.moveaxis(image, 2, 0)
    if image.dtype == np.float64:
        exponent = math.frexp(max(image.max(), -image.min()))[1]
        if abs(exponent) > _LARGEST_EXPONENT:  # a factor changes no correlation
            np.ldexp(planes, -exponent, out=planes)
    return planes


def _correlate_by_fft(image, template, shape):
    from scipy import fft

    # What wraps around lies beyond the places where the template fits into the image. Axis by
    # axis, as zeros need no transform along the rows, nor the rows where it does not fit.
    rows, columns = (fft.next_fast_len(length, real=True) for length in image.shape[1:])
    spectrum = fft.fft(fft.rfft(template, columns), rows, axis=1, overwrite_x=True).conj()
    spectrum *= fft.fft(fft.rfft(image, columns), rows, axis=1, overwrite_x=True)
    total = fft.ifft(spectrum.sum(axis=0), axis=0, overwrite_x=True)[: shape[0]]
    return np.ascontiguousarray(fft.irfft(total, columns)[:, : shape[1]])
