"""Cascade files: what is read from them, and that no damaged one does harm."""

from pathlib import Path

import numpy as np
import pytest

from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_xml import parse_cascade, read_cascade

TINY = sorted((Path(__file__).parents[1] / "golden" / "cascades").glob("*.xml"))

HAAR = """<?xml version="1.0"?>
<opencv_storage><cascade>
  <stageType>BOOST</stageType><featureType>HAAR</featureType>
  <height>6</height><width>8</width>
  <featureParams><maxCatCount>0</maxCatCount></featureParams>
  <stages><_><stageThreshold>-0.5</stageThreshold><weakClassifiers>
    <_><internalNodes>1 0 0 0.25 -1 -2 1 -0.5</internalNodes>
       <leafValues>1. -2. 3e0</leafValues></_></weakClassifiers></_></stages>
  <features>
    <_><rects><_>0 0 8 6 -1.</_><_>2 0 4 6 2.</_></rects></_>
    <_><rects><_>4 0 2 3 -1.</_><_>4 0 1 3 2.</_></rects><tilted>1</tilted></_>
  </features></cascade></opencv_storage>"""


def damaged(old, new):
    assert old in HAAR
    return HAAR.replace(old, new, 1).encode()


def test_reads_a_tree():
    cascade = parse_cascade(HAAR.encode())
    assert (cascade.kind, cascade.window, cascade.is_stumps) == ("haar", (8, 6), False)
    assert cascade.node_links.tolist() == [[1, 0], [-1, -2]]
    assert cascade.leaves.tolist() == [1, -2, 3]
    assert cascade.rectangles[1, 0].tolist() == [4, 0, 2, 3]
    assert cascade.tilted.tolist() == [False, True]
    # OpenCV lowers stage thresholds in single precision.
    assert cascade.stage_thresholds[0] == np.float32(-0.5) - np.float32(1e-5)


def test_old_and_new_format_hold_the_same():
    """The old file, written by hand in the other format, gives the same arrays."""
    old = """<opencv_storage><x type_id="opencv-haar-classifier"><size>8 6</size>
      <stages><_><trees><_>
      <_><feature><rects><_>0 0 8 6 -1.</_><_>2 0 4 6 2.</_></rects><tilted>0</tilted></feature>
         <threshold>0.25</threshold><left_node>1</left_node><right_val>1.</right_val></_>
      <_><feature><rects><_>4 0 2 3 -1.</_><_>4 0 1 3 2.</_></rects><tilted>1</tilted></feature>
         <threshold>-0.5</threshold><left_val>-2.</left_val><right_val>3.</right_val></_>
      </_></trees><stage_threshold>-0.5</stage_threshold></_></stages></x></opencv_storage>"""
    a, b = parse_cascade(old.encode()), parse_cascade(HAAR.encode())
    for name in vars(a):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not well-formed XML"),
        (b"\x89PNG\r\n", "not well-formed XML"),
        (damaged('"1.0"?', '"1.0" encoding="klingon"?'), "unknown encoding: klingon"),
        (damaged('"1.0"?', '"1.0" encoding="zlib"?'), "'zlib' is not a text encoding"),
        (HAAR[:-40].encode(), "not well-formed XML"),
        (b"<a/>", "no model inside <opencv_storage>"),
        (b"<opencv_storage/>", "no model inside <opencv_storage>"),
        (b"<a>" * 100_000, "nested deeper than"),
        (
            b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opencv_storage>&b;'
            b"</opencv_storage>",
            r"document type \(DTD\) is not allowed",
        ),
        (damaged("BOOST", "TREE"), "stageType must be BOOST, got 'TREE'"),
        (damaged("HAAR", "HOG"), "featureType must be HAAR or LBP, got 'HOG'"),
        (damaged(">0</maxCat", ">256</maxCat"), "maxCatCount must be 256 for LBP and 0 for HAAR"),
        (damaged("<width>8", "<width>0"), "the window must be 3 to 10000 pixels"),
        (damaged("<width>8", "<width>100000000"), "the window must be 3 to 10000 pixels"),
        (damaged("<width>8</width>", ""), "<width> is missing or empty"),
        (damaged("-0.5</stage", "x</stage"), "stage 0: expected numbers, got 'x'"),
        (damaged("-0.5</stage", "nan</stage"), "a number is not finite"),
        (damaged("-0.5</stage", "1e39</stage"), "a number is too large for float32"),
        (damaged("0.25", ""), "internalNodes must hold 4 numbers a node, got 7"),
        (damaged("1. -2. 3e0", "1. -2."), "a tree of 2 nodes must have 3 leaves, got 2"),
        (damaged("1 0 0 0.25", "0 0 0 0 " * 1001), "more than 1000 nodes"),
        (damaged("1 0 0 0.25", "0 0 5 0.25"), r"a feature outside 0 .. 1"),
        (damaged("1 0 0 0.25", "2 0 0 0.25"), "must lead to a later node of its tree"),
        (damaged("-1 -2 1 -0.5", "-1 -3 1 -0.5"), "must lead to a later node of its tree"),
        (damaged("-1 -2 1 -0.5", "1 -2 1 -0.5"), "must lead to a later node of its tree"),
        (damaged("2 0 4 6 2.", "5 0 4 6 2."), "feature 0: the rectangle 5 0 4 6 is not inside"),
        (damaged("2 0 4 6 2.", "-1 0 4 6 2."), "feature 0: the rectangle -1 0 4 6 is not inside"),
        (damaged("4 0 2 3 -1.", "2 0 2 3 -1."), "feature 1: the rectangle 2 0 2 3 is not inside"),
        (damaged("4 0 2 3 -1.", "4 2 2 3 -1."), "feature 1: the rectangle 4 2 2 3 is not inside"),
        (damaged("2 0 4 6 2.", "2 0 4 6"), "feature 0: expected 5 numbers, got 4"),
        (damaged("<_>2 0 4 6 2.</_>", "<_>0 0 1 1 1</_>" * 3), "at most 3 rectangles, got 4"),
    ],
)
def test_damaged_files_are_refused(data, message, tmp_path):
    path = tmp_path / "cascade.xml"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as error:
        read_cascade(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_is_refused_in_one_line(tmp_path):
    with pytest.raises(
        IsADirectoryError, match=r"^\S+: a folder, not a cascade file; give a file$"
    ):
        read_cascade(tmp_path)


def test_an_enormous_file_is_not_read(tmp_path):
    path = tmp_path / "cascade.xml"
    with open(path, "wb") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match="larger than 8 MiB"):
        read_cascade(path)


def test_an_lbp_feature_is_never_tilted():
    """OpenCV does not read the tag there."""
    data = TINY[0].with_name("lbp_stumps.xml").read_bytes()
    assert b"</rect></_>" in data
    assert not parse_cascade(data.replace(b"</rect>", b"</rect><tilted>1</tilted>")).tilted.any()


@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
def test_random_damage_ends_in_an_error_or_in_a_detector_that_runs(path, tmp_path):
    rng = np.random.default_rng(len(path.stem))
    image = rng.integers(0, 256, (30, 40), dtype=np.uint8)
    original = path.read_bytes()
    messages = []
    for _ in range(12):
        data = bytearray(original)
        for position in rng.integers(0, len(data), rng.integers(1, 4)):
            data[position] = rng.choice(np.frombuffer(b"0159-. <>/_&x\xff\0", np.uint8))
        if rng.random() < 0.3:
            data = data[: rng.integers(len(data))]
        target = tmp_path / "damaged.xml"
        target.write_bytes(data)
        try:
            CascadeDetector.load(target).detect(image)
        except ValueError as error:
            messages.append(str(error))
    assert messages
    assert not any("\n" in message for message in messages)
