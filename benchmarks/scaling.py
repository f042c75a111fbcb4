"""``python -m benchmarks.scaling [--plot FILE] [--json FILE] [--quick]``: time against size.

Every operator on 0.1 to 50 megapixels of one photograph, repeated in mirror images, so that large
pictures show no other things than small ones: the time for a pixel must not grow. Then two
pictures on two threads against the same two on one: kernels release the GIL.
"""

import argparse
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.datasets import load_sample_image

import classicvision as cv
from benchmarks.harness import SEED, machine
from classicvision.images import luminance

_MEGAPIXELS = (0.1, 0.3, 1, 3, 10, 25, 50)
_ASPECT = 16 / 9
_EDGE_SHARE = 0.02  # of the pixels of an edge map, at any size
_SECONDS = 0.6  # spent on one operator and size; the least time of a call counts
_TWO_THREADS_MEGAPIXELS = 2

_OPERATORS = {
    "gaussian, sigma 2": lambda image, edges: cv.gaussian(image, 2),
    "gaussian, sigma 10": lambda image, edges: cv.gaussian(image, 10),
    "box_filter 31x31": lambda image, edges: cv.box_filter(image, 31),
    "gradient": lambda image, edges: cv.gradient(image, dtype="int16"),
    "median 5x5": lambda image, edges: cv.median(image, 5),
    "median 31x31": lambda image, edges: cv.median(image, 31),
    "bilateral": lambda image, edges: cv.bilateral(image, 30, 2),
    "integral_image": lambda image, edges: cv.integral_image(image),
    "laplacian_pyramid": lambda image, edges: cv.laplacian_pyramid(image, 5),
    "canny": lambda image, edges: cv.canny(image, 100, 200),
    "hough_lines": lambda image, edges: cv.hough_lines(edges, threshold=edges.size),
}


def inputs(megapixels):
    """Return a gray photograph and an edge map of so many million pixels."""
    rows = round(math.sqrt(megapixels * 1e6 / _ASPECT))
    columns = round(rows * _ASPECT)
    tile = luminance(load_sample_image("china.jpg"))
    more = [
        (0, max(0, wanted - have)) for wanted, have in zip((rows, columns), tile.shape, strict=True)
    ]
    image = np.pad(tile, more, mode="symmetric")[:rows, :columns].copy()
    return image, np.random.default_rng(SEED).random(image.shape) < _EDGE_SHARE


def least_seconds(function, *args):
    """Return the least time of a call; a first one, which may compile, is not counted."""
    function(*args)
    times = []
    while sum(times) < _SECONDS:
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return min(times)


def scale(megapixels):
    """Yield (megapixels, operator, nanoseconds for a pixel)."""
    for size in megapixels:
        image, edges = inputs(size)
        for name, operator in _OPERATORS.items():
            yield size, name, 1e9 * least_seconds(operator, image, edges) / image.size


def two_threads():
    """Yield (operator, how many times as fast two pictures are on two threads as on one)."""
    image, edges = inputs(_TWO_THREADS_MEGAPIXELS)
    with ThreadPoolExecutor(2) as pool:
        for name, operator in _OPERATORS.items():

            def both(mapping, operator=operator):
                list(mapping(lambda _: operator(image, edges), range(2)))

            yield name, least_seconds(both, map) / least_seconds(both, pool.map)


def _plot(path, table):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for number, (name, costs) in enumerate(table.items()):
        style = "o-" if number < 10 else "s--"  # there are ten colours
        axes.plot(list(costs), list(costs.values()), style, markersize=3, label=name)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="megapixels",
        ylabel="nanoseconds for a pixel",
        title="time for a pixel, one thread",
    )
    axes.grid(True, which="major", color="0.9")
    figure.legend(loc="outside right center", frameon=False)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the times into this picture")
    parser.add_argument("--json", metavar="FILE", help="write the numbers here as well")
    parser.add_argument("--quick", action="store_true", help="up to 1 megapixel")
    options = parser.parse_args()
    sizes = [size for size in _MEGAPIXELS if not options.quick or size <= 1]
    table = {name: {} for name in _OPERATORS}
    print("nanoseconds for a pixel".ljust(24) + "".join(f"{size:>8g}" for size in sizes), "MP")
    for size, name, cost in scale(sizes):
        table[name][size] = cost
    for name, costs in table.items():
        print(name.ljust(24) + "".join(f"{cost:8.2f}" for cost in costs.values()))
    gains = dict(two_threads())
    print(f"\ntwo pictures of {_TWO_THREADS_MEGAPIXELS} megapixels, two threads: times as fast")
    for name, gain in gains.items():
        print(name.ljust(24) + f"{gain:8.2f}")
    if options.json:
        document = {"machine": machine(), "nanoseconds": table, "two threads": gains}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
    if options.plot:
        _plot(options.plot, table)


if __name__ == "__main__":
    main()
