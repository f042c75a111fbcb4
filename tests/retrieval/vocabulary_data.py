"""Descriptors to learn visual words from, for the tests."""

import numpy as np


def blobs(rng, n=900, words=9, d=8, spread=0.05):
    """Descriptors around far corners, and the corner of each."""
    corners = rng.choice(2**d, words, replace=False)[:, None] >> np.arange(d) & 1
    labels = rng.integers(words, size=n)
    return (corners[labels] + rng.normal(0, spread, (n, d))).astype(np.float32), labels


def options(method):
    return {"method": method, "branching": 3, "batch_size": 64, "random_state": 0}


class Images:
    """Arrays that are made anew whenever they are gone through."""

    def __init__(self, count, rows=200, d=8):
        self.count, self.rows, self.d = count, rows, d

    def __iter__(self):
        for number in range(self.count):
            yield blobs(np.random.default_rng([number // 50, 7]), self.rows, d=self.d)[0]
