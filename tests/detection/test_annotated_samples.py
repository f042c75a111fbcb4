"""Annotations as samples: what `evaluate_detector` takes, whatever the format."""

import numpy as np
import pytest

import classicvision as cv
from classicvision import Detections

BOXES = [[10, 20, 40, 60], [50, 5, 90, 45]]


def write_info(folder):
    (folder / "info.dat").write_text("photo.png 2  10 20 30 40  50 5 40 40\nwall.png 0\n")
    return folder / "info.dat"


def write_voc(folder):
    for name, boxes in (("photo", BOXES), ("wall", [])):
        found = Detections(boxes, names=("king", "queen"), labels=list(range(len(boxes))))
        text = found.to_voc(100, 80, filename=f"{name}.png")
        (folder / f"{name}.xml").write_text(text, encoding="utf-8")
    return folder


def write_yolo(folder):
    for name, boxes in (("photo", BOXES), ("wall", [])):
        found = Detections(boxes, labels=list(range(len(boxes))))
        (folder / f"{name}.txt").write_text(found.to_yolo(100, 80), encoding="utf-8")
    (folder / "classes.txt").write_text("king\nqueen\n", encoding="utf-8")
    return folder


@pytest.fixture
def photographs(tmp_path):
    for name in ("photo", "wall"):
        cv.write_image(tmp_path / f"{name}.png", np.full((80, 100), 90, np.uint8))
    return tmp_path


@pytest.mark.lane
@pytest.mark.parametrize("write", [write_info, write_voc, write_yolo])
def test_every_format_gives_samples(write, photographs):
    (photo, boxes), (wall, none) = cv.read_annotations(write(photographs))
    assert (photo, wall) == (str(photographs / "photo.png"), str(photographs / "wall.png"))
    np.testing.assert_allclose(boxes, BOXES, atol=1e-3)
    assert none.shape == (0, 4)


@pytest.mark.parametrize("write", [write_voc, write_yolo])
def test_one_class(write, photographs):
    (_, boxes), (_, none) = cv.read_annotations(write(photographs), label="queen")
    np.testing.assert_allclose(boxes, BOXES[1:], atol=1e-3)
    assert len(none) == 0


def test_detectors_are_evaluated_on_them(photographs):
    samples = cv.read_annotations(str(write_yolo(photographs)))
    curve = cv.evaluate_detector(lambda image: Detections(BOXES[:1], [5]), samples)
    assert (curve.images, curve.objects) == (2, 2)
    assert (curve.detection_rate[-1], curve.false_positives[-1]) == (0.5, 1)


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        (None, TypeError, "path must be the name of a file or a folder, got None"),
        ("gone", FileNotFoundError, "gone: no such file or folder"),
        ("photo.png", ValueError, "photo.png: no annotations; give an OpenCV list"),
        ("turned.dat", ValueError, "the boxes of .*photo.png must have x1 <= x2"),
    ],
)
def test_what_has_no_annotations(path, error, message, photographs, monkeypatch):
    monkeypatch.chdir(photographs)
    (photographs / "turned.dat").write_text("photo.png 1 10 10 -5 5\n")
    with pytest.raises(error, match=message):
        cv.read_annotations(path)
