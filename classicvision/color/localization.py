"""Find a known object by its colours: back-projection and mean shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_boxes, check_image, check_number, check_size
from classicvision.color._bins import flat_numbers
from classicvision.color._levels import fits, look_up_triples
from classicvision.color._spaces import CHANNELS, channel_blocks, check_range, check_space
from classicvision.color.comparison import check_values
from classicvision.color.histogram import color_histogram
from classicvision.filters.integral import integral_image
from classicvision.results import Detections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from classicvision.color.histogram import Space


def back_project(
    image: ArrayLike,
    histogram: ArrayLike,
    space: Space = "rgb",
    *,
    range: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Replace each pixel by the histogram's value for its colour.

    Parameters
    ----------
    image : array_like, shape (rows, columns, 3) or (rows, columns)
        As for `color_histogram`.
    histogram : array_like
        A joint histogram of the space: three dimensions, for "rg" two, for "gray" one. Its shape
        gives the numbers of bins.
    space : {"rgb", "rg", "hsv", "lab", "opponent", "gray"}
        As in `color_histogram`.
    range : tuple of float, optional
        As in `color_histogram`; pixels with a value outside become 0.

    Returns
    -------
    ndarray of float32, shape (rows, columns)

    Raises
    ------
    TypeError, ValueError
        For an image or a histogram that is not as above, or has values that are negative or not
        finite.

    Notes
    -----
    For uint8 images in "rgb", "hsv", "lab" and "gray" these are the values of OpenCV's
    ``calcBackProject`` before it multiplies them by its scale and rounds them to bytes.

    References
    ----------
    M. J. Swain and D. H. Ballard, "Color indexing", International Journal of Computer Vision
    7(1), 1991, section 4.

    Examples
    --------
    >>> image = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    >>> histogram = np.zeros((2, 2, 2))
    >>> histogram[1, 0, 0] = 0.75  # red
    >>> back_project(image, histogram)
    array([[0.75, 0.  ]], dtype=float32)
    """
    image = check_image(image)
    check_space(space, image)
    limits = check_range(range, image, space)
    histogram = np.asarray(histogram)
    if histogram.dtype.kind not in "biuf":
        raise TypeError(f"histogram must be an array of numbers, got {histogram.dtype}")
    if histogram.ndim != CHANNELS[space] or histogram.size == 0:
        raise ValueError(
            f"histogram must have {CHANNELS[space]} dimensions for space {space!r}, got shape "
            f"{histogram.shape}; make it with color_histogram(..., space={space!r})"
        )
    check_values(histogram, "histogram")
    values, start = np.require(histogram, np.float32, ["C", "W"]), 0
    result = np.zeros(image.shape[0] * image.shape[1], np.float32)
    for channels, ranges, kept in channel_blocks(image, space, limits, None):
        size = channels.size // CHANNELS[space] if kept is None else len(kept)
        part = result[start : start + size]
        if kept is None:
            _look_up(channels, ranges, values, part)
        else:
            found = np.empty(np.count_nonzero(kept), np.float32)
            _look_up(channels, ranges, values, found)
            part[kept] = found
        start += size
    return result.reshape(image.shape[:2])


def _look_up(channels, ranges, values, result):
    """Write the value of the bin of each pixel."""
    if channels.dtype == np.uint8 and values.ndim == 3 and fits(ranges, values.shape):
        look_up_triples(channels, ranges, values, result)
    else:
        planes = channels.T if channels.dtype == np.uint8 else channels
        result[:] = values.reshape(-1)[flat_numbers(planes, ranges, values.shape)]


def mean_shift(
    probability: ArrayLike,
    window: ArrayLike,
    *,
    max_iterations: int = 100,
    epsilon: float = 1.0,
    return_steps: bool = False,
) -> NDArray[np.float32]:
    """Move a window to where most of the mass around it is.

    Parameters
    ----------
    probability : array_like, shape (rows, columns)
        Not negative: a back-projection, on any scale.
    window : array_like, shape (4,)
        The box to begin with: x1, y1, x2, y2 in whole pixels, right and bottom exclusive, with
        at least a part of it in the image.
    max_iterations : int
        At least 1.
    epsilon : float
        Stop when the window moves by less than this many pixels, at least 0.
    return_steps : bool
        Return all windows, from the first one, clipped to the image, to the last.

    Returns
    -------
    ndarray of float32, shape (4,), or (steps, 4) with ``return_steps``
        The box where the window ends, of the same size unless it had to be clipped.

    Raises
    ------
    TypeError, ValueError
        For values, a window or an option that are not as above.

    Notes
    -----
    In each step the window's centre moves to the centre of the mass inside it, rounded to whole
    pixels, as in OpenCV's ``meanShift``. Without mass it stays.

    References
    ----------
    G. R. Bradski, "Computer vision face tracking for use in a perceptual user interface", Intel
    Technology Journal Q2, 1998.

    Examples
    --------
    >>> probability = np.zeros((20, 30))
    >>> probability[10:14, 16:20] = 1
    >>> mean_shift(probability, [10, 6, 18, 14])
    array([14.,  8., 22., 16.], dtype=float32)
    """
    probability = check_image(probability, name="probability", color=False)
    check_values(probability, "probability")
    check_number(max_iterations, "max_iterations", at_least=1, integer=True)
    check_number(epsilon, "epsilon", at_least=0, at_most=1e6)
    rows, columns = probability.shape
    left, top, right, bottom = _check_window(window, columns, rows)
    width, height = right - left, bottom - top
    steps = [(left, top, right, bottom)]
    for _ in range(max_iterations):
        centre = _centre_of_mass(probability[top:bottom, left:right])
        if centre is None:
            break
        x = min(max(left + round(centre[0] - width * 0.5), 0), columns - width)
        y = min(max(top + round(centre[1] - height * 0.5), 0), rows - height)
        moved = (x - left) ** 2 + (y - top) ** 2
        left, top, right, bottom = x, y, x + width, y + height
        if moved:
            steps.append((left, top, right, bottom))
        if moved < round(epsilon * epsilon):
            break
    boxes = np.array(steps, np.float32)
    return boxes if return_steps else boxes[-1]


def _check_window(window, columns, rows):
    """Return left, top, right, bottom as ints, clipped to the image."""
    try:
        box = np.asarray(window, np.float32)
    except (TypeError, ValueError):
        box = np.zeros(0, np.float32)
    if box.shape != (4,) or (box != np.rint(box)).any():
        raise ValueError(f"window must be x1, y1, x2, y2 in whole pixels, got {window!r:.80}")
    box = check_boxes(box[None], "window")
    left, top, right, bottom = box[0].astype(int).tolist()
    clipped = max(left, 0), max(top, 0), min(right, columns), min(bottom, rows)
    if clipped[0] >= clipped[2] or clipped[1] >= clipped[3]:
        raise ValueError(
            f"window must have pixels of the image, {columns} x {rows}, got {box[0].tolist()}"
        )
    return clipped


def _centre_of_mass(values):
    """Return x, y of the centre of mass; None without mass."""
    values = values.astype(np.float64)
    total = values.sum()
    if total < np.finfo(np.float64).eps:
        return None
    x = values.sum(axis=0) @ np.arange(values.shape[1]) / total
    y = values.sum(axis=1) @ np.arange(values.shape[0]) / total
    return x, y


def locate_color(
    image: ArrayLike,
    example: ArrayLike,
    *,
    bins: int | Sequence[int] = 8,
    space: Space = "rgb",
    mask: ArrayLike | None = None,
    size: int | tuple[int, int] | None = None,
    max_detections: int = 1,
    threshold: float = 0.2,
    range: tuple[float, float] | None = None,
) -> Detections:
    """Find an object of known colours in an image.

    Parameters
    ----------
    image : array_like, shape (rows, columns, 3)
        Where to look.
    example : array_like, shape (rows, columns, 3)
        A picture of the object, or a part of one.
    bins, space, range
        As in `color_histogram`.
    mask : array_like, optional
        Which pixels of the example belong to the object.
    size : int or (width, height), optional
        How large the object is in the image, in pixels; by default as large as the example.
    max_detections : int
        At least 1.
    threshold : float
        Least score, from 0 to 1.

    Returns
    -------
    Detections
        Best first. A score is the mean of the ratio below in the box.

    Raises
    ------
    TypeError, ValueError
        For images or options that are not as above, or an object larger than the image.

    Notes
    -----
    1. The ratio of the two histograms, min(object / image, 1), tells for each colour how likely
       a pixel of it belongs to the object; the object's pixels are scaled to ``size``.
    2. Its back-projection is averaged over boxes of that size.
    3. From the best box mean shift goes to the centre of the mass around it.
    4. What is found is taken out, and the search begins again at 2.

    Swain and Ballard's method with a box in the place of their disc, and mean shift added.
    Memory: six float32 images.

    References
    ----------
    M. J. Swain and D. H. Ballard, "Color indexing", International Journal of Computer Vision
    7(1), 1991, section 4.

    Examples
    --------
    >>> image = np.zeros((40, 60, 3), np.uint8)
    >>> image[10:20, 30:42] = 200, 40, 40
    >>> found = locate_color(image, image[10:20, 30:42])
    >>> found.boxes
    array([[30., 10., 42., 20.]], dtype=float32)
    """
    image, example = check_image(image), check_image(example, name="example")
    check_space(space, image)
    check_space(space, example, "example")
    check_number(max_detections, "max_detections", at_least=1, integer=True)
    threshold = max(check_number(threshold, "threshold", at_least=0, at_most=1), 1e-6)
    size = check_size(example.shape[1::-1] if size is None else size, "size", at_least=1)
    width, height = size
    rows, columns = image.shape[:2]
    if width > columns or height > rows:
        raise ValueError(
            f"size must fit into the image, {columns} x {rows}, got {width} x {height}; give the "
            "object's size in the image"
        )
    options = {"space": space, "range": range}
    model = color_histogram(example, bins, mask=mask, normalize=True, **options)
    if not model.any():
        raise ValueError("mask must leave pixels of the example to learn from, got none")
    whole = color_histogram(image, bins, **options)
    ratio = np.zeros_like(whole)
    np.divide(model * (width * height), whole, out=ratio, where=whole > 0)
    likely = back_project(image, np.minimum(ratio, 1), **options)
    boxes, scores = [], []
    while len(boxes) < max_detections:
        box, score = _best_box(likely, width, height, threshold)
        if score < threshold:
            break
        boxes.append(box)
        scores.append(score)
        left, top, right, bottom = box.astype(int)
        likely[top:bottom, left:right] = 0
    order = np.argsort(-np.array(scores), kind="stable")  # mean shift may lower a box's mean
    return Detections(np.reshape(boxes, (-1, 4))[order], np.array(scores)[order])


def _best_box(likely, width, height, threshold):
    """Return the box of this size with the greatest mean, moved to the mass around it.

    Its mean, which is greatest before it is moved, stays at the threshold at least.
    """
    table = integral_image(likely, dtype="float64")
    strips = table[height:] - table[:-height]
    sums = strips[:, width:] - strips[:, :-width]
    top, left = np.unravel_index(sums.argmax(), sums.shape)
    best = np.array([left, top, left + width, top + height])
    for box in (mean_shift(likely, best), best.astype(np.float32)):
        left, top, right, bottom = box.astype(int)
        score = float(likely[top:bottom, left:right].mean(dtype=np.float64))
        if score >= threshold:
            break
    return box, score
