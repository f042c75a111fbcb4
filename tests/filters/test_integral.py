"""Integral images against slice sums, OpenCV and scikit-image."""

import cv2
import numpy as np
import pytest
import skimage.transform
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import classicvision as cv
from tests.naive import integral as naive

TABLES = {
    cv.integral_image: naive.integral_image,
    cv.squared_integral_image: lambda image: naive.integral_image(wide(image) ** 2),
    cv.tilted_integral_image: naive.tilted_integral_image,
}
every_table = pytest.mark.parametrize("table", TABLES)
pixel_types = st.sampled_from([np.bool_, np.uint8, np.uint16, np.int16, np.float32, np.float64])
shapes = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)),
)


def wide(image):
    """The same values in a type that holds their sums and squares."""
    return image.astype(np.float64 if image.dtype.kind == "f" else np.int64)


@st.composite
def images(draw):
    dtype = np.dtype(draw(pixel_types))
    elements = (
        # multiples of 1/8 whose sums are exact: any order of summation gives the same
        st.integers(-8000, 8000).map(lambda v: v / 8)
        if dtype.kind == "f"
        else arrays.from_dtype(dtype)
    )
    return draw(arrays.arrays(dtype, draw(shapes), elements=elements))


@pytest.mark.lane
@every_table
@given(image=images())
def test_every_entry_is_the_sum_of_its_pixels(table, image):
    result = table(image)
    assert result.dtype == (np.float64 if image.dtype.kind == "f" else np.int64)
    np.testing.assert_array_equal(result, TABLES[table](image))


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_wide_rows_of_white(dtype):
    for width in (127, 128, 255, 256, 257, 259, 514):  # sums of 256 pixels still fit 16 bits
        table = cv.integral_image(np.full((2, width), 255, np.uint8), dtype=dtype)
        np.testing.assert_array_equal(table, 255 * np.outer(np.arange(3), np.arange(width + 1)))


def test_int64_holds_sums_beyond_int32():
    table = cv.integral_image(np.full((2903, 2903), 255, np.uint8))
    assert table[-1, -1] == 2903 * 2903 * 255 > 2**31


@every_table
def test_any_layout_gives_the_same_and_is_left_alone(table, rng):
    image = rng.integers(-500, 500, (12, 17)).astype(np.int16)
    wanted = table(image)
    padded = np.zeros((24, 34), np.int16)
    padded[::2, ::2] = image
    layouts = [
        np.asfortranarray(image),
        image.astype(">i2"),
        padded[::2, ::2],
        image[::-1, ::-1].copy()[::-1, ::-1],
    ]
    for layout in layouts:
        before = layout.copy()
        layout.flags.writeable = False
        np.testing.assert_array_equal(table(layout), wanted)
        np.testing.assert_array_equal(layout, before)


@pytest.mark.parametrize("name", ["astronaut", "camera", "chelsea"])
def test_photographs_equal_opencv(photographs, name):
    image = photographs[name]
    plain, squares, tilted = cv2.integral3(image)
    np.testing.assert_array_equal(cv.integral_image(image), plain)
    np.testing.assert_array_equal(cv.squared_integral_image(image), squares)
    np.testing.assert_array_equal(cv.tilted_integral_image(image), tilted)
    np.testing.assert_array_equal(cv.integral_image(image, dtype=np.int32), plain)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_random_images_of_all_shapes_equal_opencv(dtype, rng):
    for shape in [(1, 1), (1, 64), (64, 1), (2, 3), (37, 61), (64, 64), (40, 50, 3)]:
        image = rng.integers(0, 256, shape).astype(dtype)  # whole numbers: all sums are exact
        plain, squares, tilted = cv2.integral3(image, sdepth=cv2.CV_64F, sqdepth=cv2.CV_64F)
        shape = shape[0] + 1, shape[1] + 1, *shape[2:]
        np.testing.assert_array_equal(cv.integral_image(image), plain.reshape(shape))
        np.testing.assert_array_equal(cv.squared_integral_image(image), squares.reshape(shape))
        np.testing.assert_array_equal(cv.tilted_integral_image(image), tilted.reshape(shape))


def test_data_pictures_equal_opencv(data_folder):
    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        image = cv.read_image(path, gray=True)
        np.testing.assert_array_equal(cv.integral_image(image, dtype="int32"), cv2.integral(image))


def test_float_images_equal_opencv_to_rounding(rng):
    image = rng.normal(size=(40, 30))
    plain, squares, tilted = cv2.integral3(image)
    np.testing.assert_allclose(cv.integral_image(image), plain, atol=1e-12)
    np.testing.assert_allclose(cv.squared_integral_image(image), squares, atol=1e-11)
    np.testing.assert_allclose(cv.tilted_integral_image(image), tilted, atol=1e-12)


def test_photographs_equal_skimage(photographs):
    image = photographs["camera"]
    wanted = skimage.transform.integral_image(image)
    np.testing.assert_array_equal(cv.integral_image(image)[1:, 1:], wanted)


@pytest.mark.lane
def test_tilted_cone_by_hand():
    image = np.zeros((5, 7), np.uint8)
    image[1, 3] = 1
    tilted = cv.tilted_integral_image(image)
    wanted = np.zeros((6, 8), int)
    wanted[2, 4] = wanted[3, 3:6] = 1
    wanted[4, 2:7] = wanted[5, 1:8] = 1
    np.testing.assert_array_equal(tilted, wanted)


@pytest.mark.lane
@given(image=images(), data=st.data())
def test_box_sums_are_slice_sums(image, data):
    rows, columns = image.shape[:2]
    edges_x = st.lists(st.integers(0, columns), min_size=2, max_size=2).map(sorted)
    edges_y = st.lists(st.integers(0, rows), min_size=2, max_size=2).map(sorted)
    pairs = data.draw(st.lists(st.tuples(edges_x, edges_y), max_size=8))
    boxes = [[x1, y1, x2, y2] for (x1, x2), (y1, y2) in pairs]
    sums = cv.box_sum(cv.integral_image(image), boxes)
    assert sums.shape == (len(boxes), *image.shape[2:])
    for total, (x1, y1, x2, y2) in zip(sums, boxes, strict=True):
        np.testing.assert_array_equal(total, wide(image)[y1:y2, x1:x2].sum(axis=(0, 1)))


@every_table
def test_dtype_of_the_result(table, rng):
    image = rng.integers(0, 256, (9, 8)).astype(np.uint8)
    wanted = table(image)
    for dtype in ("int32", np.int64, "float32", np.float64):
        result = table(image, dtype=dtype)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, wanted)
    assert table(image / 3, dtype="float32").dtype == np.float32


def test_int32_is_refused_only_where_it_could_overflow():
    image = np.full((181, 181), 255, np.uint8)  # 2130308025 when squared: just fits
    wanted = cv.squared_integral_image(image)
    assert wanted[-1, -1] == 181 * 181 * 255**2
    np.testing.assert_array_equal(cv.squared_integral_image(image, dtype=np.int32), wanted)
    dark = np.ones((300, 300), np.uint8)
    assert cv.squared_integral_image(dark, dtype=np.int32)[-1, -1] == 90000
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared
        cv.squared_integral_image(np.full((182, 182), 255, np.uint8), dtype=np.int32)
    assert str(error.value) == (
        "dtype int32 could overflow: 33124 pixels of up to 255 squared may sum to 2**31 or more; "
        "use int64"
    )


def test_int32_of_the_other_byte_order_is_refused_as_well():
    with pytest.raises(ValueError, match="dtype int32 could overflow"):
        cv.squared_integral_image(np.full((182, 182), 255, np.uint8), dtype=">i4")
    assert cv.integral_image(np.ones((2, 2), np.uint8), dtype=">i4").dtype == np.int32


def test_most_negative_int16_counts_as_the_largest():
    image = np.full((256, 256), -32768, np.int16)  # sums to -2**31
    with pytest.raises(ValueError, match="65536 pixels of up to 32768 may sum"):
        cv.integral_image(image, dtype=np.int32)
    assert cv.integral_image(image)[-1, -1] == -(2**31)


def test_int64_holds_squares_that_opencvs_int32_cannot(rng):
    image = np.full((300, 300), 65535, np.uint16)
    assert cv.squared_integral_image(image)[-1, -1] == 300 * 300 * 65535**2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: cv.integral_image(np.zeros((2, 2), np.int64)),
            TypeError,
            "image must be of dtype bool, uint8, uint16, int16, float32, float64, got int64; "
            "convert it with .astype()",
        ),
        (
            lambda: cv.integral_image(np.zeros((2, 2)), dtype=np.int32),
            ValueError,
            "dtype must be float32 or float64 for a float image, got int32",
        ),
        (
            lambda: cv.integral_image(np.zeros((2, 2), np.uint8), dtype=np.uint8),
            ValueError,
            "dtype must be one of 'int32', 'int64', 'float32', 'float64', got 'uint8'",
        ),
        (
            lambda: cv.tilted_integral_image([[np.nan]]),
            ValueError,
            "image has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
        (
            lambda: cv.box_sum(np.zeros((5, 7), int), [[0, 0, 1, 1], [0, 0, 7, 4]]),
            ValueError,
            "boxes must lie inside the image of 6 x 4 pixels, boxes[1] is [0, 0, 7, 4]; "
            "clip them with np.clip",
        ),
        (
            lambda: cv.box_sum(np.zeros((5, 7), int), [[0, 0, 2.0**70, 1]]),
            ValueError,
            "boxes must lie inside the image of 6 x 4 pixels, "
            "boxes[0] is [0, 0, 1180591620717411303424, 1]; clip them with np.clip",
        ),
        (
            lambda: cv.box_sum(np.zeros((5, 7), int), [[0, 0.5, 1, 1]]),
            ValueError,
            "boxes must be whole pixels, boxes[0] is [0.0, 0.5, 1.0, 1.0]; round them with np.rint",
        ),
        (
            lambda: cv.box_sum(np.zeros(5), [[0, 0, 1, 1]]),
            TypeError,
            "integral must be a numeric array (rows + 1, columns + 1[, 3]), got float64 (5,); "
            "make it with integral_image",
        ),
    ],
)
def test_errors_say_what_was_wanted(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
