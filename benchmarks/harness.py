"""Measure ours and a peer alternately in one run and report the quartiles of the ratios."""

import dataclasses
import json
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np

SEED = 0  # of everything random in the pictures
_SECONDS = 2.0  # spent on one case in one run, as near as whole pairs allow
_MOST_PAIRS = 50


@dataclasses.dataclass
class Case:
    """One comparison.

    ``ours`` and ``peer`` each do the work once and return ``(seconds, result)``;
    ``difference(our_result, peer_result)`` is the largest difference, 0 for identical results.
    A ``cost`` is reported as ours / peer (smaller is better) and its upper quartile counts;
    everything else as peer / ours (larger is better), and the lower quartile counts.
    """

    operator: str
    size: str
    peer_name: str
    ours: object
    peer: object
    difference: object = None
    unit: str = ""
    cost: bool = False
    seconds: list = dataclasses.field(default_factory=list)
    largest_difference: float | None = None

    def ratios(self):
        ours, peer = np.array(self.seconds).T
        return ours / peer if self.cost else peer / ours

    def quartiles(self):
        return np.percentile(self.ratios(), [25, 50, 75])


def timed(function, *args, **options):
    """Return a callable that runs the function once and returns ``(seconds, result)``."""

    def run():
        start = time.perf_counter()
        result = function(*args, **options)
        return time.perf_counter() - start, result

    return run


def measure(group, cases, runs, quick=False):
    """Fill in every case: ``runs`` passes over all of them, pairs alternating in each."""
    pairs = {}
    for run in range(runs):
        for number, case in enumerate(cases, 1):
            _progress(f"{group}: run {run + 1}/{runs}, case {number}/{len(cases)} {case.operator}")
            if run == 0:
                pairs[number] = _warm_up(case, _SECONDS / 10 if quick else _SECONDS)
            for _ in range(pairs[number]):
                # No result outlives its turn: the two get the same memory for theirs.
                ours, peer = case.ours()[0], case.peer()[0]
                case.seconds.append((ours, peer))
    _progress("")


def _warm_up(case, seconds):
    """Compile, fill caches, compare the results; return how many pairs one run takes."""
    _, result = case.ours()
    _, peer_result = case.peer()
    if case.difference is not None:
        case.largest_difference = float(case.difference(result, peer_result))
    pair = case.ours()[0] + case.peer()[0]
    return int(np.clip(round(seconds / pair), 1, _MOST_PAIRS))


def _progress(message):
    if sys.stderr.isatty():
        print(f"\r\033[K{message}", end="", file=sys.stderr, flush=True)


def table(group, cases):
    """Return the cases as lines of text, the quartile that counts first."""
    lines = []
    for cost in (False, True):
        chosen = [case for case in cases if case.cost == cost]
        if not chosen:
            continue
        meaning = (
            "seconds of ours / theirs, the upper quartile counts (below 1 we are faster)"
            if cost
            else "seconds of theirs / ours, the lower quartile counts (above 1 we are faster)"
        )
        first, last = ("upper", "lower") if cost else ("lower", "upper")
        rows = [("operator", "size", "peer", f"{first.upper()} Q", "median", f"{last} q")]
        rows[0] += ("ours ms", "theirs ms", "pairs", "difference")
        rows += [_row(case) for case in chosen]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += ["", f"{group}: {meaning}"]
        for row in rows:
            left = [text.ljust(width) for text, width in zip(row[:3], widths[:3], strict=True)]
            right = [text.rjust(width) for text, width in zip(row[3:], widths[3:], strict=True)]
            lines.append("  ".join(left + right).rstrip())
    return "\n".join(lines)


def _row(case):
    quartiles = case.quartiles()[:: -1 if case.cost else 1]
    milliseconds = np.median(case.seconds, axis=0) * 1e3
    difference = case.largest_difference
    shown = "" if difference is None else f"{difference:g} {case.unit}".strip()
    numbers = [f"{value:.2f}" for value in (*quartiles, *milliseconds)]
    return (case.operator, case.size, case.peer_name, *numbers, str(len(case.seconds)), shown)


def write_json(path, measured, runs):
    """Write the machine and every pair of seconds; the file is replaced in one step."""
    groups = {}
    for group, cases in measured.items():
        groups[group] = [
            {
                "operator": case.operator,
                "size": case.size,
                "peer": case.peer_name,
                "ratio": "ours / peer" if case.cost else "peer / ours",
                "quartiles": case.quartiles().tolist(),
                "difference": case.largest_difference,
                "unit": case.unit,
                "seconds": [{"ours": ours, "peer": peer} for ours, peer in case.seconds],
            }
            for case in cases
        ]
    document = {"machine": machine(), "seed": SEED, "runs": runs, "groups": groups}
    temporary = Path(f"{path}.part")
    temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def machine():
    """Return what the numbers depend on: processor, cores, Python and package versions."""
    versions = {}
    for package in ("numpy", "numba", "scikit-image", "opencv-python", "classicvision"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor():
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
