"""``python -m benchmarks.copy_detection``: which picture of a thousand was this one made from?

Every method searches 1,000 photographs of the folder that CLASSICVISION_DATA names for 100
queries of each attack: see `retrieval_data` and `picture_attacks`. All that is learned (words,
Gaussians, signatures) is learned from 1,000 other photographs. Printed is the mean average
precision (plain; there is one right picture, so this is the mean reciprocal rank) with the
near-duplicates of the right picture left out; "single" is the mean over the attacks but for
"combined", which are several at once. "found 50" is the share of all queries whose picture is
among the first 50, which is what verification can save: in the second line of each method the
first 50 are matched with the query and fitted by RANSAC, and those that are confirmed come first,
by their number of inliers. ``ImageIndex`` does the same by itself, so that it has one line. It has
the words of the other photographs too, but learns the thresholds of its signatures from a sample
of those it holds, as every index on disk does.

Two methods are measured only if ``--only`` names them: "exhaustive" matches every query with every
picture and verifies the matches, which takes about half an hour, and "asmk" is the package of this
name, in an environment of its own that is made at first use.
"""

import argparse
import json
import os
import sys
import time

import numpy as np

_TOP = 50


class Verifier:
    """Moves what geometry confirms to the front; remembers what was verified before."""

    def __init__(self, setting):
        self._setting, self._known = setting, {}

    def __call__(self, key, described, ranking):
        """Return the ranking with its first 50 verified; ``key`` names the query."""
        inliers = [self._inliers(key, described, number) for number in ranking[:_TOP]]
        order = sorted(range(len(inliers)), key=lambda i: -inliers[i])  # equal ones as they were
        return [ranking[i] for i in order] + ranking[_TOP:]

    def _inliers(self, key, described, number):
        from benchmarks.copy_methods import verified

        if (key, number) not in self._known:
            self._known[key, number] = verified(self._setting, described, number).n_inliers
        return self._known[key, number]


def measure(name, setting, queries, junk, verifier, jobs=1):
    """Return for a method, without and with verification, the mAP of each attack and found 50.

    ``queries`` has for each attack lists of (number of the picture, image, described).
    """
    from benchmarks.copy_methods import METHODS, VERIFIED_BY_THEMSELVES
    from classicvision._parallel import parallel_map
    from classicvision.evaluation import recall_at_k, retrieval_map

    method = METHODS[name](setting)
    tables = [{"found 50": []}, {"found 50": []}]

    def rank(query):
        (attack, place), (_, image, described) = query
        ranking = method.rank(image, described)
        if verifier is None or name in VERIFIED_BY_THEMSELVES:
            return ranking, ranking
        return ranking, verifier((attack, place), described, ranking)

    for attack, own in queries.items():
        named = [((attack, place), query) for place, query in enumerate(own)]
        rankings, verified = zip(*parallel_map(rank, named, n_jobs=jobs), strict=True)
        right = [[number] for number, _, _ in own]
        without = [junk.get(number, []) for number, _, _ in own]
        for table, ranked in zip(tables, (rankings, verified), strict=True):
            table[attack] = retrieval_map(ranked, right, junk=without)
            table["found 50"].append(recall_at_k(ranked, right, _TOP, junk=without))
    for table in tables:
        table["found 50"] = float(np.mean(table["found 50"]))
        singles = [table[attack] for attack in queries if attack != "combined"]
        table["single"] = float(np.mean(singles)) if singles else None
    return tables


def prepare(options):
    """Return what all methods share: the setting, the queries and the junk."""
    from benchmarks import near_duplicates
    from benchmarks.copy_methods import Setting
    from benchmarks.described_pictures import Cache
    from benchmarks.picture_attacks import ATTACKS
    from benchmarks.retrieval_data import data_folder, photographs, queries, read

    drawn = photographs(data_folder(), options.images)
    cache = Cache(options.cache)

    def pictures():
        return map(read, drawn.library)

    library_name = f"library {options.images}"
    library = cache.described(library_name, pictures(), options.jobs)
    learning = cache.described("learning", map(read, drawn.learning), options.jobs)
    pairs = cache.json(
        f"near-duplicates {options.images}",
        near_duplicates,
        lambda: near_duplicates.near_duplicates(pictures(), options.jobs),
    )
    junk = {}
    for i, j in pairs:
        junk.setdefault(i, []).append(j)
        junk.setdefault(j, []).append(i)
    made = {}
    for attack in options.attacks or ATTACKS:
        changed = list(queries(drawn.library, attack, options.queries))
        name = f"{attack} {options.images} {options.queries}"
        described = cache.described(name, [image for _, image in changed], options.jobs)
        made[attack] = [(*query, own) for query, own in zip(changed, described, strict=True)]
    few = sum(len(own.sift) < 20 for queries in made.values() for _, _, own in queries)
    print(
        f"{len(library)} photographs, {len(pairs)} pairs of near-duplicates; "
        f"{sum(map(len, made.values()))} queries, {few} of them with under 20 keypoints",
        flush=True,
    )
    return Setting(pictures, library, learning, cache, library_name, options.jobs), made, junk


def main():
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    from benchmarks.copy_methods import METHODS, ONLY_IF_NAMED, VERIFIED_BY_THEMSELVES
    from benchmarks.picture_attacks import ATTACKS

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.copy_detection",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", metavar="METHOD", choices=METHODS, help=str([*METHODS])
    )
    parser.add_argument("--attacks", nargs="+", metavar="ATTACK", choices=ATTACKS)
    parser.add_argument("--images", type=int, default=1000, help="of the library (default 1000)")
    parser.add_argument("--queries", type=int, default=100, help="of each attack (default 100)")
    parser.add_argument("--unverified", action="store_true", help="leave out verification")
    parser.add_argument("--jobs", type=int, default=1, help="queries at a time (default 1)")
    parser.add_argument("--cache", metavar="FOLDER", help="keep features and vocabularies here")
    parser.add_argument("--json", metavar="FILE", help="write the table here as well")
    options = parser.parse_args()
    setting, queries, junk = prepare(options)
    verifier = None if options.unverified else Verifier(setting)
    columns = [*queries, "single", "found 50"]
    print(" " * 26 + "".join(f"{name:>12}" for name in columns), flush=True)
    results = {}
    for name in options.only or [name for name in METHODS if name not in ONLY_IF_NAMED]:
        start = time.perf_counter()
        tables = measure(name, setting, queries, junk, verifier, options.jobs)
        results[name] = dict(zip(("ranked", "verified"), tables, strict=True))
        lines = {name: tables[0], "  verified": tables[1]}
        if name in VERIFIED_BY_THEMSELVES or verifier is None:
            lines = {name: tables[1]}
        for label, table in lines.items():
            cells = ("" if table[c] is None else f"{table[c]:.3f}" for c in columns)
            print(label.ljust(26) + "".join(f"{cell:>12}" for cell in cells), flush=True)
        if sys.stderr.isatty():
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
