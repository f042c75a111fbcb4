"""Give an image the colours of another one, channel by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image

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
        raise ValueError(
            f"reference must have as many channels as the image: got {_channels(reference)}, "
            f"wanted {_channels(image)}; convert one of them"
        )
    values, targets = np.atleast_3d(image), np.atleast_3d(reference)
    matched = [_matched(values[..., k], targets[..., k]) for k in range(values.shape[2])]
    result = np.stack(matched, axis=2).reshape(image.shape)
    if image.dtype.kind == "f":
        return result.astype(image.dtype)
    if image.dtype == bool:
        return result >= 0.5
    limits = np.iinfo(image.dtype)
    return np.clip(np.rint(result), limits.min, limits.max).astype(image.dtype)


def _channels(image):
    return "gray" if image.ndim == 2 else "RGB"


def _matched(channel, target):
    """Return one channel with the distribution of another, float64."""
    _, places, shares = _distribution(channel)
    target_values, _, target_shares = _distribution(target)
    return np.interp(shares, target_shares, target_values)[places].reshape(channel.shape)


def _distribution(channel):
    """Return the values that occur, where, and the share of pixels that are not greater."""
    if channel.dtype == np.uint8:  # counting is faster than sorting
        counts = np.bincount(channel.reshape(-1), minlength=256)
        values = np.flatnonzero(counts)
        places = (np.cumsum(counts > 0) - 1)[channel.reshape(-1)]
        counts = counts[values]
    else:
        values, places, counts = np.unique(channel, return_inverse=True, return_counts=True)
    return values.astype(np.float64), places.reshape(-1), np.cumsum(counts) / channel.size
