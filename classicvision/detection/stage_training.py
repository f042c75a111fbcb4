"""One stage of a cascade: boosted trees until few enough windows without the object pass."""

from __future__ import annotations

import dataclasses

import numpy as np

from classicvision.detection.cascade_xml import STAGE_SLACK
from classicvision.learning.boosting import (
    first_weights,
    leaf_values,
    next_weights,
    targets_and_weights,
    trimmed,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Tree:
    """A weak learner.

    Attributes
    ----------
    splits : list of Split
        Its nodes, each before those below it.
    links : ndarray of int32, shape (nodes, 2)
        Left and right: a positive number is a node, otherwise minus a leaf.
    leaves : ndarray of float32, shape (nodes + 1,)
    """

    splits: list
    links: np.ndarray
    leaves: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Stage:
    """Trees, and the sum of leaves that a window needs to pass.

    Attributes
    ----------
    trees : list of Tree
    threshold : numpy.float32
        As it is written to a file; detectors subtract `STAGE_SLACK`.
    passed : ndarray of bool, shape (windows,)
        Which windows pass, by the detector's arithmetic.
    hit_rate, false_alarm_rate : float
        Shares of the windows with and without the object that pass. With windows for
        validation the first is theirs.
    """

    trees: list
    threshold: np.float32
    passed: np.ndarray
    hit_rate: float
    false_alarm_rate: float


def train_stage(
    search,
    labels,
    *,
    boosting,
    min_hit_rate,
    max_false_alarm_rate,
    max_weak_learners,
    max_depth,
    weight_trim_rate,
    rng,
    validation=0,
    progress=None,
):
    """Boost trees until the stage is selective enough, or has as many as it may have.

    Parameters
    ----------
    search : SplitSearch
        Of all windows: those of ``labels``, then those for validation.
    labels : ndarray of float64, shape (n,)
        1 for a window with the object, -1 for one without.
    validation : int
        How many windows with the object follow that are not trained on: the threshold is chosen
        such that enough of them pass.
    progress : callable, optional
        Called with the number of trees, the hit rate and the false alarm rate after each tree.

    Returns
    -------
    Stage, or None if no feature tells any windows apart.
    """
    count, every = len(labels), len(labels) + validation
    scores, weights = np.zeros(every), first_weights(labels)
    positive = np.zeros(every, bool)
    positive[count:] = True
    if not validation:
        positive[:count] = labels > 0
    trees, stage = [], None
    while len(trees) < max_weak_learners:
        targets, weighted = targets_and_weights(boosting, labels, scores[:count], weights)
        kept = trimmed(weighted, weight_trim_rate)
        tree, leaves = _grow(search, kept, targets, weighted, max_depth, boosting, rng)
        if tree is None:
            break
        values = tree.leaves.astype(np.float64)[leaves]
        scores += values  # as the detector: float32 leaves, summed in float64
        weights = next_weights(boosting, labels, weights, values[:count])
        trees.append(tree)
        stage = _with_threshold(trees, scores, positive, labels, min_hit_rate)
        if progress is not None:
            progress(len(trees), stage.hit_rate, stage.false_alarm_rate)
        if stage.false_alarm_rate <= max_false_alarm_rate:
            break
    return stage


def _with_threshold(trees, scores, positive, labels, min_hit_rate):
    ascending = np.sort(scores[positive])
    allowed = int((1 - min_hit_rate) * len(ascending) + 1e-9)  # that may be rejected
    needed = ascending[min(allowed, len(ascending) - 1)]
    threshold = np.float32(needed)
    if threshold > needed:
        threshold = np.nextafter(threshold, np.float32(-np.inf))
    passed = scores >= np.float64(np.float32(threshold - STAGE_SLACK))
    return Stage(
        trees=list(trees),
        threshold=threshold,
        passed=passed,
        hit_rate=float(passed[positive].mean()),
        false_alarm_rate=float(passed[: len(labels)][labels < 0].mean()),
    )


def _grow(search, kept, targets, weights, max_depth, boosting, rng):
    """Grow a tree level by level; return it, and the leaf into which each window falls."""
    active = np.flatnonzero(kept)
    root = search.best(active, targets[active], weights[active], rng)
    if root is None:
        return None, None
    splits, links = [root], [[0, 0]]
    place = np.zeros(search.count, np.int64)  # the node, or minus the leaf less one
    leaves, level, depth = 0, [(0, active)], 0
    while level:
        below, depth = [], depth + 1
        for node, rows in level:
            left = search.goes_left(splits[node])
            here = place == node
            for side, goes in enumerate((left, ~left)):
                chosen = rows[goes[rows]]
                split = None
                if depth < max_depth and len(chosen) > 1:
                    split = search.best(chosen, targets[chosen], weights[chosen], rng)
                if split is None:
                    links[node][side] = -leaves
                    place[here & goes] = -leaves - 1
                    leaves += 1
                else:
                    links[node][side] = len(splits)
                    place[here & goes] = len(splits)
                    below.append((len(splits), chosen))
                    splits.append(split)
                    links.append([0, 0])
        level = below
    leaf = -place - 1
    values = leaf_values(boosting, leaf[: len(kept)], leaves, targets, weights, kept)
    return Tree(splits, np.array(links, np.int32), values.astype(np.float32)), leaf
