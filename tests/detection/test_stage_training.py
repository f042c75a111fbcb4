"""A stage of a cascade keeps its promises, and passes what a detector made of it passes."""

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_growing import with_stage
from classicvision.detection.split_search import SplitSearch
from classicvision.detection.stage_training import train_stage
from classicvision.learning.boosting import BOOSTINGS, split_criterion


def windows(rng, positives, negatives, side=8):
    images = rng.integers(0, 256, (positives + negatives, side, side)).astype(np.uint8)
    images[:positives, 2:6, 2:5] //= 2
    labels = np.repeat([1.0, -1.0], [positives, negatives])
    return images, labels


def trained(images, labels, features, boosting="gentle", validation=0, **options):
    search = SplitSearch(
        features, images, criterion=split_criterion(boosting), n_drawn=128, n_refined=30
    )
    options = {
        "min_hit_rate": 0.98,
        "max_false_alarm_rate": 0.3,
        "max_weak_learners": 30,
        "max_depth": 1,
        "weight_trim_rate": 0.95,
        **options,
    }
    rng = np.random.default_rng(0)
    return train_stage(search, labels, boosting=boosting, rng=rng, validation=validation, **options)


@pytest.mark.parametrize("boosting", BOOSTINGS)
@pytest.mark.parametrize("kind", ["haar", "lbp"])
@pytest.mark.parametrize("max_depth", [1, 3])
def test_rates_hold_and_the_detector_agrees(boosting, kind, max_depth, rng):
    images, labels = windows(rng, 300, 300)
    features = cv.haar_features(8, "all") if kind == "haar" else cv.lbp_features(8)
    stage = trained(images, labels, features, boosting, max_depth=max_depth)
    assert stage.hit_rate >= 0.98
    assert stage.false_alarm_rate <= 0.3 or len(stage.trees) == 30
    assert stage.passed[labels > 0].mean() == stage.hit_rate
    assert stage.passed[labels < 0].mean() == stage.false_alarm_rate
    if max_depth > 1:
        assert max(len(tree.splits) for tree in stage.trees) > 1
    cascade = with_stage(None, stage, features)
    detector = CascadeDetector(cascade)
    passed = [len(detector.scan(image, 1, (1, 1))[0]) == 1 for image in images]
    np.testing.assert_array_equal(passed, stage.passed)
    twice = CascadeDetector(with_stage(cascade, stage, features))
    assert twice.stages == [len(stage.trees)] * 2
    again = [len(twice.scan(image, 1, (1, 1))[0]) == 1 for image in images[::10]]
    np.testing.assert_array_equal(again, stage.passed[::10])


@pytest.mark.lane
def test_a_tiny_stage(rng):
    images, labels = windows(rng, 12, 12, 4)
    stage = trained(images, labels, cv.haar_features(4), max_weak_learners=3, max_depth=2)
    assert 1 <= len(stage.trees) <= 3
    for tree in stage.trees:
        assert len(tree.leaves) == len(tree.splits) + 1
        leaves = sorted(-tree.links[tree.links <= 0])
        assert leaves == list(range(len(tree.leaves)))
        assert sorted(tree.links[tree.links > 0]) == list(range(1, len(tree.splits)))


def test_votes_of_discrete_trees_count_the_errors_of_trimmed_windows(rng):
    images, labels = windows(rng, 150, 150, 5)
    labels = labels[rng.permutation(300)]  # nothing tells them apart, and many are heavy
    features = cv.haar_features(5)
    stage = trained(images, labels, features, "discrete", weight_trim_rate=0.7, max_weak_learners=4)
    weights = np.full(300, 1 / 300)
    for tree in stage.trees:
        split, (left, right) = tree.splits[0], tree.leaves[-tree.links[0]].astype(float)
        below = features[[split.feature]].evaluate(images)[:, 0] < split.threshold
        votes = np.where(below, left, right)
        wrong = weights[votes * labels < 0].sum()
        np.testing.assert_allclose(np.abs(votes), np.log((1 - wrong) / wrong), rtol=1e-6)
        weights[votes * labels < 0] *= (1 - wrong) / wrong
        weights /= weights.sum()
    assert len(stage.trees) == 4


def test_the_threshold_is_chosen_on_the_windows_for_validation(rng):
    images, labels = windows(rng, 200, 200)
    held = windows(rng, 100, 0)[0]
    held[:20, 2:6, 2:5] = 255 - held[:20, 2:6, 2:5] // 2  # harder than those to learn from
    everything = np.concatenate([images, held])
    stage = trained(everything, labels, cv.haar_features(8), validation=100, min_hit_rate=0.99)
    assert stage.hit_rate == stage.passed[400:].mean() >= 0.99
    assert len(stage.passed) == 500


def test_windows_that_nothing_tells_apart_give_no_stage(rng):
    images = np.repeat(windows(rng, 1, 0)[0], 20, axis=0)
    labels = np.repeat([1.0, -1.0], 10)
    assert trained(images, labels, cv.haar_features(8)) is None
