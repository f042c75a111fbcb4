"""Read a few hundred damaged images, made from a seed, under 2 GiB of address space.

``python damaged.py SEED`` prints one line for each image that neither gave a correct array nor
one clear line of error, and then how many there were of each. A test runs it as a process of its
own, so that a crash is seen as one.
"""

import io
import resource
import struct
import sys
import time

import numpy as np
from PIL import Image

from classicvision.images import read_image

LIMIT = 2 << 30
HUGE = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def encode(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def intact(rng):
    """Return small images of every kind that is read."""
    picture = Image.fromarray(rng.integers(0, 256, (23, 31, 3)).astype(np.uint8))
    deep = Image.fromarray(rng.integers(0, 65536, (23, 31)).astype(np.uint16))
    return {
        "png": encode(picture, "PNG"),
        "palette": encode(picture.quantize(16), "PNG"),
        "gray 16": encode(deep, "PNG"),
        "jpeg": encode(picture, "JPEG"),
        "progressive": encode(picture, "JPEG", progressive=True),
        "cmyk": encode(picture.convert("CMYK"), "JPEG"),
        "webp": encode(picture, "WEBP"),
        "webp lossless": encode(picture, "WEBP", lossless=True),
        "bmp": encode(picture, "BMP"),
        "gif": encode(picture, "GIF"),
        "tiff": encode(picture, "TIFF"),
        "tiff lzw": encode(picture, "TIFF", compression="tiff_lzw"),
        "tiff fax": encode(picture.convert("1"), "TIFF", compression="group4"),
        "tiff 16": encode(deep, "TIFF"),
        "ppm": encode(picture, "PPM"),
    }


def damage(data, rng):
    """Yield truncations, flipped bits, other bytes, and huge numbers in the header."""
    for _ in range(5):
        yield data[: rng.integers(len(data))]
        changed = bytearray(data)
        for _ in range(rng.integers(1, 6)):
            changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
        yield bytes(changed)
        changed = bytearray(data)
        changed[rng.integers(min(len(data), 120))] = rng.integers(256)
        yield bytes(changed)
        at, value = rng.integers(min(len(data), 60) - 4), HUGE[rng.integers(len(HUGE))]
        yield data[:at] + struct.pack("<I" if rng.integers(2) else ">I", value) + data[at + 4 :]


def sized(width, height):
    """Yield headers of the given size, which no data follows."""
    yield b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    yield (
        b"BM"
        + struct.pack("<III", 54, 0, 54)
        + struct.pack(
            "<IiiHHIIiiII", 40, width & 0x7FFFFFFF, height & 0x7FFFFFFF, 1, 24, 0, 0, 0, 0, 0, 0
        )
    )
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    tags += [(277, 3, 1), (278, 4, height), (279, 4, 9)]
    yield (
        struct.pack("<2sHIH", b"II", 42, 8, len(tags))
        + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
        + bytes(4)
    )
    short = width & 0xFFFF, height & 0xFFFF
    yield (
        b"\xff\xd8\xff\xc0\0\x11\x08"
        + struct.pack(">HH", *short[::-1])
        + (
            b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\x3f\0\xff\xd9"
        )
    )
    yield (
        b"RIFF"
        + struct.pack("<I", 60)
        + b"WEBPVP8X"
        + struct.pack("<II", 10, 0)
        + b"".join((max(side - 1, 0) & 0xFFFFFF).to_bytes(3, "little") for side in (width, height))
        + b"VP8L"
        + struct.pack("<I", 8)
        + bytes(8)
    )
    yield b"GIF89a" + struct.pack("<HH", *short) + b"\0\0\0,\0\0\0\0" + struct.pack("<HH", *short)
    yield f"P6 {width} {height} 255 ".encode()


def inputs(rng):
    for data in intact(rng).values():
        yield data
        yield from damage(data, rng)
    for width in (0, 1, 65535, 0x7FFFFFFF, 0xFFFFFFFF):
        for height in (0, 1, 65535, 0xFFFFFFFF):
            yield from sized(width, height)
    for side in ((1, 1), (1, 300), (300, 1)):
        for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM"):
            yield encode(Image.new("RGB", side), kind)


def wrong(data, gray):
    """Return what is wrong with how ``data`` is read: nothing, for an array or a clear error."""
    start = time.monotonic()
    try:
        image = read_image(data, gray=gray)
    except ValueError as error:
        text = str(error)
        if "\n" in text or not text.startswith("<bytes>: ") or ";" not in text:
            return f"unclear: {text!r}", False
        return ("slow" if time.monotonic() - start > 20 else None), False
    if image.dtype not in (np.uint8, np.uint16) or image.ndim != 3 - gray or image.size == 0:
        return f"array of {image.dtype}, {image.shape}", True
    return ("slow" if time.monotonic() - start > 20 else None), True


def main(seed):
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    rng = np.random.default_rng(seed)
    read = refused = 0
    for number, data in enumerate(inputs(rng)):
        problem, is_read = wrong(data, gray=bool(number % 2))
        read, refused = read + is_read, refused + (not is_read)
        if problem:
            print(f"input {number}, {data[:40]!r}: {problem}")
    print(f"read {read} refused {refused}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
