"""The progressive probabilistic Hough transform with sets and counters, a pixel at a time."""

import math
from collections import Counter

import numpy as np

from tests.naive.lines import distance_bin, line_angles

f32 = np.float32


def draws(state=2**64 - 1):
    """Marsaglia's multiply with carry: the low 32 bits times a constant, plus the high ones."""
    while True:
        state = state % 2**32 * 4164903690 + state // 2**32
        yield state % 2**32


def walk(x, y, angle, rho, direction, shape):
    """The pixels of a line from (x, y) on, one for each step along its longer axis."""
    scale = float(f32(1) / f32(rho))
    along_x, along_y = -f32(math.sin(angle) * scale), f32(math.cos(angle) * scale)
    if abs(along_x) > abs(along_y):
        sign = 1 if along_x > 0 else -1
        slope = round(float(f32(along_y * f32(65536)) / abs(along_x)))  # in 2^-16 of a pixel
        steps = ((x + direction * sign * i, slope * i) for i in range(10**9))
        path = ((u, y + math.floor(0.5 + direction * v / 65536)) for u, v in steps)
    else:
        sign = 1 if along_y > 0 else -1
        slope = round(float(f32(along_x * f32(65536)) / abs(along_y)))
        steps = ((slope * i, y + direction * sign * i) for i in range(10**9))
        path = ((x + math.floor(0.5 + direction * u / 65536), v) for u, v in steps)
    for u, v in path:
        if not (0 <= u < shape[1] and 0 <= v < shape[0]):
            return
        yield int(u), int(v)


def segments(edges, rho, theta, threshold, min_length=0, max_gap=0, state=2**64 - 1):
    """The segments (x1, y1, x2, y2) and the votes with which each was found."""
    angles = [n * float(f32(theta)) for n in range(len(line_angles(theta)))]
    waiting = [(int(x), int(y)) for y, x in zip(*np.nonzero(edges), strict=True)]
    remaining, votes, found = set(waiting), Counter(), []
    random = draws(state)
    while waiting:
        index = next(random) % len(waiting)
        waiting[index], waiting[-1] = waiting[-1], waiting[index]
        x, y = waiting.pop()
        if (x, y) not in remaining:
            continue
        lines = [(n, distance_bin(x, y, angle, rho)) for n, angle in enumerate(angles)]
        votes.update(lines)
        best = max(lines, key=votes.__getitem__)
        count = votes[best]
        if count < threshold:
            continue
        ends, pixels = [], set()
        for direction in (1, -1):
            gap, path = 0, []
            for pixel in walk(x, y, angles[best[0]], rho, direction, edges.shape):
                gap = 0 if pixel in remaining else gap + 1
                if gap > max_gap:
                    break
                path.append(pixel)
            while path[-1] not in remaining:
                path.pop()
            ends.append(path[-1])
            pixels.update(path)
        taken = pixels & remaining
        remaining -= taken
        (x1, y1), (x2, y2) = ends
        if max(abs(x2 - x1), abs(y2 - y1)) >= min_length:
            for u, v in taken:
                votes.subtract((n, distance_bin(u, v, a, rho)) for n, a in enumerate(angles))
            found.append(((x1, y1, x2, y2), count))
    return found
