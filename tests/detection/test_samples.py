"""Reading positives: every format gives the pixels of the boxes that were written."""

import json
import os

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.samples import (
    check_samples,
    remove_duplicates,
    resize_crops,
    write_info,
    write_vec,
)
from classicvision.results import Detections

BOXES = [[10, 20, 40, 50], [60, 5, 84, 29]]
NAMES = ["ace", "king"]


@pytest.fixture
def photograph(rng):
    return rng.integers(0, 256, (80, 100)).astype(np.uint8)


def cut(image, box, size=24):
    x1, y1, x2, y2 = box
    return resize_crops(image[None, y1:y2, x1:x2], size)[0]


def write_voc(folder, photograph, name="photo.png", inside="JPEGImages"):
    (folder / "Annotations").mkdir()
    (folder / inside).mkdir(exist_ok=True)
    cv.write_image(folder / inside / name, photograph)
    found = Detections(BOXES, labels=[0, 1], names=NAMES)
    text = found.to_voc(100, 80, filename=name)
    (folder / "Annotations" / "photo.xml").write_text(text)


def write_coco(folder, photograph):
    cv.write_image(folder / "photo.png", photograph)
    found = Detections(BOXES, labels=[3, 7])
    document = {
        "images": [{"id": 5, "file_name": "photo.png"}],
        "annotations": found.to_coco(5),
        "categories": [{"id": 3, "name": "ace"}, {"id": 7, "name": "king"}],
    }
    (folder / "instances.json").write_text(json.dumps(document))
    return document


def write_yolo(folder, photograph):
    for name in ("images", "labels"):
        (folder / name / "train").mkdir(parents=True)
    cv.write_image(folder / "images" / "train" / "photo.png", photograph)
    text = Detections(BOXES, labels=[0, 1]).to_yolo(100, 80)
    (folder / "labels" / "train" / "photo.txt").write_text(text)
    (folder / "labels" / "classes.txt").write_text("ace\nking\n")


def write_list(folder, photograph):
    cv.write_image(folder / "photo.png", photograph)
    write_info(folder / "info.dat", [(folder / "photo.png", BOXES)])


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_voc, ""),
        (write_voc, "Annotations"),
        (write_voc, "Annotations/photo.xml"),
        (write_coco, "instances.json"),
        (write_yolo, ""),
        (write_list, "info.dat"),
    ],
)
def test_annotations(tmp_path, photograph, write, name):
    write(tmp_path, photograph)
    crops = cv.read_positives(tmp_path / name)
    assert crops.dtype == np.uint8
    np.testing.assert_array_equal(crops, [cut(photograph, box) for box in BOXES])
    large = cv.read_positives(str(tmp_path / name), size=30)
    np.testing.assert_array_equal(large[0], photograph[20:50, 10:40])


@pytest.mark.parametrize(
    ("write", "name", "labels"),
    [
        (write_voc, "", ["king"]),
        (write_coco, "instances.json", ["king", 7, "7"]),
        (write_yolo, "", ["king", 1, "1"]),
    ],
)
def test_a_label_chooses(tmp_path, photograph, write, name, labels):
    write(tmp_path, photograph)
    for label in labels:
        crops = cv.read_positives(tmp_path / name, label=label)
        np.testing.assert_array_equal(crops, [cut(photograph, BOXES[1])])
    with pytest.raises(ValueError, match=r"label 'queen' is not in .*; there are ace, king$"):
        cv.read_positives(tmp_path / name, label="queen")


def test_voc_images_beside_the_files_or_named_like_them(tmp_path, photograph):
    write_voc(tmp_path, photograph, name="photo.PNG".lower(), inside="Annotations")
    assert len(cv.read_positives(tmp_path / "Annotations")) == 2
    xml = tmp_path / "Annotations" / "photo.xml"
    xml.write_text(xml.read_text().replace("photo.png", r"C:\elsewhere\other.jpg"))
    assert len(cv.read_positives(tmp_path / "Annotations")) == 2


@pytest.mark.lane
@pytest.mark.parametrize("write", [write_voc, write_yolo], ids=["voc", "yolo"])
def test_models_beside_the_annotations_are_no_annotations(tmp_path, photograph, write):
    write(tmp_path, photograph)
    whole = cv.read_positives(tmp_path)
    model = "<?xml version='1.0'?><!-- of <annotation>s --><opencv_storage><cascade/>"
    for folder in filter(os.path.isdir, (tmp_path, tmp_path / "Annotations")):
        (folder / "card.xml").write_text(model)
    (tmp_path / "card.json").write_text("{}")
    np.testing.assert_array_equal(cv.read_positives(tmp_path), whole)
    (tmp_path / "other.xml").write_text("<!DOCTYPE a []><opencv_storage/>")
    with pytest.raises(ValueError, match=r"other.xml: "):  # what is no model is said
        cv.read_positives(tmp_path)


def test_yolo_beside_the_images_and_images_without_objects(tmp_path, photograph):
    cv.write_image(tmp_path / "a.png", photograph)
    cv.write_image(tmp_path / "b.png", photograph)
    (tmp_path / "a.txt").write_text("2 0.25 0.4375 0.30 0.375\n\n")
    crops = cv.read_positives(tmp_path, label=2)
    np.testing.assert_array_equal(crops, [cut(photograph, BOXES[0])])


def test_info_names_with_spaces_and_numbers(tmp_path, photograph):
    (tmp_path / "my 2 photos").mkdir()
    cv.write_image(tmp_path / "my 2 photos" / "a 1.png", photograph)
    (tmp_path / "list.txt").write_bytes(
        b"\xef\xbb\xbfmy 2 photos/a 1.png 2 10 20 30 30  60 5 24 24\r\n\r\n"
        b'"my 2 photos/a 1.png" 1 10 20 30 30\n'
        b"my 2 photos/a 1.png 0\n"
    )
    crops = cv.read_positives(tmp_path / "list.txt")
    expected = [cut(photograph, box) for box in (*BOXES, BOXES[0])]
    np.testing.assert_array_equal(crops, expected)


def test_names_that_are_not_utf8(tmp_path, photograph):
    name = b"caf\xe9.png"
    cv.write_image(tmp_path / "a.png", photograph[:, :80])
    try:
        (tmp_path / "a.png").rename(tmp_path / os.fsdecode(name))
    except (OSError, UnicodeError):
        pytest.skip("the file system has no such names")
    (tmp_path / "info.dat").write_bytes(name + b" 1 10 20 30 30\n")
    assert len(cv.read_positives(tmp_path / "info.dat")) == 1
    assert len(cv.read_positives(tmp_path)) == 1
    assert len(cv.Negatives(tmp_path).fingerprint()) == 64


def test_the_shorter_side_is_enlarged(photograph, tmp_path):
    cv.write_image(tmp_path / "p.png", photograph)
    write_info(tmp_path / "i.dat", [(tmp_path / "p.png", [[40, 30, 50, 50]])])
    square = cv.read_positives(tmp_path / "i.dat", window=20)[0]
    np.testing.assert_array_equal(square, photograph[30:50, 35:55])
    wide = cv.read_positives(tmp_path / "i.dat", window=(40, 20))[0]
    np.testing.assert_array_equal(wide, photograph[30:50, 25:65])
    tall = cv.read_positives(tmp_path / "i.dat", window=(10, 40))[0]
    np.testing.assert_array_equal(tall, photograph[20:60, 40:50])


def test_margin_and_repeated_border(photograph, tmp_path):
    cv.write_image(tmp_path / "p.png", photograph)
    write_info(tmp_path / "i.dat", [(tmp_path / "p.png", [[0, 60, 20, 80]])])
    crop = cv.read_positives(tmp_path / "i.dat", margin=0.5, size=40)[0]
    padded = np.pad(photograph, 10, mode="edge")
    np.testing.assert_array_equal(crop, padded[60:100, 0:40])
    tight = cv.read_positives(tmp_path / "i.dat", margin=-0.25, size=10)[0]
    np.testing.assert_array_equal(tight, photograph[65:75, 5:15])


def test_a_folder_of_crops(tmp_path, rng):
    crops = rng.integers(0, 256, (3, 24, 24)).astype(np.uint8)
    for i, crop in enumerate(crops):
        cv.write_image(tmp_path / f"{i}.png", crop)
    (tmp_path / "README.txt").write_text("no annotation of an image")
    (tmp_path / "deeper").mkdir()
    cv.write_image(tmp_path / "deeper" / "x.png", crops[0])
    np.testing.assert_array_equal(cv.read_positives(tmp_path), crops)
    np.testing.assert_array_equal(cv.read_positives([tmp_path / "1.png", crops[0]]), crops[[1, 0]])
    np.testing.assert_array_equal(cv.read_positives(tmp_path / "2.png"), crops[2:])


def test_arrays_and_npz(tmp_path, rng):
    crops = rng.integers(0, 256, (3, 48, 48)).astype(np.uint8)
    np.savez(tmp_path / "crops.npz", images=crops, other=np.arange(3))
    for source in (crops, list(crops), tmp_path / "crops.npz", (crop for crop in crops)):
        np.testing.assert_array_equal(cv.read_positives(source, size=48), crops)
        if not hasattr(source, "send"):
            np.testing.assert_array_equal(cv.read_positives(source), resize_crops(crops, 24))
    colour = np.stack([crops] * 3, axis=-1)
    np.testing.assert_array_equal(cv.read_positives(colour, size=48), crops)
    floats = crops.astype(np.float32) / 255
    np.testing.assert_array_equal(cv.read_positives(floats, size=48), crops)
    np.testing.assert_array_equal(
        cv.read_positives(crops, size=24, margin=-0.25), crops[:, 12:36, 12:36]
    )


def test_crops_of_another_ratio_are_cut_with_a_warning(rng):
    crops = rng.integers(0, 256, (2, 30, 20)).astype(np.uint8)
    with pytest.warns(UserWarning, match=r"source: 2 of 2 crops were not of the window's aspect"):
        cut = cv.read_positives(crops, window=20)
    np.testing.assert_array_equal(cut, crops[:, 5:25])


def test_bad_annotations_are_counted(tmp_path, photograph):
    cv.write_image(tmp_path / "p.png", photograph)
    (tmp_path / "q.png").write_bytes(b"no image")
    (tmp_path / "info.dat").write_text(
        "p.png 3 10 20 30 30 5 5 0 9 200 10 20 20\nq.png 2 0 0 9 9 1 1 5 5\ngone.png 1 0 0 9 9\n"
    )
    with pytest.warns(UserWarning, match="5 of 6") as warned:
        assert len(cv.read_positives(tmp_path / "info.dat")) == 1
    (warning,) = warned
    assert warning.filename == __file__
    assert str(warning.message) == (
        f"{tmp_path / 'info.dat'}: 5 of 6 samples were left out; the first: "
        f"{tmp_path / 'p.png'}: box 5 5 5 14: it has no area"
    )


def test_nothing_usable(tmp_path):
    (tmp_path / "info.dat").write_text("gone.png 1 0 0 9 9\n")
    with pytest.raises(ValueError, match=r"info.dat: no usable crop; .*gone.png: no such file"):
        cv.read_positives(tmp_path / "info.dat")
    (tmp_path / "info.dat").write_text("")
    with pytest.raises(ValueError, match=r"info.dat: no usable crop; it has no boxes"):
        cv.read_positives(tmp_path / "info.dat")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="no image and no annotation in this folder"):
        cv.read_positives(tmp_path / "folder")
    with pytest.raises(FileNotFoundError, match=r"gone: no such file"):
        cv.read_positives(tmp_path / "gone")


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (TypeError, "window must be an integer or", {"window": None}),
        (ValueError, "window width must be at least 1, got 0", {"window": 0}),
        (ValueError, "margin must be at most 4.0, got 5", {"margin": 5}),
        (ValueError, "margin of crops, which have no surroundings, must be at", {"margin": 0.1}),
        (ValueError, "source: crops have no classes; drop label='x'", {"label": "x"}),
        (TypeError, "size must be an integer or", {"size": "big"}),
    ],
)
def test_wrong_options(error, message, options):
    with pytest.raises(error, match=message):
        cv.read_positives([np.zeros((24, 24), np.uint8)], **options)


@pytest.mark.parametrize(
    "source", [5, None, np.zeros((24, 24), np.uint8), [np.zeros((3, 4, 5, 6))]]
)
def test_no_source(source):
    with pytest.raises(TypeError, match="source"):
        cv.read_positives(source)


def test_resize_crops():
    crops = np.arange(32, dtype=np.uint8).reshape(2, 4, 4) * 4
    half = crops.reshape(2, 2, 2, 2, 2).mean(axis=(2, 4))
    np.testing.assert_array_equal(resize_crops(crops, 2), half)
    assert resize_crops(crops, (4, 4)) is crops
    assert resize_crops(crops, (8, 6)).shape == (2, 6, 8)
    with pytest.raises(TypeError, match="images must be of dtype uint8, got float64"):
        resize_crops(crops / 2, 2)
    with pytest.raises(TypeError, match=r"images must have shape \(n, rows, columns\)"):
        resize_crops(crops[0], 2)
    with pytest.raises(ValueError, match="images has no pixels"):
        resize_crops(crops[:0], 2)


def test_vec_layout(tmp_path):
    """Byte by byte as OpenCV's format is described."""
    crops = np.array([[[0, 1, 2], [3, 4, 255]], [[9, 8, 7], [6, 5, 4]]], np.uint8)
    write_vec(tmp_path / "a.vec", crops)
    expected = b"\x02\0\0\0\x06\0\0\0\0\0\0\0"
    expected += b"\0\0\0\x01\0\x02\0\x03\0\x04\0\xff\0"
    expected += b"\0\x09\0\x08\0\x07\0\x06\0\x05\0\x04\0"
    assert (tmp_path / "a.vec").read_bytes() == expected
    np.testing.assert_array_equal(cv.read_positives(tmp_path / "a.vec", window=(3, 2)), crops)


def test_vec_of_more_than_a_block(tmp_path, rng):
    crops = rng.integers(0, 256, (1500, 5, 4)).astype(np.uint8)
    write_vec(tmp_path / "a.vec", crops)
    np.testing.assert_array_equal(cv.read_positives(tmp_path / "a.vec", window=(4, 5)), crops)


def test_info_text(tmp_path):
    (tmp_path / "photos").mkdir()
    entries = [
        (tmp_path / "photos" / "a.png", [[1.4, 2.5, 30.6, 40]]),
        (str(tmp_path / "b.png"), np.zeros((0, 4))),
        ("/elsewhere/c.png", BOXES),
    ]
    write_info(tmp_path / "photos" / "info.dat", entries)
    lines = (tmp_path / "photos" / "info.dat").read_text().splitlines()
    assert lines[:2] == ["a.png 1 1 3 30 37", "../b.png 0"]
    assert lines[2].endswith("/elsewhere/c.png 2 10 20 30 30 60 5 24 24")


def test_info_refuses(tmp_path):
    for name, boxes, message in [
        ("a b.png", BOXES, r"entries\[0\]: a file name must have no white space, got 'a b.png'"),
        ("a.png", [[-1, 0, 5, 5]], r"entries\[0\]: boxes must begin inside the image"),
        ("a.png", [[1, 1, 1.2, 5]], r"entries\[0\]: boxes must begin inside the image"),
        ("a.png", [[1, 1, 5]], r"entries\[0\] boxes must have shape \(n, 4\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            write_info(tmp_path / "info.dat", [(tmp_path / name, boxes)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_real_annotations(data_folder):
    """As many crops as boxes, and negatives in which the objects are not found again."""
    cards, signs = data_folder / "voc_cards" / "train", data_folder / "caltech101_subset"
    if not cards.exists() or not signs.exists():
        pytest.skip("the data is not there")
    text = "".join(path.read_text() for path in (cards / "Annotations").glob("*.xml"))
    crops = cv.read_positives(cards, size=48)
    assert crops.shape == (text.count("<object>"), 48, 48)
    queens = cv.read_positives(cards, label="queen", size=48)
    assert len(queens) == text.count("<name>queen</name>")
    with pytest.warns(UserWarning, match="14 of 26 crops were not of the window's aspect ratio"):
        assert len(cv.read_positives(signs / "stop_sign")) == 26
    photographs = cv.Negatives(cards / "JPEGImages")
    assert len(photographs) == len(cv.Negatives.around(cards)) == 28
    told = [line for line in check_samples(crops, photographs) if "seem to show a positive" in line]
    assert len(told) == 1
    told = check_samples(crops, cv.Negatives.around(cards))
    assert not [line for line in told if "seem to show a positive" in line]


@pytest.mark.slow
def test_real_crops(data_folder):
    path = data_folder / "faces_lfw_gray48" / "lfw_gray48.npz"
    if not path.exists():
        pytest.skip("the data is not there")
    crops = cv.read_positives(path, size=48)
    assert crops.shape == (10441, 48, 48)
    assert 0.995 < len(remove_duplicates(crops)) / len(crops) < 1
