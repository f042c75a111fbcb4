"""Curves of an edge map as paths in a graph of pixels: dictionaries, sets, and nothing else."""

import math

_SIDES = [(1, 0), (0, 1), (-1, 0), (0, -1)]
_CORNERS = [(1, 1), (-1, 1), (-1, -1), (1, -1)]


def pixel_graph(pixels):
    """Each pixel (x, y) and the set of those it is m-adjacent to (Gonzalez and Woods, 2.5)."""
    pixels = set(pixels)
    sides = {(x, y): {(x + u, y + v) for u, v in _SIDES} & pixels for x, y in pixels}
    corners = {(x, y): {(x + u, y + v) for u, v in _CORNERS} & pixels for x, y in pixels}
    return {p: sides[p] | {q for q in corners[p] if not sides[p] & sides[q]} for p in pixels}


def paths(graph):
    """The curves as tuples of pixels, in any direction and order."""
    junctions = {p for p, linked in graph.items() if len(linked) > 2}
    waiting = {p for p in graph if p not in junctions}
    found = []
    while waiting:
        path = [waiting.pop()]
        for _ in range(2):  # to one end, then, from it, to the other
            path.reverse()
            while len(path) == 1 or (path[-1] not in junctions and path[0] != path[-1]):
                before = path[-2] if len(path) > 1 else None
                onwards = graph[path[-1]] - {before}
                if not onwards:
                    break
                path.append(min(onwards))
            if path[0] == path[-1] and len(path) > 1:
                break
        waiting -= set(path)
        found.append(tuple(path))
    return found


def curves(pixels, min_length=1):
    """The curves without short spurs and without short curves."""
    graph = pixel_graph(pixels)
    spurs = set()
    for path in paths(graph):
        ends_at_junction = [len(graph[end]) > 2 for end in (path[0], path[-1])]
        if len(set(path)) < min_length and sum(ends_at_junction) == 1:
            spurs |= {p for p in path if len(graph[p]) <= 2}
    graph = pixel_graph(set(graph) - spurs)
    return [path for path in paths(graph) if len(set(path)) >= min_length]


def same_course(path):
    """A name for a path that does not depend on its direction or, for a loop, on its start."""
    if path[0] == path[-1] and len(path) > 1:
        ring = path[:-1]
        turned = [ring[i:] + ring[:i] for i in range(len(ring))]
        return min(min(turned), min(t[:1] + t[:0:-1] for t in turned)), "loop"
    return min(path, path[::-1]), "open"


def turn_at(path, i, reach):
    """By which angle the course turns at pixel i of an open path."""
    before = math.atan2(path[i][1] - path[i - reach][1], path[i][0] - path[i - reach][0])
    after = math.atan2(path[i + reach][1] - path[i][1], path[i + reach][0] - path[i][0])
    return abs((after - before + math.pi) % (2 * math.pi) - math.pi)


def split_at_corners(path, max_turn, reach):
    """The pieces of an open path; each corner ends a piece. Of equal turns the first counts."""
    turns = {i: turn_at(path, i, reach) for i in range(reach, len(path) - reach)}
    pieces, begin = [], 0
    for i, turn in turns.items():
        near = [j for j in turns if abs(j - i) <= reach]
        if turn > max_turn and i == max(near, key=lambda j: (round(turns[j], 9), -j)):
            pieces.append(path[begin : i + 1])
            begin = i + 1
    pieces.append(path[begin:])
    return [piece for piece in pieces if piece]
