"""How many objects a detector finds in annotated images, against how many false alarms."""

from __future__ import annotations

import functools
import inspect
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from classicvision._checks import check_boxes, check_image, check_number, check_option
from classicvision._parallel import parallel_map
from classicvision.boxes import iou
from classicvision.evaluation.detection_curve import DetectionCurve, ImageOutcome
from classicvision.images import read_image
from classicvision.results import Detections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal

    from numpy.typing import ArrayLike, NDArray

    _Rule = Callable[[NDArray[np.float32], NDArray[np.float32]], ArrayLike]

# The rule "center": the true box's side times this, and so many pixels.
_CENTER_SHIFT, _CENTER_PIXELS = 0.35, 1
_SMALLEST, _LARGEST = 0.6, 2.2  # side of the detected box relative to the true box's


def evaluate_detector(
    detector: Any,
    samples: Iterable[tuple],
    *,
    match: Literal["iou", "center"] | _Rule = "iou",
    iou_threshold: float = 0.5,
    n_jobs: int | None = None,
    progress: bool = False,
    **options: Any,
) -> DetectionCurve:
    """Run a detector over annotated images and count what it finds at every threshold.

    Parameters
    ----------
    detector : object or callable
        Something with ``detect(image, **options)``, such as
        :class:`~classicvision.CascadeDetector`, or a function ``(image, **options)``; it returns
        :class:`~classicvision.Detections`, whose scores are the thresholds. Labels are not
        looked at: evaluate one class of objects at a time.
    samples : iterable of (image, boxes) or (image, boxes, ignored)
        May be a generator: one image at a time is held for each job. ``image`` is an array, or
        the path of a file, which is read as RGB; ``boxes`` the true ones, shape (n, 4), x1, y1,
        x2, y2 in pixels, right and bottom exclusive; ``ignored`` a bool array of shape (n,) that
        marks boxes which need not be found, and which are no false alarms if they are.
    match : {"iou", "center"} or callable
        When a detected box may stand for a true one.

        * ``"iou"``: intersection over union of at least `iou_threshold`, as in PASCAL VOC.
        * ``"center"``: for annotations tighter or wider than the detector's boxes: the centres
          are at most 0.35 sides of the true box and 1 pixel apart, and the detected box's side
          is 0.6 to 2.2 times the true one's. The side of a box is (width + height) / 2.
        * A function of the detected boxes (n, 4) and the true ones (m, 4) that returns a bool
          array (n, m).
    iou_threshold : float
        Above 0, up to 1, for ``match="iou"``.
    n_jobs : int, optional
        Images at a time, as in scikit-learn; ``joblib.parallel_config`` chooses the backend.
    progress : bool
        Show a progress bar on standard error, if that is a terminal.
    **options
        For the detector. If its ``detect`` takes ``min_neighbors`` and none is given here, it
        is 1: the curve then shows every larger ``min_neighbors``, k at its threshold k + 1,
        as a group of more than k windows does not depend on k.

    Returns
    -------
    DetectionCurve

    Raises
    ------
    TypeError
        For samples of another form, or a detector that does not return `Detections`.
    ValueError
        For no samples, samples without any box to find, boxes that are none, or options out of
        range.
    OSError
        For an image that cannot be read.

    Notes
    -----
    In each image the detected boxes are taken by falling score. Each stands for the true box
    that it matches and overlaps most (intersection over union) among those that none before it
    stands for; if there is none left it is a false positive, except where it matches an ignored
    box. So an object found twice counts once, and its second box is a false positive, as in [1]_.

    The time is that of the calls of the detector, with reading left out; the first of them may
    have to compile. With several jobs they slow each other down.

    References
    ----------
    .. [1] M. Everingham, L. Van Gool, C. Williams, J. Winn and A. Zisserman, "The PASCAL Visual
           Object Classes (VOC) Challenge", IJCV 88, 2010, section 4.2.

    Examples
    --------
    Two images with three objects; the detector finds two of them, and something else surely.

    >>> import numpy as np
    >>> import classicvision as cv
    >>> found = {0: [[0, 0, 10, 10], [50, 50, 60, 60]], 1: [[21, 20, 31, 30]]}
    >>> scores = {0: [5, 9], 1: [7]}
    >>> def detector(image):
    ...     number = int(image[0, 0])
    ...     return cv.Detections(found[number], scores[number])
    >>> samples = [
    ...     (np.zeros((90, 90), np.uint8), [[0, 0, 10, 10], [30, 0, 40, 10]]),
    ...     (np.ones((90, 90), np.uint8), [[20, 20, 30, 30]]),
    ... ]
    >>> curve = cv.evaluation.evaluate_detector(detector, samples)
    >>> curve.thresholds, curve.false_positives, curve.detection_rate.round(2)
    (array([9., 7., 5.]), array([1, 1, 1]), array([0.  , 0.33, 0.67]))
    """
    detect = _detection_call(detector, options)
    if not callable(match):
        check_option(match, "match", ("iou", "center"))
    check_number(iou_threshold, "iou_threshold", above=0, at_most=1)
    rule = {"iou": functools.partial(_overlap, iou_threshold), "center": _near_center}.get(
        match if isinstance(match, str) else "", match
    )
    outcomes = parallel_map(
        functools.partial(_outcome, detect, rule),
        samples,
        n_jobs=n_jobs,
        description="evaluating",
        progress=progress,
    )
    return DetectionCurve(tuple(outcomes))


def _detection_call(detector, options):
    """Return the function of an image that runs the detector with its options."""
    detect = getattr(detector, "detect", detector)
    if not callable(detect):
        raise TypeError(
            "detector must have a method detect, or be a function of an image, "
            f"got {detector!r:.80}"
        )
    try:
        takes = inspect.signature(detect).parameters
    except (TypeError, ValueError):  # a function of another language
        takes = {}
    if "min_neighbors" in takes:
        options = {"min_neighbors": 1, **options}
    return functools.partial(detect, **options)


def _outcome(detect, rule, sample):
    """Run the detector on one sample and tell its hits from its false positives."""
    image, boxes, ignored = _check_sample(sample)
    start = time.perf_counter()
    found = detect(image)
    seconds = time.perf_counter() - start
    if not isinstance(found, Detections):
        raise TypeError(
            f"detector must return Detections, got {found!r:.80}; "
            "wrap its boxes: cv.Detections(boxes, scores)"
        )
    found = found[np.argsort(-found.scores, kind="stable")]
    matches = np.asarray(rule(found.boxes, boxes))
    if matches.shape != (len(found), len(boxes)) or matches.dtype != bool:
        raise ValueError(
            f"match must return a bool array of shape {(len(found), len(boxes))}, detected by "
            f"true boxes, got {matches.dtype} of shape {matches.shape}"
        )
    hits, counted = _assign(matches, iou(found.boxes, boxes), ignored)
    return ImageOutcome(int((~ignored).sum()), found.scores[counted], hits[counted], seconds)


def _check_sample(sample):
    """Return the image as an array, its boxes, and which of them are ignored."""
    if not isinstance(sample, (tuple, list)) or len(sample) not in (2, 3):
        raise TypeError(
            f"samples must yield (image, boxes) or (image, boxes, ignored), got {sample!r:.80}"
        )
    image, boxes = sample[:2]
    image = read_image(image) if isinstance(image, (str, os.PathLike)) else check_image(image)
    boxes = check_boxes(boxes)
    ignored = np.zeros(len(boxes), bool)
    if len(sample) == 3 and sample[2] is not None:
        ignored = np.asarray(sample[2])
        ignored = ignored.astype(bool) if ignored.size == 0 else ignored
        if ignored.shape != (len(boxes),) or ignored.dtype != bool:
            raise ValueError(
                f"ignored must be a bool array of shape ({len(boxes)},), one for each box, "
                f"got {ignored.dtype} of shape {ignored.shape}"
            )
    return image, boxes, ignored


def _overlap(threshold, found, boxes):
    return iou(found, boxes) >= threshold


def _near_center(found, boxes):
    """Centres near each other and sides alike, relative to the true boxes."""
    found, boxes = found.astype(np.float64), boxes.astype(np.float64)
    shift = (found[:, None, :2] + found[:, None, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
    side = _side(boxes)
    near = np.hypot(shift[..., 0], shift[..., 1]) <= _CENTER_SHIFT * side + _CENTER_PIXELS
    found_side = _side(found)[:, None]
    return near & (found_side >= _SMALLEST * side) & (found_side <= _LARGEST * side)


def _side(boxes):
    return (boxes[:, 2:] - boxes[:, :2]).mean(axis=1)


def _assign(matches, overlaps, ignored):
    """Give each detection, the surest first, the true box that it matches and overlaps most.

    Return which detections are hits, and which count at all.
    """
    free = ~ignored
    hits = np.zeros(len(matches), bool)
    counted = np.ones(len(matches), bool)
    for i, matched in enumerate(matches):
        candidates = np.flatnonzero(matched & free)
        if candidates.size:
            free[candidates[overlaps[i, candidates].argmax()]] = False
            hits[i] = True
        else:
            counted[i] = not (matched & ignored).any()
    return hits, counted
