"""What the scripts that measure searches count, on pictures and results made for it."""

import types

import numpy as np
import pytest

from benchmarks import copy_detection, copy_methods, near_duplicates
from benchmarks.described_pictures import Cache, describe
from benchmarks.object_search import Found, outcome
from benchmarks.retrieval_data import Scene
from classicvision.features.descriptors import root_sift
from tests.evaluation.test_retrieval_data import textured


def test_the_cache_gives_back_what_was_described(tmp_path):
    images = [textured(0), np.zeros((40, 50, 3), np.uint8), textured(1, 90, 80)]
    first = Cache(tmp_path).described("library 3", images)
    again = Cache(tmp_path).described("library 3", None)  # is not made anew
    for image, ours, theirs in zip(images, first, again, strict=True):
        expected = describe(image)
        for found in (ours, theirs):
            np.testing.assert_array_equal(found.sift, expected.sift)
            np.testing.assert_array_equal(found.keypoints.points, expected.keypoints.points)
            np.testing.assert_array_equal(found.keypoints.angles, expected.keypoints.angles)
            np.testing.assert_array_equal(found.descriptors, root_sift(expected.sift))
            assert found.shape == image.shape[:2]
    assert len(first[1].keypoints) == 0
    assert Cache(tmp_path).json("pairs", near_duplicates, lambda: [[0, 1]]) == [[0, 1]]
    assert Cache(tmp_path).json("pairs", near_duplicates, None) == [[0, 1]]


def test_verification_moves_what_it_confirms_to_the_front():
    library = [describe(textured(seed)) for seed in range(4)]
    descriptors = [picture.descriptors for picture in library]
    setting = types.SimpleNamespace(library=library, library_descriptors=descriptors)
    verifier = copy_detection.Verifier(setting)
    query = describe(textured(2)[20:, 30:])
    assert verifier("query", query, [3, 1, 2, 0]) == [2, 3, 1, 0]
    assert verifier("query", None, [0, 2]) == [2, 0]  # is known
    assert copy_methods.Exhaustive(setting).rank(None, query)[0] == 2


def test_methods_are_measured_with_junk_left_out(monkeypatch):
    class Numbers:
        def __init__(self, setting):
            pass

        def rank(self, image, described):
            return [4, 3, 2, 1, 0]

    monkeypatch.setitem(copy_methods.METHODS, "numbers", Numbers)
    queries = {
        "JPEG 10": [(4, None, None), (2, None, None)],
        "text": [(3, None, None)],
        "combined": [(0, None, None)],
    }

    def reverse(key, described, ranking):
        return ranking[::-1]

    ranked, verified = copy_detection.measure("numbers", None, queries, {2: [4]}, reverse)
    assert ranked["JPEG 10"] == (1 + 1 / 2) / 2
    assert ranked["text"] == 1 / 2
    assert (ranked["combined"], verified["combined"]) == (1 / 5, 1)
    assert verified["JPEG 10"] == pytest.approx((1 / 5 + 1 / 3) / 2)
    assert ranked["single"] == (0.75 + 0.5) / 2
    assert ranked["found 50"] == 1


def test_what_counts_as_localised():
    image = np.zeros((5, 5, 3), np.uint8)
    scene = Scene(image, 7, image, np.array([10, 10, 20, 20]), np.array([8, 8, 22, 22]))
    counts = [
        (Found(7, [10, 10, 20, 20], [7, 1]), (True, True, True, True)),
        (Found(7, [7, 7, 23, 23], [7, 1]), (True, True, False, True)),
        (Found(7, [0, 0, 0, 0], [7]), (True, True, False, False)),
        (Found(1, [10, 10, 20, 20], [1, 7]), (True, False, False, False)),
        (Found(None, [0, 0, 0, 0], []), (False, False, False, False)),
    ]
    for found, expected in counts:
        assert tuple(outcome(scene, found).values()) == expected
