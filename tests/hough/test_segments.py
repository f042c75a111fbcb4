import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from classicvision.hough.segments import hough_segments
from tests.naive import segments as naive

DEGREE = math.pi / 180


def as_rows(segments):
    points = map(tuple, segments.points.astype(int).tolist())
    return list(zip(points, segments.votes.tolist(), strict=True))


def opencv_segments(edges, rho, theta, threshold, min_length, max_gap):
    """OpenCV's segments in its order; (n, 1, 4) before OpenCV 5, (n, 4) since."""
    found = cv2.HoughLinesP(
        edges, rho, theta, threshold, minLineLength=min_length, maxLineGap=max_gap
    )
    return np.zeros((0, 4)) if found is None else np.asarray(found).reshape(-1, 4)


@pytest.fixture
def small_edges(rng):
    edges = rng.random((23, 31)) < 0.08
    edges[7, 3:28] = True
    edges[np.arange(23), np.arange(23) + 4] = True
    return edges


# By hand


@pytest.mark.lane
def test_segments_worked_out_by_hand():
    edges = np.zeros((30, 40), bool)
    edges[12, 5:35] = True
    edges[15:28, 3] = True
    found = hough_segments(edges, threshold=8, min_length=10)
    ends = {tuple(sorted([(x1, y1), (x2, y2)])) for (x1, y1, x2, y2), _ in as_rows(found)}
    assert ends == {((5, 12), (34, 12)), ((3, 15), (3, 27))}
    assert found.votes.tolist() == [8, 8]


@pytest.mark.lane
@pytest.mark.parametrize("gap", [3, 4, 5])
def test_gaps_are_bridged_up_to_max_gap(gap):
    edges = np.zeros((9, 40), bool)
    edges[4] = True
    edges[4, 18:22] = False
    found = hough_segments(edges, threshold=5, min_length=10, max_gap=gap)
    lengths = np.abs(found.points[:, 2] - found.points[:, 0]) + 1
    assert lengths.max() == (18 if gap < 4 else 40)


@pytest.mark.lane
def test_min_length_is_the_longer_of_both_extents():
    edges = np.eye(15, dtype=bool)
    assert len(hough_segments(edges, threshold=5, min_length=14)) == 1
    assert len(hough_segments(edges, threshold=5, min_length=14.5)) == 1  # rounds to even: 14
    assert len(hough_segments(edges, threshold=5, min_length=15)) == 0


@pytest.mark.lane
def test_votes_reach_the_threshold(small_edges):
    found = hough_segments(small_edges, threshold=6.5, max_gap=2)
    assert len(found) > 1
    assert found.votes.min() >= 7


@pytest.mark.lane
def test_max_lines_stops_early(small_edges):
    everything = hough_segments(small_edges, threshold=4, max_gap=2)
    assert hough_segments(small_edges, threshold=4, max_gap=2, max_lines=3) == everything[:3]


# The oracle and OpenCV


@pytest.mark.lane
@pytest.mark.parametrize("rho", [0.5, 1, 2.5])
@pytest.mark.parametrize("theta", [DEGREE, 0.1])
@pytest.mark.parametrize("limits", [(3, 0, 0), (6, 5, 3)])
def test_segments_equal_the_oracle(small_edges, rho, theta, limits):
    threshold, min_length, max_gap = limits
    found = hough_segments(
        small_edges,
        rho=rho,
        theta=theta,
        threshold=threshold,
        min_length=min_length,
        max_gap=max_gap,
    )
    assert as_rows(found) == naive.segments(small_edges, rho, theta, *limits)


@pytest.mark.lane
@given(
    edges=arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)),
    rho=st.sampled_from([0.5, 1, 1.4]),
    theta=st.sampled_from([0.05, 0.5, 1.7]),
    limits=st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)),
)
def test_small_images_equal_the_oracle(edges, rho, theta, limits):
    threshold, min_length, max_gap = limits
    found = hough_segments(
        edges, rho=rho, theta=theta, threshold=threshold, min_length=min_length, max_gap=max_gap
    )
    assert as_rows(found) == naive.segments(edges, rho, theta, *limits)


def test_more_votes_than_16_bits_hold():
    edges = np.ones((1, 40000), np.uint8)
    found = hough_segments(edges, theta=math.pi / 8, threshold=39000)
    assert found.votes.tolist() == [39000]
    expected = opencv_segments(edges, 1, math.pi / 8, 39000, 0, 0)
    assert found.points.tolist() == expected.tolist() == [[0, 0, 39999, 0]]


@pytest.mark.parametrize(
    ("rho", "theta", "threshold", "min_length", "max_gap"),
    [
        (1, DEGREE, 50, 30, 5),
        (1, DEGREE, 100, 0, 0),
        (0.5, DEGREE / 2, 20, 20.5, 2),
        (2, 0.013, 40, 10, 10.5),
        (1.37, 0.07, 25, 15, 3),
    ],
)
def test_photographs_equal_opencv(photographs, rho, theta, threshold, min_length, max_gap):
    total = 0
    for name, image in photographs.items():
        edges = cv2.Canny(image, 100, 200)
        found = hough_segments(
            edges,
            rho=rho,
            theta=theta,
            threshold=threshold,
            min_length=min_length,
            max_gap=max_gap,
        )
        expected = opencv_segments(edges, rho, theta, threshold, min_length, max_gap)
        assert np.array_equal(found.points, expected), name
        total += len(expected)
    assert total > 100


@pytest.mark.parametrize("density", [0.5, 1])
def test_crowded_images_equal_opencv(rng, density):
    edges = (rng.random((300, 400)) < density).astype(np.uint8)
    for theta in (DEGREE, 0.0237, 0.0331):
        found = hough_segments(edges, theta=theta, threshold=30, max_gap=1)
        assert np.array_equal(found.points, opencv_segments(edges, 1, theta, 30, 0, 1))


def test_data_pictures_equal_opencv(data_folder):
    for path in sorted((data_folder / "opencv_samples").glob("*[0-9].jpg")):
        edges = cv2.Canny(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), 60, 160)
        found = hough_segments(edges, threshold=40, min_length=25, max_gap=4)
        expected = opencv_segments(edges, 1, DEGREE, 40, 25, 4)
        assert np.array_equal(found.points, expected), path.name


# The random order


@pytest.mark.lane
def test_a_seed_gives_the_same_segments_each_time(small_edges):
    def find(random_state):
        return hough_segments(small_edges, threshold=5, max_gap=1, random_state=random_state)

    for make in (int, np.random.default_rng, np.random.RandomState):
        assert find(make(7)) == find(make(7))
    assert find(np.int64(7)) == find(7)
    results = [find(seed) for seed in range(6)]
    assert any(result != results[0] for result in results)
    assert all(len(result) for result in results)


@pytest.mark.lane
def test_seeded_segments_equal_the_oracle(small_edges):
    state = int(np.random.default_rng(3).integers(1, 2**64 - 1, dtype=np.uint64))
    found = hough_segments(small_edges, threshold=5, max_gap=1, random_state=3)
    assert as_rows(found) == naive.segments(small_edges, 1, DEGREE, 5, 0, 1, state=state)


# Inputs of every kind


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, ">i2", "f4", ">f8"])
def test_any_dtype_and_layout(small_edges, dtype):
    expected = hough_segments(small_edges, threshold=5, max_gap=1)
    edges = np.where(small_edges, 3, 0).astype(dtype)
    read_only = edges.copy()
    read_only.flags.writeable = False
    spread = np.zeros((46, 93), dtype)[::2, ::3]
    spread[:] = edges
    for variant in (edges, read_only, np.asfortranarray(edges), spread):
        before = variant.copy()
        assert hough_segments(variant, threshold=5, max_gap=1) == expected
        assert np.array_equal(variant, before)


@pytest.mark.lane
def test_colour_is_taken_in_luminance(small_edges):
    edges = small_edges.astype(np.uint8)[..., None] * np.array([255, 0, 0], np.uint8)
    assert hough_segments(edges, threshold=5) == hough_segments(small_edges, threshold=5)


@pytest.mark.lane
def test_nothing_to_find():
    found = hough_segments(np.zeros((5, 7), np.uint8), threshold=1)
    assert found.points.shape == (0, 4)
    assert found.votes.shape == (0,)
    full = np.ones((9, 9), bool)
    assert len(hough_segments(full, threshold=10**30)) == 0
    assert len(hough_segments(full, threshold=1, rho=1000)) == 0
    assert len(hough_segments(full, threshold=1, min_length=math.inf)) == 0
    assert len(hough_segments(full, threshold=1, max_gap=math.inf)) > 0


@pytest.mark.lane
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1)])
def test_thin_images(shape):
    edges = np.ones(shape, bool)
    for rho in (0.5, 1, 3, 7):
        for theta in (0.3, 4):
            found = hough_segments(edges, rho=rho, theta=theta, threshold=1)
            assert as_rows(found) == naive.segments(edges, rho, theta, 1)
    assert len(hough_segments(edges, rho=1000, threshold=1)) == 0  # the table has no cell


# Errors


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rho": 0}, "rho must be greater than 0, got 0.0"),
        ({"theta": math.inf}, "theta must be between 1e-30 and 1e30, got inf"),
        (
            {"theta": 1e-20},
            "rho=1 and theta=1e-20 take an accumulator of 4.56e+13 GiB, more than 2; "
            "make rho or theta larger",
        ),
        ({"threshold": -1}, "threshold must be at least 0, got -1.0"),
        ({"min_length": math.nan}, "min_length must be a number, got nan"),
        ({"max_gap": -0.1}, "max_gap must be at least 0, got -0.1"),
        ({"max_lines": 0}, "max_lines must be at least 1, got 0"),
        ({"random_state": -3}, "random_state must be at least 0, got -3"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is compared below
        hough_segments(np.zeros((8, 10), bool), **{"threshold": 1, **options})
    assert str(error.value) == message


@pytest.mark.lane
def test_bad_types():
    with pytest.raises(TypeError, match="random_state must be None, an integer, a numpy"):
        hough_segments(np.zeros((3, 3)), threshold=1, random_state="seed")
    with pytest.raises(ValueError, match="edges has no pixels"):
        hough_segments(np.zeros((0, 5), bool), threshold=1)
    with pytest.raises(ValueError, match="edges has NaN or infinite values"):
        hough_segments(np.full((3, 3), np.nan), threshold=1)
