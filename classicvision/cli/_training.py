"""What ``classicvision train-cascade`` does: samples from files, a look at them, a model."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
import time
import warnings
from dataclasses import dataclass

import numpy as np

from classicvision import __version__
from classicvision.cli._messages import message, result
from classicvision.detection._annotations import source_kind
from classicvision.detection.cascade_training import CascadeTrainer
from classicvision.detection.samples import (
    Negatives,
    augment_samples,
    check_samples,
    read_positives,
    resize_crops,
)
from classicvision.features._windows import check_window_size
from classicvision.images import write_bytes
from classicvision.images.reading import display_name

_ANNOTATED = ("info", "voc", "coco", "yolo")
_CONTEXT = 1.5  # side of what is turned and shifted, in sides of the crop that is kept
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


def check_output(path):
    """Refuse a model that could not be written when the training is over."""
    if os.path.splitext(path)[1].lower() != ".xml":
        raise ValueError(f"--output {display_name(path)}: the name of a model ends in .xml")
    if os.path.isdir(path):
        raise ValueError(f"--output {display_name(path)}: a folder; give the model a name")
    folder = os.path.dirname(os.path.realpath(path))
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise ValueError(
            f"--output {display_name(path)}: its folder cannot be written to "
            f"({problem.strerror}); make it, or give another"
        ) from None


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
    without = _negatives(positives, negatives, label, margin)
    given = {"window": window, "margin": margin, "label": label}
    crops = read_positives(positives, **given)
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
        message(f"{count} positives are made from {len(learned)}")
    about["crops_made"] = count
    about["negatives"] = list(negatives) or [_SURROUNDINGS]
    about["negative_images"] = len(without)
    about["negatives_fingerprint"] = without.fingerprint()
    return Samples(learned_crops, crops[held] if len(held) else None, without, about)


def train(output, checkpoint, samples, *, jobs, depth, seed, verbose, **options):
    """Train a cascade and write it, what it was made of, and one line that says so.

    Parameters
    ----------
    output, checkpoint : str
    samples : Samples
    jobs, depth, seed, verbose, **options
        Those of the command.

    Raises
    ------
    OSError
        For a file that cannot be written.
    ValueError
        If no stage could be trained, or the checkpoint is not that of this training.
    """
    names = CascadeTrainer().get_params()
    trainer = CascadeTrainer(
        **{name: value for name, value in options.items() if name in names},
        max_depth=depth,
        random_state=seed,
        n_jobs=jobs,
        verbose=2 if verbose else 1,
    )
    begin = time.monotonic()
    try:
        detector = trainer.fit(
            samples.positives,
            samples.negatives,
            validation=samples.validation,
            checkpoint=checkpoint,
        )
    except ValueError as problem:
        raise ValueError(_advised(str(problem))) from None
    parameters = trainer.get_params()
    about = {
        "model": os.path.basename(output),
        "classicvision": __version__,
        "parameters": {k: v for k, v in parameters.items() if k not in ("n_jobs", "verbose")},
        "data": samples.about,
        "stages": trainer.history_,
        "stop_reason": trainer.stop_reason_,
    }
    description = os.path.splitext(output)[0] + ".json"
    detector.save(output)
    write_bytes(description, (json.dumps(about, indent=1) + "\n").encode())
    with contextlib.suppress(FileNotFoundError):
        os.unlink(checkpoint)
    result(
        f"{display_name(output)}: {len(detector.stages)} stages, {sum(detector.stages)} weak "
        f"learners, {time.monotonic() - begin:.0f} s; {_advised(trainer.stop_reason_)}; "
        f"{display_name(description)} says how it was made"
    )


def _negatives(positives, sources, label, margin):
    """Return the images of the sources, and what surrounds annotated objects if it is wanted."""
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
    try:
        found = check_samples(crops, negatives, window)
    except ValueError as problem:
        raise ValueError(_advised(str(problem))) from None
    for line in found:
        message(f"warning: {_advised(line)}")


def _advised(text):
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
