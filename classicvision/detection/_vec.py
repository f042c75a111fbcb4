"""OpenCV's files of positive samples: ``.vec`` with crops, ``info.dat`` with boxes."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_boxes
from classicvision.detection._crops import check_crops
from classicvision.images import write_bytes
from classicvision.images.reading import display_name, open_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

# The header: how many crops, how many pixels each, and two numbers that are not used.
_HEADER = struct.Struct("<iihh")


def _sample_dtype(pixels):
    return np.dtype([("separator", "u1"), ("pixels", "<i2", (pixels,))])


def read_vec(path: str | os.PathLike[str], window: tuple[int, int]) -> NDArray[np.uint8]:
    """Read the crops of a ``.vec`` file, which has not their shape: ``window`` is it.

    Raises
    ------
    OSError
        For a file that cannot be opened.
    ValueError
        For a file that is truncated, of another kind, or of another window.
    """
    name = display_name(os.fspath(path))
    width, height = window
    with open_file(path) as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise ValueError(f"{name}: not a .vec file: {len(header)} bytes")
        count, pixels, _, _ = _HEADER.unpack(header)
        if count <= 0 or pixels <= 0:
            raise ValueError(f"{name}: not a .vec file: {count} samples of {pixels} pixels")
        if pixels != width * height:
            raise ValueError(
                f"{name}: its samples have {pixels} pixels and a window of {width} x {height} "
                f"has {width * height}; set window=(width, height)"
            )
        dtype = _sample_dtype(pixels)
        size = os.fstat(file.fileno()).st_size
        if size != _HEADER.size + count * dtype.itemsize:
            raise ValueError(
                f"{name}: truncated or damaged: {count} samples of {pixels} pixels take "
                f"{_HEADER.size + count * dtype.itemsize} bytes, the file has {size}"
            )
        images = np.empty((count, height, width), np.uint8)
        for start in range(0, count, 1024):
            block = np.fromfile(file, dtype, min(1024, count - start))["pixels"]
            if block.min() < 0 or block.max() > 255:
                raise ValueError(f"{name}: damaged: a pixel is not from 0 to 255")
            images[start : start + len(block)] = block.reshape(-1, height, width)
    return images


def write_vec(path: str | os.PathLike[str], images: ArrayLike) -> None:
    """Write crops as an OpenCV ``.vec`` file, atomically.

    Parameters
    ----------
    path : path-like
    images : array_like of uint8, shape (n, rows, columns)

    Raises
    ------
    OSError
        For a folder that is missing or cannot be written to.
    TypeError, ValueError
        For images that are not such an array.

    Notes
    -----
    The format, little-endian: int32 number of samples, int32 pixels of a sample, two int16 of 0;
    then for each sample a byte of 0 and its pixels as int16, row by row. The width and height are
    not in the file.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import classicvision as cv
    >>> from classicvision.detection.samples import write_vec
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_vec(f"{folder}/crops.vec", np.full((5, 20, 10), 7, np.uint8))
    ...     cv.read_positives(f"{folder}/crops.vec", window=(10, 20)).shape
    (5, 20, 10)
    """
    images = check_crops(images)
    count, pixels = len(images), images[0].size
    samples = np.zeros(count, _sample_dtype(pixels))
    samples["pixels"] = images.reshape(count, pixels)
    write_bytes(path, _HEADER.pack(count, pixels, 0, 0) + samples.tobytes())


def write_info(
    path: str | os.PathLike[str], entries: Iterable[tuple[str | os.PathLike[str], ArrayLike]]
) -> None:
    """Write an OpenCV list of annotated images (``info.dat``), atomically.

    Parameters
    ----------
    path : path-like
    entries : iterable of (path-like, array_like of shape (n, 4))
        An image file, and its boxes as x1, y1, x2, y2, which are rounded to whole pixels.

    Raises
    ------
    OSError
        For a folder that is missing or cannot be written to.
    TypeError, ValueError
        For boxes of another shape, that begin left of or above the image, or that round to no
        pixel; for a file name with white space, where OpenCV would end it.

    Notes
    -----
    Each line holds a file name, relative to the list's folder and with slashes, the number of
    boxes, and x y width height of each.

    Examples
    --------
    >>> import tempfile
    >>> from classicvision.detection.samples import write_info
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_info(f"{folder}/info.dat", [(f"{folder}/a.png", [[10, 20, 50, 60]])])
    ...     print(open(f"{folder}/info.dat").read(), end="")
    a.png 1 10 20 40 40
    """
    folder = os.path.realpath(os.path.dirname(os.path.abspath(os.fspath(path))))
    lines = []
    for number, (image, boxes) in enumerate(entries):
        place = f"entries[{number}]"
        image = os.path.abspath(os.fsdecode(image))
        real = os.path.join(os.path.realpath(os.path.dirname(image)), os.path.basename(image))
        name = os.path.relpath(real, folder).replace(os.sep, "/")
        if len(name.split()) != 1:
            raise ValueError(f"{place}: a file name must have no white space, got {name!r:.80}")
        boxes = np.floor(check_boxes(boxes, f"{place} boxes").astype(np.float64) + 0.5)
        if (boxes[:, :2] < 0).any() or (boxes[:, 2:] - boxes[:, :2] < 1).any():
            raise ValueError(f"{place}: boxes must begin inside the image and have pixels")
        boxes[:, 2:] -= boxes[:, :2]
        lines.append(" ".join([name, str(len(boxes)), *(f"{v:.0f}" for v in boxes.flat)]))
    text = "".join(line + "\n" for line in lines)
    write_bytes(path, text.encode("utf-8", "surrogateescape"))
