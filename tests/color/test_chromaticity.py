"""Chromaticities against their definition."""

import numpy as np
import pytest

from classicvision.color.chromaticity import chromaticity
from tests.layouts import LAYOUTS, lay_out
from tests.naive import color as naive


@pytest.mark.lane
@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int16", "float32", "float64"])
def test_equals_the_definition(rng, dtype):
    image = rng.integers(0, 2 if dtype == "bool" else 256, (4, 5, 3)).astype(dtype)
    image[1, 2] = 0
    result = chromaticity(image)
    expected = np.array([[naive.chromaticity(pixel) for pixel in row] for row in image])
    np.testing.assert_allclose(np.stack(result, axis=2), expected, rtol=1e-6)
    assert {part.dtype for part in result} == {np.dtype("f8" if dtype == "float64" else "f4")}


@pytest.mark.lane
def test_black_has_none_and_brightness_does_not_matter():
    image = np.array([[[0, 0, 0], [10, 20, 70], [20, 40, 140]]], np.uint8)
    red, green, blue, intensity = chromaticity(image)
    np.testing.assert_allclose(red, [[0, 0.1, 0.1]], rtol=1e-6)
    np.testing.assert_allclose(green + blue + red, [[0, 1, 1]], rtol=1e-6)
    np.testing.assert_allclose(intensity, [[0, 100 / 3, 200 / 3]], rtol=1e-6)


@pytest.mark.lane
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(rng, layout):
    image = rng.integers(0, 256, (6, 7, 3), np.uint8)
    for part, expected in zip(
        chromaticity(lay_out(image, layout)), chromaticity(image), strict=True
    ):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5)), r"image must be RGB, \(rows, columns, 3\), got shape \(4, 5\)"),
        (np.full((2, 2, 3), -1.5), r"image must not be negative, got -1.5; shift it"),
        (np.full((2, 2, 3), np.nan), "image has NaN or infinite values"),
    ],
)
def test_refuses(image, message):
    with pytest.raises(ValueError, match=message):
        chromaticity(image)
