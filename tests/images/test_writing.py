"""Writing: every pixel comes back, and a file is there whole or not at all."""

import os

import cv2
import numpy as np
import pytest

from classicvision.images import read_image, write_bytes, write_image, writing


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".bmp", ".webp", ".PNG"])
@pytest.mark.parametrize("gray", [False, True])
def test_eight_bits_round_trip(tmp_path, rng, suffix, gray):
    image = rng.integers(0, 256, (9, 14) if gray else (9, 14, 3)).astype(np.uint8)
    path = tmp_path / f"Größe{suffix}"
    write_image(path, image)
    np.testing.assert_array_equal(read_image(path, gray), image)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("gray", [False, True])
def test_sixteen_bits_round_trip(tmp_path, rng, suffix, gray):
    image = rng.integers(0, 65536, (9, 14) if gray else (9, 14, 3)).astype(np.uint16)
    path = tmp_path / f"deep{suffix}"
    write_image(path, image)
    np.testing.assert_array_equal(read_image(path, gray), image)
    by_opencv = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(by_opencv if gray else by_opencv[:, :, ::-1], image)


def test_bool_is_black_and_white(tmp_path):
    write_image(tmp_path / "edges.png", np.array([[True, False]]))
    assert read_image(tmp_path / "edges.png", gray=True).tolist() == [[255, 0]]


def test_jpeg_is_close(tmp_path, photographs):
    write_image(tmp_path / "a.jpg", photographs["coffee"])
    difference = read_image(tmp_path / "a.jpg").astype(int) - photographs["coffee"]
    assert np.abs(difference).mean() < 3


def test_any_layout(tmp_path, rng):
    image = rng.integers(0, 256, (9, 14, 3)).astype(np.uint8)
    for view in (image[::-1, ::2], np.asfortranarray(image), image.astype(">u2")):
        write_image(tmp_path / "view.png", view)
        np.testing.assert_array_equal(read_image(tmp_path / "view.png"), view)


@pytest.mark.parametrize(
    ("name", "image", "error", "message"),
    [
        ("a.xyz", np.zeros((2, 2), np.uint8), ValueError, "the suffix must be one of .bmp, .jpeg"),
        ("noname", np.zeros((2, 2), np.uint8), ValueError, "the suffix must be one of .bmp, .jpeg"),
        ("a.png", np.zeros((2, 2)), TypeError, "image must be of dtype bool, uint8 or uint16, got"),
        ("a.jpg", np.zeros((2, 2), np.uint16), ValueError, "JPEG has no 16-bit samples; use .png"),
        ("a.png", np.zeros((0, 2), np.uint8), ValueError, "image has no pixels"),
        ("a.webp", np.zeros((1, 20000), np.uint8), ValueError, "WEBP cannot hold this image ("),
        ("none/a.png", np.zeros((2, 2), np.uint8), FileNotFoundError, "cannot be written (No such"),
    ],
)
def test_errors(tmp_path, name, image, error, message):
    with pytest.raises(error) as caught:
        write_image(tmp_path / name, image)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_path_must_be_a_name():
    with pytest.raises(TypeError, match="path must be a file name, got 3"):
        write_image(3, np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")])
@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch, stop, where):
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def interrupt(*args):
        raise stop

    monkeypatch.setattr(writing.os, where, interrupt)
    with pytest.raises(stop if isinstance(stop, type) else OSError) as caught:
        write_bytes(path, b"new")
    if not isinstance(stop, type):
        assert str(caught.value).endswith(
            "a.bin: cannot be written (No space left on device); check the folder"
        )
    assert os.listdir(tmp_path) == ["a.bin"]
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.bin").symlink_to(tmp_path / "real" / "a.bin")
    write_bytes(tmp_path / "link.bin", b"new")
    assert (tmp_path / "link.bin").is_symlink()
    assert (tmp_path / "real" / "a.bin").read_bytes() == b"new"
