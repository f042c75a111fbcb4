"""The file from which the learning of a vocabulary goes on after it was interrupted."""

from __future__ import annotations

import hashlib
import numbers
import os
import time

import numpy as np

from classicvision._checks import check_random_state
from classicvision._npz import load_arrays, save_arrays
from classicvision.images.reading import display_name
from classicvision.retrieval._clustering import Progress

_KIND, _VERSION = "checkpoint of a visual vocabulary", 1
_SECONDS = 60.0  # between two
_REMEDY = "delete it, or give another checkpoint, to learn anew"
_SAMPLE = 64  # rows that tell descriptors from others
_NUMBERS = ("seed", "step", "average", "waited")


class Checkpoint:
    """Save and load a clustering's progress, if a file is given.

    Parameters
    ----------
    path : path-like or None
    options : dict
        Those of the vocabulary, checked.
    source : Rows or Stream
    random_state : int, Generator, RandomState or None
    """

    def __init__(self, path, options, source, random_state):
        self._path, self._random_state = path, random_state
        self._saved = time.monotonic()
        if path is not None:
            _check_path(path)
            self._fingerprint = _fingerprint(options, source, random_state)

    def new_seed(self):
        """Draw the seed of a new run."""
        return int(check_random_state(self._random_state).integers(2**62))

    def load(self):
        """Return the `Progress` in the file, or None where there is no file.

        Raises
        ------
        ValueError
            For a file that is no checkpoint, or one of other descriptors or options.
        """
        if self._path is None or not os.path.exists(self._path):
            return None
        about, arrays = load_arrays(self._path, _KIND, _VERSION, "VisualVocabulary.fit")
        if about.get("fingerprint") != self._fingerprint:
            raise ValueError(
                f"{self._path}: the checkpoint of a vocabulary of other descriptors or other "
                f"options; {_REMEDY}"
            )
        return Progress(
            levels=[arrays[f"level_{number}"] for number in range(about["levels"])],
            centers=arrays.get("centers"),
            counts=arrays.get("counts"),
            least=np.inf if about["least"] is None else about["least"],
            **{name: about[name] for name in _NUMBERS},
        )

    def save(self, progress, now=False):
        """Write the progress, if the last time was long enough ago."""
        if self._path is None or not (now or time.monotonic() - self._saved >= _SECONDS):
            return
        about = {name: getattr(progress, name) for name in _NUMBERS}
        about["least"] = progress.least if np.isfinite(progress.least) else None
        about |= {"fingerprint": self._fingerprint, "levels": len(progress.levels)}
        arrays = {f"level_{number}": level for number, level in enumerate(progress.levels)}
        if progress.centers is not None:
            arrays |= {"centers": progress.centers, "counts": progress.counts}
        save_arrays(self._path, _KIND, _VERSION, about, arrays)
        self._saved = time.monotonic()


def _check_path(path):
    """Refuse at once what nothing could be written to after a minute."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"checkpoint must be the name of a file, got {path!r:.80}")
    folder = os.path.dirname(os.fspath(path))
    if folder and not os.path.isdir(folder):
        name = display_name(os.fspath(path))
        raise FileNotFoundError(f"checkpoint {name} is in no folder that exists; make it first")


def _fingerprint(options, source, random_state):
    """Tell options and descriptors from others; those of a stream are not known before."""
    known = hashlib.sha256(repr(sorted(options.items())).encode())
    whole = isinstance(random_state, numbers.Integral)
    known.update(repr(int(random_state) if whole else None).encode())
    if source.count is not None:
        known.update(f"{source.count} {source.dimensions}".encode())
        if source.count:
            places = np.linspace(0, source.count - 1, _SAMPLE).astype(np.int64)
            known.update(source.take(places).tobytes())
    return known.hexdigest()
