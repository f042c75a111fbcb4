"""Pyramids there and back, and blending: by hand, against their definitions, and OpenCV."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters.blending import (
    blend,
    gaussian_pyramid,
    laplacian_pyramid,
    reconstruct,
)
from tests.filters.test_pyramid import DTYPES, random_image
from tests.naive import pyramid as naive

BANDS = {"bool": "int16", "uint8": "int16", "uint16": "int32", "int16": "int32"}
LOSS = {"float32": 1e-5, "float64": 1e-14}  # of the largest value; nothing is lost of integers


def assert_restored(image, levels=None):
    """The pyramid gives the image again: exactly for integers."""
    pyramid = laplacian_pyramid(image, levels)
    restored = reconstruct(pyramid)
    assert restored.dtype == image.dtype
    assert restored.shape == image.shape
    loss = LOSS.get(image.dtype.name, 0) * float(np.abs(image).max())
    np.testing.assert_allclose(restored, image, rtol=0, atol=loss)
    return pyramid


def most_levels(shape):
    return 1 + (max(shape[:2]) - 1).bit_length()


@pytest.mark.lane
def test_default_levels_leave_four_pixels():
    shapes = [level.shape for level in gaussian_pyramid(np.zeros((25, 90), np.uint8))]
    assert shapes == [(25, 90), (13, 45), (7, 23), (4, 12)]
    assert len(gaussian_pyramid(np.zeros((6, 90), np.uint8))) == 1
    assert len(laplacian_pyramid(np.zeros((1, 1), np.uint8))) == 1


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 1), (9, 6), (5, 4, 3)])
def test_levels_equal_their_definition(dtype, shape, rng):
    image = random_image(rng, shape, dtype)
    levels = most_levels(shape)
    gaussians, bands = gaussian_pyramid(image, levels), assert_restored(image, levels)
    wanted = [image]
    for _ in range(levels - 1):
        wanted.append(naive.reduce(wanted[-1]))
    differences = naive.laplacian_pyramid(image, levels)
    assert gaussians[-1].shape[:2] == (1, 1)
    tolerance = {"float32": 1e-6, "float64": 1e-14}.get(image.dtype.name, 0)
    for level, same in zip(gaussians, wanted, strict=True):
        assert level.dtype == image.dtype
        np.testing.assert_allclose(level, same, rtol=0, atol=tolerance)
    for band, same in zip(bands, differences, strict=True):
        np.testing.assert_allclose(band, same, rtol=0, atol=2 * tolerance)
    for band in bands[:-1]:
        assert band.dtype == BANDS.get(image.dtype.name, image.dtype)
    assert bands[-1].dtype == image.dtype


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    channels=st.sampled_from([(), (3,)]),
    seed=st.integers(0, 99),
    dtype=st.sampled_from(DTYPES),
)
def test_any_shape_is_restored(shape, channels, seed, dtype):
    image = random_image(np.random.default_rng(seed), (*shape, *channels), dtype)
    for levels in (None, most_levels(shape)):
        assert_restored(image, levels)


@pytest.mark.lane
def test_levels_are_copies(rng):
    for dtype in (np.uint8, np.float32):
        image = random_image(rng, (8, 8), dtype)
        before = image.copy()
        for levels in (1, 2):
            for function in (gaussian_pyramid, laplacian_pyramid):
                for level in function(image, levels):
                    level[:] = 0
            reconstruct(laplacian_pyramid(image, levels))[:] = 0
        np.testing.assert_array_equal(image, before)


@pytest.mark.lane
def test_reconstruct_saturates_and_rounds():
    small = np.full((2, 2), 200, np.uint8)
    for value, wanted in [(100, 255), (-300, 0), (1e9, 255), (0.6, 201), (-0.4, 200)]:
        result = reconstruct([np.full((4, 4), value), small])
        assert result.dtype == np.uint8
        assert (result == wanted).all()
    large = np.full((2, 2), 30_000, np.int16)
    assert (reconstruct([np.full((4, 4), 10_000), large]) == 32_767).all()


@pytest.mark.lane
def test_reconstruct_leaves_its_levels_alone(rng):
    pyramid = laplacian_pyramid(random_image(rng, (7, 9), np.uint8), 3)
    before = [level.copy() for level in pyramid]
    reconstruct(pyramid)
    reconstruct(tuple(pyramid))
    for level, same in zip(pyramid, before, strict=True):
        np.testing.assert_array_equal(level, same)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (3, 8), (9, 6, 3)])
def test_blend_equals_its_definition(dtype, shape, rng):
    a, b = random_image(rng, shape, dtype), random_image(rng, shape, dtype)
    span = float(np.abs(a.astype(float)).max() + np.abs(b.astype(float)).max())
    for mask in [rng.random(shape[:2]), rng.random(shape) < 0.5]:
        for levels in range(1, 1 + most_levels(shape)):
            result = blend(a, b, mask, levels)
            wanted = naive.blend(a, b, mask, levels)
            assert result.dtype == a.dtype
            # in float32, for float64 images in float64; then rounded
            tolerance = (1e-13 if dtype is np.float64 else 1e-6) * span
            if a.dtype.kind != "f":
                low, high = (0, 1) if dtype is bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
                wanted = wanted.clip(low, high)
                tolerance += 0.5
            np.testing.assert_allclose(result.astype(float), wanted, rtol=0, atol=tolerance)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_blend_keeps_what_the_mask_wants_whole(dtype, rng):
    a, b = random_image(rng, (9, 8), dtype), random_image(rng, (9, 8), dtype)
    np.testing.assert_array_equal(blend(a, b, np.ones((9, 8))), a)
    np.testing.assert_array_equal(blend(a, b, np.zeros((9, 8))), b)
    np.testing.assert_array_equal(blend(a, a, rng.random((9, 8))), a)


@pytest.mark.lane
def test_each_level_widens_the_seam():
    black, white = np.zeros((64, 64), np.float32), np.ones((64, 64), np.float32)
    mask = np.tile(np.arange(64) >= 32, (64, 1))
    widths = [
        int(np.count_nonzero((row > 0.02) & (row < 0.98)))
        for row in (blend(white, black, mask, levels)[32] for levels in range(1, 6))
    ]
    assert widths[0] == 0
    assert all(wide >= 1.8 * narrow for narrow, wide in pairwise(widths[1:]))


@pytest.mark.lane
def test_any_layout_and_threads(rng):
    images = [random_image(rng, (10, 12), np.uint8) for _ in range(4)]
    mask = np.asfortranarray(rng.random((10, 12)))
    mask.flags.writeable = False

    def all_of_it(image):
        return blend(image, reconstruct(laplacian_pyramid(image))[::-1], mask, 3)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(all_of_it, images))
    for image, result in zip(images, results, strict=True):
        np.testing.assert_array_equal(result, all_of_it(np.asfortranarray(image)))


def opencv_pyramid(image, levels):
    """Six lines of any OpenCV tutorial, without the cut to 8 bits."""
    import cv2

    bands = []
    for _ in range(levels - 1):
        smaller = cv2.pyrDown(image)
        expanded = cv2.pyrUp(smaller, dstsize=image.shape[1::-1])
        bands.append(cv2.subtract(image, expanded, dtype=cv2.CV_16S))
        image = smaller
    return [*bands, image]


def test_photographs_equal_opencv(photographs):
    for image in photographs.values():
        for level, wanted in zip(assert_restored(image), opencv_pyramid(image, 8), strict=False):
            if level.dtype == wanted.dtype:
                np.testing.assert_array_equal(level, wanted)


def test_data_photographs_equal_opencv(data_folder):
    import cv2

    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        image = cv2.imread(str(path))
        for level, wanted in zip(assert_restored(image, 5), opencv_pyramid(image, 5), strict=True):
            assert level.dtype == wanted.dtype
            np.testing.assert_array_equal(level, wanted)
        for dtype in DTYPES[2:]:
            scale = 1 / 255 if np.dtype(dtype).kind == "f" else 128
            assert_restored((image[..., 1] * scale).astype(dtype))


def test_blended_photographs_have_no_seam(photographs):
    """Across the seam neighbours differ hardly more than beside it; cut hard, far more."""
    a, b = photographs["chelsea"][:300, :400], photographs["coffee"][50:350, :400]
    mask = np.tile(np.arange(400) < 200, (300, 1))
    hard = np.where(mask[..., np.newaxis], a, b).astype(int)
    soft = blend(a, b, mask).astype(int)
    steps = [np.abs(np.diff(image, axis=1)).mean(axis=(0, 2)) for image in (hard, soft)]
    assert steps[0][199] > 6 * steps[0][189:199].mean()
    assert steps[1][199] < 1.5 * steps[1][189:199].mean()


@pytest.mark.lane
@pytest.mark.parametrize("function", [gaussian_pyramid, laplacian_pyramid])
@pytest.mark.parametrize(
    ("levels", "error", "message"),
    [
        (0, ValueError, "levels must be at least 1, got 0"),
        (2.0, TypeError, "levels must be an integer, got 2.0"),
        (
            5,
            ValueError,
            "levels must be at most 4 for an image of 8 x 3 pixels, whose last level is a single "
            "pixel, got 5",
        ),
    ],
)
def test_wrong_levels(function, levels, error, message):
    with pytest.raises(error) as raised:
        function(np.zeros((3, 8), np.uint8), levels)
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize("function", [gaussian_pyramid, laplacian_pyramid])
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_is_refused(function, levels, value):
    image = np.zeros((5, 6), np.float32)
    image[2, 3] = value
    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
        function(image, levels)


SMALL = np.zeros((2, 3), np.uint8)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("pyramid", "error", "message"),
    [
        ([], ValueError, "pyramid must have at least one level, got an empty list"),
        (SMALL, TypeError, "pyramid must be a list of arrays, got ndarray"),
        (
            [np.zeros((4, 8), np.int16), SMALL],
            ValueError,
            "pyramid[0] must be twice as large as the level after it, (2, 3), got (4, 8); the "
            "levels go from the finest to the smallest",
        ),
        (
            [np.zeros((4, 6, 3), np.int16), SMALL],
            ValueError,
            "pyramid[0] must be twice as large as the level after it, (2, 3), got (4, 6, 3); the "
            "levels go from the finest to the smallest",
        ),
        (
            [np.zeros((4, 6), bool), SMALL],
            TypeError,
            "pyramid[0] must hold numbers, got bool",
        ),
        ([np.full((4, 6), np.nan), SMALL], ValueError, "pyramid[0] has NaN or infinite values"),
        (
            [np.zeros((4, 6)), SMALL.astype(int)],
            TypeError,
            "pyramid[1] must be of dtype bool, uint8, uint16, int16, float32, float64, got int64; "
            "convert it with .astype()",
        ),
    ],
)
def test_wrong_pyramids(pyramid, error, message):
    with pytest.raises(error) as raised:
        reconstruct(pyramid)
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"b": np.zeros((2, 3))},
            ValueError,
            "a and b must have one shape and dtype, got uint8 (2, 3) and float64 (2, 3)",
        ),
        (
            {"b": np.zeros((2, 3, 3), np.uint8)},
            ValueError,
            "a and b must have one shape and dtype, got uint8 (2, 3) and uint8 (2, 3, 3)",
        ),
        (
            {"mask": SMALL},
            TypeError,
            "mask must be bool or float from 0 to 1, got uint8; divide it by its largest value",
        ),
        ({"mask": np.zeros((3, 2))}, ValueError, "mask must have shape (2, 3), got (3, 2)"),
        ({"mask": np.full((2, 3), 1.5)}, ValueError, "mask must be from 0 to 1, got 1.5 to 1.5"),
        ({"mask": np.full((2, 3), -1.0)}, ValueError, "mask must be from 0 to 1, got -1 to -1"),
        (
            {"mask": np.full((2, 3), np.nan)},
            ValueError,
            "mask has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
        (
            {"levels": 9},
            ValueError,
            "levels must be at most 3 for an image of 3 x 2 pixels, whose last level is a single "
            "pixel, got 9",
        ),
    ],
)
def test_wrong_blends(changes, error, message):
    arguments = {"a": SMALL, "b": SMALL, "mask": np.ones((2, 3)), **changes}
    with pytest.raises(error) as raised:
        blend(**arguments)
    assert str(raised.value) == message


@pytest.mark.lane
def test_floats_whose_sums_are_infinite_are_refused():
    image = np.full((8, 8), 3e38, np.float32)
    message = "{} must have no values above {}, as sums of them may be {} times as large"
    for function, name, most, gain in [
        (lambda image: gaussian_pyramid(image, 2), "image", "1.33e+36", 256),
        (lambda image: laplacian_pyramid(image, 2), "image", "1.33e+36", 256),
        (lambda image: reconstruct([image, image[:4, :4]]), "pyramid", "1.33e+36", 256),
        (lambda image: blend(image, -image, image > 0, 2), "a and b", "3.32e+35", 1024),
    ]:
        wanted = re.escape(message.format(name, most, gain))
        with pytest.raises(ValueError, match=f"^{wanted}"):
            function(image)
        assert all(np.isfinite(level).all() for level in function(image / gain))
