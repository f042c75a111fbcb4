"""Each step of finding circles, against the oracle."""

import math

import numpy as np
import pytest
from scipy import ndimage

from classicvision.hough import (
    _circle_centers,
    _circle_edges,
    _circle_fitting,
    _circle_selection,
)
from classicvision.hough.circles import hough_circles
from tests.hough.scenes import perimeter, round_ones
from tests.naive import circles as naive

pytestmark = pytest.mark.lane


@pytest.fixture
def small():
    """A picture with a disk and a ring, its mask of edges, and the edge pixels."""
    image = round_ones([(17, 15, 10, 0), (38, 16, 7, 2)], rows=32, columns=50)
    steps = hough_circles(image, min_radius=5, max_radius=14, return_steps=True)
    return steps.smoothed, steps.edges, _circle_edges.edge_points(steps.edges, steps.smoothed)


def test_places_and_directions_equal_the_oracle(small):
    smoothed, mask, edges = small
    image = smoothed.astype(float)
    gx, gy = (ndimage.sobel(image, axis, mode="nearest") for axis in (1, 0))
    places = naive.exact_places(mask, gx, gy)
    np.testing.assert_allclose(edges.points[:2].T, places, atol=1e-5)
    directions = np.stack([gx, gy], axis=2)[mask]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    np.testing.assert_allclose(edges.points[2:].T, directions, atol=1e-6)


@pytest.mark.parametrize("density", [0.03, 0.1, 0.25])
def test_directions_in_an_edge_map_equal_the_oracle(density, rng):
    mask = perimeter((14, 12, 9), shape=(25, 70)) | (rng.random((25, 70)) < density)
    edges = _circle_edges.edge_points(mask, None)
    np.testing.assert_array_equal(edges.points[:2].T, np.argwhere(mask)[:, ::-1])
    normals = naive.averaged_normals(mask, naive.map_normals(mask))
    there = np.linalg.norm(normals, axis=1) > 0
    np.testing.assert_array_equal((edges.points[2:] != 0).any(axis=0), there)
    cosines = (edges.points[2:].T * normals).sum(axis=1)
    np.testing.assert_allclose(np.abs(cosines[there]), 1, atol=1e-5)


def test_the_first_edge_pixel_of_each_tile(rng):
    mask = rng.random((9, 75)) < 0.1
    edges = _circle_edges.edge_points(mask, None)
    positions = np.flatnonzero(mask)
    for row in range(9):
        starts = [*range(0, 75, _circle_edges.TILE), 75]
        wanted = [np.searchsorted(positions, 75 * row + column) for column in starts]
        assert edges.first[row].tolist() == wanted


@pytest.mark.parametrize("octave", [(5, 9, 1), (7.5, 7.5, 1), (12, 20, 1.5), (20, 40, 2.5)])
def test_votes_equal_the_oracle(small, octave):
    _, mask, edges = small
    octave = _circle_centers.Octave(*octave)
    votes = _circle_centers.vote(
        edges.points, mask.shape, octave, _circle_centers.new_table([octave], mask.shape)
    )
    pad = _circle_centers._PAD
    wanted = naive.center_votes(
        edges.points.T, mask.shape, octave.low, octave.high, octave.cell, pad
    )
    np.testing.assert_array_equal(votes, wanted)
    np.testing.assert_array_equal(_circle_centers.inside(votes), wanted[pad:-pad, pad:-pad])


def test_cells_stop_counting_at_their_largest_value():
    octave = _circle_centers.Octave(1.0, 1.0, 1.0)
    points = np.repeat(np.array([[3, 2, 1, 0]], np.float32), 2**16 + 5, axis=0).T.copy()
    if not hasattr(_circle_centers._vote.dispatcher, "signatures"):
        points = points[:, :9].copy()  # as plain Python it would take too long
    table = _circle_centers.new_table([octave], (4, 6))
    votes = _circle_centers.inside(_circle_centers.vote(points, (4, 6), octave, table))
    most = min(points.shape[1], 2**16 - 1)
    assert votes[2].tolist() == [0, 0, most, 0, most, 0]


@pytest.mark.parametrize("threshold", [0.05, 0.3])
def test_centres_equal_the_oracle(threshold, rng):
    octave = _circle_centers.Octave(6.0, 12.0, 1.5)
    pad = _circle_centers._PAD
    votes = np.zeros(octave.table_shape((60, 160)), np.uint16)
    votes[pad - 2 : 2 - pad, pad - 2 : 2 - pad] = rng.integers(0, 9, (44, 111)) ** 2 // 8

    def part(cell, cells):
        """Of a circle of the smallest radius, along one axis."""
        return (min((cell + 0.5) / 4, 1) + min((cells - cell - 0.5) / 4, 1)) / 2

    def least(row, column):
        # 7 for each vote that a circle of radius 6 gives, and seven tenths of these suffice
        most = 4 * math.sqrt(2) * 6 * 7
        return 0.7 * threshold * most * part(row, 40) * part(column, 107)

    wanted = naive.table_peaks(votes, pad, least)
    assert len(wanted) > 5
    found = _circle_centers.find_centers(votes, octave, threshold)
    np.testing.assert_allclose(found, (np.array(wanted) + 0.5) * 1.5 - 0.5, rtol=1e-12)


@pytest.mark.parametrize("ring", [(8.5, 11.5), (0, 6), (20, 29), (0, 100)])
@pytest.mark.parametrize("center", [(17.2, 14.6), (38, 16), (2, 30), (49.4, -0.4)])
def test_edge_pixels_in_a_ring_equal_the_oracle(small, ring, center):
    _, _, edges = small
    ids = np.empty(edges.points.shape[1] + 1, np.int32)
    x, y, inner, outer = map(np.float64, (*center, *ring))
    count = _circle_fitting.collect(edges.points, edges.first, x, y, inner, outer, 0.9, ids)
    wanted = naive.in_ring(edges.points.T, x, y, max(inner, 0.25), outer, 0.9)
    assert ids[:count].tolist() == wanted


def test_rings_with_a_hole_of_several_tiles_equal_the_oracle(rng):
    mask = rng.random((90, 240)) < 0.02
    edges = _circle_edges.edge_points(mask, None)
    edges.points[2:] = [[0.6], [0.8]]
    ids = np.empty(edges.points.shape[1] + 1, np.int32)
    for x, y, inner, outer in [(120, 45, 60, 80), (10, 45, 33, 41), (230, 80, 70, 230)]:
        x, y, inner, outer = map(np.float64, (x, y, inner, outer))
        count = _circle_fitting.collect(edges.points, edges.first, x, y, inner, outer, 0.5, ids)
        assert ids[:count].tolist() == naive.in_ring(edges.points.T, x, y, inner, outer, 0.5)


@pytest.mark.parametrize("circle", [(17, 15, 10), (17.3, 14.8, 9.7), (38, 16, 8), (40, 20, 25.3)])
def test_votes_of_a_circle_equal_the_oracle(small, circle):
    _, mask, edges = small
    x, y, radius = map(np.float64, circle)
    near = naive.in_ring(edges.points.T, x, y, radius - 1.5, radius + 1.5, 0.96)
    ids = np.array(near, np.int32)
    marks = _circle_fitting.new_marks(radius)
    taken = np.zeros(edges.points.shape[1], bool)
    votes = _circle_fitting.count_pixels(
        edges.points, ids, len(ids), x, y, radius, *mask.shape, taken, marks
    )
    assert votes == naive.count_pixels(edges.points.T[near], x, y, radius, mask.shape)
    taken[ids[::2]] = True  # by another circle
    votes = _circle_fitting.count_pixels(
        edges.points, ids, len(ids), x, y, radius, *mask.shape, taken, marks
    )
    assert votes == naive.count_pixels(edges.points.T[near][1::2], x, y, radius, mask.shape)


@pytest.mark.parametrize("cell", [1.0, 3.0, 8.0])
def test_memory_for_the_largest_circle_that_can_be_tried(cell, small, monkeypatch):
    _, _, edges = small
    octave = _circle_centers.Octave(10.0, 17.3, cell)
    given = []
    monkeypatch.setattr(_circle_fitting, "_find_circles", lambda *a: given.extend(a) or 0)
    _circle_fitting.find_circles(edges, np.empty((0, 2)), octave, 3.0, 0.5)
    (inner, _, _, bin_width), bins, marks = given[5], given[7].shape[1], given[9]
    last = inner + (bins - 3 - 1.5) * bin_width  # two bins on either side stay empty
    largest = last + _circle_fitting._FARTHEST_MOVE * cell
    assert marks.size >= _circle_fitting.new_marks(largest).size


def test_sharing_pixels_equals_the_oracle(small, rng):
    _, mask, edges = small
    true = [(17, 15, 10), (38, 16, 8), (38, 16, 6)]
    circles = [(x, y, r + shift) for x, y, r in true for shift in rng.uniform(-1.5, 1.5, 6)]
    circles = [(*c, 0, naive.count_pixels(edges.points.T, *c, mask.shape)[1]) for c in circles]
    rng.shuffle(circles)
    circles = np.array(circles, float)
    memory = np.empty(edges.points.shape[1] + 1, np.int32), _circle_fitting.new_marks(20.0)
    kept = {}
    for least in (0.1, 0.4, 0.7):
        found, taken = np.zeros(len(circles), bool), np.zeros(edges.points.shape[1], bool)
        _circle_selection._share_pixels(
            edges.points, edges.first, edges.shape, circles, least, *memory, taken, found
        )
        wanted = naive.share_pixels(edges.points.T, circles[:, :3], mask.shape, least)
        assert found.tolist() == wanted
        kept[least] = sum(wanted)
    assert 2 <= kept[0.7] <= kept[0.4] <= kept[0.1] < len(circles)


def test_votes_of_strokes_equal_the_oracle(small, rng):
    _, mask, edges = small
    circles = np.array([(17, 15, 10), (38, 16, 7), (17.4, 14.7, 9.2), (30, 20, 12)], float)
    memory = np.empty(edges.points.shape[1] + 1, np.int32), _circle_fitting.new_marks(20.0)
    for gaps in (np.zeros(4), np.full(4, 2.0), rng.uniform(0, 5, 4)):
        taken, votes = np.zeros(edges.points.shape[1], bool), np.empty((4, 2), np.int64)
        _circle_selection._count_votes(
            edges.points, edges.first, edges.shape, circles, gaps, *memory, taken, votes
        )
        for circle, gap, found in zip(circles, gaps, votes.tolist(), strict=True):
            wanted = naive.stroke_votes(edges.points.T, *circle, gap, mask.shape)
            assert found == list(wanted)


@pytest.mark.parametrize("block", [1, 3])
def test_more_circles_than_are_compared_at_once(block, monkeypatch, rng):
    circles = np.column_stack([rng.uniform(0, 4, (12, 2)), rng.uniform(9, 20, 12)])
    circles = np.column_stack(
        [circles, rng.integers(30, 60, 12), [80] * 12, rng.integers(0, 2, 12)]
    )
    wanted, gaps = _circle_selection._merge_strokes(circles, True, 4.0)
    assert len(wanted) < 12
    assert gaps.any()
    monkeypatch.setattr(_circle_selection, "_BLOCK", block)
    merged, same_gaps = _circle_selection._merge_strokes(circles, True, 4.0)
    np.testing.assert_array_equal(merged, wanted)
    np.testing.assert_array_equal(same_gaps, gaps)


def test_a_digital_circle_has_a_pixel_in_each_column_or_row():
    mask = perimeter((20, 15, 10), shape=(32, 40))
    pixels = naive.digital_circle(20, 15, 10)
    assert len(pixels) == pytest.approx(4 * math.sqrt(2) * 10, abs=2)
    assert all(mask[row - 1 : row + 2, column - 1 : column + 2].any() for column, row, _ in pixels)


def test_a_fit_equals_the_oracle(rng):
    t = rng.uniform(0, 2 * math.pi, 60)
    radius = 12 + rng.normal(0, 0.2, 60)
    points = [20 + radius * np.cos(t), 15 + radius * np.sin(t), np.cos(t), np.sin(t)]
    points = np.array(points, np.float32)
    ids = np.arange(60, dtype=np.int32)
    start = tuple(map(np.float64, (20.6, 14.7, 12.4)))
    fitted = _circle_fitting._fit(points, ids, 60, *start, 3.0, -1, 20.0)
    wanted = naive.fit_circle(points.T, *start, [3.0] + 11 * [1.5])
    np.testing.assert_allclose(fitted, wanted, atol=0.02)  # where the steps are small it stops
    np.testing.assert_allclose(fitted, (20, 15, 12), atol=0.15)
    few = _circle_fitting._fit(points, ids, 60, *start, 3.0, -1, 61.0)
    assert few[2] == 0
