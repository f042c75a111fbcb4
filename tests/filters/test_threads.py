"""Several threads at once: kernels release the GIL, and each call has its own scratch memory."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import classicvision as cv

_KERNEL = np.arange(35).reshape(5, 7) / 128
_LARGE_KERNEL = np.random.default_rng(1).normal(size=(40, 40))

FILTERS = {
    "correlate": lambda image: cv.correlate(image, _KERNEL),
    "correlate by Fourier transforms": lambda image: cv.correlate(image, _LARGE_KERNEL),
    "convolve": lambda image: cv.convolve(image, np.ones((9, 9)) / 81),
    "convolve_separable": lambda image: cv.convolve_separable(image, _KERNEL[:, 0], _KERNEL[1]),
    "box_filter": lambda image: cv.box_filter(image, (9, 4)),
    "gaussian": lambda image: cv.gaussian(image, 2.5),
    "derivative of gaussian": lambda image: cv.gaussian(image, 2, order=(1, 1)),
    "sharpen": lambda image: cv.sharpen(image, 1, 1),
    "gradient": lambda image: cv.gradient(image, size=5),
    "gradient_magnitude": lambda image: cv.gradient_magnitude(*cv.gradient(image)),
    "gradient_orientation": lambda image: cv.gradient_orientation(*cv.gradient(image)),
    "laplacian": cv.laplacian,
    "laplacian, size 5": lambda image: cv.laplacian(image, size=5),
    "laplacian_of_gaussian": lambda image: cv.laplacian_of_gaussian(image, 2),
    "difference_of_gaussians": lambda image: cv.difference_of_gaussians(image, 1),
    "integral_image": cv.integral_image,
    "tilted_integral_image": cv.tilted_integral_image,
}


@pytest.mark.parametrize("name", FILTERS)
def test_two_threads_give_the_same_results(name, photographs):
    apply = FILTERS[name]
    images = [photographs["camera"], photographs["camera"].T, photographs["chelsea"] / 255] * 4
    wanted = [apply(image) for image in images]
    with ThreadPoolExecutor(2) as pool:
        for result, alone in zip(pool.map(apply, images), wanted, strict=True):
            np.testing.assert_array_equal(result, alone)
