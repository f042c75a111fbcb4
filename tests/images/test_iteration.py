"""Iterating: what is found, in which order, and that a bad input does not stop the rest."""

import io
import re
import sys

import cv2
import numpy as np
import pytest

from classicvision.images import expand_paths, iter_images, iteration, write_image


@pytest.fixture
def folder(tmp_path):
    """Images, nested and hidden ones, in no order, and a text file."""
    for name in ("page10.png", "page2.PNG", "b/x.jpg", "b/.hidden.png", ".git/y.png", "a.tif"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        write_image(path, np.full((4, 6, 3), len(name), np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


def names(folder, paths):
    return [str(path).replace(str(folder), "").replace("\\", "/").lstrip("/") for path in paths]


def test_folder_in_natural_order(folder):
    found = expand_paths(folder)
    assert names(folder, found) == ["a.tif", "b/x.jpg", "page2.PNG", "page10.png"]
    images = list(iter_images(str(folder)))
    assert [name for name, _ in images] == found
    assert images[3][1].tolist() == np.full((4, 6, 3), 10).tolist()
    assert next(iter_images(folder, gray=True))[1].shape == (4, 6)


def test_patterns(folder):
    assert names(folder, expand_paths(str(folder / "page*"))) == ["page2.PNG", "page10.png"]
    assert names(folder, expand_paths([folder / "**" / "*.jpg"])) == ["b/x.jpg"]
    assert names(folder, expand_paths(str(folder / "[ab]*"))) == ["a.tif", "b/x.jpg"]


def test_a_name_with_pattern_characters(tmp_path):
    write_image(tmp_path / "a[1].png", np.zeros((2, 2), np.uint8))
    assert names(tmp_path, expand_paths(tmp_path / "a[1].png")) == ["a[1].png"]


def test_lists_keep_their_order(folder):
    paths = [folder / "page10.png", 3, "-", str(folder / "b")]
    assert names(folder, expand_paths(paths)) == ["page10.png", "3", "-", "b/x.jpg"]


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("none*.png", ValueError, "none*.png: matches no file; check the pattern"),
        (".git", ValueError, None),
        ("empty", ValueError, "empty: no image in this folder; check its name"),
    ],
)
def test_nothing_found(folder, path, error, message):
    (folder / "empty").mkdir()
    if message is None:  # a hidden folder that is named is read
        assert len(expand_paths(folder / path)) == 1
        return
    with pytest.raises(error) as caught:
        expand_paths(folder / path)
    assert str(caught.value).endswith(message)
    reported = []
    paths = [folder / path, folder / "a.tif"]
    found = expand_paths(paths, on_error=lambda *what: reported.append(what))
    assert names(folder, found) == ["a.tif"]
    assert reported[0][0] == folder / path


def test_a_bad_image_raises_or_is_reported(folder):
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    paths = [folder / "none.png", folder]
    with pytest.raises(FileNotFoundError):
        list(iter_images(paths))
    reported = []
    read = [name for name, _ in iter_images(paths, on_error=lambda *what: reported.append(what))]
    assert len(read) == 4
    assert names(folder, [path for path, _ in reported]) == ["none.png", "bad.png"]
    assert "bad.png: " in str(reported[1][1])


def test_one_image_in_memory_at_a_time(folder, monkeypatch):
    opened = []
    read = iteration.read_image
    monkeypatch.setattr(iteration, "read_image", lambda *args: opened.append(1) or read(*args))
    images = iter_images(folder)
    assert opened == []
    next(images)
    assert opened == [1]


def test_standard_input(monkeypatch, folder):
    data = (folder / "a.tif").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    [(name, image)] = iter_images("-")
    assert (name, image.shape) == ("-", (4, 6, 3))


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (3.5, "paths must be file names or camera numbers, got 3.5"),
        ([None], "paths must be file names or camera numbers, got None"),
        ([b"a.png"], "paths must be file names or camera numbers, got b'a.png'"),
        ([True], "paths must be file names or camera numbers, got True"),
    ],
)
def test_wrong_types(paths, message):
    with pytest.raises(TypeError) as caught:
        iter_images(paths)
    assert str(caught.value) == message
    with pytest.raises(TypeError, match="on_error must be 'raise' or a callable, got 'skip'"):
        iter_images([], on_error="skip")


@pytest.fixture
def video(tmp_path):
    """Twenty frames: a red bar that moves by two columns a frame."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip("this OpenCV cannot write videos")
    for i in range(20):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[:, 2 * i : 2 * i + 16, 2] = 255
        writer.write(frame)
    writer.release()
    return path


def test_video(video):
    frames = list(iter_images(video))
    assert [name for name, _ in frames] == [f"{video}#{i:06d}" for i in range(20)]
    for i, (_, frame) in enumerate(frames):
        assert frame.shape == (48, 64, 3)
        red = frame[24, :, 0].astype(int)
        assert abs(np.average(np.arange(64), weights=red) - (2 * i + 7.5)) < 1
        assert frame[24, 2 * i + 8, 0] > 200
        assert frame[24, 2 * i + 8, 2] < 60
    assert next(iter_images(video, gray=True))[1].shape == (48, 64)


@pytest.mark.parametrize("keep", [0, 100, 0.5])
def test_damaged_video(video, keep, capfd):
    data = video.read_bytes()
    video.write_bytes(data[: int(len(data) * keep) if keep < 1 else keep])
    reported = []
    read = list(iter_images(video, on_error=lambda *what: reported.append(what)))
    [(path, error)] = reported
    assert path == str(video)
    assert re.match(r".*clip\.avi: (the video ends after \d+ of 20|not a video)", str(error))
    assert len(read) == 0 if keep != 0.5 else 0 < len(read) < 20
    assert capfd.readouterr() == ("", "")


def test_missing_video(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.mp4: no such file; check the name"):
        next(iter_images(tmp_path / "none.mp4"))


class Camera:
    """Stands in for cv2.VideoCapture."""

    released = 0

    def __init__(self, number):
        self.number, self.left = number, 3

    def isOpened(self):
        return self.number == 0

    def get(self, what):
        return 0.0

    def read(self):
        self.left -= 1
        return self.left >= 0, np.full((2, 3, 3), [1, 2, 3], np.uint8)

    def release(self):
        Camera.released += 1


def test_camera(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    frames = list(iter_images(0))
    assert [name for name, _ in frames] == ["camera0#000000", "camera0#000001", "camera0#000002"]
    assert frames[0][1][0, 0].tolist() == [3, 2, 1]
    images = iter_images(0)
    next(images)
    before = Camera.released
    images.close()
    assert Camera.released == before + 1
    with pytest.raises(ValueError, match="camera7: cannot be opened; check that it is connected"):
        next(iter_images([7]))
    with pytest.raises(ValueError, match="camera must be at least 0, got -1"):
        iter_images([-1])
