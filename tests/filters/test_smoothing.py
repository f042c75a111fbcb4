"""The Gaussian: by hand, against a mask moved pixel by pixel, OpenCV and SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters.smoothing import gaussian
from tests.layouts import LAYOUTS, lay_out
from tests.naive import smoothing as naive

MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]


@pytest.mark.lane
def test_impulse_gives_the_weights():
    image = np.zeros((1, 9), np.float64)
    image[0, 4] = 1
    weights = np.exp(-(np.arange(-4, 5) ** 2) / 2)
    result = gaussian(image, (1, 0), mode="nearest")
    np.testing.assert_allclose(result[0], weights / weights.sum(), rtol=1e-14)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("truncate", [None, 3.0])
def test_constant_stays_constant(dtype, truncate):
    image = np.full((5, 6), np.array(1).astype(dtype) if dtype is bool else 77, dtype)
    result = gaussian(image, 1.3, truncate=truncate)
    assert result.dtype == dtype
    np.testing.assert_allclose(result.astype(float), image.astype(float), rtol=1e-6)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sigma", [0.4, 1, 2.5])
def test_uint8_equals_mask_of_whole_weights(sigma, mode, rng):
    for shape in [(1, 1), (1, 6), (5, 1), (2, 3), (9, 8)]:
        image = rng.integers(0, 256, shape, np.uint8)
        wanted = naive.gaussian_uint8(image, sigma, mode)
        np.testing.assert_array_equal(gaussian(image, sigma, mode=mode), wanted)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("sigma_x", "sigma_y"), [(1, 1), (0.5, 1.7), (0, 2), (2, 0), (0, 0)])
def test_floats_equal_mask(sigma_x, sigma_y, mode, rng):
    image = rng.normal(size=(9, 8))
    radius_x, radius_y = int(2 * sigma_x + 0.5), int(2 * sigma_y + 0.5)
    wanted = naive.gaussian(image, sigma_x, sigma_y, radius_x, radius_y, mode)
    result = gaussian(image, (sigma_x, sigma_y), truncate=2, mode=mode)
    np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_integers_are_rounded(dtype, rng):
    image = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (8, 9)).astype(dtype)
    wanted = np.rint(naive.gaussian(image, 1, 1, 4, 4))
    result = gaussian(image, 1, truncate=4)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, wanted)


@pytest.mark.lane
def test_extremes_do_not_wrap_around():
    for dtype in (np.uint8, np.uint16, np.int16):
        limits = np.iinfo(dtype)
        for value in (limits.min, limits.max):
            image = np.full((6, 7), value, dtype)
            for sigma in (0.1, 0.3, 1, 6):
                np.testing.assert_array_equal(gaussian(image, sigma), image)


def test_constant_border_takes_no_memory_of_the_kernels_size():
    image = np.full((3, 4), 200, np.uint8)
    assert not gaussian(image, 10_000, mode="constant").any()
    assert (gaussian(image, 10_000, mode="nearest") == 200).all()


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_of_the_largest_floats_do_not_overflow(dtype):
    largest = np.finfo(dtype).max
    for sigma in (0.3, 1, 2.5):
        for value in (largest, -largest):
            flat = np.full((5, 7), value, dtype)
            np.testing.assert_allclose(gaussian(flat, sigma), flat, rtol=1e-6)
        spot = np.zeros((5, 7), dtype)
        spot[2, 3:5] = 1
        smooth = gaussian(spot, sigma)
        np.testing.assert_allclose(gaussian(largest * spot, sigma) / largest, smooth, rtol=1e-6)


@pytest.mark.lane
def test_color_is_smoothed_per_channel(rng):
    image = rng.integers(0, 256, (5, 6, 3), np.uint8)
    for mode in MODES:
        result = gaussian(image, 1.5, mode=mode)
        for k in range(3):
            np.testing.assert_array_equal(result[..., k], gaussian(image[..., k], 1.5, mode=mode))


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 10), st.integers(1, 10)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_layout(shape, seed, kind, dtype):
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    np.testing.assert_array_equal(gaussian(laid_out, 0.8), gaussian(image, 0.8))
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_identical_to_opencv(photographs, dtype):
    import cv2

    for image in photographs.values():
        image = image.astype(dtype) * dtype(257 if dtype == np.uint16 else 1)
        for sigma in (0.3, 1, 1.4, 3.7, 12):
            wanted = cv2.GaussianBlur(image, (0, 0), sigma)
            np.testing.assert_array_equal(gaussian(image, sigma), wanted)


def test_uint8_of_the_sample_pictures_identical_to_opencv(data_folder):
    import cv2

    for path in sorted((data_folder / "opencv_samples").rglob("*")):
        image = cv2.imread(str(path))
        if image is not None:
            for sigma in (0.8, 2, 5):
                wanted = cv2.GaussianBlur(image, (0, 0), sigma)
                np.testing.assert_array_equal(gaussian(image, sigma), wanted)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_random_images_equal_opencv(dtype, rng):
    import cv2

    modes = {
        "mirror": cv2.BORDER_REFLECT_101,
        "reflect": cv2.BORDER_REFLECT,
        "nearest": cv2.BORDER_REPLICATE,
        "constant": cv2.BORDER_CONSTANT,
    }
    for shape in [(1, 1), (1, 9), (7, 2), (16, 33), (64, 64)]:
        for channels in ((), (3,)):
            image = rng.random(shape + channels)
            if np.dtype(dtype).kind == "u":
                image = image * np.iinfo(dtype).max
            image = image.astype(dtype)
            for sigma in (0.5, 1, 2.3, 6):
                for mode, border in modes.items():
                    wanted = cv2.GaussianBlur(image, (0, 0), sigma, borderType=border)
                    # whole sums are identical; float32 sums end in the last bits
                    tolerance = 1e-6 if image.dtype.kind == "f" else 0
                    result = gaussian(image, sigma, mode=mode)
                    np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance)


def test_weights_identical_to_opencv_for_many_sigmas(rng):
    import cv2

    image = rng.integers(0, 256, (1, 50), np.uint8)
    for sigma in np.arange(1, 1500) / 50:
        wanted = cv2.GaussianBlur(image, (0, 0), sigma)
        np.testing.assert_array_equal(gaussian(image, sigma), wanted)


def test_two_sigmas_are_x_and_y_as_in_opencv(photographs):
    import cv2

    wanted = cv2.GaussianBlur(photographs["camera"], (0, 0), 4, sigmaY=1.5)
    np.testing.assert_array_equal(gaussian(photographs["camera"], (4, 1.5)), wanted)


@pytest.mark.parametrize("sigma", [0.5, 1, 4])
def test_floats_equal_opencv(photographs, sigma):
    import cv2

    image = (photographs["astronaut"] / 255).astype(np.float32)
    wanted = cv2.GaussianBlur(image, (0, 0), sigma)
    np.testing.assert_allclose(gaussian(image, sigma), wanted, rtol=0, atol=1e-6)
    signed = photographs["camera"].astype(np.int16) * 100 - 12000
    wanted = cv2.GaussianBlur(signed, (0, 0), sigma)
    # OpenCV sums int16 images in float32; ours, in float64, may round the other way
    np.testing.assert_allclose(gaussian(signed, sigma), wanted, atol=1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_scipy(mode, dtype, rng):
    from scipy.ndimage import gaussian_filter

    for shape in [(1, 1), (3, 40), (31, 29)]:
        image = rng.random(shape).astype(dtype)
        for sigma, truncate in [(0.7, 4), (3, 4), (9, 2.5)]:
            wanted = gaussian_filter(image, sigma, truncate=truncate, mode=mode)
            result = gaussian(image, sigma, truncate=truncate, mode=mode)
            # float32 sums of up to 73 terms in our case, float64 sums in SciPy's
            tolerance = 1e-5 if dtype == np.float32 else 1e-12
            np.testing.assert_allclose(result, wanted, rtol=tolerance)


# Derivatives


@pytest.mark.lane
def test_derivatives_of_polynomials():
    y, x = np.mgrid[:41, :51].astype(np.float64)
    image = 3 * x + 0.5 * y * y - x * y
    inside = np.s_[20, 20:30]  # where no weight touches the border
    wanted = {(1, 0): 3 - y, (0, 1): y - x, (0, 2): np.ones_like(x), (1, 1): -np.ones_like(x)}
    for order, derivative in wanted.items():
        # the weights beyond 4 sigma, which are left out by default, make a difference of 1e-3
        result = gaussian(image, 2, order=order, truncate=8)
        np.testing.assert_allclose(result[inside], derivative[inside], atol=1e-6)


@pytest.mark.lane
def test_slopes_of_narrow_gaussians():
    x = np.tile(np.arange(-10.0, 11), (3, 1))
    for sigma, slope in ((0.3, 0.09), (0.4, 0.51), (0.5, 0.86), (0.6, 0.977)):
        assert gaussian(x, (sigma, 0), order=(1, 0))[1, 10] == pytest.approx(slope, abs=0.005)
    for sigma in (0.65, 0.8, 1, 2):
        assert gaussian(x, (sigma, 0), order=(1, 0))[1, 10] == pytest.approx(1, rel=0.01)
    for sigma in (0.75, 1, 2):
        assert gaussian(x**2 / 2, (sigma, 0), order=(2, 0))[1, 10] == pytest.approx(1, rel=0.01)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_tiny_sigmas_leave_the_image_as_it_is(dtype):
    image = np.arange(12).reshape(3, 4).astype(dtype)
    for sigma in (5e-324, 1e-200, 1e-3, 0.02):
        for truncate in (None, 100):
            np.testing.assert_array_equal(gaussian(image, sigma, truncate=truncate), image)


def test_weights_that_callers_share_cannot_be_written_to():
    from classicvision.filters.smoothing import _half_weights

    assert not _half_weights(1.0, 3, None).flags.writeable


@pytest.mark.parametrize("mode", MODES)
def test_derivatives_equal_scipys(mode, rng):
    from scipy.ndimage import gaussian_filter

    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5), (np.uint8, 1e-3)):
        for shape in [(1, 1), (2, 9), (31, 29)]:
            image = (rng.random(shape) * (200 if dtype == np.uint8 else 1)).astype(dtype)
            for order in [(1, 0), (0, 1), (2, 0), (1, 1), (3, 2)]:
                wanted = gaussian_filter(
                    image.astype(np.float64), 1.5, order=order[::-1], truncate=4, mode=mode
                )
                result = gaussian(image, 1.5, order=order, truncate=4, mode=mode)
                assert result.dtype == (np.float64 if dtype == np.float64 else np.float32)
                np.testing.assert_allclose(result, wanted, atol=tolerance)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"sigma": 1, "order": 1.5},
            TypeError,
            "order must be an integer or a pair (x, y), got 1.5",
        ),
        ({"sigma": 1, "order": (1, -1)}, ValueError, "order must be at least 0, got -1"),
        (
            {"sigma": (0, 1), "order": (1, 0)},
            ValueError,
            "sigma must be at least 0.3 along an axis of order 1, got 0; "
            "classicvision.gradient takes plain differences",
        ),
        (
            {"sigma": 1e-200, "order": 2},
            ValueError,
            "sigma must be at least 0.3 along an axis of order 2, got 1e-200; "
            "classicvision.gradient takes plain differences",
        ),
        ({"sigma": -1}, ValueError, "sigma must be at least 0, got -1.0"),
        ({"sigma": "1"}, TypeError, "sigma must be a number or a pair (x, y), got '1'"),
        ({"sigma": (1, 2, 3)}, TypeError, "sigma must be a number or a pair (x, y), got (1, 2, 3)"),
        ({"sigma": float("nan")}, ValueError, "sigma must be a number, got nan"),
        ({"sigma": 1, "truncate": -1}, ValueError, "truncate must be at least 0, got -1.0"),
        ({"sigma": np.inf}, ValueError, "sigma must be at most 10000, got inf"),
        ({"sigma": (1, 1e9)}, ValueError, "sigma must be at most 10000, got 1000000000.0"),
        ({"sigma": 1, "truncate": np.inf}, ValueError, "truncate must be at most 100, got inf"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as raised:
        gaussian(np.zeros((3, 3), np.uint8), **options)
    assert str(raised.value) == message


@pytest.mark.lane
def test_nan_is_refused():
    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
        gaussian(np.full((3, 3), np.nan), 1)
