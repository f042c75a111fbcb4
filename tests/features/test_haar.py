"""Haar-like features: the list of them and their values against the definition."""

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_growing import with_stage
from classicvision.detection.split_search import Split
from classicvision.detection.stage_training import Stage, Tree
from tests.naive import cascade as naive
from tests.naive import haar

MODES = ("basic", "core", "all")


def noise(rng, count, width, height):
    return rng.integers(0, 256, (count, height, width)).astype(np.uint8)


@pytest.mark.parametrize(("mode", "count"), [("basic", 162336), ("core", 210400), ("all", 261600)])
def test_counts(mode, count):
    assert len(cv.haar_features((24, 24), mode)) == count


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(6, 5), (3, 7)])
def test_values_are_the_patterns_in_opencvs_order(mode, size, rng):
    image = noise(rng, 1, *size)[0]
    features = cv.haar_features(size, mode)
    expected = [
        haar.value(image, *feature, naive.upright_sum, naive.tilted_sum)
        for feature in haar.enumerate_features(*size, mode)
    ]
    scale = naive.standard_deviation_scale(image)
    values = features.evaluate(image)[0]
    assert len(values) == len(expected)
    # Sums are exact; the products with the weights and the scale are rounded to float32.
    np.testing.assert_allclose(values, np.array(expected) * float(scale), rtol=3e-7, atol=1e-12)
    assert features.tilted.any() == (mode == "all")


@pytest.mark.lane
def test_features_of_a_flat_window_are_zero_before_they_are_normalised():
    features = cv.haar_features((6, 6), "all")
    areas = features.rectangles[..., 2] * features.rectangles[..., 3]
    assert ((areas * features.weights).sum(axis=1) == 0).all()
    assert (features.evaluate(np.full((6, 6), 200, np.uint8)) == 0).all()


@pytest.mark.lane
@pytest.mark.parametrize("mode", ["core", "all"])
def test_a_detector_decides_by_the_same_values(mode, rng):
    """A stump whose threshold is the value of a window itself: only strictly lower goes left."""
    images = noise(rng, 6, 8, 7)
    features = cv.haar_features((8, 7), mode)
    for k in rng.choice(len(features), 12, replace=False):
        values = features[[k]].evaluate(images)[:, 0]
        split = Split(int(k), 0.0, np.sort(values)[3], np.zeros(8, np.uint32))
        tree = Tree([split], np.array([[0, -1]], np.int32), np.array([-1, 1], np.float32))
        stage = Stage([tree], np.float32(0.5), np.zeros(0, bool), 0, 0)
        detector = CascadeDetector(with_stage(None, stage, features))
        passed = [len(detector.scan(image, 1, (1, 1))[0]) for image in images]
        assert passed == (values >= split.threshold).astype(int).tolist()


@pytest.mark.lane
def test_some_of_the_features(rng):
    images = noise(rng, 3, 5, 5)
    features = cv.haar_features(5, "all")
    values = features.evaluate(images)
    mask = np.arange(len(features)) % 7 == 0
    np.testing.assert_array_equal(features[mask].evaluate(images), values[:, mask])
    np.testing.assert_array_equal(features[10:20].evaluate(images), values[:, 10:20])
    assert len(features[5]) == 1


def test_many_windows_at_once_are_those_one_by_one(rng):
    images = noise(rng, 40, 12, 9)
    features = cv.haar_features((12, 9))[::11]
    together = features.evaluate(images)
    for image, values in zip(images, together, strict=True):
        np.testing.assert_array_equal(features.evaluate(image)[0], values)


@pytest.mark.parametrize(
    ("window", "mode", "error", "message"),
    [
        (2, "basic", ValueError, "window width must be at least 3, got 2"),
        (300, "basic", ValueError, "window width must be at most 256, got 300"),
        (128, "basic", ValueError, "128 pixels has 129,141,376 features, more than .*; use a sm"),
        (None, "basic", TypeError, "window must be an integer or .width, height., got None"),
        ((3.5, 4), "basic", TypeError, "window width must be an integer, got 3.5"),
        (5, "every", ValueError, "mode must be"),
    ],
)
def test_wrong_windows(window, mode, error, message):
    with pytest.raises(error, match=message):
        cv.haar_features(window, mode)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((2, 5, 5)), TypeError, "images must be of dtype uint8, got float64"),
        (np.zeros((2, 5, 4), np.uint8), ValueError, r"shape \(n, 5, 5\), the window's"),
        (np.zeros(5, np.uint8), ValueError, r"shape \(n, 5, 5\), the window's"),
    ],
)
def test_wrong_images(images, error, message):
    with pytest.raises(error, match=message):
        cv.haar_features(5).evaluate(images)
