"""Edge pixels with the direction across the edge, from a picture, an edge map or a curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image
from classicvision.edges.canny import canny
from classicvision.filters.derivatives import gradient
from classicvision.filters.smoothing import gaussian
from classicvision.hough._voting import as_numbers, check_edges
from classicvision.images import as_uint8, luminance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_FAINTEST_EDGE = 20.0  # a step of about 10 gray levels after the smoothing
_NOISE_TO_HIGH = 5.0  # noise alone has a gradient above 5 times its median in 1 of 30 million
_STRONGEST_EDGES = 0.1  # at least this part of the pixels may start an edge
_LOW_TO_HIGH = 0.5
_MAP_SIGMA = 1.5  # pixels of an edge map over which directions are averaged


@dataclass(frozen=True)
class OrientedEdges:
    """Edge pixels and the unit vectors across them.

    Attributes
    ----------
    pixels : ndarray of bool, shape (rows, columns)
        The edge map.
    points : ndarray of float32, shape (n, 2)
        x, y of its pixels, row by row; from a picture, to a fraction of a pixel.
    normals : ndarray of float32, shape (n, 2)
    signed : bool
        Whether the normals point from dark to bright; from an edge map nobody knows.
    """

    pixels: NDArray[np.bool_]
    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    signed: bool


def edges_of_image(
    image: ArrayLike, sigma: float, low: float | None, high: float | None, name: str = "image"
) -> OrientedEdges:
    """Find the edges of a picture by Canny's detector; ``None`` chooses a threshold.

    Their places are refined to the peak of a parabola through the gradient's magnitude at the
    pixel and its two neighbours across the edge.

    References
    ----------
    F. Devernay, "A non-maxima suppression method for edge detection with sub-pixel accuracy",
    INRIA report 2724, 1995.
    """
    smooth = gaussian(luminance(as_uint8(check_image(image, name=name))), sigma)
    gx, gy = gradient(smooth, mode="nearest")
    if high is None:
        high = _upper_threshold(gx, gy) if low is None else max(_upper_threshold(gx, gy), low)
    if low is None:
        low = _LOW_TO_HIGH * high
    pixels = canny(smooth, low, high, l2_gradient=True)
    rows, columns = np.divmod(np.flatnonzero(pixels), pixels.shape[1])
    normals = np.stack([gx[rows, columns], gy[rows, columns]], axis=1)
    size = np.hypot(normals[:, 0], normals[:, 1])
    normals /= np.maximum(size, 1e-6)[:, None]
    step = np.rint(normals).astype(np.intp)  # to the nearest of the eight neighbours
    after = _magnitude(gx, gy, rows + step[:, 1], columns + step[:, 0])
    before = _magnitude(gx, gy, rows - step[:, 1], columns - step[:, 0])
    bend = np.maximum(2 * size - before - after, 1e-6)
    shift = np.clip((after - before) / (2 * bend), -0.5, 0.5)
    points = np.stack([columns, rows], axis=1) + shift[:, None] * step
    return OrientedEdges(pixels, points.astype(np.float32), normals, True)


def edges_of_map(edges: ArrayLike, name: str = "edges") -> OrientedEdges:
    """Take the pixels of an edge map, with directions from those around each pixel.

    The map is blurred into ridges; the gradients of either side of a ridge are opposite, so
    their doubled angles are averaged.
    """
    pixels = check_edges(check_image(edges, name=name))
    gx, gy = gradient(gaussian(pixels.astype(np.float32), 1), mode="nearest")
    along = gaussian(gx * gx - gy * gy, _MAP_SIGMA)[pixels]
    across = gaussian(2 * gx * gy, _MAP_SIGMA)[pixels]
    angle = np.arctan2(across, along) / 2
    normals = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rows, columns = np.divmod(np.flatnonzero(pixels), pixels.shape[1])
    points = np.stack([columns, rows], axis=1)
    return OrientedEdges(pixels, points.astype(np.float32), normals.astype(np.float32), False)


def curve_points(points: ArrayLike, closed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return points at steps of about a pixel along a polygon, and the unit normals there."""
    corners = as_numbers(points, "points", "(n, 2)")
    if corners.ndim == 3 and corners.shape[1] == 1:  # as cv2.findContours returns them
        corners = corners[:, 0]
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 2:
        raise ValueError(
            f"points must have shape (n, 2), x y, with n at least 2, got {np.shape(points)}"
        )
    if not np.isfinite(corners).all():
        raise ValueError("points must be finite")
    if closed:
        corners = np.vstack([corners, corners[:1]])
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    if not lengths.any():
        raise ValueError("points are all the same; give at least two that differ")
    corners = np.delete(corners, np.flatnonzero(lengths == 0), axis=0)
    lengths = lengths[lengths > 0]
    along = np.append(0, np.cumsum(lengths))
    steps = max(1, round(along[-1]))
    wanted = (np.arange(steps) + 0.5) * (along[-1] / steps)
    side = np.minimum(np.searchsorted(along, wanted, side="right") - 1, len(lengths) - 1)
    part = ((wanted - along[side]) / lengths[side])[:, None]
    places = corners[side] * (1 - part) + corners[side + 1] * part
    directions = np.diff(corners, axis=0)[side] / lengths[side][:, None]
    return places, np.stack([directions[:, 1], -directions[:, 0]], axis=1)


def _upper_threshold(gx, gy):
    """Choose a threshold above the noise, but low enough for a busy picture's edges."""
    step = max(1, min(gx.shape) // 100)  # some 10,000 pixels tell enough
    magnitude = np.hypot(gx[::step, ::step], gy[::step, ::step])
    noise, strong = np.quantile(magnitude, [0.5, 1 - _STRONGEST_EDGES])
    return float(max(_FAINTEST_EDGE, min(_NOISE_TO_HIGH * noise, strong)))


def _magnitude(gx, gy, rows, columns):
    rows = np.clip(rows, 0, gx.shape[0] - 1)
    columns = np.clip(columns, 0, gx.shape[1] - 1)
    return np.hypot(gx[rows, columns], gy[rows, columns])
