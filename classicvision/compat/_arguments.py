"""What OpenCV's Python functions take for arguments, and the errors they raise otherwise."""

import numbers

import numpy as np

from classicvision._opencv import opencv

BAD_ARGUMENT, _BAD_CHANNELS, NOT_IMPLEMENTED, PARSE, ASSERTION = -5, -15, -213, -212, -215
_ERROR_NAMES = {
    BAD_ARGUMENT: "Bad argument",
    _BAD_CHANNELS: "Bad number of channels",
    NOT_IMPLEMENTED: "The function/feature is not implemented",
    PARSE: "Parsing error",
    ASSERTION: "Assertion failed",
}


def read_gray(image):
    """Return the image as a contiguous gray array, read and converted as OpenCV does."""
    function = "detectMultiScale"
    if image is None:
        image = np.zeros((0, 0), np.uint8)
    if isinstance(image, opencv().UMat):
        image = image.get()
    if not isinstance(image, np.ndarray):
        reason = f"image must be a NumPy array, got {type(image).__name__}"
        raise make_error(BAD_ARGUMENT, reason, function)
    if image.dtype != np.uint8:
        reason = f"image.depth() == CV_8U: image must be of dtype uint8, got {image.dtype}"
        raise make_error(ASSERTION, reason, function)
    if image.ndim not in (1, 2, 3):
        reason = f"image must be (rows, columns[, channels]), got shape {image.shape}"
        raise make_error(BAD_ARGUMENT, reason, function)
    if image.size == 0:
        return np.zeros((0, 0), np.uint8)
    if image.ndim < 3 or image.shape[2] == 1:
        return np.require(image.reshape(len(image), -1), requirements=["C", "W"])
    if image.shape[2] not in (3, 4):
        reason = f"image must have 1, 3 or 4 channels, got {image.shape[2]}"
        raise make_error(_BAD_CHANNELS, reason, function)
    return opencv().cvtColor(image, opencv().COLOR_BGR2GRAY)


def is_integer(value):
    """Whether OpenCV takes a value for an int, which has 32 bits there."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))
    return whole and -(2**31) <= value < 2**31


def read_integer(value, name, default):
    """Return the value as an int; ``default`` for ``None``."""
    if value is None:  # OpenCV's Python functions take None for "not given"
        return default
    if not is_integer(value):
        reason = f"{name} must be a 32-bit integer, got {value!r}"
        raise make_error(BAD_ARGUMENT, reason, "detectMultiScale")
    return int(value)


def read_number(value, name, default):
    """Return the value as a float; ``default`` for ``None``."""
    if value is None:
        return default
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
        reason = f"{name} must be a number, got {value!r}"
        raise make_error(BAD_ARGUMENT, reason, "detectMultiScale")
    return float(value)


def read_size(value, name):
    """Return the value as (width, height); (0, 0), OpenCV's default, for ``None``."""
    if value is None:
        return 0, 0
    if not hasattr(value, "__len__") or len(value) != 2 or not all(map(is_integer, value)):
        reason = f"{name} must be two 32-bit integers, (width, height), got {value!r}"
        raise make_error(BAD_ARGUMENT, reason, "detectMultiScale")
    return int(value[0]), int(value[1])


def make_error(code, reason, function):
    """Return a ``cv2.error`` that looks like OpenCV's own."""
    message = (
        f"classicvision: error: ({code}:{_ERROR_NAMES[code]}) {reason} in function {function!r}"
    )
    error = opencv().error(message)
    error.code, error.err, error.func, error.msg = code, reason, function, message
    error.file, error.line = "", -1
    return error
