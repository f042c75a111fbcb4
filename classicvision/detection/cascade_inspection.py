"""What can be seen inside a cascade: its features, and how far each window of an image gets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from classicvision.features.haar import HaarFeatures
from classicvision.features.lbp import LBPFeatures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, eq=False)
class CascadeSteps:
    """What `CascadeDetector.explain` saw.

    Attributes
    ----------
    scales : ndarray of float32, shape (n,)
        Size of the object in each layer relative to the window.
    depths : list of ndarray of uint16, each of shape (rows, columns)
        For each layer, for each window position, how many stages the window passed. A Haar
        window without contrast passes none, nor does one that was not looked at because the
        first stage rejected its left neighbour (OpenCV's rule). Position (row, column) stands
        for the window at ``(column, row) * step * scale`` in the image; where the features were
        enlarged, at ``(column, row) * step``.
    steps : list of int
        Distance in pixels of the layer, the shrunk image, between neighbouring window positions;
        where the features were enlarged, in pixels of the image.
    passed : ndarray of int64, shape (stages + 1,)
        How many window positions there are, then how many pass each stage.
    """

    scales: NDArray[np.float32]
    depths: list[NDArray[np.uint16]]
    steps: list[int]
    passed: NDArray[np.int64]


def features_of(cascade):
    """Return the features of the weak classifiers of a cascade, one for each node, in order."""
    rectangles = cascade.rectangles[cascade.node_features]
    if cascade.kind == "lbp":
        return LBPFeatures(cascade.window, rectangles[:, 0])
    return HaarFeatures(
        cascade.window,
        rectangles,
        cascade.weights[cascade.node_features],
        cascade.tilted[cascade.node_features],
    )
