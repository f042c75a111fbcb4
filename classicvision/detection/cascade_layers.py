"""Which sizes of object a cascade looks for in an image, and at which positions."""

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from classicvision._checks import check_jobs, check_number, check_size

_MOST_SCALES = 10_000
_LARGEST_WINDOW = (2**31 - 1) // 255  # pixels, whose sum fits into int32


@dataclasses.dataclass(frozen=True)
class Layer:
    """One scale of the search."""

    scale: np.float32  # by which the image is shrunk or the features are enlarged
    size: tuple  # width, height of the image, or of the shrunk one
    step: int  # distance between window positions in it
    lattice: tuple  # columns, rows of window positions


def find_layers(window, shape, scale_factor, min_size, max_size):
    """Return the layers of a search by OpenCV's rules; the arguments of `detect` are checked."""
    scales = _choose_scales(window, shape, scale_factor, min_size, max_size)
    width, height = window
    rows, columns = shape
    layers = []
    for scale in scales:
        size = tuple(int(np.rint(np.float32(side) / scale)) for side in (columns, rows))
        step = 1 if scale >= 2 else 2
        # OpenCV hands the rows of a layer out in stripes of whole steps, as many as the
        # first layer has 32 columns of positions; an odd last row may be left over.
        valid_rows = max(size[1] + 1 - height, 0)
        valid_columns = max(size[0] + 1 - width, 0)
        if not layers:
            stripes = -(-valid_columns // 32)
        stripe = max((valid_rows // step + stripes - 1) // stripes, 1) * step
        valid_rows = min(valid_rows, stripes * stripe)
        lattice = (-(-valid_columns // step), -(-valid_rows // step))
        if min(lattice) > 0:
            layers.append(Layer(scale, size, step, lattice))
    return layers


def find_enlarged_layers(window, shape, scale_factor, min_size, max_size):
    """Return the layers of a search that enlarges the features; arguments as for `find_layers`.

    Neighbouring windows are one or two pixels of the unscaled window apart, as they are there.
    """
    scales = _choose_scales(window, shape, scale_factor, min_size, max_size)
    rows, columns = shape
    layers = []
    for scale in scales:
        width, height = window_at(window, scale).tolist()
        if width * height > _LARGEST_WINDOW:
            raise ValueError(
                f"scaling='features' finds objects of up to {_LARGEST_WINDOW} pixels, got windows "
                f"of {width} x {height}; set max_size, or use scaling='image'"
            )
        step = int(np.rint(scale * (1 if scale >= 2 else 2)))
        lattice = ((columns - width) // step + 1, (rows - height) // step + 1)
        layers.append(Layer(scale, (columns, rows), step, lattice))
    return layers


def window_at(window, scale):
    """Return (width, height) of the window in pixels of the image, int64, as OpenCV rounds it."""
    return np.rint(np.array(window, np.float32) * scale).astype(np.int64)


def _choose_scales(window, shape, scale_factor, min_size, max_size):
    """Scales whose windows are within the limits, or else the one that is nearest to them."""
    scale_factor = check_number(scale_factor, "scale_factor", above=1, at_most=1e6)
    min_width, min_height = check_size(min_size, "min_size") or (0, 0)
    max_width, max_height = check_size(max_size, "max_size") or (0, 0)
    rows, columns = shape
    if not (max_width and max_height):
        max_width, max_height = columns, rows
    scales = _all_scales(window, (columns, rows), scale_factor)
    sizes = window_at(window, scales[:, None])
    fits = (sizes <= (max_width, max_height)).all(1) & (sizes >= (min_width, min_height)).all(1)
    if len(scales) and not fits.any():
        distance = ((sizes - (min_width, min_height)) ** 2).sum(1)
        fits[distance.argmin()] = True
    return scales[fits]


def _all_scales(window, size, scale_factor):
    """Powers of ``scale_factor`` by which the window still fits into the image."""
    scales = []
    factor = 1.0
    while all(round(side * factor) <= limit for side, limit in zip(window, size, strict=True)):
        scales.append(factor)
        factor *= scale_factor
        if len(scales) > _MOST_SCALES:
            raise ValueError(
                f"scale_factor {scale_factor} makes more than {_MOST_SCALES} scales; "
                "use 1.01 or more"
            )
    return np.array(scales).astype(np.float32)


def thread_count(n_jobs):
    """Return how many threads ``n_jobs`` means: -1 are all cores, -2 all but one."""
    threads = 1 if n_jobs is None else check_jobs(n_jobs)
    return threads if threads > 0 else max(1, (os.cpu_count() or 1) + 1 + threads)


def map_layers(function, layers, n_jobs):
    """Apply ``function`` to all layers, in threads if asked for, the largest layer first."""
    threads = thread_count(n_jobs)
    if threads == 1 or len(layers) < 2:
        return [function(layer) for layer in layers]
    with ThreadPoolExecutor(min(threads, len(layers))) as pool:
        return list(pool.map(function, layers))
