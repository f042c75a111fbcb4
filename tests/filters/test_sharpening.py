"""Sharpening: by hand, against its definition, OpenCV and scikit-image."""

import numpy as np
import pytest

from classicvision.filters.sharpening import sharpen
from classicvision.filters.smoothing import gaussian
from tests.naive import convolution as naive

MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]
DTYPES = [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64]
TEXTBOOK = 2 * np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]) - np.ones((3, 3)) / 9


@pytest.mark.lane
def test_an_edge_overshoots_on_both_sides():
    image = np.array([[90, 90, 90, 180, 180, 180]] * 3, np.uint8)
    assert sharpen(image)[1].tolist() == [90, 90, 60, 210, 180, 180]
    assert sharpen(image, 10)[1].tolist() == [90, 90, 0, 255, 180, 180]  # saturates
    assert sharpen(image, 0)[1].tolist() == image[1].tolist()


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
def test_equals_the_textbooks_kernel(mode, rng):
    for shape in [(1, 1), (1, 5), (6, 7)]:
        image = rng.normal(size=shape)
        wanted = naive.correlate(image, TEXTBOOK, mode)
        np.testing.assert_allclose(sharpen(image, mode=mode), wanted, rtol=0, atol=1e-13)
        wanted = image + 0.3 * (image - naive.box_filter(image, 3, 3, mode))
        np.testing.assert_allclose(sharpen(image, 0.3, mode=mode), wanted, rtol=0, atol=1e-13)


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_unsharp_masking_adds_the_difference_from_the_gaussian(mode, dtype, rng):
    image = (rng.random((6, 7, 3)) * 200).astype(dtype)
    for amount, sigma in [(1, 1), (0.5, (2, 0)), (2.25, 0.7)]:
        smooth = gaussian(image, sigma, mode=mode).astype(np.float64)
        wanted = image + amount * (image - smooth)
        result = sharpen(image, amount, sigma, mode=mode)
        assert result.dtype == dtype
        if image.dtype.kind == "f":
            np.testing.assert_allclose(
                result, wanted, rtol=0, atol=2e-4 if dtype == np.float32 else 1e-12
            )
        elif dtype is bool:
            np.testing.assert_array_equal(result, np.rint(wanted).clip(0, 1))
        else:
            np.testing.assert_array_equal(result, naive.rounded(wanted, dtype))


@pytest.mark.lane
@pytest.mark.parametrize("sigma", [None, 1.5])
def test_flat_images_stay_as_they_are(sigma):
    for dtype in DTYPES:
        image = np.full((5, 4), 1, dtype)
        result = sharpen(image, 3, sigma)
        assert result.dtype == dtype
        np.testing.assert_allclose(result.astype(float), 1, rtol=1e-6)


@pytest.mark.lane
def test_the_image_stays_as_it_is(rng):
    image = rng.integers(0, 256, (5, 6)).astype(np.uint8)
    read_only = np.frombuffer(image.tobytes(), np.uint8).reshape(5, 6)
    for laid_out in (np.asfortranarray(image), image[:, ::-1][:, ::-1], read_only):
        np.testing.assert_array_equal(sharpen(laid_out, 1, 1), sharpen(image, 1, 1))
        np.testing.assert_array_equal(laid_out, image)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"amount": -1}, "amount must be at least 0, got -1.0"),
        ({"amount": np.inf}, "amount must be at most 10000, got inf"),
        ({"sigma": -1}, "sigma must be at least 0, got -1.0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        sharpen(np.zeros((3, 3), np.uint8), **options)


def test_uint8_equals_opencv(photographs):
    import cv2

    for image in photographs.values():
        for amount, sigma in [(1, 2), (0.5, 1), (2.25, 5)]:
            smooth = cv2.GaussianBlur(image, (0, 0), sigma)
            wanted = cv2.addWeighted(image, 1 + amount, smooth, -amount, 0)
            np.testing.assert_array_equal(sharpen(image, amount, sigma), wanted)
        wanted = cv2.addWeighted(image, 1.3, cv2.GaussianBlur(image, (0, 0), 2), -0.3, 0)
        # an amount that float32 has not: halves depend on the order of the additions
        assert np.abs(sharpen(image, 0.3, 2).astype(int) - wanted).max() <= 1


def test_floats_equal_scikit_images_unsharp_mask(photographs):
    from skimage.filters import unsharp_mask

    image = photographs["camera"] / 255
    wanted = unsharp_mask(image, radius=2, amount=1.5, preserve_range=True)
    # its Gaussian ends at 4 sigma as ours does, but its border is another: reflect
    result = sharpen(image, 1.5, 2, mode="reflect")
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-12)
