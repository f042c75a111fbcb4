"""A cascade window by window, feature by feature, summing pixels: no integral image.

Single precision where OpenCV has it, since a last bit decides at a threshold.
"""

import numpy as np


def upright_sum(image, x, y, width, height):
    """Sum of the pixels of an upright rectangle."""
    return int(image[y : y + height, x : x + width].astype(int).sum())


def cone_sum(image, x, y):
    """Sum of the pixels above the corner (x, y), within 45 degrees to both sides.

    The rotated summed area table RSAT of Lienhart and Maydt (2002), as OpenCV shifts it.
    """
    rows, columns = np.indices(image.shape)
    return int(image[(rows < y) & (np.abs(columns - x + 1) <= y - rows - 1)].astype(int).sum())


def tilted_sum(image, x, y, width, height):
    """Sum of a tilted rectangle: right and down by `width`, left and down by `height`."""
    return (
        cone_sum(image, x, y)
        - cone_sum(image, x - height, y + height)
        - cone_sum(image, x + width, y + width)
        + cone_sum(image, x + width - height, y + width + height)
    )


def standard_deviation_scale(window, frame=(1, 1, -1, -1)):
    """Return 1 / (area x standard deviation) of the window inside a frame, or None."""
    left, top, right, bottom = frame
    inner = window[top:bottom, left:right].astype(int)
    area = float(inner.size)
    variance = area * float((inner**2).sum()) - float(inner.sum()) ** 2
    if variance <= 0:
        return None
    scale = np.float32(1 / np.sqrt(variance))
    return scale if area * float(scale) < 0.1 else None


def haar_value(cascade, feature, window, scale):
    """Return the weighted sum of rectangles over the normalisation, in single precision."""
    value = np.float32(0)
    for rectangle, weight in zip(
        cascade.rectangles[feature], cascade.weights[feature], strict=True
    ):
        if weight != 0:
            pixels = tilted_sum if cascade.tilted[feature] else upright_sum
            value = np.float32(value + weight * np.float32(pixels(window, *rectangle)))
    return np.float32(value * scale)


def lbp_code(cascade, feature, window):
    """Return the multi-block LBP code: outer cells not below the central one, clockwise."""
    x, y, width, height = cascade.rectangles[feature, 0]
    cells = [
        [upright_sum(window, x + i * width, y + j * height, width, height) for i in range(3)]
        for j in range(3)
    ]
    clockwise = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    code = 0
    for j, i in clockwise:
        code = 2 * code + (cells[j][i] >= cells[1][1])
    return code


def tree_leaf(cascade, tree, window, scale):
    """Walk from the root of a tree to a leaf and return its value."""
    first_node = cascade.tree_nodes[tree]
    first_leaf = first_node + tree
    node = 0
    while True:
        m = first_node + node
        feature = cascade.node_features[m]
        if cascade.kind == "lbp":
            code = lbp_code(cascade, feature, window)
            left = int(cascade.node_subsets[m, code // 32]) >> (code % 32) & 1
        else:
            left = haar_value(cascade, feature, window, scale) < cascade.node_thresholds[m]
        node = cascade.node_links[m, 0 if left else 1]
        if node <= 0:
            return float(cascade.leaves[first_leaf - node])


def stages_passed(cascade, window, frame=(1, 1, -1, -1)):
    """Return how many stages a window passes, the last sum, and whether it was too flat."""
    scale = None
    if cascade.kind == "haar":
        scale = standard_deviation_scale(window, frame)
        if scale is None:
            return 0, 0.0, True
    total = 0.0
    for stage, threshold in enumerate(cascade.stage_thresholds):
        trees = range(cascade.stage_trees[stage], cascade.stage_trees[stage + 1])
        total = sum((tree_leaf(cascade, tree, window, scale) for tree in trees), 0.0)
        if total < float(threshold):
            return stage, total, False
    return len(cascade.stage_thresholds), total, False


def scan(cascade, image, step, frame=(1, 1, -1, -1)):
    """Return (x, y, last sum) of the windows that pass, skipping as OpenCV does.

    Where the first stage rejects a window the next one in its row is not looked at.
    """
    width, height = cascade.window
    found = []
    for y in range(0, image.shape[0] - height + 1, step):
        x = 0
        while x <= image.shape[1] - width:
            window = image[y : y + height, x : x + width]
            passed, total, flat = stages_passed(cascade, window, frame)
            if passed == len(cascade.stage_thresholds):
                found.append((x, y, total))
            x += 2 * step if passed == 0 and not flat else step
    return found
