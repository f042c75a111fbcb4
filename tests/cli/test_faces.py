"""``classicvision faces``: its outputs, read back."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import classicvision as cv
from classicvision.images import FACES_SAMPLE, sample_path

FACE = [[176, 66, 274, 172]]  # marked by hand: the astronaut's face
MODEL = "frontal_face"


def test_sample(run):
    result = run("faces")
    assert result.exit_code == 0
    name, face = result.stdout.splitlines()
    assert name == f"{sample_path(FACES_SAMPLE)}: 1 face"
    *box, word, score = face.split()
    assert cv.iou(FACE, [[float(side) for side in box]])[0, 0] > 0.5
    assert word == "score"
    assert float(score) > 3
    assert result.stderr == "classicvision: no image given: this is the sample astronaut.png\n"


def test_json_is_what_the_library_finds(run, photo):
    result = run("faces", "photo.png", "--json", "--min-neighbors", "5", "--scale-factor", "1.2")
    found = cv.CascadeDetector.load(MODEL).detect(
        cv.read_image(photo), min_neighbors=5, scale_factor=1.2
    )
    values = json.loads(result.stdout)
    assert list(values) == ["path", "width", "height", "boxes", "scores", "labels"]
    assert (values["path"], values["width"], values["height"]) == ("photo.png", 512, 512)
    np.testing.assert_array_equal(values["boxes"], found.boxes)
    np.testing.assert_array_equal(values["scores"], found.scores)
    assert values["labels"] == ["face"] * len(found)
    assert run("faces", "photo.png", "--format", "json").exit_code == 0


def test_sizes(run, photo):
    found = run("faces", photo, "--json", "--min-size", "90", "--max-size", "120x130")
    assert len(json.loads(found.stdout)["boxes"]) == 1
    found = run("faces", photo, "--json", "--min-size", "200X200")
    assert json.loads(found.stdout)["boxes"] == []


def test_coco_is_one_document(run, photo):
    shutil.copy(photo, "again.png")
    result = run("faces", "photo.png", "nothing.png", "again.png", "--format", "coco")
    assert result.exit_code == 1
    coco = json.loads(result.stdout)
    assert coco["categories"] == [{"id": 0, "name": "face"}]
    assert coco["images"] == [
        {"id": 1, "file_name": "photo.png", "width": 512, "height": 512},
        {"id": 2, "file_name": "again.png", "width": 512, "height": 512},
    ]
    assert [a["id"] for a in coco["annotations"]] == [1, 2]
    assert [a["image_id"] for a in coco["annotations"]] == [1, 2]
    x, y, width, height = coco["annotations"][0]["bbox"]
    assert cv.iou(FACE, [[x, y, x + width, y + height]])[0, 0] > 0.5


def test_voc_files(run, photo):
    result = run("faces", "photo.png", "--format", "voc", "--output", "found")
    assert result.exit_code == 0
    assert result.stdout.startswith("photo.png: 1 face\n")
    root = ElementTree.parse("found/photo.xml").getroot()
    assert root.findtext("filename") == "photo.png"
    assert root.findtext("object/name") == "face"
    x1, y1, x2, y2 = (int(side.text) for side in root.find("object/bndbox"))
    assert cv.iou(FACE, [[x1 - 1, y1 - 1, x2, y2]])[0, 0] > 0.5
    assert cv.read_image("found/photo.png").shape == (512, 512, 3)


def test_yolo_files(run, photo):
    shutil.copy(photo, "classes.png")
    assert run("faces", photo, "classes.png", "--format", "yolo", "-o", "found").exit_code == 0
    with open("found/classes.txt", encoding="utf-8") as file:
        assert file.read() == "face\n"
    for name in ("photo.txt", "classes-2.txt"):
        label, x, y, width, height = np.loadtxt(f"found/{name}") * [1, 512, 512, 512, 512]
        assert label == 0
        box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        assert cv.iou(FACE, [box])[0, 0] > 0.5


def test_annotated_picture_differs_around_the_face_only(run, photo):
    run("faces", "photo.png", "--output", "new/found")
    before, after = cv.read_image("photo.png"), cv.read_image("new/found/photo.png")
    rows, columns = np.nonzero((before != after).any(axis=2))
    assert 40 < rows.min() < rows.max() < 200
    assert 140 < columns.min() < columns.max() < 300


def test_other_models_name_their_objects(run, photo):
    model = Path(__file__).parents[1] / "golden" / "cascades" / "lbp_one_stage.xml"
    shutil.copy(model, "wheel.xml")
    options = ["--model", "wheel.xml", "--min-neighbors", "0", "--min-size", "100"]
    values = json.loads(run("faces", photo, "--json", *options).stdout)
    assert set(values["labels"]) == {"wheel"}
    count = len(values["boxes"])
    assert run("faces", photo, *options).stdout.startswith(f"{photo}: {count} object")


@pytest.mark.parametrize(("model", "reason"), [(".", "a folder"), ("", "no name: ''")])
def test_a_model_that_is_no_file(run, model, reason):
    result = run("faces", "--model", model)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr
    assert "give a cascade's .xml, or frontal_face" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "not well-formed XML"),
        (b"<a/>", "not an OpenCV cascade"),
        (b"", "not well-formed XML"),
        (None, "no such cascade file; the installed models are frontal_face"),
    ],
)
def test_a_file_that_is_no_cascade(run, tmp_path, content, reason):
    if content is not None:
        (tmp_path / "model.xml").write_bytes(content)
    result = run("faces", "--model", "model.xml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"classicvision: error: model.xml: {reason}")
    assert result.stderr.count("\n") == 1
