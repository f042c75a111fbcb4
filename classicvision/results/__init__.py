"""What the detectors return: validated dataclasses of equal-length arrays, and their exports.

All results behave alike: ``len(result)`` counts the items, ``result[...]`` takes an index, a
slice, a mask or an array of indices and gives a result of the same class (of length one for a
single index), and iteration goes over results of length one.
"""

from classicvision.results.detections import Detections
from classicvision.results.keypoints import Keypoints
from classicvision.results.ranking import Ranking
from classicvision.results.shapes import Circles, Ellipses, Lines, Matches, Segments

__all__ = [
    "Circles",
    "Detections",
    "Ellipses",
    "Keypoints",
    "Lines",
    "Matches",
    "Ranking",
    "Segments",
]
