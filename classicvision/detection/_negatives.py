"""Images without the object: opened when they are needed."""

from __future__ import annotations

import hashlib
import os
import warnings
from typing import TYPE_CHECKING, overload

import numpy as np

from classicvision._checks import check_number
from classicvision.detection._annotation_files import read_text
from classicvision.detection._annotations import read_annotations
from classicvision.detection._crops import to_gray
from classicvision.images import expand_paths, read_image
from classicvision.images.reading import display_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

_LARGEST_MEMORY = 2**32  # bytes of the images that a generator hands over
_UNREADABLE = np.zeros((1, 1), np.uint8)


class Negatives:
    """Images without the object, as gray uint8 arrays.

    ``len(negatives)`` counts them, ``negatives[i]`` reads one, and a slice or an array of indices
    gives the `Negatives` of that part; ``a + b`` has the images of both.

    Parameters
    ----------
    source : path-like, array_like, or an iterable of either
        A folder (all images in it and below), a pattern (``"photos/*.jpg"``), an image, a ``.txt``
        file with the path of an image in each line (relative to the file), or a list of these;
        or images as arrays, also from a generator: these stay in memory, at most 4 GiB.

    Raises
    ------
    OSError
        For a file or folder that does not exist, or a list of paths that cannot be opened.
    TypeError, ValueError
        For a folder or a list without images, a pattern that matches none, or arrays that are
        no images.

    Warns
    -----
    UserWarning
        Once, when the first image that cannot be read is asked for. It counts as one black pixel,
        which no window fits into.

    Notes
    -----
    Memory: the paths, and one image at a time. Objects can be pickled, so that other processes
    read the images themselves.

    Examples
    --------
    >>> import numpy as np
    >>> import classicvision as cv
    >>> negatives = cv.Negatives(np.zeros((40, 50), np.uint8) + i for i in range(3))
    >>> len(negatives), negatives[2].shape, int(negatives[2].max())
    (3, (40, 50), 2)
    """

    def __init__(
        self,
        source: str
        | os.PathLike[str]
        | ArrayLike
        | Iterable[str | os.PathLike[str] | ArrayLike]
        | Negatives,
    ) -> None:
        if isinstance(source, Negatives):
            self._items, self._boxes = source._items, source._boxes
        else:
            self._items = _items_of(source)
            self._boxes = [None] * len(self._items)
        self._warned = False
        if not self._items:
            raise ValueError("source has no images; give a folder, a list of paths or arrays")

    @classmethod
    def around(
        cls, source: str | os.PathLike[str], *, label: str | int | None = None, margin: float = 0.0
    ) -> Self:
        """Take annotated photographs, with the objects blanked out.

        Parameters
        ----------
        source : path-like
            Annotations as `read_positives` takes them: an OpenCV list, Pascal VOC, COCO or YOLO.
        label : str or int, optional
            Blank out this class only; other objects stay, and are negatives. All by default.
        margin : float
            How much wider and higher a box is made on each side before it is blanked out, as a
            share of its width and height; from 0 to 4.

        Returns
        -------
        Negatives
            The pixels in a box have the mean of those outside all boxes of the image.

        Raises
        ------
        OSError, ValueError
            As `read_positives`.
        """
        margin = check_number(margin, "margin", at_least=0, at_most=4)
        images = read_annotations(os.fsdecode(source), label)
        if not images:
            raise ValueError(f"{display_name(os.fsdecode(source))}: no annotated image")
        return cls._made([image.path for image in images], [(image, margin) for image in images])

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice | ArrayLike) -> Negatives: ...

    def __getitem__(self, index):
        if isinstance(index, (int, np.integer)):
            return self._read(index)
        chosen = np.arange(len(self))[index]
        return self._made([self._items[i] for i in chosen], [self._boxes[i] for i in chosen])

    def __add__(self, other: Negatives) -> Negatives:
        if not isinstance(other, Negatives):
            return NotImplemented
        return self._made(self._items + other._items, self._boxes + other._boxes)

    @classmethod
    def _made(cls, items, boxes):
        made = cls.__new__(cls)
        made._items, made._boxes, made._warned = items, boxes, False
        return made

    def __repr__(self) -> str:
        return f"Negatives({len(self)} image{'s' * (len(self) != 1)})"

    def name(self, index: int) -> str:
        """Return how messages call an image: its path, or its number."""
        item = self._items[index]
        return display_name(item) if isinstance(item, str) else f"negatives[{index}]"

    def _read(self, index):
        item = self._items[index]
        if not isinstance(item, str):
            return item
        try:
            gray = to_gray(read_image(item, gray=True))
        except (OSError, ValueError) as error:
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"{error}; this and other negatives that cannot be read are left out",
                    stacklevel=3,
                )
            return _UNREADABLE
        return gray if self._boxes[index] is None else _blank(gray, *self._boxes[index])

    def fingerprint(self) -> str:
        """Return a SHA-256 of the images' names and sizes, so that other data is noticed.

        Returns
        -------
        str
            64 hexadecimal digits over, in their order, the paths relative to the folder that all
            are in, the lengths of the files in bytes and the boxes blanked out, or the shapes and
            pixels of arrays. No image is decoded; the times of files do not matter.
        """
        digest = hashlib.sha256()
        paths = [item for item in self._items if isinstance(item, str)]
        common = _common_folder(paths)
        for item, boxes in zip(self._items, self._boxes, strict=True):
            if isinstance(item, str):
                name = os.path.relpath(item, common) if common else item
                name = name.replace(os.sep, "/")
                digest.update(os.fsencode(name) + b"\0%d\0" % _length(item))
            else:
                digest.update(b"%d %d\0" % item.shape)
                digest.update(np.ascontiguousarray(item))
            if boxes is not None:
                image, margin = boxes
                digest.update(f"{margin!r} {image.relative} {image.boxes.tolist()!r}\0".encode())
        return digest.hexdigest()


def _items_of(source):
    """Return paths and gray arrays."""
    if isinstance(source, (str, os.PathLike)):
        return _paths_of(os.fsdecode(source))
    if isinstance(source, np.ndarray) and source.ndim == 2:
        return [to_gray(source, "source")]
    if not np.iterable(source):
        raise TypeError(f"source must be a path, arrays or a list of either, got {source!r:.80}")
    items, used = [], 0
    reused = not isinstance(source, (list, tuple, np.ndarray))  # a generator may fill one array
    for i, item in enumerate(source):
        if isinstance(item, (str, os.PathLike)):
            items.extend(_paths_of(os.fsdecode(item)))
            continue
        gray = to_gray(item, f"source[{i}]")
        used += gray.nbytes
        if used > _LARGEST_MEMORY:
            raise ValueError(
                f"source has images of more than {_LARGEST_MEMORY >> 30} GiB after {i}; write "
                "them to files, and give the folder"
            )
        items.append(gray.copy() if reused else gray)
    return items


def _paths_of(path):
    if os.path.splitext(path)[1].lower() != ".txt":
        found = [name for name in expand_paths(path) if isinstance(name, str)]
        if found == [path] and not os.path.exists(path):
            raise FileNotFoundError(f"{display_name(path)}: no such file or folder; check the name")
        return found
    folder = os.path.dirname(path)
    lines = (line.strip() for line in read_text(path).splitlines())
    found = [os.path.join(folder, line) for line in lines if line]
    if not found:
        raise ValueError(f"{display_name(path)}: no path of an image in this file")
    return found


def _blank(gray, image, margin):
    """Return the image with its boxes filled by the mean of what is outside all of them."""
    rows, columns = gray.shape
    inside = np.zeros(gray.shape, bool)
    corners = image.pixel_boxes(gray.shape).reshape(-1, 2, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        reach = margin * (corners[:, 1] - corners[:, 0])
        starts, ends = corners[:, 0] - reach, corners[:, 1] + reach
    usable = np.isfinite(starts).all(axis=1) & np.isfinite(ends).all(axis=1)
    starts = np.floor(starts[usable]).clip(0, (columns, rows)).astype(int)
    ends = np.ceil(ends[usable]).clip(0, (columns, rows)).astype(int)
    for (left, top), (right, bottom) in zip(starts, ends, strict=True):
        inside[top:bottom, left:right] = True
    outside = ~inside
    fill = gray[outside].mean() if outside.any() else gray.mean()
    blanked = gray.copy()
    blanked[inside] = np.uint8(fill + 0.5)
    return blanked


def _common_folder(paths):
    """Return the folder that all paths are in, or None where there is none."""
    try:
        return os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    except ValueError:  # no paths, or on different drives
        return None


def _length(path):
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return -1
