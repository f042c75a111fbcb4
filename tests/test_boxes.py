"""Boxes: overlap and grouping against counting pixels, plain loops and OpenCV."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.boxes import area, group_boxes, group_levels, iou, nms
from tests.naive import boxes as naive

# What OpenCV 4.14's groupRectangles returns: rectangles x y w h, threshold, eps -> groups, counts
GOLDEN = [
    ([[0, 0, 20, 20], [1, 0, 20, 20], [2, 1, 20, 20]], 2, 0.2, [[1, 0, 20, 20]], [3]),
    ([[0, 0, 20, 20], [1, 0, 20, 20]], 1, 0.2, [[0, 0, 20, 20]], [2]),  # 0.5 rounds to 0
    ([[1, 0, 20, 20], [2, 0, 20, 20]], 1, 0.2, [[2, 0, 20, 20]], [2]),  # 1.5 rounds to 2
    ([[9, 9, 20, 20], [0, 0, 5, 5], [9, 9, 20, 20]], 1, 0.2, [[9, 9, 20, 20]], [2]),
    # a chain: the ends are not similar, but connected through the middle
    ([[0, 0, 20, 20], [4, 0, 20, 20], [8, 0, 20, 20]], 2, 0.2, [[4, 0, 20, 20]], [3]),
    # a weak group of two inside another one, of two as well
    ([[0, 0, 40, 40]] * 2 + [[10, 10, 9, 9]] * 2, 1, 0.2, [[0, 0, 40, 40]], [2]),
    # three inside three stay, three inside four go
    (
        [[0, 0, 40, 40]] * 3 + [[10, 10, 9, 9]] * 3,
        2,
        0.2,
        [[0, 0, 40, 40], [10, 10, 9, 9]],
        [3, 3],
    ),
    ([[10, 10, 9, 9]] * 3 + [[0, 0, 40, 40]] * 4, 2, 0.2, [[0, 0, 40, 40]], [4]),
    ([[5, 5, 7, 7], [5, 5, 7, 7], [6, 5, 7, 7]], 1, 0.0, [[5, 5, 7, 7]], [2]),
]

rectangle = st.tuples(
    st.integers(-5, 60), st.integers(-5, 60), st.integers(0, 40), st.integers(0, 40)
)
eps_values = st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.7])


def corners(rectangles):
    """Turn x, y, width, height into x1, y1, x2, y2."""
    array = np.array(rectangles, np.int64).reshape(-1, 4)
    array[:, 2:] += array[:, :2]
    return array


def crowded(rng, n, centers=6):
    """Random rectangles in a few crowds, as a cascade's raw windows come."""
    crowd = np.column_stack(
        [rng.integers(0, 120, (centers, 2)), rng.integers(10, 60, (centers, 2))]
    )
    return np.maximum(crowd[rng.integers(0, centers, n)] + rng.integers(-4, 5, (n, 4)), 0)


def test_area_is_width_times_height():
    assert area([[1, 2, 4, 4], [0.5, 0, 1, 1], [3, 3, 3, 9]]).tolist() == [6, 0.5, 0]
    assert area([]).shape == (0,)


def test_iou_by_hand():
    table = iou([[0, 0, 2, 2], [0, 0, 4, 4]], [[1, 0, 3, 2], [2, 2, 4, 4], [9, 9, 9, 9]])
    np.testing.assert_allclose(table, [[2 / 6, 0, 0], [4 / 16, 4 / 16, 0]])
    assert table.dtype == np.float64


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (3, 0)])
def test_iou_of_no_boxes(n, m):
    assert iou(np.zeros((n, 4)), np.zeros((m, 4))).shape == (n, m)


@given(st.lists(rectangle, max_size=6), st.lists(rectangle, max_size=6))
def test_iou_counts_shared_pixels(a, b):
    a, b = corners(a), corners(b)
    table = iou(a, b)
    assert table.shape == (len(a), len(b))
    wanted = [[naive.iou(p, q) for q in b] for p in a]
    np.testing.assert_allclose(table, np.reshape(wanted, table.shape), atol=1e-15)
    np.testing.assert_array_equal(table, iou(b, a).T)


@pytest.mark.lane
@given(st.lists(rectangle, max_size=12), st.data(), st.sampled_from([0, 0.25, 0.5, 1]))
def test_nms_is_the_greedy_definition(rectangles, data, threshold):
    boxes = corners(rectangles)
    scores = data.draw(st.lists(st.integers(0, 3), min_size=len(boxes), max_size=len(boxes)))
    kept = nms(boxes, scores, threshold)
    overlap = iou(boxes, boxes)
    wanted = naive.nms(range(len(boxes)), scores, threshold, lambda i, j: overlap[i, j])
    assert kept.tolist() == wanted


def test_nms_keeps_ties_in_order_and_an_overlap_equal_to_the_threshold():
    boxes = [[0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 2, 1]]
    assert nms(boxes, [1, 1, 1], 0.5).tolist() == [0, 2]
    assert nms([], [], 0.5).tolist() == []


@pytest.mark.lane
@pytest.mark.parametrize(("rectangles", "threshold", "eps", "groups", "counts"), GOLDEN)
def test_group_boxes_gives_opencv_4_14s_results(rectangles, threshold, eps, groups, counts):
    boxes, merged = group_boxes(corners(rectangles), threshold, eps)
    np.testing.assert_array_equal(boxes, corners(groups))
    assert merged.tolist() == counts
    assert boxes.dtype == np.float32


@pytest.mark.lane
@given(st.lists(rectangle, max_size=25), st.integers(1, 4), eps_values)
def test_group_boxes_is_the_plain_definition(rectangles, min_neighbors, eps):
    wanted = naive.group_rectangles(rectangles, min_neighbors, eps)
    boxes, counts = group_boxes(corners(rectangles), min_neighbors, eps)
    np.testing.assert_array_equal(boxes, corners([mean for mean, _ in wanted]))
    assert counts.tolist() == [len(group) for _, group in wanted]


@pytest.mark.parametrize("seed", range(20))
def test_group_boxes_of_crowds(seed):
    rng = np.random.default_rng(seed)
    rectangles = crowded(rng, 150)
    wanted = naive.group_rectangles(rectangles, 3, 0.2)
    boxes, counts = group_boxes(corners(rectangles), 3)
    assert len(boxes) > 0
    np.testing.assert_array_equal(boxes, corners([mean for mean, _ in wanted]))
    assert counts.tolist() == [len(group) for _, group in wanted]


@pytest.mark.skipif(not hasattr(cv2, "groupRectangles"), reason="OpenCV 5 has no groupRectangles")
def test_group_boxes_equals_group_rectangles(rng):
    for _ in range(300):
        rectangles = crowded(rng, int(rng.integers(1, 120)), int(rng.integers(1, 10)))
        min_neighbors, eps = int(rng.integers(-1, 5)), float(rng.choice([0, 0.1, 0.2, 0.5]))
        wanted, weights = cv2.groupRectangles(rectangles.tolist(), min_neighbors, eps)
        boxes, counts = group_boxes(corners(rectangles), min_neighbors, eps)
        np.testing.assert_array_equal(boxes, corners(wanted))
        assert counts.tolist() == np.ravel(weights).tolist()


@pytest.mark.lane
@given(st.lists(rectangle, max_size=20), st.integers(1, 3), eps_values, st.randoms())
def test_group_levels_keeps_the_deepest_level(rectangles, min_neighbors, eps, random):
    levels = [random.randint(-1, 3) for _ in rectangles]
    weights = [random.choice([-1.5, 0.0, 0.5, 2.0]) for _ in rectangles]
    wanted = naive.group_rectangles(rectangles, min_neighbors, eps, levels, weights)
    boxes, top, weight = group_levels(corners(rectangles), levels, weights, min_neighbors, eps)
    np.testing.assert_array_equal(boxes, corners([entry[0] for entry in wanted]))
    assert top.tolist() == [entry[1] for entry in wanted]
    assert weight.tolist() == [entry[2] for entry in wanted]


@pytest.mark.parametrize("min_neighbors", [0, -1])
def test_without_neighbors_nothing_is_grouped(min_neighbors):
    given = [[3, 3, 9, 9], [3, 3, 9, 9], [0, 0, 1, 1]]
    boxes, counts = group_boxes(given, min_neighbors)
    assert boxes.tolist() == given
    assert counts.tolist() == [1, 1, 1]
    boxes, levels, weights = group_levels(given, [4, 5, 6], [0.1, 0.2, 0.3], min_neighbors)
    assert boxes.tolist() == given
    assert (levels.tolist(), weights.tolist()) == ([4, 5, 6], [0.1, 0.2, 0.3])


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4)), np.zeros((0, 4), np.int32)])
def test_no_boxes_give_no_groups(boxes):
    for min_neighbors in (0, 3):
        groups, counts = group_boxes(boxes, min_neighbors)
        assert (groups.shape, counts.shape) == ((0, 4), (0,))
        assert [len(part) for part in group_levels(boxes, [], [], min_neighbors)] == [0, 0, 0]


def test_boxes_in_any_layout_are_left_alone(rng):
    boxes = corners(crowded(rng, 60))
    wanted = group_boxes(boxes, 2)
    layouts = [
        np.asfortranarray(boxes),
        boxes.astype(np.float32),
        boxes.astype(">i4"),
        np.repeat(boxes, 2, axis=0)[::2],
        boxes.tolist(),
    ]
    for layout in layouts:
        before = np.array(layout)
        if isinstance(layout, np.ndarray):
            layout.flags.writeable = False
        for got, value in zip(group_boxes(layout, 2), wanted, strict=True):
            np.testing.assert_array_equal(got, value)
        np.testing.assert_array_equal(layout, before)


def test_group_boxes_rounds_to_whole_pixels():
    boxes, _ = group_boxes([[0.4, 0, 20.4, 20], [0, 0.5, 20, 20]], 1)
    assert boxes.tolist() == [[0, 0, 20, 20]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: iou([[0, 0, 1]], []), "a must have shape (n, 4), x1 y1 x2 y2, got (1, 3)"),
        (lambda: iou([], [[0, 0, 1, np.nan]]), "b must be finite"),
        (
            lambda: group_boxes([[5, 5, 2, 2]], 3),
            "boxes must have x1 <= x2 and y1 <= y2; are they x, y, width, height?",
        ),
        (lambda: group_boxes([], 3, -0.1), "eps must be at least 0, got -0.1"),
        (lambda: nms([[0, 0, 1, 1]], [1, 2], 0.5), "scores must have shape (1,), got (2,)"),
        (
            lambda: nms([[0, 0, 1, 1]], [np.nan], 0.5),
            "scores must not be NaN; drop those boxes first",
        ),
        (lambda: nms([[0, 0, 1, 1]], [1], 1.5), "threshold must be at most 1, got 1.5"),
        (
            lambda: group_levels([[0, 0, 1, 1]], [], [1.0], 3),
            "levels must have shape (1,), got (0,)",
        ),
    ],
)
def test_errors_say_what_was_wanted(call, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared
        call()
    assert str(error.value) == message


def test_min_neighbors_must_be_an_integer():
    with pytest.raises(TypeError, match=r"min_neighbors must be an integer, got 2\.5"):
        group_boxes([], 2.5)
