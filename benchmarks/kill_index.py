"""``python -m benchmarks.kill_index [--kills 100]``: does an index survive SIGKILL at any moment?

A process builds an index of small pictures, adds some, removes some and compacts it, one after
the other. It says when it is about to begin, is killed at a random moment after that, and begun
again until it ends, over and over with new indexes. After every kill the index must open,
its checksums must be right, no picture may be lost or be there twice, and a picture of it must be
found; what was finished in the end must be, byte for byte, what a run without kills makes.
Ends with exit code 1 if anything is wrong.
"""

import argparse
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PHASES = ("build", "add", "remove", "compact")
PICTURES, ADDED = 60, 20  # of which the last ones are added


def work(phase, folder, place):
    """Do one phase; in batches and segments so small that there is much to be interrupted."""
    import classicvision as cv
    from classicvision.retrieval import _indexing, _sealing

    _indexing._BATCH, _sealing._SEAL, _sealing._FANOUT = 4, 1500, 2
    first, more, removed = pictures(folder)
    print("ready", flush=True)
    if phase == "build":
        cv.ImageIndex.build(first, place, n_words=100)
        return
    index = cv.ImageIndex(place)
    if phase == "add":
        index.add(more)
    elif phase == "remove":
        index.remove([path for path in removed if path in index])
    else:
        index.compact()


def pictures(folder):
    """Return the paths of the pictures: to build with, to add, and to remove."""
    paths = sorted(str(path) for path in Path(folder).iterdir())
    return paths[:-ADDED], paths[-ADDED:], paths[5::4]


def make_pictures(folder):
    import classicvision as cv
    from classicvision.images.samples import SAMPLES

    rng = np.random.default_rng(0)
    for number in range(PICTURES):
        image = cv.sample_image(list(SAMPLES)[number % len(SAMPLES)])
        y, x = (int(rng.integers(side - 160)) for side in image.shape[:2])
        cv.write_image(folder / f"{number:03d}.png", image[y : y + 160, x : x + 160])


def start(phase, folder, place):
    """Start a phase, and return the process when it is about to begin."""
    command = [sys.executable, "-m", __spec__.name, "--worker", phase, str(folder), str(place)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "ready\n":
        raise SystemExit(f"{phase} did not begin")
    return process


def is_possible(phase, folder, found):
    """Say whether these may be the pictures of an index during a phase, in their order."""
    first, more, removed = pictures(folder)
    if phase == "build":
        return found == first[: len(found)]
    if phase == "add":
        return found == first + more[: len(found) - len(first)] and len(found) >= len(first)
    every = first + more
    kept = [path for path in every if path not in removed]
    return found == kept or (phase == "remove" and found == every)


def check(phase, folder, place):
    """Open the index; return what is wrong with it, or ``None``, and its pictures."""
    import classicvision as cv

    try:
        index = cv.ImageIndex(place)
        index.verify()
    except (OSError, ValueError) as error:
        unborn = phase == "build" and not os.path.exists(place / "catalogue.sqlite")
        return (None if unborn else str(error)), []
    problem = None
    if not is_possible(phase, folder, index.paths):
        problem = f"{len(index.paths)} pictures that may not be there after {phase}"
    elif index.paths:
        wanted = random.choice(index.paths)
        if index.search(wanted, top=1).paths != (wanted,):
            problem = f"{wanted} is not found"
    return problem, index.paths


def files(place):
    """Return the rows, postings and words of an index; how often it was compacted is no matter."""
    kinds = (".rows", ".segment", ".npz")
    paths = [path for path in place.iterdir() if path.suffix in kinds]
    return {path.name.partition("-")[2] or path.name: path.read_bytes() for path in paths}


def run(folder, place, kills, durations):
    """Go through the phases; return how often each was killed, and what is wrong."""
    done, wrong = collections.Counter(), []
    before = []
    for number, phase in enumerate(PHASES, 1):
        while True:
            process = start(phase, folder, place)
            began = time.perf_counter()
            usual = durations.get(phase, 0)
            if sum(done.values()) < kills * number // len(PHASES):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(random.uniform(0, usual))
                process.send_signal(signal.SIGKILL)
            status = process.wait()
            seconds = time.perf_counter() - began
            problem, found = check(phase, folder, place)
            if phase in ("build", "add") and found[: len(before)] != before:
                problem = "a picture is lost that was there before"
            before = found
            if problem:
                wrong.append(f"{phase}: {problem}")
                print(wrong[-1], flush=True)
            if status == 0:
                durations[phase] = (seconds + usual) / 2 if usual else seconds
                break
            if status != -signal.SIGKILL:
                raise SystemExit(f"{phase} failed by itself, with exit code {status}")
            done[phase] += 1
    return done, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return work(*options.worker)
    random.seed(0)
    total, durations = collections.Counter(), {}
    with tempfile.TemporaryDirectory() as scratch:
        folder, whole = Path(scratch, "pictures"), Path(scratch, "whole")
        folder.mkdir()
        make_pictures(folder)
        run(folder, Path(scratch, "first"), 0, {})  # compiles
        _, wrong = run(folder, whole, 0, durations)
        for phase in PHASES:
            print(f"{phase:8} {durations[phase]:6.2f} s without kills", flush=True)
        number = 0
        while sum(total.values()) < options.kills:
            place = Path(scratch, f"index{number}")
            done, problems = run(
                folder, place, min(options.kills - sum(total.values()), 25), durations
            )
            if files(place) != files(whole):
                problems.append("the finished index is not that of a run without kills")
            total, number, wrong = total + done, number + 1, wrong + problems
            print(f"{sum(total.values()):4d} kills, {len(wrong)} problems", flush=True)
    counts = ", ".join(f"{total[phase]} in {phase}" for phase in PHASES)
    print(f"{sum(total.values())} kills ({counts}): {len(wrong)} problems")
    for problem in wrong:
        print(f"  {problem}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
