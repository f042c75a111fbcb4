"""The inverted index: by hand, against pairs compared one by one, and in segments."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision import InvertedIndex
from classicvision.retrieval.postings import quantize_angles, quantize_scales
from tests.naive import inverted_index as naive

N_WORDS = 6


def random_images(rng, count, most=12):
    """Words, signatures, angles and scales of images; signatures of a word are often close."""
    images = []
    centers = rng.integers(0, 2**64, N_WORDS, np.uint64)
    for _ in range(count):
        n = int(rng.integers(0, most))
        words = rng.integers(0, N_WORDS, n)
        flips = rng.integers(0, 2**64, (3, n), np.uint64)
        signatures = centers[words] ^ (flips[0] & flips[1] & flips[2])
        images.append((words, signatures, rng.random(n) * 7, 1 + rng.random(n) * 30))
    return images


def columns(images):
    words, signatures, angles, scales = zip(*images, strict=True)
    return words, {"signatures": signatures, "angles": angles, "scales": scales}


def rows(image, several=False):
    words, signatures, angles, scales = image
    if several and words.ndim == 1:
        words, signatures = words[:, None], signatures[:, None]
    quantized = (quantize_angles(angles).tolist(), quantize_scales(scales).tolist())
    return list(zip(words.tolist(), signatures.tolist(), *quantized, strict=True))


def assert_ranked(found, expected):
    images, scores = found
    by_hand = [k for k in range(len(expected)) if expected[k] > 0]
    assert sorted(images.tolist()) == by_hand
    np.testing.assert_allclose(scores, np.array(expected)[images], rtol=1e-5)
    assert (np.diff(scores) <= 0).all()


@pytest.mark.lane
def test_words_by_hand():
    index = InvertedIndex(4, idf=[1, 2, 0, 1])
    assert index.add([[0, 1, 1], [2, 2], [], [0]]).tolist() == [0, 1, 2, 3]
    images, scores = index.search([0, 1])
    assert images.tolist() == [0, 3]
    # (1, 4 sqrt 2) and lengths sqrt 5 and 3; (1) and lengths sqrt 5 and 1
    expected = [(1 + 4 * math.sqrt(2)) / math.sqrt(5) / 3, 1 / math.sqrt(5)]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert (images.dtype, scores.dtype) == (np.int64, np.float32)


@pytest.mark.lane
def test_an_image_is_most_like_itself():
    index = InvertedIndex(5)
    index.add([[0, 0, 1], [3, 4, 4], [1, 1, 1]])
    images, scores = index.search([4, 3, 4])
    assert images.tolist() == [1]
    assert scores[0] == pytest.approx(1)


@pytest.mark.lane
def test_equal_scores_in_the_order_of_the_numbers():
    index = InvertedIndex(3)
    index.add([[0], [1], [0], [0], [1, 0]])
    assert index.search([0], top=None)[0].tolist() == [0, 2, 3, 4]
    assert index.search([0], top=2)[0].tolist() == [0, 2]
    assert index.search([2])[0].tolist() == []


@pytest.mark.lane
def test_nothing_to_find():
    index = InvertedIndex(3)
    assert len(index.search([1, 2])[0]) == 0
    assert index.add([]).tolist() == []
    assert len(index.search([1])[0]) == 0
    index = InvertedIndex(3)
    index.add([[1], []], signatures=[[5], []])
    assert len(index.search([], signatures=[])[0]) == 0
    assert len(index.search([])[0]) == 0
    assert index.search([1], signatures=[5])[0].tolist() == [0]


@pytest.mark.lane
def test_words_against_pairs():
    rng = np.random.default_rng(1)
    idf = rng.random(N_WORDS)
    index = InvertedIndex(N_WORDS, idf=idf)
    lists = [rng.integers(0, N_WORDS, n) for n in (3, 0, 9, 1, 20, 5)]
    index.add(lists)
    query = rng.integers(0, N_WORDS, 8)
    expected = [naive.cosine(query.tolist(), own.tolist(), idf) for own in lists]
    assert_ranked(index.search(query, top=None), expected)


@pytest.mark.lane
@pytest.mark.parametrize("geometry", [True, False])
@pytest.mark.parametrize("burstiness", ["inter", "intra", "unique", "none"])
def test_signatures_against_pairs(burstiness, geometry):
    rng = np.random.default_rng(2)
    idf = rng.random(N_WORDS) + 0.1
    images = random_images(rng, 9)
    query = random_images(rng, 1)[0]
    query = tuple(np.concatenate([own, other]) for own, other in zip(images[0], query, strict=True))
    index = InvertedIndex(N_WORDS, idf=idf)
    words, rest = columns(images)
    index.add(words, **rest)
    options = {"threshold": 20, "sigma": 9.0, "burstiness": burstiness}
    known = {"angles": query[2], "scales": query[3]} if geometry else {}
    with np.errstate(over="ignore"):  # of the bit count, without the JIT
        found = index.search(query[0], signatures=query[1], top=None, **known, **options)
    expected = naive.hamming_scores(
        rows(query, several=True), [rows(image) for image in images], idf,
        geometry=geometry, **options,
    )  # fmt: skip
    assert_ranked(found, expected)
    assert found[0][0] == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_several_words_a_descriptor(seed, k):
    rng = np.random.default_rng(seed)
    images = random_images(rng, 6, most=8)
    index = InvertedIndex(N_WORDS)
    words, rest = columns(images)
    index.add(words, **rest)
    n = int(rng.integers(0, 6))
    source = np.concatenate([image[1] for image in images] + [np.arange(1, dtype=np.uint64)])
    query = (
        np.array([rng.permutation(N_WORDS)[:k] for _ in range(n)]).reshape(n, k).astype(int),
        rng.choice(source, (n, k)),
        rng.random(n) * 7,
        1 + rng.random(n) * 30,
    )
    found = index.search(
        query[0], signatures=query[1], angles=query[2], scales=query[3], top=None, threshold=64
    )
    expected = naive.hamming_scores(
        rows(query), [rows(image) for image in images], np.ones(N_WORDS), threshold=64
    )
    assert_ranked(found, expected)


def test_added_at_once_or_one_by_one():
    rng = np.random.default_rng(3)
    images = random_images(rng, 40)
    idf = rng.random(N_WORDS)
    whole, parts = (InvertedIndex(N_WORDS, idf=idf) for _ in range(2))
    words, rest = columns(images)
    whole.add(words, **rest)
    for image in images:
        own, rest = columns([image])
        parts.add(own, **rest)
    assert 1 <= len(parts._segments) < 8
    query = images[17]
    known = {"signatures": query[1], "angles": query[2], "scales": query[3]}
    for options in ({}, {"signatures": query[1]}, known):
        first, second = (index.search(query[0], **options) for index in (whole, parts))
        assert first[0].tolist() == second[0].tolist()
        assert first[1].tolist() == second[1].tolist()


def test_more_matches_than_there_is_room_for_at_first():
    index = InvertedIndex(1)
    index.add([np.zeros(300, int)] * 2, signatures=[np.zeros(300, np.uint64)] * 2)
    images, scores = index.search(
        np.zeros(300, int), signatures=np.zeros(300, np.uint64), burstiness="none"
    )
    assert images.tolist() == [0, 1]
    assert scores.tolist() == [300, 300]


@pytest.mark.lane
def test_removed_images_are_not_found_and_change_nothing():
    rng = np.random.default_rng(4)
    images = random_images(rng, 8)
    kept = [image for k, image in enumerate(images) if k not in (1, 5)]
    index, fresh = InvertedIndex(N_WORDS), InvertedIndex(N_WORDS)
    for target, content in ((index, images), (fresh, kept)):
        words, rest = columns(content)
        target.add(words, **rest)
    assert index.remove([5, 1, 5]) is None
    assert (len(index), len(fresh)) == (6, 6)
    query = images[1]
    with np.errstate(over="ignore"):
        first = index.search(query[0], signatures=query[1], top=None)
        second = fresh.search(query[0], signatures=query[1], top=None)
    numbers = np.array([0, 2, 3, 4, 6, 7])
    assert first[0].tolist() == numbers[second[0]].tolist()
    assert first[1].tolist() == second[1].tolist()
    with pytest.raises(ValueError, match="images must be numbers of images in the index, got 5"):
        index.remove([0, 5])
    with pytest.raises(ValueError, match="images must be numbers of images in the index, got 8"):
        index.remove([8])
    with pytest.raises(TypeError, match="images must be integers, got float64"):
        index.remove(1.5)
    assert index.add([[1]], signatures=[[1]], angles=[[0]], scales=[[1]]).tolist() == [8]


def test_weak_geometry_sorts_out_what_turns_differently():
    n = 30
    rng = np.random.default_rng(5)
    words, signatures = np.arange(n), rng.integers(0, 2**64, n, np.uint64)
    angles, scales = rng.random(n) * 6, 2 + rng.random(n) * 20
    index = InvertedIndex(n)
    index.add(
        [words] * 3,
        signatures=[signatures] * 3,
        angles=[rng.random(n) * 6, angles + 1, angles],
        scales=[scales, 2 * scales, rng.permutation(scales)],
    )
    images, scores = index.search(words, signatures=signatures, angles=angles, scales=scales)
    assert images[0] == 1
    assert scores[0] > 1.5 * scores[1]
    assert index.search(words, signatures=signatures)[0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"words": [[0.5]]}, "words must be integers, got float64"),
        ({"words": [[3]]}, "words must be from 0 to 2, got 3 to 3"),
        ({"words": [[-1, 0]]}, "words must be from 0 to 2, got -1 to 0"),
        ({"words": [[[1, 2]]]}, r"words must have shape \(n,\), got \(1, 2\)"),
        ({"words": [[1]], "signatures": []}, "signatures must be as many as words, for 1 images"),
        ({"words": [[1]], "signatures": [[1, 2]]}, r"the shape of words, \(1,\), got \(2,\)"),
        ({"words": [[1]], "signatures": [[0.5]]}, "signatures must be uint64, got float64"),
        ({"words": [[1]], "angles": [[1]]}, "angles and scales must be given together"),
        ({"words": [[1]], "angles": [[1]], "scales": [[1]]}, "must be given with signatures"),
        (
            {"words": [[1]], "signatures": [[1]], "angles": [[1]], "scales": [[0]]},
            "scales must be above 0, sizes in pixels, got 0",
        ),
        (
            {"words": [[1]], "signatures": [[1]], "angles": [[math.nan]], "scales": [[1]]},
            "angles must be finite",
        ),
        (
            {"words": [[1]], "signatures": [[1]], "angles": [[1, 2]], "scales": [[1]]},
            r"angles must have shape \(1,\), as words, got \(2,\)",
        ),
    ],
)
def test_what_add_refuses(arguments, message):
    index = InvertedIndex(3)
    with pytest.raises((TypeError, ValueError), match=message):
        index.add(**arguments)
    assert len(index) == 0


def test_all_images_or_none_have_signatures():
    index = InvertedIndex(3)
    index.add([[1]])
    with pytest.raises(ValueError, match="added with words only, as those before, got signatures"):
        index.add([[1]], signatures=[[1]])
    with pytest.raises(ValueError, match="with words only, so that a query cannot have signatures"):
        index.search([1], signatures=[1])
    index = InvertedIndex(3)
    index.add([[1]], signatures=[[1]])
    with pytest.raises(ValueError, match="cannot have angles and scales"):
        index.search([1], signatures=[1], angles=[1], scales=[1])
    assert index.search([1])[0].tolist() == [0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top": 0}, "top must be at least 1, got 0"),
        ({"threshold": 65}, "threshold must be at most 64, got 65"),
        ({"sigma": 0}, "sigma must be greater than 0"),
        ({"burstiness": "no"}, "burstiness must be one of 'none', 'unique', 'intra', 'inter'"),
        ({"signatures": [[1]]}, r"the shape of words, \(1,\), got \(1, 1\)"),
    ],
)
def test_what_search_refuses(options, message):
    index = InvertedIndex(3)
    index.add([[1]], signatures=[[1]])
    with pytest.raises(ValueError, match=message):
        index.search([1], **options)


def test_a_batch_of_no_images_does_nothing():
    signed, new = InvertedIndex(3), InvertedIndex(3)
    signed.add([[1]], signatures=[[1]])
    for index in (signed, new):
        assert index.add([]).tolist() == []
    new.add([[1]], signatures=[[1]])
    assert (len(signed), len(new)) == (1, 1)
    with pytest.raises(ValueError, match="signatures must be as many as words, for 0 images, got"):
        new.add([], signatures=[[1]])


def test_what_an_index_refuses():
    with pytest.raises(
        TypeError, match="words must be a list of arrays, one for each image, got N"
    ):
        InvertedIndex(3).add(None)
    with pytest.raises(ValueError, match="n_words must be at most 2147483647"):
        InvertedIndex(10**12)
    with pytest.raises(ValueError, match="n_words must be at least 1, got 0"):
        InvertedIndex(0)
    with pytest.raises(ValueError, match=r"idf must have shape \(3,\), one for a word, got \(2,\)"):
        InvertedIndex(3, idf=[1, 2])
    with pytest.raises(ValueError, match="idf must be finite and not negative"):
        InvertedIndex(2, idf=[1, -1])
    assert repr(InvertedIndex(3)) == "InvertedIndex(0 images, 3 words)"
