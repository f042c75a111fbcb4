"""How a cascade and a layer of an image pyramid lie in memory while one is run over the other.

A layer is scanned on a lattice of window positions, every pixel or every ``step`` pixels. The
integral images are stored so that neighbouring windows are neighbours in memory: for a step of
two they are split into four planes, by even and odd rows and columns, for a step of three into
nine. The corner of a feature is then one offset, the same for all windows.
"""

from typing import NamedTuple

import numpy as np

from classicvision._jit import kernel

GRID = 16  # corners of an LBP feature; a Haar feature has 8 or 12
PAD = 64  # elements behind every array that may be read, since vector loops run over


class Tables(NamedTuple):
    """A cascade laid out for scanning: n nodes, t trees, s stages.

    ``values[m]`` are the leaves left and right of node ``m``; where ``links[m]`` is positive
    the way leads to that node of the tree instead, and the value is 0.
    """

    weights: np.ndarray | None  # Haar: float32 (n, 3)
    subsets: np.ndarray  # LBP: uint32 (n, 8)
    thresholds: np.ndarray  # float32 (n,)
    values: np.ndarray  # float32 (n, 2)
    links: np.ndarray | None  # int32 (n, 2); None where all trees are stumps
    tree_nodes: np.ndarray  # int32 (t + 1,)
    stage_trees: np.ndarray  # int32 (s + 1,)
    stage_thresholds: np.ndarray  # float32 (s,)
    stage_slack: np.ndarray  # float32 (s,): bound of the error of a float32 sum of leaves


class Corners(NamedTuple):
    """Where the features of n nodes have their corners; row n is the normalisation rectangle."""

    x: np.ndarray  # int32 (n + 1, 16)
    y: np.ndarray  # int32 (n + 1, 16)
    tilted: np.ndarray  # bool (n + 1,)


def make_tables(cascade):
    """Lay the trees and stages of a `Cascade` out for `cascade_scan.scan_layer`."""
    # Leaves are numbered within a tree, and every tree has one leaf more than nodes.
    trees = np.arange(len(cascade.tree_nodes) - 1)
    first_leaf = np.repeat(cascade.tree_nodes[:-1] + trees, np.diff(cascade.tree_nodes))
    leaf = first_leaf[:, None] + np.maximum(-cascade.node_links, 0)
    return Tables(
        weights=cascade.weights[cascade.node_features] if cascade.kind == "haar" else None,
        subsets=cascade.node_subsets,
        thresholds=cascade.node_thresholds,
        values=np.where(cascade.node_links > 0, np.float32(0), cascade.leaves[leaf]),
        links=None if cascade.is_stumps else np.maximum(cascade.node_links, 0),
        tree_nodes=cascade.tree_nodes,
        stage_trees=cascade.stage_trees,
        stage_thresholds=cascade.stage_thresholds,
        stage_slack=_stage_slack(cascade),
    )


def make_corners(cascade):
    """Collect the corners of the features of all nodes of a `Cascade`."""
    width, height = cascade.window
    rectangles = cascade.rectangles[cascade.node_features]
    lbp = cascade.kind == "lbp"
    corners = _grid_corners(rectangles[:, 0]) if lbp else _box_corners(cascade, rectangles)
    frame = np.zeros((1, GRID, 2), np.int32)
    frame[0, :4] = [(1, 1), (width - 1, 1), (1, height - 1), (width - 1, height - 1)]
    corners = np.concatenate([corners, frame]).astype(np.int32)
    return Corners(
        x=np.ascontiguousarray(corners[..., 0]),
        y=np.ascontiguousarray(corners[..., 1]),
        tilted=np.append(cascade.tilted[cascade.node_features], False),
    )


def _box_corners(cascade, rectangles):
    """Corners (x, y) of the up to three rectangles: p0 - p1 - p2 + p3 is a rectangle's sum."""
    x, y, width, height = np.moveaxis(rectangles, -1, 0)
    upright = np.stack([x, y, x + width, y, x, y + height, x + width, y + height], -1)
    # A tilted rectangle has its top at (x, y), goes down right by its width, left by its height.
    tilted = np.stack(
        [x, y, x - height, y + height, x + width, y + width]
        + [x + width - height, y + width + height],
        -1,
    )
    corners = np.where(cascade.tilted[cascade.node_features, None, None], tilted, upright)
    padded = np.zeros((len(rectangles), GRID, 2), np.int32)
    padded[:, :12] = corners.reshape(len(rectangles), 12, 2)
    return padded


def _grid_corners(cells):
    """Return the 4 by 4 corners (x, y) of a 3 by 3 grid of equal cells, row by row."""
    x, y, width, height = cells.T[:, :, None, None]
    steps = np.arange(4)
    corners = np.broadcast_arrays(x + steps * width, y + steps[:, None] * height)
    return np.stack(corners, -1).reshape(len(cells), GRID, 2)


def _stage_slack(cascade):
    """Bound the rounding of a float32 sum: terms x unit roundoff x sum of magnitudes, doubled."""
    trees = np.arange(len(cascade.tree_nodes) - 1)
    largest = np.maximum.reduceat(
        np.abs(cascade.leaves.astype(np.float64)), cascade.tree_nodes[:-1] + trees
    )
    terms = np.diff(cascade.stage_trees) + 1
    with np.errstate(over="ignore"):
        slack = 2 * terms * 2.0**-24 * np.add.reduceat(largest, cascade.stage_trees[:-1])
        return (slack + 1e-30).astype(np.float32)


# columns, plane: elements of a row, and of a whole phase plane, of the stored integral images.
# Offsets are unsigned: a signed index would be tested for counting from the end.


@kernel(inline=True)
def _store_row(row, r, step, columns, plane, start, target):
    """Store row ``r`` of an integral image, its columns dealt out to ``step`` planes."""
    begin = np.uint64(start + r % step * step * plane + r // step * columns)
    if step == 1:
        for c in range(columns):
            target[begin + np.uint64(c)] = row[np.uint64(c)]
    elif step == 2:
        odd = begin + np.uint64(plane)
        for c in range(columns):
            target[begin + np.uint64(c)] = row[np.uint64(2 * c)]
            target[odd + np.uint64(c)] = row[np.uint64(2 * c + 1)]
    else:
        for phase in range(step):
            for c in range(columns):
                target[begin + np.uint64(c)] = row[np.uint64(c * step + phase)]
            begin += np.uint64(plane)


@kernel
def _store_integral(layer, power, step, columns, plane, row, sums):
    """Integral image of the values (power 1) or their squares (2); it wraps, differences do not."""
    rows, width = layer.shape
    for r in range(rows + 1):
        if r > 0:
            line = layer[r - 1]
            total = np.int32(0)
            for c in range(width):
                value = np.int32(line[np.uint64(c)])
                total = np.int32(total + np.int32(value * value if power == 2 else value))
                k = np.uint64(c + 1)
                row[k] = np.int32(row[k] + total)
        _store_row(row, r, step, columns, plane, 0, sums)


@kernel
def _store_tilted_integral(layer, step, columns, plane, start, sums):
    """Integral image tilted by 45 degrees (Lienhart and Maydt 2002, section 2.2)."""
    rows, width = layer.shape
    above = np.zeros(width + step + 1, np.int32)  # row r - 1
    above2 = np.zeros(width + step + 1, np.int32)  # row r - 2
    row = np.zeros(width + step + 1, np.int32)
    pixels = np.zeros(width + 1, np.int32)  # layer[r - 1] + layer[r - 2]
    for r in range(rows + 1):
        if r > 0:
            for c in range(width):
                pixels[c] = np.int32(layer[r - 1, c])
                if r > 1:
                    pixels[c] += np.int32(layer[r - 2, c])
            row[0] = above[1]
            for c in range(1, width):
                row[c] = np.int32(above[c - 1] + above[c + 1] - above2[c] + pixels[c - 1])
            row[width] = np.int32(above[width - 1] + pixels[width - 1])
        _store_row(row, r, step, columns, plane, start, sums)
        above2, above, row = above, row, above2


@kernel
def _place_corners(corner_x, corner_y, tilted, step, columns, plane, corners):
    """Turn the corners of the features into offsets within the stored integral images."""
    behind = step * step * plane  # the tilted integral image is stored behind the upright one
    bit = step - 1
    for m in range(corner_x.shape[0]):
        begin = behind if tilted[m] else 0
        for k in range(GRID):
            x, y = corner_x[m, k], corner_y[m, k]
            if step <= 2:  # divisions would cost a tenth of a detection
                phase = (y & bit) * step + (x & bit)
                corners[m, k] = np.uint32(begin + phase * plane + (y >> bit) * columns + (x >> bit))
            else:
                phase = y % step * step + x % step
                corners[m, k] = np.uint32(begin + phase * plane + y // step * columns + x // step)


def lay_out(layer, corners, step, *, with_squares=False, norms=None):
    """Store the integral images of a layer, and place the corners in them.

    Parameters
    ----------
    layer : ndarray of uint8, shape (rows, columns)
    corners : Corners
    step : int
        Distance between neighbouring windows.
    with_squares : bool
        Whether the windows are to be normalised, by the last of the corners.
    norms : ndarray of float32, shape (lattice rows, lattice columns), optional
        Or what they are to be normalised by, 0 for those that do not count.

    Returns
    -------
    tuple
        Elements in a stored row, stored sums (the tilted ones behind the upright ones), stored
        sums of squares, stored norms, and offsets of corners, uint32 (n + 1, 16).
    """
    rows, width = layer.shape
    columns = (width + step) // step
    plane = (rows + step) // step * columns
    upright = step * step * plane
    has_tilted = bool(corners.tilted.any())
    row = np.zeros(width + step + 1, np.int32)
    sums = np.empty(upright * (1 + has_tilted) + columns + PAD, np.int32)
    _store_integral(layer, 1, step, columns, plane, row, sums)
    if has_tilted:
        _store_tilted_integral(layer, step, columns, plane, upright, sums)
    squares = np.empty(upright + columns + PAD if with_squares else 0, np.int32)
    if with_squares:
        row[:] = 0
        _store_integral(layer, 2, step, columns, plane, row, squares)
    stored_norms = np.zeros((0, columns) if norms is None else (len(norms), columns), np.float32)
    if norms is not None:
        stored_norms[:, : norms.shape[1]] = norms
    offsets = np.empty(corners.x.shape, np.uint32)
    _place_corners(corners.x, corners.y, corners.tilted, step, columns, plane, offsets)
    return columns, sums, squares, stored_norms.ravel(), offsets
