"""Curves and numbers of scores: how well the scores of what is right lie above the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classicvision._checks import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class RocCurve(NamedTuple):
    """The receiver operating characteristic: true against false positives, by threshold.

    Attributes
    ----------
    false_positive_rate : ndarray of float64, shape (k,)
        The share of the wrong ones whose score is at least the threshold; from 0 to 1.
    true_positive_rate : ndarray of float64, shape (k,)
        The share of the right ones whose score is at least the threshold; from 0 to 1.
    thresholds : ndarray of float64, shape (k,)
        Falling; the first is infinite, which no score reaches.
    """

    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Return the area under precision against recall, as scikit-learn does.

    Parameters
    ----------
    labels : array_like of bool or of 0 and 1, shape (n,)
        What is right; at least one is.
    scores : array_like, shape (n,)
        The higher, the surer; for distances give ``-distances``. Finite.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    TypeError
        For labels or scores that are no numbers.
    ValueError
        For unequal or other shapes, labels other than 0 and 1, no right one, or scores that are
        not finite.

    Notes
    -----
    The thresholds are the scores that occur; equal scores are taken in together, so that their
    order does not matter. Each step of recall counts with the precision at its end; nothing is
    interpolated. Equals ``sklearn.metrics.average_precision_score`` to rounding.

    References
    ----------
    .. [1] E. M. Voorhees and D. K. Harman, "TREC: Experiment and Evaluation in Information
           Retrieval", 2005, chapter 3.

    Examples
    --------
    >>> import classicvision as cv
    >>> round(cv.evaluation.average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]), 4)
    0.8333
    """
    labels, scores = _checked(labels, scores, wrong_needed=False)
    hits, misses, _ = _cumulative(labels, scores)
    recall = hits / hits[-1]
    return float((np.diff(recall, prepend=0) * (hits / (hits + misses))).sum())


def roc_curve(labels: ArrayLike, scores: ArrayLike, *, drop_intermediate: bool = True) -> RocCurve:
    """Return the receiver operating characteristic, point by point as scikit-learn does.

    Parameters
    ----------
    labels : array_like of bool or of 0 and 1, shape (n,)
        What is right; at least one is, and at least one is not.
    scores : array_like, shape (n,)
        The higher, the surer; for distances give ``-distances``. Finite.
    drop_intermediate : bool
        Whether to leave out points on a straight line between their neighbours, which change
        nothing in the curve.

    Returns
    -------
    RocCurve
        ``(false_positive_rate, true_positive_rate, thresholds)``, from (0, 0) to (1, 1).

    Raises
    ------
    TypeError
        For labels or scores that are no numbers.
    ValueError
        For unequal or other shapes, labels other than 0 and 1, labels that are all alike, or
        scores that are not finite.

    References
    ----------
    .. [1] T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006.

    Examples
    --------
    >>> import classicvision as cv
    >>> curve = cv.evaluation.roc_curve([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    >>> curve.false_positive_rate, curve.true_positive_rate
    (array([0. , 0. , 0.5, 0.5, 1. ]), array([0. , 0.5, 0.5, 1. , 1. ]))
    >>> curve.thresholds
    array([inf, 0.9, 0.8, 0.7, 0.1])
    """
    labels, scores = _checked(labels, scores, wrong_needed=True)
    hits, misses, thresholds = _cumulative(labels, scores)
    if drop_intermediate and len(hits) > 2:
        turns = np.diff(hits, 2).astype(bool) | np.diff(misses, 2).astype(bool)
        kept = np.concatenate([[True], turns, [True]])
        hits, misses, thresholds = hits[kept], misses[kept], thresholds[kept]
    return RocCurve(
        np.append(0, misses) / misses[-1],
        np.append(0, hits) / hits[-1],
        np.append(np.inf, thresholds),
    )


def equal_error_rate(
    labels: ArrayLike, scores: ArrayLike, *, return_threshold: bool = False
) -> float | tuple[float, float]:
    """Return the error where as many right ones are refused as wrong ones let through, in shares.

    Parameters
    ----------
    labels, scores
        As for :func:`roc_curve`.
    return_threshold : bool
        Whether to return the threshold too.

    Returns
    -------
    float
        0 where a threshold separates all, about 0.5 for scores without meaning.
    threshold : float
        If asked for: that of the point of the curve where the two shares are closest, the higher
        one of equals; scores of at least that are let through.

    Raises
    ------
    TypeError, ValueError
        As :func:`roc_curve`.

    Notes
    -----
    It is where the straight lines between the points of the ROC curve meet the diagonal
    ``false positives = 1 - true positives``.

    Examples
    --------
    >>> import classicvision as cv
    >>> labels, scores = [1, 1, 1, 0, 1, 0, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2, 0.1]
    >>> cv.evaluation.equal_error_rate(labels, scores, return_threshold=True)
    (0.25, 0.6)
    """
    false, true, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    excess = false + true - 1  # rises from -1 to 1
    after = int(np.argmax(excess >= 0))
    share = excess[after] / (excess[after] - excess[after - 1])
    rate = float(false[after] - share * (false[after] - false[after - 1]))
    if not return_threshold:
        return rate
    return rate, float(thresholds[1:][np.abs(excess[1:]).argmin()])


def ndcg(relevance: ArrayLike, scores: ArrayLike, *, k: int | None = None) -> float:
    """Return the normalised discounted cumulative gain of graded relevance, as scikit-learn does.

    Parameters
    ----------
    relevance : array_like, shape (n,) or (queries, n)
        How much each item is worth, at least 0.
    scores : array_like of the same shape
        What the items are ranked by, the highest first. Finite.
    k : int, optional
        Only the first k count, at least 1; all if None.

    Returns
    -------
    float
        0 to 1, the mean over the queries; 0 for a query where nothing is worth anything.

    Raises
    ------
    TypeError
        For relevance or scores that are no numbers.
    ValueError
        For unequal or other shapes, no items, negative relevance, or values that are not finite.

    Notes
    -----
    The item at rank r adds its relevance / log2(r + 1); the sum is divided by that of the best
    order. Items of equal scores share the mean over all their orders. Equals
    ``sklearn.metrics.ndcg_score`` to rounding.

    References
    ----------
    .. [1] K. Jarvelin and J. Kekalainen, "Cumulated gain-based evaluation of IR techniques", ACM
           Transactions on Information Systems 20, 2002.

    Examples
    --------
    >>> import classicvision as cv
    >>> round(cv.evaluation.ndcg([3, 2, 0, 1], [0.9, 0.3, 0.8, 0.1]), 4)
    0.9305
    """
    relevance = np.atleast_2d(_numbers(relevance, "relevance"))
    scores = np.atleast_2d(_numbers(scores, "scores"))
    if relevance.shape != scores.shape or relevance.ndim != 2 or relevance.size == 0:
        raise ValueError(
            "relevance and scores must have one shape, (n,) or (queries, n), with n of at least "
            f"1, got {relevance.shape} and {scores.shape}"
        )
    if (relevance < 0).any():
        raise ValueError(f"relevance must be at least 0, got {relevance.min()}")
    k = relevance.shape[1] if k is None else check_number(k, "k", at_least=1, integer=True)
    discounts = 1 / np.log2(np.arange(relevance.shape[1]) + 2)
    discounts[k:] = 0
    gains = [_gain(*query, discounts) for query in zip(relevance, scores, strict=True)]
    best = np.sort(relevance)[:, ::-1] @ discounts
    return float(np.mean(np.divide(gains, best, out=np.zeros_like(best), where=best > 0)))


def _gain(relevance, scores, discounts):
    """Return the discounted gain, where items of one score share their mean."""
    _, group, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    totals = np.append(0, np.cumsum(discounts))
    weights = totals[ends] - totals[ends - sizes]
    return np.bincount(group, relevance) / sizes @ weights


def _cumulative(labels, scores):
    """Return right and wrong ones at each threshold, and the thresholds: the scores, falling."""
    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    hits = np.cumsum(labels[order])[last]
    return hits, last + 1 - hits, scores[last]


def _checked(labels, scores, wrong_needed):
    """Return labels as bool and scores as float64."""
    labels, scores = _numbers(labels, "labels"), _numbers(scores, "scores")
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(
            f"labels and scores must have one shape (n,), got {labels.shape} and {scores.shape}"
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels must be bool, or 0 and 1; compare them: labels == the right one")
    right = int(labels.sum())
    if right == 0 or (wrong_needed and right == len(labels)):
        wanted = "a right one and a wrong one" if wrong_needed else "a right one"
        raise ValueError(f"labels must have {wanted}, got {right} right of {len(labels)}")
    return labels.astype(bool), scores


def _numbers(values, name):
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers, got dtype {array.dtype}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array
