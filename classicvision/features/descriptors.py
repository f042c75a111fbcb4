"""Descriptors of the surroundings of keypoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number, check_option
from classicvision._jit import kernel
from classicvision._opencv import opencv
from classicvision.features._opencv_features import (
    ORB_SMALLEST,
    as_matrix,
    best_keypoints,
    create,
    orb_points,
    sift_points,
)
from classicvision.features._patches import describe_patches
from classicvision.features.keypoints import check_max_keypoints, detect_keypoints
from classicvision.images import as_uint8, luminance
from classicvision.results import Keypoints

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_KINDS = ("sift", "rootsift", "orb", "patch", "color_patch")
_ORB_THRESHOLD = 20


def extract_descriptors(
    image: ArrayLike,
    kind: str = "rootsift",
    *,
    keypoints: Keypoints | None = None,
    max_keypoints: int | None = 1000,
    contrast_threshold: float = 0.01,
    cells: int | None = None,
    patch_size: int = 9,
) -> tuple[Keypoints, NDArray]:
    """Find keypoints, unless they are given, and describe what is around each of them.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Other types than uint8 are brought to 0..255 first, as by `images.as_uint8`, and of colour
        images the luminance is taken.
    kind : {"rootsift", "sift", "orb", "patch", "color_patch"}
        "sift": 4 x 4 histograms of 8 gradient directions each, float32 whole numbers from 0 to
        255, by OpenCV; "rootsift": their square roots after division by their sum, of Euclidean
        length 1: Euclidean distances compare these as Hellinger's does histograms; "orb": 256
        comparisons of two pixels as 32 bytes, by OpenCV; "patch": the pixels themselves, of mean 0
        and variance 1, and "color_patch" their three channels, normalised together; of flat patches
        all are 0.
    keypoints : Keypoints, optional
        What to describe instead of detecting: from `detect_keypoints` of any kind.
    max_keypoints : int, optional
        How many detected ones are kept, the best ones; None for all.
    contrast_threshold : float
        OpenCV's contrast threshold of SIFT, which all kinds but "orb" detect.
    cells : int, optional
        Keep about as many keypoints of each of ``cells`` times ``cells`` parts of the image, as
        `detect_keypoints` does.
    patch_size : int
        Samples along each side of a patch, 2 to 64; it covers six times the keypoint's size.

    Returns
    -------
    keypoints : Keypoints
        Best first as by `detect_keypoints`, or those given in their own order. "orb" leaves out
        what lies within 31 pixels of the border.
    descriptors : ndarray of float32, shape (n, d), or for "orb" of uint8, shape (n, 32)
        One for each keypoint; with no keypoints ``(0, d)`` or ``(0, 32)``. d is 128 for SIFT,
        ``patch_size**2`` for patches and three times that for coloured ones.

    Raises
    ------
    TypeError
        For what is no image, or keypoints that are no `Keypoints`.
    ValueError
        For an unknown kind, options out of range, or keypoints outside the image.

    Notes
    -----
    Given the keypoints that "sift" detects, their descriptors are those of the detection, up to
    one level where the rounding of an angle from degrees to radians matters. Each call has OpenCV
    objects of its own: threads may call it at once, and the number of OpenCV's own threads changes
    nothing.

    References
    ----------
    D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004.
    R. Arandjelovic and A. Zisserman, "Three things everyone should know to improve object
    retrieval", CVPR 2012, section 3.
    E. Rublee, V. Rabaud, K. Konolige and G. Bradski, "ORB: an efficient alternative to SIFT or
    SURF", ICCV 2011.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:64, :64]
    >>> blob = 200 * np.exp(-((x - 30) ** 2 + (y - 25) ** 2) / (2 * 5.0**2))
    >>> found, descriptors = extract_descriptors(blob.astype(np.uint8), max_keypoints=1)
    >>> len(found), descriptors.shape
    (1, (1, 128))
    >>> round(float(np.linalg.norm(descriptors[0])), 5)
    1.0
    """
    image = as_uint8(check_image(image))
    gray = luminance(image)
    kind = check_option(kind, "kind", _KINDS)
    max_keypoints = check_max_keypoints(max_keypoints)
    contrast_threshold = check_number(contrast_threshold, "contrast_threshold", at_least=0)
    if keypoints is not None:
        _check_keypoints(keypoints, gray.shape)
    elif cells is not None:
        detector, threshold = ("orb", None) if kind == "orb" else ("sift", contrast_threshold)
        options = {"max_keypoints": max_keypoints, "threshold": threshold, "cells": cells}
        keypoints = detect_keypoints(gray, detector, **options)
    patch_size = check_number(patch_size, "patch_size", at_least=2, at_most=64, integer=True)
    if kind == "orb":
        return _orb(gray, keypoints, max_keypoints)
    if kind.endswith("patch"):
        if keypoints is None:
            keypoints = detect_keypoints(
                gray, max_keypoints=max_keypoints, threshold=contrast_threshold
            )
        channels = _three_channels(image) if kind == "color_patch" else gray
        return keypoints, describe_patches(channels, keypoints, patch_size)
    found, descriptors = _sift(gray, keypoints, max_keypoints, contrast_threshold)
    return found, root_sift(descriptors) if kind == "rootsift" else descriptors


# The sums may be taken in any order: those of SIFT are of whole numbers, and exact.
@kernel(fastmath={"reassoc"}, views_only=True)
def _take_roots(descriptors, roots):
    for n in range(descriptors.shape[0]):
        values, result = descriptors[n], roots[n]
        total = np.float32(0)
        for k in range(values.size):
            total += np.float32(values[k])
        total = max(total, np.float32(1e-30))
        for k in range(values.size):
            result[k] = np.sqrt(np.float32(np.float32(values[k]) / total))


def root_sift(descriptors: NDArray) -> NDArray[np.float32]:
    """Return the square roots of histograms divided by their sums, those of zeros as zeros.

    Parameters
    ----------
    descriptors : ndarray, shape (n, d)
        SIFT descriptors of any scale and number type, not negative.

    Returns
    -------
    ndarray of float32, shape (n, d)
    """
    dtype = np.uint8 if descriptors.dtype == np.uint8 else np.float32
    roots = np.empty(descriptors.shape, np.float32)
    _take_roots(np.require(descriptors, dtype, ["C", "W"]), roots)
    return roots


def _check_keypoints(keypoints, shape):
    if not isinstance(keypoints, Keypoints):
        raise TypeError(
            f"keypoints must be Keypoints, got {type(keypoints).__name__}; "
            "detect_keypoints returns them"
        )
    rows, columns = shape
    x, y = keypoints.points.T
    outside = (x < -0.5) | (x > columns - 0.5) | (y < -0.5) | (y > rows - 0.5)
    if outside.any():
        raise ValueError(
            f"keypoints must lie in the image of {columns} x {rows} pixels, got one at "
            f"{keypoints.points[outside][0].tolist()}; are they of another image?"
        )


def _three_channels(image):
    return np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image


def _sift(gray, keypoints, max_keypoints, contrast_threshold):
    detector = create("sift", max_keypoints, contrast_threshold)
    if keypoints is None:
        found, descriptors = detector.detectAndCompute(gray, None)
        found, order = best_keypoints(found, max_keypoints)
        return found, as_matrix(descriptors, 128, np.float32)[order]
    if not len(keypoints):
        return keypoints, np.empty((0, 128), np.float32)
    # A first point in the lowest octave, so that OpenCV starts with the doubled image as it does
    # when it detects: without it, the octaves above are smoothed in other steps.
    first = opencv().KeyPoint(0, 0, 1, 0, 0, 255 | (1 << 8), 0)
    points = [first, *sift_points(keypoints, gray.shape)]
    return keypoints, as_matrix(detector.compute(gray, points)[1], 128, np.float32)[1:]


def _orb(gray, keypoints, max_keypoints):
    detector = create("orb", max_keypoints, _ORB_THRESHOLD)
    if min(gray.shape) < ORB_SMALLEST or (keypoints is not None and not len(keypoints)):
        return Keypoints([], [], [], []), np.empty((0, 32), np.uint8)
    if keypoints is None:
        found, descriptors = detector.detectAndCompute(gray, None)
        found, order = best_keypoints(found, max_keypoints)
        return found, as_matrix(descriptors, 32, np.uint8)[order]
    described, descriptors = detector.compute(gray, orb_points(keypoints))
    chosen = np.array([point.class_id for point in described], np.intp)
    order = np.argsort(chosen)  # OpenCV puts them in the order of their levels
    return keypoints[chosen[order]], as_matrix(descriptors, 32, np.uint8)[order]
