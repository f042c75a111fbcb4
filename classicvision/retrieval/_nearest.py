"""The nearest words of descriptors, exactly: found by a matrix product, then made sure of."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel

_SCORES = 1 << 21  # products in memory at a time: 8 MB
_ROUNDING = 2.0**-24


@kernel
def _select(products, half_norms, longest, rows, centers, words, squared):
    # r = rows, w = words, j = dimensions, k = places, the nearest first
    n, n_words = products.shape
    d, k = rows.shape[1], words.shape[1]
    least = np.empty(k, np.float32)
    for r in range(n):
        length = 0.0
        for j in range(d):
            length += np.float64(rows[r, j]) * np.float64(rows[r, j])
        # What rounding can do to the difference of two values, in whatever order they are summed.
        slack = 4 * _ROUNDING * ((d + 2) * np.sqrt(length) * longest + longest * longest)
        least[:] = np.inf
        for w in range(n_words):
            value = half_norms[w] - products[r, w]
            if value < least[k - 1]:
                place = k - 1
                while place > 0 and least[place - 1] > value:
                    least[place] = least[place - 1]
                    place -= 1
                least[place] = value
        limit = np.float32(least[k - 1] + slack)
        found = 0
        for w in range(n_words):
            if half_norms[w] - products[r, w] <= limit:
                exact = 0.0
                for j in range(d):
                    difference = np.float64(rows[r, j]) - np.float64(centers[w, j])
                    exact += difference * difference
                if found < k or exact < squared[r, k - 1]:
                    place = min(found, k - 1)
                    while place > 0 and squared[r, place - 1] > exact:
                        squared[r, place] = squared[r, place - 1]
                        words[r, place] = words[r, place - 1]
                        place -= 1
                    squared[r, place], words[r, place] = exact, w
                    found = min(found + 1, k)


class NearestWords:
    """Find the nearest of some words, which do not change.

    Parameters
    ----------
    centers : ndarray of float32, shape (n_words, d)

    Notes
    -----
    1. The product of descriptors and words gives ``|c|^2 / 2 - x.c``, which is least for the
       nearest word, in float32 and in blocks that take 8 MB.
    2. Words whose value exceeds the least by no more than rounding can explain are compared by
       their distance, summed in float64.

    So words do not depend on the block, the number of threads or the library behind the product:
    of equally near ones it is the first.
    """

    def __init__(self, centers):
        self._centers = np.require(centers, np.float32, ["C", "W"])
        norms = np.einsum("ij,ij->i", self._centers, self._centers, dtype=np.float64)
        self._half_norms = (norms / 2).astype(np.float32)
        self._longest = float(np.sqrt(norms.max(initial=0)))

    def find(self, rows, k=1):
        """Return the k nearest words of each row and their squared distances.

        Parameters
        ----------
        rows : ndarray of float32, shape (n, d)
            C-contiguous and finite.
        k : int
            At most the number of words.

        Returns
        -------
        words : ndarray of int32, shape (n, k)
        squared : ndarray of float64, shape (n, k)
        """
        words = np.zeros((len(rows), k), np.int32)
        squared = np.zeros((len(rows), k))
        block = max(16, _SCORES // len(self._centers))
        for begin in range(0, len(rows), block):
            end = begin + block
            part = rows[begin:end]
            products = part @ self._centers.T
            _select(
                products,
                self._half_norms,
                self._longest,
                part,
                self._centers,
                words[begin:end],
                squared[begin:end],
            )
        return words, squared
