"""The bilateral filter and non-local means, against OpenCV and scikit-image."""

import cv2
import numpy as np
import skimage
from skimage.restoration import denoise_bilateral, denoise_nl_means

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of

_SIZE, _SIGMA_COLOR, _SIGMA_SPACE = 9, 30, 3  # of the bilateral filter, in levels and pixels
_STRENGTH, _PATCH, _SEARCH = 10, 7, 21  # of non-local means


def cases(quick):
    cv2.setNumThreads(1)
    for image in [camera()] if quick else [camera(), building(1920, 1080)]:
        for picture in (image, image.astype(np.float32) / 255):
            yield from _bilateral(picture)
            yield from _non_local_means(picture)


def _bilateral(image):
    from classicvision import bilateral

    sigma_color = _SIGMA_COLOR if image.dtype == np.uint8 else _SIGMA_COLOR / 255
    common = {
        "operator": f"bilateral {_SIZE}x{_SIZE} {image.dtype}",
        "size": size_of(image),
        "ours": timed(bilateral, image, sigma_color, _SIGMA_SPACE, size=_SIZE),
    }
    yield Case(
        peer_name=f"OpenCV {cv2.__version__}",
        peer=timed(cv2.bilateralFilter, image, _SIZE, sigma_color, _SIGMA_SPACE),
        difference=_largest,
        **common,
    )
    if image.size <= 512 * 512:  # it takes half a minute for the large one
        peer = timed(
            denoise_bilateral,
            image,
            win_size=_SIZE,
            sigma_color=_SIGMA_COLOR / 255,
            sigma_spatial=_SIGMA_SPACE,
        )
        yield Case(peer_name=f"scikit-image {skimage.__version__}", peer=peer, **common)


def _non_local_means(image):
    from classicvision import non_local_means

    strength = _STRENGTH if image.dtype == np.uint8 else _STRENGTH / 255
    options = {"patch_size": _PATCH, "search_size": _SEARCH}
    common = {
        "operator": f"non-local means {_PATCH}, {_SEARCH} {image.dtype}",
        "size": size_of(image),
        "ours": timed(non_local_means, image, strength, **options),
    }
    if image.dtype == np.uint8:  # OpenCV knows no floats here
        yield Case(
            peer_name=f"OpenCV {cv2.__version__}",
            peer=timed(cv2.fastNlMeansDenoising, image, None, strength, _PATCH, _SEARCH),
            difference=_largest,
            **common,
        )
    if image.size <= 512 * 512:
        peer = timed(
            denoise_nl_means,
            image,
            patch_size=_PATCH,
            patch_distance=_SEARCH // 2,
            h=strength,
            preserve_range=True,
        )
        yield Case(peer_name=f"scikit-image {skimage.__version__}", peer=peer, **common)


def _largest(ours, theirs):
    return np.abs(ours.astype(np.float64) - theirs).max()
