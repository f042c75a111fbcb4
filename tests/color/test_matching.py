"""Histogram matching against scikit-image's."""

import numpy as np
import pytest
from skimage import exposure

from classicvision.color.matching import match_histograms
from tests.layouts import LAYOUTS, lay_out


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_equals_scikit_image(photographs, dtype):
    image = photographs["coffee"][::5, ::5].astype(dtype)
    reference = photographs["rocket"][::4, ::4].astype(dtype)
    result = match_histograms(image, reference)
    assert result.dtype == image.dtype
    # Theirs interpolates what it calls quantiles in the same way; where it returns integers it
    # rounds half to even for uint8 (a table of the counted levels) as ours does.
    expected = exposure.match_histograms(
        image.astype(float), reference.astype(float), channel_axis=2
    )
    if image.dtype.kind == "u":
        np.testing.assert_array_equal(result, np.rint(expected))
    else:
        np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.lane
def test_a_permutation_gets_the_reference_values_in_order(rng):
    image = rng.permutation(24).reshape(4, 6).astype(np.int16) - 7
    reference = (rng.permutation(24).reshape(3, 8) * 10).astype(np.int16)
    result = match_histograms(image, reference)
    np.testing.assert_array_equal(result, (image + 7) * 10)


@pytest.mark.lane
def test_an_image_matched_to_itself_stays_as_it_is(rng):
    for dtype in ("bool", "uint8", "float32"):
        image = rng.integers(0, 2, (5, 7, 3)).astype(dtype)
        np.testing.assert_array_equal(match_histograms(image, image[::-1]), image)


@pytest.mark.lane
def test_the_values_become_those_of_the_reference(rng):
    image = rng.integers(0, 100, (20, 30), np.uint8)
    reference = rng.random((25, 24)).astype(np.float32)
    result = match_histograms(image.astype(np.float32), reference)
    np.testing.assert_allclose(np.sort(result.ravel()), np.sort(reference.ravel()), atol=0.06)


@pytest.mark.lane
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(rng, layout):
    image, reference = rng.integers(0, 256, (2, 6, 7, 3), np.uint8)
    expected = match_histograms(image, reference)
    result = match_histograms(lay_out(image, layout), lay_out(reference, layout))
    np.testing.assert_array_equal(result, expected)


@pytest.mark.lane
def test_refuses():
    with pytest.raises(ValueError, match="as many channels as the image: got RGB, wanted gray"):
        match_histograms(np.zeros((2, 2)), np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match="reference has NaN or infinite values"):
        match_histograms(np.zeros((2, 2)), np.full((2, 2), np.nan))
