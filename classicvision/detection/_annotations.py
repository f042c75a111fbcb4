"""Annotated photographs: which boxes OpenCV, Pascal VOC, COCO and YOLO files hold."""

from __future__ import annotations

import dataclasses
import ntpath
import os
import re

import numpy as np

from classicvision.detection._annotation_files import (
    IMAGE_SUFFIXES,
    LARGEST_LIST,
    AnnotatedImage,
    box_array,
    files_in,
    finite,
    is_model,
    read_text,
    subfolders,
)
from classicvision.detection._coco import read_coco
from classicvision.detection._xml import parse_xml
from classicvision.detection._yolo import read_yolo, yolo_pairs
from classicvision.images.reading import display_name, open_file

_KINDS = {
    ".vec": "vec", ".npz": "npz", ".json": "coco", ".xml": "voc",
    ".dat": "info", ".txt": "info", ".lst": "info", ".info": "info",
}  # fmt: skip


def source_kind(path: str) -> str:
    """Say what a path holds: vec, npz, coco, voc, info, yolo, or images without boxes."""
    if not os.path.isdir(path):
        return _KINDS.get(os.path.splitext(path)[1].lower(), "images")
    if _voc_files(path):
        return "voc"
    return "yolo" if yolo_pairs(path) else "images"


def read_annotations(path: str, label: str | int | None = None) -> list[AnnotatedImage]:
    """Read all annotated images of an OpenCV list, VOC files, a COCO file or a YOLO folder.

    Parameters
    ----------
    path : str
    label : str or int, optional
        Keep the boxes of this class only: its name, or in COCO and YOLO also its number. The
        images without it are kept, without boxes.

    Raises
    ------
    OSError
        For a file that cannot be opened.
    ValueError
        For a file that is damaged or of another kind, in one line that names it; for a label
        that no box has.
    """
    kind = source_kind(path)
    if kind == "info":
        found = _read_info(path)
    elif kind == "voc":
        found = [_read_voc(each) for each in _voc_files(path)]
    elif kind == "coco":
        found = read_coco(path)
    elif kind == "yolo":
        found = read_yolo(path)
    else:
        raise ValueError(
            f"{display_name(path)}: no annotations; give an OpenCV list (.dat, .txt, .lst), a "
            "COCO .json, or a folder with Pascal VOC .xml or YOLO .txt files"
        )
    return found if label is None else _only(found, label, path)


def _only(images, label, path):
    known = {name for image in images for name in image.labels}
    if not known:
        raise ValueError(f"{display_name(path)}: its boxes have no classes; drop label={label!r}")
    if not any(str(label) in name for name in known):
        names = ", ".join(sorted(name[0] for name in known)[:20])
        raise ValueError(f"label {label!r} is not in {display_name(path)}; there are {names}")
    kept = []
    for image in images:
        mask = [str(label) in name for name in image.labels]
        labels = tuple(name for name, wanted in zip(image.labels, mask, strict=True) if wanted)
        boxes = image.boxes[np.array(mask, bool)]
        kept.append(dataclasses.replace(image, boxes=boxes, labels=labels))
    return kept


def _read_info(path):
    """Read OpenCV's list: a line has a file name, a count, then x y width height of each box."""
    folder, found = os.path.dirname(path), []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        name, values = _split_info(line)
        if name is None:
            raise ValueError(
                f"{display_name(path)}: line {number} must be a file name, a count, and x y "
                f"width height for each of so many boxes, got {line.strip()[:60]!r}"
            )
        boxes = box_array(values)
        boxes[:, 2:] += boxes[:, :2]
        found.append(AnnotatedImage(os.path.join(folder, name), boxes, ()))
    return found


def _split_info(line):
    """Split at the first count that the numbers behind it agree with: names may hold spaces."""
    words = list(re.finditer(r"\S+", line))
    values = []  # of the numbers at the end of the line, the last one first
    for word in reversed(words[1:]):
        value = finite([word.group()])
        if value is None:
            break
        values += value
    for count in range(len(values) // 4, -1, -1):
        behind = 4 * count
        if behind < len(values) and words[-1 - behind].group() == str(count):
            name = line[: words[-2 - behind].end()].strip()
            return name.strip('"'), values[:behind][::-1]
    return None, None


def _voc_files(path):
    if not os.path.isdir(path):
        return [path]
    folders = [path, *subfolders(path, "annotations")]
    return next(filter(None, map(_xml_files, folders)), [])


def _xml_files(folder):
    """Return the XML files of a folder that are no models, which may lie beside the data."""
    return [path for path in files_in(folder, (".xml",)) if not is_model(path)]


def _read_voc(path):
    """Read a Pascal VOC file, whose boxes count pixels from 1 and hold both corners."""
    name = display_name(path)
    with open_file(path) as file:
        data = file.read(LARGEST_LIST + 1)
    try:
        if len(data) > LARGEST_LIST:
            raise ValueError(f"larger than {LARGEST_LIST >> 20} MiB")
        root = parse_xml(data, "a Pascal VOC file")
        if root.tag != "annotation":
            raise ValueError(f"not a Pascal VOC file: the root is <{root.tag[:40]}>")
        boxes, labels = [], []
        for item in root.findall("object"):
            words = [item.findtext(f"bndbox/{tag}") for tag in ("xmin", "ymin", "xmax", "ymax")]
            values = finite(words)
            if values is None:
                raise ValueError("an <object> has no <bndbox> of four numbers xmin, ymin, ...")
            boxes.append([values[0] - 1, values[1] - 1, *values[2:]])
            labels.append(((item.findtext("name") or "").strip(),))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    image = _voc_image(path, (root.findtext("filename") or "").strip())
    return AnnotatedImage(image, box_array(boxes), tuple(labels))


def _voc_image(path, filename):
    """Find the image: by its name, or named like the XML file, beside it or in a neighbour."""
    folder = os.path.dirname(path) or "."
    parent = os.path.join(folder, os.pardir)
    folders = [folder, *subfolders(parent, "jpegimages", "images", "image", "imgs"), parent]
    stem = os.path.splitext(os.path.basename(path))[0]
    base = ntpath.basename(filename).replace("\0", "")  # of a path of any system
    names = [base] if base else []
    names += [stem + suffix for s in IMAGE_SUFFIXES for suffix in (s, s.upper())]
    for name in names:
        for each in folders:
            if os.path.isfile(os.path.join(each, name)):
                return os.path.normpath(os.path.join(each, name))
    return os.path.normpath(os.path.join(folder, base or stem))
