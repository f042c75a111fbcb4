"""Runs over many inputs: folders, patterns, videos, standard input, interruptions, exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import classicvision as cv


@pytest.fixture
def folder(tmp_path):
    """Three pictures, a damaged one between them, and a file that is none."""
    folder = tmp_path / "scans"
    (folder / "below").mkdir(parents=True)
    image = np.zeros((20, 30), np.uint8)
    image[:, 15:] = 200
    for name in ("1.png", "3.png", "below/10.png"):
        cv.write_image(folder / name, image)
    (folder / "2.png").write_bytes(b"\x89PNG, but no more")
    (folder / "notes.txt").write_text("no picture")
    return folder


PICTURES = [os.path.join("scans", name) for name in ("1.png", "3.png", "below/10.png")]


@pytest.mark.lane
def test_a_bad_file_is_skipped_and_the_run_goes_on(run, folder):
    result = run("edges", "scans", "--json")
    assert result.exit_code == 1
    values = [json.loads(line) for line in result.stdout.splitlines()]
    assert [value["path"] for value in values] == PICTURES
    assert result.stderr.startswith(f"classicvision: error: {os.path.join('scans', '2.png')}: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.lane
def test_remedies_without_an_option_are_left_out(run, folder):
    (folder / "large.pgm").write_bytes(b"P5 60000 60000 255 A")
    result = run("edges", "scans/large.pgm")
    assert result.exit_code == 2
    assert result.stderr.endswith("; shrink it\n")
    result = run("identify", "--bins", "1000")
    assert result.exit_code == 2
    assert result.stderr.endswith(" in all, got 1000 x 1000 x 1000; take fewer bins\n")


@pytest.mark.lane
def test_patterns(run, folder):
    result = run("edges", "scans/[13].png")
    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == PICTURES[:2]
    assert run("edges", "scans/**/1?.png").stdout.startswith(PICTURES[2])


@pytest.mark.lane
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nothing.png", "no such file; check the name and the folder"),
        ("scans/2.png", "not a JPEG, PNG, "),
        ("scans/notes.txt", "not a JPEG, PNG, "),
        ("scans/x*.png", "matches no file; check the pattern"),
        ("void", "no image in this folder; check its name"),
    ],
)
def test_nothing_to_read(run, folder, path, reason):
    os.mkdir("void")
    result = run("edges", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"classicvision: error: {path}: {reason}")
    assert run("edges", path, PICTURES[0]).exit_code == 1


@pytest.mark.lane
def test_standard_input(run, folder):
    with open(PICTURES[0], "rb") as file:
        result = run("edges", "-", "--json", "-o", "found", input=file.read())
    assert json.loads(result.stdout)["path"] == "-"
    assert os.listdir("found") == ["stdin.png"]
    result = run("edges", "-", input=b"")
    assert result.exit_code == 2
    assert result.stderr.startswith("classicvision: error: <stdin>: ")
    assert "empty, 0 bytes; get an intact copy" in result.stderr


@pytest.mark.lane
def test_a_picture_that_cannot_be_written_fails_that_input_only(run, folder):
    os.makedirs("found/1.png")
    result = run("edges", "scans/1.png", "scans/3.png", "-o", "found")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == PICTURES[1:2]
    where = os.path.join("found", "1.png")
    assert f"error: {PICTURES[0]}: {where}: cannot be written" in result.stderr
    assert sorted(os.listdir("found")) == ["1.png", "3.png"]


@pytest.mark.lane
def test_output_that_is_a_file(run, folder):
    result = run("edges", "scans", "-o", "scans/1.png")
    assert (result.exit_code, result.stdout) == (2, "")
    result = run("edges", "scans", "-o", "scans/1.png/below")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1


def test_jobs_give_the_same_in_the_same_order(run, folder):
    for i in range(20):
        shutil.copy(folder / "1.png", folder / f"{30 - i}.png")
    alone = run("edges", "scans", "-o", "alone")
    together = run("edges", "scans", "-o", "together", "--jobs", "2")
    assert alone.exit_code == together.exit_code == 1
    assert alone.stdout == together.stdout
    assert sorted(os.listdir("alone")) == sorted(os.listdir("together"))


def test_frames_of_a_video(run, tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = str(tmp_path / "clip.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 5, (64, 48))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no MJPG")
    for i in range(3):
        writer.write(np.full((48, 64, 3), 50 * i, np.uint8))
    writer.release()
    result = run("edges", "clip.avi", "--json", "-o", "found")
    assert result.exit_code == 0
    paths = [json.loads(line)["path"] for line in result.stdout.splitlines()]
    assert paths == ["clip.avi#000000", "clip.avi#000001", "clip.avi#000002"]
    assert sorted(os.listdir("found")) == [f"clip-00000{i}.png" for i in range(3)]


@pytest.mark.lane
def test_a_file_name_that_no_terminal_shows(run, folder):
    name = "new\nline\udcff.png"
    try:
        shutil.copy(folder / "1.png", name)
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    result = run("edges", name)
    assert result.exit_code == 0
    assert result.stdout.startswith("'new\\nline\\udcff.png': ")
    assert json.loads(run("edges", name, "--json").stdout)["path"] == name


# From here on in processes of their own.


def test_module_and_exit_codes(start, folder):
    for arguments, code in ((["scans/1.png"], 0), (["scans"], 1), (["nothing.png"], 2)):
        process = start("edges", *arguments)
        output, errors = process.communicate()
        assert process.returncode == code
        assert "Traceback" not in output + errors


def test_standard_input_of_a_process(start, photo):
    with open(photo, "rb") as file:
        output, _ = start("faces", "-", "--json", stdin=file).communicate()
    assert len(json.loads(output)["boxes"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise there")
def test_a_reader_that_leaves_early(start, photo, tmp_path):
    for i in range(30):
        os.link(photo, tmp_path / f"{i}.png")
    process = start("faces", ".")
    assert process.stdout.readline().endswith(": 1 face\n")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_standard_output_that_is_full(start, folder):
    with open("/dev/full", "w") as full:
        process = start("edges", "scans/1.png", stdout=full)
        errors = process.communicate()[1]
    assert process.returncode == 1
    assert errors == "classicvision: error: standard output: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal there")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_run_keeps_what_is_done(start, photo, tmp_path, jobs):
    os.mkdir(tmp_path / "many")
    for i in range(300):
        os.link(photo, tmp_path / "many" / f"{i}.png")
    process = start(
        *("faces", "many", "-o", "found", "--jobs", jobs),
        start_new_session=True,
        # A shell in the background would have it ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    output = "".join(process.stdout.readline() for _ in range(6))
    os.killpg(process.pid, signal.SIGINT)
    begin = time.monotonic()
    output += process.stdout.read()  # communicate() would leave out what readline() has buffered
    errors = process.communicate()[1]
    assert time.monotonic() - begin < 30
    assert process.returncode == 130
    assert "Traceback" not in errors
    done = int(errors.split("interrupted; done: ")[1].split()[0])
    # The signal may come when an image has been printed and not been counted yet.
    assert output.count(": 1 face\n") - done in (0, 1)
    pictures = os.listdir(tmp_path / "found")
    assert done <= len(pictures) < 300
    assert all(name.endswith(".png") for name in pictures)
    for name in pictures:
        assert cv.read_image(tmp_path / "found" / name).shape == (512, 512, 3)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no such signal there")
@pytest.mark.parametrize("wait", [0.5, 2, 4])
def test_interrupted_while_it_compiles(start, photo, tmp_path, wait):
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("nothing is compiled")
    process = start(
        *("lines", "photo.png"),
        environment={"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    said = process.stderr.readline()
    assert said == "classicvision: compiling, first run only ...\n"
    time.sleep(wait)
    os.killpg(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    if process.returncode == 0:  # it was done
        assert errors == ""
        return
    assert process.returncode == 130
    assert errors.startswith("classicvision: interrupted")
    assert errors.count("\n") == 1


def test_what_llvm_had_only_begun_to_make_is_not_told():
    # as if the interrupt came before the constructor had done anything
    code = (
        "from llvmlite.binding.ffi import ObjectRef\n"
        "from classicvision.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "ObjectRef.__new__(ObjectRef)\n"
        "class Other:\n"
        "    def __del__(self): self.lacks\n"
        "Other()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ObjectRef" not in result.stderr
    assert "'Other' object has no attribute 'lacks'" in result.stderr


def test_a_system_library_that_opencv_lacks(start, photo, tmp_path):
    (tmp_path / "lacks").mkdir()
    reason = "libGL.so.1: cannot open shared object file"
    (tmp_path / "lacks" / "cv2.py").write_text(f"raise ImportError({reason!r})")
    path = os.pathsep.join([str(tmp_path / "lacks"), os.environ.get("PYTHONPATH", "")])
    process = start("faces", "photo.png", environment={"PYTHONPATH": path})
    output, errors = process.communicate()
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"classicvision: error: OpenCV does not load ({reason}); ")
    assert errors.count("\n") == 1


def test_says_once_that_it_compiles(start, folder, tmp_path):
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("nothing is compiled")
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    said = "classicvision: compiling, first run only ...\n"
    assert start("edges", "scans/1.png", environment=environment).communicate()[1] == said
    assert start("edges", "scans/1.png", environment=environment).communicate()[1] == ""


def test_a_face_needs_no_library_that_it_does_not_use(photo, tmp_path):
    code = (
        "import sys; from classicvision.cli import main\n"
        "try: main(['faces', 'photo.png'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'joblib', 'tqdm', 'skimage', 'sklearn', 'matplotlib'} & {*sys.modules}))"
    )
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    assert output.splitlines()[-1] == "[]"
