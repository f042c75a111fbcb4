"""Dense SIFT: by hand, pixel by pixel, OpenCV's own values, grids and windows."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from classicvision.features._sift_sums import describe_points
from classicvision.features.dense import dense_descriptors
from classicvision.features.descriptors import root_sift
from classicvision.filters.smoothing import gaussian
from classicvision.images import luminance
from tests.naive import sift as naive


@pytest.mark.lane
def test_equal_to_the_sums_pixel_by_pixel(rng):
    image = gaussian(rng.integers(0, 256, (16, 18), np.uint8).astype(np.float32), 0.8)
    points = np.array([[8, 4], [2, 9], [11, 9], [17, 15]])
    for cell in (1, 1.75):
        slopes, found = np.empty(4, np.float32), np.empty((4, 128), np.float32)
        describe_points(image, points, cell, 0, slopes, found)
        wanted = [naive.descriptor(image, x, y, cell) for x, y in points]
        # Sums of float32 are off by 1e-6 of a value, which rounding turns into one at a tie.
        assert np.abs(found - wanted).max() <= 1
        assert (found != wanted).mean() < 0.01
        assert (slopes > 0).all()


@pytest.mark.lane
@pytest.mark.parametrize(
    ("image", "direction"),
    [
        (np.tile(np.arange(0, 72, 4), (18, 1)), 0),  # brighter to the right
        (np.tile(np.arange(68, -4, -4), (18, 1)), 4),  # to the left
        (np.tile(np.arange(68, -4, -4)[:, None], (1, 18)), 2),  # to the top
        (np.tile(np.arange(0, 72, 4)[:, None], (1, 18)), 6),  # to the bottom
        (np.add.outer(np.arange(18) * 4, np.arange(18) * 4), 7),  # to the bottom right
    ],
)
def test_a_ramp_has_one_direction_and_its_own_slope(image, direction):
    keypoints, found = dense_descriptors(image.astype(np.uint8), "sift", sizes=4, sigma=0)
    histograms = found.reshape(-1, 4, 4, 8)
    assert (histograms.argmax(axis=3) == direction).all()
    assert (np.delete(histograms, direction, axis=3) == 0).all()
    # By the Gaussian the middle counts more than the edges, and these more than the corners.
    middle, edge, corner = (histograms[:, i, j, direction] for i, j in [(1, 1), (0, 1), (0, 0)])
    assert ((middle >= edge) & (edge > corner) & (corner > 0)).all()
    slope = 4 * (np.sqrt(2) if direction == 7 else 1)
    np.testing.assert_allclose(keypoints.scores, slope, rtol=1e-5)


@pytest.mark.parametrize("size", [12, 16, 24, 41.5])
def test_equal_to_opencv_at_the_same_places(size, photographs):
    import cv2

    for name in ("camera", "chelsea"):
        gray = luminance(photographs[name])
        found, ours = dense_descriptors(gray, "sift", sizes=size, sigma=1.6, step=11)
        points = [cv2.KeyPoint(float(x), float(y), size / 6, 0) for x, y in found.points]
        _, wanted = cv2.SIFT_create().compute(gray, points)
        textured = found.scores > 0.1
        difference = np.abs(ours - wanted)[textured]
        # OpenCV's angles are off by up to 0.01 degrees: half a value in a thousand.
        assert difference.max() <= 1
        assert difference.mean() < 0.002
        assert (ours[~textured] == 0).all()


@pytest.mark.lane
def test_places_are_in_the_middle_and_windows_within_the_image():
    image = np.random.default_rng(0).integers(0, 256, (21, 30), np.uint8)
    found, descriptors = dense_descriptors(image, step=5, sizes=(12, 16))
    small, large = found[found.sizes == 2], found[found.sizes > 2]
    # A window of 12 pixels centred on x covers x - 6 to x + 6, and the image -0.5 to 29.5.
    assert np.unique(small.points[:, 0]).tolist() == [7, 12, 17, 22]
    assert np.unique(small.points[:, 1]).tolist() == [7, 12]
    assert large.points.tolist() == [[12, 12], [17, 12]]
    assert (found.angles == 0).all()
    assert len(found) == len(descriptors)
    order = np.lexsort((found.points[:, 0], found.points[:, 1], found.sizes))
    assert order.tolist() == list(range(len(found)))


@pytest.mark.lane
def test_one_size_at_random_for_each_place():
    image = np.random.default_rng(0).integers(0, 256, (34, 34), np.uint8)
    options = {"step": 3, "sizes": (8, 12, 20), "random_sizes": True}
    found, descriptors = dense_descriptors(image, random_state=0, **options)
    again, same = dense_descriptors(image, random_state=0, **options)
    other, _ = dense_descriptors(image, random_state=1, **options)
    assert found == again
    np.testing.assert_array_equal(descriptors, same)
    assert found != other
    everything, all_descriptors = dense_descriptors(image, step=3, sizes=(8, 12, 20))
    small = everything[everything.sizes == everything.sizes.min()]
    assert len(found) == len(small) == len(np.unique(found.points, axis=0))
    assert len(np.unique(found.sizes)) == 3
    rows = {
        (*p, s): d
        for p, s, d in zip(
            everything.points.tolist(), everything.sizes, all_descriptors, strict=True
        )
    }
    for place, size, descriptor in zip(
        found.points.tolist(), found.sizes, descriptors, strict=True
    ):
        np.testing.assert_allclose(descriptor, rows[(*place, size)], atol=1e-6)


@pytest.mark.lane
def test_flat_windows_are_zero():
    image = np.full((24, 40), 100, np.uint8)
    image[:, 26:] = np.random.default_rng(0).integers(0, 256, (24, 14))
    found, descriptors = dense_descriptors(image, step=3, sizes=8)
    flat = found.points[:, 0] < 16
    assert (descriptors[flat] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(descriptors[~flat][-1]), 1, atol=1e-6)
    assert (found.scores[flat] < 1e-6).all()


@pytest.mark.lane
def test_root_sift_and_sift():
    image = np.random.default_rng(0).integers(0, 256, (20, 20), np.uint8)
    options = {"step": 4, "sizes": 12}
    keypoints, sift = dense_descriptors(image, "sift", **options)
    same, roots = dense_descriptors(image, **options)
    assert keypoints == same
    np.testing.assert_array_equal(roots, root_sift(sift))
    np.testing.assert_array_equal(sift, np.rint(sift))


@pytest.mark.lane
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (15, 50), (7, 3, 3)])
def test_images_into_which_no_window_fits(shape):
    found, descriptors = dense_descriptors(np.zeros(shape), sizes=16)
    assert (len(found), descriptors.shape, descriptors.dtype) == (0, (0, 128), np.float32)


@pytest.mark.lane
def test_other_types_and_threads(rng):
    images = [rng.integers(0, 256, (24, 30, 3), np.uint8) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda image: dense_descriptors(image, sizes=(9, 14)), images))
    for image, (keypoints, descriptors) in zip(images, found, strict=True):
        assert len(keypoints)
        for same in (luminance(image), luminance(image) / 255.0):
            others, same_descriptors = dense_descriptors(same, sizes=(9, 14))
            assert others == keypoints
            np.testing.assert_array_equal(same_descriptors, descriptors)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "orb"}, ValueError, "kind must be one of 'sift', 'rootsift', got 'orb'"),
        ({"step": 0}, ValueError, "step must be at least 1, got 0"),
        ({"step": 2.5}, TypeError, "step must be an integer, got 2.5"),
        ({"sizes": ()}, ValueError, "sizes must be at least one number, got none"),
        ({"sizes": (16, 3)}, ValueError, "sizes must be at least 4, got 3"),
        ({"sizes": "big"}, TypeError, "sizes must be a number, got 'big'"),
        ({"sigma": -1}, ValueError, "sigma must be at least 0, got -1"),
        ({"contrast_threshold": -1}, ValueError, "contrast_threshold must be at least 0, got -1"),
        ({"random_sizes": "x"}, TypeError, "random_sizes must be True or False, got 'x'"),
        ({"random_sizes": True, "random_state": "x"}, TypeError, "random_state must be None"),
        ({"random_state": "x"}, TypeError, "random_state must be None"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as caught:
        dense_descriptors(np.zeros((9, 12)), **options)
    assert str(caught.value).startswith(message)
