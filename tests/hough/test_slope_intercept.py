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
    table = hough_slope_intercept(edges, slopes)
    for i, slope in enumerate(slopes):
        for j, intercept in enumerate(table.intercepts):
            count = sum(
                edges[y, x] and round(y - slope * x) == intercept
                for y in range(6)
                for x in range(9)
            )
            assert table.votes[i, j] == count
    assert (table.votes.sum(axis=1) == edges.sum()).all()


@pytest.mark.parametrize("slopes", [[], [[1.0]], [np.nan], [np.inf]])
def test_bad_slopes(slopes):
    with pytest.raises(ValueError, match="slopes must be a row of finite numbers"):
        hough_slope_intercept(np.ones((3, 3), bool), slopes)


def test_too_steep():
    with pytest.raises(ValueError, match="use hough_lines for steep lines"):
        hough_slope_intercept(np.ones((10, 1000), bool), [1e9])
