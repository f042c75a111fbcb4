"""Reading: every kind of file gives the pixels that were stored, or one clear line."""

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from classicvision.images import iter_images, luminance, read_image


def encode(picture, kind, **options):
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(picture)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def color(rng):
    return rng.integers(0, 256, (13, 17, 3)).astype(np.uint8)


@pytest.fixture
def deep(rng):
    return rng.integers(0, 65536, (13, 17, 3)).astype(np.uint16)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM", "WEBP"])
def test_lossless_formats(color, kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(color, kind, **options)
    image = read_image(data)
    assert image.flags.c_contiguous
    assert image.flags.writeable
    np.testing.assert_array_equal(image, color)
    np.testing.assert_array_equal(read_image(data, gray=True), luminance(color))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_gray_files(color, kind):
    gray = color[:, :, 0]
    data = encode(gray, kind)
    np.testing.assert_array_equal(read_image(data, gray=True), gray)
    np.testing.assert_array_equal(read_image(data), np.stack([gray] * 3, axis=2))


@pytest.mark.parametrize("quality", [30, 95])
def test_jpeg_is_what_opencv_decodes(photographs, quality):
    data = encode(photographs["chelsea"], "JPEG", quality=quality)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    # Builds of libjpeg may differ in how they interpolate colour.
    assert np.abs(read_image(data).astype(int) - expected).max() <= 3


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits(deep, suffix):
    data = cv2.imencode(suffix, deep[:, :, ::-1])[1].tobytes()
    image = read_image(data)
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image, deep)
    np.testing.assert_array_equal(read_image(data, gray=True), luminance(deep))
    data = cv2.imencode(suffix, deep[:, :, 0])[1].tobytes()
    np.testing.assert_array_equal(read_image(data, gray=True), deep[:, :, 0])
    np.testing.assert_array_equal(read_image(data), np.stack([deep[:, :, 0]] * 3, axis=2))


def test_sixteen_bit_pgm_is_big_endian():
    assert read_image(b"P5 2 1 65535 \x01\x02\xff\xfe", gray=True).tolist() == [[0x102, 0xFFFE]]


def test_transparency_is_dropped(color, deep):
    alpha = np.arange(13 * 17).reshape(13, 17, 1)
    rgba = np.concatenate([color, alpha.astype(np.uint8)], axis=2)
    np.testing.assert_array_equal(read_image(encode(rgba, "PNG")), color)
    la = rgba[:, :, [0, 3]]
    np.testing.assert_array_equal(read_image(encode(la, "PNG"), gray=True), color[:, :, 0])
    bgra = np.concatenate([deep[:, :, ::-1], alpha.astype(np.uint16)], axis=2)
    data = cv2.imencode(".png", bgra)[1].tobytes()
    np.testing.assert_array_equal(read_image(data), deep)


def test_palettes_and_black_and_white(color):
    palette = Image.fromarray(color).quantize(16)
    expected = np.asarray(palette.convert("RGB"))
    for data in (encode(palette, "PNG"), encode(palette, "GIF"), encode(palette, "BMP")):
        np.testing.assert_array_equal(read_image(data), expected)
    bits = color[:, :, 0] > 100
    for kind in ("PNG", "TIFF", "BMP", "PPM"):
        data = encode(Image.fromarray(bits), kind)
        np.testing.assert_array_equal(read_image(data, gray=True), bits * np.uint8(255))


def test_cmyk():
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[:, :, 0] = 255  # all cyan: no red
    image = read_image(encode(Image.fromarray(ink, "CMYK"), "TIFF"))
    assert image[4, 4].tolist() == [0, 255, 255]


# The stored image that is upright again after the orientation is applied.
STORED = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image),
    7: lambda image: image[::-1, ::-1].transpose(1, 0, 2),
    8: lambda image: np.rot90(image, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_orientation(orientation, kind):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :8] = 255, 0, 0
    upright[:8, 24:] = 255, 255, 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}.get(
        kind, {"quality": 100, "subsampling": 0}
    )
    stored = np.ascontiguousarray(STORED[orientation](upright))
    image = read_image(encode(stored, kind, exif=exif, **options))
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).max() <= 3


@pytest.mark.parametrize("orientation", STORED)
def test_orientation_of_sixteen_bits(orientation, deep):
    stored = np.ascontiguousarray(STORED[orientation](deep))
    tiff = _with_tiff_orientation(stored, orientation)
    np.testing.assert_array_equal(read_image(tiff), deep)


def _with_tiff_orientation(image, orientation):
    """Write an uncompressed little-endian 16-bit RGB TIFF, by the TIFF 6.0 specification."""
    rows, columns, _ = image.shape
    pixels = image.astype("<u2").tobytes()
    tags = [
        (256, 4, 1, columns),
        (257, 4, 1, rows),
        (258, 3, 3, 8),  # bits a sample, at offset 8
        (259, 3, 1, 1),  # not compressed
        (262, 3, 1, 2),  # RGB
        (273, 4, 1, 14),  # the pixels' offset
        (274, 3, 1, orientation),
        (277, 3, 1, 3),
        (278, 4, 1, rows),
        (279, 4, 1, len(pixels)),
    ]
    head = struct.pack("<2sHI3H", b"II", 42, 14 + len(pixels), 16, 16, 16)
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return head + pixels + struct.pack("<H", len(tags)) + body + struct.pack("<I", 0)


def test_broken_exif_is_ignored(color):
    data = encode(color, "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(read_image(data), color)


def test_sources(tmp_path, color):
    path = tmp_path / "Füße 写真 \N{SNOWMAN}.png"
    data = encode(color, "PNG")
    path.write_bytes(data)
    for source in (path, str(path), data, bytearray(data), memoryview(data)):
        np.testing.assert_array_equal(read_image(source), color)
    with open(path, "rb") as file:
        np.testing.assert_array_equal(read_image(file), color)


def test_first_of_several(color):
    frames = [Image.fromarray(color), Image.fromarray(255 - color)]
    data = encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_image(data), color)


def png_header(width, height):
    data = b"\x89PNG\r\n\x1a\n"
    for chunk in (b"IHDR" + struct.pack(">II5B", width, height, 8, 2, 0, 0, 0), b"IDAT"):
        data += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data


def webp_header(width, height):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty, 0 bytes; get an intact copy"),
        (
            b"Hello, world!",
            "not a JPEG, PNG, TIFF, WebP, BMP, GIF or PNM image, or its header is damaged; "
            "convert it to one of these",
        ),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",  # would start Ghostscript
            "not a JPEG, PNG, TIFF, WebP, BMP, GIF or PNM image, or its header is damaged; "
            "convert it to one of these",
        ),
        (
            webp_header(16384, 16384),
            "16384 x 16384 pixels, which count twice, more than the limit of 178956970; "
            "shrink it, or raise max_pixels if you trust it",
        ),
        (b"P2 1 1 255 7", "plain-text PNM, or one of an unusual depth; convert it to PNG"),
    ],
)
def test_errors(data, message):
    with pytest.raises(ValueError, match=r"^<bytes>: ") as caught:
        read_image(data)
    assert str(caught.value) == f"<bytes>: {message}"


def test_the_limit_of_pixels(color):
    data = encode(color, "PNG")
    assert read_image(data, max_pixels=13 * 17).shape == color.shape
    with pytest.raises(ValueError, match=r"^<bytes>: 17 x 13 pixels, more than the limit of 220; "):
        read_image(data, max_pixels=13 * 17 - 1)
    with pytest.raises(ValueError, match=r"^<bytes>: 17 x 13 pixels, which count twice, more"):
        read_image(cv2.imencode(".png", color.astype(np.uint16))[1].tobytes(), max_pixels=400)
    with pytest.raises(ValueError, match="max_pixels must be at least 1, got 0"):
        read_image(data, max_pixels=0)


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(ValueError, match=r"^<bytes>: more pixels than the limit of 178956970; "):
        read_image(png_header(1 << 30, 1 << 30))


def test_a_limit_above_pillows_own(monkeypatch):
    from PIL import Image

    data = encode(np.zeros((9, 9, 3), np.uint8), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # twice as many are an error
    assert read_image(data, max_pixels=10**9).shape == (9, 9, 3)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_truncated_file_is_named(tmp_path, color):
    path = tmp_path / "half.png"
    path.write_bytes(encode(color, "PNG")[:300])
    with pytest.raises(ValueError, match="truncated, damaged or of an unusual kind") as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith("; get an intact copy, or convert it to PNG")


def test_thousands_of_scans(color):
    data = encode(color, "JPEG", progressive=True)
    read_image(data)
    with pytest.raises(ValueError, match=r"a JPEG of \d+ scans, more than 500; save it again"):
        read_image(data + b"\xff\xda" * 501)


def test_thirty_two_bits(rng):
    data = encode(Image.fromarray(rng.random((5, 6)).astype(np.float32)), "TIFF")
    with pytest.raises(ValueError, match=r"^<bytes>: 32 bits a sample; convert it to 8 or 16"):
        read_image(data)


def test_files_that_cannot_be_opened(tmp_path):
    for path, error, message in (
        (tmp_path / "none.png", FileNotFoundError, "no such file; check the name and the folder"),
        (
            tmp_path,
            IsADirectoryError,
            "a folder, not an image; iter_images reads the images of a folder",
        ),
        ("a\0b.png", ValueError, "embedded null byte; check the name"),
    ):
        with pytest.raises(error) as caught:
            read_image(path)
        assert str(caught.value).endswith(message)
        assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match=r"^'two\\nlines\.png': no such file"):
        read_image("two\nlines.png")
    with pytest.raises(TypeError, match="path must be a file name, bytes or a binary file, got 5"):
        read_image(5)
    with pytest.raises(TypeError, match="must be opened in binary mode"):
        read_image(io.StringIO("text"))


@pytest.mark.parametrize(("dtype", "bits"), [(np.float32, 32), (np.float64, 64)])
@pytest.mark.parametrize("planes", [(), (3,), (4,)])
def test_a_tiff_of_too_many_bits_is_told_from_a_damaged_one(tmp_path, dtype, bits, planes):
    path = tmp_path / "deep.tif"
    cv2.imwrite(str(path), np.full((4, 5, *planes), 0.5, dtype))
    with pytest.raises(
        ValueError, match=rf"deep\.tif: {bits} bits a sample; convert it to 8 or 16"
    ):
        read_image(path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(ValueError, match=r"deep\.tif: not a JPEG, PNG, TIFF, .* is damaged"):
        read_image(path)


def test_gray_is_a_bool():
    with pytest.raises(TypeError, match="gray must be True or False, got 640"):
        read_image(b"", 640)
    with pytest.raises(TypeError, match="gray must be True or False, got 'L'"):
        iter_images("photo.jpg", gray="L")
    content = cv2.imencode(".png", np.zeros((2, 3, 3), np.uint8))[1].tobytes()
    assert [read_image(content, gray).ndim for gray in (0, 1)] == [3, 2]


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices have no such names there")
def test_pipes_and_devices_are_not_waited_for(tmp_path):
    with pytest.raises(ValueError, match=r"^/.*: a pipe or a device, no file; save what it gives"):
        read_image(os.devnull)  # which would be read as empty
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match=r"pipe\.png: empty"):
        read_image(tmp_path / "pipe.png")  # that nobody writes to
    os.mkfifo(tmp_path / "pipe.avi")
    with pytest.raises(ValueError, match=r"pipe\.avi: a pipe or a device, no file; save what it"):
        next(iter_images(tmp_path / "pipe.avi"))


@pytest.mark.skipif(os.name == "nt", reason="pipes have no names there")
def test_a_pipe_that_is_written_to(tmp_path):
    picture = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    reading, writing = os.pipe()
    os.write(writing, encode(picture, "PNG"))
    os.close(writing)
    try:
        np.testing.assert_array_equal(read_image(f"/dev/fd/{reading}"), picture)
    finally:
        os.close(reading)


@pytest.mark.skipif(os.name == "nt", reason="pipes have no names there")
def test_a_named_pipe_that_is_written_to_a_little_later(tmp_path):
    picture = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    path = tmp_path / "pipe.png"
    os.mkfifo(path)
    writer = threading.Timer(0.1, path.write_bytes, [encode(picture, "PNG")])
    writer.start()
    np.testing.assert_array_equal(read_image(path), picture)
    writer.join()


def test_no_permission(monkeypatch):
    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(PermissionError, match=r"^secret\.png: no permission to read it; check"):
        read_image("secret.png")


def test_threads_share_the_silence(color):
    tiff = encode(color, "TIFF", compression="tiff_lzw")
    before = list(warnings.filters)
    threads = [
        threading.Thread(target=lambda: [read_image(tiff) for _ in range(50)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before


def test_an_image_loads_no_opencv(tmp_path, color):
    path = tmp_path / "a.png"
    path.write_bytes(encode(color, "PNG"))
    code = (
        f"import sys; from classicvision.images import read_image; read_image({str(path)!r});"
        "print([m for m in ('cv2', 'numba', 'scipy', 'skimage') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
