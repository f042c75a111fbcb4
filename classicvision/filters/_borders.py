"""What lies beyond an image's border: for each position outside, the pixel that stands there."""

import functools
from collections.abc import Callable

import numpy as np

from classicvision._checks import check_option

BORDER_MODES = ("mirror", "reflect", "nearest", "wrap", "constant")
_ALIASES = {
    "reflect101": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "replicate": "nearest",
}


def check_mode(mode):
    """Return the border's SciPy name; raise ``ValueError`` for an unknown one."""
    check_option(mode, "mode", (*BORDER_MODES, *_ALIASES))
    return _ALIASES.get(mode, mode)


def with_zeros_outside(
    image: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return what a filter with the border "nearest" makes of an image, with zeros outside.

    The nearest pixel to all those outside is one of a frame of zeros. Of a filter that returns
    several arrays they come as one, along the first axis.
    """
    framed = np.pad(image, [(1, 1)] * 2 + [(0, 0)] * (image.ndim - 2))
    result = np.asarray(function(framed))
    channels = (slice(None),) * (image.ndim - 2)
    return np.ascontiguousarray(result[(..., slice(1, -1), slice(1, -1), *channels)])


@functools.lru_cache(maxsize=64)  # most programs have images of a few sizes
def border_indices(length, radius, mode, step=1):
    """Return which element stands at each of the positions ``-radius .. length + radius - 1``.

    A border longer than the image repeats, as in SciPy.

    Parameters
    ----------
    length : int
        Pixels along the axis.
    radius : int
        Pixels added before and after.
    mode : {"mirror", "reflect", "nearest", "wrap"}
    step : int
        Channels: each pixel is ``step`` neighbouring elements.

    Returns
    -------
    numpy.ndarray of intp, shape ((length + 2 * radius) * step,)
        Shared by all callers, and read-only.

    Examples
    --------
    >>> border_indices(4, 2, "mirror").tolist()
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    position = np.arange(-radius, length + radius)
    if mode == "nearest":
        index = np.minimum(np.maximum(position, 0), length - 1)
    elif mode == "wrap":
        index = position % length
    elif mode == "reflect":
        index = position % (2 * length)
        index = np.minimum(index, 2 * length - 1 - index)
    else:
        period = max(2 * length - 2, 1)
        index = position % period
        index = np.minimum(index, period - index)
    index = (index[:, None] * step + np.arange(step)).ravel()
    index.flags.writeable = False
    return index
