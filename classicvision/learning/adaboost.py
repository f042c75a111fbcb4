"""AdaBoost and its relatives: a sum of many small trees, each fitted to what is left to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from classicvision._checks import check_number, check_option, check_random_state
from classicvision.learning._inputs import check_samples, check_training
from classicvision.learning.boosting import (
    BOOSTINGS,
    first_weights,
    leaf_values,
    next_weights,
    targets_and_weights,
    trimmed,
)
from classicvision.learning.small_tree import grow, leaves_of, sums_of_leaves
from classicvision.learning.splits import VARIANCE, restricted, sorted_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

_EQUAL = 1e-9  # scores that differ by less do so by rounding


class AdaBoostClassifier(ClassifierMixin, BaseEstimator):
    """Classify by the sum of many small trees, each fitted where those before it were wrong.

    Parameters
    ----------
    boosting : {"gentle", "discrete", "real", "logit"}
        How samples are weighted and what a tree's leaf adds: Freund and Schapire's original is
        "discrete"; "gentle" takes the most careful steps.
    n_estimators : int
        How many trees, at least 1.
    max_depth : int
        How many questions a tree asks of a sample, 1 (a stump) to 10.
    learning_rate : float
        A factor, above 0, of what every tree adds. Below 1 more trees are needed, and they
        often generalize better.
    weight_trim_rate : float or None
        From 0 to 1: each tree is fitted to the heaviest samples that make up this share of the
        weight, which saves time. 1 or None: to all.
    max_features : float or None
        Above 0, up to 1: the share of the columns, at least one, that each tree may ask about,
        drawn anew for every tree. None: all.
    random_state : int, Generator, RandomState or None
        For that draw.

    Attributes
    ----------
    columns_ : ndarray of intp, shape (k, n_estimators, 2**max_depth - 1)
    thresholds_ : ndarray of float64, of the same shape
        The trees, node for node as `classicvision.learning.small_tree` numbers them: samples
        with a smaller value go left. k is 1 for two classes, otherwise the number of classes.
    values_ : ndarray of float64, shape (k, n_estimators, 2**max_depth)
        What the leaves of the trees add to a sample's score.
    classes_ : ndarray
        The classes in ascending order.
    n_features_in_ : int
        The number of columns.
    feature_names_in_ : ndarray of str
        The names of the columns, if they had any.

    See Also
    --------
    DecisionStump : a single one.

    Notes
    -----
    1. Every column is sorted, once.
    2. In each round a tree is grown: node by node the best of all thresholds of all columns, as
       in `DecisionStump`, by variance; for "discrete" too, as in scikit-learn and OpenCV.
    3. Its leaves get their values, the scores of the samples grow by them, and samples with the
       wrong sign gain weight. `classicvision.learning.boosting` has the formulas.

    For two classes "discrete" is scikit-learn's `sklearn.ensemble.AdaBoostClassifier`, whose
    score is this one divided by a constant; "discrete" and "gentle" are OpenCV's ``cv2.ml.Boost``,
    trimming included, but "real" smooths its leaves, and "logit" cuts its responses at 4, not 10.

    More classes are each told from all the others (one against the rest), since of the four
    algorithms only the discrete one has a form for many classes at once that is as simple,
    scikit-learn's SAMME. The class with the greatest score wins.

    A score is half the log of the odds of the second class, for "discrete" all of it, which
    `predict_proba` turns into probabilities. They are too sure of themselves after many rounds.

    Results depend on ``random_state`` only if ``max_features`` is below 1. Time grows with
    samples times columns times trees times depth. Memory: the samples once more, and 4 bytes for
    each of their values, up to 16 where samples are trimmed or trees are deeper.

    References
    ----------
    Y. Freund and R. Schapire, "A decision-theoretic generalization of on-line learning and an
    application to boosting", Journal of Computer and System Sciences 55(1), 1997.

    J. Friedman, T. Hastie and R. Tibshirani, "Additive logistic regression: a statistical view
    of boosting", The Annals of Statistics 28(2), 2000.

    Examples
    --------
    >>> X = [[0], [1], [2], [3], [4], [5]]
    >>> y = ["in", "in", "out", "out", "in", "in"]  # no single threshold does it
    >>> classifier = AdaBoostClassifier(n_estimators=3).fit(X, y)
    >>> classifier.predict([[0.5], [2.5], [4.5]])
    array(['in', 'out', 'in'], dtype='<U3')
    """

    def __init__(
        self,
        *,
        boosting: str = "gentle",
        n_estimators: int = 100,
        max_depth: int = 1,
        learning_rate: float = 1.0,
        weight_trim_rate: float | None = 0.95,
        max_features: float | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ):
        self.boosting = boosting
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.weight_trim_rate = weight_trim_rate
        self.max_features = max_features
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : array_like, shape (n, p)
            One sample in each row; finite numbers.
        y : array_like, shape (n,)
            The class of each sample.
        sample_weight : array_like, shape (n,), optional
            Not negative; equal by default.

        Returns
        -------
        AdaBoostClassifier

        Raises
        ------
        TypeError
            For an option of another type.
        ValueError
            For samples, classes or weights that do not match or are out of range, fewer than two
            classes, or an option out of range.
        """
        self._check_options()
        X, classes, weights = check_training(self, X, y, sample_weight)
        X = np.ascontiguousarray(X)
        columns = np.ascontiguousarray(X.T)
        order = sorted_order(columns)
        random = check_random_state(self.random_state)
        positive = [1] if len(self.classes_) == 2 else range(len(self.classes_))
        ensembles = [
            self._boost(X, columns, order, np.where(classes == k, 1.0, -1.0), weights, random)
            for k in positive
        ]
        self.columns_, self.thresholds_, self.values_ = map(np.array, zip(*ensembles, strict=True))
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the scores of samples.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Returns
        -------
        ndarray of float64, shape (n,) or (n, number of classes)
            For two classes positive for the second; otherwise greatest for the class that wins.
        """
        X = check_samples(self, X)
        ensembles = zip(self.columns_, self.thresholds_, self.values_, strict=True)
        scores = np.column_stack([sums_of_leaves(X, *trees) for trees in ensembles])
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def staged_decision_function(self, X: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """Yield the scores of samples after the first tree, the second, and so on.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Yields
        ------
        ndarray of float64, shape (n,) or (n, number of classes)
        """
        X = check_samples(self, X)
        ensembles, rounds, _ = self.columns_.shape
        scores = np.zeros((len(X), ensembles))
        for t in range(rounds):
            for k in range(ensembles):
                leaves = leaves_of(X, self.columns_[k, t], self.thresholds_[k, t])
                scores[:, k] += self.values_[k, t, leaves]
            yield scores[:, 0].copy() if ensembles == 1 else scores.copy()

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the class of each sample; of equal scores (to 1e-9) the first one.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Returns
        -------
        ndarray, shape (n,)
        """
        return self._classes_of(self.decision_function(X))

    def staged_predict(self, X: ArrayLike) -> Iterator[NDArray]:
        """Yield the class of each sample after the first tree, the second, and so on.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Yields
        ------
        ndarray, shape (n,)
        """
        return map(self._classes_of, self.staged_decision_function(X))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Returns
        -------
        ndarray of float64, shape (n, number of classes)
            In the order of ``classes_``. For more than two classes each one's probability
            against the rest, divided by their sum.
        """
        return self._probabilities(self.decision_function(X))

    def staged_predict_proba(self, X: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """Yield the probabilities of the classes after the first tree, the second, and so on.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Yields
        ------
        ndarray of float64, shape (n, number of classes)
        """
        return map(self._probabilities, self.staged_decision_function(X))

    def _check_options(self):
        check_option(self.boosting, "boosting", BOOSTINGS)
        check_number(self.n_estimators, "n_estimators", at_least=1, integer=True)
        check_number(self.max_depth, "max_depth", at_least=1, at_most=10, integer=True)
        check_number(self.learning_rate, "learning_rate", above=0)
        if self.weight_trim_rate is not None:
            check_number(self.weight_trim_rate, "weight_trim_rate", at_least=0, at_most=1)
        if self.max_features is not None:
            check_number(self.max_features, "max_features", above=0, at_most=1)

    def _boost(self, X, columns, order, labels, sample_weight, random):
        """Return the columns, the thresholds and the leaves' values of all trees."""
        boosting, trees = self.boosting, []
        rate = 1 if self.weight_trim_rate is None else self.weight_trim_rate
        weights, scores = first_weights(labels, sample_weight), np.zeros(len(labels))
        for _ in range(self.n_estimators):
            targets, used = targets_and_weights(boosting, labels, scores, weights)
            kept = trimmed(used, rate, sample_weight)
            tree = grow(
                columns,
                restricted(order, kept),
                self._tried(len(columns), random),
                targets,
                used,
                VARIANCE,
                self.max_depth,
            )
            leaves = leaves_of(X, *tree)
            values = self.learning_rate * leaf_values(
                boosting, leaves, 2**self.max_depth, targets, used, kept
            )
            trees.append((*tree, values))
            scores += values[leaves]
            weights = next_weights(boosting, labels, weights, values[leaves])
        return [np.array(arrays) for arrays in zip(*trees, strict=True)]

    def _tried(self, count, random):
        if self.max_features is None or self.max_features == 1:
            return np.arange(count)
        return np.sort(
            random.choice(count, max(1, round(self.max_features * count)), replace=False)
        )

    def _classes_of(self, scores):
        if scores.ndim == 1:
            return self.classes_[(scores > 0).astype(np.intp)]
        greatest = scores.max(axis=1, keepdims=True) - _EQUAL
        return self.classes_[(scores >= greatest).argmax(axis=1)]

    def _probabilities(self, scores):
        log_odds = scores if self.boosting == "discrete" else 2 * scores
        if scores.ndim == 1:
            log_odds = np.column_stack([-log_odds, log_odds])
        logarithms = -np.logaddexp(0, -log_odds)  # of 1 / (1 + exp(-log_odds))
        shares = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)
