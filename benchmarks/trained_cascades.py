"""Does OpenCV 4.14 find the same with the cascades that we train?

    CLASSICVISION_DATA=... python -m benchmarks.trained_cascades [--photographs 4]

Short face cascades of every kind of feature, boosting and tree are trained and saved. OpenCV loads
them: raw windows and groups must be those that our own detector finds.
"""

import argparse
import itertools
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import classicvision as cv
from benchmarks.conformance import photographs
from benchmarks.harness import SEED
from benchmarks.peers import opencv4

_FACTOR = 1.1
_FACES = 400
_OPTIONS = {"stages": 5, "max_weak_learners": 12, "random_state": SEED, "n_jobs": -1}
_FEATURES = (
    {"features": "haar", "haar_mode": "basic"},
    {"features": "haar", "haar_mode": "core"},
    {"features": "haar", "haar_mode": "all"},
    {"features": "lbp"},
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=4, help="how many (default: 4)")
    options = parser.parse_args()
    data = os.environ.get("CLASSICVISION_DATA")
    if not data:
        raise SystemExit("CLASSICVISION_DATA must name the folder with the faces and photographs")
    peer = opencv4()
    images = photographs(Path(data), options.photographs, random.Random(SEED))
    faces = cv.read_positives(Path(data, "faces_lfw_gray48", "lfw_gray48.npz"))[:_FACES]
    negatives = cv.Negatives(Path(data, "negatives", "images"))[:300]
    cascades, windows, groups, different = 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trained.xml")
        kinds = itertools.product(_FEATURES, ("gentle", "real", "discrete", "logit"), (1, 2, 3))
        for features, boosting, depth in kinds:
            trainer = cv.CascadeTrainer(**features, boosting=boosting, max_depth=depth, **_OPTIONS)
            trainer.fit(faces, negatives)
            trainer.save(path)
            detector = cv.CascadeDetector.load(path)
            peer.ask("cascade", name="trained", path=str(path))
            cascades += 1
            for where, image in images:
                peer.put("photograph", image)
                for neighbors in (0, 3):
                    ours = _ours(detector, image, neighbors)
                    theirs = _theirs(peer, neighbors)
                    windows += 0 if neighbors else len(theirs)
                    groups += len(theirs) if neighbors else 0
                    if Counter(ours) != Counter(theirs):
                        different += 1
                        print(f"DIFFERENT {trainer} {where} min_neighbors {neighbors}")
    print(
        f"OpenCV {peer.about['version']}: {cascades} cascades trained, {len(images)} photographs, "
        f"{windows} raw windows and {groups} groups: {different} results differ"
    )
    sys.exit(different > 0)


def _ours(detector, image, neighbors):
    """Boxes as x, y, width, height."""
    boxes = detector.detect(image, scale_factor=_FACTOR, min_neighbors=neighbors).boxes.copy()
    boxes[:, 2:] -= boxes[:, :2]
    return [tuple(box) for box in np.rint(boxes).astype(int).tolist()]


def _theirs(peer, neighbors):
    options = {"scaleFactor": _FACTOR, "minNeighbors": neighbors}
    answer = peer.ask("detect", image="photograph", cascade="trained", threads=1, options=options)
    return [tuple(box) for box in answer["result"]]


if __name__ == "__main__":
    main()
