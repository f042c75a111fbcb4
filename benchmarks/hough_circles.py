"""Circles, against OpenCV and scikit-image; what each finds is in ``shape_quality``."""

import cv2
import numpy as np
import skimage
from skimage.feature import canny as skimage_canny
from skimage.transform import hough_circle, hough_circle_peaks

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of
from tests.hough.scenes import make_scene

_RADII = (10, 60)


def cases(quick):
    from classicvision.hough.circles import hough_circles

    cv2.setNumThreads(1)
    pictures = [("scene 0", make_scene(0).image), ("scene 2", make_scene(2).image)]
    if not quick:
        pictures += [("camera", camera()), ("building", building(1920, 1080))]
    for name, image in pictures:
        for dtype in ("uint8", "float32"):
            yield Case(  # other circles, see shape_quality: they are not compared
                operator=f"hough_circles, {name}, {dtype}",
                size=size_of(image),
                peer_name=f"OpenCV {cv2.__version__}",
                ours=timed(
                    hough_circles, image.astype(dtype), min_radius=_RADII[0], max_radius=_RADII[1]
                ),
                peer=timed(_opencv, image),
            )
        if image.size < 10**6:  # a table of votes for every radius: 0.9 GB for 1920 x 1080
            yield Case(
                operator=f"hough_circles, {name}",
                size=size_of(image),
                peer_name=f"scikit-image {skimage.__version__}",
                ours=timed(hough_circles, image, min_radius=_RADII[0], max_radius=_RADII[1]),
                peer=timed(_skimage, image),
            )


def _opencv(image):
    return cv2.HoughCircles(
        image,
        cv2.HOUGH_GRADIENT,
        dp=1,
        minDist=15,
        param1=160,
        param2=30,
        minRadius=_RADII[0],
        maxRadius=_RADII[1],
    )


def _skimage(image):
    edges = skimage_canny(image.astype(float), sigma=1.5, low_threshold=2.5, high_threshold=5)
    radii = np.arange(_RADII[0], _RADII[1] + 1)
    votes = hough_circle(edges, radii)
    return hough_circle_peaks(votes, radii, min_xdistance=8, min_ydistance=8, threshold=0.45)
