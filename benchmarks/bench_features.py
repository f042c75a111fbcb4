"""Local features: dense SIFT, matching, corners and blobs, against OpenCV and scikit-image."""

import cv2
import numpy as np
import skimage
from skimage.feature import corner_harris, match_descriptors

from benchmarks.harness import SEED, Case, timed
from benchmarks.pictures import building, camera, size_of

_OPENCV = f"OpenCV {cv2.__version__}"


def cases(quick):
    cv2.setNumThreads(1)
    image = camera() if quick else building(640, 480)
    yield from _dense(image, (16,) if quick else (16, 24, 40))
    yield from _matching((500,) if quick else (500, 1000))
    yield from _corners(image)
    yield from _blobs(image)


def _dense(image, sizes):
    """The same windows: upright, of OpenCV's own smoothing, whole numbers."""
    from classicvision.features.dense import dense_descriptors

    for size in sizes:
        options = {"kind": "sift", "step": 8, "sizes": size, "sigma": 1.6}
        found, _ = dense_descriptors(image, **options)
        points = [cv2.KeyPoint(float(x), float(y), size / 6, 0) for x, y in found.points]
        flat = found.scores <= 0.1  # where OpenCV describes the noise of its rounding

        def apart(ours, theirs, flat=flat):
            return np.abs(ours[1] - theirs[1])[~flat].max()

        yield Case(
            f"dense SIFT, {len(points)} windows of {size}",
            size_of(image),
            _OPENCV,
            timed(dense_descriptors, image, **options),
            timed(cv2.SIFT_create().compute, image, points),
            apart,
            "of 255",
        )


def _matching(counts):
    """Ratio test and mutual: what `BFMatcher` takes two searches and a loop for."""
    from classicvision.features.matching import match_descriptors as ours

    rng = np.random.default_rng(SEED)
    for count in counts:
        a = rng.random((count, 128), np.float32)
        b = a[rng.permutation(count)] + 0.4 * rng.random((count, 128), np.float32)
        a, b = (m / np.linalg.norm(m, axis=1, keepdims=True) for m in (a, b))
        bits = rng.integers(0, 256, (count, 32), np.uint8)
        others = bits[rng.permutation(count)] ^ rng.integers(0, 2, (count, 32), np.uint8)
        for name, norm, pair in (
            ("RootSIFT", cv2.NORM_L2, (a, b)),
            ("ORB", cv2.NORM_HAMMING, (bits, others)),
        ):
            yield Case(
                f"match {count} x {count} {name}, ratio 0.85, mutual",
                f"{count}x{count}",
                f"{_OPENCV} BFMatcher",
                timed(ours, *pair),
                timed(_brute_force, *pair, norm),
                lambda ours, theirs: len({*map(tuple, ours[0].tolist())} ^ theirs),
                "pairs",
            )
        if count == counts[0]:
            yield Case(
                f"match {count} x {count} RootSIFT, ratio 0.85, mutual",
                f"{count}x{count}",
                f"scikit-image {skimage.__version__}",
                timed(ours, a, b),
                timed(match_descriptors, a, b, max_ratio=0.85),
                lambda ours, theirs: len({*map(tuple, ours[0])} ^ {*map(tuple, theirs)}),
                "pairs",
            )


def _brute_force(a, b, norm):
    two = cv2.BFMatcher(norm).knnMatch(a, b, k=2)
    clear = {(m.queryIdx, m.trainIdx) for m, n in two if m.distance < 0.85 * n.distance}
    crossed = cv2.BFMatcher(norm, crossCheck=True).match(a, b)
    return clear & {(m.queryIdx, m.trainIdx) for m in crossed}


def _corners(image):
    from classicvision.features.harris import harris

    for dtype in (np.uint8, np.float32):
        values = image.astype(dtype)
        scale = 255.0**4 if dtype == np.uint8 else 1.0

        def apart(ours, theirs, scale=scale):
            return np.abs(ours - scale * theirs.astype(np.float64)).max() / ours.max()

        yield Case(
            f"Harris, box of 3 x 3, {values.dtype}",
            size_of(image),
            _OPENCV,
            timed(harris, values, size=3),
            timed(cv2.cornerHarris, values, 3, 3, 0.04),
            apart,
            "of the largest",
        )
    yield Case(
        "Harris, Gaussian of sigma 1",
        size_of(image),
        f"scikit-image {skimage.__version__}",
        timed(harris, image),
        timed(corner_harris, image, k=0.04, sigma=1),
    )


def _blobs(image):
    from classicvision.features.keypoints import detect_keypoints

    detector = cv2.SIFT_create(contrastThreshold=0.01)
    yield Case(
        "difference of Gaussians",
        size_of(image),
        f"{_OPENCV} SIFT",
        timed(detect_keypoints, image, "dog", max_keypoints=None),
        timed(detector.detect, image),
        lambda ours, theirs: abs(len(ours) - len(theirs)),
        "keypoints",
    )
