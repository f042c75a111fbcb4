"""Finding a template at many scales, from coarse to fine over Gaussian pyramids."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision._opencv import opencv
from classicvision.boxes import nms
from classicvision.features.template import check_channels, correlation
from classicvision.filters.blending import gaussian_pyramid
from classicvision.results import Detections

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SMALLEST_SIDE = 12  # pixels of the template's shorter side at the coarsest level
_CANDIDATES = 64  # followed from the coarsest level to the finest, at least
_REACH = 2  # pixels around a candidate of the coarser level
_SAME = 0.8  # intersection over union of candidates that are one


@dataclass(frozen=True, eq=False)
class TemplateSteps:
    """What `find_template` computes on its way.

    Attributes
    ----------
    reduction : int
        How many times smaller than the image its coarsest level is.
    scales : ndarray of float64, shape (n,)
        The scales searched there.
    correlations : list of ndarray of float32
        For each of them :func:`match_template` of the coarsest level.
    candidates : list of Detections
        What goes on from each level to the next, the coarsest first.
    detections : Detections
        The result.
    """

    reduction: int
    scales: NDArray[np.float64]
    correlations: list[NDArray[np.float32]]
    candidates: list[Detections]
    detections: Detections


@overload
def find_template(
    image: ArrayLike,
    template: ArrayLike,
    *,
    scales: float | tuple[float, float] = ...,
    threshold: float = ...,
    overlap: float = ...,
    max_detections: int | None = ...,
    return_steps: Literal[False] = ...,
) -> Detections: ...


@overload
def find_template(
    image: ArrayLike,
    template: ArrayLike,
    *,
    scales: float | tuple[float, float] = ...,
    threshold: float = ...,
    overlap: float = ...,
    max_detections: int | None = ...,
    return_steps: Literal[True],
) -> TemplateSteps: ...


def find_template(
    image: ArrayLike,
    template: ArrayLike,
    *,
    scales: float | tuple[float, float] = (0.5, 1.0),
    threshold: float = 0.7,
    overlap: float = 0.3,
    max_detections: int | None = 64,
    return_steps: bool = False,
) -> Detections | TemplateSteps:
    """Find a template in an image, at any scale of a range.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
    template : array_like, shape (height, width) or (height, width, 3)
        With as many channels as the image. Of bool, uint8, uint16, int16, float32 or float64;
        dtype and range may be others than the image's.
    scales : (float, float) or float
        The smallest and the largest size of the object in the image, relative to the template: 0.5
        is half as large. One number: that size only.
    threshold : float
        The smallest correlation coefficient of a detection, from 0 to 1: only places that
        correlate positively are looked at.
    overlap : float
        Of detections whose intersection over union exceeds this, 0 to 0.8, only the best is
        kept. Places that overlap by more than 0.8 always count as one.
    max_detections : int, optional
        The most detections that are returned. None: all, from places that correlate at least
        half as well as ``threshold`` at the coarsest level; their number, and with it the time,
        can be large for a low threshold.
    return_steps : bool
        Return `TemplateSteps`, with the scales and what is found at each level, instead.

    Returns
    -------
    Detections or TemplateSteps
        The best first; the scores are the correlation coefficients of :func:`match_template`,
        at the peaks of parabolas through those of neighbouring pixels.

    Raises
    ------
    TypeError
        For a dtype or a number of dimensions that no image has, or options that are no numbers.
    ValueError
        For an image or template without pixels or with values that are not finite, options out
        of range, a template with other channels or that does not fit into the image at its
        smallest scale.

    Notes
    -----
    1. Image and template are reduced until the smallest template has sides of 12 pixels.
    2. There the template is compared with the whole image at all scales; the corners of one
       differ from those of the next by about one pixel. The best ``max_detections`` places go on,
       but 64 at least.
    3. On each finer level every candidate is compared again at its scale and at the two next to
       it, twice as close as before, in a neighbourhood of 5 x 5 pixels; from the best of them it
       goes on to the next scale, until there is no better one.

    The templates are the levels of their own pyramid, shrunk further by area. To enlarge one
    would blur it: an object larger than the template by up to 2, 4, ... is searched in the image
    reduced by 2, 4, ..., and its place is exact to as many pixels. Rotation is not searched.

    Memory: image and template in float32 (float64 for float64), and what :func:`match_template`
    needs for the coarsest level.

    References
    ----------
    E. H. Adelson, C. H. Anderson, J. R. Bergen, P. J. Burt and J. M. Ogden, "Pyramid methods in
    image processing", RCA Engineer 29(6), 1984.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:80, :100]
    >>> image = np.sin(x * y / 90.0)
    >>> found = find_template(image, image[30:60, 50:90], scales=1)
    >>> found.boxes[0].tolist(), round(float(found.scores[0]), 3)
    ([50.0, 30.0, 90.0, 60.0], 1.0)
    """
    image, template = check_image(image), check_image(template, name="template")
    check_channels(image, template)
    low, high = _check_scales(scales)
    threshold = check_number(threshold, "threshold", at_least=0, at_most=1)
    overlap = check_number(overlap, "overlap", at_least=0, at_most=_SAME)
    if max_detections is not None:
        max_detections = check_number(max_detections, "max_detections", at_least=1, integer=True)
    _check_fits(image.shape, template.shape, low)
    limit = None if max_detections is None else max(max_detections, _CANDIDATES)
    space = _ScaleSpace(image, template, low, high, limit)
    found, correlations = space.scan(threshold / 2 if limit is None else 0.0, return_steps)
    candidates = [space.detections(found)]
    for level in range(space.coarsest - 1, -1, -1):
        found = space.refine(found, level)
        candidates.append(space.detections(found))
    best = candidates[-1][candidates[-1].scores >= threshold]
    detections = best[nms(best.boxes, best.scores, overlap)[:max_detections]]
    if not return_steps:
        return detections
    scales = space.scale(np.arange(len(correlations)) * 2**space.coarsest)
    return TemplateSteps(2**space.coarsest, scales, correlations, candidates, detections)


class _ScaleSpace:
    """An image and a template at many scales; candidates are (x, y, step, score).

    x and y are the centre of an object in the image, where pixel 0 reaches from 0 to 1; its scale
    is ``low * ratio ** step``.
    """

    def __init__(self, image, template, low, high, limit):
        work = np.float64 if np.float64 in (image.dtype, template.dtype) else np.float32
        self.limit = limit  # of candidates, None for all
        height, width = template.shape[:2]
        self.size = np.array([width, height])
        self.low = low
        self.coarsest = max(0, math.floor(math.log2(min(height, width) * low / _SMALLEST_SIDE)))
        # From one scale to the next the corners move by a pixel at most, on the coarsest level too
        corner = high * max(height, width) / 2
        stride = 2**self.coarsest
        steps = math.ceil(math.log(high / low) / math.log1p(1 / corner) / stride) * stride
        self.steps = steps
        self.ratio = (high / low) ** (1 / steps) if steps else 1.0
        self.images = gaussian_pyramid(image.astype(work), self.coarsest + 1)
        self.templates = gaussian_pyramid(
            template.astype(work), 1 + max(0, math.floor(math.log2(min(height, width) / 2)))
        )
        self._patterns = {}

    def scale(self, step):
        return self.low * self.ratio**step

    def detections(self, candidates):
        if not candidates:
            return Detections(np.zeros((0, 4)))
        return Detections(self.boxes(candidates), [candidate[3] for candidate in candidates])

    def boxes(self, candidates):
        """Return the boxes of candidates as an array of x1, y1, x2, y2."""
        centres = np.array([candidate[:2] for candidate in candidates])
        halves = [self.scale(candidate[2]) * self.size / 2 for candidate in candidates]
        return np.hstack([centres - halves, centres + halves])

    def scan(self, above, keep):
        """Compare the template with the whole image of the coarsest level at all scales.

        Return the candidates that score more than ``above``, and where ``keep`` all scores.
        """
        level, found, kept = self.coarsest, [], []
        image = self.images[level]
        for step in range(0, self.steps + 1, 2**level):
            pattern, first = self._pattern(step, level)
            if any(pattern.shape[i] > image.shape[i] for i in range(2)):
                break
            scores = correlation(image, pattern)
            if keep:
                kept.append(scores)
            for r, c in _peaks(scores, above, self.limit):
                x, y = np.array([c, r]) * 2**level + first
                found.append((x, y, step, float(scores[r, c])))
        return self._distinct(found), kept

    def refine(self, candidates, level):
        """Return the candidates with their places and scales as a finer level shows them."""
        found = []
        for x, y, step, score in candidates:
            best = self._climb(x, y, step, level)
            found.append((x, y, step, score) if best is None else best)
        return self._distinct(found)

    def _climb(self, x, y, step, level):
        """Return the best place and scale near a place: go on while a scale beside it is better."""
        seen = {}
        while True:
            for s in (step - 2**level, step, step + 2**level):
                if s not in seen:
                    possible = 0 <= s <= self.steps and self.scale(s) < 1.001 * 2**level
                    seen[s] = self._near(x, y, s, level) if possible else None
            best = max(filter(None, seen.values()), key=lambda found: found[3], default=None)
            if best is None or best[2] == step:
                return best
            x, y, step, _ = best

    def _near(self, x, y, step, level):
        """Return the best place of the template around a place, None where it does not fit."""
        image = self.images[level]
        pattern, first = self._pattern(step, level)
        room = np.array(image.shape[1::-1]) - pattern.shape[1::-1]
        place = np.rint((np.array([x, y]) - first) / 2**level).astype(int)
        start = np.maximum(place - _REACH, 0)
        stop = np.minimum(place + _REACH, room)
        if (start > stop).any():
            return None
        (left, top), (right, bottom) = start, stop + pattern.shape[1::-1]
        scores = correlation(image[top:bottom, left:right], pattern)
        r, c = np.unravel_index(np.argmax(scores), scores.shape)
        x, y = (start + [c, r]) * 2**level + first
        return x, y, step, _peak_height(scores, r, c)

    def _pattern(self, step, level):
        """Return the template at a scale and level, and where its centre is with it at pixel 0."""
        if (step, level) not in self._patterns:
            scale = self.scale(step)
            factor = scale / 2**level
            half_way = min(max(math.floor(-math.log2(factor)), 0), len(self.templates) - 1)
            pattern = self.templates[half_way]
            rows, columns = (max(1, round(n * factor * 2**half_way)) for n in pattern.shape[:2])
            if (rows, columns) != pattern.shape[:2]:
                cv2 = opencv()
                method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
                pattern = cv2.resize(pattern, (columns, rows), interpolation=method)
            # Pixel 0 of a level has the centre of pixel 0 of the image, 0.5; shrinking by area
            # keeps the outer edges instead. Hence where the object's left edge is:
            edge = 0.5 - 2**level / 2 + scale * (2**half_way - 1) / 2
            self._patterns[step, level] = pattern, edge + scale * self.size / 2
        return self._patterns[step, level]

    def _distinct(self, candidates):
        """Return the best candidates, one of each group that are much the same."""
        if not candidates:
            return []
        scores = np.array([candidate[3] for candidate in candidates])
        return [candidates[i] for i in nms(self.boxes(candidates), scores, _SAME)[: self.limit]]


def _peaks(scores, above, count):
    """Return the row and column of the highest local maxima, the best first."""
    rows, columns = scores.shape
    around = np.pad(scores, 1)
    peak = scores > above
    for r in range(3):
        for c in range(3):
            peak &= scores >= around[r : r + rows, c : c + columns]
    places = np.argwhere(peak)
    order = np.argsort(-scores[tuple(places.T)], kind="stable")[:count]
    return places[order]


def _peak_height(scores, r, c):
    """Return how high parabolas through the scores beside the highest one rise, at most 1.

    Half a pixel off, the right place can score less than one that only looks like it.
    """
    height = highest = float(scores[r, c])
    for line, at in ((scores[r], c), (scores[:, c], r)):
        if 0 < at < line.size - 1:
            before, after = float(line[at - 1]), float(line[at + 1])
            bend = 2 * highest - before - after
            if bend > 0:
                height += (after - before) ** 2 / (8 * bend)
    return min(height, 1.0)


def _check_scales(scales):
    pair = (scales, scales) if isinstance(scales, numbers.Real) else scales
    try:
        low, high = pair
    except (TypeError, ValueError):
        raise TypeError(f"scales must be a number or (smallest, largest), got {scales!r}") from None
    low = check_number(low, "scales", above=0)
    high = check_number(high, "scales", above=0, at_most=64)
    if low > high:
        raise ValueError(f"scales must be (smallest, largest), got {scales!r}")
    return low, high


def _check_fits(shape, template_shape, low):
    smallest = [round(low * side) for side in template_shape[:2]]
    if min(smallest) < 2:
        raise ValueError(
            f"scales are too small for a template of shape {template_shape}: at {low:g} it has "
            f"{smallest[0]} x {smallest[1]} pixels"
        )
    if smallest[0] > shape[0] or smallest[1] > shape[1]:
        raise ValueError(
            f"template must fit into the image at its smallest scale, got shapes {template_shape} "
            f"at {low:g} and {shape}; did they change places?"
        )
