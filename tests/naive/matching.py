"""All distances, sorted, by the definition."""

import numpy as np


def distances(a, b, hamming):
    if hamming:
        return [[int(np.unpackbits(row ^ other).sum()) for other in b] for row in a]
    rows, others = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return [[float(np.sqrt(((row - other) ** 2).sum())) for other in others] for row in rows]


def match(a, b, ratio, mutual, hamming=False):
    """Return pairs and distances: the nearest of b, of equals the first."""
    table = distances(a, b, hamming)
    pairs, found = [], []
    for i, row in enumerate(table):
        order = sorted(range(len(row)), key=lambda j: (row[j], j))
        nearest = order[0]
        if ratio is not None and len(order) > 1 and not row[nearest] < ratio * row[order[1]]:
            continue
        back = min(range(len(table)), key=lambda m: (table[m][nearest], m))
        if not mutual or back == i:
            pairs.append([i, nearest])
            found.append(row[nearest])
    return pairs, found
