"""Gradients, Laplacians and zero crossings, against OpenCV, SciPy and scikit-image."""

import cv2
import numpy as np
import scipy
import scipy.ndimage
import skimage
import skimage.filters

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of

_OPENCV, _SCIPY = f"OpenCV {cv2.__version__}", f"SciPy {scipy.__version__}"
_SKIMAGE = f"scikit-image {skimage.__version__}"


def cases(quick):
    cv2.setNumThreads(1)
    for image in [camera()] if quick else [camera(), building(1920, 1080)]:
        for picture in (image, image.astype(np.float32) / 255):
            yield from _operators(picture)
            yield from _laplacian(picture)
            yield from _of_gaussians(picture)
        yield from _polar(image)


def _operators(image):
    from classicvision import gradient, gradient_magnitude

    depth, dtype = (cv2.CV_16S, "int16") if image.dtype == np.uint8 else (cv2.CV_32F, "float32")

    def scharr():
        return cv2.Scharr(image, depth, 1, 0), cv2.Scharr(image, depth, 0, 1)

    ours = timed(gradient, image, "scharr", dtype=dtype)
    yield _case(f"gradient scharr {image.dtype} to {dtype}", image, _OPENCV, ours, timed(scharr))

    def prewitt():
        exact = image.astype(np.float32)
        return scipy.ndimage.prewitt(exact, 1), scipy.ndimage.prewitt(exact, 0)

    ours = timed(gradient, image, "prewitt", mode="reflect")
    yield _case(f"gradient prewitt {image.dtype}", image, _SCIPY, ours, timed(prewitt))
    if image.dtype == np.float32:

        def magnitude():
            return gradient_magnitude(*gradient(image, mode="reflect"))

        ours, peer = timed(magnitude), timed(skimage.filters.sobel, image)
        case = _case("gradient_magnitude of gradient float32", image, _SKIMAGE, ours, peer)
        case.difference = lambda ours, theirs: _largest(ours / 32**0.5, theirs)
        yield case


def _laplacian(image):
    from classicvision import laplacian

    depth, dtype = (cv2.CV_16S, "int16") if image.dtype == np.uint8 else (cv2.CV_32F, "float32")
    for size in (1, 3, 5):
        name = f"laplacian {image.dtype} to {dtype}, size {size}"
        peer = timed(cv2.Laplacian, image, depth, ksize=size)
        yield _case(name, image, _OPENCV, timed(laplacian, image, size=size, dtype=dtype), peer)
    if image.dtype == np.float32:
        ours = timed(laplacian, image)
        peer = timed(scipy.ndimage.laplace, image, mode="mirror")
        yield _case("laplacian float32, size 1", image, _SCIPY, ours, peer)
        peer = timed(skimage.filters.laplace, image)
        yield _case("laplacian float32, size 1", image, _SKIMAGE, ours, peer, compared=False)


def _of_gaussians(image):
    from classicvision import difference_of_gaussians, laplacian_of_gaussian, zero_crossings

    exact = image.astype(np.float32)
    for sigma in (1, 2, 5):
        ours = timed(laplacian_of_gaussian, image, sigma)
        peer = timed(scipy.ndimage.gaussian_laplace, exact, sigma, mode="mirror")
        yield _case(
            f"laplacian_of_gaussian {image.dtype}, sigma {sigma}", image, _SCIPY, ours, peer
        )
    ours = timed(difference_of_gaussians, image, 2, mode="nearest")
    peer = timed(skimage.filters.difference_of_gaussians, exact, 2)
    yield _case(f"difference_of_gaussians {image.dtype}, sigma 2", image, _SKIMAGE, ours, peer)

    def crossings():
        response = scipy.ndimage.gaussian_laplace(exact, 2, mode="mirror")
        negative = response < 0
        across = negative[:, 1:] != negative[:, :-1]
        down = negative[1:] != negative[:-1]
        edges = np.zeros(image.shape, bool)
        edges[:, 1:] |= across & (abs(np.diff(response, axis=1)) > threshold)
        edges[1:] |= down & (abs(np.diff(response, axis=0)) > threshold)
        return edges

    threshold = 1.0 if image.dtype == np.uint8 else 1 / 255
    ours = timed(zero_crossings, image, 2, threshold)
    name = f"zero_crossings {image.dtype}, sigma 2"
    yield _case(name, image, f"{_SCIPY} and NumPy", ours, timed(crossings), compared=False)


def _polar(image):
    from classicvision import gradient, gradient_magnitude, gradient_orientation

    gx, gy = gradient(image)
    ours = timed(gradient_magnitude, gx, gy)
    peer = timed(cv2.magnitude, gx, gy)
    yield _case("gradient_magnitude float32", image, _OPENCV, ours, peer)
    ours = timed(gradient_orientation, gx, gy)
    peer = timed(cv2.phase, gx, gy)  # from 0 to 2 pi, and less exact
    yield _case("gradient_orientation float32", image, _OPENCV, ours, peer, compared=False)


def _case(operator, image, peer_name, ours, peer, compared=True):
    return Case(
        operator=operator,
        size=size_of(image),
        peer_name=peer_name,
        ours=ours,
        peer=peer,
        difference=_largest if compared else None,
    )


def _largest(ours, theirs):
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return np.abs(ours - theirs).max()
