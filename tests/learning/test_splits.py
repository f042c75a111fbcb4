"""Cuts of sorted samples: by hand, and against a search that adds up every side anew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.learning.splits import CRITERIA, ERROR, VARIANCE, best_cut
from tests.naive import splits as naive


def cut(values, targets, weights=None, criterion="variance", dtype=np.float64):
    weights = np.ones(len(values)) if weights is None else np.array(weights, float)
    return best_cut(np.array(values, dtype), np.array(targets, float), weights, CRITERIA[criterion])


@pytest.mark.lane
def test_cuts_between_two_classes():
    assert cut([1, 2, 3, 4], [-1, -1, 1, 1]) == (4.0, 2)
    assert cut([1, 2, 3, 4], [-1, -1, 1, 1], criterion="error") == (4.0, 2)


@pytest.mark.lane
def test_gains_by_hand():
    # Left of it -1, right of it 1, -1, 1.
    assert cut([1, 2, 3, 4], [-1, 1, -1, 1]) == (pytest.approx(4 / 3), 1)
    assert cut([1, 2, 3, 4], [-1, 1, -1, 1], criterion="error") == (2.0, 1)
    assert cut([1, 2], [-1, 1], [3, 1]) == (4.0, 1)
    assert cut([1, 2, 3], [2, 2, -4], [1, 1, 0.5]) == (16.0, 2)


@pytest.mark.lane
@pytest.mark.parametrize("criterion", CRITERIA)
def test_where_no_cut_is_possible(criterion):
    for values, weights in [([], []), ([1], [1]), ([2, 2, 2], [1, 1, 1]), ([1, 2], [0, 1])]:
        assert cut(values, np.ones(len(values)), weights, criterion) == (-np.inf, 0)


@pytest.mark.lane
def test_equal_values_are_not_cut_apart():
    # The best place, between the classes, is inside a run of equal values.
    assert cut([1, 2, 2, 3, 4], [-1, -1, 1, 1, 1]) == (pytest.approx(1 / 3 + 2), 3)
    assert cut([-0.0, 0.0, 1.0], [-1, 1, 1])[1] == 2


@pytest.mark.lane
@pytest.mark.parametrize("criterion", CRITERIA)
def test_the_first_of_equally_good_cuts(criterion):
    assert cut([1, 2, 3, 4], [1, -1, -1, 1], criterion=criterion)[1] == 1
    # The gains are equal but for rounding: the same samples from the other end.
    weights = np.array([0.1, 0.2, 0.3, 0.3, 0.2, 0.1])
    assert cut(range(6), [1, 1, -1, -1, 1, 1], weights, criterion)[1] == 2


@pytest.mark.lane
def test_samples_without_weight_count_for_nothing():
    values, targets = np.arange(8.0), np.array([1.0, -1, 1, 1, -1, -1, 1, -1])
    weights = np.array([0, 1, 2, 0, 3, 1, 1, 0.0])
    used = weights > 0
    gain, position = best_cut(values, targets, weights, VARIANCE)
    wanted, _ = best_cut(values[used], targets[used], weights[used], VARIANCE)
    assert gain == wanted
    assert 1 < position < 7


@pytest.mark.lane
def test_the_error_counts_what_is_misclassified(rng):
    values, labels = np.arange(20.0), rng.choice([-1.0, 1.0], 20)
    weights = rng.random(20)
    gain, position = best_cut(values, labels, weights, ERROR)
    wrong = sum(
        min(weights[side][labels[side] == label].sum() for label in (-1, 1))
        for side in (slice(position), slice(position, None))
    )
    assert gain == pytest.approx(weights.sum() - 2 * wrong, rel=1e-12)


@pytest.mark.lane
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(-4, 4), st.integers(0, 8)),
        min_size=1,
        max_size=25,
    ),
    st.sampled_from(sorted(CRITERIA)),
    st.sampled_from([np.float32, np.float64]),
)
def test_equals_the_search_that_adds_up_every_side(samples, criterion, dtype):
    # Whole numbers, of which sums are exact: the same cut, the gain to the rounding of "/" and "+".
    values, targets, weights = zip(*sorted(samples), strict=True)
    gain, position = cut(values, targets, weights, criterion, dtype)
    wanted, place = naive.best_cut(values, targets, weights, criterion)
    assert position == place
    assert gain == wanted or abs(gain - wanted) <= 1e-14 * abs(wanted)


@pytest.mark.lane
@pytest.mark.parametrize("criterion", CRITERIA)
def test_equals_it_on_real_numbers(criterion, rng):
    # 30 sums of float64 beside exactly rounded ones: 30 * 1.1e-16 of the sum of absolute values.
    for _ in range(10):
        values = np.sort(rng.normal(size=30))
        targets, weights = rng.normal(size=30), rng.random(30)
        gain, position = best_cut(values, targets, weights, CRITERIA[criterion])
        wanted, place = naive.best_cut(values, targets, weights, criterion)
        assert position == place
        assert gain == pytest.approx(wanted, rel=1e-12)
