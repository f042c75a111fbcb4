"""The rounds of boosting: by hand, and against the paper's algorithms sample by sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.learning.boosting import (
    BOOSTINGS,
    first_weights,
    leaf_values,
    next_weights,
    split_criterion,
    targets_and_weights,
    trimmed,
)
from tests.naive import boosting as naive

LABELS = np.array([1.0, 1, 1, -1, -1])
LEAVES = np.array([0, 0, 1, 1, 1])


def boost(boosting, labels, rounds, start):
    weights, scores, history = first_weights(labels, start), np.zeros(len(labels)), []
    for leaves in rounds:
        targets, used = targets_and_weights(boosting, labels, scores, weights)
        history.append(used)
        added = leaf_values(boosting, leaves, leaves.max() + 1, targets, used)[leaves]
        scores = scores + added
        weights = next_weights(boosting, labels, weights, added)
    return scores, history


@pytest.mark.lane
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_equals_the_paper_sample_by_sample(boosting, weighted, rng):
    # 8 rounds of sums of 32 numbers, each exact to some 1e-15, and their logarithms. Of a power
    # of two the first weights are exact, and so are ties of the classes in a leaf.
    labels = rng.choice([-1.0, 1.0], 32)
    leaning = (labels > 0) & (rng.random(32) < 0.4)  # so that trees know something
    rounds = [rng.integers(0, 2, 32) + 2 * leaning for _ in range(8)]
    rounds = [np.where(rng.random(32) < 0.2, 2, leaves) for leaves in rounds]
    start = rng.random(32) + 0.1 if weighted else np.ones(32)
    scores, history = boost(boosting, labels, rounds, start if weighted else None)
    wanted, weights = naive.boost(boosting, labels.tolist(), [r.tolist() for r in rounds], start)
    np.testing.assert_allclose(history, weights, rtol=1e-10)
    np.testing.assert_allclose(scores, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.lane
def test_first_round_by_hand():
    weights = first_weights(LABELS)
    np.testing.assert_allclose(weights, 0.2)
    # Of five samples the second leaf has three, 1 -1 -1: one is wrong.
    wanted = {
        "discrete": [np.log(4), -np.log(4)],
        "real": [np.log(0.4001 / 0.0001) / 2, np.log(0.2001 / 0.4001) / 2],
        "gentle": [1, -1 / 3],
        "logit": [1, -1 / 3],  # responses of 2 and -2, halved
    }
    for boosting, values in wanted.items():
        targets, used = targets_and_weights(boosting, LABELS, np.zeros(5), weights)
        found = leaf_values(boosting, LEAVES, 2, targets, used)
        np.testing.assert_allclose(found, values, rtol=1e-12, err_msg=boosting)


@pytest.mark.lane
def test_second_weights_by_hand():
    start = first_weights(LABELS)
    added = np.array([np.log(4), -np.log(4)])[LEAVES]
    # The one that was wrong weighs as much as the four others together.
    found = next_weights("discrete", LABELS, start, added)
    np.testing.assert_allclose(found, [1 / 8, 1 / 8, 1 / 2, 1 / 8, 1 / 8])
    added = np.array([1, -1 / 3])[LEAVES]
    found = next_weights("gentle", LABELS, start, added)
    wanted = np.exp([-1, -1, 1 / 3, -1 / 3, -1 / 3])
    np.testing.assert_allclose(found, wanted / wanted.sum())
    np.testing.assert_array_equal(next_weights("logit", LABELS, start, added), start)


@pytest.mark.lane
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_weights_count_as_copies_of_samples(boosting, rng):
    labels, copies = np.array([1.0, -1, 1, -1, -1, 1]), np.array([1, 2, 3, 1, 0, 2])
    rounds = [rng.integers(0, 2, 6) for _ in range(4)]
    weighted, _ = boost(boosting, labels, rounds, copies)
    repeated, _ = boost(
        boosting, np.repeat(labels, copies), [np.repeat(r, copies) for r in rounds], None
    )
    np.testing.assert_allclose(np.repeat(weighted, copies), repeated, rtol=1e-10, atol=1e-12)


@pytest.mark.lane
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_classes_change_places(boosting, rng):
    labels, start = rng.choice([-1.0, 1.0], 30), rng.random(30)
    rounds = [rng.integers(0, 3, 30) for _ in range(4)]
    scores, _ = boost(boosting, labels, rounds, start)
    mirrored, _ = boost(boosting, -labels, rounds, start)
    np.testing.assert_allclose(scores, -mirrored, rtol=1e-10, atol=1e-12)


@pytest.mark.lane
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_extremes_stay_finite(boosting):
    labels = np.array([1.0, -1, 1, -1])
    weights, scores = first_weights(labels), np.array([800.0, 800, -800, -20])
    targets, used = targets_and_weights(boosting, labels, scores, weights)
    assert np.isfinite(targets).all()
    assert np.isfinite(used).all()
    assert used.sum() == pytest.approx(1)
    for leaves in ([0, 1, 0, 1], [0, 0, 0, 0], [2, 2, 2, 2]):
        values = leaf_values(boosting, np.array(leaves), 3, targets, used)
        assert np.isfinite(values).all()
        assert (values[np.bincount(leaves, minlength=3) == 0] == 0).all()
        after = next_weights(boosting, labels, used, values[leaves])
        assert after.sum() == pytest.approx(1)


@pytest.mark.lane
def test_responses_of_logitboost_are_cut_at_four():
    labels, scores = np.array([1.0, 1, 1, -1, -1]), np.array([20.0, 0, -20, 20, -0.1])
    targets, used = targets_and_weights("logit", labels, scores, first_weights(labels))
    np.testing.assert_allclose(targets, [1, 2, 4, -4, -(1 + np.exp(-0.2))], rtol=1e-12)
    assert used.argmax() == 1
    assert (used > 0).all()


@pytest.mark.lane
def test_criteria():
    assert [split_criterion(name) for name in BOOSTINGS] == ["error"] + 3 * ["variance"]


@pytest.mark.lane
def test_trimming_by_hand():
    weights = np.array([0.02, 0.5, 0.02, 0.4, 0.06])
    np.testing.assert_array_equal(trimmed(weights, 0.95), [False, True, False, True, False])
    np.testing.assert_array_equal(trimmed(weights, 0.97), [False, True, False, True, True])
    np.testing.assert_array_equal(trimmed(weights, 0.99), np.ones(5, bool))  # two go together
    np.testing.assert_array_equal(trimmed(weights, 0.0), [False, True, False, False, False])
    assert trimmed(np.array([0.0, 1.0]), 1.0).all()
    assert trimmed(np.full(7, 1 / 7), 0.5).all()
    # A sample that stands for three is not heavy, it is three light ones.
    weights, copies = np.array([0.06, 0.04, 0.9]), np.array([3.0, 1, 10])
    np.testing.assert_array_equal(trimmed(weights, 0.92, copies), [False, False, True])
    np.testing.assert_array_equal(trimmed(weights, 0.95, copies), [False, True, True])
    np.testing.assert_array_equal(trimmed(weights, 0.97, copies), np.ones(3, bool))


@pytest.mark.lane
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_leaves_of_trimmed_samples(boosting):
    weights, kept = first_weights(LABELS), np.array([True, False, True, True, True])
    targets, used = targets_and_weights(boosting, LABELS, np.zeros(5), weights)
    found = leaf_values(boosting, LEAVES, 2, targets, used, kept)
    without = leaf_values(boosting, LEAVES[kept], 2, targets[kept], used[kept])
    if boosting == "discrete":  # one of five is wrong, not one of four
        np.testing.assert_allclose(found, [np.log(4), -np.log(4)])
        np.testing.assert_allclose(without, [np.log(3), -np.log(3)])
    else:
        np.testing.assert_array_equal(found, without)


@pytest.mark.lane
@given(st.lists(st.integers(0, 16), min_size=1, max_size=20), st.integers(0, 16))
def test_trimming_equals_leaving_out_one_after_the_other(weights, sixteenths):
    # Sixteenths of whole numbers: sums and the limit are exact.
    if not sum(weights):
        weights = [weight + 1 for weight in weights]
    rate = sixteenths / 16
    kept = trimmed(np.array(weights, float), rate)
    if rate == 1:
        assert kept.all()
    else:
        np.testing.assert_array_equal(kept, naive.trimmed(weights, rate))
