import math

import cv2
import numpy as np
import pytest

from classicvision.hough.fitting import fit_lines
from classicvision.hough.lines import hough_lines
from classicvision.results import Lines

DEGREE = math.pi / 180


def total_least_squares(x, y):
    """The line through the mean along the first principal axis."""
    points = np.column_stack([x, y]).astype(float)
    normal = np.linalg.svd(points - points.mean(axis=0))[2][1]
    theta = math.atan2(normal[1], normal[0])
    rho = points.mean(axis=0) @ normal
    return (rho, theta) if theta >= 0 else (-rho, theta + math.pi)


def draw_line(shape, x, y):
    edges = np.zeros(shape, bool)
    edges[y, x] = True
    return edges


@pytest.mark.parametrize("slope", [-0.9, -0.05, 0, 0.03, 0.4])
@pytest.mark.parametrize("upright", [False, True])
def test_a_drawn_line_is_fitted_by_least_squares(slope, upright):
    x = np.arange(10, 110)
    y = np.round(60 + slope * (x - 60)).astype(int)
    x, y = (y, x) if upright else (x, y)
    edges = draw_line((120, 120), x, y)
    found = fit_lines(hough_lines(edges, threshold=30), edges)
    rho, theta = total_least_squares(x, y)
    assert len(found) == 1
    assert found.votes.tolist() == [100]
    # float32, and the fit ends when nothing moves by 1e-4
    assert abs(math.sin(found.theta[0] - theta)) < 2e-4
    sign = 1 if abs(found.theta[0] - theta) < 1 else -1
    assert found.rho[0] == pytest.approx(sign * rho, abs=2e-3 + 120 * 2e-4)


def test_a_bent_line_is_one_line():
    x = np.arange(20, 280)
    y = np.round(100 + 5 * ((x - 150) / 130) ** 2).astype(int)
    edges = draw_line((200, 300), x, y)
    peaks = hough_lines(edges, threshold=40)
    found = fit_lines(peaks, edges, width=5)
    assert len(peaks) > 5
    assert len(found) == 1
    assert found.theta[0] == pytest.approx(math.pi / 2, abs=0.2 * DEGREE)
    assert found.rho[0] == pytest.approx(y.mean(), abs=0.3)


def test_crossing_and_parallel_lines_stay_apart():
    edges = np.zeros((150, 150), bool)
    edges[40, 10:140] = True
    edges[60, 10:140] = True
    edges[10:140, 75] = True
    found = fit_lines(hough_lines(edges, threshold=50), edges)
    lines = {
        (round(float(r)), round(float(t) / DEGREE) % 180)
        for r, t in zip(found.rho, found.theta, strict=True)
    }
    assert {(abs(rho), angle) for rho, angle in lines} == {(40, 90), (60, 90), (75, 0)}


def test_the_longest_stretch_counts():
    edges = np.zeros((40, 200), bool)
    edges[20, 10:70] = True
    edges[20, 80:130] = True  # after a gap of 10 pixels
    lines = hough_lines(edges, threshold=90)
    assert len(fit_lines(lines, edges, min_length=60, max_gap=9)) == 1
    assert len(fit_lines(lines, edges, min_length=61, max_gap=9)) == 0
    assert len(fit_lines(lines, edges, min_length=61, max_gap=10)) == 1
    assert fit_lines(lines, edges, min_length=60, max_gap=9).votes.tolist() == [110]


def test_the_gradient_must_be_across_the_line():
    edges = np.zeros((40, 100), bool)
    edges[20] = True
    zeros, ones = np.zeros(edges.shape, np.float32), np.ones(edges.shape, np.float32)
    lines = hough_lines(edges, threshold=60)
    assert len(fit_lines(lines, edges, gradient=(zeros, ones))) == 1
    assert len(fit_lines(lines, edges, gradient=(zeros, -ones))) == 1
    assert len(fit_lines(lines, edges, gradient=(ones, zeros))) == 0
    tilted = (ones * math.sin(14 * DEGREE), ones * math.cos(14 * DEGREE))
    assert len(fit_lines(lines, edges, gradient=tilted)) == 1
    assert len(fit_lines(lines, edges, gradient=tilted, max_turn=13 * DEGREE)) == 0


def test_every_pixel_belongs_to_one_line(photographs):
    edges = cv2.Canny(photographs["rocket"], 100, 200)
    before = edges.copy()
    found = fit_lines(hough_lines(edges, threshold=60, max_lines=500), edges)
    assert len(found) > 3
    assert found.votes.sum() <= (edges > 0).sum()
    assert (np.diff(found.votes) <= 0).all()
    assert found.theta.min() >= 0
    assert found.theta.max() <= np.float32(math.pi)
    assert np.array_equal(edges, before)


def test_every_line_of_a_chessboard_is_found():
    # Squares of 30 pixels, 8 x 7, turned by 10 degrees: 7 and 6 lines inside, 4 borders.
    board = np.kron(np.indices((7, 8)).sum(axis=0) % 2, np.full((30, 30), 255)).astype(np.uint8)
    picture = np.full((400, 400), 255, np.uint8)
    picture[95:305, 80:320] = board
    turn = cv2.getRotationMatrix2D((199.5, 199.5), 10, 1)
    picture = cv2.warpAffine(picture, turn, (400, 400), borderValue=255)
    edges = cv2.Canny(picture, 100, 200)
    peaks = hough_lines(edges, rho=2, threshold=60, max_lines=1000)
    found = fit_lines(peaks, edges, min_length=100)
    upright = [([x, 94.5], [x, 304.5]) for x in np.arange(109.5, 300, 30)]
    level = [([79.5, y], [319.5, y]) for y in np.arange(124.5, 290, 30)]
    assert (len(upright), len(level)) == (7, 6)
    for ends in [*upright, *level]:
        points = np.array(ends) @ turn[:, :2].T + turn[:, 2]
        normals = np.stack([np.cos(found.theta), np.sin(found.theta)])
        assert np.abs(points @ normals - found.rho).max(axis=0).min() < 1.5
    assert len(found) <= 13 + 4


def test_nothing_to_fit():
    edges = np.zeros((9, 9), bool)
    none = Lines([], [], [])
    assert len(fit_lines(none, edges)) == 0
    assert len(fit_lines(Lines([3], [0], [5]), edges)) == 0
    assert len(fit_lines(none, np.ones((9, 9), bool))) == 0
    single = np.ones((1, 1), bool)
    assert len(fit_lines(Lines([0], [0], [1]), single, min_length=1)) == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"width": 0}, ValueError, "width must be greater than 0, got 0.0"),
        ({"min_length": 0}, ValueError, "min_length must be at least 1, got 0.0"),
        ({"max_gap": -1}, ValueError, "max_gap must be at least 0, got -1.0"),
        ({"max_turn": "x"}, TypeError, "max_turn must be a number, got 'x'"),
        (
            {"gradient": (np.zeros((5, 5)), np.zeros((5, 4)))},
            ValueError,
            "gradient must be two arrays of the edges' shape (5, 5), got (5, 4)",
        ),
        (
            {"gradient": np.zeros((5, 5))},
            TypeError,
            "gradient must be two arrays (gx, gy), as gradient(image) returns them",
        ),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error) as caught:
        fit_lines(Lines([1], [0], [1]), np.zeros((5, 5)), **options)
    assert str(caught.value) == message


def test_bad_lines():
    with pytest.raises(TypeError, match=r"^lines must be Lines, as hough_lines returns them"):
        fit_lines(None, np.zeros((5, 5)))
