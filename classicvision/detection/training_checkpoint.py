"""A file from which a training goes on after it was interrupted."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from pathlib import Path

import numpy as np

from classicvision.detection.cascade_xml import Cascade
from classicvision.detection.negative_mining import Cursor, Mined
from classicvision.images import write_bytes

_VERSION = 2
_REMEDY = "delete it, or give another checkpoint, to train anew"
_CASCADE = [field.name for field in dataclasses.fields(Cascade)][2:]  # behind kind and window


@dataclasses.dataclass(frozen=True, eq=False)
class Progress:
    """All that a training has done so far.

    Attributes
    ----------
    seed : int
    cascade : Cascade or None
        The stages that are trained.
    history : list of dict
        What is known of each of them.
    alive : ndarray of bool, shape (positives + validation,)
        Which windows with the object still pass.
    mined : Mined
        Windows without the object for the next stage.
    complete : bool
        Whether the search for them has ended.
    expected : float
        What share of the windows is expected to pass.
    """

    seed: int
    cascade: Cascade | None
    history: list
    alive: np.ndarray
    mined: Mined
    complete: bool = False
    expected: float = 1.0


def save_progress(path, progress, fingerprint):
    """Write a checkpoint; what was there is replaced in one step."""
    cascade, mined = progress.cascade, progress.mined
    about = {
        "classicvision": "cascade training",
        "version": _VERSION,
        "fingerprint": fingerprint,
        "seed": progress.seed,
        "history": progress.history,
        "complete": progress.complete,
        "expected": progress.expected,
        "cursor": dataclasses.astuple(mined.cursor),
        "windows": mined.windows,
        "passed": mined.passed,
        "images": mined.images,
        "kind": None if cascade is None else cascade.kind,
        "window": None if cascade is None else list(cascade.window),
    }
    arrays = {"alive": progress.alive, "crops": mined.crops}
    if cascade is not None:
        arrays.update({name: getattr(cascade, name) for name in _CASCADE})
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    data = io.BytesIO()
    np.savez(data, about=text, **arrays)
    write_bytes(path, data.getvalue())


def load_progress(path, fingerprint):
    """Read a checkpoint.

    Raises
    ------
    ValueError
        If the file is no checkpoint, is damaged, or belongs to another training: other data or
        other parameters.
    """
    about, arrays = _read(Path(path))
    if about["fingerprint"] != fingerprint:
        raise ValueError(
            f"{path}: the checkpoint of a training with other data or other parameters; {_REMEDY}"
        )
    cascade = None
    if about["kind"] is not None:
        parts = {name: arrays[name] for name in _CASCADE}
        cascade = Cascade(kind=about["kind"], window=tuple(about["window"]), **parts)
    counts = {name: about[name] for name in ("windows", "passed", "images")}
    mined = Mined(arrays["crops"], Cursor(*about["cursor"]), **counts)
    return Progress(
        seed=about["seed"],
        cascade=cascade,
        history=about["history"],
        alive=arrays["alive"],
        mined=mined,
        complete=about["complete"],
        expected=about["expected"],
    )


def check_progress(path, parameters):
    """Refuse a checkpoint before the data are known.

    Parameters
    ----------
    path : path-like
    parameters : str
        The `options_fingerprint` with which that of a training begins.

    Raises
    ------
    ValueError
        If the file is no checkpoint, is damaged, or belongs to a training with other parameters.
    """
    about, _ = _read(Path(path))
    if not str(about.get("fingerprint")).startswith(parameters):
        raise ValueError(f"{path}: the checkpoint of a training with other parameters; {_REMEDY}")


def _read(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays.pop("about").tobytes())
        known = about["classicvision"] == "cascade training"
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise ValueError(
            f"{path}: not the checkpoint of a training, or damaged; {_REMEDY}"
        ) from None
    if not known or about["version"] != _VERSION:
        raise ValueError(f"{path}: the checkpoint of another version of classicvision; {_REMEDY}")
    return about, arrays
