"""Places in an image that are found again in other images of the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from classicvision.results._result import Result, column, rows_of, short

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TURN = np.float32(2 * np.pi)


@dataclass(frozen=True, eq=False, repr=False)
class Keypoints(Result):
    """Interest points, each with its size, its direction and its score.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        x, y in pixels; kept as float32.
    sizes : array_like, shape (n,)
        Diameter in pixels of what was found there, above 0, as OpenCV's ``KeyPoint.size``; kept
        as float32.
    angles : array_like, shape (n,)
        Direction in radians, from x towards y (clockwise on the screen); kept as float32 from 0
        to below 2 pi. 0 for points without a direction.
    scores : array_like, shape (n,)
        The detector's response: the larger, the better; kept as float32.

    Raises
    ------
    TypeError
        For what are not numbers.
    ValueError
        For arrays of other shapes, values that are not finite, or sizes not above 0.

    Examples
    --------
    >>> found = Keypoints([[40, 30], [7, 9]], sizes=[12, 5], angles=[0, 1.5], scores=[0.5, 0.1])
    >>> found.angles.tolist()
    [0.0, 1.5]
    >>> found[found.scores > 0.2].to_json()
    '{"keypoints": [[40.0, 30.0, 12.0, 0.0]], "scores": [0.5]}'
    """

    points: NDArray[np.float32]
    sizes: NDArray[np.float32]
    angles: NDArray[np.float32]
    scores: NDArray[np.float32]

    _ITEMS = "keypoints"

    if TYPE_CHECKING:

        def __init__(
            self, points: ArrayLike, sizes: ArrayLike, angles: ArrayLike, scores: ArrayLike
        ) -> None: ...

    def __post_init__(self):
        points = rows_of(self.points, "points", 2, "x y")
        sizes = column(self.sizes, "sizes", np.float32, len(points), "points")
        if (sizes <= 0).any():
            raise ValueError(f"sizes must be above 0, got {sizes.min()}")
        angles = column(self.angles, "angles", np.float32, len(points), "points")
        turned = (angles < 0) | (angles >= _TURN)
        angles[turned] %= _TURN
        angles[angles >= _TURN] = 0  # where rounding made a small negative angle a whole turn
        self._set("points", points)
        self._set("sizes", sizes)
        self._set("angles", angles)
        self._set("scores", column(self.scores, "scores", np.float32, len(points), "points"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"keypoints": [[x, y, size, angle]], "scores"}``, plain Python values."""
        rows = np.concatenate([self.points, self.sizes[:, None], self.angles[:, None]], axis=1)
        return {"keypoints": short(rows), "scores": short(self.scores[None])[0]}
