"""k-means in passes over descriptors that need not fit in memory, step by step."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np

from classicvision._jit import kernel
from classicvision.retrieval._blas import one_blas_thread
from classicvision.retrieval._nearest import NearestWords
from classicvision.retrieval._tree import descend

_STARVED = 0.01  # of the descriptors of the word that has most: a word with fewer moves
_MOVES_EVERY = 10  # descriptors a word, on average
_PATIENCE = 10  # batches without a smaller distance
_LEAST_WEIGHT = 0.05  # of one batch in the smoothed distance
_IMPROVEMENT = 1e-4  # of the distance, in a pass over all descriptors: less is none
_INIT = 3  # descriptors a word, of which the first words are drawn
_BLOCK = 4096


@dataclasses.dataclass
class Progress:
    """All that a clustering has done so far.

    Attributes
    ----------
    seed : int
    levels : list of ndarray of float32, shape (words, d)
        The levels of a tree that are complete.
    centers : ndarray of float64, shape (words, d), or None
        The words of the level under way.
    counts : ndarray of float64, shape (words,)
        How many descriptors each has seen.
    step : int
        How many batches, or passes, this level has had.
    average, least : float
        The smoothed mean squared distance, and the least there was.
    waited : int
        How many batches ago that was.
    """

    seed: int
    levels: list = dataclasses.field(default_factory=list)
    centers: np.ndarray | None = None
    counts: np.ndarray | None = None
    step: int = 0
    average: float = -1.0
    least: float = np.inf
    waited: int = 0


@kernel
def _add_rows(rows, words, sums, counts):
    # r = rows, j = dimensions
    for r in range(rows.shape[0]):
        w = words[r]
        counts[w] += 1
        for j in range(rows.shape[1]):
            sums[w, j] += rows[r, j]


class Clustering:
    """Find words: `run` yields after every step, with its progress up to date.

    Parameters
    ----------
    source : Rows or Stream
    options : dict
        Those of the vocabulary, checked.
    progress : Progress
        Where to go on.
    """

    def __init__(self, source, options, progress):
        self._source, self._options, self.progress = source, options, progress
        self._branching = 0
        self.sizes = [options["n_words"]]
        if options["method"] == "hierarchical":
            self._branching = branching = options["branching"]
            self.sizes = [branching]
            while self.sizes[-1] < options["n_words"]:
                self.sizes.append(self.sizes[-1] * branching)

    def run(self):
        """Find the words of all levels that are left."""
        while len(self.progress.levels) < len(self.sizes):
            if self.progress.centers is None:
                self._begin_level()
            if self._options["method"] == "kmeans":
                yield from self._passes()
            else:
                yield from self._batches()
            self._end_level()

    def steps(self):
        """Return how many steps a level has at most, if that is known."""
        limit = self._options["max_iterations"]
        if self._options["method"] == "kmeans":
            return limit
        return self._source.batch_count(self._options["batch_size"], limit)

    def _begin_level(self):
        progress, options = self.progress, self._options
        level = len(progress.levels)
        size = self.sizes[level]
        rng = np.random.default_rng([progress.seed, level, 1])
        sample = self._source.first(max(_INIT * size, options["batch_size"]), rng)
        if len(sample) < options["n_words"]:
            raise ValueError(
                f"descriptors must be at least n_words = {options['n_words']}, got {len(sample)}"
            )
        with one_blas_thread():  # which words are drawn may hang on the last bits of sums
            if level == 0:
                centers = _spread(sample, size, rng)
            else:
                nodes, _ = descend(sample, progress.levels, self._branching)
                centers = _spread_in_nodes(sample, nodes, progress.levels[-1], self._branching, rng)
        progress.centers = centers.astype(np.float64)
        progress.counts = np.zeros(size)
        progress.step, progress.waited = 0, 0
        progress.average, progress.least = -1.0, np.inf

    def _end_level(self):
        progress = self.progress
        progress.levels.append(progress.centers.astype(np.float32))
        progress.centers = progress.counts = None

    def _nearest(self, rows, finder):
        if finder is not None:
            words, squared = finder.find(rows)
            return words[:, 0], squared[:, 0]
        levels = [*self.progress.levels, self.progress.centers.astype(np.float32)]
        return descend(rows, levels, self._branching)

    def _finder(self):
        flat = not self.progress.levels
        return NearestWords(self.progress.centers.astype(np.float32)) if flat else None

    def _batches(self):
        """Sculley's mini-batch k-means: a word is the mean of all it has ever been given."""
        progress, options = self.progress, self._options
        size = options["batch_size"]
        seed = progress.seed * 64 + len(progress.levels)
        batches = self._source.batches(size, seed, progress.step, options["max_iterations"])
        since = progress.step * size % (_MOVES_EVERY * len(progress.centers))
        for rows in batches:
            if progress.waited >= _PATIENCE and self._source.passes:
                return
            words, squared = self._nearest(rows, self._finder())
            sums, counts = np.zeros_like(progress.centers), np.zeros_like(progress.counts)
            _add_rows(rows, words, sums, counts)
            seen = np.flatnonzero(counts)
            progress.counts += counts
            shift = sums[seen] - counts[seen, None] * progress.centers[seen]
            progress.centers[seen] += shift / progress.counts[seen, None]
            since += size
            if since >= _MOVES_EVERY * len(progress.centers) and not progress.levels:
                since -= _MOVES_EVERY * len(progress.centers)
                self._feed_starved(rows, np.random.default_rng([seed, progress.step, 2]))
            progress.step += 1
            self._smooth(squared.mean(), len(rows))
            yield

    def _smooth(self, distance, rows):
        progress = self.progress
        weight = 2 * rows / ((self._source.count or np.inf) + 1)
        weight = min(1.0, max(weight, _LEAST_WEIGHT))
        before = distance if progress.average < 0 else progress.average
        progress.average = float(before + weight * (distance - before))
        if progress.average < progress.least:
            progress.least, progress.waited = progress.average, 0
        else:
            progress.waited += 1

    def _feed_starved(self, rows, rng):
        """Move words that get next to no descriptors to random ones, as scikit-learn does."""
        progress = self.progress
        starved = np.flatnonzero(progress.counts < _STARVED * progress.counts.max())
        starved = starved[np.argsort(progress.counts[starved], kind="stable")][: len(rows) // 2]
        if len(starved):
            fed = np.setdiff1d(np.arange(len(progress.counts)), starved)
            progress.centers[starved] = rows[rng.choice(len(rows), len(starved), replace=False)]
            progress.counts[starved] = progress.counts[fed].min()

    def _passes(self):
        """Lloyd's k-means: a word becomes the mean of the descriptors nearest to it."""
        progress = self.progress
        while progress.step < self._options["max_iterations"]:
            if progress.waited:
                return
            finder, total = self._finder(), 0.0
            sums, counts = np.zeros_like(progress.centers), np.zeros_like(progress.counts)
            for rows in self._source.blocks(_BLOCK):
                words, squared = self._nearest(rows, finder)
                _add_rows(rows, words, sums, counts)
                total += squared.sum()
            rng = np.random.default_rng([progress.seed, progress.step, 2])
            progress.centers = sums / np.maximum(counts, 1)[:, None]
            empty = np.flatnonzero(counts == 0)
            if len(empty):
                sample = self._source.first(max(_INIT * len(counts), _BLOCK), rng)
                chosen = rng.choice(len(sample), len(empty), replace=len(empty) > len(sample))
                progress.centers[empty] = sample[chosen]
            progress.counts = counts
            progress.step += 1
            progress.average = total / counts.sum()
            better = progress.average < progress.least * (1 - _IMPROVEMENT)
            progress.waited = int(not better and not len(empty))
            progress.least = min(progress.least, progress.average)
            yield


def with_bar(clustering):
    """Run a clustering with a progress bar on standard error."""
    from tqdm import tqdm

    with tqdm(desc="words", unit="step", total=clustering.steps(), file=sys.stderr) as bar:
        for step in clustering.run():
            bar.update()
            bar.set_postfix_str(f"distance {clustering.progress.average**0.5:.4g}")
            yield step


def _spread(sample, size, rng):
    """Draw words far from each other: k-means++, with scikit-learn."""
    from sklearn.cluster import kmeans_plusplus

    seed = int(rng.integers(2**31))
    return kmeans_plusplus(sample, size, random_state=seed, n_local_trials=1)[0]


def _spread_in_nodes(sample, nodes, parents, branching, rng):
    """Draw the children of each node among its own descriptors; of none they are its copies."""
    centers = np.repeat(parents, branching, axis=0)
    order = np.argsort(nodes, kind="stable")
    ends = np.cumsum(np.bincount(nodes, minlength=len(parents)))
    for node, end in enumerate(ends):
        rows = sample[order[ends[node - 1] if node else 0 : end]]
        children = centers[node * branching : (node + 1) * branching]
        if len(rows) >= branching:
            children[:] = _spread(rows, branching, rng)
        else:
            children[: len(rows)] = rows
    return centers
