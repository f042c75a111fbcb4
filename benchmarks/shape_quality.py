"""``python -m benchmarks.shape_quality [circles|ellipses]``: what is found in scenes.

The scenes are those of the tests, 0 to 199, with known circles or ellipses; what counts as found
says ``tests.hough.scenes.match``. Every detector runs with one set of parameters on all scenes;
those called "best" have the settings with the highest F1 of a search over scenes 1000 to 1019,
by ``--search``. scikit-image's brute force over pairs of edge pixels takes minutes for a scene
with ellipses: it is run, beside ours, on cut-outs with one ellipse each.
"""

import argparse
import itertools

import cv2
import numpy as np
from skimage.feature import canny as skimage_canny
from skimage.transform import hough_circle, hough_circle_peaks, hough_ellipse

from tests.hough.scenes import COLUMNS, ROWS, Scene, Shape, make_scene, measure

SEARCHED = range(1000, 1020)


def circle_rows(found):
    """Return circles x, y, radius as the rows x, y, longer, shorter, angle of ellipses."""
    if found is None:  # as OpenCV says that there are none
        return np.zeros((0, 5))
    x, y, radius = found.reshape(-1, found.shape[-1])[:, :3].T
    return np.column_stack([x, y, radius, radius, np.zeros(len(x))])


def our_circles(image):
    from classicvision.hough.circles import hough_circles

    found = hough_circles(image, min_radius=10, max_radius=60)
    return circle_rows(np.column_stack([found.centers, found.radii]))


def opencv_circles(image, sigma=0.0, **options):
    """HOUGH_GRADIENT, after a Gaussian where ``sigma`` is not 0."""
    if sigma:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    return circle_rows(
        cv2.HoughCircles(image, cv2.HOUGH_GRADIENT, dp=1, minRadius=10, maxRadius=60, **options)
    )


def opencv_alternative(image, sigma=0.0, **options):
    """HOUGH_GRADIENT_ALT, after a Gaussian where ``sigma`` is not 0."""
    if sigma:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    options = {"minRadius": 8, "maxRadius": 64, **options}
    return circle_rows(cv2.HoughCircles(image, cv2.HOUGH_GRADIENT_ALT, dp=1.5, **options))


def skimage_circles(image, sigma, low, high, threshold):
    edges = skimage_canny(image.astype(float), sigma=sigma, low_threshold=low, high_threshold=high)
    radii = np.arange(9, 62)
    votes = hough_circle(edges, radii)
    _, x, y, r = hough_circle_peaks(
        votes, radii, min_xdistance=8, min_ydistance=8, threshold=threshold
    )
    return circle_rows(np.column_stack([x, y, r]))


def our_ellipses(image):
    from classicvision.hough.ellipses import hough_ellipses

    found = hough_ellipses(image, min_radius=10, max_radius=60)
    return np.column_stack([found.centers, found.axes, found.angles])


def opencv_ellipses(image, sigma, high, cover, distance):
    """OpenCV has no Hough transform for ellipses: one is fitted to each contour of the edges.

    It is kept where the contour covers enough of it and is near to it, and where no ellipse
    with a longer contour is the same.
    """
    edges = cv2.Canny(cv2.GaussianBlur(image, (0, 0), sigma), high / 2, high, L2gradient=True)
    contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    kept = []
    for contour in sorted(contours, key=len, reverse=True):
        points = np.unique(contour.reshape(-1, 2), axis=0).astype(np.float32)
        if len(points) < 20:
            continue
        (x, y), (width, height), degrees = cv2.fitEllipseDirect(points)
        longer, shorter = max(width, height) / 2, min(width, height) / 2
        angle = np.radians(degrees if width >= height else degrees + 90)
        if not (shorter >= 9 and longer <= 61 and np.isfinite([x, y, angle]).all()):
            continue
        offset = points - [x, y]
        u = offset @ [np.cos(angle), np.sin(angle)] / longer
        v = offset @ [-np.sin(angle), np.cos(angle)] / shorter
        away = np.abs(np.hypot(u, v) - 1) * shorter
        covered = len(points) / (4 * np.hypot(longer, shorter))
        row = np.array([x, y, longer, shorter, angle])
        alike = any(np.abs(row - other)[:4].max() < 4 for other in kept)
        if covered >= cover and away.mean() <= distance and not alike:
            kept.append(row)
    return np.reshape(kept, (-1, 5))


def skimage_ellipses(image):
    """Return the best-supported ellipse; more of them would be the same one again."""
    edges = skimage_canny(image.astype(float), sigma=1.5, low_threshold=20, high_threshold=40)
    found = hough_ellipse(edges, accuracy=2, threshold=8, min_size=20, max_size=120)
    found = found[np.minimum(found["a"], found["b"]) >= 9]
    best = np.sort(found, order="accumulator")[-1:]
    axes = np.sort([best["a"], best["b"]], axis=0)[::-1]
    # The angle is that of the longer axis, from the vertical.
    return np.stack([best["xc"], best["yc"], *axes, best["orientation"] + np.pi / 2], axis=1)


DETECTORS = {
    "circles": {
        "classicvision": (our_circles, {}),
        "OpenCV, param1 160, param2 30": (
            opencv_circles,
            {"param1": 160, "param2": 30, "minDist": 15},
        ),
        "OpenCV, best": (opencv_circles, {"sigma": 1, "param1": 90, "param2": 30, "minDist": 15}),
        "OpenCV ALT, best": (
            opencv_alternative,
            {"sigma": 1.5, "param1": 100, "param2": 0.7, "minDist": 10},
        ),
        "scikit-image, best": (
            skimage_circles,
            {"sigma": 1.5, "low": 20, "high": 40, "threshold": 0.45},
        ),
    },
    "ellipses": {
        "classicvision": (our_ellipses, {}),
        "OpenCV, fits to contours, best": (
            opencv_ellipses,
            {"sigma": 1, "high": 45, "cover": 0.5, "distance": 0.3},
        ),
    },
    "single ellipses": {
        "classicvision": (our_ellipses, {}),
        "scikit-image": (skimage_ellipses, {}),
    },
}
SEARCHES = {
    ("circles", "OpenCV, best"): {
        "sigma": [0, 1, 1.5],
        "param1": [90, 110, 160],
        "param2": [26, 30, 34],
        "minDist": [10, 15],
    },
    ("circles", "OpenCV ALT, best"): {
        "sigma": [1, 1.5, 2],
        "param1": [100, 150, 200, 300],
        "param2": [0.7, 0.8, 0.85, 0.9],
        "minDist": [1, 10],
    },
    ("circles", "scikit-image, best"): {
        "sigma": [1.5, 2],
        "low": [20],
        "high": [40],
        "threshold": [0.4, 0.45, 0.5],
    },
    ("ellipses", "OpenCV, fits to contours, best"): {
        "sigma": [1, 1.5],
        "high": [45, 60, 90],
        "cover": [0.5, 0.6, 0.7],
        "distance": [0.3, 0.5, 1],
    },
}


def scenes_of(kind, seeds):
    """Return the scenes, or cut-outs around those ellipses that are alone and small."""
    scenes = [make_scene(seed, circles=kind == "circles") for seed in seeds]
    return [cut for scene in scenes for cut in _alone(scene)] if "single" in kind else scenes


def _alone(scene):
    for shape in scene.shapes:
        reach = int(shape.longer) + 8
        left, top = int(shape.x) - reach, int(shape.y) - reach
        inside = min(left, top) >= 0 and left + 2 * reach < COLUMNS and top + 2 * reach < ROWS
        apart = all(
            max(abs(shape.x - other.x), abs(shape.y - other.y)) > reach + other.longer + 3
            for other in scene.shapes
            if other is not shape
        )
        if inside and apart and shape.longer <= 30:
            image = scene.image[top : top + 2 * reach + 1, left : left + 2 * reach + 1].copy()
            moved = (shape.x - left, shape.y - top)
            yield Scene(
                image, [Shape(*moved, shape.longer, shape.shorter, shape.angle, shape.thickness)]
            )


def search(kind, name, scenes):
    """Return the highest F1 of the search, and its settings."""
    detector, _ = DETECTORS[kind][name]
    wanted = SEARCHES[kind, name]
    tried = [
        dict(zip(wanted, values, strict=True)) for values in itertools.product(*wanted.values())
    ]
    return max(
        ((measure(_with(detector, options), scenes).f1, options) for options in tried),
        key=lambda result: result[0],
    )


def _with(detector, options):
    return lambda image: detector(image, **options)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shape_quality", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(DETECTORS))
    parser.add_argument("--scenes", type=int, default=200, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--only", default="", metavar="TEXT", help="detectors with it in the name")
    parser.add_argument("--search", action="store_true", help="search the peers' best settings")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if unknown := {*options.kinds} - {*DETECTORS}:
        parser.error(f"KIND is one of {', '.join(DETECTORS)}, not {', '.join(sorted(unknown))}")
    for kind in options.kinds or DETECTORS:
        names = [name for name in DETECTORS[kind] if options.only in name]
        if options.search:
            for name in names:
                if (kind, name) in SEARCHES:
                    print(kind, name, *search(kind, name, scenes_of(kind, SEARCHED)), flush=True)
            continue
        scenes = scenes_of(kind, range(options.first, options.first + options.scenes))
        DETECTORS[kind]["classicvision"][0](scenes[0].image)  # compiles
        width = max(map(len, [*names, kind]))
        print(f"{kind:{width}}  recall  precision     F1  centre px  size px       ms")
        for name in names:
            q = measure(_with(*DETECTORS[kind][name]), scenes)
            print(
                f"{name:{width}}  {q.recall:6.3f}  {q.precision:9.3f}  {q.f1:5.3f}"
                f"  {q.centre:9.3f}  {q.size:7.3f}  {1e3 * q.seconds:7.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
