"""Canny's edge detector: gradient, thinning to ridges, and two thresholds with hysteresis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_image, check_number, check_option
from classicvision._jit import kernel
from classicvision.filters._borders import border_indices
from classicvision.filters.derivatives import (
    gradient,
    gradient_row,
    operator_taps,
    row_offsets,
)
from classicvision.filters.smoothing import gaussian
from classicvision.images import luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_WEAK, _STRONG = 1, 2  # labels of a pixel; 0 is none
_SEGMENT = 128  # pixels of a row that are passed over where all are below the lower threshold


@dataclass(frozen=True)
class CannySteps:
    """What Canny's detector computes on its way; every array has the image's rows and columns.

    Attributes
    ----------
    smoothed : the image in gray after the Gaussian (the image itself for ``sigma=0``)
    gx, gy : the derivatives, positive where it becomes brighter to the right and downwards
    magnitude : ``|gx| + |gy|``, or ``sqrt(gx**2 + gy**2)`` with ``l2_gradient=True``
    suppressed : the magnitude where it is a ridge along the gradient's direction, 0 elsewhere
    strong : bool, ridges above the higher threshold
    weak : bool, ridges above the lower threshold only
    edges : bool, the strong ridges and the weak ones connected to them
    """

    smoothed: np.ndarray
    gx: NDArray[np.float64]
    gy: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    suppressed: NDArray[np.float64]
    strong: NDArray[np.bool_]
    weak: NDArray[np.bool_]
    edges: NDArray[np.bool_]


# c = column. One type (int32, or float64) and no branches: this is what lets LLVM turn the loop
# into vector instructions. y is scaled by 2^15 so that the direction is decided in integers:
# |gy| < tan(22.5) |gx| is level, |gy| > tan(67.5) |gx| upright.
@kernel(inline=True)
def _suppress(above, here, below, x_row, y_row, low, high, label_row):
    """Label the pixels whose magnitude is a maximum along the gradient's direction."""
    number = here.dtype.type
    above_1, above_2 = above[1:], above[2:]
    here_1, here_2 = here[1:], here[2:]
    below_1, below_2 = below[1:], below[2:]
    for c in range(label_row.size):
        x, y = number(x_row[c]), number(y_row[c])
        steepness = number(abs(y) * number(32768))
        level_limit = number(abs(x) * number(13573))
        upright_limit = number(level_limit + number(abs(x) * number(65536)))
        north_west, north, north_east = above[c], above_1[c], above_2[c]
        west, m, east = here[c], here_1[c], here_2[c]
        south_west, south, south_east = below[c], below_1[c], below_2[c]
        falling = (x < 0) == (y < 0)
        before = north_west if falling else north_east
        after = south_east if falling else south_west
        ridge_level = (m > west) & (m >= east)
        ridge_upright = (m > north) & (m >= south)
        ridge_diagonal = (m > before) & (m > after)
        ridge = ridge_upright if steepness > upright_limit else ridge_diagonal
        ridge = ridge_level if steepness < level_limit else ridge
        label = np.uint8(2) if m > high else np.uint8(1)
        label_row[c] = label if ridge & (m > low) else np.uint8(0)


# The same for magnitudes of 16 bits, of which a vector instruction takes twice as many. The
# directions are decided by tan(22.5) |gx|, rounded down: |gy| is whole, and no multiple of
# 13573 / 2^15 is, except 0.
@kernel(inline=True)
def _suppress_narrow(above, here, below, x_row, y_row, low, high, label_row):
    above_1, above_2 = above[1:], above[2:]
    here_1, here_2 = here[1:], here[2:]
    below_1, below_2 = below[1:], below[2:]
    for c in range(label_row.size):
        x, y = x_row[c], y_row[c]
        width = np.uint16(x if x > 0 else -x)
        height = np.uint16(y if y > 0 else -y)
        level_limit = np.uint16(np.uint32(np.uint32(width) * np.uint32(27146)) >> np.uint32(16))
        upright_limit = np.uint16(level_limit + np.uint16(width + width))
        north_west, north, north_east = above[c], above_1[c], above_2[c]
        west, m, east = here[c], here_1[c], here_2[c]
        south_west, south, south_east = below[c], below_1[c], below_2[c]
        falling = (x < 0) == (y < 0)
        before = north_west if falling else north_east
        after = south_east if falling else south_west
        ridge_level = (m > west) & (m >= east)
        ridge_upright = (m > north) & (m >= south)
        ridge_diagonal = (m > before) & (m > after)
        ridge = ridge_upright if height > upright_limit else ridge_diagonal
        ridge = ridge_level if (height <= level_limit) & (width > 0) else ridge
        label = np.uint8(2) if m > high else np.uint8(1)
        label_row[c] = label if ridge & (m > low) else np.uint8(0)


# r = row, c = column. The magnitudes of three rows and the derivatives of two go round in rings.
# One of `wide` and `narrow` is None: what the other stands for is all that is compiled.
@kernel
def _label_ridges(
    image, rows_at, columns_at, taps, rounded, thresholds, squared, wide, narrow, lines,
    slopes, magnitude, labels,
):  # fmt: skip
    """Label the local maxima of the gradient's magnitude that exceed the thresholds."""
    rows, columns = labels.shape[0] - 2, slopes.shape[2]
    number = thresholds.dtype.type
    low, high = thresholds[0], thresholds[1]
    for r in range(rows + 1):
        newest = magnitude[r % 3][1 : 1 + columns]
        if r < rows:
            gradient_row(image, r, rows_at, columns_at, 1, taps, lines, slopes, r % 2)
            x_row, y_row = slopes[0, r % 2], slopes[1, r % 2]
            if rounded:
                for c in range(columns):
                    x_row[c] = np.rint(x_row[c])
                    y_row[c] = np.rint(y_row[c])
            if wide is not None:
                for c in range(columns):
                    x, y = number(x_row[c]), number(y_row[c])
                    if squared:
                        newest[c] = number(x * x + y * y)
                    else:
                        newest[c] = number(abs(x) + abs(y))
            if narrow is not None:
                for c in range(columns):
                    x, y = x_row[c], y_row[c]
                    width, height = number(x if x > 0 else -x), number(y if y > 0 else -y)
                    newest[c] = number(width + height)
        else:
            for c in range(columns):
                newest[c] = 0
        if r == 0:
            continue
        x_row, y_row = slopes[0, (r - 1) % 2], slopes[1, (r - 1) % 2]
        above, here, below = magnitude[(r - 2) % 3], magnitude[(r - 1) % 3], magnitude[r % 3]
        for start in range(0, columns, _SEGMENT):
            stop = start + _SEGMENT if start + _SEGMENT < columns else columns
            segment = here[start + 1 : stop + 1]
            peak = low
            for c in range(segment.size):
                peak = segment[c] if segment[c] > peak else peak
            if peak <= low:
                continue
            rows_here = above[start:], here[start:], below[start:]
            slopes_here = x_row[start:], y_row[start:]
            label_row = labels[r][start + 1 : stop + 1]
            if wide is not None:
                _suppress(*rows_here, *slopes_here, low, high, label_row)
            if narrow is not None:
                _suppress_narrow(*rows_here, *slopes_here, low, high, label_row)


# r = row, p = position in the flat array of labels. A strong pixel without a weak neighbour has
# nothing to pass on; the others are found for whole rows at once, and in words of eight pixels.
@kernel
def _connect(labels, flat, weak, seeds, words, stack):
    """Turn every weak label that is connected to a strong one into a strong one."""
    rows, width = labels.shape
    middle_weak, right_weak, middle_seeds = weak[1:], weak[2:], seeds[1:]
    step = np.uint32(width)
    for r in range(1, rows - 1):
        above, here, below = labels[r - 1], labels[r], labels[r + 1]
        middle = here[1:]
        for c in range(width):
            weak[c] = (above[c] | here[c] | below[c]) & np.uint8(1)
        for c in range(width - 2):
            near = weak[c] | middle_weak[c] | right_weak[c]
            middle_seeds[c] = near & (middle[c] >> np.uint8(1))
        for w in range(words.size):
            if words[w] == 0:
                continue
            for c in range(8 * w, 8 * w + 8):
                if seeds[c] == 0:
                    continue
                stack[np.uint64(0)] = r * width + c
                height = np.uint64(1)
                while height > np.uint64(0):
                    height -= np.uint64(1)
                    centre = stack[height] - step
                    for _ in range(3):
                        for p in range(centre - np.uint32(1), centre + np.uint32(2)):
                            position = np.uint64(p)
                            if flat[position] == 1:
                                flat[position] = 2
                                stack[height] = position
                                height += np.uint64(1)
                        centre += step


@overload
def canny(
    image: ArrayLike,
    low: float,
    high: float,
    *,
    sigma: float = ...,
    aperture: int = ...,
    l2_gradient: bool = ...,
    return_steps: Literal[False] = ...,
) -> NDArray[np.bool_]: ...


@overload
def canny(
    image: ArrayLike,
    low: float,
    high: float,
    *,
    sigma: float = ...,
    aperture: int = ...,
    l2_gradient: bool = ...,
    return_steps: Literal[True],
) -> CannySteps: ...


def canny(
    image: ArrayLike,
    low: float,
    high: float,
    *,
    sigma: float = 0,
    aperture: int = 3,
    l2_gradient: bool = False,
    return_steps: bool = False,
) -> NDArray[np.bool_] | CannySteps:
    """Find edges: thin lines along which the image changes most.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Of a colour image the luminance is taken.
    low, high : float
        Thresholds of the gradient's magnitude, in the image's units and OpenCV's scale: a step
        of height h has magnitude 4 h with ``aperture=3``. They may come in either order. With
        ``aperture=7`` the gradients and both thresholds are divided by 16.
    sigma : float
        Standard deviation in pixels of the Gaussian that smooths first; 0 for none, as OpenCV.
    aperture : {3, 5, 7}
        Side of the Sobel operator.
    l2_gradient : bool
        Measure the gradient by ``sqrt(gx**2 + gy**2)`` instead of ``|gx| + |gy|``.
    return_steps : bool
        Return all intermediate results.

    Returns
    -------
    edges : numpy.ndarray of bool, shape (rows, columns)
        For uint8 images identical to ``cv2.Canny``. (With ``aperture=5`` OpenCV's x86 builds
        call Intel's library, whose float magnitudes tell a few ties apart, until
        ``cv2.ipp.setUseIPP(False)``.)
    steps : CannySteps
        Instead of ``edges``, with ``return_steps=True``.

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has.
    ValueError
        For an empty image, values that are not finite, or an option out of range.

    Notes
    -----
    1. The image is smoothed by a Gaussian.
    2. The Sobel operator gives its derivatives; beyond the border the last pixel repeats.
    3. A pixel stays if its magnitude exceeds those of its two neighbours along the gradient,
       whose direction is rounded to the nearest of four.
    4. Of these ridges the strong ones, above ``high``, are edges; so are the weak ones, above
       ``low``, that a chain of neighbours above ``low`` connects to a strong one.

    bool images count as 0 and 1. Integer derivatives are exact; those of the other types are
    computed in float64.

    References
    ----------
    J. Canny, "A computational approach to edge detection", IEEE PAMI 8(6), 1986, sections VI-VIII.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((5, 6), np.uint8)
    >>> image[:, 3:] = 100
    >>> canny(image, 100, 200).astype(int)[2].tolist()
    [0, 0, 1, 0, 0, 0]
    """
    image = check_image(image)
    low, high = sorted((check_number(low, "low"), check_number(high, "high")))
    sigma = check_number(sigma, "sigma", at_least=0)
    check_option(aperture, "aperture", (3, 5, 7))
    if image.ndim == 3:
        image = luminance(image)
    if image.dtype == bool:
        image = image.view(np.uint8)
    if sigma > 0:
        image = gaussian(image, sigma)
    labels = _ridges(image, low, high, aperture, l2_gradient)
    if return_steps:
        return _steps(image, labels, aperture, l2_gradient)
    return _trace(labels, image.shape)


def _ridges(image, low, high, aperture, l2_gradient):
    """Return the labels with a border of one pixel, their rows filled up to whole words."""
    rows, columns = image.shape
    taps = operator_taps("sobel", aperture).astype(np.float64)
    if aperture == 7:
        taps, low, high = taps / 4, low / 16, high / 16
    if l2_gradient:
        low, high = (t * abs(t) for t in (low, high))
    # Without squares, and with aperture 3 or 5, no magnitude of uint8 exceeds 48,960.
    narrow = image.dtype == np.uint8 and aperture < 7 and not l2_gradient
    if image.dtype == np.uint8:
        taps = taps.astype(np.float32 if aperture == 7 else np.int16)
        kind = np.uint16 if narrow else np.int32
        thresholds = [math.floor(min(max(t, 0), np.iinfo(kind).max)) for t in (low, high)]
        thresholds = np.array(thresholds, kind)  # a ridge is above 0 whatever they are
    else:
        image = image.astype(np.float64)
        thresholds = np.array([low, high])
    radius = taps.shape[1] - 1
    labels = np.zeros((rows + 2, -(-(columns + 2) // 8) * 8), np.uint8)
    _label_ridges(
        image.reshape(-1),
        row_offsets(image, radius, "nearest"),
        border_indices(columns, radius, "nearest").astype(np.uint64),
        taps,
        bool(aperture == 7 and image.dtype == np.uint8),
        thresholds,
        bool(l2_gradient),
        None if narrow else True,
        True if narrow else None,
        np.empty((2, columns + 2 * radius), taps.dtype),
        np.empty((2, 2, columns), taps.dtype),
        np.zeros((3, columns + 2), thresholds.dtype),
        labels,
    )
    return labels


def _trace(labels, shape):
    """Return which pixels of the image are edges; the weak labels connected to them change."""
    seeds = np.zeros(labels.shape[1], np.uint8)
    stack = np.empty(labels.size, np.uint32)
    _connect(labels, labels.reshape(-1), np.zeros_like(seeds), seeds, seeds.view(np.uint64), stack)
    return _inside(labels, shape) == _STRONG


def _inside(labels, shape):
    return labels[1 : shape[0] + 1, 1 : shape[1] + 1]


def _steps(image, labels, aperture, l2_gradient):
    gx, gy = gradient(image, size=aperture, dtype=np.float64, mode="nearest")
    if aperture == 7:
        gx, gy = gx / 16, gy / 16
        if image.dtype == np.uint8:
            gx, gy = np.rint(gx), np.rint(gy)
    magnitude = np.hypot(gx, gy) if l2_gradient else np.abs(gx) + np.abs(gy)
    ridges = _inside(_ridges(image, 0.0, 0.0, aperture, l2_gradient), image.shape)
    before = _inside(labels, image.shape).copy()
    return CannySteps(
        smoothed=image,
        gx=gx,
        gy=gy,
        magnitude=magnitude,
        suppressed=np.where(ridges, magnitude, 0),
        strong=before == _STRONG,
        weak=before == _WEAK,
        edges=_trace(labels, image.shape),
    )
