"""The two nearest rows for each row, exactly: by matrix products, or by counting bits.

A matrix product gives squared distances quickly, but rounded, and rounded otherwise at each place
of the matrix, so that equal rows are at different distances. All rows that may be among the two
nearest, by a bound of that rounding, are measured once more, one by one.
"""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel

_PARTS = 16  # of a row of distances: of each group of so many only the smallest is looked at
_BLOCK = 2**20  # distances at once


# i, j = rows of a and b, w = word. Each word of all rows of b is side by side.
@kernel
def _count_bits(words, other_words, products):
    for i in range(words.shape[0]):
        row = products[i]
        for w in range(words.shape[1]):
            word, others = words[i, w], other_words[w]
            for j in range(others.size):
                bits = word ^ others[j]
                bits = np.uint32(bits - ((bits >> np.uint32(1)) & np.uint32(0x55555555)))
                pairs = np.uint32(bits & np.uint32(0x33333333))
                bits = np.uint32(pairs + ((bits >> np.uint32(2)) & np.uint32(0x33333333)))
                bits = np.uint32((bits + (bits >> np.uint32(4))) & np.uint32(0x0F0F0F0F))
                bits = np.uint32(bits + (bits >> np.uint32(8)))
                bits = np.uint32((bits + (bits >> np.uint32(16))) & np.uint32(0x3F))
                row[j] -= np.float32(np.float32(bits) * np.float32(0.5))


# The sum may be taken in any order, for it is always the same: equal rows are equally far.
@kernel(fastmath={"reassoc", "contract"}, inline=True)
def _squared_distance(a, b):
    total = np.float32(0)
    for k in range(a.size):
        total += (a[k] - b[k]) * (a[k] - b[k])
    return total


# i, j = rows of a and b. `products` has a whole number of groups a row; its last columns are
# beyond b, infinitely far. The nearest row of a to each of b so far, and the distance of the
# second nearest, are kept in `others`. `margin` is 0 where the products are exact. fastmath: no
# value is NaN, which lets the smallest of two be taken by one instruction.
@kernel(fastmath={"nnan", "nsz"})
def _two_nearest(products, first, a, b, squares_a, squares_b, margin, others, args, index, nearest):
    far = np.float32(np.inf)
    width = products.shape[1] // _PARTS
    groups = np.empty(width, np.float32)
    for i in range(products.shape[0]):
        row, square = products[i], squares_a[first + i]
        for j in range(row.size):
            row[j] = (square + squares_b[j]) - (row[j] + row[j])
        best, second = others[0], others[1]
        for j in range(row.size):
            closer = row[j] < best[j]
            loser = best[j] if closer else row[j]
            second[j] = loser if loser < second[j] else second[j]
            args[j] = np.int32(first + i) if closer else args[j]
            best[j] = row[j] if closer else best[j]
        for j in range(width):
            groups[j] = row[j]
        for part in range(1, _PARTS):
            values = row[part * width : (part + 1) * width]
            for j in range(width):
                groups[j] = values[j] if values[j] < groups[j] else groups[j]
        smallest, limit = far, far
        for j in range(width):
            if groups[j] < limit:
                limit = max(groups[j], smallest)
                smallest = min(groups[j], smallest)
        limit += margin  # nothing beyond it is one of the two nearest
        first_value, second_value = far, far
        first_index, second_index = -1, -1
        for j in range(width):
            if groups[j] > limit:
                continue
            for part in range(_PARTS):
                m = part * width + j
                if m >= b.shape[0] or row[m] > limit:
                    continue
                value = row[m] if margin == 0 else _squared_distance(a[first + i], b[m])
                if value < first_value or (value == first_value and m < first_index):
                    second_value, second_index = first_value, first_index
                    first_value, first_index = value, m
                elif value < second_value or (value == second_value and m < second_index):
                    second_value, second_index = value, m
        index[first + i, 0], index[first + i, 1] = first_index, second_index
        nearest[first + i, 0], nearest[first + i, 1] = first_value, second_value


# n = pair. Whether no other row of a is nearer to its row of b, nor as near and before it.
@kernel
def _keep_mutual(pairs, values, a, b, margin, others, args, kept):
    for n in range(pairs.shape[0]):
        i, j = pairs[n, 0], pairs[n, 1]
        if others[1, j] > others[0, j] + margin or margin == 0:
            kept[n] = args[j] == i
        elif values[n] > others[0, j] + margin:
            kept[n] = False
        else:
            kept[n] = True
            for m in range(a.shape[0]):
                value = _squared_distance(a[m], b[j])
                if value < values[n] or (value == values[n] and m < i):
                    kept[n] = False
                    break


class Nearest:
    """Squared Euclidean, or Hamming, distances of the rows of ``a`` to their two nearest of ``b``.

    Attributes
    ----------
    index : ndarray of int64, shape (n, 2)
        Rows of ``b``, the nearest first, of equals the first; -1 where ``b`` has only one.
    nearest : ndarray of float32, shape (n, 2)
        Their distances; infinite for -1.
    """

    def __init__(self, a, b, hamming):
        columns = -(-len(b) // _PARTS) * _PARTS
        self.index = np.empty((len(a), 2), np.int64)
        self.nearest = np.empty((len(a), 2), np.float32)
        self._args = np.zeros(columns, np.int32)
        self._others = np.full((2, columns), np.inf, np.float32)
        squares_a = np.zeros(len(a), np.float32)
        squares_b = np.full(columns, np.inf, np.float32)
        if hamming:
            self._margin = np.float32(0)
            words_a, words_b = _words(a), np.ascontiguousarray(_words(b).T)
            a = b = np.empty((len(b), 0), np.float32)
            squares_b[: len(b)] = 0
        else:
            squares_a[:] = np.einsum("ij,ij->i", a, a)
            squares_b[: len(b)] = np.einsum("ij,ij->i", b, b)
            largest = squares_a.max() + squares_b[: len(b)].max()
            # Of sums of so many products, times two, and of both signs.
            self._margin = np.float32(4 * (a.shape[1] + 8) * np.finfo(np.float32).eps / 2 * largest)
        self._a, self._b = a, b
        block = max(_BLOCK // columns, 1)
        for first in range(0, len(squares_a), block):
            rows = slice(first, min(first + block, len(squares_a)))
            products = np.zeros((rows.stop - first, columns), np.float32)
            if hamming:
                _count_bits(words_a[rows], words_b, products)
            else:
                np.matmul(a[rows], b.T, out=products[:, : len(b)])
            _two_nearest(
                products,
                first,
                a,
                b,
                squares_a,
                squares_b,
                self._margin,
                self._others,
                self._args,
                self.index,
                self.nearest,
            )

    def mutual(self, rows):
        """Return of which rows of ``a`` the nearest one of ``b`` has them as its own nearest."""
        pairs = np.column_stack([rows, self.index[rows, 0]])
        kept = np.empty(len(rows), bool)
        values = self.nearest[rows, 0]
        _keep_mutual(pairs, values, self._a, self._b, self._margin, self._others, self._args, kept)
        return kept


def _words(codes):
    """Return rows of bytes as rows of 32-bit words, filled up with zeros."""
    padded = np.pad(codes, [(0, 0), (0, -codes.shape[1] % 4)])
    return np.ascontiguousarray(padded).view(np.uint32)
