"""Colour histograms against their definition, OpenCV's and NumPy's."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.color.histogram import color_histogram
from tests.layouts import LAYOUTS, lay_out
from tests.naive import color as naive

BYTES = {
    "rgb": (None, [0, 256] * 3),
    "hsv": (cv2.COLOR_RGB2HSV, [0, 180, 0, 256, 0, 256]),
    "lab": (cv2.COLOR_RGB2Lab, [0, 256] * 3),
}


def opencv_histogram(image, bins, space, mask=None):
    code, ranges = BYTES[space]
    converted = image if code is None else cv2.cvtColor(image, code)
    return cv2.calcHist([converted], [0, 1, 2], mask, list(bins), ranges)


@pytest.mark.parametrize("space", BYTES)
@pytest.mark.parametrize("bins", [8, (3, 5, 7), (16, 1, 4), (40, 50, 60), (300, 2, 3)])
def test_equals_opencv(photographs, space, bins):
    image = photographs["coffee"][::2, 1::3]
    each = (bins,) * 3 if isinstance(bins, int) else bins
    result = color_histogram(image, bins, space)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, opencv_histogram(image, each, space))
    mask = image[..., 0] > 90
    expected = opencv_histogram(image, each, space, mask.astype(np.uint8))
    np.testing.assert_array_equal(color_histogram(image, bins, space, mask=mask), expected)


@pytest.mark.lane
@given(st.integers(1, 7), st.integers(1, 2100), st.tuples(*[st.integers(1, 12)] * 3))
def test_counts_every_pixel(rows, columns, bins):
    image = np.random.default_rng(rows).integers(0, 256, (rows, columns // rows + 1, 3), np.uint8)
    expected = opencv_histogram(image, bins, "rgb")
    np.testing.assert_array_equal(color_histogram(image, bins), expected)


@pytest.mark.parametrize("limits", [(30, 200), (-10, 300), (100, 101.5)])
def test_range_equals_opencv(photographs, limits):
    image = photographs["astronaut"][::3, ::3]
    if limits[1] - limits[0] < 2:
        with pytest.raises(ValueError, match="range must span two values of an integer image"):
            color_histogram(image, 5, range=limits)
        return
    expected = cv2.calcHist([image], [0, 1, 2], None, [5] * 3, limits * 3)
    np.testing.assert_array_equal(color_histogram(image, 5, range=limits), expected)


@pytest.mark.lane
def test_floats_equal_the_definition_and_opencv_below_the_upper_end(rng):
    image = rng.random((9, 11, 3)).astype(np.float32)
    image[0, 0], image[1, 1] = 1, 0
    expected = naive.histogram(image.reshape(-1, 3), [(0, 1)] * 3, (4, 3, 5))
    np.testing.assert_array_equal(color_histogram(image, (4, 3, 5)), expected)
    assert color_histogram(image, (4, 3, 5))[3, 2, 4] >= 1  # white, which OpenCV leaves out
    below = image[1:]
    expected = cv2.calcHist([below], [0, 1, 2], None, [4, 3, 5], [0, 1] * 3)
    np.testing.assert_array_equal(color_histogram(below, (4, 3, 5)), expected)


@pytest.mark.lane
def test_values_outside_an_explicit_range_are_not_counted():
    image = np.array([[[0.5, 0.5, 0.5], [2, 0.5, 0.5], [0.5, 0.5, -1]]])
    assert color_histogram(image, 2, range=(0, 1)).sum() == 1
    assert color_histogram(image, 2, "hsv", range=(0, 1)).sum() == 1
    assert color_histogram(image, 2, range=(-1, 2)).sum() == 3


@pytest.mark.lane
@pytest.mark.parametrize("dtype", ["bool", "uint16", "int16", "float64"])
def test_other_dtypes_equal_the_definition(rng, dtype):
    high = {"bool": 2, "uint16": 65536, "int16": 900, "float64": 900}[dtype]
    image = rng.integers(0, high, (7, 8, 3)).astype(dtype)
    limits = None if dtype in ("bool", "uint16") else (0, high)
    expected = naive.histogram(image.reshape(-1, 3), [(0, high)] * 3, (2, 4, 8))
    np.testing.assert_array_equal(color_histogram(image, (2, 4, 8), range=limits), expected)


@pytest.mark.lane
@pytest.mark.parametrize("scale", [1, 257, 1 / 255])
def test_opponent_and_chromaticity_equal_the_definition(rng, scale):
    image = rng.integers(0, 256, (8, 9, 3), np.uint8)
    image[2, 3] = 0
    pixels = image.reshape(-1, 3)
    opponent = np.array([naive.opponent(pixel) for pixel in pixels])
    ranges = [(-255, 255), (-510, 510), (0, 765)]
    scaled = (image * float(scale)).astype({1: "uint8", 257: "uint16"}.get(scale, "float64"))
    expected = naive.histogram(opponent, ranges, (16, 15, 8))
    result = color_histogram(scaled, (15, 15, 7), "opponent")
    if scale != 1 / 255:  # on the edges of bins rounding decides
        np.testing.assert_array_equal(color_histogram(scaled, (16, 15, 8), "opponent"), expected)
    assert np.abs(result - naive.histogram(opponent, ranges, (15, 15, 7))).sum() <= 4
    shares = np.array([naive.chromaticity(pixel)[:2] for pixel in pixels])
    expected = naive.histogram(shares, [(0, 1)] * 2, (6, 7))
    if scale != 1 / 255:
        np.testing.assert_array_equal(color_histogram(scaled, (6, 7), "rg"), expected)
    assert color_histogram(scaled, 5, "rg").shape == (5, 5)


@pytest.mark.lane
@pytest.mark.parametrize("space", ["rgb", "rg", "hsv", "lab", "opponent", "gray"])
def test_a_range_shifts_black(rng, space):
    image = rng.integers(0, 256, (8, 9, 3), np.uint8)
    plain = color_histogram(image.astype(float), 3, space, range=(0, 255))
    shifted = color_histogram(image.astype(np.int16) - 100, 3, space, range=(-100, 156))
    assert np.abs(plain - shifted).sum() <= (0 if space in ("rg", "opponent") else 8)


@pytest.mark.lane
def test_floats_of_the_same_picture_have_the_same_histograms(photographs):
    image = photographs["coffee"][::16, ::16]
    for space in ("hsv", "lab"):
        whole = color_histogram(image, 4, space, normalize=True)
        unit = color_histogram(image / 255, 4, space, normalize=True)
        scaled = color_histogram(image.astype(np.float32), 4, space, range=(0, 255), normalize=True)
        assert np.abs(whole - unit).sum() < 0.1  # bytes of hue and of a* and b* are rounded
        np.testing.assert_allclose(unit, scaled, atol=1e-3)


@pytest.mark.lane
def test_soft_equals_the_definition(rng):
    image = rng.integers(0, 256, (5, 6, 3), np.uint8)
    pixels = image.reshape(-1, 3)
    for bins in ((4, 3, 2), (1, 5, 4)):
        expected = naive.soft_histogram(pixels, [(0, 256)] * 3, bins)
        np.testing.assert_allclose(
            color_histogram(image, bins, soft=True), expected, rtol=1e-5, atol=1e-6
        )
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).reshape(-1, 3)
    ranges = [(0, 180), (0, 256), (0, 256)]
    expected = naive.soft_histogram(hsv, ranges, (6, 3, 2), circular=(0,))
    result = color_histogram(image, (6, 3, 2), "hsv", soft=True)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.lane
def test_soft_hue_goes_round():
    red = np.full((1, 1, 3), (255, 0, 0), np.uint8)
    histogram = color_histogram(red, (6, 1, 1), "hsv", soft=True).ravel()
    np.testing.assert_allclose(histogram, [0.5, 0, 0, 0, 0, 0.5])
    dark = np.zeros((1, 1, 3), np.uint8)
    assert color_histogram(dark, 4, soft=True)[0, 0, 0] == 1


@pytest.mark.lane
def test_each_channel_and_the_luminance(rng):
    image = rng.integers(0, 256, (13, 17, 3), np.uint8)
    rows = color_histogram(image, 5, joint=False)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    for row, values in zip(rows, [*np.moveaxis(image, 2, 0), gray], strict=True):
        expected = cv2.calcHist([np.ascontiguousarray(values)], [0], None, [5], [0, 256]).ravel()
        np.testing.assert_array_equal(row, expected)
    soft = color_histogram(image, 5, joint=False, soft=True)
    expected = naive.soft_histogram(image.reshape(-1, 3)[:, 1:2], [(0, 256)], (5,))
    np.testing.assert_allclose(soft[1], expected, rtol=1e-5)
    assert color_histogram(image, 5, "hsv", joint=False).shape == (3, 5)
    np.testing.assert_array_equal(color_histogram(image, 5, "gray"), rows[3])
    np.testing.assert_array_equal(color_histogram(gray, 5, "gray"), rows[3])


@pytest.mark.lane
def test_normalized_histograms_sum_to_one(rng):
    image = rng.integers(0, 256, (13, 17, 3), np.uint8)
    assert color_histogram(image, normalize=True).sum() == pytest.approx(1)
    rows = color_histogram(image, joint=False, normalize=True, soft=True)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)
    nothing = np.zeros((13, 17), bool)
    for space in ("rgb", "rg", "hsv", "lab", "opponent", "gray"):
        assert not color_histogram(image, 4, space, mask=nothing, normalize=True).any()


@pytest.mark.lane
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(rng, layout):
    image = rng.integers(0, 256, (9, 10, 3), np.uint8)
    before = image.copy()
    for space in ("rgb", "hsv", "opponent"):
        result = color_histogram(lay_out(image, layout), 4, space)
        np.testing.assert_array_equal(result, color_histogram(image, 4, space))
    np.testing.assert_array_equal(image, before)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"space": "xyz"}, ValueError, "space must be one of 'rgb', 'rg', 'hsv'"),
        ({"bins": 0}, ValueError, "bins must be at least 1, got 0"),
        ({"bins": (8, 8)}, ValueError, "bins must be an integer or 3 of them"),
        ({"bins": "8"}, ValueError, "bins must be an integer or 3 of them"),
        ({"bins": 2.5}, TypeError, "bins must be an integer, got 2.5"),
        ({"bins": 300}, ValueError, "bins must be at most 16777216 in all, got 300 x 300 x 300"),
        ({"bins": (8, 8, 4), "joint": False}, ValueError, "bins must be an integer or 1 of them"),
        ({"mask": np.ones((2, 2), bool)}, ValueError, "mask must have the image's rows"),
        ({"mask": np.ones((4, 5))}, TypeError, "mask must be of bool or integers, got float64"),
        ({"joint": "no"}, TypeError, "joint must be True or False, got 'no'"),
        ({"soft": 2}, TypeError, "soft must be True or False, got 2"),
        ({"normalize": None}, TypeError, "normalize must be True or False, got None"),
        ({"range": 5}, TypeError, r"range must be a pair \(low, high\), got 5"),
        ({"range": (5, 5)}, ValueError, "range high must be greater than 5.0, got 5.0"),
    ],
)
def test_refuses_options(options, error, message):
    with pytest.raises(error, match=message):
        color_histogram(np.zeros((4, 5, 3), np.uint8), **options)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5), np.uint8), "image must be RGB for space 'rgb', got shape"),
        (np.full((4, 5, 3), 200.0), r"image has values from 200 to 200, and floats are taken"),
        (np.zeros((4, 5, 3), np.int16), "range must be given for int16, whose values here are 0"),
        (np.full((4, 5, 3), np.inf), "image has NaN or infinite values"),
    ],
)
def test_refuses_images(image, message):
    with pytest.raises(ValueError, match=message):
        color_histogram(image)
    if image.dtype == np.float64 and np.isfinite(image).all():
        with pytest.raises(ValueError, match="must not be negative for space 'rg'"):
            color_histogram(-image, space="rg")
