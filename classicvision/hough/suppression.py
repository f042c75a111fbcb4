"""One line of several that nearly coincide."""

from __future__ import annotations

import math

import numpy as np

from classicvision._checks import check_number
from classicvision.hough._voting import check_lines
from classicvision.results import Lines


def suppress_lines(
    lines: Lines, shape: tuple[int, ...], *, min_distance: float, min_angle: float
) -> Lines:
    """Keep of lines that nearly coincide the one with the most votes.

    A line is left out if it differs from a stronger one that is kept by less than ``min_angle``
    in direction and by less than ``min_distance`` at the image's centre. Directions half a turn
    apart are the same: (rho, theta) and (-rho, theta - pi) are one line.

    Parameters
    ----------
    lines : Lines
    shape : tuple of int
        The image's shape, rows and columns first.
    min_distance : float
        Pixels.
    min_angle : float
        Radians.

    Returns
    -------
    Lines
        By votes, highest first.

    Raises
    ------
    TypeError
        For other lines than ``Lines``, what is no shape, or what is no number.
    ValueError
        For a distance or an angle below 0.

    Examples
    --------
    >>> lines = Lines(rho=[20, 21, -20], theta=[0, 0, 3.13], votes=[90, 80, 70])
    >>> suppress_lines(lines, (2, 2), min_distance=3, min_angle=0.1).to_dict()
    {'lines': [[20.0, 0.0]], 'votes': [90]}
    """
    check_lines(lines)
    if not isinstance(shape, (tuple, list)) or len(shape) < 2:
        raise TypeError(f"shape must be (rows, columns), as image.shape, got {shape!r}")
    min_distance = check_number(min_distance, "min_distance", at_least=0)
    min_angle = check_number(min_angle, "min_angle", at_least=0)
    lines = lines[np.argsort(-lines.votes, kind="stable")]
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    theta = lines.theta.astype(np.float64)
    rho = lines.rho - x * np.cos(theta) - y * np.sin(theta)  # as seen from the centre

    kept = []
    waiting = np.arange(len(lines))
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        turn = theta[waiting] - theta[best]
        half_turns = np.round(turn / math.pi)
        apart = np.abs(rho[waiting] * np.where(half_turns % 2, -1, 1) - rho[best])
        same = (np.abs(turn - half_turns * math.pi) < min_angle) & (apart < min_distance)
        waiting = waiting[~same]
    return lines[np.array(kept, np.intp)]
