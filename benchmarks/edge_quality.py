"""``python -m benchmarks.edge_quality [--json FILE] [--plot FILE]``: edges against people's.

BSDS500's photographs (train and val, in the folder that CLASSICVISION_DATA names) were segmented
by five people or so each. A detector is asked for edges at a number of thresholds, each the same
for all photographs. Its map is thinned; then its pixels and those of one person's boundaries are
matched one to one, as many as possible, within 0.0075 of the image's diagonal (4.3 pixels). A
pixel of the map is right if it is matched with anyone's boundary; recall counts the matched
pixels of all people's boundaries. Both are taken over all photographs together, as is the
F-measure, 2 P R / (P + R), of one threshold for the whole set.

Thresholds are contrasts: c stands for what an ideal vertical step of height c, where the image
ranges from 0 to 1, leaves after the Gaussian. The detectors' other settings, and the threshold
that "at train's" is about, are those with the highest F on train.

D. Martin, C. Fowlkes, J. Malik, "Learning to detect natural image boundaries using local
brightness, color, and texture cues", IEEE PAMI 26(5), 2004, section 2 and appendix B.
"""

import argparse
import functools
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image
from skimage.feature import canny as skimage_canny
from skimage.morphology import skeletonize

from classicvision._jit import kernel

DISTANCE = 0.0075  # of the diagonal
SIGMAS = (1, 2, 3, 4)  # pixels
RATIOS = (0.2, 0.4, 0.6)  # of Canny's lower threshold to the higher one
CONTRASTS = np.geomspace(0.025, 0.6, 14)


def canny(image, sigma, contrast, ratio):
    import classicvision as cv

    high = _sobel(contrast, sigma)
    options = {"sigma": sigma, "l2_gradient": True, "interpolate": True}
    return cv.canny(image, ratio * high, high, **options)


def canny_four_directions(image, sigma, contrast, ratio):
    import classicvision as cv

    high = _sobel(contrast, sigma)
    return cv.canny(image, ratio * high, high, sigma=sigma, l2_gradient=True)


def canny_of_skimage(image, sigma, contrast, ratio):
    high = _sobel(contrast, sigma)
    return skimage_canny(image, sigma, ratio * high, high)


def marr_hildreth(image, sigma, contrast, ratio):
    import classicvision as cv

    return cv.zero_crossings(image, sigma, contrast / (math.sqrt(2 * math.pi) * sigma**3))


def gradient_magnitude(image, sigma, contrast, ratio):
    return _magnitude(image, sigma) > _sobel(contrast, sigma)


def _sobel(contrast, sigma):
    """Return the magnitude of Sobel's gradient at a step; the operator's gain is 8."""
    return 8 * contrast / (math.sqrt(2 * math.pi) * sigma)


def _magnitude(image, sigma):
    import classicvision as cv

    return np.hypot(*cv.gradient(cv.gaussian(image, sigma)))


DETECTORS = {
    "canny, interpolated": (canny, RATIOS),
    "canny, four directions": (canny_four_directions, (0.4,)),
    "Marr-Hildreth": (marr_hildreth, (0,)),
    "gradient magnitude": (gradient_magnitude, (0,)),
    "scikit-image's canny": (canny_of_skimage, RATIOS),
}


def load(folder, part):
    """Yield each photograph, float32 from 0 to 1, and its annotators' boundaries."""
    for path in sorted((folder / "groundTruth" / part).glob("*.mat")):
        truth = scipy.io.loadmat(path)["groundTruth"][0]
        boundaries = [annotator["Boundaries"][0, 0] > 0 for annotator in truth]
        photograph = np.array(
            Image.open(folder / "images" / part / f"{path.stem}.jpg").convert("L")
        )
        yield photograph.astype(np.float32) / 255, boundaries


@functools.cache
def offsets(radius):
    """Return all (rows, columns) within a distance, the nearest first, and the most rows."""
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    distance = np.hypot(y, x)
    order = np.argsort(distance, kind="stable")[: np.count_nonzero(distance <= radius)]
    return y[order], x[order], reach


# u = boundary pixel, v = edge pixel. The path that is being looked for alternates between
# boundary pixels, on the stack, and the edge pixels that they are to be matched with instead:
# the ones before ``links[u]`` of those near u have been tried. What was visited in vain is not
# visited again in the same phase; a phase that changes nothing is the last.
@kernel
def _match(numbers, places, steps, partners, owners, links, visited, stack):
    """Match boundary pixels with edge pixels near them, as many as possible."""
    phase, grown = 0, True
    while grown:
        grown = False
        phase += 1
        for root in range(partners.size):
            if partners[root] >= 0:
                continue
            depth = 0
            stack[0], links[root] = root, 0
            while depth >= 0:
                u = stack[depth]
                if links[u] == steps.size:
                    depth -= 1
                    continue
                v = numbers[places[u] + steps[links[u]]]
                links[u] += 1
                if v < 0 or visited[v] == phase:
                    continue
                visited[v] = phase
                if owners[v] >= 0:
                    depth += 1
                    stack[depth] = owners[v]
                    links[owners[v]] = 0
                    continue
                while depth >= 0:
                    u = stack[depth]
                    v = numbers[places[u] + steps[links[u] - 1]]
                    partners[u], owners[v] = v, u
                    depth -= 1
                grown = True


class Boundaries:
    """The boundaries that one person drew, ready to be matched with maps of edges."""

    def __init__(self, boundary):
        self.y, self.x = np.nonzero(boundary)
        self.radius = DISTANCE * math.hypot(*boundary.shape)

    def match(self, numbers, count):
        """Return the edge pixels in a maximum matching with boundary pixels.

        ``numbers`` says which of the ``count`` edge pixels there is at each place, -1 for none,
        and has a border as wide as the distance.
        """
        dy, dx, reach = offsets(self.radius)
        width = numbers.shape[1]
        places = (self.y + reach) * width + self.x + reach
        partners, links, stack = (np.full(self.y.size, -1) for _ in range(3))
        owners, visited = np.full(count, -1), np.zeros(count, int)
        steps = dy * width + dx
        _match(numbers.reshape(-1), places, steps, partners, owners, links, visited, stack)
        return partners[partners >= 0]


def score(edges, people):
    """Return how many edge pixels are right, of how many; boundary pixels found, of how many."""
    rows, columns = np.nonzero(skeletonize(edges))
    _, _, reach = offsets(people[0].radius)
    numbers = np.full(np.add(edges.shape, 2 * reach), -1, np.int32)
    numbers[rows + reach, columns + reach] = np.arange(rows.size)
    right = np.zeros(rows.size, bool)
    found = 0
    for person in people:
        matched = person.match(numbers, rows.size)
        right[matched] = True
        found += matched.size
    return right.sum(), rows.size, found, sum(person.y.size for person in people)


def measure(detector, ratios, images, progress):
    """Return the counts of `score`, summed over images, for each sigma, ratio and contrast."""
    counts = np.zeros((len(SIGMAS), len(ratios), len(CONTRASTS), 4), int)
    for i, (image, people) in enumerate(images):
        progress(f"{i + 1}/{len(images)}")
        for setting in np.ndindex(*counts.shape[:3]):
            s, r, c = setting
            edges = detector(image, SIGMAS[s], CONTRASTS[c], ratios[r])
            counts[setting] += score(edges, people)
    return counts


def curves(counts):
    """Return precision, recall and F-measure along the last axis but one."""
    right, reported, found, drawn = np.moveaxis(counts, -1, 0)
    precision = right / np.maximum(reported, 1)
    recall = found / np.maximum(drawn, 1)
    return precision, recall, 2 * precision * recall / np.maximum(precision + recall, 1e-12)


def table(results):
    """Return lines of text: each detector at each sigma, with the ratio that is best on train."""
    width = max(map(len, results))
    head = f"{'':{width}}  sigma  ratio  contrast | train F |   val F, at train's |"
    lines = [head + " both: F      P      R  contrast"]
    for name, counts in results.items():
        _, _, train = curves(counts["train"])
        _, _, val = curves(counts["val"])
        both = curves(counts["train"] + counts["val"])
        for s, sigma in enumerate(SIGMAS):
            r, c = np.unravel_index(train[s].argmax(), train[s].shape)
            best = both[2][s, r].argmax()
            precision, recall, f = (part[s, r, best] for part in both)
            ratio = DETECTORS[name][1][r]
            lines.append(
                f"{name:{width}}  {sigma:5}  {ratio or '':5}  {CONTRASTS[c]:8.3f} |"
                f"  {train[s, r, c]:6.3f} |  {val[s, r].max():6.3f}  {val[s, r, c]:9.3f} |"
                f"  {f:6.3f}  {precision:5.3f}  {recall:5.3f}  {CONTRASTS[best]:8.3f}"
            )
    return "\n".join(lines)


def plot(results, path):
    """Draw the precision-recall curve of each detector at its best sigma, on both parts."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 7))
    for level in np.arange(0.1, 1, 0.1):  # curves of equal F
        recall = np.linspace(level / 2 + 1e-3, 1, 200)
        axes.plot(recall, level * recall / (2 * recall - level), color="0.88", zorder=0)
    for name, counts in results.items():
        _, _, train = curves(counts["train"])
        precision, recall, f = curves(counts["train"] + counts["val"])
        s, r, _ = np.unravel_index(train.argmax(), train.shape)
        best = f[s, r].argmax()
        label = f"{name}, sigma {SIGMAS[s]}: F = {f[s, r, best]:.3f}"
        style = "--" if name.startswith("scikit-image") else "-"  # it may lie on another one
        [line] = axes.plot(recall[s, r], precision[s, r], style, label=label)
        axes.plot(recall[s, r, best], precision[s, r, best], "o", color=line.get_color())
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision", aspect="equal")
    axes.set_title("Boundaries of BSDS500, train and val; gray: equal F")
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.edge_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", metavar="FILE", help="write all counts here as well")
    parser.add_argument("--plot", metavar="FILE", help="draw the precision-recall curves")
    parser.add_argument("--images", type=int, metavar="N", help="of each part, instead of all")
    options = parser.parse_args()
    folder = Path(os.environ.get("CLASSICVISION_DATA") or os.devnull) / "bsds500"
    if not folder.is_dir():
        parser.error("CLASSICVISION_DATA must name a folder that has bsds500 in it")
    parts = {}
    for part in ("train", "val"):
        parts[part] = [
            (image, [Boundaries(boundary) for boundary in boundaries])
            for image, boundaries in list(load(folder, part))[: options.images]
        ]
    results = {}
    for name, (detector, ratios) in DETECTORS.items():
        results[name] = {}
        for part, images in parts.items():

            def progress(text, name=name, part=part):
                show_progress(f"{name}, {part} {text}")

            results[name][part] = measure(detector, ratios, images, progress)
    show_progress("")
    print(table(results))
    if options.plot:
        plot(results, options.plot)
    if options.json:
        document = {
            "images": {part: len(images) for part, images in parts.items()},
            "distance": DISTANCE,
            "sigmas": SIGMAS,
            "contrasts": CONTRASTS.tolist(),
            "counts": "right, reported, found, drawn for each [sigma][ratio][contrast]",
            "detectors": {
                name: {
                    "ratios": DETECTORS[name][1],
                    **{part: counts.tolist() for part, counts in parts.items()},
                }
                for name, parts in results.items()
            },
        }
        Path(options.json).write_text(json.dumps(document) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
