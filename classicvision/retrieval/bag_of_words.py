"""Bags of visual words: how often each word occurs in an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_flag, check_number, check_option
from classicvision.retrieval._encoder import ImageEncoder, learned_vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from classicvision.retrieval.vocabulary import VisualVocabulary

ASSIGNMENTS = ("hard", "soft")
TERM_FREQUENCIES = ("count", "sqrt", "binary")
NORMALIZATIONS = ("l2", "l1", "hellinger")


class BagOfWords(ImageEncoder):
    """Encode images as weighted histograms of visual words.

    Parameters
    ----------
    n_words : int
        Visual words to learn.
    features : {"sift", "rootsift", "orb", "patch", "color_patch", "dense"}, callable or None
        How images, or paths of images, are described: as `extract_descriptors` does, or "dense",
        as `dense_descriptors` does. A callable takes an image and returns keypoints and
        descriptors. None: the items of X are arrays of descriptors, not images; or tuples of
        keypoints (or x, y), descriptors and the image's shape.
    vocabulary : VisualVocabulary, optional
        A fitted one is used as it is, also by clones; one that is not is copied and fitted.
    assignment : {"hard", "soft"}
        Whether a descriptor counts for its nearest word, or for several, with weights that
        sum to 1.
    n_nearest : int
        For how many, if soft; for all words if there are fewer.
    bandwidth : float, optional
        The deviation of the Gaussian of the distance that gives the weights, if soft. By default
        the root mean squared distance of descriptors from their words, divided by the square root
        of their length: the deviation along one dimension.
    term_frequency : {"sqrt", "count", "binary"}
        What becomes of a word's count.
    idf : bool
        Whether words are weighted by log(images / images with the word): of the vocabulary's own
        images, or of those of `fit` where it does not know any. It helps to find images again; a
        classifier weighs the words itself.
    pyramid_levels : int
        1: one histogram. L: also for the cells of a grid of 2 by 2, and so on to 2^(L-1) by
        2^(L-1), one after the other, with Lazebnik's weights.
    normalization : {"l2", "l1", "hellinger"} or None
        What is 1 in the end: the length, the sum, or both the sum and, after square roots, the
        length.
    n_jobs : int, optional
        Images described and encoded at a time.
    random_state : int, Generator, RandomState or None
        For the words.

    Attributes
    ----------
    vocabulary_ : VisualVocabulary
    idf_ : ndarray of float32, shape (n_words,), or None
    bandwidth_ : float or None

    See Also
    --------
    VisualVocabulary : learns the words, also from more descriptors than memory holds.

    Notes
    -----
    1. Every descriptor is given to its nearest words, exactly.
    2. With d the distance to a word and s the bandwidth, soft weights are exp(-d^2 / (2 s^2)),
       divided by their sum: the "codeword uncertainty" of van Gemert.
    3. Counts by cell, 1 at most if "binary"; level l of L levels weighs 1 / 2^(L - l), and the
       first 1 / 2^(L - 1).
    4. Square roots if "sqrt", also of these weights; idf, normalization.

    "sqrt" with "l2", and "count" with "hellinger", are the same, but for the idf, which then
    weighs in fully or by its root.

    `fit` keeps the descriptors of all its images in memory. For more of them learn a
    `VisualVocabulary` from a stream, and give that.

    References
    ----------
    J. Sivic and A. Zisserman, "Video Google: a text retrieval approach to object matching in
    videos", ICCV 2003.

    J. van Gemert, C. Veenman, A. Smeulders and J.-M. Geusebroek, "Visual word ambiguity", IEEE
    Transactions on Pattern Analysis and Machine Intelligence 32(7), 2010, section 3.

    S. Lazebnik, C. Schmid and J. Ponce, "Beyond bags of features: spatial pyramid matching for
    recognizing natural scene categories", CVPR 2006, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> images = [np.array([[0, 0], [0, 1], [9, 9]]), np.array([[1, 0]])]
    >>> words = cv.BagOfWords(2, term_frequency="count", normalization=None)
    >>> sorted(words.fit_transform(images)[0].tolist())
    [1.0, 2.0]
    """

    _KEPT = ("vocabulary",)

    def __init__(
        self,
        n_words: int = 1000,
        *,
        features: str | Callable | None = None,
        vocabulary: VisualVocabulary | None = None,
        assignment: str = "hard",
        n_nearest: int = 5,
        bandwidth: float | None = None,
        term_frequency: str = "sqrt",
        idf: bool = False,
        pyramid_levels: int = 1,
        normalization: str | None = "l2",
        n_jobs: int | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ):
        self.n_words = n_words
        self.features = features
        self.vocabulary = vocabulary
        self.assignment = assignment
        self.n_nearest = n_nearest
        self.bandwidth = bandwidth
        self.term_frequency = term_frequency
        self.idf = idf
        self.pyramid_levels = pyramid_levels
        self.normalization = normalization
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_options(self):
        check_number(self.n_words, "n_words", at_least=1, integer=True)
        check_option(self.assignment, "assignment", ASSIGNMENTS)
        check_number(self.n_nearest, "n_nearest", at_least=1, integer=True)
        if self.bandwidth is not None:
            check_number(self.bandwidth, "bandwidth", above=0)
        check_option(self.term_frequency, "term_frequency", TERM_FREQUENCIES)
        check_flag(self.idf, "idf")
        check_number(self.pyramid_levels, "pyramid_levels", at_least=1, at_most=8, integer=True)
        if self.normalization is not None:
            check_option(self.normalization, "normalization", NORMALIZATIONS)

    def _learn(self, items):
        self.vocabulary_ = learned_vocabulary(self, items, count_images=self.idf)
        size = len(self.vocabulary_.centers_)
        self.idf_ = self.bandwidth_ = None
        if self.idf:
            self.idf_ = self._learned_idf(items)
        if self.assignment == "soft":
            self.bandwidth_ = self.bandwidth or self._learned_bandwidth(items)
        cells = sum(4**level for level in range(self.pyramid_levels))
        self._n_features_out = size * cells
        self._nearest = min(self.n_nearest, size) if self.assignment == "soft" else 1

    def _learned_idf(self, items):
        if self.vocabulary_.document_frequencies_ is not None:
            return self.vocabulary_.idf_
        frequencies = np.zeros(len(self.vocabulary_.centers_))
        for item in items:
            frequencies[np.unique(self.vocabulary_.predict(item.descriptors))] += 1
        return np.log(len(items) / np.maximum(frequencies, 1)).astype(np.float32)

    def _learned_bandwidth(self, items):
        total = count = 0.0
        for item in items:
            total += self.vocabulary_.nearest_with_distances(item.descriptors, 1)[1].sum()
            count += len(item.descriptors)
        return float(np.sqrt(total / count / self._descriptor_length)) or 1.0

    def _encode(self, item):
        counts = np.concatenate(list(self._histograms(item)))
        if self.term_frequency == "sqrt":
            counts = np.sqrt(counts)
        if self.idf_ is not None:
            counts = (counts.reshape(-1, len(self.idf_)) * self.idf_).ravel()
        if self.normalization == "l2":
            return counts / (np.sqrt(counts @ counts) or 1)
        if self.normalization is not None:
            counts = counts / (counts.sum() or 1)
        return np.sqrt(counts) if self.normalization == "hellinger" else counts

    def _histograms(self, item):
        """Yield the counts of the words in the whole image, then in the cells of each level."""
        n_words = len(self.vocabulary_.centers_)
        words, squared = self.vocabulary_.nearest_with_distances(item.descriptors, self._nearest)
        weights = self._weights(squared)
        levels = self.pyramid_levels
        for level in range(levels):
            cells = _cells(item, 2**level) if level else np.zeros(len(words), np.intp)
            places = cells[:, None] * n_words + words
            found = np.bincount(places.ravel(), weights.ravel(), minlength=4**level * n_words)
            if self.term_frequency == "binary":
                found = (found > 0).astype(np.float64)
            yield found * 0.5 ** (levels - max(level, 1)) if levels > 1 else found

    def _weights(self, squared):
        if self._nearest == 1:
            return np.ones(squared.shape)
        weights = np.exp((squared[:, :1] - squared) / (2 * self.bandwidth_**2))
        return weights / weights.sum(axis=1, keepdims=True)


def _cells(item, side):
    """Return in which cell of a grid, counted row by row, each keypoint is."""
    if item.points is None:
        raise ValueError(
            "pyramid_levels above 1 needs the places of the descriptors: give images and features, "
            "or tuples (keypoints, descriptors, image shape)"
        )
    rows, columns = item.shape
    x, y = (item.points.astype(np.float64).T + 0.5) / [[columns], [rows]]
    column, row = (np.clip((place * side).astype(np.intp), 0, side - 1) for place in (x, y))
    return row * side + column
