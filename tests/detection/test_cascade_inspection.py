"""The features of a cascade, in its own order, are those that its windows are told by."""

from pathlib import Path

import numpy as np
import pytest

import classicvision as cv
from classicvision.features.haar import HaarFeatures
from classicvision.features.lbp import LBPFeatures

CASCADES = Path(__file__).parents[1] / "golden" / "cascades"


@pytest.mark.lane
@pytest.mark.parametrize("path", sorted(CASCADES.glob("*.xml")), ids=lambda path: path.stem)
def test_there_is_one_for_each_node(path):
    detector = cv.CascadeDetector.load(path)
    cascade, features = detector.cascade, detector.features
    assert len(features) == len(cascade.node_features)
    assert isinstance(features, HaarFeatures if detector.feature_type == "haar" else LBPFeatures)
    assert features.window == detector.window
    for k, number in enumerate(cascade.node_features.tolist()):
        if detector.feature_type == "lbp":
            assert features.cells[k].tolist() == cascade.rectangles[number, 0].tolist()
            continue
        assert features.rectangles[k].tolist() == cascade.rectangles[number].tolist()
        assert features.weights[k].tolist() == cascade.weights[number].tolist()
        assert features.tilted[k] == cascade.tilted[number]


@pytest.mark.lane
@pytest.mark.parametrize("name", ["haar_stumps", "haar_tilted", "lbp_stumps"])
def test_their_values_decide(name, rng):
    """The first stage of stumps, computed from the features' values in each window."""
    detector = cv.CascadeDetector.load(CASCADES / f"{name}.xml").first_stages(1)
    cascade, features = detector.cascade, detector.features
    width, height = detector.window
    windows = rng.integers(0, 256, (40, height, width)).astype(np.uint8)
    windows[20:] = np.cumsum(windows[20:], axis=1) // np.arange(1, height + 1)[:, None]
    values = features.evaluate(windows)
    if detector.feature_type == "haar":
        left = values < cascade.node_thresholds
    else:
        words = cascade.node_subsets[np.arange(len(features)), values >> 5]
        left = (words >> (values & 31)) & 1 == 1
    leaves = cascade.leaves.reshape(-1, 2).astype(np.float64)
    sums = np.where(left, leaves[:, 0], leaves[:, 1]).sum(axis=1)
    passes = sums >= cascade.stage_thresholds[0]
    found = [len(detector.detect_windows(window)[0]) == 1 for window in windows]
    assert found == passes.tolist()
    assert 0 < passes.sum() < len(passes)


def test_those_of_a_trained_cascade_can_be_drawn(rng):
    negatives = [rng.integers(0, 256, (60, 60)).astype(np.uint8) for _ in range(3)]
    positives = rng.integers(0, 100, (30, 8, 8)).astype(np.uint8)
    positives[:, :, 4:] += 120
    trainer = cv.CascadeTrainer(window=8, stages=1, random_state=0)
    features = trainer.fit(positives, negatives).features
    assert len(features) == trainer.history_[0]["weak_learners"]
    picture = cv.draw_features(positives.mean(axis=0), features, zoom=1)[0]
    assert picture.shape == (8, 8, 3)
