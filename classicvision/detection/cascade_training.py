"""Training cascades: Viola and Jones' attentional cascade, with OpenCV's parameters.

References
----------
P. Viola and M. Jones, "Robust real-time face detection", International Journal of Computer
Vision 57(2), 2004, sections 3 and 4.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator

from classicvision._checks import check_jobs, check_number, check_option
from classicvision._opencv import opencv
from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_growing import with_stage
from classicvision.detection.negative_mining import Cursor, Mined, NegativeMiner
from classicvision.detection.split_search import SEARCHES, SplitSearch
from classicvision.detection.stage_training import train_stage
from classicvision.detection.training_checkpoint import Progress, load_progress, save_progress
from classicvision.detection.training_report import Report
from classicvision.features._windows import check_window_size, sum_windows
from classicvision.features.haar import HAAR_MODES, haar_features
from classicvision.features.lbp import lbp_features
from classicvision.learning.boosting import BOOSTINGS, split_criterion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_FEATURES = ("haar", "lbp")
_LEAST_NEGATIVES = 0.1  # of those wanted: a stage is not trained on fewer
_LEAST_POSITIVES = 10


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
        How many windows a stage searches at most for those that pass.
    windows_per_image : int
        How many of the windows that pass a stage takes from one image: fewer are more varied.
    scale_factor : float
        Ratio of the sizes at which negative images are searched, above 1.
    search : {"screened", "exact"}
        How the best feature is found. "screened" tries all on a few hundred windows, drawn by
        weight, and only the best of them on all; "exact" tries all on all and takes hundreds of
        times as long.
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
    >>> trainer.fit(positives, negatives).stages
    [1, 1]
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

        Returns
        -------
        CascadeDetector

        Raises
        ------
        TypeError, ValueError
            For arguments out of range, or data from which nothing can be learned; the message
            says what to change.
        """
        training = _Training(self, positives, negatives, validation, checkpoint)
        progress, self.stop_reason_ = training.run()
        self.history_ = progress.history
        if progress.cascade is None:
            raise ValueError(f"no stage could be trained: {self.stop_reason_}")
        self.detector_ = CascadeDetector(progress.cascade)
        return self.detector_


class _Training:
    """One run of a trainer on its data."""

    def __init__(self, trainer, positives, negatives, validation, checkpoint):
        self.options = options = _checked(trainer)
        self.positives = _windows(positives, options["window"], "positives")
        self.validation = self.positives[:0]
        if validation is not None:
            self.validation = _windows(validation, options["window"], "validation")
        if len(self.positives) < _LEAST_POSITIVES:
            raise ValueError(
                f"positives must be at least {_LEAST_POSITIVES} crops, got {len(self.positives)}"
            )
        if len(negatives) == 0:
            raise ValueError("negatives must be at least one image, got none")
        self.count = options["negatives_per_stage"] or len(self.positives)
        if options["features"] == "haar":
            self.features = haar_features(options["window"], options["haar_mode"])
        else:
            self.features = lbp_features(options["window"])
        self.checkpoint = checkpoint
        self.seed = _seed(trainer.random_state)
        self.fingerprint = self._fingerprint(negatives)
        self.threads = _threads(options["n_jobs"])
        self.miner = NegativeMiner(
            negatives,
            options["window"],
            options["scale_factor"],
            options["windows_per_image"],
            self.seed,
            options["features"] == "haar",
            options["n_jobs"],
        )
        self.report = Report(options, options["verbose"])

    def run(self):
        progress = self._start()
        while True:
            stage = len(progress.history)
            if stage == self.options["stages"]:
                return progress, f"all {stage} stages are trained"
            if not progress.complete:
                progress = self._mine(progress)
            reason = self._reason_to_stop(progress)
            if reason is not None:
                return progress, reason
            following = self._train(progress)
            if following is None:
                return progress, "no feature tells objects from the windows that pass"
            progress = following
            self._save(progress)

    def _start(self):
        if self.checkpoint is not None and os.path.exists(self.checkpoint):
            return load_progress(self.checkpoint, self.fingerprint)
        width, height = self.options["window"]
        alive = np.ones(len(self.positives) + len(self.validation), bool)
        if self.options["features"] == "haar":  # detection rejects windows without contrast
            alive[: len(self.positives)] = sum_windows(self.positives).scale > 0
            alive[len(self.positives) :] = sum_windows(self.validation).scale > 0
        return Progress(
            cascade=None,
            history=[],
            alive=alive,
            mined=Mined(np.zeros((0, height, width), np.uint8), Cursor()),
        )

    def _mine(self, progress):
        detector = None if progress.cascade is None else CascadeDetector(progress.cascade)

        def report(mined):
            if self.report.mining(mined, self.count):  # a few minutes have gone by
                self._save(dataclasses.replace(progress, mined=mined))

        mined = self.miner.mine(
            detector,
            progress.mined,
            self.count,
            expected=progress.expected,
            budget=self.options["max_windows"],
            report=report,
        )
        progress = dataclasses.replace(progress, mined=mined, complete=True)
        self._save(progress)
        return progress

    def _reason_to_stop(self, progress):
        mined, options = progress.mined, self.options
        ratio, found = mined.acceptance_ratio, len(mined.crops)
        wanted = options["max_false_alarm_rate"] ** options["stages"]
        alive = int(progress.alive[: len(self.positives)].sum())
        if found < max(1, _LEAST_NEGATIVES * self.count):
            return (
                f"only {found} of {self.count} negatives are left after {mined.windows:,} "
                "windows; give more, or more varied, negative images, or ask for fewer negatives"
            )
        if progress.cascade is not None and mined.windows and ratio <= wanted:
            return f"the cascade passes {ratio:.2g} of all windows, and is asked for {wanted:.2g}"
        if progress.cascade is not None and ratio < options["min_acceptance_ratio"]:
            return f"the cascade passes {ratio:.2g} of all windows, below min_acceptance_ratio"
        if alive < _LEAST_POSITIVES:
            return f"only {alive} positives pass all stages; raise min_hit_rate"
        return None

    def _train(self, progress):
        options, mined = self.options, progress.mined
        alive = np.flatnonzero(progress.alive)
        learned = alive[alive < len(self.positives)]
        held = alive[alive >= len(self.positives)] - len(self.positives)
        images = np.concatenate([self.positives[learned], mined.crops, self.validation[held]])
        labels = np.repeat([1.0, -1.0], [len(learned), len(mined.crops)])
        number = len(progress.history)
        search = SplitSearch(
            self.features,
            images,
            criterion=split_criterion(options["boosting"]),
            search=options["search"],
            n_drawn=options["n_drawn"],
            n_refined=options["n_refined"],
            threads=self.threads,
        )
        names = ("boosting", "min_hit_rate", "max_false_alarm_rate", "max_weak_learners")
        names += ("max_depth", "weight_trim_rate")
        try:
            stage = train_stage(
                search,
                labels,
                **{name: options[name] for name in names},
                rng=np.random.default_rng([self.seed, 1, number]),
                validation=len(held),
                progress=self.report.weak_learner,
            )
        finally:
            search.close()
        if stage is None:
            return None
        return self._after(progress, stage, learned, held)

    def _after(self, progress, stage, learned, held):
        mined = progress.mined
        record = {
            "weak_learners": len(stage.trees),
            "hit_rate": stage.hit_rate,
            "false_alarm_rate": stage.false_alarm_rate,
            "positives": len(learned),
            "negatives": len(mined.crops),
            "windows": mined.windows,
            "acceptance_ratio": mined.acceptance_ratio,
        }
        self.report.stage(record)
        alive = np.zeros_like(progress.alive)
        alive[learned] = stage.passed[: len(learned)]
        between = len(learned) + len(mined.crops)
        alive[held + len(self.positives)] = stage.passed[between:]
        kept = mined.crops[stage.passed[len(learned) : between]]
        # Where nothing had to be searched for, what was expected is all that is known.
        ratio = mined.acceptance_ratio if mined.windows else progress.expected
        return Progress(
            cascade=with_stage(progress.cascade, stage, self.features),
            history=[*progress.history, record],
            alive=alive,
            mined=Mined(kept, mined.cursor),
            expected=ratio * stage.false_alarm_rate,
        )

    def _save(self, progress):
        if self.checkpoint is not None:
            save_progress(self.checkpoint, progress, self.fingerprint)

    def _fingerprint(self, negatives):
        """Tell data and parameters from others; not what the model does not depend on."""
        options = {k: v for k, v in self.options.items() if k not in ("n_jobs", "verbose")}
        known = hashlib.sha256(repr((sorted(options.items()), self.seed)).encode())
        known.update(self.positives)
        known.update(self.validation)
        own = getattr(negatives, "fingerprint", None)
        known.update((own() if own is not None else f"{len(negatives)}").encode())
        return known.hexdigest()


def _checked(trainer):
    """Return the parameters of a trainer as a dict, checked."""
    options = trainer.get_params(deep=False)
    options["window"] = check_window_size(trainer.window)
    check_option(trainer.features, "features", _FEATURES)
    check_option(trainer.haar_mode, "haar_mode", HAAR_MODES)
    check_option(trainer.boosting, "boosting", BOOSTINGS)
    check_option(trainer.search, "search", SEARCHES)
    for name in ("min_hit_rate", "max_false_alarm_rate", "weight_trim_rate"):
        options[name] = check_number(options[name], name, above=0, at_most=1)
    options["min_acceptance_ratio"] = check_number(
        trainer.min_acceptance_ratio, "min_acceptance_ratio", at_least=0, at_most=1
    )
    whole = ("stages", "max_weak_learners", "max_depth", "max_windows", "windows_per_image")
    for name in (*whole, "n_drawn", "n_refined"):
        options[name] = check_number(options[name], name, at_least=1, integer=True)
    if trainer.negatives_per_stage is not None:
        options["negatives_per_stage"] = check_number(
            trainer.negatives_per_stage, "negatives_per_stage", at_least=1, integer=True
        )
    options["scale_factor"] = check_number(trainer.scale_factor, "scale_factor", above=1)
    options["verbose"] = check_number(trainer.verbose, "verbose", at_least=0, integer=True)
    if trainer.n_jobs is not None:
        check_jobs(trainer.n_jobs)
    del options["random_state"]
    return options


def _windows(crops, window, name) -> NDArray[np.uint8]:
    """Return crops at the size of the window."""
    crops = np.asarray(crops)
    if crops.dtype != np.uint8 or crops.ndim != 3:
        raise TypeError(
            f"{name} must be uint8 of shape (n, rows, columns), got {crops.dtype} of shape "
            f"{crops.shape}; read_positives makes such an array"
        )
    if crops.shape[1:] == window[::-1]:
        return np.ascontiguousarray(crops)
    cv2 = opencv()
    resized = [cv2.resize(crop, window, interpolation=cv2.INTER_AREA) for crop in crops]
    return np.array(resized, np.uint8).reshape(-1, *window[::-1])


def _seed(random_state):
    """Return an integer from which all random numbers of a training are drawn."""
    if random_state is None:
        return int(np.random.SeedSequence().entropy % 2**63)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return check_number(random_state, "random_state", at_least=0, integer=True)


def _threads(n_jobs):
    if n_jobs is None:
        return 1
    return n_jobs if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + n_jobs)
