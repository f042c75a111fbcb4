"""Visual words: the centres of clusters of local descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from classicvision._checks import (
    as_array,
    check_flag,
    check_number,
    check_option,
    check_random_state,
)
from classicvision._npz import load_arrays, save_arrays
from classicvision.retrieval._clustering import Clustering, Progress, with_bar
from classicvision.retrieval._nearest import NearestWords
from classicvision.retrieval._sources import check_descriptors, open_source
from classicvision.retrieval._tree import descend
from classicvision.retrieval._vocabulary_checkpoint import Checkpoint

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

METHODS = ("minibatch", "kmeans", "hierarchical")
_KIND, _VERSION = "visual vocabulary", 1
_BLOCK = 4096


class VisualVocabulary(BaseEstimator):
    """Learn visual words from local descriptors, and tell which word a descriptor is.

    Parameters
    ----------
    n_words : int
        How many words, at least 1.
    method : {"minibatch", "kmeans", "hierarchical"}
        k-means on random batches; on all descriptors, over and over; or on batches down a tree,
        for very many words.
    branching : int
        The children of a node of the tree, at least 2. ``n_words`` must be one of its powers.
    max_iterations : int
        How often the descriptors are gone through at most; fewer times where the words settle.
    batch_size : int
        Descriptors in a batch, at least 16.
    random_state : int, Generator, RandomState or None
        For the first words and the batches.
    verbose : int
        Above 0: a progress bar on standard error.

    Attributes
    ----------
    centers_ : ndarray of float32, shape (n_words, d)
    document_frequencies_ : ndarray of int64, shape (n_words,), or None
        In how many of the images learned from each word occurs; None if they came as one array.
    n_images_ : int or None
        The number of those images.
    n_features_in_ : int
        The length d of a descriptor.

    See Also
    --------
    BagOfWords, VLAD : encodings of images by the words.

    Notes
    -----
    1. The first words are drawn by k-means++ from a sample of three descriptors a word.
    2. "minibatch": every batch is assigned to its nearest words, and a word becomes the mean of
       all descriptors it was ever given. Words with under 1 % of the descriptors of the greatest
       move to random ones. It ends when the smoothed distance has not shrunk for ten batches.
       "kmeans": as Lloyd, until a pass makes the mean squared distance less than 0.01 % smaller;
       a word without descriptors moves to a random one.
    3. "hierarchical": the same batches level by level, each descriptor within its own node.
    4. Where images came one by one, each word's number of images is counted in a last pass.

    Memory is that of the words, of a sample of three descriptors a word and of one batch, however
    many descriptors there are in a memory map or a stream. A batch is made of runs of 16
    neighbouring rows at random places; of a stream, whose first descriptors are the sample, as
    they come. Equal descriptors count as often as they occur; where fewer than ``n_words`` are
    different, some words are equal, and of equal words only the first is ever found.

    References
    ----------
    J. Sivic and A. Zisserman, "Video Google: a text retrieval approach to object matching in
    videos", ICCV 2003.

    D. Sculley, "Web-scale k-means clustering", WWW 2010.

    D. Nistér and H. Stewénius, "Scalable recognition with a vocabulary tree", CVPR 2006,
    section 3.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> images = [np.array([[0, 0], [0, 1], [9, 9]]), np.array([[1, 0], [1, 1]])]
    >>> vocabulary = cv.VisualVocabulary(2, method="kmeans", random_state=0).fit(images)
    >>> sorted(vocabulary.centers_.tolist())
    [[0.5, 0.5], [9.0, 9.0]]
    >>> vocabulary.predict([[8, 8], [9, 7]]) == vocabulary.predict([[9, 9]])
    array([ True,  True])
    """

    def __init__(
        self,
        n_words: int = 1000,
        *,
        method: str = "minibatch",
        branching: int = 10,
        max_iterations: int = 20,
        batch_size: int = 4096,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
        verbose: int = 0,
    ):
        self.n_words = n_words
        self.method = method
        self.branching = branching
        self.max_iterations = max_iterations
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        descriptors: ArrayLike | os.PathLike[str] | Iterable[ArrayLike],
        y: None = None,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Learn the words.

        Parameters
        ----------
        descriptors : array_like of shape (n, d), path of a ``.npy`` file, or iterable of arrays
            One array, also a memory map; or one for each image, in a list or in anything that
            can be iterated over, again and again unless the method is "minibatch".
        y : None
            Ignored.
        checkpoint : path-like, optional
            A file to which progress is written, at most every minute. Where it exists, the run
            that wrote it is gone on with, and ends with the words it would have ended with.

        Returns
        -------
        VisualVocabulary

        Raises
        ------
        TypeError
            For options or descriptors of a wrong type.
        ValueError
            For options out of range, fewer descriptors than words, values that are not finite or
            beyond 1e12, or a checkpoint of other descriptors or options.
        """
        source = self._learn(descriptors, checkpoint)
        if source.documents is not None:
            self.count_images(source.documents)
        return self

    def _learn(self, descriptors, checkpoint=None):
        options = self._checked_options()
        source = open_source(descriptors)
        if not source.passes and options["method"] != "minibatch":
            raise ValueError(
                f"descriptors must be iterable more than once for method={self.method!r}, got an "
                "iterator; give a list, an array or a file, or use method='minibatch'"
            )
        saved = Checkpoint(checkpoint, options, source, self.random_state)
        progress = saved.load() or Progress(saved.new_seed())
        clustering = Clustering(source, options, progress)
        for _ in with_bar(clustering) if self.verbose else clustering.run():
            saved.save(progress)
        saved.save(progress, now=True)
        self._levels = progress.levels
        self.centers_ = progress.levels[-1]
        self.n_features_in_ = self.centers_.shape[1]
        self.document_frequencies_ = self.n_images_ = None
        self._finder = NearestWords(self.centers_)
        return source

    def count_images(self, descriptors: Iterable[ArrayLike]) -> Self:
        """Learn how many images each word occurs in, in the place of what `fit` has counted.

        Parameters
        ----------
        descriptors : iterable of array_like, shape (n, d)
            One array for each image; each is read once.

        Returns
        -------
        VisualVocabulary
        """
        check_is_fitted(self)
        frequencies, images = np.zeros(len(self.centers_), np.int64), 0
        for array in descriptors:
            frequencies[np.unique(self.predict(array))] += 1
            images += 1
        self.document_frequencies_, self.n_images_ = frequencies, images
        return self

    @property
    def idf_(self) -> NDArray[np.float32]:
        """The weights log(images / images with the word); of a word in no image as if in one.

        They never change with the images that are encoded later.
        """
        check_is_fitted(self)
        if self.document_frequencies_ is None:
            raise AttributeError(
                "the vocabulary has no idf_, since it was learned from one array; fit it to a "
                "list of arrays, one for each image, or call count_images"
            )
        found = np.maximum(self.document_frequencies_, 1)
        return np.log(max(self.n_images_, 1) / found).astype(np.float32)

    def predict(self, descriptors: ArrayLike, *, exact: bool = True) -> NDArray[np.int32]:
        """Return the nearest word of each descriptor.

        Parameters
        ----------
        descriptors : array_like, shape (n, d)
            Also a memory map.
        exact : bool
            False: down the tree, from node to nearest child, of a "hierarchical" vocabulary. It
            is fast, but only some of the words are the nearest ones: of RootSIFT descriptors that
            were not learned from 80 % with 10 x 10 words, 59 % with 10 x 10 x 10, 69 % with
            32 x 32, 52 % with 16 x 16 x 16.

        Returns
        -------
        ndarray of int32, shape (n,)
            Of equally near words the first.

        Raises
        ------
        TypeError, ValueError
            For descriptors of another length, or that are not finite.
        """
        check_is_fitted(self)
        if not check_flag(exact, "exact") and self.method != "hierarchical":
            raise ValueError(f"exact must be True for method={self.method!r}: it has no tree")

        def words(rows):
            if exact:
                return self._finder.words(rows)
            return descend(rows, self._levels, self.branching)[0]

        return self._in_blocks(words, descriptors)

    def nearest(self, descriptors: ArrayLike, k: int) -> NDArray[np.int32]:
        """Return the k nearest words of each descriptor, for multiple assignment.

        Parameters
        ----------
        descriptors : array_like, shape (n, d)
        k : int
            From 1 to the number of words.

        Returns
        -------
        ndarray of int32, shape (n, k)
            The nearest first; of equally near ones that of the lower number.
        """
        return self.nearest_with_distances(descriptors, k)[0]

    def nearest_with_distances(
        self, descriptors: ArrayLike, k: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return the k nearest words of each descriptor, and the squared distances to them.

        Parameters
        ----------
        descriptors : array_like, shape (n, d)
        k : int

        Returns
        -------
        words : ndarray of int32, shape (n, k)
        squared : ndarray of float64, shape (n, k)
        """
        check_is_fitted(self)
        k = check_number(k, "k", at_least=1, at_most=len(self.centers_), integer=True)
        return self._in_blocks(lambda rows: self._finder.find(rows, k), descriptors)

    def _in_blocks(self, function, descriptors):
        """Call a function on all descriptors, or, since they may be mapped, block by block."""
        array = as_array(descriptors)
        if array.ndim != 2 or len(array) <= _BLOCK:
            return function(check_descriptors(array, self.n_features_in_))
        parts = (array[begin : begin + _BLOCK] for begin in range(0, len(array), _BLOCK))
        found = [function(check_descriptors(part, self.n_features_in_)) for part in parts]
        if isinstance(found[0], tuple):
            return tuple(map(np.concatenate, zip(*found, strict=True)))
        return np.concatenate(found)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the vocabulary to an ``.npz`` file, whatever its name; a file there is replaced.

        Parameters
        ----------
        path : path-like
        """
        check_is_fitted(self)
        about = {
            "method": self.method,
            "branching": int(self.branching),
            "max_iterations": int(self.max_iterations),
            "batch_size": int(self.batch_size),
            "n_images": self.n_images_,
        }
        arrays = {f"level_{number}": level for number, level in enumerate(self._levels)}
        if self.document_frequencies_ is not None:
            arrays["document_frequencies"] = self.document_frequencies_
        save_arrays(path, _KIND, _VERSION, about, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a vocabulary that `save` has written.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        VisualVocabulary

        Raises
        ------
        ValueError
            For a file that is no vocabulary, or damaged, or of another version.
        OSError
            For a file that cannot be read.
        """
        about, arrays = load_arrays(path, _KIND, _VERSION, "VisualVocabulary.save")
        frequencies = arrays.pop("document_frequencies", None)
        options = {name: about.get(name) for name in ("method", "branching", "max_iterations")}
        try:
            levels = [arrays[f"level_{number}"] for number in range(len(arrays))]
            vocabulary = cls(len(levels[-1]), batch_size=about["batch_size"], **options)
            vocabulary._checked_options()
            vocabulary._check_arrays(levels, frequencies, about["n_images"])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: a damaged {_KIND}: {error}") from None
        vocabulary._levels, vocabulary.centers_ = levels, levels[-1]
        vocabulary._finder = NearestWords(vocabulary.centers_)
        vocabulary.n_features_in_ = vocabulary.centers_.shape[1]
        vocabulary.document_frequencies_ = frequencies
        vocabulary.n_images_ = about["n_images"]
        return vocabulary

    def _check_arrays(self, levels, frequencies, images):
        sizes = [len(level) for level in levels]
        tree = [self.branching ** (number + 1) for number in range(len(levels))]
        if sizes != (tree if self.method == "hierarchical" else [self.n_words]):
            raise ValueError(f"levels of {sizes} words")
        for level in levels:
            if level.dtype != np.float32 or level.ndim != 2 or not np.isfinite(level).all():
                raise ValueError("words that are no finite float32 vectors")
        if len({level.shape[1] for level in levels}) != 1:
            raise ValueError("levels of words of different lengths")
        if frequencies is None:
            return
        check_number(images, "n_images", at_least=0, integer=True)
        if frequencies.dtype != np.int64 or frequencies.shape != (self.n_words,):
            raise ValueError("document frequencies that do not belong to the words")
        if ((frequencies < 0) | (frequencies > images)).any():
            raise ValueError(f"document frequencies that are not from 0 to {images}")

    def _checked_options(self):
        options = {
            "n_words": check_number(self.n_words, "n_words", at_least=1, integer=True),
            "method": check_option(self.method, "method", METHODS),
            "branching": check_number(self.branching, "branching", at_least=2, integer=True),
            "max_iterations": check_number(
                self.max_iterations, "max_iterations", at_least=1, integer=True
            ),
            "batch_size": check_number(self.batch_size, "batch_size", at_least=16, integer=True),
        }
        check_number(self.verbose, "verbose", at_least=0, integer=True)
        check_random_state(self.random_state)
        if options["method"] == "hierarchical":
            depth = max(1, round(np.log(options["n_words"]) / np.log(options["branching"])))
            power = options["branching"] ** depth
            if power != options["n_words"]:
                raise ValueError(
                    f"n_words must be a power of branching = {options['branching']} for "
                    f"method='hierarchical', got {options['n_words']}; the nearest is {power}"
                )
        return options
