"""Matching: by definition, ties, OpenCV's brute force, approximate searches, wrong input."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from classicvision.features import _nearest
from classicvision.features.descriptors import extract_descriptors
from classicvision.features.matching import match_descriptors
from tests.naive import matching as naive

OPTIONS = [(ratio, mutual) for ratio in (0.85, 1, None) for mutual in (True, False)]


def descriptors(rng, kind, count, length=6):
    if kind == "bytes":
        return rng.integers(0, 256, (count, length), np.uint8)
    if kind == "whole":  # of which many are equally far
        return rng.integers(0, 3, (count, length)).astype(np.float32)
    return rng.random((count, length), np.float32)


@pytest.fixture(scope="module")
def turned(photographs):
    """Descriptors of a photograph, and of it turned and shrunk."""
    import cv2

    image = photographs["camera"]
    turn = cv2.getRotationMatrix2D((256, 256), 25, 0.8)
    other = cv2.warpAffine(image, turn, (512, 512))
    return {
        kind: [
            extract_descriptors(picture, kind, max_keypoints=600)[1] for picture in (image, other)
        ]
        for kind in ("rootsift", "sift", "orb")
    }


@pytest.mark.lane
@pytest.mark.parametrize("kind", ["bytes", "whole", "real"])
@pytest.mark.parametrize(("ratio", "mutual"), OPTIONS)
def test_equal_to_the_definition(kind, ratio, mutual, rng):
    for counts in [(1, 1), (5, 1), (1, 2), (9, 17), (20, 16)]:
        a, b = (descriptors(rng, kind, count) for count in counts)
        pairs, distances = match_descriptors(a, b, ratio=ratio, mutual=mutual)
        wanted, found = naive.match(a, b, ratio, mutual, kind == "bytes")
        assert pairs.tolist() == wanted
        np.testing.assert_allclose(distances, found, rtol=1e-6)
        assert (pairs.dtype, distances.dtype) == (np.int64, np.float32)


@pytest.mark.lane
@pytest.mark.parametrize("kind", ["bytes", "real"])
def test_of_equally_near_ones_the_first(kind, rng):
    a = descriptors(rng, kind, 7, 20)
    b = np.concatenate([descriptors(rng, kind, 9, 20), a, a, a])  # at any place of a vector
    pairs, distances = match_descriptors(a, b, ratio=None, mutual=False)
    assert pairs.tolist() == [[i, 9 + i] for i in range(7)]
    assert (distances == 0).all()
    back, _ = match_descriptors(b[9:], a, ratio=None, mutual=True)
    assert back.tolist() == [[i, i] for i in range(7)]
    # As near as the second nearest: the match is not clear.
    assert len(match_descriptors(a, b)[0]) == 0


@pytest.mark.parametrize("kind", ["rootsift", "sift", "orb"])
def test_equal_to_opencv(kind, turned):
    import cv2

    a, b = turned[kind]
    norm = cv2.NORM_HAMMING if kind == "orb" else cv2.NORM_L2
    two = cv2.BFMatcher(norm).knnMatch(a, b, k=2)
    clear = {(m.queryIdx, m.trainIdx): m.distance for m, n in two if m.distance < 0.8 * n.distance}
    crossed = {(m.queryIdx, m.trainIdx) for m in cv2.BFMatcher(norm, crossCheck=True).match(a, b)}
    for ratio, mutual, wanted in [
        (0.8, False, set(clear)),
        (None, True, crossed),
        (0.8, True, crossed & set(clear)),
    ]:
        pairs, distances = match_descriptors(a, b, ratio=ratio, mutual=mutual)
        assert set(map(tuple, pairs.tolist())) == wanted
        assert pairs[:, 0].tolist() == sorted(pairs[:, 0].tolist())
    np.testing.assert_allclose(distances, [clear[pair] for pair in map(tuple, pairs)], rtol=1e-5)
    assert len(pairs) > 100


def test_blocks_do_not_matter(turned, monkeypatch):
    wanted = [match_descriptors(*turned[kind], ratio=0.9) for kind in ("rootsift", "orb")]
    monkeypatch.setattr(_nearest, "_BLOCK", 5000)
    for kind, (pairs, distances) in zip(("rootsift", "orb"), wanted, strict=True):
        found = match_descriptors(*turned[kind], ratio=0.9)
        np.testing.assert_array_equal(found[0], pairs)
        np.testing.assert_array_equal(found[1], distances)


def test_bytes_by_euclidean_distance(turned):
    a, b = turned["sift"]
    wanted = match_descriptors(a, b)
    found = match_descriptors(a.astype(np.uint8), b.astype(np.uint8), metric="euclidean")
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[1], wanted[1])


@pytest.mark.parametrize(("kind", "method"), [("rootsift", "kd_tree"), ("orb", "lsh")])
@pytest.mark.parametrize("mutual", [True, False])
def test_approximate_searches_find_nearly_all(kind, method, mutual, turned):
    a, b = turned[kind]
    exact = match_descriptors(a, b, mutual=mutual)[0]
    pairs, distances = match_descriptors(a, b, mutual=mutual, method=method)
    again, same = match_descriptors(a, b, mutual=mutual, method=method)
    np.testing.assert_array_equal(pairs, again)
    np.testing.assert_array_equal(distances, same)
    found = set(map(tuple, pairs.tolist())) & set(map(tuple, exact.tolist()))
    assert len(found) > 0.9 * len(exact)
    assert len(found) > 0.9 * len(pairs)
    assert len(match_descriptors(a, b[:1], ratio=None, method=method)[0]) <= 1


@pytest.mark.lane
@pytest.mark.parametrize(("rows", "others"), [(0, 0), (0, 3), (3, 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_nothing_to_match(rows, others, dtype):
    pairs, distances = match_descriptors(np.zeros((rows, 8), dtype), np.zeros((others, 8), dtype))
    assert (pairs.shape, pairs.dtype) == ((0, 2), np.int64)
    assert (distances.shape, distances.dtype) == ((0,), np.float32)


@pytest.mark.lane
def test_any_layout_and_threads(rng):
    a, b = descriptors(rng, "real", 9), descriptors(rng, "real", 12)
    wanted = match_descriptors(a, b, ratio=None)[0]
    a.flags.writeable = False
    others = [(a, b), (np.asfortranarray(a), b.astype(">f8")), (a.tolist(), b[::-1][::-1])]
    with ThreadPoolExecutor(3) as pool:
        for pairs, _ in pool.map(lambda pair: match_descriptors(*pair, ratio=None), others):
            np.testing.assert_array_equal(pairs, wanted)


def test_large_values():
    a = np.float32([[1e17, 0], [0, 1e17]])
    pairs, distances = match_descriptors(a, a[::-1])
    assert pairs.tolist() == [[0, 1], [1, 0]]
    assert (distances == 0).all()


@pytest.mark.lane
@pytest.mark.parametrize(
    ("a", "options", "error", "message"),
    [
        ([1, 2], {}, ValueError, "a must have shape (n, d), got (2,)"),
        ([[1, 2, 3]], {}, ValueError, "a and b must have descriptors of one length, got 3 and 2;"),
        ([["x", "y"]], {}, TypeError, "a must be an array of numbers, got <U1"),
        ([[np.nan, 1]], {}, ValueError, "a must be finite and not beyond 1e+18"),
        ([[1e19, 1]], {}, ValueError, "a must be finite and not beyond 1e+18"),
        ([[1, 2]], {"metric": "hamming"}, TypeError, "a and b must be uint8 for the metric"),
        ([[1, 2]], {"metric": "cosine"}, ValueError, "metric must be one of 'euclidean', 'ham"),
        ([[1, 2]], {"method": "fast"}, ValueError, "method must be one of 'exact', 'kd_tree'"),
        (
            [[1, 2]],
            {"method": "lsh"},
            ValueError,
            "method 'lsh' must have the metric 'hamming', got 'euclidean'",
        ),
        ([[1, 2]], {"ratio": 1.1}, ValueError, "ratio must be at most 1, got 1.1"),
        ([[1, 2]], {"ratio": 0}, ValueError, "ratio must be greater than 0, got 0"),
        (
            ([[0, 0]], [[1, 2], [3, 4]]),
            {},
            TypeError,
            "a must be an array of numbers, got object; extract_descriptors returns (keypoints, "
            "descriptors), give its second",
        ),
        ([[1, 2]], {"mutual": "x"}, TypeError, "mutual must be True or False, got 'x'"),
        ([[1, 2]], {"mutual": 2}, TypeError, "mutual must be True or False, got 2"),
        ([[1, 2]], {"n_trees": 0}, ValueError, "n_trees must be at least 1, got 0"),
        ([[1, 2]], {"random_state": -1}, ValueError, "random_state must be at least 0, got -1"),
    ],
)
def test_wrong_input(a, options, error, message):
    with pytest.raises(error) as caught:
        match_descriptors(a, [[3, 4]], **options)
    assert str(caught.value).startswith(message)


@pytest.mark.lane
def test_what_extract_descriptors_returns_is_spoken_of_only_where_it_was_given():
    with pytest.raises(TypeError, match=r"^b must be an array of numbers, got object$"):
        match_descriptors([[3, 4]], None)


def test_numpy_has_a_bool_of_its_own():
    for mutual in (True, False):
        wanted = match_descriptors([[0, 0], [1, 1]], [[0, 1]], mutual=mutual)[0]
        found = match_descriptors([[0, 0], [1, 1]], [[0, 1]], mutual=np.bool_(mutual))[0]
        assert found.tolist() == wanted.tolist()


def test_keys_of_more_bits_than_there_are():
    codes = np.arange(40, dtype=np.uint8)[:, None]
    assert len(match_descriptors(codes, codes, method="lsh", n_key_bits=8)[0]) == 40
    with pytest.raises(ValueError, match="n_key_bits must be at most 8, the bits of a descriptor"):
        match_descriptors(codes, codes, method="lsh")


def test_k_d_trees_do_not_take_bytes():
    bits = np.zeros((3, 4), np.uint8)
    with pytest.raises(ValueError, match="'kd_tree' must have the metric 'euclidean', got 'ham"):
        match_descriptors(bits, bits, method="kd_tree")
