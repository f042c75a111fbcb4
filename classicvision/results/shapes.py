"""Shapes that were found by voting: lines, segments, circles, ellipses, any template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from classicvision.results._result import Result, at_least_zero, column, rows_of, short

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def _votes(votes, count, owner):
    return at_least_zero(column(votes, "votes", np.int64, count, owner), "votes")


@dataclass(frozen=True, eq=False, repr=False)
class Lines(Result):
    """Straight lines rho = x cos(theta) + y sin(theta), each with its votes.

    Parameters
    ----------
    rho : array_like, shape (n,)
        Signed distance from the top left pixel's centre, in pixels; kept as float32.
    theta : array_like, shape (n,)
        Angle of the normal in radians: 0 for a vertical line, pi / 2 for a horizontal one;
        kept as float32.
    votes : array_like of int, shape (n,)
        How many edge pixels voted for the line.

    Raises
    ------
    TypeError
        For what are not numbers, or votes that are not integers.
    ValueError
        For arrays of other shapes, values that are not finite, or out of the range stated.

    Examples
    --------
    >>> lines = Lines(rho=[20, 5], theta=[0, 1.5707964], votes=[90, 41])
    >>> lines[lines.votes > 50].to_dict()
    {'lines': [[20.0, 0.0]], 'votes': [90]}
    """

    rho: NDArray[np.float32]
    theta: NDArray[np.float32]
    votes: NDArray[np.int64]

    _ITEMS = "lines"

    if TYPE_CHECKING:

        def __init__(self, rho: ArrayLike, theta: ArrayLike, votes: ArrayLike) -> None: ...

    def __post_init__(self):
        rho = column(self.rho, "rho", np.float32)
        self._set("rho", rho)
        self._set("theta", column(self.theta, "theta", np.float32, len(rho), "rho"))
        self._set("votes", _votes(self.votes, len(rho), "rho"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"lines": [[rho, theta]], "votes"}``, plain Python values."""
        return {
            "lines": short(np.stack([self.rho, self.theta], axis=1)),
            "votes": self.votes.tolist(),
        }


@dataclass(frozen=True, eq=False, repr=False)
class Segments(Result):
    """Straight line segments, each with its votes.

    Parameters
    ----------
    points : array_like, shape (n, 4)
        x1, y1, x2, y2: the two ends in pixels, both on the segment; kept as float32.
    votes : array_like of int, shape (n,)
        How many edge pixels voted for the segment's line when it was found.

    Raises
    ------
    TypeError
        For what are not numbers, or votes that are not integers.
    ValueError
        For arrays of other shapes, values that are not finite, or out of the range stated.

    Examples
    --------
    >>> Segments([[3, 4, 30, 40]], votes=[12]).to_json()
    '{"segments": [[3.0, 4.0, 30.0, 40.0]], "votes": [12]}'
    """

    points: NDArray[np.float32]
    votes: NDArray[np.int64]

    _ITEMS = "segments"

    if TYPE_CHECKING:

        def __init__(self, points: ArrayLike, votes: ArrayLike) -> None: ...

    def __post_init__(self):
        points = rows_of(self.points, "points", 4, "x1 y1 x2 y2")
        self._set("points", points)
        self._set("votes", _votes(self.votes, len(points), "points"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"segments": [[x1, y1, x2, y2]], "votes"}``, plain Python values."""
        return {"segments": short(self.points), "votes": self.votes.tolist()}


@dataclass(frozen=True, eq=False, repr=False)
class Circles(Result):
    """Circles, each with its votes.

    Parameters
    ----------
    centers : array_like, shape (n, 2)
        x, y in pixels; kept as float32.
    radii : array_like, shape (n,)
        In pixels, not negative; kept as float32.
    votes : array_like of int, shape (n,)
        How many edge pixels voted for the circle.

    Raises
    ------
    TypeError
        For what are not numbers, or votes that are not integers.
    ValueError
        For arrays of other shapes, values that are not finite, or out of the range stated.

    Examples
    --------
    >>> Circles([[40, 30]], radii=[12.5], votes=[71]).to_json()
    '{"circles": [[40.0, 30.0, 12.5]], "votes": [71]}'
    """

    centers: NDArray[np.float32]
    radii: NDArray[np.float32]
    votes: NDArray[np.int64]

    _ITEMS = "circles"

    if TYPE_CHECKING:

        def __init__(self, centers: ArrayLike, radii: ArrayLike, votes: ArrayLike) -> None: ...

    def __post_init__(self):
        centers = rows_of(self.centers, "centers", 2, "x y")
        radii = column(self.radii, "radii", np.float32, len(centers), "centers")
        self._set("centers", centers)
        self._set("radii", at_least_zero(radii, "radii"))
        self._set("votes", _votes(self.votes, len(centers), "centers"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"circles": [[x, y, radius]], "votes"}``, plain Python values."""
        circles = np.concatenate([self.centers, self.radii[:, None]], axis=1)
        return {"circles": short(circles), "votes": self.votes.tolist()}


@dataclass(frozen=True, eq=False, repr=False)
class Ellipses(Result):
    """Ellipses, each with its votes.

    Parameters
    ----------
    centers : array_like, shape (n, 2)
        x, y in pixels; kept as float32.
    axes : array_like, shape (n, 2)
        The half axes in pixels, the longer one first; kept as float32.
    angles : array_like, shape (n,)
        Of the longer axis in radians, from x towards y (clockwise on the screen); kept as
        float32.
    votes : array_like of int, shape (n,)
        How many edge pixels voted for the ellipse.

    Raises
    ------
    TypeError
        For what are not numbers, or votes that are not integers.
    ValueError
        For arrays of other shapes, values that are not finite, or out of the range stated.

    Examples
    --------
    >>> Ellipses([[40, 30]], axes=[[20, 10]], angles=[0.5], votes=[71]).to_json()
    '{"ellipses": [[40.0, 30.0, 20.0, 10.0, 0.5]], "votes": [71]}'
    """

    centers: NDArray[np.float32]
    axes: NDArray[np.float32]
    angles: NDArray[np.float32]
    votes: NDArray[np.int64]

    _ITEMS = "ellipses"

    if TYPE_CHECKING:

        def __init__(
            self, centers: ArrayLike, axes: ArrayLike, angles: ArrayLike, votes: ArrayLike
        ) -> None: ...

    def __post_init__(self):
        centers = rows_of(self.centers, "centers", 2, "x y")
        axes = rows_of(self.axes, "axes", 2, "longer shorter")
        if len(axes) != len(centers):
            raise ValueError(f"axes must be as many as centers, {len(centers)}, got {len(axes)}")
        if (axes[:, 1] < 0).any() or (axes[:, 0] < axes[:, 1]).any():
            raise ValueError(
                "axes must not be negative, and the longer one comes first, got "
                f"{axes[(axes[:, 1] < 0) | (axes[:, 0] < axes[:, 1])][0].tolist()}"
            )
        self._set("centers", centers)
        self._set("axes", axes)
        self._set("angles", column(self.angles, "angles", np.float32, len(centers), "centers"))
        self._set("votes", _votes(self.votes, len(centers), "centers"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"ellipses": [[x, y, longer, shorter, angle]], "votes"}``, plain values."""
        ellipses = np.concatenate([self.centers, self.axes, self.angles[:, None]], axis=1)
        return {"ellipses": short(ellipses), "votes": self.votes.tolist()}


@dataclass(frozen=True, eq=False, repr=False)
class Matches(Result):
    """Where a template lies in an image, at which scale and angle, each with its votes.

    Parameters
    ----------
    centers : array_like, shape (n, 2)
        x, y in pixels: where the template's own reference point lies; kept as float32.
    scales : array_like, shape (n,)
        Size relative to the template, above 0; kept as float32.
    angles : array_like, shape (n,)
        How far the template is turned, in radians, from x towards y (clockwise on the screen);
        kept as float32.
    votes : array_like of int, shape (n,)
        How many edge pixels voted for the match.

    Raises
    ------
    TypeError
        For what are not numbers, or votes that are not integers.
    ValueError
        For arrays of other shapes, values that are not finite, or out of the range stated.

    Examples
    --------
    >>> Matches([[40, 30]], scales=[1.5], angles=[0], votes=[71]).to_json()
    '{"matches": [[40.0, 30.0, 1.5, 0.0]], "votes": [71]}'
    """

    centers: NDArray[np.float32]
    scales: NDArray[np.float32]
    angles: NDArray[np.float32]
    votes: NDArray[np.int64]

    _ITEMS = "matches"

    if TYPE_CHECKING:

        def __init__(
            self, centers: ArrayLike, scales: ArrayLike, angles: ArrayLike, votes: ArrayLike
        ) -> None: ...

    def __post_init__(self):
        centers = rows_of(self.centers, "centers", 2, "x y")
        scales = column(self.scales, "scales", np.float32, len(centers), "centers")
        if (scales <= 0).any():
            raise ValueError(f"scales must be above 0, got {scales.min()}")
        self._set("centers", centers)
        self._set("scales", scales)
        self._set("angles", column(self.angles, "angles", np.float32, len(centers), "centers"))
        self._set("votes", _votes(self.votes, len(centers), "centers"))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"matches": [[x, y, scale, angle]], "votes"}``, plain Python values."""
        columns = [self.centers, self.scales[:, None], self.angles[:, None]]
        return {"matches": short(np.concatenate(columns, axis=1)), "votes": self.votes.tolist()}
