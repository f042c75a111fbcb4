"""Rectangles as OpenCV's functions group and return them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision.boxes import group_boxes
from classicvision.compat._arguments import is_integer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    # OpenCV's functions return an empty tuple for no results.
    Integers = NDArray[np.int32] | tuple[()]
    Floats = NDArray[np.float64] | tuple[()]

_GROUP_EPS = 0.2


def groupRectangles(
    rectList: ArrayLike | None, groupThreshold: int, eps: float = 0.2
) -> tuple[Integers, Integers]:
    """Merge similar rectangles, as ``cv2.groupRectangles`` of OpenCV 4.

    Parameters
    ----------
    rectList : sequence of (x, y, width, height), or integer array of shape (n, 4)
        Not modified.
    groupThreshold : int
        A group needs more rectangles than this; 0 or less merges nothing.
    eps : float
        How far the edges of similar rectangles may differ, relative to their sides.

    Returns
    -------
    rectList : ndarray of int32, shape (k, 4), or an empty tuple
    weights : ndarray of int32, shape (k,), or an empty tuple
        How many rectangles each group merged.

    Raises
    ------
    TypeError
        For rectangles that are not four integers each, or a threshold that is not an integer.

    Examples
    --------
    >>> from classicvision.compat.opencv import groupRectangles
    >>> groupRectangles([(0, 0, 20, 20), (2, 0, 20, 20), (50, 50, 10, 10)], 1)
    (array([[ 1,  0, 20, 20]], dtype=int32), array([2], dtype=int32))
    """
    rectangles = np.asarray(() if rectList is None else rectList)
    threshold = 0 if groupThreshold is None else groupThreshold
    if not is_integer(threshold):
        raise TypeError(f"groupThreshold must be an integer, got {groupThreshold!r}")
    if rectangles.size == 0:
        return (), ()
    limits = np.iinfo(np.int32)
    if (
        rectangles.dtype.kind not in "iu"
        or rectangles.shape[1:] != (4,)
        or rectangles.min() < limits.min
        or rectangles.max() > limits.max
    ):
        raise TypeError("rectList must hold x, y, width, height as 32-bit integers")
    rectangles = rectangles.astype(np.int32)
    if threshold <= 0:
        return rectangles, np.ones(len(rectangles), np.int32)
    boxes, counts = group_boxes(
        corners_of(rectangles), int(threshold), _GROUP_EPS if eps is None else eps
    )
    return _result(_rectangles(boxes)), _result(counts.astype(np.int32))


def grouped(windows, sums, min_neighbors, size, *, counts=True):
    """Return merged windows inside the image, and how many each was merged of."""
    boxes, merged = group_boxes(corners_of(windows), min_neighbors, _GROUP_EPS)
    return inside(boxes, size, *([merged.astype(np.int32)] if counts else []))


def inside(boxes, size, *columns):
    """Return the rectangles inside the image, and the columns that belong to them."""
    width, height = size
    clipped = np.clip(boxes, 0, [width, height, width, height])
    kept = (clipped[:, 2:] > clipped[:, :2]).all(axis=1)
    return tuple(_result(values[kept]) for values in (_rectangles(clipped), *columns))


def _result(values):
    """OpenCV's Python functions return an empty tuple for an empty list."""
    return values if len(values) else ()


def corners_of(rectangles):
    """Return x1, y1, x2, y2 of rectangles."""
    corners = np.asarray(rectangles, np.float64).reshape(-1, 4)
    return np.hstack([corners[:, :2], corners[:, :2] + corners[:, 2:]])


def _rectangles(boxes):
    corners = np.asarray(boxes, np.float64)
    return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]).astype(np.int32)
