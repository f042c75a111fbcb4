"""Rankings: validation, indexing and JSON."""

import copy
import json
import pickle

import numpy as np
import pytest

from classicvision import Ranking


@pytest.fixture
def three():
    boxes = [[1, 2, 30, 40], [0, 0, 0, 0], [5, 5, 6, 6]]
    return Ranking(["a.png", "b.png", "c.png"], [0.9, 0.5, 0.1], [20, 0, 7], boxes)


def test_dtypes_and_defaults(three):
    assert [three.scores.dtype, three.inliers.dtype, three.boxes.dtype] == [
        np.float32, np.int64, np.float32,
    ]  # fmt: skip
    found = Ranking(["a"], [1])
    assert found.paths == ("a",)
    assert (found.inliers.tolist(), found.boxes.tolist()) == ([0], [[0, 0, 0, 0]])
    assert repr(three) == "Ranking(3 images)"


def test_empty():
    empty = Ranking([], [])
    assert (len(empty), empty.boxes.shape, empty.inliers.shape) == (0, (0, 4), (0,))
    assert empty.to_dict() == {"results": []}
    assert empty[:2] == empty[[]] == empty


def test_indexing_takes_the_paths_along(three):
    assert three[1].paths == ("b.png",)
    assert three[-1].paths == ("c.png",)
    assert three[::2].paths == ("a.png", "c.png")
    assert three[three.inliers > 0].paths == ("a.png", "c.png")
    assert three[[2, 0]].scores.tolist() == np.float32([0.1, 0.9]).tolist()
    assert [one.paths for one in three] == [("a.png",), ("b.png",), ("c.png",)]
    with pytest.raises(IndexError, match="index 3 is out of range"):
        three[3]


def test_equality_copies_and_processes(three):
    assert three == Ranking(three.paths, three.scores, three.inliers, three.boxes)
    assert three != Ranking(["a", "b", "c"], three.scores, three.inliers, three.boxes)
    assert copy.deepcopy(three) == pickle.loads(pickle.dumps(three)) == three
    assert three != "three"


def test_json(three):
    assert three.located.tolist() == [True, False, True]
    assert json.loads(three.to_json(path="q.png")) == {
        "path": "q.png",
        "results": [
            {"path": "a.png", "score": 0.9, "inliers": 20, "box": [1, 2, 30, 40]},
            {"path": "b.png", "score": 0.5, "inliers": 0, "box": None},
            {"path": "c.png", "score": 0.1, "inliers": 7, "box": [5, 5, 6, 6]},
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", [1]), "paths must be a sequence of str, got 'a'"),
        (([1], [1]), r"paths must be a sequence of str, got \[1\]"),
        ((["a"], [1, 2]), "scores must be as many as paths, 1, got 2"),
        ((["a"], [np.nan]), "scores must be finite"),
        ((["a"], [1], [1.5]), "inliers must be integers"),
        ((["a"], [1], [-1]), "inliers must not be negative, got -1"),
        ((["a"], [1], [1], [[0, 0, 1, 1]] * 2), "boxes must be as many as paths, 1, got 2"),
        ((["a"], [1], [1], [[5, 0, 1, 1]]), "boxes must have x1 <= x2"),
    ],
)
def test_what_it_refuses(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Ranking(*arguments)
