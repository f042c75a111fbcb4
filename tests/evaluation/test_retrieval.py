"""Numbers of rankings: against slow definitions, by hand, and what is refused."""

import types
from pathlib import Path

import numpy as np
import pytest

import classicvision as cv
from classicvision.evaluation import (
    cmc,
    cumulative_match_curve,
    precision_at_k,
    recall_at_k,
    retrieval_map,
)
from tests.naive.retrieval_evaluation import naive_plain_precision, naive_trapezoid_precision

NAIVE = {"plain": naive_plain_precision, "trapezoid": naive_trapezoid_precision}


def random_queries(rng, queries=30, names=20):
    """Rankings that list a part of the names, and positives and junk that may not be listed."""
    rankings, positives, junk = [], [], []
    for _ in range(queries):
        order = rng.permutation(names)
        parts = np.split(rng.permutation(names), [rng.integers(1, 6), 8])
        rankings.append(order[: rng.integers(0, names + 1)].tolist())
        positives.append(set(parts[0].tolist()))
        junk.append(set(parts[1].tolist()))
    return rankings, positives, junk


@pytest.mark.lane
@pytest.mark.parametrize("definition", NAIVE)
def test_map_against_its_definition(rng, definition):
    rankings, positives, junk = random_queries(rng)
    expected = [NAIVE[definition](*query) for query in zip(rankings, positives, junk, strict=True)]
    found = retrieval_map(rankings, positives, junk=junk, definition=definition)
    np.testing.assert_allclose(found, np.mean(expected), rtol=1e-12)
    for query, value in zip(zip(rankings, positives, junk, strict=True), expected, strict=True):
        one = [[part] for part in query]
        found = retrieval_map(one[0], one[1], junk=one[2], definition=definition)
        np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-15)


@pytest.mark.lane
def test_plain_map_is_average_precision(rng):
    scores, labels = rng.permutation(30), rng.random(30) < 0.3
    ranking, positives = np.argsort(-scores), np.flatnonzero(labels)
    found = retrieval_map([ranking], [positives])
    np.testing.assert_allclose(found, cv.evaluation.average_precision(labels, scores), rtol=1e-12)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("rank", "plain", "trapezoid"), [(1, 1, 1), (2, 0.5, 0.25), (4, 0.25, 1 / 8)]
)
def test_a_single_positive(rank, plain, trapezoid):
    ranking = list("xyz")
    ranking.insert(rank - 1, "a")
    assert retrieval_map([ranking], [["a"]]) == plain
    assert retrieval_map([ranking], [["a"]], definition="trapezoid") == trapezoid


@pytest.mark.lane
def test_at_k_and_the_match_curve(rng):
    rankings, positives, junk = random_queries(rng)
    kept = [[n for n in r if n not in j] for r, j in zip(rankings, junk, strict=True)]
    first = []
    for k in range(1, 25):
        hits = [len(p & {*r[:k]}) for r, p in zip(kept, positives, strict=True)]
        shares = [n / len(p) for n, p in zip(hits, positives, strict=True)]
        assert precision_at_k(rankings, positives, k, junk=junk) == pytest.approx(np.mean(hits) / k)
        assert recall_at_k(rankings, positives, k, junk=junk) == pytest.approx(np.mean(shares))
        first.append(np.mean(np.array(hits) > 0))
    found = cumulative_match_curve(rankings, positives, max_rank=24, junk=junk)
    np.testing.assert_allclose(found, first)
    longest = max(map(len, kept))
    np.testing.assert_array_equal(cmc(rankings, positives, junk=junk), found[:longest])
    np.testing.assert_array_equal(cmc(rankings, positives, junk=junk, max_rank=2), found[:2])


@pytest.mark.lane
def test_nothing_found():
    assert retrieval_map([[]], [["a"]]) == retrieval_map([["q"]], [["a"]], junk=[["q"]]) == 0
    assert precision_at_k([[]], [["a"]], 3) == recall_at_k([[]], [["a"]], 3) == 0
    assert cmc([[]], [["a"]]).shape == (0,)
    assert cmc([[], []], [["a"], ["b"]], max_rank=2).tolist() == [0, 0]


@pytest.mark.lane
def test_forms_of_rankings():
    """Tuples, arrays, generators, and results that have paths."""
    found = types.SimpleNamespace(paths=("b", "a"))
    assert retrieval_map([found], [["a"]]) == 0.5
    assert retrieval_map(iter([np.array([7, 3])]), iter([np.array([3])])) == 0.5
    assert retrieval_map([("b", "a")], [frozenset("a")]) == 0.5
    assert recall_at_k([{"b": 1, "a": 2}.keys()], [["a", "a"]], 2) == 1
    assert retrieval_map([["b", "a"]], [[Path("a")]]) == 0.5
    assert retrieval_map([[Path("b"), Path("a")]], [["a"]], junk=[[Path("b")]]) == 1


@pytest.mark.lane
@pytest.mark.parametrize("function", [retrieval_map, cumulative_match_curve])
def test_wrong_arguments(function):
    cases = [
        (([], []), ValueError, "rankings must not be empty"),
        (("ab", [["a"]]), TypeError, "rankings must be a list with one entry a query, got 'ab'"),
        ((3, [["a"]]), TypeError, "rankings must be a list with one entry a query, got 3"),
        (
            (["ab"], [["a"]]),
            TypeError,
            r"rankings\[0\] must be a sequence of names, got 'ab'; wrap",
        ),
        (([["a"]], {"q": ["a"]}), TypeError, "positives must be a list with one entry a query"),
        (([["a"]], ["a"]), TypeError, r"positives\[0\] must be a sequence of names, got 'a'; wrap"),
        (([["a"]], [["a"], ["b"]]), ValueError, "positives must have one .* 1 as rankings, got 2"),
        (([["a"]], [[]]), ValueError, r"positives\[0\] must have a name.*leave the query out"),
        (([["a", "b", "a"]], [["a"]]), ValueError, r"rankings\[0\] must list a name once, got 'a'"),
        (([[["a"]]], [["a"]]), TypeError, r"rankings\[0\] must be a sequence of names, which are"),
        ((np.zeros((1, 1, 1)), [["a"]]), TypeError, r"sequence of names, got shape \(1, 1\)"),
    ]
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            function(*arguments)
    with pytest.raises(ValueError, match=r"'a' is in positives\[0\] and in junk\[0\]"):
        function([["a"]], [["a"]], junk=[["a"]])
    with pytest.raises(ValueError, match="junk must have one collection a query, 1 as"):
        function([["a"]], [["a"]], junk=[])


@pytest.mark.lane
def test_wrong_options():
    query = [["a"]], [["a"]]
    with pytest.raises(ValueError, match="definition must be one of 'plain', 'trapezoid', got 'v"):
        retrieval_map(*query, definition="voc")
    for function in (precision_at_k, recall_at_k):
        with pytest.raises(ValueError, match="k must be at least 1, got 0"):
            function(*query, 0)
        with pytest.raises(TypeError, match=r"k must be an integer, got 1\.5"):
            function(*query, 1.5)
    with pytest.raises(ValueError, match="max_rank must be at least 1, got 0"):
        cmc(*query, max_rank=0)
