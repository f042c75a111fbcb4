"""An inverted index in memory: for each visual word the images in which it occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number, check_option
from classicvision.retrieval._search_inputs import (
    check_geometry,
    check_idf,
    check_signatures,
    check_words,
)
from classicvision.retrieval.hamming_search import BURSTINESS, Query, hamming_scores
from classicvision.retrieval.postings import build_postings, merge_postings
from classicvision.retrieval.word_search import best_images, image_weights, word_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_MOST_WORDS = 2**31 - 1  # int32


class InvertedIndex:
    """Images by their visual words, searched in a time that grows with the words in common.

    Parameters
    ----------
    n_words : int
        Of the vocabulary.
    idf : array_like, shape (n_words,), optional
        The inverse document frequency of each word, not negative; 1 for all by default. It comes
        from the images that the vocabulary was learned from, so that no image's weight depends
        on which others are in the index.

    See Also
    --------
    HammingEmbedding : signatures for the words.
    VisualVocabulary : words for descriptors.

    Notes
    -----
    Postings are kept in compressed sparse rows, in segments: each ``add`` makes one, and small
    ones are merged. Memory: 4 bytes for each descriptor, and 10 more with signatures, angles and
    scales; 8 for each word and segment. While images are added, once more for what is merged.

    References
    ----------
    J. Sivic and A. Zisserman, "Video Google: a text retrieval approach to object matching in
    videos", International Conference on Computer Vision, 2003.

    H. Jegou, M. Douze and C. Schmid, "Hamming embedding and weak geometric consistency for large
    scale image search", European Conference on Computer Vision, 2008.

    H. Jegou, M. Douze and C. Schmid, "On the burstiness of visual elements", Conference on
    Computer Vision and Pattern Recognition, 2009.

    Examples
    --------
    >>> index = InvertedIndex(5)
    >>> index.add([[0, 1, 1], [2, 3], [1, 2, 4]])
    array([0, 1, 2])
    >>> images, scores = index.search([1, 2])
    >>> images
    array([2, 0, 1])
    >>> scores.round(3)
    array([0.816, 0.577, 0.5  ], dtype=float32)
    """

    def __init__(self, n_words: int, *, idf: ArrayLike | None = None):
        self.n_words = check_number(
            n_words, "n_words", at_least=1, at_most=_MOST_WORDS, integer=True
        )
        self.idf = check_idf(idf, self.n_words)
        self._segments = []
        self._weights = np.zeros(0, np.float32)
        self._removed = np.zeros(0, bool)
        self._columns = None  # which of signatures, angles and scales its images have

    def __len__(self) -> int:
        """Return the number of images, without those removed."""
        return int(len(self._removed) - self._removed.sum())

    def __repr__(self) -> str:
        return f"InvertedIndex({len(self)} images, {self.n_words} words)"

    def add(
        self,
        words: Sequence[ArrayLike],
        *,
        signatures: Sequence[ArrayLike] | None = None,
        angles: Sequence[ArrayLike] | None = None,
        scales: Sequence[ArrayLike] | None = None,
    ) -> NDArray[np.int64]:
        """Add images.

        Parameters
        ----------
        words : sequence of array_like of int, each of shape (n,)
            For each image the words of its descriptors; an image may have none.
        signatures : sequence of array_like of uint64, each of shape (n,), optional
            For each image those of :meth:`HammingEmbedding.transform`. All images of an index
            have them, or none has; so with angles and scales.
        angles : sequence of array_like, each of shape (n,), optional
            For each image its keypoints' ``angles`` in radians, with ``scales``.
        scales : sequence of array_like, each of shape (n,), optional
            For each image its keypoints' ``sizes`` in pixels, with ``angles``.

        Returns
        -------
        ndarray of int64, shape (len(words),)
            The numbers of the images: they count up from 0 and are not used again.

        Raises
        ------
        TypeError, ValueError
            For words, signatures, angles or scales that do not fit together, or to what is there.
        """
        if isinstance(words, str) or not np.iterable(words):
            raise TypeError(
                f"words must be a list of arrays, one for each image, got {words!r:.80}"
            )
        words = [check_words(own, self.n_words) for own in words]
        counts = np.array([len(own) for own in words], np.int64)
        columns = self._check_columns(words, signatures, angles, scales)
        if not words:
            return np.zeros(0, np.int64)
        flat = np.concatenate([np.zeros(0, np.int32), *words])
        first = len(self._removed)
        part = build_postings(flat, counts, self.n_words, first_image=first, **columns)
        while self._segments and len(self._segments[-1]) < 2 * len(part):
            part = merge_postings([self._segments.pop(), part])
        self._segments.append(part)
        self._columns = set(columns)
        self._weights = np.append(self._weights, image_weights(flat, counts, self.idf))
        self._removed = np.append(self._removed, np.zeros(len(counts), bool))
        return np.arange(first, first + len(counts))

    def _check_columns(self, words, signatures, angles, scales):
        given = _given(signatures, angles, scales)
        if words and self._columns not in (None, set(given)):
            raise ValueError(
                f"images must be added with {_named(self._columns)}, as those before, "
                f"got {_named(given)}"
            )
        given = {name: list(lists) for name, lists in given.items()}
        for name, lists in given.items():
            if len(lists) != len(words):
                raise ValueError(
                    f"{name} must be as many as words, for {len(words)} images, got {len(lists)}"
                )
        columns = {}
        if "signatures" in given:
            parts = map(check_signatures, given["signatures"], (own.shape for own in words))
            columns["signatures"] = np.concatenate([np.zeros(0, np.uint64), *parts])
        if "angles" in given:
            none = np.zeros((2, 0), np.uint8)
            parts = map(check_geometry, given["angles"], given["scales"], map(len, words))
            columns["angles"], columns["scales"] = np.concatenate([none, *parts], axis=1)
        return columns

    def remove(self, images: ArrayLike) -> None:
        """Leave images out of all searches from now on.

        Parameters
        ----------
        images : array_like of int
            Their numbers.

        Raises
        ------
        TypeError, ValueError
            For what are no integers, or numbers of images that are not in the index.
        """
        images = np.asarray(images)
        if images.size and images.dtype.kind not in "iu":
            raise TypeError(f"images must be integers, got {images.dtype}")
        images = np.unique(images.astype(np.int64))
        inside = (images >= 0) & (images < len(self._removed))
        unknown = images[~inside] if not inside.all() else images[self._removed[images]]
        if len(unknown):
            raise ValueError(f"images must be numbers of images in the index, got {unknown[0]}")
        self._removed[images] = True
        self._weights[images] = 0

    def search(
        self,
        words: ArrayLike,
        *,
        signatures: ArrayLike | None = None,
        angles: ArrayLike | None = None,
        scales: ArrayLike | None = None,
        top: int | None = 10,
        threshold: int = 22,
        sigma: float = 13.0,
        burstiness: str = "inter",
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the images that have most in common with a query, the best first.

        Parameters
        ----------
        words : array_like of int, shape (n,) or (n, k)
            Of the query's descriptors: one each, or the k nearest (multiple assignment).
        signatures : array_like of uint64, of the shape of ``words``, optional
            With them only descriptors whose signatures are close too match.
        angles, scales : array_like, shape (n,), optional
            The query's keypoints' ``angles`` in radians and ``sizes`` in pixels. With them only
            those matches of an image count that agree on a turn and on a change of scale, as far
            as histograms of both tell (weak geometric consistency).
        top : int, optional
            How many images at most; None for all that have something in common with the query.
        threshold : int
            The largest Hamming distance of signatures that match, 0 to 64.
        sigma : float
            A match at distance d counts exp(-(d / sigma)^2).
        burstiness : {"inter", "intra", "unique", "none"}
            What is done about visual elements that repeat: see Notes.

        Returns
        -------
        images : ndarray of int64, shape (m,)
        scores : ndarray of float32, shape (m,)
            Descending; equal ones by the number of the image. Without signatures the cosine of
            two vectors, 0 to 1.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not fit together or to the index, or options out of range.

        Notes
        -----
        Without signatures: the square roots of the words' frequencies times ``idf``, divided by
        the length of this vector, are compared by their inner product.

        With signatures, each match counts its weight times the square of the word's ``idf``, and
        the sum is divided by the lengths of the same vectors. Repeated structures (windows,
        leaves, letters) make bursts of matches, against which

        - "unique" keeps only the best match of a descriptor of the query in an image,
        - "intra" multiplies the weight m of each match by sqrt(m / the sum of those that its
          descriptor has in this image),
        - "inter" is "unique" and multiplies m by sqrt(m / the sum over all images), so that what
          matches many images counts less.
        """
        words = check_words(words, self.n_words, several=True)
        top = top if top is None else check_number(top, "top", at_least=1, integer=True)
        threshold = check_number(threshold, "threshold", at_least=0, at_most=64, integer=True)
        sigma = check_number(sigma, "sigma", above=0)
        check_option(burstiness, "burstiness", BURSTINESS)
        query = self._check_query(words, signatures, angles, scales)
        if signatures is None:
            scores = word_scores(self._segments, query.words, self.idf, self._weights)
        else:
            scores = hamming_scores(
                self._segments,
                query,
                self.idf,
                self._weights,
                threshold=threshold,
                sigma=sigma,
                burstiness=burstiness,
            )
        return best_images(scores, top)

    def _check_query(self, words, signatures, angles, scales):
        given = set(_given(signatures, angles, scales))
        if self._columns is not None and not given <= self._columns:
            raise ValueError(
                f"the images were added with {_named(self._columns)}, so that a query cannot have "
                f"{_named(given - self._columns)}"
            )
        signed = np.zeros(words.shape, np.uint64)
        if signatures is not None:
            signed = check_signatures(signatures, words.shape)
        turns = zooms = np.zeros(0, np.uint8)
        if angles is not None:
            turns, zooms = check_geometry(angles, scales, len(words))
        shape = words.shape if words.ndim == 2 else (len(words), 1)
        return Query(words.reshape(shape), signed.reshape(shape), turns, zooms)


def _given(signatures, angles, scales):
    """Return what is given beside the words, after checking that it goes together."""
    every = {"signatures": signatures, "angles": angles, "scales": scales}
    given = {name: values for name, values in every.items() if values is not None}
    if ("angles" in given) != ("scales" in given):
        raise ValueError("angles and scales must be given together, got one of them")
    if "angles" in given and "signatures" not in given:
        raise ValueError("angles and scales must be given with signatures, got words only")
    return given


def _named(columns):
    """Return what goes with words, as part of a message."""
    return " and ".join(sorted(columns)) or "words only"
