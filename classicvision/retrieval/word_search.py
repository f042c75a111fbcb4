"""Searching by visual words alone: the cosine of tf-idf vectors, one posting list after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classicvision.retrieval.postings import Postings


# w = words of the query, p = postings; those of one image follow one another: its frequency
@kernel
def _add_word_scores(offsets, images, words, weights, scores):
    for w in range(len(words)):
        start, stop = offsets[words[w]], offsets[words[w] + 1]
        listed = images[start:stop]
        weight = np.float32(weights[w])
        p = np.uint64(0)
        count = np.uint64(len(listed))
        while p < count:
            image = listed[p]
            first = p
            p += np.uint64(1)
            while p < count and listed[p] == image:
                p += np.uint64(1)
            if p - first == 1:
                scores[image] += weight
            else:
                scores[image] += weight * np.sqrt(np.float32(p - first))


def image_weights(
    words: NDArray[np.int32], counts: Sequence[int], idf: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return 1 / the length of each image's vector of square-rooted frequencies times ``idf``.

    Parameters
    ----------
    words : ndarray of int32, shape (n,)
        Those of the first image, then those of the second, ...
    counts : sequence of int
        How many words each image has.
    idf : ndarray of float32, shape (n_words,)
        The inverse document frequency of each word.

    Returns
    -------
    ndarray of float32, shape (len(counts),)
        0 for images without words, or of words that weigh nothing.
    """
    owners = np.repeat(np.arange(len(counts)), counts)
    squares = np.bincount(owners, np.square(idf, dtype=np.float64)[words], len(counts))
    with np.errstate(divide="ignore"):
        return np.where(squares > 0, 1 / np.sqrt(squares), 0).astype(np.float32)


def word_scores(
    segments: Sequence[Postings],
    words: NDArray[np.int32],
    idf: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the cosine of the query's and of every image's tf-idf vector.

    Parameters
    ----------
    segments : sequence of Postings
    words : ndarray of int32, shape (n, k)
        The words of the query's descriptors, one or several for each.
    idf : ndarray of float32, shape (n_words,)
    weights : ndarray of float32, shape (n_images,)
        Of `image_weights`; 0 for images that are to be left out.

    Returns
    -------
    ndarray of float32, shape (n_images,)
    """
    found, frequencies = np.unique(words, return_counts=True)
    values = np.sqrt(frequencies) * np.square(idf[found], dtype=np.float64)
    values *= image_weights(words.ravel(), [words.size], idf)[0]
    scores = np.zeros(len(weights), np.float32)
    for segment in segments:
        own = scores[segment.first_image : segment.first_image + segment.n_images]
        _add_word_scores(segment.offsets, segment.images, found, values.astype(np.float32), own)
    scores *= weights
    return scores


def best_images(
    scores: NDArray[np.float32], top: int | None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the images with the highest scores above 0, and these; equal ones by their number.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_images,)
    top : int or None
        How many at most; None for all.

    Returns
    -------
    images : ndarray of int64, shape (n,)
    scores : ndarray of float32, shape (n,)
    """
    images = np.flatnonzero(scores > 0)
    if top is not None and top < len(images):
        lowest = np.partition(scores[images], len(images) - top)[len(images) - top]
        images = images[scores[images] >= lowest]
    images = images[np.argsort(-scores[images], kind="stable")][:top]
    return images, scores[images]
