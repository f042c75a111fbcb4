"""The smallest decision tree: one threshold on one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from classicvision._checks import check_option
from classicvision.learning._inputs import check_samples, check_training
from classicvision.learning.small_tree import leaves_of
from classicvision.learning.splits import CRITERIA, best_split, sorted_order, threshold_between

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self


class DecisionStump(ClassifierMixin, BaseEstimator):
    """Tell two classes apart by a threshold on the one column that does it best.

    Parameters
    ----------
    criterion : {"variance", "error"}
        What is made as small as possible: the weighted variance of the labels -1 and 1 on both
        sides, which is the Gini impurity but for a factor, or the misclassified weight.

    Attributes
    ----------
    column_ : int
        The column that is looked at.
    threshold_ : float
        Samples with a smaller value go left, all others right; infinite where every column has
        one value only, so that nothing can be told apart.
    values_ : ndarray of float64, shape (2,)
        The weighted mean of the labels, -1 for the first class and 1 for the second, left and
        right of the threshold.
    gain_ : float
        The criterion's gain as `classicvision.learning.splits` defines it.
    classes_ : ndarray, shape (2,)
        The classes in ascending order.
    n_features_in_ : int
        The number of columns.
    feature_names_in_ : ndarray of str
        The names of the columns, if they had any.

    See Also
    --------
    AdaBoostClassifier : many of these, for any number of classes.

    Notes
    -----
    1. Every column is sorted.
    2. Two running sums over the sorted samples, of weights and of weights times labels, give the
       gain of every place between two different values.
    3. The threshold is in the middle of the two values around the best place: of the column's
       type, and never the lower of the two. Of equally good places (to 1e-12, which is rounding)
       the one in the first column with the lowest threshold is taken.

    Columns of float32 are kept as they are; all sums are float64. Memory: the samples once more,
    and 4 bytes for each value.

    References
    ----------
    W. Iba and P. Langley, "Induction of one-level decision trees", International Conference on
    Machine Learning, 1992.

    Examples
    --------
    >>> stump = DecisionStump().fit([[0, 5], [1, 7], [2, 1], [3, 2]], ["a", "a", "b", "b"])
    >>> stump.column_, stump.threshold_
    (0, 1.5)
    >>> stump.predict([[1.4, 0], [1.5, 0]])
    array(['a', 'b'], dtype='<U1')
    """

    def __init__(self, *, criterion: str = "variance"):
        self.criterion = criterion

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Find the threshold.

        Parameters
        ----------
        X : array_like, shape (n, p)
            One sample in each row; finite numbers.
        y : array_like, shape (n,)
            The class of each sample, of two.
        sample_weight : array_like, shape (n,), optional
            Not negative; equal by default.

        Returns
        -------
        DecisionStump

        Raises
        ------
        ValueError
            For samples, classes or weights that do not match or are out of range, other than two
            classes, or an unknown criterion.
        """
        criterion = CRITERIA[check_option(self.criterion, "criterion", tuple(CRITERIA))]
        X, classes, weights = check_training(self, X, y, sample_weight)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported: y has {len(self.classes_)} classes; "
                "use AdaBoostClassifier, or sklearn.multiclass.OneVsRestClassifier around this"
            )
        labels = 2.0 * classes - 1
        columns = np.ascontiguousarray(X.T)
        self.gain_, self.column_, low, high = best_split(
            columns, sorted_order(columns), np.arange(len(columns)), labels, weights, criterion
        )
        self.column_ = max(self.column_, 0)  # -1: no column has two values
        self.threshold_ = threshold_between(low, high, X.dtype)
        sides = self._sides(np.ascontiguousarray(X))
        totals = np.bincount(sides, weights, 2)
        sums = np.bincount(sides, weights * labels, 2)
        self.values_ = sums / np.where(totals > 0, totals, 1)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return for each sample the mean label on its side, positive for the second class.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Returns
        -------
        ndarray of float64, shape (n,)
            From -1 to 1.
        """
        sides = self._sides(check_samples(self, X))
        return self.values_[sides]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return for each sample the share of the weight that each class has on its side.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Returns
        -------
        ndarray of float64, shape (n, 2)
            In the order of ``classes_``.
        """
        second = (self.decision_function(X) + 1) / 2
        return np.column_stack([1 - second, second])

    def predict(self, X: ArrayLike) -> NDArray:
        """Return for each sample the heavier class on its side, of equally heavy ones the first.

        Parameters
        ----------
        X : array_like, shape (n, p)

        Returns
        -------
        ndarray, shape (n,)
        """
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(np.intp)]

    def _sides(self, X):  # 0 left, 1 right
        return leaves_of(X, np.array([self.column_]), np.array([self.threshold_]))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
