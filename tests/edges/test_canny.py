"""Canny's detector: by hand, against a detector written pixel by pixel, and against OpenCV."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.edges.canny import CannySteps, canny
from classicvision.filters.smoothing import gaussian
from classicvision.images import luminance, read_image
from tests.layouts import LAYOUTS, lay_out
from tests.naive import canny as naive

SCALE = {3: 1, 5: 12, 7: 160}  # how much larger each Sobel operator's responses are


@pytest.fixture
def opencv_canny():
    """``cv2.Canny`` in OpenCV's own integers: Intel's library, in its x86 builds, splits ties."""
    import cv2

    used = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    yield cv2.Canny
    cv2.ipp.setUseIPP(used)


def textures(rng, shape):
    """Noise, smooth noise, steps and plateaus: each reaches other branches."""
    noise = rng.integers(0, 256, shape, np.uint8)
    yield noise
    yield gaussian(noise, 1.5)
    yield (noise > 128).astype(np.uint8) * 255
    yield noise // 64 * 64


@pytest.mark.lane
def test_step_edge():
    image = np.zeros((6, 8), np.uint8)
    image[:, 4:] = 50
    edges = canny(image, 100, 199)
    assert edges.dtype == bool
    assert edges.astype(int).tolist() == [[0, 0, 0, 1, 0, 0, 0, 0]] * 6
    assert not canny(image, 100, 200).any()  # its magnitude, 4 * 50, does not exceed 200
    assert (canny(image.T, 100, 199) == edges.T).all()


@pytest.mark.lane
def test_hysteresis_keeps_what_touches_a_strong_edge():
    height = np.array([10, 10, 10, 11, 12, 13, 14, 15, 16, 17], np.uint8)
    image = np.zeros((10, 20), np.uint8)
    image[:, 10:] = height[:, None]
    edges = canny(image, 30, 60)
    assert edges[:, 9:11].any(axis=1).all()  # the weak upper part hangs on the strong lower end
    assert edges[:, 9:11].sum() == edges.sum() == 10
    assert not canny(image, 30, 80).any()


@pytest.mark.lane
def test_flat_image_has_no_edges():
    for value in (0, 255):
        for low in (-1, 0, 10):
            assert not canny(np.full((5, 7), value, np.uint8), low, 20).any()


@pytest.mark.lane
@pytest.mark.parametrize("aperture", [3, 5, 7])
@pytest.mark.parametrize("l2_gradient", [False, True])
def test_equals_pixel_by_pixel(aperture, l2_gradient, rng):
    options = {"aperture": aperture, "l2_gradient": l2_gradient}
    for shape in [(1, 1), (1, 9), (9, 1), (2, 2), (3, 17), (14, 15)]:
        for image in textures(rng, shape):
            low, high = rng.uniform(0, 500, 2) * SCALE[aperture]
            wanted = naive.canny(image, low, high, **options)
            np.testing.assert_array_equal(canny(image, low, high, **options), wanted)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [bool, np.uint16, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("l2_gradient", [False, True])
def test_other_dtypes_equal_pixel_by_pixel(dtype, l2_gradient, rng):
    image = rng.integers(0, 2 if dtype is bool else 200, (13, 14)).astype(dtype)
    for aperture in (3, 7):
        low, high = np.array([0.7, 2.1]) * image.max() * SCALE[aperture]
        options = {"aperture": aperture, "l2_gradient": l2_gradient}
        as_number = image.view(np.uint8) if dtype is bool else image
        wanted = naive.canny(as_number, low, high, **options)
        np.testing.assert_array_equal(canny(image, low, high, **options), wanted)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("l2_gradient", [False, True])
def test_interpolated_equals_pixel_by_pixel(dtype, l2_gradient, rng):
    number = np.float32 if dtype in (bool, np.uint8, np.float32) else np.float64
    for shape in [(1, 1), (1, 9), (9, 1), (2, 2), (14, 15)]:
        image = rng.integers(0, 2 if dtype is bool else 100, shape).astype(dtype)
        as_number = image.view(np.uint8) if dtype is bool else image
        for aperture in (3, 7):
            low, high = np.array([0.5, 1.5]) * np.ptp(as_number) * SCALE[aperture]
            options = {"aperture": aperture, "l2_gradient": l2_gradient, "interpolate": True}
            wanted = naive.canny(as_number, low, high, **options, number=number)
            np.testing.assert_array_equal(canny(image, low, high, **options), wanted)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("l2_gradient", [False, True])
@pytest.mark.parametrize("interpolate", [False, True])
def test_ridges_of_any_floats_equal_pixel_by_pixel(dtype, l2_gradient, interpolate, rng):
    image = (rng.standard_normal((14, 15)) * 1e-3).astype(dtype)
    options = {"l2_gradient": l2_gradient, "interpolate": interpolate}
    steps = canny(image, 1e-3, 2e-3, return_steps=True, **options)
    gx, gy = steps.gx.astype(dtype), steps.gy.astype(dtype)
    measure = steps.magnitude.astype(dtype)
    if l2_gradient and not interpolate:
        measure = gx * gx + gy * gy
    find = naive.is_interpolated_ridge if interpolate else naive.is_ridge
    np.testing.assert_array_equal(steps.suppressed > 0, find(measure, gx, gy))


@pytest.mark.lane
@pytest.mark.parametrize("scale", [1e-30, 1e-18, 1e18, 1e30])
@pytest.mark.parametrize("interpolate", [False, True])
def test_float32_of_any_size(scale, interpolate, rng):
    image = np.ldexp(rng.integers(0, 9, (9, 10)), 1).astype(np.float32)
    scale = np.float32(2.0 ** np.round(np.log2(scale)))
    options = {"l2_gradient": True, "interpolate": interpolate}
    wanted = canny(image.astype(np.float64), 20, 50, **options)
    assert wanted.any()
    found = canny(image * scale, 20 * float(scale), 50 * float(scale), **options)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.lane
@pytest.mark.parametrize("aperture", [3, 5, 7])
@pytest.mark.parametrize("l2_gradient", [False, True])
@pytest.mark.parametrize("interpolate", [False, True])
def test_quantiles_equal_sorted_magnitudes(aperture, l2_gradient, interpolate, rng):
    options = {"aperture": aperture, "l2_gradient": l2_gradient, "interpolate": interpolate}
    number = np.float32 if interpolate else np.float64
    for image in textures(rng, (13, 14)):
        for low, high in [(0, 1), (0.5, 0.8), (0.9, 0.2), (0.61, 0.61)]:
            found = canny(image, low, high, quantiles=True, **options)
            wanted = naive.canny(image, low, high, quantiles=True, number=number, **options)
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("l2_gradient", [False, True])
def test_quantiles_are_numpys(dtype, l2_gradient, rng):
    for shape in [(1, 1), (3, 4), (17, 16)]:
        image = rng.integers(-50 if dtype is np.int16 else 0, 255, shape).astype(dtype)
        for low, high in [(0, 0.3), (0.55, 0.9), (1, 1)]:
            options = {"quantiles": True, "l2_gradient": l2_gradient, "return_steps": True}
            steps = canny(image, low, high, **options)
            wanted = np.quantile(steps.magnitude, [low, high], method="lower")
            assert [steps.low, steps.high] == wanted.tolist()
            if not l2_gradient:
                options = {"l2_gradient": l2_gradient}
                again = canny(image, steps.low, steps.high, **options)
                np.testing.assert_array_equal(again, steps.edges)


@pytest.mark.lane
def test_quantiles_do_not_depend_on_contrast(rng):
    image = gaussian(rng.random((30, 31)), 2)
    edges = canny(image, 0.6, 0.9, quantiles=True)
    assert 0 < edges.sum() < 0.4 * edges.size
    np.testing.assert_array_equal(canny(1024 * image, 0.6, 0.9, quantiles=True), edges)


@pytest.mark.lane
@pytest.mark.parametrize("interpolate", [False, True])
def test_lines_at_any_angle_stay_whole(interpolate):
    y, x = np.mgrid[:40, :40] - 19.5
    for angle in np.linspace(0, np.pi, 24, endpoint=False):
        across = x * np.cos(angle) + y * np.sin(angle)
        image = 200 / (1 + np.exp(-2 * across))
        found = canny(image, 50, 100, l2_gradient=True, interpolate=interpolate)
        assert (np.abs(across[found]) <= 1).all()
        length = 40 / max(abs(np.cos(angle)), abs(np.sin(angle)))  # of the line in the image
        assert 40 <= found.sum() <= 1.6 * length  # at 45 degrees it goes in steps


@pytest.mark.lane
def test_float_thresholds_are_in_the_images_units():
    image = np.zeros((6, 8), np.float32)
    image[:, 4:] = 0.25
    assert canny(image, 0.5, 0.99).sum() == 6
    assert not canny(image, 0.5, 1.0).any()


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, np.float64])
def test_any_byte_order(dtype, rng):
    image = rng.integers(0, 200, (12, 13)).astype(dtype)
    turned = image.astype(np.dtype(dtype).newbyteorder())
    for options in ({}, {"l2_gradient": True, "interpolate": True}):
        wanted = canny(image, 99, 300, **options)
        np.testing.assert_array_equal(canny(turned, 99, 300, **options), wanted)


def test_several_threads(photographs):
    pictures = [luminance(photographs[name]) for name in ("camera", "coffee", "chelsea")] * 3
    for options in ({}, {"sigma": 1, "l2_gradient": True, "interpolate": True, "quantiles": True}):

        def edges(picture, options=options):
            return canny(picture, 0.5, 0.9, **options)

        alone = [edges(picture) for picture in pictures]
        with ThreadPoolExecutor(4) as pool:
            for found, wanted in zip(pool.map(edges, pictures), alone, strict=True):
                np.testing.assert_array_equal(found, wanted)


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    thresholds=st.tuples(st.floats(-50, 900), st.floats(-50, 900)),
)
def test_any_layout(shape, seed, kind, thresholds):
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    wanted = naive.canny(image, *thresholds)
    np.testing.assert_array_equal(canny(laid_out, *thresholds), wanted)
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.lane
def test_order_of_thresholds_does_not_matter(rng):
    image = rng.integers(0, 256, (15, 16), np.uint8)
    np.testing.assert_array_equal(canny(image, 500, 200), canny(image, 200, 500))


@pytest.mark.lane
def test_extreme_thresholds(rng):
    image = rng.integers(0, 256, (12, 13), np.uint8)
    for l2_gradient in (False, True):
        everything = canny(image, -1e9, -np.inf, l2_gradient=l2_gradient)
        np.testing.assert_array_equal(everything, naive.canny(image, -1, -1, 3, l2_gradient))
        assert not canny(image, 1e6, np.inf, l2_gradient=l2_gradient).any()


@pytest.mark.lane
def test_color_and_sigma_are_preparations(rng):
    image = rng.integers(0, 256, (12, 13, 3), np.uint8)
    wanted = canny(gaussian(luminance(image), 1.2), 60, 120)
    np.testing.assert_array_equal(canny(image, 60, 120, sigma=1.2), wanted)


@pytest.mark.lane
@pytest.mark.parametrize("aperture", [3, 5, 7])
@pytest.mark.parametrize("l2_gradient", [False, True])
@pytest.mark.parametrize("interpolate", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_steps_explain_the_edges(aperture, l2_gradient, interpolate, dtype, rng):
    image = rng.integers(0, 256, (14, 15)).astype(dtype)
    low, high = 250 * SCALE[aperture], 500 * SCALE[aperture]
    options = {"aperture": aperture, "l2_gradient": l2_gradient}
    options |= {"sigma": 0.6, "interpolate": interpolate}
    steps = canny(image, low, high, return_steps=True, **options)
    assert isinstance(steps, CannySteps)
    np.testing.assert_array_equal(steps.edges, canny(image, low, high, **options))
    if aperture == 7:
        low, high = low / 16, high / 16
    np.testing.assert_array_equal(steps.smoothed, gaussian(image, 0.6))
    power = 2 if l2_gradient else 1
    norm = (abs(steps.gx) ** power + abs(steps.gy) ** power) ** (1 / power)
    np.testing.assert_allclose(steps.magnitude, norm, rtol=1e-12 if dtype is np.int16 else 1e-6)
    assert (steps.low, steps.high) == pytest.approx((low, high))
    ridge = steps.suppressed > 0
    np.testing.assert_array_equal(steps.suppressed[ridge], steps.magnitude[ridge])
    np.testing.assert_array_equal(steps.strong, steps.suppressed > high)
    np.testing.assert_array_equal(steps.weak, (steps.suppressed > low) & ~steps.strong)
    grown = naive.hysteresis(steps.strong | steps.weak, steps.strong)
    np.testing.assert_array_equal(steps.edges, grown)


@pytest.mark.parametrize("aperture", [3, 5, 7])
@pytest.mark.parametrize("l2_gradient", [False, True])
def test_identical_to_opencv(photographs, opencv_canny, aperture, l2_gradient):
    for image in photographs.values():
        gray = luminance(image)
        for low, high in [(50, 150), (100.5, 20.25), (0, 0), (300, 400)]:
            low, high = low * SCALE[aperture], high * SCALE[aperture]
            wanted = opencv_canny(gray, low, high, apertureSize=aperture, L2gradient=l2_gradient)
            result = canny(gray, low, high, aperture=aperture, l2_gradient=l2_gradient)
            np.testing.assert_array_equal(result, wanted > 0)


def test_identical_to_opencv_on_its_samples(data_folder, opencv_canny):
    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        gray = read_image(path, gray=True)
        for aperture, l2_gradient in [(3, False), (3, True), (5, True), (7, False)]:
            low, high = 60 * SCALE[aperture], 150 * SCALE[aperture]
            wanted = opencv_canny(gray, low, high, apertureSize=aperture, L2gradient=l2_gradient)
            result = canny(gray, low, high, aperture=aperture, l2_gradient=l2_gradient)
            np.testing.assert_array_equal(result, wanted > 0, err_msg=path.name)


@pytest.mark.parametrize("dtype", [bool, np.uint16, np.int16, np.float32, np.float64])
def test_other_dtypes_are_identical_to_opencv_with_their_derivatives(dtype, rng, opencv_canny):
    import cv2

    for _ in range(40):
        shape = rng.integers(1, 65, 2)
        image = rng.integers(-2000 if dtype is np.int16 else 0, 2000, shape)
        image = (image > 1000 if dtype is bool else image).astype(dtype)
        whole = image.astype(np.int16)
        slopes = [
            cv2.Sobel(whole, cv2.CV_16S, *order, borderType=cv2.BORDER_REPLICATE)
            for order in ((1, 0), (0, 1))
        ]
        low, high = np.array([0.5, 1.5]) * np.ptp(whole) + 0.1
        for l2_gradient in (False, True):
            wanted = opencv_canny(*slopes, low, high, L2gradient=l2_gradient)
            result = canny(image, low, high, l2_gradient=l2_gradient)
            np.testing.assert_array_equal(result, wanted > 0)


def test_identical_to_opencv_on_small_images(rng, opencv_canny):
    for _ in range(300):
        for image in textures(rng, rng.integers(1, 40, 2)):
            aperture = int(rng.choice([3, 5, 7]))
            l2_gradient = bool(rng.integers(2))
            low, high = rng.uniform(-20, 800, 2) * SCALE[aperture]
            wanted = opencv_canny(image, low, high, apertureSize=aperture, L2gradient=l2_gradient)
            result = canny(image, low, high, aperture=aperture, l2_gradient=l2_gradient)
            np.testing.assert_array_equal(result, wanted > 0)


@pytest.mark.parametrize("aperture", [3, 5, 7])
def test_ties_are_decided_as_by_opencv(rng, opencv_canny, aperture):
    low, high = 200 * SCALE[aperture], 300 * SCALE[aperture]
    for _ in range(20):  # in black and white noise many neighbours have the same magnitude
        image = rng.choice(np.array([0, 255], np.uint8), (80, 90))
        wanted = opencv_canny(image, low, high, apertureSize=aperture, L2gradient=True)
        result = canny(image, low, high, aperture=aperture, l2_gradient=True)
        np.testing.assert_array_equal(result, wanted > 0)


def test_edge_is_followed_to_its_far_end():
    for length in (7, 64, 5000):
        image = np.zeros((12, length), np.uint8)
        image[6:] = 20
        assert not canny(image, 30, 100).any()
        image[6:, -1] = 60
        for turned in (image, image[:, ::-1], image.T, image.T[::-1]):
            assert canny(turned, 30, 100).sum() >= length


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"aperture": 4}, ValueError, "aperture must be one of 3, 5, 7, got 4"),
        ({"sigma": -0.5}, ValueError, "sigma must be at least 0, got -0.5"),
        ({"return_steps": "no"}, TypeError, "return_steps must be True or False, got 'no'"),
        ({"low": "50"}, TypeError, "low must be a number, got '50'"),
        ({"high": float("nan")}, ValueError, "high must be a number, got nan"),
        ({"quantiles": True}, ValueError, "low must be at most 1, got 10.0"),
        ({"low": -0.1, "quantiles": True}, ValueError, "low must be at least 0, got -0.1"),
        (
            {"low": 0.5, "high": 1.5, "quantiles": True},
            ValueError,
            "high must be at most 1, got 1.5",
        ),
    ],
)
def test_wrong_options(options, error, message):
    options = {"low": 10, "high": 20, **options}
    with pytest.raises(error) as raised:
        canny(np.zeros((3, 3), np.uint8), **options)
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((0, 3), np.uint8), ValueError, "image has no pixels: its shape is (0, 3)"),
        (
            np.full((3, 3), np.nan),
            ValueError,
            "image has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
        (
            np.zeros((3, 3), np.int64),
            TypeError,
            "image must be of dtype bool, uint8, uint16, int16, float32, float64, got int64; "
            "convert it with .astype()",
        ),
    ],
)
def test_wrong_images(image, error, message):
    with pytest.raises(error) as raised:
        canny(image, 10, 20)
    assert str(raised.value) == message
