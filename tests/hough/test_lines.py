import itertools
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from classicvision.hough.lines import hough_lines
from classicvision.hough.suppression import suppress_lines
from classicvision.results import Lines
from tests.naive import lines as naive

DEGREE = math.pi / 180


def as_rows(lines):
    return list(zip(lines.rho.tolist(), lines.theta.tolist(), lines.votes.tolist(), strict=True))


def opencv_lines(edges, rho, theta, threshold, min_theta=0.0, max_theta=math.pi):
    """OpenCV's lines with their votes, in our order."""
    found = cv2.HoughLinesWithAccumulator(
        edges.astype(np.uint8), rho, theta, threshold, min_theta=min_theta, max_theta=max_theta
    )
    rows = [] if found is None else np.asarray(found).reshape(-1, 3).tolist()
    return sorted(((r, t, int(v)) for r, t, v in rows), key=lambda row: (-row[2], row[0], row[1]))


@pytest.fixture
def small_edges(rng):
    edges = rng.random((23, 31)) < 0.05
    edges[7, 3:28] = True
    edges[np.arange(23), np.arange(23) + 4] = True
    return edges


# By hand


@pytest.mark.lane
def test_lines_worked_out_by_hand():
    edges = np.zeros((30, 40), bool)
    edges[12, 8:35] = True  # y = 12
    edges[2:28, 33] = True  # x = 33
    for i in range(20):
        edges[i, 19 - i] = True  # x + y = 19
    lines = hough_lines(edges, threshold=19)
    strongest = {(round(r), round(t / DEGREE)): v for r, t, v in as_rows(lines)}
    assert strongest[12, 90] == 28
    assert strongest[33, 0] == 26
    assert max(v for (_, t), v in strongest.items() if t == 45) == 20


@pytest.mark.lane
def test_a_line_has_more_votes_than_the_threshold():
    edges = np.zeros((20, 60), bool)
    edges[9, :] = True
    expected = [(9.0, float(np.float32(DEGREE) * np.float32(90)), 60)]
    assert as_rows(hough_lines(edges, threshold=59)) == expected
    assert as_rows(hough_lines(edges, threshold=59.9)) == expected
    assert len(hough_lines(edges, threshold=60)) == 0


@pytest.mark.lane
def test_order_is_by_votes_then_rho_then_theta(small_edges):
    rows = as_rows(hough_lines(small_edges, threshold=2))
    assert len(rows) > 20
    assert rows == sorted(rows, key=lambda row: (-row[2], row[0], row[1]))


@pytest.mark.lane
def test_max_lines_keeps_the_strongest(small_edges):
    everything = hough_lines(small_edges, threshold=3)
    assert hough_lines(small_edges, threshold=3, max_lines=4) == everything[:4]


@pytest.mark.lane
def test_every_angle_counts_every_pixel_once(small_edges):
    _, accumulator = hough_lines(small_edges, threshold=0, return_accumulator=True)
    assert accumulator.votes.shape == (180, 2 * (23 + 31) + 1)
    assert (accumulator.votes.sum(axis=1) == small_edges.sum()).all()
    assert accumulator.rho[[0, 54, -1]].tolist() == [-54, 0, 54]
    assert accumulator.theta[90] == np.float32(90) * np.float32(DEGREE)
    row, column = np.unravel_index(accumulator.votes.argmax(), accumulator.votes.shape)
    best = hough_lines(small_edges, threshold=0)[0]
    assert best.votes[0] == accumulator.votes[row, column]


@pytest.mark.lane
def test_more_than_4096_peaks(rng):
    edges = rng.random((40, 40)) < 0.4
    options = {"rho": 0.25, "theta": DEGREE / 4, "threshold": 0}
    lines, accumulator = hough_lines(edges, **options, return_accumulator=True)
    assert len(lines) > 4096
    assert lines.votes.max() == accumulator.votes.max()


@pytest.mark.lane
def test_one_direction_only():
    edges = np.zeros((12, 15), bool)
    edges[4] = True
    lines = hough_lines(edges, threshold=10, min_theta=math.pi / 2, max_theta=math.pi / 2)
    assert as_rows(lines) == [(4.0, float(np.float32(math.pi / 2)), 15)]


@pytest.mark.lane
def test_weights_are_added_instead_of_ones(small_edges, rng):
    weights = rng.integers(0, 50, small_edges.shape).astype(np.float32)
    _, accumulator = hough_lines(small_edges, threshold=0, weights=weights, return_accumulator=True)
    assert (accumulator.votes.sum(axis=1) == weights[small_edges].sum()).all()
    _, of_ones = hough_lines(
        small_edges, threshold=0, weights=np.ones(small_edges.shape), return_accumulator=True
    )
    _, plain = hough_lines(small_edges, threshold=0, return_accumulator=True)
    np.testing.assert_array_equal(of_ones.votes, plain.votes)


@pytest.mark.lane
def test_the_heavier_of_two_lines_wins():
    edges = np.zeros((30, 40), np.uint8)
    edges[10], edges[20, 10:30] = 1, 3  # 40 light pixels, 20 heavy ones
    assert hough_lines(edges, threshold=25)[0].rho == 10
    assert hough_lines(edges, threshold=25, weights=edges)[0].rho == 20


def test_weights_equal_opencvs(rng):
    edges = rng.integers(0, 256, (40, 50), np.uint8) * (rng.random((40, 50)) < 0.2)
    try:
        found = cv2.HoughLines(edges, 1, DEGREE, 800, use_edgeval=True)
    except cv2.error:
        pytest.skip("this OpenCV has no use_edgeval")
    lines = hough_lines(edges, threshold=800, weights=edges)
    rows = {(rho, theta) for rho, theta, _ in as_rows(lines)}
    assert rows == {tuple(row) for row in np.asarray(found).reshape(-1, 2).tolist()}
    assert len(rows) > 10


def test_refined_lines_are_nearer_to_the_truth(rng):
    apart = {False: [], True: []}
    for _ in range(60):
        theta, rho = rng.uniform(0.1, math.pi - 0.1), rng.uniform(-40, 40)
        y, x = np.mgrid[:200, :200] - 100.0
        edges = np.abs(x * math.cos(theta) + y * math.sin(theta) - rho) < 0.6
        for refine, errors in apart.items():
            found = hough_lines(edges, threshold=20, max_lines=1, refine=refine)
            middle = 100 * (np.cos(found.theta[0]) + np.sin(found.theta[0]))
            errors.append([abs(found.rho[0] - middle - rho), abs(found.theta[0] - theta)])
    coarse, fine = (np.median(apart[refine], axis=0) for refine in (False, True))
    assert (fine < 0.7 * coarse).all()


def test_refinement_goes_round_half_a_turn():
    # The middle of the band x cos + y sin = rho is exact for every theta, also around 0.
    y, x = np.mgrid[:200, :200] - 100.0
    for theta in np.radians([-0.45, -0.2, 0, 0.3, 179.8, 90.4]):
        for rho in (-30, 25):
            across = x * math.cos(theta) + y * math.sin(theta)
            edges = np.abs(across - rho) < 1.5
            found = hough_lines(edges, threshold=20, max_lines=1, refine=True)
            turn = (found.theta[0] - theta + math.pi / 2) % math.pi - math.pi / 2
            assert abs(turn) < 0.3 * DEGREE
            sign = 1 if math.cos(found.theta[0] - theta) > 0 else -1
            middle = 100 * (math.cos(found.theta[0]) + math.sin(found.theta[0]))
            assert found.rho[0] - middle == pytest.approx(sign * rho, abs=0.5)


@pytest.mark.lane
def test_refinement_stays_near_the_peak(small_edges):
    plain = hough_lines(small_edges, threshold=3)
    refined = hough_lines(small_edges, threshold=3, refine=True)
    assert np.array_equal(plain.votes, refined.votes)
    for rho, theta, votes in as_rows(refined):
        near = (np.abs(plain.rho - rho) < 2) & (np.abs(plain.theta - theta) < 2 * DEGREE)
        assert votes in plain.votes[near]
    assert (plain.rho != refined.rho).any()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((3, 4)), r"weights must have the edges' shape, \(5, 6\), got \(3, 4\)"),
        (np.full((5, 6), -1), "weights must be of dtype"),
        (np.full((5, 6), -1.0), "weights must not be negative, got -1"),
        (np.full((5, 6), 1e9), "weights must sum to less than 2\\^31"),
        (np.full((5, 6), np.nan), "weights has NaN"),
    ],
)
def test_bad_weights(weights, message):
    with pytest.raises((TypeError, ValueError), match=message):
        hough_lines(np.ones((5, 6), bool), threshold=1, weights=weights)


# The oracle and OpenCV


@pytest.mark.lane
@pytest.mark.parametrize("rho", [0.5, 1, 2.5])
@pytest.mark.parametrize("theta", [3 * DEGREE, 0.1, 2.0])
def test_accumulator_and_lines_equal_the_oracle(small_edges, rho, theta):
    lines, accumulator = hough_lines(
        small_edges, rho=rho, theta=theta, threshold=3, return_accumulator=True
    )
    votes = naive.accumulator(small_edges, rho, theta)
    assert np.array_equal(accumulator.votes, votes[1:-1, 1:-1])
    assert as_rows(lines) == naive.lines(small_edges, rho, theta, 3)


@pytest.mark.lane
@given(
    edges=arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)),
    rho=st.sampled_from([0.5, 1, 3, 7.3]),
    theta=st.sampled_from([0.2, 0.5, 1.7]),
    angles=st.sampled_from([(0, math.pi), (-1.0, 1.5), (0.3, 0.3), (-4, 4)]),
    threshold=st.integers(0, 4),
)
def test_small_images_equal_the_oracle(edges, rho, theta, angles, threshold):
    lines = hough_lines(
        edges, rho=rho, theta=theta, threshold=threshold, min_theta=angles[0], max_theta=angles[1]
    )
    assert as_rows(lines) == naive.lines(edges, rho, theta, threshold, *angles)


@pytest.mark.parametrize(
    ("rho", "theta", "threshold", "angles"),
    [
        (1, DEGREE, 60, (0, math.pi)),
        (0.5, DEGREE / 2, 40, (0, math.pi)),
        (2, 0.013, 50, (0.3, 2.5)),
        (1.37, 0.021, 30, (-1.2, 1.7)),
    ],
)
def test_photographs_equal_opencv(photographs, rho, theta, threshold, angles):
    vertical = np.zeros((50, 60), bool)
    vertical[:, 20] = True
    # OpenCV 4.8 puts the lines there where the number of distances is even.
    half_a_step_lower = opencv_lines(vertical, 0.5, DEGREE, 49)[0][0] == 19.75
    for name, image in photographs.items():
        edges = cv2.Canny(image, 100, 200)
        lines = hough_lines(
            edges,
            rho=rho,
            theta=theta,
            threshold=threshold,
            min_theta=angles[0],
            max_theta=angles[1],
        )
        expected = opencv_lines(edges, rho, theta, threshold, *angles)
        assert len(expected) > 5, name
        if rho != 1 and half_a_step_lower:
            found, expected = np.array(as_rows(lines)), np.array(expected)
            np.testing.assert_array_equal(found[:, 1:], expected[:, 1:], err_msg=name)
            np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=0, atol=0.51 * rho)
        else:
            assert as_rows(lines) == expected, name


def test_the_same_lines_as_cv2_houghlines(photographs):
    edges = cv2.Canny(photographs["camera"], 100, 200)
    lines = hough_lines(edges, threshold=100)
    expected = np.asarray(cv2.HoughLines(edges, 1, DEGREE, 100)).reshape(-1, 2)
    assert set(map(tuple, expected.tolist())) == {row[:2] for row in as_rows(lines)}


def test_data_pictures_equal_opencv(data_folder):
    for path in sorted((data_folder / "opencv_samples").glob("*[0-9].jpg")):
        edges = cv2.Canny(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), 60, 160)
        lines = hough_lines(edges, threshold=70)
        assert as_rows(lines) == opencv_lines(edges, 1, DEGREE, 70), path.name


# Inputs of every kind


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, ">i2", "f4", ">f8"])
def test_any_dtype_and_layout(small_edges, dtype):
    expected = hough_lines(small_edges, threshold=4)
    edges = np.where(small_edges, 3, 0).astype(dtype)
    read_only = edges.copy()
    read_only.flags.writeable = False
    spread = np.zeros((46, 93), dtype)[::2, ::3]
    spread[:] = edges
    for variant in (edges, read_only, np.asfortranarray(edges), spread, edges[::-1][::-1]):
        assert hough_lines(variant, threshold=4) == expected


@pytest.mark.lane
def test_the_input_is_not_changed(small_edges):
    before = small_edges.copy()
    hough_lines(small_edges, threshold=4)
    assert np.array_equal(small_edges, before)


@pytest.mark.lane
def test_colour_is_taken_in_luminance(small_edges):
    edges = small_edges.astype(np.uint8)[..., None] * np.array([255, 0, 0], np.uint8)
    assert hough_lines(edges, threshold=4) == hough_lines(small_edges, threshold=4)


@pytest.mark.lane
def test_nothing_to_find():
    lines = hough_lines(np.zeros((5, 7), np.uint8), threshold=0)
    assert len(lines) == 0
    assert lines.rho.shape == lines.theta.shape == lines.votes.shape == (0,)
    full = np.ones((9, 9), bool)
    assert len(hough_lines(full, threshold=10**30)) == 0
    assert len(hough_lines(full, threshold=math.inf)) == 0
    assert len(hough_lines(full, threshold=0, rho=1000, refine=True)) == 0


@pytest.mark.lane
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1)])
def test_thin_images(shape):
    edges = np.ones(shape, bool)
    for rho, threshold in itertools.product([0.5, 1, 3, 7], [0, 3]):
        lines = hough_lines(edges, rho=rho, theta=0.3, threshold=threshold)
        assert as_rows(lines) == naive.lines(edges, rho, 0.3, threshold)


# Suppression


@pytest.mark.lane
def test_suppression_keeps_the_strongest_of_each_cluster(small_edges):
    everything = hough_lines(small_edges, threshold=9)
    kept = hough_lines(small_edges, threshold=9, min_distance=6, min_angle=0.3)
    assert 2 <= len(kept) < len(everything)
    assert kept == suppress_lines(everything, (23, 31), min_distance=6, min_angle=0.3)
    assert as_rows(kept)[0] == as_rows(everything)[0]
    assert kept[:1] == hough_lines(
        small_edges, threshold=9, min_distance=6, min_angle=0.3, max_lines=1
    )


@pytest.mark.lane
def test_suppression_knows_that_half_a_turn_is_the_same_line():
    lines = Lines([20, -20, 20, -20], [0.0, 3.14, 3.14, 0.01], [9, 8, 7, 6])
    kept = suppress_lines(lines, (1, 1), min_distance=2, min_angle=0.1)
    assert as_rows(kept) == [as_rows(lines)[0], as_rows(lines)[2]]


@pytest.mark.lane
def test_suppression_measures_distance_at_the_centre():
    # Both cross at the centre (100, 100); their rho differ by 25 pixels.
    theta = np.array([0.5, 0.75])
    lines = Lines(100 * (np.cos(theta) + np.sin(theta)), theta, [5, 4])
    assert abs(lines.rho[0] - lines.rho[1]) > 5
    assert len(suppress_lines(lines, (201, 201), min_distance=1, min_angle=0.3)) == 1
    assert len(suppress_lines(lines, (201, 201), min_distance=1, min_angle=0.2)) == 2


@pytest.mark.lane
def test_suppression_with_zero_keeps_everything(small_edges):
    lines = hough_lines(small_edges, threshold=4)
    assert suppress_lines(lines, (23, 31), min_distance=0, min_angle=1) == lines
    assert len(suppress_lines(lines[:0], (23, 31), min_distance=3, min_angle=1)) == 0


@pytest.mark.lane
def test_suppression_takes_lines_only():
    with pytest.raises(TypeError) as error:
        suppress_lines([[20, 0]], (23, 31), min_distance=3, min_angle=1)
    assert str(error.value) == "lines must be Lines, as hough_lines returns them, got list"
    with pytest.raises(TypeError) as error:
        suppress_lines(Lines([20], [0], [9]), 23, min_distance=3, min_angle=1)
    assert str(error.value) == "shape must be (rows, columns), as image.shape, got 23"


@pytest.mark.lane
@given(st.data())
def test_suppressed_lines_are_apart_and_the_rest_is_near(data):
    count = data.draw(st.integers(1, 15))
    column = st.lists(st.floats(-9, 9, width=32), min_size=count, max_size=count)
    rho, theta = data.draw(column), data.draw(column)
    lines = Lines(rho, theta, np.arange(count, 0, -1))
    kept = suppress_lines(lines, (1, 1), min_distance=3, min_angle=0.5)

    def near(a, b):
        for turns in range(-8, 9):
            turn = b[1] - a[1] + turns * math.pi
            apart = (b[0] if turns % 2 == 0 else -b[0]) - a[0]
            if abs(turn) < 0.5 and abs(apart) < 3:
                return True
        return False

    rows = as_rows(kept)
    assert not any(near(a, b) for a, b in itertools.combinations(rows, 2))
    for line in as_rows(lines):
        assert line in rows or any(near(a, line) for a in rows if a[2] > line[2])


# Errors


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rho": 0}, "rho must be greater than 0, got 0.0"),
        ({"theta": -1}, "theta must be greater than 0, got -1.0"),
        ({"theta": math.nan}, "theta must be a number, got nan"),
        ({"rho": math.inf}, "rho must be between 1e-30 and 1e30, got inf"),
        ({"rho": 1e-40}, "rho must be between 1e-30 and 1e30, got 1e-40"),
        (
            {"rho": 1e-4, "theta": 1e-4},
            "rho=0.0001 and theta=0.0001 take an accumulator of 43.3 GiB, more than 2; "
            "make rho or theta larger",
        ),
        ({"threshold": -1}, "threshold must be at least 0, got -1.0"),
        ({"min_theta": 2, "max_theta": 1}, "min_theta must be at most max_theta, got 2 and 1"),
        ({"max_theta": math.inf}, "max_theta must be at most 1000000.0, got inf"),
        ({"max_lines": 0}, "max_lines must be at least 1, got 0"),
        ({"min_angle": 1}, "min_distance and min_angle go together; give both or neither"),
        (
            {"min_angle": 1, "min_distance": -1},
            "min_distance must be at least 0, got -1.0",
        ),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is compared below
        hough_lines(np.zeros((8, 10), bool), **{"threshold": 1, **options})
    assert str(error.value) == message


@pytest.mark.lane
def test_bad_images():
    with pytest.raises(ValueError, match="edges has no pixels"):
        hough_lines(np.zeros((0, 5), bool), threshold=1)
    with pytest.raises(ValueError, match="edges has NaN or infinite values"):
        hough_lines(np.full((3, 3), np.nan), threshold=1)
    with pytest.raises(TypeError, match="edges must be of dtype"):
        hough_lines(np.zeros((3, 3), complex), threshold=1)
    with pytest.raises(TypeError, match="threshold must be a number, got '7'"):
        hough_lines(np.zeros((3, 3)), threshold="7")
    with pytest.raises(TypeError, match="threshold"):
        hough_lines(np.zeros((3, 3)))
