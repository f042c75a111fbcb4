"""Boosting as in Friedman, Hastie and Tibshirani's algorithms 1 to 4, sample by sample.

The trees are given: for each round, the leaf into which each sample falls.
"""

import math


def boost(boosting, labels, rounds, start):
    """Return the scores after all rounds, and the weights under which each tree was fitted."""
    algorithm = {"discrete": discrete, "real": real, "gentle": gentle, "logit": logit}[boosting]
    return algorithm(labels, rounds, [weight / sum(start) for weight in start])


def samples_of(leaves):
    return [[i for i, leaf in enumerate(leaves) if leaf == chosen] for chosen in set(leaves)]


def discrete(labels, rounds, weights):
    scores, history = [0.0] * len(labels), []
    for leaves in rounds:
        history.append(weights)
        classes = [0] * len(labels)
        for leaf in samples_of(leaves):
            vote = sum(weights[i] * labels[i] for i in leaf)
            for i in leaf:
                classes[i] = 1 if vote > 0 else -1
        error = sum(w for w, y, f in zip(weights, labels, classes, strict=True) if y != f)
        c = math.log((1 - error) / error)
        scores = [score + c * f for score, f in zip(scores, classes, strict=True)]
        raised = zip(weights, labels, classes, strict=True)
        weights = normalized([w * math.exp(c * (y != f)) for w, y, f in raised])
    return scores, history


def real(labels, rounds, weights):
    def value(leaf):
        positive = sum(weights[i] for i in leaf if labels[i] > 0)
        negative = sum(weights[i] for i in leaf if labels[i] < 0)
        # The paper's half log(p / (1 - p)), smoothed by 1e-4 of the weight, which is 1.
        return math.log((positive + 1e-4) / (negative + 1e-4)) / 2

    return exponential(labels, rounds, weights, value)


def gentle(labels, rounds, weights):
    def value(leaf):
        return sum(weights[i] * labels[i] for i in leaf) / sum(weights[i] for i in leaf)

    return exponential(labels, rounds, weights, value)


def exponential(labels, rounds, weights, value):
    """Algorithms 2 and 4 differ in what a leaf adds; ``value`` reads the list of weights."""
    scores, history = [0.0] * len(labels), []
    for leaves in rounds:
        history.append(list(weights))
        added = {i: amount for leaf in samples_of(leaves) for amount in [value(leaf)] for i in leaf}
        scores = [score + added[i] for i, score in enumerate(scores)]
        weights[:] = normalized(
            [w * math.exp(-labels[i] * added[i]) for i, w in enumerate(weights)]
        )
    return scores, history


def logit(labels, rounds, start):
    scores, history = [0.0] * len(labels), []
    for leaves in rounds:
        p = [math.exp(s) / (math.exp(s) + math.exp(-s)) for s in scores]
        weights = normalized([w * q * (1 - q) for w, q in zip(start, p, strict=True)])
        responses = [((y > 0) - q) / (q * (1 - q)) for y, q in zip(labels, p, strict=True)]
        responses = [max(-4.0, min(4.0, z)) for z in responses]
        history.append(weights)
        for leaf in samples_of(leaves):
            total = sum(weights[i] for i in leaf)
            fitted = sum(weights[i] * responses[i] for i in leaf) / total
            for i in leaf:
                scores[i] += fitted / 2
    return scores, history


def normalized(weights):
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def trimmed(weights, rate):
    """Leave out one after the other, from the lightest on, until they make up 1 - rate."""
    ascending, removed, first = sorted(weights), 0, 0
    while removed < (1 - rate) * sum(weights) and first < len(weights) - 1:
        removed += ascending[first]
        first += 1
    return [weight >= ascending[first] * (1 - 1e-12) for weight in weights]
