"""Canny's edges and the curves they make, against OpenCV and scikit-image."""

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
    (5, 1500, 3000, True),
    (7, 1500, 3000, False),
    (7, 1500, 3000, True),
]


def cases(quick):
    cv2.setNumThreads(1)
    pictures = [camera()]
    if not quick:
        pictures += [building(640, 480), building(1920, 1080)]
    for image in pictures:
        yield from _opencv(image)
        yield from _floats(image)
        yield from _skimage(image)
        yield _curves(image)


def _opencv(image):
    from classicvision import canny

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


def _floats(image):
    """OpenCV takes uint8 only: the same values, and the same edges, from float32."""
    from classicvision import canny

    for l2 in (False, True):
        yield Case(
            operator=f"canny {'L2' if l2 else 'L1'}, float32 against uint8",
            size=size_of(image),
            peer_name=f"OpenCV {cv2.__version__}",
            ours=timed(canny, image.astype(np.float32), 100, 200, l2_gradient=l2),
            peer=timed(cv2.Canny, image, 100, 200, L2gradient=l2),
            difference=lambda ours, theirs: np.count_nonzero(ours != (theirs > 0)),
            unit="pixels",
        )


def _skimage(image):
    """The same steps, not the same arithmetic and borders: the results are not compared."""
    from classicvision import canny

    contrast = image.astype(np.float32) / 255
    fixed, shares = (25, 50), (0.6, 0.9)
    for name, picture, thresholds, ours in [
        ("canny L2, sigma 1.4", image, fixed, {}),
        ("canny interpolated, sigma 1.4", image, fixed, {"interpolate": True}),
        ("canny interpolated, float32", contrast, (0.1, 0.2), {"interpolate": True}),
        ("canny quantiles", image, shares, {"quantiles": True}),
        ("canny quantiles, float32", contrast, shares, {"interpolate": True, "quantiles": True}),
    ]:
        low, high = thresholds
        theirs = {"sigma": 1.4, "low_threshold": low, "high_threshold": high}
        yield Case(
            operator=name,
            size=size_of(image),
            peer_name=f"scikit-image {skimage.__version__}",
            ours=timed(canny, picture, low, high, sigma=1.4, l2_gradient=True, **ours),
            peer=timed(skimage_canny, picture, use_quantiles=thresholds == shares, **theirs),
        )


def _curves(image):
    """OpenCV follows the outline of every edge, there and back, and splits it nowhere."""
    from classicvision import canny, trace_edges

    edges = canny(image, 100, 200)
    return Case(
        operator="trace_edges",
        size=size_of(image),
        peer_name=f"findContours {cv2.__version__}",
        ours=timed(trace_edges, edges),
        peer=timed(cv2.findContours, edges.view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE),
    )
