"""Ellipses from arcs: fitted to pairs of them, and kept where the whole outline has edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from classicvision._checks import check_image, check_number
from classicvision.hough import _conics
from classicvision.hough._arc_pairs import propose
from classicvision.hough._arcs import elliptic_arcs
from classicvision.hough._ellipse_edges import edges_of_image, edges_of_map
from classicvision.hough._outlines import fit_and_choose
from classicvision.hough._voting import check_edges
from classicvision.images import luminance
from classicvision.results import Ellipses

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SLACK = 1.0  # pixels by which a half axis may miss its limits
_SMALLEST = 2.0  # pixels; half axes of a candidate
_SHORTEST_ARC, _LONGEST_SHORTEST = 8, 20  # pixels; arcs of large ellipses must be longer
_BLOCK = 256  # outlines that are compared with all others at once
_PIXEL_VARIANCE = 1 / 12  # of the square that a pixel averages over


@dataclass(frozen=True, eq=False)
class EllipseSteps:
    """What `hough_ellipses` computes on its way.

    Attributes
    ----------
    edges : ndarray of bool, shape (rows, columns)
    arcs : list of ndarray, each of shape (n, 2)
        The points x, y of the edges' elliptic arcs, to a fraction of a pixel; longest first.
    candidates : Ellipses
        The ellipses through one or two arcs that reach the threshold; many are the same.
    outlines : Ellipses
        Those that reach it with edge pixels of their own, the best first.
    ellipses : Ellipses
        The result: the outlines of lines joined, and of the sizes wanted only.
    scores : ndarray of float64, shape (n,)
        The votes of each divided by its pixels inside the image.
    """

    edges: NDArray[np.bool_]
    arcs: list[NDArray[np.float64]]
    candidates: Ellipses
    outlines: Ellipses
    ellipses: Ellipses
    scores: NDArray[np.float64]


@overload
def hough_ellipses(
    image: ArrayLike,
    *,
    edges: bool = ...,
    min_radius: float = ...,
    max_radius: float | None = ...,
    min_ratio: float = ...,
    threshold: float = ...,
    max_ellipses: int | None = ...,
    sigma: float = ...,
    max_stroke: float = ...,
    return_steps: Literal[False] = ...,
) -> Ellipses: ...


@overload
def hough_ellipses(
    image: ArrayLike,
    *,
    edges: bool = ...,
    min_radius: float = ...,
    max_radius: float | None = ...,
    min_ratio: float = ...,
    threshold: float = ...,
    max_ellipses: int | None = ...,
    sigma: float = ...,
    max_stroke: float = ...,
    return_steps: Literal[True],
) -> EllipseSteps: ...


def hough_ellipses(
    image: ArrayLike,
    *,
    edges: bool = False,
    min_radius: float = 10,
    max_radius: float | None = None,
    min_ratio: float = 0.25,
    threshold: float = 0.55,
    max_ellipses: int | None = None,
    sigma: float = 1.4,
    max_stroke: float = 5,
    return_steps: bool = False,
) -> Ellipses | EllipseSteps:
    """Find ellipses, circles among them, by the arcs of their outlines.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Of a colour image the luminance is taken.
    edges : bool
        The image is an edge map: any pixel that is not 0 is an edge. Lines wider than a pixel
        are thinned. An edge map does not tell the brighter side of an edge, so that edges of
        other things are taken for the ellipse's more easily than with the image itself.
    min_radius, max_radius : float
        The least shorter and the greatest longer half axis in pixels; an ellipse may miss them
        by one pixel. ``max_radius=None``: half the longer side of the image.
    min_ratio : float
        The least ratio of the shorter to the longer axis. What is slimmer is often just two
        nearly parallel lines.
    threshold : float
        An ellipse has so many votes or more, divided by the pixels of the digital ellipse
        inside the image. From 0.3 on hardly anything else is found where most edges belong to
        ellipses; texture may need 0.6.
    max_ellipses : int, optional
        Return the best only.
    sigma : float
        Standard deviation in pixels of the Gaussian that smooths first. With ``edges=True``
        there is none.
    max_stroke : float
        A drawn line has two outlines. Where one lies inside the other, up to so many pixels
        apart, both are one ellipse in the middle of the line; 0 to keep them apart.
    return_steps : bool
        Return all intermediate results.

    Returns
    -------
    ellipses : Ellipses
        The best first: by votes divided by pixels inside the image, then by votes, then from
        top to bottom and from left to right. The votes are the pixels of the digital ellipse
        that have an edge pixel within 1 pixel, with a normal like the ellipse's. Each edge pixel
        votes for one ellipse only. Of a line the outline that has more votes counts. Centres
        and axes are exact to a fraction of a pixel; the angles are from -pi / 2 to pi / 2.
    steps : EllipseSteps
        Instead of ``ellipses``, with ``return_steps=True``.

    Raises
    ------
    TypeError
        For a dtype or number of dimensions that no image has, or an option that is no number.
    ValueError
        For an image that is empty or not finite, or an option out of range.

    Notes
    -----
    1. Edges by Canny's detector. Its thresholds follow from the image: an edge is a step of 3 %
       of the range of values, well above the noise, and at most a fifth of the pixels start
       one. Places are refined to a fraction of a pixel.
    2. The edges are linked to curves, which are cut at junctions, corners and inflections, and
       where no ellipse fits: what is left are elliptic arcs.
    3. Two arcs may belong together if each lies on the inner side of the other's tangents, and
       the inside of both is brighter, or of both darker. Ellipses are fitted to such pairs, and
       to arcs that turn by 75 degrees or more, by direct least squares.
    4. Each ellipse is fitted to all edge pixels near its outline that have its normal.
    5. From the best on, by the share of the outline and its length, ellipses take their edge
       pixels and are kept if these reach the threshold.
    6. The outlines of drawn lines are joined. The Gaussian moves an edge of radius of curvature
       R inwards by sigma^2 / 2 R, which is added.

    Nothing is random. The time grows with the pixels of the image and with the pairs of arcs,
    of which 20,000 at most are tried, those of the longest arcs. Memory: about 50 bytes for
    each pixel of the image, 150 for each edge pixel, and 3 kB for each pair of arcs.

    Differences from scikit-image's ``hough_ellipse``, which tries all pairs of pixels: the best
    ellipse comes first, not last; the angle is that of the longer axis, from x towards y; each
    edge pixel belongs to one ellipse, so that there is one result for one ellipse.

    References
    ----------
    M. Fornaciari, A. Prati, R. Cucchiara, "A fast and effective ellipse detector for embedded
    vision applications", Pattern Recognition 47(11), 2014 (step 3: arcs by convexity and mutual
    position).
    D. K. Prasad, M. K. H. Leung, S.-Y. Cho, "Edge curvature and convexity based ellipse
    detection method", Pattern Recognition 45(9), 2012 (step 2).
    C. Lu, S. Xia, M. Shao, Y. Fu, "Arc-support line segments revisited: an efficient
    high-quality ellipse detection", IEEE Transactions on Image Processing 29, 2020 (steps 3 to
    5: polarity, and the outline as evidence).
    A. W. Fitzgibbon, M. Pilu, R. B. Fisher, "Direct least squares fitting of ellipses", IEEE
    PAMI 21(5), 1999.
    P. W. Verbeek, L. J. van Vliet, "On the location error of curved edges in low-pass filtered
    2-D and 3-D images", IEEE PAMI 16(7), 1994 (step 6).

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:80, :100]
    >>> image = np.uint8(200 * (((x - 50) / 30) ** 2 + ((y - 40) / 20) ** 2 < 1))
    >>> found = hough_ellipses(image)
    >>> found.centers.round().tolist(), found.axes.round().tolist()
    ([[50.0, 40.0]], [[30.0, 20.0]])
    """
    image = check_image(image)
    min_radius = check_number(min_radius, "min_radius", above=0)
    min_ratio = check_number(min_ratio, "min_ratio", at_least=0, at_most=1)
    threshold = check_number(threshold, "threshold", above=0, at_most=1)
    sigma = check_number(sigma, "sigma", at_least=0)
    max_stroke = min(check_number(max_stroke, "max_stroke", at_least=0), sum(image.shape[:2]))
    max_radius = _check_largest(max_radius, min_radius, image.shape)
    if max_ellipses is not None:
        max_ellipses = check_number(max_ellipses, "max_ellipses", at_least=1, integer=True)

    mask, points = (
        edges_of_map(check_edges(image)) if edges else edges_of_image(_gray(image), sigma)
    )
    shortest = int(min(max(_SHORTEST_ARC, 0.8 * min_radius), _LONGEST_SHORTEST))
    arcs = elliptic_arcs(mask, points, shortest)
    margin = _SLACK + max_stroke / 2
    least, most = max(_SMALLEST, min_radius - margin), max_radius + margin
    candidates, sides = propose(arcs, least, most, min_ratio)
    fitted, fitted_votes, chosen, sides, votes, pixels = fit_and_choose(
        candidates, sides, points, least, most, threshold
    )
    blur = 0 if edges else sigma**2 + _PIXEL_VARIANCE
    outlines = _result(chosen, votes, blur)
    found, scores = _join_strokes(outlines, votes / pixels, sides, max_stroke)
    axes = found.axes.astype(np.float64)
    right = (axes[:, 1] >= min_radius - _SLACK) & (axes[:, 0] <= max_radius + _SLACK)
    right &= axes[:, 1] >= min_ratio * axes[:, 0]
    order = np.lexsort((found.centers[:, 0], found.centers[:, 1], -found.votes, -scores))
    order = order[right[order]][:max_ellipses]
    found = found[order]
    if not return_steps:
        return found
    path = points.places[:2, arcs.path].T
    return EllipseSteps(
        edges=mask,
        arcs=[path[i:j].copy() for i, j in zip(arcs.begins, arcs.ends, strict=True)],
        candidates=_result(fitted, fitted_votes, blur),
        outlines=outlines,
        ellipses=found,
        scores=scores[order],
    )


def _check_largest(max_radius, min_radius, shape):
    if max_radius is None:
        return max(min_radius, max(shape[:2]) / 2)
    max_radius = check_number(max_radius, "max_radius", above=0)
    if max_radius < min_radius:
        raise ValueError(
            f"max_radius must be at least min_radius, {min_radius:g}, got {max_radius:g}"
        )
    return max_radius


def _gray(image):
    gray = luminance(image)
    return gray.view(np.uint8) if gray.dtype == bool else gray


def _result(ellipses, votes, blur):
    """Return ellipses (x, y, p, q, r) as a result, with what the blur took off the axes."""
    axes, angles = _conics.axes_of(ellipses)
    axes = axes + blur / 2 * axes / axes[:, ::-1] ** 2
    return Ellipses(ellipses[:, :2], axes, angles, np.rint(votes).astype(np.int64))


def _join_strokes(outlines, scores, sides, max_stroke):
    """Replace the two outlines of each line by one ellipse in its middle; return the scores too.

    Of all pairs of outlines, one inside the other, the closest are joined first.
    """
    single, pairs = np.ones(len(outlines), bool), []
    for pair in _nested(outlines, sides, max_stroke):
        if single[pair].all():
            single[pair] = False
            pairs.append(pair)
    pairs = np.array(pairs, np.int64).reshape(-1, 2)
    axes = outlines.axes.astype(np.float64)
    # Angles are averaged as directions of twice the angle; that of a rounder ellipse counts less.
    weight = axes[pairs, 0] - axes[pairs, 1] + 1e-9
    double = (weight * np.exp(2j * outlines.angles[pairs])).sum(axis=1)
    better = np.where(outlines.votes[pairs[:, 1]] > outlines.votes[pairs[:, 0]], *pairs.T[::-1])
    joined = Ellipses(
        outlines.centers[pairs].mean(axis=1),
        axes[pairs].mean(axis=1),
        np.angle(double) / 2,
        outlines.votes[better],
    )
    kept = outlines[single]
    found = Ellipses(
        *(
            np.concatenate([getattr(part, name) for part in (joined, kept)])
            for name in ("centers", "axes", "angles", "votes")
        )
    )
    return found, np.concatenate([scores[better], scores[single]])


def _nested(outlines, sides, max_stroke):
    """Return the pairs (outer, inner) that may be two outlines of a line, the closest first."""
    centers, axes = outlines.centers.astype(np.float64), outlines.axes.astype(np.float64)
    pairs, closeness = [np.empty((0, 2), np.intp)], [np.empty(0)]
    for start in range(0, len(outlines), _BLOCK):
        block = slice(start, start + _BLOCK)
        gaps = axes[block, None] - axes
        apart = np.hypot(*(centers[block, None] - centers).transpose(2, 0, 1))
        gap = gaps.mean(axis=2)
        inside = (gaps.min(axis=2) > -_SLACK) & (gap > 0) & (gap <= max_stroke)
        inside &= (apart <= max_stroke / 2) & (sides[block, None] * sides <= 0)
        outer, inner = np.nonzero(inside)
        pairs.append(np.stack([outer + start, inner], axis=1))
        closeness.append(gap[outer, inner])
    return np.concatenate(pairs)[np.argsort(np.concatenate(closeness), kind="stable")]
