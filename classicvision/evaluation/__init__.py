"""Numbers and curves that say how good a result is.

Examples
--------
>>> import classicvision as cv
>>> astronaut = cv.sample_image("astronaut")
>>> detector = cv.CascadeDetector.load("frontalface")
>>> curve = cv.evaluation.evaluate_detector(
...     detector, [(astronaut, [[176, 66, 274, 172]])], scale_factor=1.2
... )
>>> curve
DetectionCurve(1 object in 1 image, average precision 1.000)
"""

from classicvision.evaluation.comparison import DetectorComparison, compare_detectors
from classicvision.evaluation.curves import (
    RocCurve,
    average_precision,
    equal_error_rate,
    ndcg,
    roc_curve,
)
from classicvision.evaluation.detection import evaluate_detector
from classicvision.evaluation.detection_curve import (
    DetectionCurve,
    ImageOutcome,
    OperatingPoint,
)
from classicvision.evaluation.retrieval import (
    cmc,
    cumulative_match_curve,
    precision_at_k,
    recall_at_k,
    retrieval_map,
)

__all__ = [
    "DetectionCurve",
    "DetectorComparison",
    "ImageOutcome",
    "OperatingPoint",
    "RocCurve",
    "average_precision",
    "cmc",
    "compare_detectors",
    "cumulative_match_curve",
    "equal_error_rate",
    "evaluate_detector",
    "ndcg",
    "precision_at_k",
    "recall_at_k",
    "retrieval_map",
    "roc_curve",
]
