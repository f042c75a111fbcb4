"""The names of the files that a run writes."""

import os

import click
import pytest

from classicvision.cli._output import Output

pytestmark = pytest.mark.lane


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "a.png", "sub/a.jpg", "b.JPEG", "c.tif", "found/a.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", "a.jpg"),
        ("sub/a.jpg", "a.jpg"),
        ("b.JPEG", "b.JPEG"),
        ("c.tif", "c.png"),
        ("-", "stdin.png"),
        ("clip.mp4#000012", "clip-000012.jpg"),
        ("camera0#000003", "camera0-000003.jpg"),
        ("#000012.png", "#000012.png"),
        ("archive.tar.gz", "archive.tar.png"),
    ],
)
def test_stem_of_the_input(name, expected):
    assert Output("found", [], "faces").picture_path(name) == os.path.join("found", expected)


def test_one_suffix_for_all():
    output = Output("found", [], "edges", suffix=".png")
    assert output.picture_path("a.jpg") == os.path.join("found", "a.png")


def test_inputs_of_one_name_get_a_number_each():
    names = ["a.jpg", "a.png", "sub/a.jpg", "sub/A.png", "sub/a-2.png"]
    output = Output("found", [], "faces")
    pictures = [os.path.basename(output.picture_path(name)) for name in names]
    assert pictures == ["a.jpg", "a-2.png", "a-3.jpg", "A-4.png", "a-2-2.png"]


def test_reserved_names_are_left_free():
    output = Output("found", [], "faces", reserved=("classes",))
    assert output.picture_path("Classes.jpg") == os.path.join("found", "Classes-2.jpg")


def test_in_the_folder_of_the_inputs_the_command_is_in_the_name():
    for folder, name in ((".", "a.jpg"), ("sub", "sub/a.jpg")):
        picture = Output(folder, [name], "faces").picture_path(name)
        assert picture == os.path.join(folder, "a-faces.jpg")


@pytest.mark.parametrize("kind", ["itself", "symbolic link", "hard link"])
def test_no_input_is_overwritten(kind):
    if kind != "itself":
        os.unlink("found/a.jpg")
        link = os.link if kind == "hard link" else os.symlink
        link(os.path.abspath("sub/a.jpg"), "found/a.jpg")
    inputs = ["sub/a.jpg", "found/a.jpg"]
    output = Output("found", inputs, "faces")
    assert output.picture_path("sub/a.jpg") == os.path.join("found", "a-2.jpg")
    assert output.picture_path("found/a.jpg") == os.path.join("found", "a-faces.jpg")


def test_folder_that_cannot_be_made():
    with pytest.raises(click.ClickException, match=r"^a\.jpg.found: cannot be made \("):
        Output(os.path.join("a.jpg", "found"), [], "faces")
