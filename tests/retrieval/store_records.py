"""Images with random keypoints, and what an index of them must hold."""

import contextlib
import hashlib
import os

import numpy as np

from classicvision.retrieval import _catalogue, _sealing, _segments, _steps
from classicvision.retrieval._catalogue import create_catalogue
from classicvision.retrieval._rows import COLUMNS
from classicvision.retrieval._snapshot import Snapshot
from classicvision.retrieval._writer import Record

N_WORDS = 7
SEAL = 40  # keypoints whose postings are sealed, so that a few images make segments


def record(path, *, version=0):
    """Return an image that is always the same for a path and a version."""
    digest = hashlib.blake2b(f"{path} {version}".encode(), digest_size=16).digest()
    rng = np.random.default_rng(list(digest))
    rows = int(rng.integers(0, 12))
    arrays = {
        column.name: (rng.random if column.dtype == "<f4" else rng.integers)(
            *(() if column.dtype == "<f4" else (N_WORDS,)),
            size=column.shape(1 if column.per_image else rows),
        )
        for column in COLUMNS
    }
    return Record(path, digest, 1000 + version, 10**18 + version, 40, 30, arrays)


def new_index(folder):
    os.makedirs(folder, exist_ok=True)
    create_catalogue(folder, {"n_words": N_WORDS})
    return str(folder)


def check_index(folder, expected):
    """Check that an index holds exactly these records, all their rows and all their postings."""
    check_snapshot(Snapshot(folder), expected)


def check_snapshot(snapshot, expected):
    """Check the same of an index that is open."""
    assert list(snapshot.damages()) == []
    contents = snapshot.contents
    assert sorted(contents.paths) == sorted(record.path for record in expected)
    by_path = {record.path: record for record in expected}
    live = {}
    for path, (number, width, height, first, rows, _) in zip(
        contents.paths, contents.images.tolist(), strict=True
    ):
        wanted = by_path[path]
        assert (width, height, rows) == (wanted.width, wanted.height, wanted.rows)
        for column in COLUMNS:
            part = slice(number, number + 1) if column.per_image else slice(first, first + rows)
            values = np.asarray(wanted.arrays[column.name], column.dtype)
            np.testing.assert_array_equal(snapshot.columns[column.name][part], values)
        live[number] = wanted
    assert postings_of(snapshot, live) == sorted(
        (int(word), number, *(int(wanted.arrays[name][row]) for name in NAMES))
        for number, wanted in live.items()
        for row, word in enumerate(wanted.arrays["words"])
    )


NAMES = ("signatures", "angles", "scales")


def postings_of(snapshot, live):
    """Return (word, image, signature, angle, scale) of all postings of images that are there."""
    found = []
    for segment in snapshot.segments:
        words = np.repeat(np.arange(N_WORDS), np.diff(segment.offsets)).tolist()
        columns = [getattr(segment, name).tolist() for name in ("images", *NAMES)]
        postings = list(zip(words, *columns, strict=True))
        assert [posting[:2] for posting in postings] == sorted(p[:2] for p in postings)
        found.extend(posting for posting in postings if posting[1] in live)
    return sorted(found)


def make_small(patch):
    """Seal and merge few keypoints; leave the data in the system's memory, which a crash keeps."""
    patch.setattr(_sealing, "_SEAL", SEAL)
    patch.setattr(_segments, "_BLOCK", 30)
    patch.setattr(os, "fsync", lambda descriptor: None)
    patch.setattr(_catalogue, "_SYNCHRONOUS", "OFF")


@contextlib.contextmanager
def steps(listener):
    """Have ``listener(name)`` called at each step of the writing."""
    _steps.interrupt = listener
    try:
        yield
    finally:
        _steps.interrupt = None
