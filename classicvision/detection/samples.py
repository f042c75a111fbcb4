"""Samples for training a cascade: crops of the object, and images without it.

Positives are one uint8 array of crops; negatives are opened when they are needed. What goes
wrong with data is said before the training begins.
"""

from __future__ import annotations

import math
import os
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number
from classicvision.detection._annotation_files import images_in
from classicvision.detection._annotations import read_annotations, source_kind
from classicvision.detection._augmentation import augment_samples
from classicvision.detection._crops import (
    RATIO_SLACK,
    check_crop_size,
    resize,
    resize_crops,
    to_gray,
)
from classicvision.detection._negatives import Negatives
from classicvision.detection._preflight import check_samples, remove_duplicates
from classicvision.detection._scenes import compose_scenes
from classicvision.detection._vec import read_vec, write_info, write_vec
from classicvision.images import read_image
from classicvision.images.reading import display_name, open_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Negatives",
    "augment_samples",
    "check_samples",
    "compose_scenes",
    "read_positives",
    "remove_duplicates",
    "resize_crops",
    "write_info",
    "write_vec",
]

_LARGEST_MARGIN = 4.0
_LARGEST_CROP = 2**26  # pixels of a box made to the window's ratio, before it is resized
_LARGEST_ARRAY = 2**33  # bytes of the images of an .npz
# What damaged archives raise: OSError where an offset in it leads nowhere, RuntimeError where it
# says that it is encrypted.
_NPZ_ERRORS = (
    zipfile.BadZipFile, EOFError, ValueError, OSError, RuntimeError, zlib.error,
)  # fmt: skip


def read_positives(
    source: str | os.PathLike[str] | ArrayLike | Iterable[ArrayLike | str | os.PathLike[str]],
    *,
    window: int | tuple[int, int] = (24, 24),
    margin: float = 0.0,
    label: str | int | None = None,
    size: int | tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """Read crops of the object to be detected.

    Parameters
    ----------
    source : path-like, array_like or a list of either
        One of

        - an OpenCV list (``.dat``, ``.txt``, ``.lst``): lines of a file name, relative to the
          list, a count, and x y width height of each box;
        - an OpenCV ``.vec`` file of crops that have the window's size;
        - a folder of Pascal VOC ``.xml`` files (or one with a folder ``Annotations``), the images
          beside them or in ``../JPEGImages`` or ``../images``;
        - a COCO ``.json``, the images beside it or in a folder ``images`` there or above;
        - a YOLO folder, the ``.txt`` files beside the images or in folders ``labels`` and
          ``images``; ``classes.txt`` names the classes;
        - a folder of images that are crops each (not the folders in it);
        - an ``.npz`` with an array ``images``, (n, rows, columns);
        - such an array, or a list of arrays and image files, that are crops each.
    window : int or (width, height)
        The detector's window; the crops get its aspect ratio.
    margin : float
        How much wider and higher a box is made on each side, as a share of its width and height:
        from -0.4 to 4. Crops have no surroundings: 0 or less.
    label : str or int, optional
        The class to take: its name, or its number in COCO and YOLO. All by default.
    size : int or (width, height), optional
        The size of the crops in pixels, the window's by default; twice the window's keeps
        detail for `augment_samples`.

    Returns
    -------
    ndarray of uint8, shape (n, height, width)

    Raises
    ------
    OSError
        For a file that cannot be opened.
    TypeError, ValueError
        For a source that is damaged or of no known kind, that has no usable crop, or not the
        label; for an option out of range.

    Warns
    -----
    UserWarning
        How many annotations were left out, and why the first: an image that cannot be read, or a
        box without area or with its centre outside the image.

    Notes
    -----
    A box gets the window's aspect ratio by enlarging its shorter side about the centre; where it
    then leaves the image, the border pixels are repeated. A crop without surroundings gets it by
    cutting its longer side. Both are resized by area where they shrink and linearly where they
    grow.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> crops = [np.zeros((60, 60), np.uint8), np.zeros((48, 48, 3), np.uint8)]
    >>> cv.read_positives(crops, window=24).shape
    (2, 24, 24)
    """
    window = check_crop_size(window)
    size = window if size is None else check_crop_size(size, "size")
    margin = check_number(margin, "margin", at_least=-0.4, at_most=_LARGEST_MARGIN)
    path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    kind = "arrays" if path is None else source_kind(path)
    what = "source" if path is None else display_name(path)
    skipped = _Skipped()
    if kind in ("info", "voc", "coco", "yolo"):
        crops = _annotated_crops(read_annotations(path, label), window, margin, size, skipped)
    else:
        if label is not None:
            raise ValueError(f"{what}: crops have no classes; drop label={label!r}")
        check_number(margin, "margin of crops, which have no surroundings,", at_most=0)
        images = _crops_of(source if path is None else path, kind, window)
        crops = _whole_crops(images, window, margin, size, skipped)
    skipped.warn(what)
    if not crops:
        raise ValueError(f"{what}: no usable crop; {skipped.first or 'it has no boxes'}")
    return np.stack(crops)


class _Skipped:
    """Counts what is used and what is left out, to say so in one warning."""

    def __init__(self):
        self.total, self.count, self.cut, self.first = 0, 0, 0, None

    def add(self, reason, count=1):
        self.count += count
        self.total += count
        self.first = self.first or reason

    def warn(self, what):
        if self.count and self.count < self.total:
            warnings.warn(
                f"{what}: {self.count} of {self.total} samples were left out; "
                f"the first: {self.first}",
                stacklevel=3,
            )
        if self.cut:
            warnings.warn(
                f"{what}: {self.cut} of {self.total} crops were not of the window's aspect "
                "ratio and their longer sides were cut; set window=(width, height)",
                stacklevel=3,
            )


def _annotated_crops(images, window, margin, size, skipped):
    crops = []
    for image in images:
        if len(image.boxes) == 0:
            continue
        try:
            gray = to_gray(read_image(image.path, gray=True))
        except (OSError, ValueError) as error:
            skipped.add(str(error), len(image.boxes))
            continue
        for box in image.pixel_boxes(gray.shape):
            fault = _fault(box, gray.shape)
            crop = None if fault else _cut(gray, _fit(box, window, margin), size)
            if crop is None:
                fault = fault or "it is too large"
                skipped.add(f"{display_name(image.path)}: box {_corners(box)}: {fault}")
            else:
                skipped.total += 1
                crops.append(crop)
    return crops


def _corners(box):
    return " ".join(f"{value:g}" for value in box)


def _fault(box, shape):
    """Say what is wrong with a box, or return None."""
    x1, y1, x2, y2 = box
    if not np.isfinite(box).all() or x2 - x1 <= 0 or y2 - y1 <= 0:
        return "it has no area"
    rows, columns = shape
    if not (0 <= (x1 + x2) / 2 <= columns and 0 <= (y1 + y2) / 2 <= rows):
        return f"its centre is outside the image of {columns} x {rows} pixels"
    return None


def _fit(box, window, margin):
    """Enlarge a box by the margin, then its shorter side to the window's aspect ratio."""
    x1, y1, x2, y2 = box
    ratio = window[0] / window[1]
    width, height = (x2 - x1) * (1 + 2 * margin), (y2 - y1) * (1 + 2 * margin)
    width, height = max(width, height * ratio), max(height, width / ratio)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return x - width / 2, y - height / 2, width, height


def _cut(gray, place, size):
    """Cut and resize, to whole pixels; what is beyond the border repeats it."""
    left, top, width, height = place
    columns, rows = max(1, math.floor(width + 0.5)), max(1, math.floor(height + 0.5))
    if columns * rows > _LARGEST_CROP:
        return None
    x = math.floor(left + (width - columns) / 2 + 0.5) + np.arange(columns)
    y = math.floor(top + (height - rows) / 2 + 0.5) + np.arange(rows)
    x, y = x.clip(0, gray.shape[1] - 1), y.clip(0, gray.shape[0] - 1)
    return resize(gray[np.ix_(y, x)], size)


def _crops_of(source, kind, window):
    """Yield pairs of a crop, or the file that it is in, and a name."""
    if kind == "vec":
        source = read_vec(source, window)
    elif kind == "npz":
        source = _read_npz(source)
    elif kind == "images":
        source = image_files(source)
    elif not np.iterable(source):
        raise TypeError(f"source must be a path, an array or a list, got {source!r:.80}")
    if isinstance(source, np.ndarray) and source.ndim == 2:
        raise TypeError(f"source must have shape (n, rows, columns), got {source.shape}")
    return source


def image_files(path):
    """Return the images of a folder of crops, or the one image that the path is."""
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"{display_name(path)}: no such file or folder; check the name and the folder"
            )
        open_file(path).close()  # says what is wrong with the name
        return [path]
    found = images_in(path)
    if not found:
        raise ValueError(
            f"{display_name(path)}: no image and no annotation in this folder; the folders in it "
            "are not searched"
        )
    return found


def _whole_crops(images, window, margin, size, skipped):
    """Cut the longer sides to the window's aspect ratio, where there are no surroundings."""
    ratio = window[0] / window[1]
    crops = []
    for i, image in enumerate(images):
        if isinstance(image, (str, os.PathLike)):
            try:
                gray = to_gray(read_image(image, gray=True))
            except (OSError, ValueError) as error:
                skipped.add(str(error))
                continue
        else:
            gray = to_gray(image, f"source[{i}]")
        rows, columns = gray.shape
        width, height = min(columns, rows * ratio), min(rows, columns / ratio)
        skipped.total += 1
        skipped.cut += max(columns / width, rows / height) > 1 + RATIO_SLACK
        width, height = width * (1 + 2 * margin), height * (1 + 2 * margin)
        crops.append(_cut(gray, ((columns - width) / 2, (rows - height) / 2, width, height), size))
    return crops


def _read_npz(path):
    """Read the array ``images``, after a look at the size that it says it has."""
    name = display_name(path)
    open_file(path).close()  # says what is wrong with the name
    try:
        with zipfile.ZipFile(path) as archive, archive.open("images.npy") as file:
            version = np.lib.format.read_magic(file)
            formats = np.lib.format
            first = version == (1, 0)
            read = formats.read_array_header_1_0 if first else formats.read_array_header_2_0
            shape, _, dtype = read(file)
        if dtype.hasobject or len(shape) not in (3, 4):
            raise ValueError(f"'images' must have shape (n, rows, columns), got {shape} of {dtype}")
        if math.prod(shape) * dtype.itemsize > _LARGEST_ARRAY:
            raise ValueError(f"'images' of shape {shape} has more than {_LARGEST_ARRAY >> 30} GiB")
        with np.load(path, allow_pickle=False) as archive:
            return archive["images"]
    except KeyError:
        raise ValueError(f"{name}: it has no array 'images'") from None
    except _NPZ_ERRORS as error:
        detail = " ".join(str(error).split())[:200]
        raise ValueError(f"{name}: not a readable .npz ({detail})") from None
