"""Laplacians: by hand, against masks, and against OpenCV, SciPy and scikit-image."""

import numpy as np
import pytest
import scipy.ndimage
import skimage.filters
from hypothesis import given
from hypothesis import strategies as st

import classicvision as cv
from tests.layouts import LAYOUTS, lay_out
from tests.naive import laplacian as naive

MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]
SIZES = [1, 3, 5, 7]
SHAPES = [(1, 1), (1, 7), (6, 1), (2, 2), (9, 11)]


@pytest.mark.lane
@pytest.mark.parametrize(("size", "response"), [(1, 1), (3, 4), (5, 64), (7, 1024)])
def test_response_to_a_parabola(size, response):
    y, x = np.mgrid[:9, :9].astype(float)
    for image, wanted in ((x**2 / 2, 1), (y**2 / 2, 1), (x**2 - y**2, 0), (3 * x - y, 0)):
        assert cv.laplacian(image, size=size)[4, 4] == wanted * response


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", SIZES)
def test_equals_masks(size, mode, rng):
    for shape in SHAPES:
        image = rng.integers(0, 256, shape, np.uint8)
        result = cv.laplacian(image, size=size, mode=mode)
        np.testing.assert_array_equal(result, naive.laplacian(image, size, mode))


@pytest.mark.lane
@pytest.mark.parametrize(
    "dtype", [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64, ">u2", ">f8"]
)
def test_dtypes(dtype, rng):
    image = rng.integers(0, 100, (6, 7)).astype(dtype)
    wide = np.float64 if np.dtype(dtype).itemsize == 8 else np.float32
    for result, wanted, tolerance in (
        (cv.laplacian(image), naive.laplacian(image), 0),
        (cv.laplacian_of_gaussian(image, 1), naive.laplacian_of_gaussian(image, 1, 1), 1e-4),
        (cv.difference_of_gaussians(image, 1, 2), naive.difference_of_gaussians(image, 1, 2), 1e-4),
    ):
        assert result.dtype == wide
        np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.int16, "int32", np.float32, np.float64, ">i2", ">f4"])
def test_asked_dtype(dtype, rng):
    image = rng.integers(0, 256, (6, 7), np.uint8)
    result = cv.laplacian(image, dtype=dtype)
    assert result.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(result, naive.laplacian(image))


@pytest.mark.lane
def test_float64_is_rounded_at_the_end_only(rng):
    image = 1e6 + rng.random((6, 7))
    for size in (1, 3, 5):
        result = cv.laplacian(image, size=size, dtype=np.float32)
        assert result.dtype == np.float32
        wanted = naive.laplacian(image, size)
        np.testing.assert_allclose(result, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.lane
def test_narrow_results_saturate():
    image = np.array([[0, 65535, 0]], np.uint16)
    assert cv.laplacian(image, dtype="int16").tolist() == [[32767, -32768, 32767]]
    extreme = 255 * (naive.mask(7) > 0).astype(np.uint8)
    assert cv.laplacian(extreme, size=7, dtype="int16")[3, 3] == 32767
    assert cv.laplacian(extreme, size=7, dtype="int32")[3, 3] > 32767


@pytest.mark.lane
def test_uint8_never_saturates_up_to_size_5():
    for size in (1, 3, 5):
        mask = naive.mask(size)
        for sign in (1, -1):
            image = 255 * (sign * mask > 0).astype(np.uint8)
            wanted = 255 * mask[sign * mask > 0].sum()
            centre = len(mask) // 2
            assert cv.laplacian(image, size=size, dtype="int16")[centre, centre] == wanted


@pytest.mark.lane
def test_color_is_filtered_per_channel(rng):
    image = rng.integers(0, 256, (5, 6, 3), np.uint8)
    for function in (
        lambda image: cv.laplacian(image, size=5, mode="wrap"),
        lambda image: cv.laplacian(image, mode="constant"),
        lambda image: cv.laplacian_of_gaussian(image, (1, 2)),
        lambda image: cv.difference_of_gaussians(image, 1),
    ):
        result = function(image)
        for k in range(3):
            np.testing.assert_allclose(result[..., k], function(image[..., k]), atol=1e-4)


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
)
def test_any_layout(shape, seed, kind):
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    for function in (
        cv.laplacian,
        lambda image: cv.laplacian_of_gaussian(image, 1),
        lambda image: cv.difference_of_gaussians(image, 1),
    ):
        np.testing.assert_array_equal(function(laid_out), function(image))
    np.testing.assert_array_equal(laid_out, before)


def _check_opencv(image):
    import cv2

    for size in SIZES:
        for dtype, depth in (("int16", cv2.CV_16S), ("float32", cv2.CV_32F)):
            wanted = cv2.Laplacian(image, depth, ksize=size)
            np.testing.assert_array_equal(cv.laplacian(image, size=size, dtype=dtype), wanted)


def test_equals_opencv(photographs):
    for image in photographs.values():
        _check_opencv(image)


def test_data_pictures_equal_opencv_scipy_and_skimage(data_folder):
    """OpenCV exactly; the Gaussians, computed in float32, to 1e-6 of the range of 255."""
    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        image = cv.read_image(path, gray=True)
        _check_opencv(image)
        exact = image.astype(np.float32)
        result = cv.laplacian_of_gaussian(image, 1.5)
        wanted = scipy.ndimage.gaussian_laplace(exact, 1.5, mode="mirror")
        np.testing.assert_allclose(result, wanted, rtol=0, atol=255e-6, err_msg=path.name)
        result = cv.difference_of_gaussians(image, 1, mode="nearest")
        wanted = skimage.filters.difference_of_gaussians(exact, 1)
        np.testing.assert_allclose(result, wanted, rtol=0, atol=255e-6, err_msg=path.name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", SIZES)
def test_floats_equal_opencv_up_to_rounding(size, dtype, photographs):
    """Each product and sum is rounded: a few units of the sum of the absolute weights."""
    import cv2

    image = (photographs["camera"] / 255).astype(dtype)
    wanted = cv2.Laplacian(image, {4: cv2.CV_32F, 8: cv2.CV_64F}[image.itemsize], ksize=size)
    tolerance = 4 * np.finfo(dtype).eps * abs(naive.mask(size)).sum()
    np.testing.assert_allclose(cv.laplacian(image, size=size), wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("mode", MODES)
def test_equals_scipy(mode, rng):
    """float64 to rounding; float32, for which SciPy computes in float64, to 1e-5 of the range."""
    for shape in [*SHAPES, (64, 37)]:
        for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 1e-5)):
            image = rng.random(shape).astype(dtype)
            np.testing.assert_allclose(
                cv.laplacian(image, mode=mode),
                scipy.ndimage.laplace(image, mode=mode),
                rtol=0,
                atol=tolerance,
            )
            for sigma in (0.7, 3, (1, 2.5)):
                wanted = scipy.ndimage.gaussian_laplace(
                    image, np.broadcast_to(sigma, 2)[::-1], mode=mode
                )
                result = cv.laplacian_of_gaussian(image, sigma, mode=mode)
                np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance)


def test_equals_skimage(rng, photographs):
    for image in (rng.random((9, 11)), photographs["coffee"] / 255):
        for high in (None, 3):
            result = cv.difference_of_gaussians(image, 1.5, high, mode="nearest")
            axis = -1 if image.ndim == 3 else None
            wanted = skimage.filters.difference_of_gaussians(image, 1.5, high, channel_axis=axis)
            np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-13)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
def test_gaussians_equal_masks(mode, rng):
    for shape in [(1, 1), (5, 4)]:
        image = rng.random(shape)
        for sigma_x, sigma_y in ((1, 1), (2, 0.5)):
            for zero_sum in (False, True):
                options = {"truncate": 2, "zero_sum": zero_sum, "mode": mode}
                result = cv.laplacian_of_gaussian(image, (sigma_x, sigma_y), **options)
                wanted = naive.laplacian_of_gaussian(image, sigma_x, sigma_y, **options)
                np.testing.assert_allclose(result, wanted, atol=1e-12)
        result = cv.difference_of_gaussians(image, 1, truncate=2, mode=mode)
        np.testing.assert_allclose(
            result, naive.difference_of_gaussians(image, 1, 1.6, 2, mode), atol=1e-12
        )


@pytest.mark.lane
def test_flat_images_give_0_if_the_weights_sum_to_0():
    flat = np.full((9, 9), 200.0)
    assert -200 * 0.0022 / 4 < cv.laplacian_of_gaussian(flat, 2)[4, 4] < -0.01
    for sigma in (0.4, 2, (1, 3)):
        np.testing.assert_allclose(
            cv.laplacian_of_gaussian(flat, sigma, zero_sum=True), 0, atol=1e-12
        )


@pytest.mark.lane
def test_answers_as_documented():
    flat = np.ones((9, 9))
    for sigma, wanted in ((0.3, -20.3), (0.5, -1.12)):
        assert cv.laplacian_of_gaussian(flat, sigma)[4, 4] == pytest.approx(wanted, rel=0.01)
    y, x = np.mgrid[-20:21, -20:21].astype(float)
    bowl = (x**2 + y**2) / 4
    for sigma in (0.75, 1, 4):
        response = cv.laplacian_of_gaussian(bowl, sigma, zero_sum=True)[20, 20]
        assert response == pytest.approx(1, rel=0.01)


@pytest.mark.lane
def test_low_may_be_0_beside_a_high():
    image = np.arange(12.0).reshape(3, 4) ** 2
    difference = cv.difference_of_gaussians(image, 0, 1)
    np.testing.assert_allclose(difference, image - cv.gaussian(image, 1, truncate=4))


@pytest.mark.lane
def test_spot():
    """A Gaussian spot of width s becomes one of width sqrt(s^2 + sigma^2): analytically."""
    y, x = np.mgrid[-20:21, -20:21]
    spot = np.exp(-(x**2 + y**2) / (2 * 4**2))
    result = cv.laplacian_of_gaussian(spot, 3, truncate=6)
    assert result[20, 20] == pytest.approx(-2 / 25 * 16 / 25, rel=1e-3)
    radius = np.hypot(x, y)
    assert (result[radius < 6.9] < 0).all()  # it crosses zero at sqrt(2) * 5 = 7.07
    assert (result[(radius > 7.3) & (radius < 12)] > 0).all()


@pytest.mark.lane
def test_difference_comes_close_to_the_laplacian():
    y, x = np.mgrid[-12:13, -12:13]
    spot = np.exp(-(x**2 + y**2) / (2 * 3**2))
    difference = cv.difference_of_gaussians(spot, 2, 2.1)
    laplacian = cv.laplacian_of_gaussian(spot, 2.05)
    wanted = -(2.1**2 - 2**2) / 2 * laplacian
    np.testing.assert_allclose(difference[5:-5, 5:-5], wanted[5:-5, 5:-5], atol=1e-4)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda image: cv.laplacian(image, size=2),
            ValueError,
            "size must be one of 1, 3, 5, 7, got 2",
        ),
        (
            lambda image: cv.laplacian(image, dtype=np.uint8),
            ValueError,
            "dtype must be one of 'int16', 'int32', 'float32', 'float64', got 'uint8'",
        ),
        (
            lambda image: cv.laplacian(image / 2.0, dtype=np.int16),
            ValueError,
            "dtype must be float32 or float64 for a float64 image, got int16; "
            "convert the result with .astype()",
        ),
        (
            lambda image: cv.laplacian_of_gaussian(image, 0),
            ValueError,
            "sigma must be at least 0.3, got 0.0",
        ),
        (
            lambda image: cv.laplacian_of_gaussian(image, (1, 1e-200)),
            ValueError,
            "sigma must be at least 0.3, got 1e-200",
        ),
        (
            lambda image: cv.laplacian_of_gaussian(image, "1"),
            TypeError,
            "sigma must be a number or a pair (x, y), got '1'",
        ),
        (
            lambda image: cv.difference_of_gaussians(image, 2, 1),
            ValueError,
            "high must not be below low, got (1.0, 1.0) and (2.0, 2.0)",
        ),
        (
            lambda image: cv.difference_of_gaussians(image, -1),
            ValueError,
            "low must be at least 0, got -1.0",
        ),
        (
            lambda image: cv.difference_of_gaussians(image, 9000),
            ValueError,
            "low must be at most 6250 where high is None, got 9000; pass high=...",
        ),
        (
            lambda image: cv.difference_of_gaussians(image, (0, 1)),
            ValueError,
            "low must be above 0 where high is None, got 0; pass high=...",
        ),
        (
            lambda image: cv.difference_of_gaussians(image, 1, 10_001),
            ValueError,
            "high must be at most 10000, got 10001.0",
        ),
    ],
)
def test_wrong_options(call, error, message):
    with pytest.raises(error) as raised:
        call(np.zeros((3, 3), np.uint8))
    assert str(raised.value) == message
