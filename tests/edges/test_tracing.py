"""Traced edges: by hand, against paths in a graph of pixels, and on real photographs."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import classicvision as cv
from classicvision.edges.canny import canny
from classicvision.edges.tracing import trace_edges
from tests.naive import tracing as naive

STRAIGHT = math.pi


def picture(*rows):
    return np.array([[mark != "." for mark in row] for row in rows])


def listed(curves):
    return [[tuple(point) for point in curve.tolist()] for curve in curves]


def pixels_of(edges):
    return [(int(x), int(y)) for y, x in zip(*np.nonzero(edges), strict=True)]


def courses(paths):
    return sorted(naive.same_course(tuple(path)) for path in paths)


@pytest.mark.lane
def test_an_edge_that_climbs_in_steps_is_one_curve():
    edges = picture(
        "##...",
        ".##..",
        "..#..",
        "...##",
    )
    course = [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 3), (4, 3)]
    assert listed(trace_edges(edges)) == [course]
    assert listed(trace_edges(edges[:, ::-1])) == [[(4 - x, y) for x, y in course]]
    assert listed(trace_edges(edges[::-1])) == [[(x, 3 - y) for x, y in course[::-1]]]


@pytest.mark.lane
def test_a_loop_starts_at_the_top_and_goes_clockwise():
    edges = picture(
        "..#..",
        ".#.#.",
        "#...#",
        ".#.#.",
        "..#..",
    )
    [loop] = listed(trace_edges(edges))
    clockwise = [(2, 0), (3, 1), (4, 2), (3, 3), (2, 4), (1, 3), (0, 2), (1, 1), (2, 0)]
    assert loop == clockwise


@pytest.mark.lane
def test_curves_meet_at_a_junction():
    edges = picture(
        "#...#",
        ".#.#.",
        "..#..",
        "..#..",
    )
    assert listed(trace_edges(edges)) == [
        [(0, 0), (1, 1), (2, 2)],
        [(4, 0), (3, 1), (2, 2)],
        [(2, 2), (2, 3)],
    ]


@pytest.mark.lane
def test_a_loop_at_a_junction_starts_and_ends_there():
    edges = picture(
        "...#.",
        "###.#",
        "...#.",
    )
    tail, loop = sorted(listed(trace_edges(edges)), key=len)
    assert tail == [(0, 1), (1, 1), (2, 1)]
    assert loop[0] == loop[-1] == (2, 1)
    assert sorted(loop[1:-1]) == [(3, 0), (3, 2), (4, 1)]


@pytest.mark.lane
def test_single_pixels_and_nothing():
    assert trace_edges(np.zeros((4, 5), bool)) == []
    assert listed(trace_edges(np.ones((1, 1), bool))) == [[(0, 0)]]
    assert listed(trace_edges(picture("#.#"))) == [[(0, 0)], [(2, 0)]]
    assert trace_edges(picture("#.#"), min_length=2) == []


@pytest.mark.lane
def test_a_solid_block_is_all_junctions_inside():
    found = trace_edges(np.ones((4, 4), bool))
    corners = [(0, 0), (3, 0), (0, 3), (3, 3)]
    assert [[p for p in curve if p in corners] for curve in listed(found)] == [[p] for p in corners]


@pytest.mark.lane
def test_spurs_go_before_junctions_are_found():
    edges = np.zeros((9, 30), bool)
    edges[5] = True
    edges[3:5, 12] = True
    assert len(trace_edges(edges)) == 3
    [line] = trace_edges(edges, min_length=5)
    assert line.tolist() == [[x, 5] for x in range(30)]
    edges[0:5, 12] = True  # now it is as long as a curve has to be, junction included
    assert len(trace_edges(edges, min_length=6)) == 3
    assert len(trace_edges(edges, min_length=7)) == 1


@pytest.mark.lane
def test_a_right_angle_is_a_corner():
    edges = np.zeros((20, 20), bool)
    edges[3, 2:15] = True
    edges[3:18, 14] = True
    level, upright = trace_edges(edges, max_turn=math.radians(80))
    assert level.tolist() == [[x, 3] for x in range(2, 15)]
    assert upright.tolist() == [[14, y] for y in range(4, 18)]
    assert len(trace_edges(edges, max_turn=math.radians(91))) == 1
    assert len(trace_edges(edges, reach=12)) == 2
    assert len(trace_edges(edges, reach=14)) == 1  # no pixel is so far from both ends


@pytest.mark.lane
def test_a_rectangle_has_four_sides_and_no_loop():
    edges = np.zeros((30, 40), bool)
    edges[5, 5:35] = edges[25, 5:35] = True
    edges[5:26, 5] = edges[5:26, 34] = True
    sides = trace_edges(edges)
    assert sorted(map(len, sides)) == [20, 20, 29, 29]
    assert sum(map(len, sides)) == edges.sum()
    corners = {(34, 5), (34, 25), (5, 25), (5, 5)}
    assert {tuple(side[-1].tolist()) for side in sides} == corners
    [loop] = trace_edges(edges, max_turn=STRAIGHT)
    assert loop[0].tolist() == loop[-1].tolist() == [5, 5]
    assert loop[1].tolist() == [6, 5]


@pytest.mark.lane
@pytest.mark.parametrize("radius", [8, 15, 30])
def test_a_circle_has_no_corner(radius):
    from skimage.draw import circle_perimeter

    edges = np.zeros((70, 70), bool)
    edges[circle_perimeter(35, 35, radius)] = True
    [loop] = trace_edges(edges)
    assert loop[0].tolist() == loop[-1].tolist()
    assert len(loop) == edges.sum() + 1


def check_against_the_oracle(edges, min_length):
    found = trace_edges(edges, min_length=min_length, max_turn=STRAIGHT)
    wanted = naive.curves(pixels_of(edges), min_length)
    assert courses(listed(found)) == courses(wanted)
    graph = naive.pixel_graph(pixels_of(edges))
    if min_length == 1:
        inner = [p for path in listed(found) for p in dict.fromkeys(path) if len(graph[p]) <= 2]
        assert sorted(inner) == sorted(p for p in graph if len(graph[p]) <= 2)
    for path in listed(found):
        assert all(q in graph[p] for p, q in pairwise(path))
        assert path[0] <= path[-1] or path[0][::-1] <= path[-1][::-1]


@pytest.mark.lane
def test_random_maps_equal_the_oracle(rng):
    for shape in [(1, 1), (1, 8), (8, 1), (2, 2), (9, 7), (12, 12)]:
        for density in (0.1, 0.3, 0.6, 0.9):
            edges = rng.random(shape) < density
            for min_length in (1, 2, 4):
                check_against_the_oracle(edges, min_length)


@given(st.integers(1, 64), st.integers(1, 64), st.floats(0, 1), st.integers(1, 9), st.integers())
def test_any_map_equals_the_oracle(rows, columns, density, min_length, seed):
    edges = np.random.default_rng(abs(seed)).random((rows, columns)) < density
    check_against_the_oracle(edges, min_length)


@pytest.mark.parametrize("name", ["camera", "coffee", "astronaut"])
def test_photographs_equal_the_oracle(name, photographs):
    edges = canny(photographs[name][:200, :250], 60, 140, sigma=1)
    assert edges.sum() > 500
    for min_length in (1, 5):
        check_against_the_oracle(edges, min_length)


@pytest.mark.parametrize("max_turn", [0.5, 0.8, math.pi / 3, 1.5])
@pytest.mark.parametrize("reach", [1, 3, 5, 8])
def test_corners_equal_the_oracle(max_turn, reach, photographs):
    edges = canny(photographs["camera"], 60, 140, sigma=1)
    whole = listed(trace_edges(edges, max_turn=STRAIGHT))
    wanted, loops = [], 0
    for path in whole:
        graph_closed = len(path) > 1 and path[0] == path[-1]
        loops += graph_closed
        wanted += [] if graph_closed else naive.split_at_corners(path, max_turn, reach)
    found = listed(trace_edges(edges, max_turn=max_turn, reach=reach))
    assert {tuple(path) for path in wanted} <= {tuple(path) for path in found}
    assert len(wanted) > len(whole) - loops


def test_all_samples(data_folder):
    for path in sorted((data_folder / "opencv_samples").glob("*.[jp][pn]g")):
        gray = cv.read_image(path, gray=True)[:300, :300]
        edges = canny(gray, 80, 160)
        found = trace_edges(edges, min_length=10)
        assert all(len(curve) >= 10 for curve in found)
        on_curves = np.zeros_like(edges)
        for curve in found:
            on_curves[curve[:, 1], curve[:, 0]] = True
            assert np.abs(np.diff(curve, axis=0)).max() == 1
        assert not (on_curves & ~edges).any()
        everything = trace_edges(edges)
        assert sum(map(len, everything)) >= edges.sum() * 0.9


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_every_dtype_and_layout(dtype, rng):
    edges = rng.random((12, 14)) < 0.4
    wanted = listed(trace_edges(edges))
    image = edges.astype(dtype) * dtype(3)
    before = image.copy()
    big_endian = image.astype(np.dtype(dtype).newbyteorder(">"))
    spread = np.zeros((24, 42), dtype)[::2, ::3]
    spread[:] = image
    fixed = image.copy()
    fixed.flags.writeable = False
    for same in (image, big_endian, np.asfortranarray(image), spread, fixed):
        found = trace_edges(same)
        assert listed(found) == wanted
        assert all(curve.dtype == np.int32 for curve in found)
    assert listed(trace_edges(np.dstack([image] * 3))) == wanted
    np.testing.assert_array_equal(image, before)


def test_several_threads(photographs):
    edges = [canny(photographs[name], 50, 100) for name in ("camera", "coffee")] * 4
    alone = [listed(trace_edges(part)) for part in edges]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda part: listed(trace_edges(part)), edges)) == alone


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_length": 0}, ValueError, "min_length must be at least 1, got 0"),
        ({"min_length": 1.5}, TypeError, "min_length must be an integer, got 1.5"),
        ({"max_turn": -1}, ValueError, "max_turn must be at least 0, got -1.0"),
        ({"reach": 0}, ValueError, "reach must be at least 1, got 0"),
        ({"reach": 2000}, ValueError, "reach must be at most 1000, got 2000"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as raised:
        trace_edges(np.zeros((3, 3), bool), **options)
    assert str(raised.value) == message


@pytest.mark.lane
def test_wrong_images():
    with pytest.raises(TypeError, match="edges must have shape"):
        trace_edges(np.zeros(5, bool))
    with pytest.raises(ValueError, match="edges has no pixels"):
        trace_edges(np.zeros((0, 5), bool))
