"""From which measure on a picture is rejected: chosen on held-back ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RejectionCurve(NamedTuple):
    """What each threshold would do to held-back images; one entry for each.

    Attributes
    ----------
    thresholds : ndarray of float64
        The strictest first.
    true_positive_rates : ndarray of float64
        The share kept of the images that are identified rightly.
    false_positive_rates : ndarray of float64
        The share kept of the others: of unknown objects, or mistaken for another one.
    """

    thresholds: NDArray[np.float64]
    true_positive_rates: NDArray[np.float64]
    false_positive_rates: NDArray[np.float64]


def choose(scores, right, false_positive_rate):
    """Return the chosen place on the rejection curve, and the curve.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        Greater is surer.
    right : ndarray of bool, shape (n,)
        Which images should be kept.
    false_positive_rate : float or None
        The greatest that is allowed; None for the greatest difference of both rates.

    Returns
    -------
    int, RejectionCurve
    """
    if right.all() or not right.any():
        raise ValueError(
            "images must have some that are identified rightly and some that are not, got "
            f"{right.sum()} and {(~right).sum()}; hold back pictures of unknown objects too"
        )
    curve = _rates(scores, right)
    if false_positive_rate is None:
        return int(np.argmax(curve.true_positive_rates - curve.false_positive_rates)), curve
    return int(np.flatnonzero(curve.false_positive_rates <= false_positive_rate)[-1]), curve


def _rates(scores, right):
    """Return what each threshold keeps, the strictest first."""
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], right[order]
    last = np.append(scores[1:] != scores[:-1], True)  # of equal scores all are kept
    kept = np.cumsum(right)[last] / right.sum()
    mistaken = np.cumsum(~right)[last] / (~right).sum()
    above = np.nextafter(scores[0], np.inf)  # which keeps none
    return RejectionCurve(
        np.append(above, scores[last]), np.append(0.0, kept), np.append(0.0, mistaken)
    )
