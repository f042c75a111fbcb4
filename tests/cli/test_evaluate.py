"""``classicvision evaluate``."""

import json
import shutil
import sys

import numpy as np
import pytest

import classicvision as cv
from classicvision.images import sample_path

FACE = [176, 66, 274, 172]  # marked by hand: the astronaut's face


@pytest.fixture
def annotated(photo, tmp_path):
    """photo.png with its face, a picture without, and their list."""
    cv.write_image(tmp_path / "wall.png", cv.sample_image("brick")[:200, :200])
    x1, y1, x2, y2 = FACE
    (tmp_path / "info.dat").write_text(
        f"photo.png 1 {x1} {y1} {x2 - x1} {y2 - y1}\nwall.png 0\n", encoding="utf-8"
    )
    return tmp_path


def test_sample(run):
    result = run("evaluate")
    assert result.exit_code == 0
    first, *lines = result.stdout.splitlines()
    assert first == f"{sample_path('astronaut')}: 1 object in 1 image"
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "found with at most 0.1 false positives an image",
        "found with at most 0.5 false positives an image",
        "found with at most 1 false positives an image",
        "found with at most 2 false positives an image",
        "found on average between 0.1 and 2",
        "average precision",
        "recall at min-neighbors 4",
        "precision at min-neighbors 4",
        "ms an image",
    ]
    assert [line.split()[0] for line in lines[:-1]] == ["1.000"] * 8
    assert result.stderr == (
        "classicvision: no annotations given: this is the sample astronaut.png with its face\n"
    )


def test_json_is_what_the_library_measures(run, annotated):
    result = run("evaluate", "info.dat", "--json", "--scale-factor", "1.2", "--jobs", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    values = json.loads(result.stdout)
    samples = [("photo.png", [FACE]), ("wall.png", [])]
    detector = cv.CascadeDetector.load()
    curve = cv.evaluate_detector(detector, samples, scale_factor=1.2)
    for name in ("images", "objects", "average_precision"):
        assert values[name] == getattr(curve, name)
    for name in ("thresholds", "false_positives", "detection_rate"):
        np.testing.assert_array_equal(values[name], getattr(curve, name))
    assert values["annotations"] == "info.dat"
    assert values["match"] == "iou"
    assert values["detection_rate_at"]["0.5"] == curve.detection_rate_at(0.5, per_image=True)
    assert values["mean_detection_rate"] == curve.mean_detection_rate(0.1, 2)
    point = values["operating_point"]
    assert point["min_neighbors"] == 4
    assert point["recall"] == curve.operating_point(5).recall == 1
    found = detector.detect(cv.read_image("wall.png"), scale_factor=1.2, min_neighbors=4)
    assert point["false_positives"] == len(found)


def test_rules_and_classes(run, annotated):
    # A box of twice the face's side: its overlap is 1/4.
    (annotated / "info.dat").write_text("photo.png 1 125 15 200 208\n", encoding="utf-8")

    def rate(*options):
        result = run("evaluate", "info.dat", "--json", *options)
        assert result.exit_code == 0
        return json.loads(result.stdout)["detection_rate_at"]["2"]

    assert rate() == 0
    assert rate("--iou-threshold", "0.15") == 1
    assert rate("--match", "center") == 0
    assert run("evaluate", "info.dat", "--label", "face").exit_code == 2


def test_plot(run, annotated):
    pytest.importorskip("matplotlib")
    result = run("evaluate", "info.dat", "--plot", "curve.png")
    assert (result.exit_code, result.stderr) == (0, "")
    assert cv.read_image("curve.png").std() > 10
    result = run("evaluate", "info.dat", "--plot", "curve.xyz")
    assert result.exit_code == 1
    assert result.stderr.startswith("classicvision: error: ")
    assert "xyz" in result.stderr
    assert result.stdout.startswith("info.dat: 1 object in 2 images\n")


def test_plot_without_matplotlib(run, annotated, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("evaluate", "info.dat", "--plot", "curve.png")
    assert result.exit_code == 2
    assert result.stderr == (
        "classicvision: error: --plot needs matplotlib: pip install matplotlib\n"
    )


def test_bad_images_do_not_end_the_run(run, annotated):
    with open("info.dat", "a", encoding="utf-8") as file:
        file.write("gone.png 1 0 0 9 9\nbroken.png 0\nturned.png 1 9 9 -5 -5\n")
    (annotated / "broken.png").write_bytes(b"no picture")
    shutil.copy("photo.png", "turned.png")
    result = run("evaluate", "info.dat")
    assert result.exit_code == 1
    assert result.stdout.startswith("info.dat: 1 object in 2 images\n")
    errors = result.stderr.splitlines()
    for line, name in zip(errors, ("gone.png", "broken.png", "turned.png"), strict=True):
        assert line.startswith(f"classicvision: error: {name}: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "info.dat: no such file"),
        ("photo.png one box", "info.dat: line 1 must be a file name, a count"),
        ("photo.png 0\n", "samples must have boxes to find"),
        ("", "samples must not be empty"),
    ],
)
def test_annotations_that_are_none(run, photo, tmp_path, content, message):
    if content is not None:
        (tmp_path / "info.dat").write_text(content, encoding="utf-8")
    result = run("evaluate", "info.dat")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("classicvision: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.lane
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "the annotations have no name: ''"),
        (["--label", "face"], "--label needs ANNOTATIONS"),
        (["--jobs", "0"], "must not be 0; use -1 for all cores"),
        (["--iou-threshold", "0"], "Invalid value for '--iou-threshold'"),
        (["--match", "area"], "Invalid value for '--match'"),
        (["--model", "gone.xml"], "gone.xml: no such cascade file"),
        (["--model", "."], ".: a folder, not a model; give a cascade's .xml, or frontal_face"),
        (["--model", ""], "the model has no name: ''; give a cascade's .xml, or frontal_face"),
    ],
)
def test_wrong_usage_is_one_line(run, arguments, message):
    result = run("evaluate", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("classicvision: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
