"""The Gaussian, Sobel's derivatives and integral images, against OpenCV, SciPy, scikit-image."""

import cv2
import numpy as np
import scipy
import scipy.ndimage
import skimage
import skimage.transform

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of

_SIGMAS = (1, 2, 5, 10)


def cases(quick):
    cv2.setNumThreads(1)
    for image in [camera()] if quick else [camera(), building(1920, 1080)]:
        for picture in (image, image.astype(np.float32) / 255):
            yield from _gaussian(picture)
            yield from _sobel(picture)
        yield from _integral(image)


def _gaussian(image):
    from classicvision import gaussian

    opencv, scipys = f"OpenCV {cv2.__version__}", f"SciPy {scipy.__version__}"
    for sigma in _SIGMAS:
        name = f"gaussian {image.dtype}, sigma {sigma}"
        yield Case(
            operator=name,
            size=size_of(image),
            peer_name=opencv,
            ours=timed(gaussian, image, sigma),
            peer=timed(cv2.GaussianBlur, image, (0, 0), sigma),
            difference=_largest,
        )
    if image.dtype == np.float32:
        yield Case(
            operator="gaussian float32, sigma 2, truncate 4",
            size=size_of(image),
            peer_name=scipys,
            ours=timed(gaussian, image, 2, truncate=4),
            peer=timed(scipy.ndimage.gaussian_filter, image, 2, mode="mirror", truncate=4),
            difference=_largest,
        )


def _sobel(image):
    from classicvision import gradient

    depth, dtype = (cv2.CV_16S, "int16") if image.dtype == np.uint8 else (cv2.CV_32F, "float32")

    def opencv():
        return cv2.Sobel(image, depth, 1, 0), cv2.Sobel(image, depth, 0, 1)

    def scipys():
        smooth = image.astype(np.float32)
        return scipy.ndimage.sobel(smooth, 1), scipy.ndimage.sobel(smooth, 0)

    ours = timed(gradient, image, dtype=dtype)
    name, size = f"gradient {image.dtype} to {dtype}", size_of(image)
    yield Case(
        operator=name,
        size=size,
        peer_name=f"OpenCV {cv2.__version__}",
        ours=ours,
        peer=timed(opencv),
        difference=_largest,
    )
    if image.dtype == np.uint8:
        yield Case(
            operator=name,
            size=size,
            peer_name=f"spatialGradient {cv2.__version__}",
            ours=ours,
            peer=timed(cv2.spatialGradient, image),
            difference=_largest,
        )
    yield Case(
        operator=name,
        size=size,
        peer_name=f"SciPy {scipy.__version__}",
        ours=ours,
        peer=timed(scipys),
    )


def _integral(image):
    from classicvision import integral_image

    yield Case(
        operator="integral image uint8 to int32",
        size=size_of(image),
        peer_name=f"OpenCV {cv2.__version__}",
        ours=timed(integral_image, image, dtype="int32"),
        peer=timed(cv2.integral, image),
        difference=_largest,
    )
    yield Case(
        operator="integral image uint8 to int64",
        size=size_of(image),
        peer_name=f"scikit-image {skimage.__version__}",
        ours=timed(integral_image, image),
        peer=timed(skimage.transform.integral_image, image),
        difference=lambda ours, theirs: _largest(ours[1:, 1:], theirs),
    )


def _largest(ours, theirs):
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return np.abs(ours - theirs).max()
