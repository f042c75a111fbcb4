"""Boosting: how each round of the four classic algorithms weighs its samples and its leaves.

A round fits a small tree to ``targets`` under ``weights`` and adds the value of the leaf that a
sample falls into to the sample's score; the sign of the score is the class. What follows says
what the targets, the values and the next weights are. How the tree is found is not said here:
the cascade trainer searches image features, `AdaBoostClassifier` columns of an array.

References
----------
.. [1] J. Friedman, T. Hastie and R. Tibshirani, "Additive logistic regression: a statistical
   view of boosting", The Annals of Statistics 28(2), 2000: discrete (section 3, algorithm 1),
   real (algorithm 2), LogitBoost (section 4, algorithm 3), gentle (algorithm 4), weight trimming
   (section 9).
.. [2] Y. Freund and R. Schapire, "A decision-theoretic generalization of on-line learning and an
   application to boosting", Journal of Computer and System Sciences 55(1), 1997.
.. [3] R. Schapire and Y. Singer, "Improved boosting algorithms using confidence-rated
   predictions", Machine Learning 37(3), 1999, section 4.2: smoothing of real leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOOSTINGS = ("discrete", "real", "gentle", "logit")
_LARGEST_TARGET = 4.0  # of LogitBoost; the paper says 2 to 4 work well
_LEAST_WEIGHT = 2 * np.finfo(np.float64).eps  # of LogitBoost, before the sum is made 1
_LEAST_ERROR = 1e-7  # of a discrete tree, and the most is 1 less that: log((1 - e) / e) is finite
_SMOOTHING = 1e-4  # of all weight, added to both classes in a real leaf: few samples say little


def split_criterion(boosting: str) -> str:
    """Return what a split is to make small: "error" (misclassified weight) or "variance".

    For two classes the variance of the labels is the Gini impurity, but for a factor. These are
    the criteria of OpenCV's cascades. Trees of discrete AdaBoost may also go by variance, as those
    of `AdaBoostClassifier` do.
    """
    return "error" if boosting == "discrete" else "variance"


def first_weights(labels: NDArray, sample_weight: NDArray | None = None) -> NDArray[np.float64]:
    """Return the weights of the first round: equal, or those given, with sum 1."""
    weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, float)
    return weights / weights.sum()


def targets_and_weights(
    boosting: str, labels: NDArray, scores: NDArray, weights: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the next tree is fitted to, and under which weights.

    Parameters
    ----------
    boosting : {"discrete", "real", "gentle", "logit"}
    labels : ndarray of float64, shape (n,)
        -1 and 1.
    scores : ndarray of float64, shape (n,)
        Sums of leaves so far, 0 at first.
    weights : ndarray of float64, shape (n,)
        Those of `first_weights` or of `next_weights`.

    Returns
    -------
    targets, weights : ndarray of float64, shape (n,)
        The labels and the weights as they are; LogitBoost's working responses, cut at 4, and
        the weights times the variance p (1 - p), with sum 1.
    """
    if boosting != "logit":
        return labels, weights
    # The score is half the log of the odds of class 1, whose probability is p. The target is
    # 1 / p or -1 / (1 - p); written with the odds, nothing is lost where p is next to 0 or 1.
    odds_against = np.exp(np.minimum(-2 * labels * scores, 700))
    targets = labels * np.minimum(1 + odds_against, _LARGEST_TARGET)
    odds = np.exp(-2 * np.abs(scores))
    working = np.maximum(odds / (1 + odds) ** 2, _LEAST_WEIGHT) * weights
    return targets, working / working.sum()


def leaf_values(
    boosting: str,
    leaves: NDArray[np.intp],
    count: int,
    targets: NDArray,
    weights: NDArray,
    kept: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return what each leaf of a tree adds to the scores of the samples in it.

    Parameters
    ----------
    boosting : {"discrete", "real", "gentle", "logit"}
    leaves : ndarray of intp, shape (n,)
        The leaf into which each sample falls.
    count : int
        How many leaves the tree has.
    targets, weights : ndarray of float64, shape (n,)
        Those of `targets_and_weights`.
    kept : ndarray of bool, shape (n,), optional
        The samples that the tree was fitted to, of `trimmed`: the others do not count, except
        for e of the discrete kind, as in OpenCV.

    Returns
    -------
    ndarray of float64, shape (count,)
        Gentle: the mean target. LogitBoost: half of it. Real: half the log of the ratio of the
        weights of the classes, after each got 1e-4 of the weight of all leaves, without which a
        leaf of one sample could outvote all other trees [3]_. Discrete: the leaf's class, -1
        where both weigh the same, times log((1 - e) / e), where e is the share of the weight
        that the tree misclassifies, at least 1e-7. Leaves without weight get 0.
    """
    fitted = weights if kept is None else np.where(kept, weights, 0)
    total = np.bincount(leaves, fitted, count)
    mean = np.bincount(leaves, fitted * targets, count) / np.where(total > 0, total, 1)
    if boosting == "gentle":
        return mean
    if boosting == "logit":
        return mean / 2
    if boosting == "real":
        positive, negative = total * (1 + mean) / 2, total * (1 - mean) / 2
        smoothing = _SMOOTHING * total.sum()
        return np.log((positive + smoothing) / (negative + smoothing)) / 2
    classes = np.where(total > 0, np.where(mean > 0, 1.0, -1.0), 0.0)
    wrong = weights[classes[leaves] * targets < 0].sum() / weights.sum()
    wrong = min(max(wrong, _LEAST_ERROR), 1 - _LEAST_ERROR)
    return classes * np.log((1 - wrong) / wrong)


def next_weights(
    boosting: str, labels: NDArray, weights: NDArray, values: NDArray
) -> NDArray[np.float64]:
    """Return the weights of the next round, with sum 1.

    Parameters
    ----------
    boosting : {"discrete", "real", "gentle", "logit"}
        LogitBoost computes its weights from the scores: it keeps those given.
    labels, weights : ndarray of float64, shape (n,)
    values : ndarray of float64, shape (n,)
        What the round added to the score of each sample.
    """
    if boosting == "logit":
        return weights
    if boosting == "discrete":
        weights = np.where(labels * values < 0, weights * np.exp(np.abs(values)), weights)
    else:
        weights = weights * np.exp(-labels * values)
    return weights / weights.sum()


def trimmed(
    weights: NDArray, rate: float, sample_weight: NDArray | None = None
) -> NDArray[np.bool_]:
    """Say which samples the next tree is fitted to: those that make up ``rate`` of the weight.

    As OpenCV does, the lightest samples are left out until they make up ``1 - rate``; samples
    of equal weight (to 1e-12, which is rounding) stay or go together. At a rate of 1 all stay,
    at 0 the heaviest. A sample with a ``sample_weight`` of 3, say, counts as three equal ones.
    """
    if rate >= 1:
        return np.ones(len(weights), bool)
    each = weights if sample_weight is None else weights / sample_weight
    ascending = np.argsort(each, kind="stable")
    sums = np.cumsum(weights[ascending])
    lighter = sums - each[ascending]  # what is left out before a sample's last copy
    first = np.count_nonzero(lighter < (1 - rate) * sums[-1])
    return each >= each[ascending[min(first, len(weights) - 1)]] * (1 - 1e-12)
