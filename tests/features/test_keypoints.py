"""Interest points of OpenCV: order, number, directions, hostile images, threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from classicvision.features.keypoints import detect_keypoints
from classicvision.images import luminance
from classicvision.results import Keypoints

KINDS = ("sift", "dog", "orb", "fast", "harris")


def rows_of(keypoints):
    """Return keypoints as tuples whose order is the documented one."""
    points = keypoints.points.tolist()
    columns = (keypoints.scores, keypoints.sizes, keypoints.angles)
    rest = zip(points, *(column.tolist() for column in columns), strict=True)
    return [(-score, y, x, size, angle) for (x, y), score, size, angle in rest]


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_come_first_and_a_limit_keeps_exactly_these(kind, photographs):
    image = photographs["camera"]
    few = detect_keypoints(image, kind, max_keypoints=150)
    more = detect_keypoints(image, kind, max_keypoints=200)
    assert len(few) == 150
    assert rows_of(more) == sorted(rows_of(more))
    if kind != "orb":  # which shares its keypoints out among the levels of the pyramid
        assert few == more[:150]
    assert len(detect_keypoints(image, kind, max_keypoints=None)) > 200


def test_sift_finds_what_opencv_finds_duplicates_included(photographs):
    import cv2

    gray = luminance(photographs["chelsea"])
    wanted = cv2.SIFT_create(contrastThreshold=0.03).detect(gray)
    found = detect_keypoints(photographs["chelsea"], max_keypoints=None, threshold=0.03)
    assert len(found) == len(wanted) > len(np.unique(found.points, axis=0))
    table = np.array([(*p.pt, p.size, np.deg2rad(p.angle), p.response) for p in wanted])
    ours = np.column_stack([found.points, found.sizes, found.angles, found.scores])
    order = np.lexsort((table[:, 3], table[:, 2], table[:, 0], table[:, 1], -table[:, 4]))
    np.testing.assert_allclose(ours, table[order], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_higher_thresholds_leave_fewer(kind, photographs):
    image = photographs["camera"]
    counts = [
        len(detect_keypoints(image, kind, max_keypoints=None, threshold=threshold))
        for threshold in ((10, 40, 200) if kind in ("orb", "fast") else (0.01, 0.05, 0.5))
    ]
    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize("kind", ["sift", "dog"])
def test_a_quarter_turn_turns_the_directions(kind, photographs):
    image = photographs["camera"][100:300, 100:300]
    upright = detect_keypoints(image, kind, max_keypoints=None)
    turned = detect_keypoints(np.rot90(image), kind, max_keypoints=None)
    # (x, y) goes to (y, 199 - x), and a direction a quarter back: y points down.
    places = np.column_stack([upright.points[:, 1], 199 - upright.points[:, 0]])
    distance = np.linalg.norm(places[:, None] - turned.points[None], axis=2)
    wanted = (upright.angles - np.pi / 2)[:, None] - turned.angles[None]
    apart = np.abs((wanted + np.pi) % (2 * np.pi) - np.pi)
    again = ((distance < 1) & (apart < 0.1)).any(axis=1)
    assert again.mean() > 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_find(kind):
    for image in (np.zeros((80, 90), np.uint8), np.ones((1, 1)), np.zeros((1, 70, 3), bool)):
        found = detect_keypoints(image, kind)
        assert isinstance(found, Keypoints)
        assert found.points.shape == (0, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_colour_and_other_types_are_taken_as_their_gray_levels(kind, photographs):
    image = photographs["astronaut"]
    wanted = detect_keypoints(luminance(image), kind, max_keypoints=100)
    assert detect_keypoints(image, kind, max_keypoints=100) == wanted
    assert detect_keypoints(image / 255.0, kind, max_keypoints=100) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_threads_of_ours_and_of_opencv_change_nothing(kind, photographs):
    import cv2

    images = [luminance(image) for image in photographs.values()]
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        wanted = [detect_keypoints(image, kind, max_keypoints=300) for image in images]
        cv2.setNumThreads(4)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda i: detect_keypoints(i, kind, max_keypoints=300), images))
    finally:
        cv2.setNumThreads(before)
    assert found == wanted


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "surf"}, ValueError, "kind must be one of 'sift', 'dog', 'orb', 'fast'"),
        ({"max_keypoints": 0}, ValueError, "max_keypoints must be at least 1, got 0"),
        ({"max_keypoints": 2.5}, TypeError, "max_keypoints must be an integer, got 2.5"),
        ({"threshold": -1}, ValueError, "threshold must be at least 0, got -1"),
        ({"kind": "fast", "threshold": 0}, ValueError, "threshold must be at least 1, got 0"),
        ({"kind": "orb", "threshold": 256}, ValueError, "threshold must be at most 255, got 256"),
        ({"kind": "harris", "threshold": 2}, ValueError, "threshold must be at most 1, got 2"),
        ({"threshold": "low"}, TypeError, "threshold must be a number, got 'low'"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as caught:
        detect_keypoints(np.zeros((9, 9)), **options)
    assert str(caught.value).startswith(message)
