"""What ``classicvision train-cascade`` does: samples from files, a look at them, a model."""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
import warnings
from dataclasses import dataclass

import numpy as np

from classicvision import __version__
from classicvision.cli._messages import message, result
from classicvision.cli._training_files import report_path
from classicvision.detection._annotations import source_kind
from classicvision.detection.cascade_training import CascadeTrainer
from classicvision.detection.samples import (
    Negatives,
    augment_samples,
    check_samples,
    image_files,
    read_positives,
    resize_crops,
)
from classicvision.detection.training_report import counted
from classicvision.features._windows import check_window_size
from classicvision.images import write_bytes
from classicvision.images.reading import display_name

_ANNOTATED = ("info", "voc", "coco", "yolo")
_CONTEXT = 1.5  # side of what is turned and shifted, in sides of the crop that is kept
_FEW_NEGATIVES = 0.5  # of the windows wanted for a stage: fewer are worth a warning
_DETAIL = 2  # its pixels for one of the window
# Of the positives that are made: chosen by cross-validation on half as many stop signs as
# `python -m benchmarks.object_quality` trains on. A detector that was shown objects a little out
# of place finds each of them at more places, which tells them from false alarms.
_SHIFT, _SCALE = 0.1, (0.8, 1.25)
_SURROUNDINGS = "-"
# What the library advises, in its words and in those of the command line.
_ADVICE = (
    ("make more of them with augment_samples", "have more made by --augment"),
    ("augment_samples makes more", "give more, or have more made by --augment"),
    ("keep positives[remove_duplicates(positives)]", "remove them"),
    ("raise min_hit_rate", "raise --min-hit-rate"),
    (
        "raise max_weak_learners, lower min_hit_rate",
        "raise --max-weak-learners, lower --min-hit-rate",
    ),
    ("delete it, or give another checkpoint", "delete it, or give another --output"),
    ("; drop label=", "; drop --label "),
    ("set window=(width, height)", "set --window"),
    ("blank the objects out with Negatives.around", "annotate the objects in them"),
)


@dataclass(frozen=True, eq=False)
class Samples:
    """What a cascade is trained on.

    Attributes
    ----------
    positives, validation : ndarray of uint8, shape (n, height, width)
    negatives : Negatives
    about : dict
        Where they come from, and how many there are.
    """

    positives: np.ndarray
    validation: np.ndarray | None
    negatives: Negatives
    about: dict


def read_samples(*, positives, negatives, window, margin, label, augment, validation, seed, **made):
    """Read the samples, say what is wrong with them, and make more positives where they are few.

    Parameters
    ----------
    positives : str
    negatives : sequence of str
    window, margin, label
        As for `read_positives`.
    augment : int
        How many positives there should be.
    validation : float
        The share of the positives that is not learned from.
    seed : int
    **made
        ``mirror`` and ``rotation``, in degrees; others are ignored.

    Returns
    -------
    Samples

    Raises
    ------
    OSError, TypeError, ValueError
        For samples that nothing can be learned from.
    """
    check_window_size(window)
    if "" in (positives, *negatives):
        raise ValueError("POSITIVES and NEGATIVES must not be empty names")
    if not os.path.exists(positives):
        raise FileNotFoundError(
            f"{display_name(positives)}: no such file or folder; check the name and the folder"
        )
    without = _negatives(positives, negatives, label, margin)
    given = {"window": window, "margin": margin, "label": label}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        crops = read_positives(positives, **given)
    for warning in caught:
        message(f"warning: {advised(str(warning.message))}")
    _look_at(crops, without, window)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(crops))
    held = np.sort(order[: round(validation * len(crops))])
    learned = np.setdiff1d(order, held)
    about = {"positives": positives, "crops": len(learned), "crops_held_back": len(held)}
    learned_crops = crops[learned]
    count = max(0, augment - len(learned))
    if count:
        more = _more(positives, learned, count, rng, made, **given)
        learned_crops = np.concatenate([learned_crops, more])
        are = "positive is" if count == 1 else "positives are"
        message(f"{count} {are} made from {len(learned)}")
    about["crops_made"] = count
    about["negatives"] = list(negatives) or [_SURROUNDINGS]
    about["negative_images"] = len(without)
    about["negatives_fingerprint"] = without.fingerprint()
    return Samples(learned_crops, crops[held] if len(held) else None, without, about)


def trainer_of(*, jobs, depth, seed, verbose, **options):
    """Return the trainer for the options of the command; others are ignored."""
    names = CascadeTrainer().get_params()
    return CascadeTrainer(
        **{name: value for name, value in options.items() if name in names},
        max_depth=depth,
        random_state=seed,
        n_jobs=jobs,
        verbose=2 if verbose else 1,
    )


def train(output, checkpoint, samples, trainer):
    """Train a cascade and write it, what it was made of, and one line that says so.

    Parameters
    ----------
    output, checkpoint : str
    samples : Samples
    trainer : CascadeTrainer

    Raises
    ------
    OSError
        For a file that cannot be written.
    ValueError
        If no stage could be trained, or the checkpoint is not that of this training.
    """
    begin = time.monotonic()
    try:
        detector = trainer.fit(
            samples.positives,
            samples.negatives,
            validation=samples.validation,
            checkpoint=checkpoint,
        )
    except ValueError as problem:
        raise ValueError(advised(str(problem))) from None
    _warn(trainer, len(samples.positives))
    parameters = trainer.get_params()
    about = {
        "model": os.path.basename(output),
        "classicvision": __version__,
        "parameters": {k: v for k, v in parameters.items() if k not in ("n_jobs", "verbose")},
        "data": samples.about,
        "stages": trainer.history_,
        "stop_reason": trainer.stop_reason_,
    }
    description = report_path(output)
    detector.save(output)
    write_bytes(description, (json.dumps(about, indent=1) + "\n").encode())
    with contextlib.suppress(FileNotFoundError):
        os.unlink(checkpoint)
    result(
        f"{display_name(output)}: {counted(len(detector.stages), 'stage')}, "
        f"{counted(sum(detector.stages), 'weak learner')}, {time.monotonic() - begin:.0f} s; "
        f"{advised(trainer.stop_reason_)}; "
        f"{display_name(description)} says how it was made"
    )


def _negatives(positives, sources, label, margin):
    """Return the images of the sources, and what surrounds annotated objects if it is wanted."""
    if source_kind(positives) == "images":
        image_files(positives)  # says whether there are none
    parts = []
    if not sources or _SURROUNDINGS in sources:
        if source_kind(positives) not in _ANNOTATED:
            raise ValueError(
                f"{display_name(positives)}: crops have no surroundings to take for NEGATIVES; "
                "give folders of pictures without the object"
            )
        parts.append(Negatives.around(positives, label=label, margin=max(0.0, margin)))
    others = [source for source in sources if source != _SURROUNDINGS]
    if others:
        parts.append(Negatives(others))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _look_at(crops, negatives, window):
    for line in check_samples(crops, negatives, window):
        message(f"warning: {advised(line)}")


def _warn(trainer, positives):
    """Say where the last stage is not what it was asked to be."""
    last, wanted = trainer.history_[-1], trainer.negatives_per_stage or positives
    if last["false_alarm_rate"] > trainer.max_false_alarm_rate:
        message(
            f"warning: the last stage lets {last['false_alarm_rate']:.3g} of the windows without "
            f"the object pass, and may let {trainer.max_false_alarm_rate:.3g}; raise "
            "--max-weak-learners, or lower --min-hit-rate"
        )
    if last["negatives"] < _FEW_NEGATIVES * wanted:
        message(
            f"warning: only {last['negatives']} of {wanted} windows without the object were found "
            "for the last stage; give more, or more varied, NEGATIVES"
        )


def advised(text):
    """Put what the library advises in the words of the command line."""
    for library, command in _ADVICE:
        text = text.replace(library, command)
    return text


def _more(source, chosen, count, rng, made, *, window, margin, label):
    """Make crops from those chosen; with their surroundings, where there are any."""
    annotated = source_kind(source) in _ANNOTATED
    context = _CONTEXT if annotated else 1.0
    size = tuple(2 * round(_DETAIL * side * context / 2) for side in window)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were shown when the crops were read first
        large = read_positives(
            source,
            window=window,
            margin=((1 + 2 * margin) * context - 1) / 2,
            label=label,
            size=size,
        )
    varied = augment_samples(
        large[chosen],
        count,
        mirror=made["mirror"],
        rotation=math.radians(made["rotation"]),
        shift=_SHIFT / context,
        scale=_SCALE,
        random_state=rng,
    )
    left, top = ((side - _DETAIL * kept) // 2 for side, kept in zip(size, window, strict=True))
    inner = varied[:, top : top + _DETAIL * window[1], left : left + _DETAIL * window[0]]
    return resize_crops(inner, window)
