"""Enlarged features: against the same done rectangle by rectangle, and windows one by one."""

from pathlib import Path

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_enlarging import enlarge, frame_at, normalise_lattice
from classicvision.detection.cascade_layers import Layer, find_enlarged_layers
from classicvision.detection.cascade_search import make_model, search_enlarged, search_shrunk
from classicvision.detection.cascade_xml import read_cascade
from tests.detection.test_cascade import textured
from tests.naive import cascade as naive
from tests.naive import enlarging

TINY = sorted((Path(__file__).parents[1] / "golden" / "cascades").glob("*.xml"))
SCALES = (1.0, 1.1, 1.25, 1.5, 2.3, 7.7)


def integrals(image):
    return cv.integral_image(image), cv.squared_integral_image(image)


def assert_inside(cascade):
    """Every rectangle lies in the window."""
    width, height = cascade.window
    x, y, w, h = np.moveaxis(cascade.rectangles, -1, 0)
    if cascade.kind == "lbp":
        assert (np.stack([x, y]) >= 0).all()
        assert (x + 3 * w <= width).all()
        assert (y + 3 * h <= height).all()
        return
    tilted = cascade.tilted[:, None]
    assert (np.where(tilted, x - h, x) >= 0).all()
    assert (y >= 0).all()
    assert (x + w <= width).all()
    assert (np.where(tilted, y + w + h, y + h) <= height).all()


@pytest.mark.lane
@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
@pytest.mark.parametrize("scale", SCALES)
def test_features_are_enlarged_as_rectangle_by_rectangle(path, scale):
    cascade = read_cascade(path)
    enlarged = enlarge(cascade, np.float32(scale))
    expected = enlarging.enlarge(cascade, scale)
    assert enlarged.window == expected.window
    np.testing.assert_array_equal(enlarged.rectangles, expected.rectangles)
    np.testing.assert_array_equal(enlarged.weights, expected.weights)
    assert_inside(enlarged)
    if scale == 1:
        np.testing.assert_array_equal(enlarged.rectangles, cascade.rectangles)
        np.testing.assert_array_equal(enlarged.weights, cascade.weights)


@pytest.mark.parametrize("scale", [*SCALES, *np.linspace(1.01, 3, 40)])
def test_features_that_are_zero_where_all_is_equal_stay_so(scale):
    path = TINY[0].with_name("haar_tilted_trees.xml")
    for cascade in (read_cascade(path), read_cascade(path.with_name("haar_stumps.xml"))):
        enlarged = enlarge(cascade, np.float32(scale))
        assert_inside(enlarged)
        left, top, right, bottom = frame_at(cascade.window, np.float32(scale))
        growth = (right - left) * (bottom - top) / np.prod(np.subtract(cascade.window, 2))
        flat = [
            (each.weights * np.float64(each.rectangles[..., 2:].prod(-1))).sum(1)
            for each in (cascade, enlarged)
        ]
        largest = np.abs(enlarged.weights * enlarged.rectangles[..., 2:].prod(-1)).max()
        np.testing.assert_allclose(flat[1], flat[0] * growth, atol=1e-6 * largest)


@pytest.mark.lane
@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
@pytest.mark.parametrize("scale", [1.3, 2.0, 3.1])
def test_windows_are_decided_as_one_by_one(path, scale, rng):
    model, scale = make_model(read_cascade(path)), np.float32(scale)
    cascade = enlarging.enlarge(model.cascade, scale)
    width, height = cascade.window
    step = {1.3: 3, 2.0: 2, 3.1: 3}[round(float(scale), 1)]
    image = textured(rng, height + 2 * step, width + 5 * step + 1)
    layer = Layer(scale, image.shape[::-1], step, (6, 3))
    depth = np.zeros((3, 6), np.uint16)
    rectangles, sums = search_enlarged(model, image, integrals(image), layer, depth)
    expected = naive.scan(cascade, image, step, enlarging.frame(model.cascade.window, scale))
    assert rectangles.tolist() == [[x, y, width, height] for x, y, _ in expected]
    np.testing.assert_allclose(sums, [total for *_, total in expected], rtol=1e-12)
    assert (depth == len(cascade.stage_thresholds)).sum() == len(sums)


def test_some_windows_pass_and_some_do_not(rng):
    """What the test above compares is not empty."""
    image = textured(rng, 60, 80)
    counts = []
    for path in TINY:
        steps = CascadeDetector.load(path).explain(image, scale_factor=1.4, scaling="features")
        counts.append((steps.passed[0], steps.passed[-1]))
    assert sum(0 < passed < windows for windows, passed in counts) >= 7


@pytest.mark.parametrize("name", ["haar_trees", "haar_tilted", "lbp_stumps"])
def test_without_a_scale_both_ways_are_the_same(name, rng):
    model = make_model(read_cascade(TINY[0].with_name(f"{name}.xml")))
    image = textured(rng, 50, 70)
    width, height = model.cascade.window
    layer = Layer(np.float32(1), (70, 50), 2, ((70 - width) // 2 + 1, (50 - height) // 2 + 1))
    one = search_shrunk(model, image, layer)
    other = search_enlarged(model, image, integrals(image), layer)
    assert len(one[0]) > 3
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_norms_of_windows_whose_squares_do_not_fit_into_32_bits(rng):
    image = rng.integers(200, 256, (600, 500), dtype=np.uint8)
    image[::2] //= 3
    frame = frame_at((24, 24), np.float32(20))
    norms = normalise_lattice(*integrals(image), frame, 15, (2, 3))
    for row, column in np.ndindex(norms.shape):
        window = image[15 * row : 15 * row + 480, 15 * column : 15 * column + 480]
        expected = naive.standard_deviation_scale(window, (20, 20, 460, 460))
        assert norms[row, column] == expected
    flat = np.full((600, 500), 255, np.uint8)
    assert not normalise_lattice(*integrals(flat), frame, 15, (2, 3)).any()


@pytest.mark.parametrize("size", [60, 100, 300])
def test_finds_the_astronaut_at_several_sizes(size):
    cv2 = pytest.importorskip("cv2")
    image = cv2.resize(cv.sample_image("astronaut")[:256, 96:352], (4 * size, 4 * size))
    faces = CascadeDetector.load("frontalface").detect(image, scaling="features")
    assert cv.iou(faces.boxes[:1], np.array([[80, 60, 180, 170]]) * size / 64)[0, 0] > 0.5


def test_layers():
    layers = find_enlarged_layers((24, 20), (90, 101), 2, None, None)
    assert [(float(layer.scale), layer.step, layer.lattice) for layer in layers] == [
        (1, 2, (39, 36)),
        (2, 2, (27, 26)),
        (4, 4, (2, 3)),
    ]
    assert all(layer.size == (101, 90) for layer in layers)
    layers = find_enlarged_layers((24, 24), (100, 100), 1.1, 30, 40)
    assert [round(24 * float(layer.scale)) for layer in layers] == [32, 35, 39]
    assert [layer.step for layer in layers] == [3, 3, 3]


def test_windows_whose_sum_does_not_fit_are_refused():
    with pytest.raises(ValueError, match="got windows of 3099 x 3099; set max_size, or use"):
        find_enlarged_layers((24, 24), (3100, 4000), 1.1, None, None)
    assert find_enlarged_layers((24, 24), (3100, 4000), 1.1, None, 2800)


def test_threads_and_explain_see_the_same():
    image = cv.sample_image("astronaut")
    detector = CascadeDetector.load("frontalface")
    one = detector.detect(image, scale_factor=1.5, min_neighbors=0, scaling="features")
    two = detector.detect(image, scale_factor=1.5, min_neighbors=0, scaling="features", n_jobs=2)
    np.testing.assert_array_equal(one.boxes, two.boxes)
    steps = detector.explain(image, scale_factor=1.5, scaling="features")
    places = [
        (step * column, step * row)
        for step, depth in zip(steps.steps, steps.depths, strict=True)
        for row, column in np.argwhere(depth == len(detector.stages))
    ]
    assert sorted(places) == sorted(map(tuple, one.boxes[:, :2].tolist()))
    assert steps.passed[-1] == len(one)


def test_wrong_scaling():
    with pytest.raises(ValueError, match="scaling must be one of 'image', 'features', got 'both'"):
        CascadeDetector.load("frontalface").detect(np.zeros((40, 40), np.uint8), scaling="both")
