"""``classicvision index``: pictures into an index, on from where it was, and up to date."""

import errno
import json
import os
import shutil
import signal
import sys
import time

import numpy as np
import pytest

import classicvision as cv
from classicvision.retrieval import _creation
from classicvision.retrieval._writer import Writer


@pytest.fixture
def photos(tmp_path):
    """A folder of three small photographs and a file that is none, where commands run."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("astronaut", "chelsea", "rocket"):
        cv.write_image(folder / f"{name}.png", cv.sample_image(name)[::2, ::2])
    (folder / "2.png").write_bytes(b"no picture")
    return folder


def test_it_builds_and_goes_on(run, photos):
    made = run("index", "photos", "-o", "photos.index", "--words", "50", "--max-side", "200")
    assert made.exit_code == 1
    assert made.stdout == "photos.index: 3 pictures (3 added, 1 skipped)\n"
    assert "2.png: not a JPEG, " in made.stderr
    (photos / "2.png").unlink()
    again = run("index", "photos", "-o", "photos.index")
    assert (again.exit_code, again.stdout) == (0, "photos.index: 3 pictures (3 unchanged)\n")
    assert cv.ImageIndex("photos.index").parameters["n_words"] == 50


def test_update(run, photos):
    (photos / "2.png").unlink()
    run("index", "photos", "-o", "photos.index", "--words", "50")
    shutil.copy(photos / "rocket.png", photos / "new.png")
    (photos / "astronaut.png").unlink()
    result = run("index", "-o", "photos.index", "--update", "--compact", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "path": "photos.index", "images": 3,
        "added": 1, "changed": 0, "removed": 1, "unchanged": 2, "skipped": 0,
    }  # fmt: skip
    assert any(name.startswith("000002-") for name in os.listdir("photos.index"))


def test_pictures_of_a_disk_that_is_not_there_stay(run, photos):
    files = ["photos/astronaut.png", "photos/rocket.png"]
    run("index", *files, "-o", "photos.index", "--words", "50")
    shutil.move("photos", "elsewhere")
    for named in ([], files):
        result = run("index", *named, "-o", "photos.index", "--update")
        assert (result.exit_code, result.stdout) == (2, "photos.index: 2 pictures (1 skipped)\n")
        assert result.stderr.splitlines()[-1] == (
            f"classicvision: error: {photos}: the folder is gone; bring it back, or remove its "
            "pictures from the index"
        )


def test_the_samples_without_pictures(run):
    result = run(
        "index", "-o", "samples", "--words", "60", "--max-side", "100", "--keypoints", "99"
    )
    assert result.exit_code == 0
    assert result.stdout == "samples: 9 pictures (9 added)\n"
    assert "no pictures given: these are the 9 samples" in result.stderr
    parameters = cv.ImageIndex("samples").parameters
    names = "n_words", "max_side", "max_keypoints"
    assert [parameters[name] for name in names] == [60, 100, 99]


def test_an_index_that_is_there_gets_no_samples(run, photos):
    (photos / "2.png").unlink()
    run("index", "photos", "-o", "photos.index", "--words", "50")
    asked = "give pictures to add, --update"
    for arguments in ([], ["--words", "50"], ["--compact", "--words", "50"]):
        result = run("index", "-o", "photos.index", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"classicvision: error: photos.index is an index: {asked}")
    cv.ImageIndex("photos.index").remove("photos/rocket.png")
    result = run("index", "-o", "photos.index", "--compact")
    assert (result.exit_code, result.stdout) == (0, "photos.index: 2 pictures (nothing to do)\n")
    assert any(name.startswith("000002-") for name in os.listdir("photos.index"))


def test_a_folder_that_is_gone_is_removed(run, photos):
    (photos / "2.png").unlink()
    (photos.parent / "more").mkdir()
    shutil.copy(photos / "rocket.png", photos.parent / "more")
    run("index", "photos", "more", "-o", "photos.index", "--words", "50")
    shutil.rmtree("more")
    result = run("index", "-o", "photos.index", "--update")
    assert result.exit_code == 2
    assert "more: the folder is gone; bring it back, or remove its pictures" in result.stderr
    command = "index", "-o", "photos.index", "--remove"
    result = run(*command, "more", "--remove", "photos/rocket.png", "--compact")
    assert (result.exit_code, result.stdout) == (0, "photos.index: 2 pictures (2 removed)\n")
    result = run("index", "-o", "photos.index", "--update")
    assert result.stdout == "photos.index: 3 pictures (1 added, 2 unchanged)\n"
    result = run(*command, "more")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("more: not in the index; check its name and folder\n")
    result = run(*command, "photos", "--update")
    assert result.exit_code == 2
    assert "--remove goes with --compact alone; add pictures afterwards" in result.stderr


def test_what_is_refused(run, photos):
    (photos.parent / "clip.avi").write_bytes(b"RIFF")
    for arguments, reason in [
        (["photos"], "Missing option '-o' / '--output'; see 'classicvision index --help'"),
        (["", "-o", "x"], "an input has no name: ''; see 'classicvision index --help'"),
        (["none", "-o", "x"], f"{os.path.abspath('none')}: no such file; check the name and the "),
        (["n*", "-o", "x"], f"{os.path.abspath('n*')}: matches no file; check the pattern"),
        (["photos", "-o", "photos"], f"{photos}: holds other files (2.png) and no index; "),
        (["photos", "-o", "x", "--vocabulary", "photos/2.png"], "photos/2.png: no visual voc"),
        (["photos", "-o", "x", "--vocabulary", "photos"], "photos: a folder, not a visual vocab"),
        (["photos", "-o", "photos/2.png"], f"{photos}/2.png: cannot be made (File exists)"),
        (["photos", "-o", "photos/2.png/x"], f"{photos}/2.png/x: cannot be made (Not a dir"),
        (["-o", "photos/2.png"], f"{photos}/2.png: cannot be made (File exists)"),
        (["-o", "x", "--compact"], f"{os.path.abspath('x')}: no such folder; check the name of"),
        (["photos/2.png", "-o", "x"], f"{photos}/2.png: not a JPEG, "),
        (["clip.avi", "-o", "x"], f"{photos.parent}/clip.avi: a video; an index is of pictures"),
        (["photos", "-o", "x", "--words", "9999"], "--words must be at most "),
        (["photos", "-o", "x", "--words", "9", "--vocabulary", "v"], "--words goes without --voc"),
        (["-o", "x", "--update"], f"{os.path.abspath('x')}: no such folder; check the name of"),
        (["-o", "x", "--update", "--words", "3"], "--update keeps the words and the parameters"),
    ]:
        result = run("index", *arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments
        assert result.stderr.splitlines()[-1].startswith(f"classicvision: error: {reason}")
    assert sorted(os.listdir()) == ["clip.avi", "photos"]


def test_other_parameters_are_called_as_the_options(run, photos):
    run("index", "photos", "-o", "photos.index", "--words", "50")
    result = run("index", "photos", "-o", "photos.index", "--max-side", "300")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "photos.index: an index with --max-side 640, got 300; leave it as it" in result.stderr


def test_exit_codes(run, photos, monkeypatch):
    (photos / "2.png").rename("no.png")
    run("index", "photos", "-o", "photos.index", "--words", "50")
    result = run("index", "no.png", "-o", "photos.index")
    assert (result.exit_code, result.stdout) == (2, "photos.index: 3 pictures (1 skipped)\n")
    with Writer(photos.parent / "photos.index"):
        result = run("index", "photos", "-o", "photos.index")
    assert result.exit_code == 1
    assert result.stderr.endswith("is writing to this index; wait until it ends\n")

    def denied(folder):
        raise PermissionError(errno.EACCES, "Permission denied", folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", denied)
        result = run("index", "photos", "-o", "photos.index")
    assert result.exit_code == 2
    assert f"{photos}: the folder cannot be read (Permission denied); check its" in result.stderr
    with monkeypatch.context() as patch:
        patch.setattr(os, "makedirs", lambda path, exist_ok: denied(path))
        result = run("index", "photos", "-o", "new.index")
    assert result.exit_code == 2
    assert "new.index: cannot be made (Permission denied); check the rights of the" in result.stderr
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for arguments in (["photos"], ["--verify"], ["--compact"], ["--update"]):
        result = run("index", *arguments, "-o", "photos.index")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"classicvision: error: {photos.parent}/photos.index: catalogue.sqlite cannot be read "
            "(Permission denied); check the rights of the folder and its files\n"
        )


def test_verify(run, photos):
    (photos / "2.png").unlink()
    run("index", "photos", "-o", "photos.index", "--words", "50")
    command = "index", "-o", "photos.index", "--verify"
    result = run(*command)
    assert (result.exit_code, result.output) == (0, "photos.index: OK, 3 pictures\n")
    rows = cv.ImageIndex("photos.index")._searcher.snapshot.contents.images[:, 3]
    with open("photos.index/000001-descriptors.rows", "r+b") as file:
        for row in rows[[0, 2]].tolist():
            file.seek(row * 128)
            byte = file.read(1)[0]
            file.seek(row * 128)
            file.write(bytes([byte ^ 1]))
    result = run(*command)
    folder = os.path.abspath("photos.index")
    damages = [
        f"{folder}: damaged data of {photos}/{name}.png; remove it and add it again"
        for name in ("astronaut", "rocket")
    ]
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [f"classicvision: error: {line}" for line in damages]
    result = run(*command, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"path": "photos.index", "images": 3, "damages": damages}
    os.truncate("photos.index/000001-points.rows", 16)
    result = run(*command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "points.rows: 16 bytes, the catalogue says" in result.stderr
    result = run(*command, "--json")
    damage = result.stderr.removeprefix("classicvision: error: ").rstrip("\n")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "path": "photos.index",
        "images": None,
        "damages": [damage],
    }
    for name, reason in [
        ("nothing", "no such folder; check the name of the index"),
        ("photos", "not an image index, it has no catalogue.sqlite"),
    ]:
        result = run("index", "-o", name, "--verify", "--json")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.endswith(f"{name}: {reason}\n")
    for arguments in (["photos"], ["--update"], ["--compact"], ["--remove", "."], ["--jobs", "2"]):
        result = run(*command, *arguments)
        assert result.exit_code == 2
        assert "--verify goes alone; add or remove pictures afterwards" in result.stderr


def test_a_disk_that_fails_while_it_is_verified(run, photos, monkeypatch):
    (photos / "2.png").unlink()
    run("index", "photos", "-o", "photos.index", "--words", "50")

    def fail(index, on_error):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(cv.ImageIndex, "verify", fail)
    result = run("index", "-o", "photos.index", "--verify")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "classicvision: error: [Errno 5] Input/output error\n"


def test_ctrl_c_while_words_are_learned_starts_again(run, photos, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    (photos / "2.png").unlink()
    monkeypatch.setattr(_creation, "sample_descriptors", interrupt)
    result = run("index", "photos", "-o", "photos.index", "--words", "50")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.endswith("the words are not learned yet; the same command starts again\n")
    monkeypatch.undo()
    result = run("index", photos, "-o", photos.parent / "photos.index", "--words", "50")
    assert result.stdout.endswith(": 3 pictures (3 added)\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_leaves_an_index_that_goes_on(run, start, tmp_path):
    (tmp_path / "many").mkdir()
    image = cv.sample_image("camera")
    for i in range(300):  # two seconds' work after the first are written
        cv.write_image(tmp_path / "many" / f"{i}.png", np.roll(image, i, axis=1)[80:208, 200:328])
    process = start(
        *("index", "many", "-o", "many.index", "--words", "20"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not os.path.exists(tmp_path / "many.index" / "000001-weights.rows"):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("in the index; the same command goes on\n")
    count = len(cv.ImageIndex(tmp_path / "many.index"))
    result = run("index", "many", "-o", "many.index")
    done = {"added": 300 - count, "unchanged": count}
    done = ", ".join(f"{number} {what}" for what, number in done.items() if number)
    assert result.stdout == f"many.index: 300 pictures ({done})\n"
