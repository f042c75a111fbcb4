"""The colour spaces of histograms: pixels as channels, and the range that each channel has."""

from __future__ import annotations

import numpy as np

from classicvision._checks import check_number, check_option
from classicvision._opencv import opencv
from classicvision.images.conversion import luminance

SPACES = ("rgb", "rg", "hsv", "lab", "opponent", "gray")
CHANNELS = {"rgb": 3, "rg": 2, "hsv": 3, "lab": 3, "opponent": 3, "gray": 1}
# Channels of uint8 images, as OpenCV converts them: low, and high exclusive.
_BYTES = {"hsv": [(0, 180), (0, 256), (0, 256)], "lab": [(0, 256)] * 3}
_FLOATS = {"hsv": [(0, 360), (0, 1), (0, 1)], "lab": [(0, 100), (-128, 128), (-128, 128)]}
_BLOCK = 1 << 16  # pixels that are converted at a time
# The values of bool, uint8 and uint16 images, by NumPy's characters: low, and high exclusive.
_RANGES = {"?": (0, 2), "B": (0, 256), "H": (0, 65536)}


def check_space(space, image, name="image"):
    """Return ``space`` after checking that there is such a one, and that the image has it."""
    check_option(space, "space", SPACES)
    if image.ndim == 2 and space != "gray":
        raise ValueError(
            f"{name} must be RGB for space {space!r}, got shape {image.shape}; use space='gray', "
            "or repeat the gray channel three times"
        )
    return space


def check_range(value, image, space):
    """Return the range (low, high) of the image's values; the usual one of its dtype for None.

    For floats that is 0 to 1; an image with values outside it is refused, since it is likely
    on another scale.
    """
    if value is not None:
        try:
            low, high = value
        except (TypeError, ValueError):
            raise TypeError(f"range must be a pair (low, high), got {value!r}") from None
        low = check_number(low, "range low", at_least=-1e30, at_most=1e30)
        high = check_number(high, "range high", above=low, at_most=1e30)
        if image.dtype.kind != "f" and high - low < 2:
            raise ValueError(f"range must span two values of an integer image, got {value!r}")
        return low, high
    if image.dtype.char in _RANGES:
        return _RANGES[image.dtype.char]
    low, high = float(image.min()), float(image.max())
    if space == "rg":  # shares do not depend on the scale: all are inside
        if low < 0:
            raise ValueError(
                f"image must not be negative for space 'rg', got {low:g}; pass range=(low, high)"
            )
        return 0.0, high + 1
    if image.dtype == np.int16:
        raise ValueError(
            f"range must be given for int16, whose values here are {low:g} to {high:g}; "
            "pass range=(low, high)"
        )
    if low < 0 or high > 1:
        raise ValueError(
            f"image has values from {low:g} to {high:g}, and floats are taken to be 0 to 1; "
            "pass range=(low, high) if they are on another scale, such as (0, 255)"
        )
    return 0.0, 1.0


def channel_blocks(image, space, limits, mask):
    """Yield (channels, ranges, kept) of the image's pixels, some at a time.

    Parameters
    ----------
    image : ndarray
        Checked.
    space : str
    limits : tuple of float
        The range of the image's values. Pixels with a value outside are left out.
    mask : ndarray of bool, shape (rows, columns), or None

    Yields
    ------
    channels : ndarray of uint8, shape (n, c), or of float64, shape (c, n)
    ranges : list of (low, high)
        The range of each channel.
    kept : ndarray of bool, shape (pixels of the block,), or None
        Which of the block's pixels these are; None for all.
    """
    pixels = image.reshape(-1, 1 if image.ndim == 2 else 3)
    kept = None if mask is None else mask.reshape(-1)
    whole = image.dtype == np.uint8 and space in ("rgb", "gray") and limits == (0, 256)
    step = len(pixels) if whole else _BLOCK
    for start in range(0, len(pixels), step):
        block = pixels[start : start + step]
        chosen = None if kept is None else kept[start : start + step]
        inside = _inside(block, limits)
        if inside is not None:
            chosen = inside if chosen is None else chosen & inside
        if chosen is not None:
            block = np.ascontiguousarray(block[chosen])
        yield *_channels(block, space, limits), chosen


def _inside(pixels, limits):
    """Return which pixels have all values in the range; None where all have."""
    low, high = limits
    if pixels.dtype == np.uint8 and low <= 0 and high >= 256:
        return None
    below = pixels <= high if pixels.dtype.kind == "f" else pixels < high
    inside = ((pixels >= low) & below).all(axis=1)
    return None if inside.all() else inside


def _channels(pixels, space, limits):
    """Return the channels of pixels (n, 1 or 3), and their ranges."""
    if space == "gray":
        gray = luminance(pixels[None])[0] if pixels.shape[1] == 3 and len(pixels) else pixels[:, :1]
        return _as_channels(gray.reshape(-1, 1)), [limits]
    if space == "rgb":
        return _as_channels(pixels), [limits] * 3
    low = limits[0]
    if space == "rg":
        return _red_green(_planes(pixels) - low), [(0.0, 1.0)] * 2
    white = limits[1] if pixels.dtype.kind == "f" else limits[1] - 1
    if space == "opponent":
        return _opponent(_planes(pixels) - low, white - low)
    if len(pixels) == 0:
        return np.zeros((3, 0)), _FLOATS[space]
    cv2 = opencv()
    code = cv2.COLOR_RGB2HSV if space == "hsv" else cv2.COLOR_RGB2Lab
    if pixels.dtype == np.uint8 and limits == (0, 256):
        return cv2.cvtColor(pixels[None], code)[0], _BYTES[space]
    unit = ((pixels.astype(np.float64) - low) / (white - low)).astype(np.float32)
    return _planes(cv2.cvtColor(unit[None], code)[0]), _FLOATS[space]


def _planes(pixels):
    """Return pixels (n, c) as float64 channels (c, n), over which loops are long."""
    return np.ascontiguousarray(pixels.T, dtype=np.float64)


def _as_channels(pixels):
    return np.ascontiguousarray(pixels) if pixels.dtype == np.uint8 else _planes(pixels)


def _red_green(planes):
    """Return the shares that red and green have; planes are not negative, and 0 is black."""
    total = planes.sum(axis=0)
    total[total == 0] = 1  # of black pixels, whose shares stay 0
    return planes[:2] / total


def _opponent(planes, span):
    """Return red-green, blue-yellow and white-black of Swain and Ballard, and their ranges."""
    red, green, blue = planes
    channels = np.stack([red - green, 2 * blue - red - green, red + green + blue])
    return channels, [(-span, span), (-2 * span, 2 * span), (0, 3 * span)]
