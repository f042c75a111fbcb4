"""Which of the known objects a picture shows, by its colours alone."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from classicvision._checks import check_flag, check_number, check_option
from classicvision._npz import load_arrays, save_arrays
from classicvision._parallel import parallel_map
from classicvision.color._bins import check_bins
from classicvision.color._rejection import choose
from classicvision.color._spaces import CHANNELS, SPACES
from classicvision.color._views import check_images, check_labels, histogram_of
from classicvision.color.comparison import METRICS, compare_histograms, metric_is_similarity
from classicvision.images.reading import display_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from classicvision.color.comparison import Metric
    from classicvision.color.histogram import Space

_KIND, _VERSION = "color identifier", 1  # of the files


class ColorIdentifier(ClassifierMixin, BaseEstimator):
    """Identify objects by their colours: the nearest of many views, or none.

    Parameters
    ----------
    bins : int or sequence of int
        As in `color_histogram`.
    space : {"rgb", "rg", "hsv", "lab", "opponent", "gray"}
        As in `color_histogram`.
    metric : str
        A measure of `compare_histograms` for joint histograms: any but "ks".
    reject_threshold : float or None
        Images whose nearest view is less similar than this ("intersection", "correlation"), or
        further away (the other measures), are rejected. None: every image gets a label.
    crop : float
        Above 0, up to 1: the share of width and height that is looked at, in the middle.
    soft : bool
        As in `color_histogram`.
    reject_label : object
        The label of rejected images.
    range : tuple of float or None
        As in `color_histogram`.
    n_jobs : int or None
        How many images are looked at at a time; -1 for as many as there are cores.

    Attributes
    ----------
    histograms_ : ndarray of float32, shape (views, ...)
        The normalized histogram of each view.
    labels_ : ndarray, shape (views,)
        The object that it shows.
    classes_ : ndarray
        The objects in ascending order.
    rejection_curve_ : RejectionCurve
        What `choose_threshold` has chosen from.

    See Also
    --------
    color_histogram, compare_histograms : what it is made of.

    Notes
    -----
    Nothing is generalized: each view of the training images is kept, and an image gets the label
    of the view most like it. Several views of each object, under several lights, are what makes
    it reliable. With "emd" each comparison takes milliseconds; the other measures take
    microseconds. Memory: 4 bytes for each bin of each view.

    Bins and space are by default those of `color_histogram`. By leave-one-out photographs of 45
    fruits and vegetables were told apart best by ``ColorIdentifier((16, 4, 4), "hsv", crop=0.7)``;
    ``classicvision identify`` has these by default, but for the crop.

    References
    ----------
    M. J. Swain and D. H. Ballard, "Color indexing", International Journal of Computer Vision
    7(1), 1991.

    Examples
    --------
    >>> lemon = np.full((8, 8, 3), (230, 210, 40), np.uint8)
    >>> lime = np.full((8, 8, 3), (80, 160, 40), np.uint8)
    >>> identifier = ColorIdentifier().fit([lemon, lime], ["lemon", "lime"])
    >>> identifier.predict([lime, lemon - 5])
    array(['lime', 'lemon'], dtype='<U5')
    >>> identifier.set_params(reject_threshold=0.5).predict([lime, 255 - lime]).tolist()
    ['lime', None]
    """

    def __init__(
        self,
        bins: int | Sequence[int] = 8,
        space: Space = "rgb",
        metric: Metric = "bhattacharyya",
        reject_threshold: float | None = None,
        *,
        crop: float = 1.0,
        soft: bool = False,
        reject_label: Any = None,
        range: tuple[float, float] | None = None,
        n_jobs: int | None = None,
    ):
        self.bins = bins
        self.space = space
        self.metric = metric
        self.reject_threshold = reject_threshold
        self.crop = crop
        self.soft = soft
        self.reject_label = reject_label
        self.range = range
        self.n_jobs = n_jobs

    def fit(self, images: Iterable[ArrayLike], labels: ArrayLike) -> Self:
        """Keep the histogram of each view.

        Parameters
        ----------
        images : iterable of array_like
            Each as for `color_histogram`; sizes may differ.
        labels : array_like, shape (n,)
            The object that each shows: strings, integers or bool. Looked at after the images: a
            list that a generator of images fills is full by then.

        Returns
        -------
        ColorIdentifier

        Raises
        ------
        TypeError, ValueError
            For images, labels or options that are not as above, or not as many.
        """
        histograms = self.histograms(images)
        labels = check_labels(labels)
        if len(labels) == 0:
            raise ValueError("labels must name at least one view, got none")
        if len(histograms) != len(labels):
            raise ValueError(
                f"labels must be as many as images, {len(histograms)}, got {len(labels)}"
            )
        self.histograms_, self.labels_ = histograms, labels
        self.classes_ = np.unique(labels)
        vars(self).pop("rejection_curve_", None)  # of other views
        return self

    def histograms(self, images: Iterable[ArrayLike]) -> NDArray[np.float32]:
        """Return what is compared: the normalized histogram of each image.

        Parameters
        ----------
        images : iterable of array_like

        Returns
        -------
        ndarray of float32, shape (n, ...)
        """
        self._check_options()
        function = functools.partial(
            histogram_of,
            crop=self.crop,
            bins=self.bins,
            space=self.space,
            soft=self.soft,
            range=self.range,
        )
        found = list(parallel_map(function, check_images(images), n_jobs=self.n_jobs))
        shape = check_bins(self.bins, CHANNELS[self.space])
        return np.stack(found) if found else np.zeros((0, *shape), np.float32)

    def kneighbors(
        self, images: Iterable[ArrayLike], n_neighbors: int = 1
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the views that are most like each image.

        Parameters
        ----------
        images : iterable of array_like
        n_neighbors : int
            How many views, at least 1; all of them if there are fewer.

        Returns
        -------
        values : ndarray of float64, shape (n, k)
            The measure between image and view: the best first, of equal ones the earlier view.
        indices : ndarray of int64, shape (n, k)
            Which views; ``labels_[indices]`` are their objects.
        """
        check_number(n_neighbors, "n_neighbors", at_least=1, integer=True)
        values = self._values(images)
        order = np.argsort(-self._sign() * values, axis=1, kind="stable")[:, :n_neighbors]
        return np.take_along_axis(values, order, axis=1), order

    def similarities(self, images: Iterable[ArrayLike]) -> NDArray[np.float64]:
        """Return the measure between each image and the most similar view of each object.

        Parameters
        ----------
        images : iterable of array_like

        Returns
        -------
        ndarray of float64, shape (n, number of classes)
            In the order of ``classes_``; distances are negative, so that greater is more alike.
        """
        values = self._sign() * self._values(images)
        columns = [values[:, self.labels_ == label].max(axis=1) for label in self.classes_]
        return np.stack(columns, axis=1)

    def decision_function(self, images: Iterable[ArrayLike]) -> NDArray[np.float64]:
        """Return how surely each image shows each object, as scikit-learn's metrics want it.

        Parameters
        ----------
        images : iterable of array_like

        Returns
        -------
        ndarray of float64, shape (n, number of classes), or (n,) of two classes
            The `similarities`; of two classes that of ``classes_[1]`` less that of
            ``classes_[0]``.
        """
        values = self.similarities(images)
        return values[:, 1] - values[:, 0] if len(self.classes_) == 2 else values

    def predict(self, images: Iterable[ArrayLike]) -> NDArray:
        """Return the object that each image shows.

        Parameters
        ----------
        images : iterable of array_like

        Returns
        -------
        ndarray, shape (n,)
            Labels; where images are rejected ``reject_label``, and of dtype object unless that is
            of the labels' own type.
        """
        scores = self.similarities(images)
        labels = self.classes_[scores.argmax(axis=1)]
        if self.reject_threshold is None:
            return labels
        rejected = scores.max(axis=1) < self._sign() * self.reject_threshold
        if np.isscalar(self.reject_label):
            label = np.asarray(self.reject_label)
            if label.dtype.kind == labels.dtype.kind:
                return np.where(rejected, label, labels)
        label = np.empty((), object)
        label[()] = self.reject_label  # whole, even if it is a sequence
        return np.where(rejected, label, labels.astype(object))

    def score(self, images: Iterable[ArrayLike], labels: Sequence) -> float:
        """Return the share of images that get the right label.

        Parameters
        ----------
        images : iterable of array_like
        labels : sequence
            ``reject_label`` for images that should be rejected.

        Returns
        -------
        float
        """
        found = self.predict(images).tolist()
        labels = np.asarray(labels, object).tolist()
        if len(labels) != len(found) or not found:
            raise ValueError(
                f"labels must be as many as images, at least one, got {len(labels)} for "
                f"{len(found)} images"
            )
        return sum(a == b for a, b in zip(found, labels, strict=True)) / len(found)

    def choose_threshold(
        self,
        images: Iterable[ArrayLike],
        labels: Sequence,
        *,
        false_positive_rate: float | None = None,
    ) -> float:
        """Choose the rejection threshold on images that were held back, and set it.

        Parameters
        ----------
        images : iterable of array_like
            Not those of `fit`. Some should be of unknown objects.
        labels : sequence
            What they show; any label that is not in ``classes_``, such as None, for unknown
            objects.
        false_positive_rate : float, optional
            From 0 to 1: the greatest share that may be kept of the images that should not be:
            those of unknown objects and those identified wrongly. By default the threshold has
            the greatest difference between both rates of the ROC curve (Youden's index).

        Returns
        -------
        float
            The threshold, in the measure's own units; ``reject_threshold`` is set to it, and
            ``rejection_curve_`` has all that could be chosen.

        Raises
        ------
        ValueError
            Unless some images are identified rightly and others are not.
        """
        if false_positive_rate is not None:
            check_number(false_positive_rate, "false_positive_rate", at_least=0, at_most=1)
        scores = self.similarities(images)
        labels = np.asarray(labels, object).tolist()
        if len(labels) != len(scores):
            raise ValueError(f"labels must be as many as images, {len(scores)}, got {len(labels)}")
        found = self.classes_[scores.argmax(axis=1)].tolist() if len(scores) else []
        right = np.array([a == b for a, b in zip(found, labels, strict=True)], bool)
        best, curve = choose(scores.max(axis=1), right, false_positive_rate)
        self.rejection_curve_ = curve._replace(thresholds=self._sign() * curve.thresholds)
        self.reject_threshold = float(self.rejection_curve_.thresholds[best])
        return self.reject_threshold

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the views and the options; the file appears whole or not at all.

        Parameters
        ----------
        path : str or path-like
            Named .npz as a rule; an existing file is replaced.

        Raises
        ------
        TypeError
            For a ``reject_label`` that JSON has not.
        OSError
            For a folder that is missing or cannot be written to.
        """
        check_is_fitted(self)
        parameters = {**self.get_params(), "bins": np.asarray(self.bins).tolist(), "n_jobs": None}
        for name, value in parameters.items():
            parameters[name] = value.item() if isinstance(value, np.generic) else value
        arrays = {"histograms": self.histograms_, "labels": self.labels_}
        save_arrays(path, _KIND, _VERSION, {"parameters": parameters}, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` has written.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        ColorIdentifier

        Raises
        ------
        ValueError
            For another file, or a damaged one.
        OSError
            For a file that cannot be read.
        """
        about, arrays = load_arrays(path, _KIND, _VERSION, "ColorIdentifier.save")
        try:
            identifier = cls(**about["parameters"])
            identifier._check_options()
            shape = check_bins(identifier.bins, CHANNELS[identifier.space])
            histograms, labels = arrays["histograms"], check_labels(arrays["labels"])
            fits = histograms.shape == (len(labels), *shape) and len(labels)
            if not fits or histograms.dtype != np.float32:
                raise ValueError("histograms of another shape")
        except (KeyError, TypeError, ValueError) as error:
            name = display_name(os.fspath(path))
            raise ValueError(f"{name}: no {_KIND}, or damaged: {error}") from None
        identifier.histograms_, identifier.labels_ = histograms, labels
        identifier.classes_ = np.unique(labels)
        return identifier

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _check_options(self):
        check_option(self.space, "space", SPACES)
        check_option(self.metric, "metric", METRICS)
        check_bins(self.bins, CHANNELS[self.space])
        check_flag(self.soft, "soft")
        check_number(self.crop, "crop", above=0, at_most=1)
        if self.metric == "ks" and CHANNELS[self.space] > 1:
            raise ValueError("metric 'ks' is for space 'gray' only: it compares one dimension")
        if self.reject_threshold is not None:
            check_number(self.reject_threshold, "reject_threshold")

    def _sign(self):
        return 1 if metric_is_similarity(self.metric) else -1

    def _values(self, images):
        """Return the measure between each image and each view, float64 (n, views)."""
        check_is_fitted(self)
        histograms = self.histograms(images)
        values = np.empty((len(histograms), len(self.histograms_)))
        for i, histogram in enumerate(histograms):
            values[i] = compare_histograms(histogram, self.histograms_, self.metric)
        return values
