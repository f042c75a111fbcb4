"""Curves of scores: against scikit-learn, by hand, and what is refused."""

import numpy as np
import pytest
from sklearn import metrics

from classicvision.evaluation import average_precision, equal_error_rate, ndcg, roc_curve
from tests.naive.retrieval_evaluation import naive_gain


def scored(rng, n, levels):
    """Labels of both kinds, and scores that rise with them; few levels make ties."""
    labels = np.arange(n) % 3 == 0
    return labels, np.round(rng.normal(labels, 1) * levels) / levels


@pytest.mark.lane
@pytest.mark.parametrize("levels", [1, 3, 1e6])
def test_against_scikit_learn(rng, levels):
    for n in (2, 3, 10, 200):
        labels, scores = scored(rng, n, levels)
        expected = metrics.average_precision_score(labels, scores)
        np.testing.assert_allclose(average_precision(labels, scores), expected, rtol=1e-12)
        for drop in (True, False):
            expected = metrics.roc_curve(labels, scores, drop_intermediate=drop)
            for ours, theirs in zip(
                roc_curve(labels, scores, drop_intermediate=drop), expected, strict=True
            ):
                np.testing.assert_array_equal(ours, theirs)


@pytest.mark.lane
def test_types_of_labels_and_scores(rng):
    labels, scores = scored(rng, 30, 2)
    expected = average_precision(labels, scores)
    assert average_precision(labels.astype(int).tolist(), (scores * 2).astype(np.int8)) == expected
    assert average_precision(labels.astype(float), scores.astype(np.float32)) == expected


@pytest.mark.lane
def test_equal_error_rate_by_hand():
    labels = [1, 1, 0, 0]
    assert equal_error_rate(labels, [4, 3, 2, 1], return_threshold=True) == (0, 3)
    assert equal_error_rate(labels, [1, 2, 3, 4]) == 1
    assert equal_error_rate(labels, [5, 5, 5, 5]) == 0.5
    # Between (0, 1/2) and (1/2, 1) of false and true positives lies (1/4, 3/4).
    assert equal_error_rate(labels, [3, 2, 2, 1], return_threshold=True) == (0.25, 3)


@pytest.mark.lane
@pytest.mark.parametrize("levels", [1, 3, 1e6])
def test_equal_error_rate_lies_on_the_curve(rng, levels):
    labels, scores = scored(rng, 100, levels)
    rate, threshold = equal_error_rate(labels, scores, return_threshold=True)
    false, true, _ = roc_curve(labels, scores)
    assert np.interp(rate, false, true) == pytest.approx(1 - rate)
    through = scores >= threshold
    gap = abs(through[~labels].mean() - (1 - through[labels].mean()))
    others = [
        abs((scores[~labels] >= t).mean() - (scores[labels] < t).mean()) for t in np.unique(scores)
    ]
    assert gap == pytest.approx(min(others))


@pytest.mark.lane
@pytest.mark.parametrize("k", [None, 1, 3, 50])
def test_ndcg_against_scikit_learn(rng, k):
    relevance, scores = rng.integers(0, 4, (5, 12)), rng.integers(0, 6, (5, 12))
    relevance[2] = 0
    expected = metrics.ndcg_score(relevance, scores, k=k)
    np.testing.assert_allclose(ndcg(relevance, scores, k=k), expected, rtol=1e-12)
    expected = metrics.ndcg_score(relevance[:1], scores[:1], k=k)
    np.testing.assert_allclose(ndcg(relevance[0], scores[0], k=k), expected, rtol=1e-12)


@pytest.mark.lane
@pytest.mark.parametrize("k", [1, 2, 5])
def test_ndcg_against_all_orders_of_ties(rng, k):
    relevance, scores = rng.integers(0, 3, 5), np.array([2, 1, 2, 2, 1])
    relevance[0] = 3
    expected = naive_gain(relevance, scores, k) / naive_gain(relevance, relevance, k)
    np.testing.assert_allclose(ndcg(relevance, scores, k=k), expected, rtol=1e-12)


@pytest.mark.lane
def test_ndcg_of_a_single_item():
    assert ndcg([2], [0.1]) == 1
    assert ndcg([0], [0.1]) == 0


@pytest.mark.lane
def test_wrong_arguments():
    both = (roc_curve, equal_error_rate)
    for function in (average_precision, *both):
        with pytest.raises(ValueError, match=r"one shape \(n,\), got \(2,\) and \(3,\)"):
            function([0, 1], [1, 2, 3])
        with pytest.raises(ValueError, match=r"one shape \(n,\), got \(1, 2\) and \(1, 2\)"):
            function([[0, 1]], [[1, 2]])
        with pytest.raises(ValueError, match="labels must be bool, or 0 and 1; compare them"):
            function([1, 2], [1, 2])
        with pytest.raises(ValueError, match="scores must be finite"):
            function([0, 1], [1, np.nan])
        with pytest.raises(TypeError, match="labels must be numbers, got dtype <U3"):
            function(["cat", "dog"], [1, 2])
        with pytest.raises(TypeError, match="scores must be numbers, got dtype object"):
            function([0, 1], [1, None])
        with pytest.raises(ValueError, match=r"a right one.*, got 0 right of 2"):
            function([0, 0], [1, 2])
        with pytest.raises(ValueError, match="got 0 right of 0"):
            function([], [])
    for function in both:
        with pytest.raises(ValueError, match="and a wrong one, got 2 right of 2"):
            function([1, 1], [1, 2])
    with pytest.raises(ValueError, match=r"with n of at least 1, got \(1, 2\) and \(1, 3\)"):
        ndcg([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"got \(1, 0\) and \(1, 0\)"):
        ndcg([], [])
    with pytest.raises(ValueError, match="relevance must be at least 0, got -1"):
        ndcg([1, -1], [1, 2])
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        ndcg([1, 1], [1, 2], k=0)
