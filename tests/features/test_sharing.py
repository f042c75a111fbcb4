"""Keypoints shared out among the parts of an image."""

import numpy as np
import pytest

from classicvision import Keypoints, detect_keypoints, extract_descriptors
from classicvision.features._sharing import share_out


def keypoints_at(points):
    n = len(points)
    return Keypoints(points, np.full(n, 5), np.zeros(n), np.arange(n, 0, -1))


def test_by_hand():
    # Parts of 10 x 5 pixels: top left 0, 1, 3 and 4, top right 2, bottom right 5 and 6.
    found = keypoints_at([[0, 0], [9, 4], [10, 0], [2, 2], [9.4, 4.4], [19, 9], [12, 7]])
    chosen = [share_out(found, (10, 20), 2, most).scores.tolist() for most in (1, 3, 4, 5, 7, None)]
    assert chosen == [
        [7], [7, 5, 2], [7, 6, 5, 2], [7, 6, 5, 2, 1], [7, 6, 5, 4, 3, 2, 1], [7, 6, 5, 4, 3, 2, 1],
    ]  # fmt: skip
    assert share_out(found, (10, 20), 1, 3) == found[:3]
    assert len(share_out(found[:0], (10, 20), 2, 3)) == 0
    border = keypoints_at([[-0.5, -0.5], [19.5, 9.5]])
    assert len(share_out(border, (10, 20), 3, 1)) == 1


@pytest.mark.parametrize("kind", ["sift", "orb", "fast"])
def test_dark_parts_keep_keypoints_too(kind, photographs):
    image = photographs["astronaut"].copy()
    image[:, :256] = 100 + image[:, :256] // 8
    few, shared = (
        detect_keypoints(image, kind, max_keypoints=60, cells=cells) for cells in (None, 8)
    )
    assert len(few) == len(shared) == 60
    assert (shared.points[:, 0] < 256).sum() > (few.points[:, 0] < 256).sum()
    assert (np.diff(shared.scores) <= 0).all()
    every = {
        tuple(row) for row in detect_keypoints(image, kind, max_keypoints=None).points.tolist()
    }
    assert {tuple(row) for row in shared.points.tolist()} <= every


@pytest.mark.parametrize("kind", ["sift", "rootsift", "orb", "patch"])
def test_what_is_described_was_shared_out(kind, photographs):
    image = photographs["camera"]
    found, descriptors = extract_descriptors(image, kind, max_keypoints=150, cells=4)
    detector = "orb" if kind == "orb" else "sift"
    expected = detect_keypoints(image, detector, max_keypoints=150, cells=4)
    assert found == expected
    assert len(descriptors) == 150


def test_cells_that_are_none():
    image = np.zeros((40, 40), np.uint8)
    with pytest.raises(ValueError, match="cells must be at least 1, got 0"):
        detect_keypoints(image, cells=0)
    with pytest.raises(ValueError, match="cells must be at least 1, got 0"):
        extract_descriptors(image, cells=0)
    found, descriptors = extract_descriptors(image, cells=8)
    assert (len(found), descriptors.shape) == (0, (0, 128))
