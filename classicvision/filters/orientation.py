"""The gradient as a length and a direction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_DTYPES = ("int16", "int32", "float32", "float64")

# arctan(t) = t + t z P(z), where z = t^2, is within 2e-8 for abs(t) <= tan(pi / 8): these are P's
# coefficients, fitted so that the largest error is smallest.
_ARCTAN = (-0.33332955, 0.1997792, -0.13879782, 0.08060072)
_TAN_EIGHTH = math.tan(math.pi / 8)


@kernel
def measure_lengths(gx, gy, lengths):
    """Write the length of each gradient, rounded to the type of `lengths` at each step."""
    number = lengths.dtype.type
    for i in range(lengths.size):
        x, y = number(gx[i]), number(gy[i])
        lengths[i] = number(np.sqrt(number(number(x * x) + number(y * y))))


def gradient_magnitude(gx: ArrayLike, gy: ArrayLike) -> np.ndarray:
    """Return the length of the gradient, ``sqrt(gx**2 + gy**2)``: how steep the image is.

    Parameters
    ----------
    gx, gy : array_like of one shape
        The derivatives along x and y, from :func:`gradient` or from derivatives of a Gaussian; of
        dtype int16, int32, float32 or float64.

    Returns
    -------
    numpy.ndarray, shape of ``gx``
        float32, or float64 if one of them is float64; in the scale of ``gx`` and ``gy``.

    Raises
    ------
    TypeError
        For arrays of another dtype.
    ValueError
        For arrays of two shapes.

    Notes
    -----
    Equal to ``cv2.magnitude(gx, gy)`` up to rounding. scikit-image's ``sobel``, ``scharr`` and
    ``prewitt`` start from the image, with the border "reflect", and divide by half the operator's
    response to a slope of 1 and by the square root of 2.

    Memory: the result; arrays that are not contiguous, or of two dtypes, are copied first.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th edition, 2018, section 10.2.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> ramp = np.add.outer(4 * np.arange(3), 3 * np.arange(4)).astype(np.uint8)
    >>> cv.gradient_magnitude(*cv.gradient(ramp))[1, 1:3] / 8
    array([5., 5.], dtype=float32)
    """
    gx, gy = _check_slopes(gx, gy)
    lengths = np.empty(gx.shape, np.float64 if gx.dtype == np.float64 else np.float32)
    measure_lengths(gx.reshape(-1), gy.reshape(-1), lengths.reshape(-1))
    return lengths


# Without branches. The smaller of abs(x), abs(y) divided by the larger is the tangent of an angle
# of up to pi / 4; from pi / 8 on, pi / 4 is taken off it first.
@kernel
def measure_angles(gx, gy, angles):
    """Write the direction of each gradient, -pi to pi, as float32; 0 where there is none."""
    number = np.float32
    quarter, half, whole = number(np.pi / 4), number(np.pi / 2), number(np.pi)
    c0, c1, c2, c3 = _ARCTAN
    for i in range(angles.size):
        x, y = number(gx[i]), number(gy[i])
        across, down = abs(x), abs(y)
        small = across if across < down else down
        large = down if across < down else across
        wide = small > number(large * number(_TAN_EIGHTH))
        opposite = number(small - large) if wide else small
        adjacent = number(small + large) if wide else large
        tangent = number(opposite / adjacent) if large > 0 else number(0)
        z = number(tangent * tangent)
        series = number(number(number(number(c3) * z) + number(c2)) * z)
        series = number(number(number(series + number(c1)) * z) + number(c0))
        angle = number(tangent + number(number(tangent * z) * series))
        angle = number(angle + quarter) if wide else angle
        angle = number(half - angle) if across < down else angle
        angle = number(whole - angle) if x < 0 else angle
        angles[i] = number(-angle) if y < 0 else angle


def gradient_orientation(gx: ArrayLike, gy: ArrayLike) -> np.ndarray:
    """Return the direction of the gradient: where the image becomes brighter.

    Parameters
    ----------
    gx, gy : array_like of one shape
        The derivatives along x and y, from :func:`gradient` or from derivatives of a Gaussian; of
        dtype int16, int32, float32 or float64.

    Returns
    -------
    numpy.ndarray, shape of ``gx``
        float32, or float64 if one of them is float64. Radians from -pi to pi: 0 to the right,
        pi / 2 downwards, since y points down; pi, not -pi, to the left; 0 where there is no
        gradient.

    Raises
    ------
    TypeError
        For arrays of another dtype.
    ValueError
        For arrays of two shapes.

    Notes
    -----
    This is ``np.arctan2(gy, gx)`` to 5e-7. ``cv2.phase``, which is exact to 2e-4, goes from 0 to
    2 pi: add 2 pi to what is negative. An edge runs across the gradient, pi / 2 further.

    Memory: the result; arrays that are not contiguous, or of two dtypes, are copied first.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th edition, 2018, section 10.2.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> cv.gradient_orientation([0.0, 1.0, -2.0, 0.0], [1.0, 1.0, 0.0, 0.0]) / np.pi
    array([0.5 , 0.25, 1.  , 0.  ])
    """
    gx, gy = _check_slopes(gx, gy)
    if gx.dtype == np.float64:
        return np.arctan2(gy + 0.0, gx + 0.0)  # -0.0 becomes 0.0, which has another angle
    angles = np.empty(gx.shape, np.float32)
    measure_angles(gx.reshape(-1), gy.reshape(-1), angles.reshape(-1))
    return angles


def _check_slopes(gx, gy):
    """Return two contiguous arrays of one dtype."""
    gx, gy = np.asarray(gx), np.asarray(gy)
    for name, array in (("gx", gx), ("gy", gy)):
        if array.dtype.newbyteorder("=").name not in _DTYPES:
            raise TypeError(
                f"{name} must be of dtype {', '.join(_DTYPES)}, got {array.dtype}; "
                "make it with gradient"
            )
    if gx.shape != gy.shape:
        raise ValueError(f"gx and gy must have the same shape, got {gx.shape} and {gy.shape}")
    dtypes = {gx.dtype.newbyteorder("="), gy.dtype.newbyteorder("=")}
    if len(dtypes) > 1:
        dtypes = {np.dtype(np.float64 if np.dtype(np.float64) in dtypes else np.float32)}
    (dtype,) = dtypes
    return tuple(np.require(array, dtype, ["C", "W"]) for array in (gx, gy))
