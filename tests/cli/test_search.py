"""``classicvision search``: what a query finds, as lines, as JSON and as a page."""

import base64
import errno
import html.parser
import io
import json
import os
import pathlib
import re
import shlex
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import classicvision as cv
from classicvision.cli._messages import update_hint
from classicvision.retrieval import _catalogue, _creation

NAMES = ["astronaut", "chelsea", "rocket"]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index of three photographs, one with an odd name."""
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        cv.write_image(folder / f"{name} <&>.png", cv.sample_image(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_catalogue, "_SYNCHRONOUS", "OFF")
        index = cv.ImageIndex.build(folder, folder.parent / "photos.index", n_words=60)
    index.search(cv.sample_image("rocket"))  # compiles, which is announced
    return index


@pytest.fixture
def part(tmp_path):
    """A part of the cat, where commands run."""
    cv.write_image(tmp_path / "part.png", cv.sample_image("chelsea")[60:260, 80:380])
    return "part.png"


def test_lines(run, index, part):
    result = run("search", index.path, part, "--top", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "part.png: 2 pictures"
    number = r"-?\d+"
    assert re.fullmatch(
        rf"  .*chelsea <&>\.png  score \S+  inliers \d+  box( {number}){{4}}", lines[1]
    )
    assert re.fullmatch(r"  .*\.png  score \S+", lines[2])
    assert "inliers" not in run("search", index.path, part, "--no-verify").stdout


def test_json_of_several_queries(run, index, part, tmp_path):
    cv.write_image(tmp_path / "flat.png", np.full((30, 40), 90, np.uint8))
    result = run("search", index.path, part, "flat.png", "nothing.png", "--json")
    assert result.exit_code == 1
    assert "classicvision: error: nothing.png: no such file; " in result.stderr
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["path"], first["width"], first["height"]) == ("part.png", 300, 200)
    best = first["results"][0]
    assert set(best) == {"path", "score", "inliers", "box"}
    assert os.path.basename(best["path"]) == "chelsea <&>.png"
    assert best["inliers"] > 20
    np.testing.assert_allclose(best["box"], [80, 60, 380, 260], atol=6)
    assert (second["width"], second["height"]) == (40, 30)
    assert [found["box"] for found in second["results"]] == [None] * 3


def test_standard_input(run, index, part):
    with open(part, "rb") as file:
        result = run("search", index.path, "-", "--json", "--top", "1", input=file.read())
    assert result.exit_code == 0
    assert json.loads(result.stdout)["path"] == "-"
    assert "chelsea" in result.stdout


class Page(html.parser.HTMLParser):
    """The tags of a page, its text, and its pictures."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.pictures = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        values = dict(attributes)
        if tag == "img":
            data = base64.b64decode(values["src"].removeprefix("data:image/jpeg;base64,"))
            picture = Image.open(io.BytesIO(data))
            assert picture.size == (int(values["width"]), int(values["height"]))
            self.pictures.append((values["alt"], np.asarray(picture)))

    def handle_data(self, data):
        self.text += data


def test_the_page(run, index, part, tmp_path):
    os.rename(f"{os.path.dirname(index.paths[2])}/rocket <&>.png", tmp_path / "rocket.png")
    try:
        result = run("search", index.path, part, "rocket.png", "--report", "found.html")
    finally:
        os.rename(tmp_path / "rocket.png", index.paths[2])
    assert result.exit_code == 0
    text = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|<script|url\(|@import", text)
    page = Page(text)
    assert page.tags.count("figure") == 8  # two queries, three pictures each
    assert len(page.pictures) == 6  # one of those is gone
    assert page.tags.count("h2") == 2
    assert "1. " + index.paths[1] + ": score" in page.text
    hint = f"run classicvision index -o {index.path} --update"
    assert page.text.count(f" (is gone since it was indexed; {hint})") == 2
    assert result.stderr.splitlines() == [
        f"classicvision: {query}: found pictures that are not as they were indexed: "
        f"{index.paths[2]} (gone); {hint}"
        for query in ("part.png", "rocket.png")
    ]
    alternative, matched = page.pictures[1]
    assert re.search(r"points agree$", alternative)
    assert matched.shape[1] > 600  # the query and what was found, beside each other
    assert (matched.astype(int) - [240, 120, 20]).__abs__().sum(axis=2).min() < 60  # its place


def test_points_are_not_drawn_on_another_picture(run, index, part, tmp_path):
    path = shutil.move(index.paths[1], tmp_path / "original.png")
    shutil.copy(index.paths[0], index.paths[1])
    try:
        command = "search", index.path, part, "--top", "1", "--report"
        result = run(*command, "found.html")
    finally:
        shutil.move(path, index.paths[1])
    hint = f"run classicvision index -o {index.path} --update"
    assert (result.exit_code, result.stderr) == (
        0,
        "classicvision: part.png: found pictures that are not as they were indexed: "
        f"{index.paths[1]} (changed); {hint}\n",
    )
    page = Page((tmp_path / "found.html").read_text(encoding="utf-8"))
    assert len(page.pictures) == 1  # the query
    assert f"points agree (has changed since it was indexed; {hint})" in page.text
    os.chmod(index.paths[1], 0o600)  # neither contents nor times
    assert run(*command, "found.html").stderr == ""


def test_files_that_were_touched_are_shown(run, index, part, tmp_path):
    path = index.paths[1]
    status = os.stat(path)
    contents = pathlib.Path(path).read_bytes()
    os.utime(path, ns=(10**18, 10**18))
    try:
        result = run("search", index.path, part, "--top", "1", "--report", "found.html")
        pathlib.Path(path).write_bytes(contents[:-1] + b"x")  # another one of the same size
        changed = run("search", index.path, part, "--top", "1")
    finally:
        pathlib.Path(path).write_bytes(contents)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(Page((tmp_path / "found.html").read_text(encoding="utf-8")).pictures) == 2
    assert f"{path} (changed); run classicvision index" in changed.stderr


def test_a_picture_that_cannot_be_read_now_has_its_name_once(run, index, part, monkeypatch):
    def fail(path):
        raise OSError(f"{path}: cannot be read (Input/output error); check the disk")

    with monkeypatch.context() as patch:
        patch.setattr("classicvision.images.read_image", fail)
        assert run("search", index.path, part, "--report", "found.html").exit_code == 0
    text = Page(pathlib.Path("found.html").read_text(encoding="utf-8")).text
    assert text.count(index.paths[1]) == 1
    assert "(cannot be read (Input/output error); check the disk)" in text


def test_a_query_with_few_keypoints_is_told_of(run, index, tmp_path):
    cv.write_image(tmp_path / "flat.png", np.zeros((30, 40), np.uint8))
    result = run("search", index.path, "flat.png")
    assert result.exit_code == 0
    assert result.stderr == "classicvision: flat.png: few keypoints, ranked by colours too\n"


def test_an_index_without_pictures_answers_nothing(run, index, part, tmp_path):
    empty = shutil.copytree(index.path, tmp_path / "empty.index")
    cv.ImageIndex(empty).remove(index.paths)
    _creation.create_index(tmp_path / "begun.index", _creation.Learning({}))
    shutil.copytree(empty, tmp_path / "my index")
    for name in ("empty.index", "begun.index", "my index"):
        result = run("search", name, part)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"classicvision: error: {name}: the index has no pictures yet; run classicvision "
            f"index IMAGE|FOLDER -o {shlex.quote(name)} (again)\n"
        )


def test_names_are_quoted_in_commands(index, tmp_path):
    hint = f"run classicvision index -o '{tmp_path}/my index' --update"
    assert update_hint(f"{tmp_path}/my index") == hint
    shutil.copytree(index.path, tmp_path / "my index")
    with open(tmp_path / "my index" / "000001-weights.rows", "r+b") as file:
        file.write(np.float32(-1).tobytes())
    with pytest.raises(ValueError, match=f"classicvision index -o '{tmp_path}/my index' --verify"):
        cv.ImageIndex(tmp_path / "my index").search(index.paths[0])


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links are POSIX")
def test_what_a_page_must_not_overwrite(run, index, part, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    os.link(part, tmp_path / "same.html")
    os.mkfifo(tmp_path / "pipe")
    os.symlink(f"{index.path}/catalogue.sqlite", tmp_path / "link.html")
    for target, reason in [
        (part, "a query, which the page would overwrite"),
        ("same.html", "a query, which the page would overwrite"),
        (index.paths[0], "a picture of the index"),
        (f"{index.path}/catalogue.sqlite", "inside the folder of the index"),
        (f"{index.path}/found.html", "inside the folder of the index"),
        ("link.html", "inside the folder of the index"),
        ("pipe", "no regular file"),
        (".", "a folder"),
        ("no/found.html", "its folder does not exist"),
        ("notes.txt", "exists, and is no page of results"),
    ]:
        before = contents(tmp_path, index)
        result = run("search", index.path, part, "--report", target)
        assert (result.exit_code, result.stdout) == (2, ""), target
        assert result.stderr == (
            f"classicvision: error: --report {target}: {reason}; choose another name; "
            "see 'classicvision search --help'\n"
        )
        assert contents(tmp_path, index) == before
    assert run("search", index.path, part, "--report", "-").exit_code == 2


def contents(folder, index):
    """Return what the files of a folder and of an index hold."""
    files = [*index.paths, f"{index.path}/catalogue.sqlite"]
    files += [entry.path for entry in os.scandir(folder) if entry.is_file()]
    return {path: pathlib.Path(path).read_bytes() for path in files}, sorted(os.listdir(index.path))


def test_a_page_replaces_a_page(run, index, part, tmp_path):
    (tmp_path / "found.html").write_text("<!doctype HTML>\n<title>an old page</title>")
    assert run("search", index.path, part, "--report", "found.html").exit_code == 0
    assert "chelsea" in (tmp_path / "found.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written(run, index, part, monkeypatch):
    def fail(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    result = run("search", index.path, part, "--report", "found.html")
    assert result.exit_code == 1
    assert result.stderr == (
        "classicvision: error: found.html: cannot be written (No space left on device); "
        "check the folder\n"
    )


def test_a_demonstration_without_arguments(run):
    result = run("search", "--top", "2")
    assert result.exit_code == 0
    assert "a part of coffee, turned, is looked for in the samples" in result.stderr
    assert re.search(r"\n  .*coffee\.png  score \S+  inliers \d+  box", result.stdout)
    assert os.listdir() == []


def test_what_is_refused(run, index, part, tmp_path):
    for arguments, reason in [
        ([index.path], "there is no picture to search for: give DIR IMAGE; see 'classicvision "),
        ([index.path, ""], "an input has no name: ''; see 'classicvision search --help'"),
        ([part, part], f"{tmp_path}/{part}: a file, and no index; give an index's folder"),
        ([index.path, "-", "-"], "'-' goes once: standard input is one image; see 'classicvision"),
        (["nothing", part], f"{tmp_path}/nothing: no such folder; check the name of the index"),
        ([".", part], f"{tmp_path}: not an image index, it has no catalogue.sqlite"),
        ([index.path, "n*"], "n*: matches no file; check the pattern"),
        ([index.path, os.devnull], f"{os.devnull}: a pipe or a device, no file; save what it"),
    ]:
        result = run("search", *arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments
        assert result.stderr.startswith(f"classicvision: error: {reason}")
