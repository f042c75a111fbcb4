"""Searching an image for objects of one size, in either of two ways.

Shrink the image and scan it with the cascade as it is, or enlarge the cascade's features and
scan the image as it is.
"""

from typing import NamedTuple

import numpy as np

from classicvision._opencv import opencv
from classicvision.detection.cascade_enlarging import enlarge, frame_at, normalise_lattice
from classicvision.detection.cascade_layers import window_at
from classicvision.detection.cascade_layout import (
    Corners,
    Tables,
    lay_out,
    make_corners,
    make_tables,
)
from classicvision.detection.cascade_scan import make_work, scan_layer
from classicvision.detection.cascade_xml import Cascade

_ROOM = 4096  # windows at first, more if there are more


class Model(NamedTuple):
    """A cascade, laid out for scanning."""

    cascade: Cascade
    tables: Tables
    corners: Corners
    most_nodes: int  # of a tree


def make_model(cascade):
    """Lay a `Cascade` out."""
    most_nodes = int(np.diff(cascade.tree_nodes).max())
    return Model(cascade, make_tables(cascade), make_corners(cascade), most_nodes)


def search_shrunk(model, gray, layer, depth=None):
    """Scan the image shrunk to ``layer``.

    Parameters
    ----------
    model : Model
    gray : ndarray of uint8, shape (rows, columns)
    layer : Layer
        From `find_layers`.
    depth : ndarray of uint16, shape (lattice rows, lattice columns), optional
        Takes the number of stages that each window passes.

    Returns
    -------
    rectangles : ndarray of int32, shape (n, 4)
        x, y, width, height in the image.
    sums : ndarray of float64, shape (n,)
        The sum of leaves of the last stage.
    """
    small = gray
    if layer.size != gray.shape[::-1]:
        cv2 = opencv()
        small = cv2.resize(gray, layer.size, interpolation=cv2.INTER_LINEAR_EXACT)
    positions, sums = scan_image(model, small, layer.step, layer.lattice, depth)
    # The positions are rounded as OpenCV does: float32 products, halves to even.
    places = np.rint((positions * layer.step).astype(np.float32) * layer.scale)
    return _rectangles(places, window_at(model.cascade.window, layer.scale)), sums


def search_enlarged(model, gray, integrals, layer, depth=None):
    """Scan the image with the cascade's features enlarged to ``layer``.

    Parameters
    ----------
    model, gray, depth
        As for `search_shrunk`, as is what is returned.
    integrals : tuple of ndarray of int64, or None
        The integral images of values and of squares, for Haar features.
    layer : Layer
        From `find_enlarged_layers`.
    """
    enlarged = enlarge(model.cascade, layer.scale)
    tables, norms = model.tables, None
    if enlarged.kind == "haar":
        tables = tables._replace(weights=enlarged.weights[enlarged.node_features])
        frame = frame_at(model.cascade.window, layer.scale)
        norms = normalise_lattice(*integrals, frame, layer.step, layer.lattice)
    model = Model(enlarged, tables, make_corners(enlarged), model.most_nodes)
    stored = lay_out(gray, model.corners, layer.step, norms=norms)
    positions, sums = _scan(model, layer.lattice, stored, depth)
    return _rectangles(positions * layer.step, enlarged.window), sums


def scan_image(model, gray, step, lattice, depth=None):
    """Run the cascade over an image as it is; see `CascadeDetector.scan`."""
    for side, count, length in zip(model.cascade.window, lattice, gray.shape[::-1], strict=True):
        if step < 1 or count < 0 or (count and (count - 1) * step + side > length):
            raise ValueError(
                f"lattice must be of windows inside the image, got {tuple(lattice)} of them, "
                f"{step} pixels apart, for an image of shape {gray.shape}"
            )
    haar = model.cascade.kind == "haar"
    stored = lay_out(gray, model.corners, step, with_squares=haar)
    return _scan(model, lattice, stored, depth)


def _scan(model, lattice, stored, depth):
    """Lattice columns and rows of the windows that pass, and their last sums."""
    width, height = model.cascade.window
    area = float((width - 2) * (height - 2))  # of the normalisation rectangle
    depth = np.zeros((0, 0), np.uint16) if depth is None else depth
    work = make_work(stored[0], model.most_nodes)
    room = _ROOM
    while True:
        positions, sums = np.empty((room, 2), np.int32), np.empty(room)
        n = scan_layer(area, lattice, tuple(model.tables), stored, work, positions, sums, depth)
        if n <= room:
            return positions[:n], sums[:n]
        room = n


def _rectangles(places, window):
    rectangles = np.empty((len(places), 4), np.int32)
    rectangles[:, :2] = places
    rectangles[:, 2:] = window
    return rectangles
