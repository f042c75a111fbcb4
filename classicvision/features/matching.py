"""Which descriptors of two images belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import (
    GIVE_DESCRIPTORS,
    as_array,
    check_flag,
    check_number,
    check_option,
    whole_result,
)
from classicvision._opencv import opencv
from classicvision.features._nearest import Nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_KD_TREE, _LSH, _HAMMING = 1, 6, 9  # FLANN's own numbers
_LARGEST = 1e18  # whose squares float32 holds


def match_descriptors(
    a: ArrayLike,
    b: ArrayLike,
    *,
    ratio: float | None = 0.85,
    mutual: bool = True,
    method: str = "exact",
    metric: str | None = None,
    n_trees: int = 4,
    n_checks: int = 128,
    n_tables: int = 12,
    n_key_bits: int = 16,
    random_state: int = 0,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Match each descriptor of one image to the nearest of another one, where that is clear.

    Parameters
    ----------
    a, b : array_like, shapes (n, d) and (m, d)
        Descriptors of two images: both of numbers, or both of bytes.
    ratio : float, optional
        Lowe's test: a match is kept if its distance is below ``ratio`` times the one to the second
        nearest of ``b``, above 0, up to 1. One of ``b`` alone passes. None for no such test.
    mutual : bool
        Keep only matches that are the nearest in both directions.
    method : {"exact", "kd_tree", "lsh"}
        "exact" measures all distances. "kd_tree" searches randomised k-d trees, for "euclidean"
        only, and "lsh" looks into hash tables of some of the bits, for "hamming" only; both are
        OpenCV's FLANN, and miss some of the nearest.
    metric : {"euclidean", "hamming"}, optional
        None: "hamming" for bytes (uint8), the number of bits that differ; otherwise "euclidean".
        To match SIFT that is kept as bytes ask for "euclidean".
    n_trees, n_checks : int
        For "kd_tree": how many trees, and how many of their leaves are visited for a descriptor.
    n_tables, n_key_bits : int
        For "lsh": how many tables, and of how many bits the key of each is.
    random_state : int
        For "kd_tree" and "lsh", which choose at random: seeds OpenCV's generator of this thread.

    Returns
    -------
    pairs : ndarray of int64, shape (k, 2)
        Rows of ``a`` and ``b``, in the order of ``a``.
    distances : ndarray of float32, shape (k,)

    Raises
    ------
    TypeError
        For descriptors that are not numbers, or a "hamming" of other than uint8.
    ValueError
        For descriptors of other shapes or of two lengths, values that are not finite or beyond
        1e18, a method that does not know the metric, or options out of range.

    Notes
    -----
    "exact" takes float32 descriptors; others are converted. Distances come from a matrix product in
    blocks of a million; what may be among the two nearest, by the rounding of that, is measured
    again one by one. Of equally near ones the first is the nearest. These are the matches of
    ``cv2.BFMatcher``'s ``knnMatch`` with the ratio test, and of its ``crossCheck``.

    Memory: 4 MB, and for "exact" in float32 nothing else that grows but the result.

    References
    ----------
    D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004,
    section 7.1.
    M. Muja and D. Lowe, "Fast approximate nearest neighbors with automatic algorithm
    configuration", VISAPP 2009 (k-d trees); Q. Lv et al., "Multi-probe LSH", VLDB 2007.

    Examples
    --------
    >>> a = [[0, 0], [5, 5], [9, 0]]
    >>> b = [[9, 1], [0, 2], [5, 6], [6, 5]]
    >>> pairs, distances = match_descriptors(a, b)
    >>> pairs.tolist(), distances.tolist()
    ([[0, 1], [2, 0]], [2.0, 1.0])
    """
    method = check_option(method, "method", ("exact", "kd_tree", "lsh"))
    a, b, hamming = _check_descriptors(a, b, metric)
    if method == ("kd_tree" if hamming else "lsh"):
        metrics = ("euclidean", "hamming") if hamming else ("hamming", "euclidean")
        raise ValueError(
            f"method {method!r} must have the metric {metrics[0]!r}, got {metrics[1]!r}"
        )
    if ratio is not None:
        ratio = check_number(ratio, "ratio", above=0, at_most=1)
    mutual = check_flag(mutual, "mutual")
    limits = {"at_least": 1, "integer": True}
    n_trees = check_number(n_trees, "n_trees", at_most=64, **limits)
    n_checks = check_number(n_checks, "n_checks", at_most=2**31 - 1, **limits)
    n_tables = check_number(n_tables, "n_tables", at_most=64, **limits)
    n_key_bits = check_number(n_key_bits, "n_key_bits", at_most=24, **limits)
    random_state = check_number(
        random_state, "random_state", at_least=0, at_most=2**31 - 1, integer=True
    )
    if not len(a) or not len(b):
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    if method == "lsh" and n_key_bits > 8 * a.shape[1]:  # OpenCV would crash
        raise ValueError(
            f"n_key_bits must be at most {8 * a.shape[1]}, the bits of a descriptor, "
            f"got {n_key_bits}"
        )
    if method == "exact":
        search = Nearest(a, b, hamming)
        index, distances = search.index, search.nearest
    else:
        table = {"algorithm": _KD_TREE, "trees": n_trees}, {"checks": n_checks}
        if hamming:
            numbers = {"table_number": n_tables, "key_size": n_key_bits, "multi_probe_level": 1}
            table = {"algorithm": _LSH, **numbers}, {}
        index, distances = _search(a, b, *table, random_state)
    distances = distances if hamming else np.sqrt(distances)
    kept = np.isfinite(distances[:, 0])
    if ratio is not None:
        kept &= distances[:, 0] < ratio * distances[:, 1]
    rows = np.nonzero(kept)[0]
    if mutual and method == "exact":
        rows = rows[search.mutual(rows)]
    elif mutual and len(rows):
        back, _ = _search(b, a, *table, random_state)
        rows = rows[back[index[rows, 0], 0] == rows]
    return np.column_stack([rows, index[rows, 0]]), distances[rows, 0]


def _check_descriptors(a, b, metric):
    """Return both as arrays, float32 or bytes, and whether they are compared bit by bit."""
    given, (a, b) = (a, b), (as_array(a), as_array(b))
    for name, array, value in zip("ab", (a, b), given, strict=True):
        if array.dtype.kind not in "iuf" and array.size:
            raise TypeError(
                f"{name} must be an array of numbers, got {array.dtype}"
                + whole_result(value, GIVE_DESCRIPTORS)
            )
        if array.ndim != 2:
            raise ValueError(f"{name} must have shape (n, d), got {array.shape}")
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            "a and b must have descriptors of one length, got "
            f"{a.shape[1]} and {b.shape[1]}; are they of two kinds?"
        )
    whole = a.dtype == b.dtype == np.uint8
    if metric is not None:
        metric = check_option(metric, "metric", ("euclidean", "hamming"))
    if metric == "hamming" or (metric is None and whole):
        if not whole:
            raise TypeError(
                f"a and b must be uint8 for the metric 'hamming', got {a.dtype} and {b.dtype}"
            )
        return np.ascontiguousarray(a), np.ascontiguousarray(b), True
    return _as_float32(a, "a"), _as_float32(b, "b"), False


def _as_float32(array, name):
    if not (np.abs(array) <= _LARGEST).all():
        raise ValueError(f"{name} must be finite and not beyond {_LARGEST:g}")
    return np.require(array, np.float32, ["C", "W"])


def _search(a, b, index, search, seed):
    """Return the two nearest of b for each row of a by FLANN; -1 and infinity where it has none."""
    cv2 = opencv()
    cv2.setRNGSeed(seed)
    distance = _HAMMING if a.dtype == np.uint8 else 1  # 1: squared Euclidean
    found = np.full((len(a), 2), -1, np.int64)
    distances = np.full((len(a), 2), np.inf, np.float32)
    neighbours = min(2, len(b))
    trees = cv2.flann_Index(b, index, distance)
    found[:, :neighbours], distances[:, :neighbours] = trees.knnSearch(a, neighbours, params=search)
    distances[found < 0] = np.inf
    return found, distances
