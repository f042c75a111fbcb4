"""Written cascades: read again, they are what they were, to the last bit."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_writing import (
    format_cascade,
    storable_thresholds,
    write_cascade,
)
from classicvision.detection.cascade_xml import Cascade, parse_cascade, read_cascade

TINY = sorted((Path(__file__).parents[1] / "golden" / "cascades").glob("*.xml"))

TEXT = """<?xml version="1.0"?> <opencv_storage> <cascade> <stageType>BOOST</stageType>
    <featureType>HAAR</featureType> <height>6</height> <width>8</width>
    <stageParams> <boostType>RAB</boostType> <minHitRate>0.995</minHitRate>
    <maxFalseAlarm>0.4</maxFalseAlarm> <weightTrimRate>0.95</weightTrimRate>
    <maxDepth>2</maxDepth> <maxWeakCount>100</maxWeakCount></stageParams>
    <featureParams> <maxCatCount>0</maxCatCount> <featSize>1</featSize> <mode>ALL</mode>
    </featureParams> <stageNum>1</stageNum> <stages> <!-- stage 0 -->
    <_><maxWeakCount>1</maxWeakCount> <stageThreshold>-0.5</stageThreshold> <weakClassifiers>
    <_><internalNodes> 1 0 1 0.25 -1 -2 0 -1.00000001e-07
    </internalNodes><leafValues>1. -2. 0.100000001</leafValues></_>
    </weakClassifiers></_> </stages> <features>
    <_><rects> <_>0 0 8 6 -1.</_> <_>2 0 4 6 2.</_> </rects><tilted>0</tilted></_>
    <_><rects> <_>4 0 2 3 -1.</_> <_>4 0 2 3 0.5</_> <_>4 0 2 3 0.5</_>
    </rects><tilted>1</tilted></_> </features></cascade> </opencv_storage>"""


def random_cascade(seed, kind="haar", most_nodes=1, tilted=False):
    """A cascade of random trees and features, all of which are used, in a window of 20 x 16."""
    rng = np.random.default_rng(seed)
    stage_sizes = rng.integers(1, 4, rng.integers(1, 5))
    sizes = rng.integers(1, most_nodes + 1, stage_sizes.sum())
    nodes = sizes.sum()
    rectangles, weights = np.zeros((nodes, 3, 4), np.int32), np.zeros((nodes, 3), np.float32)
    for feature in range(nodes):
        for k in range(1 if kind == "lbp" else rng.integers(1, 4)):
            x, y = rng.integers(3, 8), rng.integers(0, 6)
            rectangles[feature, k] = x, y, *rng.integers(1, 4, 2)
            weights[feature, k] = 1 if kind == "lbp" else any_float32(rng)
    lbp = kind == "lbp"
    return Cascade(
        kind=kind,
        window=(20, 16),
        stage_trees=np.append(0, np.cumsum(stage_sizes)).astype(np.int32),
        stage_thresholds=storable_thresholds(any_float32(rng, len(stage_sizes))),
        tree_nodes=np.append(0, np.cumsum(sizes)).astype(np.int32),
        node_features=rng.permutation(nodes).astype(np.int32),
        node_thresholds=np.zeros(nodes, np.float32) if lbp else any_float32(rng, nodes),
        node_subsets=rng.integers(0, 2**32, (nodes, 8), dtype=np.uint32) * np.uint32(lbp),
        node_links=np.concatenate([random_links(rng, size) for size in sizes]),
        leaves=any_float32(rng, nodes + len(sizes)),
        rectangles=rectangles,
        weights=weights,
        tilted=rng.random(nodes) < 0.5 if tilted else np.zeros(nodes, bool),
    )


def random_links(rng, size):
    """A tree whose nodes hang, in their order, on any link that is still free."""
    links = np.zeros((size, 2), np.int32)
    free = [(0, 0), (0, 1)]
    for node in range(1, size):
        links[free.pop(rng.integers(len(free)))] = node
        free += [(node, 0), (node, 1)]
    for leaf, place in enumerate(sorted(free)):
        links[place] = -leaf
    return links


def any_float32(rng, count=None):
    """Numbers of all magnitudes and both signs."""
    values = rng.normal(size=count) * 10.0 ** rng.integers(-12, 13, count)
    return np.float32(values) if count is None else values.astype(np.float32)


def assert_same(a, b):
    for field in dataclasses.fields(Cascade):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y, err_msg=field.name)


@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(["haar", "lbp"]),
    most_nodes=st.sampled_from([1, 2, 6]),
    tilted=st.booleans(),
)
def test_random_cascades_survive(seed, kind, most_nodes, tilted):
    cascade = random_cascade(seed, kind, most_nodes, tilted and kind == "haar")
    assert_same(parse_cascade(format_cascade(cascade)), cascade)


@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
def test_load_save_load(path, tmp_path, rng):
    detector = CascadeDetector.load(path)
    saved = tmp_path / "saved.xml"
    detector.save(saved)
    again = CascadeDetector.load(saved)
    assert_same(again._cascade, detector._cascade)
    image = rng.integers(0, 256, (40, 50), dtype=np.uint8)
    for a, b in zip(detector.detect_windows(image), again.detect_windows(image), strict=True):
        np.testing.assert_array_equal(a, b)
    again.save(saved)  # over the file that it came from
    assert list(tmp_path.iterdir()) == [saved]


def test_opencv_files_survive(data_folder):
    paths = [
        *(data_folder / "opencv_cascades").glob("haarcascades/*.xml"),
        *(data_folder / "opencv_cascades").glob("lbpcascades/*.xml"),
    ]
    assert paths
    for path in paths:
        cascade = read_cascade(path)
        again = parse_cascade(format_cascade(cascade))
        if len(np.unique(cascade.node_features)) == len(cascade.tilted):
            assert_same(again, cascade)
        for name in ("rectangles", "weights", "tilted"):
            a = getattr(cascade, name)[cascade.node_features]
            np.testing.assert_array_equal(getattr(again, name)[again.node_features], a)
        for name in ("stage_thresholds", "node_thresholds", "node_subsets", "leaves"):
            np.testing.assert_array_equal(getattr(again, name), getattr(cascade, name))


def test_the_text():
    """One stage of one tree of two nodes; the second of three features is not used."""
    cascade = Cascade(
        kind="haar",
        window=(8, 6),
        stage_trees=np.array([0, 1], np.int32),
        stage_thresholds=np.float32([-0.5]) - np.float32(1e-5),
        tree_nodes=np.array([0, 2], np.int32),
        node_features=np.array([2, 0], np.int32),
        node_thresholds=np.float32([0.25, -1e-7]),
        node_subsets=np.zeros((2, 8), np.uint32),
        node_links=np.array([[1, 0], [-1, -2]], np.int32),
        leaves=np.float32([1, -2, 0.1]),
        rectangles=np.array(
            [[[0, 0, 8, 6], [2, 0, 4, 6], [0] * 4], [[1] * 4] * 3, [[4, 0, 2, 3]] * 3], np.int32
        ),
        weights=np.float32([[-1, 2, 0], [1, 1, 1], [-1, 0.5, 0.5]]),
        tilted=np.array([False, False, True]),
    )
    text = format_cascade(cascade, boosting="real", max_false_alarm_rate=0.4).decode()
    assert " ".join(text.split()) == " ".join(TEXT.split())


@given(st.floats(-1e6, 1e6, width=32))
def test_storable_thresholds_are_the_next_lower_that_can_be_read(threshold):
    storable = storable_thresholds(threshold)
    assert storable <= np.float32(threshold)
    assert storable_thresholds(storable) == storable
    numbers = np.float32(threshold) + np.float32(1e-5)
    for _ in range(3):
        numbers = np.nextafter(numbers, np.float32(-np.inf))
    for _ in range(7):  # all numbers around that a file may hold
        read = numbers - np.float32(1e-5)
        assert read <= storable or read > np.float32(threshold)
        numbers = np.nextafter(numbers, np.float32(np.inf))


def test_a_threshold_that_no_file_holds():
    """Just below 1, where the numbers of the file lie twice as far apart, every other one."""
    just_below = np.float32(1) - np.float32(2) ** -24 * np.arange(1, 40, dtype=np.float32)
    lost = storable_thresholds(just_below) != just_below
    assert 15 < lost.sum() < 25
    cascade = dataclasses.replace(
        random_cascade(0),
        stage_thresholds=just_below[lost][[0] * len(random_cascade(0).stage_thresholds)],
    )
    with pytest.raises(ValueError, match=r"of stage 0 has no number .* use storable_thresholds"):
        format_cascade(cascade)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leaves": np.nan}, "a number is not finite|expected numbers"),
        ({"rectangles": 30}, "is not inside the window of 20 x 16"),
        ({"window": (2, 2)}, "the window must be 3 to 10000 pixels"),
        ({"kind": "lbp"}, "cannot be kept in OpenCV's format: node_thresholds would change"),
    ],
)
def test_a_cascade_that_would_not_be_read_is_refused(change, message):
    cascade = random_cascade(3)
    for name, value in change.items():
        old = getattr(cascade, name)
        if isinstance(old, np.ndarray):
            change = {name: np.full_like(old, value)}
    with pytest.raises(ValueError, match=message):
        format_cascade(dataclasses.replace(cascade, **change))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"boosting": "brave"}, "boosting must be one of 'discrete', 'real', 'gentle', 'logit'"),
        ({"mode": "most"}, "mode must be one of 'basic', 'core', 'all', got 'most'"),
        ({"min_hit_rate": 1.5}, "min_hit_rate must be at most 1"),
        ({"max_false_alarm_rate": -1}, "max_false_alarm_rate must be at least 0"),
        ({"weight_trim_rate": float("nan")}, "weight_trim_rate must be a number"),
        ({"max_weak_count": 0}, "max_weak_count must be at least 1"),
    ],
)
def test_wrong_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        format_cascade(random_cascade(0), **options)


def test_not_a_cascade():
    with pytest.raises(TypeError, match="cascade must be a Cascade, got 'frontalface'"):
        format_cascade("frontalface")


def test_bad_targets(tmp_path):
    cascade = random_cascade(0)
    with pytest.raises(OSError, match="cannot be written"):
        write_cascade(tmp_path, cascade)
    missing = tmp_path / "missing" / "cascade.xml"
    with pytest.raises(FileNotFoundError, match=r"cascade.xml: cannot be written \("):
        CascadeDetector(cascade).save(missing)
    assert list(tmp_path.iterdir()) == []
