"""Blobs of any size: by hand, parabolas in three dimensions, OpenCV's keypoints."""

import numpy as np
import pytest

from classicvision.features import difference_of_gaussian as module
from classicvision.features.keypoints import detect_keypoints


def blob(shape, x, y, sigma, height=150, base=50):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    far = (columns - x) ** 2 + (rows - y) ** 2
    return np.rint(base + height * np.exp(-far / (2 * sigma**2))).astype(np.uint8)


@pytest.mark.lane
@pytest.mark.parametrize(("height", "base"), [(150, 50), (-150, 200)])
def test_a_blob_is_found_with_its_place_and_its_size(height, base):
    image = blob((32, 34), 16.3, 15.7, 2.5, height, base)
    found = detect_keypoints(image, "dog", max_keypoints=1)
    np.testing.assert_allclose(found.points, [[16.3, 15.7]], atol=0.05)
    # Of a Gaussian blob of sigma t the difference of Gaussians s and k s is extreme where k s^2 is
    # t^2 and the 0.5 squared that is assumed in the image counts as part of both.
    wanted = np.sqrt((2.5**2 + 0.5**2) / 2 ** (1 / 3))
    assert found.sizes[0] == pytest.approx(2 * wanted, rel=0.05)


def test_the_size_grows_with_the_blob():
    sizes = [
        detect_keypoints(blob((160, 160), 80, 80, sigma), "dog", max_keypoints=1).sizes[0]
        for sigma in (2, 4, 8, 16)
    ]
    np.testing.assert_allclose(np.divide(sizes[1:], sizes[:-1]), 2, rtol=0.05)


def test_edges_are_no_blobs():
    image = np.zeros((80, 80), np.uint8)
    image[:, 40:] = 200
    assert len(detect_keypoints(image, "dog")) == 0


@pytest.mark.lane
def test_the_extremum_of_a_parabola_is_exact(rng):
    scale, row, column = np.mgrid[:3, :5, :5].astype(np.float64)
    for _ in range(5):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        curvatures = turn @ np.diag(rng.uniform(0.5, 2, 3)) @ turn.T
        at = rng.uniform(-0.4, 0.4, 3)
        offsets = np.stack([column - 2 - at[0], row - 2 - at[1], scale - 1 - at[2]], axis=-1)
        values = 9 - 0.5 * np.einsum("...i,ij,...j", offsets, curvatures, offsets)
        g, h, shift = np.zeros(3), np.zeros((3, 3)), np.zeros(3)
        module._fit_parabola(values, 1, 2, 2, g, h)
        full = np.triu(h) + np.triu(h, 1).T
        np.testing.assert_allclose(full, -curvatures, atol=1e-12)
        assert module._solve(h, g, shift)
        np.testing.assert_allclose(shift, at, atol=1e-12)
        np.testing.assert_allclose(shift, np.linalg.solve(full, -g), atol=1e-12)
    assert not module._solve(np.zeros((3, 3)), g, shift)


def extrema(values, smallest):
    """Return scale, row and column of what is larger or smaller than its 26 neighbours."""
    found = []
    inside = values[1:-1, 5:-5, 5:-5]
    for s, r, c in np.argwhere(abs(inside) > smallest).tolist():
        value, cube = inside[s, r, c], values[s : s + 3, r + 4 : r + 7, c + 4 : c + 7]
        if value == (cube.max() if value > 0 else cube.min()):
            found.append([s + 1, r + 5, c + 5])
    return found


@pytest.mark.lane
def test_extrema_are_larger_or_smaller_than_their_26_neighbours(rng):
    values = rng.integers(-9, 10, (4, 13, 14)).astype(np.float32)
    assert module._extrema(values, 2.5).tolist() == extrema(values, 2.5)


@pytest.mark.parametrize("cells", [None, 2])
def test_steps(cells):
    image = np.maximum(blob((40, 50), 16.3, 15.7, 2.5), blob((40, 50), 35, 22, 2, 90))
    options = {"max_keypoints": 3, "threshold": 0.02, "cells": cells}
    steps = detect_keypoints(image, "dog", return_steps=True, **options)
    assert isinstance(steps, module.DifferenceOfGaussianSteps)
    assert steps.keypoints == detect_keypoints(image, "dog", **options)
    assert steps.scales[0].shape == (6, 80, 100)
    for scales, differences in zip(steps.scales, steps.differences, strict=True):
        assert np.array_equal(differences, scales[1:] - scales[:-1])
    for smaller, larger in zip(steps.scales[1:], steps.scales, strict=False):
        assert np.array_equal(smaller[0], larger[3, ::2, ::2])
    places = []
    for octave, differences in enumerate(steps.differences):
        for _, row, column in extrema(differences, np.float32(0.02 / 6)):
            places.append([2.0**octave * x / 2 - 0.25 for x in (column, row)])
    assert places
    assert steps.candidates.points.tolist() == places
    assert len(steps.refined) < len(steps.candidates)
    assert (steps.refined.scores >= np.float32(0.02 / 3)).all()
    for point, size in zip(steps.keypoints.points, steps.keypoints.sizes, strict=True):
        same = (steps.refined.points == point).all(axis=1) & (steps.refined.sizes == size)
        assert same.any()
        apart = np.abs(steps.candidates.points - point).max(axis=1)
        assert apart.min() < size  # a step or two away from where it began


def test_steps_are_kept_of_a_single_search(monkeypatch):
    searches = []
    octaves = module._octaves
    monkeypatch.setattr(module, "_octaves", lambda image: searches.append(1) or octaves(image))
    detect_keypoints(np.zeros((30, 30), np.uint8), "dog", return_steps=True)
    assert searches == [1]


def test_steps_of_nothing_and_of_other_kinds():
    steps = detect_keypoints(np.zeros((3, 3), np.uint8), "dog", return_steps=True)
    assert len(steps.candidates) == len(steps.refined) == len(steps.keypoints) == 0
    assert steps.scales == steps.differences == ()
    with pytest.raises(ValueError, match="kind must be 'dog' for return_steps=True, got 'sift'"):
        detect_keypoints(np.zeros((3, 3), np.uint8), return_steps=True)
    with pytest.raises(TypeError, match="return_steps must be True or False, got 'no'"):
        detect_keypoints(np.zeros((3, 3), np.uint8), "dog", return_steps="no")


@pytest.mark.parametrize("threshold", [0.01, 0.04])
def test_equal_to_opencv_but_for_its_shift_by_a_quarter_of_a_pixel(threshold, photographs):
    import cv2

    image = photographs["camera"][100:400, 80:400]
    detector = cv2.SIFT_create(contrastThreshold=threshold)
    rows = [(*p.pt, p.size, np.deg2rad(p.angle)) for p in detector.detect(image)]
    x, y, sizes, angles = np.array(rows).T
    found = detect_keypoints(image, "dog", max_keypoints=None, threshold=threshold)
    apart = np.hypot(found.points[:, :1] - (x - 0.25), found.points[:, 1:] - (y - 0.25))
    turned = np.abs((found.angles[:, None] - angles + np.pi) % (2 * np.pi) - np.pi)
    same = (apart < 0.05) & (np.abs(found.sizes[:, None] / sizes - 1) < 0.01) & (turned < 0.02)
    assert same.any(axis=1).mean() > 0.99
    assert same.any(axis=0).mean() > 0.99
    assert len(found) == pytest.approx(len(x), rel=0.01)
