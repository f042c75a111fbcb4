"""The paired bootstrap between two detectors."""

import numpy as np
import pytest

from classicvision.evaluation import DetectionCurve, ImageOutcome, compare_detectors


def random_curve(rng, share, images=40):
    outcomes = []
    for _ in range(images):
        scores = rng.integers(1, 20, 5)
        outcomes.append(ImageOutcome(5, scores, rng.random(5) < share))
    return DetectionCurve(outcomes)


@pytest.mark.lane
def test_against_resampled_curves(rng):
    """Each resample is the curve of the images drawn, made from their outcomes."""
    first, second = random_curve(rng, 0.8, 6), random_curve(rng, 0.6, 6)
    found = compare_detectors(first, second, low=0.2, high=1, n_resamples=30, random_state=5)
    weights = np.random.default_rng(5).multinomial(6, np.full(6, 1 / 6), 30)
    differences = []
    for row in weights:
        drawn = np.repeat(np.arange(6), row)
        means = [
            DetectionCurve([c.per_image[i] for i in drawn]).mean_detection_rate(0.2, 1)
            for c in (first, second)
        ]
        differences.append(means[0] - means[1])
    assert found.difference == first.mean_detection_rate(0.2, 1) - second.mean_detection_rate(
        0.2, 1
    )
    np.testing.assert_allclose(found[1:], np.quantile(differences, [0.025, 0.975]))


@pytest.mark.lane
def test_intervals(rng):
    good, poor = random_curve(rng, 0.8), random_curve(rng, 0.4)
    options = {"n_resamples": 300, "random_state": 1}
    found = compare_detectors(good, poor, **options)
    assert 0 < found.low < found.difference < found.high
    assert compare_detectors(good, poor, **options) == found
    turned = compare_detectors(poor, good, **options)
    np.testing.assert_allclose(turned, [-found.difference, -found.high, -found.low])
    assert compare_detectors(good, good, **options) == (0, 0, 0)
    narrow = compare_detectors(good, poor, confidence=0.5, **options)
    assert found.low < narrow.low < narrow.high < found.high
    logarithmic = compare_detectors(good, poor, axis="log", **options)
    expected = good.mean_detection_rate(axis="log") - poor.mean_detection_rate(axis="log")
    assert logarithmic.difference == expected != found.difference


@pytest.mark.lane
def test_blocks_of_resamples_change_nothing(rng, monkeypatch):
    good, poor = random_curve(rng, 0.8), random_curve(rng, 0.4)
    options = {"n_resamples": 50, "random_state": 3}
    whole = compare_detectors(good, poor, **options)
    monkeypatch.setattr("classicvision.evaluation.comparison._AT_ONCE", 1500)  # 7 at a time
    assert compare_detectors(good, poor, **options) == whole


@pytest.mark.lane
def test_images_without_objects_and_detectors_that_find_nothing():
    curve = DetectionCurve([ImageOutcome(1, [], []), ImageOutcome(0, [], [])])
    other = DetectionCurve([ImageOutcome(1, [2], [True]), ImageOutcome(0, [1], [False])])
    found = compare_detectors(other, curve, n_resamples=100, random_state=0)
    assert found == (1, 0, 1)  # 0 where only the image without an object was drawn


@pytest.mark.lane
def test_wrong_arguments(rng):
    curve, other = random_curve(rng, 0.5, 3), random_curve(rng, 0.5, 4)
    with pytest.raises(ValueError, match="same order, got 15 objects in 3 images and 20 in 4"):
        compare_detectors(curve, other)
    with pytest.raises(TypeError, match="second must be a DetectionCurve, got None"):
        compare_detectors(curve, None)
    with pytest.raises(ValueError, match="high must be greater than low"):
        compare_detectors(curve, curve, low=2)
    with pytest.raises(ValueError, match="n_resamples must be at least 1"):
        compare_detectors(curve, curve, n_resamples=0)
    with pytest.raises(ValueError, match="confidence must be at most 1"):
        compare_detectors(curve, curve, confidence=95)
    with pytest.raises(TypeError, match="random_state must be None, an integer"):
        compare_detectors(curve, curve, random_state="seed")
