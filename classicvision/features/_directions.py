"""The directions of keypoints: peaks of the histogram of gradients around each.

References
----------
D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004, section 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 36
_WINDOW = 1.5  # standard deviation of the Gaussian around a keypoint, in its own sigmas
_REACH = 3  # standard deviations of it
_SECOND = 0.8  # of the highest peak: how high another one must be


# n = keypoint, r = row, c = column, k = direction, from x towards y. The Gaussian is a product of
# one of the rows and one of the columns away: `falloff`.
@kernel
def _collect(scales, places, sigmas, falloff, histograms):
    rows, columns = scales.shape[1:]
    for n in range(places.shape[0]):
        s, row, column = places[n]
        image, histogram = scales[s], histograms[n]
        deviation = _WINDOW * sigmas[n]
        radius = min(int(np.rint(_REACH * deviation)), falloff.size - 1)
        for far in range(radius + 1):
            falloff[far] = math.exp(-far * far / (2 * deviation**2))
        for r in range(max(row - radius, 1), min(row + radius + 1, rows - 1)):
            for c in range(max(column - radius, 1), min(column + radius + 1, columns - 1)):
                dx = np.float64(image[r, c + 1]) - image[r, c - 1]
                dy = np.float64(image[r + 1, c]) - image[r - 1, c]
                weight = (
                    math.sqrt(dx * dx + dy * dy) * falloff[abs(r - row)] * falloff[abs(c - column)]
                )
                k = int(np.rint(math.atan2(dy, dx) * (_BINS / (2 * math.pi))))
                histogram[k % _BINS] += weight


def find_directions(
    scales: NDArray[np.float32], places: NDArray[np.int64], sigmas: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the directions of all keypoints in one octave.

    Parameters
    ----------
    scales : ndarray of float32, shape (scales, rows, columns)
    places : ndarray of int64, shape (n, 3)
        The scale, row and column of each keypoint.
    sigmas : ndarray of float64, shape (n,)
        Of each keypoint, in pixels of the octave.

    Returns
    -------
    owner : ndarray of int64, shape (k,)
        Whose direction it is: every peak of 0.8 of the highest is one.
    directions : ndarray of float64, shape (k,)
        Radians from x towards y.
    """
    histograms = np.zeros((len(places), _BINS))
    _collect(scales, places, sigmas, np.empty(max(scales.shape)), histograms)
    # Smoothed by 1 4 6 4 1, and the circle closed.
    one, two = (np.roll(histograms, k, 1) + np.roll(histograms, -k, 1) for k in (1, 2))
    smooth = (6 * histograms + 4 * one + two) / 16
    before, after = np.roll(smooth, 1, 1), np.roll(smooth, -1, 1)
    peaks = (smooth > before) & (smooth > after)
    peaks &= smooth >= _SECOND * smooth.max(axis=1, keepdims=True, initial=0)
    owner, k = np.nonzero(peaks)
    low, middle, high = before[owner, k], smooth[owner, k], after[owner, k]
    place = k + 0.5 * (low - high) / (low - 2 * middle + high)  # of the parabola through three
    return owner, np.mod(place * (2 * math.pi / _BINS), 2 * math.pi)
