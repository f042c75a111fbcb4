"""Thresholding with hysteresis: weak pixels stay where a chain of them reaches a strong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEAK, STRONG = 1, 2  # labels of a pixel; 0 is none


# r = row, p = position in the flat array of labels. A strong pixel without a weak neighbour has
# nothing to pass on; the others are found for whole rows at once, and in words of eight pixels.
@kernel(views_only=True)
def _connect(labels, flat, weak, seeds, words, stack):
    """Turn every weak label that is connected to a strong one into a strong one."""
    rows, width = labels.shape
    middle_weak, right_weak, middle_seeds = weak[1:], weak[2:], seeds[1:]
    step = np.uint32(width)
    for r in range(1, rows - 1):
        above, here, below = labels[r - 1], labels[r], labels[r + 1]
        middle = here[1:]
        for c in range(width):
            weak[c] = (above[c] | here[c] | below[c]) & np.uint8(1)
        for c in range(width - 2):
            near = weak[c] | middle_weak[c] | right_weak[c]
            middle_seeds[c] = near & (middle[c] >> np.uint8(1))
        for w in range(words.size):
            if words[w] == 0:
                continue
            for c in range(8 * w, 8 * w + 8):
                if seeds[c] == 0:
                    continue
                stack[np.uint64(0)] = r * width + c
                height = np.uint64(1)
                while height > np.uint64(0):
                    height -= np.uint64(1)
                    centre = stack[height] - step
                    for _ in range(3):
                        for p in range(centre - np.uint32(1), centre + np.uint32(2)):
                            position = np.uint64(p)
                            if flat[position] == 1:
                                flat[position] = 2
                                stack[height] = position
                                height += np.uint64(1)
                        centre += step


def empty_labels(rows: int, columns: int) -> NDArray[np.uint8]:
    """Return zeros for an image with a border of one pixel, its rows filled up to whole words."""
    return np.zeros((rows + 2, -(-(columns + 2) // 8) * 8), np.uint8)


def inside(labels: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the labels of the image's own pixels."""
    return labels[1 : shape[0] + 1, 1 : shape[1] + 1]


def connect_weak(labels: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels that are strong or connected to a strong one, which the labels become."""
    seeds = np.zeros(labels.shape[1], np.uint8)
    stack = np.empty(labels.size, np.uint32)
    _connect(labels, labels.reshape(-1), np.zeros_like(seeds), seeds, seeds.view(np.uint64), stack)
    return inside(labels, shape) == STRONG
