"""Ellipses, against scikit-image; what each finds is in ``shape_quality``.

scikit-image tries all pairs of edge pixels, which takes minutes for a whole scene: it gets
cut-outs of scenes with one small ellipse each, and a pair is all of them. OpenCV has no Hough
transform for ellipses; ``shape_quality`` has the figures of ellipses fitted to its contours.
"""

import cv2
import skimage

from benchmarks.harness import Case, timed
from benchmarks.shape_quality import scenes_of, skimage_ellipses


def cases(quick):
    from classicvision.hough.ellipses import hough_ellipses

    cv2.setNumThreads(1)
    images = [scene.image for scene in scenes_of("single ellipses", range(2 if quick else 6))]
    yield Case(
        operator=f"hough_ellipses, {len(images)} cut-outs",
        size="37x37 to 77x77",
        peer_name=f"scikit-image {skimage.__version__}",
        ours=timed(_all, hough_ellipses, images, min_radius=10, max_radius=60),
        peer=timed(_all, skimage_ellipses, images),
    )


def _all(function, images, **options):
    for image in images:
        function(image, **options)
