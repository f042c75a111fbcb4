"""What all encodings share: lists of descriptor arrays or images in, one row for each out."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from classicvision._checks import as_array, check_jobs, check_option, check_random_state
from classicvision._parallel import parallel_map
from classicvision.retrieval._sources import LARGEST, check_descriptors
from classicvision.retrieval.verification import check_shape
from classicvision.retrieval.vocabulary import VisualVocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from numpy.typing import NDArray
    from typing_extensions import Self

_DENSE = "dense"
FEATURES = ("sift", "rootsift", "orb", "patch", "color_patch", _DENSE)


class LocalFeatures(NamedTuple):
    """The descriptors of one image, and where in it they are."""

    descriptors: np.ndarray
    points: np.ndarray | None = None  # (n, 2): x, y
    shape: tuple[int, int] | None = None  # rows, columns


class ImageEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A scikit-learn transformer of lists: subclasses say how one image is encoded.

    They have the parameters ``features``, ``n_jobs`` and ``random_state``, and the methods
    ``_check_options()``, ``_learn(items)`` and ``_encode(item)``, items being `LocalFeatures`.
    What is learned and must stay learned in a clone is named in ``_KEPT``.
    """

    _KEPT: tuple[str, ...] = ()

    def fit(self, X: Iterable[Any], y: Any = None) -> Self:
        """Learn from images.

        Parameters
        ----------
        X : iterable
            Arrays of descriptors, one for each image, or images (see ``features``).
        y : None
            Ignored.

        Returns
        -------
        ImageEncoder
            Itself.

        Raises
        ------
        TypeError, ValueError
            For options or items that cannot be, with the item's number.
        """
        self._fitted_items(X)
        return self

    def fit_transform(self, X: Iterable[Any], y: Any = None) -> NDArray[np.float32]:
        """Learn from images and encode them; their features are extracted once.

        Parameters
        ----------
        X : iterable
        y : None
            Ignored.

        Returns
        -------
        ndarray of float32, shape (number of images, length of an encoding)
        """
        return self._rows(map(self._encode_checked, self._fitted_items(X)))

    def transform(self, X: Iterable[Any]) -> NDArray[np.float32]:
        """Encode images.

        Parameters
        ----------
        X : iterable
            As in `fit`. They are read one by one.

        Returns
        -------
        ndarray of float32, shape (number of images, length of an encoding)
            Zeros for an image without descriptors.
        """
        check_is_fitted(self)
        function = partial(_encoded, self, checked_features(self.features))
        return self._rows(parallel_map(function, _numbered(X, self.features), n_jobs=self.n_jobs))

    def _fitted_items(self, X):
        self._check_options()
        if self.n_jobs is not None:
            check_jobs(self.n_jobs)
        check_random_state(self.random_state)
        function = partial(_extracted, checked_features(self.features))
        items = list(parallel_map(function, _numbered(X, self.features), n_jobs=self.n_jobs))
        sizes = {item.descriptors.shape[1] for item in items if len(item.descriptors)}
        if len(sizes) != 1:
            got = ", ".join(map(str, sorted(sizes))) if sizes else "no descriptors at all"
            raise ValueError(f"X must have descriptors of one length, got {got}")
        self._descriptor_length = sizes.pop()
        self._learn(items)
        return items

    def _encode_checked(self, item):
        length = item.descriptors.shape[1]
        if len(item.descriptors) and length != self._descriptor_length:
            raise ValueError(
                f"X must have descriptors of length {self._descriptor_length} as those that were "
                f"learned from, got {length}"
            )
        return self._encode(item)

    def _rows(self, rows):
        rows = list(rows)
        return np.array(rows, np.float32).reshape(len(rows), self._n_features_out)

    def __sklearn_clone__(self):
        parameters = self.get_params(deep=False)
        for name, value in parameters.items():
            if name not in self._KEPT or not _is_fitted(value):
                parameters[name] = clone(value, safe=False)
        return type(self)(**parameters)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


def learned_vocabulary(encoder, items, count_images=False):
    """Return the encoder's vocabulary where it is fitted, otherwise one learned from images.

    One that is not fitted is copied, and fitted with its own options. The images in which each
    word occurs are only counted if asked for, which takes as long as to encode them.
    """
    vocabulary = encoder.vocabulary
    if vocabulary is None:
        state = encoder.random_state
        vocabulary = VisualVocabulary(encoder.n_words, random_state=state)
    elif not isinstance(vocabulary, VisualVocabulary):
        raise TypeError(
            f"vocabulary must be a VisualVocabulary or None, got {type(vocabulary).__name__}"
        )
    elif _is_fitted(vocabulary):
        length = encoder._descriptor_length
        if vocabulary.n_features_in_ != length:
            raise ValueError(
                f"vocabulary must be one of descriptors of length {length}, "
                f"got {vocabulary.n_features_in_}"
            )
        return vocabulary
    else:
        vocabulary = clone(vocabulary)
    descriptors = [item.descriptors for item in items]
    if count_images:
        return vocabulary.fit(descriptors)
    vocabulary._learn(descriptors)
    return vocabulary


def _is_fitted(estimator):
    if estimator is None:
        return False
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def unit_length(vector):
    """Return a vector divided by its length, zeros as they are."""
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def signed_root(values):
    """Return square roots of the magnitudes, with their signs."""
    return np.copysign(np.sqrt(np.abs(values)), values)


def checked_features(features):
    """Return ``features`` if they are None, a callable or the name of a kind."""
    if features is None or callable(features):
        return features
    return check_option(features, "features", FEATURES)


def _numbered(X, features):
    shape = X.shape if features is not None and isinstance(X, np.ndarray) else ()
    if len(shape) == 2 or (len(shape) == 3 and shape[2] == 3):
        raise TypeError(f"X must be a list of images, got an array {shape}; is it [image]?")
    if isinstance(X, (str, bytes, os.PathLike)) or not hasattr(X, "__iter__"):
        raise TypeError(f"X must be a list with one item for each image, got {X!r:.80}")
    return enumerate(X)


def _encoded(encoder, features, numbered):
    return encoder._encode_checked(_extracted(features, numbered))


def _extracted(features, numbered):
    number, item = numbered
    try:
        return _given(item) if features is None else _extract(features, item)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"X[{number}]: {error}") from error


def _given(item):
    """Return descriptors that come as such, or with keypoints and the image's shape."""
    if not isinstance(item, tuple):
        return LocalFeatures(check_descriptors(item, largest=LARGEST))
    if len(item) != 3:
        raise ValueError(
            "must be an array of descriptors, or a tuple (keypoints, descriptors, image shape); "
            f"got a tuple of {len(item)}"
        )
    keypoints, descriptors, shape = item
    descriptors = check_descriptors(descriptors, largest=LARGEST)
    points = np.asarray(getattr(keypoints, "points", keypoints), np.float32).reshape(-1, 2)
    shape = check_shape(shape[:2] if as_array(shape).ndim == 1 else shape, "the image shape")
    return _checked_points(LocalFeatures(descriptors, points, shape))


def _extract(features, item):
    from classicvision.images import read_image

    image = read_image(item) if isinstance(item, (str, os.PathLike)) else np.asarray(item)
    if callable(features):
        found = features(image)
        if not isinstance(found, tuple) or len(found) != 2:
            raise TypeError(f"features must return (keypoints, descriptors), got {found!r:.80}")
    elif features == _DENSE:
        from classicvision.features.dense import dense_descriptors

        found = dense_descriptors(image)
    else:
        from classicvision.features.descriptors import extract_descriptors

        found = extract_descriptors(image, features)
    keypoints, descriptors = found
    points = np.asarray(getattr(keypoints, "points", keypoints), np.float32).reshape(-1, 2)
    descriptors = check_descriptors(descriptors, largest=LARGEST)
    return _checked_points(LocalFeatures(descriptors, points, image.shape[:2]))


def _checked_points(item):
    if len(item.points) != len(item.descriptors):
        raise ValueError(
            f"must have one keypoint for each descriptor, got {len(item.points)} and "
            f"{len(item.descriptors)}"
        )
    return item
