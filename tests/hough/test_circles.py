"""Circles: drawn ones whose places are known, scenes of them, edge maps, and photographs."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import classicvision as cv
from classicvision.hough.circles import CircleSteps, hough_circles
from classicvision.results import Circles
from tests.hough.scenes import make_scene, measure, perimeter, round_ones


def check_circles(found, wanted, pixels=0.1):
    """The circles that are wanted, in any order, and no other ones."""
    rows = np.column_stack([found.centers, found.radii]).tolist()
    assert len(rows) == len(wanted), rows
    np.testing.assert_allclose(sorted(rows), sorted(map(list, wanted)), atol=pixels)


# Drawn circles


@pytest.mark.lane
def test_a_disk():
    found = hough_circles(
        round_ones([(20, 16, 9, 0)], rows=34, columns=40), min_radius=6, max_radius=12
    )
    assert isinstance(found, Circles)
    check_circles(found, [(20, 16, 9)])
    assert found.votes == pytest.approx(4 * math.sqrt(2) * 9, rel=0.06)


@pytest.mark.parametrize("radius", [5, 8, 10.3, 16, 22.6, 31])
@pytest.mark.parametrize("step", [120, -55, 25])
@pytest.mark.parametrize("place", [(50, 40), (49.6, 40.3)])
def test_any_disk(radius, step, place):
    image = round_ones([(*place, radius, 0)], step=step)
    found = hough_circles(image, min_radius=4, max_radius=35)
    check_circles(found, [(*place, radius)], pixels=0.15)


@pytest.mark.parametrize("thickness", [2, 3, 4])
@pytest.mark.parametrize("radius", [10, 17.5, 30])
@pytest.mark.parametrize("step", [90, -50])
def test_a_drawn_line_is_one_circle_in_its_middle(thickness, radius, step):
    image = round_ones([(49.7, 40.2, radius, thickness)], step=step)
    check_circles(hough_circles(image, min_radius=8, max_radius=35), [(49.7, 40.2, radius)], 0.2)


@pytest.mark.parametrize("thickness", [3, 4])
def test_both_edges_of_a_drawn_line(thickness):
    image = round_ones([(50, 40, 24, thickness)])
    found = hough_circles(image, min_radius=8, max_radius=35, min_gap=0)
    half = thickness / 2  # smoothing moves the two edges of a thin line apart
    check_circles(found, [(50, 40, 24 - half), (50, 40, 24 + half)], 0.5)


def test_concentric_circles():
    image = round_ones([(50, 40, 36, 0)], step=60)
    image = np.maximum(image, round_ones([(50, 40, 26, 3), (50, 40, 14, 0)], step=170))
    found = hough_circles(image, min_radius=5, max_radius=40)
    check_circles(found, [(50, 40, 14), (50, 40, 26), (50, 40, 36)], 0.25)


def test_circles_side_by_side_and_across():
    wanted = [(24, 24, 15), (54.5, 24, 15), (35, 52, 17), (75, 55, 12)]
    image = round_ones([(*circle, 2) for circle in wanted])
    check_circles(hough_circles(image, min_radius=8, max_radius=20), wanted, 0.3)


@pytest.mark.parametrize("place", [(5, 40), (95, 41), (50, 4), (48, 74), (14, 10)])
def test_the_frame_cuts_a_circle(place):
    image = round_ones([(*place, 25, 0)])
    found = hough_circles(image, min_radius=15, max_radius=35)
    check_circles(found, [(*place, 25)], 0.3)
    assert found.votes < 0.8 * 4 * math.sqrt(2) * 25
    steps = hough_circles(image, min_radius=15, max_radius=35, return_steps=True)
    assert steps.scores > 0.9  # of the part in the image


def test_a_centre_outside_the_image_is_not_found():
    """scikit-image finds these with ``full_output=True``."""
    image = round_ones([(-6, 40, 30, 0)])
    assert len(hough_circles(image, min_radius=15, max_radius=40, threshold=0.2)) == 0


def test_the_threshold_is_a_part_of_the_circle():
    image = round_ones([(50, 40, 30, 0)])
    image[:, 56:] = image[0, 0]  # the left 56 % of the circle stay, and an upright line
    options = {"min_radius": 20, "max_radius": 40}
    assert len(hough_circles(image, **options, threshold=0.7)) == 0
    found = hough_circles(image, **options, threshold=0.4)
    check_circles(found, [(50, 40, 30)], 0.4)
    assert 0.5 < found.votes[0] / (4 * math.sqrt(2) * 30) < 0.62


@pytest.mark.lane
def test_radii_are_limits():
    image = round_ones([(20, 16, 9, 0)], rows=34, columns=40)
    for low, high, count in [(9, 9, 1), (9.4, 12, 1), (9.8, 12, 0), (5, 8.6, 1), (5, 8.2, 0)]:
        assert len(hough_circles(image, min_radius=low, max_radius=high)) == count, (low, high)


@pytest.mark.lane
@pytest.mark.parametrize("edges", [False, True])
def test_radii_larger_than_the_image(edges):
    image = round_ones([(20, 16, 9, 0)], rows=34, columns=40)
    if edges:
        image = perimeter((20, 16, 9), shape=(34, 40))
    assert len(hough_circles(image, edges=edges, min_radius=60, max_radius=90)) == 0
    found = hough_circles(image, edges=edges, min_radius=8, max_radius=math.inf)
    check_circles(found, [(20, 16, 9)], 0.5)


def test_min_distance_keeps_the_better_one():
    image = np.maximum(
        round_ones([(40, 40, 30, 0)], step=60), round_ones([(44, 40, 12, 0)], step=170)
    )
    options = {"min_radius": 8, "max_radius": 40}
    both = hough_circles(image, **options)
    check_circles(both, [(40, 40, 30), (44, 40, 12)], 0.3)
    assert hough_circles(image, **options, min_distance=3.5) == both
    assert hough_circles(image, **options, min_distance=5) == both[:1]


def test_the_best_first():
    image = round_ones([(25, 40, 18, 0), (70, 40, 22, 0)])
    image[25:48, 80:] = 60  # a bite off the second one
    steps = hough_circles(image, min_radius=10, max_radius=30, return_steps=True)
    found = steps.circles
    check_circles(found, [(25, 40, 18), (70, 40, 22)], 0.3)
    assert found.radii[0] == pytest.approx(18, abs=0.2)
    assert steps.scores[0] > 0.95 > steps.scores[1]
    assert hough_circles(image, min_radius=10, max_radius=30, max_circles=1) == found[:1]


def test_given_thresholds_decide_what_an_edge_is():
    image = np.maximum(
        round_ones([(25, 40, 18, 0)], step=120), round_ones([(72, 40, 18, 0)], step=30)
    )
    options = {"min_radius": 10, "max_radius": 30}
    assert len(hough_circles(image, **options)) == 2
    strong = hough_circles(image, **options, low=50, high=100)
    check_circles(strong, [(25, 40, 18)], 0.2)
    assert hough_circles(image, **options, low=100, high=50) == strong  # in either order
    # For another type too they are in the image's units.
    assert len(hough_circles(image / 255, **options, low=50 / 255, high=100 / 255)) == 1
    faint = hough_circles((image // 3), **options, low=50 / 3, high=100 / 3)
    check_circles(faint, [(25, 40, 18)], 0.2)


def test_without_smoothing():
    image = round_ones([(50, 40, 25, 0)])
    check_circles(hough_circles(image, min_radius=15, max_radius=30, sigma=0), [(50, 40, 25)], 0.15)


# Edge maps: as scikit-image's tests of hough_circle draw them


@pytest.mark.parametrize(
    "circle", [(55, 40, 20), (50, 37, 5), (30, 30, 25), (0, 40, 20), (99, 50, 20)]
)
def test_perimeters(circle):
    found = hough_circles(perimeter(circle), edges=True, min_radius=4, max_radius=35)
    check_circles(found, [circle], 0.25)


def test_perimeters_of_several_radii():
    wanted = [(32, 42, 20), (75, 20, 12), (75, 60, 15), (32, 42, 10)]
    edges = perimeter(*wanted)
    found = hough_circles(edges, edges=True, min_radius=8, max_radius=30)
    check_circles(found, wanted, 0.3)


def test_edge_maps_and_images_agree():
    image = round_ones([(30, 40, 20, 0), (75, 40, 15, 0)])
    steps = hough_circles(image, min_radius=10, max_radius=30, return_steps=True)
    found = hough_circles(steps.edges, edges=True, min_radius=10, max_radius=30)
    check_circles(found, [(30, 40, 20), (75, 40, 15)], 0.3)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, ">i2", "f4", ">f8"])
def test_edge_maps_of_any_dtype_and_layout(dtype):
    mask = perimeter((17, 14, 10), shape=(30, 34))
    wanted = hough_circles(mask, edges=True, min_radius=8, max_radius=12)
    check_circles(wanted, [(17, 14, 10)], 0.25)
    edges = np.where(mask, 3, 0).astype(dtype)
    for variant in layouts(edges):
        assert hough_circles(variant, edges=True, min_radius=8, max_radius=12) == wanted


# The steps


@pytest.mark.lane
def test_steps():
    image = round_ones([(22, 18, 13, 3)], rows=38, columns=46)
    steps = hough_circles(image, min_radius=6, max_radius=17, return_steps=True)
    assert isinstance(steps, CircleSteps)
    assert steps.smoothed.shape == steps.edges.shape == image.shape
    assert steps.edges.dtype == bool
    lengths = np.linalg.norm(steps.normals, axis=2)
    np.testing.assert_allclose(lengths[steps.edges], 1, atol=1e-6)
    assert not lengths[~steps.edges].any()
    assert [(o.low, o.high, o.cell) for o in steps.octaves] == [(6, 12, 1), (12, 17, 1.5)]
    assert [table.shape for table in steps.votes] == [(38, 46), (26, 31)]
    for octave, table, centers in zip(steps.octaves, steps.votes, steps.centers, strict=True):
        row, column = np.unravel_index(table.argmax(), table.shape)
        top = (np.array([column, row]) + 0.5) * octave.cell - 0.5
        assert np.abs(centers - top).max(axis=1).min() < octave.cell
    check_circles(steps.circles, [(22, 18, 13)], 0.2)
    assert len(steps.candidates) >= 2  # the two edges of the line
    assert steps.scores == pytest.approx(1, abs=0.1)
    assert steps.circles == hough_circles(image, min_radius=6, max_radius=17)


# Inputs of every kind


def layouts(image):
    """The same image in other places of memory."""
    spread = np.zeros((2 * image.shape[0], 3 * image.shape[1]), image.dtype)[::2, ::3]
    spread[:] = image
    fixed = image.copy()
    fixed.flags.writeable = False
    swapped = image.astype(image.dtype.newbyteorder(">"))
    return image, spread, fixed, swapped, np.asfortranarray(image), image[::-1][::-1]


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_every_dtype_and_layout(dtype):
    gray = round_ones([(18, 16, 10, 0)], rows=32, columns=36)
    wanted = hough_circles(gray, min_radius=6, max_radius=14)
    assert len(wanted) == 1
    scale = {np.uint16: 200, np.int16: 100, np.float32: 1 / 255, np.float64: 1e-9}.get(dtype, 1)
    image = (gray * dtype(scale)).astype(dtype)
    before = image.copy()
    first = hough_circles(image, min_radius=6, max_radius=14)
    for same in layouts(image):
        assert hough_circles(same, min_radius=6, max_radius=14) == first
    # Of 8 bits the smoothed image is rounded, of other types it is not.
    np.testing.assert_allclose(first.centers, wanted.centers, atol=0.02)
    np.testing.assert_allclose(first.radii, wanted.radii, atol=0.02)
    np.testing.assert_array_equal(image, before)


@pytest.mark.lane
def test_color_and_bool():
    gray = round_ones([(18, 16, 10, 0)], rows=32, columns=36)
    wanted = hough_circles(gray, min_radius=6, max_radius=14)
    assert hough_circles(np.dstack([gray] * 3), min_radius=6, max_radius=14) == wanted
    found = hough_circles(gray > 120, min_radius=6, max_radius=14)
    check_circles(found, [(18, 16, 10)], 0.2)


@pytest.mark.parametrize(
    ("dtype", "dark", "bright"),
    [
        (np.int16, -32768, 32767),
        (np.uint16, 0, 65535),
        (np.uint8, 7, 10),
        (np.float32, -3e38, 3e38),
        (np.float64, -1.7e308, 1.7e308),
        (np.float64, 0, 1e-310),
    ],
)
def test_any_range_of_values(dtype, dark, bright):
    disk = round_ones([(50, 40, 20, 0)], level=0, step=255) > 127
    image = np.where(disk, dtype(bright), dtype(dark))
    check_circles(hough_circles(image, min_radius=10, max_radius=30), [(50, 40, 20)], 0.2)


@pytest.mark.lane
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2), (7, 9)])
@pytest.mark.parametrize("edges", [False, True])
def test_small_and_flat_images_have_none(shape, edges):
    for image in (np.zeros(shape), np.full(shape, 7.5)):
        steps = hough_circles(image, edges=edges, min_radius=5, max_radius=9, return_steps=True)
        assert len(steps.circles) == len(steps.scores) == len(steps.candidates) == 0
        assert steps.circles.centers.shape == (0, 2)


@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 1000), st.booleans(), st.booleans())
def test_noise_gives_valid_circles(rows, columns, seed, edges, low):
    image = np.random.default_rng(seed).random((rows, columns)) ** 3
    found = hough_circles(
        image > 0.5 if edges else image,
        edges=edges,
        min_radius=1,
        max_radius=30,
        threshold=0.1 if low else 0.6,
    )
    assert (found.centers > -0.6).all()
    assert (found.centers < [columns - 0.4, rows - 0.4]).all()
    assert (found.radii >= 0.5).all()
    assert (found.radii <= 30.5).all()
    assert (found.votes > 0).all()


def test_several_threads():
    images = [make_scene(seed).image for seed in (1000, 1001)] * 4

    def find(image):
        return hough_circles(image, min_radius=10, max_radius=60)

    alone = [find(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(find, images)) == alone


def find_in_scene(image):
    found = hough_circles(image, min_radius=10, max_radius=60)
    nothing = np.zeros(len(found))
    return np.column_stack([found.centers, found.radii, found.radii, nothing])


@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_scenes(count):
    """The peers' figures on the same scenes: ``python -m benchmarks.shape_quality``."""
    quality = measure(find_in_scene, [make_scene(seed) for seed in range(count)])
    assert quality.recall >= 0.98
    assert quality.precision >= 0.98
    assert quality.centre < 0.05


# Photographs


def test_the_coins_of_the_sample():
    image = cv.sample_image("coins")
    found = hough_circles(image, min_radius=15, max_radius=35)
    assert 20 <= len(found) <= 26  # 24 coins
    assert (found.radii > 17).mean() > 0.9


def test_round_things_of_the_samples(data_folder):
    folder = data_folder / "opencv_samples"
    smarties = hough_circles(cv.read_image(folder / "smarties.png"), min_radius=15, max_radius=40)
    assert len(smarties) >= 10


@pytest.mark.lane
def test_a_gap_is_at_most_the_diagonal():
    image = round_ones([(30, 24, 14, 0)], rows=50, columns=60)
    wanted = hough_circles(image, min_radius=8, max_radius=20, min_gap=math.hypot(50, 60))
    for gap in (1e9, math.inf):
        assert hough_circles(image, min_radius=8, max_radius=20, min_gap=gap) == wanted


# Errors


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_radius": 0}, ValueError, "min_radius must be at least 1, got 0.0"),
        ({"max_radius": 0.5}, ValueError, "max_radius must be at least 1, got 0.5"),
        ({"max_radius": 4}, ValueError, "min_radius must be at most max_radius, got 5 and 4"),
        ({"min_radius": "5"}, TypeError, "min_radius must be a number, got '5'"),
        ({"max_radius": math.nan}, ValueError, "max_radius must be a number, got nan"),
        ({"threshold": 0}, ValueError, "threshold must be greater than 0, got 0.0"),
        ({"threshold": 1.2}, ValueError, "threshold must be at most 1, got 1.2"),
        ({"min_distance": -1}, ValueError, "min_distance must be at least 0, got -1.0"),
        ({"min_gap": -1}, ValueError, "min_gap must be at least 0, got -1.0"),
        ({"max_circles": 0}, ValueError, "max_circles must be at least 1, got 0"),
        ({"max_circles": 1.5}, TypeError, "max_circles must be an integer, got 1.5"),
        ({"sigma": -1}, ValueError, "sigma must be at least 0, got -1.0"),
        ({"low": 3}, ValueError, "low and high go together; give both or neither"),
        ({"high": 3}, ValueError, "low and high go together; give both or neither"),
        ({"low": -3, "high": 3}, ValueError, "low must be at least 0, got -3.0"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as raised:
        hough_circles(np.zeros((30, 30), np.uint8), **{"min_radius": 5, "max_radius": 9, **options})
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize("edges", [False, True])
def test_wrong_images(edges):
    options = {"edges": edges, "min_radius": 5, "max_radius": 9}
    with pytest.raises(TypeError, match="image must have shape"):
        hough_circles(np.zeros(5, np.uint8), **options)
    with pytest.raises(TypeError, match="image must be of dtype"):
        hough_circles(np.zeros((9, 9), complex), **options)
    with pytest.raises(ValueError, match="image has no pixels"):
        hough_circles(np.zeros((0, 9)), **options)
    with pytest.raises(ValueError, match="image has NaN"):
        hough_circles(np.full((9, 9), np.nan), **options)
