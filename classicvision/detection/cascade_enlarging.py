"""Enlarging the features of a cascade, Viola and Jones' own way to find larger objects.

The image keeps its size. Corners of features are multiplied by the scale and rounded, and the
weights corrected for what the rounding does to the areas.

References
----------
P. Viola and M. Jones, "Robust real-time face detection", IJCV 57, 2004, section 5.4.
"""

import dataclasses

import numpy as np

from classicvision.detection.cascade_layers import window_at


def enlarge(cascade, scale):
    """Return the cascade for a window ``scale`` times as large.

    Parameters
    ----------
    cascade : Cascade
    scale : float32
        1 or more.

    Returns
    -------
    Cascade
        All features lie inside the new window. A Haar feature keeps the meaning of its weights:
        each rectangle counts by its share of the window. So it is 0 where all pixels are equal if
        it was so before, and the thresholds need no change: features are divided by the area
        of the window and its standard deviation.

    Notes
    -----
    Edges of upright rectangles are rounded each for itself: rectangles that touch still do. Of
    tilted ones and of the cells of LBP features the sides are rounded, since these must stay
    equal; LBP features keep their centres.
    """
    window = tuple(window_at(cascade.window, scale).tolist())
    if cascade.kind == "lbp":
        return dataclasses.replace(
            cascade, window=window, rectangles=_enlarge_grids(cascade.rectangles, window, scale)
        )
    old, new, tilted = cascade.rectangles, np.empty_like(cascade.rectangles), cascade.tilted
    new[~tilted] = _enlarge_upright(old[~tilted], scale)
    new[tilted] = _enlarge_tilted(old[tilted], window, scale)
    before, after = (each[..., 2] * np.float64(each[..., 3]) for each in (old, new))
    left, top, right, bottom = frame_at(cascade.window, scale)
    width, height = cascade.window
    growth = (right - left) * (bottom - top) / ((width - 2) * (height - 2))
    correction = np.divide(before * growth, after, out=np.ones(before.shape), where=after > 0)
    return dataclasses.replace(
        cascade,
        window=window,
        rectangles=new,
        weights=(cascade.weights * correction).astype(np.float32),
    )


def frame_at(window, scale):
    """Left, top, right and bottom edge of the rectangle whose contrast normalises a window."""
    width, height = window
    return _round_product([1, 1, width - 1, height - 1], scale).tolist()


def _round_product(values, scale):
    """Single precision and halves to even, as the window's size is rounded."""
    return np.rint(np.asarray(values, np.float32) * np.float32(scale)).astype(np.int64)


def _enlarge_upright(rectangles, scale):
    starts = _round_product(rectangles[..., :2], scale)
    ends = _round_product(rectangles[..., :2] + rectangles[..., 2:], scale)
    return np.concatenate([starts, ends - starts], -1)


def _enlarge_tilted(rectangles, window, scale):
    """(x, y) is the topmost corner; the sides go right and down, and left and down."""
    x, y, width, height = np.moveaxis(_round_product(rectangles, scale), -1, 0)
    excess = np.maximum(width + height - min(window), 0)  # 1, where both were rounded up
    width, height = (
        np.where(width >= height, width - excess, width),
        np.where(width >= height, height, height - excess),
    )
    x = np.clip(x, height, window[0] - width)
    y = np.minimum(y, window[1] - width - height)
    return np.stack([x, y, width, height], -1)


def _enlarge_grids(rectangles, window, scale):
    """The first rectangle is the top left of 3 by 3 equal cells."""
    corners, sizes = np.float64(rectangles[:, 0, :2]), rectangles[:, 0, 2:]
    cells = np.minimum(_round_product(sizes, scale), np.array(window) // 3)
    starts = np.rint((corners + 1.5 * sizes) * np.float64(scale) - 1.5 * cells)
    starts = np.clip(starts, 0, window - 3 * cells)
    enlarged = np.zeros_like(rectangles)
    enlarged[:, 0] = np.concatenate([starts, cells], -1)
    return enlarged


def normalise_lattice(sums, squares, frame, step, lattice):
    """Return 1 / (area x standard deviation) of the windows of a lattice; 0 for flat ones.

    Parameters
    ----------
    sums, squares : ndarray of int64, shape (rows + 1, columns + 1)
        Integral images: those of 32 bits cannot hold the squares of windows above 257 x 257.
    frame : tuple of int
        From `frame_at`.
    step : int
        Distance between windows.
    lattice : tuple of int
        How many columns and rows of windows.

    Returns
    -------
    ndarray of float32, shape (lattice rows, lattice columns)
        By OpenCV's rule: a window is flat if the standard deviation is 10 or less.
    """
    left, top, right, bottom = frame
    area = float((right - left) * (bottom - top))
    total = _box_sums(sums, frame, step, lattice)
    variance = area * _box_sums(squares, frame, step, lattice) - total * total
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = (1.0 / np.sqrt(variance)).astype(np.float32)
        return np.where((variance > 0) & (area * np.float64(factors) < 0.1), factors, np.float32(0))


def _box_sums(table, frame, step, lattice):
    left, top, right, bottom = frame
    columns, rows = lattice

    def corner(x, y):
        return table[y::step, x::step][:rows, :columns]

    box = corner(left, top) - corner(right, top) - corner(left, bottom) + corner(right, bottom)
    return box.astype(np.float64)
