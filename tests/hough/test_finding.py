"""Lines of photographs: chessboards whose lines are known, and drawings worked out by hand."""

import math

import numpy as np
import pytest

import classicvision as cv
from classicvision._opencv import opencv

BOARDS = [f"left{number:02d}.jpg" for number in (*range(1, 10), *range(11, 15))]
MOST_OTHER_LINES = 15  # borders of board and sheet, desk, monitors, whiteboard


def board_lines(gray):
    """Return (normal, distance, ends) of the lines through the inner corners of a chessboard."""
    cv2 = opencv()
    found, corners = cv2.findChessboardCorners(gray, (9, 6))
    assert found
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-3)
    corners = cv2.cornerSubPix(gray, corners, (5, 5), (-1, -1), stop)
    corners = corners.reshape(6, 9, 2).astype(float)
    for points in [*corners, *corners.swapaxes(0, 1)]:
        middle = points.mean(axis=0)
        direction, normal = np.linalg.svd(points - middle)[2]
        along = (points - middle) @ direction
        ends = middle + np.outer([along.min(), along.max()], direction)
        yield normal, ends


def matches(lines, normal, ends):
    """Which lines pass both ends within 2 pixels, at an angle below 1 degree."""
    normals = np.stack([np.cos(lines.theta), np.sin(lines.theta)], -1).astype(float)
    distances = np.abs(ends @ normals.T - lines.rho)
    angles = np.degrees(np.arccos(np.clip(np.abs(normals @ normal), 0, 1)))
    return (distances.max(axis=0) <= 2) & (angles <= 1)


@pytest.mark.parametrize("name", BOARDS)
def test_all_grid_lines_of_a_chessboard(name, data_folder):
    gray = cv.read_image(data_folder / "opencv_samples" / name, gray=True)
    lines, _ = cv.find_lines(gray)
    hits = np.array([matches(lines, normal, ends) for normal, ends in board_lines(gray)])
    assert hits.shape[0] == 15
    assert hits.any(axis=1).all()
    assert (~hits.any(axis=0)).sum() <= MOST_OTHER_LINES


def test_the_borders_of_a_rectangle():
    image = np.full((200, 300), 30, np.uint8)
    image[50:150, 80:220] = 180
    lines, segments = cv.find_lines(image)
    found = sorted(
        (round(float(t), 2), float(r)) for r, t in zip(lines.rho, lines.theta, strict=True)
    )
    upright, level = 0.0, round(math.pi / 2, 2)
    assert [theta for theta, _ in found] == [upright, upright, level, level]
    np.testing.assert_allclose([rho for _, rho in found], [79.5, 219.5, 49.5, 149.5], atol=1)
    assert len(segments) >= 4


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_other_types_give_the_same_lines(dtype):
    gray = cv.images.luminance(cv.sample_image("brick"))[:200, :200]
    expected, _ = cv.find_lines(gray)
    scaled = gray.astype(dtype) * 257 if dtype == np.uint16 else gray.astype(dtype) / 255
    np.testing.assert_array_equal(cv.find_lines(scaled.astype(dtype))[0].rho, expected.rho)
    assert len(expected) > 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 3), (40, 2)])
def test_small_and_flat_images_have_no_lines(shape):
    lines, segments = cv.find_lines(np.full(shape, 99, np.uint8))
    assert len(lines) == len(segments) == 0


def test_min_length_and_errors():
    image = np.zeros((100, 120), np.uint8)
    image[:, 60:] = 200
    assert len(cv.find_lines(image, min_length=120)[0]) == 0
    assert len(cv.find_lines(image, min_length=80)[0]) == 1
    with pytest.raises(ValueError, match="min_length must be greater than 0"):
        cv.find_lines(image, min_length=0)
    with pytest.raises(ValueError, match="max_gap must be at least 0"):
        cv.find_lines(image, max_gap=-1)
    with pytest.raises(TypeError, match="image must have shape"):
        cv.find_lines(np.zeros(5, np.uint8))
