"""What the detectors return: validated dataclasses of equal-length arrays, and their exports.

All results behave alike: ``len(result)`` counts the items, ``result[...]`` takes an index, a
slice, a mask or an array of indices and gives a result of the same class (of length one for a
single index), and iteration goes over results of length one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from classicvision._checks import check_boxes, check_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

# What XML 1.0 cannot hold, however it is escaped: control characters, lone surrogates.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class _Result:
    """Length, indexing, iteration, equality and JSON over the array fields of a dataclass."""

    if TYPE_CHECKING:  # what each dataclass has
        __dataclass_fields__: ClassVar[dict[str, Any]]
        _ITEMS: ClassVar[str]

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

        def to_dict(self) -> dict[str, Any]: ...

    def _set(self, name, array):
        array.flags.writeable = False
        object.__setattr__(self, name, array)

    def _arrays(self):
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    def __len__(self) -> int:
        return len(next(iter(self._arrays().values())))

    def __getitem__(self, index: int | slice | ArrayLike) -> Self:
        if isinstance(index, (int, np.integer)) and not isinstance(index, (bool, np.bool_)):
            count = len(self)
            if not -count <= index < count:
                raise IndexError(f"index {index} is out of range: the result has {count} items")
            start = int(index) % count
            index = slice(start, start + 1)
        elif not isinstance(index, slice):
            index = np.asarray(index)
            if index.ndim != 1:
                raise IndexError("a result takes an integer, a slice, a mask or a 1-D index array")
            index = index if index.size else index.astype(np.intp)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self)(**{**values, **{k: v[index] for k, v in self._arrays().items()}})

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        ours, theirs = self._arrays(), other._arrays()
        return all(np.array_equal(ours[name], theirs[name]) for name in ours) and (
            getattr(self, "names", None) == getattr(other, "names", None)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self):  # a copy, or one from another process, is read-only and checked too
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} {self._ITEMS})"

    def to_json(self, **about: Any) -> str:
        """Return :meth:`to_dict` as one line of JSON.

        Parameters
        ----------
        **about
            What else the object says, before the result: ``path``, ``width``, ``height``, ...

        Returns
        -------
        str
        """
        return json.dumps({**about, **self.to_dict()}, allow_nan=False)


@dataclass(frozen=True, eq=False, repr=False)
class Detections(_Result):
    """Boxes found in an image, each with a score and a label.

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        x1, y1, x2, y2 in pixels, the right and bottom edges exclusive; kept as float32.
    scores : array_like, shape (n,), optional
        Higher is surer; kept as float64. 1 for every box by default.
    labels : array_like of int, shape (n,), optional
        The class of each box, counted from 0. 0 for every box by default.
    names : sequence of str, optional
        The classes' names: ``names[label]``.

    Raises
    ------
    ValueError
        For arrays of different lengths, values that are not finite, x2 < x1 or y2 < y1, or a
        label without a name.
    TypeError
        For labels that are not whole numbers.

    Examples
    --------
    >>> found = Detections([[10, 20, 50, 60], [0, 0, 8, 8]], scores=[7, 3], names=["face"])
    >>> found
    Detections(2 boxes)
    >>> found[found.scores > 5].boxes
    array([[10., 20., 50., 60.]], dtype=float32)
    >>> print(found[0].to_json(path="a.png"))
    {"path": "a.png", "boxes": [[10.0, 20.0, 50.0, 60.0]], "scores": [7.0], "labels": ["face"]}
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float64] = None  # type: ignore[assignment]
    labels: NDArray[np.int64] = None  # type: ignore[assignment]
    names: tuple[str, ...] | None = None

    _ITEMS = "boxes"

    if TYPE_CHECKING:  # more than the fields' own types is taken, and converted

        def __init__(
            self,
            boxes: ArrayLike,
            scores: ArrayLike | None = None,
            labels: ArrayLike | None = None,
            names: Sequence[str] | None = None,
        ) -> None: ...

    def __post_init__(self):
        boxes = check_boxes(self.boxes).copy()
        count = len(boxes)
        scores = np.ones(count) if self.scores is None else self.scores
        labels = np.zeros(count, np.int64) if self.labels is None else self.labels
        self._set("boxes", boxes)
        self._set("scores", _column(scores, "scores", np.float64, count, "boxes"))
        self._set("labels", _column(labels, "labels", np.int64, count, "boxes"))
        if self.names is not None:
            object.__setattr__(self, "names", _check_names(self.names, self.labels))

    def label_names(self) -> list[int] | list[str]:
        """Return the class of each box: its name, or its number where there are no names."""
        labels = self.labels.tolist()
        return labels if self.names is None else [self.names[label] for label in labels]

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"boxes": [[x1, y1, x2, y2]], "scores", "labels"}``, plain Python values.

        The right and bottom edges are exclusive; labels are names where there are names.
        """
        return {
            "boxes": _short(self.boxes),
            "scores": self.scores.tolist(),
            "labels": self.label_names(),
        }

    def to_coco(self, image_id: int | str) -> list[dict[str, Any]]:
        """Return COCO annotations: pixels counted from 0, boxes as corner and size.

        Parameters
        ----------
        image_id : int or str
            The image's ``id`` in the COCO file.

        Returns
        -------
        list of dict
            ``image_id``, ``category_id`` (the label as it is, counted from 0), ``bbox``
            ``[x, y, width, height]``, ``area``, ``score`` and ``iscrowd`` (0).

        Examples
        --------
        >>> Detections([[10, 20, 50, 60]], scores=[0.5]).to_coco(3)[0]["bbox"]
        [10.0, 20.0, 40.0, 40.0]
        """
        annotations = []
        for (x1, y1, x2, y2), score, label in zip(
            _short(self.boxes), self.scores.tolist(), self.labels.tolist(), strict=True
        ):
            annotations.append(
                {
                    "image_id": image_id,
                    "category_id": label,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "score": score,
                    "iscrowd": 0,
                }
            )
        return annotations

    def to_voc(self, width: int, height: int, *, filename: str = "") -> str:
        """Return a Pascal VOC annotation: whole pixels counted from 1, both corners inside.

        A box is rounded to whole pixels and clipped to the image, so that
        ``xmin = x1 + 1`` and ``xmax = x2``; boxes outside the image, or that round to less
        than a pixel, are left out. VOC has no place for a score.

        Parameters
        ----------
        width, height : int
            The image's size in pixels.
        filename : str
            The image's file name.

        Returns
        -------
        str
            XML, with what is special in XML escaped.
        """
        from xml.etree import ElementTree  # not at import: most programs never export VOC

        width, height = _check_image_size(width, height)
        root = ElementTree.Element("annotation")
        _child(root, "filename", filename)
        size = ElementTree.SubElement(root, "size")
        for name, value in (("width", width), ("height", height), ("depth", 3)):
            _child(size, name, value)
        boxes = np.floor(_clip(self.boxes, width, height) + 0.5).astype(int).tolist()
        for (x1, y1, x2, y2), label in zip(boxes, self.label_names(), strict=True):
            if x1 >= x2 or y1 >= y2:
                continue
            item = ElementTree.SubElement(root, "object")
            _child(item, "name", label)
            box = ElementTree.SubElement(item, "bndbox")
            for name, value in (("xmin", x1 + 1), ("ymin", y1 + 1), ("xmax", x2), ("ymax", y2)):
                _child(box, name, value)
        ElementTree.indent(root)
        return ElementTree.tostring(root, encoding="unicode") + "\n"

    def to_yolo(self, width: int, height: int) -> str:
        """Return YOLO annotations: one line ``label cx cy w h`` a box, divided by the image size.

        The centre and the size of the box, clipped to the image, are between 0 and 1 with six
        decimals; boxes outside the image are left out. YOLO labels have no place for a score.

        Parameters
        ----------
        width, height : int
            The image's size in pixels.

        Returns
        -------
        str

        Examples
        --------
        >>> print(Detections([[10, 20, 50, 60]]).to_yolo(100, 200), end="")
        0 0.300000 0.200000 0.400000 0.200000
        """
        width, height = _check_image_size(width, height)
        lines = []
        boxes = _clip(self.boxes, width, height) / [width, height, width, height]
        for (x1, y1, x2, y2), label in zip(boxes.tolist(), self.labels.tolist(), strict=True):
            if x1 < x2 and y1 < y2:
                numbers = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
                lines.append(" ".join([str(label), *(f"{number:.6f}" for number in numbers)]))
        return "".join(line + "\n" for line in lines)


@dataclass(frozen=True, eq=False, repr=False)
class Lines(_Result):
    """Straight lines rho = x cos(theta) + y sin(theta), each with its votes.

    Parameters
    ----------
    rho : array_like, shape (n,)
        Signed distance from the top left pixel's centre, in pixels; kept as float32.
    theta : array_like, shape (n,)
        Angle of the normal in radians: 0 for a vertical line, pi / 2 for a horizontal one;
        kept as float32.
    votes : array_like of int, shape (n,)
        How many edge pixels voted for the line.

    Examples
    --------
    >>> lines = Lines(rho=[20, 5], theta=[0, 1.5707964], votes=[90, 41])
    >>> lines[lines.votes > 50].to_dict()
    {'lines': [[20.0, 0.0]], 'votes': [90]}
    """

    rho: NDArray[np.float32]
    theta: NDArray[np.float32]
    votes: NDArray[np.int64]

    _ITEMS = "lines"

    if TYPE_CHECKING:

        def __init__(self, rho: ArrayLike, theta: ArrayLike, votes: ArrayLike) -> None: ...

    def __post_init__(self):
        rho = _column(self.rho, "rho", np.float32)
        self._set("rho", rho)
        self._set("theta", _column(self.theta, "theta", np.float32, len(rho), "rho"))
        self._set("votes", _column(self.votes, "votes", np.int64, len(rho), "rho"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"lines": [[rho, theta]], "votes"}``, plain Python values."""
        return {
            "lines": _short(np.stack([self.rho, self.theta], axis=1)),
            "votes": self.votes.tolist(),
        }


@dataclass(frozen=True, eq=False, repr=False)
class Segments(_Result):
    """Straight line segments, each with its votes.

    Parameters
    ----------
    points : array_like, shape (n, 4)
        x1, y1, x2, y2: the two ends in pixels, both on the segment; kept as float32.
    votes : array_like of int, shape (n,)
        How many edge pixels voted for the segment's line when it was found.

    Examples
    --------
    >>> Segments([[3, 4, 30, 40]], votes=[12]).to_json()
    '{"segments": [[3.0, 4.0, 30.0, 40.0]], "votes": [12]}'
    """

    points: NDArray[np.float32]
    votes: NDArray[np.int64]

    _ITEMS = "segments"

    if TYPE_CHECKING:

        def __init__(self, points: ArrayLike, votes: ArrayLike) -> None: ...

    def __post_init__(self):
        points = np.array(self.points, dtype=np.float32, order="C")
        if points.size == 0:
            points = np.zeros((0, 4), np.float32)
        if points.ndim != 2 or points.shape[1] != 4:
            raise ValueError(f"points must have shape (n, 4), x1 y1 x2 y2, got {points.shape}")
        if not np.isfinite(points).all():
            raise ValueError("points must be finite")
        self._set("points", points)
        self._set("votes", _column(self.votes, "votes", np.int64, len(points), "points"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"segments": [[x1, y1, x2, y2]], "votes"}``, plain Python values."""
        return {"segments": _short(self.points), "votes": self.votes.tolist()}


def _column(values, name, dtype, count=None, owner=None):
    """Return ``values`` as a new 1-D array of ``dtype``, as long as ``owner``."""
    array = np.asarray(values)
    if array.size == 0:
        array = np.zeros(0, dtype)
    if array.ndim != 1:
        raise ValueError(f"{name} must have shape (n,), got {array.shape}")
    if count is not None and len(array) != count:
        raise ValueError(f"{name} must be as many as {owner}, {count}, got {len(array)}")
    if np.dtype(dtype).kind == "i" and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    array = array.astype(dtype)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array


def _check_names(names, labels):
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"names must be a sequence of str, got {names!r}")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(names):
        raise ValueError(
            f"labels must index names, 0 to {len(names) - 1}, got {labels.min()} to {labels.max()}"
        )
    return tuple(names)


def _check_image_size(width, height):
    return (
        check_number(width, "width", at_least=1, integer=True),
        check_number(height, "height", at_least=1, integer=True),
    )


def _clip(boxes, width, height):
    return np.clip(boxes.astype(np.float64), 0, [width, height, width, height])


def _child(parent, tag, text):
    child = parent.makeelement(tag, {})
    child.text = _NOT_IN_XML.sub("\ufffd", str(text))
    parent.append(child)


def _short(rows):
    """Return float32 rows as floats that print short: 0.1, not 0.10000000149011612."""
    return [[float(str(value)) for value in row] for row in rows]
