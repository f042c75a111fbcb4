"""AdaBoost: by hand, against rounds of naive trees, and against scikit-learn's."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import AdaBoostClassifier as Samme
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classicvision.learning import boosting as rounds
from classicvision.learning.adaboost import AdaBoostClassifier
from classicvision.learning.boosting import BOOSTINGS
from classicvision.learning.splits import restricted, sorted_order
from classicvision.learning.stump import DecisionStump
from tests.naive import boosting as naive_boosting
from tests.naive import stump as naive

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])


def two_classes(n, p=6, seed=0, **options):
    X, y = make_classification(n, p, n_informative=3, flip_y=0.1, random_state=seed, **options)
    return X, y


@pytest.mark.lane
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_three_stumps_find_an_interval(boosting):
    X, y = np.arange(10.0)[:, None], np.array([0, 0, 0, 1, 1, 1, 1, 0, 0, 0])
    classifier = AdaBoostClassifier(boosting=boosting, n_estimators=12, weight_trim_rate=None)
    np.testing.assert_array_equal(classifier.fit(X, y).predict(X), y)
    assert {2.5, 6.5} <= set(classifier.thresholds_.ravel())


@pytest.mark.lane
def test_exclusive_or_needs_depth():
    y, weights = ["same", "other", "other", "same"], [1, 1, 1, 2]
    stumps = AdaBoostClassifier(n_estimators=50).fit(XOR, y, sample_weight=weights)
    assert stumps.score(XOR, y) < 1
    tree = AdaBoostClassifier(n_estimators=1, max_depth=2).fit(XOR, y, sample_weight=weights)
    np.testing.assert_array_equal(tree.predict(XOR), y)
    assert tree.values_.shape == (1, 1, 4)
    assert tree.columns_.shape == tree.thresholds_.shape == (1, 1, 3)


@pytest.mark.lane
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_equals_rounds_of_naive_trees(boosting, depth):
    # Scores are sums of 4 leaves, each a quotient of sums of 16 numbers: 1e-12 is ample.
    X, y = two_classes(16, 3, seed=depth, n_redundant=0)
    queries = np.random.default_rng(0).normal(size=(10, 3))
    labels, scores, found = 2.0 * y - 1, np.zeros(16), np.zeros(10)
    weights = rounds.first_weights(labels)
    for _ in range(4):
        targets, used = rounds.targets_and_weights(boosting, labels, scores, weights)
        kept = np.array(naive_boosting.trimmed(used, 0.9))
        samples = (X[kept].tolist(), targets[kept].tolist(), used[kept].tolist())
        paths = naive.tree_leaves(*samples, "variance", depth, [*X.tolist(), *queries.tolist()])
        leaves = np.array([int(path.translate({76: "0", 82: "1"}), 2) for path in paths])
        values = rounds.leaf_values(boosting, leaves[:16], 2**depth, targets, used, kept)
        scores += values[leaves[:16]]
        found += values[leaves[16:]]
        weights = rounds.next_weights(boosting, labels, weights, values[leaves[:16]])
    classifier = AdaBoostClassifier(
        boosting=boosting, n_estimators=4, max_depth=depth, weight_trim_rate=0.9
    ).fit(X, y)
    np.testing.assert_allclose(classifier.decision_function(X), scores, rtol=1e-12)
    np.testing.assert_allclose(classifier.decision_function(queries), found, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_discrete_equals_scikit_learns(seed):
    # SAMME of two classes is the same formula, and both split by Gini impurity. Its score is
    # divided by half the sum of the trees' weights; 1e-9 for the rounding of 30 rounds.
    X, y = two_classes(300, seed=seed)
    X = X.astype(np.float32)  # what their trees compute in
    queries = two_classes(300, seed=seed + 100)[0].astype(np.float32)
    ours = AdaBoostClassifier(boosting="discrete", n_estimators=30, weight_trim_rate=None)
    theirs = Samme(n_estimators=30, random_state=0)
    ours.fit(X, y)
    theirs.fit(X, y)
    total = np.abs(ours.values_).max(axis=2).sum()
    for samples in (X, queries):
        np.testing.assert_array_equal(ours.predict(samples), theirs.predict(samples))
        np.testing.assert_allclose(
            2 * ours.decision_function(samples) / total,
            theirs.decision_function(samples),
            atol=1e-9,
        )


def test_stumps_boosted_by_scikit_learn(rng):
    # Ours as the base of theirs: the same trees, the same numbers.
    X, y = two_classes(200)
    theirs = Samme(DecisionStump(), n_estimators=20).fit(X, y)
    ours = AdaBoostClassifier(boosting="discrete", n_estimators=20, weight_trim_rate=None)
    np.testing.assert_array_equal(ours.fit(X, y).predict(X), theirs.predict(X))
    assert [stump.column_ for stump in theirs.estimators_] == ours.columns_.ravel().tolist()


@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_learns_about_as_well_as_scikit_learn(boosting):
    # Held-back accuracy within 3 %, of 2,000: three standard deviations of a difference.
    X, y = make_classification(3000, 20, n_informative=6, flip_y=0.05, random_state=1)
    ours = AdaBoostClassifier(boosting=boosting).fit(X[:1000], y[:1000])
    theirs = Samme(n_estimators=100, random_state=0).fit(X[:1000], y[:1000])
    assert ours.score(X[1000:], y[1000:]) > theirs.score(X[1000:], y[1000:]) - 0.03


@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_three_classes(boosting, rng):
    X = rng.normal(size=(300, 4))
    y = np.array(["a", "b", "c"])[np.argmax(X[:, :3], axis=1)]
    classifier = AdaBoostClassifier(boosting=boosting, n_estimators=40).fit(X[:200], y[:200])
    assert classifier.score(X[200:], y[200:]) > 0.75
    scores, shares = classifier.decision_function(X), classifier.predict_proba(X)
    assert scores.shape == shares.shape == (300, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    # Each column is a classifier of its own, of one class against the rest.
    alone = AdaBoostClassifier(boosting=boosting, n_estimators=40).fit(X[:200], y[:200] == "b")
    np.testing.assert_array_equal(scores[:, 1], alone.decision_function(X))


@pytest.mark.lane
@pytest.mark.parametrize("classes", [2, 3])
def test_stages_lead_to_the_result(classes, rng):
    X, y = rng.normal(size=(30, 2)), rng.integers(0, classes, 30)
    classifier = AdaBoostClassifier(n_estimators=5).fit(X, y)
    scores = list(classifier.staged_decision_function(X))
    assert len(scores) == 5
    first = AdaBoostClassifier(n_estimators=2).fit(X, y)
    np.testing.assert_array_equal(scores[1], first.decision_function(X))
    np.testing.assert_array_equal(scores[-1], classifier.decision_function(X))
    np.testing.assert_array_equal(list(classifier.staged_predict(X))[-1], classifier.predict(X))
    shares = list(classifier.staged_predict_proba(X))
    np.testing.assert_array_equal(shares[-1], classifier.predict_proba(X))


@pytest.mark.lane
@pytest.mark.parametrize("boosting", BOOSTINGS)
def test_probabilities_of_the_first_round_are_shares_of_the_leaf(boosting):
    # Real and discrete stumps end in the leaf's own share: three of four on either side.
    X, y = np.repeat([[0.0], [1.0]], 4, axis=0), [0, 0, 0, 1, 1, 1, 1, 0]
    classifier = AdaBoostClassifier(boosting=boosting, n_estimators=1).fit(X, y)
    shares = classifier.predict_proba([[0], [1]])
    if boosting in ("real", "discrete"):
        wanted = [[0.75, 0.25], [0.25, 0.75]]
        np.testing.assert_allclose(shares, wanted, atol=1e-4 if boosting == "real" else 1e-12)
    else:  # a step of one half towards it, on the scale of the score
        odds = np.exp(1.0)
        np.testing.assert_allclose(shares[:, 1], [1 / (1 + odds), odds / (1 + odds)])


@pytest.mark.lane
def test_samples_of_no_use_are_trimmed():
    X = np.array([[0.0], [1], [2], [3], [4], [5]])
    y = np.array([0, 0, 0, 1, 0, 1])
    full = AdaBoostClassifier(n_estimators=10, weight_trim_rate=None).fit(X, y)
    ones = AdaBoostClassifier(n_estimators=10, weight_trim_rate=1.0).fit(X, y)
    trimmed = AdaBoostClassifier(n_estimators=10, weight_trim_rate=0.5).fit(X, y)
    np.testing.assert_array_equal(full.values_, ones.values_)
    assert (full.values_ != trimmed.values_).any()


@pytest.mark.lane
def test_columns_are_drawn_by_the_random_state(rng):
    X, y = rng.normal(size=(20, 6)), rng.integers(0, 2, 20)

    def columns(random_state, **options):
        classifier = AdaBoostClassifier(n_estimators=6, random_state=random_state, **options)
        return classifier.fit(X, y).columns_.ravel().tolist()

    assert columns(0, max_features=0.2) == columns(0, max_features=0.2)
    assert columns(0, max_features=0.2) != columns(1, max_features=0.2)
    assert columns(0) == columns(1) == columns(2, max_features=1.0)
    columns(0, max_features=0.01)  # one at least


@pytest.mark.lane
def test_a_smaller_learning_rate_takes_smaller_steps(rng):
    X, y = rng.normal(size=(20, 2)), rng.integers(0, 2, 20)
    one = AdaBoostClassifier(n_estimators=1).fit(X, y)
    half = AdaBoostClassifier(n_estimators=1, learning_rate=0.5).fit(X, y)
    np.testing.assert_array_equal(half.values_, one.values_ / 2)


@pytest.mark.lane
def test_kept_samples_stay_in_order(rng):
    columns = rng.integers(0, 5, (3, 12)).astype(np.float64)
    order = sorted_order(columns)
    keep = rng.random(12) < 0.5
    found = restricted(order, keep)
    assert found.dtype == order.dtype
    for row, wanted in zip(found, order, strict=True):
        np.testing.assert_array_equal(row, [k for k in wanted if keep[k]])
    assert restricted(order, np.ones(12, bool)) is order


def test_in_a_pipeline_and_a_grid():
    X, y = two_classes(120)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), AdaBoostClassifier(n_estimators=5)),
        {
            "adaboostclassifier__boosting": BOOSTINGS,
            "adaboostclassifier__max_depth": np.array([1, 2]),
        },
        cv=2,
    )
    assert search.fit(X, y).score(X, y) > 0.7


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"boosting": "SAMME"}, "boosting must be one of 'discrete', 'real', 'gentle', 'logit'"),
        ({"n_estimators": 0}, "n_estimators must be at least 1, got 0"),
        ({"max_depth": 11}, "max_depth must be at most 10, got 11"),
        ({"max_depth": 0}, "max_depth must be at least 1, got 0"),
        ({"learning_rate": 0}, "learning_rate must be greater than 0"),
        ({"weight_trim_rate": 1.5}, "weight_trim_rate must be at most 1, got 1.5"),
        ({"max_features": 0}, "max_features must be greater than 0"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        AdaBoostClassifier(**options).fit(XOR, [0, 1, 1, 0])


@pytest.mark.lane
def test_options_of_another_type():
    with pytest.raises(TypeError, match=r"n_estimators must be an integer, got 2\.5"):
        AdaBoostClassifier(n_estimators=2.5).fit(XOR, [0, 1, 1, 0])
