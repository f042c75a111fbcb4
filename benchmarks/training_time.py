"""``python -m benchmarks.training_time [--plot PNG]``: how long it takes to train a cascade.

5,000 faces and 20 stages, then 1,000 faces and 10 stages, from the folder that CLASSICVISION_DATA
names (``faces_lfw_gray48`` and ``negatives``), with the default parameters on two threads, each in
a process of its own with an empty cache: compiling is part of the time. Printed are the seconds,
the largest memory, and how the stages went.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TASKS = ((5000, 20), (1000, 10))
_MARK = "history "


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="PNG", help="draw time and acceptance ratio by stage")
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return train(*options.worker)
    runs = []
    for count, stages in TASKS:
        with tempfile.TemporaryDirectory() as cache:
            command = [sys.executable, "-m", __spec__.name, "--worker", str(count), str(stages)]
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
            )
            output = process.communicate()[0]
        if process.returncode:
            raise SystemExit(process.returncode)
        *lines, last = output.splitlines()
        print("\n".join(lines), flush=True)
        runs.append((f"{count:,} faces", json.loads(last.removeprefix(_MARK))))
    if options.plot:
        plot(runs, options.plot)


def train(count, stages):
    """Train, and print what it took."""
    import classicvision as cv

    data = Path(os.environ["CLASSICVISION_DATA"])
    started = time.perf_counter()
    faces = cv.read_positives(data / "faces_lfw_gray48" / "lfw_gray48.npz")[:count]
    negatives = cv.Negatives(data / "negatives" / "images")
    trainer = cv.CascadeTrainer(stages=stages, random_state=0, n_jobs=2, verbose=1)
    detector = trainer.fit(faces, negatives)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    last = trainer.history_[-1]
    print(
        f"{count:,} faces, {len(detector.stages)} stages, {sum(detector.stages)} stumps: "
        f"{seconds:.0f} s, {memory:.2f} GB at most; the last stage learned from windows of which "
        f"{last['acceptance_ratio']:.2g} passed; {trainer.stop_reason_}"
    )
    print(_MARK + json.dumps(trainer.history_))


def plot(runs, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, history in runs:
        stages = range(1, len(history) + 1)
        left.semilogy(stages, [h["acceptance_ratio"] for h in history], marker=".", label=name)
        right.plot(stages, [h["weak_learners"] for h in history], marker=".", label=name)
    left.set(xlabel="stage", ylabel="share of windows that reach it")
    right.set(xlabel="stage", ylabel="stumps")
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
