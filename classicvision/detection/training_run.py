"""One run of a training: stages, each after the search for the windows it learns from."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

import numpy as np

from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_growing import first_stages, with_stage
from classicvision.detection.cascade_layers import thread_count
from classicvision.detection.negative_mining import Cursor, Mined, NegativeMiner
from classicvision.detection.split_search import SplitSearch
from classicvision.detection.stage_training import train_stage
from classicvision.detection.training_checkpoint import Progress, load_progress, save_progress
from classicvision.detection.training_options import (
    checked_options,
    options_fingerprint,
    seed_of,
    windows_of,
)
from classicvision.detection.training_report import Report, counted
from classicvision.features._windows import sum_windows
from classicvision.features.haar import haar_features
from classicvision.features.lbp import lbp_features
from classicvision.learning.boosting import split_criterion

_LEAST_NEGATIVES = 0.1  # of those wanted: a stage is not trained on fewer
_LEAST_POSITIVES = 10
_USELESS = 0.9  # false alarm rate of a stage that is not kept, where less was asked for


def _all_trained(stages):
    return "the one stage is trained" if stages == 1 else f"all {stages} stages are trained"


class TrainingRun:
    """One run of a trainer on its data."""

    def __init__(self, trainer, positives, negatives, validation, checkpoint):
        self.options = options = checked_options(trainer)
        self.positives = windows_of(positives, options["window"], "positives")
        self.validation = self.positives[:0]
        if validation is not None:
            self.validation = windows_of(validation, options["window"], "validation")
        if len(self.positives) < _LEAST_POSITIVES:
            raise ValueError(
                f"positives must be at least {_LEAST_POSITIVES} crops, got {len(self.positives)}; "
                "augment_samples makes more"
            )
        if len(negatives) == 0:
            raise ValueError("negatives must be at least one image, got none")
        self.count = options["negatives_per_stage"] or len(self.positives)
        if options["features"] == "haar":
            self.features = haar_features(options["window"], options["haar_mode"])
        else:
            self.features = lbp_features(options["window"])
        self.checkpoint = checkpoint
        # Without a random state the seed is that of the checkpoint, if there is one.
        seed = None if trainer.random_state is None else seed_of(trainer.random_state)
        self.fingerprint = None if checkpoint is None else self._fingerprint(negatives, seed)
        self.resumed = checkpoint is not None and os.path.exists(checkpoint)
        self.start = self._start(seed_of(None) if seed is None else seed)
        self.threads = thread_count(options["n_jobs"])
        self.miner = NegativeMiner(
            negatives,
            options["window"],
            options["scale_factor"],
            options["windows_per_image"],
            self.start.seed,
            options["features"] == "haar",
            options["n_jobs"],
        )
        done = len(self.start.history), self.start.mined.windows
        self.report = Report(options, options["verbose"], *done)
        if self.resumed:
            self.report.going_on(checkpoint)

    def finish(self):
        """Train what is left to train; return the `Progress` and why it ended."""
        progress = self.start
        while True:
            stage = len(progress.history)
            if stage >= self.options["stages"]:
                return progress, _all_trained(stage)
            if not progress.complete:
                progress = self._mine(progress)
            reason = self._reason_to_stop(progress)
            if reason is not None:
                return progress, reason
            stage, learned, held = self._train(progress)
            reason = self._reason_against(stage, len(progress.history) + 1)
            if reason is not None:
                return progress, reason
            progress = self._after(progress, stage, learned, held)
            self._save(progress)

    def forget(self):
        """Remove the checkpoint, of a training that cannot be gone on with."""
        if self.checkpoint is not None:
            Path(self.checkpoint).unlink(missing_ok=True)

    def _start(self, seed):
        if self.resumed:
            progress = load_progress(self.checkpoint, self.fingerprint)
            stages = self.options["stages"]
            if len(progress.history) <= stages:
                return progress
            cascade = first_stages(progress.cascade, stages)
            return dataclasses.replace(progress, cascade=cascade, history=progress.history[:stages])
        width, height = self.options["window"]
        alive = np.ones(len(self.positives) + len(self.validation), bool)
        if self.options["features"] == "haar":  # detection rejects windows without contrast
            alive[: len(self.positives)] = sum_windows(self.positives).scale > 0
            alive[len(self.positives) :] = sum_windows(self.validation).scale > 0
        return Progress(
            seed=seed,
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
        # Before the first stage there is something to lose if the search took minutes; then
        # there is a checkpoint already.
        if progress.cascade is not None or (self.checkpoint and os.path.exists(self.checkpoint)):
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
        if alive < _LEAST_POSITIVES and progress.cascade is None:
            return (
                f"only {alive} of {len(self.positives)} positives have the contrast that Haar "
                "features need; leave the others out"
            )
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
                rng=np.random.default_rng([progress.seed, 1, number]),
                validation=len(held),
                progress=self.report.weak_learner,
            )
        finally:
            search.close()
        return stage, learned, held

    def _reason_against(self, stage, number):
        """Say why a stage is not worth keeping, or return None."""
        if stage is None:
            return "no feature tells objects from the windows that pass"
        rate = stage.false_alarm_rate
        if rate <= max(_USELESS, self.options["max_false_alarm_rate"]):
            return None
        return (
            f"stage {number} lets {rate:.0%} of the windows without the object pass after "
            f"{counted(len(stage.trees), 'weak learner')}; "
            "raise max_weak_learners, lower min_hit_rate, or give positives that are more alike"
        )

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
            seed=progress.seed,
            cascade=with_stage(progress.cascade, stage, self.features),
            history=[*progress.history, record],
            alive=alive,
            mined=Mined(kept, mined.cursor),
            expected=ratio * stage.false_alarm_rate,
        )

    def _save(self, progress):
        if self.checkpoint is not None:
            save_progress(self.checkpoint, progress, self.fingerprint)

    def _fingerprint(self, negatives, seed):
        """Tell parameters and data from others: two digests, one behind the other."""
        known = hashlib.sha256()
        known.update(self.positives)
        known.update(self.validation)
        own = getattr(negatives, "fingerprint", None)
        known.update((own() if own is not None else f"{len(negatives)}").encode())
        if isinstance(negatives, (list, tuple, np.ndarray)):  # others may open files
            for image in map(np.asarray, negatives):
                known.update(f"{image.shape} {image.dtype}".encode())
                known.update(np.ascontiguousarray(image))
        return options_fingerprint(self.options, seed) + known.hexdigest()
