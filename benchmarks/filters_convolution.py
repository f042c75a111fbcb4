"""Correlation, separable and box filters and sharpening, against OpenCV, SciPy, scikit-image."""

import cv2
import numpy as np
import scipy
import scipy.ndimage
import scipy.signal
import skimage
import skimage.filters

from benchmarks.harness import SEED, Case, timed
from benchmarks.pictures import building, camera, size_of

_OPENCV, _SCIPY = f"OpenCV {cv2.__version__}", f"SciPy {scipy.__version__}"


def cases(quick):
    cv2.setNumThreads(1)
    for image in [camera()] if quick else [camera(), building(1920, 1080)]:
        for picture in (image, image.astype(np.float32) / 255):
            yield from _correlate(picture)
            yield from _separable(picture)
            yield from _box(picture)
            yield from _sharpen(picture)


def _correlate(image):
    from classicvision import correlate

    rng = np.random.default_rng(SEED)
    for size in (3, 7, 41):
        kernel = rng.normal(size=(size, size)).astype(np.float32)
        name = f"correlate {image.dtype}, {size}x{size}"
        ours = timed(correlate, image, kernel)
        yield _case(name, image, _OPENCV, ours, timed(cv2.filter2D, image, -1, kernel))
        if size < 41:
            peer = timed(_rounded, scipy.ndimage.correlate, image, kernel, mode="mirror")
        else:  # SciPy's own choice between the direct sum and Fourier transforms
            peer = timed(_rounded, scipy.signal.convolve, image, kernel[::-1, ::-1], mode="same")
        yield _case(name, image, _SCIPY, ours, peer, compared=size < 41)


def _separable(image):
    from classicvision import convolve_separable

    column, row = np.random.default_rng(SEED).normal(size=(2, 9)).astype(np.float32)
    name = f"convolve_separable {image.dtype}, 9 and 9"
    ours = timed(convolve_separable, image, column, row)
    flipped = row[::-1].copy(), column[::-1].copy()
    yield _case(name, image, _OPENCV, ours, timed(cv2.sepFilter2D, image, -1, *flipped))

    def scipys(image):
        downwards = scipy.ndimage.convolve1d(image, column, 0, mode="mirror")
        return scipy.ndimage.convolve1d(downwards, row, 1, mode="mirror")

    yield _case(name, image, _SCIPY, ours, timed(_rounded, scipys, image))


def _box(image):
    from classicvision import box_filter

    for size in (5, 31):
        name = f"box_filter {image.dtype}, {size}x{size}"
        ours = timed(box_filter, image, size)
        yield _case(name, image, _OPENCV, ours, timed(cv2.blur, image, (size, size)))
        peer = timed(_rounded, scipy.ndimage.uniform_filter, image, size, mode="mirror")
        yield _case(name, image, _SCIPY, ours, peer)


def _sharpen(image):
    from classicvision import sharpen

    def opencv():
        smooth = cv2.GaussianBlur(image, (0, 0), 2)
        return cv2.addWeighted(image, 2, smooth, -1, 0)

    name = f"sharpen {image.dtype}, sigma 2"
    ours = timed(sharpen, image, 1, 2)
    yield _case(name, image, _OPENCV, ours, timed(opencv))
    peer = timed(skimage.filters.unsharp_mask, image, 2, 1, preserve_range=True)
    yield _case(name, image, f"scikit-image {skimage.__version__}", ours, peer, compared=False)


def _rounded(function, image, *arguments, **options):
    """Return SciPy's result computed in float32; that of a uint8 image is rounded."""
    result = function(image.astype(np.float32), *arguments, **options)
    return result.round().clip(0, 255).astype(np.uint8) if image.dtype == np.uint8 else result


def _case(name, image, peer_name, ours, peer, compared=True):
    return Case(
        operator=name,
        size=size_of(image),
        peer_name=peer_name,
        ours=ours,
        peer=peer,
        difference=_largest if compared else None,
    )


def _largest(ours, theirs):
    return np.abs(ours.astype(np.float64) - theirs).max()
