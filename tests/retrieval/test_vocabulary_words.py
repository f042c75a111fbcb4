"""Which word a descriptor is: exactly, by the loops, and down the tree."""

import warnings

import numpy as np
import pytest

from classicvision.retrieval.vocabulary import VisualVocabulary
from tests.naive import encodings as naive


@pytest.mark.lane
@pytest.mark.parametrize("k", [1, 3])
def test_nearest_equals_the_loops(rng, k):
    X = rng.normal(size=(80, 5)).astype(np.float32)
    vocabulary = VisualVocabulary(70, batch_size=16, random_state=0).fit(X)
    queries = rng.normal(size=(30, 5)).astype(np.float32)
    assert np.array_equal(
        vocabulary.nearest(queries, k), naive.nearest_words(queries, vocabulary.centers_, k)[0]
    )
    assert np.array_equal(vocabulary.predict(queries), vocabulary.nearest(queries, k)[:, 0])
    assert vocabulary.predict(queries).dtype == np.int32


def test_nearest_is_exact_where_a_product_in_float32_is_not(rng):
    """Small differences on a large offset: the product alone finds few of the nearest words."""
    X = (10_000 + rng.normal(size=(400, 16))).astype(np.float32)
    vocabulary = VisualVocabulary(150, random_state=0).fit(X)
    centers = vocabulary.centers_
    expected = naive.nearest_words(X, centers, 2)[0]
    assert np.array_equal(vocabulary.nearest(X, 2), expected)
    assert np.array_equal(vocabulary.predict(X), expected[:, 0])
    product = ((centers**2).sum(1) / 2 - X @ centers.T).argmin(1)
    assert (product == expected[:, 0]).mean() < 0.9


def test_of_equally_near_words_the_first_in_any_block(rng):
    vocabulary = VisualVocabulary(4, random_state=0).fit(rng.normal(size=(20, 2)))
    vocabulary = rewritten(vocabulary, [[0, 0], [2, 0], [0, 0], [2, 0]])
    queries = np.tile([[1, 5], [2, 1], [0, 1]], (3000, 1))
    assert np.array_equal(vocabulary.predict(queries), np.tile([0, 1, 0], 3000))
    assert vocabulary.nearest(queries[:1], 4).tolist() == [[0, 1, 2, 3]]


def test_products_beyond_float32(rng):
    X = (1e20 * rng.normal(size=(30, 3))).astype(np.float32)
    vocabulary = rewritten(VisualVocabulary(5, random_state=0).fit(np.eye(5, 3)), X[:5])
    expected = naive.nearest_words(X, X[:5], 2)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(vocabulary.nearest(X, 2), expected)
        assert np.array_equal(vocabulary.predict(X), expected[:, 0])


def rewritten(vocabulary, centers):
    from classicvision.retrieval._nearest import NearestWords

    vocabulary.centers_ = np.array(centers, np.float32)
    vocabulary._finder = NearestWords(vocabulary.centers_)
    return vocabulary


@pytest.mark.lane
def test_the_tree_is_gone_down_from_node_to_nearest_child(rng):
    X = rng.normal(size=(60, 5)).astype(np.float32)
    vocabulary = VisualVocabulary(8, method="hierarchical", branching=2, random_state=0).fit(X)
    words = []
    for row in X:
        word = 0
        for level in vocabulary._levels:
            children = level[2 * word : 2 * word + 2]
            word = 2 * word + int(((row - children) ** 2).sum(1).argmin())
        words.append(word)
    assert vocabulary.predict(X, exact=False).tolist() == words


def test_the_tree_agrees_with_exact_assignment_for_most(rng):
    X = rng.normal(size=(3000, 8)).astype(np.float32)
    vocabulary = VisualVocabulary(
        100, method="hierarchical", branching=10, batch_size=512, random_state=0
    ).fit(X)
    agreement = (vocabulary.predict(X) == vocabulary.predict(X, exact=False)).mean()
    assert 0.5 < agreement < 1
    one_level = VisualVocabulary(10, method="hierarchical", random_state=0).fit(X)
    assert (one_level.predict(X) == one_level.predict(X, exact=False)).mean() > 0.999
    with pytest.raises(ValueError, match="exact must be True for method='minibatch'"):
        VisualVocabulary(10, random_state=0).fit(X).predict(X, exact=False)


def test_no_descriptors_have_no_words(rng):
    vocabulary = VisualVocabulary(3, random_state=0).fit(rng.normal(size=(20, 4)))
    for nothing in (np.zeros((0, 4)), np.zeros((0, 4), np.uint8), [], np.zeros(0)):
        assert vocabulary.predict(nothing).shape == (0,)
        assert vocabulary.nearest(nothing, 2).shape == (0, 2)
