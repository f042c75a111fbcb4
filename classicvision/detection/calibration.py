"""Choosing how strict a cascade is, on images that it was not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from classicvision._checks import check_number
from classicvision.detection.cascade import CascadeDetector
from classicvision.evaluation.detection import evaluate_detector

if TYPE_CHECKING:
    from collections.abc import Iterable

_FEWEST = 0.5  # of the stages: with less a cascade is no detector


class Calibration(NamedTuple):
    """A detector of some of the stages, and how to use it.

    Attributes
    ----------
    detector : CascadeDetector
    min_neighbors : int
        For `CascadeDetector.detect`.
    detection_rate : float
        The share of the objects of the validation images that are found.
    false_positives_per_image : float
    """

    detector: CascadeDetector
    min_neighbors: int
    detection_rate: float
    false_positives_per_image: float


def calibrate_detector(
    detector: CascadeDetector,
    samples: Iterable[tuple],
    *,
    detection_rate: float | None = None,
    false_positives_per_image: float | None = None,
    **options: Any,
) -> Calibration:
    """Choose the number of stages and of neighbours for a detection rate or for false positives.

    With fewer stages more windows pass, around objects and elsewhere, and more of them can be
    asked for. Which of the two is better is seen on images with known objects only.

    Parameters
    ----------
    detector : CascadeDetector
    samples : iterable of (image, boxes) or (image, boxes, ignored)
        As for :func:`~classicvision.evaluate_detector`, such as those of `read_annotations`; none
        that the cascade was trained on.
    detection_rate : float, optional
        Find at least this share of the objects, 0 to 1, with as few false positives as possible.
    false_positives_per_image : float, optional
        Find as many objects as possible with at most so many. One of the two must be given.
    **options
        Those of :func:`~classicvision.evaluate_detector`: ``match``, ``scale_factor``, ...

    Returns
    -------
    Calibration
        The first of equally good choices, from all stages down to half of them.

    Raises
    ------
    TypeError
        For what is no `CascadeDetector`, a target that is no number, or ``min_neighbors`` among
        the options: it is chosen.
    ValueError
        If not one of the two targets is given, or it is out of range; if no choice reaches it:
        the message says what comes next to it.

    Examples
    --------
    >>> import classicvision as cv
    >>> from classicvision.detection.calibration import calibrate_detector
    >>> samples = [(cv.sample_image("astronaut"), [[171, 64, 275, 168]])]
    >>> detector = cv.CascadeDetector.load("frontalface")
    >>> chosen = calibrate_detector(detector, samples, detection_rate=1)
    >>> chosen.detection_rate, chosen.false_positives_per_image
    (1.0, 0.0)
    """
    if not isinstance(detector, CascadeDetector):
        raise TypeError(
            f"detector must be a CascadeDetector, got {detector!r:.80}; CascadeDetector.load "
            "reads one"
        )
    if "min_neighbors" in options:
        raise TypeError("min_neighbors is what calibrate_detector chooses; leave it out")
    if (detection_rate is None) == (false_positives_per_image is None):
        raise ValueError("give one of detection_rate and false_positives_per_image")
    if detection_rate is not None:
        target = check_number(detection_rate, "detection_rate", at_least=0, at_most=1)
    else:
        target = check_number(false_positives_per_image, "false_positives_per_image", at_least=0)
    samples = list(samples)
    most = len(detector.stages)
    choices = []
    for stages in range(most, max(1, int(most * _FEWEST)) - 1, -1):
        fewer = detector.first_stages(stages)
        curve = evaluate_detector(fewer, samples, min_neighbors=1, **options)
        for score in curve.thresholds:
            point = curve.operating_point(score)
            false_positives = point.false_positives / curve.images
            choices.append(Calibration(fewer, int(score) - 1, point.recall, false_positives))
    if detection_rate is not None:
        good = [choice for choice in choices if choice.detection_rate >= target]
        best = min(good, key=lambda choice: choice.false_positives_per_image, default=None)
        nearest = max((choice.detection_rate for choice in choices), default=0.0)
    else:
        good = [choice for choice in choices if choice.false_positives_per_image <= target]
        best = max(good, key=lambda choice: choice.detection_rate, default=None)
        nearest = min((choice.false_positives_per_image for choice in choices), default=0.0)
    if best is None:
        name = "detection_rate" if detection_rate is not None else "false_positives_per_image"
        raise ValueError(f"no choice reaches {name}={target:g}; the nearest is {nearest:.3g}")
    return best
