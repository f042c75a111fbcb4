"""The generalized Hough transform: any contour, found by the votes of its parts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_number, check_option
from classicvision.hough._oriented_edges import curve_points, edges_of_image, edges_of_map
from classicvision.hough._template_fitting import EdgeField, mean_radius
from classicvision.hough._template_options import (
    check_center,
    check_rotation,
    check_scales,
    check_thresholds,
)
from classicvision.hough._template_voting import DIRECTION_STEP, find_candidates, make_grid
from classicvision.results import Matches

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

_FEWEST_POINTS = 8  # of a contour
_REACH = 2.7  # how far a candidate may be off, in cells


@dataclass(frozen=True, eq=False)
class GeneralizedHoughSteps:
    """What `GeneralizedHough.detect` computes on its way.

    Attributes
    ----------
    edges : ndarray of bool, shape (rows, columns)
        The edge pixels that vote.
    cell : int
        The side of the accumulator's cells, in pixels: cell (r, c) is the pixels from
        ``r * cell`` and ``c * cell`` on.
    votes : ndarray of int32, shape (rows / cell, columns / cell)
        Votes for the middle of the contour, at the best angle and scale of each cell.
    angles, scales : ndarray of float64, of the same shape
        That angle and scale.
    candidates : Matches
        The peaks after fitting, before the same edges are denied to all but one.
    matches : Matches
        The result.
    scores : ndarray of float64, shape (n,)
        The part of the contour that has an edge, of each match.
    """

    edges: NDArray[np.bool_]
    cell: int
    votes: NDArray[np.int32]
    angles: NDArray[np.float64]
    scales: NDArray[np.float64]
    candidates: Matches
    matches: Matches
    scores: NDArray[np.float64]


class GeneralizedHough:
    """Find a shape of any form by the generalized Hough transform.

    Parameters
    ----------
    template : array_like, shape (rows, columns) or (rows, columns, 3)
        A picture of the shape, with some background around it, or its edge map. Its edges are
        the contour: the outline, and whatever the shape has inside.
    edges : bool
        Whether ``template`` is an edge map, of thin lines as from `canny`.
    center : (float, float), optional
        The reference point x, y in the template, whose place in the image is reported; by
        default the mean of the contour's pixels.
    polarity : {"any", "same"}
        Whether the shape may also be dark where the template is bright, or drawn as an outline
        with a line of up to 4 pixels. "same" is more selective, and needs a picture of the shape.
    sigma : float
        Standard deviation in pixels of the Gaussian before the edges are found.
    low, high : float, optional
        Thresholds of `canny` for the template, in gray levels from 0 to 255 and with
        ``l2_gradient=True``; by default chosen from the picture.

    Attributes
    ----------
    contour : ndarray of float32, shape (n, 2)
        x, y of the contour's pixels in the template.
    normals : ndarray of float32, shape (n, 2)
        The unit vectors across the contour there, from dark to bright.
    center : (float, float)

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has, or an option of another type.
    ValueError
        For a template that is empty, not finite or without a contour, or an option out of range.

    Notes
    -----
    1. The template's R-table has, for each direction across the contour, the displacements from
       the contour's points with this direction to their mean (Ballard's section 4).
    2. Every edge of the image votes, at each angle and scale, for the places from which the
       displacements of its direction lead to it (section 5). This is done in cells of a size
       that makes the contour's mean radius 12 cells, in steps of 5 degrees and at most 10 %.
       Directions may differ by a step, and places by a cell: nine cells are counted as one.
    3. The strongest cells are fitted to the edges: shift, turn and scale that bring the contour
       nearest to edges of matching direction, by iterated weighted least squares (as Besl and
       McKay, with distances along the normals).
    4. The matches are counted again at the image's own resolution, from the best on; the edges
       along a match are taken away, so that each edge votes for one match only. Of the
       equivalent angles of a symmetric shape one remains, which one is not defined.

    The time grows with the edges times the contour's length, in cells, times angles and scales.
    Memory: about 15 bytes for each pixel while the edges are found, 4 afterwards; 6 bytes for
    each cell, and a margin of the contour's size; about 100 bytes for each edge pixel.

    References
    ----------
    D. H. Ballard, "Generalizing the Hough transform to detect arbitrary shapes", Pattern
    Recognition 13(2), 1981.

    P. J. Besl, N. D. McKay, "A method for registration of 3-D shapes", IEEE PAMI 14(2), 1992.

    Examples
    --------
    >>> import numpy as np
    >>> template = np.zeros((60, 50), np.uint8)
    >>> template[10:50, 10:20] = template[40:50, 10:40] = 200  # an L
    >>> image = np.zeros((150, 200), np.uint8)
    >>> image[70:120, 120:180] = np.rot90(template)[:, :60]
    >>> hough = GeneralizedHough(template, center=(15, 45))
    >>> match = hough.detect(image, rotation=True)[0]
    >>> match.centers.round(), np.degrees(match.angles).round()
    (array([[165., 104.]], dtype=float32), array([-90.], dtype=float32))
    """

    def __init__(
        self,
        template: ArrayLike,
        *,
        edges: bool = False,
        center: tuple[float, float] | None = None,
        polarity: str = "any",
        sigma: float = 1.5,
        low: float | None = None,
        high: float | None = None,
    ):
        check_option(polarity, "polarity", ("any", "same"))
        sigma = check_number(sigma, "sigma", at_least=0)
        if edges:
            found = edges_of_map(template, name="template")
        else:
            found = edges_of_image(template, sigma, *check_thresholds(low, high), name="template")
        self._set(found.points, found.normals, found.signed, center, polarity, sigma)

    @classmethod
    def from_contour(
        cls,
        points: ArrayLike,
        *,
        closed: bool = True,
        center: tuple[float, float] | None = None,
        sigma: float = 1.5,
    ) -> Self:
        """Make a template from a curve.

        Parameters
        ----------
        points : array_like, shape (n, 2)
            x, y along the curve, or polygon, in order; also as ``cv2.findContours`` returns it.
        closed : bool
            Whether the last point is joined to the first.
        center : (float, float), optional
            The reference point; by default the mean of the curve.
        sigma : float
            Standard deviation of the Gaussian that smooths the images to be searched.

        Returns
        -------
        GeneralizedHough
            With ``polarity="any"``.

        Raises
        ------
        TypeError
            For points that are no numbers, or an option of another type.
        ValueError
            For points of another shape, not finite or all the same, or an option out of range.
        """
        self = cls.__new__(cls)
        sigma = check_number(sigma, "sigma", at_least=0)
        self._set(*curve_points(points, closed), False, center, "any", sigma)
        return self

    def _set(self, points, normals, signed, center, polarity, sigma):
        if polarity == "same" and not signed:
            raise ValueError(
                "polarity must be 'any' for an edge map, got 'same'; give a picture of the shape"
            )
        if len(points) < _FEWEST_POINTS:
            raise ValueError(
                f"template must have a contour of at least {_FEWEST_POINTS} pixels, "
                f"got {len(points)}; lower the thresholds, or leave background around the shape"
            )
        self.contour, self.normals = points.astype(np.float32), normals.astype(np.float32)
        self._mean = points.mean(axis=0, dtype=np.float64)
        self._centred = points.astype(np.float64) - self._mean
        self.center = check_center(center) if center is not None else tuple(self._mean.tolist())
        self._polarity, self._sigma = polarity, sigma

    def __repr__(self) -> str:
        x, y = self.center
        return f"GeneralizedHough({len(self.contour)} contour points, center=({x:.1f}, {y:.1f}))"

    def r_table(self) -> list[NDArray[np.float32]]:
        """Return Ballard's R-table.

        Returns
        -------
        list of ndarray of float32, shape (k, 2)
            Number i has the displacements x, y to the reference point from those pixels of the
            contour whose normal has a direction of 5 i degrees, to the nearest: 72 lists, or 36
            where opposite directions are one, with ``polarity="any"``.
        """
        count = 72 if self._polarity == "same" else 36
        angle = np.arctan2(self.normals[:, 1], self.normals[:, 0])
        bins = np.rint(angle / DIRECTION_STEP).astype(np.intp) % count
        displacements = (np.array(self.center) - self.contour).astype(np.float32)
        return [displacements[bins == number] for number in range(count)]

    @overload
    def detect(
        self,
        image: ArrayLike,
        *,
        edges: bool = ...,
        threshold: float = ...,
        rotation: bool | tuple[float, float] = ...,
        scale_range: tuple[float, float] | None = ...,
        max_matches: int | None = ...,
        low: float | None = ...,
        high: float | None = ...,
        return_steps: Literal[False] = ...,
    ) -> Matches: ...

    @overload
    def detect(
        self,
        image: ArrayLike,
        *,
        edges: bool = ...,
        threshold: float = ...,
        rotation: bool | tuple[float, float] = ...,
        scale_range: tuple[float, float] | None = ...,
        max_matches: int | None = ...,
        low: float | None = ...,
        high: float | None = ...,
        return_steps: Literal[True],
    ) -> GeneralizedHoughSteps: ...

    def detect(
        self,
        image: ArrayLike,
        *,
        edges: bool = False,
        threshold: float = 0.6,
        rotation: bool | tuple[float, float] = False,
        scale_range: tuple[float, float] | None = None,
        max_matches: int | None = None,
        low: float | None = None,
        high: float | None = None,
        return_steps: bool = False,
    ) -> Matches | GeneralizedHoughSteps:
        """Find the template in an image.

        Parameters
        ----------
        image : array_like, shape (rows, columns) or (rows, columns, 3)
            Other types than uint8 are brought to 0..255 first, as by `images.as_uint8`.
        edges : bool
            Whether ``image`` is an edge map, of thin lines as from `canny`.
        threshold : float
            The part, above 0 and at most 1, of the contour's pixels at the match's scale that
            must have an edge: a match has at least ``threshold * n * scale`` votes, where n is
            the number of the template's contour pixels. Those outside the image count as missing.
        rotation : bool or (float, float)
            Whether the shape may be turned: False for not at all, True for any angle, or the
            least and the largest angle in radians, from x towards y.
        scale_range : (float, float), optional
            The least and the largest scale, such as (0.7, 1.4); by default 1 only.
        max_matches : int, optional
            Return the best ones only.
        low, high : float, optional
            Thresholds of `canny` for the image, as for the template.
        return_steps : bool
            Return all intermediate results.

        Returns
        -------
        matches : Matches
            The best first: by the part of the contour that has an edge, then by votes, then from
            top to bottom and from left to right. ``votes`` is the number of contour pixels at
            the match's scale that have an edge within 2 pixels whose direction differs by at
            most 20 degrees (or lie in the middle of two edges, which are the sides of a line
            drawn with a pen). ``angles`` are above -pi and at most pi where ``rotation`` allows
            a whole turn. The middle of the contour lies in the image.
        steps : GeneralizedHoughSteps
            Instead of ``matches``, with ``return_steps=True``.

        Raises
        ------
        TypeError
            For a dtype or number of dimensions that no image has, or an option of another type.
        ValueError
            For an image that is empty or not finite, or an option out of range.
        """
        threshold = check_number(threshold, "threshold", above=0, at_most=1)
        rotation = check_rotation(rotation)
        scale_range = check_scales(scale_range)
        if max_matches is not None:
            max_matches = check_number(max_matches, "max_matches", at_least=1, integer=True)
        signed = self._polarity == "same"
        if edges and signed:
            raise ValueError(
                "edges must be False with polarity='same', got True; "
                "an edge map does not tell bright from dark"
            )
        if edges:
            found = edges_of_map(image, name="image")
        else:
            found = edges_of_image(image, self._sigma, *check_thresholds(low, high))
        radius = mean_radius(self._centred)
        grid = make_grid(found.pixels.shape, radius, signed, rotation, scale_range)
        normals = self.normals.astype(np.float64)
        poses, *best = find_candidates(found, self._centred, normals, grid, return_steps)
        field = EdgeField(found, self._centred, normals, signed, rotation, scale_range)
        poses = field.fit(poses, _REACH * grid.cell, threshold)
        if rotation[1] - rotation[0] >= 2 * math.pi:
            poses[:, 2] = math.pi - (math.pi - poses[:, 2]) % (2 * math.pi)
        backing = field.backing(poses)
        matches, scores = self._matches(*field.share(poses, backing, threshold))
        matches = matches[:max_matches]
        if not return_steps:
            return matches
        votes, plane = best
        turn, scale = np.divmod(plane, len(grid.scales))
        return GeneralizedHoughSteps(
            edges=found.pixels,
            cell=grid.cell,
            votes=votes.astype(np.int32),
            angles=grid.angles[turn],
            scales=grid.scales[scale],
            candidates=self._matches(poses, backing)[0],
            matches=matches,
            scores=scores[:max_matches],
        )

    def _matches(self, poses, backing):
        """Return the matches of these poses of the contour's mean, best first, and their scores."""
        x, y, angle, scale = poses.T
        u, v = np.subtract(self.center, self._mean)
        x = x + scale * (u * np.cos(angle) - v * np.sin(angle))
        y = y + scale * (u * np.sin(angle) + v * np.cos(angle))
        votes = np.rint(backing * scale * len(self.contour)).astype(np.int64)
        order = np.lexsort((x, y, -votes, -backing))
        return Matches(np.stack([x, y], axis=1), scale, angle, votes)[order], backing[order]
