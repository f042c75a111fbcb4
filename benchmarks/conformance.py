"""Are the windows and groups those of OpenCV 4.14? Every cascade, many photographs.

    CLASSICVISION_DATA=... python -m benchmarks.conformance [--photographs 50] [--part 1/2]

Every Haar and LBP file of OpenCV 4.14's wheel and of the data's `opencv_cascades`, at scale
factors 1.05, 1.1 and 1.3, with and without size limits: raw windows and groups, as multisets.
"""

import argparse
import itertools
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import classicvision as cv
from benchmarks.peers import opencv4

_FOLDERS = ("cmu_mit_faces", "opencv_samples", "voc_raccoon")
_LARGEST = 200_000  # pixels of a photograph, so that a run ends within the hour
_FACTORS = (1.05, 1.1, 1.3)
_SUFFIXES = (".png", ".jpg", ".jpeg")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="which ones, and which size limits")
    parser.add_argument("--part", default="1/1", help="2/3: the second third of the work")
    options = parser.parse_args()
    data = os.environ.get("CLASSICVISION_DATA")
    if not data:
        raise SystemExit("CLASSICVISION_DATA must name the folder with the photographs")
    peer = opencv4()
    chance = random.Random(options.seed)
    pictures = photographs(Path(data), options.photographs, chance)
    cascades = _cascades(Path(data), Path(peer.about["haarcascades"]))
    part, parts = map(int, options.part.split("/"))
    start, compared, windows, different = time.perf_counter(), Counter(), 0, 0
    for number, (path, image) in enumerate(pictures):
        limits = [{}, _limits(image.shape, chance)]
        if number % parts != part - 1:
            continue
        peer.put("photograph", image)
        for cascade, detector in cascades.items():
            peer.ask("cascade", name="cascade", path=str(cascade))
            for factor, limit in itertools.product(_FACTORS, limits):
                raw, grouped, count = _compare(peer, detector, image, factor, limit)
                compared["raw"] += 1
                windows += count
                different += raw + grouped
                if raw or grouped:
                    print(f"DIFFERENT {path} {cascade.name} {factor} {limit}: {raw} {grouped}")
    print(
        f"part {options.part}: OpenCV {peer.about['version']}, {len(pictures)} photographs, "
        f"{len(cascades)} cascades, {compared['raw']} raw and as many grouped comparisons, "
        f"{windows} windows, {different} windows or boxes differ, "
        f"{time.perf_counter() - start:.0f} s"
    )
    sys.exit(different > 0)


def photographs(data, count, chance):
    """Return ``count`` pairs of path and gray image, from all folders in turn."""
    found = []
    for folder in _FOLDERS:
        paths = [p for p in sorted((data / folder).rglob("*")) if p.suffix.lower() in _SUFFIXES]
        chance.shuffle(paths)
        found.append(paths)
    chosen = []
    for path in filter(None, itertools.chain(*itertools.zip_longest(*found))):
        image = cv.read_image(path, gray=True)
        if image.size <= _LARGEST:
            chosen.append((path.relative_to(data), image))
        if len(chosen) == count:
            break
    return chosen


def _cascades(data, wheel):
    folder = data / "opencv_cascades"
    paths = [
        *wheel.glob("*.xml"),
        *folder.glob("haarcascades/*.xml"),
        *folder.glob("lbpcascades/*.xml"),
    ]
    return {path: cv.CascadeDetector.load(path) for path in sorted(paths)}


def _limits(shape, chance):
    """Size limits of all kinds: a range, one size only, and some that no size meets."""
    least = chance.randint(10, min(shape))
    most = chance.choice([least, least + chance.randint(-5, 100), None])
    limits = {"min_size": (least, least)}
    return limits if most is None else {**limits, "max_size": (max(most, 1), max(most, 1))}


def _compare(peer, detector, image, factor, limit):
    """Return how many raw windows and how many groups differ, and how many windows there are."""
    theirs = {"min_size": "minSize", "max_size": "maxSize"}
    limits = {theirs[name]: size for name, size in limit.items()}
    apart = []
    for neighbors in (0, 3):
        found = detector.detect(image, scale_factor=factor, min_neighbors=neighbors, **limit)
        options = {"scaleFactor": factor, "minNeighbors": neighbors, **limits}
        answer = peer.ask(
            "detect", image="photograph", cascade="cascade", threads=1, options=options
        )
        ours = Counter(map(tuple, found.boxes.astype(int).tolist()))
        expected = Counter((x, y, x + w, y + h) for x, y, w, h in answer["result"])
        apart.append(sum(((ours - expected) + (expected - ours)).values()))
        if neighbors == 0:
            count = len(found)
    return *apart, count


if __name__ == "__main__":
    main()
