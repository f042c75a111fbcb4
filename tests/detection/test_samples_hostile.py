"""Damaged and malicious files of samples: one line that names the file, and nothing else."""

import json
import struct
import zipfile

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.samples import write_vec

HEADER = struct.Struct("<iihh")


def refused(path, message, **options):
    with pytest.raises(ValueError, match=message) as caught:
        cv.read_positives(path, **options)
    text = str(caught.value)
    assert path.name in text
    assert "\n" not in text
    assert len(text) < 500


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a .vec file: 0 bytes"),
        (b"abc", "not a .vec file: 3 bytes"),
        (HEADER.pack(2**31 - 1, 576, 0, 0) + b"x" * 99, "2147483647 samples of 576 pixels take"),
        (HEADER.pack(1, 2**31 - 1, 0, 0), "have 2147483647 pixels and a window of 24 x 24"),
        (HEADER.pack(-5, 576, 0, 0), "not a .vec file: -5 samples"),
        (HEADER.pack(1, 576, 0, 0) + b"\0" * 1152, "take 1165 bytes, the file has 1164"),
        (HEADER.pack(1, 576, 0, 0) + b"\0" * 1154, "take 1165 bytes, the file has 1166"),
        (HEADER.pack(1, 576, 0, 0) + b"\1" * 1153, "a pixel is not from 0 to 255"),
        (HEADER.pack(1, 576, 0, 0) + b"\xff" * 1153, "a pixel is not from 0 to 255"),
    ],
)
def test_vec(tmp_path, data, message):
    path = tmp_path / "a.vec"
    path.write_bytes(data)
    refused(path, message)


def test_vec_cut_anywhere(tmp_path):
    path = tmp_path / "a.vec"
    write_vec(path, np.ones((3, 4, 4), np.uint8))
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        refused(path, "vec", window=4)


@pytest.mark.parametrize(
    "text",
    [
        "photo.png",
        "photo.png 2 1 2 3 4",
        "photo.png 1 1 2 3",
        "photo.png 1 1 2 3 nan",
        "photo.png 1 1 2 3 1e999",
        "photo.png 999999999999 1 2 3 4",
        "photo.png -1",
        "1 1 2 3 4",
    ],
)
def test_info(tmp_path, text):
    path = tmp_path / "info.dat"
    path.write_text("\n" + text + "\n")
    refused(path, "line 2 must be a file name, a count")


def test_info_that_is_no_text(tmp_path):
    path = tmp_path / "info.dat"
    path.write_bytes(bytes(range(256)))
    refused(path, "not a text file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotation/>', r"document type \(DTD\) is not allowed"),
        ("<annotation>", "not well-formed XML"),
        ("", "not well-formed XML"),
        ("<root/>", "not a Pascal VOC file: the root is <root>"),
        ("<annotation>" + "<a>" * 100 + "</a>" * 100 + "</annotation>", "deeper than 64"),
        ("<annotation><object/></annotation>", "no <bndbox> of four numbers"),
        (
            "<annotation><object><bndbox><xmin>1</xmin><ymin>one</ymin><xmax>3</xmax>"
            "<ymax>4</ymax></bndbox></object></annotation>",
            "no <bndbox> of four numbers",
        ),
        ('<?xml version="1.0" encoding="nonsense"?><annotation/>', "XML"),
    ],
)
def test_voc(tmp_path, text, message):
    path = tmp_path / "a.xml"
    path.write_text(text)
    refused(path, message)


GOOD = {
    "images": [{"id": 1, "file_name": "a.png"}],
    "annotations": [{"image_id": 1, "category_id": 2, "bbox": [0, 0, 5, 5]}],
    "categories": [{"id": 2, "name": "x"}],
}


def without(key, item=None):
    document = json.loads(json.dumps(GOOD))
    del (document if item is None else document[item][0])[key]
    return document


def changed(item, key, value):
    document = json.loads(json.dumps(GOOD))
    document[item][0][key] = value
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "not a COCO file: it must be an object"),
        (without("images"), "not a COCO file: 'images' must be a list"),
        (without("annotations"), "not a COCO file: 'annotations' must be a list"),
        (without("bbox", "annotations"), r"annotations\[0\]: 'bbox' must be a list, got None"),
        (without("image_id", "annotations"), "'image_id' must be a integer or string"),
        (without("category_id", "annotations"), "'category_id' must be a"),
        (without("file_name", "images"), r"images\[0\]: 'file_name' must be a string"),
        (without("name", "categories"), r"categories\[0\]: 'name' must be a string"),
        (changed("annotations", "bbox", [1, 2, 3]), "bbox must be x, y, width, height"),
        (changed("annotations", "bbox", [1, 2, 3, None]), "bbox must be x, y, width, height"),
        (changed("annotations", "bbox", [1, 2, 3, 10**400]), "bbox must be x, y, width, height"),
        (changed("annotations", "image_id", 9), "not listed, image_id 9"),
        (changed("images", "file_name", "../../etc/a.png"), "leads outside the folder"),
        (changed("images", "file_name", "x/../../a.png"), "leads outside the folder"),
        (changed("images", "file_name", "/etc/passwd"), "must be relative"),
        (changed("images", "file_name", "C:\\a.png"), "must be relative"),
        (changed("images", "file_name", "a\0.png"), "must be relative"),
        ({**GOOD, "images": ["a.png"]}, r"images\[0\] must be an object"),
    ],
)
def test_coco(tmp_path, document, message):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    refused(path, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not well-formed JSON"),
        ("[" * 100_000, "nested too deeply|not well-formed"),
        ("9" * 10_000, "not well-formed JSON|not a COCO file"),
        ("\0", "not a text file"),
    ],
)
def test_json(tmp_path, text, message):
    path = tmp_path / "a.json"
    path.write_text(text)
    refused(path, message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 1.7 0.5 0.1 0.1", "line 1 must have numbers from 0 to 1"),
        ("0 0.5 0.5 0.1 -0.1", "line 1 must have numbers from 0 to 1"),
        ("0 0.5 0.5 0.1", "line 1 must be a class number, then"),
        ("0 0.5 0.5 0.1 0.1 0.9", "line 1 must be a class number, then"),
        ("-1 0.5 0.5 0.1 0.1", "line 1 must be a class number, then"),
        ("99999999999999999999 0.5 0.5 0.1 0.1", "line 1 must be a class number, then"),
        ("0 nan 0.5 0.1 0.1", "line 1 must be a class number, then"),
        ("ace 0.5 0.5 0.1 0.1", "line 1 must be a class number, then"),
    ],
)
def test_yolo(tmp_path, line, message):
    cv.write_image(tmp_path / "a.png", np.zeros((9, 9), np.uint8))
    (tmp_path / "a.txt").write_text(line)
    with pytest.raises(ValueError, match=r"a\.txt: " + message):
        cv.read_positives(tmp_path)


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK but no archive")
    refused(path, "not a readable .npz")
    np.savez(path, other=np.zeros(3))
    refused(path, "it has no array 'images'")
    np.savez(path, images=np.zeros(3))
    refused(path, r"must have shape \(n, rows, columns\), got \(3,\)")
    np.savez(path, images=np.full((2, 2, 2), None))
    refused(path, "of object")
    with zipfile.ZipFile(path, "w") as archive, archive.open("images.npy", "w") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (2**40, 24, 24)}
        np.lib.format.write_array_header_1_0(file, header)
    refused(path, "more than 8 GiB")
    with zipfile.ZipFile(path, "w") as archive, archive.open("images.npy", "w") as file:
        header["shape"] = (1000, 24, 24)
        np.lib.format.write_array_header_1_0(file, header)
    refused(path, "not a readable .npz")
    np.savez(path, images=np.ones((2, 9, 9), np.uint8))
    data = path.read_bytes()
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length] + data[length + 3 :])
        refused(path, "not a readable .npz|it has no array 'images'")
    np.savez_compressed(path, images=np.random.default_rng(0).integers(0, 9, (40, 24, 24)))
    data = bytearray(path.read_bytes())
    data[3000] ^= 255
    path.write_bytes(data)
    refused(path, "not a readable .npz")


def test_boxes_of_no_sensible_size(tmp_path):
    cv.write_image(tmp_path / "a.png", np.zeros((50, 50), np.uint8))
    (tmp_path / "info.dat").write_text("a.png 3 10 10 20 20 -1e9 -1e9 2e9 2e9 1 1 1e300 1e300\n")
    with pytest.warns(UserWarning, match="2 of 3 samples were left out.*it is too large"):
        assert len(cv.read_positives(tmp_path / "info.dat")) == 1
