"""Keypoints and SIFT of many pictures, kept in a folder so that they are found only once."""

import inspect
import json
import os
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import picture_attacks, retrieval_data

_FIELDS = ("points", "sizes", "angles", "scores")  # of keypoints


class Described(NamedTuple):
    """What is known of one picture: its keypoints, their SIFT as uint8, and (rows, columns)."""

    keypoints: object
    sift: np.ndarray
    shape: tuple

    @property
    def descriptors(self):
        """RootSIFT."""
        from classicvision.features.descriptors import root_sift

        return root_sift(self.sift)


class Cache:
    """A folder of finished work; what was made by another version of the generators is not used.

    Parameters
    ----------
    folder : path-like or None
        None: a temporary one.
    """

    def __init__(self, folder):
        self._temporary = None
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory()
            folder = self._temporary.name
        self._key = _checksum(picture_attacks) + _checksum(retrieval_data)
        self._key += f"{zlib.crc32(inspect.getsource(describe).encode()):08x}"
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name):
        """Return the path of a file for this work."""
        return self.folder / f"{name.replace(' ', '-').replace('%', 'percent')}-{self._key}"

    def json(self, name, module, make):
        """Return what ``make()`` of this module returns; from the folder where it is there."""
        path = self.path(f"{name} {_checksum(module)}")
        if not path.exists():
            temporary = path.with_suffix(".part")
            temporary.write_text(json.dumps(make()), encoding="utf-8")
            os.replace(temporary, path)
        return json.loads(path.read_text(encoding="utf-8"))

    def described(self, name, images, jobs=1):
        """Return `Described` for each of the images, which may be a generator."""
        from classicvision._parallel import parallel_map

        path = self.path(name).with_suffix(".npz")
        if not path.exists():
            _save(path, list(parallel_map(describe, images, n_jobs=jobs)))
        return _load(path)


def _checksum(module):
    return f"{zlib.crc32(Path(module.__file__).read_bytes()):08x}"


def describe(image):
    """Return the SIFT of an `ImageIndex`: at most 1,000 keypoints, shared out, contrast 0.01."""
    import classicvision as cv

    keypoints, sift = cv.extract_descriptors(image, "sift", cells=8)
    return Described(keypoints, sift.astype(np.uint8), image.shape[:2])


def _save(path, pictures):
    arrays = {name: [getattr(p.keypoints, name) for p in pictures] for name in _FIELDS}
    arrays["sift"] = [picture.sift for picture in pictures]
    flat = {name: np.concatenate(parts) for name, parts in arrays.items()}
    counts = [len(picture.sift) for picture in pictures]
    temporary = path.with_suffix(".part.npz")
    np.savez(temporary, counts=counts, shapes=[picture.shape for picture in pictures], **flat)
    os.replace(temporary, path)


def _load(path):
    import classicvision as cv

    with np.load(path) as file:
        arrays = dict(file)
    ends = arrays["counts"].cumsum()
    spans = [slice(end - n, end) for end, n in zip(ends, arrays["counts"], strict=True)]
    return [
        Described(
            cv.Keypoints(*(arrays[name][span] for name in _FIELDS)),
            arrays["sift"][span],
            tuple(shape),
        )
        for span, shape in zip(spans, arrays["shapes"].tolist(), strict=True)
    ]
