"""The benchmark that compares edges with people's boundaries: its matching and its scores."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import cKDTree

from benchmarks.edge_quality import DISTANCE, Boundaries, curves, offsets, score


def numbered(edges, reach):
    numbers = np.full(np.add(edges.shape, 2 * reach), -1, np.int32)
    numbers[reach:-reach, reach:-reach][edges] = np.arange(edges.sum())
    return numbers


@pytest.mark.parametrize("density", [0.005, 0.02, 0.1])
def test_as_many_pairs_as_scipy_finds(density, rng):
    shape = (150, 200)  # the distance is 1.9 pixels
    edges, boundary = rng.random((2, *shape)) < density
    person = Boundaries(boundary)
    matched = person.match(numbered(edges, offsets(person.radius)[2]), edges.sum())
    assert len(set(matched.tolist())) == len(matched)
    drawn, reported = (cKDTree(np.argwhere(part)) for part in (boundary, edges))
    near = drawn.query_ball_tree(reported, DISTANCE * np.hypot(*shape))
    ends = np.cumsum([0, *map(len, near)])
    graph = csr_array(
        (np.ones(ends[-1]), np.concatenate(near).astype(int), ends), (len(near), edges.sum())
    )
    assert len(matched) == (maximum_bipartite_matching(graph, perm_type="column") >= 0).sum()


def test_scores_of_known_edges():
    edges = np.zeros((400, 300), bool)  # the distance is 3.75 pixels
    edges[50:350, 100] = True
    for shift, found in [(0, 300), (3, 300), (4, 0)]:
        moved = np.roll(edges, shift, axis=1)
        assert score(moved, [Boundaries(edges)] * 2) == (found, 300, 2 * found, 600)
    doubled = edges | np.roll(edges, 3, axis=1)  # one of two is matched, not both
    assert score(doubled, [Boundaries(edges)]) == (300, 600, 300, 300)
    thick = edges | np.roll(edges, 1, axis=1) | np.roll(edges, 2, axis=1)
    assert score(thick, [Boundaries(edges)])[1] < 310  # it is thinned before


def test_curves_of_known_counts():
    precision, recall, f = curves(np.array([[30, 40, 30, 60], [0, 0, 0, 60]]))
    assert precision.tolist() == [0.75, 0]
    assert recall.tolist() == [0.5, 0]
    assert f.tolist() == pytest.approx([0.6, 0])
