"""Visual vocabularies on disk: saved ones, and checkpoints of those that are being learned."""

import contextlib
import json
import subprocess
import sys

import numpy as np
import pytest

from classicvision.retrieval import _vocabulary_checkpoint
from classicvision.retrieval._clustering import Clustering
from classicvision.retrieval.vocabulary import METHODS, VisualVocabulary
from tests.retrieval.vocabulary_data import Images, blobs, options


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
    with pytest.raises(ValueError, match="damaged: not a file that VisualVocabulary"):
        VisualVocabulary.load(path)
    with pytest.raises(FileNotFoundError):
        VisualVocabulary.load(tmp_path / "nothing.npz")


def test_what_is_no_file_of_ours_is_said_in_our_own_words(tmp_path):
    path, folder = tmp_path / "words.npz", tmp_path / "photos"
    folder.mkdir()
    np.savez(path, about=np.array([{}], object))
    reason = r"words\.npz: no visual vocabulary, or damaged: not a file that VisualVocabulary\.save"
    with pytest.raises(ValueError, match=f"{reason} wrote$"):  # without NumPy's advice on pickles
        VisualVocabulary.load(path)
    with pytest.raises(IsADirectoryError, match="photos: a folder, not a visual vocabulary; give"):
        VisualVocabulary.load(folder)
    with pytest.raises(TypeError, match="path must be the name of a file, got None"):
        VisualVocabulary.load(None)
    fit = VisualVocabulary(2).fit
    with pytest.raises(IsADirectoryError, match="photos: a folder, not a checkpoint of a visual"):
        fit(np.eye(3), checkpoint=folder)
    with pytest.raises(FileNotFoundError, match=r"checkpoint .*file is in no folder that exists"):
        fit(np.eye(3), checkpoint=tmp_path / "missing" / "file")
    with pytest.raises(TypeError, match="checkpoint must be the name of a file, got 7"):
        fit(np.eye(3), checkpoint=7)


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
