"""``python -m benchmarks.color_identification``: fruits and vegetables named by their colours.

``grocery_store`` of the folder that CLASSICVISION_DATA names: 45 classes, 180 photographs to learn
from and 90 to be named by ``ColorIdentifier``. Each space has its usual bins (those of
``classicvision identify``, and hard or soft ones), and the whole photograph or the middle of it is
looked at. Printed is the share of the 90 that get the right name, with the 95 % interval of a
bootstrap over photographs (10,000 draws, seeded).

The best of so many figures is an optimistic one: it was picked on the very photographs it is about.
So one setting is also picked without them, by leave-one-out among the photographs to learn from
(the first of equally good ones), and its figure on the 90 is what can be expected. Leave-one-out
itself is far too optimistic here, since photographs of one class were taken in a row.

With ``--index``, for comparison, what ``ImageIndex`` makes of the same photographs, by keypoints:
each is given the class of the first photograph that its search finds.
"""

import argparse
import itertools
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

BINS = {
    "rgb": (8, 16),
    "rg": (16, 32),
    "hsv": ((16, 4, 4), (16, 8, 8)),
    "lab": (8, 16),
    "opponent": (8, (16, 16, 8)),
    "gray": (16, 64),
}
CROPS = (1.0, 0.7, 0.5)
_DRAWS = 10_000
_SLOW = "emd"  # of joint histograms: milliseconds a pair, so that it is tried with few bins only


def listed(data, part):
    """Return the paths of the photographs of "train" or "test", and their classes."""
    lines = (data / f"{part}.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(", ") for line in lines if line.strip()]
    rows = [row for row in rows if (data / row[0]).exists()]
    return [data / row[0] for row in rows], np.array([int(row[1]) for row in rows])


def photographs(data, part):
    """Return the photographs of "train" or "test", and their classes."""
    import classicvision as cv

    paths, classes = listed(data, part)
    return [cv.read_image(path) for path in paths], classes


def settings(spaces, metrics):
    """Yield the parameters of the identifiers that are tried."""
    for space in spaces:
        for bins, crop, soft in itertools.product(BINS[space], CROPS, (False, True)):
            fits = {
                "ks": space == "gray",
                _SLOW: (bins, crop, soft) == (BINS[space][0], 0.7, False),
            }
            chosen = [metric for metric in metrics if fits.get(metric, True)]
            yield {"bins": bins, "space": space, "crop": crop, "soft": soft}, chosen


def similarities(queries, views, metric):
    """Return how alike each query is to each view; greater is more."""
    import classicvision as cv

    sign = 1 if cv.metric_is_similarity(metric) else -1
    return sign * np.stack([cv.compare_histograms(query, views, metric) for query in queries])


def found_by_index(data):
    """Return which of the test photographs an index finds a photograph of the right class for."""
    import classicvision as cv

    paths, names = listed(data, "train")
    asked, answers = photographs(data, "test")
    classes = {os.path.realpath(path): name for path, name in zip(paths, names, strict=True)}
    with (
        tempfile.TemporaryDirectory() as folder,
        cv.ImageIndex.build(paths, os.path.join(folder, "index")) as index,
    ):
        found = [index.search(photo, top=1).paths for photo in asked]
    first = [classes[os.path.realpath(one[0])] if len(one) else None for one in found]
    return np.array([a == b for a, b in zip(first, answers, strict=True)])


def interval(right):
    """Return the 95 % bootstrap interval of the share of True."""
    draws = np.random.default_rng(0).integers(0, len(right), (_DRAWS, len(right)))
    return np.percentile(right[draws].mean(axis=1), [2.5, 97.5])


def tried(data, spaces, metrics):
    """Yield (parameters, metric, leave-one-out share, which of the test photographs are right)."""
    import classicvision as cv

    learned, names = photographs(data, "train")
    asked, answers = photographs(data, "test")
    print(f"{len(learned)} photographs learned from, {len(asked)} asked, "
          f"{len(np.unique(names))} classes", flush=True)  # fmt: skip
    for parameters, chosen in settings(spaces, metrics):
        if not chosen:
            continue
        identifier = cv.ColorIdentifier(**parameters).fit(learned, names)
        views, queries = identifier.histograms_, identifier.histograms(asked)
        for metric in chosen:
            among = similarities(views, views, metric)
            np.fill_diagonal(among, -np.inf)
            left_out = (names[among.argmax(axis=1)] == names).mean()
            right = names[similarities(queries, views, metric).argmax(axis=1)] == answers
            yield parameters, metric, left_out, right


def shown(parameters, metric, left_out, right):
    """Return a line of the table."""
    low, high = interval(right)
    bins = "x".join(map(str, np.atleast_1d(parameters["bins"])))
    return (
        f"{parameters['space']:<9} {bins:<8} {'soft' if parameters['soft'] else 'hard'}  "
        f"crop {parameters['crop']:.1f}  {metric:<14} leave-one-out {left_out:.3f}  "
        f"test {right.mean():.3f} [{low:.3f}, {high:.3f}]"
    )


def main():
    from classicvision.color.comparison import METRICS

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.color_identification",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--spaces", nargs="+", choices=list(BINS), default=list(BINS))
    usual = [metric for metric in METRICS if metric != _SLOW]
    parser.add_argument(
        "--metrics",
        nargs="+",
        choices=METRICS,
        default=usual,
        help="default: all but emd, which takes minutes",
    )
    parser.add_argument("--all", action="store_true", help="print every setting, not only the "
                        "best by leave-one-out of each space and metric")  # fmt: skip
    parser.add_argument("--index", action="store_true", help="ImageIndex instead of the colours")
    options = parser.parse_args()
    data = Path(os.environ.get("CLASSICVISION_DATA", ""), "grocery_store")
    if not (data / "train.txt").is_file():
        sys.exit("CLASSICVISION_DATA must name a folder with grocery_store")
    if options.index:
        right = found_by_index(data)
        low, high = interval(right)
        print(f"ImageIndex: test {right.mean():.3f} [{low:.3f}, {high:.3f}]")
        return
    results = list(tried(data, options.spaces, options.metrics))
    groups = {}
    for result in results:
        groups.setdefault((result[0]["space"], result[1]), []).append(result)
        if options.all:
            print(shown(*result))
    print("\nof each space and metric, the setting that is best by leave-one-out")
    for group in groups.values():
        print(shown(*max(group, key=lambda result: result[2])))
    print("\nbest by leave-one-out, and its figure on the test photographs")
    print(shown(*max(results, key=lambda result: result[2])))
    print("\nbest on the test photographs, which is optimistic")
    print(shown(*max(results, key=lambda result: result[3].mean())))


if __name__ == "__main__":
    main()
