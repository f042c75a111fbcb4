"""Normalised cross-correlation: by hand, window by window, OpenCV and scikit-image."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.features import template as module
from classicvision.features.template import match_template
from tests.filters.test_pyramid import DTYPES, random_image
from tests.layouts import LAYOUTS, lay_out
from tests.naive import template as naive

# The result is float32. OpenCV sums in float32, which keeps 24 bits: covariances of values up
# to 255 are off by up to this, in levels squared. Divided by both deviations it is the error.
OPENCV_COVARIANCE = 0.2


@pytest.mark.lane
def test_three_places_by_hand():
    image = np.array([[0, 1, 2, 0], [0, 0, 0, 7]], np.uint8)
    result = match_template(image, np.array([[1, 3]], np.uint8))
    np.testing.assert_array_equal(result, [[1, 1, -1], [0, 0, 1]])
    assert result.dtype == np.float32


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("by_fft", [False, True])
def test_equals_window_by_window(dtype, by_fft, rng, monkeypatch):
    monkeypatch.setattr(module, "_DIRECT_COST", np.inf if by_fft else 0)
    for shape, part in [
        ((1, 1), (1, 1)),
        ((1, 7), (1, 3)),
        ((6, 1), (2, 1)),
        ((7, 9), (3, 4)),
        ((6, 8), (6, 5)),
        ((5, 5), (5, 5)),
        ((6, 7, 3), (2, 3, 3)),
    ]:
        image, template = random_image(rng, shape, dtype), random_image(rng, part, dtype)
        result = match_template(image, template)
        np.testing.assert_allclose(result, naive.match_template(image, template), atol=1e-6)


@pytest.mark.lane
def test_brightness_and_contrast_do_not_matter(rng):
    image = random_image(rng, (8, 9), np.uint8)
    template = image[2:6, 3:8]
    result = match_template(image, template)
    assert np.unravel_index(result.argmax(), result.shape) == (2, 3)
    assert result[2, 3] == 1
    np.testing.assert_allclose(match_template(image, 3.5 * template - 20), result, atol=1e-6)
    np.testing.assert_allclose(match_template(image, -0.1 * template), -result, atol=1e-6)
    brighter = (image * 200.0 + 1e6).astype(np.float64)
    np.testing.assert_allclose(match_template(brighter, template), result, atol=1e-6)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("by_fft", [False, True])
def test_flat_windows_and_templates_give_zero(dtype, by_fft, rng, monkeypatch):
    monkeypatch.setattr(module, "_DIRECT_COST", np.inf if by_fft else 0)
    image = (random_image(rng, (9, 12), np.uint8) // 2).astype(dtype)
    if image.dtype.kind == "f":
        image *= dtype(0.37)
    image[:, 5:] = image[0, 0]
    result = match_template(image, image[:4, :3])
    assert result[0, 0] == 1
    np.testing.assert_array_equal(result[:, 5:], 0)
    np.testing.assert_array_equal(match_template(image, np.full((4, 3), 9, dtype)), 0)
    np.testing.assert_array_equal(match_template(np.full_like(image, 7), image[:4, :3]), 0)


@pytest.mark.lane
def test_a_large_offset_does_not_make_an_image_flat(rng):
    image = 1e6 + rng.random((30, 33))
    for width in (8, 9, 10, 11):  # rows are filled up to whole fours
        result = match_template(image, image[5:14, 7 : 7 + width])
        assert np.unravel_index(result.argmax(), result.shape) == (5, 7)
        assert result.max() == pytest.approx(1, abs=1e-6)


def test_flat_in_each_channel_is_flat():
    image = np.zeros((5, 6, 3), np.uint8)
    image[..., 1] = 200
    np.testing.assert_array_equal(match_template(image, image[:3, :3]), 0)


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_layout(shape, seed, kind, dtype):
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    wanted = match_template(image, image[1:3, :3])
    np.testing.assert_array_equal(match_template(laid_out, laid_out[1:3, :3]), wanted)
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.lane
def test_several_threads_at_once(rng):
    images = [random_image(rng, (9, 12), np.uint8) for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: match_template(image, image[2:5, 3:9]), images))
    for image, result in zip(images, results, strict=True):
        np.testing.assert_array_equal(result, match_template(image, image[2:5, 3:9]))


def cut_outs(rng, image, count):
    """Parts of random size and place that are not flat: a deviation of a level or more."""
    rows, columns = image.shape[:2]
    for _ in range(count):
        height, width = (int(rng.integers(2, min(70, n) + 1)) for n in (rows, columns))
        top, left = rng.integers(0, rows - height + 1), rng.integers(0, columns - width + 1)
        yield image[top : top + height, left : left + width]


def deviations(image, height, width):
    """The standard deviation of each window over all channels, exactly."""
    values = np.atleast_3d(image).astype(np.int64)
    sums = []
    for power in (values, values**2):
        integral = np.pad(power.cumsum(axis=0).cumsum(axis=1), [(1, 0), (1, 0), (0, 0)])
        columns = integral[height:] - integral[:-height]
        sums.append(columns[:, width:] - columns[:, :-width])
    pixels = height * width
    squared = (pixels * sums[1] - sums[0] ** 2) / pixels**2
    return np.sqrt(squared.mean(axis=2))


def assert_near_opencv(image, template, dtype):
    """Where neither the template nor the window is nearly flat."""
    import cv2

    wanted = cv2.matchTemplate(image.astype(dtype), template.astype(dtype), cv2.TM_CCOEFF_NORMED)
    result = match_template(image.astype(dtype), template.astype(dtype))
    height, width = template.shape[:2]
    own = deviations(template, height, width)[0, 0]
    others = deviations(image, height, width)
    if own < 1:
        return
    textured = others >= 1
    error = np.abs(result - wanted)[textured]
    assert (error <= OPENCV_COVARIANCE / (own * others[textured])).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_photographs_near_opencv(dtype, photographs, rng):
    for image in photographs.values():
        for template in cut_outs(rng, image, 2):
            assert_near_opencv(image, template, dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_data_photographs_near_opencv(dtype, data_folder, rng):
    import cv2

    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        image = cv2.imread(str(path))[:400, :400]
        for picture in (image, image[..., 1]):
            for template in cut_outs(rng, picture, 1):
                assert_near_opencv(picture, template, dtype)


def test_random_arrays_near_opencv(rng):
    for rows, columns in rng.integers(2, 65, (40, 2)):
        for channels in [(), (3,)]:
            image = random_image(rng, (rows, columns, *channels), np.uint8)
            for template in cut_outs(rng, image, 2):
                assert_near_opencv(image, template, np.uint8)
                assert_near_opencv(image, template, np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float64])
def test_random_arrays_equal_skimage(dtype, rng):
    """To 1e-5; scikit-image computes float32 images in float32, with errors beyond 1."""
    from skimage.feature import match_template as peer

    for rows, columns in rng.integers(2, 65, (40, 2)):
        image = random_image(rng, (rows, columns), dtype)
        for template in cut_outs(rng, image, 2):
            wanted = peer(image.astype(np.float64), template.astype(np.float64))
            np.testing.assert_allclose(match_template(image, template), wanted, atol=1e-5)


def test_photographs_equal_skimage(photographs, rng):
    from skimage.feature import match_template as peer

    for image in photographs.values():
        gray = np.ascontiguousarray(image[..., 1] if image.ndim == 3 else image)
        for template in cut_outs(rng, gray, 2):
            if template.std() >= 1:
                wanted = peer(gray, template)
                others = deviations(gray, *template.shape) >= 1
                result = match_template(gray, template)
                np.testing.assert_allclose(result[others], wanted[others], atol=1e-5)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("image", "template", "error", "message"),
    [
        (
            np.zeros((4, 5)),
            np.zeros((5, 4)),
            ValueError,
            "template must not be larger than the image, got shapes (5, 4) and (4, 5); did they "
            "change places?",
        ),
        (
            np.zeros((4, 5)),
            np.zeros((2, 2, 3)),
            ValueError,
            "template must have as many channels as the image, got shapes (2, 2, 3) and (4, 5)",
        ),
        (
            np.zeros((4, 5)),
            np.full((2, 2), np.nan),
            ValueError,
            "template has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
        (
            np.full((4, 5), np.inf),
            np.zeros((2, 2)),
            ValueError,
            "image has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
        (
            np.zeros((4, 5)),
            np.zeros(4),
            TypeError,
            "template must have shape (rows, columns) or (rows, columns, 3), got (4,)",
        ),
    ],
)
def test_wrong_arguments(image, template, error, message):
    with pytest.raises(error) as raised:
        match_template(image, template)
    assert str(raised.value) == message


@pytest.mark.lane
def test_float64_of_any_size(rng):
    image, template = rng.uniform(-1, 1, (9, 11)), rng.uniform(-1, 1, (3, 4))
    wanted = match_template(image, template)
    for factor in (2.0**900, 2.0**-900):
        np.testing.assert_allclose(match_template(image, template * factor), wanted, atol=1e-6)
        np.testing.assert_allclose(match_template(image * factor, template), wanted, atol=1e-6)
