"""One vocabulary of argument checks: each says what was wanted, what came and what to do."""

from __future__ import annotations

import numbers
import os
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_IMAGE_DTYPES = ("bool", "uint8", "uint16", "int16", "float32", "float64")
LARGEST_WINDOW = 100_000  # pixels; the border takes time and memory of this size
GIVE_DESCRIPTORS = "extract_descriptors returns (keypoints, descriptors), give its second"
_IMAGE_TYPES = frozenset(np.dtype(name).type for name in _IMAGE_DTYPES)


def as_array(values: ArrayLike) -> np.ndarray:
    """Return an array of any kind: an object without shape for rows of several lengths."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.array(None, object)


def whole_result(value, hint):
    """Return a hint for a message if ``value`` is all of a function's two results, else ""."""
    return f"; {hint}" if isinstance(value, tuple) and len(value) == 2 else ""


def check_image(
    image: ArrayLike, *, name: str = "image", color: bool = True, finite: bool = True
) -> np.ndarray:
    """Return ``image`` as a native-endian, C-contiguous, writable array; copied where it must be.

    A read-only image is copied too: for Numba it is another type, which would compile every
    kernel once more. That the array is writable is no leave to write to it.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
    name : str
        The argument's name, for the messages.
    color : bool
        Whether ``(rows, columns, 3)`` is accepted.
    finite : bool
        Whether NaN and infinity are refused.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, and for a path.
    ValueError
        For an image without pixels, a wrong number of channels, or values that are not finite.
    """
    array = _image_array(image, name)
    wanted = "(rows, columns) or (rows, columns, 3)" if color else "(rows, columns)"
    if array.ndim not in ((2, 3) if color else (2,)):
        raise TypeError(f"{name} must have shape {wanted}, got {array.shape}")
    if array.ndim == 3 and array.shape[2] != 3:
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} has no pixels: its shape is {array.shape}")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinite values; replace them, e.g. np.nan_to_num")
    return np.require(array, requirements=["C", "W"])


def _image_array(image, name):
    """Return ``image`` as an array of a dtype that images have."""
    if isinstance(image, (str, os.PathLike)):
        path = os.fspath(image)
        raise TypeError(
            f"{name} must be an array, got the path {path!r:.80}; read it with read_image"
        )
    array = as_array(image)
    if array.dtype.kind in "OUSV" and not isinstance(image, np.ndarray):
        raise TypeError(f"{name} must be an array of numbers, got {image!r:.80}")
    if array.dtype.type not in _IMAGE_TYPES:
        raise TypeError(
            f"{name} must be of dtype {', '.join(_IMAGE_DTYPES)}, got {array.dtype}; "
            "convert it with .astype()"
        )
    return array


def check_number(value, name, *, above=None, at_least=None, at_most=None, integer=False):
    """Return ``value`` as a float (an int where ``integer``) after checking its bounds."""
    kind = numbers.Integral if integer else numbers.Real
    usual = type(value) is int or (type(value) is float and not integer)  # isinstance is slow
    if not usual and (not isinstance(value, kind) or isinstance(value, (bool, np.bool_))):
        wanted = "an integer" if integer else "a number"
        raise TypeError(f"{name} must be {wanted}, got {value!r}")
    try:
        value = int(value) if integer else float(value)
    except OverflowError:  # an int that no float holds
        raise ValueError(f"{name} must be a float64, got an integer beyond its range") from None
    if integer and value.bit_length() > 1024:  # Python may refuse to write it
        bits = value.bit_length()
        raise ValueError(f"{name} must have at most 1024 bits, got an integer of {bits} bits")
    if value != value:
        raise ValueError(f"{name} must be a number, got nan")
    if above is not None and not value > above:
        raise ValueError(f"{name} must be greater than {above}, got {value}")
    if at_least is not None and not value >= at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}")
    if at_most is not None and not value <= at_most:
        raise ValueError(f"{name} must be at most {at_most}, got {value}")
    return value


def check_pair(value, name, *, integer=False, **limits):
    """Return ``(x, y)`` as two floats (ints where ``integer``) within limits; a number is both."""
    kind = numbers.Integral if integer else numbers.Real
    pair = (value, value) if isinstance(value, kind) else value
    try:
        x, y = pair
    except (TypeError, ValueError):
        wanted = "an integer" if integer else "a number"
        raise TypeError(f"{name} must be {wanted} or a pair (x, y), got {value!r}") from None
    return tuple(check_number(number, name, integer=integer, **limits) for number in (x, y))


def check_flag(value, name):
    """Return ``value`` as a bool: that of Python or NumPy, an array of a single one, 0 or 1."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    number = isinstance(value, numbers.Integral) and value in (0, 1)
    alone = isinstance(value, np.ndarray) and value.shape == () and value.dtype == bool
    if not (number or alone):
        raise TypeError(f"{name} must be True or False, got {value!r:.80}")
    return bool(value)


def check_jobs(n_jobs):
    """Return ``n_jobs`` as an int that is not 0; negative ones count from all cores, -1, down."""
    n_jobs = check_number(n_jobs, "n_jobs", integer=True)
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0; use -1 for all cores")
    return n_jobs


def check_option(value, name, options):
    """Return ``value`` if it is one of ``options``, which are strings or numbers."""
    if not isinstance(value, (str, numbers.Real)) or value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def check_dtype(dtype, options, name="dtype"):
    """Return ``dtype`` as a native NumPy dtype after checking that its name is an option."""
    try:
        found = np.dtype(dtype).newbyteorder("=")
    except TypeError:
        found = None
    if found is None or found.name not in options:
        got = dtype if found is None else found.name
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {got!r}")
    return found


def check_size(size, name, *, at_least=0, at_most=2**31 - 1):
    """Return ``(width, height)`` as two ints; a scalar means both, ``None`` stays ``None``."""
    if size is None:
        return None
    pair = (size, size) if isinstance(size, numbers.Integral) else size
    try:
        width, height = pair
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be an integer or (width, height), got {size!r}") from None
    return (
        check_number(width, f"{name} width", at_least=at_least, at_most=at_most, integer=True),
        check_number(height, f"{name} height", at_least=at_least, at_most=at_most, integer=True),
    )


def check_random_state(random_state):
    """Return a NumPy Generator: the one given, one from a RandomState, or one with this seed."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, size=4, dtype=np.uint32))
    whole = isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool)
    if random_state is not None and not whole:
        raise TypeError(
            "random_state must be None, an integer, a numpy Generator or RandomState, "
            f"got {random_state!r}"
        )
    if whole and random_state < 0:
        raise ValueError(f"random_state must be at least 0, got {random_state}")
    return np.random.default_rng(random_state)


def check_window(size, name="size"):
    """Return ``(width, height)`` of a filter's window, from 1 to ``LARGEST_WINDOW`` pixels."""
    if size is None:
        raise TypeError(f"{name} must be an integer or (width, height), got None")
    return check_size(size, name, at_least=1, at_most=LARGEST_WINDOW)


def check_pairs(pairs: ArrayLike, n_first: int, n_second: int) -> NDArray[np.int64]:
    """Return pairs of rows of two tables of such lengths as an int64 array ``(n, 2)``."""
    array = as_array(pairs)
    whole = whole_result(pairs, "match_descriptors returns (pairs, distances), give its first")
    if array.size == 0 and not whole:
        return np.zeros((0, 2), np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.shape[1] != 2:
        raise TypeError(
            "pairs must be integers of shape (n, 2), "
            f"got shape {array.shape} and dtype {array.dtype}{whole}"
        )
    if not (n_first and n_second):
        raise ValueError(
            f"pairs must be empty where one side has no keypoints, got {len(array)}; are they of "
            "other keypoints?"
        )
    for side, (own, count) in enumerate(zip(array.T, (n_first, n_second), strict=True)):
        if own.min() < 0 or own.max() >= count:
            raise ValueError(
                f"pairs[:, {side}] must be from 0 to {count - 1}, got {own.min()} to {own.max()}; "
                "are they of other keypoints?"
            )
    return array.astype(np.int64)


def check_boxes(boxes: ArrayLike, name: str = "boxes") -> NDArray[np.float32]:
    """Return ``boxes`` as a float32 array ``(n, 4)`` of x1, y1, x2, y2 with x1 <= x2, y1 <= y2."""
    array = np.asarray(boxes, dtype=np.float32)
    if array.size == 0:
        return np.zeros((0, 4), np.float32)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"{name} must have shape (n, 4), x1 y1 x2 y2, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    if (array[:, 2:] < array[:, :2]).any():
        raise ValueError(f"{name} must have x1 <= x2 and y1 <= y2; are they x, y, width, height?")
    return array
