"""Pairs of pictures that show the same thing, found by OpenCV's features alone.

Nothing of classicvision is used, so that what is measured does not decide what counts.
"""

import functools
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

_SEED = 5
# So many keypoints of a picture, its strongest, look for the most similar one in each other
# picture, and each names this many pictures that come closest, if they are this similar (cosine
# of RootSIFT). Pictures that so many name are matched with all their keypoints.
_SCOUTS, _NAMED, _SIMILAR, _VOTES = 128, 5, 0.85, 6
_RATIO, _PIXELS, _INLIERS = 0.85, 5, 15
_BLOCK = 20  # pictures, so that all fits the cache


def near_duplicates(images, jobs=1):
    """Return pairs (i, j), i < j, of images (RGB, uint8; may be a generator) of the same thing.

    The strongest keypoints of each image vote for those images which have the most similar
    keypoints. Where there are enough votes, all keypoints are matched, both ways and with the
    ratio test, and a similarity is fitted by RANSAC: 15 inliers make a pair. ``jobs`` threads.
    """
    with ThreadPoolExecutor(jobs) as pool:
        features = list(pool.map(root_sift, images))
        scouts = np.zeros((len(features), _SCOUTS, 128), np.float32)  # no descriptor is zero
        for scout, (_, own) in zip(scouts, features, strict=True):
            scout[: len(own)] = own[:_SCOUTS]
        votes = np.array(list(pool.map(functools.partial(_votes, scouts), range(len(scouts)))))
        chosen = np.argwhere(np.triu(np.maximum(votes, votes.T) >= _VOTES, 1)).tolist()
        counts = pool.map(lambda pair: inliers(*features[pair[0]], *features[pair[1]]), chosen)
        return [(i, j) for (i, j), count in zip(chosen, counts, strict=True) if count >= _INLIERS]


def _votes(scouts, image):
    """Return how many of the strongest keypoints of this image name each of the images."""
    best = np.empty((len(scouts), _SCOUTS), np.float32)
    for start in range(0, len(scouts), _BLOCK):
        others = scouts[start : start + _BLOCK]
        similar = others.reshape(-1, 128) @ scouts[image].T
        best[start : start + _BLOCK] = similar.reshape(len(others), _SCOUTS, -1).max(axis=1)
    best[image] = 0
    named = np.argpartition(-best, min(_NAMED, len(best) - 1), axis=0)[:_NAMED]
    named = named[np.take_along_axis(best, named, axis=0) > _SIMILAR]
    return np.bincount(named, minlength=len(scouts))


def root_sift(image):
    """Return the points and the RootSIFT of an image, the strongest keypoints first."""
    sift = cv2.SIFT_create(1000, contrastThreshold=0.01)
    keypoints, descriptors = sift.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None)
    order = np.argsort([-keypoint.response for keypoint in keypoints], kind="stable")[:1000]
    points = np.array([keypoints[i].pt for i in order], np.float32).reshape(-1, 2)
    if descriptors is None:
        return points, np.zeros((0, 128), np.float32)
    shares = descriptors[order] / descriptors[order].sum(axis=1, keepdims=True)
    return points, np.sqrt(shares)


def inliers(points, descriptors, other_points, others):
    """Return how many mutual matches that pass the ratio test agree on a similarity."""
    if min(len(descriptors), len(others)) < 2:
        return 0
    similar = descriptors @ others.T
    nearest = similar.argmax(axis=1)
    mutual = similar.argmax(axis=0)[nearest] == np.arange(len(nearest))
    first, second = np.sqrt(np.maximum(0, 2 - 2 * np.partition(similar, -2, axis=1)[:, :-3:-1])).T
    chosen = np.flatnonzero(mutual & (first < _RATIO * second))
    if len(chosen) < _INLIERS:
        return 0
    cv2.setRNGSeed(_SEED)
    _, kept = cv2.estimateAffinePartial2D(
        points[chosen], other_points[nearest[chosen]], ransacReprojThreshold=_PIXELS
    )
    return 0 if kept is None else int(kept.sum())
