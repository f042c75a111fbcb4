"""Query expansion: keypoints go back to their places in the query, others stay out."""

import numpy as np
import pytest

from classicvision import (
    InvertedIndex,
    Keypoints,
    WordedKeypoints,
    expand_query,
    verify_matches,
)
from classicvision.retrieval.verification import Verification

SHAPE = (100, 200)


def worded(rng, n, *, signatures=True):
    points = rng.random((n, 2)) * [SHAPE[1] - 1, SHAPE[0] - 1]
    keypoints = Keypoints(points, 2 + rng.random(n) * 9, rng.random(n) * 6, rng.random(n))
    codes = rng.integers(0, 2**64, n, np.uint64) if signatures else None
    return WordedKeypoints(keypoints, rng.integers(0, 50, n), codes)


def moved(image, zoom, turn, shift):
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    own = image.keypoints
    points = own.points @ np.array([[c, s], [-s, c]]) + shift
    keypoints = Keypoints(points, zoom * own.sizes, own.angles + turn, own.scores)
    matrix = np.array([[c, -s, shift[0]], [s, c, shift[1]], [0, 0, 1]])
    return WordedKeypoints(keypoints, image.words, image.signatures), matrix


def seen(matrix, n=9):
    return Verification(np.ones(n, bool), matrix, np.array([0, 0, 1, 1], np.float32))


def test_what_was_moved_comes_back(rng):
    query, other = worded(rng, 12), worded(rng, 20)
    image, matrix = moved(other, 1.7, 2.5, [300, 40])
    expanded = expand_query(query, SHAPE, [(image, seen(matrix))])
    assert expanded.words.tolist() == [*query.words, *other.words]
    assert expanded.signatures.tolist() == [*query.signatures, *other.signatures]
    for name in ("points", "sizes", "scores"):
        expected = [getattr(own.keypoints, name) for own in (query, other)]
        found = getattr(expanded.keypoints, name)
        np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-4, atol=1e-3)
    turned = expanded.keypoints.angles[12:] - other.keypoints.angles
    np.testing.assert_allclose(np.cos(turned), 1, atol=1e-5)


def test_what_is_outside_the_query_stays_out(rng):
    query = worded(rng, 3)
    points = [[10, 10], [250, 10], [10, 120], [-5, 5], [199.4, 99.4]]
    image = WordedKeypoints(Keypoints(points, [5] * 5, [0] * 5, [1] * 5), range(5), range(5))
    expanded = expand_query(query, SHAPE, [(image, seen(np.eye(3)))])
    assert expanded.words[3:].tolist() == [0, 4]


def test_only_verified_images_and_at_most_so_many(rng):
    query, image = worded(rng, 3), worded(rng, 7)
    nothing = verify_matches(query.keypoints, image.keypoints, [])
    found = [(image, nothing), *[(image, seen(np.eye(3)))] * 3]
    assert len(expand_query(query, SHAPE, found).words) == 3 + 3 * 7
    assert len(expand_query(query, SHAPE, found, most=2).words) == 3 + 2 * 7
    assert len(expand_query(query, SHAPE, found, most=0).words) == 3
    assert expand_query(query, SHAPE, []).words.tolist() == query.words.tolist()


def test_it_finds_what_the_query_alone_does_not(rng):
    first, second = worded(rng, 30), worded(rng, 30)
    shared = WordedKeypoints(  # shows half of what both show
        Keypoints(
            *(
                np.concatenate([getattr(own.keypoints, name)[:15] for own in (first, second)])
                for name in ("points", "sizes", "angles", "scores")
            )
        ),
        np.r_[first.words[:15], second.words[:15] + 50],
        np.r_[first.signatures[:15], second.signatures[:15]],
    )
    index = InvertedIndex(100)
    index.add(
        [shared.words, second.words[:15] + 50],
        signatures=[shared.signatures, second.signatures[:15]],
    )
    assert index.search(first.words, signatures=first.signatures)[0].tolist() == [0]
    expanded = expand_query(first, SHAPE, [(shared, seen(np.eye(3)))])
    found, _ = index.search(expanded.words, signatures=expanded.signatures)
    assert sorted(found.tolist()) == [0, 1]


def test_perspective(rng):
    query, other = worded(rng, 2, signatures=False), worded(rng, 40, signatures=False)
    matrix = np.array([[1.2, 0.1, 5], [-0.1, 1.1, 3], [5e-4, 2e-4, 1]])
    points = np.c_[other.keypoints.points, np.ones(40)] @ matrix.T
    own = other.keypoints
    keypoints = Keypoints(points[:, :2] / points[:, 2:], own.sizes, own.angles, own.scores)
    image = WordedKeypoints(keypoints, other.words)
    expanded = expand_query(query, SHAPE, [(image, seen(matrix))])
    np.testing.assert_allclose(expanded.keypoints.points[2:], own.points, atol=1e-2)
    assert expanded.signatures is None


def test_what_is_refused(rng):
    query, image = worded(rng, 3), worded(rng, 3, signatures=False)
    with pytest.raises(ValueError, match="all images must have signatures, as the query, or none"):
        expand_query(query, SHAPE, [(image, seen(np.eye(3)))])
    with pytest.raises(ValueError, match="most must be at least 0, got -1"):
        expand_query(query, SHAPE, [], most=-1)
    with pytest.raises(TypeError, match="keypoints must be Keypoints, got list"):
        WordedKeypoints([], [])
    with pytest.raises(ValueError, match="words must be as many as the descriptors, 3, got 2"):
        WordedKeypoints(query.keypoints, [1, 2])
