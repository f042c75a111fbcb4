"""The integral images of many windows of one size, side by side.

Sums lie position by position, those of all windows next to each other: a feature is then a few
rows of them, and vector instructions evaluate it in many windows at once.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from classicvision._checks import check_size
from classicvision._jit import kernel

_LARGEST_WINDOW = 256  # pixels a side: the number of features grows with the fourth power
_MOST_FEATURES = 2**25  # which take some gigabytes


@dataclasses.dataclass(frozen=True, eq=False)
class WindowSums:
    """Integral images of n windows.

    Attributes
    ----------
    window : tuple of int
        (width, height) in pixels.
    sums : ndarray of int32, shape ((height + 1) * (width + 1), n), or twice as many rows
        Row ``y * (width + 1) + x`` has the sums of the pixels left of x and above y. The tilted
        integral images follow, where they were asked for.
    scale : ndarray of float32, shape (n,)
        1 / (area * standard deviation) of the window without its outermost pixels; 0 for a window
        that has no contrast. Detection normalises by the same number.
    """

    window: tuple[int, int]
    sums: np.ndarray
    scale: np.ndarray

    def __len__(self):
        return len(self.scale)

    def take(self, indices):
        """Return the sums of some of the windows."""
        return WindowSums(self.window, np.take(self.sums, indices, axis=1), self.scale[indices])


def check_window_size(window):
    """Return ``(width, height)`` of a window as two ints."""
    if window is None:
        raise TypeError("window must be an integer or (width, height), got None")
    return check_size(window, "window", at_least=3, at_most=_LARGEST_WINDOW)


def check_feature_count(count, window):
    """Refuse windows with more features than fit into memory."""
    if count > _MOST_FEATURES:
        raise ValueError(
            f"window of {window[0]} x {window[1]} pixels has {count:,} features, more than "
            f"{_MOST_FEATURES:,}; use a smaller one, such as 24 x 24"
        )


def check_windows(images, window):
    """Return a uint8 array of shape (n, height, width); one window is an array of one."""
    images = np.asarray(images)
    width, height = window
    if images.dtype != np.uint8:
        raise TypeError(f"images must be of dtype uint8, got {images.dtype}; use as_uint8")
    if images.ndim == 2:
        images = images[None]
    if images.ndim != 3 or images.shape[1:] != (height, width):
        raise ValueError(
            f"images must be of shape (n, {height}, {width}), the window's, got {images.shape}"
        )
    return images


# n = window, r = row, c = column, k = position
@kernel
def _sum_upright(images, sums, squares):
    """Write integral images, and the sums of squares of the windows without their border."""
    count, rows, columns = images.shape
    row = np.zeros(columns + 1, np.int32)
    for n in range(count):
        row[:] = 0
        energy = np.int64(0)
        for r in range(rows + 1):
            total = np.int32(0)
            for c in range(columns + 1):
                if r > 0 and c > 0:
                    pixel = np.int32(images[n, r - 1, c - 1])
                    total = np.int32(total + pixel)
                    row[c] = np.int32(row[c] + total)
                    if 1 < r < rows and 1 < c < columns:
                        energy += np.int64(pixel) * pixel
                sums[r * (columns + 1) + c, n] = row[c]
        squares[n] = energy


@kernel
def _sum_tilted(images, sums):
    """Write integral images tilted by 45 degrees (Lienhart and Maydt 2002, section 2.2)."""
    count, rows, columns = images.shape
    across = columns + 1
    for n in range(count):
        for c in range(across):
            sums[c, n] = 0
        for r in range(1, rows + 1):
            here, above = r * across, (r - 1) * across
            for c in range(across):
                # Beyond the left and the right edge there are no pixels: see the detector's.
                total = np.int32(0)
                if c == 0:
                    total = sums[above + 1, n]
                else:
                    total = np.int32(sums[above + c - 1, n] + np.int32(images[n, r - 1, c - 1]))
                    if c < columns:
                        total = np.int32(total + sums[above + c + 1, n])
                        if r > 1:
                            total = np.int32(total - sums[above - across + c, n])
                    if r > 1:
                        total = np.int32(total + np.int32(images[n, r - 2, c - 1]))
                sums[here + c, n] = total


def sum_windows(images, *, tilted=False):
    """Return the `WindowSums` of windows, a uint8 array of shape (n, height, width)."""
    count, rows, columns = images.shape
    positions = (rows + 1) * (columns + 1)
    sums = np.empty((positions * (1 + tilted), count), np.int32)
    squares = np.empty(count, np.int64)
    _sum_upright(images, sums[:positions], squares)
    if tilted:
        _sum_tilted(images, sums[positions:])
    inner = corner_rows(np.array([1, 1, columns - 2, rows - 2]), columns)
    total = (sums[inner[0]] - sums[inner[1]] - sums[inner[2]] + sums[inner[3]]).astype(np.float64)
    area = float((columns - 2) * (rows - 2))
    variance = area * squares - total * total
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(variance > 0, 1 / np.sqrt(variance), 1.0).astype(np.float32)
    scale[area * scale.astype(np.float64) >= 0.1] = 0  # OpenCV finds those too flat
    return WindowSums((columns, rows), sums, scale)


def corner_rows(rectangles, columns):
    """Return the rows of ``sums`` that the corners of upright rectangles (x, y, w, h) take."""
    x, y, width, height = np.moveaxis(rectangles, -1, 0)
    across = columns + 1
    corners = [
        y * across + x,
        y * across + x + width,
        (y + height) * across + x,
        (y + height) * across + x + width,
    ]
    return np.stack(corners, axis=-1)
