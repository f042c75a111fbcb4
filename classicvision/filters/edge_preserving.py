"""The bilateral filter: a mean over the pixels that are near in space and alike in value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._jit import kernel
from classicvision.filters._borders import check_mode
from classicvision.filters._exponential import LOG2_E, power_of_two
from classicvision.filters._planes import joined_planes, padded_planes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LARGEST_SIZE = 1001  # pixels; the time grows with its square
_HUGE = 2.0**-24  # of the largest float: sums of many larger values may exceed it
_TILE = 512  # columns at a time: the sums of a few rows of them stay in the fastest cache


# c = column. The weight is 2**(nearness - (likeness * distance)**2), or e** where precise.
@kernel(inline=True, fastmath={"contract"}, views_only=True)
def _weigh(line, nearness, likeness, precise):
    """Replace the distances by the weights."""
    if precise:
        for c in range(line.size):
            unlike = likeness * line[c]
            line[c] = np.exp(nearness - unlike * unlike)
    else:
        for c in range(line.size):
            unlike = np.float32(likeness * line[c])
            line[c] = power_of_two(np.float32(nearness - np.float32(unlike * unlike)))


# y = row of the padded planes, k = channel, s = step from a pixel to another, c = column.
# A pixel p has the same weight in the mean of q as q has in that of p, so each pair is weighed
# once and added to both. A row is complete when the pairs that start in it are done: the sums
# of the next few rows go round in a ring. What is averaged are the differences from the pixel
# itself, so that flat regions stay as they are to the last bit. Contraction to fused
# multiply-add (1.2 times as fast) only makes these sums more precise.
@kernel(fastmath={"contract"}, views_only=True)
def _filter(
    planes,
    steps,
    nearness,
    likeness,
    precise,
    rounded,
    line,
    weight_sums,
    value_sums,
    result,
):
    channels, rows, columns = result.shape
    ring, width = weight_sums.shape[0] - 1, weight_sums.shape[1]
    radius = ring - 1
    one, to_result = line.dtype.type(1), result.dtype.type
    for left in range(0, columns, width - 2 * radius):
        inside = min(width - 2 * radius, columns - left)
        for slot in range(ring):
            for c in range(width):
                weight_sums[slot, c] = 0
                for k in range(channels):
                    value_sums[k, slot, c] = 0
        for y in range(rows + radius):
            for s in range(steps.shape[0]):
                dy, dx = steps[s, 0], steps[s, 1]
                if y + dy < radius:
                    continue  # both pixels lie above the image
                p, q = radius - max(dx, 0), radius + min(dx, 0)
                weights = line[: inside + abs(dx)]
                for k in range(channels):
                    first, second = planes[k, y][left + p :], planes[k, y + dy][left + q :]
                    if k == 0:
                        for c in range(weights.size):
                            weights[c] = abs(first[c] - second[c])
                    else:
                        for c in range(weights.size):
                            weights[c] += abs(first[c] - second[c])
                _weigh(weights, nearness[s], likeness, precise)
                for k in range(channels):
                    for back in range(2):
                        here, there, start, end = y, y + dy, p, q
                        if back:
                            here, there, start, end = there, here, end, start
                        own, other = planes[k, here][left + start :], planes[k, there][left + end :]
                        slot = here % ring
                        weight_sum = weight_sums[slot if k == 0 else ring][start:]
                        total = value_sums[k, slot][start:]
                        for c in range(weights.size):
                            weight_sum[c] += weights[c]
                            total[c] += weights[c] * (other[c] - own[c])
            slot = y % ring
            sums = weight_sums[slot]
            for k in range(channels):
                steps_sum = value_sums[k, slot]
                if y >= radius:
                    centre = planes[k, y][left + radius :]
                    row = result[k, y - radius][left : left + inside]
                    beside, below = steps_sum[radius:], sums[radius:]
                    if rounded:
                        for c in range(row.size):
                            mean = centre[c] + beside[c] / (one + below[c])
                            row[c] = to_result(np.rint(mean))
                    else:
                        for c in range(row.size):
                            row[c] = to_result(centre[c] + beside[c] / (one + below[c]))
                for c in range(width):
                    steps_sum[c] = 0
            for c in range(width):
                sums[c] = 0


def bilateral(
    image: ArrayLike,
    sigma_color: float,
    sigma_space: float,
    *,
    size: int | None = None,
    mode: str = "mirror",
) -> np.ndarray:
    """Smooth an image and keep its edges: the bilateral filter.

    Each pixel becomes the mean of those around it, weighted by two Gaussians: of how far away
    they are, and of how much their value differs.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        The difference of two colours is the sum of those of their channels, as in OpenCV.
    sigma_color : float
        Standard deviation of the Gaussian of the difference, in the image's units. Edges much
        higher than this stay. 0 leaves the image as it is.
    sigma_space : float
        Standard deviation of the Gaussian of the distance, in pixels. 0 leaves the image as it
        is.
    size : int, optional
        Diameter of the window, an odd number from 3 to 1001. The window is a circle and has no
        (width, height). None: OpenCV's, ``2 * round(1.5 * sigma_space) + 1``, at least 3.
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
        The border, as SciPy names it; "constant" is zero outside.

    Returns
    -------
    numpy.ndarray, shape and dtype of ``image``
        Integers are rounded to the nearest. uint8 and float32 images are those of
        ``cv2.bilateralFilter(image, size, sigma_color, sigma_space)``: uint8 to one level,
        where a mean lies so close to one half that the order of the sum decides; float32 to
        rounding and to OpenCV's table of the Gaussian, see Notes.

    Raises
    ------
    TypeError
        For what is not an image, or a sigma or size that is not such a number.
    ValueError
        For an image without pixels or with values that are not finite, a sigma below 0, a size
        that is even or out of range, or an unknown mode.

    Notes
    -----
    The weights are computed in float32 with a relative error below 1e-6, for float64 images in
    float64. OpenCV interpolates those of float32 images linearly in a table of 4096 steps over
    the image's range of values, for each channel: its weights are off by up to
    ``(range / 4096 / sigma_color)**2 / 8``, 1e-6 where sigma_color is a tenth of the range.

    The time grows with the square of the size. Besides the result, the image is copied once as
    float32 (float64 for float64 images).

    References
    ----------
    C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", ICCV 1998,
    sections 2 and 3.

    Examples
    --------
    Small differences are smoothed, the large step stays:

    >>> import numpy as np
    >>> image = np.array([[10, 14, 10, 90, 94, 90]] * 3, np.uint8)
    >>> bilateral(image, 20, 1)[1].tolist()
    [12, 12, 11, 91, 92, 92]
    """
    image = check_image(image)
    sigma_color = check_number(sigma_color, "sigma_color", at_least=0)
    sigma_space = check_number(sigma_space, "sigma_space", at_least=0)
    radius = _radius(size, sigma_space)
    mode = check_mode(mode)
    if sigma_color == 0 or sigma_space == 0:
        return image.copy()
    if image.dtype == bool:
        return bilateral(
            image.view(np.uint8), sigma_color, sigma_space, size=2 * radius + 1, mode=mode
        ).view(bool)
    precise = image.dtype == np.float64
    number = np.float64 if precise else np.float32
    if image.dtype == number and np.abs(image).max() > _HUGE * np.finfo(number).max:
        share = number(2.0**-32)
        options = {"size": 2 * radius + 1, "mode": mode}
        return bilateral(image * share, sigma_color * float(share), sigma_space, **options) / share
    planes = padded_planes(image, radius, mode, number)
    steps = _half_circle(radius)
    unit = 1.0 if precise else LOG2_E
    rows, columns = image.shape[:2]
    width = min(columns, _TILE) + 2 * radius
    # int16 and uint16 go through float32: one kernel less to compile
    kind = image.dtype if image.dtype in (np.uint8, number) else np.dtype(number)
    result = np.empty((len(planes), rows, columns), kind)
    with np.errstate(over="ignore"):
        nearness = (-unit / 2 * ((steps / sigma_space) ** 2).sum(axis=1)).astype(number)
        likeness = min(np.sqrt(unit / 2) / sigma_color, np.finfo(number).max)
    _filter(
        planes,
        steps,
        nearness,
        number(likeness),
        bool(precise),
        bool(kind == np.uint8),
        np.empty(width, number),
        np.zeros((radius + 2, width), number),
        np.empty((len(planes), radius + 1, width), number),
        result,
    )
    if kind != image.dtype:
        result = np.rint(result).astype(image.dtype)
    return joined_planes(result, image.shape)


def _radius(size, sigma_space):
    if size is None:
        radius = max(round(1.5 * min(sigma_space, _LARGEST_SIZE)), 1)
        if 2 * radius + 1 > _LARGEST_SIZE:
            raise ValueError(
                f"sigma_space must be at most {_LARGEST_SIZE // 3} without a size, got "
                f"{sigma_space}; give size=, the diameter of the window"
            )
        return radius
    size = check_number(size, "size", at_least=3, at_most=_LARGEST_SIZE, integer=True)
    if size % 2 == 0:
        raise ValueError(f"size must be odd, got {size}; use {size - 1} or {size + 1}")
    return size // 2


def _half_circle(radius):
    """Return the steps (dy, dx) to the pixels of a disc that come after its centre."""
    dy, dx = np.mgrid[0 : radius + 1, -radius : radius + 1]
    chosen = (dy**2 + dx**2 <= radius**2) & ((dy > 0) | (dx > 0))
    return np.stack([dy[chosen], dx[chosen]], axis=1)
