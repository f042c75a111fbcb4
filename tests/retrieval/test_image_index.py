"""The index of pictures on disk: found again, kept up to date, the same however it was built."""

import errno
import os
import pickle
import shutil

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import classicvision as cv
from classicvision._parallel import parallel_map
from classicvision.retrieval import _catalogue, _indexing, _sealing
from classicvision.retrieval._paths import vanished_paths
from classicvision.retrieval._writer import Writer
from tests.retrieval.store_records import make_small, steps

OPTIONS = {"n_words": 60, "max_keypoints": 300}
NAMES = ["astronaut", "camera", "chelsea", "coffee", "rocket"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    in_small_parts(monkeypatch)


def in_small_parts(patch):
    """Publish two pictures at a time, and seal the postings of three."""
    make_small(patch)
    patch.setattr(_indexing, "_BATCH", 2)
    patch.setattr(_sealing, "_SEAL", 700)


def make_pictures(folder, photographs):
    for number, name in enumerate(NAMES):
        cv.write_image(
            os.path.join(folder, f"{number + 1} {name}.png"), photographs[name][::2, ::2]
        )


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, photographs):
    """A folder of five small photographs."""
    folder = tmp_path_factory.mktemp("pictures")
    make_pictures(folder, photographs)
    return str(folder)


@pytest.fixture(scope="module")
def built(pictures, tmp_path_factory):
    """An index of them that no test changes."""
    out = tmp_path_factory.mktemp("built") / "index"
    with pytest.MonkeyPatch.context() as patch:
        in_small_parts(patch)
        return cv.ImageIndex.build(pictures, out, **OPTIONS)


@pytest.fixture
def index(built, tmp_path):
    """A copy of it, and of its pictures."""
    return cv.ImageIndex(shutil.copytree(built.path, tmp_path / "index"))


def path_of(pictures, name):
    return os.path.join(pictures, f"{NAMES.index(name) + 1} {name}.png")


def same_index(a, b):
    """Check that two folders hold the same index: all files, and what the catalogue says."""
    names = sorted(name for name in os.listdir(a) if name.endswith((".rows", ".npz", ".segment")))
    for name in names:
        with open(os.path.join(a, name), "rb") as ours, open(os.path.join(b, name), "rb") as theirs:
            assert ours.read() == theirs.read(), name
    ours, theirs = (cv.ImageIndex(folder)._searcher.snapshot.contents for folder in (a, b))
    assert ours.paths == theirs.paths
    assert ours.parameters == theirs.parameters
    np.testing.assert_array_equal(ours.images, theirs.images)
    return len(names) > 10  # eight arrays, two files of words, a segment


def test_parts_are_found_and_located(built, pictures):
    for name in NAMES:
        image = cv.read_image(path_of(pictures, name))
        rows, columns = image.shape[:2]
        part = image[rows // 5 : rows * 4 // 5, columns // 5 : columns * 4 // 5]
        found = built.search(part, top=3)
        assert found.paths[0] == path_of(pictures, name)
        assert found.inliers[0] >= 20
        assert (found.scores[:-1] >= found.scores[1:]).all()
        box = [[columns // 5, rows // 5, columns * 4 // 5, rows * 4 // 5]]
        assert cv.iou(found.boxes[:1], box)[0, 0] > 0.8
        by_words = built.search(part, top=1, verify=False)
        assert by_words.paths == found.paths[:1]
        assert by_words.inliers.tolist() == [0]
        assert 0 < by_words.scores[0] < 2


def test_what_it_knows(built, pictures):
    assert len(built) == 5
    assert built.paths == [path_of(pictures, name) for name in NAMES]
    assert built.paths[0] in built
    assert "nothing.png" not in built
    assert repr(built) == "ImageIndex(5 images, 60 words)"
    assert built.parameters == {
        "max_side": 640, "max_keypoints": 300, "contrast_threshold": 0.01, "cells": 8,
        "n_words": 60,
    }  # fmt: skip
    assert built.changes == (5, 0, 0, 0, 0)
    built.verify()


def test_a_query_by_its_file(built, pictures):
    path = path_of(pictures, "coffee")
    assert built.search(path, top=1).paths == (path,)
    with pytest.raises(FileNotFoundError, match="no such file"):
        built.search("nothing.png")


def test_other_threads_and_processes_search_too(built, pictures):
    queries = [cv.read_image(path_of(pictures, name))[:200, :180] for name in NAMES]
    rankings = list(parallel_map(built.search, queries, n_jobs=2))
    assert rankings == [built.search(query) for query in queries]
    again = pickle.loads(pickle.dumps(built))
    assert again.search(queries[2]) == rankings[2]


def test_the_points_that_agree(built, pictures):
    path = path_of(pictures, "chelsea")
    image = cv.read_image(path)[20:120, 30:160]
    found = built.compare(image, path)
    assert len(found.points) == len(found.query_points) >= 6
    np.testing.assert_allclose(found.query_points + [30, 20], found.points, atol=4)
    other = built.compare(image, path_of(pictures, "rocket"))
    assert len(other.points) == 0
    assert other.box.tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match=r"nothing\.png: not in the index; see its paths"):
        built.compare(image, "nothing.png")


def test_coordinates_are_those_of_the_whole_picture(tmp_path, photographs):
    image = photographs["coffee"]  # 600 x 400
    cv.write_image(tmp_path / "a.png", image)
    with cv.ImageIndex.build(tmp_path / "a.png", tmp_path / "index", max_side=300) as index:
        found = index.search(image[50:350, 100:500])
    np.testing.assert_allclose(found.boxes[0], [100, 50, 500, 350], atol=6)


def test_sizes_of_pictures_do_not_matter(tmp_path, photographs):
    photo = photographs["coffee"]
    large = np.repeat(np.repeat(photo, 9, axis=0), 9, axis=1)
    cv.write_image(tmp_path / "large.png", large)
    cv.write_image(tmp_path / "other.png", photographs["astronaut"])
    index = cv.ImageIndex.build(tmp_path, tmp_path / "index", max_side=300, n_words=60)
    part = photo[100:300:2, 150:450:2]  # 18 times as small as it is there
    found = index.search(part, top=1)
    assert found.paths[0].endswith("large.png")
    assert found.inliers[0] > 10
    np.testing.assert_allclose(found.boxes[0], 9.0 * np.array([150, 100, 450, 300]), atol=60)
    found = index.search(large[900:2700, 1350:4050], top=1)
    np.testing.assert_allclose(found.boxes[0], 9.0 * np.array([150, 100, 450, 300]), atol=60)


def test_pictures_without_structure_are_found_by_their_colours(tmp_path):
    for i, color in enumerate([(250, 30, 30), (20, 200, 40), (30, 30, 220)]):
        image = np.empty((40, 50, 3), np.uint8)
        image[:], image[:10] = color, 128
        cv.write_image(tmp_path / f"{i}.png", image)
    index = cv.ImageIndex.build(tmp_path, tmp_path / "index")
    green = np.full((30, 30, 3), (10, 205, 60), np.uint8)
    found = index.search(green, top=2)
    assert found.paths[0] == str(tmp_path / "1.png")
    assert 0.8 < found.scores[0] <= 1
    assert len(index.search(np.full((9, 9), 128, np.uint8))) == 3


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


def test_folders_are_removed(pictures, index, tmp_path):
    shutil.copytree(pictures, tmp_path / "more" / "deep")
    index.add(tmp_path / "more")
    with pytest.raises(ValueError, match="mor: not in the index; see its paths"):
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


def test_a_closed_index_is_not_used(index, pictures):
    path = path_of(pictures, "coffee")
    index.close()
    index.close()
    for use in (
        lambda: index.search(path), lambda: index.compare(path, path), lambda: index.add(path),
        lambda: index.remove(path), lambda: path in index, index.verify, index.compact,
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"^the index is closed; open it again$"):
            use()


def test_equal_pictures_are_two(index, pictures, tmp_path):
    shutil.copy(path_of(pictures, "rocket"), tmp_path / "copy.png")
    index.add(tmp_path / "copy.png")
    assert set(index.search(tmp_path / "copy.png", top=2).paths) == {
        str(tmp_path / "copy.png"), path_of(pictures, "rocket"),
    }  # fmt: skip


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
    with pytest.raises(ValueError, match="top must be at least 1, got 0"):
        built.search(np.zeros((9, 9), np.uint8), top=0)
    assert os.listdir(tmp_path) == []


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


def test_damaged_words_are_refused(index):
    path = os.path.join(index.path, "embedding.npz")
    with open(path, "r+b") as file:
        file.seek(5000)
        file.write(b"x")
    with pytest.raises(ValueError, match=r"embedding\.npz: missing, or not the file of this index"):
        cv.ImageIndex(index.path)


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
