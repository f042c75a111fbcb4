"""The best split of a set of windows by one of many features: what a weak learner is made of.

There are some 160,000 Haar features of 24 x 24 pixels, and boosting asks for the best of them
again for every weak learner. Two searches answer:

- "exact" evaluates every feature in every window, sorts its values and tries every threshold.
- "screened" first draws a few hundred windows, each as often as its weight demands, and tries
  every feature on them, with 64 thresholds; only the best ones are searched exactly.

Either way thresholds and values have the precision that the detector has.
"""

from __future__ import annotations

import dataclasses
import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from classicvision._jit import kernel
from classicvision.features.haar import HaarFeatures, haar_values
from classicvision.features.lbp import lbp_values
from classicvision.learning.splits import CRITERIA, ROUNDING, best_cut, gain_of_cut

SEARCHES = ("screened", "exact")
_BINS = 64  # thresholds that screening tries
_UNIT = 2**16  # of a target, when screening: sums are those of integers
_COUNT = 2**40  # above any sum of targets: a count and a sum share one integer
_CODES = 256
_CHUNK = 4096  # features that a thread screens before it takes the next ones


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """A feature and where it parts the windows.

    Attributes
    ----------
    feature : int
    gain : float
    threshold : numpy.float32
        Haar: windows whose value is below it go left.
    subset : ndarray of uint32, shape (8,)
        LBP: windows go left whose code has its bit set.
    """

    feature: int
    gain: float
    threshold: np.float32
    subset: np.ndarray


# i = window, b = bin; w and s: weight, and sum of weight times target, of the windows on a side
@kernel(views_only=True)
def _ranges(sums, scale, corners, weights, values, lows, steps):
    """Where the first bin of each feature begins, and how many bins one unit of its value is."""
    for m in range(lows.size):
        haar_values(sums, scale, corners[m], weights[m], values)
        low = high = values[0]
        for i in range(values.size):
            low, high = min(low, values[i]), max(high, values[i])
        lows[m] = low
        steps[m] = np.float32(_BINS) / (high - low) if high > low else np.float32(0)


@kernel(views_only=True)
def _gain_of_bins(criterion, histogram):
    """The best gain of a cut between bins, each with a count and a sum of targets in one number."""
    total = 0
    for b in range(histogram.size):
        total += histogram[b]
    half = _COUNT // 2
    count = (total + half) // _COUNT
    target, left, best = np.float64(total - count * _COUNT), 0, -1.0
    for b in range(histogram.size - 1):
        left += histogram[b]
        left_w = (left + half) // _COUNT
        left_s, right_w = np.float64(left - left_w * _COUNT), count - left_w
        if left_w > 0 and right_w > 0:
            weights = np.float64(left_w), np.float64(right_w)
            gain = gain_of_cut(criterion, left_s, weights[0], target - left_s, weights[1])
            best = max(best, gain)
    return best


@kernel(views_only=True)
def _screen_haar(
    sums, scale, corners, weights, lows, steps, targets, criterion, values, bins, even, odd, gains
):
    first, last = np.float32(0), np.float32(_BINS - 1)
    for m in range(gains.size):
        haar_values(sums, scale, corners[m], weights[m], values)
        low, step = lows[m], steps[m]
        for i in range(values.size):
            bins[i] = np.uint32(min(max((values[i] - low) * step, first), last))
        for b in range(_BINS):
            even[b] = odd[b] = 0
        # Two histograms: an addition need not wait for the one before, to the same bin.
        for i in range(0, values.size - 1, 2):
            even[bins[i]] += targets[i]
            odd[bins[i + 1]] += targets[i + 1]
        for b in range(_BINS):
            even[b] += odd[b]
        gains[m] = _gain_of_bins(criterion, even)


@kernel(views_only=True)
def _cut_values(values, order, targets, weights, criterion, ascending, gains, thresholds):
    """The best threshold of each feature: left are values below it."""
    row_values, row_targets, row_weights = ascending[0], ascending[1], ascending[2]
    for m in range(gains.size):
        row, places = values[m], order[m]
        for j in range(places.size):
            i = np.uint64(places[j])
            row_values[j] = row[i]
            row_targets[j], row_weights[j] = targets[i], weights[i]
        gains[m], position = best_cut(row_values, row_targets, row_weights, criterion)
        if position > 0:
            here = np.float32(row_values[position - 1])
            after = np.float32(row_values[position])
            middle = np.float32(here + (after - here) * np.float32(0.5))
            thresholds[m] = middle if middle > here else after


# k = code, j = place
@kernel(views_only=True)
def _sort_codes(code_w, code_s, means, starts, order):
    """Write the codes that have weight by rising mean target; return how many they are.

    They are dealt to as many slots as there are codes by their mean, which all but sorts them.
    """
    low, high, used = np.inf, -np.inf, 0
    for k in range(_CODES):
        if code_w[k] > 0:
            means[k] = code_s[k] / code_w[k]
            low, high = min(low, means[k]), max(high, means[k])
            used += 1
        starts[k + 1] = 0
    step = (_CODES - 1) / (high - low) if high > low else 0.0
    for k in range(_CODES):
        if code_w[k] > 0:
            starts[np.int64((means[k] - low) * step) + 1] += 1
    starts[0] = 0
    for k in range(_CODES):
        starts[k + 1] += starts[k]
    for k in range(_CODES):
        if code_w[k] > 0:
            slot = np.int64((means[k] - low) * step)
            order[starts[slot]] = k
            starts[slot] += 1
    for j in range(1, used):
        k, place = order[j], j
        while place > 0 and means[order[place - 1]] > means[k]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = k
    return used


@kernel(views_only=True)
def _cut_codes(codes, targets, weights, criterion, code_w, code_s, means, starts, order, subset):
    """The best subset of codes, which goes left; return its gain.

    Sorted by their mean target, the codes of the best subset stand side by side (W. D. Fisher,
    "On grouping for maximum homogeneity", Journal of the American Statistical Association 53,
    1958).
    """
    for k in range(_CODES):
        code_w[k] = code_s[k] = 0
    for i in range(codes.size):
        code_w[codes[i]] += weights[i]
        code_s[codes[i]] += weights[i] * targets[i]
    used = _sort_codes(code_w, code_s, means, starts, order)
    all_w, all_s = 0.0, 0.0
    for j in range(used):
        all_w += code_w[order[j]]
        all_s += code_s[order[j]]
    least = ROUNDING * all_w
    best, chosen, left_w, left_s = -1.0, 0, 0.0, 0.0
    for j in range(used - 1):
        left_w += code_w[order[j]]
        left_s += code_s[order[j]]
        if left_w <= least or all_w - left_w <= least:
            continue
        gain = gain_of_cut(criterion, left_s, left_w, all_s - left_s, all_w - left_w)
        if gain > best:
            best, chosen = gain, j + 1
    for word in range(subset.size):
        subset[word] = 0
    for j in range(chosen):
        subset[order[j] >> 5] |= np.uint32(1) << np.uint32(order[j] & 31)
    return best


@kernel(views_only=True)
def _search_lbp(
    sums, corners, targets, weights, criterion, centre, codes, table, starts, order, gains, subsets
):
    code_w, code_s, means = table[0], table[1], table[2]
    for m in range(gains.size):
        lbp_values(sums, corners[m], centre, codes)
        gains[m] = _cut_codes(
            codes, targets, weights, criterion, code_w, code_s, means, starts, order, subsets[m]
        )


class SplitSearch:
    """Finds the best feature for sets of windows.

    Parameters
    ----------
    features : HaarFeatures or LBPFeatures
    images : ndarray of uint8, shape (n, height, width)
        All windows.
    criterion : {"variance", "error"}
    search : {"screened", "exact"}
    n_drawn : int
        How many windows screening draws.
    n_refined : int
        How many of the features that screen best are searched exactly.
    threads : int
        The result does not depend on it.
    """

    def __init__(
        self, features, images, *, criterion, search="screened", n_drawn, n_refined, threads=1
    ):
        self._features = features
        self._corners = features.corners()
        self._haar = isinstance(features, HaarFeatures)
        self._sums = features.sums(images)
        self._criterion = CRITERIA[criterion]
        self._screened = search == "screened"
        self._n_drawn = n_drawn + n_drawn % 2
        self._n_refined = min(n_refined, len(features))
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        if self._haar and self._screened:
            self._set_ranges()

    @property
    def count(self):
        """How many windows there are."""
        return len(self._sums)

    def close(self):
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def best(self, rows, targets, weights, rng):
        """Return the `Split` of some of the windows with the largest gain, or None.

        Parameters
        ----------
        rows : ndarray of intp, shape (m,)
            Which windows.
        targets, weights : ndarray of float64, shape (m,)
        rng : numpy.random.Generator
            Draws the windows that screening looks at.
        """
        candidates = np.arange(len(self._features))
        # Of many windows the few of a node of a tree are searched exactly. Few windows in all are
        # screened like many: that all features are tried on them would take longer.
        few = len(rows) <= self._n_drawn < self.count
        if self._screened and not few and len(candidates) > self._n_refined:
            gains = self._screen(rows, targets, weights, rng)
            order = np.argsort(-gains, kind="stable")[: self._n_refined]
            candidates = np.sort(order[gains[order] >= 0])
        if len(candidates) == 0:
            return None
        return self._exact(candidates, rows, targets, weights)

    def goes_left(self, split):
        """Say which of all windows go left."""
        feature = self._features[[split.feature]]
        values = self._values(feature.corners(), [split.feature])[0]
        if self._haar:
            return values < split.threshold
        return (split.subset[values >> 5] >> (values & np.uint8(31))) & 1 != 0

    def _screen(self, rows, targets, weights, rng):
        # Systematic resampling: a comb of equal steps, at a random offset, over summed weights.
        sums = np.cumsum(weights)
        comb = (np.arange(self._n_drawn) + rng.random()) * (sums[-1] / self._n_drawn)
        drawn = np.minimum(np.searchsorted(sums, comb, side="right"), len(rows) - 1)
        windows = self._sums.take(rows[drawn])
        screen = self._screen_haar if self._haar else self._screen_lbp
        parts = [slice(first, first + _CHUNK) for first in range(0, len(self._features), _CHUNK)]
        work = functools.partial(screen, windows, targets[drawn])
        return np.concatenate(list(self._map(work, parts)))

    def _set_ranges(self):
        """Take the bins of each feature from some of the windows, evenly spaced."""
        count = len(self._sums)
        drawn = np.arange(0, count, max(1, count // self._n_drawn))
        windows = self._sums.take(drawn)
        self._lows, self._steps = np.empty((2, len(self._features)), np.float32)
        values = np.empty(len(drawn), np.float32)
        arrays = (self._corners, self._features.weights, values, self._lows, self._steps)
        _ranges(windows.sums, windows.scale, *arrays)

    def _screen_haar(self, windows, targets, part):
        corners, count = self._corners[part], len(windows)
        gains = np.empty(len(corners))
        _screen_haar(
            windows.sums,
            windows.scale,
            corners,
            self._features.weights[part],
            self._lows[part],
            self._steps[part],
            np.rint(targets * _UNIT).astype(np.int64) + _COUNT,
            self._criterion,
            np.empty(count, np.float32),
            np.empty(count, np.uint32),
            np.empty(_BINS, np.int64),
            np.empty(_BINS, np.int64),
            gains,
        )
        return gains

    def _screen_lbp(self, windows, targets, part):
        return self._cut_lbp(windows.sums, targets, np.ones(len(targets)), self._corners[part])[0]

    def _exact(self, candidates, rows, targets, weights):
        step = max(1, min(32, -(-len(candidates) // self._threads)))
        parts = [candidates[i : i + step] for i in range(0, len(candidates), step)]
        if self._haar:
            some = None if len(rows) == len(self._sums) else rows
            search = functools.partial(self._exact_haar, some, targets, weights)
        else:  # a window without weight has no part in a histogram: none need be copied
            everywhere = np.zeros((2, len(self._sums)))
            everywhere[:, rows] = targets, weights
            search = functools.partial(self._exact_lbp, *everywhere)
        best = None
        for split in self._map(search, parts):
            if split is not None and (best is None or split.gain > best.gain):
                best = split
        return best

    def _exact_haar(self, rows, targets, weights, part):
        values = self._values(self._corners[part], part, rows)
        gains, thresholds = np.empty(len(part)), np.empty(len(part), np.float32)
        order, ascending = np.argsort(values, axis=1), np.empty((3, values.shape[1]))
        _cut_values(values, order, targets, weights, self._criterion, ascending, gains, thresholds)
        k = int(gains.argmax())
        if gains[k] < 0:
            return None
        return Split(int(part[k]), float(gains[k]), thresholds[k], np.zeros(8, np.uint32))

    def _exact_lbp(self, targets, weights, part):
        gains, subsets = self._cut_lbp(self._sums.sums, targets, weights, self._corners[part])
        k = int(gains.argmax())
        if gains[k] < 0:
            return None
        return Split(int(part[k]), float(gains[k]), np.float32(0), subsets[k])

    def _cut_lbp(self, sums, targets, weights, corners):
        count = sums.shape[1]
        gains, subsets = np.empty(len(corners)), np.empty((len(corners), 8), np.uint32)
        _search_lbp(
            sums,
            corners,
            targets,
            weights,
            self._criterion,
            np.empty(count, np.int32),
            np.empty(count, np.uint8),
            np.empty((3, _CODES)),
            np.empty(_CODES + 1, np.int64),
            np.empty(_CODES, np.int64),
            gains,
            subsets,
        )
        return gains, subsets

    def _values(self, corners, part, rows=None):
        """Values of some features in some windows, or in all."""
        dtype = np.float32 if self._haar else np.uint8
        values = np.empty((len(corners), len(self._sums)), dtype)
        centre = np.empty(len(self._sums), np.int32)
        for m in range(len(corners)):
            if self._haar:
                weights = self._features.weights[part[m]]
                haar_values(self._sums.sums, self._sums.scale, corners[m], weights, values[m])
            else:
                lbp_values(self._sums.sums, corners[m], centre, values[m])
        return values if rows is None else np.take(values, rows, axis=1)

    def _map(self, function, parts):
        return map(function, parts) if self._pool is None else self._pool.map(function, parts)
