"""Ellipses: drawn ones whose parameters are known, scenes of them, and real photographs."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.draw import ellipse_perimeter

import classicvision as cv
from classicvision._opencv import opencv
from classicvision.hough import _conics, ellipses
from classicvision.hough.ellipses import EllipseSteps, hough_ellipses
from classicvision.results import Ellipses
from tests.hough.scenes import make_scene, measure, painted


def turned(a, b):
    """The angle between two axes, at most a right one."""
    return np.abs((np.subtract(a, b) + math.pi / 2) % math.pi - math.pi / 2)


def check_one(found, x, y, longer, shorter, angle, pixels=0.15):
    assert len(found) == 1
    np.testing.assert_allclose(found.centers, [[x, y]], atol=pixels)
    np.testing.assert_allclose(found.axes, [[longer, shorter]], atol=2 * pixels)
    if longer - shorter > 2:
        assert turned(found.angles, angle) < 4 * pixels / (longer - shorter)


@pytest.mark.lane
def test_a_filled_ellipse():
    image = painted([(24, 20, 15, 10, 0.4, 0)], 40, 48)
    found = hough_ellipses(image)
    assert isinstance(found, Ellipses)
    check_one(found, 24, 20, 15, 10, 0.4)
    assert found.votes == pytest.approx(4 * math.hypot(15, 10), rel=0.05)


@pytest.mark.parametrize("angle", [-1.5, -0.8, -0.1, 0, 0.5, 1.0, math.pi / 2, 2.0, 3.0])
@pytest.mark.parametrize("axes", [(30, 15), (30, 29), (20, 20), (25, 12), (14, 10)])
@pytest.mark.parametrize("step", [120, -55])
def test_any_filled_ellipse(angle, axes, step):
    image = painted([(50.3, 39.8, *axes, angle, 0)], step=step)
    check_one(hough_ellipses(image), 50.3, 39.8, *axes, angle)


@pytest.mark.parametrize("thickness", [2, 3, 4])
@pytest.mark.parametrize("axes", [(30, 18), (22, 22), (16, 13)])
@pytest.mark.parametrize("step", [90, -50])
def test_a_drawn_line_is_one_ellipse_in_its_middle(thickness, axes, step):
    image = painted([(49.6, 40.2, *axes, 0.7, thickness)], step=step)
    check_one(hough_ellipses(image), 49.6, 40.2, *axes, 0.7)
    borders = hough_ellipses(image, max_stroke=0)
    assert len(borders) == 2
    np.testing.assert_allclose(borders.axes.mean(axis=0), axes, atol=0.3)


def test_concentric_ellipses():
    shapes = [(60, 55, 50, 40, 0.3, 0), (60, 55, 38, 28, 0.3, 3), (60, 55, 24, 15, 0.3, 0)]
    image = painted(shapes[:1], 110, 120, step=50)
    image = np.maximum(image, painted(shapes[1:], 110, 120))
    found = hough_ellipses(image)
    assert len(found) == 3
    np.testing.assert_allclose(sorted(found.axes[:, 0]), [24, 38, 50], atol=0.3)
    np.testing.assert_allclose(found.centers, [[60, 55]] * 3, atol=0.2)


def test_the_frame_cuts_an_ellipse():
    found = hough_ellipses(painted([(10, 40, 35, 25, 0.2, 0)]))
    check_one(found, 10, 40, 35, 25, 0.2, pixels=0.5)
    assert found.votes < 0.7 * 4 * math.hypot(35, 25)


def test_the_threshold_is_a_part_of_the_outline():
    image = painted([(50, 40, 34, 25, 0, 0)])
    image[:, 54:] = image[0, 0]  # the outline's left 54 % stay, and an upright line
    assert len(hough_ellipses(image, threshold=0.65)) == 0
    found = hough_ellipses(image, threshold=0.4)
    check_one(found, 50, 40, 34, 25, 0, pixels=0.5)
    assert 0.45 < found.votes[0] / (4 * math.hypot(34, 25)) < 0.62


@pytest.mark.lane
def test_limits_of_the_axes():
    image = painted([(24, 20, 16, 12, 0, 0)], 40, 48)
    wanted = {"min_radius": 12, "max_radius": 16, "min_ratio": 0.7}
    assert len(hough_ellipses(image, **wanted)) == 1
    for other in ({"min_radius": 14}, {"max_radius": 14}, {"min_ratio": 0.8}):
        assert len(hough_ellipses(image, **{**wanted, **other})) == 0


def test_the_best_first():
    image = painted([(30, 30, 16, 12, 0, 0), (75, 40, 22, 18, 1, 0), (28, 62, 13, 11, 0, 0)])
    image[:, 89:] = image[0, 0]  # the largest has most votes, but an end is missing
    steps = hough_ellipses(image, return_steps=True)
    found, scores = steps.ellipses, steps.scores
    assert len(found) == len(scores) == 3
    assert found.votes.argmax() == 2
    assert scores[2] < 0.85
    assert (np.diff(scores) <= 0).all()
    assert scores[:2] == pytest.approx(1, abs=0.1)
    pixels = 4 * np.hypot(*found.axes.T)
    np.testing.assert_allclose(scores, found.votes / pixels, atol=0.08)
    assert hough_ellipses(image, max_ellipses=2) == found[:2]


def test_a_low_threshold_finds_none_twice():
    image = painted([(35, 40, 24, 18, 0.5, 0), (80, 40, 17, 12, 0, 3)])
    assert len(hough_ellipses(image, threshold=0.25)) == 2
    edges = hough_ellipses(image, return_steps=True).edges
    assert len(hough_ellipses(edges, edges=True, threshold=0.25)) == 2


@pytest.mark.lane
def test_more_outlines_than_are_compared_at_once(monkeypatch):
    image = painted([(24, 20, 15, 11, 0.4, 3)], 40, 48)
    wanted = hough_ellipses(image)
    assert len(wanted) == 1
    monkeypatch.setattr(ellipses, "_BLOCK", 1)
    assert hough_ellipses(image) == wanted


@pytest.mark.lane
def test_lengths_beyond_the_image():
    image = painted([(24, 20, 16, 12, 0, 0)], 40, 48)
    wanted = hough_ellipses(image, max_radius=88, max_stroke=88)
    assert len(wanted) == 1
    for most in (1e9, 1e300, math.inf):
        assert hough_ellipses(image, max_radius=most, max_stroke=most) == wanted
        assert len(hough_ellipses(image, min_radius=most, max_radius=most)) == 0


# scikit-image's own tests of hough_ellipse draw outlines like these; where one is turned,
# ellipse_perimeter puts it half a pixel off.
@pytest.mark.parametrize(
    ("shape", "x", "y", "rx", "ry"),
    [((25, 15), 7, 9, 3, 8), ((30, 30), 14, 15, 6, 9), ((60, 60), 28, 30, 12, 20)],
)
@pytest.mark.parametrize("orientation", [0, math.pi / 8, math.pi / 4, math.pi / 2, 2.5])
def test_perimeters_of_scikit_image(shape, x, y, rx, ry, orientation):
    if ry == 8 and orientation:
        pytest.skip("does not fit into the image")
    edges = np.zeros(shape, bool)
    edges[ellipse_perimeter(y, x, ry, rx, orientation=orientation, shape=shape)] = True
    found = hough_ellipses(edges, edges=True, min_radius=3)
    check_one(found, x, y, ry, rx, math.pi / 2 + orientation, pixels=0.75)


def test_a_thick_edge_map_is_thinned():
    image = painted([(50, 40, 30, 20, 0.5, 5)]) > 120
    check_one(hough_ellipses(image, edges=True), 50, 40, 30, 20, 0.5, pixels=0.5)


def test_edge_maps_and_images_agree():
    image = painted([(35, 40, 24, 18, 0.5, 0), (80, 40, 17, 12, 0, 0)])
    edges = hough_ellipses(image, return_steps=True).edges
    found, wanted = hough_ellipses(edges, edges=True), hough_ellipses(image)
    assert len(found) == len(wanted) == 2
    np.testing.assert_allclose(found.centers, wanted.centers, atol=0.3)
    np.testing.assert_allclose(found.axes, wanted.axes, atol=0.6)


@pytest.mark.lane
def test_steps():
    image = painted([(24, 20, 15, 11, 0.4, 3)], 40, 48)
    steps = hough_ellipses(image, return_steps=True)
    assert isinstance(steps, EllipseSteps)
    assert steps.edges.dtype == bool
    assert steps.edges.shape == image.shape
    assert len(steps.arcs) >= 2
    assert [len(arc) for arc in steps.arcs] == sorted(map(len, steps.arcs), reverse=True)
    for arc in steps.arcs:
        column, row = np.rint(arc).astype(int).T
        nearby = [steps.edges[r - 1 : r + 2, c - 1 : c + 2].any() for c, r in zip(column, row)]  # noqa: B905
        assert all(nearby)
    assert len(steps.candidates) >= len(steps.outlines) == 2
    assert len(steps.ellipses) == 1
    assert steps.ellipses == hough_ellipses(image)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_every_dtype_and_layout(dtype):
    gray = painted([(19, 17, 12, 10, 0.4, 0)], 34, 38)
    wanted = hough_ellipses(gray)
    assert len(wanted) == 1
    scale = {np.uint16: 200, np.int16: 100, np.float32: 1 / 255, np.float64: 1e-9}.get(dtype, 1)
    image = (gray * dtype(scale)).astype(dtype)
    before = image.copy()
    spread = np.zeros((68, 114), dtype)[::2, ::3]
    spread[:] = image
    fixed = image.copy()
    fixed.flags.writeable = False
    big_endian = image.astype(np.dtype(dtype).newbyteorder(">"))
    for same in (image, spread, fixed, big_endian, np.asfortranarray(image)):
        found = hough_ellipses(same)
        np.testing.assert_allclose(found.centers, wanted.centers, atol=1e-3)
        np.testing.assert_allclose(found.axes, wanted.axes, atol=1e-3)
        assert found.votes == pytest.approx(wanted.votes, abs=1)
    np.testing.assert_array_equal(image, before)


@pytest.mark.lane
def test_color_and_bool():
    gray = painted([(19, 17, 12, 10, 0.4, 0)], 34, 38)
    assert hough_ellipses(np.dstack([gray] * 3)) == hough_ellipses(gray)
    assert len(hough_ellipses(gray > 120)) == 1


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
    inside = painted([(50, 40, 25, 18, 0.6, 0)], level=0, step=255) > 127
    image = np.where(inside, dtype(bright), dtype(dark))
    check_one(hough_ellipses(image), 50, 40, 25, 18, 0.6)


@pytest.mark.lane
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2), (7, 9)])
@pytest.mark.parametrize("edges", [False, True])
def test_small_and_flat_images_have_none(shape, edges, rng):
    for image in (np.zeros(shape), np.full(shape, 7.5), rng.random(shape).round()):
        steps = hough_ellipses(image, edges=edges, return_steps=True)
        assert len(steps.ellipses) == 0


@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 1000), st.booleans())
def test_noise_gives_valid_ellipses(rows, columns, seed, edges):
    image = np.random.default_rng(seed).random((rows, columns)) ** 3
    found = hough_ellipses(image > 0.5 if edges else image, edges=edges, min_radius=3)
    assert np.isfinite(found.centers).all()
    assert (found.axes[:, 1] >= 2).all()
    assert (found.axes[:, 0] <= max(rows, columns, 6) / 2 + 1).all()
    assert (found.votes > 0).all()


def test_several_threads():
    images = [make_scene(seed, circles=False).image for seed in (1000, 1001)] * 4
    alone = [hough_ellipses(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(hough_ellipses, images)) == alone


def find_in_scene(image):
    found = hough_ellipses(image, min_radius=10, max_radius=60)
    return np.column_stack([found.centers, found.axes, found.angles])


@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_scenes(count):
    """The peers' figures on the same scenes: ``python -m benchmarks.shape_quality``."""
    quality = measure(find_in_scene, [make_scene(seed, circles=False) for seed in range(count)])
    assert quality.recall >= 0.95
    assert quality.precision >= 0.95
    assert quality.centre < 0.15


def test_the_cup_of_coffee(photographs):
    found = hough_ellipses(photographs["coffee"])
    rim, inside = found[:2]
    check_one(rim, 290, 113, 117, 95, 0.05, pixels=2)
    check_one(inside, 291, 113, 98, 81, 0.05, pixels=2)


def test_all_samples(data_folder):
    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        image = cv.read_image(path)[:240, :320]
        found = hough_ellipses(image)
        assert (found.axes[:, 0] <= max(image.shape[:2]) / 2 + 1).all()
        assert (found.axes[:, 1] >= np.maximum(9, 0.25 * found.axes[:, 0])).all()
        assert (found.votes >= 0.55 * 0.49 * 4 * np.hypot(*found.axes.T)).all()
        assert len(found) <= 20


def test_round_things_of_the_samples(data_folder):
    folder = data_folder / "opencv_samples"
    found = hough_ellipses(cv.read_image(folder / "stuff.jpg"))
    found = found[np.argsort(-found.votes)[:2]]
    np.testing.assert_allclose(found.centers, [[395, 185], [227, 56]], atol=2)
    np.testing.assert_allclose(found.axes, [[59, 58], [39, 36]], atol=2)
    found = hough_ellipses(cv.read_image(folder / "board.jpg"), threshold=0.8)
    assert len(found) >= 8
    assert (found.axes[:, 1] > 0.9 * found.axes[:, 0]).mean() > 0.8


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_radius": 0}, ValueError, "min_radius must be greater than 0, got 0.0"),
        ({"max_radius": 5}, ValueError, "max_radius must be at least min_radius, 10, got 5"),
        ({"min_ratio": 2}, ValueError, "min_ratio must be at most 1, got 2.0"),
        ({"threshold": 0}, ValueError, "threshold must be greater than 0, got 0.0"),
        ({"threshold": 1.2}, ValueError, "threshold must be at most 1, got 1.2"),
        ({"max_ellipses": 0}, ValueError, "max_ellipses must be at least 1, got 0"),
        ({"max_ellipses": 1.5}, TypeError, "max_ellipses must be an integer, got 1.5"),
        ({"sigma": -1}, ValueError, "sigma must be at least 0, got -1.0"),
        ({"max_stroke": "5"}, TypeError, "max_stroke must be a number, got '5'"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as raised:
        hough_ellipses(np.zeros((30, 30), np.uint8), **options)
    assert str(raised.value) == message


@pytest.mark.lane
def test_wrong_images():
    with pytest.raises(TypeError, match="image must have shape"):
        hough_ellipses(np.zeros(5, np.uint8))
    with pytest.raises(ValueError, match="image has NaN"):
        hough_ellipses(np.full((9, 9), np.nan))


def arc(rng, count=40):
    """Points on a part of a random ellipse, with a little noise."""
    x, y, angle, start = rng.uniform([0, 0, 0, 0], [500, 500, math.pi, 2 * math.pi])
    longer = rng.uniform(15, 80)
    shorter = longer * rng.uniform(0.4, 1)
    t = start + np.linspace(0, rng.uniform(2, 6), count)
    u, v = longer * np.cos(t), shorter * np.sin(t)
    points = np.stack(
        [u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)]
    )
    return points + [[x], [y]] + rng.normal(0, 0.1, points.shape)


def fit(x, y):
    begins, ends = np.array([0]), np.array([len(x)])
    centers, scatters = _conics.scatter_of(x, y, begins, ends)
    return _conics.ellipses_of(_conics.fit_conics(scatters), centers)


@pytest.mark.lane
def test_direct_fit_equals_opencv(rng):
    for _ in range(30):
        x, y = arc(rng)
        ellipse = fit(x, y)
        (cx, cy), diameters, _ = opencv().fitEllipseDirect(np.stack([x, y], 1).astype(np.float32))
        axes, _ = _conics.axes_of(ellipse)
        np.testing.assert_allclose(ellipse[0, :2], [cx, cy], atol=0.02)
        np.testing.assert_allclose(axes[0], np.sort(diameters)[::-1] / 2, rtol=2e-3)


@pytest.mark.lane
def test_sums_of_two_arcs_equal_those_of_all_points(rng):
    (x, y), (u, v) = arc(rng), arc(rng)
    both_x, both_y = np.concatenate([x, u]), np.concatenate([y, v])
    begins, ends = np.array([0, len(x)]), np.array([len(x), len(both_x)])
    centers, scatters = _conics.scatter_of(both_x, both_y, begins, ends)
    whole_center, whole = _conics.scatter_of(both_x, both_y, begins[:1], ends[1:])
    moved = _conics.moved(scatters, centers, whole_center)
    np.testing.assert_allclose(moved.sum(axis=0), whole[0], rtol=1e-9, atol=1e-6)


@pytest.mark.lane
def test_mean_distance_to_a_circle():
    t = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    radius = 40 + 0.3 * np.where(np.arange(200) % 2, 1, -1)
    x, y = 70 + radius * np.cos(t), 90 + radius * np.sin(t)
    centers, scatters = _conics.scatter_of(x, y, np.array([0]), np.array([200]))
    conics = _conics.fit_conics(scatters)
    assert _conics.mean_distances(conics, scatters) == pytest.approx(0.3, rel=0.01)
    axes, _ = _conics.axes_of(_conics.ellipses_of(conics, centers))
    np.testing.assert_allclose(axes, [[40, 40]], rtol=1e-3)


@pytest.mark.lane
@pytest.mark.parametrize("slope", [0, 0.3, 1, -2, 1e-3, 50])
def test_points_on_a_line_determine_no_ellipse(slope):
    x = np.arange(30.0)
    assert np.isnan(fit(x, 5 + slope * x)).all()
    assert np.isnan(fit(5 + slope * x, x)).all()
