"""``python -m benchmarks [GROUP ...] [--json FILE] [--quick] [--runs N]``."""

import argparse
import importlib
import os

GROUPS = [
    "cascade",
    "filters",
    "pyramids",
    "edges",
    "hough",
    "features",
    "color",
    "learning",
    "training",
    "retrieval",
    "startup",
]


def main():
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"  # before NumPy loads; OpenCV and ours are told by the groups
    from benchmarks import harness

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=harness.__doc__)
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"any of {', '.join(GROUPS)} (default: all)"
    )
    parser.add_argument("--json", metavar="FILE", help="write every number here as well")
    parser.add_argument("--quick", action="store_true", help="small pictures and one run")
    parser.add_argument("--runs", type=int, metavar="N", help="passes over all cases (default 5)")
    options = parser.parse_args()
    unknown = sorted({*options.groups} - {*GROUPS})
    if unknown:
        parser.error(f"no group is named {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    runs = options.runs if options.runs is not None else 1 if options.quick else 5
    if runs < 1:
        parser.error("--runs must be at least 1")

    measured = {}
    for group in options.groups or GROUPS:
        module = importlib.import_module(f"benchmarks.bench_{group}")
        cases = list(module.cases(options.quick))
        harness.measure(group, cases, runs, quick=options.quick)
        print(harness.table(group, cases), flush=True)
        measured[group] = cases
        if options.json:  # after each group: what is done is kept
            harness.write_json(options.json, measured, runs)


if __name__ == "__main__":
    main()
