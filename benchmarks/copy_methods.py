"""Ways to find the picture that a query was made from, all with one method ``rank``.

``rank(image, described)`` returns the numbers of pictures of the library, the best first.
"""

import functools
import os
import threading

import cv2
import numpy as np

import classicvision as cv

WORDS, LARGE_VLAD = 4096, 256


class Setting:
    """What methods are made from.

    Attributes
    ----------
    pictures : callable
        Returns a generator of the pictures of the library.
    library, learning : list of Described
        Of the library, and of the other photographs that everything is learned from.
    cache : Cache
    name : str
        Of the library, for the cache.
    jobs : int
        Threads.
    """

    def __init__(self, pictures, library, learning, cache, name, jobs=1):
        self.pictures, self.library, self.learning = pictures, library, learning
        self.cache, self.name, self.jobs = cache, name, jobs

    @functools.cached_property
    def library_descriptors(self):
        return [picture.descriptors for picture in self.library]

    @functools.cached_property
    def learning_descriptors(self):
        return [picture.descriptors for picture in self.learning]

    @functools.cache  # noqa: B019, there is one setting
    def vocabulary(self, n_words):
        path = self.cache.path(f"words-{n_words}").with_suffix(".npz")
        if not path.exists():
            words = cv.VisualVocabulary(n_words, random_state=0)
            words.fit([rows[::2] for rows in self.learning_descriptors]).save(path)
        return cv.VisualVocabulary.load(path)

    @functools.cache  # noqa: B019
    def words(self):
        """Return the vocabulary of `WORDS` words and the words of the library."""
        vocabulary = self.vocabulary(WORDS)
        return vocabulary, [vocabulary.predict(rows) for rows in self.library_descriptors]


def _order(scores):
    return np.argsort(-scores, kind="stable").tolist()


def verified(setting, described, number):
    """Return the `Verification` of a query and a picture of the library."""
    picture = setting.library[number]
    pairs, _ = cv.match_descriptors(described.descriptors, setting.library_descriptors[number])
    return cv.verify_matches(
        described.keypoints,
        picture.keypoints,
        pairs,
        query_shape=described.shape,
        image_shape=picture.shape,
    )


class PerceptualHash:
    """imagehash: 64 bits, ranked by how many are equal."""

    def __init__(self, name, setting):
        import imagehash

        self._hash = getattr(imagehash, name)
        self._hashes = np.array([self._bits(image) for image in setting.pictures()])

    def _bits(self, image):
        from PIL import Image

        return self._hash(Image.fromarray(image)).hash.ravel()

    def rank(self, image, described):
        return _order((self._hashes == self._bits(image)).sum(axis=1))


class ColorHistogram:
    """A joint RGB histogram of 8 x 8 x 8, compared by Bhattacharyya's distance."""

    def __init__(self, setting):
        self._library = np.array(
            [cv.color_histogram(image).ravel() for image in setting.pictures()]
        )

    def rank(self, image, described):
        histogram = cv.color_histogram(image).ravel()
        return _order(-cv.compare_histograms(histogram, self._library, "bhattacharyya"))


class Words:
    """`InvertedIndex` of words, square roots of term frequencies times idf."""

    def __init__(self, setting, n_words=WORDS):
        self._vocabulary = setting.vocabulary(n_words)
        frequencies = np.maximum(self._vocabulary.document_frequencies_, 1)
        self._index = cv.InvertedIndex(
            n_words, idf=np.log(self._vocabulary.n_images_ / frequencies)
        )
        self._add(setting)

    def _add(self, setting):
        self._index.add([self._vocabulary.predict(rows) for rows in setting.library_descriptors])

    def rank(self, image, described):
        words = self._vocabulary.predict(described.descriptors)
        return self._index.search(words, top=None)[0].tolist()


class Signatures(Words):
    """`InvertedIndex` with Hamming embedding of 64 bits, and weak geometric consistency."""

    def __init__(self, setting, geometry):
        self._geometry = geometry
        super().__init__(setting)

    def _add(self, setting):
        sample = np.concatenate(setting.learning_descriptors)[::3]
        self._embedding = cv.HammingEmbedding(random_state=0)
        self._embedding.fit(sample, self._vocabulary.predict(sample), WORDS)
        words = setting.words()[1]
        pairs = zip(setting.library_descriptors, words, strict=True)
        signatures = [self._embedding.transform(*pair) for pair in pairs]
        places = [self._places(picture) for picture in setting.library]
        options = {name: [p[name] for p in places] for name in places[0]} if places else {}
        self._index.add(words, signatures=signatures, **options)

    def _places(self, described):
        if not self._geometry:
            return {}
        return {"angles": described.keypoints.angles, "scales": described.keypoints.sizes}

    def rank(self, image, described):
        words = self._vocabulary.predict(described.descriptors)
        signatures = self._embedding.transform(described.descriptors, words)
        found = self._index.search(
            words, signatures=signatures, top=None, **self._places(described)
        )
        return found[0].tolist()


class Vectors:
    """An encoder's vectors, of length 1, compared by their product."""

    def __init__(self, encoder, setting):
        self._encoder = encoder.fit(setting.learning_descriptors)
        self._library = self._encoder.transform(setting.library_descriptors)

    def rank(self, image, described):
        return _order(self._library @ self._encoder.transform([described.descriptors])[0])


class AggregatedMatches:
    """The package ``asmk``: the descriptors of each word added up, as bits; five words a query's.

    Its other parameters are those of its authors' examples; the words are ours.
    """

    def __init__(self, setting):
        from benchmarks.peers import asmk

        self._peer = asmk()
        words = setting.vocabulary(WORDS).centers_
        self._peer.put("words", words)
        self._peer.put("descriptors", np.concatenate(setting.library_descriptors))
        counts = [len(rows) for rows in setting.library_descriptors]
        self._peer.put("images", np.repeat(np.arange(len(counts)), counts))
        self._peer.ask("build", words="words", descriptors="descriptors", images="images")
        self._n_images, self._lock = len(counts), threading.Lock()

    def rank(self, image, described):
        if not len(described.descriptors):
            return list(range(self._n_images))
        with self._lock:
            self._peer.put("query", described.descriptors)
            return self._peer.ask("search", descriptors="query")["result"]


class Exhaustive:
    """No index: the query is matched with every picture, and the matches are verified."""

    def __init__(self, setting):
        self._setting = setting

    def rank(self, image, described):
        numbers = range(len(self._setting.library))
        found = (verified(self._setting, described, number) for number in numbers)
        return _order(np.array([each.n_inliers for each in found]))


class DefaultIndex:
    """`ImageIndex`, as it comes, from files."""

    def __init__(self, setting):
        pictures = setting.cache.path(f"pictures {setting.name}")
        pictures.mkdir(exist_ok=True)
        folder = os.path.abspath(pictures)
        paths = [os.path.join(folder, f"{i:04d}.png") for i in range(len(setting.library))]
        for path, image in zip(paths, setting.pictures(), strict=True):
            if not os.path.exists(path):
                cv2.imwrite(path, image[..., ::-1])
        self._numbers = {path: number for number, path in enumerate(paths)}
        place = setting.cache.path(f"index {setting.name}")
        vocabulary = setting.vocabulary(WORDS)
        self._index = cv.ImageIndex.build(paths, place, vocabulary=vocabulary, n_jobs=setting.jobs)

    def search(self, image, top):
        return self._index.search(image, top=top)

    def numbers(self, found):
        """Return the pictures of a search result as numbers of the library."""
        return [self._numbers[path] for path in found.paths]

    def rank(self, image, described):
        return self.numbers(self.search(image, len(self._numbers)))


METHODS = {
    "pHash": functools.partial(PerceptualHash, "phash"),
    "dHash": functools.partial(PerceptualHash, "dhash"),
    "RGB histogram": ColorHistogram,
    "BoW 1000": functools.partial(Words, n_words=1000),
    f"BoW {WORDS}": Words,
    "HE": functools.partial(Signatures, geometry=False),
    "HE + geometry": functools.partial(Signatures, geometry=True),
    "VLAD 64": lambda setting: Vectors(cv.VLAD(vocabulary=setting.vocabulary(64)), setting),
    f"VLAD {LARGE_VLAD}": lambda setting: Vectors(
        cv.VLAD(vocabulary=setting.vocabulary(LARGE_VLAD)), setting
    ),
    "Fisher 64": lambda setting: Vectors(cv.FisherVector(64, random_state=0), setting),
    "ImageIndex": DefaultIndex,
    "exhaustive": Exhaustive,
    "asmk": AggregatedMatches,
}
VERIFIED_BY_THEMSELVES = "ImageIndex", "exhaustive"
ONLY_IF_NAMED = "exhaustive", "asmk"
