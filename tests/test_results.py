"""Results: validation, indexing, equality, and exports against values worked out by hand."""

import copy
import json
import pickle
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.results import (
    Circles,
    Detections,
    Ellipses,
    Keypoints,
    Lines,
    Matches,
    Segments,
)


@pytest.fixture
def two():
    """A box of 40 x 60 with its top left pixel at (10, 20), and one of 4 x 2 at the origin."""
    return Detections([[10, 20, 50, 80], [0, 0, 4, 2]], [7, 0.25], [1, 0], ["cat", "a <b> & 'c'"])


def test_dtypes_and_defaults():
    found = Detections([[1, 2, 3, 4]])
    assert (found.boxes.dtype, found.boxes.shape) == (np.float32, (1, 4))
    assert (found.scores.dtype, found.scores.tolist()) == (np.float64, [1.0])
    assert (found.labels.dtype, found.labels.tolist()) == (np.int64, [0])
    assert found.names is None
    assert Lines([1], [2], [3]).rho.dtype == np.float32
    assert Segments([[1, 2, 3, 4]], [5]).votes.dtype == np.int64


@pytest.mark.parametrize(
    ("empty", "array", "shape"),
    [
        (Detections([]), "boxes", (0, 4)),
        (Detections(np.zeros((0, 4)), [], [], ["face"]), "boxes", (0, 4)),
        (Lines([], [], []), "rho", (0,)),
        (Circles([], [], []), "centers", (0, 2)),
        (Ellipses([], [], [], []), "axes", (0, 2)),
        (Matches([], [], [], []), "centers", (0, 2)),
        (Keypoints([], [], [], []), "points", (0, 2)),
        (Segments([], []), "points", (0, 4)),
    ],
)
def test_empty(empty, array, shape):
    assert len(empty) == 0
    assert getattr(empty, array).shape == shape
    assert list(empty) == []
    assert empty[:3] == empty
    assert empty[[]] == empty
    assert all(value == [] for value in empty.to_dict().values())


def test_arrays_are_private_copies():
    boxes = np.array([[1, 2, 3, 4]], np.float32)
    found = Detections(boxes)
    boxes[:] = 0
    assert found.boxes.tolist() == [[1, 2, 3, 4]]
    with pytest.raises(ValueError, match="read-only"):
        found.boxes[0] = 0
    with pytest.raises(AttributeError):
        found.scores = [1]


def test_copies_are_read_only_too(two):
    for copied in (pickle.loads(pickle.dumps(two)), copy.copy(two), copy.deepcopy(two)):
        assert copied == two
        assert not copied.boxes.flags.writeable


def test_indices_of_small_integer_types():
    many = Lines(np.arange(300), np.zeros(300), np.zeros(300, int))
    assert many[np.uint8(255)].rho.tolist() == [255]
    assert many[np.int8(-1)].rho.tolist() == [299]


def test_angles_of_keypoints_are_kept_within_one_turn():
    angles = [-1e-9, -np.pi / 2, 2 * np.pi, 7, 100]
    found = Keypoints(np.zeros((5, 2)), np.ones(5), angles, np.zeros(5))
    np.testing.assert_allclose(found.angles[1:], np.mod(angles[1:], 2 * np.pi), atol=1e-5)
    assert found.angles[0] == 0
    assert ((found.angles >= 0) & (found.angles < np.float32(2 * np.pi))).all()


def test_indexing(two):
    assert two[0].boxes.tolist() == [[10, 20, 50, 80]]
    assert two[-1] == two[1] == two[np.int64(1)] == two[1:] == two[[False, True]] == two[[1]]
    assert two[np.array([1, 0, 1])].scores.tolist() == [0.25, 7, 0.25]
    assert two[two.scores > 1].labels.tolist() == [1]
    assert two[two.scores > 9] == two[:0] == two[[]]
    assert [item.scores[0] for item in two] == [7, 0.25]
    assert two[::-1].names == two.names


def test_wrong_indices(two):
    with pytest.raises(IndexError, match="index 2 is out of range: the result has 2 items"):
        two[2]
    with pytest.raises(IndexError, match="an integer, a slice, a mask or a 1-D index array"):
        two[[[0]]]
    with pytest.raises(IndexError):
        two[[True, False, True]]


def test_equality(two):
    assert two == pickle.loads(pickle.dumps(two))
    assert two != two[::-1]
    assert two != Detections(two.boxes, two.scores, two.labels)
    assert Lines([1], [0], [2]) != Lines([1], [0], [3])
    assert Lines([1], [0], [2]) != two
    assert repr(two) == "Detections(2 boxes)"
    assert repr(Lines([], [], [])) == "Lines(0 lines)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Detections([[1, 2, 3]]), ValueError, "boxes must have shape (n, 4), x1 y1 x2 y2"),
        (lambda: Detections([[5, 2, 3, 4]]), ValueError, "boxes must have x1 <= x2 and y1 <= y2"),
        (lambda: Detections([[1, 2, 3, 4]], [1, 2]), ValueError, "scores must be as many as boxes"),
        (lambda: Detections([[1, 2, 3, 4]], [np.nan]), ValueError, "scores must be finite"),
        (lambda: Detections([[1, 2, 3, 4]], [[1]]), ValueError, "scores must have shape (n,), got"),
        (lambda: Detections([[1, 2, 3, 4]], labels=[0.5]), TypeError, "labels must be integers"),
        (
            lambda: Detections([[1, 2, 3, 4]], labels=[2], names=["a", "b"]),
            ValueError,
            "labels must index names, 0 to 1, got 2 to 2",
        ),
        (lambda: Detections([], names="face"), TypeError, "names must be a sequence of str"),
        (lambda: Lines([1, 2], [1], [1, 2]), ValueError, "theta must be as many as rho, 2, got 1"),
        (lambda: Lines([1], [1], [1.5]), TypeError, "votes must be integers, got float64"),
        (lambda: Circles([1, 2], [1], [1]), ValueError, "centers must have shape (n, 2), x y"),
        (lambda: Circles([[1, 2]], [-1], [1]), ValueError, "radii must not be negative"),
        (lambda: Circles([[1, 2]], [3, 4], [1]), ValueError, "radii must be as many as centers"),
        (lambda: Ellipses([[1, 2]], [[1, 2]], [0], [1]), ValueError, "axes must not be negative"),
        (lambda: Ellipses([[1, 2]], [], [0], [1]), ValueError, "axes must be as many as centers"),
        (lambda: Matches([[1, 2]], [0], [0], [1]), ValueError, "scales must be above 0"),
        (lambda: Keypoints([[1, 2]], [0], [0], [1]), ValueError, "sizes must be above 0, got 0.0"),
        (lambda: Keypoints([[1, 2]], [3], [], [1]), ValueError, "angles must be as many as points"),
        (lambda: Lines([np.inf], [1], [1]), ValueError, "rho must be finite"),
        (lambda: Segments([[1, 2, 3]], [1]), ValueError, "points must have shape (n, 4)"),
        (lambda: Segments([[1, 2, 3, np.nan]], [1]), ValueError, "points must be finite"),
        (lambda: Segments([[1, 2, 3, 4]], []), ValueError, "votes must be as many as points, 1"),
        (lambda: Lines([1], [1], [-2]), ValueError, "votes must not be negative, got -2"),
        (lambda: Lines([1], [1], np.array([2**63], "u8")), ValueError, "votes must be less than"),
        (lambda: Lines(["a"], [1], [1]), TypeError, "rho must be an array of numbers, got <U1"),
        (
            lambda: Segments([[1, 2, 3, 4], [5]], [1]),
            TypeError,
            "points must be an array of numbers, got rows of several lengths",
        ),
        (lambda: Matches([[1, 2]], [0], [0], [1]), ValueError, "scales must be above 0, got 0.0"),
    ],
)
def test_validation(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_json(two):
    line = two.to_json(path="a.png", width=100, height=90)
    assert "\n" not in line
    assert json.loads(line) == {
        "path": "a.png",
        "width": 100,
        "height": 90,
        "boxes": [[10, 20, 50, 80], [0, 0, 4, 2]],
        "scores": [7, 0.25],
        "labels": ["a <b> & 'c'", "cat"],
    }
    assert Detections([[0.1, 0, 1, 1]], labels=[3]).to_dict() == {
        "boxes": [[0.1, 0, 1, 1]],
        "scores": [1],
        "labels": [3],
    }
    assert json.loads(Lines([2.5], [0.5], [9]).to_json()) == {"lines": [[2.5, 0.5]], "votes": [9]}
    assert Segments([[1, 2, 3, 4]], [5]).to_dict() == {"segments": [[1, 2, 3, 4]], "votes": [5]}


def test_coco(two):
    assert two.to_coco(17) == [
        {
            "image_id": 17,
            "category_id": 1,
            "bbox": [10, 20, 40, 60],
            "area": 2400,
            "score": 7,
            "iscrowd": 0,
        },
        {
            "image_id": 17,
            "category_id": 0,
            "bbox": [0, 0, 4, 2],
            "area": 8,
            "score": 0.25,
            "iscrowd": 0,
        },
    ]


def test_voc(two):
    root = ElementTree.fromstring(two.to_voc(100, 70, filename="a&b\x00.png"))
    assert root.findtext("filename") == "a&b\ufffd.png"
    assert [part.text for part in root.find("size")] == ["100", "70", "3"]
    # Pixels 10..49 and 20..79, counted from 1 and cut at row 70; pixels 0..3 and 0..1.
    assert [[part.text for part in box] for box in root.iter("bndbox")] == [
        ["11", "21", "50", "70"],
        ["1", "1", "4", "2"],
    ]
    assert [name.text for name in root.iter("name")] == ["a <b> & 'c'", "cat"]
    assert "a &lt;b&gt; &amp; 'c'" in two.to_voc(100, 70)


def test_voc_rounds_and_leaves_out_what_is_less_than_a_pixel():
    boxes = [[0.5, 1.4, 3.5, 4.6], [2, 2, 2.4, 9], [-9, -9, -1, -1], [200, 0, 300, 9]]
    root = ElementTree.fromstring(Detections(boxes).to_voc(100, 100))
    assert [[part.text for part in box] for box in root.iter("bndbox")] == [["2", "2", "4", "5"]]
    assert [name.text for name in root.iter("name")] == ["0"]


def test_yolo(two):
    # 100 x 80: centres (30, 50) and (2, 1), sizes 40 x 60 and 4 x 2.
    assert two.to_yolo(100, 80) == (
        "1 0.300000 0.625000 0.400000 0.750000\n0 0.020000 0.012500 0.040000 0.025000\n"
    )
    # Cut at the left and the right edge of an image 10 wide.
    assert (
        Detections([[-5, 0, 15, 10]]).to_yolo(10, 10) == "0 0.500000 0.500000 1.000000 1.000000\n"
    )
    assert Detections([[20, 20, 30, 30]]).to_yolo(10, 10) == ""


@pytest.mark.parametrize("size", [(0, 10), (10, -1)])
def test_exports_check_the_image_size(two, size):
    for export in (two.to_voc, two.to_yolo):
        with pytest.raises(ValueError, match="must be at least 1"):
            export(*size)


boxes_in_100 = st.lists(
    st.tuples(*[st.integers(0, 49)] * 2, *[st.integers(51, 100)] * 2).map(list), max_size=5
)


@given(boxes_in_100)
def test_exports_round_trip(boxes):
    found = Detections(boxes)
    coco = [(x, y, x + w, y + h) for x, y, w, h in (a["bbox"] for a in found.to_coco(0))]
    np.testing.assert_array_equal(np.reshape(coco, (-1, 4)), found.boxes)

    root = ElementTree.fromstring(found.to_voc(100, 100))
    voc = [[int(part.text) for part in box] for box in root.iter("bndbox")]
    np.testing.assert_array_equal(np.reshape(voc, (-1, 4)) - [1, 1, 0, 0], found.boxes)

    yolo = np.reshape([line.split() for line in found.to_yolo(100, 100).splitlines()], (-1, 5))
    center, size = yolo[:, 1:3].astype(float), yolo[:, 3:].astype(float)
    corners = np.concatenate([center - size / 2, center + size / 2], axis=1) * 100
    np.testing.assert_allclose(corners, found.boxes, atol=1e-4)
