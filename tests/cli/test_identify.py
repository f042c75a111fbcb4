"""``classicvision identify``."""

import json
import os

import numpy as np
import pytest

import classicvision as cv
from classicvision._parallel import parallel_map
from classicvision.cli import identify
from classicvision.color._spaces import SPACES
from classicvision.color.comparison import METRICS
from classicvision.images import sample_path

COLORS = {"lemon": (230, 210, 40), "lime": (80, 160, 40), "plum": (90, 30, 110)}
SAID = "classicvision: error: "


def test_the_options_are_those_of_the_library():
    assert identify._METRICS == METRICS
    assert tuple(identify._BINS) == SPACES


def picture(name, light=1.0):
    noise = np.random.default_rng(len(name)).integers(-9, 10, (12, 16, 3))
    return np.clip(np.array(COLORS[name]) * light + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def fruit(tmp_path):
    """A folder of views for each fruit but the plum, of which there is one file; and queries."""
    for name in ("lemon", "lime"):
        os.makedirs(tmp_path / "known" / name / "more")
        cv.write_image(tmp_path / "known" / name / "1.png", picture(name))
        cv.write_image(tmp_path / "known" / name / "more" / "2.png", picture(name, 0.8))
    cv.write_image(tmp_path / "known" / "plum.png", picture("plum"))
    for name in COLORS:
        cv.write_image(tmp_path / f"{name}.png", picture(name, 0.9))
    cv.write_image(tmp_path / "sky.png", np.full((9, 9, 3), (90, 160, 250), np.uint8))
    return tmp_path


def test_the_sample(run):
    result = run("identify", "--top", "2")
    path = sample_path("coffee")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == f"{path}: coffee"
    assert lines[1].startswith("  coffee  bhattacharyya 0.1")
    assert len(lines) == 3
    assert result.stderr == (
        "classicvision: no folder given: the objects are the left halves of the sample "
        "photographs\nclassicvision: no image given: this is the sample coffee.png\n"
    )


@pytest.mark.lane
@pytest.mark.parametrize("options", [[], ["--metric", "intersection", "--space", "lab"]])
def test_folders_and_files_name_the_objects(run, fruit, options):
    result = run("identify", "known", "lime.png", "plum.png", "lemon.png", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    found = [line for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert found == ["lime.png: lime", "plum.png: plum", "lemon.png: lemon"]


@pytest.mark.lane
def test_json_is_what_the_library_finds(run, fruit):
    options = ["--space", "rgb", "--bins", "4,5,6", "--metric", "chi2", "--crop", "0.8"]
    result = run("identify", "known", "lime.png", "--json", "--top", "9", *options)
    values = json.loads(result.stdout)
    identifier = cv.ColorIdentifier((4, 5, 6), "rgb", "chi2", crop=0.8)
    names = ["lemon", "lemon", "lime", "lime", "plum"]
    files = [f"known/{n}/{f}" for n in ("lemon", "lime") for f in ("1.png", "more/2.png")]
    images = [cv.read_image(path) for path in [*files, "known/plum.png"]]
    scores = identifier.fit(images, names).similarities([cv.read_image("lime.png")])[0]
    order = np.argsort(-scores)
    assert list(values) == ["path", "width", "height", "label", "labels", "scores"]
    assert (values["path"], values["width"], values["height"]) == ("lime.png", 16, 12)
    assert values["label"] == "lime"
    assert values["labels"] == identifier.classes_[order].tolist()
    np.testing.assert_allclose(values["scores"], -scores[order])


@pytest.mark.lane
@pytest.mark.parametrize(("metric", "value"), [("bhattacharyya", "0.8"), ("intersection", "0.2")])
def test_unknown_objects_are_rejected(run, fruit, metric, value):
    options = ["--metric", metric, "--reject", value, "--top", "1"]
    result = run("identify", "known", "sky.png", "plum.png", *options)
    lines = result.stdout.splitlines()
    assert lines[0] == "sky.png: unknown"
    assert lines[2] == "plum.png: plum"
    assert len(lines) == 4
    result = run("identify", "known", "sky.png", "--json", *options)
    assert json.loads(result.stdout)["label"] is None


@pytest.mark.lane
def test_views_that_cannot_be_read_are_told_and_skipped(run, fruit):
    (fruit / "known" / "lime" / "bad.png").write_bytes(b"\x89PNG, but no more")
    result = run("identify", "known", "lime.png")
    assert result.exit_code == 1
    assert result.stdout.startswith("lime.png: lime\n")
    assert result.stderr.startswith(f"{SAID}{os.path.join('known', 'lime', 'bad.png')}: ")
    assert result.stderr.count("\n") == 1
    result = run("identify", "known", "nothing.png", "lime.png")
    assert result.exit_code == 1
    assert "error: nothing.png: no such file" in result.stderr


@pytest.mark.lane
def test_known_objects_are_counted_in_a_progress_bar(run, fruit, monkeypatch):
    counted = []

    def counting(function, items, **options):
        counted.append((len(items), options["description"], options["progress"]))
        return parallel_map(function, items, **options)

    monkeypatch.setattr(identify, "parallel_map", counting)
    assert run("identify", "known", "lime.png").exit_code == 0
    assert counted == [(5, "known objects", True)]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["known"], "give an IMAGE, too, besides the FOLDER of known objects; see 'classicvision "),
        (["", "lime.png"], "the folder has no name: ''; see 'classicvision identify --help'"),
        (["known", ""], "an input has no name: ''; see 'classicvision identify --help'"),
        (["nowhere", "lime.png"], "nowhere: no such folder; check its name"),
        (["lime.png", "lime.png"], "lime.png: not a folder"),
        (["no\nthing", "lime.png"], "'no\\nthing': no such folder; check its name"),
        (["void", "lime.png"], "void: no image in this folder; check its name"),
        (["damaged", "lime.png"], "damaged/x.png: "),
        (["known", "nothing.png"], "nothing.png: no such file; check the name and the folder"),
        (["known", "lime.png", "--bins", "0"], "bins must be at least 1, got 0"),
        (["known", "lime.png", "--bins", "8,8"], "bins must be an integer or 3 of them"),
        (["known", "lime.png", "--bins", "x"], "Invalid value for '--bins': 'x' is not a number"),
        (["known", "lime.png", "--bins", ""], "Invalid value for '--bins': '' is not a number"),
        (["known", "lime.png", "--bins", "-3"], "Invalid value for '--bins': '-3' is not a "),
        (["known", "lime.png", "--metric", "ks"], "metric 'ks' is for space 'gray' only"),
        (["known", "lime.png", "--crop", "0"], "Invalid value for '--crop': 0.0 is not in the "),
        (["known", "lime.png", "--top", "0"], "Invalid value for '--top': 0 is not in the range"),
        (["known", "lime.png", "--reject", "nan"], "Invalid value for '--reject': nan is not a "),
        (["known", "lime.png", "--space", "cmyk"], "Invalid value for '--space': 'cmyk' is not"),
    ],
)
def test_refuses_in_one_line(run, fruit, arguments, message):
    os.makedirs("void/.hidden")
    os.makedirs("damaged")
    (fruit / "damaged" / "x.png").write_bytes(b"no picture")
    result = run("identify", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(SAID + message)
    assert result.stderr.count("\n") == (2 if "damaged" in arguments else 1)


@pytest.mark.lane
def test_odd_names_and_formats(run, fruit):
    name = "new\nline\udcff"
    try:
        os.rename("known/lime", f"known/{name}")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    deep = (picture("plum").astype(np.uint16) * 257)[:5]
    cv.write_image("deep.png", deep)
    cv.write_image("gray.png", np.full((1, 1), 200, np.uint8))
    result = run("identify", "known", "lime.png", "deep.png", "gray.png", "--jobs", "2")
    assert result.exit_code == 0
    found = [line for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert found[:2] == ["lime.png: 'new\\nline\\udcff'", "deep.png: plum"]
    assert json.loads(run("identify", "known", "lime.png", "--json").stdout)["label"] == name


def test_standard_input(run, fruit):
    result = run("identify", "known", "-", "--json", input=(fruit / "plum.png").read_bytes())
    assert json.loads(result.stdout)["label"] == "plum"
