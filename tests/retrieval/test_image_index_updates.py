"""An index of pictures follows its files: new, changed and vanished ones, and missing disks."""

import errno
import os
import shutil

import pytest

import classicvision as cv
from classicvision.retrieval import _indexing
from classicvision.retrieval._paths import vanished_paths
from classicvision.retrieval._writer import Writer
from tests.retrieval.pictures import OPTIONS, make_pictures, path_of
from tests.retrieval.store_records import steps

pytestmark = pytest.mark.usefixtures("small_parts")


def test_update(photographs, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    make_pictures(folder, photographs)
    index = cv.ImageIndex.build(folder, tmp_path / "index", **OPTIONS)
    assert index.update() == (0, 0, 0, 5, 0)
    os.utime(path_of(folder, "camera"), ns=(10**18, 10**18))  # touched
    shutil.copy(path_of(folder, "rocket"), path_of(folder, "coffee"))  # changed
    shutil.copy(path_of(folder, "rocket"), folder / "6 copy.png")  # new
    os.unlink(path_of(folder, "astronaut"))  # vanished
    assert index.add(folder) == (1, 1, 0, 3, 0)
    assert len(index) == 6
    assert index.update() == (0, 0, 1, 5, 0)
    assert index.update(folder / "*.png") == (0, 0, 0, 5, 0)
    rockets = index.search(photographs["rocket"][::2, ::2], top=3)
    assert {os.path.basename(path)[0] for path in rockets.paths} == {"4", "5", "6"}
    assert (rockets.inliers > 50).all()
    os.unlink(folder / "6 copy.png")
    assert index.update(folder / "*.png").removed == 1
    os.unlink(path_of(folder, "rocket"))
    assert index.update(path_of(folder, "rocket")) == (0, 0, 1, 0, 0)
    index.compact()
    index.verify()
    assert len(index) == 3
    shutil.rmtree(folder)
    with pytest.raises(ValueError, match="the folder is gone; bring it back, or remove"):
        index.update()
    assert len(index) == 3


def test_many_touched_files_are_one_transaction(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(_indexing, "_TOUCHED", 3)
    for i in range(7):
        cv.write_image(tmp_path / f"{i}.png", photographs["camera"][i : i + 40 : 2, :40:2])
    index = cv.ImageIndex.build(tmp_path, tmp_path / "index")
    for i in range(7):
        os.utime(tmp_path / f"{i}.png", ns=(10**18, 10**18))
    done = []
    with steps(done.append):
        assert index.update() == (0, 0, 0, 7, 0)
    assert done.count("committed") == 3 + 1  # and that of the pictures that are gone
    with Writer(index.path) as writer:
        assert {writer.find(path)[2] for path in index.paths} == {10**18}


def test_folders_that_are_empty_or_gone(photographs, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        cv.write_image(tmp_path / name / "coffee.png", photographs["coffee"][::2, ::2])
    sources = [tmp_path / "a", tmp_path / "b", tmp_path / "b" / "*.png"]
    index = cv.ImageIndex.build(sources, tmp_path / "index", **OPTIONS)
    shutil.move(tmp_path / "b", tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="b: the folder is gone; bring it back, or remove"):
        index.update()
    assert index.remove(tmp_path / "b").removed == 1
    assert index.update() == (0, 0, 0, 1, 0)
    index.add(tmp_path / "elsewhere" / "*.png")
    os.rename(tmp_path / "elsewhere" / "coffee.png", tmp_path / "elsewhere" / "a.jpg")
    with pytest.raises(ValueError, match=r"\*\.png: the pattern matches no file; bring it back"):
        index.update()
    assert index.remove(tmp_path / "elsewhere").removed == 1
    os.rename(tmp_path / "elsewhere" / "a.jpg", tmp_path / "elsewhere" / "coffee.png")
    shutil.move(tmp_path / "elsewhere", tmp_path / "b")
    assert index.update() == (0, 0, 0, 1, 0)  # b is forgotten
    os.unlink(tmp_path / "a" / "coffee.png")
    with pytest.warns(RuntimeWarning, match="a: the folder is empty; bring it back, or remove it"):
        assert cv.ImageIndex(index.path).update(tmp_path / "a") == (0, 0, 0, 0, 1)
    (tmp_path / "a" / "list.txt").write_text("nothing")
    assert cv.ImageIndex(index.path).update(tmp_path / "a") == (0, 0, 1, 0, 0)
    assert index.add(tmp_path / "b").added == 1
    os.unlink(tmp_path / "b" / "coffee.png")
    with pytest.raises(ValueError, match="b: the folder is empty; bring it back, or remove its"):
        index.update()  # as if the disk were not there
    (tmp_path / "b" / "list.txt").write_text("coffee")
    assert index.update() == (0, 0, 1, 0, 0)
    assert len(index) == 0


@pytest.mark.parametrize("named", [True, False])
def test_pictures_of_folders_that_are_gone_stay(photographs, tmp_path, named):
    files = [tmp_path / "disk" / "deep" / "a.png", tmp_path / "disk" / "b.png"]
    files += [tmp_path / "here" / "c.png", tmp_path / "here" / "d.png", tmp_path / "tree" / "e"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        cv.write_image(f"{file}.png", photographs["coffee"][:80:2, :80:2])
        os.rename(f"{file}.png", file)
    index = cv.ImageIndex.build(files, tmp_path / "index")
    shutil.move(tmp_path / "disk", tmp_path / "elsewhere")
    (tmp_path / "disk").mkdir()
    os.unlink(files[2])
    paths, problems = files[:4] if named else None, []

    def update():
        problems.clear()
        return index.update(paths, on_error=lambda path, error: problems.append((path, str(error))))

    assert update() == (0, 0, 1, 1 if named else 2, 2)  # the coffee, whose folder is there
    remedy = "bring it back, or remove its pictures from the index"
    assert problems == [
        (str(tmp_path / folder), f"{tmp_path / folder}: the folder is {state}; {remedy}")
        for folder, state in (("disk/deep", "gone"), ("disk", "empty"))
    ]
    assert index.paths == [str(files[i]) for i in (0, 1, 3, 4)]
    (tmp_path / "disk").rmdir()
    shutil.move(tmp_path / "elsewhere", tmp_path / "disk")
    os.unlink(files[1])
    shutil.rmtree(files[0].parent)
    (tmp_path / "disk" / "list.txt").write_text("nothing")
    assert update() == ((0, 0, 1, 1, 2) if named else (0, 0, 1, 2, 1))  # b.png, and no c.png
    assert index.remove(files[0]).removed == 1


def test_a_folder_in_a_folder_that_is_there_may_go(photographs, tmp_path):
    (tmp_path / "photos" / "2019").mkdir(parents=True)
    for name in ("a.png", "2019/b.png"):
        cv.write_image(tmp_path / "photos" / name, photographs["coffee"][:80:2, :80:2])
    index = cv.ImageIndex.build(tmp_path / "photos", tmp_path / "index")
    shutil.rmtree(tmp_path / "photos" / "2019")
    assert index.update() == (0, 0, 1, 1, 0)


@pytest.mark.parametrize("source", ["usb", "usb/*.png"])
def test_a_folder_above_does_not_stand_for_a_disk_of_its_own(photographs, tmp_path, source):
    for name in ("home/a.png", "home/b.png", "usb/c.png"):
        (tmp_path / "mnt" / name).parent.mkdir(parents=True, exist_ok=True)
        cv.write_image(tmp_path / "mnt" / name, photographs["coffee"][:80:2, :80:2])
    sources = [tmp_path / "mnt" / name for name in ("home", source)]
    index = cv.ImageIndex.build(sources, tmp_path / "index")
    shutil.move(tmp_path / "mnt" / "usb", tmp_path / "unplugged")
    os.unlink(tmp_path / "mnt" / "home" / "a.png")
    with pytest.warns(RuntimeWarning, match="usb: the folder is gone; bring it back, or remove it"):
        assert index.update(tmp_path / "mnt") == (0, 0, 1, 1, 1)
    assert [os.path.basename(path) for path in index.paths] == ["b.png", "c.png"]
    shutil.move(tmp_path / "unplugged", tmp_path / "mnt" / "usb")
    assert index.update(tmp_path / "mnt") == (0, 0, 0, 2, 0)


def test_a_picture_that_comes_back_during_an_update_stays(photographs, tmp_path):
    for name in ("a.png", "b.png"):
        cv.write_image(tmp_path / name, photographs["coffee"][:80:2, :80:2])
    index = cv.ImageIndex.build(tmp_path, tmp_path / "index")
    os.rename(tmp_path / "a.png", tmp_path / "moved")
    shutil.copy(tmp_path / "b.png", tmp_path / "c.png")

    def bring_back(name):
        if name == "weights appended":
            os.rename(tmp_path / "moved", tmp_path / "a.png")

    with steps(bring_back):
        assert index.update() == (1, 0, 0, 1, 0)
    assert [os.path.basename(path) for path in index.paths] == ["a.png", "b.png", "c.png"]


def test_folders_are_removed(pictures, index, tmp_path):
    shutil.copytree(pictures, tmp_path / "more" / "deep")
    index.add(tmp_path / "more")
    with pytest.raises(ValueError, match="mor: not in the index; check its name and folder"):
        index.remove([tmp_path / "more", tmp_path / "mor"])
    with pytest.raises(ValueError, match="not in the index"):
        index.remove("")
    assert len(index) == 10
    assert index.remove([tmp_path / "more", path_of(pictures, "coffee")]).removed == 6
    assert index.update() == (1, 0, 0, 4, 0)  # the coffee, which is in a folder of the index


def test_unreadable_folders_are_told_of_and_their_pictures_kept(pictures, tmp_path, monkeypatch):
    shutil.copytree(pictures, tmp_path / "all" / "closed")
    shutil.copy(path_of(pictures, "coffee"), tmp_path / "all")
    closed, problems = str(tmp_path / "all" / "closed"), []
    options = {"on_error": lambda path, error: problems.append((path, str(error)))}

    def denied(function):
        def call(path, *arguments, **keywords):
            if os.fspath(path).startswith(closed):
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return function(path, *arguments, **keywords)

        return call

    def close():
        monkeypatch.setattr(os, "scandir", denied(os.scandir))
        monkeypatch.setattr(os, "lstat", denied(os.lstat))

    reason = f"{closed}: the folder cannot be read (Permission denied); check its rights"
    with monkeypatch.context() as monkeypatch:
        close()
        index = cv.ImageIndex.build(tmp_path / "all", tmp_path / "index", **OPTIONS, **options)
        assert index.changes == (1, 0, 0, 0, 1)
        with pytest.raises(PermissionError, match="the folder cannot be read"):
            index.add(closed)
    assert index.update() == (5, 0, 0, 1, 0)
    with monkeypatch.context() as monkeypatch:
        close()
        assert index.update(**options) == (0, 0, 0, 1, 1)
        assert index.update(tmp_path / "all", **options) == (0, 0, 0, 1, 1)
    assert len(index) == 6
    assert problems == [(closed, reason)] * 3


def test_remove_and_compact(index, pictures):
    before = cv.ImageIndex(index.path)
    query = cv.read_image(path_of(pictures, "coffee"))
    assert index.remove(path_of(pictures, "coffee")) == (0, 0, 1, 0, 0)
    assert path_of(pictures, "coffee") not in index.search(query).paths
    with pytest.raises(ValueError, match=r"nothing\.png: not in the index"):
        index.remove([index.paths[0], "nothing.png"])
    expected = index.search(path_of(pictures, "camera"))
    index.compact()
    assert len(index) == 4
    assert index.search(path_of(pictures, "camera")) == expected
    assert before.search(query).paths[0] == path_of(pictures, "coffee")  # as it was opened
    assert index.add(path_of(pictures, "coffee")).added == 1
    assert index.search(query).paths[0] == path_of(pictures, "coffee")


def test_vanished_pictures_that_patterns_name(tmp_path):
    names = ["a.png", "b.jpg", "sub/a.png", "sub/below/a.png", "other/a.png"]
    paths = [str(tmp_path / name) for name in names]

    def named(pattern):
        found = vanished_paths(paths, [str(tmp_path / pattern)])
        return [names[paths.index(path)] for path in found]

    assert named("*.png") == ["a.png"]
    assert named("**/*.png") == ["a.png", "sub/a.png", "sub/below/a.png", "other/a.png"]
    assert named("s*") == ["sub/a.png", "sub/below/a.png"]  # all pictures below a folder
    assert named("*/a.png") == ["sub/a.png", "other/a.png"]
    assert named("**/below/*") == ["sub/below/a.png"]
    assert named("**") == names
    (tmp_path / "a.png").touch()
    assert named("*.png") == []
