"""The median filter of several sizes, against OpenCV, SciPy and scikit-image."""

import cv2
import numpy as np
import scipy
import skimage
from scipy.ndimage import median_filter
from skimage.filters.rank import median as rank_median

from benchmarks.harness import Case, timed
from benchmarks.pictures import building, camera, size_of

_SIZES = [3, 5, 7, 9, 15, 31, 51]
_OPENCV_FLOAT_SIZES = (3, 5)  # OpenCV knows the others for uint8 only


def cases(quick):
    from classicvision.filters.rank import median

    cv2.setNumThreads(1)
    pictures = [camera()] if quick else [camera(), building(1920, 1080)]
    for image in pictures:
        for size in _SIZES[:3] if quick else _SIZES:
            for dtype in (np.uint8, np.float32):
                yield from _cases(median, image.astype(dtype), size)


def _cases(median, image, size):
    dtype = image.dtype.name
    ours = timed(median, image, size)
    common = {
        "operator": f"median {size}x{size} {dtype}",
        "size": size_of(image),
        "difference": lambda ours, theirs: np.abs(ours.astype(float) - theirs).max(),
    }
    if dtype == "uint8" or size in _OPENCV_FLOAT_SIZES:
        name = f"OpenCV {cv2.__version__}"
        yield Case(peer_name=name, ours=ours, peer=timed(cv2.medianBlur, image, size), **common)
    if image.size > 512 * 512 and size > 9:
        return  # SciPy's takes minutes
    name = f"SciPy {scipy.__version__}"
    peer = timed(median_filter, image, size, mode="nearest")
    yield Case(peer_name=name, ours=ours, peer=peer, **common)
    if dtype == "uint8":  # its windows end at the border: other medians there
        name = f"scikit-image {skimage.__version__}"
        peer = timed(rank_median, image, np.ones((size, size), np.uint8))
        yield Case(peer_name=name, ours=ours, peer=peer, **{**common, "difference": None})
