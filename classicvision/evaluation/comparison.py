"""Whether the difference between two detectors is more than chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classicvision._checks import check_number, check_random_state
from classicvision.evaluation.detection_curve import (
    Counts,
    DetectionCurve,
    check_range,
    mean_rate,
)

if TYPE_CHECKING:
    from typing import Literal

_AT_ONCE = 2_000_000  # detections of one block of resamples


class DetectorComparison(NamedTuple):
    """The difference between two detectors' mean detection rates.

    Attributes
    ----------
    difference : float
        The first one's minus the second one's.
    low, high : float
        The interval that holds it with the confidence asked for.
    """

    difference: float
    low: float
    high: float


def compare_detectors(
    first: DetectionCurve,
    second: DetectionCurve,
    *,
    low: float = 0.1,
    high: float = 2,
    axis: Literal["linear", "log"] = "linear",
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int | np.random.Generator | np.random.RandomState | None = None,
) -> DetectorComparison:
    """Say how sure the difference between two detectors is, which saw the same images.

    Images are drawn again and again, as many as there are, with replacement, and both detectors'
    mean detection rates are compared on them: the paired bootstrap.

    Parameters
    ----------
    first, second : DetectionCurve
        Of the same samples in the same order.
    low, high, axis
        As for :meth:`DetectionCurve.mean_detection_rate`.
    confidence : float
        Between 0 and 1.
    n_resamples : int
        How often images are drawn.
    random_state : int, numpy.random.Generator or numpy.random.RandomState, optional
        As in scikit-learn; the same int gives the same interval.

    Returns
    -------
    DetectorComparison
        The difference on the images themselves, and the percentile interval of the differences
        of all resamples.

    Raises
    ------
    TypeError
        For what is no `DetectionCurve`, or an option of the wrong type.
    ValueError
        If the curves are not of the same images, or for an option out of range.

    Notes
    -----
    Memory: blocks of about 100 MB, whatever the number of resamples.

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> from classicvision.evaluation import DetectionCurve, ImageOutcome, compare_detectors
    >>> good = DetectionCurve([ImageOutcome(2, [9, 8], [True, True])] * 50)
    >>> poor = DetectionCurve([ImageOutcome(2, [9, 8], [True, False])] * 50)
    >>> compare_detectors(good, poor, random_state=0)
    DetectorComparison(difference=0.5, low=0.5, high=0.5)
    """
    for name, curve in (("first", first), ("second", second)):
        if not isinstance(curve, DetectionCurve):
            raise TypeError(f"{name} must be a DetectionCurve, got {curve!r:.80}")
    objects = [[outcome.objects for outcome in curve.per_image] for curve in (first, second)]
    if objects[0] != objects[1]:
        raise ValueError(
            "first and second must be curves of the same images in the same order, got "
            f"{first.objects} objects in {first.images} images and "
            f"{second.objects} in {second.images}"
        )
    check_range(low, high, axis)
    confidence = check_number(confidence, "confidence", above=0, at_most=1)
    n_resamples = check_number(n_resamples, "n_resamples", at_least=1, integer=True)
    generator = check_random_state(random_state)
    counts = [Counts(first.per_image), Counts(second.per_image)]
    longest = max(1, *map(len, counts))
    differences = []
    for start in range(0, n_resamples, block := max(1, _AT_ONCE // longest)):
        weights = generator.multinomial(
            first.images, np.full(first.images, 1 / first.images), min(block, n_resamples - start)
        )
        found = np.maximum(weights @ objects[0], 1)[:, None]
        means = []
        for count in counts:
            hits, misses = count.cumulative(weights)
            means.append(mean_rate(misses / first.images, hits / found, low, high, axis))
        differences.append(means[0] - means[1])
    options = {"axis": axis}
    difference = first.mean_detection_rate(low, high, **options)
    difference -= second.mean_detection_rate(low, high, **options)
    tails = (1 - confidence) / 2, (1 + confidence) / 2
    return DetectorComparison(difference, *np.quantile(np.concatenate(differences), tails).tolist())
