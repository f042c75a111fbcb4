"""Pyramids, blending and template matching, against OpenCV and scikit-image."""

import cv2
import numpy as np
import skimage
import skimage.feature
import skimage.transform

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of

_LEVELS = 6
_TEMPLATES = (16, 64)  # pixels, wide and high


def cases(quick):
    cv2.setNumThreads(1)
    for image in [camera()] if quick else [camera(), building(1920, 1080)]:
        for picture in (image, image.astype(np.float32) / 255):
            yield from _one_level(picture)
            yield from _laplacian(picture)
            yield from _blend(picture)
            yield from _template(picture)


def _largest(ours, theirs):
    return np.abs(np.asarray(ours, np.float64) - theirs).max()


def _largest_of_all(ours, theirs):
    return max(map(_largest, ours, theirs))


def _against_opencv(operator, image, ours, peer, difference=_largest):
    name = f"OpenCV {cv2.__version__}"
    return Case(f"{operator} {image.dtype}", size_of(image), name, ours, peer, difference)


def _against_skimage(operator, image, ours, peer, difference=None):
    name = f"scikit-image {skimage.__version__}"
    return Case(f"{operator} {image.dtype}", size_of(image), name, ours, peer, difference)


def _one_level(image):
    from classicvision import pyramid_expand, pyramid_reduce

    small, shape = pyramid_reduce(image), image.shape
    reduce, expand = timed(pyramid_reduce, image), timed(pyramid_expand, small, shape)
    yield _against_opencv("reduce", image, reduce, timed(cv2.pyrDown, image))
    yield _against_opencv("expand", image, expand, timed(cv2.pyrUp, small, dstsize=shape[::-1]))
    # scikit-image has other filters: a Gaussian, and interpolation by splines
    peer = timed(skimage.transform.pyramid_reduce, image)
    yield _against_skimage("reduce", image, reduce, peer)
    peer = timed(skimage.transform.pyramid_expand, small)
    yield _against_skimage("expand", image, expand, peer)


def _laplacian(image):
    from classicvision import laplacian_pyramid, reconstruct

    pyramid = laplacian_pyramid(image, _LEVELS)
    name = f"Laplacian pyramid of {_LEVELS} levels"
    ours = timed(laplacian_pyramid, image, _LEVELS)
    yield _against_opencv(name, image, ours, timed(_opencv_pyramid, image), _largest_of_all)
    ours, back = timed(reconstruct, pyramid), f"reconstruct {_LEVELS} levels"
    yield _against_opencv(back, image, ours, timed(_opencv_reconstruct, pyramid))


def _opencv_pyramid(image):
    depth = cv2.CV_16S if image.dtype == np.uint8 else cv2.CV_32F
    bands = []
    for _ in range(_LEVELS - 1):
        smaller = cv2.pyrDown(image)
        expanded = cv2.pyrUp(smaller, dstsize=image.shape[::-1])
        bands.append(cv2.subtract(image, expanded, dtype=depth))
        image = smaller
    return [*bands, image]


def _opencv_reconstruct(pyramid):
    image = pyramid[-1]
    depth = cv2.CV_8U if image.dtype == np.uint8 else cv2.CV_32F
    for band in pyramid[-2::-1]:
        expanded = cv2.pyrUp(image, dstsize=band.shape[::-1])
        image = cv2.add(expanded, band, dtype=depth)
    return image


def _blend(image):
    from classicvision import blend

    other = np.ascontiguousarray(image[::-1])
    mask = np.zeros(image.shape, np.float32)
    mask[:, : image.shape[1] // 2] = 1
    ours = timed(blend, image, other, mask, _LEVELS)
    peer = timed(_opencv_blend, image, other, mask)
    yield _against_opencv(f"blend {_LEVELS} levels", image, ours, peer)


def _opencv_blend(a, b, mask):
    """As in OpenCV's tutorial: two Laplacian pyramids, mixed level by level; in float32."""
    bands_a, bands_b = (_opencv_pyramid(image.astype(np.float32)) for image in (a, b))
    mixed = []
    for band_a, band_b in zip(bands_a, bands_b, strict=True):
        mixed.append(cv2.add(cv2.multiply(band_a, mask), cv2.multiply(band_b, 1 - mask)))
        mask = cv2.pyrDown(mask)
    result = _opencv_reconstruct(mixed)
    return np.rint(result).clip(0, 255).astype(np.uint8) if a.dtype == np.uint8 else result


def _template(image):
    from classicvision import match_template

    rows, columns = image.shape
    for side in _TEMPLATES:
        top, left = (rows - side) // 2, (columns - side) // 2
        template = image[top : top + side, left : left + side].copy()
        ours = timed(match_template, image, template)
        name = f"match_template {side}x{side}"
        peer = timed(cv2.matchTemplate, image, template, cv2.TM_CCOEFF_NORMED)
        yield _against_opencv(name, image, ours, peer)
        peer = timed(skimage.feature.match_template, image, template)
        yield _against_skimage(name, image, ours, peer, _largest)
