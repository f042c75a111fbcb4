"""Visual vocabularies: what scikit-learn wants of them, and what they refuse."""

import io

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from classicvision.results import Keypoints
from classicvision.retrieval.vocabulary import VisualVocabulary

KEYPOINT = Keypoints([[1, 2]], [3], [0], [1])

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
        (np.full((9, 2), np.nan), ValueError, r"NaN, infinite or beyond 1e\+12; drop"),
        (np.full((9, 2), 1.1e12), ValueError, r"NaN, infinite or beyond 1e\+12"),
        (iter([np.full((9, 2), 1e20)]), ValueError, r"NaN, infinite or beyond 1e\+12"),
        ([np.eye(3), np.eye(4)], ValueError, "the same number of columns, got 3, 4"),
        (np.zeros((3, 3, 3)), TypeError, r"shape \(n, d\), or an iterable of such arrays"),
        (np.array([["a", "b"]]), TypeError, "array of numbers of shape"),
        (np.zeros((3, 3), complex), TypeError, "got shape .3, 3. and dtype complex128"),
        ([(np.eye(3)[:2], np.eye(3))], TypeError, r"descriptors\), give its second$"),
        ([[1, 2], [3]], TypeError, r"got shape \(\) and dtype object$"),
        ((KEYPOINT, np.eye(1)), TypeError, r"descriptors\), give its second$"),
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
    with pytest.raises(FileNotFoundError, match=r"^\S+descriptors\.npy: no such file; check"):
        VisualVocabulary(2).fit(path)
    with pytest.raises(IsADirectoryError, match=r"^\S+: a folder, not a \.npy file of descriptors"):
        VisualVocabulary(2).fit(str(tmp_path))
    archive = io.BytesIO()
    np.savez(archive, np.eye(3))
    for content in (b"no array", archive.getvalue()):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"descriptors\.npy: not a \.npy file, or damaged; np"):
            VisualVocabulary(2).fit(path)
    np.save(path, np.array([np.eye(2), np.eye(3)], object))
    with pytest.raises(ValueError, match=r"descriptors\.npy: holds Python objects, not numbers"):
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
