"""Dense search: against all distances in float64, ties, blocks, memory maps and FAISS."""

import sys

import numpy as np
import pytest

from classicvision import dense_search

METRICS = ("inner_product", "euclidean")


def by_hand(queries, vectors, top, metric):
    queries, vectors = queries.astype(float), vectors.astype(float)
    if metric == "inner_product":
        values = queries @ vectors.T
        order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    else:
        values = np.sqrt(np.square(queries[:, None] - vectors).sum(axis=2))
        order = np.argsort(values, axis=1, kind="stable")[:, :top]
    return order, np.take_along_axis(values, order, axis=1)


@pytest.mark.lane
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [1, 3, 8])
def test_against_all_distances(metric, d, monkeypatch):
    rng = np.random.default_rng(d)
    queries, vectors = rng.standard_normal((5, d)), rng.standard_normal((40, d))
    queries, vectors = queries.astype(np.float32), vectors.astype(np.float32)
    expected = by_hand(queries, vectors, 7, metric)
    for block in (1 << 21, 5 * d, 1):
        monkeypatch.setattr("classicvision.retrieval.dense_search._BLOCK", block)
        indices, values = dense_search(queries, vectors, top=7, metric=metric)
        assert (indices.dtype, values.dtype) == (np.int64, np.float32)
        assert indices.tolist() == expected[0].tolist()
        np.testing.assert_allclose(values, expected[1], rtol=1e-6, atol=1e-6)


@pytest.mark.lane
@pytest.mark.parametrize("metric", METRICS)
def test_equal_vectors_in_their_order(metric, monkeypatch):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((3, 37)).astype(np.float32)[np.arange(60) % 3]
    for block in (1 << 21, 37 * 7):
        monkeypatch.setattr("classicvision.retrieval.dense_search._BLOCK", block)
        for query in range(3):
            vectors /= np.linalg.norm(vectors[0])
            indices, values = dense_search(vectors[query], vectors, top=20, metric=metric)
            if metric == "euclidean":
                assert indices.tolist() == list(range(query, 60, 3))
                assert values.tolist() == [0] * 20
            assert len(np.unique(values)) == 1
            assert (np.diff(indices) > 0).all()


def test_long_vectors_after_short_ones(monkeypatch):
    monkeypatch.setattr("classicvision.retrieval.dense_search._BLOCK", 8 * 64)
    rng = np.random.default_rng(0)
    for _ in range(40):
        query = rng.standard_normal(64).astype(np.float32)
        direction = query.astype(float) / np.square(query.astype(float)).sum()
        short = rng.standard_normal((8, 64)) * 1e-3
        long = rng.standard_normal((8, 64)) * 1e3  # across the query, and a little along it
        along = 1.001 * (short @ query).max() - long @ query
        vectors = np.vstack([short, long + np.outer(along, direction)]).astype(np.float32)
        expected = np.argmax(vectors.astype(float) @ query)
        assert dense_search(query, vectors, top=1)[0] == expected


def test_memory_maps_and_other_types(tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.integers(0, 256, (500, 16)).astype(np.uint8)
    np.save(tmp_path / "v.npy", vectors)
    mapped = np.load(tmp_path / "v.npy", mmap_mode="r")
    floats = vectors.astype(np.float64)
    for metric in METRICS:
        expected = dense_search(vectors[:9].astype(np.float32), floats, metric=metric)
        found = dense_search(vectors[:9], mapped, metric=metric)
        assert found[0].tolist() == expected[0].tolist()
        assert found[1].tolist() == expected[1].tolist()


def test_fewer_vectors_than_wanted():
    indices, values = dense_search(np.eye(2), np.eye(2), top=5)
    assert indices.tolist() == [[0, 1], [1, 0]]
    for queries, shape in ((np.eye(2), (2, 0)), (np.zeros((0, 2)), (0, 0)), ([1, 2], (0,))):
        indices, values = dense_search(queries, np.zeros((0, 2)))
        assert indices.shape == values.shape == shape
    assert dense_search(np.zeros((0, 2)), np.eye(2))[0].shape == (0, 2)


def test_many_queries_are_as_each_alone():
    rng = np.random.default_rng(0)
    queries, vectors = rng.standard_normal((130, 12)), rng.standard_normal((900, 12))
    indices, values = dense_search(queries, vectors, top=4)
    for q in (0, 63, 64, 129):
        alone = dense_search(queries[q], vectors, top=4)
        assert indices[q].tolist() == alone[0].tolist()
        assert values[q].tolist() == alone[1].tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_faiss_finds_the_same(metric):
    pytest.importorskip("faiss")
    rng = np.random.default_rng(0)
    queries, vectors = rng.standard_normal((9, 24)), rng.standard_normal((300, 24))
    ours = dense_search(queries, vectors, metric=metric)
    theirs = dense_search(queries, vectors, metric=metric, backend="faiss")
    assert ours[0].tolist() == theirs[0].tolist()
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4, atol=1e-4)


def test_without_faiss(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r"pip install 'classicvision\[faiss\]', or use backend="):
        dense_search(np.eye(2), np.eye(2), backend="faiss")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queries": [["a"]]}, "queries must be an array of numbers, got <U1"),
        ({"queries": [[1.0, 2, 3]]}, "queries must have 2 columns, as vectors, got 3"),
        ({"queries": [[np.nan, 0]]}, "queries must be finite"),
        ({"vectors": [1.0, 2]}, r"vectors must have shape \(m, d\), got \(2,\)"),
        ({"vectors": [[np.inf, 0]]}, "vectors must be finite"),
        ({"vectors": np.zeros((3, 0))}, r"vectors must have shape \(n, d\) with d at least 1"),
        ({"top": 0}, "top must be at least 1, got 0"),
        ({"metric": "cosine"}, "metric must be one of 'inner_product', 'euclidean', got 'cosine'"),
        ({"backend": "gpu"}, "backend must be one of 'numpy', 'faiss', got 'gpu'"),
    ],
)
def test_what_it_refuses(change, message):
    arguments = {"queries": np.eye(2), "vectors": np.eye(2)}
    with pytest.raises((TypeError, ValueError), match=message):
        dense_search(**{**arguments, **change})
