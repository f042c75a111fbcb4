"""Pictures, an index of them, and how two indexes are compared."""

import os

import numpy as np

import classicvision as cv
from classicvision.retrieval import _indexing, _sealing
from tests.retrieval.store_records import make_small

OPTIONS = {"n_words": 60, "max_keypoints": 300}
NAMES = ["astronaut", "camera", "chelsea", "coffee", "rocket"]


def in_small_parts(patch):
    """Publish two pictures at a time, and seal the postings of three."""
    make_small(patch)
    patch.setattr(_indexing, "_BATCH", 2)
    patch.setattr(_sealing, "_SEAL", 700)


def make_pictures(folder, photographs):
    for number, name in enumerate(NAMES):
        cv.write_image(
            os.path.join(folder, f"{number + 1} {name}.png"), photographs[name][::2, ::2]
        )


def path_of(pictures, name):
    return os.path.join(pictures, f"{NAMES.index(name) + 1} {name}.png")


def same_index(a, b):
    """Check that two folders hold the same index: all files, and what the catalogue says."""
    names = sorted(name for name in os.listdir(a) if name.endswith((".rows", ".npz", ".segment")))
    for name in names:
        with open(os.path.join(a, name), "rb") as ours, open(os.path.join(b, name), "rb") as theirs:
            assert ours.read() == theirs.read(), name
    ours, theirs = (cv.ImageIndex(folder)._searcher.snapshot.contents for folder in (a, b))
    assert ours.paths == theirs.paths
    assert ours.parameters == theirs.parameters
    np.testing.assert_array_equal(ours.images, theirs.images)
    return len(names) > 10  # eight arrays, two files of words, a segment
