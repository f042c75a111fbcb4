"""Write images, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image
from classicvision._opencv import opencv
from classicvision.images.conversion import as_uint8
from classicvision.images.reading import display_name

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Buffer

# Where the suffix leads: Pillow's format, its options, the largest depth in bits.
_WRITERS = {
    ".bmp": ("BMP", {}, 8),
    ".jpeg": ("JPEG", {"quality": 95}, 8),
    ".jpg": ("JPEG", {"quality": 95}, 8),
    ".png": ("PNG", {}, 16),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}, 16),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}, 16),
    ".webp": ("WEBP", {"lossless": True}, 8),
}


def write_image(path: str | os.PathLike[str], image: ArrayLike) -> None:
    """Write an image; the suffix of ``path`` names the format.

    The file appears whole or not at all: it is written under another name in the same folder
    and then renamed, and an interrupted run leaves nothing behind.

    Parameters
    ----------
    path : str or path-like
        Ends in .png, .tif, .tiff, .webp or .bmp, which keep every pixel, or in .jpg or .jpeg
        (quality 95). An existing file is replaced.
    image : ndarray of bool, uint8 or uint16, shape (rows, columns) or (rows, columns, 3)
        Gray or RGB. False and True are written as 0 and 255; uint16 needs .png or .tiff.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, an unknown suffix, or an image that the format cannot hold.
    OSError
        For a folder that is missing or cannot be written to.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> import classicvision as cv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cv.write_image(f"{folder}/dots.png", np.eye(3, dtype=bool))
    ...     cv.read_image(f"{folder}/dots.png", gray=True)
    array([[255,   0,   0],
           [  0, 255,   0],
           [  0,   0, 255]], dtype=uint8)
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a file name, got {path!r:.80}")
    path = Path(path)
    name = display_name(str(path))
    if path.suffix.lower() not in _WRITERS:
        raise ValueError(f"{name}: the suffix must be one of {', '.join(sorted(_WRITERS))}")
    kind, options, bits = _WRITERS[path.suffix.lower()]
    image = check_image(image)
    if image.dtype.name not in ("bool", "uint8", "uint16"):
        raise TypeError(
            f"image must be of dtype bool, uint8 or uint16, got {image.dtype}; scale it to "
            "0..255, round it and convert it with .astype(np.uint8)"
        )
    if image.dtype.itemsize * 8 > bits:
        raise ValueError(f"{name}: {kind} has no 16-bit samples; use .png or .tiff, or uint8")
    if image.dtype == bool:
        image = as_uint8(image)
    try:
        data = _encode(image, kind, options)
    except ImportError:
        raise
    except Exception as error:  # whatever an encoder refuses
        detail = " ".join(str(error).split())[:200]
        raise ValueError(f"{name}: {kind} cannot hold this image ({detail})") from None
    write_bytes(path, data)


def _encode(image, kind, options):
    if image.dtype == np.uint16 and image.ndim == 3:
        done, data = opencv().imencode(f".{kind.lower()}", image[:, :, ::-1])
        if not done:
            raise ValueError("OpenCV cannot encode it")
        return data
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getbuffer()


def write_bytes(path: str | os.PathLike[str], data: Buffer) -> None:
    """Write a file atomically: under another name in the same folder, then renamed.

    Parameters
    ----------
    path : str or path-like
        An existing file is replaced; a link is followed.
    data : bytes-like

    Raises
    ------
    OSError
        In one line, for a folder that is missing or cannot be written to.
    """
    target = os.path.realpath(path)
    part = os.path.join(os.path.dirname(target), f".{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        try:
            with open(part, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)
    except OSError as error:
        name = display_name(os.fspath(path))
        raise type(error)(
            f"{name}: cannot be written ({error.strerror or error}); check the folder"
        ) from None
