"""Blobs of any size: extrema of the difference of Gaussians over place and scale.

The scale space has octaves, each of half the size of the one before, and 3 scales in each. An
extremum is larger, or smaller, than its 26 neighbours in place and scale; a parabola through these
puts it between them. What has little contrast, or lies on an edge, is dropped.

References
----------
D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004, sections 3
to 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classicvision._jit import kernel
from classicvision.features._directions import find_directions
from classicvision.filters.smoothing import gaussian
from classicvision.results import Keypoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SCALES = 3  # in an octave
SIGMA = 1.6  # smoothing of the lowest scale of each octave
_CAMERA_SIGMA = 0.5  # smoothing that is assumed in any image
_EDGE = 10.0  # ratio of curvatures, above which an extremum lies on an edge
_BORDER = 5  # pixels
_CORNER = -0.25  # where the first pixel of the doubled image is in the image
_STEPS = 5  # of the search for a place between pixels
_SMALLEST = 12  # pixels a side of an octave


@dataclass(frozen=True, eq=False)
class DifferenceOfGaussianSteps:
    """What keypoints are found by. Those of each octave follow those of the one before.

    Attributes
    ----------
    scales : tuple of ndarray of float32, shape (6, rows, columns)
        The scale space: for each octave the image, 0 to 1, of growing smoothness. The first octave
        has twice the image's size.
    differences : tuple of ndarray of float32, shape (5, rows, columns)
        For each octave what every scale differs from the one before by.
    candidates : Keypoints
        The extrema of the differences, at whole pixels and scales.
    refined : Keypoints
        Those that are left: between pixels, with enough contrast, and on no edge.
    keypoints : Keypoints
        The result: one for each direction, best first.
    """

    scales: tuple[NDArray[np.float32], ...]
    differences: tuple[NDArray[np.float32], ...]
    candidates: Keypoints
    refined: Keypoints
    keypoints: Keypoints


class _Octave(NamedTuple):
    """One octave; `candidates`, `refined` and `found` are rows of x, y, size, angle, score."""

    scales: np.ndarray
    differences: np.ndarray
    candidates: np.ndarray
    refined: np.ndarray
    found: np.ndarray


# s = scale, r = row, c = column. Any extremum is also one of its own row, which few pixels are.
@kernel
def _find_extrema(differences, smallest, border, places):
    count = 0
    scales, rows, columns = differences.shape
    for s in range(1, scales - 1):
        for r in range(border, rows - border):
            row = differences[s, r]
            for c in range(border, columns - border):
                value = row[c]
                if abs(value) <= smallest:
                    continue
                sign = np.float32(1) if value > 0 else np.float32(-1)
                height = sign * value
                if sign * row[c - 1] > height or sign * row[c + 1] > height:
                    continue
                largest = True
                for i in range(s - 1, s + 2):
                    for j in range(r - 1, r + 2):
                        line = differences[i, j]
                        for k in range(c - 1, c + 2):
                            largest &= sign * line[k] <= height
                if largest:
                    if count < places.shape[0]:
                        places[count, 0], places[count, 1], places[count, 2] = s, r, c
                    count += 1
    return count


# The parabola of the 27 values around a place: `g` its slopes and `h` its curvatures along x, y
# and scale; the extremum is at -h^-1 g. Differences are of whole numbers of pixels and scales.
@kernel(inline=True)
def _fit_parabola(d, s, r, c, g, h):
    half, quarter = np.float64(0.5), np.float64(0.25)
    value = np.float64(d[s, r, c])
    g[0] = half * (np.float64(d[s, r, c + 1]) - d[s, r, c - 1])
    g[1] = half * (np.float64(d[s, r + 1, c]) - d[s, r - 1, c])
    g[2] = half * (np.float64(d[s + 1, r, c]) - d[s - 1, r, c])
    h[0, 0] = np.float64(d[s, r, c + 1]) + d[s, r, c - 1] - 2 * value
    h[1, 1] = np.float64(d[s, r + 1, c]) + d[s, r - 1, c] - 2 * value
    h[2, 2] = np.float64(d[s + 1, r, c]) + d[s - 1, r, c] - 2 * value
    xy = np.float64(d[s, r + 1, c + 1]) - d[s, r + 1, c - 1]
    h[0, 1] = quarter * (xy - d[s, r - 1, c + 1] + d[s, r - 1, c - 1])
    xs = np.float64(d[s + 1, r, c + 1]) - d[s + 1, r, c - 1]
    h[0, 2] = quarter * (xs - d[s - 1, r, c + 1] + d[s - 1, r, c - 1])
    ys = np.float64(d[s + 1, r + 1, c]) - d[s + 1, r - 1, c]
    h[1, 2] = quarter * (ys - d[s - 1, r + 1, c] + d[s - 1, r - 1, c])


@kernel(inline=True)
def _solve(h, g, shift):
    """Write ``-h^-1 g`` of a symmetric 3 x 3 matrix, by cofactors; say whether there is one."""
    a, b, c = h[0, 0], h[0, 1], h[0, 2]
    d, e, f = h[1, 1], h[1, 2], h[2, 2]
    aa, bb, cc = d * f - e * e, c * e - b * f, b * e - c * d
    determinant = a * aa + b * bb + c * cc
    if determinant == 0:
        return False
    shift[0] = -(aa * g[0] + bb * g[1] + cc * g[2]) / determinant
    shift[1] = -(bb * g[0] + (a * f - c * c) * g[1] + (b * c - a * e) * g[2]) / determinant
    shift[2] = -(cc * g[0] + (b * c - a * e) * g[1] + (a * d - b * b) * g[2]) / determinant
    return True


# n = extremum. Kept ones are written to the front of `found` (x, y, scale, contrast) and of
# `places`: the whole numbers next to them.
@kernel
def _refine(d, places, border, steps, smallest, edge, found):
    scales, rows, columns = d.shape
    g, h, shift = np.zeros(3), np.zeros((3, 3)), np.zeros(3)
    kept = 0
    for n in range(places.shape[0]):
        s, r, c = places[n]
        settled = False
        for _ in range(steps):
            _fit_parabola(d, s, r, c, g, h)
            if not _solve(h, g, shift) or np.abs(shift).max() > columns + rows:
                break
            if np.abs(shift).max() < 0.5:
                settled = True
                break
            c += int(np.rint(shift[0]))
            r += int(np.rint(shift[1]))
            s += int(np.rint(shift[2]))
            inside = border <= c < columns - border and border <= r < rows - border
            if not (inside and 1 <= s < scales - 1):
                break
        if not settled:
            continue
        contrast = d[s, r, c] + 0.5 * (g[0] * shift[0] + g[1] * shift[1] + g[2] * shift[2])
        trace, determinant = h[0, 0] + h[1, 1], h[0, 0] * h[1, 1] - h[0, 1] * h[0, 1]
        if abs(contrast) < smallest or trace * trace * edge >= (edge + 1) ** 2 * determinant:
            continue
        places[kept, 0], places[kept, 1], places[kept, 2] = s, r, c
        found[kept, 0], found[kept, 1] = c + shift[0], r + shift[1]
        found[kept, 2], found[kept, 3] = s + shift[2], abs(contrast)
        kept += 1
    return kept


def difference_of_gaussian_keypoints(
    gray: NDArray[np.uint8], contrast_threshold: float
) -> NDArray[np.float64]:
    """Find keypoints of any scale, each with its direction.

    Parameters
    ----------
    gray : ndarray of uint8, shape (rows, columns)
    contrast_threshold : float
        On OpenCV's scale: three times the smallest difference, of an image from 0 to 1.

    Returns
    -------
    ndarray of float64, shape (n, 5)
        x, y, diameter (twice the sigma), direction in radians, and the difference at the extremum.
        One for each direction.
    """
    octaves = _searched(gray, contrast_threshold)
    return np.concatenate([np.empty((0, 5)), *(octave.found for octave in octaves)])


def difference_of_gaussian_steps(
    gray: NDArray[np.uint8],
    contrast_threshold: float,
    choose: Callable[[NDArray[np.float64]], Keypoints],
) -> DifferenceOfGaussianSteps:
    """Return by which steps keypoints are found, and those chosen of the rows found as above."""
    octaves = list(_searched(gray, contrast_threshold))
    candidates, refined, found = (
        np.concatenate([np.empty((0, 5)), *(getattr(own, name) for own in octaves)])
        for name in ("candidates", "refined", "found")
    )
    return DifferenceOfGaussianSteps(
        tuple(own.scales for own in octaves),
        tuple(own.differences for own in octaves),
        *(Keypoints(rows[:, :2], *rows[:, 2:].T) for rows in (candidates, refined)),
        choose(found),
    )


def _searched(gray, contrast_threshold):
    """Yield each octave with what is found in it."""
    smallest = contrast_threshold / SCALES
    for octave, scales in enumerate(_octaves(gray.astype(np.float32) / np.float32(255))):
        unit = 2.0 ** (octave - 1)  # pixels of the image to one of the octave
        differences = np.diff(scales, axis=0)
        places = _extrema(differences, 0.5 * smallest)
        contrasts = np.abs(differences[tuple(places.T)])
        candidates = _rows(np.column_stack([places[:, ::-1], contrasts]), unit)
        extrema = np.empty((len(places), 4))
        kept = _refine(differences, places, _BORDER, _STEPS, smallest, _EDGE, extrema)
        extrema, places = extrema[:kept], places[:kept]
        sigmas = SIGMA * 2 ** (extrema[:, 2] / SCALES)
        owner, directions = find_directions(scales, places, sigmas)
        found = _rows(extrema[owner], unit, directions)
        yield _Octave(scales, differences, candidates, _rows(extrema, unit), found)


def _rows(extrema, unit, directions=0.0):
    """Return x, y, size, angle, score in the image for x, y, scale, contrast in an octave."""
    x, y, scale, contrast = extrema.T
    sizes = 2 * unit * SIGMA * 2 ** (scale / SCALES)
    angles = np.broadcast_to(directions, len(extrema))
    return np.column_stack([unit * x + _CORNER, unit * y + _CORNER, sizes, angles, contrast])


def _extrema(differences, smallest):
    """Return scale, row and column of all extrema."""
    room = differences[0].size // 32 + 64  # for as many as there usually are
    while True:
        places = np.empty((room, 3), np.int64)
        count = _find_extrema(differences, np.float32(smallest), _BORDER, places)
        if count <= room:
            return places[:count]
        room = count


def _octaves(image: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Yield the scales of each octave, the first of twice the image's size.

    There are 3 more than `SCALES`: a difference needs the next one, and an extremum both sides.
    """
    factor = 2 ** (1 / SCALES)
    lowest = _smooth(_double(image), 2 * _CAMERA_SIGMA, SIGMA)
    while min(lowest.shape) >= _SMALLEST:
        scales = np.empty((SCALES + 3, *lowest.shape), np.float32)
        scales[0] = lowest
        for s in range(1, SCALES + 3):
            scales[s] = _smooth(scales[s - 1], SIGMA * factor ** (s - 1), SIGMA * factor**s)
        yield scales
        lowest = np.ascontiguousarray(scales[SCALES, ::2, ::2])


def _smooth(image, before, after):
    """Smooth an image of one standard deviation to another one."""
    return gaussian(image, math.sqrt(after**2 - before**2))


def _double(image):
    """Return an image of twice the size, each pixel as four: interpolated at its quarters."""
    padded = np.pad(image, 1, mode="edge")
    wide = np.empty((padded.shape[0], 2 * image.shape[1]), np.float32)
    wide[:, ::2] = (padded[:, :-2] + 3 * padded[:, 1:-1]) / 4
    wide[:, 1::2] = (3 * padded[:, 1:-1] + padded[:, 2:]) / 4
    double = np.empty((2 * image.shape[0], wide.shape[1]), np.float32)
    double[::2] = (wide[:-2] + 3 * wide[1:-1]) / 4
    double[1::2] = (3 * wide[1:-1] + wide[2:]) / 4
    return double
