"""Each step of finding ellipses, against the oracle."""

import itertools
import math

import numpy as np
import pytest

from classicvision.filters.derivatives import gradient
from classicvision.filters.smoothing import gaussian
from classicvision.hough import _arc_pairs, _arcs, _conics, _ellipse_edges, _linear, _outlines
from tests.hough.scenes import painted
from tests.naive import ellipses as naive

pytestmark = pytest.mark.lane


@pytest.fixture
def picture():
    """A picture with an ellipse and a ring, its edge map, and its edge points."""
    image = painted([(18, 16, 13, 9, 0.5, 0), (40, 14, 8, 6, 2.0, 3)], rows=32, columns=52)
    mask, points = _ellipse_edges.edges_of_image(image, 1.0)
    return image, mask, points


def test_places_equal_the_oracle(picture):
    image, mask, points = picture
    scaled = (image - image.min()) / np.float32(image.max() - image.min())
    gx, gy = gradient(gaussian(scaled.astype(np.float32), 1.0), mode="nearest")
    np.testing.assert_allclose(points.places[:2].T, naive.exact_places(mask, gx, gy), atol=2e-3)
    directions = np.stack([gx, gy], axis=2)[mask]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    np.testing.assert_allclose(points.places[2:].T, directions, atol=1e-4)
    assert points.index[mask].tolist() == list(range(mask.sum()))
    assert (points.index[~mask] == -1).all()


def test_sums_equal_the_oracle(rng):
    x, y = rng.uniform(0, 90, (2, 40))
    begins, ends = np.array([0, 7, 20]), np.array([12, 30, 40])
    centers, scatters = _conics.scatter_of(x, y, begins, ends)
    for k, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        center, scatter = naive.scatter(x[begin:end], y[begin:end], _conics.SCALE)
        np.testing.assert_allclose(centers[k], center)
        np.testing.assert_allclose(scatters[k], scatter, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("signed", [True, False])
def test_directions_equal_the_oracle(signed, rng):
    t = np.concatenate([np.linspace(0, 4, 30), np.linspace(3, -2, 30), rng.uniform(0, 6, 5)])
    starts, path = np.array([0, 30, 60, 64, 65]), rng.permutation(65)
    normals = np.stack([np.cos(t), np.sin(t)]) + rng.normal(0, 0.1, (2, 65))
    normals /= np.hypot(*normals)
    places = np.empty((4, 65))
    places[:, path] = np.concatenate([[20, 30] + 12 * normals.T, normals.T], axis=1).T
    before = places.copy()
    found, signs = np.empty((2, 65)), np.ones(4)
    _arcs._directions(places, path, starts, signed, found, signs)
    for k, (first, stop) in enumerate(itertools.pairwise(starts)):
        curve = before[:, path[first:stop]].T
        wanted, sign = naive.directions(curve[:, :2], curve[:, 2:] if signed else None)
        np.testing.assert_allclose(found[:, first:stop].T, wanted, atol=1e-12)
        assert signs[k] == sign
    if signed:
        assert set(signs[:2]) == {-1, 1}
        _arcs._write_normals(places, path, starts, signs, np.arctan2(found[1], found[0]))
        np.testing.assert_allclose(places, before, atol=1e-12)  # back to where they came from


def test_smooth_angles_equal_the_oracle(rng):
    angles = np.cumsum(rng.uniform(-0.6, 0.8, 30))
    starts = np.array([0, 1, 4, 30])
    smooth = np.empty(30)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    _arcs._smooth_angles(directions, starts, 2, np.empty(30), smooth)
    for first, stop in itertools.pairwise(starts):
        wanted = naive.smooth_angles(directions[:, first:stop], 2)
        np.testing.assert_allclose(smooth[first:stop], wanted, atol=1e-12)


def test_curves_are_cut_at_corners_and_inflections():
    # A half circle to the left, a corner of a right angle, a bend to the left, one to the right
    turns = [0.1] * 30 + [math.pi / 2] + [0.08] * 20 + [-0.08] * 20
    angles = np.cumsum(turns)
    begins, ends = np.empty((2, len(angles)), np.int64)
    starts = np.array([0, len(angles)])
    count = _arcs._cut(angles, starts, 3, math.radians(65), math.radians(16), begins, ends)
    assert count == 3
    assert abs(ends[0] - 30) <= 3  # to the reach over which a corner is measured
    assert begins[1] == ends[0] + 1
    assert ends[1] == begins[2] == 50  # where the bends meet
    assert ends[2] == len(angles)


def test_the_farthest_point_of_an_arc(rng):
    x, y = rng.uniform(0, 60, (2, 50))
    begins, ends, centers = np.array([0, 20]), np.array([20, 50]), rng.uniform(20, 40, (2, 2))
    conics, at = rng.uniform(-1, 1, (2, 6)), np.empty(2, np.int64)
    _arcs._farthest(x, y, begins, ends, conics, centers, 1 / 32, 4, at)
    for k in range(2):
        a, b, c, d, e, f = conics[k]
        u, v = (x - centers[k, 0]) / 32, (y - centers[k, 1]) / 32
        value = np.abs(a * u * u + b * u * v + c * v * v + d * u + e * v + f)
        distance = value / np.hypot(2 * a * u + b * v + d, b * u + 2 * c * v + e)
        inner = slice(begins[k] + 4, ends[k] - 3)
        assert at[k] == begins[k] + 4 + distance[inner].argmax()


def test_pairs_equal_the_oracle(rng):
    center, angle = rng.uniform(20, 60, (30, 1, 2)), rng.uniform(0, 2 * math.pi, (30, 1))
    angle = angle + np.linspace(0, 1, 3)
    outward = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    marks = np.concatenate([center + rng.uniform(5, 30, (30, 1, 1)) * outward, -outward], axis=2)
    sides = rng.choice([-1, 1], 30)
    wanted = naive.pairs_of_arcs(marks, sides, 60.0, 0.17, 1.5)
    assert 10 < len(wanted) < 150
    pairs = np.empty((400, 2), np.int64)
    count = _arc_pairs._find_pairs(marks, sides, 60.0, 0.17, 1.5, pairs)
    assert list(map(tuple, pairs[:count])) == wanted
    assert _arc_pairs._find_pairs(marks, sides, 60.0, 0.17, 1.5, pairs[:5].copy()) == 5


@pytest.mark.parametrize("side", [0, 1, -1])
@pytest.mark.parametrize(
    "ellipse",
    [(18, 16, 13, 9, 0.5), (18.4, 15.5, 14, 8.5, 0.4), (40, 14, 9, 7, 2.0), (44, 20, 15, 12, 1)],
)
@pytest.mark.parametrize("step", [(1.0, 1.0), (2.5, 2.0), (4.0, 3.0)])
def test_following_an_outline_equals_the_oracle(picture, side, ellipse, step):
    _, mask, points = picture
    row = naive.from_axes(*ellipse)
    owners = np.zeros(mask.sum(), np.int32)
    sums, equations = np.empty(4), np.empty((5, 6))
    least = math.cos(math.radians(25))
    edges = (points.places, points.index, owners)
    _outlines._collect(row, edges, side, *step, least, np.int64(0), sums, equations)
    assert not owners.any()
    by_pixel = {(c, r): points.places[:, points.index[r, c]] for r, c in np.argwhere(mask)}
    wanted, wanted_equations, _ = naive.follow_outline(
        row, by_pixel, mask.shape, side, *step, least
    )
    np.testing.assert_allclose(sums, wanted, rtol=1e-9)
    for i in range(5):
        np.testing.assert_allclose(equations[i, : i + 1], wanted_equations[i, : i + 1], atol=1e-8)
        np.testing.assert_allclose(equations[i, 5], wanted_equations[i, 5], atol=1e-8)


def test_points_that_another_ellipse_owns_do_not_vote(picture):
    _, mask, points = picture
    row = naive.from_axes(18, 16, 13, 9, 0.5)
    owners = np.zeros(mask.sum(), np.int32)
    sums, equations, edges = np.empty(4), np.empty((5, 6)), (points.places, points.index, owners)

    def votes(claim):
        _outlines._collect(row, edges, 0, 1.0, 1.0, 0.9, np.int64(claim), sums, equations)
        return sums[0]

    free = votes(0)
    assert votes(3) == free > 40
    taken = owners == 3
    assert votes(3) == free  # its own ones do
    assert votes(4) < 0.1 * free
    assert (owners[taken] == 3).all()
    owners[:] = 5 * (np.arange(owners.size) % 2)
    assert 0 < votes(4) < free
    assert set(owners) == {0, 4, 5}
    assert (owners[1::2] == 5).all()


def test_a_step_of_the_fit_equals_the_oracle(picture):
    _, mask, points = picture
    row = naive.from_axes(18.4, 15.6, 14, 8.5, 0.4)
    edges = (points.places, points.index, np.zeros(mask.sum(), np.int32))
    sums, equations, least = np.empty(4), np.empty((5, 6)), math.cos(math.radians(25))
    _outlines._collect(row, edges, 0, 2.5, 1.0, least, np.int64(0), sums, equations)
    wanted = naive.moved_outline(row, equations, 1e-3)
    _outlines._complete(equations, 1e-3)
    _linear.solve(equations)
    assert _outlines._move(row, equations, 5.0, 30.0)
    np.testing.assert_allclose(row, wanted, rtol=1e-6)
    assert not _outlines._move(row.copy(), 0 * equations, 5.0, 12.0)  # too large
    assert not _outlines._move(row.copy(), 0 * equations, 10.0, 30.0)  # too slim


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_choosing_ellipses_equals_the_oracle(picture, threshold, rng):
    _, mask, points = picture
    true = [(18, 16, 13, 9, 0.5), (40, 14, 9.5, 7.5, 2.0), (40, 14, 6.5, 4.5, 2.0)]
    rows = [np.add(one, rng.normal(0, s, 5)) for one in true for s in (0.02, 0.1, 0.3, 0.6)]
    rows = np.array([naive.from_axes(*row) for row in rows])
    sides, order = rng.integers(-1, 2, len(rows)), rng.permutation(len(rows))
    edges = (points.places, points.index, np.zeros(mask.sum(), np.int32))
    chosen, votes = np.empty(len(rows), np.int64), np.empty((len(rows), 4))
    step, least = np.array([1.0, 1.0]), math.cos(math.radians(25))
    count = _outlines._choose(
        rows, sides, order, edges, threshold, step, least, chosen, votes, np.empty((5, 6))
    )
    by_pixel = {(c, r): points.places[:, points.index[r, c]] for r, c in np.argwhere(mask)}
    wanted = naive.choose(rows, sides, order, by_pixel, mask.shape, threshold, *step, least)
    assert 1 <= len(wanted) < len(rows)
    assert chosen[:count].tolist() == [i for i, _ in wanted]
    np.testing.assert_allclose(votes[:count, 0], [v for _, v in wanted], rtol=1e-9)


def test_equations_are_solved(rng):
    matrix = rng.normal(0, 1, (9, 5))
    matrix = matrix.T @ matrix
    right = rng.normal(0, 1, 5)
    equations = np.column_stack([np.tril(matrix), right])
    _outlines._complete(equations, 0.01)
    _linear.solve(equations)
    wanted = np.linalg.solve(matrix + 0.01 * np.diag(np.diag(matrix)), right)
    np.testing.assert_allclose(equations[:, 5], wanted, rtol=1e-6)
