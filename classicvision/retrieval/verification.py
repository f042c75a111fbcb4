"""Whether the matches of two images agree on one transformation, and where it takes the query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_flag, check_number, check_option, check_pairs
from classicvision._opencv import opencv
from classicvision.results import Keypoints
from classicvision.retrieval.consensus import agreeing_matches

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LEAST_MATCHES = {"similarity": 2, "affine": 3, "homography": 4}
_LARGEST_ZOOM = 16.0  # of the query in the image, and of the image in the query
_LARGEST_STRETCH = 6.0  # of one direction, relative to the other one
_CONFIDENCE = 0.999
_MOST_TRIALS = 2000


@dataclass(frozen=True, eq=False)
class Verification:
    """What the matches of a query and an image agree on.

    Attributes
    ----------
    inliers : ndarray of bool, shape (n,)
        For each match whether it agrees; none does where no transformation was found.
    matrix : ndarray of float64, shape (3, 3)
        Takes homogeneous points of the query to those of the image; NaN where none was found.
    box : ndarray of float32, shape (4,)
        x1, y1, x2, y2 of the query's frame in the image, clipped to it; ``0 0 0 0`` where no
        transformation was found.
    """

    inliers: NDArray[np.bool_]
    matrix: NDArray[np.float64]
    box: NDArray[np.float32]

    @property
    def n_inliers(self) -> int:
        """How many matches agree; 0 where no transformation was found."""
        return int(self.inliers.sum())


def verify_matches(
    query_keypoints: Keypoints,
    keypoints: Keypoints,
    pairs: ArrayLike,
    *,
    model: str = "similarity",
    query_shape: tuple[int, int] | None = None,
    image_shape: tuple[int, int] | None = None,
    threshold: float = 5.0,
    min_inliers: int | None = None,
    consensus: bool = True,
) -> Verification:
    """Find the transformation of a query into an image that most of their matches agree on.

    Parameters
    ----------
    query_keypoints, keypoints : Keypoints
        Of the query and of the image.
    pairs : array_like of int, shape (n, 2)
        The rows of both that match: the first of what :func:`match_descriptors` returns.
    model : {"similarity", "affine", "homography"}
        The kind of transformation: zoom, turn and shift; also stretched and sheared; also seen
        in perspective.
    query_shape, image_shape : (int, int), optional
        (rows, columns) of the query, whose frame becomes the box, and of the image, to which it
        is clipped. By default the frame around the query's keypoints, and not clipped.
    threshold : float
        How far an inlier may lie from where the transformation takes it, in pixels of the image.
    min_inliers : int, optional
        With fewer nothing is found. By default 4, and one more for every 15 matches, but not
        more than 8: of many wrong matches some agree by chance.
    consensus : bool
        Look only at matches that agree on about one zoom, turn and shift by the sizes and angles of
        their keypoints, which must have them. It finds what few matches of many tell, but not
        what a homography with strong perspective makes very different in its parts.

    Returns
    -------
    Verification

    Raises
    ------
    TypeError, ValueError
        For keypoints or pairs that are none, or options out of range.

    Notes
    -----
    1. Each match proposes a similarity; the matches that agree with the one that gets most votes
       are kept (Lowe's clustering of poses, with the hypotheses of Philbin et al.).
    2. OpenCV estimates the transformation from these: ``estimateAffinePartial2D`` with RANSAC,
       ``estimateAffine2D`` or ``findHomography`` with MAGSAC++. The same matches always give the
       same transformation.
    3. Refused are mirrored and collapsed frames, zooms beyond 16, one direction stretched more
       than 6 times as much as the other, frames that reach beyond the horizon, and those outside
       the image.

    References
    ----------
    M. Fischler and R. Bolles, "Random sample consensus", CACM 24(6), 1981.
    D. Barath et al., "MAGSAC++, a fast, reliable and accurate robust estimator", CVPR 2020.
    D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004,
    section 7.3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.random((20, 2)) * 100
    >>> query = Keypoints(points, np.full(20, 4), np.zeros(20), np.ones(20))
    >>> image = Keypoints(2 * points + 30.5, np.full(20, 8), np.zeros(20), np.ones(20))
    >>> found = verify_matches(query, image, [[k, k] for k in range(20)], query_shape=(100, 100))
    >>> found.n_inliers, found.box.round().tolist()
    (20, [30.0, 30.0, 230.0, 230.0])
    """
    for name, value in (("query_keypoints", query_keypoints), ("keypoints", keypoints)):
        if not isinstance(value, Keypoints):
            raise TypeError(f"{name} must be Keypoints, got {type(value).__name__}")
    pairs = check_pairs(pairs, len(query_keypoints), len(keypoints))
    check_option(model, "model", tuple(_LEAST_MATCHES))
    threshold = check_number(threshold, "threshold", above=0)
    least = _LEAST_MATCHES[model]
    if min_inliers is None:
        min_inliers = min(4 + len(pairs) // 15, 8)
    min_inliers = check_number(min_inliers, "min_inliers", at_least=least, integer=True)
    frame = _frame(query_keypoints, query_shape)
    limits = None if image_shape is None else check_shape(image_shape, "image_shape")
    kept = np.ones(len(pairs), bool)
    if check_flag(consensus, "consensus"):
        kept = agreeing_matches(query_keypoints, keypoints, pairs)
    nothing = Verification(
        np.zeros(len(pairs), bool), np.full((3, 3), np.nan), np.zeros(4, np.float32)
    )
    if kept.sum() < min_inliers:
        return nothing
    start, end = query_keypoints.points[pairs[:, 0]], keypoints.points[pairs[:, 1]]
    matrix = _estimate(start[kept], end[kept], model, threshold)
    if matrix is None or not _is_plausible(matrix, frame):
        return nothing
    inliers = kept & (_distances(matrix, start, end) <= threshold)
    box = box_around(transform_points(matrix, frame), limits)
    if inliers.sum() < min_inliers or (box[:2] >= box[2:]).any():
        return nothing
    return Verification(inliers, matrix, box)


def check_shape(shape, name):
    """Return (rows, columns) as two ints above 0."""
    try:
        rows, columns = shape
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be (rows, columns), got {shape!r}") from None
    return tuple(check_number(side, name, at_least=1, integer=True) for side in (rows, columns))


# Keypoints count from the centre of the first pixel, frames and boxes from its edges.
def _frame(keypoints, shape):
    """Return the corners of the query in the order in which one walks around it."""
    if shape is None:
        points = keypoints.points if len(keypoints) else np.zeros((1, 2))
        (x1, y1), (x2, y2) = points.min(axis=0) - 0.5, points.max(axis=0) + 0.5
        return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)
    return frame_of(*check_shape(shape, "query_shape"))


def frame_of(rows, columns):
    """Return the corners of a picture, whose size may be any number, in the same order."""
    x, y = columns - 0.5, rows - 0.5
    return np.array([[-0.5, -0.5], [x, -0.5], [x, y], [-0.5, y]])


def _estimate(start, end, model, threshold):
    """Return the 3 x 3 matrix that OpenCV estimates, or None."""
    cv2 = opencv()
    options = {
        "ransacReprojThreshold": threshold,
        "maxIters": _MOST_TRIALS,
        "confidence": _CONFIDENCE,
    }
    if model == "similarity":
        matrix, _ = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, **options)
    elif model == "affine":
        matrix, _ = cv2.estimateAffine2D(start, end, method=cv2.USAC_MAGSAC, **options)
    else:
        matrix, _ = cv2.findHomography(start, end, method=cv2.USAC_MAGSAC, **options)
    if matrix is None or not np.isfinite(matrix).all():
        return None
    return matrix if len(matrix) == 3 else np.vstack([matrix, [0, 0, 1]])


def transform_points(matrix, points):
    """Return where a 3 x 3 matrix takes points, shape (n, 2)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        homogeneous = points @ matrix[:, :2].T + matrix[:, 2]
        return homogeneous[:, :2] / homogeneous[:, 2:]


def _distances(matrix, start, end):
    distances = np.linalg.norm(transform_points(matrix, start.astype(np.float64)) - end, axis=1)
    return np.where(np.isfinite(distances), distances, np.inf)


def _is_plausible(matrix, frame):
    """Return whether the frame stays a frame: neither mirrored, collapsed, torn nor absurd."""
    depths = frame @ matrix[2, :2] + matrix[2, 2]
    if matrix[2, 2] == 0 or (depths * np.sign(matrix[2, 2]) <= 0).any():
        return False  # a corner lies beyond the horizon
    a, b, c, d = transform_points(matrix, frame)
    sides = np.array([b - a, c - b, d - c, a - d])
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - (
        sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    )
    if (turns <= 0).any():
        return False  # mirrored, collapsed or not convex
    size = frame[2] - frame[0]
    linear = np.column_stack([(b - a + c - d) / size[0], (d - a + c - b) / size[1]]) / 2
    largest, smallest = np.linalg.svd(linear, compute_uv=False)
    return bool(
        smallest * _LARGEST_ZOOM >= 1
        and largest <= _LARGEST_ZOOM
        and largest <= smallest * _LARGEST_STRETCH
    )


def box_around(corners, image_shape):
    """Return the box around corners, clipped to an image of (rows, columns), if there is one."""
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)]) + 0.5
    if image_shape is not None:
        rows, columns = image_shape
        box = np.clip(box, 0, [columns, rows, columns, rows])
    return box.astype(np.float32)
