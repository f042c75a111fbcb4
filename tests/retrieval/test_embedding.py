"""Hamming embedding: medians, bits one by one, and distances that grow with the descriptors'."""

import numpy as np
import pytest

from classicvision import HammingEmbedding
from classicvision.retrieval import embedding as embedding_module


def descriptors_of(rng, n=300, d=16, n_words=3):
    words = rng.integers(0, n_words, n)
    return rng.random((n, d), np.float32) + words[:, None], words


@pytest.mark.lane
def test_bits_one_by_one():
    descriptors, words = descriptors_of(np.random.default_rng(0), n=20, d=5)
    embedding = HammingEmbedding(5, random_state=1).fit(descriptors, words, 4)
    assert embedding.projection_.shape == (5, 5)
    assert embedding.thresholds_.shape == (4, 5)
    projected = descriptors @ embedding.projection_.T
    for word in range(3):
        own = np.median(projected[words == word], axis=0)
        np.testing.assert_allclose(embedding.thresholds_[word], own, rtol=1e-5)
    np.testing.assert_allclose(embedding.thresholds_[3], np.median(projected, axis=0), rtol=1e-5)
    several = np.stack([words, (words + 1) % 4], axis=1)
    signatures = embedding.transform(descriptors, several)
    assert (signatures.shape, signatures.dtype) == ((20, 2), np.uint64)
    assert embedding.transform(descriptors, words).tolist() == signatures[:, 0].tolist()
    for n in range(20):
        for k in range(2):
            above = projected[n] > embedding.thresholds_[several[n, k]] + 1e-6
            below = projected[n] < embedding.thresholds_[several[n, k]] - 1e-6
            bits = [bool(int(signatures[n, k]) >> b & 1) for b in range(5)]
            assert all(bit or not a for bit, a in zip(bits, above, strict=True))
            assert all(not bit or not b for bit, b in zip(bits, below, strict=True))
            assert int(signatures[n, k]) >> 5 == 0


def test_rows_are_orthonormal_and_bits_are_balanced():
    descriptors, words = descriptors_of(np.random.default_rng(0), n=4000, d=64)
    embedding = HammingEmbedding(random_state=0).fit(descriptors, words, 3)
    product = embedding.projection_ @ embedding.projection_.T
    np.testing.assert_allclose(product, np.eye(64), atol=1e-5)
    signatures = embedding.transform(descriptors, words)
    bits = signatures[:, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)
    np.testing.assert_allclose(bits.mean(axis=0), 0.5, atol=0.01)


def test_distances_grow_with_the_noise():
    rng = np.random.default_rng(0)
    descriptors, words = descriptors_of(rng, n=2000, d=128)
    embedding = HammingEmbedding(random_state=0).fit(descriptors, words, 3)
    original = embedding.transform(descriptors, words)
    means = []
    for noise in (0, 0.02, 0.1, 0.5):
        changed = descriptors + noise * rng.standard_normal(descriptors.shape)
        differing = original ^ embedding.transform(changed, words)
        means.append(np.mean([bin(bits).count("1") for bits in differing.tolist()]))
    assert means[0] == 0
    assert means == sorted(means)
    assert means[1] < 6 < 20 < means[3]


def test_the_seed_decides_and_more_bits_than_columns_are_possible():
    descriptors, words = descriptors_of(np.random.default_rng(0), d=8)
    first, again, other = (
        HammingEmbedding(24, random_state=seed).fit(descriptors, words, 3) for seed in (1, 1, 2)
    )
    assert first.projection_.shape == (24, 8)
    np.testing.assert_allclose(first.projection_.T @ first.projection_, np.eye(8), atol=1e-5)
    assert (
        first.transform(descriptors, words).tolist() == again.transform(descriptors, words).tolist()
    )
    assert not np.array_equal(first.projection_, other.projection_)


def test_many_blocks_are_as_one(monkeypatch):
    descriptors, words = descriptors_of(np.random.default_rng(0))
    embedding = HammingEmbedding(random_state=0).fit(descriptors, words, 3)
    whole = embedding.transform(descriptors, words)
    monkeypatch.setattr("classicvision.retrieval.embedding._BLOCK", 7)
    blocks = embedding.transform(descriptors, words)
    differing = [bin(bits).count("1") for bits in (whole ^ blocks).tolist()]
    assert sum(differing) <= 3 * 64  # of the descriptors that are the medians, rounded otherwise


def test_no_descriptors():
    embedding = HammingEmbedding().fit(np.eye(4), [0, 1, 1, 0], 2)
    assert embedding.transform(np.zeros((0, 4)), []).shape == (0,)
    assert embedding.transform(np.zeros((0, 4)), np.zeros((0, 3), int)).shape == (0, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0]], [0], 1, 65), "n_bits must be at most 64, got 65"),
        (([[1.0]], [0], 0, 8), "n_words must be at least 1, got 0"),
        (([[1.0]], [1], 1, 8), "words must be from 0 to 0, got 1 to 1"),
        (([[1.0]], [0, 0], 1, 8), "words must be as many as the descriptors, 1, got 2"),
        (([[1.0]], [[0]], 1, 8), r"words must have shape \(n,\), got \(1, 1\)"),
        (([1.0], [0], 1, 8), r"descriptors must be an array .* \(n, d\), got shape \(1,\)"),
        (([["a"]], [0], 1, 8), "descriptors must be an array of numbers .* and dtype <U1"),
        ((np.zeros((0, 3)), [], 1, 8), "descriptors must not be empty"),
        (([[np.nan]], [0], 1, 8), "descriptors have values that are NaN, infinite or beyond"),
        (([[1e13]], [0], 1, 8), "descriptors have values that are .* beyond 1e.12; drop"),
    ],
)
def test_what_fit_refuses(arguments, message):
    descriptors, words, n_words, n_bits = arguments
    with pytest.raises((TypeError, ValueError), match=message):
        HammingEmbedding(n_bits).fit(descriptors, words, n_words)


def test_what_transform_refuses():
    with pytest.raises(ValueError, match="not fitted yet; call fit first"):
        HammingEmbedding().transform([[1.0]], [0])
    embedding = HammingEmbedding(8).fit(np.eye(4), [0, 1, 1, 0], 2)
    with pytest.raises(ValueError, match="must have 4 columns as those that were learned"):
        embedding.transform(np.eye(3), [0, 0, 0])
    with pytest.raises(ValueError, match="words must be from 0 to 1, got 0 to 2"):
        embedding.transform(np.eye(4), [0, 2, 0, 0])
    with pytest.raises(ValueError, match="NaN, infinite or beyond"):
        embedding.transform([[1, np.inf, 0, 0]], [0])


def test_descriptors_on_disk_are_read_in_blocks(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (50, 8), dtype=np.uint8)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    words = rng.integers(0, 4, 50)
    expected = HammingEmbedding(8, random_state=0).fit(rows, words, 4).transform(rows, words)
    checked, check = [], embedding_module.check_descriptors
    monkeypatch.setattr(embedding_module, "_BLOCK", 16)
    monkeypatch.setattr(
        embedding_module,
        "check_descriptors",
        lambda block, *args, **options: (
            checked.append(len(block)) or check(block, *args, **options)
        ),
    )
    found = HammingEmbedding(8, random_state=0).fit(mapped, words, 4).transform(mapped, words)
    np.testing.assert_array_equal(found, expected)
    assert max(checked) == 16
    with pytest.raises(ValueError, match="must have 8 columns as those that were learned"):
        HammingEmbedding(8, random_state=0).fit(mapped, words, 4).transform(mapped[:, :7], words)
    with pytest.raises(ValueError, match="NaN, infinite or beyond"):
        HammingEmbedding(8).fit(np.full((40, 8), np.nan), words[:40], 4)
