"""How well rankings put what was looked for first: one ranking a query, and what is right in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from classicvision._checks import check_number, check_option

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable
    from typing import Literal

    from numpy.typing import NDArray

    _Rankings = Iterable[Any]
    _Truth = Iterable[Collection[Hashable]]


def retrieval_map(
    rankings: _Rankings,
    positives: _Truth,
    *,
    junk: _Truth | None = None,
    definition: Literal["plain", "trapezoid"] = "plain",
) -> float:
    """Return the mean average precision of rankings, with junk left out.

    Parameters
    ----------
    rankings : iterable of rankings, one a query
        Each is what a search returned, best first: a sequence or 1-D array of names (str, int,
        any hashable; a path-like one is its text) without repetition, or a
        :class:`~classicvision.Ranking`, whose paths are the names. It may be empty, and it may
        end before everything is listed.
    positives : iterable of collections, one a query
        The names that are right, in any order; at least one a query. What the ranking does not
        list counts as never found.
    junk : iterable of collections, one a query, optional
        Names that are neither right nor wrong, such as near-duplicates of the query or the query
        itself: they are taken out of the ranking before it is looked at.
    definition : {"plain", "trapezoid"}
        The area under precision against recall.

        * ``"plain"``: the mean over the positives of the precision at their ranks, 0 for those
          not listed. For a single positive it is the reciprocal of its rank. It equals
          :func:`average_precision` of scores without ties.
        * ``"trapezoid"``: the points are joined by lines, and precision starts at 1, as in the
          program published with the Oxford Buildings [1]_. It is never greater.

    Returns
    -------
    float
        The mean over the queries, 0 to 1.

    Raises
    ------
    TypeError
        For rankings or collections of another form.
    ValueError
        For no queries, unequal numbers of them, a query without positives, a name listed twice
        in a ranking, or one both positive and junk.

    References
    ----------
    .. [1] J. Philbin, O. Chum, M. Isard, J. Sivic and A. Zisserman, "Object retrieval with large
           vocabularies and fast spatial matching", CVPR 2007, section 2.

    Examples
    --------
    The first ranking has its positives at the ranks 1 and 3; in the second one the junk does not
    count, so that its positive has rank 2.

    >>> import classicvision as cv
    >>> rankings = [["a", "x", "b"], ["query", "x", "c"]]
    >>> positives, junk = [{"a", "b"}, {"c"}], [set(), {"query"}]
    >>> round(cv.evaluation.retrieval_map(rankings, positives, junk=junk), 4)
    0.6667
    >>> both = cv.evaluation.retrieval_map(rankings, positives, junk=junk, definition="trapezoid")
    >>> round(both, 4)
    0.5208
    """
    check_option(definition, "definition", ("plain", "trapezoid"))
    area = {"plain": _plain_area, "trapezoid": _trapezoid_area}[definition]
    queries = _judged(rankings, positives, junk)
    return float(np.mean([area(hits, count) for hits, count in queries]))


def _plain_area(hits, count):
    """Return the sum of the precision at each hit, divided by the number of positives."""
    ranks = np.flatnonzero(hits) + 1
    return (np.arange(1, len(ranks) + 1) / ranks).sum() / count


def _trapezoid_area(hits, count):
    """Return the area under the precision at every rank, joined by lines, from (0, 1) on."""
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    before = np.append(1.0, precision[:-1])[: len(hits)]
    return ((before + precision) / 2)[hits].sum() / count


def precision_at_k(
    rankings: _Rankings, positives: _Truth, k: int, *, junk: _Truth | None = None
) -> float:
    """Return which share of the first k is right, the mean over the queries.

    Parameters
    ----------
    rankings, positives, junk
        As for :func:`retrieval_map`.
    k : int
        At least 1. A ranking that is shorter, with the junk left out, is filled up with wrong
        ones.

    Returns
    -------
    float
        0 to 1; for a query with fewer than `k` positives the greatest is their number / k.

    Raises
    ------
    TypeError, ValueError
        As :func:`retrieval_map`, and for `k`.

    Examples
    --------
    >>> import classicvision as cv
    >>> cv.evaluation.precision_at_k([["a", "x", "b"], ["y", "c"]], [["a", "b"], ["c"]], 2)
    0.5
    """
    k = check_number(k, "k", at_least=1, integer=True)
    queries = _judged(rankings, positives, junk)
    return float(np.mean([hits[:k].sum() / k for hits, _ in queries]))


def recall_at_k(
    rankings: _Rankings, positives: _Truth, k: int, *, junk: _Truth | None = None
) -> float:
    """Return which share of the positives is among the first k, the mean over the queries.

    Parameters
    ----------
    rankings, positives, junk
        As for :func:`retrieval_map`.
    k : int
        At least 1.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    TypeError, ValueError
        As :func:`retrieval_map`, and for `k`.

    Examples
    --------
    >>> import classicvision as cv
    >>> cv.evaluation.recall_at_k([["a", "x", "b"], ["y", "c"]], [["a", "b"], ["c"]], 2)
    0.75
    """
    k = check_number(k, "k", at_least=1, integer=True)
    queries = _judged(rankings, positives, junk)
    return float(np.mean([hits[:k].sum() / count for hits, count in queries]))


def cumulative_match_curve(
    rankings: _Rankings,
    positives: _Truth,
    *,
    max_rank: int | None = None,
    junk: _Truth | None = None,
) -> NDArray[np.float64]:
    """Return for every rank the share of queries that have something right up to it (CMC).

    Parameters
    ----------
    rankings, positives, junk
        As for :func:`retrieval_map`.
    max_rank : int, optional
        The last rank of the curve, at least 1; that of the longest ranking, with the junk left
        out, if None.

    Returns
    -------
    ndarray of float64, shape (max_rank,)
        Never falls. The first is the share of queries whose best result is right, and the entry
        k - 1 that of rank k. Empty if all rankings are.

    Raises
    ------
    TypeError, ValueError
        As :func:`retrieval_map`, and for `max_rank`.

    References
    ----------
    .. [1] P. J. Phillips, H. Moon, S. A. Rizvi and P. J. Rauss, "The FERET evaluation methodology
           for face-recognition algorithms", PAMI 22, 2000, section 3.2.

    Examples
    --------
    >>> import classicvision as cv
    >>> rankings = [["a", "x", "b"], ["y", "c"], ["x", "y", "z"]]
    >>> cv.evaluation.cumulative_match_curve(rankings, [["a", "b"], ["c"], ["d"]]).round(2)
    array([0.33, 0.67, 0.67])
    """
    if max_rank is not None:
        max_rank = check_number(max_rank, "max_rank", at_least=1, integer=True)
    queries = [hits for hits, _ in _judged(rankings, positives, junk)]
    ranks = max(map(len, queries)) if max_rank is None else max_rank
    first = [int(hits.argmax()) for hits in queries if hits.any()]
    counts = np.bincount(first, minlength=ranks)[:ranks] if first else np.zeros(ranks, np.int64)
    return counts.cumsum() / len(queries)


cmc = cumulative_match_curve


def _judged(rankings, positives, junk):
    """Return for each query whether what is ranked is right, junk left out, and all positives.

    Returns
    -------
    list of (ndarray of bool, shape (n,), int)
    """
    rankings = _one_a_query(rankings, "rankings")
    positives = _one_a_query(positives, "positives")
    junk = [()] * len(rankings) if junk is None else _one_a_query(junk, "junk")
    if not rankings:
        raise ValueError("rankings must not be empty: there is no query to judge")
    for name, lists in (("positives", positives), ("junk", junk)):
        if len(lists) != len(rankings):
            raise ValueError(
                f"{name} must have one collection a query, {len(rankings)} as rankings, "
                f"got {len(lists)}"
            )
    return [
        _judge(number, *query)
        for number, query in enumerate(zip(rankings, positives, junk, strict=True))
    ]


def _one_a_query(lists, name):
    if isinstance(lists, (str, bytes, dict)) or not hasattr(lists, "__iter__"):
        raise TypeError(f"{name} must be a list with one entry a query, got {lists!r:.80}")
    return list(lists)


def _judge(number, ranking, positives, junk):
    ranking = _names(getattr(ranking, "paths", ranking), f"rankings[{number}]")
    right = set(_names(positives, f"positives[{number}]"))
    ignored = set(_names(junk, f"junk[{number}]"))
    if not right:
        raise ValueError(
            f"positives[{number}] must have a name: without any there is nothing to find; "
            "leave the query out"
        )
    if both := right & ignored:
        raise ValueError(f"{min(both, key=str)!r} is in positives[{number}] and in junk[{number}]")
    if len(set(ranking)) < len(ranking):
        twice = next(name for name in ranking if ranking.count(name) > 1)
        raise ValueError(f"rankings[{number}] must list a name once, got {twice!r} more than once")
    return np.array([name in right for name in ranking if name not in ignored], bool), len(right)


def _names(names, what):
    """Return names as a list of hashable Python values."""
    if isinstance(names, np.ndarray):
        if names.ndim != 1:
            raise TypeError(f"{what} must be a sequence of names, got shape {names.shape}")
        names = names.tolist()
    if isinstance(names, (str, bytes)) or not hasattr(names, "__iter__"):
        raise TypeError(f"{what} must be a sequence of names, got {names!r:.80}; wrap it: [name]")
    names = [os.fspath(name) if isinstance(name, os.PathLike) else name for name in names]
    try:
        set(names)
    except TypeError:
        raise TypeError(
            f"{what} must be a sequence of names, which are str, int or other hashable values, "
            f"got {names!r:.80}"
        ) from None
    return names
