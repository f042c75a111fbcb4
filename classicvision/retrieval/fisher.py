"""Fisher vectors: how a mixture of Gaussians would have to change to fit an image better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture
from sklearn.utils.validation import check_is_fitted

from classicvision._checks import check_flag, check_number, check_random_state
from classicvision.retrieval._encoder import ImageEncoder
from classicvision.retrieval._fisher_statistics import (
    add_statistics,
    improve,
    likely,
    to_gradients,
    with_squares,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST = np.float32(np.log(1e-5))  # of a descriptor's greatest responsibility: less is none
_BLOCK = 512  # descriptors at a time, whose squares and responsibilities stay in the cache


class FisherVector(ImageEncoder):
    """Encode images as Fisher vectors: the best of the classical encodings for classification.

    Parameters
    ----------
    n_gaussians : int
        Gaussians to learn, with diagonal covariances. The encoding has ``2 * n_gaussians * d``
        numbers, where d is the length of a descriptor or ``descriptor_pca``.
    features : {"sift", "rootsift", "orb", "patch", "color_patch", "dense"}, callable or None
        How images, or paths of images, are described: as `extract_descriptors` does, or "dense",
        as `dense_descriptors` does. A callable takes an image and returns keypoints and
        descriptors. None: the items of X are arrays of descriptors, not images.
    mixture : GaussianMixture, optional
        A fitted one of scikit-learn's, with diagonal covariances, is used as it is, also by
        clones; ``descriptor_pca`` must then be None.
    descriptor_pca : int, optional
        To how many principal components descriptors are reduced first, so that their
        covariances are diagonal. Of shorter descriptors all are taken.
    first_order, second_order, weights : bool
        Which gradients to take: with respect to the means, the standard deviations, and the
        weights of the Gaussians, which only adds ``n_gaussians`` numbers.
    improved : bool
        Whether to take signed square roots and to bring the vector to length 1.
    max_descriptors : int
        How many descriptors, drawn at random, principal components and Gaussians are learned
        from.
    max_iterations : int
        Of the learning of the Gaussians.
    n_jobs : int, optional
        Images described and encoded at a time.
    random_state : int, Generator, RandomState or None
        For those descriptors and the first Gaussians.

    Attributes
    ----------
    mixture_ : GaussianMixture
    pca_ : PCA or None
        scikit-learn's principal components of descriptors.

    See Also
    --------
    VLAD : the first order only, with every descriptor given to one word.

    Notes
    -----
    1. With w, m and s of a Gaussian, and its responsibility q for each descriptor x of n:
       sum of q (x - m) / (s n sqrt(w)) for the means, then sum of q ((x - m)^2 / s^2 - 1) /
       (n sqrt(2 w)) for the deviations. In front of them, if asked for, (mean of q - w) / sqrt(w).
    2. Responsibilities below a hundred-thousandth of the greatest for a descriptor count as none.

    The values are those of ``skimage.feature.fisher_vector``, to about 1e-5 before they are
    ``improved`` (in float32 scikit-image's own are off by 1e-6), but for the sign of the
    second order, which here is that of the papers, and for the gradients of the weights, which
    scikit-image always puts in front.

    `fit` keeps the descriptors of all its images in memory, and at most ``max_descriptors`` again
    in float64, with as many numbers for each as there are Gaussians.

    References
    ----------
    F. Perronnin, J. Sánchez and T. Mensink, "Improving the Fisher kernel for large-scale image
    classification", ECCV 2010, sections 2 and 3.

    J. Sánchez, F. Perronnin, T. Mensink and J. Verbeek, "Image classification with the Fisher
    vector: theory and practice", International Journal of Computer Vision 105(3), 2013.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> images = [np.array([[0, 0], [0, 2], [9, 9]]), np.array([[0, 0], [2, 0], [9, 8]])]
    >>> cv.FisherVector(2, random_state=0).fit_transform(images).shape
    (2, 8)
    """

    _KEPT = ("mixture",)

    def __init__(
        self,
        n_gaussians: int = 64,
        *,
        features: str | Callable | None = None,
        mixture: GaussianMixture | None = None,
        descriptor_pca: int | None = 64,
        first_order: bool = True,
        second_order: bool = True,
        weights: bool = False,
        improved: bool = True,
        max_descriptors: int = 200_000,
        max_iterations: int = 100,
        n_jobs: int | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ):
        self.n_gaussians = n_gaussians
        self.features = features
        self.mixture = mixture
        self.descriptor_pca = descriptor_pca
        self.first_order = first_order
        self.second_order = second_order
        self.weights = weights
        self.improved = improved
        self.max_descriptors = max_descriptors
        self.max_iterations = max_iterations
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_options(self):
        for name in ("n_gaussians", "max_descriptors", "max_iterations"):
            check_number(getattr(self, name), name, at_least=1, integer=True)
        if self.descriptor_pca is not None:
            check_number(self.descriptor_pca, "descriptor_pca", at_least=1, integer=True)
        for name in ("first_order", "second_order", "weights", "improved"):
            check_flag(getattr(self, name), name)
        if not (self.first_order or self.second_order or self.weights):
            raise ValueError("one of first_order, second_order and weights must be True")
        if self.mixture is not None and not isinstance(self.mixture, GaussianMixture):
            raise TypeError(f"mixture must be a GaussianMixture, got {self.mixture!r:.80}")
        if self.mixture is not None and self.descriptor_pca is not None:
            raise ValueError(
                "descriptor_pca must be None with a mixture, which is that of descriptors as they "
                "come"
            )

    def _learn(self, items):
        self.pca_ = None
        if self.mixture is not None:
            self.mixture_ = _checked_mixture(self.mixture, self._descriptor_length)
        else:
            random = check_random_state(self.random_state)
            sample = _sample(items, self.max_descriptors, random)
            seed = int(random.integers(2**31))
            if self.descriptor_pca is not None:
                components = min(self.descriptor_pca, *sample.shape)
                self.pca_ = PCA(components, random_state=seed).fit(sample)
                sample = self.pca_.transform(sample)
            self.mixture_ = self._learned_mixture(sample, seed)
        self._prepare()

    def _learned_mixture(self, sample, seed):
        if len(sample) < max(2, self.n_gaussians):
            raise ValueError(
                f"X must have at least n_gaussians = {self.n_gaussians} descriptors (and 2), "
                f"got {len(sample)}"
            )
        mixture = GaussianMixture(
            self.n_gaussians,
            covariance_type="diag",
            max_iter=self.max_iterations,
            random_state=seed,
        )
        # In float32 a Gaussian of equal descriptors, as of a flat wall, gets a variance below 0.
        return mixture.fit(sample.astype(np.float64))

    def _prepare(self):
        """Bring the mixture to a form in which one product gives all log-likelihoods."""
        weights = np.asarray(self.mixture_.weights_, np.float64)
        means = np.asarray(self.mixture_.means_, np.float64)
        variances = np.asarray(self.mixture_.covariances_, np.float64)
        center = weights @ means  # of the mixture: near it float32 is precise
        means = means - center
        precisions = 1 / variances
        offsets = np.log(weights) - (np.log(variances) + means**2 * precisions).sum(1) / 2
        k, d = means.shape
        self._center = center.astype(np.float32)
        self._factors = np.hstack([-precisions / 2, means * precisions]).astype(np.float32)
        self._offsets = offsets.astype(np.float32)
        self._means, self._variances, self._weights = (
            values.astype(np.float32) for values in (means, variances, weights)
        )
        orders = int(bool(self.first_order)) + int(bool(self.second_order))
        self._n_features_out = k * (d * orders + int(bool(self.weights)))

    def _encode(self, item):
        if not len(item.descriptors):
            return np.zeros(self._n_features_out, np.float32)
        rows = item.descriptors
        if self.pca_ is not None:
            rows = np.require(self.pca_.transform(rows), np.float32, ["C", "W"])
        encoding = self._gradients(*self._statistics(rows))
        if self.improved:
            improve(encoding)
        return encoding

    def _statistics(self, rows):
        """Return the means over the descriptors of q and of q x^2 and q x.

        x is the distance from the mixture's mean; the two lie side by side.
        """
        n, d = rows.shape
        k = len(self._offsets)
        block = min(n, _BLOCK)
        both, column = np.empty((block, 2 * d), np.float32), np.empty(block, np.float32)
        values, places = np.empty(k * block + 1, np.float32), np.empty(k * block + 1, np.int32)
        ends = np.empty(k, np.int64)
        zeroth, sums = np.zeros(k, np.float32), np.zeros((k, 2 * d), np.float32)
        for begin in range(0, n, block):
            part = rows[begin : begin + block]
            squares, largest = both[: len(part)], column[: len(part)]
            with_squares(part, self._center, squares)
            logarithms = self._factors @ squares.T
            found = likely(logarithms, self._offsets, _LEAST, largest, values, places, ends)
            weights = np.exp(values[:found])
            add_statistics(weights, places, ends, squares, largest, zeroth, sums)
        zeroth /= n
        sums /= n
        return zeroth, sums

    def _gradients(self, zeroth, sums):
        means, weights = self._means, self._weights
        first, second = np.empty_like(means), np.empty_like(means)
        to_gradients(zeroth, sums, means, self._variances, weights, first, second)
        parts = []
        if self.weights:
            parts.append((zeroth - weights) / np.sqrt(weights))
        if self.first_order:
            parts.append(first.ravel())
        if self.second_order:
            parts.append(second.ravel())
        return np.concatenate(parts)


def _checked_mixture(mixture, length):
    if not isinstance(mixture, GaussianMixture) or mixture.covariance_type != "diag":
        raise TypeError(
            f"mixture must be a GaussianMixture with covariance_type='diag', got {mixture!r:.80}"
        )
    try:
        check_is_fitted(mixture)
    except NotFittedError:
        raise ValueError("mixture must be fitted; leave it out to have one learned") from None
    if mixture.means_.shape[1] != length:
        raise ValueError(
            f"mixture must be one of descriptors of length {length}, got {mixture.means_.shape[1]}"
        )
    return mixture


def _sample(items, size, random):
    """Return at most ``size`` descriptors drawn from all images, in their order."""
    lengths = [len(item.descriptors) for item in items]
    total = sum(lengths)
    if total <= size:
        return np.concatenate([item.descriptors for item in items if len(item.descriptors)])
    chosen = np.sort(random.choice(total, size, replace=False))
    ends = np.cumsum(lengths)
    parts = np.split(chosen, np.searchsorted(chosen, ends[:-1]))
    begins = ends - lengths
    return np.concatenate(
        [
            item.descriptors[part - begin]
            for item, part, begin in zip(items, parts, begins, strict=True)
            if len(part)
        ]
    )
