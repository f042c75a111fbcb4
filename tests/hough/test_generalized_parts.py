"""The parts of the generalized Hough transform: R-table, votes and fits, by hand and by oracle."""

import math

import numpy as np
import pytest

from classicvision.hough import _template_fitting, _template_voting
from classicvision.hough._oriented_edges import OrientedEdges, curve_points
from classicvision.hough.generalized import GeneralizedHough
from tests.naive import generalized as naive

WHOLE_TURN = (-math.pi, math.pi)


def random_edges(rng, rows, columns, count):
    """Edge pixels with any directions."""
    pixels = np.zeros(rows * columns, bool)
    pixels[rng.choice(rows * columns, count, replace=False)] = True
    pixels = pixels.reshape(rows, columns)
    points = np.argwhere(pixels)[:, ::-1] + rng.uniform(-0.5, 0.5, (count, 2))
    return OrientedEdges(pixels, points.astype("f4"), directions(rng, count).astype("f4"), True)


def directions(rng, count):
    angle = rng.uniform(0, 2 * math.pi, count)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def random_contour(rng, radius, count):
    points = rng.uniform(-radius, radius, (count, 2))
    return points - points.mean(axis=0), directions(rng, count)


@pytest.mark.lane
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("radius", "rotation", "scales"),
    [(8, (0.0, 0.0), (1.0, 1.0)), (8, (3.0, 3.3), (1.0, 1.2)), (30, (-0.5, 0.1), (0.9, 1.1))],
)
def test_votes_equal_the_oracle(signed, radius, rotation, scales, rng):
    edges = random_edges(rng, 17, 23, 60)
    contour, normals = random_contour(rng, radius, 40)
    size = _template_fitting.mean_radius(contour)
    grid = _template_voting.make_grid((17, 23), size, signed, rotation, scales)
    assert grid.cell == (1 if radius < 20 else 2)
    wanted = naive.votes(edges, contour, normals, grid)
    groups = list(_template_voting.count_votes(edges, contour, normals, grid))
    best = np.zeros((grid.rows, grid.columns), int)
    plane = np.zeros_like(best)
    for votes, own, first in groups:
        plane = np.where(votes > best, own.astype(int) + first, plane)
        best = np.maximum(votes, best)
    assert len(groups) == -(-len(grid.turns) // 6)
    for (r, c), (count, (a, j)) in wanted.items():
        assert (best[r, c], plane[r, c]) == (count, a * len(grid.scales) + j)


@pytest.mark.lane
@pytest.mark.parametrize("signed", [False, True])
def test_one_step_of_the_fit_equals_the_oracle(signed, rng):
    edges = random_edges(rng, 30, 30, 250)
    contour, normals = random_contour(rng, 9, 20)
    for free in ((1, 1), (0, 1), (1, 0)):
        rotation = WHOLE_TURN if free[0] else (0.3, 0.3)
        scales = (0.5, 2.0) if free[1] else (1.2, 1.2)
        field = _template_fitting.EdgeField(edges, contour, normals, signed, rotation, scales)
        field._pen = pen = 0 if signed else 5
        for width in (5, 7):
            pose = (*rng.uniform(12, 18, 2), 0.3, 1.2)
            [moved], _ = field._run([pose], [width, 5], [width, 5], [0.4, 0.4], 100)
            options = (edges, contour, normals, pose, width, math.cos(0.4), signed, pen)
            np.testing.assert_allclose(moved, naive.fit_once(*options, 1e-3, free), atol=1e-6)


@pytest.mark.lane
@pytest.mark.parametrize("signed", [False, True])
def test_backing_equals_the_oracle(signed, rng):
    edges = random_edges(rng, 30, 30, 250)
    contour, normals = random_contour(rng, 12, 40)
    field = _template_fitting.EdgeField(edges, contour, normals, signed, WHOLE_TURN, (0.5, 2))
    field._pen = pen = 0 if signed else 5
    poses = np.column_stack([rng.uniform(-5, 35, (12, 2)), rng.uniform(-4, 4, 12), np.ones(12)])
    found = field.backing(poses)
    assert 0 < found.mean() < 1
    for part, pose in zip(found, poses, strict=True):
        assert part == naive.backing(edges, contour, normals, pose, pen, signed)


@pytest.mark.lane
def test_the_r_table_of_a_rectangle():
    sides = GeneralizedHough.from_contour([(10, 10), (30, 10), (30, 18), (10, 18)])
    table = sides.r_table()
    assert len(table) == 36
    assert [number for number, entries in enumerate(table) if len(entries)] == [0, 18]
    upright, level = table[0], table[18]  # by the direction across
    assert sorted(upright[:, 0].tolist()) == [-10] * 8 + [10] * 8
    assert sorted(level[:, 1].tolist()) == [-4] * 20 + [4] * 20
    assert sorted(upright[:, 1].tolist()) == sorted([*(np.arange(8) - 3.5)] * 2)


@pytest.mark.lane
def test_the_r_table_tells_bright_from_dark():
    picture = np.zeros((30, 30), np.uint8)
    picture[8:22, 8:22] = 200
    table = GeneralizedHough(picture, polarity="same", center=(15, 15)).r_table()
    assert len(table) == 72
    left, right = table[0], table[36]  # where it gets bright to the right, and to the left
    assert len(left) >= 8
    assert len(right) >= 8
    np.testing.assert_allclose(left[:, 0], 7.5, atol=0.3)
    np.testing.assert_allclose(right[:, 0], -6.5, atol=0.3)


@pytest.mark.lane
def test_an_open_curve_has_no_closing_side():
    corners = [(5, 5), (5, 25), (25, 25)]
    points, normals = curve_points(corners, closed=False)
    assert len(points) == len(normals) == 40
    np.testing.assert_allclose(points[:2], [[5, 5.5], [5, 6.5]])
    np.testing.assert_allclose(np.abs(normals[:20]), [[1, 0]] * 20)
    assert len(curve_points(corners, closed=True)[0]) == 68  # and 28 pixels back
    repeated = [corners[0], *corners, corners[-1]]
    np.testing.assert_array_equal(curve_points(repeated, closed=False)[0], points)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([(1, 2)], "points must have shape (n, 2), x y, with n at least 2, got (1, 2)"),
        (np.zeros((5, 3)), "points must have shape (n, 2), x y, with n at least 2, got (5, 3)"),
        ([(0, 0), (np.inf, 3)], "points must be finite"),
        ([(4, 4)] * 3, "points are all the same; give at least two that differ"),
        (
            [(0, 0), (3, 0)],
            "template must have a contour of at least 8 pixels, got 6; "
            "lower the thresholds, or leave background around the shape",
        ),
    ],
)
def test_wrong_curves(points, message):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the message is compared below
        GeneralizedHough.from_contour(points)
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize("points", [["a", "b"], [(0, 0), (1,)], [(0, 1j), (3, 4)], None])
def test_curves_of_other_things_than_numbers(points):
    with pytest.raises(TypeError) as raised:
        GeneralizedHough.from_contour(points)
    assert str(raised.value) == f"points must be numbers, shape (n, 2), got {points!r}"


@pytest.mark.lane
def test_a_center_that_is_not_finite_is_refused_at_once():
    for center in ((np.inf, 1), (0, -np.inf)):
        with pytest.raises(ValueError, match="center must be finite"):
            GeneralizedHough.from_contour([(0, 0), (20, 0), (10, 25)], center=center)
