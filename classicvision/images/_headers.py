"""What image files say of themselves, where Pillow tells too late or not at all."""

from __future__ import annotations

import contextlib
import struct


def webp_size(head):
    """Return the (width, height) that a WebP header states: Pillow allocates before it tells."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return 0, 0
    if head[12:16] == b"VP8X":
        return (
            1 + int.from_bytes(head[24:27], "little"),
            1 + int.from_bytes(head[27:30], "little"),
        )
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    sizes = (int.from_bytes(head[i : i + 2], "little") & 0x3FFF for i in (26, 28))
    return tuple(sizes)


def tiff_depth(stream):
    """Return how many bits a sample of a TIFF has, 0 where its header does not tell."""
    from PIL import TiffImagePlugin

    stream.seek(0)
    with contextlib.suppress(SyntaxError, struct.error, ValueError, TypeError, OSError):
        tags = TiffImagePlugin.ImageFileDirectory_v2(stream.read(8))
        stream.seek(tags.next)
        tags.load(stream)
        return max(tags.get(TiffImagePlugin.BITSPERSAMPLE, (0,)))
    return 0
