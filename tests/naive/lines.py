"""The Hough transform for lines as in the textbook: every pixel votes for every line through it."""

import math

import numpy as np

f32 = np.float32


def line_angles(theta, min_theta=0.0, max_theta=math.pi):
    """The angles at which votes are counted (summed up in float32, as OpenCV does)."""
    theta = f32(theta)
    count = math.floor((max_theta - min_theta) / float(theta)) + 1
    last_is_first = abs(math.pi - (count - 1) * float(theta)) < float(theta) / 2
    if count > 1 and last_is_first:
        count -= 1
    angles = [f32(min_theta)]
    while len(angles) < count:
        angles.append(f32(angles[-1] + theta))
    return angles


def count_bins(shape, rho):
    """The number of distances from -(rows + columns) to rows + columns."""
    return round(float(f32(2 * sum(shape) + 1) / f32(rho)))


def distance_bin(x, y, angle, rho):
    """rho of the line through (x, y), in whole cells, in the precision of OpenCV."""
    scale = float(f32(1) / f32(rho))
    cosine, sine = f32(math.cos(angle) * scale), f32(math.sin(angle) * scale)
    return round(float(f32(f32(x) * cosine) + f32(f32(y) * sine)))


def accumulator(edges, rho, theta, min_theta=0.0, max_theta=math.pi):
    """Votes by (angle, distance), with a border of one cell."""
    angles = line_angles(theta, min_theta, max_theta)
    bins = count_bins(edges.shape, rho)
    votes = np.zeros((len(angles) + 2, bins + 2), int)
    for y, x in zip(*np.nonzero(edges), strict=True):
        for n, angle in enumerate(angles):
            votes[n + 1, distance_bin(x, y, float(angle), rho) + (bins - 1) // 2 + 1] += 1
    return votes


def lines(edges, rho, theta, threshold, min_theta=0.0, max_theta=math.pi):
    """The peaks (rho, theta, votes): strictly above two neighbours, not below the others."""
    votes = accumulator(edges, rho, theta, min_theta, max_theta)
    found = []
    for n in range(1, votes.shape[0] - 1):
        for b in range(1, votes.shape[1] - 1):
            v = votes[n, b]
            if (
                v > threshold
                and v > max(votes[n - 1, b], votes[n, b - 1])
                and v >= max(votes[n + 1, b], votes[n, b + 1])
            ):
                center = (votes.shape[1] - 3) // 2
                distance = f32(f32(b - 1 - center) * f32(rho))
                angle = f32(f32(min_theta) + f32(f32(n - 1) * f32(theta)))
                found.append((float(distance), float(angle), int(v)))
    return sorted(found, key=lambda line: (-line[2], line[0], line[1]))
