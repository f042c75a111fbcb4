"""Stumps: by hand, against a search of every threshold, and against scikit-learn's trees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from classicvision.learning.splits import CRITERIA, threshold_between
from classicvision.learning.stump import DecisionStump
from tests.layouts import LAYOUTS, lay_out
from tests.naive import stump as naive


@pytest.mark.lane
def test_by_hand():
    X = [[5, 0], [7, 1], [1, 2], [2, 3], [8, 4]]
    stump = DecisionStump().fit(X, [3, 3, 9, 9, 9])
    assert (stump.column_, stump.threshold_) == (1, 1.5)
    np.testing.assert_array_equal(stump.values_, [-1, 1])
    assert stump.gain_ == 5
    np.testing.assert_array_equal(stump.predict([[0, 1.49], [0, 1.5]]), [3, 9])
    np.testing.assert_array_equal(stump.predict_proba([[0, 1]]), [[1, 0]])
    assert stump.score(X, [3, 3, 9, 9, 3]) == 0.8


@pytest.mark.lane
@pytest.mark.parametrize("criterion", CRITERIA)
def test_ties_go_to_the_first_column_and_the_lowest_threshold(criterion):
    column = np.arange(4.0)
    X = np.column_stack([np.ones(4), column[::-1], column, column])
    stump = DecisionStump(criterion=criterion).fit(X, [0, 1, 1, 0])
    assert (stump.column_, stump.threshold_) == (1, 0.5)


@pytest.mark.lane
@pytest.mark.parametrize("criterion", CRITERIA)
def test_where_nothing_can_be_told_apart(criterion):
    stump = DecisionStump(criterion=criterion).fit(np.ones((5, 2)), [0, 1, 1, 0, 1])
    assert (stump.column_, stump.threshold_) == (0, np.inf)
    np.testing.assert_array_equal(stump.predict([[0, 0], [2, 2]]), [1, 1])
    np.testing.assert_allclose(stump.predict_proba([[1, 1]]), [[0.4, 0.6]])


@pytest.mark.lane
@pytest.mark.parametrize("criterion", CRITERIA)
def test_samples_without_weight_do_not_move_the_threshold(criterion):
    X, y = [[0], [1], [2], [3]], [0, 1, 1, 1]
    stump = DecisionStump(criterion=criterion).fit(X, y, sample_weight=[1, 0, 1, 1])
    assert stump.threshold_ == 1


@pytest.mark.lane
@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(
            st.lists(st.tuples(*3 * [st.integers(0, 4)]), min_size=n, max_size=n),
            st.lists(st.sampled_from([-1, 1]), min_size=n, max_size=n),
            st.lists(st.integers(1, 5), min_size=n, max_size=n),
        )
    ),
    st.sampled_from(sorted(CRITERIA)),
    st.sampled_from([np.float32, np.float64]),
)
def test_equals_the_search_of_every_threshold(samples, criterion, dtype):
    rows, labels, weights = samples
    if len(set(labels)) == 1:
        labels = [-labels[0], *labels[1:]]
    wanted = naive.best_stump(rows, labels, weights, criterion)
    stump = DecisionStump(criterion=criterion)
    stump.fit(np.array(rows, dtype), labels, sample_weight=weights)
    if wanted is None:
        assert stump.threshold_ == np.inf
        return
    gain, column, low, high = wanted
    assert (stump.column_, stump.threshold_) == (column, (low + high) / 2)
    assert stump.gain_ == pytest.approx(gain, rel=1e-12)  # whole numbers: "/" and "+" round


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
def test_thresholds_lie_above_the_lower_value(dtype, data):
    width = np.finfo(dtype).bits
    number = st.floats(allow_nan=False, allow_infinity=False, width=width)
    low = data.draw(number)
    far = data.draw(number)
    for high in (np.nextafter(dtype(low), dtype(np.inf)), dtype(far)):
        if not low < high < np.inf:
            continue
        threshold = threshold_between(low, float(high), dtype)
        assert low < threshold <= high
        assert dtype(threshold) == threshold


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighbouring_and_huge_values_are_told_apart(dtype):
    largest, one = np.finfo(dtype).max, dtype(1)
    for low, high in [
        (one, np.nextafter(one, dtype(2))),
        (np.nextafter(one, dtype(0)), one),
        (-largest, largest),
        (dtype(0), np.finfo(dtype).smallest_subnormal),
    ]:
        X = np.array([[low], [high]], dtype)
        stump = DecisionStump().fit(X, [0, 1])
        np.testing.assert_array_equal(stump.predict(X), [0, 1])
    assert 0 <= DecisionStump().fit([[-largest], [largest]], [0, 1]).threshold_ < 1


@pytest.mark.parametrize("weighted", [False, True])
def test_gains_as_much_as_the_trees_of_scikit_learn(weighted, rng):
    # Both take the best Gini impurity; theirs is computed with other roundings: 1e-9.
    for n, p in [(30, 3), (200, 8), (1000, 2)]:
        X = rng.normal(size=(n, p)).astype(np.float32)  # what their trees compute in
        y = (X[:, 0] + rng.normal(size=n) > 0.3).astype(int)
        weights = rng.random(n) if weighted else np.ones(n)
        stump = DecisionStump().fit(X, y, sample_weight=weights)
        tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, y, sample_weight=weights)
        impurity = np.average(
            tree.tree_.impurity[1:], weights=tree.tree_.weighted_n_node_samples[1:]
        )
        # Gini is half the variance of labels -1 and 1, whose mean square is 1.
        assert (1 - stump.gain_ / weights.sum()) / 2 == pytest.approx(impurity, rel=1e-9)
        np.testing.assert_array_equal(stump.predict(X), tree.predict(X))
        assert stump.threshold_ == pytest.approx(tree.tree_.threshold[0], rel=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(layout, rng):
    X = rng.normal(size=(20, 4))
    y = rng.integers(0, 2, 20)
    wanted = DecisionStump().fit(X, y)
    found = DecisionStump().fit(lay_out(X, layout), y)
    assert (found.column_, found.threshold_) == (wanted.column_, wanted.threshold_)
    np.testing.assert_array_equal(found.predict(lay_out(X, layout)), wanted.predict(X))


@pytest.mark.lane
def test_bad_input():
    X, y = [[0.0], [1], [2]], [0, 1, 1]
    with pytest.raises(
        ValueError, match="criterion must be one of 'variance', 'error', got 'gini'"
    ):
        DecisionStump(criterion="gini").fit(X, y)
    with pytest.raises(ValueError, match="binary classification is supported: y has 3 classes"):
        DecisionStump().fit(X, [0, 1, 2])
    with pytest.raises(
        ValueError, match="two classes with samples of positive weight, got 1 class"
    ):
        DecisionStump().fit(X, [1, 1, 1])
    with pytest.raises(
        ValueError, match="two classes with samples of positive weight, got 1 class"
    ):
        DecisionStump().fit(X, y, sample_weight=[0, 1, 1])
    with pytest.raises(ValueError, match=r"sample_weight must not be negative, got -1\.0"):
        DecisionStump().fit(X, y, sample_weight=[1, -1, 1])
