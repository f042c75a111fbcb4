"""Derivatives: by hand, against masks moved pixel by pixel, and against OpenCV."""

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters.derivatives import gradient
from classicvision.images import read_image
from tests.layouts import LAYOUTS, lay_out
from tests.naive import derivatives as naive

OPERATORS = ["forward", "central", "prewitt", "sobel", "scharr"]
MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("operator", "slope"),
    [("forward", 1), ("central", 2), ("prewitt", 6), ("sobel", 8), ("scharr", 32)],
)
def test_response_to_a_ramp(operator, slope):
    ramp = np.add.outer(5 * np.arange(7), 3 * np.arange(8)).astype(np.uint8)
    gx, gy = gradient(ramp, operator)
    assert (gx[1:-1, 1:-1] == 3 * slope).all()
    assert (gy[1:-1, 1:-1] == 5 * slope).all()


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operator", OPERATORS)
def test_equals_masks(operator, mode, rng):
    for shape in [(1, 1), (1, 7), (6, 1), (2, 2), (9, 11)]:
        image = rng.integers(0, 256, shape, np.uint8)
        result = gradient(image, operator, mode=mode)
        np.testing.assert_array_equal(result, naive.gradient(image, operator, mode=mode))


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [5, 7])
def test_larger_sobel_equals_masks(size, mode, rng):
    for shape in [(1, 1), (2, 3), (9, 11)]:
        image = rng.integers(0, 256, shape, np.uint8)
        result = gradient(image, size=size, mode=mode)
        np.testing.assert_array_equal(result, naive.gradient(image, "sobel", size, mode))


@pytest.mark.lane
@pytest.mark.parametrize(
    ("alias", "mode"),
    [
        ("reflect101", "mirror"),
        ("symmetric", "reflect"),
        ("edge", "nearest"),
        ("replicate", "nearest"),
    ],
)
def test_names_of_borders(alias, mode, rng):
    image = rng.integers(0, 256, (4, 5), np.uint8)
    np.testing.assert_array_equal(gradient(image, mode=alias), gradient(image, mode=mode))


@pytest.mark.lane
@pytest.mark.parametrize(
    ("dtype", "wanted"),
    [
        (bool, np.float32),
        (np.uint8, np.float32),
        (np.uint16, np.float32),
        (np.int16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (">u2", np.float32),
    ],
)
def test_dtypes(dtype, wanted, rng):
    image = rng.integers(0, 100, (6, 7)).astype(dtype)
    gx, gy = gradient(image)
    assert gx.dtype == gy.dtype == wanted
    np.testing.assert_array_equal((gx, gy), naive.gradient(image))


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.int16, "int32", np.float32, np.float64, ">i2", ">f4"])
def test_asked_dtype(dtype, rng):
    image = rng.integers(0, 256, (6, 7), np.uint8)
    gx, gy = gradient(image, dtype=dtype)
    assert gx.dtype == gy.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal((gx, gy), naive.gradient(image))


@pytest.mark.lane
def test_float64_is_rounded_at_the_end_only(rng):
    image = 1e6 + rng.random((6, 7))
    for size in (3, 5):
        result = gradient(image, size=size, dtype=np.float32)
        assert result[0].dtype == np.float32
        wanted = naive.gradient(image, "sobel", size)
        np.testing.assert_allclose(result, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.lane
def test_narrow_results_saturate():
    image = np.array([[0, 0, 65535, 65535, 0, 0]] * 3, np.uint16)
    gx, _ = gradient(image, dtype=np.int16)
    assert gx[1].tolist() == [0, 32767, 32767, -32768, -32768, 0]


@pytest.mark.lane
def test_color_is_filtered_per_channel(rng):
    image = rng.integers(0, 256, (5, 6, 3), np.uint8)
    for size in (3, 5):
        for mode in MODES:
            gx, gy = gradient(image, size=size, mode=mode)
            for k in range(3):
                alone = gradient(image[..., k], size=size, mode=mode)
                np.testing.assert_array_equal((gx[..., k], gy[..., k]), alone)


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    operator=st.sampled_from(OPERATORS),
)
def test_any_layout(shape, seed, kind, operator):
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    np.testing.assert_array_equal(gradient(laid_out, operator), gradient(image, operator))
    np.testing.assert_array_equal(laid_out, before)


def _check_opencv(image, dtype):
    import cv2

    depth = {np.int16: cv2.CV_16S, np.float32: cv2.CV_32F}[dtype]
    for size in (3, 5, 7):
        wanted = [cv2.Sobel(image, depth, *d, ksize=size) for d in ((1, 0), (0, 1))]
        np.testing.assert_array_equal(gradient(image, size=size, dtype=dtype), wanted)
    wanted = [cv2.Scharr(image, depth, *d) for d in ((1, 0), (0, 1))]
    np.testing.assert_array_equal(gradient(image, "scharr", dtype=dtype), wanted)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_equals_opencv(photographs, dtype):
    for image in photographs.values():
        _check_opencv(image, dtype)


def test_data_pictures_equal_opencv(data_folder):
    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        _check_opencv(read_image(path, gray=True), np.int16)


@pytest.mark.parametrize(
    ("mode", "border"),
    [("mirror", "REFLECT_101"), ("reflect", "REFLECT"), ("nearest", "REPLICATE"), ("constant", 0)],
)
def test_random_images_of_all_shapes_equal_opencv(mode, border, rng):
    import cv2

    border = getattr(cv2, f"BORDER_{border}") if border else cv2.BORDER_CONSTANT
    for shape in [(1, 1), (1, 2), (3, 1), (2, 2), (17, 5), (64, 64)]:
        for dtype in (np.uint8, np.uint16, np.int16):
            image = rng.integers(0, 256, shape).astype(dtype)
            for size in (3, 5, 7):
                wanted = [
                    cv2.Sobel(image, cv2.CV_32F, *d, ksize=size, borderType=border)
                    for d in ((1, 0), (0, 1))
                ]
                np.testing.assert_array_equal(gradient(image, size=size, mode=mode), wanted)


@pytest.mark.parametrize("mode", MODES)
def test_equals_scipy(mode, rng):
    """SciPy has the same Sobel and Prewitt operators; any border, also one beyond the image."""
    for shape in [(1, 1), (2, 5), (33, 20)]:
        image = rng.integers(0, 256, shape).astype(np.float64)
        for operator in ("sobel", "prewitt"):
            function = getattr(scipy.ndimage, operator)
            wanted = [function(image, axis, mode=mode) for axis in (1, 0)]
            np.testing.assert_array_equal(gradient(image, operator, mode=mode), wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_equal_opencv_up_to_rounding(photographs, dtype):
    import cv2

    image = (photographs["astronaut"] / 255).astype(dtype)
    depth = {np.float32: cv2.CV_32F, np.float64: cv2.CV_64F}[dtype]
    wanted = [cv2.Sobel(image, depth, *d) for d in ((1, 0), (0, 1))]
    np.testing.assert_allclose(gradient(image), wanted, atol=8 * np.finfo(dtype).eps)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"operator": "roberts"},
            ValueError,
            "operator must be one of 'forward', 'central', 'prewitt', 'sobel', 'scharr', "
            "got 'roberts'",
        ),
        ({"size": 4}, ValueError, "size must be one of 3, 5, 7, got 4"),
        (
            {"operator": "scharr", "size": 5},
            ValueError,
            "size must be 3 for operator 'scharr', got 5; use 'sobel'",
        ),
        (
            {"dtype": np.uint8},
            ValueError,
            "dtype must be one of 'int16', 'int32', 'float32', 'float64', got 'uint8'",
        ),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as raised:
        gradient(np.zeros((3, 3), np.uint8), **options)
    assert str(raised.value) == message


@pytest.mark.lane
def test_floats_have_no_integer_derivatives():
    with pytest.raises(ValueError, match=r"^dtype must be float32 or float64 for a float32 image"):
        gradient(np.zeros((3, 3), np.float32), dtype=np.int16)


@pytest.mark.lane
def test_wrong_mode():
    with pytest.raises(ValueError, match=r"^mode must be one of 'mirror', .* got 'zero'$"):
        gradient(np.zeros((3, 3), np.uint8), mode="zero")
