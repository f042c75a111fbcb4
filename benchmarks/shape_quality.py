"""``python -m benchmarks.shape_quality [--scenes N] [--first SEED]``: circles found in scenes.

The scenes are those of the tests, with known circles. A circle is found where one is reported
whose centre and radius are both within 3 pixels, one to one. Every detector runs with one set
of parameters on all scenes; those called "best" have the settings with the highest F1 of a
search over scenes 1000 to 1099, by ``--search``.
"""

import argparse
import itertools
import time

import cv2
import numpy as np
from skimage.feature import canny as skimage_canny
from skimage.transform import hough_circle, hough_circle_peaks

from tests.hough.scenes import count_matches, make_scene

CLOSE = 3.0  # pixels
SEARCHED = range(1000, 1100)


def ours(image, **options):
    from classicvision.hough.circles import hough_circles

    found = hough_circles(image, **{"min_radius": 8, "max_radius": 64, **options})
    return np.column_stack([found.centers, found.radii])


def opencv(image, sigma=0.0, **options):
    """HOUGH_GRADIENT, after a Gaussian where ``sigma`` is not 0."""
    if sigma:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    found = cv2.HoughCircles(
        image, cv2.HOUGH_GRADIENT, dp=1, **{"minRadius": 10, "maxRadius": 60, **options}
    )
    return _rows(found)


def opencv_alternative(image, sigma=0.0, **options):
    """HOUGH_GRADIENT_ALT, after a Gaussian where ``sigma`` is not 0."""
    if sigma:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    found = cv2.HoughCircles(
        image, cv2.HOUGH_GRADIENT_ALT, dp=1.5, **{"minRadius": 8, "maxRadius": 64, **options}
    )
    return _rows(found)


def skimage_circles(image, sigma=1.5, low=2.5, high=5.0, threshold=0.45):
    edges = skimage_canny(image.astype(float), sigma=sigma, low_threshold=low, high_threshold=high)
    radii = np.arange(9, 64)
    votes = hough_circle(edges, radii)
    _, x, y, r = hough_circle_peaks(
        votes, radii, min_xdistance=8, min_ydistance=8, threshold=threshold
    )
    return np.column_stack([x, y, r])


DETECTORS = {
    "classicvision": (ours, {}),
    "OpenCV, param1 160, param2 30": (opencv, {"param1": 160, "param2": 30, "minDist": 15}),
    "OpenCV, best": (
        opencv,
        {"sigma": 1.5, "param1": 60, "param2": 22, "minDist": 10},
    ),
    "OpenCV ALT, best": (
        opencv_alternative,
        {"sigma": 1.5, "param1": 200, "param2": 0.8, "minDist": 10},
    ),
    "scikit-image, best": (skimage_circles, {}),
}
SEARCHES = {
    "OpenCV, best": {
        "sigma": [0, 1, 1.5, 2],
        "param1": [40, 60, 80, 110, 160],
        "param2": [14, 18, 22, 26, 30, 36],
        "minDist": [5, 10, 15],
    },
    "OpenCV ALT, best": {
        "sigma": [0, 1, 1.5, 2],
        "param1": [60, 100, 150, 200, 300],
        "param2": [0.4, 0.6, 0.7, 0.8, 0.9],
        "minDist": [1, 10],
    },
    "scikit-image, best": {
        "sigma": [1.5, 2],
        "low": [2, 3],
        "high": [4, 6],
        "threshold": [0.35, 0.42, 0.5],
    },
}


def score(detector, options, scenes):
    """Return recall, precision, F1, the median errors of centre and radius, and milliseconds."""
    hits = reported = true = 0
    errors, seconds = [], []
    for scene in scenes:
        start = time.thread_time()
        found = detector(scene.image, **options)
        seconds.append(time.thread_time() - start)
        truth = np.array([(s.x, s.y, s.longer) for s in scene.shapes]).reshape(-1, 3)
        pairs = count_matches(found, truth, close_pairs(found, truth))
        hits, reported, true = hits + len(pairs), reported + len(found), true + len(truth)
        errors += [found[i] - truth[j] for i, j in pairs]
    away = np.reshape(errors, (-1, 3))
    recall, precision = hits / max(true, 1), hits / max(reported, 1)
    return {
        "recall": recall,
        "precision": precision,
        "F1": 2 * hits / max(true + reported, 1),
        "centre": float(np.median(np.hypot(away[:, 0], away[:, 1]))) if hits else np.nan,
        "radius": float(np.median(np.abs(away[:, 2]))) if hits else np.nan,
        "ms": 1e3 * float(np.median(seconds)),
    }


def close_pairs(found, truth):
    """Return which of the circles (rows x, y, radius) may be the same, (found, truth)."""
    centre = np.hypot(*(found[:, None, :2] - truth[None, :, :2]).transpose(2, 0, 1))
    return (centre <= CLOSE) & (np.abs(found[:, None, 2] - truth[None, :, 2]) <= CLOSE)


def search(name, scenes):
    """Return the settings of the search with the highest F1."""
    detector, _ = DETECTORS[name]
    best, best_options = -1.0, {}
    for values in itertools.product(*SEARCHES[name].values()):
        options = dict(zip(SEARCHES[name], values, strict=True))
        reached = score(detector, options, scenes)["F1"]
        if reached > best:
            best, best_options = reached, options
    return best, best_options


def _rows(found):
    return np.zeros((0, 3)) if found is None else found.reshape(-1, found.shape[-1])[:, :3]


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shape_quality", description=__doc__)
    parser.add_argument("--scenes", type=int, default=200, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--only", metavar="TEXT", help="the detectors whose name contains it")
    parser.add_argument("--search", action="store_true", help="search the peers' best settings")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    names = [name for name in DETECTORS if not options.only or options.only in name]
    if options.search:
        scenes = [make_scene(seed) for seed in SEARCHED]
        for name in names:
            if name in SEARCHES:
                print(name, *search(name, scenes), flush=True)
        return
    scenes = [make_scene(seed) for seed in range(options.first, options.first + options.scenes)]
    ours(scenes[0].image)  # compiles
    width = max(map(len, names))
    print(f"{'':{width}}  recall  precision     F1  centre px  radius px      ms")
    for name in names:
        s = score(*DETECTORS[name], scenes)
        print(
            f"{name:{width}}  {s['recall']:6.3f}  {s['precision']:9.3f}  {s['F1']:5.3f}"
            f"  {s['centre']:9.3f}  {s['radius']:9.3f}  {s['ms']:6.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
