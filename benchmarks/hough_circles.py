"""Circles, against OpenCV and scikit-image; what each finds is in ``shape_quality``.

A pair of the scenes is all of them, one after the other: how long a scene takes depends on its
noise, for OpenCV from 0.4 to 14 ms, and only the whole set is a fair unit.
"""

import cv2
import skimage

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of
from benchmarks.shape_quality import DETECTORS, opencv_circles, skimage_circles
from tests.hough.scenes import make_scene

_OPENCV = {"param1": 160, "param2": 30, "minDist": 15}
_RADII = {"min_radius": 10, "max_radius": 60}


def cases(quick):
    from classicvision.hough.circles import hough_circles

    cv2.setNumThreads(1)
    count = 5 if quick else 50
    scenes = [make_scene(seed).image for seed in range(count)]
    pictures = {f"{count} scenes": scenes, "camera": [camera()]}
    if not quick:
        pictures["building"] = [building(1920, 1080)]
    # Other circles, and fewer of the true ones: the results are not compared here.
    for name, images in pictures.items():
        for dtype in ("uint8", "float32"):
            given = [image.astype(dtype) for image in images]
            yield Case(
                operator=f"hough_circles, {name}, {dtype}",
                size=size_of(images[0]),
                peer_name=f"OpenCV {cv2.__version__}",
                ours=timed(_all, hough_circles, given, **_RADII),
                peer=timed(_all, opencv_circles, images, **_OPENCV),
            )
        if images[0].size < 10**6:  # a table of votes for every radius: 0.9 GB for 1920 x 1080
            yield Case(
                operator=f"hough_circles, {'scene 0' if len(images) > 1 else name}",
                size=size_of(images[0]),
                peer_name=f"scikit-image {skimage.__version__}",
                ours=timed(hough_circles, images[0], **_RADII),
                peer=timed(
                    skimage_circles, images[0], **DETECTORS["circles"]["scikit-image, best"][1]
                ),
            )


def _all(function, images, **options):
    for image in images:
        function(image, **options)
