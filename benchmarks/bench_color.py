"""Colour histograms, their comparison and back-projection, against OpenCV and scikit-image."""

import cv2
import numpy as np
import scipy
import skimage
from scipy.spatial.distance import jensenshannon
from skimage import data, exposure
from sklearn.datasets import load_sample_image

from benchmarks.harness import SEED, Case, timed
from benchmarks.pictures import size_of

_OPENCV = f"OpenCV {cv2.__version__}"
_SPACES = {
    "rgb": (None, [0, 256] * 3),
    "hsv": (cv2.COLOR_RGB2HSV, [0, 180, 0, 256, 0, 256]),
    "lab": (cv2.COLOR_RGB2Lab, [0, 256] * 3),
}
_METRICS = {
    "intersection": cv2.HISTCMP_INTERSECT,
    "chi2": cv2.HISTCMP_CHISQR_ALT,
    "bhattacharyya": cv2.HISTCMP_BHATTACHARYYA,
    "correlation": cv2.HISTCMP_CORREL,
    "kl": cv2.HISTCMP_KL_DIV,
}
_BINS = 64, 512  # 4 x 4 x 4 fit into the cache, 8 x 8 x 8 do not


def cases(quick):
    cv2.setNumThreads(1)
    pictures = [data.astronaut()]
    if not quick:
        pictures.append(cv2.resize(load_sample_image("china.jpg"), (1920, 1080)))
    for image in pictures:
        yield from _histograms(image)
        yield from _pictures(image)
    yield from _comparisons(1000 if quick else 10_000)


def _histograms(image):
    from classicvision import color_histogram

    for space, bins in (("rgb", 8), ("rgb", 32), ("hsv", 8), ("lab", 8)):
        yield Case(
            operator=f"color_histogram {space} {bins}x{bins}x{bins}",
            size=size_of(image),
            peer_name=_OPENCV,
            ours=timed(color_histogram, image, bins, space),
            peer=timed(_opencv_histogram, image, bins, space),
            difference=lambda a, b: np.abs(a - b).max(),
            unit="pixels",
        )


def _opencv_histogram(image, bins, space):
    code, ranges = _SPACES[space]
    converted = image if code is None else cv2.cvtColor(image, code)
    return cv2.calcHist([converted], [0, 1, 2], None, [bins] * 3, ranges)


def _pictures(image):
    from classicvision import back_project, color_histogram, match_histograms

    histogram = color_histogram(image, normalize=True) * 1000
    joint = cv2.Mat(histogram)  # a plain array's last dimension would be taken for channels
    ranges = _SPACES["rgb"][1]
    yield Case(
        operator="back_project rgb 8x8x8",
        size=size_of(image),
        peer_name=_OPENCV,
        ours=timed(back_project, image, histogram),
        peer=timed(cv2.calcBackProject, [image], [0, 1, 2], joint, ranges, 1),
        difference=lambda a, b: np.abs(np.clip(np.rint(a), 0, 255) - b).max(),
        unit="levels",
    )
    reference = data.coffee()
    yield Case(
        operator="match_histograms",
        size=size_of(image),
        peer_name=f"scikit-image {skimage.__version__}",
        ours=timed(match_histograms, image, reference),
        peer=timed(exposure.match_histograms, image, reference, channel_axis=2),
        difference=lambda a, b: np.abs(a.astype(int) - b.astype(int)).max(),
        unit="levels",
    )


def _comparisons(count):
    """One histogram against many; a loop of OpenCV's calls, or SciPy where OpenCV has none."""
    rng = np.random.default_rng(SEED)
    for bins in _BINS:
        yield from _comparisons_of(rng, count, bins)


def _comparisons_of(rng, count, bins):
    from classicvision import compare_histograms

    rows = rng.gamma(0.3, size=(count, bins)).astype(np.float32)
    rows /= rows.sum(axis=1, keepdims=True)
    query = rows[count // 2].copy()
    peers = {
        metric: (f"{_OPENCV}, a loop", _opencv_loop(query, rows, method))
        for metric, method in _METRICS.items()
    }
    peers["js"] = (
        f"SciPy {scipy.__version__}",
        lambda: jensenshannon(query[None], rows, axis=1) ** 2,
    )
    for metric, (name, peer) in peers.items():
        yield Case(
            operator=f"compare_histograms {metric}",
            size=f"{count}x{bins}",
            peer_name=name,
            ours=timed(compare_histograms, query, rows, metric),
            peer=timed(peer),
            difference=lambda a, b: np.nanmax(np.abs(a - b)),
        )


def _opencv_loop(query, rows, method):
    factor = 0.5 if method == cv2.HISTCMP_CHISQR_ALT else 1  # theirs is doubled
    return lambda: factor * np.array([cv2.compareHist(query, row, method) for row in rows])
