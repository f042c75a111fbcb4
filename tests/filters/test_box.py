"""The box filter: by hand, against means pixel by pixel, OpenCV and SciPy."""

import numpy as np
import pytest

from classicvision.filters.box import box_filter
from tests.naive import convolution as naive

MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]
DTYPES = [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64]
SIZES = [(1, 1), (2, 1), (1, 3), (3, 2), (4, 4), (5, 3), (7, 9), (13, 2)]


@pytest.mark.lane
def test_a_box_of_even_width_reaches_further_to_the_left():
    image = np.array([[0, 0, 8, 0, 0]], np.uint8)
    assert box_filter(image, (2, 1)).tolist() == [[0, 0, 4, 4, 0]]
    assert box_filter(image.T, (1, 4)).ravel().tolist() == [2, 2, 2, 2, 2]  # mirrored at the top


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
def test_constant_stays_constant(dtype):
    for value in (0, 1) if np.dtype(dtype).kind in "bf" else (0, 1, np.iinfo(dtype).max):
        image = np.full((5, 6), value, dtype)
        for size in [*SIZES, (17, 16), (300, 1)]:
            result = box_filter(image, size)
            assert result.dtype == dtype
            np.testing.assert_allclose(result.astype(float), image.astype(float), rtol=1e-7)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
def test_floats_equal_means_pixel_by_pixel(mode, rng):
    for shape in [(1, 1), (1, 6), (5, 1), (6, 7)]:
        image = rng.normal(size=shape)
        for width, height in SIZES:
            wanted = naive.box_filter(image, width, height, mode)
            result = box_filter(image, (width, height), mode=mode)
            np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-14)
            result = box_filter(image.astype(np.float32), (width, height), mode=mode)
            np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-6)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_integers_are_rounded(dtype, rng):
    limits = np.iinfo(dtype)
    image = rng.integers(limits.min, limits.max, (6, 7), endpoint=True).astype(dtype)
    for width, height in SIZES:
        mean = naive.box_filter(image, width, height)
        # OpenCV rounds halves of uint8 up
        wanted = np.floor(mean + 0.5) if dtype == np.uint8 else np.rint(mean)
        result = box_filter(image, (width, height))
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, wanted)


@pytest.mark.lane
def test_color_is_averaged_per_channel(rng):
    for image in (rng.integers(0, 256, (5, 6, 3), np.uint8), rng.random((5, 6, 3))):
        for size in SIZES:
            for mode in MODES:
                result = box_filter(image, size, mode=mode)
                for k in range(3):
                    wanted = box_filter(np.ascontiguousarray(image[..., k]), size, mode=mode)
                    np.testing.assert_allclose(result[..., k], wanted, rtol=0, atol=1e-15)


@pytest.mark.lane
def test_long_sums_do_not_wrap_around():
    image = np.full((3, 4), 255, np.uint8)
    for size in [(257, 1), (1, 258), (16, 16), (16, 17), (100, 90)]:
        np.testing.assert_array_equal(box_filter(image, size), image)


def test_boxes_of_millions_of_pixels(rng):
    image = rng.integers(0, 256, (30, 40), np.uint8)
    for size in [(5000, 3000), (70_001, 3)]:  # sums beyond 32 bits; the last one in one line
        exact = box_filter(image.astype(np.float64), size)
        assert np.abs(box_filter(image, size) - exact).max() <= 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_means_next_to_a_half_are_rounded_exactly(dtype):
    """Half of the pixels are larger by 1, or one more than half of them."""
    for side, value in [(257, 200), (1001, 100), (1024, 99), (300, 101), (300, 100)]:
        half = side * side // 2
        image = np.full((side, side), value, dtype)
        image.reshape(-1)[:half] += 1
        rounded_up = side % 2 == 0 and value % 2  # halves go to the even number
        assert (box_filter(image, side, mode="wrap") == value + rounded_up).all()
        image[-1, -1] += 1
        assert (box_filter(image, side, mode="wrap") == value + 1).all()


@pytest.mark.lane
def test_halves_are_rounded_to_even():
    for dtype, sides in ((np.uint8, [(7, 42), (2, 300)]), (np.uint16, [(7, 14), (2, 3), (98, 1)])):
        for width, height in sides:
            for value in (4, 5):
                image = np.full((height, width), value, dtype)
                image.reshape(-1)[: width * height // 2] += 1
                result = box_filter(image, (width, height), mode="wrap")
                np.testing.assert_array_equal(result, 4 if value == 4 else 6)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_huge_value_leaves_no_trace(dtype, rng):
    """Not even by the rounding errors of running sums that it went through."""
    for height, width in [(1, 3), (3, 3), (2, 1), (5, 4), (40, 3)]:
        image = rng.normal(size=(2 * height + 5, 6)).astype(dtype)
        for row in (0, height):
            spoilt = image.copy()
            spoilt[row, 2] = np.finfo(dtype).max / 1000
            result, wanted = (box_filter(i, (width, height)) for i in (spoilt, image))
            far = np.abs(np.arange(len(image)) - row) > height
            np.testing.assert_array_equal(result[far], wanted[far])
            assert np.abs(result[row, 2]) > 1e30
    image = np.ones((12, 4), np.float32)
    image[0] = 3.4e38
    assert (box_filter(image, (1, 3))[2:] == 1).all()


@pytest.mark.lane
def test_sums_that_overflow_leave_no_trace():
    image = np.ones((5, 14), np.float32)
    image[2:4, 6] = 3.4e38
    for width in (1, 2, 3, 4, 5):
        result = box_filter(image, (width, 3))[2]
        holds = np.abs(np.arange(14) - 6 - (width % 2 == 0) / 2) <= width / 2
        np.testing.assert_array_equal(result, np.where(holds, np.inf, 1))


@pytest.mark.lane
def test_any_layout(rng):
    image = rng.integers(0, 256, (6, 8)).astype(np.uint8)
    wanted = box_filter(image, 3)
    read_only = np.frombuffer(image.tobytes(), np.uint8).reshape(6, 8)
    for laid_out in (np.asfortranarray(image), np.repeat(image, 2, 1)[:, ::2], read_only):
        np.testing.assert_array_equal(box_filter(laid_out, 3), wanted)
    big_endian = image.astype(">f4")
    np.testing.assert_array_equal(box_filter(big_endian, 3), box_filter(image.astype("f4"), 3))
    np.testing.assert_array_equal(big_endian, image)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        (0, ValueError, "size width must be at least 1, got 0"),
        ((3, 0), ValueError, "size height must be at least 1, got 0"),
        ((3, -1), ValueError, "size height must be at least 1, got -1"),
        (2.5, TypeError, "size must be an integer or (width, height), got 2.5"),
        (None, TypeError, "size must be an integer or (width, height), got None"),
        (100_001, ValueError, "size width must be at most 100000, got 100001"),
    ],
)
def test_wrong_sizes(size, error, message):
    with pytest.raises(error) as raised:
        box_filter(np.zeros((3, 3), np.uint8), size)
    assert str(raised.value) == message


@pytest.mark.lane
def test_nan_and_infinity_are_refused():
    for dtype in (np.float32, np.float64):
        for value in (np.nan, np.inf, -np.inf):
            for place in [(0, 0), (3, 5), (6, 2)]:
                image = np.zeros((7, 6), dtype)
                image[place] = value
                for size in (1, 2, (3, 7), 20):
                    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
                        box_filter(image, size)
    box_filter(np.full((7, 6), 1e308), 3)  # whose sums are not finite


def test_uint8_identical_to_opencv(photographs, rng):
    import cv2

    for width in [1, 2, 3, 4, 5, 7, 12, 15, 16, 17, 31, 64]:
        for height in [1, 2, 3, 5, 6, 9, 16, 20, 31]:
            pixels = width * height
            if pixels <= 256 and pixels.bit_count() == 1:
                continue  # OpenCV rounds some means up that are below a half
            image = rng.integers(0, 256, (47, 131), np.uint8)
            result, wanted = box_filter(image, (width, height)), cv2.blur(image, (width, height))
            different = result != wanted
            if different.any():  # halves, which it rounds in float32 or float64 by the column
                assert pixels > 256
                exact = box_filter(image.astype(np.float64), (width, height))[different]
                np.testing.assert_allclose(exact % 1, 0.5, rtol=0, atol=1e-9)
    for image in photographs.values():
        for size in [(3, 3), (5, 5), (6, 5), (31, 31)]:
            np.testing.assert_array_equal(box_filter(image, size), cv2.blur(image, size))


def test_uint8_of_the_sample_pictures_identical_to_opencv(data_folder):
    import cv2

    for path in sorted((data_folder / "opencv_samples").rglob("*")):
        image = cv2.imread(str(path))
        if image is not None:
            for size in [(3, 3), (5, 5), (31, 31), (10, 9)]:
                np.testing.assert_array_equal(box_filter(image, size), cv2.blur(image, size))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_scipy(mode, dtype, rng):
    from scipy.ndimage import uniform_filter

    for shape in [(1, 1), (2, 9), (31, 29), (64, 64)]:
        image = (rng.random(shape) * (1 if np.dtype(dtype).kind in "bf" else 255)).astype(dtype)
        for width, height in [(3, 3), (4, 7), (31, 31), (200, 90)]:
            wanted = uniform_filter(image.astype(np.float64), (height, width), mode=mode)
            result = box_filter(image, (width, height), mode=mode).astype(np.float64)
            # SciPy's own running sums drift by about 1e-14
            tolerance = {"f4": 1e-6, "f8": 1e-13}.get(image.dtype.str[1:], 0.5 + 1e-12)
            np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance)
