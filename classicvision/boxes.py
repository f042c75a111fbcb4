"""Boxes: overlap, non-maximum suppression and OpenCV's grouping of neighbouring windows.

Points are ``(x, y)``. A box is ``x1, y1, x2, y2`` in pixels (``xyxy``); its right and bottom
edges are exclusive, so that ``x2 - x1`` is its width. Images are indexed ``(row, column)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_boxes, check_number
from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def area(boxes: ArrayLike) -> NDArray[np.float64]:
    """Return the area of each box in square pixels, float64 ``(n,)``.

    Examples
    --------
    >>> from classicvision.boxes import area
    >>> area([[0, 0, 4, 3]])
    array([12.])
    """
    x1, y1, x2, y2 = check_boxes(boxes).astype(np.float64).T
    return (x2 - x1) * (y2 - y1)


def iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the intersection over union of every box of ``a`` with every box of ``b``.

    Parameters
    ----------
    a : array_like, shape (n, 4)
        Boxes as x1, y1, x2, y2.
    b : array_like, shape (m, 4)

    Returns
    -------
    ndarray of float64, shape (n, m)
        Between 0 (apart) and 1 (the same box); 0 where both boxes are empty.

    Raises
    ------
    ValueError
        For a wrong shape, values that are not finite, or x2 < x1, y2 < y1.

    Examples
    --------
    >>> import classicvision as cv
    >>> cv.iou([[0, 0, 2, 2]], [[1, 0, 3, 2], [5, 5, 6, 6]]).round(3)
    array([[0.333, 0.   ]])
    """
    a = check_boxes(a, "a").astype(np.float64)
    b = check_boxes(b, "b").astype(np.float64)
    sides = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    intersection = np.maximum(sides, 0).prod(axis=2)
    union = area(a)[:, None] + area(b) - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)


# The boxes come with the best first. i, j = their positions; areas = their areas.
@kernel
def _survivors(x1, y1, x2, y2, areas, threshold):
    n = x1.size
    alive = np.ones(n, np.bool_)
    for i in range(n):
        if not alive[i]:
            continue
        for j in range(i + 1, n):
            width = min(x2[i], x2[j]) - max(x1[i], x1[j])
            height = min(y2[i], y2[j]) - max(y1[i], y1[j])
            if width > 0 and height > 0:
                shared = width * height
                if shared / (areas[i] + areas[j] - shared) > threshold:
                    alive[j] = False
    return alive


def nms(boxes: ArrayLike, scores: ArrayLike, threshold: float) -> NDArray[np.intp]:
    """Non-maximum suppression: keep the best boxes that do not overlap a better one.

    The box with the highest score is kept, every box that overlaps it by more than
    ``threshold`` is dropped, and so on with what is left.

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        Boxes as x1, y1, x2, y2.
    scores : array_like, shape (n,)
    threshold : float
        Largest intersection over union, 0 to 1, that two kept boxes may have.

    Returns
    -------
    ndarray of int, shape (k,)
        Indices of the kept boxes, the best first; equal scores keep the order of the input.

    Raises
    ------
    ValueError
        For boxes that :func:`iou` refuses, scores that are NaN or of another length.

    Examples
    --------
    >>> import classicvision as cv
    >>> cv.nms([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], [0.8, 0.9, 0.3], 0.5)
    array([1, 2])
    """
    boxes = check_boxes(boxes).astype(np.float64)
    scores = np.asarray(scores, np.float64)
    threshold = check_number(threshold, "threshold", at_least=0, at_most=1)
    if scores.shape != (len(boxes),):
        raise ValueError(f"scores must have shape ({len(boxes)},), got {scores.shape}")
    if np.isnan(scores).any():
        raise ValueError("scores must not be NaN; drop those boxes first")
    order = np.argsort(-scores, kind="stable")
    x1, y1, x2, y2 = np.ascontiguousarray(boxes[order].T)
    return order[_survivors(x1, y1, x2, y2, area(boxes)[order], threshold)]


def group_boxes(
    boxes: ArrayLike, min_neighbors: int, eps: float = 0.2
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Merge similar boxes into their mean, as OpenCV's ``groupRectangles`` does.

    Two boxes are similar when each of their four edges differs by at most
    ``eps * (smaller width + smaller height) / 2``; a group is what is connected through
    similar boxes. Groups of more than ``min_neighbors`` boxes survive, unless they lie inside
    a stronger one.

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        Boxes as x1, y1, x2, y2. OpenCV's are whole pixels: others are rounded (half to even).
    min_neighbors : int
        A group needs more boxes than this. With 0 or less nothing is grouped.
    eps : float
        How far edges may differ, relative to the mean side of the boxes; at least 0.

    Returns
    -------
    boxes : ndarray of float32, shape (k, 4)
        The groups in the order in which their first boxes come; the boxes as they are where
        ``min_neighbors`` <= 0.
    counts : ndarray of int, shape (k,)
        How many boxes each group merged; ones where ``min_neighbors`` <= 0.

    Raises
    ------
    TypeError, ValueError
        For boxes of a wrong shape, not finite, or with x2 < x1 or y2 < y1; a wrong option.

    Notes
    -----
    The results, their order included, are those of OpenCV 4.14: means are taken of x, y, width
    and height, in float32 with the reciprocal of the count, and rounded half to even.

    Examples
    --------
    >>> import classicvision as cv
    >>> boxes, counts = cv.group_boxes([[0, 0, 20, 20], [2, 0, 22, 20], [50, 50, 60, 60]], 1)
    >>> boxes
    array([[ 1.,  0., 21., 20.]], dtype=float32)
    >>> counts
    array([2])
    """
    boxes, min_neighbors, eps = _check_grouping(boxes, min_neighbors, eps)
    if min_neighbors <= 0 or len(boxes) == 0:
        return boxes.astype(np.float32), np.ones(len(boxes), np.intp)
    _, means, counts = _groups(boxes, eps)
    kept = _surviving(means, counts, min_neighbors, eps)
    return _corners(means[kept]), counts[kept]


def group_levels(
    boxes: ArrayLike,
    levels: ArrayLike,
    weights: ArrayLike,
    min_neighbors: int,
    eps: float = 0.2,
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float64]]:
    """Merge similar boxes and keep the deepest cascade level and its weight in each group.

    This is the grouping behind OpenCV's ``detectMultiScale3``: as :func:`group_boxes`, but a
    group carries the largest level among its boxes, and the largest weight at that level.

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        Boxes as x1, y1, x2, y2.
    levels : array_like of int, shape (n,)
        The last cascade stage that each window reached.
    weights : array_like of float, shape (n,)
        The sum of that stage.
    min_neighbors, eps
        As in :func:`group_boxes`.

    Returns
    -------
    boxes : ndarray of float32, shape (k, 4)
    levels : ndarray of int, shape (k,)
    weights : ndarray of float64, shape (k,)
        All three unchanged where ``min_neighbors`` <= 0. As in OpenCV the search for the
        maximum starts at level 0 with the smallest positive float64: a group without a higher
        level and a larger weight reports those.

    Raises
    ------
    TypeError, ValueError
        As :func:`group_boxes`, and where ``levels`` or ``weights`` are not one a box.

    Examples
    --------
    >>> from classicvision.boxes import group_levels
    >>> boxes, levels, weights = group_levels(
    ...     [[0, 0, 20, 20], [2, 0, 22, 20]], levels=[25, 24], weights=[3.5, 9.0], min_neighbors=1
    ... )
    >>> levels, weights
    (array([25]), array([3.5]))
    """
    boxes, min_neighbors, eps = _check_grouping(boxes, min_neighbors, eps)
    levels = np.asarray(levels, np.intp)
    weights = np.asarray(weights, np.float64)
    for name, values in (("levels", levels), ("weights", weights)):
        if values.shape != (len(boxes),):
            raise ValueError(f"{name} must have shape ({len(boxes)},), got {values.shape}")
    if min_neighbors <= 0 or len(boxes) == 0:
        return boxes.astype(np.float32), levels.copy(), weights.copy()
    labels, means, counts = _groups(boxes, eps)
    best_level = np.zeros(len(counts), np.intp)
    np.maximum.at(best_level, labels, levels)
    best_weight = np.full(len(counts), np.finfo(np.float64).tiny)
    deepest = levels == best_level[labels]
    raised = best_level > 0  # the first box at a new level sets its weight, whatever its sign
    best_weight[raised] = -np.inf
    np.maximum.at(best_weight, labels[deepest], weights[deepest])
    kept = _surviving(means, counts, min_neighbors, eps)
    return _corners(means[kept]), best_level[kept], best_weight[kept]


def _check_grouping(
    boxes: ArrayLike, min_neighbors: int, eps: float
) -> tuple[NDArray[np.float64], int, float]:
    check_boxes(boxes)  # float32 there; whole numbers stay exact here
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    min_neighbors = check_number(min_neighbors, "min_neighbors", integer=True)
    return boxes, min_neighbors, check_number(eps, "eps", at_least=0, at_most=1e6)


# The boxes come sorted by x1; i, j = positions in that order. eps = relative tolerance.
@kernel
def _group_leaders(x1, y1, x2, y2, original, eps):
    """Return, for each sorted box, the smallest original index in its group (union-find)."""
    n = x1.size
    parent = np.arange(n)  # over original indices; a root is the smallest index of its set
    for i in range(n):
        width, height = x2[i] - x1[i], y2[i] - y1[i]
        reach = eps * (width + height) * 0.5  # no partner allows more than this
        for j in range(i + 1, n):
            if x1[j] - x1[i] > reach:
                break
            if abs(y1[j] - y1[i]) > reach:
                continue
            smaller = min(width, x2[j] - x1[j]) + min(height, y2[j] - y1[j])
            delta = eps * smaller * 0.5
            if (
                x1[j] - x1[i] <= delta
                and abs(y1[j] - y1[i]) <= delta
                and abs(x2[j] - x2[i]) <= delta
                and abs(y2[j] - y2[i]) <= delta
            ):
                a, b = original[i], original[j]
                while parent[a] != a:
                    parent[a] = parent[parent[a]]  # halve the path
                    a = parent[a]
                while parent[b] != b:
                    parent[b] = parent[parent[b]]
                    b = parent[b]
                parent[max(a, b)] = min(a, b)
    for i in range(n):  # parents are smaller, hence already final
        parent[i] = parent[parent[i]]
    return parent


def _groups(boxes, eps):
    """Return each box's group label, and the mean ``x, y, width, height`` and size of groups."""
    whole = np.rint(boxes)
    order = np.argsort(whole[:, 0], kind="stable")
    x1, y1, x2, y2 = np.ascontiguousarray(whole[order].T)
    leaders = _group_leaders(x1, y1, x2, y2, order, eps)
    labels = np.cumsum(leaders == np.arange(len(leaders)))[leaders] - 1
    counts = np.bincount(labels)
    rectangles = np.hstack([whole[:, :2], whole[:, 2:] - whole[:, :2]])
    sums = np.stack([np.bincount(labels, column) for column in rectangles.T], axis=1)
    reciprocals = np.float32(1) / counts.astype(np.float32)
    return labels, np.rint(sums.astype(np.float32) * reciprocals[:, None]), counts


def _surviving(means, counts, min_neighbors, eps):
    """Return the groups with more than ``min_neighbors`` boxes that no stronger one contains."""
    large = np.flatnonzero(counts > min_neighbors)
    counts = counts[large]
    x, y, width, height = means[large].astype(np.float64).T
    margin_x, margin_y = np.rint(width * eps), np.rint(height * eps)
    left, right = x - margin_x, x + width + margin_x
    top, bottom = y - margin_y, y + height + margin_y
    kept = []
    for start in range(0, len(large), 256):  # in blocks: the table of pairs may be large
        inner = slice(start, start + 256)
        count = counts[inner, None]
        hidden = (counts > np.maximum(count, 3)) | (count < 3)
        hidden &= (x[inner, None] >= left) & ((x + width)[inner, None] <= right)
        hidden &= (y[inner, None] >= top) & ((y + height)[inner, None] <= bottom)
        rows = np.arange(len(hidden))
        hidden[rows, start + rows] = False  # a group does not hide itself
        kept.append(large[inner][~hidden.any(axis=1)])
    return np.concatenate(kept) if kept else large


def _corners(rectangles):
    """Return ``x, y, width, height`` as float32 ``x1, y1, x2, y2``."""
    corners = rectangles.astype(np.float64)
    corners[:, 2:] += corners[:, :2]
    return corners.astype(np.float32)
