"""What the line transforms share: the edge pixels and the resolution of the accumulator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision.images import luminance
from classicvision.results import Lines

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LARGEST_ACCUMULATOR = 2 << 30  # bytes, four for each cell


@dataclass(frozen=True)
class Resolution:
    """The cells of an accumulator: ``angles`` rows of ``bins`` distances.

    Attributes
    ----------
    rho, theta : numpy.float32
        The size of a cell, in pixels and radians, with OpenCV's precision.
    angles, bins : int
        How many angles and distances there are.
    """

    rho: np.float32
    theta: np.float32
    angles: int
    bins: int

    @property
    def center(self):
        """The bin of the lines through the origin (rho = 0)."""
        return max(0, (self.bins - 1) // 2)


def check_edges(edges: ArrayLike) -> NDArray[np.bool_]:
    """Return a new bool array, true where ``edges`` (in luminance) is not zero."""
    return luminance(check_image(edges, name="edges")) != 0


def as_numbers(values, name, shape):
    """Return a float64 array; raise ``TypeError`` for other things than real numbers."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty(0, object)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must be numbers, shape {shape}, got {values!r}")
    return array.astype(np.float64)


def check_lines(lines):
    """Raise ``TypeError`` for anything but :class:`Lines`."""
    if not isinstance(lines, Lines):
        raise TypeError(
            f"lines must be Lines, as hough_lines returns them, got {type(lines).__name__}"
        )


def check_resolution(shape, rho, theta, min_theta=0.0, max_theta=math.pi):
    """Return the :class:`Resolution` that OpenCV takes for an image of this shape.

    The distances reach from ``-(rows + columns)`` to ``rows + columns``. Where the angles go
    round half a turn, the last one repeats the first and is left out.

    Raises
    ------
    TypeError
        If one of the numbers is not a number.
    ValueError
        If ``rho`` or ``theta`` is not positive and finite, the range of angles is empty or not
        finite, or the accumulator would take more than 2 GiB.
    """
    rho, theta = _check_step(rho, "rho"), _check_step(theta, "theta")
    step = float(theta)
    angles = math.floor((max_theta - min_theta) / step) + 1
    if angles > 1 and abs(math.pi - (angles - 1) * step) < step / 2:
        angles -= 1
    rows, columns = shape
    bins = round(float(np.float32(2 * (rows + columns) + 1) / rho))
    size = 4 * (angles + 2) * (bins + 2)
    if size > _LARGEST_ACCUMULATOR:
        raise ValueError(
            f"rho={rho:g} and theta={theta:g} take an accumulator of {size / 2**30:.3g} GiB, "
            "more than 2; make rho or theta larger"
        )
    return Resolution(rho, theta, angles, bins)


def trigonometry(angles, resolution):
    """Return cos(angle) / rho and sin(angle) / rho as float32, each rounded once from float64.

    Each value comes from the C library, as OpenCV's do: NumPy's vectorised cosine differs in
    the last place on some processors, which moves votes.
    """
    scale = float(np.float32(1) / resolution.rho)
    cosine = np.array([math.cos(angle) * scale for angle in angles], np.float32)
    sine = np.array([math.sin(angle) * scale for angle in angles], np.float32)
    return cosine, sine


def check_max_lines(max_lines):
    """Return ``max_lines`` as an int; ``None`` means as many as there are."""
    if max_lines is None:
        return np.iinfo(np.int64).max
    return min(
        check_number(max_lines, "max_lines", at_least=1, integer=True), np.iinfo(np.int64).max
    )


def _check_step(value, name):
    value = check_number(value, name, above=0)
    with np.errstate(over="ignore", under="ignore"):
        step = np.float32(value)
    if not 1e-30 < step < 1e30:
        raise ValueError(f"{name} must be between 1e-30 and 1e30, got {value:g}")
    return step
