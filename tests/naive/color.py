"""Colour histograms, their comparison, and chromaticities, pixel by pixel and bin by bin."""

import math

import numpy as np


def chromaticity(pixel):
    total = sum(float(value) for value in pixel)
    shares = [float(value) / total if total else 0.0 for value in pixel]
    return (*shares, total / 3)


def opponent(pixel):
    red, green, blue = (float(value) for value in pixel)
    return red - green, 2 * blue - red - green, red + green + blue


def bin_of(value, low, high, count):
    """The bin of a value; None outside. The upper end belongs to the last bin."""
    if not low <= value <= high:
        return None
    factor = count / (high - low)
    return min(math.floor(value * factor - factor * low), count - 1)


def histogram(channels, ranges, bins):
    """Count pixels (n, c) whose channels all lie in their ranges."""
    result = np.zeros(bins)
    for pixel in channels:
        numbers = [
            bin_of(float(value), *limits, count)
            for value, limits, count in zip(pixel, ranges, bins, strict=True)
        ]
        if None not in numbers:
            result[tuple(numbers)] += 1
    return result


def soft_histogram(channels, ranges, bins, circular=()):
    """Share each pixel among all bins by how near their centres are, one bin away at most."""
    result = np.zeros(bins)
    for pixel in channels:
        shares = []
        for k, (value, (low, high), count) in enumerate(zip(pixel, ranges, bins, strict=True)):
            position = (float(value) - low) / (high - low) * count - 0.5
            if k in circular:
                distances = [
                    min(abs(position + turn - i) for turn in (-count, 0, count))
                    for i in range(count)
                ]
            else:
                position = min(max(position, 0), count - 1)
                distances = [abs(position - i) for i in range(count)]
            weights = [max(0.0, 1 - distance) for distance in distances]
            shares.append(np.array(weights) / sum(weights))
        product = shares[0]
        for share in shares[1:]:
            product = np.multiply.outer(product, share)
        result += product
    return result


def _ratio(above, below):
    return above / below if below else 0.0


def kullback_leibler(h, g):
    return sum(a * math.log(a / (b or 1e-10)) for a, b in zip(h, g, strict=True) if a)


def compare(h, g, metric):
    """The measure between two histograms of one dimension, lists of floats."""
    pairs = list(zip(h, g, strict=True))
    total_h, total_g = sum(h), sum(g)
    cumulative = np.cumsum(h) - np.cumsum(g)
    if metric == "intersection":
        common = sum(min(pair) for pair in pairs)
        return (_ratio(common, total_h) + _ratio(common, total_g)) / 2
    if metric == "euclidean":
        return math.sqrt(sum((a - b) ** 2 for a, b in pairs))
    if metric == "chi2":
        return sum(_ratio((a - b) ** 2, a + b) for a, b in pairs)
    if metric == "bhattacharyya":
        affinity = sum(math.sqrt(a * b) for a, b in pairs)
        return math.sqrt(max(0.0, 1 - _ratio(affinity, math.sqrt(total_h * total_g))))
    if metric == "kl":
        return kullback_leibler(h, g)
    if metric == "js":
        mean = [(a + b) / 2 for a, b in pairs]
        return (kullback_leibler(h, mean) + kullback_leibler(g, mean)) / 2
    if metric == "correlation":
        h, g = np.array(h) - total_h / len(h), np.array(g) - total_g / len(g)
        spread = math.sqrt((h * h).sum() * (g * g).sum())
        return 1.0 if spread * spread < 2.3e-16 else float((h * g).sum()) / spread
    if metric == "emd":
        return float(np.abs(cumulative).sum())
    return float(np.abs(cumulative).max())
