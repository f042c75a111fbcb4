"""An index of pictures is the same however it was built, and what is asked of it is checked."""

import os
import shutil

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import classicvision as cv
from tests.retrieval.pictures import OPTIONS, path_of, same_index
from tests.retrieval.store_records import steps

pytestmark = pytest.mark.usefixtures("small_parts")


def test_several_jobs_make_the_same_index(built, pictures, tmp_path):
    cv.ImageIndex.build(pictures, tmp_path / "index", n_jobs=2, **OPTIONS)
    assert same_index(built.path, tmp_path / "index")


def test_any_number_of_threads_for_products_makes_the_same_index(built, pictures, tmp_path):
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            cv.ImageIndex.build(pictures, tmp_path / "index", **OPTIONS)
        assert same_index(built.path, tmp_path / "index")
        shutil.rmtree(tmp_path / "index")


def test_a_backend_that_is_not_lazy_makes_the_same_index(built, pictures, tmp_path):
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config(backend="multiprocessing", n_jobs=2):
        cv.ImageIndex.build(pictures, tmp_path / "index", **OPTIONS)
    assert same_index(built.path, tmp_path / "index")


@pytest.mark.slow
def test_a_dask_cluster_makes_the_same_index(built, pictures, tmp_path):
    distributed = pytest.importorskip("distributed", reason="the extra 'distributed' is missing")
    joblib = pytest.importorskip("joblib")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        cv.ImageIndex.build(pictures, tmp_path / "index", **OPTIONS)
    assert same_index(built.path, tmp_path / "index")


@pytest.mark.parametrize(
    ("step", "count", "images"),
    [
        ("catalogue written", 1, None),
        ("catalogue named", 1, 0),
        ("words written", 1, 0),
        ("points appended", 1, 0),
        ("committed", 3, 2),  # the first ones are those of the words and the folders' names
        ("signatures appended", 2, 2),
        ("before the commit", 5, 4),
    ],
)
def test_an_interrupted_build_goes_on(built, pictures, tmp_path, step, count, images):
    seen = []

    def interrupt(name):
        seen.append(name)
        if seen.count(step) == count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), steps(interrupt):
        cv.ImageIndex.build(pictures, tmp_path / "index", **OPTIONS)
    if images is None:
        with pytest.raises(ValueError, match="not an image index"):
            cv.ImageIndex(tmp_path / "index")
    else:
        index = cv.ImageIndex(tmp_path / "index")
        assert len(index) == images
        assert len(index.search(path_of(pictures, "astronaut"))) == images
    index = cv.ImageIndex.build(pictures, tmp_path / "index", **OPTIONS)
    assert index.changes == (5 - (images or 0), 0, 0, images or 0, 0)
    assert same_index(built.path, tmp_path / "index")


@pytest.mark.skipif(os.name == "nt", reason="Windows does not wait for the names of folders")
def test_the_names_of_new_folders_are_waited_for(pictures, tmp_path, monkeypatch):
    events = []

    def note(descriptor):
        status = os.fstat(descriptor)
        events.append((status.st_dev, status.st_ino))

    def place(folder):
        status = os.stat(folder)
        return status.st_dev, status.st_ino

    monkeypatch.setattr(os, "fsync", note)
    with steps(events.append):
        cv.ImageIndex.build(path_of(pictures, "coffee"), tmp_path / "new" / "index", **OPTIONS)
    first = events.index("catalogue written")
    assert {place(tmp_path), place(tmp_path / "new")} <= set(events[:first])
    assert place(tmp_path / "new" / "index") in events[first:]


def test_adding_to_an_index_that_has_only_begun(pictures, tmp_path):
    def interrupt(name):
        if name == "catalogue named":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), steps(interrupt):
        cv.ImageIndex.build(pictures, tmp_path / "index", max_keypoints=50)
    index = cv.ImageIndex(tmp_path / "index")
    assert repr(index) == "ImageIndex(0 images, 0 words)"
    assert index.update() == (0, 0, 0, 0, 0)
    index.compact()
    assert index.add(pictures).added == 5
    assert index.parameters["max_keypoints"] == 50
    assert index.parameters["n_words"] > 5


def test_unreadable_files_are_skipped(pictures, tmp_path):
    folder = shutil.copytree(pictures, tmp_path / "pictures")
    (folder / "2 no.png").write_bytes(b"no picture")
    files = [folder, folder / "missing.png", folder / "2 no.png"]
    told = []
    index = cv.ImageIndex.build(
        files, tmp_path / "index", on_error=lambda *problem: told.append(problem), **OPTIONS
    )
    assert index.changes == (5, 0, 0, 0, 2)
    assert [(os.path.basename(path), type(error)) for path, error in told] == [
        ("2 no.png", ValueError), ("missing.png", ValueError),
    ]  # fmt: skip
    with pytest.warns(RuntimeWarning, match=r"2 no\.png: not a JPEG.*; skipped"):
        assert index.add(folder) == (0, 0, 0, 5, 1)
    (folder / "only").mkdir()
    shutil.move(folder / "2 no.png", folder / "only")
    with pytest.raises(ValueError, match=r"2 no\.png: not a JPEG"):
        cv.ImageIndex.build(folder / "only", tmp_path / "other")


def test_a_vocabulary_of_ones_own(built, pictures, tmp_path, photographs):
    descriptors = [cv.extract_descriptors(image)[1] for image in photographs.values()]
    vocabulary = cv.VisualVocabulary(30, random_state=0).fit(np.concatenate(descriptors))
    vocabulary.save(tmp_path / "words.npz")
    index = cv.ImageIndex.build(pictures, tmp_path / "a", vocabulary=vocabulary)
    assert index.parameters["n_words"] == 30
    assert vocabulary.document_frequencies_ is None  # a copy has counted them
    cv.ImageIndex.build(pictures, tmp_path / "b", vocabulary=tmp_path / "words.npz")
    same_index(tmp_path / "a", tmp_path / "b")
    cv.ImageIndex.build(pictures, tmp_path / "b", vocabulary=vocabulary)
    with pytest.raises(ValueError, match="an index with another vocabulary"):
        cv.ImageIndex.build(pictures, built.path, vocabulary=vocabulary, max_keypoints=300)
    with pytest.raises(ValueError, match="n_words must be None where a vocabulary is given"):
        cv.ImageIndex.build(pictures, tmp_path / "c", vocabulary=vocabulary, n_words=3)
    with pytest.raises(TypeError, match="vocabulary must be a VisualVocabulary or its file, got"):
        cv.ImageIndex.build(pictures, tmp_path / "c", vocabulary=3)
    with pytest.raises(ValueError, match="vocabulary must be fitted to RootSIFT descriptors"):
        cv.ImageIndex.build(pictures, tmp_path / "c", vocabulary=cv.VisualVocabulary())


def test_wrong_folders_and_parameters(built, pictures, tmp_path):
    with pytest.raises(ValueError, match="an index with max_keypoints=300, got 1000; leave it"):
        cv.ImageIndex.build(pictures, built.path, max_keypoints=1000)
    assert cv.ImageIndex.build(pictures, built.path).changes.unchanged == 5
    with pytest.raises(ValueError, match=r"holds other files \(1 astronaut\.png\) and no index"):
        cv.ImageIndex.build(pictures, pictures)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        cv.ImageIndex.open(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"not an image index, it has no catalogue\.sqlite"):
        cv.ImageIndex.open(tmp_path)
    with pytest.raises(ValueError, match="no image in this folder"):
        cv.ImageIndex.build(tmp_path, tmp_path / "index")
    with pytest.raises(ValueError, match="paths must name at least one picture, got none"):
        cv.ImageIndex.build([], tmp_path / "index")
    with pytest.raises(TypeError, match="paths must be file names, folders or patterns, got 0"):
        cv.ImageIndex.build([0], tmp_path / "index")
    with pytest.raises(ValueError, match="max_side must be at least 16, got 3"):
        cv.ImageIndex.build(pictures, tmp_path / "index", max_side=3)
    with pytest.raises(ValueError, match="out must name a folder, got ''"):
        cv.ImageIndex.build(pictures, "")
    with pytest.raises(ValueError, match="path must name a folder, got ''"):
        cv.ImageIndex("")
    with pytest.raises(ValueError, match="top must be at least 1, got 0"):
        built.search(np.zeros((9, 9), np.uint8), top=0)
    assert os.listdir(tmp_path) == []


def test_numbers_of_numpy(pictures, tmp_path):
    numbers = {
        "max_side": np.int64(200),
        "max_keypoints": np.uint8(100),
        "contrast_threshold": np.float32(1 / 64),
        "n_words": np.int32(20),
        "random_state": np.int64(1),
    }
    for _ in range(2):
        index = cv.ImageIndex.build(path_of(pictures, "coffee"), tmp_path / "index", **numbers)
    assert index.parameters == {
        "max_side": 200, "max_keypoints": 100, "contrast_threshold": 1 / 64, "cells": 8,
        "n_words": 20,
    }  # fmt: skip
