"""Matches of a query's descriptors with those of an index: same word and close signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classicvision._jit import kernel
from classicvision.retrieval.postings import counting_sort
from classicvision.retrieval.weak_geometry import consistent_score, turn_and_zoom_histograms
from classicvision.retrieval.word_search import image_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classicvision.retrieval.postings import Postings

_ONES = np.uint64(0x5555555555555555)
_TWOS = np.uint64(0x3333333333333333)
_FOURS = np.uint64(0x0F0F0F0F0F0F0F0F)
_BYTES = np.uint64(0x0101010101010101)
BURSTINESS = ("none", "unique", "intra", "inter")


class DamagedPostingsError(ValueError):
    """Postings on disk that are of images which are not there."""


class Query(NamedTuple):
    """A query's descriptors, with one or several words each."""

    words: NDArray[np.int32]  # (n, k)
    signatures: NDArray[np.uint64]  # (n, k)
    angles: NDArray[np.uint8]  # (n,), or both (0,) where they are not known
    scales: NDArray[np.uint8]


class Matches(NamedTuple):
    """Pairs of a query's descriptor and a posting: one in each row."""

    queries: NDArray[np.int32]  # rows of the query, ascending
    images: NDArray[np.int32]
    weights: NDArray[np.float32]
    turns: NDArray[np.uint8]  # from the query's angle to the posting's, in 256ths
    zooms: NDArray[np.int16]  # from the query's size to the posting's, in 16ths of a doubling


@kernel(inline=True)
def count_bits(bits):
    """Return how many bits of a uint64 are set: LLVM knows this form and has an instruction."""
    bits = bits - ((bits >> np.uint64(1)) & _ONES)
    bits = (bits & _TWOS) + ((bits >> np.uint64(2)) & _TWOS)
    bits = (bits + (bits >> np.uint64(4))) & _FOURS
    return np.int64((bits * _BYTES) >> np.uint64(56))


# n = descriptors of the query, k = words of each, d = Hamming distance; counts all matches, but
# writes no more than there is room for. The distances' weights already have the bound: its length.
@kernel
def _collect(
    offsets, signatures, words, query_signatures, n_distances, queries, rows, distances, found_words
):
    found = 0
    room = len(queries)
    for n in range(words.shape[0]):
        for k in range(words.shape[1]):
            word = words[n, k]
            wanted = query_signatures[n, k]
            start = offsets[word]
            listed = signatures[start : offsets[word + 1]]
            for p in range(len(listed)):
                distance = count_bits(listed[p] ^ wanted)
                if distance < n_distances:
                    if found < room:
                        queries[found] = n
                        rows[found] = start + p
                        distances[found] = distance
                        found_words[found] = word
                    found += 1
    return found


def collect_matches(
    segments: Sequence[Postings],
    query: Query,
    distance_weights: NDArray[np.float32],
    word_weights: NDArray[np.float32],
) -> Matches:
    """Return all pairs of the same word whose signatures are close, each segment's by query.

    Parameters
    ----------
    segments : sequence of Postings
    query : Query
    distance_weights : ndarray of float32, shape (threshold + 1,)
        What a match counts at each Hamming distance; farther ones are none.
    word_weights : ndarray of float32, shape (n_words,)
        By which this is multiplied: the squares of the words' inverse document frequencies.

    Returns
    -------
    Matches

    Raises
    ------
    DamagedPostingsError
        For a posting of an image that is not there: arrays on disk may be damaged.
    """
    none = (np.zeros(0, column) for column in (np.int32, np.int32, np.float32, np.uint8, np.int16))
    parts = [Matches(*none)]
    for segment in segments:
        room = 1 << 16
        while True:
            queries, distances, words = (np.empty(room, np.int32) for _ in range(3))
            rows = np.empty(room, np.int64)
            found = _collect(
                segment.offsets,
                segment.signatures,
                query.words,
                query.signatures,
                len(distance_weights),
                queries,
                rows,
                distances,
                words,
            )
            if found <= room:
                break
            room = found
        queries, rows = queries[:found], rows[:found]
        weights = distance_weights[distances[:found]] * word_weights[words[:found]]
        turns, zooms = np.zeros(0, np.uint8), np.zeros(0, np.int16)
        if len(query.angles):
            turns = segment.angles[rows] - query.angles[queries]
            zooms = segment.scales[rows].astype(np.int16) - query.scales[queries]
        images = segment.images[rows]
        if found and images.max() >= segment.n_images:
            raise DamagedPostingsError("segments have postings of images that are not there")
        images = images.astype(np.int32) + np.int32(segment.first_image)
        parts.append(Matches(queries, images, weights, turns, zooms))
    return Matches(*(np.concatenate(column) for column in zip(*parts, strict=True)))


# m = matches, sorted by query within an image; burstiness is an index of BURSTINESS
@kernel
def _soften_bursts(bounds, queries, weights, burstiness, image_weights, totals):
    for image in range(len(bounds) - 1):
        start = bounds[image] if image_weights[image] > 0 else bounds[image + 1]
        while start < bounds[image + 1]:
            stop = start
            best = start
            total = 0.0
            while stop < bounds[image + 1] and queries[stop] == queries[start]:
                total += weights[stop]
                if weights[stop] > weights[best]:
                    best = stop
                stop += 1
            for m in range(start, stop):
                if burstiness == 2:
                    weights[m] *= np.sqrt(weights[m] / total) if total > 0 else 0.0
                elif m != best:
                    weights[m] = 0.0
            totals[queries[start]] += weights[best]
            start = stop
    if burstiness == 3:
        for m in range(len(weights)):
            if weights[m] > 0 and totals[queries[m]] > 0:
                weights[m] *= np.sqrt(weights[m] / totals[queries[m]])


# With geometry, turns and zooms are the matches' differences of angles and scales.
@kernel
def _image_scores(
    bounds, weights, geometry, turns, zooms, turn_histogram, zoom_histogram, image_weights, scores
):
    for image in range(len(bounds) - 1):
        start, stop = bounds[image], bounds[image + 1]
        if start == stop or image_weights[image] == 0:
            continue
        own = weights[start:stop]
        if geometry:
            score = consistent_score(
                own, turns[start:stop], zooms[start:stop], turn_histogram, zoom_histogram
            )
        else:
            score = 0.0
            for m in range(len(own)):
                score += own[m]
        scores[image] = score * image_weights[image]


def hamming_scores(
    segments: Sequence[Postings],
    query: Query,
    idf: NDArray[np.float32],
    weights: NDArray[np.float32],
    *,
    threshold: int = 22,
    sigma: float = 13.0,
    burstiness: str = "inter",
) -> NDArray[np.float32]:
    """Return what every image has in common with the query, as `InvertedIndex.search` counts it.

    Parameters
    ----------
    segments : sequence of Postings
        With signatures.
    query : Query
        With angles and scales, which make the geometry count, only if the segments have them.
    idf : ndarray of float32, shape (n_words,)
    weights : ndarray of float32, shape (n_images,)
        Of `image_weights`; 0 for images that are to be left out.
    threshold, sigma, burstiness
        As in `InvertedIndex.search`.

    Returns
    -------
    ndarray of float32, shape (n_images,)
    """
    distances = np.arange(threshold + 1)
    distance_weights = np.exp(-np.square(distances / sigma)).astype(np.float32)
    matches = collect_matches(segments, query, distance_weights, np.square(idf))
    bounds, order = counting_sort(matches.images, len(weights))
    matches = Matches(*(column[order] if len(column) else column for column in matches))
    strengths = matches.weights
    if burstiness != "none":
        kind = BURSTINESS.index(burstiness)
        totals = np.zeros(len(query.words))
        _soften_bursts(bounds, matches.queries, strengths, kind, weights, totals)
    scores = np.zeros(len(weights), np.float32)
    _image_scores(
        bounds,
        strengths,
        len(query.angles) > 0,
        matches.turns,
        matches.zooms,
        *turn_and_zoom_histograms(),
        weights,
        scores,
    )
    scores *= image_weights(query.words[:, 0], [len(query.words)], idf)[0]
    return scores
