"""``python -m benchmarks.index_memory [--images 1000 10000]``: does building an index grow?

Builds an index of so many pictures, each number in a process of its own, and prints its largest
memory, its size on disk, the time to open it and that of a search by words alone. What is in the
pictures is made up, 1,000 random keypoints each, so that all the rest is measured: learning words
from a sample, assigning them, writing rows, sealing and merging postings. With ``--pictures
FOLDER`` it is what is found in these pictures, over and over again under other names.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

KEYPOINTS, WORDS = 1000, 256


def made_up(image, extraction):
    """Return a description with random keypoints and descriptors, the same for an image."""
    from classicvision.results import Keypoints
    from classicvision.retrieval._description import Description

    rng = np.random.default_rng(int(image[0, 0, 0]) << 16 | int(image[0, 0, 1]) << 8)
    keypoints = Keypoints(
        rng.random((KEYPOINTS, 2)) * 640,
        rng.uniform(2, 60, KEYPOINTS),
        rng.uniform(0, 6.28, KEYPOINTS),
        np.ones(KEYPOINTS),
    )
    descriptors = rng.integers(0, 256, (KEYPOINTS, 128), dtype=np.uint8)
    vector = rng.integers(0, 256, 512, dtype=np.uint8)
    return Description(640, 480, keypoints, descriptors, vector)


def work(count, pictures):
    """Build, and print what it took."""
    import classicvision as cv
    from classicvision.retrieval import _index_search, _indexing

    with tempfile.TemporaryDirectory() as scratch:
        folder, place = Path(scratch, "pictures"), Path(scratch, "index")
        folder.mkdir()
        if pictures:
            files = sorted(path for path in Path(pictures).rglob("*") if path.is_file())
            for number in range(count):
                source = files[number % len(files)]
                os.symlink(source, folder / f"{number:06d}{source.suffix or '.jpg'}")
        else:
            _indexing.describe = _index_search.describe = made_up
            for number in range(count):
                cells = bytes([number >> 8 & 255, number & 255, 0])
                (folder / f"{number:06d}.ppm").write_bytes(b"P6 1 1 255\n" + cells)
        started = time.perf_counter()
        cv.ImageIndex.build(folder, place, n_words=None if pictures else WORDS)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = sum(path.stat().st_size for path in place.iterdir())
        started = time.perf_counter()
        index = cv.ImageIndex.open(place)
        opened = time.perf_counter() - started
        times = []
        for path in index.paths[:: max(1, count // 20)]:
            description = index._searcher.describe(path)
            started = time.perf_counter()
            assert path in index._searcher.search(description, 10, False).paths
            times.append(time.perf_counter() - started)
        print(
            f"{len(index):6d} pictures  {peak:6.0f} MB at most  "
            f"{1e3 * seconds / count:5.1f} ms and {size / count / 1000:4.0f} kB a picture  "
            f"opened in {1e3 * opened:4.0f} ms  searched in {1e3 * np.median(times):5.1f} ms",
            flush=True,
        )
        print(peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--pictures", metavar="FOLDER", help="describe these pictures")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return work(options.worker, options.pictures)
    peaks = []
    for count in options.images:
        command = [sys.executable, "-m", __spec__.name, "--worker", str(count)]
        command += ["--pictures", options.pictures] if options.pictures else []
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        line, peak = output.splitlines()
        print(line, flush=True)
        peaks.append(float(peak))
    print(f"the largest memory of the last is {peaks[-1] / peaks[0]:.3f} times that of the first")


if __name__ == "__main__":
    main()
