"""The curve of a detector: detection rate against false positives over all thresholds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classicvision._checks import check_number, check_option

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ImageOutcome:
    """What a detector did on one image.

    Attributes
    ----------
    objects : int
        How many objects there are to find.
    scores : ndarray of float64, shape (n,)
        Of the detections that count.
    hits : ndarray of bool, shape (n,)
        Which of them stand for an object; the others are false positives.
    seconds : float
        The time of the detection.
    """

    objects: int
    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    seconds: float = 0.0

    def __post_init__(self):
        objects = check_number(self.objects, "objects", at_least=0, integer=True)
        scores = np.array(self.scores, np.float64)
        hits = np.array(self.hits, bool)
        if scores.ndim != 1 or scores.shape != hits.shape:
            raise ValueError(
                f"scores and hits must have one shape (n,), got {scores.shape} and {hits.shape}"
            )
        if not np.isfinite(scores).all():
            raise ValueError("scores must be finite")
        if hits.sum() > objects:
            raise ValueError(f"hits must be at most one an object, {objects}, got {hits.sum()}")
        for name, value in (("objects", objects), ("scores", scores), ("hits", hits)):
            object.__setattr__(self, name, value)


class OperatingPoint(NamedTuple):
    """One threshold of a curve: the detections whose score is at least that.

    Attributes
    ----------
    threshold : float
    recall : float
        The share of the objects that are found.
    precision : float
        The share of the detections that are objects; 1 where there is no detection.
    false_positives : int
        In all images together.
    """

    threshold: float
    recall: float
    precision: float
    false_positives: int


@dataclass(frozen=True, eq=False, repr=False)
class DetectionCurve:
    """Detection rate against false positives, one point for each score that occurs (FROC).

    Lowering the threshold from one point to the next takes in all detections of that score.

    Parameters
    ----------
    per_image : sequence of ImageOutcome
        What happened on each image: all else follows from it.

    Attributes
    ----------
    thresholds : ndarray of float64, shape (k,)
        The scores that occur, falling; a detection counts if its score is at least that.
    false_positives : ndarray of int64, shape (k,)
        In all images together; never falls.
    detection_rate : ndarray of float64, shape (k,)
        Objects found, as a share of all objects; never falls.
    precision : ndarray of float64, shape (k,)
        Objects found, as a share of all detections.
    images, objects : int
        How many images there are, and how many objects to find in all of them.
    average_precision : float
        Area under precision against recall, all points: at each recall the highest precision at
        that recall or beyond, as in PASCAL VOC from 2010 on.
    seconds_per_image : float
        Mean time of the detection.

    Raises
    ------
    ValueError
        If there is no image, or no object in any of them.

    Examples
    --------
    >>> from classicvision.evaluation import DetectionCurve, ImageOutcome
    >>> curve = DetectionCurve([ImageOutcome(3, [9, 7, 4], [True, False, True]),
    ...                         ImageOutcome(1, [7], [True])])
    >>> curve.thresholds, curve.false_positives, curve.detection_rate
    (array([9., 7., 4.]), array([0, 1, 1]), array([0.25, 0.5 , 0.75]))
    >>> curve.average_precision
    0.625
    """

    per_image: tuple[ImageOutcome, ...]
    thresholds: NDArray[np.float64] = field(init=False)
    false_positives: NDArray[np.int64] = field(init=False)
    detection_rate: NDArray[np.float64] = field(init=False)
    precision: NDArray[np.float64] = field(init=False)
    images: int = field(init=False)
    objects: int = field(init=False)
    average_precision: float = field(init=False)
    seconds_per_image: float = field(init=False)

    def __post_init__(self):
        per_image = tuple(self.per_image)
        objects = sum(outcome.objects for outcome in per_image)
        if not per_image:
            raise ValueError("samples must not be empty: there is no image to evaluate on")
        if not objects:
            raise ValueError(
                f"samples must have boxes to find; the {len(per_image)} images have none that count"
            )
        counts = Counts(per_image)
        hits, misses = counts.cumulative(np.ones(len(per_image), np.int64))
        precision = hits / (hits + misses)
        rate = hits / objects
        best_beyond = np.maximum.accumulate(precision[::-1])[::-1]
        values = {
            "per_image": per_image,
            "thresholds": counts.thresholds,
            "false_positives": misses,
            "detection_rate": rate,
            "precision": precision,
            "images": len(per_image),
            "objects": objects,
            "average_precision": float((np.diff(rate, prepend=0) * best_beyond).sum()),
            "seconds_per_image": float(np.mean([outcome.seconds for outcome in per_image])),
        }
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, name, value)

    def __reduce__(self):
        return type(self), (self.per_image,)

    def __repr__(self) -> str:
        many = [f"{n} {what}{'' if n == 1 else 's'}" for n, what in self._sizes()]
        return (
            f"DetectionCurve({' in '.join(many)}, average precision {self.average_precision:.3f})"
        )

    def _sizes(self):
        return (self.objects, "object"), (self.images, "image")

    def detection_rate_at(self, false_positives: float, *, per_image: bool = False) -> float:
        """Return the highest detection rate with at most so many false positives.

        Parameters
        ----------
        false_positives : float
            At least 0.
        per_image : bool
            Whether this is the mean over the images; else it is for all images together.

        Returns
        -------
        float
            0 to 1. There is no interpolation: it is reached with one of `thresholds`, or is 0
            where the first of them has more false positives.
        """
        allowed = check_number(false_positives, "false_positives", at_least=0)
        reached = self.false_positives / (self.images if per_image else 1)
        return float(self.detection_rate[reached <= allowed].max(initial=0))

    def mean_detection_rate(
        self, low: float = 0.1, high: float = 2, *, axis: Literal["linear", "log"] = "linear"
    ) -> float:
        """Return the mean of the detection rate over a range of false positives per image.

        Parameters
        ----------
        low, high : float
            False positives per image, 0 <= low < high; above 0 for ``axis="log"``.
        axis : {"linear", "log"}
            What the mean is taken over: false positives per image, or their logarithm, which
            gives more weight to few false positives.

        Returns
        -------
        float
            The exact mean of the steps of :meth:`detection_rate_at`. Where the curve ends before
            `high` it goes on at its last rate.
        """
        check_range(low, high, axis)
        per_image = self.false_positives / self.images
        return float(mean_rate(per_image, self.detection_rate, low, high, axis))

    def operating_point(self, threshold: float) -> OperatingPoint:
        """Return recall, precision and false positives of scores of at least `threshold`.

        Groups of more than k windows, which ``min_neighbors=k`` reports, are those at k + 1.
        """
        count = int((self.thresholds >= check_number(threshold, "threshold")).sum())
        if count == 0:
            return OperatingPoint(float(threshold), 0.0, 1.0, 0)
        values = (a[count - 1] for a in (self.detection_rate, self.precision, self.false_positives))
        return OperatingPoint(float(threshold), *(value.item() for value in values))

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers and the curve as plain Python values."""
        return {
            "images": self.images,
            "objects": self.objects,
            "average_precision": self.average_precision,
            "seconds_per_image": self.seconds_per_image,
            "thresholds": self.thresholds.tolist(),
            "false_positives": self.false_positives.tolist(),
            "detection_rate": self.detection_rate.tolist(),
            "precision": self.precision.tolist(),
        }

    def to_json(self, **about: Any) -> str:
        """Return :meth:`to_dict` as one line of JSON, after what ``about`` says."""
        return json.dumps({**about, **self.to_dict()}, allow_nan=False)

    def to_csv(self) -> str:
        """Return a table with a line for each threshold, and a line of titles above.

        Examples
        --------
        >>> from classicvision.evaluation import DetectionCurve, ImageOutcome
        >>> print(DetectionCurve([ImageOutcome(2, [9, 7], [True, False])]).to_csv(), end="")
        threshold,false_positives,false_positives_per_image,detection_rate,precision
        9.0,0,0.0,0.5,1.0
        7.0,1,1.0,0.5,0.5
        """
        names = ("threshold", "false_positives", "false_positives_per_image")
        lines = [",".join((*names, "detection_rate", "precision"))]
        columns = (
            self.thresholds,
            self.false_positives,
            self.false_positives / self.images,
            self.detection_rate,
            self.precision,
        )
        for row in zip(*(column.tolist() for column in columns), strict=True):
            lines.append(",".join(map(repr, row)))
        return "".join(line + "\n" for line in lines)


class Counts:
    """Hits and false positives over all thresholds, for any choice of the images.

    Attributes
    ----------
    thresholds : ndarray of float64, shape (k,)
        The scores that occur, falling.
    """

    def __init__(self, per_image):
        scores = np.concatenate([outcome.scores for outcome in per_image])
        hits = np.concatenate([outcome.hits for outcome in per_image])
        image = np.repeat(np.arange(len(per_image)), [len(o.scores) for o in per_image])
        order = np.argsort(-scores, kind="stable")
        scores = scores[order]
        self._hits, self._image = hits[order], image[order]
        self._last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)[: len(scores)])
        self.thresholds = scores[self._last]

    def __len__(self):
        return len(self._hits)

    def cumulative(self, weights):
        """Return hits and false positives at each threshold, images counted so many times.

        Parameters
        ----------
        weights : ndarray of int, shape (..., images)

        Returns
        -------
        hits, false_positives : ndarray of int, shape (..., k)
        """
        times = weights[..., self._image]
        hits = np.where(self._hits, times, 0).cumsum(axis=-1)[..., self._last]
        return hits, times.cumsum(axis=-1)[..., self._last] - hits


def check_range(low, high, axis):
    """Check a range of false positives per image."""
    check_option(axis, "axis", ("linear", "log"))
    low = check_number(low, "low", at_least=0)
    if low == 0 and axis == "log":
        raise ValueError("low must be greater than 0 for axis='log', got 0")
    if check_number(high, "high", at_most=1e12) <= low:
        raise ValueError(f"high must be greater than low, got {high} and {low}")


def mean_rate(false_positives, rate, low, high, axis):
    """Return the mean over false positives per image of the steps of ``rate``, both (..., k)."""
    steps = np.clip(false_positives, low, high)
    low = np.full((*steps.shape[:-1], 1), low, np.float64)
    edges = np.concatenate([steps, np.full_like(low, high)], axis=-1)
    if axis == "log":
        low, edges, high = np.log(low), np.log(edges), np.log(high)
    return (rate * np.diff(edges)).sum(axis=-1) / (high - low)[..., 0]
