"""Detectors on annotated images: cases worked out by hand, and properties of all curves."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import classicvision as cv
from classicvision.evaluation import DetectionCurve, ImageOutcome, evaluate_detector
from tests.naive.detection_evaluation import naive_curve, naive_mean_rate

BLANK = np.zeros((100, 100), np.uint8)


class Recorded:
    """A detector that has an answer for each image, which says its number in the first pixel."""

    def __init__(self, *answers):
        self.answers = answers
        self.options = []

    def detect(self, image, **options):
        self.options.append(options)
        boxes, scores = self.answers[image[0, 0]]
        return cv.Detections(boxes, scores)


def numbered(*truths):
    """Return samples: images that know their numbers, and what is to be found in them."""
    samples = []
    for number, truth in enumerate(truths):
        image = BLANK.copy()
        image[0, 0] = number
        samples.append((image, *truth))
    return samples


def square(x, y=0, side=10):
    return [x, y, x + side, y + side]


@pytest.mark.lane
def test_a_curve_by_hand():
    detector = Recorded(
        ([square(0), square(20), square(60), square(1)], [5, 9, 9, 4]),  # 1: the first again
        ([square(40)], [7]),
        ([square(0)], [9]),
    )
    samples = numbered(([square(0), square(20), square(80)],), ([square(40)],), ([],))
    curve = evaluate_detector(detector, samples)
    assert (curve.images, curve.objects) == (3, 4)
    np.testing.assert_array_equal(curve.thresholds, [9, 7, 5, 4])
    np.testing.assert_array_equal(curve.false_positives, [2, 2, 2, 3])
    np.testing.assert_array_equal(curve.detection_rate, [0.25, 0.5, 0.75, 0.75])
    np.testing.assert_array_equal(curve.precision, [1 / 3, 2 / 4, 3 / 5, 3 / 6])
    # Precision at that recall or beyond is 3/5 at each of the three recalls.
    assert curve.average_precision == pytest.approx(0.75 * 3 / 5)
    assert curve.seconds_per_image >= 0
    assert curve.operating_point(5) == (5, 0.75, 3 / 5, 2)
    assert curve.operating_point(9.5) == (9.5, 0, 1, 0)
    assert curve.operating_point(-3) == (-3, 0.75, 0.5, 3)
    assert repr(curve) == "DetectionCurve(4 objects in 3 images, average precision 0.450)"


@pytest.mark.lane
def test_rates_by_hand():
    first = ImageOutcome(4, [9, 8, 7, 6], [True, False, True, False])
    curve = DetectionCurve([first, ImageOutcome(0, [5, 4], [False, False])])
    rates = [curve.detection_rate_at(n) for n in (0, 0.9, 1, 2, 100)]
    assert rates == [0.25, 0.25, 0.5, 0.5, 0.5]
    assert curve.detection_rate_at(0.5, per_image=True) == 0.5
    assert curve.detection_rate_at(0.49, per_image=True) == 0.25
    # 0.25 up to half a false positive per image, 0.5 from there on.
    assert curve.mean_detection_rate(0.25, 1) == pytest.approx(0.25 / 3 + 0.5 * 2 / 3)
    assert curve.mean_detection_rate(0, 0.5) == pytest.approx(0.25)
    assert curve.mean_detection_rate(0.5, 1000) == pytest.approx(0.5)
    assert curve.mean_detection_rate(0.125, 2, axis="log") == pytest.approx(0.375)


@pytest.mark.lane
def test_each_takes_the_free_box_that_it_overlaps_most():
    # Both detections match both objects; the surer one lies on the right object.
    detector = Recorded(([[1, 0, 11, 10], [0, 0, 10, 10]], [2, 1]))
    samples = numbered(([[0, 0, 10, 10], [2, 0, 12, 10]],))
    assert evaluate_detector(detector, samples).detection_rate[-1] == 1
    detector = Recorded(([[2, 0, 12, 10], [1, 0, 11, 10]], [1, 2]))
    assert evaluate_detector(detector, samples).detection_rate[-1] == 1


@pytest.mark.lane
def test_ignored_boxes_count_neither_way():
    found = [square(0), square(1), square(40), square(70)], [9, 8, 7, 6]
    truth = [square(0), square(40)]
    plain = evaluate_detector(Recorded(found), numbered((truth,)))
    np.testing.assert_array_equal(plain.false_positives, [0, 1, 1, 2])
    curve = evaluate_detector(Recorded(found), numbered((truth, [True, False])))
    assert curve.objects == 1
    np.testing.assert_array_equal(curve.thresholds, [7, 6])
    np.testing.assert_array_equal(curve.false_positives, [0, 1])
    np.testing.assert_array_equal(curve.detection_rate, [1, 1])
    # An ignored box does not keep a detection from the object beside it.
    both = numbered(([square(0), square(2)], np.array([True, False])))
    curve = evaluate_detector(Recorded(([square(0)], [1])), both)
    np.testing.assert_array_equal(curve.detection_rate, [1])


@pytest.mark.lane
@pytest.mark.parametrize(
    ("box", "matches"),
    [
        (square(0, 0, 20), True),
        (square(8, 0, 20), True),  # 8 = 0.35 * 20 + 1
        (square(8.1, 0, 20), False),
        (square(6, 6, 20), False),  # 8.5 along the diagonal
        (square(4, 4, 12), True),
        (square(4.1, 4.1, 11.9), False),
        (square(-12, -12, 44), True),
        (square(-12, -12, 44.1), False),
    ],
)
def test_the_rule_center(box, matches):
    curve = evaluate_detector(
        Recorded(([box], [1])), numbered(([square(0, 0, 20)],)), match="center"
    )
    np.testing.assert_array_equal(curve.detection_rate, [float(matches)])
    np.testing.assert_array_equal(curve.false_positives, [int(not matches)])


@pytest.mark.lane
def test_rules_of_ones_own():
    detector, samples = Recorded(([square(90)], [1])), numbered(([square(0)],))
    curve = evaluate_detector(detector, samples, match=lambda a, b: np.ones((1, 1), bool))
    np.testing.assert_array_equal(curve.detection_rate, [1])
    with pytest.raises(ValueError, match=r"match must return a bool array of shape \(1, 1\)"):
        evaluate_detector(detector, samples, match=lambda a, b: [True])
    half = Recorded(([square(5)], [1]))  # a third of the union
    assert evaluate_detector(half, samples).detection_rate[0] == 0
    assert evaluate_detector(half, samples, iou_threshold=1 / 3).detection_rate[0] == 1


@pytest.mark.lane
def test_functions_and_options():
    seen = []

    def function(image, size=3):
        seen.append(size)
        return cv.Detections([square(0)])

    evaluate_detector(function, numbered(([square(0)],)), size=8)
    assert seen == [8]
    plain = Recorded(([square(0)], [1]))
    evaluate_detector(plain, numbered(([square(0)],)))
    assert plain.options == [{}]

    def grouping(image, *, min_neighbors=3):
        seen.append(min_neighbors)
        return cv.Detections([square(0)])

    evaluate_detector(grouping, numbered(([square(0)],)))
    evaluate_detector(grouping, numbered(([square(0)],)), min_neighbors=4)
    assert seen == [8, 1, 4]


def test_files_and_generators_on_two_threads(tmp_path):
    samples = numbered(([square(0)],), ([square(20), square(50)],), ([],))
    detector = Recorded(([square(0)], [3]), ([square(20), square(70)], [2, 1]), ([square(5)], [5]))
    expected = evaluate_detector(detector, samples)
    for number, (image, _) in enumerate(samples):
        cv.write_image(tmp_path / f"{number}.png", image)
    files = ((tmp_path / f"{n}.png", boxes) for n, (_, boxes) in enumerate(samples))

    def gray(image):
        return detector.detect(image[:, :, 0])

    curve = evaluate_detector(gray, files, n_jobs=2)
    assert curve.to_csv() == expected.to_csv()
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        evaluate_detector(gray, [(tmp_path / "gone.png", [])])


def test_larger_min_neighbors_are_thresholds_of_the_curve():
    detector = cv.CascadeDetector.load("frontalface")
    image = cv.sample_image("astronaut")
    curve = evaluate_detector(detector, [(image, [[176, 66, 274, 172]])])
    for k in (1, 2, 3, 5, 8):
        found = detector.detect(image, min_neighbors=k)
        point = curve.operating_point(k + 1)
        assert len(found) == point.false_positives + (point.recall == 1)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([], ValueError, "samples must not be empty"),
        ([(BLANK, [])], ValueError, "samples must have boxes to find; the 1 images have none"),
        ([(BLANK, [square(0)], [True])], ValueError, "samples must have boxes to find"),
        ([BLANK], TypeError, r"samples must yield \(image, boxes\) or \(image, boxes, ignored\)"),
        ([(BLANK, [[1, 2, 3]])], ValueError, "boxes must have shape"),
        ([(BLANK, [square(0)], [0])], ValueError, r"ignored must be a bool array of shape \(1,\)"),
        ([(BLANK.astype(complex), [])], TypeError, "image must be of dtype"),
    ],
)
def test_samples_of_another_form(samples, error, message):
    with pytest.raises(error, match=message):
        evaluate_detector(Recorded(([], [])), samples)


@pytest.mark.lane
def test_wrong_arguments():
    samples = numbered(([square(0)],))
    with pytest.raises(TypeError, match=r"detector must have a method detect.*got 'frontalface'"):
        evaluate_detector("frontalface", samples)
    with pytest.raises(TypeError, match=r"must return Detections, got array.*cv\.Detections\("):
        evaluate_detector(lambda image: np.zeros((0, 4)), samples)
    detector = Recorded(([], []))
    with pytest.raises(ValueError, match="match must be one of 'iou', 'center', got 'centre'"):
        evaluate_detector(detector, samples, match="centre")
    with pytest.raises(ValueError, match="iou_threshold must be greater than 0"):
        evaluate_detector(detector, samples, iou_threshold=0)
    curve = evaluate_detector(detector, samples)  # finds nothing: a curve without points
    assert (len(curve.thresholds), curve.average_precision) == (0, 0)
    assert curve.detection_rate_at(5) == curve.mean_detection_rate() == 0
    with pytest.raises(ValueError, match=r"high must be greater than low, got 0\.1 and 0\.1"):
        curve.mean_detection_rate(0.1, 0.1)
    with pytest.raises(ValueError, match="low must be greater than 0 for axis='log'"):
        curve.mean_detection_rate(0, 1, axis="log")
    with pytest.raises(ValueError, match="axis must be one of 'linear', 'log'"):
        curve.mean_detection_rate(axis="cubic")
    with pytest.raises(ValueError, match="false_positives must be at least 0"):
        curve.detection_rate_at(-1)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, [1, 2], [True]), "scores and hits must have one shape"),
        ((1, [np.nan], [True]), "scores must be finite"),
        ((1, [1, 2], [True, True]), "hits must be at most one an object, 1, got 2"),
        ((-1, [], []), "objects must be at least 0"),
    ],
)
def test_outcomes_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        ImageOutcome(*arguments)


@pytest.mark.lane
def test_exports():
    curve = DetectionCurve([ImageOutcome(3, [2.5, 1], [True, False], seconds=0.25)])
    values = json.loads(curve.to_json(model="m.xml"))
    assert list(values)[:5] == ["model", "images", "objects", "average_precision"] + [
        "seconds_per_image"
    ]
    assert values["seconds_per_image"] == 0.25
    for name in ("thresholds", "false_positives", "detection_rate", "precision"):
        np.testing.assert_array_equal(values[name], getattr(curve, name))
        assert not getattr(curve, name).flags.writeable
    table = np.genfromtxt(curve.to_csv().splitlines(), delimiter=",", names=True)
    np.testing.assert_array_equal(table["threshold"], curve.thresholds)
    np.testing.assert_array_equal(table["detection_rate"], curve.detection_rate)
    assert pickle.loads(pickle.dumps(curve)).to_json() == curve.to_json()


# Boxes and scores from few values, so that overlaps and equal scores are frequent.
_sides = st.integers(0, 6).map(lambda value: 4 * value)
_boxes = st.builds(lambda x, y, side: [x, y, x + side, y + side], _sides, _sides, st.just(10))
_found = st.lists(st.tuples(_boxes, st.integers(0, 4)), max_size=6)
_truth = st.lists(st.tuples(_boxes, st.booleans()), max_size=5)
_scenes = st.lists(st.tuples(_found, _truth), min_size=1, max_size=4)


def _evaluate(scenes, match="iou"):
    answers = [([b for b, _ in found], [s for _, s in found]) for found, _ in scenes]
    truths = [([b for b, _ in truth], [i for _, i in truth]) for _, truth in scenes]
    return evaluate_detector(Recorded(*answers), numbered(*truths), match=match, iou_threshold=0.3)


@pytest.mark.lane
@given(_scenes, st.sampled_from(["iou", "center"]), st.randoms())
def test_properties_of_curves(scenes, match, random):
    if all(ignored for _, truth in scenes for _, ignored in truth):
        scenes = [*scenes, ([], [([0, 0, 10, 10], False)])]
    curve = _evaluate(scenes, match)
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.false_positives) >= 0).all()
    assert (np.diff(curve.detection_rate) >= 0).all()
    assert 0 <= curve.average_precision <= curve.detection_rate.max(initial=0)
    low, mean, high = (
        curve.detection_rate_at(0.1, per_image=True),
        curve.mean_detection_rate(0.1, 2),
        curve.detection_rate_at(2, per_image=True),
    )
    assert low - 1e-12 <= mean <= high + 1e-12
    # The rate changes at multiples of 1/60 only, for 1 to 5 images.
    assert mean == pytest.approx(naive_mean_rate(curve, 0.1, 2, pieces=114))
    shuffled = list(scenes)
    random.shuffle(shuffled)
    other = _evaluate(shuffled, match)
    np.testing.assert_array_equal(other.to_csv(), curve.to_csv())


@pytest.mark.lane
@given(_scenes)
def test_every_threshold_is_that_of_a_detector_with_this_threshold(scenes):
    if all(ignored for _, truth in scenes for _, ignored in truth):
        scenes = [*scenes, ([], [([0, 0, 10, 10], False)])]
    curve = _evaluate(scenes)
    expected = naive_curve(scenes, 0.3, curve.thresholds)
    rows = zip(curve.detection_rate * curve.objects, curve.false_positives, strict=True)
    np.testing.assert_allclose(np.reshape([*rows], (-1, 2)), np.reshape(expected, (-1, 2)))
