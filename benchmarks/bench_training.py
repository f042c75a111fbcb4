"""Training cascades: one weak learner and whole cascades; the exact search is the reference.

"ours" is what `CascadeTrainer` does by default, on one thread unless the line says two. The
faces are those of the folder that CLASSICVISION_DATA names, or else scikit-image's hundred,
varied; the other windows and images are cut from photographs.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.harness import SEED, Case, timed
from benchmarks.pictures import building, camera

_EXACT = "the exact search"
_LARGEST = 10_000


def cases(quick):
    import classicvision as cv

    sizes = (400,) if quick else (2000, _LARGEST)
    images, labels = _samples(sizes[-1])
    for count in sizes:
        chosen = np.linspace(0, len(images) - 1, count).astype(int)
        for name, features in (
            ("Haar basic", cv.haar_features(24)),
            ("Haar all", cv.haar_features(24, "all")),
            ("LBP", cv.lbp_features(24)),
        ):
            if quick:
                features = features[::50]
            yield from _weak_learner(name, features, images[chosen], labels[chosen], quick)
    yield from _cascades(quick)


def _weak_learner(name, features, images, labels, quick):
    """The best feature of all windows, each of the same weight."""
    from classicvision.detection.split_search import SplitSearch

    rows, weights = np.arange(len(labels)), np.full(len(labels), 1 / len(labels))
    size = f"{len(labels):,} windows"

    def best(search, threads):
        finder = SplitSearch(
            features,
            images,
            criterion="variance",
            search=search,
            n_drawn=512,
            n_refined=100,
            threads=threads,
        )
        return timed(finder.best, rows, labels, weights, np.random.default_rng(SEED))

    one = best("screened", 1)
    yield Case(
        operator=f"weak learner, {name} on two threads",
        size=size,
        peer_name="one thread",
        ours=best("screened", 2),
        peer=one,
        difference=lambda a, b: abs(a.gain - b.gain),
        unit="of the gain",
    )
    if len(labels) < _LARGEST or name == "LBP" or quick:
        yield Case(
            operator=f"weak learner, {name}",
            size=size,
            peer_name=_EXACT,
            ours=one,
            peer=best("exact", 1),
            difference=lambda a, b: (b.gain - a.gain) / b.gain,
            unit="of the gain",
        )


def _cascades(quick):
    stages, count = (3, 100) if quick else (10, 1000)
    for features in ("haar", "lbp"):
        one, two = (_in_a_process(features, stages, count, threads) for threads in (1, 2))
        yield Case(
            operator=f"cascade of {stages} stages, {features}, on two threads",
            size=f"{count:,} faces",
            peer_name="one thread",
            ours=two,
            peer=one,
            difference=lambda a, b: max(a, b),
            unit="MB at most",
        )


def _in_a_process(features, stages, count, threads):
    """Train in a process of its own, whose largest memory is the result."""
    command = [sys.executable, "-m", __name__, features, str(stages), str(count), str(threads)]

    def run():
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, megabytes = map(float, output.split())
        return seconds, megabytes

    return run


def _train(features, stages, count, threads):
    import classicvision as cv

    images, labels = _samples(2 * count)
    negatives = [building(640, 480), camera(), *_negatives()]
    trainer = cv.CascadeTrainer(features=features, stages=stages, random_state=SEED, n_jobs=threads)
    seconds, _ = timed(trainer.fit, images[labels > 0], negatives)()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:.2f} {memory:.0f}")


def _samples(count):
    """Return windows of 24 x 24 pixels and their labels, half of them faces."""
    import classicvision as cv
    from classicvision.detection.samples import resize_crops

    half = count // 2
    faces = cv.augment_samples(_faces(), half, random_state=SEED)
    rng = np.random.default_rng(SEED)
    pictures, others = _negatives() or [camera(), building(640, 480)], []
    for k in range(count - half):
        picture = pictures[k % len(pictures)]
        side = int(rng.integers(24, min(picture.shape)))
        y, x = (int(rng.integers(length - side + 1)) for length in picture.shape)
        others.append(resize_crops(picture[None, y : y + side, x : x + side], 24)[0])
    images = np.concatenate([resize_crops(faces, 24), np.array(others)])
    return images, np.repeat([1.0, -1.0], [half, count - half])


def _faces():
    folder = os.environ.get("CLASSICVISION_DATA")
    if folder:
        path = Path(folder) / "faces_lfw_gray48" / "lfw_gray48.npz"
        with np.load(path, allow_pickle=False) as file:
            return file["images"]
    from skimage.data import lfw_subset

    return np.uint8(np.rint(255 * lfw_subset()[:100]))


def _negatives():
    import classicvision as cv

    folder = os.environ.get("CLASSICVISION_DATA")
    if not folder:
        return []
    return list(cv.Negatives(Path(folder) / "negatives" / "images")[:300])


if __name__ == "__main__":
    _train(sys.argv[1], *map(int, sys.argv[2:]))
