"""What is wrong with training data, said before the training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number
from classicvision.detection._crops import (
    RATIO_SLACK,
    check_crop_size,
    check_crops,
    resize,
    resize_crops,
    to_gray,
)
from classicvision.features.template import match_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from classicvision.detection._negatives import Negatives

_THUMBNAIL = 16  # pixels a side
_BLOCK = 1024
_FEW_POSITIVES, _FEW_NEGATIVES = 50, 50
_FLAT = 3.0  # standard deviation of gray levels
_MANY_COPIES = 0.05  # of the positives
# The search for positives inside negatives looks at so many of each, spread evenly.
_SEARCHED_POSITIVES, _SEARCHED_NEGATIVES = 32, 40
_COARSE = 10  # pixels a side of an object in the coarse search
_LARGEST_LEVEL = 16_384  # pixels
_LEVEL_STEP = 1.12
# Correlation in the coarse search, and at the window's size. Plain objects, such as a card's edge,
# reach 0.96 with other things; of objects cut from the same images some exceed 0.98.
_CANDIDATE, _SAME = 0.85, 0.975


def remove_duplicates(images: ArrayLike, *, threshold: float = 0.95) -> NDArray[np.intp]:
    """Find the crops that are not copies, or near copies, of an earlier one.

    Parameters
    ----------
    images : array_like of uint8, shape (n, rows, columns)
    threshold : float
        Crops that correlate more than this, 0 to 1, are copies. 1: only those that are equal in
        every pixel.

    Returns
    -------
    ndarray of int, shape (k,)
        Increasing indices of the crops to keep: ``images[remove_duplicates(images)]``.

    Raises
    ------
    TypeError, ValueError
        For images that are not such an array, or a threshold out of range.

    Notes
    -----
    Each crop is shrunk to 16 x 16 pixels by area, its mean is subtracted and it is divided by
    its norm: the product of two such thumbnails is their correlation, whatever brightness and
    contrast. In the order given, a crop is kept unless a kept one correlates with it more than
    ``threshold``. Flat crops are compared pixel by pixel only. The default was chosen by eye:
    among photographs of faces, pairs above 0.95 were the same photograph, and those of different
    people seldom exceed 0.9; a shift by a fiftieth of the width leaves 0.98. Time grows with the
    square of n: 10,000 crops take about a second; memory: 1 KiB a crop.

    Examples
    --------
    >>> import numpy as np
    >>> from classicvision.detection.samples import remove_duplicates
    >>> crops = np.random.default_rng(0).integers(0, 200, (3, 24, 24)).astype(np.uint8)
    >>> remove_duplicates(np.concatenate([crops, crops[:1] + np.uint8(20)]))
    array([0, 1, 2])
    """
    images = check_crops(images)
    threshold = check_number(threshold, "threshold", at_least=0, at_most=1)
    different = _first_of_equal(images)
    if threshold == 1:
        return different
    thumbnails = _thumbnails(images[different], _THUMBNAIL)
    kept = np.empty_like(thumbnails)
    count, indices = 0, []
    for start in range(0, len(thumbnails), _BLOCK):
        block = thumbnails[start : start + _BLOCK]
        new = np.ones(len(block), bool)
        for first in range(0, count, _BLOCK):
            earlier = kept[first : min(first + _BLOCK, count)]
            new &= (block @ earlier.T).max(axis=1) <= threshold
        alike = block @ block.T > threshold
        for i in range(len(block)):
            if new[i]:
                new[i + 1 :] &= ~alike[i, i + 1 :]
        found = np.flatnonzero(new)
        kept[count : count + len(found)] = block[found]
        count += len(found)
        indices.append(different[start + found])
    return np.concatenate(indices)


def _first_of_equal(images):
    """Return the indices of the first crop of each group of equal ones."""
    seen, indices = set(), []
    for i, image in enumerate(images):
        data = image.tobytes()
        if data not in seen:
            seen.add(data)
            indices.append(i)
    return np.array(indices, np.intp)


def _thumbnails(images, side):
    """Return float32 rows of norm 1, or of zeros for flat crops."""
    return _normalized(resize_crops(images, side).reshape(len(images), -1))


def _normalized(rows):
    rows = rows.astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 1e-3)


def check_samples(
    positives: ArrayLike,
    negatives: Negatives | Sequence[ArrayLike],
    window: int | tuple[int, int] = (24, 24),
) -> list[str]:
    """Say what is wrong with training data, and what to do.

    Parameters
    ----------
    positives : array_like of uint8, shape (n, rows, columns)
    negatives : Negatives or sequence of array_like
    window : int or (width, height)
        The detector's window.

    Returns
    -------
    list of str
        What will make the detector worse, each in one line with its remedy; empty where
        nothing was found.

    Raises
    ------
    TypeError, ValueError
        For what makes training impossible: positives that are no crops or of another aspect ratio
        than the window's (by more than a tenth), no contrast in any, fewer than two of them; no
        negatives, or none that the window fits into.

    Notes
    -----
    Looked for: few positives (below 50) or negatives, crops smaller than the window, flat crops,
    copies among the positives (`remove_duplicates`), negatives that cannot be read or are smaller
    than the window, and positives inside negatives. For the last three at most 40 negatives are
    read, spread evenly. Up to 32 positives are searched in them at all sizes from the window's
    and from about 1/13 of the image upwards: by correlation at 10 x 10 pixels, and where that
    finds a likeness, by `match_template` at the window's size. Objects that are not among the
    positives are not noticed.

    Examples
    --------
    >>> import numpy as np
    >>> from classicvision.detection.samples import check_samples
    >>> crops = np.random.default_rng(0).integers(0, 256, (60, 24, 24)).astype(np.uint8)
    >>> for line in check_samples(crops, [np.zeros((100, 100), np.uint8)], window=24):
    ...     print(line)
    only 1 negative image: a detector needs hundreds of varied ones for few false alarms; add more
    """
    window = check_crop_size(window)
    positives = check_crops(positives, "positives")
    warnings = _check_positives(positives, window)
    if len(negatives) == 0:
        raise ValueError("there are no negatives; give images without the object")
    if len(negatives) < _FEW_NEGATIVES:
        warnings.append(
            f"only {len(negatives)} negative image{'s' * (len(negatives) > 1)}: a detector needs "
            "hundreds of varied ones for few false alarms; add more"
        )
    places = np.unique(np.linspace(0, len(negatives) - 1, _SEARCHED_NEGATIVES).astype(int))
    chosen = [(i, to_gray(negatives[int(i)], f"negatives[{i}]")) for i in places]
    large = [(i, g) for i, g in chosen if g.shape[1] >= window[0] and g.shape[0] >= window[1]]
    if not large:
        raise ValueError(
            f"none of {len(chosen)} negatives looked at can be read and holds a window of "
            f"{window[0]} x {window[1]} pixels; give larger images"
        )
    if len(large) < len(chosen):
        warnings.append(
            f"{len(chosen) - len(large)} of {len(chosen)} negatives looked at cannot be read or "
            "are smaller than the window; remove them"
        )
    warnings += _check_overlap(positives, negatives, large, window)
    return warnings


def _check_positives(positives, window):
    count, rows, columns = positives.shape
    width, height = window
    given, wanted = columns / rows, width / height
    if max(given / wanted, wanted / given) > 1 + RATIO_SLACK:
        raise ValueError(
            f"the positives are {columns} x {rows} pixels, unlike the window of {width} x "
            f"{height}; crop them to its aspect ratio, or set window=(width, height)"
        )
    if count < 2:
        raise ValueError("a detector cannot learn from 1 positive; augment_samples makes more")
    warnings = []
    if count < _FEW_POSITIVES:
        warnings.append(
            f"only {count} positives: a detector needs hundreds, better thousands; add some, or "
            "make more of them with augment_samples"
        )
    if columns < width or rows < height:
        warnings.append(
            f"the positives of {columns} x {rows} pixels are smaller than the window of "
            f"{width} x {height} and will be blurred; use larger crops or a smaller window"
        )
    deviations = np.array([image.std() for image in positives])
    flat = int((deviations < _FLAT).sum())
    if flat == count:
        raise ValueError("the positives have no contrast at all; check that they show the object")
    if flat:
        first = int(np.flatnonzero(deviations < _FLAT)[0])
        warnings.append(
            f"{flat} of {count} positives have no contrast, the first is number {first}; "
            "remove them"
        )
    copies = count - len(remove_duplicates(positives))
    if copies > _MANY_COPIES * count:
        warnings.append(
            f"{copies} of {count} positives are copies or near copies of others; "
            "keep positives[remove_duplicates(positives)]"
        )
    return warnings


def _check_overlap(positives, negatives, images, window):
    contrast = np.flatnonzero([image.std() >= _FLAT for image in positives])
    picks = np.unique(np.linspace(0, len(contrast) - 1, _SEARCHED_POSITIVES).astype(int))
    templates = resize_crops(positives[contrast[picks]], window)
    thumbnails = _thumbnails(templates, _COARSE)
    found = [
        (i, number)
        for i, gray in images
        for number in _found_in(gray, templates, thumbnails, window)
    ]
    if not found:
        return []
    i, number = found[0]
    name = negatives.name(int(i)) if hasattr(negatives, "name") else f"negatives[{i}]"
    affected = len({i for i, _ in found})
    return [
        f"{affected} of {len(images)} negatives looked at seem to show a positive, number "
        f"{contrast[picks[number]]} in {name}; remove them, or blank the objects out "
        "with Negatives.around"
    ]


def _found_in(gray, templates, thumbnails, window):
    """Return the numbers of the templates that the image shows, at any size."""
    levels = list(_levels(gray, window))
    # One product for all sizes: many small ones would wait for the threads of BLAS.
    parts = [np.lib.stride_tricks.sliding_window_view(s, (_COARSE, _COARSE)) for s, _ in levels]
    rows = np.concatenate([part.reshape(-1, _COARSE * _COARSE) for part in parts])
    scores = thumbnails @ _normalized(rows).T
    ends = np.cumsum([part.shape[0] * part.shape[1] for part in parts])
    found = []
    for number, best in enumerate(scores.argmax(axis=1)):
        if scores[number, best] <= _CANDIDATE:
            continue
        level = int(np.searchsorted(ends, best, side="right"))
        inside = int(best - ends[level] + parts[level].shape[0] * parts[level].shape[1])
        row, column = divmod(inside, parts[level].shape[1])
        across, down = levels[level][1]
        place = (column / across, row / down, _COARSE / across)
        if _is_at(gray, place, templates[number], window):
            found.append(number)
    return found


def _levels(gray, window):
    """Yield the image ever smaller, an object being 10 x 10 pixels, and the two scales."""
    rows, columns = gray.shape
    scale = np.array([_COARSE / window[0], _COARSE / window[1]])
    largest = math.sqrt(_LARGEST_LEVEL / (rows * columns * scale[0] * scale[1]))
    scale *= min(1.0, largest)
    while True:
        size = (int(columns * scale[0] + 0.5), int(rows * scale[1] + 0.5))
        if min(size) < _COARSE:
            return
        small = resize(gray, size)
        yield small, (size[0] / columns, size[1] / rows)
        scale /= _LEVEL_STEP


def _is_at(gray, place, template, window):
    """Compare a template with the surroundings of a place, at the window's size and nearby."""
    x, y, width = place
    height = width * window[1] / window[0]
    reach = 0.15
    left, right = max(0, int(x - reach * width)), math.ceil(x + (1 + reach) * width)
    top, bottom = max(0, int(y - reach * height)), math.ceil(y + (1 + reach) * height)
    region = gray[top:bottom, left:right]
    for change in np.linspace(0.9, 1.1, 9):
        size = (
            int(region.shape[1] * window[0] / (width * change) + 0.5),
            int(region.shape[0] * window[1] / (height * change) + 0.5),
        )
        if size[0] < window[0] or size[1] < window[1]:
            continue
        if match_template(resize(region, size), template).max() > _SAME:
            return True
    return False
