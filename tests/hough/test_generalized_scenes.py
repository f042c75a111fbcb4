"""The generalized Hough transform in scenes: how many of the contours it finds."""

import pytest

from classicvision.hough.generalized import GeneralizedHough
from tests.hough.contour_scenes import CONTOURS, is_right, make_scene, template_image

ANY = {"rotation": True, "scale_range": (0.7, 1.4)}


def count_right(seeds):
    templates = {}
    for name in CONTOURS:
        picture, center = template_image(name)
        templates[name] = GeneralizedHough(picture, center=center)
    right, found_count = 0, 0
    for seed in seeds:
        scene = make_scene(seed)
        assert scene.others >= 10
        assert scene.noise > 0
        found = templates[scene.name].detect(scene.image, **ANY)
        found_count += len(found)
        best = found[:1]
        right += any(
            is_right(scene.pose, *match.centers[0], match.angles[0], match.scales[0])
            for match in best
        )
    return right, found_count


def test_scenes():
    """The whole figure, beside OpenCV's, comes from ``python -m benchmarks.contour_quality``."""
    right, found = count_right(range(1000, 1010))
    assert right == 10
    assert found <= 15


@pytest.mark.slow
def test_a_hundred_scenes():
    """The best match is within 3 pixels, 3 degrees and 5 % of the truth in at least 95 of 100."""
    right, found = count_right(range(100))
    assert right >= 95
    assert found <= 150
