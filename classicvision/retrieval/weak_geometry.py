"""Weak geometric consistency: the matches of an image that turn and zoom by the same amount."""

import numpy as np

from classicvision._jit import kernel

_TURN_BINS = 32  # of 1/32 turn each; three neighbours make 34 degrees
_ZOOM_BINS = 128  # of a quarter of a doubling each; three neighbours make a factor of 1.7


def turn_and_zoom_histograms():
    """Return empty histograms for `consistent_score`, which leaves them empty."""
    return np.zeros(_TURN_BINS), np.zeros(_ZOOM_BINS + 2)


# The best three neighbouring bins; differences of angles are cyclic, of scales they are not.
@kernel
def _highest(weights, bins, histogram, cyclic):
    for m in range(len(weights)):
        histogram[bins[m]] += weights[m]
    highest = 0.0
    n_bins = len(histogram)
    for m in range(len(weights)):
        b = np.int64(bins[m])
        below = b - 1 if b > 0 or not cyclic else n_bins - 1
        above = b + 1 if b + 1 < n_bins or not cyclic else 0
        highest = max(highest, histogram[below] + histogram[b] + histogram[above])
    for m in range(len(weights)):
        histogram[bins[m]] = 0.0
    return highest


@kernel
def consistent_score(weights, turns, zooms, turn_histogram, zoom_histogram):
    """Return the weight of the matches of one image that agree on a turn, and on a zoom.

    The smaller of the highest places of two histograms: of the differences of the angles, and of
    the scales. Jegou, Douze and Schmid, "Hamming embedding and weak geometric consistency for
    large scale image search", ECCV 2008, section 4.

    Parameters
    ----------
    weights : ndarray of float32, shape (n,)
    turns : ndarray of uint8, shape (n,)
        Differences of the angles in 256ths of a turn.
    zooms : ndarray of int16, shape (n,)
        Differences of the scales in 16ths of a doubling, -255 to 255.
    turn_histogram, zoom_histogram : ndarray of float64
        Of `turn_and_zoom_histograms`.
    """
    if len(weights) == 1:
        return np.float64(weights[0])
    turned = _highest(weights, turns >> 3, turn_histogram, True)
    zoomed = _highest(weights, ((zooms + 256) >> 2) + 1, zoom_histogram, False)
    return min(turned, zoomed)
