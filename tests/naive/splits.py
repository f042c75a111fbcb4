"""The best cut, as its definition says: try every one, add up both sides from the start."""

import math


def gain_of(targets, weights, left, criterion):
    """What a cut gains; ``left`` says of each sample whether it is left of it."""
    sides = []
    for side in (True, False):
        chosen = [k for k in range(len(targets)) if left[k] == side]
        total = math.fsum(weights[k] * targets[k] for k in chosen)
        weight = math.fsum(weights[k] for k in chosen)
        sides.append((total, weight))
    if any(weight <= 1e-12 * sum(weight for _, weight in sides) for _, weight in sides):
        return -math.inf
    if criterion == "variance":
        return sum(total**2 / weight for total, weight in sides)
    return sum(abs(total) for total, _ in sides)


def best_cut(values, targets, weights, criterion):
    """The gain and the position of the first best cut of samples in ascending order."""
    best, position = -math.inf, 0
    for k in range(1, len(values)):
        if values[k - 1] == values[k]:
            continue
        gain = gain_of(targets, weights, [j < k for j in range(len(values))], criterion)
        if gain > best + 1e-12 * abs(best) or (gain > best == -math.inf):
            best, position = gain, k
    return best, position
