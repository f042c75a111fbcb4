"""Luminance against the formula in exact arithmetic, and against OpenCV."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classicvision.images import as_uint8, luminance
from tests.naive import conversion as naive

INTEGERS = ("bool", "uint8", "uint16", "int16")


@given(st.data(), st.sampled_from(INTEGERS))
def test_integers_are_exact(data, dtype):
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 9), st.just(3)))
    image = data.draw(arrays.arrays(dtype, shape))
    gray = luminance(image)
    assert gray.dtype == image.dtype
    np.testing.assert_array_equal(gray, naive.luminance(image))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_same_as_opencv(rng, dtype):
    for shape in ((1, 1), (3, 7), (37, 5), (61, 53), (200, 321)):
        image = rng.integers(0, np.iinfo(dtype).max, (*shape, 3), dtype=dtype, endpoint=True)
        np.testing.assert_array_equal(luminance(image), cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def test_every_gray_level_stays():
    levels = np.arange(65536).astype(np.uint16).reshape(256, 256)
    np.testing.assert_array_equal(luminance(np.stack([levels] * 3, axis=2)), levels)


def test_float32_is_opencv_to_the_last_place(rng):
    image = (rng.random((40, 67, 3)) * 255).astype(np.float32)
    expected = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    # Which of the multiplications are fused depends on OpenCV's build and on the processor.
    np.testing.assert_array_max_ulp(luminance(image), expected, maxulp=2)


def test_float64():
    image = np.array([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [-2, 1e300, np.nan]]])
    np.testing.assert_allclose(luminance(image), [[0.299, 0.587, 0.114, np.nan]], rtol=1e-15)


def test_layouts_and_gray(rng):
    image = rng.integers(0, 65536, (12, 10, 3)).astype(np.uint16)
    expected = luminance(image)
    image.flags.writeable = False
    for view in (np.asfortranarray(image), image.astype(">u2"), np.repeat(image, 2, 1)[:, ::2]):
        gray = luminance(view)
        assert gray.dtype == np.uint16
        np.testing.assert_array_equal(gray, expected)
    np.testing.assert_array_equal(luminance(image[:, :, 0]), image[:, :, 0])


def test_errors():
    with pytest.raises(TypeError, match="image must be of dtype bool, uint8"):
        luminance(np.zeros((2, 2, 3), complex))
    with pytest.raises(TypeError, match=r"got object; convert it with \.astype\(\)$"):
        luminance(np.zeros((5, 5), object))
    with pytest.raises(ValueError, match="image has no pixels"):
        luminance(np.zeros((0, 2, 3)))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("photo.jpg", "image must be an array, got the path 'photo.jpg'; read it with read_image"),
        (Path("photo.jpg"), "image must be an array, got the path 'photo.jpg'; read it with"),
        (None, "image must be an array of numbers, got None"),
        ([None], "image must be an array of numbers, got [None]"),
        (b"P5", "image must be an array of numbers, got b'P5'"),
        ([["a"]], "image must be an array of numbers, got [['a']]"),
        ([[1, 2], [3]], "image must be an array of numbers, got [[1, 2], [3]]"),
    ],
)
def test_what_is_no_image_at_all(image, message):
    with pytest.raises(TypeError) as caught:
        luminance(image)
    assert str(caught.value).startswith(message)


def test_as_uint8_scales_by_what_the_dtype_stands_for():
    assert as_uint8(np.array([[0, 257 * 100, 65535]], np.uint16)).tolist() == [[0, 100, 255]]
    assert as_uint8(np.array([[False, True]])).tolist() == [[0, 255]]
    assert as_uint8(np.array([[0, 0.2, 1]], np.float32)).tolist() == [[0, 51, 255]]
    assert as_uint8(np.array([[-3.0, 0.5, 1.5, 300]])).tolist() == [[0, 0, 2, 255]]
    assert as_uint8(np.array([[-7, 7, 700]], np.int16)).tolist() == [[0, 7, 255]]
    image = np.zeros((2, 2), np.uint8)
    assert as_uint8(image) is image
