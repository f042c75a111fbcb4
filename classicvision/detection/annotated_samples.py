"""Annotated photographs as samples, to evaluate and to calibrate detectors on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from classicvision._checks import check_boxes
from classicvision.detection import _annotations
from classicvision.images import read_image
from classicvision.images.reading import display_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_annotations(
    path: str | os.PathLike[str], label: str | int | None = None
) -> list[tuple[str, NDArray[np.float32]]]:
    """Read which photographs are annotated, and the boxes of the objects in them.

    Parameters
    ----------
    path : path-like
        An OpenCV list (``.dat``, ``.txt``, ``.lst``), a Pascal VOC ``.xml`` or a folder of them, a
        COCO ``.json``, or a YOLO folder, as for `read_positives`.
    label : str or int, optional
        The class to take: its name, or its number in COCO and YOLO. All by default. Photographs
        without it are kept, with no boxes: what is found there is a false alarm.

    Returns
    -------
    list of (path, boxes)
        What `evaluate_detector` and `calibrate_detector` take: the image's file, and a float32
        array (n, 4) of x1, y1, x2, y2 in pixels, right and bottom exclusive.

    Raises
    ------
    TypeError
        If `path` is no path.
    OSError
        For a file that cannot be opened. Of the photographs only those of a YOLO folder are
        opened, as their boxes are shares of the width and the height.
    ValueError
        For a file that is damaged or of another kind, or boxes that are none, in one line that
        names it; for a label that no box has.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import classicvision as cv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "info.dat")
    ...     _ = path.write_text("party.jpg 1  20 30 100 100")
    ...     [(photograph, boxes)] = cv.read_annotations(path)
    >>> Path(photograph).name, boxes.tolist()
    ('party.jpg', [[20.0, 30.0, 120.0, 130.0]])
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be the name of a file or a folder, got {path!r:.80}")
    path = os.fsdecode(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{display_name(path)}: no such file or folder")
    return [_sample(image) for image in _annotations.read_annotations(path, label)]


def _sample(image):
    shape = read_image(image.path).shape[:2] if image.relative and len(image.boxes) else (1, 1)
    boxes = image.pixel_boxes(shape)
    return image.path, check_boxes(boxes, f"the boxes of {display_name(image.path)}")
