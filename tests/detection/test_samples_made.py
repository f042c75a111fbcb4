"""Augmented crops and composed scenes: what is asked for, and the same for the same seed."""

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection._augmentation import affine_matrix, warp
from classicvision.detection.samples import compose_scenes

STILL = {
    "mirror": False, "shift": 0, "scale": (1, 1), "rotation": 0, "brightness": 0, "contrast": 0,
}  # fmt: skip


def dot(row, column, size=41):
    """A crop with a smooth bright spot."""
    r, c = np.mgrid[:size, :size]
    return (200 * np.exp(-((r - row) ** 2 + (c - column) ** 2) / 8)).astype(np.uint8)


def centre(image):
    weights = image / image.sum()
    r, c = np.mgrid[: image.shape[0], : image.shape[1]]
    return (weights * r).sum(), (weights * c).sum()


def test_nothing_changes_where_nothing_is_asked_for(rng):
    crops = rng.integers(0, 256, (3, 20, 24)).astype(np.uint8)
    made = cv.augment_samples(crops, 7, random_state=0, **STILL)
    np.testing.assert_array_equal(made, crops[[0, 1, 2, 0, 1, 2, 0]])


def test_the_seed_decides_and_more_begin_alike(rng):
    crops = rng.integers(0, 256, (2, 16, 16)).astype(np.uint8)
    made = cv.augment_samples(crops, 6, random_state=3)
    np.testing.assert_array_equal(cv.augment_samples(crops, 6, random_state=3), made)
    np.testing.assert_array_equal(cv.augment_samples(crops, 4, random_state=3), made[:4])
    assert (cv.augment_samples(crops, 6, random_state=4) != made).any()
    assert cv.augment_samples(crops, 0).shape == (0, 16, 16)
    state = np.random.RandomState(0)
    assert (cv.augment_samples(crops, 1, random_state=state)[0] != crops[0]).any()


def test_mirrors_half():
    made = cv.augment_samples(dot(20, 10)[None], 200, random_state=0, **{**STILL, "mirror": True})
    columns = np.array([centre(image)[1] for image in made])
    left, right = np.isclose(columns, 10, atol=0.1), np.isclose(columns, 30, atol=0.1)
    assert (left | right).all()
    assert 70 < left.sum() < 130


def test_shifts_within_the_share():
    made = cv.augment_samples(dot(20, 20)[None], 100, random_state=0, **{**STILL, "shift": 0.1})
    shifts = np.array([centre(image) for image in made]) - 20
    assert np.abs(shifts).max() < 4.2
    assert (shifts.min(axis=0) < -3).all()
    assert (shifts.max(axis=0) > 3).all()


def test_scales_and_turns_about_the_centre():
    crop = dot(20, 30)[None]
    made = cv.augment_samples(crop, 100, random_state=0, **{**STILL, "scale": (0.5, 1.5)})
    distances = np.array([centre(image)[1] for image in made]) - 20
    assert 4.9 < distances.min() < 6
    assert 14 < distances.max() < 15.1
    made = cv.augment_samples(crop, 100, random_state=0, **{**STILL, "rotation": 0.5})
    offsets = np.array([centre(image) for image in made]) - 20
    angles = np.arctan2(offsets[:, 0], offsets[:, 1])
    assert np.abs(np.hypot(*offsets.T) - 10).max() < 0.1
    assert -0.51 < angles.min() < -0.4
    assert 0.4 < angles.max() < 0.51


def test_relights():
    crop = np.tile(np.array([100, 140], np.uint8), (10, 5))
    bright = cv.augment_samples(crop[None], 50, random_state=0, **{**STILL, "brightness": 0.1})
    shifts = bright.astype(int) - crop
    assert (shifts == shifts[:, :1, :1]).all()
    assert -26 <= shifts.min() < -20
    assert 20 < shifts.max() <= 26
    contrast = cv.augment_samples(crop[None], 50, random_state=0, **{**STILL, "contrast": 0.5})
    assert np.abs(contrast.mean(axis=(1, 2)) - 120).max() <= 0.5
    spans = np.ptp(contrast, axis=(1, 2))
    assert 19 <= spans.min() < 25
    assert 55 < spans.max() <= 61
    white = np.full((1, 8, 8), 250, np.uint8)
    many = cv.augment_samples(white, 50, random_state=0, **{**STILL, "brightness": 1})
    assert many.max() == 255
    assert many.min() < 50


def test_the_matrix_against_the_formula(rng):
    matrix = affine_matrix((11, 7), scale=2, angle=0.3, shift=(1, -2), mirror=True)
    x, y = 4.0, 5.0
    mirrored = 10 - x - 5, y - 3
    expected = (
        2 * (np.cos(0.3) * mirrored[0] - np.sin(0.3) * mirrored[1]) + 5 + 1,
        2 * (np.sin(0.3) * mirrored[0] + np.cos(0.3) * mirrored[1]) + 3 - 2,
    )
    np.testing.assert_allclose(matrix @ (x, y, 1), expected)
    image = rng.integers(0, 256, (7, 11)).astype(np.uint8)
    flip = affine_matrix((11, 7), mirror=True)
    np.testing.assert_array_equal(warp(image, flip, (11, 7)), image[:, ::-1])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n": -1}, ValueError, "n must be at least 0"),
        ({"scale": 1.1}, TypeError, r"scale must be a pair \(low, high\), got 1.1"),
        ({"scale": (1.2, 1.1)}, ValueError, r"scale must be \(low, high\) with low <= high"),
        ({"scale": (0, 1)}, ValueError, "scale must be at least 0.1"),
        ({"shift": 2}, ValueError, "shift must be at most 1"),
        ({"rotation": "much"}, TypeError, "rotation must be a number"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0"),
        ({"images": [[1]]}, TypeError, "images must be of dtype uint8"),
    ],
)
def test_augmentation_refuses(options, error, message):
    images = options.pop("images", np.zeros((1, 8, 8), np.uint8))
    with pytest.raises(error, match=message):
        cv.augment_samples(images, options.pop("n", 1), **options)


def test_scenes(rng):
    crops = rng.integers(200, 256, (5, 40, 30)).astype(np.uint8)
    backgrounds = [np.zeros((150, 200), np.uint8), np.full((300, 250), 10, np.uint8)]
    options = {"objects": (2, 3), "heights": (20, 60)}
    scenes = compose_scenes(crops, backgrounds, 6, random_state=1, **options)
    assert len(scenes) == 6
    again = compose_scenes(crops, backgrounds, 6, random_state=1, **options)
    shapes = {image.shape for image, _ in scenes}
    assert shapes == {(150, 200), (300, 250)}
    assert {image.max() for image in backgrounds} == {0, 10}  # untouched
    for (image, boxes), (image2, boxes2) in zip(scenes, again, strict=True):
        np.testing.assert_array_equal(image, image2)
        np.testing.assert_array_equal(boxes, boxes2)
        assert image.dtype == np.uint8
        assert boxes.dtype == np.float32
        assert 2 <= len(boxes) <= 3
        assert (cv.iou(boxes, boxes) > 0).sum() == len(boxes)
        width, height = (boxes[:, 2:] - boxes[:, :2]).T
        assert (np.abs(width / height - 0.75) < 0.05).all()
        assert ((height >= 20) & (height <= 60)).all()
        assert (boxes >= 0).all()
        assert (boxes <= (image.shape[1], image.shape[0]) * 2).all()
        outside = np.ones(image.shape, bool)
        for x1, y1, x2, y2 in boxes.astype(int):
            outside[y1:y2, x1:x2] = False
            middle = image[(y1 + y2) // 2, (x1 + x2) // 2]
            assert middle > 120
            assert image[y1, x1] < 60  # the edge fades out
        assert len(np.unique(image[outside])) == 1
    assert (scenes[0][0] != compose_scenes(crops, backgrounds, 1, random_state=2)[0][0]).any()


def test_scenes_of_narrow_backgrounds_have_fewer_objects():
    crops = np.full((1, 10, 10), 255, np.uint8)
    backgrounds = [np.zeros((12, 12), np.uint8), np.zeros((5, 5), np.uint8)]
    scenes = compose_scenes(crops, backgrounds, 4, objects=(3, 3), heights=(8, 500), random_state=0)
    assert [len(boxes) for _, boxes in scenes] == [1] * 4
    with pytest.raises(ValueError, match="backgrounds are all smaller than an object of height 12"):
        compose_scenes(crops, backgrounds, 1, heights=(12, 20))
    scenes = compose_scenes(crops, backgrounds, 2, objects=(0, 0), heights=(8, 500))
    assert [boxes.shape for _, boxes in scenes] == [(0, 4)] * 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"objects": (3, 1)}, ValueError, r"objects must be \(low, high\) with low <= high"),
        ({"objects": (1.5, 2)}, TypeError, "objects must be an integer"),
        ({"heights": (2, 9)}, ValueError, "heights must be at least 4"),
        ({"heights": 9}, TypeError, "heights must be a pair"),
    ],
)
def test_scenes_refuse(options, error, message):
    crops, backgrounds = np.zeros((1, 8, 8), np.uint8), [np.zeros((99, 99), np.uint8)]
    with pytest.raises(error, match=message):
        compose_scenes(crops, backgrounds, 1, **options)
    with pytest.raises(ValueError, match="backgrounds has no images"):
        compose_scenes(crops, [], 1)
