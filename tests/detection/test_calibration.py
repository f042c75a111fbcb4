"""Calibration: of all stages and neighbours, the choice that serves the target best."""

import pytest

import classicvision as cv
from classicvision.detection.calibration import calibrate_detector
from classicvision.detection.samples import compose_scenes


@pytest.fixture(scope="module")
def detector():
    return cv.CascadeDetector.load("frontalface")


@pytest.fixture(scope="module")
def scenes():
    face = cv.sample_image("astronaut")[64:168, 171:275, 1]
    backgrounds = [cv.sample_image("camera")[..., 0], cv.sample_image("coins")[..., 0]]
    return compose_scenes(face[None], backgrounds, 4, heights=(30, 90), random_state=0)


def every_choice(detector, scenes):
    for stages in range(len(detector.stages), len(detector.stages) // 2 - 1, -1):
        curve = cv.evaluate_detector(
            detector.first_stages(stages), scenes, match="center", min_neighbors=1
        )
        for score in curve.thresholds:
            point = curve.operating_point(score)
            yield point.recall, point.false_positives / curve.images


def test_the_best_choice(detector, scenes):
    choices = list(every_choice(detector, scenes))
    chosen = calibrate_detector(detector, scenes, false_positives_per_image=1, match="center")
    assert chosen.false_positives_per_image <= 1
    assert chosen.detection_rate == max(rate for rate, false in choices if false <= 1)
    wanted = max(rate for rate, _ in choices)
    chosen = calibrate_detector(detector, scenes, detection_rate=wanted, match="center")
    assert chosen.detection_rate == wanted
    assert chosen.false_positives_per_image == min(f for rate, f in choices if rate == wanted)


def test_the_choice_can_be_used(detector, scenes):
    chosen = calibrate_detector(detector, scenes, false_positives_per_image=1, match="center")
    curve = cv.evaluate_detector(
        chosen.detector, scenes, match="center", min_neighbors=chosen.min_neighbors
    )
    assert curve.detection_rate[-1] == chosen.detection_rate
    assert curve.false_positives[-1] / curve.images == chosen.false_positives_per_image


def test_targets_that_cannot_be(detector, scenes):
    with pytest.raises(ValueError, match="give one of detection_rate and false_positives"):
        calibrate_detector(detector, scenes)
    with pytest.raises(ValueError, match="give one of detection_rate and false_positives"):
        calibrate_detector(detector, scenes, detection_rate=1, false_positives_per_image=1)
    with pytest.raises(ValueError, match="detection_rate must be at most 1, got 2"):
        calibrate_detector(detector, scenes, detection_rate=2)
    with pytest.raises(TypeError, match="min_neighbors is what calibrate_detector chooses; leave"):
        calibrate_detector(detector, scenes, detection_rate=1, min_neighbors=3)
    with pytest.raises(TypeError, match=r"detector must be a CascadeDetector, got 'face\.xml'"):
        calibrate_detector("face.xml", scenes, detection_rate=1)
    impossible = [(scenes[0][0], [[0, 0, 3, 3]])]
    with pytest.raises(ValueError, match="no choice reaches detection_rate=1; the nearest is 0"):
        calibrate_detector(detector, impossible, detection_rate=1)
