"""The pictures on which searches are measured: seeded, and what they say they are."""

import cv2
import numpy as np
import pytest

from benchmarks.near_duplicates import near_duplicates
from benchmarks.picture_attacks import ATTACKS, SINGLE
from benchmarks.retrieval_data import photographs, queries, read, scenes


def textured(seed, rows=150, columns=200):
    """A picture with blobs of several sizes, as keypoints need them."""
    rng = np.random.default_rng(seed)
    image = np.zeros((rows, columns, 3))
    for sigma in (1.5, 3, 8):
        noise = cv2.GaussianBlur(rng.normal(size=image.shape), (0, 0), sigma)
        image += noise / noise.std()
    return np.clip(127 + 35 * image, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    for seed in range(8):
        cv2.imwrite(str(folder / f"{seed}.png"), textured(seed, 400, 500))
    return sorted(folder.iterdir())


def test_the_names_of_the_attacks():
    crops = [f"crop {share} %" for share in (10, 40, 60, 80)]
    assert list(SINGLE) == [*crops, "rotation", "half size", "JPEG 10", "brightness", "text"]
    assert list(ATTACKS) == [*SINGLE, "combined"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_seeded_and_do_something(attack):
    image = textured(0)
    before = image.copy()
    first = ATTACKS[attack](image, np.random.default_rng(3))
    np.testing.assert_array_equal(image, before)
    assert first.dtype == np.uint8
    assert first.ndim == 3
    np.testing.assert_array_equal(first, ATTACKS[attack](image, np.random.default_rng(3)))
    assert first.shape != image.shape or (first != image).any()
    if attack not in ("half size", "JPEG 10"):
        other = ATTACKS[attack](image, np.random.default_rng(4))
        assert other.shape != first.shape or (other != first).any()


@pytest.mark.parametrize("removed", [10, 40, 60, 80])
def test_crops_are_parts_of_the_picture(removed):
    image = textured(0)
    part = SINGLE[f"crop {removed} %"](image, np.random.default_rng(0))
    share = part.size / image.size
    assert abs(share - (1 - removed / 100)) < 0.01
    assert abs(part.shape[1] / part.shape[0] - 200 / 150) < 0.02
    found = cv2.matchTemplate(image, np.ascontiguousarray(part), cv2.TM_SQDIFF)
    assert found.min() < 1e-5 * found.max()


def test_geometry_and_brightness():
    image = textured(0)
    assert SINGLE["half size"](image, None).shape == (75, 100, 3)
    turned = SINGLE["rotation"](image, np.random.default_rng(1))
    assert min(turned.shape[:2]) >= 150
    assert (turned[0, 0] == 0).all()
    for seed in range(6):
        gain = SINGLE["brightness"](image, np.random.default_rng(seed)).mean() / image.mean()
        assert 0.39 < gain < 0.71 or 1.2 < gain < 2
    noise = SINGLE["JPEG 10"](image, None).astype(int) - image
    assert 3 < noise.std() < 40


def test_queries_do_not_depend_on_how_many_there_are(paths):
    few, many = list(queries(paths, "crop 40 %", 2)), list(queries(paths, "crop 40 %", 5))
    assert len(few) == 2
    assert len({index for index, _ in many}) == 5
    for (index, image), (other, same) in zip(few, many, strict=False):
        assert index == other
        np.testing.assert_array_equal(image, same)
        found = cv2.matchTemplate(read(paths[index]), image, cv2.TM_SQDIFF)
        assert found.min() < 1e-5 * found.max()


def test_scenes_show_the_cut_out_in_their_box(paths):
    made = list(scenes(paths[:4], paths[4:], 4))
    kinds = set()
    for scene in made:
        rows, columns = scene.query.shape[:2]
        assert 120 <= rows <= 220
        assert 120 <= columns <= 220
        host = read(paths[4:][scene.host])
        changed = (scene.picture != host).any(axis=2)
        ys, xs = np.nonzero(changed)
        np.testing.assert_allclose(
            [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], scene.box, atol=2.5
        )
        x1, y1, x2, y2 = scene.box
        assert scene.frame[0] <= x1 + 1.5
        assert scene.frame[1] <= y1 + 1.5
        assert scene.frame[2] >= x2 - 1.5
        assert scene.frame[3] >= y2 - 1.5
        kinds.add(len(np.unique(scene.query[[0, 0, -1, -1], [0, -1, 0, -1]], axis=0)) == 1)
    assert len({scene.host for scene in made}) == 4
    assert kinds == {True, False}  # ellipses, whose corners have one colour, and rectangles
    again = list(scenes(paths[:4], paths[4:], 4))
    np.testing.assert_array_equal(made[3].picture, again[3].picture)


def test_no_room_is_said(paths, tmp_path):
    cv2.imwrite(str(tmp_path / "small.png"), textured(0, 30, 40))
    with pytest.raises(ValueError, match=r"no picture of the library has room for \d+ x \d+"):
        list(scenes(paths, [tmp_path / "small.png"], 1))


def test_near_duplicates_are_found():
    images = [textured(seed) for seed in range(6)]
    turned = SINGLE["rotation"](images[1], np.random.default_rng(0))
    cropped = SINGLE["crop 40 %"](images[4], np.random.default_rng(0))
    blank = np.zeros((40, 40, 3), np.uint8)
    assert near_duplicates([*images, turned, blank, cropped]) == [(1, 6), (4, 8)]
    assert near_duplicates([images[0]]) == near_duplicates([blank, blank]) == []


def test_tasks_of_the_photographs_do_not_overlap(tmp_path):
    for folder in ("bsds500/images/train", "caltech101_subset/watch", "voc_raccoon/JPEGImages"):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(3):
            (tmp_path / folder / f"{number}.jpg").touch()
    (tmp_path / "negatives" / "images").mkdir(parents=True)
    for number in range(2100):
        (tmp_path / "negatives" / "images" / f"{number:04d}.webp").touch()
    drawn = photographs(tmp_path)
    parts = [set(drawn.library), set(drawn.learning), set(drawn.cut_outs)]
    assert [len(part) for part in parts] == [1000, 1000, 2100 - 994 - 1000 + 3]
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert sum("negatives" not in str(path) for path in drawn.library) == 6
    small = photographs(tmp_path, 50)
    assert small.library == drawn.library[:50]
    assert (small.learning, small.cut_outs) == (drawn.learning, drawn.cut_outs)
