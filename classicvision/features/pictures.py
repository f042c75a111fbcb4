"""Pictures of features on the window that they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision.drawing import to_rgb
from classicvision.features.haar import HaarFeatures
from classicvision.features.lbp import LBPFeatures

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_MOST = 1000  # pictures
_OPACITY = 0.75  # of the boxes
_GRID = (255, 200, 0)
_MIDDLE_OPACITY = 0.4  # of the middle cell


def draw_features(
    image: ArrayLike, features: HaarFeatures | LBPFeatures, *, zoom: int = 8
) -> NDArray[np.uint8]:
    """Return a picture of each feature, on an enlarged window such as the mean of all objects.

    Parameters
    ----------
    image : array_like, shape (height, width) or (height, width, 3)
        Of the features' window; types as for `draw`.
    features : HaarFeatures or LBPFeatures
        Some of those of `haar_features` or `lbp_features`, or of ``CascadeDetector.features``.
    zoom : int
        Pixels of the pictures for one of the window, 1 to 64.

    Returns
    -------
    ndarray of uint8, shape (n, zoom * height, zoom * width, 3)
        RGB. Of Haar features the pixels that are added are white, and those that are subtracted
        are black. Local binary patterns are grids of three by three cells; the eight outer ones
        are compared with the middle one, which is coloured.

    Raises
    ------
    TypeError
        For what is no image, or no features.
    ValueError
        For an image of another size than the window, a zoom out of range, or more than 1000
        features.

    Notes
    -----
    Each pixel of a picture is painted by where its centre is. Memory: that of the pictures, 110
    kB each for a window of 24 x 24 pixels, and some more for one.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> first = cv.haar_features(4)[0]
    >>> first.rectangles[0, :2].tolist(), first.weights[0, :2].tolist()
    ([[0, 0, 2, 1], [1, 0, 1, 1]], [-1.0, 2.0])
    >>> cv.draw_features(np.full((4, 4), 128, np.uint8), first, zoom=1)[0, :, :, 0]
    array([[ 32, 223, 128, 128],
           [128, 128, 128, 128],
           [128, 128, 128, 128],
           [128, 128, 128, 128]], dtype=uint8)
    """
    if not isinstance(features, HaarFeatures | LBPFeatures):
        raise TypeError(
            f"features must be HaarFeatures or LBPFeatures, got {type(features).__name__}; "
            "haar_features, lbp_features and CascadeDetector.features return them"
        )
    if len(features) > _MOST:
        raise ValueError(
            f"features must be at most {_MOST}, got {len(features)}; choose some: features[:6]"
        )
    image = check_image(image)
    width, height = features.window
    if image.shape[:2] != (height, width):
        raise ValueError(
            f"image must have {height} rows and {width} columns, the window of the features, "
            f"got {image.shape[0]} and {image.shape[1]}"
        )
    zoom = check_number(zoom, "zoom", at_least=1, at_most=64, integer=True)
    window = to_rgb(image).repeat(zoom, axis=0).repeat(zoom, axis=1)
    pictures = np.repeat(window[None], len(features), axis=0)
    y, x = (np.indices((height * zoom, width * zoom)) + 0.5) / zoom
    for k, picture in enumerate(pictures):
        if isinstance(features, LBPFeatures):
            _paint_grid(picture, features.cells[k], zoom)
            continue
        weights = np.zeros(x.shape)
        inside = _in_tilted if features.tilted[k] else _in_upright
        for rectangle, weight in zip(features.rectangles[k], features.weights[k], strict=True):
            weights += weight * inside(x, y, *rectangle.tolist())
        _blend(picture, weights > 0, 255, _OPACITY)
        _blend(picture, weights < 0, 0, _OPACITY)
    return pictures


def _in_upright(x, y, left, top, width, height):
    return (x >= left) & (x < left + width) & (y >= top) & (y < top + height)


def _in_tilted(x, y, left, top, width, height):
    """Say which points are in a rectangle whose top is at (left, top), turned by 45 degrees."""
    down_right, down_left = (y - top) + (x - left), (y - top) - (x - left)
    return (
        (down_right >= 0) & (down_right < 2 * width) & (down_left >= 0) & (down_left < 2 * height)
    )


def _paint_grid(picture, cell, zoom):
    """Paint the outlines of three by three cells, and the middle one."""
    x, y, width, height = (cell * zoom).tolist()
    thickness = max(1, zoom // 6)
    block = picture[y : y + 3 * height, x : x + 3 * width]
    rows, columns = np.indices(block.shape[:2])
    line = (rows % height < thickness) | (columns % width < thickness)
    line |= (rows % height >= height - thickness) | (columns % width >= width - thickness)
    middle = (rows // height == 1) & (columns // width == 1)
    _blend(block, middle & ~line, _GRID, _MIDDLE_OPACITY)
    _blend(block, line, _GRID, 1)


def _blend(picture, where, color, opacity):
    picture[where] = np.rint((1 - opacity) * picture[where] + opacity * np.asarray(color))
