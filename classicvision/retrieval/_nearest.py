"""The nearest words of descriptors, exactly: found by a matrix product, then made sure of."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel

_SCORES = 1 << 21  # products in memory at a time: 8 MB
_ROUNDING = 2.0**-24


# Four sums side by side take a third of the time of one, and are the same on all machines.
@kernel(inline=True)
def _squared_distance(a, b):
    n = a.shape[0]
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for j in range(0, n - 3, 4):
        d0 = np.float64(a[j]) - np.float64(b[j])
        d1 = np.float64(a[j + 1]) - np.float64(b[j + 1])
        d2 = np.float64(a[j + 2]) - np.float64(b[j + 2])
        d3 = np.float64(a[j + 3]) - np.float64(b[j + 3])
        s0 += d0 * d0
        s1 += d1 * d1
        s2 += d2 * d2
        s3 += d3 * d3
    for j in range(n - n % 4, n):
        d0 = np.float64(a[j]) - np.float64(b[j])
        s0 += d0 * d0
    return (s0 + s1) + (s2 + s3)


# Only an error bound depends on it, with room to spare: the sum may be reordered, 6 times as fast.
@kernel(inline=True, fastmath={"reassoc", "contract"})
def _length(row):
    total = np.float32(0)
    for j in range(row.shape[0]):
        total += row[j] * row[j]
    return np.sqrt(np.float64(total))


@kernel
def _select(products, half_norms, longest, rows, centers, words, squared):
    # r = rows, w = words, d = dimensions, k = places, the nearest first
    n, n_words = products.shape
    d, k = rows.shape[1], words.shape[1]
    least = np.empty(k, np.float32)
    for r in range(n):
        row = rows[r]
        # What rounding can do to the difference of two values, in whatever order they are summed.
        slack = 4 * _ROUNDING * ((d + 2) * _length(row) * longest + longest * longest)
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
            if (
                not half_norms[w] - products[r, w] > limit
            ):  # so that NaN of an overflow is looked at
                exact = _squared_distance(row, centers[w])
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
