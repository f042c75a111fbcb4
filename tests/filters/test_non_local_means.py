"""Non-local means: by hand, against its formula, OpenCV, and what it does to noise."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters.non_local_means import non_local_means
from tests.filters.test_edge_preserving import DTYPES, MODES, random_image
from tests.layouts import LAYOUTS, lay_out
from tests.naive import edge_preserving as naive


@pytest.mark.lane
def test_patches_of_one_pixel_by_hand():
    # search_size 3 in one row, mirrored: each column of three is the same pixel
    image = np.array([[0.0, 10.0, 20.0]])
    apart = np.exp(-(10**2) / 8**2)
    weights = 1 + 2 * apart
    result = non_local_means(image, 8, patch_size=1, search_size=3)
    wanted = [[20 * apart / weights, 10, 20 - 20 * apart / weights]]
    np.testing.assert_allclose(result, wanted, rtol=1e-14)


@pytest.mark.lane
def test_a_repeated_pattern_stays():
    tile = np.array([[0, 200, 90], [50, 255, 10]], np.uint8)
    image = np.tile(tile, (4, 3))
    for kind in (np.uint8, np.float64):
        result = non_local_means(image.astype(kind), 10, patch_size=3, search_size=7, mode="wrap")
        np.testing.assert_array_equal(result, image)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
def test_uint8_equals_the_whole_weights(mode, rng):
    for shape in [(1, 1), (1, 5), (4, 1), (3, 4), (3, 3, 3)]:
        image = rng.integers(0, 100, shape, np.uint8)
        wanted = naive.non_local_means(image, 40, 3, 5, mode, whole=True)
        result = non_local_means(image, 40, patch_size=3, search_size=5, mode=mode)
        assert result.dtype == np.uint8
        np.testing.assert_array_equal(result, wanted)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_the_formula(dtype, mode, rng):
    for shape in [(1, 1), (3, 4), (3, 3, 3)]:
        image = random_image(rng, shape, dtype)
        strength = 0.5 if dtype is bool else 50
        wanted = naive.non_local_means(image, strength, 3, 5, mode)
        result = non_local_means(image, strength, patch_size=3, search_size=5, mode=mode)
        assert result.dtype == dtype
        if np.dtype(dtype).kind == "f":
            # float32: weights to 1e-6; float64: sums of 225 terms
            tolerance = 1e-6 if dtype == np.float32 else 1e-13
            np.testing.assert_allclose(result, wanted, rtol=tolerance, atol=100 * tolerance)
        else:
            # uint8 has whole weights, of sums that lose their lowest four bits
            assert np.abs(result - wanted).max() <= (1 if np.dtype(dtype).itemsize == 1 else 0.5)


@pytest.mark.lane
@pytest.mark.parametrize("patch_size", [1, 3, 5, 7, 9, 11])
@pytest.mark.parametrize("search_size", [1, 3, 7])
def test_sizes(patch_size, search_size, rng):
    image = rng.integers(0, 100, (3, 4), np.uint8)
    sizes = {"patch_size": patch_size, "search_size": search_size}
    wanted = naive.non_local_means(image, 60, patch_size, search_size, whole=True)
    np.testing.assert_array_equal(non_local_means(image, 60, **sizes), wanted)
    wanted = naive.non_local_means(image, 60, patch_size, search_size)
    result = non_local_means(image.astype(float), 60, **sizes)
    np.testing.assert_allclose(result, wanted, rtol=1e-12)


@pytest.mark.lane
def test_more_columns_than_fit_in_a_tile(rng, monkeypatch):
    from classicvision.filters import non_local_means as module

    for shape in [(3, 70), (3, 40, 3)]:
        image = rng.integers(0, 100, shape, np.uint8)
        whole = non_local_means(image, 30, patch_size=3, search_size=3)
        with monkeypatch.context() as patch:
            patch.setattr(module, "_TILE", 32)
            tiled = non_local_means(image, 30, patch_size=3, search_size=3)
        np.testing.assert_array_equal(tiled, whole)


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_layout(shape, seed, kind, dtype):
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    sizes = {"patch_size": 1, "search_size": 3}
    wanted = non_local_means(image, 60, **sizes)
    np.testing.assert_array_equal(non_local_means(laid_out, 60, **sizes), wanted)
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_extreme_strengths(dtype, rng):
    image = rng.integers(0, 256, (3, 4)).astype(dtype)
    sizes = {"patch_size": 3, "search_size": 3}
    for strength in (0, 5e-324, 1e-30):
        result = non_local_means(image, strength, **sizes)
        np.testing.assert_array_equal(result, image)
        assert not np.shares_memory(result, image)
    wanted = naive.non_local_means(image, 1e6, 3, 3)
    result = non_local_means(image, 1e300, **sizes)
    np.testing.assert_allclose(result, wanted, atol=0.5 if dtype == np.uint8 else 1e-4)


@pytest.mark.lane
def test_a_huge_value_leaves_no_trace(rng):
    """Not even by the rounding errors of running sums that it went through."""
    noise = rng.normal(size=(9, 5))
    image = noise.copy()
    image[0, 2] = 1e200
    sizes = {"patch_size": 3, "search_size": 3}
    result, wanted = (non_local_means(i, 1, **sizes)[5:] for i in (image, noise))
    np.testing.assert_allclose(result, wanted, rtol=1e-12)


@pytest.mark.lane
def test_several_threads_at_once(rng):
    sizes = {"patch_size": 3, "search_size": 3}
    images = [rng.integers(0, 256, (4, 6), np.uint8) for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: non_local_means(image, 50, **sizes), images))
    for image, result in zip(images, results, strict=True):
        np.testing.assert_array_equal(result, non_local_means(image, 50, **sizes))


def cut_out(image):
    """A part from the middle, 50 pixels wide and high where there are as many."""
    top, left = (max(0, (n - 50) // 2) for n in image.shape[:2])
    return np.ascontiguousarray(image[top : top + 50, left : left + 50])


def assert_identical_to_opencv(image, strength, patch_size=7, search_size=21):
    import cv2

    wanted = cv2.fastNlMeansDenoising(image, None, strength, patch_size, search_size)
    result = non_local_means(image, strength, patch_size=patch_size, search_size=search_size)
    np.testing.assert_array_equal(result, wanted)


def test_a_whole_photograph_is_identical_to_opencv(photographs):
    assert_identical_to_opencv(photographs["camera"], 10)


@pytest.mark.parametrize(
    ("strength", "patch_size", "search_size"),
    [(10, 7, 21), (3, 7, 21), (40, 5, 11), (12.5, 3, 35), (15, 15, 13), (1000, 7, 9), (20, 1, 5)],
)
def test_photographs_identical_to_opencv(strength, patch_size, search_size, photographs):
    for image in photographs.values():
        assert_identical_to_opencv(cut_out(image), strength, patch_size, search_size)


def test_data_photographs_identical_to_opencv(data_folder):
    import cv2

    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        image = cut_out(cv2.imread(str(path)))
        assert_identical_to_opencv(image, 10)
        assert_identical_to_opencv(np.ascontiguousarray(image[..., 1]), 10)


def test_random_arrays_of_any_shape_identical_to_opencv(rng):
    for height, width in rng.integers(1, 65, (30, 2)):
        for shape in [(height, width), (height, width, 3)]:
            image = rng.integers(0, 256, shape, np.uint8)
            assert_identical_to_opencv(image, float(rng.integers(1, 200)), 3, 7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_mean_the_same_as_uint8(dtype, photographs):
    """In other units; the whole weights differ by up to one level from the exact ones."""
    for image in photographs.values():
        image = cut_out(image)
        result = non_local_means((image / 255).astype(dtype), 10 / 255) * 255
        assert np.abs(result - non_local_means(image, 10)).max() <= 1


def test_very_large_windows_of_uint8_are_computed_in_floats(rng, monkeypatch):
    """Where the whole weights would be too coarse, or their sums too large."""
    from classicvision.filters import non_local_means as module

    monkeypatch.setattr(module, "_COARSEST", 30_000)  # that of search_size 17
    image = rng.integers(100, 140, (3, 4), np.uint8)
    for sizes in [{"search_size": 19, "patch_size": 1}, {"search_size": 3, "patch_size": 183}]:
        result = non_local_means(image, 20, **sizes)
        wanted = non_local_means(image.astype(float), 20, **sizes)
        np.testing.assert_array_equal(result, np.rint(wanted))


def test_noise_decreases(photographs):
    """The gain in PSNR and in SSIM, a little below what was measured: 5.84 dB and 0.379."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    clean = photographs["camera"]
    noise = np.random.default_rng(0).normal(0, 15, clean.shape)
    noisy = np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)
    denoised = non_local_means(noisy, 13)
    gains = [
        measure(clean, denoised) - measure(clean, noisy)
        for measure in (peak_signal_noise_ratio, structural_similarity)
    ]
    assert gains[0] >= 5.7
    assert gains[1] >= 0.37


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"strength": -1}, ValueError, "strength must be at least 0, got -1.0"),
        ({"strength": None}, TypeError, "strength must be a number, got None"),
        ({"patch_size": 6}, ValueError, "patch_size must be odd, got 6; use 5 or 7"),
        ({"patch_size": 0}, ValueError, "patch_size must be at least 1, got 0"),
        ({"search_size": 20}, ValueError, "search_size must be odd, got 20; use 19 or 21"),
        ({"search_size": 2001}, ValueError, "search_size must be at most 1001, got 2001"),
        ({"search_size": 21.0}, TypeError, "search_size must be an integer, got 21.0"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as raised:
        non_local_means(np.zeros((3, 3), np.uint8), **{"strength": 1, **options})
    assert str(raised.value) == message


@pytest.mark.lane
def test_nan_is_refused():
    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
        non_local_means(np.full((3, 3), np.nan), 1)
