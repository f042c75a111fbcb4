"""Scenes to validate a detector on: crops of the object pasted into other photographs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number, check_pair, check_random_state
from classicvision.detection._augmentation import affine_matrix, check_range, relight, warp
from classicvision.detection._crops import check_crops, resize, to_gray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from classicvision.detection._negatives import Negatives

_TRIES = 50  # to find a free place, before there is one object less
_SOFT_EDGE = 0.1  # of the crop's shorter side


def compose_scenes(
    crops: ArrayLike,
    backgrounds: Negatives | Sequence[ArrayLike],
    n: int,
    *,
    objects: tuple[int, int] = (1, 4),
    heights: tuple[float, float] = (30, 160),
    rotation: float = 0.1,
    brightness: float = 0.15,
    contrast: float = 0.2,
    random_state: int | np.random.Generator | np.random.RandomState | None = None,
) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Compose photographs with objects at known places, to validate a detector on.

    Parameters
    ----------
    crops : array_like of uint8, shape (m, rows, columns)
        Crops of the object, none of which the detector was trained on.
    backgrounds : Negatives or sequence of array_like, shape (rows, columns)
        Images without the object, none of which it was trained on. Those that the smallest object
        does not fit into are passed over.
    n : int
        How many scenes to make.
    objects : (int, int)
        The smallest and the largest number of objects in a scene; fewer where there is no place.
    heights : (float, float)
        The smallest and the largest height of an object in pixels, from 4 to 10,000; none is
        larger than its background. Their logarithms are drawn evenly.
    rotation : float
        The largest rotation to both sides, in radians.
    brightness, contrast : float
        The largest changes of the crops, as in `augment_samples`.
    random_state : int, numpy.random.Generator, numpy.random.RandomState, optional
        Where the random numbers come from. An int gives the same scenes at every call.

    Returns
    -------
    list of (ndarray of uint8, shape (rows, columns), ndarray of float32, shape (k, 4))
        The scenes, and the boxes of the objects as x1, y1, x2, y2: the crops' own outlines
        before they are turned. They do not overlap.

    Raises
    ------
    TypeError, ValueError
        For crops that are not such an array, backgrounds that are all too small, or an option
        out of range.

    Notes
    -----
    Crops and backgrounds are drawn in random order, each once before one comes again. A crop is
    resized, turned about its centre and relit, and blended into the background over the outer
    tenth of its sides, so that its edges give nothing away. Memory: all scenes.

    Examples
    --------
    >>> import numpy as np
    >>> from classicvision.detection.samples import compose_scenes
    >>> crops = np.full((2, 48, 48), 200, np.uint8)
    >>> scenes = compose_scenes(crops, [np.zeros((240, 320), np.uint8)], 3, random_state=0)
    >>> len(scenes), scenes[0][0].shape
    (3, (240, 320))
    """
    crops = check_crops(crops, "crops")
    n = check_number(n, "n", at_least=0, at_most=1_000_000, integer=True)
    fewest, most = check_pair(objects, "objects", integer=True, at_least=0, at_most=1000)
    check_range((fewest, most), "objects")
    low, high = check_range(heights, "heights", at_least=4, at_most=10_000)
    rotation = check_number(rotation, "rotation", at_least=0, at_most=math.pi)
    brightness = check_number(brightness, "brightness", at_least=0, at_most=1)
    contrast = check_number(contrast, "contrast", at_least=0, at_most=1)
    if len(backgrounds) == 0:
        raise ValueError("backgrounds has no images")
    generator = check_random_state(random_state)
    crop_order = _in_turn(len(crops), generator)
    background_order = _in_turn(len(backgrounds), generator)
    ratio = crops.shape[2] / crops.shape[1]
    scenes = []
    for _ in range(n):
        scene = _background(backgrounds, background_order, low, ratio)
        boxes: list[tuple[float, ...]] = []
        for _ in range(generator.integers(fewest, most, endpoint=True)):
            place = _free_place(scene.shape, boxes, (low, high), ratio, generator)
            turn, light, gain = 2 * generator.random(3) - 1
            crop = crops[next(crop_order)]
            if place is not None:
                crop = relight(crop, 255 * brightness * light, 1 + contrast * gain)
                _paste(scene, crop, place, rotation * turn)
                boxes.append(place)
        scenes.append((scene, np.array(boxes, np.float32).reshape(-1, 4)))
    return scenes


def _in_turn(count, generator):
    """Yield indices for ever: all in random order, then all in another."""
    while True:
        yield from generator.permutation(count)


def _background(backgrounds, order, height, ratio):
    """Return a copy of the next image that an object of this height fits into."""
    for _ in range(2 * len(backgrounds)):  # each at least once, wherever the order is
        image = to_gray(backgrounds[int(next(order))], "backgrounds")
        if image.shape[0] > height and image.shape[1] > height * ratio:
            return image.copy()
    raise ValueError(f"backgrounds are all smaller than an object of height {height:g}")


def _free_place(shape, taken, heights, ratio, generator):
    """Draw a box of whole pixels that no taken one overlaps, or None after many tries."""
    rows, columns = shape
    low, high = heights
    high = min(high, rows - 1, (columns - 1) / ratio)
    numbers = generator.random((_TRIES, 3))
    for size, across, down in numbers:
        height = low * (high / low) ** size
        width = max(1, math.floor(height * ratio + 0.5))
        height = max(1, math.floor(height + 0.5))
        x, y = math.floor(across * (columns - width + 1)), math.floor(down * (rows - height + 1))
        box = (x, y, x + width, y + height)
        if not any(_overlap(box, other) for other in taken):
            return box
    return None


def _overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _paste(scene, crop, box, angle):
    """Blend a crop into its box: opaque in the middle, fading out towards the edges."""
    x1, y1, x2, y2 = box
    size = (x2 - x1, y2 - y1)
    matrix = affine_matrix(size, angle=angle)
    turned = warp(resize(crop, size), matrix, size)
    edge = max(1.0, _SOFT_EDGE * min(size))
    fades = [np.minimum(np.arange(k) + 0.5, k - np.arange(k) - 0.5) / edge for k in size]
    opacity = np.minimum(fades[0], 1) * np.minimum(fades[1], 1)[:, None]
    opacity = warp(opacity.astype(np.float32), matrix, size, outside=0.0)
    place = scene[y1:y2, x1:x2]
    blended = place + opacity * (turned.astype(np.float32) - place)
    place[:] = np.clip(blended + 0.5, 0, 255).astype(np.uint8)
