"""The words of an index: its vocabulary and its Hamming embedding, in two files beside the rows."""

from __future__ import annotations

import copy
import hashlib
import os
from pathlib import Path

import numpy as np

from classicvision._npz import load_arrays, save_arrays
from classicvision.features.descriptors import root_sift
from classicvision.images.reading import display_name
from classicvision.retrieval._blas import one_blas_thread
from classicvision.retrieval._locking import readable
from classicvision.retrieval._rows import sync_folder
from classicvision.retrieval.embedding import HammingEmbedding
from classicvision.retrieval.hamming_search import Query
from classicvision.retrieval.postings import quantize_angles, quantize_scales
from classicvision.retrieval.vocabulary import VisualVocabulary
from classicvision.retrieval.word_search import image_weights

FILES = "vocabulary.npz", "embedding.npz"
_KIND, _VERSION = "Hamming embedding", 1
_USUAL_WORDS = 4096
_DESCRIPTORS_A_WORD = 16  # at least, where the number of words is not given
_ITERATIONS = 8


class IndexWords:
    """Turns descriptors into visual words with signatures and weights.

    Parameters
    ----------
    vocabulary : VisualVocabulary
        With document frequencies.
    embedding : HammingEmbedding
    """

    def __init__(self, vocabulary, embedding):
        self.vocabulary = vocabulary
        self.embedding = embedding
        self.idf = _idf(vocabulary)
        self.n_words = len(vocabulary.centers_)

    @classmethod
    def learn(cls, sample, *, vocabulary=None, n_words=None, random_state=0):
        """Learn what is not given from a sample.

        Parameters
        ----------
        sample : list of ndarray of uint8, shape (n, 128)
            SIFT descriptors, an array for each image.
        vocabulary : VisualVocabulary, optional
            A copy of it is used.
        n_words : int, optional
            By default 4096, or one for 16 descriptors where there are fewer.
        random_state : int
        """
        total = sum(map(len, sample))
        if total == 0:  # pictures without structure: all are found by their colours
            sample, total = [np.zeros((1, 128), np.uint8)], 1
        if n_words is not None and n_words > total:
            raise ValueError(
                f"n_words must be at most {total}, the keypoints to learn from, got {n_words}"
            )
        rows = np.concatenate([root_sift(own) for own in sample])
        images = np.split(rows, np.cumsum([len(own) for own in sample])[:-1])
        if vocabulary is None:
            n_words = n_words or min(_USUAL_WORDS, max(1, total // _DESCRIPTORS_A_WORD))
            vocabulary = VisualVocabulary(
                n_words, max_iterations=_ITERATIONS, random_state=random_state
            ).fit(images)
        elif vocabulary.document_frequencies_ is None:
            vocabulary = copy.copy(vocabulary).count_images(images)
        words = vocabulary.predict(rows)
        embedding = HammingEmbedding(random_state=random_state)
        with one_blas_thread():  # the medians of sums are kept
            embedding.fit(rows, words, len(vocabulary.centers_))
        return cls(vocabulary, embedding)

    def save(self, folder):
        """Write both files, and return their checksums by their names."""
        vocabulary, embedding = (os.path.join(folder, name) for name in FILES)
        self.vocabulary.save(vocabulary)
        arrays = {
            "projection": self.embedding.projection_,
            "thresholds": self.embedding.thresholds_,
        }
        save_arrays(embedding, _KIND, _VERSION, {}, arrays)
        sync_folder(folder)
        return {name: _digest(os.path.join(folder, name)) for name in FILES}

    @classmethod
    def load(cls, folder, checksums):
        """Read both files.

        Raises
        ------
        ValueError
            If one of them is not what was written.
        """
        paths = [os.path.join(folder, name) for name in FILES]
        for path, name in zip(paths, FILES, strict=True):
            with readable(display_name(os.fspath(folder))):
                intact = os.path.isfile(path) and _digest(path) == checksums.get(name)
            if not intact:
                raise ValueError(
                    f"{display_name(path)}: missing, or not the file of this index; it is "
                    "damaged, build it anew"
                )
        arrays = load_arrays(paths[1], _KIND, _VERSION)[1]
        embedding = HammingEmbedding(len(arrays["projection"]))
        embedding.projection_ = arrays["projection"]
        embedding.thresholds_ = arrays["thresholds"]
        return cls(VisualVocabulary.load(paths[0]), embedding)

    def encode(self, description):
        """Return an image's rows of each array of the index."""
        keypoints = description.keypoints
        rows = root_sift(description.descriptors)
        words = self.vocabulary.predict(rows)
        points = [keypoints.points, keypoints.sizes[:, None], keypoints.angles[:, None]]
        return {
            "points": np.concatenate(points, axis=1),
            "descriptors": description.descriptors,
            "words": words,
            "signatures": self.embedding.transform(rows, words),
            "angles": quantize_angles(keypoints.angles),
            "scales": quantize_scales(keypoints.sizes),
            "weights": image_weights(words, [len(words)], self.idf),
            "vectors": description.vector[None],
        }

    def query(self, description, several=1):
        """Return the description as a query: the nearest words of each keypoint."""
        keypoints = description.keypoints
        rows = root_sift(description.descriptors)
        words = self.vocabulary.nearest(rows, min(several, self.n_words))
        return Query(
            words,
            self.embedding.transform(rows, words),
            quantize_angles(keypoints.angles),
            quantize_scales(keypoints.sizes),
        )


def _idf(vocabulary):
    """Return the words' weights; a word of all images has one above 0: it may be the only one."""
    found = np.maximum(vocabulary.document_frequencies_, 1)
    return np.log((vocabulary.n_images_ + 1) / found).astype(np.float32)


def _digest(path):
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()
