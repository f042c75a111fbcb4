"""OpenCV's bag of visual words, which OpenCV 5 dropped, on the parts of it that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from classicvision._opencv import opencv
from classicvision.compat._arguments import ASSERTION, NOT_IMPLEMENTED, is_integer, make_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_PP_CENTERS = 2  # cv2.KMEANS_PP_CENTERS
_FLOAT32 = 5  # cv2.CV_32F
_NUMBERS = ("uint8", "int8", "uint16", "int16", "int32", "int64", "float16", "float32", "float64")


class BOWTrainer:
    """Collect descriptors to train a visual vocabulary from: ``cv2.BOWTrainer`` of OpenCV 4.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision.compat.opencv as cv2
    >>> trainer = cv2.BOWKMeansTrainer(2)
    >>> trainer.add(np.zeros((3, 128), np.float32))
    >>> trainer.descriptorsCount()
    3
    """

    def __init__(self) -> None:
        self._descriptors: list[np.ndarray] = []

    def add(self, descriptors: np.ndarray) -> None:
        """Add descriptors, which are kept as they are, not copied.

        Parameters
        ----------
        descriptors : ndarray, shape (n, d)
            At least one, all of the same length and type.

        Raises
        ------
        TypeError
            For anything but an array of a type that OpenCV has.
        cv2.error
            For no descriptors, or others of another length or type than the first.
        """
        _check_array(descriptors, "descriptors")
        if descriptors is None or descriptors.size == 0:
            raise make_error(ASSERTION, "!_descriptors.empty()", "add")
        if self._descriptors:
            first = self._descriptors[0]
            if _columns(first) != _columns(descriptors):
                raise make_error(ASSERTION, "descriptors[0].cols == _descriptors.cols", "add")
            if first.dtype != descriptors.dtype or first.shape[2:] != descriptors.shape[2:]:
                raise make_error(ASSERTION, "descriptors[0].type() == _descriptors.type()", "add")
        self._descriptors.append(descriptors)

    def getDescriptors(self) -> tuple[np.ndarray, ...]:
        """Return the arrays that were added."""
        return tuple(self._descriptors)

    def descriptorsCount(self) -> int:
        """Return the number of all descriptors that were added."""
        return sum(map(len, self._descriptors))

    def clear(self) -> None:
        """Forget the descriptors."""
        self._descriptors.clear()

    def cluster(self, descriptors: np.ndarray | None = None) -> NoReturn:
        """Refuse: how to find clusters is said by `BOWKMeansTrainer`."""
        raise make_error(NOT_IMPLEMENTED, "use BOWKMeansTrainer", "cluster")


class BOWKMeansTrainer(BOWTrainer):
    """Train a visual vocabulary by k-means: ``cv2.BOWKMeansTrainer`` of OpenCV 4.

    Parameters
    ----------
    clusterCount : int
        The number of words.
    termcrit : tuple of (type, maxCount, epsilon), optional
        When k-means ends; by default after 100 iterations, or when nothing moves any more.
    attempts : int
        How often it is begun anew; the best end counts.
    flags : int
        ``cv2.KMEANS_PP_CENTERS`` or ``cv2.KMEANS_RANDOM_CENTERS``.

    Notes
    -----
    The clustering is ``cv2.kmeans``, with OpenCV's own random numbers: after the same
    ``cv2.setRNGSeed`` the words are those of OpenCV 4. `classicvision.VisualVocabulary` takes
    more descriptors than memory holds, and is faster.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision.compat.opencv as cv2
    >>> trainer = cv2.BOWKMeansTrainer(2)
    >>> trainer.add(np.array([[0, 0], [0, 2], [8, 8]], np.float32))
    >>> sorted(trainer.cluster().tolist())
    [[0.0, 1.0], [8.0, 8.0]]
    """

    def __init__(
        self,
        clusterCount: int,
        termcrit: tuple[int, int, float] | None = None,
        attempts: int = 3,
        flags: int = _PP_CENTERS,
    ) -> None:
        super().__init__()
        self._count = _read_integer(clusterCount, "clusterCount")
        self._criteria = (0, 0, 0.0) if termcrit is None else termcrit
        self._attempts = 3 if attempts is None else _read_integer(attempts, "attempts")
        self._flags = _PP_CENTERS if flags is None else _read_integer(flags, "flags")
        if not hasattr(self._criteria, "__len__"):
            raise TypeError(f"termcrit must be (type, maxCount, epsilon), got {termcrit!r}")

    def cluster(self, descriptors: np.ndarray | None = None) -> NDArray[np.float32]:
        """Find the words of the descriptors that were added, or of those that are given.

        Parameters
        ----------
        descriptors : ndarray of float32, shape (n, d), optional

        Returns
        -------
        ndarray of float32, shape (clusterCount, d)

        Raises
        ------
        cv2.error
            For no descriptors, fewer than words, or another type than float32.
        """
        _check_array(descriptors, "descriptors")
        if descriptors is None:
            if not self._descriptors:
                raise make_error(ASSERTION, "!descriptors.empty()", "cluster")
            descriptors = np.concatenate(self._descriptors)
        arguments = (self._count, None, self._criteria, self._attempts, self._flags)
        return opencv().kmeans(descriptors, *arguments)[2]


class BOWImgDescriptorExtractor:
    """Encode images by their visual words: ``cv2.BOWImgDescriptorExtractor`` of OpenCV 4.

    Parameters
    ----------
    dextractor : cv2.Feature2D
        Describes keypoints: ``cv2.SIFT_create()``, or anything with its ``compute``.
    dmatcher : cv2.DescriptorMatcher
        Finds the nearest word: ``cv2.BFMatcher()``, or anything with its ``clear``, ``add``
        and ``match``.

    Examples
    --------
    >>> import classicvision.compat.opencv as cv2
    >>> extractor = cv2.BOWImgDescriptorExtractor(cv2.SIFT_create(), cv2.BFMatcher())
    >>> extractor.descriptorSize(), extractor.descriptorType() == cv2.CV_32F
    (0, True)
    """

    def __init__(self, dextractor: Any, dmatcher: Any) -> None:
        for name, value, method in (
            ("dextractor", dextractor, "compute"),
            ("dmatcher", dmatcher, "match"),
        ):
            if not callable(getattr(value, method, None)):
                raise TypeError(f"{name} must have a method {method!r}, got {value!r}")
        self._extractor, self._matcher = dextractor, dmatcher
        self._vocabulary: np.ndarray | None = None

    def setVocabulary(self, vocabulary: np.ndarray) -> None:
        """Set the words, which become all that the matcher is trained on.

        Parameters
        ----------
        vocabulary : ndarray, shape (n_words, d)
            Of the type of the descriptors.
        """
        _check_array(vocabulary, "vocabulary")
        self._matcher.clear()
        self._vocabulary = vocabulary
        self._matcher.add([] if vocabulary is None else [vocabulary])

    def getVocabulary(self) -> np.ndarray | None:
        """Return the words, or None."""
        return self._vocabulary

    def compute(
        self, image: np.ndarray, keypoints: Sequence[Any], imgDescriptor: Any = None
    ) -> NDArray[np.float32] | None:
        """Return how often each word occurs at keypoints, as a share of the keypoints.

        Parameters
        ----------
        image : ndarray
        keypoints : sequence of cv2.KeyPoint
        imgDescriptor : object
            Ignored, as in OpenCV, which returns a new array.

        Returns
        -------
        ndarray of float32, shape (1, n_words), or None without keypoints

        Raises
        ------
        cv2.error
            Without a vocabulary, for keypoints none of which can be described, for words of
            another length or type than the descriptors, or a matcher that leaves some out.
        """
        if keypoints is None or (hasattr(keypoints, "__len__") and not len(keypoints)):
            return None
        descriptors = self._extractor.compute(image, keypoints)[1]
        if self._vocabulary is None or not self._vocabulary.size:
            raise make_error(ASSERTION, "!vocabulary.empty(): call setVocabulary", "compute")
        if descriptors is None or not len(descriptors):
            raise make_error(ASSERTION, "!keypointDescriptors.empty()", "compute")
        matches = self._matcher.match(descriptors)
        if [match.queryIdx for match in matches] != list(range(len(matches))):
            raise make_error(ASSERTION, "queryIdx == (int)i", "compute")
        words = np.fromiter((match.trainIdx for match in matches), np.intp, len(matches))
        counts = np.bincount(words, minlength=self.descriptorSize()).astype(np.float32)
        return counts[None] * np.float32(1 / len(descriptors))  # rounded as OpenCV's division is

    def descriptorSize(self) -> int:
        """Return the number of words, 0 before they are set."""
        return 0 if self._vocabulary is None else len(self._vocabulary)

    def descriptorType(self) -> int:
        """Return ``cv2.CV_32F``."""
        return _FLOAT32


def _check_array(array, name):
    if array is None:
        return
    if not isinstance(array, np.ndarray) or array.ndim not in (1, 2, 3):
        raise TypeError(f"{name} must be a NumPy array of shape (n, d), got {array!r:.80}")
    if array.dtype.name not in _NUMBERS:
        raise TypeError(f"{name} data type = {array.dtype} is not supported")


def _columns(array):
    return array.shape[1] if array.ndim > 1 else 1


def _read_integer(value, name):
    if not is_integer(value):
        raise TypeError(f"Argument {name!r} is required to be an integer, got {value!r}")
    return int(value)
