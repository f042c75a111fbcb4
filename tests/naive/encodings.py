"""Encodings of images by their definitions, descriptor by descriptor, in float64."""

import numpy as np


def nearest_words(descriptors, centers, k=1):
    """The k nearest words of each descriptor, of equally near ones the first, and distances."""
    words, squared = [], []
    for row in np.asarray(descriptors, np.float64):
        distances = [float(((row - center) ** 2).sum()) for center in np.float64(centers)]
        nearest = sorted(range(len(centers)), key=lambda w: distances[w])[:k]
        words.append(nearest)
        squared.append([distances[w] for w in nearest])
    return np.array(words, int).reshape(-1, k), np.array(squared).reshape(-1, k)


def soft_counts(descriptors, centers, k, bandwidth):
    """The codeword uncertainty of van Gemert, among the k nearest words."""
    counts = np.zeros(len(centers))
    for words, squared in zip(*nearest_words(descriptors, centers, k), strict=True):
        weights = [np.exp(-distance / (2 * bandwidth**2)) for distance in squared]
        for word, weight in zip(words, weights, strict=True):
            counts[word] += weight / sum(weights)
    return counts


def pyramid_counts(descriptors, points, shape, centers, levels):
    """Lazebnik's weighted histograms, level by level, cell by cell."""
    words = nearest_words(descriptors, centers)[0][:, 0]
    rows, columns = shape
    histograms = []
    for level in range(levels):
        weight = 1 / 2 ** (levels - 1) if level == 0 else 1 / 2 ** (levels - level)
        side = 2**level
        cells = np.zeros((side, side, len(centers)))
        for word, (x, y) in zip(words, points, strict=True):
            row = min(int((y + 0.5) / rows * side), side - 1)
            column = min(int((x + 0.5) / columns * side), side - 1)
            cells[row, column, word] += weight
        histograms.append(cells.ravel())
    return np.concatenate(histograms)


def vlad(descriptors, centers, *, residual, root, intra):
    sums = np.zeros(np.shape(centers))
    for row, word in zip(descriptors, nearest_words(descriptors, centers)[0][:, 0], strict=True):
        difference = np.float64(row) - centers[word]
        if residual and difference.any():
            difference = difference / np.sqrt((difference**2).sum())
        sums[word] += difference
    if root:
        sums = np.sign(sums) * np.sqrt(np.abs(sums))
    if intra:
        for part in sums:
            if part.any():
                part /= np.sqrt((part**2).sum())
    length = np.sqrt((sums**2).sum())
    return (sums / length if length else sums).ravel()


def fisher_vector(descriptors, weights, means, variances):
    """The gradients for weights, means and deviations, before any normalization."""
    n, (k, d) = len(descriptors), means.shape
    for_weights, for_means, for_deviations = np.zeros(k), np.zeros((k, d)), np.zeros((k, d))
    for row in np.asarray(descriptors, np.float64):
        logs = np.array(
            [
                np.log(weights[i])
                - 0.5 * np.sum(np.log(2 * np.pi * variances[i]))
                - 0.5 * np.sum((row - means[i]) ** 2 / variances[i])
                for i in range(k)
            ]
        )
        responsibilities = np.exp(logs - logs.max())
        responsibilities /= responsibilities.sum()
        for i, q in enumerate(responsibilities):
            away = (row - means[i]) / np.sqrt(variances[i])
            for_weights[i] += (q - weights[i]) / np.sqrt(weights[i]) / n
            for_means[i] += q * away / np.sqrt(weights[i]) / n
            for_deviations[i] += q * (away**2 - 1) / np.sqrt(2 * weights[i]) / n
    return for_weights, for_means, for_deviations
