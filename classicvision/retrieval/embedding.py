"""Hamming embedding: signatures of bits that tell descriptors of one visual word apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import as_array, check_number, check_random_state
from classicvision._jit import kernel
from classicvision.retrieval._search_inputs import check_words
from classicvision.retrieval._sources import LARGEST, check_descriptors
from classicvision.retrieval.postings import counting_sort

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

_BLOCK = 8192  # descriptors that are projected at once


# n = descriptors, k = words of each, b = bits
@kernel
def _signatures(projections, words, thresholds, signatures):
    for n in range(words.shape[0]):
        for k in range(words.shape[1]):
            limits = thresholds[words[n, k]]
            bits = np.uint64(0)
            for b in range(projections.shape[1]):
                if projections[n, b] > limits[b]:
                    bits |= np.uint64(1) << np.uint64(b)
            signatures[n, k] = bits


class HammingEmbedding:
    """Tell descriptors of the same visual word apart by short binary signatures.

    Parameters
    ----------
    n_bits : int
        Of a signature, 1 to 64.
    random_state : int, Generator, RandomState or None
        Chooses the directions that descriptors are projected on.

    Attributes
    ----------
    projection_ : ndarray of float32, shape (n_bits, d)
        The directions, orthonormal where there are no more of them than columns.
    thresholds_ : ndarray of float32, shape (n_words, n_bits)
        The medians of each word's projected descriptors; of all of them for words without any.

    See Also
    --------
    InvertedIndex : whose search can take signatures into account.

    Notes
    -----
    1. The Q of a QR decomposition of Gaussian numbers has random orthonormal rows.
    2. Each bit of a signature says on which side of its word's median a descriptor's projection
       on one row lies, so that about half of the word's descriptors have it.
    3. The Hamming distance of two signatures then grows with the distance of the descriptors.

    Memory of ``fit``: 8 bytes for each bit of each descriptor given.

    References
    ----------
    H. Jegou, M. Douze and C. Schmid, "Hamming embedding and weak geometric consistency for large
    scale image search", European Conference on Computer Vision, 2008, section 3.

    Examples
    --------
    >>> descriptors = np.random.default_rng(0).random((400, 32), np.float32)
    >>> words = np.arange(400) % 4
    >>> embedding = HammingEmbedding(32, random_state=0).fit(descriptors, words, n_words=4)
    >>> signatures = embedding.transform(descriptors, words)
    >>> signatures.shape, signatures.dtype
    ((400,), dtype('uint64'))
    """

    def __init__(
        self,
        n_bits: int = 64,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ):
        self.n_bits = n_bits
        self.random_state = random_state

    def fit(self, descriptors: ArrayLike, words: ArrayLike, n_words: int) -> Self:
        """Choose the directions and learn each word's medians.

        Parameters
        ----------
        descriptors : array_like, shape (n, d)
        words : array_like of int, shape (n,)
            The word of each descriptor, 0 to ``n_words - 1``; some dozens of descriptors a word
            are enough.
        n_words : int

        Returns
        -------
        HammingEmbedding

        Raises
        ------
        TypeError, ValueError
            For arrays that do not fit together, or words and bits out of range.
        """
        n_bits = check_number(self.n_bits, "n_bits", at_least=1, at_most=64, integer=True)
        n_words = check_number(n_words, "n_words", at_least=1, integer=True)
        rng = check_random_state(self.random_state)
        descriptors = _table(descriptors)
        words = check_words(words, n_words, len(descriptors))
        if len(descriptors) == 0:
            raise ValueError("descriptors must not be empty: there is nothing to learn from")
        width = descriptors.shape[1]
        gaussian = rng.standard_normal((max(width, n_bits), max(width, n_bits)))
        rows = np.linalg.qr(gaussian)[0][:n_bits, :width]
        self.projection_ = np.ascontiguousarray(rows, np.float32)
        projections = self._project(descriptors)
        offsets, order = counting_sort(words, n_words)
        projections = projections[order]
        self.thresholds_ = np.tile(np.median(projections, axis=0), (n_words, 1))
        for word in np.flatnonzero(np.diff(offsets)):
            own = projections[offsets[word] : offsets[word + 1]]
            self.thresholds_[word] = np.median(own, axis=0)
        return self

    def transform(self, descriptors: ArrayLike, words: ArrayLike) -> NDArray[np.uint64]:
        """Return the descriptors' signatures.

        Parameters
        ----------
        descriptors : array_like, shape (n, d)
        words : array_like of int, shape (n,) or (n, k)
            The word of each descriptor, or several; a signature is one for a word.

        Returns
        -------
        ndarray of uint64, of the shape of ``words``

        Raises
        ------
        TypeError, ValueError
            For arrays that do not fit together or to what was learned, or before ``fit``.
        """
        if not hasattr(self, "thresholds_"):
            raise ValueError("this HammingEmbedding is not fitted yet; call fit first")
        descriptors = _table(descriptors, self.projection_.shape[1])
        words = check_words(words, len(self.thresholds_), len(descriptors), several=True)
        columns = words if words.ndim == 2 else words[:, None]
        signatures = np.empty(columns.shape, np.uint64)
        _signatures(self._project(descriptors), columns, self.thresholds_, signatures)
        return signatures.reshape(words.shape)

    def _project(self, descriptors):
        projections = np.empty((len(descriptors), len(self.projection_)), np.float32)
        for start in range(0, len(descriptors), _BLOCK):
            block = check_descriptors(descriptors[start : start + _BLOCK], largest=LARGEST)
            np.matmul(block, self.projection_.T, out=projections[start : start + _BLOCK])
        return projections


def _table(descriptors, width=None):
    """Return descriptors of shape (n, width); memory maps stay what they are, for `_project`."""
    array = as_array(descriptors)
    if array.ndim == 2 and len(array) > _BLOCK:
        check_descriptors(array[:1], width)
        return array
    return check_descriptors(array, width)
