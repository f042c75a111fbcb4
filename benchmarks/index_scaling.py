"""``python -m benchmarks.index_scaling``: an index from a thousand to a million images.

Images are lists of 500 random words of 20,000, some words more frequent than others as in
photographs (log-normal), with random signatures, angles and scales; global descriptors are random
vectors of 128 numbers. Queries are lists and vectors of the same kind. Searched are

- words, and Hamming embedding with geometry: `InvertedIndex`;
- words, brute force: NumPy, all histograms (up to 10,000 images) times the query's;
- vectors: `dense_search`, NumPy's product and partition, and FAISS's flat index.

Then the 50 best of 100,000 images are verified: 500 descriptors against 500, of which a tenth of
the images share 60. Every line is a process of its own, so that its memory is its own. Building
the index on disk from pictures is measured by `index_memory`.

Printed are seconds of building, the median milliseconds of a search, and the peak of memory
beyond what was there before the images. All is computed by one thread, and its time is the
processor's, so that other work on the machine counts less.
"""

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

WORDS, PER_IMAGE, DIMENSIONS, TOP, SEED = 20_000, 500, 128, 50, 0
SIZES = (1_000, 10_000, 100_000, 1_000_000)
_SPREAD = 0.7  # of the logarithm of the words' frequencies
_BATCH = 1_000  # images added at a time
_WARM_UP = 100  # images
_MOST = {"words, NumPy": 10_000}


def _word_table():
    """Return a table of words, in which each is as often as its frequency says."""
    frequencies = np.random.default_rng(SEED).lognormal(0, _SPREAD, WORDS)
    counts = np.maximum(1, frequencies / frequencies.sum() * 2**20).astype(np.int64)
    return np.repeat(np.arange(WORDS, dtype=np.int32), counts)


def _batches(images):
    """Yield (words, signatures, angles, scales), each of shape (batch, PER_IMAGE)."""
    table, rng = _word_table(), np.random.default_rng(SEED + 1)
    for start in range(0, images, _BATCH):
        yield _lists(table, rng, min(_BATCH, images - start))


def _lists(table, rng, count):
    shape = count, PER_IMAGE
    words = table[rng.integers(len(table), size=shape)]
    signatures = rng.integers(2**64, size=shape, dtype=np.uint64)
    angles = rng.random(shape, np.float32) * np.float32(2 * np.pi)
    scales = np.exp2(rng.random(shape, np.float32) * 5 + 1)
    return words, signatures, angles, scales


def _list_queries(count):
    return list(zip(*_lists(_word_table(), np.random.default_rng(SEED + 2), count), strict=True))


def _vectors(images):
    rng = np.random.default_rng(SEED + 3)
    vectors = rng.standard_normal((images, DIMENSIONS), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


# What is measured: (number of images, number of queries) -> (seconds of building, of each search)


def _searched(search, queries):
    search(queries[0])  # compiles
    times = []
    for query in queries:
        start = time.process_time()
        search(query)
        times.append(time.process_time() - start)
    return times


def _inverted_index(images, *, signatures):
    import classicvision as cv

    index, seconds = cv.InvertedIndex(WORDS), 0.0
    for words, signs, angles, scales in _batches(images):
        more = {"signatures": signs, "angles": angles, "scales": scales} if signatures else {}
        start = time.process_time()
        index.add(words, **more)
        seconds += time.process_time() - start
    return index, seconds


def words(images, count):
    index, seconds = _inverted_index(images, signatures=False)
    queries = [query[0] for query in _list_queries(count)]
    return seconds, _searched(lambda query: index.search(query, top=TOP), queries)


def embedded(images, count):
    index, seconds = _inverted_index(images, signatures=True)
    names = "signatures", "angles", "scales"

    def search(query):
        return index.search(query[0], top=TOP, **dict(zip(names, query[1:], strict=True)))

    return seconds, _searched(search, _list_queries(count))


def brute_words(images, count):
    start, rows = time.process_time(), []
    for words, *_ in _batches(images):
        histograms = np.zeros((len(words), WORDS), np.float32)
        np.add.at(histograms, (np.arange(len(words))[:, None], words), 1)
        rows.append(np.sqrt(histograms) / np.sqrt(np.float32(PER_IMAGE)))
    library = np.concatenate(rows)
    seconds = time.process_time() - start

    def search(query):
        return _best(library @ np.sqrt(np.bincount(query, minlength=WORDS).astype(np.float32)))

    return seconds, _searched(search, [query[0] for query in _list_queries(count)])


def _best(scores):
    best = np.argpartition(-scores, TOP)[:TOP]
    return best[np.argsort(-scores[best])]


def dense(images, count):
    import classicvision as cv

    vectors = _vectors(images)
    return 0.0, _searched(lambda query: cv.dense_search(query, vectors, top=TOP), _vectors(count))


def dense_numpy(images, count):
    vectors = _vectors(images)
    return 0.0, _searched(lambda query: _best(vectors @ query), _vectors(count))


def dense_faiss(images, count):
    import faiss

    faiss.omp_set_num_threads(1)
    vectors = _vectors(images)
    start = time.process_time()
    index = faiss.IndexFlatIP(DIMENSIONS)
    index.add(vectors)
    seconds = time.process_time() - start
    return seconds, _searched(lambda query: index.search(query[None], TOP), _vectors(count))


def verify(images, count):
    """Search, and verify the first 50: what a search on real pictures does, with random ones."""
    import classicvision as cv

    index, seconds = _inverted_index(images, signatures=True)
    rng = np.random.default_rng(SEED + 4)
    described = [_described(rng) for _ in range(TOP)]
    query_points, query_rows = _described(rng)
    for number in range(0, TOP, 10):
        points, rows = described[number]
        rows[:60] = query_rows[:60]
        moved = points.points.copy()
        moved[:60] = query_points.points[:60] * 0.8 + 20
        sizes, angles = points.sizes.copy(), points.angles.copy()
        sizes[:60], angles[:60] = query_points.sizes[:60] * 0.8, query_points.angles[:60]
        described[number] = cv.Keypoints(moved, sizes, angles, points.scores), rows
    names = "signatures", "angles", "scales"

    def search(query):
        index.search(query[0], top=TOP, **dict(zip(names, query[1:], strict=True)))
        confirmed = 0
        for points, rows in described:
            pairs, _ = cv.match_descriptors(query_rows, rows)
            confirmed += cv.verify_matches(query_points, points, pairs).n_inliers > 40
        if confirmed != TOP // 10:
            raise RuntimeError(f"{TOP // 10} of {TOP} images must be confirmed, got {confirmed}")

    return seconds, _searched(search, _list_queries(count))


def _described(rng):
    import classicvision as cv
    from classicvision.features.descriptors import root_sift

    points = rng.random((PER_IMAGE, 2)) * (640, 480)
    sizes, angles = np.exp2(rng.random(PER_IMAGE) * 4 + 1), rng.random(PER_IMAGE) * 2 * np.pi
    rows = root_sift(rng.exponential(30, (PER_IMAGE, 128)).astype(np.uint8))
    return cv.Keypoints(points, sizes, angles, np.ones(PER_IMAGE)), rows


LINES = {
    "words": words,
    "words, NumPy": brute_words,
    "HE + geometry": embedded,
    "verify 50": verify,
    "vectors": dense,
    "vectors, NumPy": dense_numpy,
    "vectors, FAISS": dense_faiss,
}
_ONLY = {"verify 50": (100_000,)}


def _reset_peak():
    """Let the peak of memory start from what is used now, where Linux keeps it."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5", encoding="utf-8")


def _peak():
    """Return megabytes."""
    path = Path("/proc/self/status")
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measured(name, images, count):
    """Return a line; everything is compiled before."""
    LINES[name](_WARM_UP, 2)
    _reset_peak()
    before = _peak()
    seconds, times = LINES[name](images, count)
    return {
        "images": images,
        "build seconds": seconds,
        "search milliseconds": float(np.median(times) * 1e3),
        "megabytes": _peak() - before,
    }


def _plot(path, table):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    wanted = {
        "build seconds": ("building", "seconds"),
        "search milliseconds": ("a search", "milliseconds"),
        "megabytes": ("peak of memory", "megabytes"),
    }
    for axes, (column, (title, unit)) in zip(figure.subplots(1, 3), wanted.items(), strict=True):
        for number, (name, rows) in enumerate(table.items()):
            points = [(row["images"], row[column]) for row in rows if row[column] > 0]
            if points:
                axes.plot(
                    *zip(*points, strict=True), "o-", markersize=3, label=name, color=f"C{number}"
                )
        axes.set(xscale="log", yscale="log", xlabel="images", ylabel=unit, title=title)
        axes.grid(True, which="major", color="0.9")
    handles, labels = figure.axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    figure.savefig(path, dpi=120)


def main():
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.index_scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", metavar="LINE", choices=LINES, help=str([*LINES]))
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="IMAGES")
    parser.add_argument("--queries", type=int, default=30, help="of each line (default 30)")
    parser.add_argument("--plot", metavar="FILE", help="draw the numbers into this picture")
    parser.add_argument("--json", metavar="FILE", help="write the numbers here as well")
    options = parser.parse_args()
    print(f"{'':18}{'images':>10}{'build s':>12}{'search ms':>12}{'peak MB':>12}", flush=True)
    table, spawn = {}, multiprocessing.get_context("spawn")
    for name in options.only or LINES:
        sizes = [n for n in options.sizes if n <= _MOST.get(name, n)]
        for images in _ONLY.get(name, sizes):
            with spawn.Pool(1) as pool:
                row = pool.apply(_measured, (name, images, options.queries))
            table.setdefault(name, []).append(row)
            cells = (f"{row[c]:12.2f}" for c in list(row)[1:])
            print(f"{name:18}{images:>10}{''.join(cells)}", flush=True)
            if options.json:
                Path(options.json).write_text(json.dumps(table, indent=1), encoding="utf-8")
    if options.plot:
        _plot(options.plot, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
