"""VLAD: for every visual word the sum of what its descriptors differ from it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import PCA

from classicvision._checks import check_flag, check_number, check_random_state
from classicvision._jit import kernel
from classicvision.retrieval._encoder import (
    ImageEncoder,
    learned_vocabulary,
    signed_root,
    unit_length,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from classicvision.retrieval.vocabulary import VisualVocabulary


@kernel(views_only=True)
def _add_residuals(rows, words, centers, normalize, sums):
    # r = rows, j = dimensions
    d = rows.shape[1]
    for r in range(rows.shape[0]):
        row, center, total = rows[r], centers[words[r]], sums[words[r]]
        scale = np.float32(1)
        if normalize:
            squared = np.float32(0)
            for j in range(d):
                squared += (row[j] - center[j]) * (row[j] - center[j])
            scale = np.float32(1 / np.sqrt(squared)) if squared > 0 else np.float32(0)
        for j in range(d):
            total[j] += scale * (row[j] - center[j])


class VLAD(ImageEncoder):
    """Encode images as vectors of locally aggregated descriptors: short, and compared by a product.

    Parameters
    ----------
    n_words : int
        Visual words to learn; the encoding has ``n_words * d`` numbers.
    features : {"sift", "rootsift", "orb", "patch", "color_patch", "dense"}, callable or None
        How images, or paths of images, are described: as `extract_descriptors` does, or "dense",
        as `dense_descriptors` does. A callable takes an image and returns keypoints and
        descriptors. None: the items of X are arrays of descriptors, not images.
    vocabulary : VisualVocabulary, optional
        A fitted one is used as it is, also by clones; one that is not is copied and fitted.
    residual_normalization : bool
        Whether every difference from a word is divided by its length before it is added.
    signed_root : bool
        Whether square roots are taken of the magnitudes of the sums.
    intra_normalization : bool
        Whether the part of every word is brought to length 1.
    n_components : int, optional
        To how many principal components of the encodings learned from they are reduced.
    whiten : bool
        Whether those components are brought to the same variance. Refused without them: a search
        over both options is one over a list of grids.
    n_jobs : int, optional
        Images described and encoded at a time.
    random_state : int, Generator, RandomState or None
        For the words.

    Attributes
    ----------
    vocabulary_ : VisualVocabulary
    pca_ : PCA or None
        scikit-learn's principal components.

    See Also
    --------
    FisherVector : also of the spread of the descriptors around each word.

    Notes
    -----
    1. Every descriptor is given to its nearest word, exactly.
    2. For each word the differences from it are summed up (Jégou), of length 1 each for
       ``residual_normalization`` (Delhumeau).
    3. Signed square roots; each word's part to length 1 (Arandjelović); principal components.
    4. The whole vector is brought to length 1.

    `fit` keeps the descriptors of all its images in memory. For more of them learn a
    `VisualVocabulary` from a stream, and give that.

    References
    ----------
    H. Jégou, M. Douze, C. Schmid and P. Pérez, "Aggregating local descriptors into a compact
    image representation", CVPR 2010, section 2.

    R. Arandjelović and A. Zisserman, "All about VLAD", CVPR 2013, section 3.

    J. Delhumeau, P.-H. Gosselin, H. Jégou and P. Pérez, "Revisiting the VLAD image
    representation", ACM Multimedia 2013, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> images = [np.array([[0, 0], [0, 2], [9, 9]]), np.array([[0, 0], [2, 0], [9, 8]])]
    >>> cv.VLAD(2, random_state=0).fit_transform(images).shape
    (2, 4)
    """

    _KEPT = ("vocabulary",)

    def __init__(
        self,
        n_words: int = 64,
        *,
        features: str | Callable | None = None,
        vocabulary: VisualVocabulary | None = None,
        residual_normalization: bool = False,
        signed_root: bool = True,
        intra_normalization: bool = True,
        n_components: int | None = None,
        whiten: bool = False,
        n_jobs: int | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ):
        self.n_words = n_words
        self.features = features
        self.vocabulary = vocabulary
        self.residual_normalization = residual_normalization
        self.signed_root = signed_root
        self.intra_normalization = intra_normalization
        self.n_components = n_components
        self.whiten = whiten
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_options(self):
        check_number(self.n_words, "n_words", at_least=1, integer=True)
        if self.n_components is not None:
            check_number(self.n_components, "n_components", at_least=1, integer=True)
        for name in ("residual_normalization", "signed_root", "intra_normalization", "whiten"):
            check_flag(getattr(self, name), name)
        if self.whiten and self.n_components is None:
            raise ValueError(
                "whiten=True must have n_components: it is they that are brought to one variance"
            )

    def _learn(self, items):
        self.vocabulary_ = learned_vocabulary(self, items)
        self.pca_ = None
        self._n_features_out = self.vocabulary_.centers_.size
        if self.n_components is None:
            return
        most = min(len(items), self._n_features_out)
        if self.n_components > most:
            raise ValueError(
                f"n_components must be at most {most}, the smaller of the number of images and "
                f"the length of their encodings, got {self.n_components}"
            )
        rows = np.array([self._aggregated(item.descriptors) for item in items])
        seed = int(check_random_state(self.random_state).integers(2**31))
        self.pca_ = PCA(self.n_components, whiten=bool(self.whiten), random_state=seed).fit(rows)
        self._n_features_out = self.n_components

    def _encode(self, item):
        encoding = self._aggregated(item.descriptors)
        if self.pca_ is not None and len(item.descriptors):
            encoding = unit_length(self.pca_.transform(encoding[None])[0])
        return encoding[: self._n_features_out]

    def _aggregated(self, descriptors):
        centers = self.vocabulary_.centers_
        words = self.vocabulary_._finder.words(descriptors)
        sums = np.zeros_like(centers)
        _add_residuals(descriptors, words, centers, bool(self.residual_normalization), sums)
        if self.signed_root:
            sums = signed_root(sums)
        if self.intra_normalization:
            lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))
            sums /= np.where(lengths > 0, lengths, 1)[:, None]
        return unit_length(sums.ravel())
