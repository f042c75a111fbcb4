"""The bilateral filter: by hand, against its formula, OpenCV, and what it does to noise."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters.edge_preserving import bilateral
from tests.layouts import LAYOUTS, lay_out
from tests.naive import edge_preserving as naive

MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]
DTYPES = [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64]


def random_image(rng, shape, dtype):
    if np.dtype(dtype).kind == "f":
        return (100 * rng.random(shape)).astype(dtype)
    low, high = (-100, 100) if dtype == np.int16 else (0, 2 if dtype is bool else 200)
    return rng.integers(low, high, shape).astype(dtype)


@pytest.mark.lane
def test_three_pixels_by_hand():
    # The window of size 3 is the pixel and its four neighbours; in one row, mirrored, the
    # neighbours above and below are the pixel itself.
    image = np.array([[0.0, 10.0, 20.0]])
    beside, apart = np.exp(-1 / 2), np.exp(-1 / 2) * np.exp(-(10**2) / (2 * 10**2))
    weights = 1 + 2 * beside + 2 * apart
    result = bilateral(image, 10, 1, size=3)
    wanted = [[20 * apart / weights, 10, 20 - 20 * apart / weights]]
    np.testing.assert_allclose(result, wanted, rtol=1e-14)


@pytest.mark.lane
def test_a_step_stays_and_ripples_go():
    ripples = np.tile([0, 4], (10, 10)).astype(np.uint8)
    image = ripples + np.repeat([20, 200], 10).astype(np.uint8)
    result = bilateral(image, 15, 3)
    np.testing.assert_array_equal(result, np.repeat([[22, 202]], 10, 1).repeat(10, 0).astype(int))


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
def test_flat_regions_stay_to_the_last_bit(dtype):
    image = np.full((6, 7), np.array(1 if dtype is bool else 77).astype(dtype) / 1).astype(dtype)
    if np.dtype(dtype).kind == "f":
        image /= 3
    image[:, 4:] = 0
    result = bilateral(image, 0.01, 2)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, image)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_the_formula(dtype, mode, rng):
    for shape in [(1, 1), (1, 5), (4, 1), (3, 4), (4, 3, 3)]:
        image = random_image(rng, shape, dtype)
        sigma_color = 0.7 if dtype is bool else 60
        wanted = naive.bilateral(image, sigma_color, 1.5, 2, mode)
        result = bilateral(image, sigma_color, 1.5, mode=mode)
        assert result.dtype == dtype
        if np.dtype(dtype).kind == "f":
            # float32: weights to 1e-6, sums of 13 terms; float64: sums of 13 terms
            tolerance = 1e-6 if dtype == np.float32 else 1e-14
            np.testing.assert_allclose(result, wanted, rtol=tolerance, atol=100 * tolerance)
        else:
            assert np.abs(result - wanted).max() <= 0.5 + 1e-4


@pytest.mark.lane
def test_more_columns_than_fit_in_a_tile(rng, monkeypatch):
    from classicvision.filters import edge_preserving

    for shape in [(4, 17), (4, 12, 3)]:
        image = rng.random(shape)
        whole = bilateral(image, 0.3, 1.5)
        with monkeypatch.context() as patch:
            patch.setattr(edge_preserving, "_TILE", 5)
            # a pair of pixels is weighed from its left or from its right: rounding differs
            np.testing.assert_allclose(bilateral(image, 0.3, 1.5), whole, rtol=1e-14)


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_layout(shape, seed, kind, dtype):
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    np.testing.assert_array_equal(bilateral(laid_out, 60, 1), bilateral(image, 60, 1))
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_extreme_sigmas(dtype, rng):
    image = rng.integers(0, 256, (4, 5)).astype(dtype)
    for sigma_color, sigma_space in [(0, 1), (1, 0), (1e-300, 1), (1, 1e-300), (5e-324, 5e-324)]:
        result = bilateral(image, sigma_color, sigma_space, size=5)
        np.testing.assert_array_equal(result, image)
        assert not np.shares_memory(result, image)
    # without an influence of value and distance: the mean over the disc
    wanted = naive.bilateral(image, 1e6, 1e6, 2)
    result = bilateral(image, 1e300, 1e300, size=5)
    np.testing.assert_allclose(result, wanted, atol=0.5 if dtype == np.uint8 else 1e-4)


@pytest.mark.lane
def test_a_huge_value_leaves_its_neighbours_alone():
    for dtype in (np.float32, np.float64):
        image = np.full((5, 6), 3, dtype)
        image[2, 3] = -np.finfo(dtype).max / 2
        np.testing.assert_array_equal(bilateral(image, 1, 2), image)


@pytest.mark.lane
def test_several_threads_at_once(rng):
    images = [rng.integers(0, 256, (6, 8), np.uint8) for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: bilateral(image, 50, 1), images))
    for image, result in zip(images, results, strict=True):
        np.testing.assert_array_equal(result, bilateral(image, 50, 1))


def cut_out(image):
    """A part from the middle, 200 pixels wide and high where there are as many."""
    top, left = (max(0, (n - 200) // 2) for n in image.shape[:2])
    return np.ascontiguousarray(image[top : top + 200, left : left + 200])


@pytest.fixture
def opencv_itself():
    """OpenCV without Intel's library, which rounds down for sizes 3 and 5."""
    import cv2

    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    yield
    cv2.ipp.setUseIPP(before)


def assert_equals_opencv(image, sigma_color, sigma_space, size=None, mode="mirror"):
    """To one level, in fewer than one of a thousand pixels."""
    import cv2

    border = {
        "mirror": cv2.BORDER_REFLECT_101,
        "reflect": cv2.BORDER_REFLECT,
        "nearest": cv2.BORDER_REPLICATE,
        "wrap": cv2.BORDER_WRAP,
        "constant": cv2.BORDER_CONSTANT,
    }[mode]
    wanted = cv2.bilateralFilter(image, size or 0, sigma_color, sigma_space, borderType=border)
    result = bilateral(image, sigma_color, sigma_space, size=size, mode=mode)
    difference = np.abs(result.astype(int) - wanted)
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= max(1, image.size / 1000)


@pytest.mark.usefixtures("opencv_itself")
@pytest.mark.parametrize("mode", MODES)
def test_photographs_equal_opencv(mode, photographs):
    for image in photographs.values():
        for options in [(30, 3, 9), (12, 1.2, None), (80, 6, 7), (10, 0.3, None)]:
            assert_equals_opencv(cut_out(image), *options, mode=mode)


@pytest.mark.usefixtures("opencv_itself")
def test_data_photographs_equal_opencv(data_folder):
    import cv2

    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        image = cv2.imread(str(path))
        assert_equals_opencv(cut_out(image), 30, 3, 9)
        assert_equals_opencv(cut_out(image[..., 1]), 30, 3, 9)


@pytest.mark.usefixtures("opencv_itself")
def test_random_arrays_of_any_shape_equal_opencv(rng):
    for height, width in rng.integers(1, 65, (40, 2)):
        for shape in [(height, width), (height, width, 3)]:
            assert_equals_opencv(rng.integers(0, 256, shape, np.uint8), 100, 2)


@pytest.mark.parametrize("sigma", [0.05, 0.2])
def test_floats_equal_opencv(sigma, photographs):
    import cv2

    for image in photographs.values():
        image = (cut_out(image) / 255).astype(np.float32)
        wanted = cv2.bilateralFilter(image, 9, sigma, 3)
        # OpenCV's weights come from a table: see the docstring. They are off by the same sign,
        # of which the mean cancels most.
        tolerance = (1 / 4096 / sigma) ** 2 / 8 + 1e-6
        np.testing.assert_allclose(bilateral(image, sigma, 3, size=9), wanted, atol=tolerance)


def test_noise_decreases(photographs):
    """The gain in PSNR and in SSIM, a little below what was measured: 5.74 dB and 0.339."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    clean = photographs["camera"]
    noise = np.random.default_rng(0).normal(0, 15, clean.shape)
    noisy = np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)
    denoised = bilateral(noisy, 40, 2)
    gains = [
        measure(clean, denoised) - measure(clean, noisy)
        for measure in (peak_signal_noise_ratio, structural_similarity)
    ]
    assert gains[0] >= 5.6
    assert gains[1] >= 0.33


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sigma_color": -1}, ValueError, "sigma_color must be at least 0, got -1.0"),
        ({"sigma_color": "1"}, TypeError, "sigma_color must be a number, got '1'"),
        ({"sigma_space": float("nan")}, ValueError, "sigma_space must be a number, got nan"),
        ({"size": 4}, ValueError, "size must be odd, got 4; use 3 or 5"),
        ({"size": 1}, ValueError, "size must be at least 3, got 1"),
        ({"size": 5.0}, TypeError, "size must be an integer, got 5.0"),
        (
            {"sigma_space": 400},
            ValueError,
            "sigma_space must be at most 333 without a size, got 400.0; "
            "give size=, the diameter of the window",
        ),
        (
            {"mode": "same"},
            ValueError,
            "mode must be one of 'mirror', 'reflect', 'nearest', 'wrap', 'constant', "
            "'reflect101', 'symmetric', 'edge', 'replicate', got 'same'",
        ),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as raised:
        bilateral(np.zeros((3, 3), np.uint8), **{"sigma_color": 1, "sigma_space": 1, **options})
    assert str(raised.value) == message


@pytest.mark.lane
def test_nan_is_refused():
    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
        bilateral(np.full((3, 3), np.nan), 1, 1)


@pytest.mark.lane
@pytest.mark.parametrize(("dtype", "huge"), [(np.float32, 3e38), (np.float64, 1.5e308)])
def test_the_largest_floats(dtype, huge):
    image = np.array([[huge, -huge, huge * 0.9]] * 3, dtype)
    small = image / dtype(2**40)
    for sigma in (1, huge / 4):
        wanted = bilateral(small, sigma / 2**40, 1)
        np.testing.assert_allclose(bilateral(image, sigma, 1) / dtype(2**40), wanted, rtol=1e-6)
