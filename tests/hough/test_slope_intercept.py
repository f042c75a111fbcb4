"""The table of slopes and intercepts: by hand, and against a count over all pixels and lines."""

import numpy as np
import pytest

from classicvision.hough.slope_intercept import hough_slope_intercept


@pytest.mark.lane
def test_a_drawn_line_is_the_peak():
    edges = np.zeros((40, 50), bool)
    x = np.arange(50)
    edges[np.rint(0.4 * x + 7).astype(int), x] = True
    table = hough_slope_intercept(edges, slopes=np.arange(-10, 11) / 10)
    i, j = np.unravel_index(table.votes.argmax(), table.votes.shape)
    assert (table.slopes[i], table.intercepts[j]) == (0.4, 7)
    assert table.votes[i, j] == 50


@pytest.mark.lane
def test_counts_pixel_by_pixel(rng):
    edges = rng.random((6, 9)) < 0.3
    slopes = [-2.5, -1, 0, 0.3, 1.7]
    table = hough_slope_intercept(edges, slopes=slopes)
    for i, slope in enumerate(slopes):
        for j, intercept in enumerate(table.intercepts):
            count = sum(
                edges[y, x] and round(y - slope * x) == intercept
                for y in range(6)
                for x in range(9)
            )
            assert table.votes[i, j] == count
    assert (table.votes.sum(axis=1) == edges.sum()).all()


@pytest.mark.parametrize(
    ("slopes", "got"),
    [([], "shape (0,)"), ([[1.0]], "shape (1, 1)"), (2.0, "shape ()")],
)
def test_slopes_that_are_no_row(slopes, got):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the message is compared below
        hough_slope_intercept(np.ones((3, 3), bool), slopes=slopes)
    assert str(raised.value) == f"slopes must be a row, shape (n,), not empty, got {got}"


@pytest.mark.parametrize("slope", [np.nan, -np.inf])
def test_slopes_that_are_not_finite(slope):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the message is compared below
        hough_slope_intercept(np.ones((3, 3), bool), slopes=[1, slope])
    assert str(raised.value) == f"slopes must be finite, got {slope}; use hough_lines"


@pytest.mark.parametrize("slopes", [["a", "b"], [[1, 2], [3]], [1j], None, [object]])
def test_slopes_that_are_no_numbers(slopes):
    with pytest.raises(TypeError) as raised:
        hough_slope_intercept(np.ones((3, 3), bool), slopes=slopes)
    assert str(raised.value) == f"slopes must be numbers, shape (n,), got {slopes!r}"


def test_slopes_are_named():
    with pytest.raises(TypeError, match="positional"):
        hough_slope_intercept(np.ones((3, 3), bool), [1.0])


def test_too_steep():
    with pytest.raises(ValueError, match="use hough_lines for steep lines"):
        hough_slope_intercept(np.ones((10, 1000), bool), slopes=[1e9])
