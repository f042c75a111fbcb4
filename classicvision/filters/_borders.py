"""What lies beyond an image's border: for each position outside, the pixel that stands there."""

import functools

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
