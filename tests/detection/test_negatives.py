"""Images without the object: where they come from, and that they are read when asked for."""

import itertools
import pickle
import warnings

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.samples import write_info
from classicvision.results import Detections


@pytest.fixture
def folder(tmp_path, rng):
    (tmp_path / "deeper").mkdir()
    for name in ("a1.png", "a2.png", "deeper/a10.png"):
        cv.write_image(tmp_path / name, rng.integers(0, 256, (20, 30, 3)).astype(np.uint8))
    return tmp_path


def test_folders_patterns_files_and_lists(folder):
    gray = cv.read_image(folder / "a2.png", gray=True)
    (folder / "bg.txt").write_text("a2.png\n\n  deeper/a10.png\r\n" + str(folder / "a1.png"))
    for source, length, index in [
        (folder, 3, 1),
        (str(folder / "*.png"), 2, 1),
        (folder / "a2.png", 1, 0),
        (folder / "bg.txt", 3, 0),
        ([folder / "deeper", str(folder / "a2.png"), gray], 3, 1),
        ([folder / "deeper", gray], 2, 1),
    ]:
        negatives = cv.Negatives(source)
        assert len(negatives) == length
        assert negatives[index].dtype == np.uint8
        np.testing.assert_array_equal(negatives[index], gray)
        np.testing.assert_array_equal(negatives[index - length], gray)
        assert len(list(negatives)) == length
    assert (repr(negatives), repr(negatives[:1])) == ("Negatives(2 images)", "Negatives(1 image)")
    assert len(cv.Negatives(negatives)) == 2


def test_arrays_and_generators(rng):
    images = rng.integers(0, 256, (4, 9, 8)).astype(np.uint8)
    for source in (images, list(images), (image for image in images)):
        np.testing.assert_array_equal(np.array(list(cv.Negatives(source))), images)
    np.testing.assert_array_equal(cv.Negatives(images[0])[0], images[0])
    assert cv.Negatives([np.ones((5, 6, 3))])[0].tolist() == [[255] * 6] * 5

    def one_buffer():
        buffer = np.zeros((5, 5), np.uint8)
        for i in range(3):
            buffer[:] = i
            yield buffer

    assert [int(image[0, 0]) for image in cv.Negatives(one_buffer())] == [0, 1, 2]


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("classicvision.detection._negatives._LARGEST_MEMORY", 10_000)
    endless = (np.zeros((50, 50), np.uint8) for _ in itertools.count())
    with pytest.raises(ValueError, match="after 4; write them to files, and give the folder"):
        cv.Negatives(endless)


def test_parts(folder):
    negatives = cv.Negatives(folder)
    part = negatives[1:]
    assert isinstance(part, cv.Negatives)
    np.testing.assert_array_equal(part[0], negatives[1])
    np.testing.assert_array_equal(negatives[np.array([2, 0])][0], negatives[2])
    np.testing.assert_array_equal(negatives[[False, False, True]][0], negatives[2])
    assert part.fingerprint() != negatives.fingerprint()
    both = part + cv.Negatives([np.zeros((4, 4), np.uint8)])
    assert [image.shape for image in both] == [(20, 30), (20, 30), (4, 4)]
    with pytest.raises(TypeError):
        part + [np.zeros((4, 4), np.uint8)]
    with pytest.raises(IndexError):
        negatives[3]


def test_pickling(folder):
    negatives = cv.Negatives([folder, np.zeros((4, 4), np.uint8)])
    copy = pickle.loads(pickle.dumps(negatives))
    assert copy.fingerprint() == negatives.fingerprint()
    np.testing.assert_array_equal(copy[1], negatives[1])


def test_unreadable_images_are_skipped_with_one_warning(folder):
    (folder / "a2.png").write_bytes(b"no image")
    (folder / "deeper" / "a10.png").unlink()
    (folder / "bg.txt").write_text("a1.png\na2.png\ndeeper/a10.png")
    negatives = cv.Negatives(folder / "bg.txt")
    with pytest.warns(UserWarning, match=r"a2.png: .*; this and other negatives that cannot") as w:
        images = list(negatives)
    assert len(w) == 1
    assert [image.shape for image in images] == [(20, 30), (1, 1), (1, 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert negatives[1].shape == (1, 1)


def test_fingerprint(folder, tmp_path_factory):
    first = cv.Negatives(folder).fingerprint()
    assert len(first) == 64
    assert cv.Negatives(folder).fingerprint() == first
    moved = tmp_path_factory.mktemp("moved") / "x"
    folder.rename(moved)
    assert cv.Negatives(moved).fingerprint() == first
    (moved / "a1.png").write_bytes((moved / "a1.png").read_bytes() + b"x")
    second = cv.Negatives(moved).fingerprint()
    assert second != first
    (moved / "a1.png").rename(moved / "a0.png")
    assert cv.Negatives(moved).fingerprint() not in (first, second)
    (moved / "a0.png").unlink()
    (moved / "bg.txt").write_text("gone.png")
    assert len(cv.Negatives([moved, moved / "bg.txt"]).fingerprint()) == 64
    arrays = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    prints = {cv.Negatives(each).fingerprint() for each in (arrays, arrays[::-1], arrays[:1])}
    prints.add(cv.Negatives(arrays.reshape(2, 4, 3)).fingerprint())
    assert len(prints) == 4


def test_around_blanks_the_objects_out(tmp_path, rng):
    image = rng.integers(0, 256, (40, 60)).astype(np.uint8)
    for name in ("a", "b"):
        cv.write_image(tmp_path / f"{name}.png", image)
    boxes = [[10, 20, 30, 40], [0, 0, 4, 4]]
    found = Detections(boxes, labels=[0, 1], names=["ace", "king"])
    (tmp_path / "a.xml").write_text(found.to_voc(60, 40, filename="a.png"))
    (tmp_path / "b.xml").write_text(found[:0].to_voc(60, 40, filename="b.png"))
    inside = np.zeros((40, 60), bool)
    inside[20:40, 10:30] = True
    negatives = cv.Negatives.around(tmp_path, label="ace")
    assert len(negatives) == 2
    np.testing.assert_array_equal(negatives[0][~inside], image[~inside])
    assert (negatives[0][inside] == np.uint8(image[~inside].mean() + 0.5)).all()
    np.testing.assert_array_equal(negatives[1], image)
    both = cv.Negatives.around(tmp_path)
    inside[:4, :4] = True
    assert (both[0] != image).sum() > 0.9 * inside.sum()
    np.testing.assert_array_equal(both[0][~inside], image[~inside])
    wide = cv.Negatives.around(tmp_path, label="ace", margin=0.5)
    assert (wide[0][10:40, 0:40] == wide[0][10, 0]).all()
    np.testing.assert_array_equal(wide[0][:10], image[:10])
    assert len({n.fingerprint() for n in (negatives, both, wide, cv.Negatives(tmp_path))}) == 4
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(both))[0], both[0])


def test_around_of_odd_boxes(tmp_path):
    image = np.full((20, 20), 50, np.uint8)
    image[5, 5] = 200
    cv.write_image(tmp_path / "a.png", image)
    write_info(tmp_path / "i.dat", [(tmp_path / "a.png", [[0, 0, 99, 99], [30, 30, 40, 40]])])
    negatives = cv.Negatives.around(tmp_path / "i.dat")
    assert np.unique(negatives[0]).tolist() == [50]  # nothing is outside: the mean of all
    (tmp_path / "i.dat").write_text("a.png 1 -1e308 5 1e308 5\n")
    np.testing.assert_array_equal(cv.Negatives.around(tmp_path / "i.dat", margin=4)[0], image)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ([], ValueError, "source has no images; give a folder"),
        (5, TypeError, "source must be a path, arrays or a list of either, got 5"),
        ([np.zeros((2, 2), complex)], TypeError, r"source\[0\] must be of dtype"),
        (np.zeros((2, 3, 4, 5, 6)), TypeError, r"source\[0\] must have shape"),
    ],
)
def test_refuses(source, error, message):
    with pytest.raises(error, match=message):
        cv.Negatives(source)


def test_refuses_files(tmp_path):
    (tmp_path / "bg.txt").write_text("\n \n")
    with pytest.raises(ValueError, match=r"bg.txt: no path of an image in this file"):
        cv.Negatives(tmp_path / "bg.txt")
    with pytest.raises(ValueError, match="no image in this folder"):
        cv.Negatives(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"gone.txt: no such file"):
        cv.Negatives(tmp_path / "gone.txt")
    for misspelt in (tmp_path / "gone", [tmp_path / "gone.png"]):
        with pytest.raises(FileNotFoundError, match="no such file or folder; check the name"):
            cv.Negatives(misspelt)
    with pytest.raises(ValueError, match="no annotations; give an OpenCV list"):
        cv.Negatives.around(tmp_path)
    with pytest.raises(ValueError, match="margin must be at least 0, got -1"):
        cv.Negatives.around(tmp_path / "bg.txt", margin=-1)
    (tmp_path / "bg.txt").write_text("")
    with pytest.raises(ValueError, match=r"bg.txt: no annotated image"):
        cv.Negatives.around(tmp_path / "bg.txt")
