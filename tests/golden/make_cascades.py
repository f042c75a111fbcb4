"""Make the tiny cascades of the golden tests; they find nothing in particular.

    python -m tests.golden.make_cascades

writes ``cascades/*.xml``. Features are drawn at random; thresholds are quantiles of the
features, and of the stage sums, over windows of photographs, so that every stage passes a fair
part of the windows. The files are committed: the script need not give the same ones elsewhere.
"""

from pathlib import Path

import numpy as np

from tests.golden.pictures import photograph, shrink

FOLDER = Path(__file__).parent / "cascades"

# name: (kind, format, (width, height), trees a stage as node counts, pass rates, tilted share)
CASCADES = {
    "haar_stumps": ("haar", "new", (10, 10), [[1] * 3, [1] * 4, [1] * 5], 0.45, 0),
    "haar_old": ("haar", "old", (8, 8), [[1] * 2, [1] * 3, [1] * 3], 0.45, 0),
    "haar_trees": ("haar", "new", (12, 10), [[2, 1, 3], [3, 2], [1, 4, 2]], 0.45, 0),
    "haar_old_trees": ("haar", "old", (10, 12), [[2, 3], [2, 1, 2]], 0.35, 0.3),
    "haar_tilted": ("haar", "new", (11, 12), [[1] * 3, [1] * 4, [1] * 4], 0.45, 0.6),
    "haar_tilted_trees": ("haar", "new", (9, 9), [[2, 2], [3, 2]], 0.35, 0.6),
    "haar_one_stage": ("haar", "new", (8, 10), [[1] * 4], 0.08, 0),
    "lbp_stumps": ("lbp", "new", (9, 9), [[1] * 3, [1] * 4, [1] * 4], 0.45, 0),
    "lbp_trees": ("lbp", "new", (12, 9), [[2, 1], [3, 2, 1]], 0.35, 0),
    "lbp_one_stage": ("lbp", "new", (8, 8), [[1] * 5], 0.08, 0),
}


def main():
    FOLDER.mkdir(exist_ok=True)
    for seed, (name, recipe) in enumerate(CASCADES.items()):
        kind, file_format, window, stages, rate, tilted = recipe
        rng = np.random.default_rng(seed)
        samples = sample_windows(rng, window, 4000)
        model = [make_stage(rng, kind, window, counts, tilted) for counts in stages]
        for stage in model:
            sums = fit_stage(rng, kind, stage, samples)
            stage["threshold"] = float(f"{np.quantile(sums, 1 - rate) - 1e-3:.8g}")
            samples = samples[sums >= stage["threshold"]]
        writer = write_old if file_format == "old" else write_new
        (FOLDER / f"{name}.xml").write_text(writer(name, kind, window, model), encoding="ascii")
        print(f"{name}: {len(samples)} of 4000 windows pass")


def sample_windows(rng, window, count):
    """Return windows of photographs at several scales that are not flat, ``(n, rows, columns)``."""
    width, height = window
    pictures = [photograph(name) for name in ("camera", "chelsea", "coffee", "astronaut")]
    gray = [p if p.ndim == 2 else p.mean(axis=2).astype(np.uint8) for p in pictures]
    pyramid = [shrink(image, block) for image in gray for block in (2, 3, 5, 8)]
    windows = []
    while len(windows) < count:
        image = pyramid[rng.integers(len(pyramid))]
        row = rng.integers(image.shape[0] - height + 1)
        column = rng.integers(image.shape[1] - width + 1)
        piece = image[row : row + height, column : column + width].astype(np.float64)
        if piece[1:-1, 1:-1].std() > 2:
            windows.append(piece)
    return np.array(windows)


def make_stage(rng, kind, window, counts, tilted):
    """Return a stage of trees with ``counts`` nodes; thresholds and leaves come later."""
    trees = []
    for count in counts:
        nodes = []
        free = [None]  # the places where a node may still hang: (parent, side)
        for index in range(count):
            place = free.pop(rng.integers(len(free)))
            if place is not None:
                nodes[place[0]][place[1]] = index
            feature = (
                lbp_feature(rng, window)
                if kind == "lbp"
                else haar_feature(rng, window, rng.random() < tilted)
            )
            nodes.append({"feature": feature, "left": None, "right": None})
            free += [(index, "left"), (index, "right")]
        leaves = []
        for node in nodes:
            for side in ("left", "right"):
                if node[side] is None:
                    node[side] = -len(leaves)
                    leaves.append(0.0)
        trees.append({"nodes": nodes, "leaves": leaves})
    return {"trees": trees}


def haar_feature(rng, window, tilted):
    """Return two or three rectangles (x, y, width, height, weight) whose weights cancel."""
    while True:
        parts = int(rng.integers(2, 4))
        w, h = rng.integers(1, 5, 2)
        x, y = (int(rng.integers(side)) for side in window)
        horizontal = rng.random() < 0.5
        whole = (x, y, w * (parts if horizontal else 1), h * (1 if horizontal else parts))
        along = (w, w) if horizontal else (-h, h)  # the turned width or height
        step = along if tilted else (w, 0) if horizontal else (0, h)
        pieces = [(x + i * step[0], y + i * step[1], w, h) for i in range(parts)]
        if all(inside(piece, window, tilted) for piece in [whole, *pieces]):
            break
    if parts == 2:
        rectangles = [(*whole, -1.0), (*pieces[1], 2.0)]
    elif rng.random() < 0.5:
        rectangles = [(*whole, -1.0), (*pieces[1], 3.0)]
    else:
        rectangles = [(*pieces[0], -1.0), (*pieces[1], 1.5), (*pieces[2], -0.5)]
    return {"rectangles": rectangles, "tilted": tilted}


def inside(rectangle, window, tilted):
    x, y, w, h = rectangle
    left, right, bottom = (x - h, x + w, y + w + h) if tilted else (x, x + w, y + h)
    return left >= 0 and right <= window[0] and bottom <= window[1] and x < window[0]


def lbp_feature(rng, window):
    """Return the top left cell (x, y, width, height) of a 3 by 3 grid."""
    w, h = (int(rng.integers(1, side // 3 + 1)) for side in window)
    x = int(rng.integers(window[0] - 3 * w + 1))
    y = int(rng.integers(window[1] - 3 * h + 1))
    return {"cell": (x, y, w, h)}


def fit_stage(rng, kind, stage, samples):
    """Choose thresholds and leaves; return the stage's sum for every window."""
    total = np.zeros(len(samples))
    for tree in stage["trees"]:
        tree["leaves"] = [float(f"{value:.8g}") for value in rng.normal(size=len(tree["leaves"]))]
        position = np.zeros(len(samples), int)
        done = np.zeros(len(samples), bool)
        for index, node in enumerate(tree["nodes"]):
            here = (position == index) & ~done
            if kind == "lbp":
                codes = lbp_codes(node["feature"], samples)
                node["codes"] = rng.random(256) < 0.5
                left = node["codes"][codes]
            else:
                values = haar_values(node["feature"], samples)
                middle = np.quantile(values[here] if here.any() else values, rng.uniform(0.3, 0.7))
                node["threshold"] = float(f"{middle:.8g}")
                left = values < node["threshold"]
            link = np.where(left, node["left"], node["right"])
            position = np.where(here, link, position)
            done |= here & (link <= 0)
        total += np.array(tree["leaves"])[-position]
    return total


def haar_values(feature, samples):
    """Return a feature divided by the window's contrast, as OpenCV normalises it."""
    rows, columns = samples.shape[1:]
    weights = np.zeros((rows, columns))
    for x, y, w, h, weight in feature["rectangles"]:
        if feature["tilted"]:
            weights += weight * tilted_mask((rows, columns), x, y, w, h)
        else:
            weights[y : y + h, x : x + w] += weight
    inner = samples[:, 1:-1, 1:-1]
    area = inner[0].size
    variance = area * (inner**2).sum(axis=(1, 2)) - inner.sum(axis=(1, 2)) ** 2
    return (samples * weights).sum(axis=(1, 2)) / np.sqrt(variance)


def tilted_mask(shape, x, y, w, h):
    """Return the pixels of a rectangle turned by 45 degrees, from the cones that it is made of."""
    r, c = np.indices(shape)

    def cone(px, py):  # the pixels above (px, py) between its two diagonals
        return ((r < py) & (np.abs(c - px + 1) <= py - r - 1)).astype(int)

    return cone(x, y) - cone(x - h, y + h) - cone(x + w, y + w) + cone(x + w - h, y + w + h)


def lbp_codes(feature, samples):
    """Return the local binary pattern of nine cells: bits clockwise from the top left."""
    x, y, w, h = feature["cell"]
    cells = samples[:, y : y + 3 * h, x : x + 3 * w].reshape(-1, 3, h, 3, w).sum(axis=(2, 4))
    ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    bits = [cells[:, r, c] >= cells[:, 1, 1] for r, c in ring]
    return sum(bit.astype(int) << (7 - i) for i, bit in enumerate(bits))


def write_new(name, kind, window, model):
    features, stages = [], []
    for stage in model:
        trees = []
        for tree in stage["trees"]:
            nodes = []
            for node in tree["nodes"]:
                test = subset_words(node["codes"]) if kind == "lbp" else f"{node['threshold']:.8g}"
                nodes.append(f"{node['left']} {node['right']} {len(features)} {test}")
                features.append(new_feature(node["feature"]))
            trees.append(
                "        <_>\n"
                f"          <internalNodes>\n            {' '.join(nodes)}</internalNodes>\n"
                f"          <leafValues>\n            {numbers(tree['leaves'])}</leafValues></_>\n"
            )
        stages.append(
            "    <_>\n"
            f"      <maxWeakCount>{len(trees)}</maxWeakCount>\n"
            f"      <stageThreshold>{stage['threshold']:.8g}</stageThreshold>\n"
            f"      <weakClassifiers>\n{''.join(trees)}      </weakClassifiers></_>\n"
        )
    categories = 256 if kind == "lbp" else 0
    return (
        '<?xml version="1.0"?>\n<opencv_storage>\n'
        f"<!-- {name}: made by tests/golden/make_cascades.py -->\n"
        '<cascade type_id="opencv-cascade-classifier">\n'
        f"  <stageType>BOOST</stageType>\n  <featureType>{kind.upper()}</featureType>\n"
        f"  <height>{window[1]}</height>\n  <width>{window[0]}</width>\n"
        "  <stageParams>\n"
        f"    <maxWeakCount>{max(len(stage['trees']) for stage in model)}</maxWeakCount>"
        "</stageParams>\n"
        f"  <featureParams>\n    <maxCatCount>{categories}</maxCatCount></featureParams>\n"
        f"  <stageNum>{len(model)}</stageNum>\n"
        f"  <stages>\n{''.join(stages)}  </stages>\n"
        f"  <features>\n{''.join(features)}  </features></cascade>\n</opencv_storage>\n"
    )


def new_feature(feature):
    if "cell" in feature:
        return f"    <_>\n      <rect>\n        {numbers(feature['cell'])}</rect></_>\n"
    tilted = int(feature["tilted"])
    return f"    <_>\n{rectangle_lines(feature)}\n      <tilted>{tilted}</tilted></_>\n"


def write_old(name, kind, window, model):
    stages = []
    for index, stage in enumerate(model):
        trees = [
            f"        <_>\n{''.join(old_node(node, tree['leaves']) for node in tree['nodes'])}"
            "        </_>\n"
            for tree in stage["trees"]
        ]
        stages.append(
            f"    <_>\n      <trees>\n{''.join(trees)}      </trees>\n"
            f"      <stage_threshold>{stage['threshold']:.8g}</stage_threshold>\n"
            f"      <parent>{index - 1}</parent><next>-1</next></_>\n"
        )
    return (
        '<?xml version="1.0"?>\n<opencv_storage>\n'
        f"<!-- {name}: made by tests/golden/make_cascades.py -->\n"
        f'<{name} type_id="opencv-haar-classifier">\n'
        f"  <size>\n    {window[0]} {window[1]}</size>\n"
        f"  <stages>\n{''.join(stages)}  </stages></{name}>\n</opencv_storage>\n"
    )


def old_node(node, leaves):
    sides = "".join(
        f"<{side}_node>{node[side]}</{side}_node>"
        if node[side] > 0
        else f"<{side}_val>{leaves[-node[side]]:.8g}</{side}_val>"
        for side in ("left", "right")
    )
    return (
        f"        <_><feature>\n{rectangle_lines(node['feature'])}\n"
        f"      <tilted>{int(node['feature']['tilted'])}</tilted></feature>\n"
        f"      <threshold>{node['threshold']:.8g}</threshold>{sides}</_>\n"
    )


def rectangle_lines(feature):
    lines = "\n".join(f"        <_>\n          {numbers(r)}</_>" for r in feature["rectangles"])
    return f"      <rects>\n{lines}</rects>"


def subset_words(codes):
    """Return 256 bits as eight signed 32-bit integers."""
    words = np.packbits(codes, bitorder="little").view("<i4")
    return " ".join(str(word) for word in words)


def numbers(values):
    """Return numbers the way OpenCV writes them: a float keeps its point."""
    return " ".join(
        (text if "." in text or "e" in text else f"{text}.") if isinstance(v, float) else text
        for v, text in ((v, f"{v:.8g}") for v in values)
    )


if __name__ == "__main__":
    main()
