"""Average precision of one ranking, walked down name by name; gains over all orders of ties."""

import itertools
import math

import numpy as np


def naive_plain_precision(ranking, positives, junk):
    """Return the mean of the precision at each positive, from its definition."""
    kept = [name for name in ranking if name not in junk]
    total = 0.0
    for rank, name in enumerate(kept, 1):
        if name in positives:
            total += sum(other in positives for other in kept[:rank]) / rank
    return total / len(positives)


def naive_trapezoid_precision(ranking, positives, junk):
    """Return the area as published with the Oxford Buildings: trapezoids from (0, 1) on."""
    recall, precision, area, right, seen = 0.0, 1.0, 0.0, 0, 0
    for name in ranking:
        if name in junk:
            continue
        seen += 1
        right += name in positives
        area += (right / len(positives) - recall) * (precision + right / seen) / 2
        recall, precision = right / len(positives), right / seen
    return area


def naive_gain(relevance, scores, k):
    """Return the discounted gain of the first k, the mean over all orders with falling scores."""
    gains = [
        sum(relevance[item] / math.log2(rank + 2) for rank, item in enumerate(order[:k]))
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    return np.mean(gains)
