"""Haar-like features: differences of box sums in a window, as OpenCV enumerates them.

References
----------
P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features",
CVPR 2001, section 2.
R. Lienhart and J. Maydt, "An extended set of Haar-like features for rapid object detection",
ICIP 2002, section 2.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_option
from classicvision._jit import kernel
from classicvision.features._windows import (
    WindowSums,
    check_feature_count,
    check_window_size,
    check_windows,
    corner_rows,
    sum_windows,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HAAR_MODES = ("basic", "core", "all")
_RECTANGLES = 3

# A kind of feature is a block of columns x rows equal cells; each of its rectangles is given as
# left, top, width and height in cells, and a weight. A mode has its own kinds and those
# of the modes before it: "core" adds the other upright ones, "all" those turned by 45 degrees.
_UPRIGHT = (
    ("basic", 2, 1, ((0, 0, 2, 1, -1), (1, 0, 1, 1, 2))),
    ("basic", 1, 2, ((0, 0, 1, 2, -1), (0, 1, 1, 1, 2))),
    ("basic", 3, 1, ((0, 0, 3, 1, -1), (1, 0, 1, 1, 3))),
    ("basic", 1, 3, ((0, 0, 1, 3, -1), (0, 1, 1, 1, 3))),
    ("core", 4, 1, ((0, 0, 4, 1, -1), (1, 0, 2, 1, 2))),
    ("core", 1, 4, ((0, 0, 1, 4, -1), (0, 1, 1, 2, 2))),
    ("basic", 2, 2, ((0, 0, 2, 2, -1), (0, 0, 1, 1, 2), (1, 1, 1, 1, 2))),
    ("core", 3, 3, ((0, 0, 3, 3, -1), (1, 1, 1, 1, 9))),
)
_TILTED = (
    ("all", 2, 1, ((0, 0, 2, 1, -1), (0, 0, 1, 1, 2))),
    ("all", 1, 2, ((0, 0, 1, 2, -1), (0, 0, 1, 1, 2))),
    ("all", 3, 1, ((0, 0, 3, 1, -1), (1, 0, 1, 1, 3))),
    ("all", 1, 3, ((0, 0, 1, 3, -1), (0, 1, 1, 1, 3))),
    ("all", 4, 1, ((0, 0, 4, 1, -1), (1, 0, 2, 1, 2))),
    ("all", 1, 4, ((0, 0, 1, 4, -1), (0, 1, 1, 2, 2))),
)


# a .. h and p .. s: rows of sums over the corners of the rectangles, one element for each window.
# The arithmetic is the detector's: exact sums, then float32 in this order.
@kernel(inline=True, views_only=True)
def _box(a, b, c, d):
    return np.float32(np.int32(np.int32(np.int32(a - b) - c) + d))


@kernel(views_only=True)
def haar_values(sums, scale, corners, weights, values):
    """Evaluate one feature in every window.

    Parameters
    ----------
    sums, scale : ndarray of int32, shape (positions, n), and of float32, shape (n,)
        Those of `WindowSums`.
    corners : ndarray of uint32, shape (12,)
        Rows of ``sums``: four corners for each rectangle.
    weights : ndarray of float32, shape (3,)
    values : ndarray of float32, shape (n,)
        What is written.
    """
    a, b, c, d = sums[corners[0]], sums[corners[1]], sums[corners[2]], sums[corners[3]]
    e, f, g, h = sums[corners[4]], sums[corners[5]], sums[corners[6]], sums[corners[7]]
    weight_0, weight_1, weight_2 = weights[0], weights[1], weights[2]
    if weight_2 == 0:
        for i in range(values.size):
            value = weight_0 * _box(a[i], b[i], c[i], d[i])
            value = value + weight_1 * _box(e[i], f[i], g[i], h[i])
            values[i] = value * scale[i]
        return
    p, q, r, s = sums[corners[8]], sums[corners[9]], sums[corners[10]], sums[corners[11]]
    for i in range(values.size):
        value = weight_0 * _box(a[i], b[i], c[i], d[i])
        value = value + weight_1 * _box(e[i], f[i], g[i], h[i])
        value = value + weight_2 * _box(p[i], q[i], r[i], s[i])
        values[i] = value * scale[i]


@kernel(views_only=True)
def _all_values(sums, scale, corners, weights, values):
    for m in range(corners.shape[0]):
        haar_values(sums, scale, corners[m], weights[m], values[m])


@dataclasses.dataclass(frozen=True, eq=False)
class HaarFeatures:
    """A list of Haar-like features of one window.

    Attributes
    ----------
    window : tuple of int
        (width, height) in pixels.
    rectangles : ndarray of int32, shape (n, 3, 4)
        x, y, width and height of up to three rectangles. A tilted one has its top at (x, y), goes
        down to the right by its width and down to the left by its height.
    weights : ndarray of float32, shape (n, 3)
        0 where there is no rectangle. A feature is the sum of the pixels in each rectangle times
        its weight; weights are such that it is 0 in a window without contrast.
    tilted : ndarray of bool, shape (n,)
    """

    window: tuple[int, int]
    rectangles: NDArray[np.int32]
    weights: NDArray[np.float32]
    tilted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.tilted)

    def __getitem__(self, index) -> HaarFeatures:
        """Return some of the features: a slice, a mask or an array of numbers."""
        rows = np.atleast_1d(np.arange(len(self))[index])
        return HaarFeatures(
            self.window, self.rectangles[rows], self.weights[rows], self.tilted[rows]
        )

    def evaluate(self, images: ArrayLike) -> NDArray[np.float32]:
        """Return the value of each feature in each window.

        Parameters
        ----------
        images : array_like of uint8, shape (n, height, width) or (height, width)
            Windows of the features' size.

        Returns
        -------
        ndarray of float32, shape (n, features)
            Divided by the area times the standard deviation of the window without its outermost
            pixels, as at detection; 0 in a window without contrast.

        Raises
        ------
        TypeError
            For another dtype than uint8.
        ValueError
            For windows of another size.

        Examples
        --------
        >>> import numpy as np
        >>> window = np.zeros((6, 6), np.uint8)
        >>> window[:, 3:] = 100
        >>> edge = haar_features(6)[[0, 1]]
        >>> edge.evaluate(window).shape
        (1, 2)
        """
        images = check_windows(images, self.window)
        sums = self.sums(images)
        values = np.empty((len(self), len(images)), np.float32)
        _all_values(sums.sums, sums.scale, self.corners(), self.weights, values)
        return values.T

    def sums(self, images: NDArray[np.uint8]) -> WindowSums:
        """Return the integral images that the features are evaluated on."""
        return sum_windows(images, tilted=bool(self.tilted.any()))

    def corners(self) -> NDArray[np.uint32]:
        """Return the rows of `WindowSums.sums` of all corners, shape (n, 12)."""
        width, height = self.window
        across = width + 1
        x, y, w, h = np.moveaxis(self.rectangles.astype(np.int64), -1, 0)
        behind = across * (height + 1)  # where the tilted integral images begin
        turned = behind + np.stack(
            [
                y * across + x,
                (y + h) * across + x - h,
                (y + w) * across + x + w,
                (y + w + h) * across + x + w - h,
            ],
            axis=-1,
        )
        upright = corner_rows(self.rectangles.astype(np.int64), width)
        rows = np.where(self.tilted[:, None, None], turned, upright)
        return rows.reshape(len(self), 4 * _RECTANGLES).astype(np.uint32)


def haar_features(window: int | tuple[int, int] = (24, 24), mode: str = "basic") -> HaarFeatures:
    """Return all Haar-like features of a window, in the order of ``opencv_traincascade``.

    Parameters
    ----------
    window : int or (int, int)
        (width, height) in pixels, 3 to 256.
    mode : {"basic", "core", "all"}
        "basic": edges and bars of two and three boxes, and four boxes like a chessboard. "core"
        adds bars of one, two and one box, and a centre in its surround. "all" adds edges and bars
        turned by 45 degrees.

    Returns
    -------
    HaarFeatures
        162,336, 210,400 and 261,600 features of 24 x 24 pixels.

    Raises
    ------
    TypeError
        For a window that is no pair of integers, or a mode that is no string.
    ValueError
        For a window out of range or with more than 33.5 million features, which one of 92 x 92
        pixels has, or an unknown mode.

    Notes
    -----
    Features go by x, then y, then the width, then the height of their cells, then by kind.

    Memory: 61 bytes a feature, 10 MB for 24 x 24 pixels, and some three times that on the way.

    References
    ----------
    P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features",
    CVPR 2001, section 2.
    R. Lienhart and J. Maydt, "An extended set of Haar-like features for rapid object detection",
    ICIP 2002, section 2.

    Examples
    --------
    >>> len(haar_features((24, 24))), len(haar_features((24, 24), "core"))
    (162336, 210400)
    """
    width, height = check_window_size(window)
    check_option(mode, "mode", HAAR_MODES)
    chosen = HAAR_MODES[: HAAR_MODES.index(mode) + 1]
    kinds = [(*kind[1:], False) for kind in _UPRIGHT if kind[0] in chosen]
    kinds += [(*kind[1:], True) for kind in _TILTED if kind[0] in chosen]
    check_feature_count(sum(_count(width, height, *kind) for kind in kinds), (width, height))
    parts = [_of_kind(width, height, *kind) for kind in kinds]
    order = np.argsort(
        np.concatenate([places * len(kinds) + k for k, (places, _) in enumerate(parts)])
    )
    counts = [len(places) for places, _ in parts]
    weights = [[r[4] for r in kind[2]] + [0] * (_RECTANGLES - len(kind[2])) for kind in kinds]
    return HaarFeatures(
        window=(width, height),
        rectangles=np.concatenate([rectangles for _, rectangles in parts])[order],
        weights=np.repeat(np.array(weights, np.float32), counts, axis=0)[order],
        tilted=np.repeat([kind[3] for kind in kinds], counts)[order],
    )


def _count(width, height, across, down, _, tilted):
    """Return how many features of a kind there are, for all sizes of cells together."""
    w, h = across * np.arange(1, width + 1)[:, None], down * np.arange(1, height + 1)
    wide, high = (w + h, w + h) if tilted else (w, h)
    return int((np.maximum(width + 1 - wide, 0) * np.maximum(height + 1 - high, 0)).sum())


def _of_kind(width, height, across, down, rectangles, tilted):
    """Return the number of the place and size of each feature of a kind, and its rectangles."""
    x, y, w, h = np.ogrid[:width, :height, 1 : width + 1, 1 : height + 1]
    if tilted:
        fits = (x + across * w <= width) & (y + across * w + down * h <= height) & (x >= down * h)
    else:
        fits = (x + across * w <= width) & (y + down * h <= height)
    x, y, w, h = np.nonzero(fits)
    places = np.flatnonzero(fits)
    w, h = w + 1, h + 1
    boxes = np.zeros((len(places), _RECTANGLES, 4), np.int32)
    for k, (left, top, columns, rows, _) in enumerate(rectangles):
        boxes[:, k, 0] = x + left * w - (top * h if tilted else 0)
        boxes[:, k, 1] = y + top * h + (left * w if tilted else 0)
        boxes[:, k, 2], boxes[:, k, 3] = columns * w, rows * h
    return places, boxes
