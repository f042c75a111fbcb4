"""Give an image the colours of another one, channel by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image
from classicvision.color._levels import count_levels, replace_levels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def match_histograms(image: ArrayLike, reference: ArrayLike) -> np.ndarray:
    """Change the values of an image so that their distribution becomes that of another one.

    Histogram specification: a value becomes the one that has the same share of smaller values
    in the reference. Each channel is matched by itself.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        What to change.
    reference : array_like
        Of any size and dtype, and as many channels.

    Returns
    -------
    ndarray
        Of the shape and dtype of ``image``; integers are rounded half to even, and clipped to
        their range. The values are those of the reference, on its scale.

    Raises
    ------
    TypeError, ValueError
        For what are not images, values that are not finite, or other numbers of channels.

    Notes
    -----
    1. The cumulative distributions of both are taken at the values that occur.
    2. The share of pixels that are not greater than a value is looked up in the cumulative
       distribution of the reference, with linear interpolation between its values.

    ``skimage.exposure.match_histograms`` does the same and returns float64, or cuts off decimals
    where it returns integers. Memory: three times the larger channel.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, "Digital Image Processing", 4th edition, 2018, section 3.3.

    Examples
    --------
    >>> image = np.array([[1, 1], [2, 3]], np.uint8)
    >>> match_histograms(image, np.array([[10, 10], [20, 250]], np.uint8))
    array([[ 10,  10],
           [ 20, 250]], dtype=uint8)
    """
    image, reference = check_image(image), check_image(reference, name="reference")
    if image.ndim != reference.ndim:
        got, wanted = ("gray" if each.ndim == 2 else "RGB" for each in (reference, image))
        raise ValueError(
            f"reference must have as many channels as the image: got {got}, wanted {wanted}; "
            "convert one of them"
        )
    channels = 1 if image.ndim == 2 else 3
    values, targets = (picture.reshape(-1, channels) for picture in (image, reference))
    sources, goals = _distributions(values), _distributions(targets)
    tables = [
        np.interp(shares, goal_shares, goal_values)
        for (_, shares), (goal_values, goal_shares) in zip(sources, goals, strict=True)
    ]
    if image.dtype == np.uint8:
        levels = np.zeros((channels, 256), np.uint8)
        for k, (level, _) in enumerate(sources):
            levels[k, level.astype(int)] = _rounded(tables[k], image.dtype)
        return replace_levels(values, levels).reshape(image.shape)
    result = np.empty(values.shape, image.dtype)
    for k, (level, _) in enumerate(sources):
        places = np.searchsorted(level, values[:, k])
        result[:, k] = _rounded(tables[k], image.dtype)[places]
    return result.reshape(image.shape)


def _distributions(pixels):
    """Return, for each channel, the values that occur and the share that is not greater."""
    if pixels.dtype == np.uint8:  # counting is faster than sorting
        found = [(np.flatnonzero(counts), counts[counts > 0]) for counts in count_levels(pixels)]
    else:
        found = [np.unique(channel, return_counts=True) for channel in pixels.T]
    return [(level.astype(np.float64), np.cumsum(count) / len(pixels)) for level, count in found]


def _rounded(values, dtype):
    """Return float64 values as a dtype; integers are rounded and clipped."""
    if dtype.kind == "f":
        return values.astype(dtype)
    if dtype.kind == "b":
        return values >= 0.5
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
