"""An index of pictures that is damaged, a full disk, and files of other programs."""

import errno
import os
import shutil

import numpy as np
import pytest

import classicvision as cv
from classicvision.retrieval import _catalogue, _index_search, _index_words, _rows
from classicvision.retrieval._writer import Writer
from tests.retrieval.pictures import OPTIONS, path_of
from tests.retrieval.store_records import steps

pytestmark = pytest.mark.usefixtures("small_parts")


def test_damaged_parameters_are_refused(index):
    with Writer(index.path) as writer:
        writer.set("parameters", {"n_words": 60})
    with pytest.raises(ValueError, match=r"catalogue is damaged \(parameters: 'extraction'\)"):
        cv.ImageIndex(index.path)


def test_a_full_disk_deletes_nothing(pictures, tmp_path, monkeypatch):
    def interrupt(name):
        if name == "weights appended":
            monkeypatch.setattr(_catalogue, "_readable", lambda address: None)
            monkeypatch.setattr(_catalogue, "_is_nonempty", lambda path: True)
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"), steps(interrupt):
        cv.ImageIndex.build(pictures, tmp_path / "index", **OPTIONS)
    monkeypatch.undo()
    assert cv.ImageIndex(tmp_path / "index").parameters["n_words"] == 60


def test_other_programs_files_are_left_alone(pictures, index, tmp_path):
    (tmp_path / "downloads").mkdir()
    download = tmp_path / "downloads" / "film.mkv.part"
    download.write_bytes(b"half of it")
    with pytest.raises(ValueError, match=r"holds other files \(film\.mkv\.part\) and no index"):
        cv.ImageIndex.build(pictures, tmp_path / "downloads", **OPTIONS)
    shutil.copy(download, index.path)
    left = os.path.join(index.path, ".123-0a1b2c3d.part")  # by a process that was killed
    shutil.copy(download, left)
    index.compact()
    assert os.path.exists(os.path.join(index.path, download.name))
    assert not os.path.exists(left)


def test_postings_of_no_image_are_found_by_searches_and_told_of(index, pictures):
    name = min(name for name in os.listdir(index.path) if name.endswith(".segment"))
    segment = index._searcher.snapshot.segments[0]
    first = segment.offsets.nbytes + segment.signatures.nbytes
    with open(os.path.join(index.path, name), "r+b") as file:
        file.seek(first)
        images = np.fromfile(file, "<u4", len(segment))
        file.seek(first)
        (images | 1 << 28).astype("<u4").tofile(file)
    opened, told = cv.ImageIndex(index.path), []
    with pytest.raises(ValueError, match=rf"^{index.path}: damaged postings; compact the index"):
        opened.search(path_of(pictures, "astronaut"))
    with pytest.raises(ValueError, match=rf"{name}: damaged postings; compact the index, which"):
        opened.verify()
    opened.verify(on_error=lambda path, error: told.append((path, type(error))))
    assert told == [(os.path.join(index.path, name), ValueError)]
    opened.compact()
    opened.verify()
    assert opened.search(path_of(pictures, "astronaut"), top=1).inliers > 20


def test_numbers_that_nothing_wrote_are_damage_of_the_index(index, pictures):
    path = path_of(pictures, "astronaut")
    message = rf"^{index.path}: damaged data of {path}; remove it and add it again; see what "
    overwrite(index, "points", np.float32(np.nan))
    opened = cv.ImageIndex(index.path)
    for search in (opened.search, lambda query: opened.compare(query, path)):
        with pytest.raises(ValueError, match=message):
            search(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1])
def test_a_damaged_weight_is_told_of_and_mended(index, pictures, value):
    path = path_of(pictures, "astronaut")
    overwrite(index, "weights", np.float32(value))
    opened = cv.ImageIndex(index.path)
    with pytest.raises(ValueError, match=rf"damaged data of {path}; remove it and add it again"):
        opened.search(path)
    assert damaged(opened) == [path]
    assert opened.remove(path).removed == 1
    assert opened.add(path).added == 1
    assert damaged(opened) == []
    assert opened.search(path, top=1).paths == (path,)


@pytest.mark.parametrize("damage", ["offsets", "short", "missing"])
def test_damaged_segments_are_told_of_and_mended(index, pictures, damage):
    path = path_of(pictures, "astronaut")
    expected = index.search(path)
    name = min(name for name in os.listdir(index.path) if name.endswith(".segment"))
    segment = os.path.join(index.path, name)
    if damage == "offsets":
        with open(segment, "r+b") as file:
            file.write(np.int64(3).tobytes())
    elif damage == "short":
        os.truncate(segment, 100)
    else:
        os.unlink(segment)
    opened = cv.ImageIndex(index.path)
    with pytest.raises(ValueError, match=rf"{name}: damaged postings; compact the index, which"):
        opened.search(path)
    assert damaged(opened) == [segment]
    opened.compact()
    assert damaged(opened) == []
    assert opened.search(path) == expected


def test_a_damaged_word_is_told_of_and_mended(index, pictures):
    path = path_of(pictures, "rocket")  # the last one: its postings are not sealed
    count = len(index._searcher.snapshot.columns["words"])
    with open(os.path.join(index.path, "000001-words.rows"), "r+b") as file:
        file.seek(4 * (count - 1))
        file.write(np.uint32(60).tobytes())
    opened = cv.ImageIndex(index.path)
    with pytest.raises(ValueError, match=rf"damaged data of {path}; remove it and add it again"):
        opened.search(path)
    assert damaged(opened) == [path]
    assert opened.remove(path).removed == 1
    assert opened.add(path).added == 1
    assert damaged(opened) == []
    assert opened.search(path, top=1).paths == (path,)


def damaged(index):
    """Return the names of what is damaged in an index."""
    paths = []
    index.verify(on_error=lambda path, error: paths.append(path))
    return paths


def overwrite(index, name, value):
    """Replace the first number of an array of an index."""
    with open(os.path.join(index.path, f"000001-{name}.rows"), "r+b") as file:
        file.write(value.tobytes())


def test_an_error_of_a_search_is_not_taken_for_damage(built, pictures, monkeypatch):
    def fail(*arguments):
        raise IndexError("a mistake")

    monkeypatch.setattr(_index_search, "hamming_scores", fail)
    with pytest.raises(IndexError, match="a mistake"):
        built.search(path_of(pictures, "astronaut"))


@pytest.mark.parametrize("name", ["catalogue.sqlite", "000001-words.rows", "vocabulary.npz"])
def test_files_without_rights_are_named(index, monkeypatch, name):
    path = os.path.join(index.path, name)

    def denied(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    if name == "catalogue.sqlite":  # or its folder
        monkeypatch.setattr(_catalogue.os, "access", denied)
    elif name == "vocabulary.npz":
        monkeypatch.setattr(_index_words, "_digest", denied)
    else:
        monkeypatch.setattr(_rows, "map_array", denied)
    message = rf"^{index.path}: {name} cannot be read \(Permission denied\); check the rights of "
    with pytest.raises(PermissionError, match=message):
        cv.ImageIndex(index.path)


def test_a_file_is_no_index(index):
    with pytest.raises(NotADirectoryError, match=r"npz: a file, and no index; give an index's fol"):
        cv.ImageIndex(os.path.join(index.path, "vocabulary.npz"))


def test_damaged_words_are_refused(index):
    path = os.path.join(index.path, "embedding.npz")
    with open(path, "r+b") as file:
        file.seek(5000)
        file.write(b"x")
    with pytest.raises(ValueError, match=r"embedding\.npz: missing, or not the file of this index"):
        cv.ImageIndex(index.path)
