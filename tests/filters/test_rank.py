"""The median: by hand, against sorted windows, OpenCV and SciPy, and its plans of exchanges."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters import _median_large as large
from classicvision.filters import _median_networks as networks
from classicvision.filters import _median_plan as planning
from classicvision.filters.rank import median
from tests.layouts import LAYOUTS, lay_out
from tests.naive import rank as naive

MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]
DTYPES = [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64]


def random_image(rng, shape, dtype):
    if dtype is bool:
        return rng.random(shape) < 0.5
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@pytest.mark.lane
def test_single_wrong_pixels_vanish_and_edges_stay():
    image = np.zeros((7, 8), np.uint8)
    image[:, 4:] = 200
    noisy = image.copy()
    noisy[1, 1], noisy[5, 6], noisy[3, 3] = 255, 0, 255
    np.testing.assert_array_equal(median(noisy, 3), image)


@pytest.mark.lane
def test_corner_is_rounded():
    image = np.zeros((5, 5), np.uint8)
    image[2:, 2:] = 9
    wanted = image.copy()
    wanted[2, 2] = 0  # of its window four pixels are bright
    np.testing.assert_array_equal(median(image, 3), wanted)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
def test_size_one_is_a_copy(dtype, rng):
    image = random_image(rng, (3, 4), dtype)
    result = median(image, 1)
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(3, 3), (5, 5), (7, 1), (3, 9)])
def test_equals_sorted_windows(size, dtype, mode, rng):
    image = random_image(rng, (6, 7), dtype)
    result = median(image, size, mode=mode)
    assert result.dtype == image.dtype
    np.testing.assert_array_equal(result, naive.median(image, *size, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(7, 7), (9, 9), (15, 15), (1, 5), (31, 5), (35, 3), (3, 65)])
def test_equals_sorted_windows_of_more_sizes(size, dtype, mode, rng):
    image = random_image(rng, (20, 11), dtype)
    result = median(image, size, mode=mode)
    np.testing.assert_array_equal(result, naive.median(image, *size, mode))


@pytest.mark.lane
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 1), (2, 3)])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_window_larger_than_the_image(shape, size, rng):
    for mode in MODES:
        image = random_image(rng, shape, np.uint8)
        wanted = naive.median(image, size, size, mode)
        np.testing.assert_array_equal(median(image, size, mode=mode), wanted)


@pytest.mark.lane
def test_color_is_filtered_per_channel(rng):
    image = random_image(rng, (6, 5, 3), np.uint8)
    for size in (3, 5, (3, 7)):
        result = median(image, size)
        for k in range(3):
            np.testing.assert_array_equal(result[..., k], median(image[..., k], size))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_color_is_filtered_per_channel_by_every_method(dtype, rng):
    image = random_image(rng, (30, 40, 3), dtype)
    for size in (3, 5, 9, 37, 65):
        result = median(image, size)
        for k in range(3):
            np.testing.assert_array_equal(result[..., k], median(image[..., k], size))


# The three methods for sizes that `median` gives to another one, or that take too long without
# the JIT.
@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_exchanges_on_tiny_images(dtype, rng):
    image = random_image(rng, (4, 5), dtype)
    for width, height in [(3, 3), (5, 1)]:
        for mode in MODES[:-1]:
            result = networks.network_median(image, width, height, mode)
            np.testing.assert_array_equal(result, naive.median(image, width, height, mode))


@pytest.mark.lane
def test_histograms_on_tiny_images(rng):
    for shape in [(3, 2), (1, 4)]:
        image = random_image(rng, shape, np.uint8)
        for mode in MODES[:-1]:
            result = large.histogram_median(image, 3, 5, mode)
            np.testing.assert_array_equal(result, naive.median(image, 3, 5, mode))


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_ranks_on_tiny_images(dtype, rng):
    image = random_image(rng, (4, 5), dtype)
    for mode in MODES[:-1]:
        result = large.rank_median(image, 3, 5, mode)
        np.testing.assert_array_equal(result, naive.median(image, 3, 5, mode))


def test_all_methods_agree(photographs):
    image = photographs["camera"][200:330, 100:300]
    for width, height in [(3, 3), (9, 5), (17, 17), (1, 21)]:
        wanted = networks.network_median(image, width, height, "mirror")
        for method in (large.histogram_median, large.rank_median):
            np.testing.assert_array_equal(method(image, width, height, "mirror"), wanted)


def test_histograms_of_many_pixels(rng):
    # more than 2^16 pixels in a window, more than 2^8 in a column of it, levels far apart
    image = random_image(rng, (9, 8), np.uint8) // 200 * 200
    image[:, 3:] //= 2
    for size in [(301, 299), (3, 301), (701, 3)]:
        wanted = naive.median(image, *size, "wrap")
        np.testing.assert_array_equal(median(image, size, mode="wrap"), wanted)


def test_median_jumps_from_level_to_level():
    rng = np.random.default_rng(1)
    blocks = rng.integers(0, 256, (3, 9), np.uint8)
    image = np.kron(blocks, np.ones((40, 40), np.uint8))
    wanted = networks.network_median(image, 15, 15, "nearest")
    np.testing.assert_array_equal(large.histogram_median(image, 15, 15, "nearest"), wanted)


def test_strips_and_blocks_meet(rng):
    import cv2

    image = random_image(rng, (37, 4200), np.uint8)  # wider than all that is done together
    for size in (3, 5, 7, 15, 35):
        np.testing.assert_array_equal(median(image, size), cv2.medianBlur(image, size))
    color = random_image(rng, (9, 1500, 3), np.uint8)
    for size in (3, 5, 7, 35):
        np.testing.assert_array_equal(median(color, size), cv2.medianBlur(color, size))


@pytest.mark.parametrize("size", [3, 5, 7, 9, 11, 13, 15, 21, 31, 33, 51])
def test_uint8_identical_to_opencv(photographs, size):
    import cv2

    for image in photographs.values():
        image = np.ascontiguousarray(image[:201, 50:300])
        np.testing.assert_array_equal(median(image, size), cv2.medianBlur(image, size))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("size", [3, 5])
def test_other_types_identical_to_opencv(photographs, dtype, size):
    import cv2

    for image in photographs.values():
        image = image[:151, 50:300].astype(dtype) * dtype(100) - dtype(
            0 if dtype == np.uint16 else 9
        )
        np.testing.assert_array_equal(median(image, size), cv2.medianBlur(image, size))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_identical_to_scipy(mode, dtype, rng):
    from scipy.ndimage import median_filter

    for shape in [(1, 1), (3, 40), (31, 29), (64, 64)]:
        image = random_image(rng, shape, dtype)
        for size in [3, 5, 7, (5, 9), (11, 3), 13]:
            width, height = (size, size) if isinstance(size, int) else size
            if mode == "reflect" and max(width // shape[1], height // shape[0]) > 2:
                continue  # SciPy's border differs from NumPy's and ours there
            wanted = median_filter(image, (height, width), mode=mode)
            np.testing.assert_array_equal(median(image, size, mode=mode), wanted)


@given(
    shape=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    size=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    mode=st.sampled_from(["nearest", "mirror", "wrap", "constant"]),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 99),
)
def test_any_shape_and_size_identical_to_scipy(shape, size, mode, dtype, seed):
    from scipy.ndimage import median_filter

    image = random_image(np.random.default_rng(seed), shape, dtype)
    width, height = (2 * n + 1 for n in size)
    wanted = median_filter(image, (height, width), mode=mode)
    np.testing.assert_array_equal(median(image, (width, height), mode=mode), wanted)


def test_photographs_of_the_data_folder_identical_to_opencv(data_folder):
    import cv2
    from PIL import Image

    paths = sorted((data_folder / "opencv_samples").rglob("*"))
    paths = [path for path in paths if path.suffix.lower() in (".jpg", ".png", ".bmp")]
    assert paths
    for number, path in enumerate(paths):
        image = np.asarray(Image.open(path).convert("RGB" if number % 4 == 0 else "L"))
        image = np.ascontiguousarray(image[:300, :400])
        for size in (3, 5, 7 + 2 * (number % 3), 33):
            np.testing.assert_array_equal(median(image, size), cv2.medianBlur(image, size))


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_layout(shape, seed, kind, dtype):
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    np.testing.assert_array_equal(median(laid_out, 3), naive.median(image, 3, 3))
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.parametrize(("dtype", "sizes"), [(np.uint8, (3, 5, 9, 35)), (np.float32, (7, 65))])
def test_threads_get_the_same(dtype, sizes, rng):
    image = random_image(rng, (150, 170), dtype)
    for size in sizes:
        wanted = median(image, size)
        with ThreadPoolExecutor(4) as pool:
            for result in pool.map(lambda _, size=size: median(image, size), range(8)):
                np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize("tile", [(1, 1), (1, 4), (2, 2), (4, 1), (4, 4), (8, 2)])
@pytest.mark.parametrize("size", [(9, 9), (15, 7), (17, 15)])
def test_plans_for_any_tile(size, tile, rng):
    width, height = size
    tile = min(tile[0], (width + 1) // 4 * 2), min(tile[1], (height + 1) // 4 * 2)
    tile = tuple(1 << n.bit_length() - 1 for n in tile)
    tiles = 20
    plan = planning.plan(width, height, tiles, tile)
    image = rng.integers(0, 99, (tile[1] + height - 1, tile[0] * tiles))
    work = np.zeros(plan.rows * tiles + plan.shift, int)
    for place, pixels in zip(plan.pixels.reshape(-1, tile[0]), image, strict=True):
        for k, start in enumerate(place.astype(int)):
            work[start : start + tiles] = pixels[k :: tile[0]]
    for kind, start, stop in plan.segments:
        operations = plan.folds if kind == planning.FOLD else plan.exchanges
        for operation in operations[start:stop].astype(int):
            rows = [work[at : at + tiles].copy() for at in operation]
            if kind == planning.FOLD:
                larger = [np.maximum(*rows[k : k + 2]) for k in range(1, len(rows) - 1, 2)]
                work[operation[-1] :][:tiles] = np.min([rows[0], *larger], axis=0)
            else:
                assert np.ptp(operation[2:]) >= tiles
                work[operation[2] :][:tiles] = np.minimum(rows[0], rows[1])
                work[operation[3] :][:tiles] = np.maximum(rows[0], rows[1])
    for place, (r, k) in zip(plan.medians.astype(int), np.ndindex(tile[::-1]), strict=True):
        for t in range(tiles - plan.shift):
            window = image[r : r + height, t * tile[0] + k :][:, :width]
            assert work[place + t] == np.median(window)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        (4, ValueError, "size must be odd, got 4; windows have a pixel in the middle"),
        (0, ValueError, "size width must be at least 1, got 0"),
        ((3, 2), ValueError, "size must be odd, got (3, 2); windows have a pixel in the middle"),
        (-3, ValueError, "size width must be at least 1, got -3"),
        (3.0, TypeError, "size must be an integer or (width, height), got 3.0"),
        ("3", TypeError, "size must be an integer or (width, height), got '3'"),
        (None, TypeError, "size must be an integer or (width, height), got None"),
    ],
)
def test_wrong_sizes(size, error, message):
    with pytest.raises(error) as raised:
        median(np.zeros((3, 3), np.uint8), size)
    assert str(raised.value) == message


@pytest.mark.lane
def test_wrong_images_and_modes():
    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
        median(np.array([[1.0, np.nan]]), 3)
    with pytest.raises(ValueError, match=r"^image has no pixels"):
        median(np.zeros((0, 3), np.uint8), 3)
    with pytest.raises(TypeError, match=r"^image must be of dtype"):
        median(np.zeros((3, 3), complex), 3)
    with pytest.raises(ValueError, match=r"^mode must be one of"):
        median(np.zeros((3, 3), np.uint8), 3, mode="border")
    with pytest.raises(ValueError, match=r"^size height must be at most 100000, got 100001$"):
        median(np.zeros((3, 3), np.uint8), (3, 100_001))


@pytest.mark.lane
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (4, 5), (2, 3, 3)])
def test_not_finite_anywhere_is_refused(size, shape):
    image = np.full(shape, 3e38, np.float32)  # the sum of two is infinite
    np.testing.assert_array_equal(median(image, size), image)
    for place in np.ndindex(shape):
        for value in (np.nan, np.inf, -np.inf):
            spoiled = image.copy()
            spoiled[place] = value
            with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
                median(spoiled, size)
