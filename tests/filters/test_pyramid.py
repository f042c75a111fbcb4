"""Reduce and expand: by hand, against one mask moved over the image, and OpenCV."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters.pyramid import pyramid_expand, pyramid_reduce
from tests.layouts import LAYOUTS, lay_out
from tests.naive import pyramid as naive

DTYPES = [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64]
OPENCV_DTYPES = DTYPES[1:]
# Sums of 25 products: float32 keeps 24 bits, OpenCV sums in another order.
TOLERANCE = {"float32": 1e-6, "float64": 1e-14}


def random_image(rng, shape, dtype):
    """An image over the whole range of its dtype; floats are from -1 to 1."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return rng.uniform(-1, 1, shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def shapes_of_twice(rows, columns):
    """All shapes that expand may give: of each side twice as much, one less, one more."""
    for r in (2 * rows - 1, 2 * rows, 2 * rows + 1):
        for c in (2 * columns - 1, 2 * columns, 2 * columns + 1):
            yield r, c


def assert_same(result, wanted):
    """Identical for integers, for floats up to the rounding of the sums."""
    assert result.dtype == wanted.dtype
    assert result.shape == wanted.shape
    np.testing.assert_allclose(result, wanted, rtol=0, atol=TOLERANCE.get(result.dtype.name, 0))


@pytest.mark.lane
def test_an_impulse_gives_the_weights():
    image = np.zeros((9, 9))
    image[4, 4] = 1
    weights = np.array([0, 1, 6, 1, 0]) / 16
    np.testing.assert_array_equal(pyramid_reduce(image), np.outer(weights, weights))
    image = np.zeros((4, 4))
    image[2, 2] = 1
    weights = np.array([0, 0, 1, 4, 6, 4, 1, 0]) / 8
    np.testing.assert_array_equal(pyramid_expand(image), np.outer(weights, weights))


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (4, 5), (3, 2, 3)])
def test_flat_images_stay_flat(dtype, shape):
    dtype = np.dtype(dtype)
    limits = [0, 1] if dtype.kind in "bf" else [np.iinfo(dtype).min, np.iinfo(dtype).max]
    for value in limits:
        image = np.full(shape, value, dtype)
        reduced, expanded = pyramid_reduce(image), pyramid_expand(image)
        assert reduced.dtype == expanded.dtype == dtype
        assert (reduced == image[0, 0]).all()
        assert (expanded == image[0, 0]).all()


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (5, 1), (2, 3), (7, 6), (4, 5, 3), (1, 1, 3)])
def test_equal_one_mask(dtype, shape, rng):
    image = random_image(rng, shape, dtype)
    reduced = pyramid_reduce(image)
    assert reduced.shape[:2] == tuple((n + 1) // 2 for n in shape[:2])
    assert_same(reduced, naive.reduce(image))
    for wanted in shapes_of_twice(*shape[:2]):
        assert_same(pyramid_expand(image, wanted), naive.expand(image, wanted))


@pytest.mark.lane
def test_expand_doubles_without_a_shape(rng):
    image = random_image(rng, (3, 4), np.uint8)
    np.testing.assert_array_equal(pyramid_expand(image), pyramid_expand(image, (6, 8)))


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_layout(shape, seed, kind, dtype):
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    np.testing.assert_array_equal(pyramid_reduce(laid_out), pyramid_reduce(image))
    np.testing.assert_array_equal(pyramid_expand(laid_out), pyramid_expand(image))
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.lane
def test_several_threads_at_once(rng):
    images = [random_image(rng, (6, 9), np.uint8) for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: pyramid_expand(pyramid_reduce(image)), images))
    for image, result in zip(images, results, strict=True):
        np.testing.assert_array_equal(result, pyramid_expand(pyramid_reduce(image)))


@pytest.mark.lane
def test_huge_floats_do_not_count_as_infinite():
    image = np.full((9, 9), 1e36, np.float32)
    for result in (pyramid_reduce(image), pyramid_expand(image)):
        np.testing.assert_allclose(result, 1e36, rtol=1e-6)


def assert_both_equal_opencv(image):
    import cv2

    reduced = pyramid_reduce(image)
    assert_same(reduced, cv2.pyrDown(image).reshape(reduced.shape))
    for shape in shapes_of_twice(*image.shape[:2]):
        if image.shape[1] == 1 and shape[1] == 3:
            continue  # there the last column of OpenCV 5.0 is what the memory held before
        wanted = cv2.pyrUp(image, dstsize=shape[::-1]).reshape((*shape, *image.shape[2:]))
        assert_same(pyramid_expand(image, shape), wanted)


@pytest.mark.parametrize("dtype", OPENCV_DTYPES)
def test_equal_opencv_on_every_small_shape(dtype, rng):
    for rows, columns in np.ndindex(8, 8):
        for channels in [(), (3,)]:
            shape = (rows + 1, columns + 1, *channels)
            assert_both_equal_opencv(random_image(rng, shape, dtype))


@pytest.mark.parametrize("dtype", OPENCV_DTYPES)
def test_equal_opencv_on_random_shapes(dtype, rng):
    for rows, columns in [(64, 64), (63, 64), *rng.integers(1, 65, (20, 2))]:
        for channels in [(), (3,)]:
            assert_both_equal_opencv(random_image(rng, (rows, columns, *channels), dtype))


@pytest.mark.parametrize("dtype", OPENCV_DTYPES)
def test_photographs_equal_opencv(dtype, photographs):
    for name in ("camera", "chelsea"):  # 512 x 512 and 451 x 300
        scale = 1 / 255 if np.dtype(dtype).kind == "f" else 1 if dtype == np.uint8 else 128
        assert_both_equal_opencv((photographs[name] * scale).astype(dtype))


def test_data_photographs_equal_opencv(data_folder):
    import cv2

    paths = sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g"))
    assert len(paths) > 80
    for path in paths:
        image = cv2.imread(str(path))
        gray = image[..., 1]
        reduced = pyramid_reduce(image)
        np.testing.assert_array_equal(reduced, cv2.pyrDown(image))
        wanted = cv2.pyrUp(reduced, dstsize=image.shape[1::-1])
        np.testing.assert_array_equal(pyramid_expand(reduced, image.shape[:2]), wanted)
        for dtype in OPENCV_DTYPES:
            scale = 1 / 255 if np.dtype(dtype).kind == "f" else 1 if dtype == np.uint8 else 128
            picture = (gray * scale).astype(dtype)
            reduced = pyramid_reduce(picture)
            assert_same(reduced, cv2.pyrDown(picture))
            wanted = cv2.pyrUp(reduced, dstsize=gray.shape[::-1])
            assert_same(pyramid_expand(reduced, gray.shape), wanted)


@pytest.mark.lane
@pytest.mark.parametrize("function", [pyramid_reduce, pyramid_expand])
@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (
            np.zeros((2, 2), np.int64),
            TypeError,
            "image must be of dtype bool, uint8, uint16, int16, float32, float64, got int64; "
            "convert it with .astype()",
        ),
        (
            np.zeros(4, np.uint8),
            TypeError,
            "image must have shape (rows, columns) or (rows, columns, 3), got (4,)",
        ),
        (np.zeros((0, 4), np.uint8), ValueError, "image has no pixels: its shape is (0, 4)"),
        (
            np.array([[0, np.nan, 0]]),
            ValueError,
            "image has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
        (
            np.array([[np.inf, -np.inf]], np.float32),
            ValueError,
            "image has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
    ],
)
def test_wrong_images(function, image, error, message):
    with pytest.raises(error) as raised:
        function(image)
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        (8, TypeError, "shape must be (rows, columns), got 8"),
        ((8, 8, 3), TypeError, "shape must be (rows, columns), got (8, 8, 3)"),
        ((8, 6.0), TypeError, "shape columns must be an integer, got 6.0"),
        (
            (8, 8),
            ValueError,
            "shape must be twice that of the image, (8, 6), or one less or more, got (8, 8)",
        ),
        (
            (4, 3),
            ValueError,
            "shape must be twice that of the image, (8, 6), or one less or more, got (4, 3)",
        ),
    ],
)
def test_wrong_shapes(shape, error, message):
    with pytest.raises(error) as raised:
        pyramid_expand(np.zeros((4, 3), np.uint8), shape)
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize("function", [pyramid_reduce, pyramid_expand])
def test_floats_whose_sums_are_infinite_are_refused(function):
    image = np.full((3, 3), 3e38, np.float32)
    message = (
        "image must have no values above 1.33e+36, as sums of them may be 256 times as large; "
        "divide all by one number"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(image)
    assert np.isfinite(function(image / 256)).all()
