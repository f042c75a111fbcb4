"""A search result: images, the best first, with what was found of the query in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from classicvision._checks import check_boxes
from classicvision.results._result import Result, at_least_zero, column, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self


@dataclass(frozen=True, eq=False, repr=False)
class Ranking(Result):
    """Images that a search found, the best first.

    Parameters
    ----------
    paths : sequence of str
        The images.
    scores : array_like, shape (n,)
        Higher is more alike; kept as float32.
    inliers : array_like of int, shape (n,), optional
        How many matches agree on one transformation of the query into the image; 0, the default,
        where that was not looked at or where none was found.
    boxes : array_like, shape (n, 4), optional
        Where the query lies in each image: x1, y1, x2, y2 in its pixels, the right and bottom
        edges exclusive; kept as float32. ``0 0 0 0``, the default, where it was not located.

    Raises
    ------
    TypeError
        For paths that are not strings, other values that are not numbers, or inliers that are
        not integers.
    ValueError
        For arrays of different lengths, values that are not finite, negative inliers, x2 < x1 or
        y2 < y1.

    Examples
    --------
    >>> found = Ranking(["a.jpg", "b.jpg"], [0.5, 0.25], [31, 0], [[10, 20, 50, 60], [0] * 4])
    >>> found[0].paths
    ('a.jpg',)
    >>> found[1].to_dict()
    {'results': [{'path': 'b.jpg', 'score': 0.25, 'inliers': 0, 'box': None}]}
    """

    paths: tuple[str, ...]
    scores: NDArray[np.float32]
    inliers: NDArray[np.int64] = None  # type: ignore[assignment]
    boxes: NDArray[np.float32] = None  # type: ignore[assignment]

    _ITEMS = "images"

    if TYPE_CHECKING:  # more than the fields' own types is taken, and converted

        def __init__(
            self,
            paths: Sequence[str],
            scores: ArrayLike,
            inliers: ArrayLike | None = None,
            boxes: ArrayLike | None = None,
        ) -> None: ...

    def __post_init__(self):
        if isinstance(self.paths, str) or not all(isinstance(path, str) for path in self.paths):
            raise TypeError(f"paths must be a sequence of str, got {self.paths!r}")
        object.__setattr__(self, "paths", tuple(self.paths))
        count = len(self.paths)
        inliers = np.zeros(count, np.int64) if self.inliers is None else self.inliers
        inliers = column(inliers, "inliers", np.int64, count, "paths")
        boxes = check_boxes(np.zeros((count, 4)) if self.boxes is None else self.boxes).copy()
        if len(boxes) != count:
            raise ValueError(f"boxes must be as many as paths, {count}, got {len(boxes)}")
        self._set("scores", column(self.scores, "scores", np.float32, count, "paths"))
        self._set("inliers", at_least_zero(inliers, "inliers"))
        self._set("boxes", boxes)

    def __getitem__(self, index: int | slice | ArrayLike) -> Self:
        chosen = np.arange(len(self))[self._selector(index)]
        arrays = {name: array[chosen] for name, array in self._arrays().items()}
        return type(self)(tuple(self.paths[k] for k in chosen.tolist()), **arrays)

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        return same if same is NotImplemented or not same else self.paths == other.paths

    __hash__ = None  # type: ignore[assignment]

    @property
    def located(self) -> NDArray[np.bool_]:
        """For each image whether its box says where the query lies: whether it has an area."""
        return (self.boxes[:, 2] > self.boxes[:, 0]) & (self.boxes[:, 3] > self.boxes[:, 1])

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"results": [{"path", "score", "inliers", "box"}]}``, plain Python values.

        ``box`` is ``None`` where the query was not located.
        """
        rows = zip(
            self.paths,
            short(self.scores[:, None]),
            self.inliers.tolist(),
            short(self.boxes),
            self.located.tolist(),
            strict=True,
        )
        return {
            "results": [
                {"path": path, "score": score, "inliers": inliers, "box": box if located else None}
                for path, (score,), inliers, box, located in rows
            ]
        }
