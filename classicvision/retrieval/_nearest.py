"""The nearest words of descriptors, exactly: found by a matrix product, then made sure of."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel

_SCORES = 1 << 21  # products in memory at a time: 8 MB
_WORDS = 64  # in a block, whose least value tells whether to look at it again
_ROUNDING = 2.0**-24
_OVERFLOW = 1e38  # products beyond it are not trusted


# Four sums side by side take a third of the time of one, and are the same on all machines.
@kernel(inline=True, views_only=True)
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
@kernel(inline=True, fastmath={"reassoc", "contract"}, views_only=True)
def _length(row):
    total = np.float32(0)
    for j in range(row.shape[0]):
        total += row[j] * row[j]
    return np.sqrt(np.float64(total))


# The least of some values is the same in any order, which lets it be vectorized: 5 times as fast.
@kernel(inline=True, fastmath=True, views_only=True)
def _least_value(half_norms, products):
    least = np.float32(np.inf)
    for w in range(products.shape[0]):
        value = half_norms[w] - products[w]
        least = value if value < least else least
    return least


@kernel(inline=True)
def _limit(least, length, longest, d):
    """What a value may be by rounding, in whatever order it was summed, if it should be least."""
    if not length * longest < _OVERFLOW:
        return np.float32(np.inf)
    slack = 4 * _ROUNDING * ((d + 2) * length * longest + longest * longest)
    return np.float32(least + slack)


@kernel(views_only=True)
def _select_nearest(products, half_norms, longest, rows, centers, minima, words, squared):
    # r = rows, w = words, b = blocks of words; without room in squared no distances are found
    n, n_words = products.shape
    for r in range(n):
        row, values = rows[r], products[r]
        least = np.float32(np.inf)
        for b in range(minima.shape[0]):
            begin, end = b * _WORDS, min((b + 1) * _WORDS, n_words)
            minima[b] = _least_value(half_norms[begin:end], values[begin:end])
            least = min(least, minima[b])
        limit = _limit(least, _length(row), longest, rows.shape[1])
        chosen, nearest, found = 0, np.inf, 0
        for b in range(minima.shape[0]):
            if minima[b] > limit:
                continue
            for w in range(b * _WORDS, min((b + 1) * _WORDS, n_words)):
                if not half_norms[w] - values[w] > limit:
                    found += 1
                    if found == 1:
                        chosen = w
                        continue
                    if found == 2:
                        nearest = _squared_distance(row, centers[chosen])
                    exact = _squared_distance(row, centers[w])
                    if exact < nearest:
                        nearest, chosen = exact, w
        words[r, 0] = chosen
        if r < squared.shape[0]:
            squared[r, 0] = _squared_distance(row, centers[chosen]) if found == 1 else nearest


@kernel(views_only=True)
def _select(products, half_norms, longest, rows, centers, least, words, squared):
    # r = rows, w = words, k = places, the nearest first
    n, n_words = products.shape
    k = words.shape[1]
    for r in range(n):
        row = rows[r]
        least[:] = np.inf
        for w in range(n_words):
            value = half_norms[w] - products[r, w]
            if value < least[k - 1]:
                place = k - 1
                while place > 0 and least[place - 1] > value:
                    least[place] = least[place - 1]
                    place -= 1
                least[place] = value
        limit = _limit(least[k - 1], _length(row), longest, rows.shape[1])
        found = 0
        for w in range(n_words):
            if not half_norms[w] - products[r, w] > limit:
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
        with np.errstate(over="ignore"):
            self._half_norms = (norms / 2).astype(np.float32)
        self._longest = float(np.sqrt(norms.max(initial=0)))

    def words(self, rows):
        """Return the nearest word of each row: an ndarray of int32, shape (n,)."""
        return self._found(rows, 1, distances=False)[0][:, 0]

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
        return self._found(rows, k, distances=True)

    def _found(self, rows, k, distances):
        words = np.zeros((len(rows), k), np.int32)
        squared = np.zeros((len(rows) if distances else 0, k))
        minima = np.empty(-(-len(self._centers) // _WORDS), np.float32)
        least = np.empty(k, np.float32)
        block = max(16, _SCORES // len(self._centers))
        for begin in range(0, len(rows), block):
            end = begin + block
            part = rows[begin:end]
            with np.errstate(over="ignore", invalid="ignore"):  # then every word is looked at
                products = part @ self._centers.T
            given = products, self._half_norms, self._longest, part, self._centers
            if k == 1:
                _select_nearest(*given, minima, words[begin:end], squared[begin:end])
            else:
                _select(*given, least, words[begin:end], squared[begin:end])
        return words, squared
