"""Matches that agree on a similarity: each match proposes one, all others vote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from classicvision.results import Keypoints

_MOST_HYPOTHESES = 512  # evenly among the matches; among so many, enough are right
_SLACK = 8.0  # pixels between where a match should lie and where it does, at its own place
_GROWTH = (
    0.15  # more of it with each pixel from there, which the angle's and the size's errors need
)
_ZOOM = np.log(1.8)  # the largest difference of two matches' zooms
_TURN = 0.5  # and of their turns, in radians
_FULL_TURN = 2 * np.pi


# m = matches; returns the votes for the similarity that match h proposes: 1 for a perfect one
@kernel
def _votes(h, start, end, zooms, turns, agreeing):
    zoom = np.exp(zooms[h])
    cosine, sine = zoom * np.cos(turns[h]), zoom * np.sin(turns[h])
    votes = 0.0
    for m in range(len(start)):
        agreeing[m] = False
        turned = turns[m] - turns[h]
        turned -= _FULL_TURN * np.floor(turned / _FULL_TURN + 0.5)
        if abs(zooms[m] - zooms[h]) > _ZOOM or abs(turned) > _TURN:
            continue
        x, y = start[m, 0] - start[h, 0], start[m, 1] - start[h, 1]
        off_x = cosine * x - sine * y + end[h, 0] - end[m, 0]
        off_y = sine * x + cosine * y + end[h, 1] - end[m, 1]
        reach = _SLACK + _GROWTH * zoom * np.sqrt(x * x + y * y)
        error = (off_x * off_x + off_y * off_y) / (reach * reach)
        if error < 1:
            votes += 1 - error
            agreeing[m] = True
    return votes


@kernel
def _vote(start, end, zooms, turns, step, agreeing):
    best, most = 0, 0.0
    for h in range(0, len(start), step):
        votes = _votes(h, start, end, zooms, turns, agreeing)
        if votes > most:
            best, most = h, votes
    _votes(best, start, end, zooms, turns, agreeing)


def agreeing_matches(
    query: Keypoints, keypoints: Keypoints, pairs: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which matches agree with the similarity that gets the most votes.

    The size and the direction of two keypoints that match determine a similarity: how much the
    query is zoomed, turned and shifted. Every match proposes its own, and those agree that lie
    about where it takes them and are zoomed and turned by about as much.

    Parameters
    ----------
    query, keypoints : Keypoints
        Of the query and of the image.
    pairs : ndarray of int64, shape (n, 2)
        The rows of both that match.

    Returns
    -------
    ndarray of bool, shape (n,)

    References
    ----------
    D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004,
    section 7.3 (the votes). J. Philbin et al., "Object retrieval with large vocabularies and
    fast spatial matching", CVPR 2007, section 4 (hypotheses from single matches).
    """
    agreeing = np.zeros(len(pairs), bool)
    if len(pairs) == 0:
        return agreeing
    first, second = pairs[:, 0], pairs[:, 1]
    start, end = query.points[first].astype(np.float64), keypoints.points[second].astype(np.float64)
    zooms = np.log(keypoints.sizes[second].astype(np.float64) / query.sizes[first])
    turns = keypoints.angles[second].astype(np.float64) - query.angles[first]
    step = -(-len(pairs) // _MOST_HYPOTHESES)
    _vote(start, end, zooms, turns, step, agreeing)
    return agreeing
