"""Keypoints shared out among the parts of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from classicvision.results import Keypoints


def share_out(
    keypoints: Keypoints, shape: tuple[int, int], cells: int, max_keypoints: int | None
) -> Keypoints:
    """Return at most ``max_keypoints``, of each of ``cells * cells`` parts about as many.

    The best keypoint of every part goes first, then the second best of every part, ...: a part
    with little contrast keeps some too, which a search for what is shown there needs.

    Parameters
    ----------
    keypoints : Keypoints
        Best first.
    shape : (int, int)
        (rows, columns) of the image.
    cells : int
        Into how many parts each side is divided.
    max_keypoints : int or None
        None: all of them.

    Returns
    -------
    Keypoints
        In the order in which they were.
    """
    if max_keypoints is None or len(keypoints) <= max_keypoints:
        return keypoints
    sides = np.array([shape[1], shape[0]], np.float64)
    places = np.floor((keypoints.points + 0.5) * (cells / sides)).astype(np.int64)
    column, row = np.clip(places, 0, cells - 1).T
    parts = row * cells + column
    order = np.argsort(parts, kind="stable")
    starts = np.searchsorted(parts[order], np.arange(cells * cells))
    ranks = np.empty(len(parts), np.int64)
    ranks[order] = np.arange(len(parts)) - starts[parts[order]]
    chosen = np.argsort(ranks, kind="stable")[:max_keypoints]
    return keypoints[np.sort(chosen)]
