"""Boxes with scores and labels, and their exports to COCO, Pascal VOC and YOLO."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from classicvision._checks import check_boxes, check_number
from classicvision.results._result import Result, column, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# What XML 1.0 cannot hold, however it is escaped: control characters, lone surrogates.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, eq=False, repr=False)
class Detections(Result):
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
        self._set("scores", column(scores, "scores", np.float64, count, "boxes"))
        self._set("labels", column(labels, "labels", np.int64, count, "boxes"))
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
            "boxes": short(self.boxes),
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
            short(self.boxes), self.scores.tolist(), self.labels.tolist(), strict=True
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
