"""The gradient's length and direction: by hand, and against NumPy, OpenCV and scikit-image."""

import numpy as np
import pytest
import skimage.filters
from hypothesis import given
from hypothesis import strategies as st

import classicvision as cv

DTYPES = [np.int16, np.int32, np.float32, np.float64]


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [*DTYPES, ">i2", ">f4"])
def test_eight_directions(dtype):
    x = np.array([3, 3, 0, -3, -3, -3, 0, 3], dtype)
    y = np.array([0, 3, 3, 3, 0, -3, -3, -3], dtype)
    wide = np.float64 if dtype == np.float64 else np.float32
    angles, lengths = cv.gradient_orientation(x, y), cv.gradient_magnitude(x, y)
    assert angles.dtype == lengths.dtype == wide
    wanted = np.array([0, 1, 2, 3, 4, -3, -2, -1]) * np.pi / 4
    np.testing.assert_allclose(angles, wanted, rtol=2 * np.finfo(wide).eps)
    np.testing.assert_allclose(lengths, [3, 18**0.5] * 4, rtol=2 * np.finfo(wide).eps)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_gradient_has_length_and_angle_0(dtype):
    zero = np.zeros((2, 2), dtype)
    for x in (zero, -zero):
        for y in (zero, -zero):
            assert (cv.gradient_orientation(x, y) == 0).all()
            assert (cv.gradient_magnitude(x, y) == 0).all()
    left = cv.gradient_orientation(zero - 1, -zero)
    np.testing.assert_array_equal(left, left.dtype.type(np.pi))


@pytest.mark.lane
def test_points_to_where_it_becomes_brighter():
    y, x = np.mgrid[:9, :9]
    gx, gy = cv.gradient((10 * x + 10 * y).astype(np.uint8))
    np.testing.assert_allclose(cv.gradient_orientation(gx, gy)[1:-1, 1:-1], np.pi / 4, rtol=1e-6)
    gx, gy = cv.gradient((200 - 10 * y).astype(np.uint8))
    np.testing.assert_allclose(cv.gradient_orientation(gx, gy)[1:-1, 1:-1], -np.pi / 2, rtol=1e-6)


@pytest.mark.lane
@given(
    seed=st.integers(0, 99),
    shape=st.sampled_from([(1,), (5, 7), (3, 4, 3)]),
    first=st.sampled_from(DTYPES),
    second=st.sampled_from(DTYPES),
    layout=st.sampled_from([np.asarray, np.asfortranarray, lambda a: np.flip(np.flip(a).copy())]),
)
def test_equals_numpy(seed, shape, first, second, layout):
    """float32 angles to two roundings of pi, lengths to two of theirs."""
    x, y = np.random.default_rng(seed).integers(-3000, 3000, (2, *shape))
    x, y = layout(x.astype(first)), layout(y.astype(second))
    x.flags.writeable = False
    lengths, angles = cv.gradient_magnitude(x, y), cv.gradient_orientation(x, y)
    wide = np.float64 if np.float64 in (first, second) else np.float32
    assert lengths.dtype == angles.dtype == wide
    assert lengths.shape == angles.shape == shape
    eps = np.finfo(wide).eps
    np.testing.assert_allclose(lengths, np.hypot(x.astype(float), y), rtol=2 * eps)
    np.testing.assert_allclose(angles, np.arctan2(y.astype(float), x), rtol=0, atol=5e-7)


def test_all_angles_are_exact_to_rounding():
    wanted = np.linspace(-np.pi, np.pi, 200_001)[1:-1]
    for length in (1e-30, 1.0, 1e30):
        x, y = (length * f(wanted) for f in (np.cos, np.sin))
        angles = cv.gradient_orientation(x.astype(np.float32), y.astype(np.float32))
        rounded = np.arctan2(y.astype(np.float32).astype(float), x.astype(np.float32).astype(float))
        np.testing.assert_allclose(angles, rounded, rtol=0, atol=4e-7)


def test_equals_opencv(photographs):
    """Lengths to rounding; OpenCV's angles are good to 2e-4, and go from 0 to 2 pi."""
    import cv2

    for image in photographs.values():
        gx, gy = cv.gradient(image)
        wanted = cv2.magnitude(gx, gy).reshape(gx.shape)
        np.testing.assert_allclose(cv.gradient_magnitude(gx, gy), wanted, rtol=3e-7)
        angles = cv.gradient_orientation(gx, gy).astype(float) % (2 * np.pi)
        difference = abs(angles - cv2.phase(gx, gy).reshape(gx.shape))
        assert np.minimum(difference, 2 * np.pi - difference).max() < 3e-4


@pytest.mark.parametrize(("operator", "scale"), [("sobel", 4), ("prewitt", 3), ("scharr", 16)])
def test_equals_skimage(operator, scale, photographs):
    image = photographs["camera"] / 255
    result = cv.gradient_magnitude(*cv.gradient(image, operator, mode="reflect"))
    wanted = getattr(skimage.filters, operator)(image)
    np.testing.assert_allclose(result / (scale * 2**0.5), wanted, atol=1e-14)


@pytest.mark.lane
@pytest.mark.parametrize("function", [cv.gradient_magnitude, cv.gradient_orientation])
def test_wrong_arguments(function):
    with pytest.raises(ValueError, match="same shape") as raised:
        function(np.zeros((2, 3)), np.zeros((3, 2)))
    assert str(raised.value) == "gx and gy must have the same shape, got (2, 3) and (3, 2)"
    with pytest.raises(TypeError) as raised:
        function(np.zeros(2), np.zeros(2, np.uint8))
    assert str(raised.value) == (
        "gy must be of dtype int16, int32, float32, float64, got uint8; make it with gradient"
    )
