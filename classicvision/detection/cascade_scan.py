"""Running a cascade over one layer of a search: the loops behind `CascadeDetector`.

Windows are taken in bands of lattice rows. The first stage sees all of them; the survivors go
from stage to stage together. Where they stand close to each other a whole stretch of windows
is evaluated with vector loads, and leaves are summed in float32; where they are rare each one
is evaluated for itself, in float64. A float32 sum too close to its threshold to be trusted is
repeated in float64, so every decision is the one that float64 makes.
"""

import numpy as np

from classicvision._jit import kernel
from classicvision.detection.cascade_layout import PAD

_BAND = 8  # lattice rows that are scanned together
_LARGEST_GAP = 48  # survivors further apart than this belong to different stretches
_COST_OF_ONE = 9  # evaluating one window alone, in units of a window inside a stretch
_COST_OF_STRETCH = 64  # what starting a stretch costs, in the same unit
_VECTOR = 16  # stretches are rounded up to multiples of this
_SHORTEST = 32  # and to this length, below which vector code does not pay

# Axes and names of the kernels below:
#   base          offset of the band's first window in the stored integral images
#   first, count  a stretch of windows of the band
#   listed        positions of single windows in the band; None for a stretch
#   m             a node of a tree; corners[m, k] is the offset of its k-th corner
# A test for None is decided when a kernel is compiled: stretches and lists, stumps and trees
# share their code and are compiled apart. Offsets are unsigned, since a signed index would be
# tested for counting from the end.


@kernel(inline=True)
def _box(sums, a, b, c, d):
    """Sum of a rectangle; the sums may have wrapped, their difference has not."""
    return np.int32(np.int32(np.int32(sums[a] - sums[b]) - sums[c]) + sums[d])


@kernel(inline=True)
def _offset(corners, m, k, base):
    return np.uint64(corners[m, np.uint64(k)]) + base


@kernel
def _normalise(area, sums, squares, corners, base, count, scale):
    """1 / (area x standard deviation) of each window; 0 where OpenCV finds it too flat."""
    m = np.uint64(corners.shape[0] - 1)
    a, b = _offset(corners, m, 0, base), _offset(corners, m, 1, base)
    c, d = _offset(corners, m, 2, base), _offset(corners, m, 3, base)
    for i in range(count):
        k = np.uint64(i)
        total = np.float64(_box(sums, a + k, b + k, c + k, d + k))
        energy = np.float64(np.uint32(_box(squares, a + k, b + k, c + k, d + k)))
        variance = area * energy - total * total
        factor = np.float32(1.0 / np.sqrt(variance)) if variance > 0 else np.float32(1.0)
        scale[k] = factor if area * np.float64(factor) < 0.1 else np.float32(0.0)


@kernel(inline=True)
def _respond_two(sums, corners, m, weights, scale, base, first, count, listed, responses):
    """Normalised value of a Haar feature of two rectangles."""
    a, b = _offset(corners, m, 0, base), _offset(corners, m, 1, base)
    c, d = _offset(corners, m, 2, base), _offset(corners, m, 3, base)
    e, f = _offset(corners, m, 4, base), _offset(corners, m, 5, base)
    g, h = _offset(corners, m, 6, base), _offset(corners, m, 7, base)
    weight0, weight1 = weights[m, 0], weights[m, 1]
    for i in range(count):
        k = first + np.uint64(i)
        at = k if listed is None else np.uint64(listed[k])
        value = weight0 * np.float32(_box(sums, a + at, b + at, c + at, d + at))
        value = value + weight1 * np.float32(_box(sums, e + at, f + at, g + at, h + at))
        responses[k] = value * scale[at]


@kernel(inline=True)
def _respond_three(sums, corners, m, weights, scale, base, first, count, listed, responses):
    """Normalised value of a Haar feature of three rectangles."""
    a, b = _offset(corners, m, 0, base), _offset(corners, m, 1, base)
    c, d = _offset(corners, m, 2, base), _offset(corners, m, 3, base)
    e, f = _offset(corners, m, 4, base), _offset(corners, m, 5, base)
    g, h = _offset(corners, m, 6, base), _offset(corners, m, 7, base)
    p, q = _offset(corners, m, 8, base), _offset(corners, m, 9, base)
    r, s = _offset(corners, m, 10, base), _offset(corners, m, 11, base)
    weight0, weight1, weight2 = weights[m, 0], weights[m, 1], weights[m, 2]
    for i in range(count):
        k = first + np.uint64(i)
        at = k if listed is None else np.uint64(listed[k])
        value = weight0 * np.float32(_box(sums, a + at, b + at, c + at, d + at))
        value = value + weight1 * np.float32(_box(sums, e + at, f + at, g + at, h + at))
        value = value + weight2 * np.float32(_box(sums, p + at, q + at, r + at, s + at))
        responses[k] = value * scale[at]


@kernel(inline=True)
def _respond_lbp(sums, corners, m, subsets, base, first, count, listed, responses):
    """-1 where the LBP code is in the subset of the node, otherwise 1.

    The code has a bit for each outer cell of the 3 by 3 grid that is not below the central
    one: clockwise from the top left, highest bit first (OpenCV's multi-block LBP).
    """
    a0, a1 = _offset(corners, m, 0, base), _offset(corners, m, 1, base)
    a2, a3 = _offset(corners, m, 2, base), _offset(corners, m, 3, base)
    b0, b1 = _offset(corners, m, 4, base), _offset(corners, m, 5, base)
    b2, b3 = _offset(corners, m, 6, base), _offset(corners, m, 7, base)
    c0, c1 = _offset(corners, m, 8, base), _offset(corners, m, 9, base)
    c2, c3 = _offset(corners, m, 10, base), _offset(corners, m, 11, base)
    d0, d1 = _offset(corners, m, 12, base), _offset(corners, m, 13, base)
    d2, d3 = _offset(corners, m, 14, base), _offset(corners, m, 15, base)
    w0, w1, w2, w3 = subsets[m, 0], subsets[m, 1], subsets[m, 2], subsets[m, 3]
    w4, w5, w6, w7 = subsets[m, 4], subsets[m, 5], subsets[m, 6], subsets[m, 7]
    for i in range(count):
        k = first + np.uint64(i)
        at = k if listed is None else np.uint64(listed[k])
        center = _box(sums, b1 + at, b2 + at, c1 + at, c2 + at)
        top_left = _box(sums, a0 + at, a1 + at, b0 + at, b1 + at) >= center
        top = _box(sums, a1 + at, a2 + at, b1 + at, b2 + at) >= center
        top_right = _box(sums, a2 + at, a3 + at, b2 + at, b3 + at) >= center
        right = _box(sums, b2 + at, b3 + at, c2 + at, c3 + at) >= center
        bottom_right = _box(sums, c2 + at, c3 + at, d2 + at, d3 + at) >= center
        bottom = _box(sums, c1 + at, c2 + at, d1 + at, d2 + at) >= center
        bottom_left = _box(sums, c0 + at, c1 + at, d0 + at, d1 + at) >= center
        left = _box(sums, b0 + at, b1 + at, c0 + at, c1 + at) >= center
        shift = np.uint32(16) if right else np.uint32(0)
        shift = np.uint32(shift + (np.uint32(8) if bottom_right else np.uint32(0)))
        shift = np.uint32(shift + (np.uint32(4) if bottom else np.uint32(0)))
        shift = np.uint32(shift + (np.uint32(2) if bottom_left else np.uint32(0)))
        shift = np.uint32(shift + (np.uint32(1) if left else np.uint32(0)))
        # The three highest bits of the code select a word of the subset, the others its bit.
        w01, w23 = w1 if top_right else w0, w3 if top_right else w2
        w45, w67 = w5 if top_right else w4, w7 if top_right else w6
        w0123, w4567 = w23 if top else w01, w67 if top else w45
        word = w4567 if top_left else w0123
        chosen = np.uint32(np.uint32(word >> shift) & np.uint32(1)) != 0
        responses[k] = np.float32(-1.0) if chosen else np.float32(1.0)


@kernel(inline=True)
def _add_leaves(threshold, left, right, first, count, responses, votes):
    """Stumps: add the leaf on the side to which the response goes."""
    for i in range(count):
        k = first + np.uint64(i)
        votes[k] += left if responses[k] < threshold else right


@kernel(inline=True)
def _choose_branch(m, root, thresholds, values, links, first, count, responses, branches):
    """Resolve node ``m``: row ``m - root`` of ``branches`` is the leaf reached from there."""
    zero, one = np.float32(0.0), np.float32(1.0)
    threshold = thresholds[m]
    # A gate of 0 takes the leaf, a gate of 1 a later node, which is already resolved.
    left_gate = one if links[m, 0] > 0 else zero
    right_gate = one if links[m, 1] > 0 else zero
    left, right = values[m, 0], values[m, 1]
    length = np.uint64(responses.shape[0])
    own = np.uint64(m - root) * length + first
    left_row = np.uint64(links[m, 0]) * length + first
    right_row = np.uint64(links[m, 1]) * length + first
    for i in range(count):
        k = np.uint64(i)
        on_left = left + left_gate * branches[left_row + k]
        on_right = right + right_gate * branches[right_row + k]
        branches[own + k] = on_left if responses[first + k] < threshold else on_right


@kernel
def _vote(
    sums, corners, weights, subsets, thresholds, values, links, tree_nodes, trees,
    scale, base, first, count, listed, responses, branches, votes,
):  # fmt: skip
    """Sum the leaves of the trees of a stage into ``votes``, in the precision that they have."""
    for i in range(count):
        votes[first + np.uint64(i)] = 0
    for tree in range(trees[0], trees[1]):
        root = np.uint64(tree_nodes[np.uint64(tree)])
        nodes = np.uint64(tree_nodes[np.uint64(tree + 1)]) - root
        for back in range(nodes):
            m = root + nodes - np.uint64(1) - np.uint64(back)
            if weights is None:
                _respond_lbp(sums, corners, m, subsets, base, first, count, listed, responses)
            elif weights[m, 2] != 0:
                _respond_three(
                    sums, corners, m, weights, scale, base, first, count, listed, responses
                )
            else:
                _respond_two(
                    sums, corners, m, weights, scale, base, first, count, listed, responses
                )
            if links is None:
                left, right = values[m, 0], values[m, 1]
                _add_leaves(thresholds[m], left, right, first, count, responses, votes)
            else:
                _choose_branch(
                    m, root, thresholds, values, links, first, count, responses, branches
                )
        if links is not None:
            for i in range(count):
                votes[first + np.uint64(i)] += branches[first + np.uint64(i)]


@kernel
def _plan(survivors, count, stretches, listed):
    """Part the survivors into stretches (first, length) and single windows."""
    n_stretches = 0
    alone = 0
    start = 0
    while start < count:
        stop = start + 1
        while stop < count and survivors[stop] - survivors[stop - 1] <= _LARGEST_GAP:
            stop += 1
        span = survivors[stop - 1] + 1 - survivors[start]
        if (stop - start) * _COST_OF_ONE > span + _COST_OF_STRETCH:
            length = (span + _VECTOR - 1) // _VECTOR * _VECTOR
            stretches[n_stretches, 0] = survivors[start]
            stretches[n_stretches, 1] = max(length, _SHORTEST)
            n_stretches += 1
        else:
            for i in range(start, stop):
                listed[alone] = survivors[i]
                alone += 1
        start = stop
    return n_stretches, alone


@kernel
def _list_doubtful(survivors, count, votes, threshold, slack, listed, alone):
    """Turn sums into margins; list the windows whose margin float32 cannot be trusted with.

    The ``alone`` windows listed already have no float32 sum: infinity keeps them out.
    """
    for i in range(alone):
        votes[np.uint64(listed[i])] = np.float32(np.inf)
    for i in range(count):
        k = np.uint64(survivors[i])
        margin = np.float32(votes[k] - threshold)
        votes[k] = margin
        if not abs(margin) > slack:
            listed[alone] = survivors[i]
            alone += 1
    return alone


@kernel
def _decide(listed, count, totals, threshold, votes):
    """Margins, of which only the sign counts, from sums in float64."""
    for i in range(count):
        passes = totals[i] >= np.float64(threshold)
        votes[np.uint64(listed[i])] = np.float32(0.0) if passes else np.float32(-1.0)


@kernel
def _first_survivors(scale, votes, row_length, rows, columns, survivors):
    """List the windows that pass stage 0; one that it rejects hides its right neighbour."""
    count = 0
    for row in range(rows):
        column = 0
        while column < columns:
            k = row * row_length + column
            column += 1
            if scale[np.uint64(k)] == 0:
                continue
            if votes[np.uint64(k)] >= 0:
                survivors[count] = k
                count += 1
            else:
                column += 1
    return count


@kernel
def _keep(survivors, count, votes):
    """Drop the survivors whose margin is negative."""
    left = 0
    for i in range(count):
        if votes[np.uint64(survivors[i])] >= 0:
            survivors[left] = survivors[i]
            left += 1
    return left


@kernel
def _record(survivors, count, row_length, top, stages_passed, depth):
    """Note in the map of a layer how many stages the survivors have passed."""
    for i in range(count):
        depth[top + survivors[i] // row_length, survivors[i] % row_length] = stages_passed


@kernel
def _report(survivors, count, totals, row_length, top, found, last_sums, n_found):
    """Append the windows of a band that passed all stages; return how many there are now."""
    for i in range(count):
        if n_found < found.shape[0]:
            found[n_found, 0] = survivors[i] % row_length
            found[n_found, 1] = top + survivors[i] // row_length
            last_sums[n_found] = totals[i]
        n_found += 1
    return n_found


def make_work(columns, most_nodes):
    """Arrays for a band of lattice rows: ``columns`` stored ones, trees of ``most_nodes``."""
    length = _BAND * columns + PAD
    return (
        np.ones(length, np.float32),  # scale
        np.zeros(length, np.float32),  # votes
        np.zeros(length, np.float64),  # totals
        np.zeros(length, np.float32),  # responses
        np.zeros(length * most_nodes, np.float32),  # branches
        np.zeros(length, np.int32),  # survivors
        np.zeros(length, np.int32),  # listed
        np.zeros((length, 2), np.int32),  # stretches
    )


@kernel
def scan_layer(area, lattice, model, stored, work, found, last_sums, depth):
    """Find the windows of a layer that pass all stages.

    ``area`` is that of the normalisation rectangle, ``lattice`` the (columns, rows) of window
    positions, ``model`` the arrays of a `Tables`, ``stored`` a layer from `lay_out`. Lattice
    columns and rows go to ``found``, int32 (n, 2), the sums of the last stage to ``last_sums``,
    float64 (n,), and, unless it is empty, the number of stages passed to ``depth``, uint16
    (lattice rows, lattice columns). Returns the number of windows found, which may be more than
    there was room for.
    """
    weights, subsets, thresholds, values, links, tree_nodes = model[:6]
    stage_trees, stage_thresholds, stage_slack = model[6:]
    columns, sums, squares, norms, corners = stored
    scale, votes, totals, responses, branches, survivors, listed, stretches = work
    stages = stage_thresholds.shape[0]
    n_found = 0
    for top in range(0, lattice[1], _BAND):
        rows = min(_BAND, lattice[1] - top)
        base = np.uint64(top * columns)
        count = rows * columns
        if squares.size > 0:
            _normalise(area, sums, squares, corners, base, count, scale)
        elif norms.size > 0:
            for i in range(count):
                scale[i] = norms[base + np.uint64(i)]
        for i in range(count):
            survivors[i] = i
        # One round more than there are stages: it repeats the last one for its sums.
        for step in range(stages + 1):
            stage = min(step, stages - 1)
            trees = (stage_trees[stage], stage_trees[stage + 1])
            threshold = stage_thresholds[stage]
            n_stretches, alone = 0, count
            if step < stages:
                n_stretches, alone = _plan(survivors, count, stretches, listed)
            for i in range(n_stretches):
                _vote(
                    sums, corners, weights, subsets, thresholds, values, links, tree_nodes,
                    trees, scale, base, np.uint64(stretches[i, 0]), stretches[i, 1], None,
                    responses, branches, votes,
                )  # fmt: skip
            if step < stages:
                alone = _list_doubtful(
                    survivors, count, votes, threshold, stage_slack[stage], listed, alone
                )
            else:
                for i in range(count):
                    listed[i] = survivors[i]
            if alone > 0:
                _vote(
                    sums, corners, weights, subsets, thresholds, values, links, tree_nodes,
                    trees, scale, base, np.uint64(0), alone, listed, responses, branches, totals,
                )  # fmt: skip
                _decide(listed, alone, totals, threshold, votes)
            if step == 0:
                count = _first_survivors(scale, votes, columns, rows, lattice[0], survivors)
            else:
                count = _keep(survivors, count, votes)
            if count == 0:
                break
            if depth.size > 0:
                _record(survivors, count, columns, top, stage + 1, depth)
        n_found = _report(survivors, count, totals, columns, top, found, last_sums, n_found)
    return n_found
