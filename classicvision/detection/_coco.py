"""COCO's annotations: one JSON file for many images."""

from __future__ import annotations

import json
import ntpath
import os
from pathlib import Path

from classicvision.detection._annotation_files import (
    AnnotatedImage,
    box_array,
    finite,
    read_text,
)
from classicvision.images.reading import display_name

_LARGEST_JSON = 1 << 30  # bytes; COCO's own largest file has 450 MiB


def read_coco(path):
    """Return an `AnnotatedImage` for each image of a COCO file."""
    name = display_name(path)
    try:
        document = json.loads(read_text(path, _LARGEST_JSON))
    except RecursionError:
        raise ValueError(f"{name}: not a COCO file: nested too deeply") from None
    except ValueError as error:
        message = str(error)
        raise ValueError(
            message if message.startswith(name) else f"{name}: not well-formed JSON: {message}"
        ) from None
    try:
        return _coco_images(document, os.path.dirname(path), Path(path).stem)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _coco_images(document, folder, stem):
    categories = {}
    for place, item in _coco_items(document, "categories", optional=True):
        number = _coco_value(item, "id", (int,), place)
        categories[number] = (_coco_value(item, "name", (str,), place), str(number))
    boxes, labels = {}, {}
    for place, item in _coco_items(document, "annotations"):
        if item.get("iscrowd") == 1:  # a region of many objects, no single box
            continue
        image = _coco_value(item, "image_id", (int, str), place)
        box = _coco_value(item, "bbox", (list,), place)
        values = finite(box)
        if len(box) != 4 or values is None:
            raise ValueError(f"{place}: bbox must be x, y, width, height, got {str(box)[:60]}")
        category = _coco_value(item, "category_id", (int,), place)
        x, y, width, height = values
        boxes.setdefault(image, []).append([x, y, x + width, y + height])
        labels.setdefault(image, []).append(categories.get(category, (str(category),)))
    found = []
    for place, item in _coco_items(document, "images"):
        number = _coco_value(item, "id", (int, str), place)
        image = _coco_path(folder, stem, _coco_value(item, "file_name", (str,), place), place)
        names = tuple(labels.pop(number, ()))
        found.append(AnnotatedImage(image, box_array(boxes.pop(number, ())), names))
    if boxes:
        raise ValueError(
            f"annotations of an image that is not listed, image_id {min(boxes, key=str)!r}"
        )
    return found


def _coco_items(document, key, optional=False):
    if not isinstance(document, dict):
        raise ValueError("not a COCO file: it must be an object with images and annotations")
    items = document.get(key, [] if optional else None)
    if not isinstance(items, list):
        raise ValueError(f"not a COCO file: {key!r} must be a list")
    for i, item in enumerate(items):
        if not isinstance(item, dict):
            raise ValueError(f"{key}[{i}] must be an object")
        yield f"{key}[{i}]", item


def _coco_value(item, key, types, place):
    value = item.get(key)
    if not isinstance(value, types) or isinstance(value, bool):
        wanted = " or ".join({int: "integer", str: "string", list: "list"}[t] for t in types)
        raise ValueError(f"{place}: {key!r} must be a {wanted}, got {value!r:.60}")
    return value


def _coco_path(folder, stem, file_name, place):
    relative = os.path.normpath(file_name.replace("\\", "/"))
    if os.path.isabs(relative) or ntpath.splitdrive(relative)[0] or "\0" in relative:
        raise ValueError(f"{place}: file_name must be relative, got {file_name!r:.80}")
    if relative.split(os.sep)[0] == os.pardir:
        raise ValueError(f"{place}: file_name leads outside the folder, got {file_name!r:.80}")
    parent = os.path.join(folder, os.pardir)
    subset = stem.split("_")[-1]  # instances_train2017.json goes with ../train2017
    for base in (folder, parent):
        for inside in ("", "images", "JPEGImages", subset, os.path.join("images", subset)):
            candidate = os.path.join(base, inside, relative)
            if os.path.isfile(candidate):
                return os.path.normpath(candidate)
    return os.path.join(folder, relative)
