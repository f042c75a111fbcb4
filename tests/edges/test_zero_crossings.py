"""Zero crossings: lines of one pixel at the right place, and every pair of neighbours."""

import concurrent.futures

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

import classicvision as cv
from classicvision.images import luminance
from tests.naive import laplacian as naive_laplacian
from tests.naive import zero_crossings as naive


@pytest.mark.lane
@pytest.mark.parametrize("sigma", [1, 2.5])
@pytest.mark.parametrize("height", [100, -100])
def test_step_is_a_line_beside_it(sigma, height):
    image = np.full((9, 30), 120.0)
    image[:, 13:] += height
    wanted = np.zeros((9, 30), bool)
    wanted[:, 12] = True  # as near as column 13: the left one
    for picture, edges in ((image, wanted), (image.T, wanted.T)):
        slope = abs(height) / (np.sqrt(2 * np.pi) * sigma**3)
        np.testing.assert_array_equal(cv.zero_crossings(picture, sigma, 0.8 * slope), edges)
        assert not cv.zero_crossings(picture, sigma, 1.1 * slope).any()


@pytest.mark.lane
@pytest.mark.parametrize(("share", "column"), [(0.2, 13), (0.8, 12)])
def test_blurred_step_is_found_to_half_a_pixel(share, column):
    """A pixel covered in part: the step is inside it, nearer to one of its sides."""
    image = np.zeros((5, 30))
    image[:, 13:] = 100
    image[:, 12 if share > 0.5 else 13] = 100 * share
    edges = cv.zero_crossings(image, 1.5, 5)
    assert edges.sum() == 5
    assert edges[:, column if share < 0.5 else 12].all()


@pytest.mark.lane
def test_circle_is_a_closed_ring():
    y, x = np.mgrid[-20:21, -20:21]
    radius = np.hypot(x, y)
    disc = np.clip(12.5 - radius, 0, 1)  # its border is half covered at 12
    edges = cv.zero_crossings(disc, 1.5, 0.02)
    assert edges.any()
    assert (abs(radius[edges] - 12) < 0.8).all()
    inside, count = scipy.ndimage.label(~edges)  # by the four neighbours
    assert count == 2
    assert inside[20, 20] != inside[0, 0]


@pytest.mark.lane
def test_ramp_has_an_edge_in_its_middle():
    image = np.clip(np.arange(31.0) - 10, 0, 10)[None].repeat(4, 0)  # rises from 10 to 20
    edges = cv.zero_crossings(image, 3, 0.01)
    assert np.flatnonzero(edges[0]).tolist() == [15]


@pytest.mark.lane
def test_flat_and_linear_images_have_none():
    y, x = np.mgrid[:20, :20]
    flat = np.full((20, 20), 77, np.uint8)
    assert not cv.zero_crossings(flat, 2, 0).any()
    ramp = cv.zero_crossings((3 * x + y).astype(np.uint8), 1, 1e-3)
    assert not ramp[5:-5, 5:-5].any()


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seed=st.integers(0, 99),
    sigma=st.sampled_from([0.6, 1, 2]),
    threshold=st.sampled_from([0, 0.05, 0.5]),
    mode=st.sampled_from(["mirror", "reflect", "nearest", "wrap", "constant"]),
)
def test_equals_every_pair(shape, seed, sigma, threshold, mode):
    image = np.random.default_rng(seed).random(shape)
    steps = cv.zero_crossings(image, sigma, threshold, mode=mode, return_steps=True)
    wanted = naive_laplacian.laplacian_of_gaussian(image, sigma, sigma, zero_sum=True, mode=mode)
    np.testing.assert_allclose(steps.response, wanted, atol=1e-12)
    np.testing.assert_array_equal(steps.slope, naive.slopes(steps.response))
    np.testing.assert_array_equal(steps.edges, steps.slope > threshold)
    edges = cv.zero_crossings(image, sigma, threshold, mode=mode)
    np.testing.assert_array_equal(steps.edges, edges)


@pytest.mark.parametrize("name", ["camera", "chelsea"])
def test_photographs(name, photographs):
    image = photographs[name]
    steps = cv.zero_crossings(image, 2, 1.5, return_steps=True)
    gray = luminance(image)
    np.testing.assert_array_equal(steps.gray, gray)
    wanted = cv.laplacian_of_gaussian(gray.astype(float), 2, zero_sum=True)
    np.testing.assert_allclose(steps.response, wanted, rtol=0, atol=255e-6)
    np.testing.assert_array_equal(steps.slope, naive.slopes(steps.response))
    assert 0.01 < steps.edges.mean() < 0.2


@pytest.mark.lane
@pytest.mark.parametrize(
    "dtype", [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64, ">i2", ">f8"]
)
def test_dtypes(dtype):
    image = np.zeros((7, 12), dtype)
    image[:, 5:] = 1
    edges = cv.zero_crossings(image, 1, 0.1)
    assert edges.dtype == bool
    assert (edges == (np.arange(12) == 4)).all()


@pytest.mark.lane
def test_any_layout_gives_the_same_and_is_left_alone(rng):
    image = rng.integers(0, 256, (12, 17, 3)).astype(np.uint8)
    wanted = cv.zero_crossings(image, 1, 10)
    assert wanted.any()
    for layout in (
        np.asfortranarray(image),
        np.repeat(image, 2, 1)[:, ::2],
        image[::-1, ::-1].copy()[::-1, ::-1],
    ):
        before = layout.copy()
        layout.flags.writeable = False
        np.testing.assert_array_equal(cv.zero_crossings(layout, 1, 10), wanted)
        np.testing.assert_array_equal(layout, before)


def test_several_threads_give_the_same(photographs):
    images = [np.roll(photographs["camera"], 40 * k, axis=1) for k in range(8)]
    wanted = [cv.zero_crossings(image, 1.5, 2) for image in images]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: cv.zero_crossings(image, 1.5, 2), images))
    np.testing.assert_array_equal(results, wanted)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0, 1), {}, ValueError, "sigma must be at least 0.3, got 0.0"),
        ((1e-200, 1), {}, ValueError, "sigma must be at least 0.3, got 1e-200"),
        (((1, 2), 1), {}, TypeError, "sigma must be a number, got (1, 2)"),
        ((1, -1), {}, ValueError, "threshold must be at least 0, got -1.0"),
        ((1, np.nan), {}, ValueError, "threshold must be a number, got nan"),
    ],
)
def test_wrong_options(arguments, options, error, message):
    with pytest.raises(error) as raised:
        cv.zero_crossings(np.zeros((3, 3), np.uint8), *arguments, **options)
    assert str(raised.value) == message


@pytest.mark.lane
def test_wrong_images():
    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
        cv.zero_crossings([[np.nan, 0.0]], 1, 0)
    with pytest.raises(ValueError, match=r"^mode must be one of .* got 'zero'$"):
        cv.zero_crossings(np.zeros((3, 3)), 1, 0, mode="zero")
