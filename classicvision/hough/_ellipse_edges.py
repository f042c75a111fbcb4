"""Edge points as ellipses need them: to a fraction of a pixel, and with the normals there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel
from classicvision.edges.canny import canny
from classicvision.filters.derivatives import gradient
from classicvision.filters.smoothing import gaussian

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAINTEST_EDGE = 0.03  # a step of this part of the image's range of values
_NOISE_TO_HIGH = 4.2  # times the median gradient: 5 standard deviations of pure noise
_BUSIEST = 0.2  # at most this part of the pixels may start an edge
_LOW_TO_HIGH = 0.5  # ratio of Canny's thresholds
_SOBEL_BLUR = 0.6  # variance that Sobel's operator adds to the Gaussian's
_SAMPLES = 10_000  # pixels of which the gradient's distribution is known well enough


@dataclass(frozen=True)
class EdgePoints:
    """The pixels of an edge map, in the order of rows, then columns.

    Attributes
    ----------
    places : ndarray of float64, shape (4, n)
        x, y and the unit normal there; (0, 0) where there is none.
    index : ndarray of int32, shape (rows, columns)
        Which point a pixel is; -1 for none.
    signed : bool
        Whether the normals point to the brighter side; an edge map does not tell.
    """

    places: NDArray[np.float64]
    index: NDArray[np.int32]
    signed: bool


def edges_of_image(image: np.ndarray, sigma: float) -> tuple[NDArray[np.bool_], EdgePoints]:
    """Find the edges of a gray image by Canny's detector, with thresholds that suit the image.

    The higher threshold is above the noise, which the median of the gradient tells where most
    of the image is without edges.
    """
    darkest, brightest = float(image.min()) / 2, float(image.max()) / 2
    half = brightest - darkest  # of the range, which itself may be too large for a float
    if half == 0:
        return np.zeros(image.shape, bool), _points(np.zeros(image.shape, bool), True)
    scaled = image.astype(np.float64 if image.dtype == np.float64 else np.float32)
    scaled /= 2
    scaled -= darkest
    scaled /= half
    smooth = gaussian(scaled.astype(np.float32, copy=False), sigma)
    gx, gy = gradient(smooth, mode="nearest")
    step = max(1, round(math.sqrt(image.size / _SAMPLES)))
    sample = np.hypot(gx[::step, ::step], gy[::step, ::step])
    noise, busy = np.quantile(sample, [0.5, 1 - _BUSIEST])
    faintest = _FAINTEST_EDGE * 8 / math.sqrt(2 * math.pi * (sigma**2 + _SOBEL_BLUR))
    high = float(max(faintest, _NOISE_TO_HIGH * noise, busy))
    edges = canny(smooth, _LOW_TO_HIGH * high, high, l2_gradient=True)
    points = _points(edges, True)
    _locate(gx, gy, np.flatnonzero(edges), points.places)
    return edges, points


def edges_of_map(edges: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], EdgePoints]:
    """Return an edge map, thinned where it is not thin, and its points without normals."""
    if (edges[:-1, :-1] & edges[1:, 1:] & edges[:-1, 1:] & edges[1:, :-1]).any():
        from skimage.morphology import skeletonize

        edges = skeletonize(edges)
    return edges, _points(edges, False)


def _points(edges, signed):
    """Return the edge pixels as points, in the middle of their pixels and without normals."""
    positions = np.flatnonzero(edges)
    index = np.full(edges.shape, -1, np.int32)
    index.reshape(-1)[positions] = np.arange(len(positions), dtype=np.int32)
    places = np.zeros((4, len(positions)))
    places[1], places[0] = np.divmod(positions, edges.shape[1])
    return EdgePoints(places, index, signed)


@kernel(inline=True)
def _magnitude(gx, gy, r, c):
    r, c = min(max(r, 0), gx.shape[0] - 1), min(max(c, 0), gx.shape[1] - 1)
    return math.sqrt(float(gx[r, c]) ** 2 + float(gy[r, c]) ** 2)


# r = row, c = column. An edge is where the gradient is greatest across it: at the vertex of the
# parabola through the pixel and its two neighbours along the gradient, rounded to one of eight
# directions. F. Devernay, "A non-maxima suppression method for edge detection with sub-pixel
# accuracy", INRIA report 2724, 1995.
@kernel
def _locate(gx, gy, positions, places):
    """Write the exact place of each edge pixel, and its normal."""
    columns = gx.shape[1]
    for i in range(positions.size):
        r, c = divmod(positions[i], columns)
        here = max(_magnitude(gx, gy, r, c), 1e-30)
        nx, ny = float(gx[r, c]) / here, float(gy[r, c]) / here
        dx, dy = int(np.rint(nx)), int(np.rint(ny))
        before = _magnitude(gx, gy, r - dy, c - dx)
        after = _magnitude(gx, gy, r + dy, c + dx)
        bend = 2 * here - before - after
        shift = 0.0
        if bend > 0:
            shift = min(max(0.5 * (after - before) / bend, -0.5), 0.5)
        places[0, i], places[1, i] = c + shift * dx, r + shift * dy
        places[2, i], places[3, i] = nx, ny
