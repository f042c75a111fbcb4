"""Local binary patterns: which of eight neighbours are not darker than the middle.

References
----------
T. Ojala, M. Pietikainen and D. Harwood, "A comparative study of texture measures with
classification based on feature distributions", Pattern Recognition 29(1), 1996.
S. Liao, X. Zhu, Z. Lei, L. Zhang and S. Z. Li, "Learning multi-scale block local binary patterns
for face recognition", ICB 2007.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel
from classicvision.features._windows import (
    WindowSums,
    check_feature_count,
    check_window_size,
    check_windows,
    sum_windows,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_GRID = 16  # corners of three by three cells

# For each bit, highest first, the corners of the cell at the top left: clockwise from there.
_CELLS = (0, 1, 2, 6, 10, 9, 8, 4)


@kernel(inline=True, views_only=True)
def _add_bit(top_left, top_right, bottom_left, bottom_right, centre, bit, codes):
    for i in range(codes.size):
        cell = np.int32(np.int32(top_left[i] - top_right[i]) - bottom_left[i])
        cell = np.int32(cell + bottom_right[i])
        codes[i] |= bit if cell >= centre[i] else np.uint8(0)


@kernel(views_only=True)
def lbp_values(sums, corners, centre, codes):
    """Write the code of one feature in every window.

    Parameters
    ----------
    sums : ndarray of int32, shape (positions, n)
        Those of `WindowSums`.
    corners : ndarray of uint32, shape (16,)
        Rows of ``sums``: the corners of three by three cells, row by row.
    centre : ndarray of int32, shape (n,)
        Overwritten: sums of the middle cells.
    codes : ndarray of uint8, shape (n,)
        What is written.
    """
    a, b, c, d = sums[corners[5]], sums[corners[6]], sums[corners[9]], sums[corners[10]]
    for i in range(codes.size):
        centre[i] = np.int32(np.int32(np.int32(a[i] - b[i]) - c[i]) + d[i])
        codes[i] = 0
    for n in range(8):
        k = _CELLS[n]
        _add_bit(
            sums[corners[k]],
            sums[corners[k + 1]],
            sums[corners[k + 4]],
            sums[corners[k + 5]],
            centre,
            np.uint8(128 >> n),
            codes,
        )


@kernel(views_only=True)
def _all_codes(sums, corners, centre, codes):
    for m in range(corners.shape[0]):
        lbp_values(sums, corners[m], centre, codes[m])


@dataclasses.dataclass(frozen=True, eq=False)
class LBPFeatures:
    """A list of multi-block local binary patterns of one window.

    Attributes
    ----------
    window : tuple of int
        (width, height) in pixels.
    cells : ndarray of int32, shape (n, 4)
        x, y, width and height of the top left one of three by three equal cells.
    """

    window: tuple[int, int]
    cells: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, index) -> LBPFeatures:
        """Return some of the features: a slice, a mask or an array of numbers."""
        return LBPFeatures(self.window, np.atleast_2d(self.cells[index]))

    def evaluate(self, images: ArrayLike) -> NDArray[np.uint8]:
        """Return the code of each feature in each window.

        Parameters
        ----------
        images : array_like of uint8, shape (n, height, width) or (height, width)
            Windows of the features' size.

        Returns
        -------
        ndarray of uint8, shape (n, features)
            A bit for each outer cell whose sum is not below that of the middle one: clockwise
            from the top left, highest bit first.

        Raises
        ------
        TypeError
            For another dtype than uint8.
        ValueError
            For windows of another size.

        Examples
        --------
        >>> import numpy as np
        >>> window = np.array([[9, 9, 9], [0, 5, 0], [0, 0, 0]], np.uint8)
        >>> lbp_features(3).evaluate(window)
        array([[224]], dtype=uint8)
        """
        images = check_windows(images, self.window)
        sums = self.sums(images)
        codes = np.empty((len(self), len(images)), np.uint8)
        _all_codes(sums.sums, self.corners(), np.empty(len(images), np.int32), codes)
        return codes.T

    def sums(self, images: NDArray[np.uint8]) -> WindowSums:
        """Return the integral images that the features are evaluated on."""
        return sum_windows(images)

    def corners(self) -> NDArray[np.uint32]:
        """Return the rows of `WindowSums.sums` of all corners, shape (n, 16)."""
        x, y, width, height = self.cells.astype(np.int64).T[:, :, None, None]
        steps = np.arange(4)
        rows = (y + steps[:, None] * height) * (self.window[0] + 1) + x + steps * width
        return rows.reshape(len(self), _GRID).astype(np.uint32)


def lbp_features(window: int | tuple[int, int] = (24, 24)) -> LBPFeatures:
    """Return all multi-block local binary patterns of a window, as ``opencv_traincascade`` does.

    Parameters
    ----------
    window : int or (int, int)
        (width, height) in pixels, 3 to 256.

    Returns
    -------
    LBPFeatures
        8,464 features of 24 x 24 pixels, by x, then y, then width, then height of their cells.

    Raises
    ------
    TypeError
        For a window that is no pair of integers.
    ValueError
        For a window out of range or with more than 33.5 million features, which one of 187 x 187
        pixels has.

    References
    ----------
    S. Liao, X. Zhu, Z. Lei, L. Zhang and S. Z. Li, "Learning multi-scale block local binary
    patterns for face recognition", ICB 2007.

    Examples
    --------
    >>> len(lbp_features((24, 24)))
    8464
    """
    width, height = check_window_size(window)
    across, down = (np.arange(side - 2, 0, -3).sum() for side in (width, height))
    check_feature_count(int(across * down), (width, height))
    x, y, w, h = np.ogrid[:width, :height, 1 : width // 3 + 1, 1 : height // 3 + 1]
    fits = (x + 3 * w <= width) & (y + 3 * h <= height)
    cells = np.argwhere(fits).astype(np.int32)
    cells[:, 2:] += 1
    return LBPFeatures((width, height), cells)
