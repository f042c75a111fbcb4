"""Boxes, box by box: the definitions in plain Python."""

import sys

import numpy as np


def iou(a, b):
    """Count the pixels that whole-pixel boxes share and cover."""

    def pixels(box):
        x1, y1, x2, y2 = box
        return {(x, y) for x in range(x1, x2) for y in range(y1, y2)}

    covered = len(pixels(a) | pixels(b))
    return len(pixels(a) & pixels(b)) / covered if covered else 0.0


def nms(boxes, scores, threshold, overlap=iou):
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(overlap(boxes[i], boxes[k]) <= threshold for k in kept):
            kept.append(i)
    return kept


def similar(a, b, eps):
    """Whether two ``x, y, width, height`` rectangles are neighbours."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a, b
    delta = eps * (min(aw, bw) + min(ah, bh)) * 0.5
    return (
        abs(ax - bx) <= delta
        and abs(ay - by) <= delta
        and abs(ax + aw - bx - bw) <= delta
        and abs(ay + ah - by - bh) <= delta
    )


def components(rectangles, eps):
    """Flood fill over similar rectangles: lists of indices, by their smallest index."""
    groups, waiting = [], set(range(len(rectangles)))
    while waiting:
        group, frontier = [], [min(waiting)]
        waiting.remove(frontier[0])
        while frontier:
            i = frontier.pop()
            group.append(i)
            near = {j for j in waiting if similar(rectangles[i], rectangles[j], eps)}
            waiting -= near
            frontier.extend(near)
        groups.append(sorted(group))
    return groups


def group_rectangles(rectangles, threshold, eps, levels=None, weights=None):
    """OpenCV's groupRectangles over ``x, y, width, height``: a list of (rectangle, index list).

    With ``levels`` and ``weights``, each entry is (rectangle, level, weight) instead.
    """
    rectangles = [tuple(int(v) for v in r) for r in rectangles]
    found = []
    for group in components(rectangles, eps):
        one_over_n = np.float32(1) / np.float32(len(group))
        sums = [sum(rectangles[i][k] for i in group) for k in range(4)]
        mean = tuple(round(float(np.float32(total) * one_over_n)) for total in sums)
        found.append((mean, group))
    found = [(mean, group) for mean, group in found if len(group) > threshold]

    def inside_a_stronger(i):
        (x, y, w, h), n = found[i][0], len(found[i][1])
        for j, ((bx, by, bw, bh), other) in enumerate(found):
            dx, dy = round(bw * eps), round(bh * eps)
            if (
                j != i
                and x >= bx - dx
                and y >= by - dy
                and x + w <= bx + bw + dx
                and y + h <= by + bh + dy
                and (len(other) > max(3, n) or n < 3)
            ):
                return True
        return False

    kept = [found[i] for i in range(len(found)) if not inside_a_stronger(i)]
    if levels is None:
        return kept
    result = []
    for mean, group in kept:
        level, weight = 0, sys.float_info.min
        for i in group:
            if levels[i] > level:
                level, weight = levels[i], weights[i]
            elif levels[i] == level and weights[i] > weight:
                weight = weights[i]
        result.append((mean, level, weight))
    return result
