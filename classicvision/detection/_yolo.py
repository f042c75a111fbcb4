"""YOLO's annotations: a text file for each image, boxes divided by the image's size."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from classicvision.detection._annotation_files import (
    AnnotatedImage,
    box_array,
    finite,
    images_in,
    read_text,
    subfolders,
)
from classicvision.images.reading import display_name

_SLACK = 1e-3  # beyond 0 and 1, for rounding


def yolo_pairs(folder):
    """Return (image, label file) of a folder of both, or of images/ and labels/ at any depth."""
    images, labels = subfolders(folder, "images"), subfolders(folder, "labels")
    if not images or not labels:
        paths = images_in(folder)
        pairs = [(path, os.path.splitext(path)[0] + ".txt") for path in paths]
        return pairs if any(os.path.isfile(text) for _, text in pairs) else []
    pairs = []
    for parent, folders, _ in os.walk(images[0]):
        folders.sort()
        inside = os.path.join(labels[0], os.path.relpath(parent, images[0]))
        for path in images_in(parent):
            stem = os.path.splitext(os.path.basename(path))[0]
            pairs.append((path, os.path.normpath(os.path.join(inside, stem + ".txt"))))
    return pairs


def read_yolo(folder):
    """Return an `AnnotatedImage` for each image of a folder in the layout of YOLO."""
    names = _class_names(folder)
    found = []
    for image, text in yolo_pairs(folder):
        boxes, labels = _read_boxes(text) if os.path.isfile(text) else ([], [])
        called = tuple((*names[label : label + 1], str(label)) for label in labels)
        found.append(AnnotatedImage(image, box_array(boxes), called, relative=True))
    return found


def _class_names(folder: str) -> Sequence[str]:
    places = [folder, *subfolders(folder, "labels")]
    for path in (
        os.path.join(each, name) for each in places for name in ("classes.txt", "obj.names")
    ):
        if os.path.isfile(path):
            return [line.strip() for line in read_text(path).splitlines()]
    return ()


def _read_boxes(path):
    boxes, labels = [], []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split()
        if not words:
            continue
        values = finite(words[1:])
        place = f"{display_name(path)}: line {number}"
        if not re.fullmatch(r"[0-9]{1,9}", words[0]) or values is None or len(values) != 4:
            raise ValueError(
                f"{place} must be a class number, then the centre x y, width and height, "
                f"got {line.strip()[:60]!r}"
            )
        if not all(-_SLACK <= value <= 1 + _SLACK for value in values):
            raise ValueError(
                f"{place} must have numbers from 0 to 1, divided by the image's size, "
                f"got {line.strip()[:60]!r}"
            )
        x, y, width, height = values
        boxes.append([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
        labels.append(int(words[0]))
    return boxes, labels
