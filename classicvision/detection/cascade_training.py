"""Training cascades: Viola and Jones' attentional cascade, with OpenCV's parameters.

References
----------
P. Viola and M. Jones, "Robust real-time face detection", International Journal of Computer
Vision 57(2), 2004, sections 3 and 4.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_writing import write_cascade
from classicvision.detection.training_options import check_data
from classicvision.detection.training_run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class CascadeTrainer(BaseEstimator):
    """Trains a boosted cascade, as ``opencv_traincascade`` did, in minutes.

    Stages are trained one after the other. Each learns to tell windows with the object from
    windows that all stages before took for it, and is as short as its rates allow: nearly all
    objects pass, about half of the others do not. After twenty stages one of a million windows
    without the object is left.

    Parameters
    ----------
    window : int or (int, int)
        (width, height) of the smallest object in pixels.
    features : {"haar", "lbp"}
    haar_mode : {"basic", "core", "all"}
        Which Haar features: see `haar_features`.
    boosting : {"gentle", "real", "discrete", "logit"}
    min_hit_rate : float
        The share of the objects that each stage lets pass, 0 to 1.
    max_false_alarm_rate : float
        The share of the other windows that each stage may let pass, 0 to 1.
    stages : int
        How many stages at most.
    max_weak_learners : int
        Of each stage.
    max_depth : int
        Of each weak learner; 1 are stumps.
    weight_trim_rate : float
        A weak learner is fitted to the windows that make up this share of the weight, 0 to 1.
    negatives_per_stage : int, optional
        Windows without the object; as many as with it by default.
    min_acceptance_ratio : float
        Training ends when fewer of all windows of the negative images pass.
    max_windows : int
        How many windows a stage searches at most for those that pass; and no image more than
        200 times.
    windows_per_image : int
        How many of the windows that pass a stage takes from one image: fewer are more varied.
    scale_factor : float
        Ratio of the sizes at which negative images are searched, above 1.
    search : {"screened", "exact"}
        How the best feature is found. "screened" tries all on a few hundred windows, drawn by
        weight, and only the best of them on all; "exact" tries all on all and takes far
        longer.
    n_drawn, n_refined : int
        Screening: how many windows are drawn, and how many features are then tried on all.
    random_state : int, numpy.random.Generator or numpy.random.RandomState, optional
    n_jobs : int, optional
        Threads, and images searched at once. The model does not depend on it.
    verbose : int
        1: a line for each stage on standard error; 2: one for each weak learner too.

    Attributes
    ----------
    detector_ : CascadeDetector
    history_ : list of dict
        For each stage: ``weak_learners``, ``hit_rate``, ``false_alarm_rate``, ``positives``,
        ``negatives``, ``windows`` searched for them and the ``acceptance_ratio``.
    stop_reason_ : str
        Why there is no further stage.

    Notes
    -----
    1. Windows without the object are taken from the negative images: at random for the first
       stage, for each later one those that pass all stages before, found by the detector itself.
       Half of them are known already: they passed the stage before too.
    2. Trees are boosted until enough of the objects pass and few enough of the others do. For
       each node all features are evaluated anew, which costs less than to keep them.
    3. Objects that the stage rejects are left out from then on.

    Training ends with a reason, ``stop_reason_``: all stages are trained; the cascade passes fewer
    windows than ``max_false_alarm_rate ** stages``; negatives or positives are used up; no
    feature tells the windows apart; or a stage lets more than nine of ten windows without the
    object pass, which is not kept. It never searches more than ``max_windows`` for a stage.

    Memory: 4 (width + 1) (height + 1) bytes for each window of a stage, twice that with tilted
    features, and some 130 bytes for each feature: 50 MB for 10,000 windows of 24 x 24 pixels.
    Negative images are opened one by one. The windows of a stage are all that grows with the data.

    Whatever ``n_jobs``, and however often a training was interrupted, the same data, parameters
    and seed give the same model, byte for byte, on processors for which NumPy has the same code.

    References
    ----------
    .. [1] P. Viola and M. Jones, "Robust real-time face detection", International Journal of
       Computer Vision 57(2), 2004.
    .. [2] J. Friedman, T. Hastie and R. Tibshirani, "Additive logistic regression: a statistical
       view of boosting", The Annals of Statistics 28(2), 2000.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> negatives = [rng.integers(0, 256, (80, 80)).astype(np.uint8) for _ in range(4)]
    >>> positives = rng.integers(0, 100, (40, 8, 8)).astype(np.uint8)
    >>> positives[:, :, 4:] += 120
    >>> trainer = CascadeTrainer(window=8, stages=2, random_state=0)
    >>> detector = trainer.fit(positives, negatives)
    >>> detector.window, len(trainer.history_) == len(detector.stages)
    ((8, 8), True)
    """

    def __init__(
        self,
        window: int | tuple[int, int] = (24, 24),
        features: str = "haar",
        *,
        haar_mode: str = "basic",
        boosting: str = "gentle",
        min_hit_rate: float = 0.995,
        max_false_alarm_rate: float = 0.5,
        stages: int = 20,
        max_weak_learners: int = 100,
        max_depth: int = 1,
        weight_trim_rate: float = 0.95,
        negatives_per_stage: int | None = None,
        min_acceptance_ratio: float = 0.0,
        max_windows: int = 2_000_000_000,
        windows_per_image: int = 25,
        scale_factor: float = 1.1,
        search: str = "screened",
        n_drawn: int = 512,
        n_refined: int = 100,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.window = window
        self.features = features
        self.haar_mode = haar_mode
        self.boosting = boosting
        self.min_hit_rate = min_hit_rate
        self.max_false_alarm_rate = max_false_alarm_rate
        self.stages = stages
        self.max_weak_learners = max_weak_learners
        self.max_depth = max_depth
        self.weight_trim_rate = weight_trim_rate
        self.negatives_per_stage = negatives_per_stage
        self.min_acceptance_ratio = min_acceptance_ratio
        self.max_windows = max_windows
        self.windows_per_image = windows_per_image
        self.scale_factor = scale_factor
        self.search = search
        self.n_drawn = n_drawn
        self.n_refined = n_refined
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self,
        positives: ArrayLike,
        negatives: Sequence[NDArray[np.uint8]],
        *,
        validation: ArrayLike | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> CascadeDetector:
        """Train a cascade.

        Parameters
        ----------
        positives : array_like of uint8, shape (n, rows, columns)
            Gray crops of the object, of the window's aspect ratio; shrunk to it by area.
        negatives : sequence of ndarray, each of shape (rows, columns) or (rows, columns, 3)
            Images without the object: a list, or `Negatives`, which opens files.
        validation : array_like of uint8, shape (m, rows, columns), optional
            Crops that are not learned from: ``min_hit_rate`` is that of these.
        checkpoint : path-like, optional
            A file in which the training is kept every few minutes. Where it exists the training
            goes on from there, and ends in the same model as if it had not been interrupted.
            Data and parameters must be the same, but for ``stages``: a finished training can get
            more of them.

        Returns
        -------
        CascadeDetector

        Raises
        ------
        TypeError
            For arguments of another type: paths, which `read_positives` and `Negatives` read, or
            crops that are not uint8.
        ValueError
            For arguments out of range, crops more than 10 % off the window's aspect ratio, or data
            from which nothing can be learned; the message says what to change.
        """
        check_data(positives, negatives, validation, checkpoint)
        run = TrainingRun(self, positives, negatives, validation, checkpoint)
        progress, self.stop_reason_ = run.finish()
        self.history_ = progress.history
        if progress.cascade is None:
            run.forget()
            raise ValueError(f"no stage could be trained: {self.stop_reason_}")
        self.detector_ = CascadeDetector(progress.cascade)
        return self.detector_

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the cascade, with the parameters of its training, as OpenCV's XML.

        Parameters
        ----------
        path : path-like
            An existing file is replaced in one step.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self, "detector_")
        write_cascade(
            path,
            self.detector_.cascade,
            boosting=self.boosting,
            min_hit_rate=self.min_hit_rate,
            max_false_alarm_rate=self.max_false_alarm_rate,
            weight_trim_rate=self.weight_trim_rate,
            max_weak_count=self.max_weak_learners,
            mode=self.haar_mode if self.features == "haar" else None,
        )
