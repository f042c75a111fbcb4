"""Canny's edge detector: gradient, thinning to ridges, and two thresholds with hysteresis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, overload

import numpy as np

from classicvision._checks import check_flag, check_image, check_number, check_option
from classicvision.edges._hysteresis import STRONG, WEAK, connect_weak, empty_labels, inside
from classicvision.edges._quantiles import magnitude_quantiles
from classicvision.edges._suppression import label_ridges
from classicvision.filters.derivatives import (
    column_offsets,
    gradient,
    operator_taps,
    row_offsets,
)
from classicvision.filters.smoothing import gaussian
from classicvision.images import luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# A float32 image whose largest value is between these has gradients whose squares are neither
# too large nor too small for float32.
_SMALLEST, _LARGEST = 1e-12, 1e15


@dataclass(frozen=True, eq=False)
class CannySteps:
    """What Canny's detector computes on its way; every array has the image's rows and columns.

    Attributes
    ----------
    smoothed : ndarray
        The image in gray after the Gaussian (the image itself for ``sigma=0``).
    gx, gy : ndarray of float64
        The derivatives, positive where it becomes brighter to the right and downwards.
    magnitude : ndarray of float64
        ``|gx| + |gy|``, or ``sqrt(gx**2 + gy**2)`` with ``l2_gradient=True``.
    low, high : float
        The thresholds in units of ``magnitude``, the lower one first.
    suppressed : ndarray of float64
        The magnitude where it is a ridge along the gradient's direction, 0 elsewhere.
    strong : ndarray of bool
        Ridges above the higher threshold.
    weak : ndarray of bool
        Ridges above the lower threshold only.
    edges : ndarray of bool
        The strong ridges and the weak ones connected to them.
    """

    smoothed: np.ndarray
    gx: NDArray[np.float64]
    gy: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    low: float
    high: float
    suppressed: NDArray[np.float64]
    strong: NDArray[np.bool_]
    weak: NDArray[np.bool_]
    edges: NDArray[np.bool_]


class _Method(NamedTuple):
    """How ridges are found, and the type of the magnitudes, or of their squares."""

    aperture: int
    l2_gradient: bool
    interpolate: bool
    number: type

    @property
    def in_squares(self):
        """Whether squares stand for the magnitudes: their order is the same."""
        return self.l2_gradient and not self.interpolate


@overload
def canny(
    image: ArrayLike,
    low: float,
    high: float,
    *,
    sigma: float = ...,
    aperture: int = ...,
    l2_gradient: bool = ...,
    interpolate: bool = ...,
    quantiles: bool = ...,
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
    interpolate: bool = ...,
    quantiles: bool = ...,
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
    interpolate: bool = False,
    quantiles: bool = False,
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
    interpolate : bool
        Compare each magnitude with those that linear interpolation gives on both sides of it,
        exactly along the gradient, as in Canny's paper and in scikit-image; not with those of
        two of its eight neighbours, as OpenCV does.
    quantiles : bool
        ``low`` and ``high`` are fractions from 0 to 1 instead: each threshold is the magnitude
        with the position ``int(fraction * (n - 1))`` among the sorted magnitudes of all n
        pixels, counted from 0, as ``numpy.quantile(magnitude, fraction, method="lower")``.
    return_steps : bool
        Return all intermediate results.

    Returns
    -------
    edges : numpy.ndarray of bool, shape (rows, columns)
        For uint8 images identical to ``cv2.Canny``, unless ``interpolate`` is set. (With
        ``aperture=5`` OpenCV's x86 builds call Intel's library, whose float magnitudes tell a
        few ties apart, until ``cv2.ipp.setUseIPP(False)``.)
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
       whose direction is rounded to the nearest of four, or is taken as it is with
       ``interpolate=True``. Of two equal neighbours (with ``interpolate`` up to 64 machine
       epsilons) the one on the right, or lower, goes; both go where the rounded direction is
       a diagonal. Outside the image the magnitude is 0.
    4. Of these ridges the strong ones, above ``high``, are edges; so are the weak ones, above
       ``low``, that a chain of neighbours above ``low`` connects to a strong one.

    bool images count as 0 and 1. Integer derivatives are exact; float32 images are computed in
    float32. Memory: 6 bytes a pixel besides the image, 9 for 16-bit integers; 60 with
    ``return_steps=True``; up to 24 with ``quantiles=True``, where most magnitudes are equal.

    What differs from ``skimage.feature.canny``, whose ridges those of ``l2_gradient=True,
    interpolate=True`` are:

    - There are no default thresholds and no default ``sigma``: no value suits all images.
    - Values keep their range. Of a uint8 image the thresholds are gray levels, as in OpenCV.
    - A smoothed image keeps its dtype: integers are rounded as OpenCV rounds them, so that their
      edges are not exactly those of the same values in floats. The Gaussian's border is mirrored.
    - Magnitudes have to exceed the thresholds; those equal to them do not.
    - Of two equal ridges side by side one stays, so that a step has one edge, not two.
    - Pixels at the image's border can be edges, as in OpenCV.
    - There is no mask: take ``canny(image, ...) & scipy.ndimage.binary_erosion(mask)``.
    - A colour image is no error: its luminance is taken.

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
    sigma = check_number(sigma, "sigma", at_least=0)
    image = check_image(image, finite=sigma == 0)  # otherwise the Gaussian looks for NaN
    limits = {"at_least": 0, "at_most": 1} if quantiles else {}
    pair = check_number(low, "low", **limits), check_number(high, "high", **limits)
    check_option(aperture, "aperture", (3, 5, 7))
    return_steps = check_flag(return_steps, "return_steps")
    if image.ndim == 3:
        image = luminance(image)
    if image.dtype == bool:
        image = image.view(np.uint8)
    if sigma > 0:
        image = gaussian(image, sigma)
    method = _method(image, aperture, bool(l2_gradient), bool(interpolate))
    thresholds = np.sort(pair)
    if quantiles:
        thresholds = magnitude_quantiles(
            _derivatives(image, method),
            dtype=_exact_type(image, method),
            squared=method.l2_gradient,
            rooted=method.l2_gradient and not method.in_squares,
            fractions=thresholds,
        )
    else:
        if aperture == 7:
            thresholds = thresholds / 16
        if method.in_squares:
            thresholds = thresholds * np.abs(thresholds)
    labels = _ridges(image, method, thresholds)
    if return_steps:
        return _steps(image, method, thresholds, labels)
    return connect_weak(labels, image.shape)


def _method(image, aperture, l2_gradient, interpolate):
    number = np.float64
    if image.dtype == np.uint8:
        # Without squares, and with aperture 3 or 5, no magnitude exceeds 48,960.
        number = np.uint16 if aperture < 7 and not l2_gradient else np.int32
        if interpolate:
            number = np.float32
    elif image.dtype == np.float32:
        largest = max(image.max(), -image.min())
        if largest == 0 or _SMALLEST < largest < _LARGEST:
            number = np.float32
    return _Method(aperture, l2_gradient, interpolate, number)


def _ridges(image, method, thresholds):
    """Return the labels of the ridges above the thresholds, which stand for magnitudes."""
    rows, columns = image.shape
    labels = empty_labels(rows, columns)
    label_ridges(
        *_derivatives(image, method),
        _rounded_down(thresholds, method.number),
        method.l2_gradient,
        True if method.number == np.uint16 else None,
        True if method.interpolate else None,
        np.zeros((3, columns + 2), method.number),
        labels,
    )
    return labels


def _derivatives(image, method):
    """Return the arguments with which the kernels differentiate one row after the other."""
    aperture, number = method.aperture, method.number
    taps = operator_taps("sobel", aperture)
    radius = taps.shape[1] - 1
    in_floats = method.interpolate or aperture == 7 or image.dtype != np.uint8
    kind = np.int16 if not in_floats else np.float64 if number == np.float64 else np.float32
    rounded = aperture == 7 and image.dtype == np.uint8
    if image.dtype != np.uint8:
        image = image.astype(number, copy=False)
    columns = image.shape[1]
    return (
        image.reshape(-1),
        row_offsets(image, radius, "nearest"),
        column_offsets(image, radius, "nearest"),
        (taps / (4 if aperture == 7 else 1)).astype(kind),
        rounded,
        np.empty((2, columns + 2 * radius), kind),
        np.empty((2, 2, columns), kind),
    )


def _rounded_down(thresholds, number):
    """Return the largest values of the type that are not above the thresholds."""
    if np.issubdtype(number, np.integer):  # a ridge is above 0 whatever they are
        return np.floor(np.clip(thresholds, 0, np.iinfo(number).max)).astype(number)
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(number)
    return np.where(rounded > thresholds, np.nextafter(rounded, number(-np.inf)), rounded)


def _exact_type(image, method):
    """Return a float type that has all magnitudes, or squares, exactly as for the labels."""
    small = image.dtype == np.uint8 and (not method.l2_gradient or method.aperture == 3)
    return np.float32 if small or method.number == np.float32 else np.float64


def _slopes(image, method):
    """Return the derivatives, exactly as for the labels."""
    kind = _exact_type(image, method)
    if image.dtype != np.uint8:
        image = image.astype(kind, copy=False)
    gx, gy = gradient(image, size=method.aperture, dtype=kind, mode="nearest")
    if method.aperture == 7:
        gx, gy = gx / 16, gy / 16
        if image.dtype == np.uint8:
            gx, gy = np.rint(gx), np.rint(gy)
    return gx, gy


def _magnitude(gx, gy, method):
    """Return the magnitude, or the square that stands for it, exactly as for the labels."""
    if not method.l2_gradient:
        return np.abs(gx) + np.abs(gy)
    squares = gx * gx + gy * gy
    return squares if method.in_squares else np.sqrt(squares)


def _steps(image, method, thresholds, labels):
    gx, gy = _slopes(image, method)
    magnitude = _magnitude(gx, gy, method).astype(np.float64)
    if method.in_squares:
        magnitude = np.sqrt(magnitude)
        thresholds = np.sign(thresholds) * np.sqrt(np.abs(thresholds))
    ridges = inside(_ridges(image, method, np.zeros(2)), image.shape)
    before = inside(labels, image.shape).copy()
    return CannySteps(
        smoothed=image,
        gx=gx.astype(np.float64),
        gy=gy.astype(np.float64),
        magnitude=magnitude,
        low=float(thresholds[0]),
        high=float(thresholds[1]),
        suppressed=np.where(ridges, magnitude, 0),
        strong=before == STRONG,
        weak=before == WEAK,
        edges=connect_weak(labels, image.shape),
    )
