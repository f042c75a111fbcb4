"""Verification: known transformations, outliers, what is refused, and votes one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision import Keypoints, match_descriptors, verify_matches
from classicvision.retrieval.consensus import agreeing_matches
from tests.naive import consensus as naive

SHAPE = (120, 160)


def random_keypoints(rng, n, shape=SHAPE):
    points = rng.random((n, 2)) * [shape[1] - 1, shape[0] - 1]
    return Keypoints(points, 3 + rng.random(n) * 9, rng.random(n) * 6.28, np.ones(n))


def similarity(zoom, turn, shift):
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]], [0, 0, 1.0]])


def moved(keypoints, matrix, zoom=1.0, turn=0.0, noise=0.0, rng=None):
    points = np.c_[keypoints.points, np.ones(len(keypoints))] @ matrix.T
    points = points[:, :2] / points[:, 2:]
    if noise:
        points += noise * rng.standard_normal(points.shape)
    return Keypoints(points, zoom * keypoints.sizes, keypoints.angles + turn, keypoints.scores)


def join(a, b):
    arrays = ("points", "sizes", "angles", "scores")
    return Keypoints(*(np.concatenate([getattr(a, name), getattr(b, name)]) for name in arrays))


def same_rows(n):
    return np.stack([np.arange(n)] * 2, axis=1)


@pytest.mark.lane
def test_votes_one_by_one():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 14))
        query = random_keypoints(rng, n)
        image = moved(query, similarity(1.4, 1, (9, 5)), 1.4, 1, noise=4, rng=rng)
        wrong = rng.random(n) < 0.4
        other = random_keypoints(rng, n)
        image = Keypoints(
            np.where(wrong[:, None], other.points, image.points),
            image.sizes * np.exp(0.3 * rng.standard_normal(n)),
            image.angles + 0.3 * rng.standard_normal(n),
            image.scores,
        )
        rows = [
            [(*k.points[0].tolist(), k.sizes[0].item(), k.angles[0].item()) for k in keypoints]
            for keypoints in (query, image)
        ]
        expected = naive.agreeing(list(zip(*rows, strict=True)))
        assert agreeing_matches(query, image, same_rows(n)).tolist() == expected


@pytest.mark.parametrize("model", ["similarity", "affine", "homography"])
@pytest.mark.parametrize("consensus", [True, False])
def test_what_was_done_is_found_again(model, consensus, rng):
    matrix = similarity(1.5, 0.6, (70, 20))
    if model != "similarity":
        matrix = matrix @ np.array([[1, 0.15, 0], [0, 0.9, 0], [0, 0, 1]])
    if model == "homography":
        matrix[2, :2] = [2e-4, -1e-4]
    query = random_keypoints(rng, 60)
    right = moved(query, matrix, 1.45, 0.65, noise=0.3, rng=rng)
    image = join(right, random_keypoints(rng, 40, (300, 400)))
    pairs = np.concatenate(
        [same_rows(60), np.stack([rng.integers(0, 60, 40), np.arange(60, 100)], 1)]
    )
    pairs = pairs[rng.permutation(100)]
    options = {"model": model, "consensus": consensus, "query_shape": SHAPE}
    found = verify_matches(query, image, pairs, image_shape=(600, 500), **options)
    truly = pairs[:, 0] == pairs[:, 1]
    assert (found.inliers & truly).sum() >= 57
    assert (found.inliers & ~truly).sum() <= 1
    assert found.n_inliers == found.inliers.sum()
    corners = np.array([[-0.5, -0.5, 1], [159.5, -0.5, 1], [159.5, 119.5, 1], [-0.5, 119.5, 1]])
    corners = corners @ matrix.T
    corners = corners[:, :2] / corners[:, 2:] + 0.5
    expected = np.clip(np.r_[corners.min(0), corners.max(0)], 0, [500, 600, 500, 600])
    np.testing.assert_allclose(found.box, expected, atol=2)
    again = verify_matches(query, image, pairs, image_shape=(600, 500), **options)
    assert np.array_equal(found.matrix, again.matrix)
    assert np.array_equal(found.inliers, again.inliers)


def test_five_right_among_sixty(rng):
    query = random_keypoints(rng, 60)
    matrix = similarity(0.7, 2, (100, 50))
    right = moved(query, matrix, 0.7, 2, noise=0.5, rng=rng)
    wrong = random_keypoints(rng, 60, (480, 640))
    image = join(right[:5], wrong[5:])
    found = verify_matches(query, image, same_rows(60), min_inliers=5)
    assert found.inliers[:5].all()
    assert found.n_inliers == 5
    np.testing.assert_allclose(found.matrix, matrix, atol=3)
    assert verify_matches(query, image, same_rows(60)).n_inliers == 0  # 8 of 60 are wanted


def test_nothing_found(rng):
    query, image = random_keypoints(rng, 50), random_keypoints(rng, 50)
    for pairs in (same_rows(50), same_rows(3), [], np.zeros((0, 3))):
        found = verify_matches(query, image, pairs)
        assert found.inliers.tolist() == [False] * len(pairs)
        assert np.isnan(found.matrix).all()
        assert found.box.tolist() == [0, 0, 0, 0]
        assert found.n_inliers == 0
    empty = query[:0]
    assert verify_matches(empty, empty, [[]]).n_inliers == 0
    with pytest.raises(ValueError, match=r"pairs must be empty where one .* got 3; are they"):
        verify_matches(empty, empty, same_rows(3))


@pytest.mark.parametrize("model", ["affine", "homography"])
def test_mirrored_collapsed_and_absurd(model, rng):
    query = random_keypoints(rng, 30)
    for matrix in (
        np.diag([-1.0, 1, 1]),
        np.diag([1, 0.0, 1]),
        np.zeros((3, 3)) + np.diag([0, 0, 1.0]),
        np.diag([0.02, 0.02, 1]),
        np.diag([40.0, 40, 1]),
        np.diag([4.0, 0.5, 1]),
    ):
        image = moved(query, matrix)
        found = verify_matches(query, image, same_rows(30), model=model, consensus=False)
        assert found.n_inliers == 0, matrix
    beyond = np.array([[1, 0, 0], [0, 1, 0], [0, -1 / 60, 1.0]])  # the horizon is row 60
    upper = query[query.points[:, 1] < 50]
    found = verify_matches(
        upper, moved(upper, beyond), same_rows(len(upper)), model=model, consensus=False,
        query_shape=SHAPE,
    )  # fmt: skip
    assert found.n_inliers == 0


def test_all_matches_at_one_place():
    point = Keypoints(np.full((9, 2), 7), np.full(9, 4), np.zeros(9), np.ones(9))
    for model in ("similarity", "affine", "homography"):
        found = verify_matches(point, point, same_rows(9), model=model, query_shape=SHAPE)
        assert np.isnan(found.matrix).all() or found.n_inliers == 9


def test_the_box_is_clipped_and_outside_nothing_is_found(rng):
    query = random_keypoints(rng, 30)
    image = moved(query, similarity(1, 0, (-100, 10)))
    pairs = same_rows(30)
    found = verify_matches(query, image, pairs, query_shape=SHAPE, image_shape=(100, 300))
    np.testing.assert_allclose(found.box, [0, 10, 60, 100], atol=1e-3)
    found = verify_matches(query, image, pairs, query_shape=SHAPE)
    np.testing.assert_allclose(found.box, [-100, 10, 60, 130], atol=1e-3)
    assert (
        verify_matches(query, image, pairs, query_shape=SHAPE, image_shape=(9, 300)).n_inliers == 0
    )
    found = verify_matches(query, image, pairs)  # the frame around the keypoints
    points = image.points
    np.testing.assert_allclose(found.box, np.r_[points.min(0), points.max(0) + 1], atol=1e-3)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["similarity", "affine", "homography"]))
def test_whatever_the_matches(seed, model):
    rng = np.random.default_rng(seed)
    n, m, k = rng.integers(1, 12, 3)
    coarse = rng.integers(0, 4, (n + m, 2)) * rng.choice([0.0, 1.0, 50.0])
    keypoints = Keypoints(coarse, rng.random(n + m) + 0.1, rng.random(n + m) * 6, np.ones(n + m))
    query, image = keypoints[:n], keypoints[n:]
    pairs = np.stack([rng.integers(0, n, k), rng.integers(0, m, k)], axis=1)
    consensus = bool(rng.integers(0, 2))
    found = verify_matches(query, image, pairs, model=model, min_inliers=4, consensus=consensus)
    assert len(found.inliers) == k
    assert np.isfinite(found.matrix).all() == (found.n_inliers >= 4)
    assert (found.box[2:] > found.box[:2]).all() or found.n_inliers == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints": np.zeros((3, 2))}, "keypoints must be Keypoints, got ndarray"),
        ({"pairs": [[0, 9]]}, r"pairs\[:, 1\] must be from 0 to 4, got 9 to 9; are they of other"),
        ({"pairs": [[-1, 0]]}, r"pairs\[:, 0\] must be from 0 to 4, got -1 to -1"),
        ({"pairs": [0, 1]}, r"pairs must be integers of shape \(n, 2\), got shape \(2,\)"),
        (
            {"pairs": [[0.5, 1]]},
            r"of shape \(n, 2\), got shape \(1, 2\) and dtype float64$",
        ),
        ({"pairs": match_descriptors(np.eye(5), np.eye(5))}, "dtype object; .* its first$"),
        ({"pairs": "no"}, "pairs must be integers"),
        ({"consensus": "no"}, "consensus must be True or False, got 'no'"),
        ({"model": "rigid"}, "model must be one of 'similarity', 'affine', 'homography'"),
        ({"threshold": 0}, "threshold must be greater than 0"),
        ({"min_inliers": 1}, "min_inliers must be at least 2, got 1"),
        ({"model": "homography", "min_inliers": 3}, "min_inliers must be at least 4, got 3"),
        ({"query_shape": (0, 3)}, "query_shape must be at least 1, got 0"),
        ({"image_shape": 3}, r"image_shape must be \(rows, columns\), got 3"),
    ],
)
def test_what_it_refuses(change, message, rng):
    keypoints = random_keypoints(rng, 5)
    arguments = {"query_keypoints": keypoints, "keypoints": keypoints, "pairs": same_rows(5)}
    with pytest.raises((TypeError, ValueError), match=message):
        verify_matches(**{**arguments, **change})
