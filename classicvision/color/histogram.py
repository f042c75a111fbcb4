"""Colour histograms: how many pixels have which colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_flag, check_image
from classicvision._jit import kernel
from classicvision.color._bins import bin_positions, check_bins, flat_numbers, level_tables
from classicvision.color._levels import count_levels, count_triples, fits
from classicvision.color._spaces import CHANNELS, channel_blocks, check_range, check_space

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from numpy.typing import ArrayLike, NDArray

    Space = Literal["rgb", "rg", "hsv", "lab", "opponent", "gray"]


@kernel
def _spread(positions, bins, circular, histogram):
    """Give each pixel to the eight bins around it, in shares that are linear along each channel.

    positions (3, n): bin i of channel k has its centre at i + 0.5; histogram: flattened.
    """
    lower = np.zeros(3, np.int64)
    upper = np.zeros(3, np.int64)
    share = np.zeros(3)
    b1, b2 = bins[1], bins[2]
    for i in range(positions.shape[1]):
        for k in range(3):
            position = positions[k, i] - 0.5
            low = int(np.floor(position))
            share[k] = position - low
            high = low + 1
            if circular[k]:
                low, high = low % bins[k], high % bins[k]
            lower[k] = min(max(low, 0), bins[k] - 1)
            upper[k] = min(max(high, 0), bins[k] - 1)
        for first in range(2):
            row = (upper[0] if first else lower[0]) * b1
            weight = share[0] if first else 1.0 - share[0]
            near, far = (row + lower[1]) * b2, (row + upper[1]) * b2
            a, b = weight * (1.0 - share[1]), weight * share[1]
            histogram[near + lower[2]] += a * (1.0 - share[2])
            histogram[near + upper[2]] += a * share[2]
            histogram[far + lower[2]] += b * (1.0 - share[2])
            histogram[far + upper[2]] += b * share[2]


def color_histogram(
    image: ArrayLike,
    bins: int | Sequence[int] = 8,
    space: Space = "rgb",
    *,
    joint: bool = True,
    soft: bool = False,
    mask: ArrayLike | None = None,
    range: tuple[float, float] | None = None,
    normalize: bool = False,
) -> NDArray[np.float32]:
    """Count the colours of an image.

    Parameters
    ----------
    image : array_like, shape (rows, columns, 3) or (rows, columns)
        RGB; gray only for space "gray".
    bins : int or sequence of int
        The number of bins of all channels, or of each; from 1 to 65536.
    space : {"rgb", "rg", "hsv", "lab", "opponent", "gray"}
        What the channels are; see Notes.
    joint : bool
        One histogram over all channels at once; otherwise one for each channel.
    soft : bool
        Share each pixel among the nearest bins (two along each channel, eight in a histogram of
        three) in proportion to how near their centres are. A pixel beyond the centre of the
        first or last bin counts for that bin; only hue goes round from the last to the first.
    mask : array_like of bool or int, shape (rows, columns), optional
        Count only the pixels where it is not 0.
    range : tuple of float, optional
        The values (low, high) of black and white. Pixels with a value outside are not counted.
        By default (0, 256) for uint8, (0, 65536) for uint16, (0, 2) for bool, all without the
        upper end, and (0, 1) with it for floats. Nothing is rescaled: floats outside 0 to 1, and
        int16, need a range.
    normalize : bool
        Divide by the number of pixels counted; if there is none, all bins stay 0.

    Returns
    -------
    ndarray of float32
        Of shape ``bins`` if joint: (8, 8, 8), for "rg" (8, 8), for "gray" (8,). Otherwise
        (channels, bins), where "rgb" has the luminance as a fourth row. Whole numbers, exact to
        16,777,216 pixels in a bin, unless ``soft`` or ``normalize`` is set.

    Raises
    ------
    TypeError, ValueError
        For an image, mask or option that is not as above; for floats on another scale.

    Notes
    -----
    The spaces, with the range that the bins divide equally (for uint8; for floats in brackets):

    - "rgb": 0 to 256 [``range``].
    - "hsv": OpenCV's hue 0 to 180, two degrees a step, saturation and value 0 to 256 [0 to 360,
      0 to 1, 0 to 1]. Gray pixels, which have none, get the hue 0 of red.
    - "lab": OpenCV's CIE L*a*b* of sRGB, 0 to 256, a* and b* shifted by 128 [0 to 100, -128 to
      128].
    - "rg": chromaticities r = R / (R + G + B) and g, 0 to 1; black pixels are 0, 0.
    - "opponent": Swain and Ballard's R - G, 2 B - R - G, R + G + B, for uint8 -255 to 255, -510
      to 510, 0 to 765.
    - "gray": the luminance, as "rgb".

    Hard histograms of uint8 in "rgb", "hsv", "lab" and "gray" are those of OpenCV's ``calcHist``
    exactly. Memory: the histogram twice, and 65,536 pixels at a time in float64 for other spaces
    and dtypes.

    References
    ----------
    M. J. Swain and D. H. Ballard, "Color indexing", International Journal of Computer Vision
    7(1), 1991, section 2.

    Examples
    --------
    >>> image = np.array([[[255, 0, 0], [250, 9, 3]], [[0, 0, 90], [0, 0, 0]]], np.uint8)
    >>> color_histogram(image, 2)  # red: 2, blue: none so bright, dark: 2
    array([[[2., 0.],
            [0., 0.]],
    <BLANKLINE>
           [[2., 0.],
            [0., 0.]]], dtype=float32)
    >>> color_histogram(image, 4, joint=False)  # rows: red, green, blue, luminance
    array([[2., 0., 0., 2.],
           [4., 0., 0., 0.],
           [3., 1., 0., 0.],
           [2., 2., 0., 0.]], dtype=float32)
    """
    image = check_image(image)
    check_space(space, image)
    joint, soft = check_flag(joint, "joint"), check_flag(soft, "soft")
    normalize = check_flag(normalize, "normalize")
    limits = check_range(range, image, space)
    mask = _check_mask(mask, image)
    if joint:
        bins = check_bins(bins, CHANNELS[space])
        histogram = _joint(image, bins, space, limits, mask, soft)
    else:
        histogram = _each(image, bins, space, limits, mask, soft)
    if normalize:
        axes = None if joint else 1
        total = histogram.sum(axis=axes, keepdims=True)
        histogram = np.divide(histogram, total, out=histogram, where=total > 0)
    return histogram.astype(np.float32)


def _check_mask(mask, image):
    """Return a mask as an array of bool, or None."""
    if mask is None:
        return None
    array = np.asarray(mask)
    if array.dtype.kind not in "biu":
        raise TypeError(f"mask must be of bool or integers, got {array.dtype}; compare it first")
    if array.shape != image.shape[:2]:
        raise ValueError(
            f"mask must have the image's rows and columns, {image.shape[:2]}, got {array.shape}"
        )
    return array.astype(bool)


def _joint(image, bins, space, limits, mask, soft):
    histogram = np.zeros(math.prod(bins))
    for channels, ranges, _ in channel_blocks(image, space, limits, mask):
        if not soft and channels.dtype == np.uint8 and len(bins) == 3 and fits(ranges, bins):
            count_triples(channels, ranges, bins, histogram)
        else:
            planes = channels.T if channels.dtype == np.uint8 else channels
            histogram += _counted(planes, ranges, bins, soft, space == "hsv")
    return histogram.reshape(bins)


def _each(image, bins, space, limits, mask, soft):
    """Return the histogram of each channel, (channels, bins)."""
    (count,) = check_bins(bins, 1)
    parts = [space, "gray"] if space == "rgb" else [space]
    return np.concatenate([_rows(image, count, part, limits, mask, soft) for part in parts])


def _rows(image, count, space, limits, mask, soft):
    rows = np.zeros((CHANNELS[space], count))
    for channels, ranges, _ in channel_blocks(image, space, limits, mask):
        planes = channels.T if channels.dtype == np.uint8 else channels
        levels = count_levels(channels) if channels.dtype == np.uint8 and not soft else None
        tables = None if levels is None else level_tables(ranges, (count,) * len(rows))
        for k, row in enumerate(rows):
            if levels is not None:
                row += np.bincount(tables[k], levels[k], count)
            else:
                hue = space == "hsv" and k == 0
                row += _counted(planes[k : k + 1], ranges[k : k + 1], (count,), soft, hue)
    return rows


def _counted(planes, ranges, bins, soft, hue):
    """Return the flattened histogram of channels (c, n); ``hue``: the first one is a circle."""
    if not soft:
        return np.bincount(flat_numbers(planes, ranges, bins), minlength=math.prod(bins))
    # Channels that are missing of three get one bin, and nothing to share.
    positions = np.full((3, planes.shape[1]), 0.5)
    positions[: len(bins)] = bin_positions(planes, ranges, bins)
    histogram = np.zeros(math.prod(bins))
    bins = np.array([*bins, 1, 1][:3])
    _spread(positions, bins, np.array([hue, False, False]), histogram)
    return histogram
