"""The files that ``classicvision train-cascade`` writes, looked at before the training."""

from __future__ import annotations

import json
import os
import tempfile

from classicvision.detection._annotation_files import is_model
from classicvision.detection.training_checkpoint import check_progress
from classicvision.detection.training_options import (
    checked_options,
    options_fingerprint,
    seed_of,
)
from classicvision.images.reading import display_name

_LARGEST_REPORT = 2**26  # bytes


def report_path(output):
    """Return the name of the file that says how a model was made."""
    return os.path.splitext(output)[0] + ".json"


def checkpoint_path(output):
    """Return the name of the file from which a training goes on."""
    return f"{output}.training.npz"


def check_output(output, inputs):
    """Refuse a model that could not be written when the training is over, or replaces data.

    Parameters
    ----------
    output : str
        The model's name; its report and checkpoint are named after it.
    inputs : sequence of str
        The files and folders that the samples are in.

    Raises
    ------
    ValueError
        For names that are those of folders, of inputs, or of files that were not made by a
        training; for a folder that cannot be written to.
    """
    if os.path.splitext(output)[1].lower() != ".xml":
        raise ValueError(f"--output {display_name(output)}: the name of a model ends in .xml")
    if os.path.isdir(output):
        raise ValueError(f"--output {display_name(output)}: a folder; give the model a name")
    _check_folder(output)
    report, checkpoint = report_path(output), checkpoint_path(output)
    for path in (report, checkpoint):
        if os.path.isdir(path):
            raise ValueError(
                f"{display_name(path)}: a folder, but a file of this name will be written; give "
                "another --output"
            )
    for path, made, what in ((output, is_model, "model"), (report, _is_report, "report")):
        if any(_same(path, each) for each in inputs):
            raise ValueError(
                f"{display_name(path)}: an input, which the {what} would replace; give another "
                "--output"
            )
        if os.path.lexists(path) and not made(path):
            raise ValueError(
                f"{display_name(path)}: exists, and is not the {what} of a training; delete it, "
                "or give another --output"
            )


def check_checkpoint(path, trainer):
    """Refuse a checkpoint that is damaged, or of another trainer, before samples are read."""
    if os.path.exists(path):
        parameters = options_fingerprint(checked_options(trainer), seed_of(trainer.random_state))
        check_progress(path, parameters)


def _check_folder(output):
    folder = os.path.dirname(os.path.realpath(output))
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise ValueError(
            f"--output {display_name(output)}: its folder cannot be written to "
            f"({problem.strerror}); make it, or give another"
        ) from None


def _same(path, other):
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):  # one of them does not exist
        return False


def _is_report(path):
    """Whether a file says how a cascade was trained."""
    try:
        with open(path, "rb") as file:
            about = json.loads(file.read(_LARGEST_REPORT))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(about, dict) and {"model", "classicvision", "stages"} <= about.keys()
