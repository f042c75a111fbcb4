"""Query expansion: what was found and verified helps to find more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number
from classicvision.results import Keypoints
from classicvision.retrieval._search_inputs import check_signatures, check_words
from classicvision.retrieval.verification import Verification, check_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_MOST_WORDS = 2**31 - 1


@dataclass(frozen=True, eq=False)
class WordedKeypoints:
    """An image's keypoints with the words and signatures of their descriptors.

    Parameters
    ----------
    keypoints : Keypoints
    words : array_like of int, shape (n,)
    signatures : array_like of uint64, shape (n,), optional

    Raises
    ------
    TypeError, ValueError
        For what does not fit together.

    Examples
    --------
    >>> image = WordedKeypoints(Keypoints([[5, 5], [9, 2]], [4, 6], [0, 1], [1, 1]), [7, 3])
    >>> image.words
    array([7, 3], dtype=int32)
    """

    keypoints: Keypoints
    words: NDArray[np.int32]
    signatures: NDArray[np.uint64] | None = None

    def __post_init__(self):
        if not isinstance(self.keypoints, Keypoints):
            kind = type(self.keypoints).__name__
            raise TypeError(f"keypoints must be Keypoints, got {kind}")
        words = check_words(self.words, _MOST_WORDS, len(self.keypoints))
        object.__setattr__(self, "words", words)
        if self.signatures is not None:
            signatures = check_signatures(self.signatures, words.shape)
            object.__setattr__(self, "signatures", signatures)


def expand_query(
    query: WordedKeypoints,
    query_shape: tuple[int, int],
    found: Sequence[tuple[WordedKeypoints, Verification]],
    *,
    most: int = 5,
) -> WordedKeypoints:
    """Add to a query what verified images show of it, for a second search.

    Parameters
    ----------
    query : WordedKeypoints
    query_shape : (int, int)
        (rows, columns) of the query.
    found : sequence of (WordedKeypoints, Verification)
        Images that :func:`verify_matches` saw, the best first; those in which no transformation
        was found are passed over.
    most : int
        How many images are used.

    Returns
    -------
    WordedKeypoints
        The query's keypoints, then those of the images that lie within the query's frame, at
        their places, sizes and angles in the query.

    Raises
    ------
    TypeError, ValueError
        For an image without signatures where the query has them or the other way round, or a
        shape or number out of range.

    Notes
    -----
    The joint frequencies of the words are a multiple of the mean of the images' frequencies, so
    that this is the average query expansion of Chum et al., with signatures and geometry taken
    along.

    References
    ----------
    O. Chum et al., "Total recall: automatic query expansion with a generative feature model for
    object retrieval", International Conference on Computer Vision, 2007, section 4.

    Examples
    --------
    >>> query = WordedKeypoints(Keypoints([[5, 5]], [4], [0], [1]), [7])
    >>> image = WordedKeypoints(Keypoints([[25, 12], [90, 9]], [8, 8], [0, 0], [1, 1]), [3, 4])
    >>> twice_as_large = np.diag([2.0, 2.0, 1.0])
    >>> found = Verification(np.array([True]), twice_as_large, np.array([0, 0, 40, 40]))
    >>> more = expand_query(query, (20, 20), [(image, found)])
    >>> more.words, more.keypoints.points.tolist(), more.keypoints.sizes
    (array([7, 3], dtype=int32), [[5.0, 5.0], [12.5, 6.0]], array([4., 4.], dtype=float32))
    """
    rows, columns = check_shape(query_shape, "query_shape")
    most = check_number(most, "most", at_least=0, integer=True)
    verified = [(image, seen) for image, seen in found if seen.n_inliers][:most]
    parts = [query]
    for image, seen in verified:
        if (image.signatures is None) != (query.signatures is None):
            raise ValueError("all images must have signatures, as the query, or none, as the query")
        parts.append(_seen_in_query(image, seen.matrix, rows, columns))
    keypoints = [part.keypoints for part in parts]
    arrays = (
        np.concatenate([getattr(own, name) for own in keypoints])
        for name in ("points", "sizes", "angles", "scores")
    )
    signatures = None
    if query.signatures is not None:
        signatures = np.concatenate([part.signatures for part in parts])
    words = np.concatenate([part.words for part in parts])
    return WordedKeypoints(Keypoints(*arrays), words, signatures)


def _seen_in_query(image, matrix, rows, columns):
    """Return the keypoints of an image that lie within the query's frame, as seen there."""
    back = np.linalg.inv(matrix)
    homogeneous = image.keypoints.points.astype(np.float64) @ back[:, :2].T + back[:, 2]
    depths = homogeneous[:, 2] * np.sign(back[2, 2])
    with np.errstate(divide="ignore", invalid="ignore"):
        points = homogeneous[:, :2] / homogeneous[:, 2:]
    with np.errstate(invalid="ignore"):
        inside = (depths > 0) & (points > -0.5).all(axis=1)
        inside &= (points < [columns - 0.5, rows - 0.5]).all(axis=1)
    center = np.array([(columns - 1) / 2, (rows - 1) / 2, 1.0])
    x, y, depth = matrix @ center
    # How the transformation zooms and turns at the middle of the query.
    linear = (matrix[:2, :2] - np.outer([x, y], matrix[2, :2]) / depth) / depth
    zoom = np.sqrt(np.linalg.det(linear))
    turn = np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])
    own = image.keypoints[inside]
    return WordedKeypoints(
        Keypoints(points[inside], own.sizes / zoom, own.angles - turn, own.scores),
        image.words[inside],
        None if image.signatures is None else image.signatures[inside],
    )
