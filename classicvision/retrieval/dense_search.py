"""The nearest of many vectors, exactly, in blocks: what is searched may be larger than memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number, check_option
from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 1 << 21  # numbers of the vectors at a time: 8 MB
_QUERIES = 64  # queries at a time
_ROUNDING = 2.0**-24  # of float32


# Only a bound and rounded scores depend on it: the sum may be taken in any order, 6 times as fast.
@kernel(fastmath={"reassoc", "contract"})
def _squares(rows, squares):
    for r in range(rows.shape[0]):
        row = rows[r]
        total = np.float32(0)
        for d in range(len(row)):
            total += row[d] * row[d]
        squares[r] = total


# c = candidates, d = dimensions; four sums side by side, always in the same order
@kernel
def _exact_values(candidates, query, inner_product, values):
    for c in range(candidates.shape[0]):
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        row = candidates[c]
        for d in range(0, len(row), 4):
            for j in range(d, min(d + 4, len(row))):
                a, b = np.float64(row[j]), np.float64(query[j])
                term = a * b if inner_product else -(a - b) * (a - b)
                if j == d:
                    s0 += term
                elif j == d + 1:
                    s1 += term
                elif j == d + 2:
                    s2 += term
                else:
                    s3 += term
        values[c] = (s0 + s1) + (s2 + s3)


def dense_search(
    queries: ArrayLike,
    vectors: ArrayLike,
    *,
    top: int = 10,
    metric: str = "inner_product",
    backend: str = "numpy",
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the nearest vectors for each query, by looking at all of them.

    Parameters
    ----------
    queries : array_like, shape (n, d) or (d,)
        Global descriptors, such as those of `VLAD`; finite numbers. One of shape (d,) is a
        query too.
    vectors : array_like, shape (m, d)
        What is searched; may be memory-mapped. float32 in C order is not copied.
    top : int
        How many vectors are returned for each query; all, if there are fewer.
    metric : {"inner_product", "euclidean"}
        The largest inner product, which is the cosine for vectors of length 1, or the smallest
        distance.
    backend : {"numpy", "faiss"}
        "faiss" searches with a flat index of faiss-cpu, if that is installed; its values are
        those of float32 sums, and ties are as it finds them.

    Returns
    -------
    indices : ndarray of int64, shape (n, min(top, m)) or (min(top, m),)
        Rows of ``vectors``, the nearest first, and of equally near ones the first.
    values : ndarray of float32, of the same shape
        Inner products or distances.

    Raises
    ------
    TypeError, ValueError
        For arrays that do not fit together or are not finite, or options out of range.
    ImportError
        For the backend "faiss" where faiss-cpu is not installed.

    Notes
    -----
    Matrix products of blocks give rounded values. All vectors that could be among the nearest,
    by a bound of this rounding, are measured once more with sums of float64, so that neither the
    blocks nor the libraries below decide about the order.

    Memory: 8 MB for a block, and 64 floats for each vector of it.

    Examples
    --------
    >>> vectors = [[1, 0], [0, 1], [0.6, 0.8], [0, 1]]
    >>> indices, values = dense_search([0, 1], vectors, top=3)
    >>> indices, values
    (array([1, 3, 2]), array([1. , 1. , 0.8], dtype=float32))
    """
    queries, vectors = _check_rows(queries, "queries"), _check_rows(vectors, "vectors")
    single = queries.ndim == 1
    queries = np.ascontiguousarray(np.atleast_2d(queries), np.float32)
    if vectors.ndim != 2:
        raise ValueError(f"vectors must have shape (m, d), got {vectors.shape}")
    if queries.shape[1] != vectors.shape[1]:
        raise ValueError(
            f"queries must have {vectors.shape[1]} columns, as vectors, got {queries.shape[1]}"
        )
    if not np.isfinite(queries).all():
        raise ValueError("queries must be finite")
    top = min(check_number(top, "top", at_least=1, integer=True), len(vectors))
    check_option(metric, "metric", ("inner_product", "euclidean"))
    inner_product = metric == "inner_product"
    if check_option(backend, "backend", ("numpy", "faiss")) == "faiss":
        indices, values = _search_faiss(queries, vectors, top, inner_product)
    else:
        indices = np.empty((len(queries), top), np.int64)
        values = np.empty((len(queries), top), np.float32)
        for start in range(0, len(queries) if top else 0, _QUERIES):
            part = slice(start, start + _QUERIES)
            _search(queries[part], vectors, inner_product, indices[part], values[part])
    return (indices[0], values[0]) if single else (indices, values)


def _check_rows(values, name):
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of numbers, got {array.dtype}")
    if array.ndim not in (1, 2) or array.shape[-1] == 0:
        raise ValueError(f"{name} must have shape (n, d) with d at least 1, got {array.shape}")
    return array


def _blocks(vectors):
    """Yield the number of the first vector of each block, and the block as float32."""
    rows = max(1, _BLOCK // vectors.shape[1])
    for first in range(0, len(vectors), rows):
        block = np.ascontiguousarray(vectors[first : first + rows], np.float32)
        block = np.require(block, requirements=["W"])
        squares = np.empty(len(block), np.float32)
        _squares(block, squares)
        if not np.isfinite(squares).all():
            raise ValueError("vectors must be finite, and so must be their squares in float32")
        yield first, block, squares


def _search(queries, vectors, inner_product, indices, values):
    top = indices.shape[1]
    lengths = np.linalg.norm(queries.astype(np.float64), axis=1)
    found = [[(np.zeros(0, np.int64), np.zeros(0, np.float32))] for _ in queries]
    least = np.full(len(queries), -np.inf)  # of what can still be among the nearest
    longest = 0.0
    for first, block, squares in _blocks(vectors):
        scores = queries @ block.T  # the larger, the nearer
        longest = max(longest, float(np.sqrt(squares.max())))
        if not inner_product:
            scores *= 2
            scores -= squares
        # What rounding can do to the difference of two scores, in whatever order they are summed.
        slack = 8 * _ROUNDING * (vectors.shape[1] + 4) * (lengths * longest + longest * longest)
        for q, row in enumerate(scores):
            if len(row) >= top:
                kth = np.partition(row, len(row) - top)[len(row) - top]
                least[q] = max(least[q], kth - slack[q])
            near = np.flatnonzero(row >= least[q] - slack[q])  # rounded as well
            found[q].append((near + first, row[near]))
    for q in range(len(queries)):
        candidates, scores = (np.concatenate(parts) for parts in zip(*found[q], strict=True))
        kth = np.partition(scores, len(scores) - top)[len(scores) - top]
        candidates = candidates[scores >= kth - slack[q]]
        rows = np.ascontiguousarray(vectors[candidates], np.float32)
        exact = np.empty(len(rows))
        _exact_values(rows, queries[q], inner_product, exact)
        order = np.argsort(-exact, kind="stable")[:top]
        indices[q] = candidates[order]
        values[q] = exact[order] if inner_product else np.sqrt(-exact[order])


def _search_faiss(queries, vectors, top, inner_product):
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            f"backend='faiss' needs faiss-cpu ({error}): pip install 'classicvision[faiss]', or "
            "use backend='numpy'"
        ) from error
    kind = faiss.IndexFlatIP if inner_product else faiss.IndexFlatL2
    index = kind(vectors.shape[1])
    for _, block, _ in _blocks(vectors):
        index.add(block)
    values, indices = index.search(queries, top)
    return indices, values if inner_product else np.sqrt(np.maximum(values, 0))
