"""``python -m benchmarks.object_quality [signs] [cards]``: detectors from one command each.

Stop signs (``caltech101_subset``) and playing cards (``voc_cards``) of the folder that
CLASSICVISION_DATA names, with photographs of ``negatives``. Each detector is trained by one
``classicvision train-cascade`` on a part of the pictures and looked at once on the others.

The stop signs have no boxes: those below were drawn by hand, around the sign and its border.
Fourteen of the pictures, drawn by chance, are learned from. The other twelve are held back, with
53 photographs without a sign. Of the cards, all six ranks are one class; the 28 photographs of
the data's training set are learned from, and its 12 of the test set are held back.

A detection is right if it overlaps a true box by half (intersection over union) that no surer
one has. Printed are recall and precision at min-neighbors 3, the default of ``classicvision
faces``, and at the number chosen with the other settings: by cross-validation with two halves of
the part learned from; then the average precision. Except for the seconds, nothing depends on the
machine or on ``--jobs``.
"""

import argparse
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

# Of caltech101_subset/stop_sign: image_<name>.jpg, and left, top, right, bottom of its sign.
SIGNS = {
    "0001": (0, 0, 300, 295), "0002": (104, 46, 234, 172), "0003": (27, 40, 246, 260),
    "0004": (103, 6, 199, 196), "0006": (5, 3, 300, 290), "0009": (56, 2, 247, 250),
    "0010": (2, 4, 298, 291), "0015": (32, 0, 264, 238), "0017": (59, 40, 249, 224),
    "0019": (75, 0, 208, 136), "0023": (13, 13, 286, 287), "0024": (34, 0, 238, 216),
    "0027": (45, 44, 254, 256), "0029": (41, 2, 212, 209), "0030": (87, 19, 242, 158),
    "0031": (0, 0, 179, 184), "0033": (111, 12, 174, 84), "0034": (0, 0, 300, 295),
    "0040": (20, 20, 282, 280), "0046": (89, 70, 196, 174), "0047": (0, 0, 179, 184),
    "0053": (43, 43, 257, 256), "0056": (0, 0, 300, 296), "0059": (50, 26, 229, 171),
    "0062": (35, 8, 261, 230), "0063": (3, 9, 287, 294),
}  # fmt: skip
SIGNS_LEARNED = 14
# The default, and the middle of those that had all the recall without a false alarm among the
# pictures learned from; of cards, a precision of 0.8.
MIN_NEIGHBORS = {"signs": (3, 6), "cards": (3, 15)}


def signs(data, folder):
    """Return the arguments of the command, and (path, boxes) of the pictures held back."""
    from classicvision.detection.samples import write_info

    names = sorted(SIGNS)
    order = np.random.default_rng(0).permutation(len(names))
    samples = [
        (data / "caltech101_subset" / "stop_sign" / f"image_{names[i]}.jpg", [SIGNS[names[i]]])
        for i in order
    ]
    write_info(folder / "signs.dat", sorted(samples[:SIGNS_LEARNED]))
    photographs = sorted((data / "negatives" / "images").iterdir())
    learned = [path for i, path in enumerate(photographs) if i % 4 != 2]
    (folder / "photographs.txt").write_text("\n".join(map(str, learned)), encoding="utf-8")
    held_back = samples[SIGNS_LEARNED:] + [(path, np.zeros((0, 4))) for path in photographs[2::40]]
    arguments = "signs.dat photographs.txt - --features lbp --stages 18 --min-hit-rate 0.998"
    return arguments, held_back


def cards(data, folder):
    """Return the arguments of the command, and (path, boxes) of the pictures held back."""
    from classicvision.detection._annotations import read_annotations

    for link, target in (("cards", "voc_cards/train"), ("photographs", "negatives/images")):
        (folder / link).symlink_to(data / target, target_is_directory=True)
    held_back = read_annotations(str(data / "voc_cards" / "test"))
    arguments = "cards photographs - --features lbp --stages 18 --mirror"
    return arguments, [(image.path, image.boxes) for image in held_back]


OBJECTS = {"signs": signs, "cards": cards}


def trained(name, arguments, jobs):
    """Run the command in this folder; return the detector and the seconds."""
    import classicvision as cv
    from classicvision.cli import main as classicvision

    arguments = f"train-cascade {arguments} -o {name}.xml"
    print(f"classicvision {arguments}", flush=True)
    start = time.perf_counter()
    try:
        classicvision([*shlex.split(arguments), "--jobs", str(jobs)])
    except SystemExit as stop:
        if stop.code:
            raise
    return cv.CascadeDetector.load(f"{name}.xml"), time.perf_counter() - start


def lines(name, curve, seconds):
    """Yield the lines of the table."""
    yield (
        f"{name}: {curve.objects} in {curve.images} pictures held back, average precision "
        f"{curve.average_precision:.3f}, trained in {seconds:.0f} s"
    )
    for neighbors in MIN_NEIGHBORS[name]:
        point = curve.operating_point(neighbors + 1)
        yield (
            f"  min-neighbors {neighbors}: recall {point.recall:.3f}, precision "
            f"{point.precision:.3f}, {point.false_positives} false positives"
        )


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.object_quality", description=__doc__
    )
    parser.add_argument("objects", nargs="*", metavar="signs|cards", help="default: both")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="default: 2")
    options = parser.parse_args()
    data = os.environ.get("CLASSICVISION_DATA", "")
    if not data or not Path(data, "caltech101_subset").is_dir():
        sys.exit("CLASSICVISION_DATA must name a folder with caltech101_subset and voc_cards")
    data = Path(data).resolve()
    if not set(options.objects) <= set(OBJECTS):
        parser.error(f"objects are {', '.join(OBJECTS)}")

    import classicvision as cv

    table = []
    for name in options.objects or OBJECTS:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            arguments, held_back = OBJECTS[name](data, Path(folder))
            detector, seconds = trained(name, arguments, options.jobs)
            curve = cv.evaluate_detector(detector, held_back, n_jobs=options.jobs)
            os.chdir(data)
        table.extend(lines(name, curve, seconds))
    print("\n".join(table))


if __name__ == "__main__":
    main()
