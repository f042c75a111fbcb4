"""``python -m benchmarks.object_search``: in which photograph, and where, was this cut-out pasted?

100 cut-outs, rectangles and ellipses of 120 to 220 pixels, were scaled by 0.5 to 1.5, turned by
up to 45 degrees and pasted into 100 of 1,000 photographs: see `scenes` of `retrieval_data`. Each
cut-out is searched for. It counts as found if its photograph comes first, and as localised if
also the box found there overlaps the true one by half (intersection over union): the one around
the pasted pixels ("localised"), and the one around the cut-out's rectangle, which differs where
the cut-out is an ellipse ("frame"). All that is learned is learned from other photographs, but for
the thresholds of signatures of ``ImageIndex``, which come from a sample of those it holds.

``--pictures FOLDER`` writes those that were not localised, to look at: the query, the true box
(green) and the box found (red).
"""

import argparse
import json
import os
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

_TOP = 50


class Found(NamedTuple):
    """What a method says of one scene: the first picture, the box in it, and the first 50."""

    first: int | None
    box: np.ndarray
    ranking: list


class Verified:
    """The first 50 of a method of `copy_methods`, matched and fitted: most inliers first."""

    def __init__(self, method, setting):
        self._method, self._setting = method(setting), setting

    def find(self, query):
        from benchmarks.copy_methods import verified
        from benchmarks.described_pictures import describe

        described = describe(query)
        ranking = self._method.rank(query, described)[:_TOP]
        best, first, box = 0, ranking[0] if ranking else None, np.zeros(4)
        for number in ranking:
            found = verified(self._setting, described, number)
            if found.n_inliers > best:
                best, first, box = found.n_inliers, number, found.box
        return Found(first, box, ranking)


class Index:
    """`ImageIndex`, as it comes."""

    def __init__(self, setting):
        from benchmarks.copy_methods import DefaultIndex

        self._index = DefaultIndex(setting)

    def find(self, query):
        found = self._index.search(query, _TOP)
        numbers = self._index.numbers(found)
        box = found.boxes[0] if numbers else np.zeros(4)
        return Found(numbers[0] if numbers else None, box, numbers)


def methods():
    from benchmarks.copy_methods import METHODS

    names = ("BoW 4096", "HE + geometry", "VLAD 64", "exhaustive")
    chosen = {name: lambda setting, name=name: Verified(METHODS[name], setting) for name in names}
    return {**chosen, "ImageIndex": Index}


def overlap(box, other):
    import classicvision as cv

    return float(cv.iou([box], [other])[0, 0])


def outcome(scene, found):
    """Return what counts of one scene, as plain values."""
    first = found.first == scene.host
    box = np.asarray(found.box, float)
    return {
        "found 50": scene.host in found.ranking,
        "found first": first,
        "localised": first and overlap(box, scene.box) >= 0.5,
        "frame": first and overlap(box, scene.frame) >= 0.5,
    }


def prepare(options):
    """Return the scenes and the setting whose library has their pictures."""
    from benchmarks.copy_methods import Setting
    from benchmarks.described_pictures import Cache
    from benchmarks.retrieval_data import data_folder, photographs, read, scenes

    drawn = photographs(data_folder(), options.images)
    cache = Cache(options.cache)
    made = list(scenes(drawn.cut_outs, drawn.library, options.scenes))
    pasted = {scene.host: scene.picture for scene in made}

    def pictures():
        for number, path in enumerate(drawn.library):
            yield pasted[number] if number in pasted else read(path)

    name = f"scenes {options.images} {options.scenes}"
    library = cache.described(name, pictures(), options.jobs)
    learning = cache.described("learning", map(read, drawn.learning), options.jobs)
    return made, Setting(pictures, library, learning, cache, name, options.jobs)


def draw(folder, number, scene, found, picture):
    """Write the query and the true box, and the box found in the first picture."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = [scene.query, _with_box(scene.picture, scene.box, (0, 255, 0))]
    if picture is not None:
        sheets.append(_with_box(picture, found.box, (255, 0, 0)))
    rows = max(len(sheet) for sheet in sheets)
    sheets = [np.pad(sheet, ((0, rows - len(sheet)), (0, 8), (0, 0))) for sheet in sheets]
    cv2.imwrite(str(folder / f"scene_{number:03d}.png"), np.hstack(sheets)[..., ::-1])


def _with_box(picture, box, color):
    x1, y1, x2, y2 = np.round(box).astype(int).tolist()
    return cv2.rectangle(picture.copy(), (x1, y1), (x2 - 1, y2 - 1), color, 2)


def main():
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.object_search",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", metavar="METHOD", choices=methods())
    parser.add_argument("--images", type=int, default=1000, help="of the library (default 1000)")
    parser.add_argument("--scenes", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--jobs", type=int, default=1, help="scenes at a time (default 1)")
    parser.add_argument("--cache", metavar="FOLDER", help="keep features and vocabularies here")
    parser.add_argument("--pictures", metavar="FOLDER", type=Path)
    parser.add_argument("--json", metavar="FILE", help="write the outcomes here as well")
    options = parser.parse_args()
    from classicvision._parallel import parallel_map

    made, setting = prepare(options)
    columns = ["found 50", "found first", "localised", "frame"]
    print(f"{len(made)} scenes in {len(setting.library)} photographs")
    print(" " * 20 + "".join(f"{name:>14}" for name in columns), flush=True)
    results = {}
    for name in options.only or methods():
        method = methods()[name](setting)
        queries = [scene.query for scene in made]
        found = list(parallel_map(method.find, queries, n_jobs=options.jobs))
        results[name] = [outcome(*pair) for pair in zip(made, found, strict=True)]
        counts = [sum(result[column] for result in results[name]) for column in columns]
        print(name.ljust(20) + "".join(f"{count:>14}" for count in counts), flush=True)
        if options.pictures:
            shown = list(setting.pictures())
            for number, result in enumerate(results[name]):
                if not result["localised"]:
                    first = found[number].first
                    picture = None if first is None else shown[first]
                    draw(options.pictures / name, number, made[number], found[number], picture)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
