"""Visual vocabularies: the words, exact assignment, streams, files, checkpoints, refusals."""

import contextlib
import json
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from classicvision.retrieval import _vocabulary_checkpoint
from classicvision.retrieval._clustering import Clustering
from classicvision.retrieval.vocabulary import METHODS, VisualVocabulary
from tests.naive import encodings as naive


def blobs(rng, n=900, words=9, d=8, spread=0.05):
    """Descriptors around far corners, and the corner of each."""
    corners = rng.choice(2**d, words, replace=False)[:, None] >> np.arange(d) & 1
    labels = rng.integers(words, size=n)
    return (corners[labels] + rng.normal(0, spread, (n, d))).astype(np.float32), labels


def options(method):
    return {"method": method, "branching": 3, "batch_size": 64, "random_state": 0}


# ---- learning


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


class Images:
    """Arrays that are made anew whenever they are gone through."""

    def __init__(self, count, rows=200, d=8):
        self.count, self.rows, self.d = count, rows, d

    def __iter__(self):
        for number in range(self.count):
            yield blobs(np.random.default_rng([number // 50, 7]), self.rows, d=self.d)[0]


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


# ---- assignment


@pytest.mark.lane
@pytest.mark.parametrize("k", [1, 3])
def test_nearest_equals_the_loops(rng, k):
    X = rng.normal(size=(80, 5)).astype(np.float32)
    vocabulary = VisualVocabulary(70, batch_size=16, random_state=0).fit(X)
    queries = rng.normal(size=(30, 5)).astype(np.float32)
    assert np.array_equal(
        vocabulary.nearest(queries, k), naive.nearest_words(queries, vocabulary.centers_, k)[0]
    )
    assert np.array_equal(vocabulary.predict(queries), vocabulary.nearest(queries, k)[:, 0])
    assert vocabulary.predict(queries).dtype == np.int32


def test_nearest_is_exact_where_a_product_in_float32_is_not(rng):
    """Small differences on a large offset: the product alone finds few of the nearest words."""
    X = (10_000 + rng.normal(size=(400, 16))).astype(np.float32)
    vocabulary = VisualVocabulary(150, random_state=0).fit(X)
    centers = vocabulary.centers_
    expected = naive.nearest_words(X, centers, 2)[0]
    assert np.array_equal(vocabulary.nearest(X, 2), expected)
    assert np.array_equal(vocabulary.predict(X), expected[:, 0])
    product = ((centers**2).sum(1) / 2 - X @ centers.T).argmin(1)
    assert (product == expected[:, 0]).mean() < 0.9


def test_of_equally_near_words_the_first_in_any_block(rng):
    vocabulary = VisualVocabulary(4, random_state=0).fit(rng.normal(size=(20, 2)))
    vocabulary = rewritten(vocabulary, [[0, 0], [2, 0], [0, 0], [2, 0]])
    queries = np.tile([[1, 5], [2, 1], [0, 1]], (3000, 1))
    assert np.array_equal(vocabulary.predict(queries), np.tile([0, 1, 0], 3000))
    assert vocabulary.nearest(queries[:1], 4).tolist() == [[0, 1, 2, 3]]


def test_products_beyond_float32(rng):
    X = (1e20 * rng.normal(size=(30, 3))).astype(np.float32)
    vocabulary = rewritten(VisualVocabulary(5, random_state=0).fit(np.eye(5, 3)), X[:5])
    expected = naive.nearest_words(X, X[:5], 2)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(vocabulary.nearest(X, 2), expected)
        assert np.array_equal(vocabulary.predict(X), expected[:, 0])


def rewritten(vocabulary, centers):
    from classicvision.retrieval._nearest import NearestWords

    vocabulary.centers_ = np.array(centers, np.float32)
    vocabulary._finder = NearestWords(vocabulary.centers_)
    return vocabulary


@pytest.mark.lane
def test_the_tree_is_gone_down_from_node_to_nearest_child(rng):
    X = rng.normal(size=(60, 5)).astype(np.float32)
    vocabulary = VisualVocabulary(8, method="hierarchical", branching=2, random_state=0).fit(X)
    words = []
    for row in X:
        word = 0
        for level in vocabulary._levels:
            children = level[2 * word : 2 * word + 2]
            word = 2 * word + int(((row - children) ** 2).sum(1).argmin())
        words.append(word)
    assert vocabulary.predict(X, exact=False).tolist() == words


def test_the_tree_agrees_with_exact_assignment_for_most(rng):
    X = rng.normal(size=(3000, 8)).astype(np.float32)
    vocabulary = VisualVocabulary(
        100, method="hierarchical", branching=10, batch_size=512, random_state=0
    ).fit(X)
    agreement = (vocabulary.predict(X) == vocabulary.predict(X, exact=False)).mean()
    assert 0.5 < agreement < 1
    one_level = VisualVocabulary(10, method="hierarchical", random_state=0).fit(X)
    assert (one_level.predict(X) == one_level.predict(X, exact=False)).mean() > 0.999
    with pytest.raises(ValueError, match="exact must be True for method='minibatch'"):
        VisualVocabulary(10, random_state=0).fit(X).predict(X, exact=False)


def test_no_descriptors_have_no_words(rng):
    vocabulary = VisualVocabulary(3, random_state=0).fit(rng.normal(size=(20, 4)))
    for nothing in (np.zeros((0, 4)), np.zeros((0, 4), np.uint8), [], np.zeros(0)):
        assert vocabulary.predict(nothing).shape == (0,)
        assert vocabulary.nearest(nothing, 2).shape == (0, 2)


# ---- frequencies


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


# ---- files


@pytest.mark.parametrize("method", METHODS)
def test_saved_and_loaded(rng, tmp_path, method):
    X, _ = blobs(rng)
    vocabulary = VisualVocabulary(9, **options(method)).fit([X[:500], X[500:]])
    path = tmp_path / "words"
    vocabulary.save(path)
    loaded = VisualVocabulary.load(path)
    assert np.array_equal(loaded.centers_, vocabulary.centers_)
    assert np.array_equal(loaded.idf_, vocabulary.idf_)
    assert np.array_equal(loaded.predict(X), vocabulary.predict(X))
    assert loaded.get_params()["method"] == method
    if method == "hierarchical":
        assert np.array_equal(loaded.predict(X, exact=False), vocabulary.predict(X, exact=False))
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
    assert (about["classicvision"], about["version"]) == ("visual vocabulary", 1)


def test_damaged_and_foreign_files_are_refused(rng, tmp_path):
    vocabulary = VisualVocabulary(3, random_state=0).fit(rng.normal(size=(20, 4)))
    path = tmp_path / "words.npz"
    vocabulary.save(path)
    whole = path.read_bytes()
    for content in (b"", b"words", whole[:300], whole[:-40], whole[:400] + b"?" + whole[401:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"words\.npz: no visual vocabulary, or damaged"):
            VisualVocabulary.load(path)
    for place in range(0, len(whole), 41):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with contextlib.suppress(ValueError):  # and no other error; zip names some bytes twice
            VisualVocabulary.load(path)
    np.savez(path, centers=vocabulary.centers_)
    with pytest.raises(ValueError, match="or damaged: it has no about"):
        VisualVocabulary.load(path)
    with pytest.raises(FileNotFoundError):
        VisualVocabulary.load(tmp_path / "nothing.npz")


@pytest.mark.parametrize(
    ("about", "arrays", "reason"),
    [
        ({"classicvision": "cascade"}, {}, "no visual vocabulary, but a cascade"),
        ({"version": 9}, {}, "of version 9, and this classicvision reads 1"),
        ({"method": "magic"}, {}, "method must be one of"),
        ({}, {"level_0": np.full((3, 4), np.nan, np.float32)}, "no finite float32 vectors"),
        ({}, {"level_1": np.zeros((3, 4), np.float32)}, r"levels of \[3, 3\] words"),
        ({"n_images": 5}, {"document_frequencies": np.full(3, 9)}, "not from 0 to 5"),
        ({"n_images": 5}, {"document_frequencies": np.zeros(2, int)}, "do not belong"),
        ({"n_images": None}, {"document_frequencies": np.zeros(3, int)}, "n_images must be"),
    ],
)
def test_files_that_contradict_themselves_are_refused(tmp_path, about, arrays, reason):
    path = tmp_path / "words.npz"
    vocabulary = VisualVocabulary(3, random_state=0).fit(np.eye(4))
    vocabulary.save(path)
    with np.load(path) as file:
        content = dict(file)
    about = {**json.loads(content.pop("about").tobytes()), **about}
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez(path, about=text, **{**content, **arrays})
    with pytest.raises(ValueError, match=rf"words\.npz: .*{reason}"):
        VisualVocabulary.load(path)


# ---- checkpoints


class Killed(BaseException):
    pass


def run_killed_at(step, monkeypatch, source, path, **parameters):
    """Learn words, and be killed at each step in turn, until they are learned."""
    original, kills = Clustering.run, 0

    def run(self):
        for number, _ in enumerate(original(self)):
            yield
            if number >= step:
                raise Killed

    monkeypatch.setattr(_vocabulary_checkpoint, "_SECONDS", 0)
    monkeypatch.setattr(Clustering, "run", run)
    while True:
        try:
            vocabulary = VisualVocabulary(9, **parameters).fit(source(), checkpoint=path)
        except Killed:
            kills += 1
        else:
            monkeypatch.undo()
            return vocabulary, kills


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["array", "images", "stream", "once"])
def test_killed_and_run_again_gives_the_same_words(rng, monkeypatch, tmp_path, method, kind):
    if kind == "once" and method != "minibatch":
        pytest.skip("needs several passes")
    X = rng.normal(size=(400, 4)).astype(np.float32)
    sources = {
        "array": lambda: X,
        "images": lambda: np.split(X, 7 * np.arange(1, 50)),
        "stream": lambda: Images(4, 100),
        "once": lambda: iter(Images(4, 100)),
    }
    parameters = {**options(method), "max_iterations": 3}
    expected = VisualVocabulary(9, **parameters).fit(sources[kind]())
    path = tmp_path / "checkpoint"
    found, kills = run_killed_at(1, monkeypatch, sources[kind], path, **parameters)
    assert kills
    assert np.array_equal(found.centers_, expected.centers_)
    assert np.array_equal(found.document_frequencies_, expected.document_frequencies_)
    again = VisualVocabulary(9, **parameters).fit(sources[kind](), checkpoint=path)
    assert np.array_equal(again.centers_, expected.centers_)


CHILD = """
import sys
import numpy as np
from classicvision.retrieval import _vocabulary_checkpoint
from classicvision.retrieval.vocabulary import VisualVocabulary
_vocabulary_checkpoint._SECONDS = 0
original = _vocabulary_checkpoint.Checkpoint.save
def save(self, *arguments, **options):
    original(self, *arguments, **options)
    print("saved", flush=True)
_vocabulary_checkpoint.Checkpoint.save = save
X = np.random.default_rng(0).normal(size=(2000, 8))
vocabulary = VisualVocabulary(50, batch_size=64, max_iterations=1, random_state=0)
np.save(sys.argv[2], vocabulary.fit(X, checkpoint=sys.argv[1]).centers_)
"""


@pytest.mark.slow
def test_a_process_is_killed_and_run_again(tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path / "checkpoint"), str(tmp_path / "words")]
    for saves in (1, 5):  # killed while it works on, or saves again
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            for _ in range(saves):
                assert process.stdout.readline() == b"saved\n"
            process.kill()
    subprocess.run(command, check=True, capture_output=True)
    X = np.random.default_rng(0).normal(size=(2000, 8))
    expected = VisualVocabulary(50, batch_size=64, max_iterations=1, random_state=0).fit(X)
    assert np.array_equal(np.load(tmp_path / "words.npy"), expected.centers_)


def test_a_checkpoint_of_something_else_is_refused(rng, tmp_path):
    X = rng.normal(size=(100, 4))
    path = tmp_path / "checkpoint"
    VisualVocabulary(9, random_state=0).fit(X, checkpoint=path)
    for parameters, descriptors in (
        ({"random_state": 1}, X),
        ({"random_state": 0, "batch_size": 32}, X),
        ({"random_state": 0}, X + 1),
        ({"random_state": 0}, X[:99]),
    ):
        with pytest.raises(ValueError, match="of other descriptors or other options; delete it"):
            VisualVocabulary(9, **parameters).fit(descriptors, checkpoint=path)
    path.write_bytes(b"?")
    with pytest.raises(ValueError, match="no checkpoint of a visual vocabulary, or damaged"):
        VisualVocabulary(9, random_state=0).fit(X, checkpoint=path)


def test_without_a_random_state_the_seed_is_that_of_the_checkpoint(rng, monkeypatch, tmp_path):
    X = rng.normal(size=(300, 4))
    path = tmp_path / "checkpoint"
    parameters = {**options("minibatch"), "random_state": None}
    found, _ = run_killed_at(2, monkeypatch, lambda: X, path, **parameters)
    again = VisualVocabulary(9, **parameters).fit(X, checkpoint=path)
    assert np.array_equal(found.centers_, again.centers_)


# ---- scikit-learn, messages


# What is refused is refused in our own words, and by type where it is no 2-D array of numbers.
OWN_WORDS = [
    "check_complex_data", "check_dtype_object", "check_estimator_sparse_array",
    "check_estimator_sparse_matrix", "check_estimator_sparse_tag",
    "check_estimators_empty_data_messages", "check_fit1d", "check_fit2d_1sample",
    "check_fit2d_predict1d", "check_n_features_in_after_fitting",
]  # fmt: skip


@parametrize_with_checks(
    [VisualVocabulary(2)],
    expected_failed_checks=lambda _: dict.fromkeys(OWN_WORDS, "refused in other words"),
)
def test_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def test_clone_keeps_the_parameters():
    vocabulary = VisualVocabulary(7, method="kmeans", random_state=3)
    assert clone(vocabulary).get_params() == vocabulary.get_params()


def test_progress_is_shown_when_asked_for(rng, capsys):
    VisualVocabulary(3, random_state=0, verbose=1).fit(rng.normal(size=(20, 4)))
    assert "words" in capsys.readouterr().err
    VisualVocabulary(3, random_state=0).fit(rng.normal(size=(20, 4)))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_words": 0}, ValueError, "n_words must be at least 1, got 0"),
        ({"n_words": 2.5}, TypeError, "n_words must be an integer, got 2.5"),
        ({"method": "magic"}, ValueError, "method must be one of 'minibatch', 'kmeans'"),
        ({"batch_size": 3}, ValueError, "batch_size must be at least 16, got 3"),
        ({"max_iterations": 0}, ValueError, "max_iterations must be at least 1"),
        ({"branching": 1}, ValueError, "branching must be at least 2"),
        ({"random_state": "x"}, TypeError, "random_state must be None, an integer"),
        ({"verbose": -1}, ValueError, "verbose must be at least 0"),
        (
            {"n_words": 50, "method": "hierarchical"},
            ValueError,
            "n_words must be a power of branching = 10 .* got 50; the nearest is 100",
        ),
    ],
)
def test_options_are_checked(parameters, error, message):
    with pytest.raises(error, match=message):
        VisualVocabulary(**parameters).fit(np.eye(60))


@pytest.mark.parametrize(
    ("descriptors", "error", "message"),
    [
        (np.full((9, 2), np.nan), ValueError, "NaN, infinite or beyond float32; drop"),
        (np.full((9, 2), 1e300), ValueError, "NaN, infinite or beyond float32"),
        ([np.eye(3), np.eye(4)], ValueError, "the same number of columns, got 3, 4"),
        (np.zeros((3, 3, 3)), TypeError, r"shape \(n, d\), or an iterable of such arrays"),
        (np.array([["a", "b"]]), TypeError, "array of numbers of shape"),
        (np.zeros((3, 3), complex), TypeError, "got shape .3, 3. and dtype complex128"),
        (7, TypeError, "a .npy file or an iterable of arrays, got int"),
        ([], ValueError, "descriptors must be at least n_words = 2, got 0"),
        ([np.zeros((0, 4))] * 3, ValueError, "at least n_words = 2, got 0"),
        (iter([np.eye(3), np.eye(4)]), ValueError, "must have 3 columns"),
    ],
)
def test_descriptors_are_checked(descriptors, error, message):
    with pytest.raises(error, match=message):
        VisualVocabulary(2).fit(descriptors)


def test_files_of_descriptors_are_checked(tmp_path):
    path = tmp_path / "descriptors.npy"
    path.write_bytes(b"no array")
    with pytest.raises(ValueError, match=r"descriptors\.npy: not a \.npy file, or damaged"):
        VisualVocabulary(2).fit(path)


def test_queries_are_checked(rng):
    vocabulary = VisualVocabulary(3, random_state=0).fit(rng.normal(size=(20, 4)))
    with pytest.raises(ValueError, match=r"must have 4 columns .* got 5"):
        vocabulary.predict(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="NaN"):
        vocabulary.predict([[0, 0, 0, np.nan]])
    with pytest.raises(TypeError, match=r"of shape \(n, d\), got shape \(4,\)"):
        vocabulary.predict([0, 0, 0, 1])
    with pytest.raises(ValueError, match="k must be at most 3, got 4"):
        vocabulary.nearest(np.zeros((2, 4)), 4)
