"""Keypoints to OpenCV and back, best first; its detectors and descriptors, one object a call.

An object of OpenCV keeps its buffers between calls, so that two threads must not share one. Its
own threads change no result: their finds are sorted here, and ties are decided by the place.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._opencv import opencv
from classicvision.results import Keypoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIFT_SIGMA = 1.6  # smoothing at the bottom of each octave
SIFT_LAYERS = 3  # scales in an octave
_ORB_PATCH, _ORB_FACTOR, _ORB_LEVELS = 31, 1.2, 8
ORB_SMALLEST = 64  # pixels a side, below which ORB finds nothing
_MOST = 1_000_000  # keypoints of ORB, which shares them out among its levels beforehand


def best_order(points, sizes, angles, scores):
    """Return the order by score, best first, and of equals by y, x, size and angle."""
    return np.lexsort((angles, sizes, points[:, 0], points[:, 1], -scores))


def best_keypoints(found, max_keypoints):
    """Return OpenCV's keypoints as our own, best first and at most so many, and their order."""
    rows = [(*point.pt, point.size, max(point.angle, 0), point.response) for point in found]
    table = np.array(rows, np.float32).reshape(-1, 5)
    points, sizes, angles, scores = table[:, :2], table[:, 2], table[:, 3], table[:, 4]
    order = best_order(points, sizes, angles, scores)[:max_keypoints]
    radians = np.deg2rad(angles[order].astype(np.float64))
    return Keypoints(points[order], sizes[order], radians, scores[order]), order


def create(kind, max_keypoints, threshold):
    """Return a new detector of OpenCV: "sift", "orb" or "fast"."""
    cv2 = opencv()
    if kind == "sift":
        # 0 stands for all. OpenCV keeps all that are as good as the last.
        return cv2.SIFT_create(nfeatures=max_keypoints or 0, contrastThreshold=threshold)
    if kind == "orb":
        return cv2.ORB_create(nfeatures=max_keypoints or _MOST, fastThreshold=int(threshold))
    return cv2.FastFeatureDetector_create(threshold=int(threshold))


def sift_points(keypoints: Keypoints, shape: tuple[int, int]) -> list:
    """Return keypoints as OpenCV's SIFT numbers them: each with its octave and its layer.

    SIFT's sizes are ``2 sigma 2^(octave + (layer + shift) / 3)`` with layers 1 to 3 and a shift
    of less than half a layer, which leaves one octave and one layer for each size.
    """
    steps = SIFT_LAYERS * np.log2(keypoints.sizes.astype(np.float64) / (2 * SIFT_SIGMA))
    nearest = np.rint(steps)
    octaves = np.floor((nearest - 1) / SIFT_LAYERS)
    highest = max(0, round(math.log2(min(shape))) - 2)
    octaves = np.clip(octaves, -1, highest)
    layers = np.clip(nearest - SIFT_LAYERS * octaves, 0, SIFT_LAYERS + 2)
    packed = (octaves.astype(np.int64) & 255) | (layers.astype(np.int64) << 8)
    return _points(keypoints, packed)


def orb_points(keypoints: Keypoints) -> list:
    """Return keypoints as OpenCV's ORB numbers them: each with its level of the pyramid."""
    levels = np.log(keypoints.sizes.astype(np.float64) / _ORB_PATCH) / math.log(_ORB_FACTOR)
    return _points(keypoints, np.clip(np.rint(levels), 0, _ORB_LEVELS - 1).astype(np.int64))


def _points(keypoints, octaves):
    """Return OpenCV's keypoints; ``class_id`` is each one's number."""
    cv2 = opencv()
    degrees = np.rad2deg(keypoints.angles.astype(np.float64))
    columns = (keypoints.points[:, 0], keypoints.points[:, 1], keypoints.sizes, degrees)
    rows = zip(*(part.tolist() for part in (*columns, keypoints.scores, octaves)), strict=True)
    return [cv2.KeyPoint(*row, number) for number, row in enumerate(rows)]


def as_matrix(descriptors, width, dtype) -> NDArray:
    """Return OpenCV's descriptors, which are None where there are none."""
    if descriptors is None:
        return np.empty((0, width), dtype)
    return np.ascontiguousarray(descriptors, dtype)
