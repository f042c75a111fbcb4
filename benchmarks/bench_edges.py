"""Canny's edges, against OpenCV and scikit-image."""

import cv2
import numpy as np
import skimage
from skimage.feature import canny as skimage_canny

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of

# aperture, thresholds that leave comparable edges, and whether the gradient is Euclidean
_SETTINGS = [
    (3, 100, 200, False),
    (3, 100, 200, True),
    (5, 1500, 3000, False),
    (7, 1500, 3000, False),
]


def cases(quick):
    from classicvision import canny

    cv2.setNumThreads(1)
    pictures = [camera()]
    if not quick:
        pictures += [building(640, 480), building(1920, 1080)]
    for image in pictures:
        for aperture, low, high, l2 in _SETTINGS:
            yield Case(
                operator=f"canny {'L2' if l2 else 'L1'}, aperture {aperture}",
                size=size_of(image),
                peer_name=f"OpenCV {cv2.__version__}",
                ours=timed(canny, image, low, high, aperture=aperture, l2_gradient=l2),
                peer=timed(cv2.Canny, image, low, high, apertureSize=aperture, L2gradient=l2),
                difference=lambda ours, theirs: np.count_nonzero(ours != (theirs > 0)),
                unit="pixels",
            )
        yield Case(  # the same steps, not the same arithmetic: the results are not compared
            operator="canny L2, sigma 1.4",
            size=size_of(image),
            peer_name=f"scikit-image {skimage.__version__}",
            ours=timed(canny, image, 100, 200, sigma=1.4, l2_gradient=True),
            peer=timed(skimage_canny, image, sigma=1.4, low_threshold=25, high_threshold=50),
        )
