"""What the readers of annotations share: folders, text of bounded size, numbers."""

from __future__ import annotations

import dataclasses
import math
import os

import numpy as np

from classicvision.detection._xml import root_of
from classicvision.images.reading import display_name, open_file

_LARGEST_START = 2**16  # bytes before the root element of a model
LARGEST_LIST = 64 * 2**20  # bytes of a text or XML file
IMAGE_SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".pgm", ".ppm", ".pbm",
    ".pnm", ".jpe",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """A photograph and the boxes of the objects in it.

    Attributes
    ----------
    path : str
        Of the image file, which may be missing.
    boxes : ndarray of float64, shape (n, 4)
        x1, y1, x2, y2, the right and bottom edges exclusive; not checked.
    labels : tuple of tuple of str
        What each box's class is called: its name, its number, or both; empty where the format
        has no classes.
    relative : bool
        Whether the boxes are divided by the image's width and height.
    """

    path: str
    boxes: np.ndarray
    labels: tuple[tuple[str, ...], ...]
    relative: bool = False

    def pixel_boxes(self, shape: tuple[int, int]) -> np.ndarray:
        """Return the boxes in pixels of an image of shape (rows, columns)."""
        rows, columns = shape
        return self.boxes * (columns, rows, columns, rows) if self.relative else self.boxes


def images_in(folder: str) -> list[str]:
    """Return the image files directly in a folder, sorted by name."""
    return files_in(folder, IMAGE_SUFFIXES)


def files_in(folder, suffixes):
    """Return the files directly in a folder that have these suffixes, sorted by name."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.path
                for entry in entries
                if not entry.name.startswith(".")
                and os.path.splitext(entry.name)[1].lower() in suffixes
                and entry.is_file()
            )
    except OSError as error:
        raise type(error)(
            f"{display_name(folder)}: cannot be listed ({error.strerror or error})"
        ) from None


def is_model(path: str) -> bool:
    """Whether a file is a model of OpenCV's format, or one that a training wrote."""
    try:
        with open(path, "rb") as file:
            return root_of(file.read(_LARGEST_START)) == "opencv_storage"
    except (OSError, ValueError):
        return False


def subfolders(path, *names):
    """The folders in a folder that have one of these names, whatever the case."""
    with os.scandir(path) as entries:
        return sorted(e.path for e in entries if e.name.lower() in names and e.is_dir())


def read_text(path: str, largest: int = LARGEST_LIST) -> str:
    """Read a text file of bounded size; bytes that are no UTF-8 are kept as in file names."""
    with open_file(path) as file:
        data = file.read(largest + 1)
    name = display_name(path)
    if len(data) > largest:
        raise ValueError(f"{name}: larger than {largest >> 20} MiB, not a list of samples")
    if b"\0" in data:
        raise ValueError(f"{name}: not a text file")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def box_array(boxes):
    """Return a list of boxes as a float64 array ``(n, 4)``, also where it is empty."""
    return np.array(boxes, np.float64).reshape(-1, 4)


def finite(words):
    """Return words as floats, or None where one is no finite number."""
    try:
        values = [float(word) for word in words]
    except (TypeError, ValueError, OverflowError):
        return None
    return values if all(map(math.isfinite, values)) else None
