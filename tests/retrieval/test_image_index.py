"""The index of pictures on disk: what a search finds, and where."""

import pickle
import shutil

import numpy as np
import pytest

import classicvision as cv
from classicvision._parallel import parallel_map
from tests.retrieval.pictures import NAMES, path_of

pytestmark = pytest.mark.usefixtures("small_parts")


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
    with pytest.raises(
        ValueError, match=r"nothing\.png: not in the index; check its name and folder"
    ):
        built.compare(image, "nothing.png")


def test_coordinates_are_those_of_the_whole_picture(tmp_path, photographs):
    image = photographs["coffee"]  # 600 x 400
    cv.write_image(tmp_path / "a.png", image)
    with cv.ImageIndex.build(tmp_path / "a.png", tmp_path / "index", max_side=300) as index:
        found = index.search(image[50:350, 100:500])
    np.testing.assert_allclose(found.boxes[0], [100, 50, 500, 350], atol=6)


@pytest.mark.parametrize("rows", [62, 64, 150])  # 18.01, 18.59 and 43.58 as they are looked at
def test_boxes_end_where_large_pictures_do(tmp_path, photographs, rows):
    names = "astronaut", "coffee", "chelsea", "rocket"
    strip = np.hstack([photographs[name][100 : 100 + rows] for name in names])
    columns = strip.shape[1]  # 2,203
    cv.write_image(tmp_path / "strip.png", strip)
    with cv.ImageIndex.build(tmp_path, tmp_path / "index", n_words=5) as index:
        whole, part = index.search(strip), index.search(strip[:, :1200])
    np.testing.assert_allclose(whole.boxes, [[0, 0, columns, rows]], atol=0.01)
    assert (part.boxes[:, 2:] <= [columns, rows]).all()
    np.testing.assert_allclose(part.boxes, [[0, 0, 1200, rows]], atol=5)


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


def test_what_is_no_function_or_no_flag_is_refused(built, pictures):
    for call in (built.verify, lambda on_error: built.update(pictures, on_error=on_error)):
        with pytest.raises(
            TypeError, match=r"^on_error must be a function of \(path, error\), got 5"
        ):
            call(on_error=5)
    with pytest.raises(TypeError, match=r"^verify must be True or False, got 'no'$"):
        built.search(path_of(pictures, "coffee"), verify="no")


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
