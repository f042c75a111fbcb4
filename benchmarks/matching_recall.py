"""``python -m benchmarks.matching_recall [--json FILE]``: approximate matching against exact.

One photograph, turned by 20 degrees and shrunk to 0.8, is matched to all photographs that
scikit-image and scikit-learn install, one after the other in one list of descriptors. Recall is
the part of the exact matches (ratio 0.85, mutual) that an approximate search finds; precision is
the part of its matches that are exact ones. Times are medians, and include building the trees or
tables, in both directions.
"""

import argparse
import json
import statistics
import time

import cv2
import numpy as np
from skimage import data
from sklearn.datasets import load_sample_images

_REPEATS = 5
_SETTINGS = {
    "rootsift": [
        ("kd_tree", {"n_trees": trees, "n_checks": checks})
        for trees in (1, 4, 8)
        for checks in (32, 128, 512)
    ],
    "orb": [
        ("lsh", {"n_tables": tables, "n_key_bits": bits})
        for tables in (6, 12, 24)
        for bits in (12, 16, 20)
    ],
}


def photographs():
    named = [data.astronaut(), data.camera(), data.chelsea(), data.coffee(), data.rocket()]
    return named + [data.stereo_motorcycle()[0], *load_sample_images().images]


def descriptors(kind):
    """Return those of the turned photograph, and those of all."""
    from classicvision.features.descriptors import extract_descriptors

    pictures = photographs()
    turn = cv2.getRotationMatrix2D((256, 256), 20, 0.8)
    query = cv2.warpAffine(pictures[0], turn, (512, 512))
    every = [extract_descriptors(picture, kind)[1] for picture in pictures]
    return extract_descriptors(query, kind)[1], np.concatenate(every)


def measure(kind):
    """Return a row for the exact search and one for each setting."""
    from classicvision.features.matching import match_descriptors

    query, others = descriptors(kind)

    def run(**options):
        seconds = []
        for _ in range(_REPEATS + 1):
            start = time.perf_counter()
            pairs, _ = match_descriptors(query, others, **options)
            seconds.append(time.perf_counter() - start)
        return set(map(tuple, pairs.tolist())), statistics.median(seconds[1:])

    exact, seconds = run()
    size = f"{len(query)} x {len(others)}"
    rows = [_row(kind, size, "exact", {}, exact, exact, seconds)]
    for method, options in _SETTINGS[kind]:
        found, seconds = run(method=method, **options)
        rows.append(_row(kind, size, method, options, exact, found, seconds))
    return rows


def _row(kind, size, method, options, exact, found, seconds):
    common = len(exact & found)
    return {
        "kind": kind,
        "size": size,
        "method": method,
        **options,
        "matches": len(found),
        "recall": common / max(len(exact), 1),
        "precision": common / max(len(found), 1),
        "milliseconds": 1e3 * seconds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the numbers here as well")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows = [row for kind in _SETTINGS for row in measure(kind)]
    titles = f"{'matches':>8}{'recall':>8}{'prec.':>7}{'ms':>9}"
    print(f"{'descriptors':12}{'size':>14}  {'search':34}{titles}")
    for row in rows:
        settings = ", ".join(f"{k[2:]} {v}" for k, v in row.items() if k.startswith("n_"))
        print(
            f"{row['kind']:12}{row['size']:>14}  {row['method'] + ' ' + settings:34}"
            f"{row['matches']:8}{row['recall']:8.3f}{row['precision']:7.3f}"
            f"{row['milliseconds']:9.1f}"
        )
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
