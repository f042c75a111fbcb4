"""Noise of four kinds, to test what removes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number, check_option, check_random_state
from classicvision.filters.convolution import converted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# kind: its parameter
_KINDS = {
    "gaussian": "sigma",
    "poisson": "photons",
    "salt_and_pepper": "amount",
    "quantization": "levels",
}
_LARGEST = 1e30  # so that float32 holds what becomes of it
_MOST_LEVELS = 2**31 - 1
_MOST_PHOTONS = 1e15  # of one pixel; NumPy's Poisson numbers end at 2**63


def add_noise(
    image: ArrayLike,
    kind: str,
    *,
    sigma: float | None = None,
    photons: float | None = None,
    amount: float | None = None,
    levels: int | None = None,
    value_range: tuple[float, float] | None = None,
    random_state: int | np.random.Generator | np.random.RandomState | None = None,
) -> np.ndarray:
    """Return a copy of an image with noise.

    ===================== ==================================================================
    kind                  what happens to a pixel of value v
    ===================== ==================================================================
    ``"gaussian"``        v + a normally distributed number of standard deviation ``sigma``
    ``"poisson"``         n / ``photons``, where n has a Poisson distribution of mean
                          ``photons`` v: its variance is v / ``photons``
    ``"salt_and_pepper"`` with probability ``amount``, one of the two ends of ``value_range``,
                          both alike; otherwise v
    ``"quantization"``    the nearest of ``levels`` values, evenly spaced over ``value_range``
    ===================== ==================================================================

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        The channels of a colour get their own noise; but salt and pepper are white and black.
    kind : {"gaussian", "poisson", "salt_and_pepper", "quantization"}
        Each has one parameter, which must be given, and no other may be.
    sigma : float
        In the image's units, 0 to 1e30.
    photons : float
        For each unit of the image's values, above 0, at most 1e30. No value may be negative, and
        none may stand for more than 1e15 photons.
    amount : float
        Share of the pixels, from 0 to 1.
    levels : int
        2 to 2,147,483,647.
    value_range : (float, float), optional
        The values of black and white, for salt and pepper and for quantization, from -1e30 to
        1e30. None: 0 and 1 for
        bool and float images, the smallest and the largest number of the dtype for the others.
    random_state : int, numpy.random.Generator, numpy.random.RandomState, optional
        Where the random numbers come from. An int gives the same noise at every call, None another
        one each time.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``image``
        Integers are rounded to the nearest and saturate; floats may leave their range.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, a parameter that is no number, or a
        random_state that is none of these.
    ValueError
        For an image without pixels or with values that are not finite (or negative, for Poisson
        noise), an unknown kind, a parameter that is missing, of another kind or out of range, or a
        negative random_state.

    Notes
    -----
    Memory: up to three float64 arrays of the image's shape.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th edition, 2018, sections 2.4 and 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> gray = np.full((100, 100), 100, np.uint8)
    >>> noisy = cv.add_noise(gray, "gaussian", sigma=5, random_state=0)
    >>> bool(abs(noisy.mean() - 100) < 0.2), bool(abs(noisy.std() - 5) < 0.2)
    (True, True)
    >>> cv.add_noise(np.arange(0, 256, 51).astype(np.uint8)[None], "quantization", levels=3)
    array([[  0,   0, 128, 128, 255, 255]], dtype=uint8)
    """
    image = check_image(image)
    check_option(kind, "kind", tuple(_KINDS))
    given = {"sigma": sigma, "photons": photons, "amount": amount, "levels": levels}
    value = _parameter(kind, given)
    low, high = _range(value_range, image.dtype)
    generator = check_random_state(random_state)
    if kind == "salt_and_pepper":
        return _salt_and_pepper(image, value, low, high, generator)
    if kind == "gaussian":
        exact = np.float64 if image.dtype == np.float64 else np.float32
        noisy = generator.standard_normal(image.shape, exact)
        noisy *= value
        noisy += image
    elif kind == "poisson":
        noisy = _poisson(image, value, generator)
    else:
        step = (high - low) / (value - 1)
        level = np.floor((image - low) / step + 0.5)
        noisy = low + step * level.clip(0, value - 1)
    return converted(noisy, image.dtype)


def _poisson(image, photons, generator):
    smallest, largest = float(image.min()), float(image.max())
    if smallest < 0:
        raise ValueError(
            f"image must not be negative for kind 'poisson', its minimum is {smallest:g}; shift it"
        )
    if largest * photons > _MOST_PHOTONS:
        raise ValueError(
            f"photons must be at most {_MOST_PHOTONS / largest:g} for an image with a maximum of "
            f"{largest:g}, got {photons:g}"
        )
    return generator.poisson(image * photons) / photons


def _salt_and_pepper(image, amount, pepper, salt, generator):
    noisy = image.copy()
    pixels = noisy.reshape(image.shape[0] * image.shape[1], -1)
    number = generator.random(len(pixels), np.float32)
    hit = np.flatnonzero(number < amount)
    black, white = converted(np.array([pepper, salt]), image.dtype)
    pixels[hit] = np.where(number[hit] < amount / 2, black, white)[:, None]
    return noisy


def _parameter(kind, given):
    """Return the checked parameter of the kind; no other may be given."""
    wanted = _KINDS[kind]
    unwanted = [name for name, value in given.items() if value is not None and name != wanted]
    if unwanted:
        raise ValueError(f"kind {kind!r} takes {wanted}, not {unwanted[0]}; leave that out")
    value = given[wanted]
    if value is None:
        raise ValueError(f"kind {kind!r} needs {wanted}; pass {wanted}=...")
    if wanted == "photons":
        return check_number(value, wanted, above=0, at_most=_LARGEST)
    if wanted == "levels":
        return check_number(value, wanted, at_least=2, at_most=_MOST_LEVELS, integer=True)
    return check_number(value, wanted, at_least=0, at_most=1 if wanted == "amount" else _LARGEST)


def _range(value_range, dtype):
    if value_range is None:
        if dtype.kind in "bf":
            return 0.0, 1.0
        limits = np.iinfo(dtype)
        return float(limits.min), float(limits.max)
    try:
        low, high = value_range
    except (TypeError, ValueError):
        raise TypeError(f"value_range must be (low, high), got {value_range!r}") from None
    low, high = (
        check_number(end, "value_range", at_least=-_LARGEST, at_most=_LARGEST)
        for end in (low, high)
    )
    if not low < high:
        raise ValueError(f"value_range must be (low, high) with low < high, got {value_range!r}")
    return low, high
