"""Measures between histograms against their definitions, OpenCV's and SciPy's."""

import cv2
import numpy as np
import pytest
from scipy import optimize, stats
from scipy.spatial.distance import jensenshannon

from classicvision.color import _earth_mover
from classicvision.color.comparison import METRICS, compare_histograms, metric_is_similarity
from tests.naive import color as naive

OPENCV = {
    "intersection": (cv2.HISTCMP_INTERSECT, 1),
    "chi2": (cv2.HISTCMP_CHISQR_ALT, 0.5),  # which doubles it
    "bhattacharyya": (cv2.HISTCMP_BHATTACHARYYA, 1),
    "correlation": (cv2.HISTCMP_CORREL, 1),
    "kl": (cv2.HISTCMP_KL_DIV, 1),
}


@pytest.fixture
def histograms(rng):
    """Twenty normalized histograms of 24 bins, with empty bins."""
    rows = rng.gamma(0.5, size=(20, 24)) * (rng.random((20, 24)) < 0.7)
    return rows / rows.sum(axis=1, keepdims=True)


@pytest.mark.lane
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1, 1000])
def test_equals_the_definition(histograms, metric, scale):
    rows = histograms * scale * np.linspace(0.5, 1, 20)[:, None] if scale != 1 else histograms
    expected = [naive.compare(rows[0].tolist(), row.tolist(), metric) for row in rows]
    result = compare_histograms(rows[0], rows, metric)
    assert result.dtype == np.float64
    # sqrt(1 - x) makes 1e-8 of the rounding of x near 1
    tolerance = {"rtol": 1e-9, "atol": 1e-7 if metric == "bhattacharyya" else 1e-9 * scale}
    np.testing.assert_allclose(result, expected, **tolerance)
    single = [compare_histograms(rows[0], row, metric) for row in rows]
    assert all(type(value) is float for value in single)
    np.testing.assert_allclose(single, expected, **tolerance)
    short = compare_histograms(rows[0].astype(np.float32), rows.astype(np.float32), metric)
    assert short.dtype == np.float32
    np.testing.assert_allclose(
        short, expected, rtol=2e-5, atol=1e-3 if metric == "bhattacharyya" else 4e-6 * scale
    )


@pytest.mark.lane
@pytest.mark.parametrize("metric", OPENCV)
def test_equals_opencv(histograms, metric):
    rows = histograms.astype(np.float32)
    method, factor = OPENCV[metric]
    expected = [factor * cv2.compareHist(rows[0], row, method) for row in rows[1:]]
    result = [compare_histograms(rows[0], row, metric) for row in rows[1:]]
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(compare_histograms(rows[0], rows[1:], metric), expected, rtol=1e-4)


@pytest.mark.lane
def test_equals_scipy(histograms):
    for row in histograms[1:]:
        h, bins = histograms[0], np.arange(24)
        assert compare_histograms(h, row, "emd") == pytest.approx(
            stats.wasserstein_distance(bins, bins, h, row)
        )
        assert compare_histograms(h, row, "js") == pytest.approx(jensenshannon(h, row) ** 2)
        assert compare_histograms(h, row, "correlation") == pytest.approx(stats.pearsonr(h, row)[0])


@pytest.mark.lane
def test_values_one_can_work_out():
    h, g = [1.0, 0, 0, 0], [0, 0, 0, 1.0]
    values = {metric: compare_histograms(h, g, metric) for metric in METRICS}
    assert values["intersection"] == 0
    assert values["euclidean"] == pytest.approx(np.sqrt(2))
    assert values["chi2"] == 2
    assert values["bhattacharyya"] == 1
    assert values["kl"] == pytest.approx(np.log(1e10))
    assert values["js"] == pytest.approx(np.log(2))
    assert values["correlation"] == pytest.approx(-1 / 3)
    assert values["emd"] == 3
    assert values["ks"] == 1
    assert compare_histograms([2, 2], [1, 3]) == 0.75  # 3/4 of both
    assert compare_histograms([2, 2], [1, 1]) == 0.75  # half of one, all of the other
    assert compare_histograms([5, 5, 5], [1, 2, 3], "correlation") == 1  # as OpenCV


@pytest.mark.lane
@pytest.mark.parametrize("metric", METRICS)
def test_equal_and_empty_histograms(metric):
    h = np.array([0.25, 0.5, 0.25, 0])
    best = 1 if metric_is_similarity(metric) else 0
    assert compare_histograms(h, h, metric) == pytest.approx(best, abs=1e-7)
    empty = compare_histograms(h * 0, h * 0, metric)
    expected = {"bhattacharyya": 1, "correlation": 1}  # 1 - 0 / 0; constants
    assert empty == expected.get(metric, 0)
    assert compare_histograms(h, np.zeros((0, 4)), metric).shape == (0,)


@pytest.mark.lane
def test_joint_histograms_are_compared_bin_by_bin(rng):
    a, many = rng.random((2, 3, 4)), rng.random((6, 2, 3, 4))
    for metric in ("intersection", "euclidean", "chi2", "bhattacharyya", "kl", "js", "correlation"):
        flat = compare_histograms(a.ravel(), many.reshape(6, -1), metric)
        np.testing.assert_array_equal(compare_histograms(a, many, metric), flat)
        assert compare_histograms(a, many[0], metric) == pytest.approx(flat[0], rel=1e-14)


def linear_program(a, b):
    """The least cost of turning one joint histogram into the other."""
    centres = np.argwhere(np.ones(a.shape))
    distances = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    n = a.size
    given = np.kron(np.eye(n), np.ones((1, n)))
    taken = np.kron(np.ones((1, n)), np.eye(n))
    equations = np.concatenate([given, taken])[:-1]
    amounts = np.concatenate([a.ravel(), b.ravel()])[:-1]
    return optimize.linprog(distances.ravel(), A_eq=equations, b_eq=amounts).fun


@pytest.mark.lane
@pytest.mark.parametrize("scale", [1, 12345.0])
def test_earth_movers_distance_of_joint_histograms(rng, scale):
    rows = rng.gamma(0.5, size=(4, 2, 3, 2))
    rows *= scale / rows.sum(axis=(1, 2, 3), keepdims=True)
    expected = [linear_program(rows[0], row) for row in rows[1:]]
    result = compare_histograms(rows[0], rows[1:], "emd")
    np.testing.assert_allclose(result, expected, rtol=1e-4)
    moved = np.zeros((3, 3, 3))
    other = moved.copy()
    moved[0, 0, 0], other[2, 1, 2] = 5, 5
    assert compare_histograms(moved, other, "emd") == pytest.approx(5 * 3)
    with pytest.raises(ValueError, match="a and b must have the same total for 'emd' of joint"):
        compare_histograms(rows[0], rows[1] * 2, "emd")


@pytest.mark.parametrize("shift", [(1, 0, 0), (2, 1, 2)])
def test_earth_movers_distance_of_many_bins(rng, shift):
    """Moving everything by one vector costs its length; less cannot move the centre of mass."""
    a = np.zeros((9, 9, 9))
    a[1:7, 1:7, 1:7] = rng.gamma(0.5, size=(6, 6, 6))
    b = np.roll(a, shift, axis=(0, 1, 2))
    expected = np.linalg.norm(shift) * a.sum()
    assert compare_histograms(a, b, "emd") == pytest.approx(expected, rel=1e-6)
    assert compare_histograms(a.astype("f4"), b[None].astype("f4"), "emd")[0] == pytest.approx(
        expected, rel=1e-5
    )


def test_a_simplex_that_gave_up_is_noticed(rng, monkeypatch):
    monkeypatch.setattr(_earth_mover, "_MOST_FOR_SIMPLEX", 1000)
    a, b = rng.random((2, 8, 8, 8))
    b *= a.sum() / b.sum()
    least = compare_histograms(a, b, "emd")
    places = np.argwhere(a > b), np.argwhere(a < b)
    signatures = [
        np.column_stack([np.abs(a - b)[tuple(place.T)], place]).astype(np.float32)
        for place in places
    ]
    cost, _, moves = cv2.EMD(*signatures, cv2.DIST_L2)
    assert least < 0.999 * cost * (a - b).clip(0).sum()  # OpenCV's, after its last step
    given, taken = (signature[:, 0] / signature[:, 0].sum() for signature in signatures)
    distances = np.linalg.norm(places[0][:, None] - places[1], axis=2)
    assert not _earth_mover._is_least(cost, moves / moves.sum(), (given, taken), distances)


def test_both_ways_to_the_earth_movers_distance_agree(rng, monkeypatch):
    rows = rng.gamma(0.5, size=(6, 4, 4, 4))
    rows /= rows.sum(axis=(1, 2, 3), keepdims=True)
    simplex = compare_histograms(rows[0], rows[1:], "emd")
    monkeypatch.setattr(_earth_mover, "_MOST_FOR_SIMPLEX", 0)  # so that all go the other one
    np.testing.assert_allclose(compare_histograms(rows[0], rows[1:], "emd"), simplex, rtol=1e-6)


def test_earth_movers_distance_of_photographs(photographs):
    from classicvision.color.histogram import color_histogram

    a, b = (
        color_histogram(photographs[name][::4, ::4], 4, normalize=True)
        for name in ("coffee", "rocket")
    )

    def signature(h):
        return np.column_stack([h[h > 0], np.argwhere(h > 0)]).astype(np.float32)

    whole = cv2.EMD(signature(a), signature(b), cv2.DIST_L2)[0]
    assert compare_histograms(a, b, "emd") == pytest.approx(whole, rel=1e-4)


@pytest.mark.lane
def test_many_rows_and_any_layout(rng):
    rows = rng.random((1030, 3)).astype(np.float32)
    for metric in METRICS:
        expected = compare_histograms(rows[0], rows, metric)
        read_only = np.frombuffer(rows.tobytes(), np.float32).reshape(rows.shape)
        for other in (read_only, np.asfortranarray(rows), rows.astype(">f4")):
            result = compare_histograms(rows[0], other, metric)
            tolerance = 1e-3 if metric == "bhattacharyya" else 1e-6  # sqrt of rounding
            np.testing.assert_allclose(result, expected, rtol=1e-5, atol=tolerance)
    counts = rng.integers(0, 9, (7, 5))
    assert compare_histograms(counts[0], counts, "chi2").dtype == np.float64


@pytest.mark.lane
def test_metric_is_similarity():
    assert [name for name in METRICS if metric_is_similarity(name)] == [
        "intersection",
        "correlation",
    ]
    with pytest.raises(ValueError, match="name must be one of 'intersection', 'euclidean'"):
        metric_is_similarity("hellinger")


@pytest.mark.lane
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [-0.5, np.nan, np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_refuses_values_that_no_histogram_has(metric, value, dtype):
    h, many = np.ones(20, dtype), np.ones((5, 20), dtype)
    many[3, 17] = value
    message = f"must not be negative, got {value}" if value == -0.5 else "must be finite"
    with pytest.raises(ValueError, match=f"b {message}"):
        compare_histograms(h, many, metric)
    with pytest.raises(ValueError, match=f"b {message}"):
        compare_histograms(h, many[3], metric)
    with pytest.raises(ValueError, match=f"a {message}"):
        compare_histograms(many[3], many, metric)
    h[17] = many[3, 17] = 0
    expected = compare_histograms(h, many, metric)
    h[17] = many[3, 17] = -0.0  # which is 0
    np.testing.assert_array_equal(compare_histograms(h, many, metric), expected)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("a", "b", "metric", "error", "message"),
    [
        ([1, 2], [1, 2], "cosine", ValueError, "metric must be one of 'intersection'"),
        ([1, 2], [1, 2, 3], "chi2", ValueError, r"b must have the shape of a, \(2,\), or \(n, 2\)"),
        ([], [], "chi2", ValueError, r"a must be a histogram of one bin or more, got shape \(0,\)"),
        (3, 3, "chi2", ValueError, r"a must be a histogram of one bin or more, got shape \(\)"),
        (["1"], [1], "chi2", TypeError, "a must be an array of numbers, got <U1"),
        ([1], [[1], [1, 2]], "chi2", TypeError, "b must be an array of numbers, got object"),
        ([[1]], [[1]], "ks", ValueError, "'ks' compares histograms of one dimension only"),
        ([1e308] * 2, [1, 1], "intersection", ValueError, "are too large: sums over their bins"),
        ([1, 1], [1e308] * 2, "intersection", ValueError, "are beyond float64; divide both"),
        ([1, 1], [1e308] * 2, "bhattacharyya", ValueError, "a and b are too large"),
        ([1, 2], [1e200, 1e199], "correlation", ValueError, "a and b are too large"),
        ([1, 2], [1e200, 1e199], "euclidean", ValueError, "a and b are too large"),
        ([1, 1], [1e308] * 2, "emd", ValueError, "a and b are too large"),
    ],
)
def test_refuses(a, b, metric, error, message):
    with pytest.raises(error, match=message):
        compare_histograms(a, b, metric)
