"""All Haar-like features of a window, by the plain loops of their definition.

A kind of feature is a pattern of equal cells, each with a weight; the features are that pattern
at every place and size. A cell of an upright one is a box, of a tilted one a box turned by 45
degrees, whose top is at (x, y).
"""

BASIC = (
    [[-1, 1]],
    [[-1], [1]],
    [[-1, 2, -1]],
    [[-1], [2], [-1]],
    [[-1, 1, 1, -1]],
    [[-1], [1], [1], [-1]],
    [[1, -1], [-1, 1]],
    [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
)
IN_MODE = {
    "basic": [0, 1, 2, 3, 6],
    "core": [0, 1, 2, 3, 4, 5, 6, 7],
}
TILTED = ([[1, -1]], [[1], [-1]], *BASIC[2:6])


def enumerate_features(width, height, mode):
    """Yield (x, y, cell width, cell height, pattern, tilted) in OpenCV's order."""
    upright = [BASIC[k] for k in IN_MODE["basic" if mode == "basic" else "core"]]
    tilted = TILTED if mode == "all" else ()
    for x in range(width):
        for y in range(height):
            for w in range(1, width + 1):
                for h in range(1, height + 1):
                    for pattern in upright:
                        rows, columns = len(pattern), len(pattern[0])
                        if x + columns * w <= width and y + rows * h <= height:
                            yield x, y, w, h, pattern, False
                    for pattern in tilted:
                        right, left = len(pattern[0]) * w, len(pattern) * h
                        if x + right <= width and y + right + left <= height and x >= left:
                            yield x, y, w, h, pattern, True


def value(image, x, y, w, h, pattern, tilted, box_sum, tilted_sum):
    """The sum over the cells of weight times sum of pixels."""
    total = 0
    for row, weights in enumerate(pattern):
        for column, weight in enumerate(weights):
            if tilted:
                left = x + column * w - row * h
                top = y + column * w + row * h
                total += weight * tilted_sum(image, left, top, w, h)
            else:
                total += weight * box_sum(image, x + column * w, y + row * h, w, h)
    return total
