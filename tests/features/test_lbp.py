"""Multi-block local binary patterns: the list of them and their codes against the definition."""

import types

import numpy as np
import pytest

import classicvision as cv
from tests.naive import cascade as naive


@pytest.mark.lane
@pytest.mark.parametrize("size", [(7, 6), (3, 3), (4, 9)])
def test_the_list_is_that_of_the_definition(size):
    width, height = size
    expected = [
        [x, y, w, h]
        for x in range(width)
        for y in range(height)
        for w in range(1, width + 1)
        for h in range(1, height + 1)
        if x + 3 * w <= width and y + 3 * h <= height
    ]
    assert cv.lbp_features(size).cells.tolist() == expected


def test_count():
    assert len(cv.lbp_features((24, 24))) == 8464


@pytest.mark.lane
def test_codes_are_those_of_the_definition(rng):
    images = rng.integers(0, 6, (5, 9, 8)).astype(np.uint8)  # few values: many cells are equal
    features = cv.lbp_features((8, 9))
    codes = features.evaluate(images)
    rectangles = np.zeros((len(features), 3, 4), np.int32)
    rectangles[:, 0] = features.cells
    cascade = types.SimpleNamespace(rectangles=rectangles)
    expected = [
        [naive.lbp_code(cascade, k, image) for k in range(len(features))] for image in images
    ]
    np.testing.assert_array_equal(codes, expected)


@pytest.mark.lane
def test_some_of_the_features(rng):
    images = rng.integers(0, 256, (3, 9, 9)).astype(np.uint8)
    features = cv.lbp_features(9)
    codes = features.evaluate(images)
    np.testing.assert_array_equal(features[4:9].evaluate(images), codes[:, 4:9])
    np.testing.assert_array_equal(features[7].evaluate(images), codes[:, 7:8])


def test_wrong_arguments():
    with pytest.raises(ValueError, match="window of 200 x 200 pixels has 43,996,689 features"):
        cv.lbp_features(200)
    with pytest.raises(ValueError, match="window height must be at least 3, got 2"):
        cv.lbp_features((5, 2))
    with pytest.raises(ValueError, match=r"shape \(n, 5, 5\), the window's"):
        cv.lbp_features(5).evaluate(np.zeros((4, 4), np.uint8))
    with pytest.raises(TypeError, match="uint8, got int64"):
        cv.lbp_features(5).evaluate(np.zeros((5, 5), int))
