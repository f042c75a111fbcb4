"""OpenCV's bag of words: arguments, results and errors as OpenCV 4.14 has them."""

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import classicvision.compat.opencv as cv2

ASSERTION = -215
OPENCV4 = Path(__file__).parents[2] / ".peers" / "opencv4" / "bin" / "python"


@pytest.fixture
def X(rng):
    return rng.random((20, 4), np.float32)


@pytest.fixture
def trainer(X):
    trainer = cv2.BOWKMeansTrainer(3)
    trainer.add(X[:12])
    trainer.add(X[12:])
    return trainer


class Matcher:
    """Stands in for a matcher that gives each descriptor the word its first number says."""

    def __init__(self, keep=slice(None)):
        self.trained, self.keep = [], keep

    def clear(self):
        self.trained = []

    def add(self, descriptors):
        self.trained += descriptors

    def match(self, descriptors):
        pairs = enumerate(descriptors[:, 0])
        return [cv2.DMatch(q, int(t), 0, 0.0) for q, t in list(pairs)[self.keep]]


class Extractor:
    """Stands in for an extractor that describes keypoints by numbers it was given."""

    def __init__(self, descriptors):
        self.descriptors = descriptors

    def compute(self, image, keypoints):
        return keypoints, self.descriptors


def extractor_of(words, n_words=5, **options):
    descriptors = np.array(words, np.float32)[:, None]
    extractor = cv2.BOWImgDescriptorExtractor(Extractor(descriptors), Matcher(**options))
    extractor.setVocabulary(np.arange(n_words, dtype=np.float32)[:, None])
    return extractor


def error_of(function, *arguments):
    with pytest.raises(cv2.error) as caught:
        function(*arguments)
    return caught.value.code, caught.value.func


# ---- trainer


def test_descriptors_are_collected(trainer, X):
    assert trainer.descriptorsCount() == 20
    found = trainer.getDescriptors()
    assert isinstance(found, tuple)
    assert [len(part) for part in found] == [12, 8]
    assert np.shares_memory(found[0], X)
    trainer.clear()
    assert trainer.descriptorsCount() == 0
    assert trainer.getDescriptors() == ()
    assert isinstance(trainer, cv2.BOWTrainer)


def test_words_are_those_of_kmeans_with_the_same_seed(trainer, X):
    cv2.setRNGSeed(5)
    expected = cv2.kmeans(X, 3, None, (0, 0, 0), 3, cv2.KMEANS_PP_CENTERS)[2]
    for arguments in ((), (X,)):
        cv2.setRNGSeed(5)
        assert np.array_equal(trainer.cluster(*arguments), expected)
    other = cv2.BOWKMeansTrainer(
        clusterCount=3, termcrit=(3, 10, 0.1), attempts=2, flags=cv2.KMEANS_RANDOM_CENTERS
    )
    cv2.setRNGSeed(5)
    expected = cv2.kmeans(X, 3, None, (3, 10, 0.1), 2, cv2.KMEANS_RANDOM_CENTERS)[2]
    cv2.setRNGSeed(5)
    assert np.array_equal(other.cluster(descriptors=X), expected)


def test_none_stands_for_the_default(X):
    words = cv2.BOWKMeansTrainer(2, termcrit=None, attempts=None, flags=None).cluster(X)
    assert (words.shape, words.dtype) == ((2, 4), np.float32)


def test_descriptors_that_do_not_fit_are_refused(trainer):
    for other in (
        None,
        np.zeros((0, 4), np.float32),
        np.zeros((2, 5), np.float32),
        np.zeros(4, np.float32),
        np.zeros((2, 4), np.uint8),
        np.zeros((2, 4)),
    ):
        assert error_of(trainer.add, other) == (ASSERTION, "add")
    assert trainer.descriptorsCount() == 20
    for other in ([[1, 2, 3, 4]], np.zeros((2, 4), complex), np.zeros((2, 4), bool)):
        with pytest.raises(TypeError, match="descriptors"):
            trainer.add(other)


def test_clustering_refuses_what_kmeans_does(trainer, X):
    assert error_of(cv2.BOWKMeansTrainer(3).cluster) == (ASSERTION, "cluster")
    for other in (X[:2], X.astype(np.float64), np.zeros((9, 4), np.uint8)):
        with pytest.raises(cv2.error):
            trainer.cluster(other)


def test_arguments_of_a_wrong_type():
    for arguments in (("x",), (3.5,), (None,), (3, None, "x"), (3, None, 3, 0.5)):
        with pytest.raises(TypeError, match="is required to be an integer"):
            cv2.BOWKMeansTrainer(*arguments)
    with pytest.raises(TypeError, match="termcrit must be"):
        cv2.BOWKMeansTrainer(3, 5)
    with pytest.raises(TypeError, match="clusterCount"):
        cv2.BOWKMeansTrainer()


# ---- extractor


def test_counts_are_shares_rounded_as_opencv_does():
    words = [0, 1, 1, 4, 4, 4, 4]
    extractor = extractor_of(words)
    found = extractor.compute(None, [None] * 7)
    assert (found.shape, found.dtype) == ((1, 5), np.float32)
    assert np.array_equal(found[0], np.float32([1, 2, 0, 0, 4]) * np.float32(1 / 7))
    assert extractor.descriptorSize() == 5
    assert extractor.descriptorType() == cv2.CV_32F


def test_the_matcher_knows_only_the_last_vocabulary():
    extractor = extractor_of([0, 1])
    words = np.zeros((2, 1), np.float32)
    extractor.setVocabulary(words)
    assert extractor.getVocabulary() is words
    assert [part is words for part in extractor._matcher.trained] == [True]


def test_no_keypoints_no_descriptor():
    for nothing in (None, [], ()):
        assert extractor_of([0]).compute(np.zeros((9, 9), np.uint8), nothing) is None


def test_what_cannot_be_encoded_is_refused():
    extractor = cv2.BOWImgDescriptorExtractor(Extractor(np.zeros((1, 1), np.float32)), Matcher())
    assert extractor.getVocabulary() is None
    assert extractor.descriptorSize() == 0
    assert error_of(extractor.compute, None, [None]) == (ASSERTION, "compute")
    extractor.setVocabulary(None)
    assert error_of(extractor.compute, None, [None]) == (ASSERTION, "compute")
    lost = extractor_of([0])
    lost._extractor.descriptors = None
    assert error_of(lost.compute, None, [None]) == (ASSERTION, "compute")
    skipping = extractor_of([0, 1, 2], keep=slice(1, None))  # as a matcher with cross-check does
    assert error_of(skipping.compute, None, [None] * 3) == (ASSERTION, "compute")


def test_parts_of_a_wrong_type():
    with pytest.raises(TypeError, match="dextractor must have a method 'compute', got None"):
        cv2.BOWImgDescriptorExtractor(None, Matcher())
    with pytest.raises(TypeError, match="dmatcher must have a method 'match'"):
        cv2.BOWImgDescriptorExtractor(Extractor(None), Extractor(None))
    with pytest.raises(TypeError, match="vocabulary must be a NumPy array"):
        extractor_of([0]).setVocabulary([[0]])


@pytest.mark.parametrize("kind", ["sift", "orb"])
def test_with_the_parts_of_opencv(photographs, kind):
    image = photographs["camera"]
    if kind == "sift":
        extractor, matcher = cv2.SIFT_create(100), cv2.BFMatcher(cv2.NORM_L2)
    else:
        extractor, matcher = cv2.ORB_create(100), cv2.BFMatcher(cv2.NORM_HAMMING)
    keypoints, descriptors = extractor.detectAndCompute(image, None)
    bag = cv2.BOWImgDescriptorExtractor(extractor, matcher)
    bag.setVocabulary(descriptors[::10].copy())
    found = bag.compute(image, keypoints)
    assert found.shape == (1, len(descriptors[::10]))
    assert found.sum() == pytest.approx(1)


def test_signatures_are_those_of_opencv():
    names = {
        cv2.BOWKMeansTrainer: ["clusterCount", "termcrit", "attempts", "flags"],
        cv2.BOWImgDescriptorExtractor: ["dextractor", "dmatcher"],
        cv2.BOWImgDescriptorExtractor.compute: ["self", "image", "keypoints", "imgDescriptor"],
        cv2.BOWTrainer.add: ["self", "descriptors"],
    }
    for function, expected in names.items():
        assert list(inspect.signature(function).parameters) == expected


SCRIPT = """
import sys, numpy as np, {module} as cv2
descriptors, image = np.load(sys.argv[1]), np.load(sys.argv[2])
cv2.setNumThreads(1)
trainer = cv2.BOWKMeansTrainer(20, (3, 30, 1e-3), 2, cv2.KMEANS_PP_CENTERS)
for part in np.array_split(descriptors, 3):
    trainer.add(part)
cv2.setRNGSeed(7)
words = trainer.cluster()
orb = cv2.ORB_create(300)
rows = [words]
for extractor, matcher, vocabulary in (
    (cv2.SIFT_create(300), cv2.BFMatcher(cv2.NORM_L2), words),
    (cv2.SIFT_create(300), cv2.BFMatcher(cv2.NORM_L1), descriptors[:30]),
    (orb, cv2.BFMatcher(cv2.NORM_HAMMING), orb.detectAndCompute(image, None)[1][::9].copy()),
):
    bag = cv2.BOWImgDescriptorExtractor(extractor, matcher)
    bag.setVocabulary(vocabulary)
    keypoints = extractor.detect(image, None)
    rows += [bag.compute(image, keypoints[:n]) for n in (1, 7, 100, len(keypoints))]
np.savez(sys.argv[3], *rows)
"""


def test_equals_opencv_4(photographs, tmp_path):
    """Where OpenCV 4.14 is at hand: the benchmarks make an environment with it."""
    if not OPENCV4.exists():
        pytest.skip("there is no environment with OpenCV 4.14")
    image = photographs["camera"][100:400, 100:400]
    descriptors = cv2.SIFT_create(300).detectAndCompute(photographs["camera"], None)[1]
    np.save(tmp_path / "descriptors.npy", descriptors)
    np.save(tmp_path / "image.npy", image)
    paths = [str(tmp_path / name) for name in ("descriptors.npy", "image.npy")]
    found = []
    for python, module in (
        ([sys.executable], "classicvision.compat.opencv"),
        ([str(OPENCV4), "-I"], "cv2"),
    ):
        path = tmp_path / f"{module}.npz"
        command = [*python, "-c", SCRIPT.format(module=module), *paths, str(path)]
        subprocess.run(command, check=True, capture_output=True)
        with np.load(path) as file:
            found.append([file[name] for name in file.files])
    for ours, theirs in zip(*found, strict=True):
        assert np.array_equal(ours, theirs)
