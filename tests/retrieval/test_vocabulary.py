"""Visual vocabularies: the words, from arrays, files and streams; in how many images they are."""

import tracemalloc

import numpy as np
import pytest

from classicvision.retrieval.vocabulary import METHODS, VisualVocabulary
from tests.retrieval.vocabulary_data import Images, blobs, options


@pytest.mark.lane
@pytest.mark.parametrize("method", METHODS)
def test_finds_clusters(rng, method):
    X, labels = blobs(rng)
    vocabulary = VisualVocabulary(9, **options(method)).fit(X)
    assert vocabulary.centers_.dtype == np.float32
    assert vocabulary.centers_.shape == (9, 8)
    distances = np.sqrt(((X - vocabulary.centers_[vocabulary.predict(X)]) ** 2).sum(1))
    if method != "hierarchical":  # whose first three nodes may divide a cluster
        assert (distances < 0.5).all()
        pairs = set(zip(labels.tolist(), vocabulary.predict(X).tolist(), strict=True))
        assert len(pairs) == 9
    else:
        assert np.median(distances) < 0.3


def test_words_are_about_as_good_as_those_of_scikit_learn(rng):
    from sklearn.cluster import KMeans, MiniBatchKMeans

    X = rng.normal(size=(4000, 16)).astype(np.float32) * np.linspace(0.2, 2, 16, dtype=np.float32)

    def mean_distance(centers):
        finder = VisualVocabulary(len(centers), random_state=0).fit(centers)
        return finder.nearest_with_distances(X, 1)[1].mean()

    for method, peer in (
        ("minibatch", MiniBatchKMeans(50, n_init=1, random_state=0)),
        ("kmeans", KMeans(50, n_init=1, random_state=0)),
    ):
        ours = VisualVocabulary(50, method=method, batch_size=512, random_state=0).fit(X)
        assert mean_distance(ours.centers_) < 1.05 * mean_distance(peer.fit(X).cluster_centers_)


@pytest.mark.parametrize("method", METHODS)
def test_array_map_file_and_list_give_the_same_words(rng, tmp_path, method):
    X, _ = blobs(rng)
    path = tmp_path / "descriptors.npy"
    np.save(path, X)
    expected = VisualVocabulary(9, **options(method)).fit(X)
    images = np.split(X, [100, 100, 350])
    for source in (path, str(path), np.load(path, mmap_mode="r"), images, tuple(images)):
        found = VisualVocabulary(9, **options(method)).fit(source)
        assert np.array_equal(found.centers_, expected.centers_)


@pytest.mark.parametrize("method", ["minibatch", "kmeans"])
def test_integers_and_doubles_are_numbers(rng, method):
    X = rng.integers(0, 256, (200, 4), np.uint8)
    expected = VisualVocabulary(5, **options(method)).fit(X)
    for dtype in (np.float64, np.int32, ">f4"):
        found = VisualVocabulary(5, **options(method)).fit(X.astype(dtype))
        assert np.array_equal(found.centers_, expected.centers_)
    assert np.array_equal(expected.predict(X), expected.predict(np.asfortranarray(X)))


def test_a_stream_can_be_gone_through_once_or_often(rng):
    often = VisualVocabulary(9, **options("minibatch")).fit(Images(10))
    once = VisualVocabulary(9, **options("minibatch")).fit(iter(Images(10)))
    for vocabulary in (often, once):
        X = np.concatenate(list(Images(10)))
        assert (vocabulary.nearest_with_distances(X, 1)[1] < 0.5).mean() > 0.8
    assert often.n_images_ == 10
    assert once.n_images_ is None
    assert once.document_frequencies_ is None
    for method in ("kmeans", "hierarchical"):
        VisualVocabulary(9, **options(method)).fit(Images(10))
        with pytest.raises(ValueError, match="iterable more than once for method"):
            VisualVocabulary(9, **options(method)).fit(iter(Images(10)))


def test_memory_does_not_grow_with_a_memory_map(tmp_path):
    peaks = []
    for rows in (50_000, 200_000):
        path = tmp_path / f"{rows}.npy"
        mapped = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, 16))
        mapped[:] = np.random.default_rng(0).integers(0, 256, (rows, 16), np.uint8)
        tracemalloc.start()
        vocabulary = VisualVocabulary(9, batch_size=1024, random_state=0).fit(path)
        assert len(vocabulary.predict(mapped[:60_000])) == min(rows, 60_000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 2e6  # and the descriptors, as float32, 13 MB


def test_memory_does_not_grow_with_the_stream():
    peaks = []
    for count in (100, 400):
        tracemalloc.start()
        VisualVocabulary(
            9, batch_size=1024, max_iterations=1, random_state=0
        ).fit(Images(count, rows=1000, d=16))  # fmt: skip
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 2e6  # and the descriptors are 25 MB


def test_seeds(rng):
    X = rng.normal(size=(300, 4))
    words = [
        VisualVocabulary(20, batch_size=32, random_state=seed).fit(X).centers_
        for seed in (0, 0, 1, np.random.RandomState(5), np.random.RandomState(5), None)
    ]
    assert np.array_equal(words[0], words[1])
    assert not np.array_equal(words[0], words[2])
    assert np.array_equal(words[3], words[4])


@pytest.mark.lane
@pytest.mark.parametrize("method", METHODS)
def test_equal_descriptors(method):
    X = np.repeat([[0.0, 0, 1], [5, 5, 5]], 20, axis=0)
    vocabulary = VisualVocabulary(9, **options(method)).fit([X[:20], X[20:]])
    words = vocabulary.predict(X)
    assert len(set(words.tolist())) == 2
    assert np.array_equal(vocabulary.centers_[words], X)
    assert vocabulary.document_frequencies_.sum() == 2


@pytest.mark.parametrize("method", METHODS)
def test_as_many_descriptors_as_words(method):
    X = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    vocabulary = VisualVocabulary(9, **options(method)).fit(X)
    assert np.isfinite(vocabulary.centers_).all()
    with pytest.raises(ValueError, match="descriptors must be at least n_words = 9, got 8"):
        VisualVocabulary(9, **options(method)).fit(X[:8])


@pytest.mark.lane
def test_document_frequencies_count_images_not_descriptors():
    images = [[[0.0, 0], [0, 1]], [[0, 0], [9, 9]], np.zeros((0, 2)), [[1.0, 0]]]
    vocabulary = VisualVocabulary(2, method="kmeans", random_state=0).fit(images)
    near = vocabulary.predict([[0, 0]])[0]
    assert vocabulary.n_images_ == 4
    assert vocabulary.document_frequencies_[[near, 1 - near]].tolist() == [3, 1]
    assert vocabulary.idf_[[near, 1 - near]] == pytest.approx(np.log([4 / 3, 4]))
    vocabulary.count_images([[[0.0, 0]]])
    assert vocabulary.idf_.tolist() == [0, 0]  # a word in no image counts as in one


def test_one_array_has_no_frequencies(rng):
    vocabulary = VisualVocabulary(2, random_state=0).fit(rng.normal(size=(20, 4)))
    assert vocabulary.document_frequencies_ is None
    with pytest.raises(AttributeError, match="learned from one array; fit it to a list"):
        _ = vocabulary.idf_
