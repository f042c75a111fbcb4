"""Descriptors of keypoints: OpenCV's values, RootSIFT by hand, given keypoints, hostile input."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from classicvision.features.descriptors import extract_descriptors, root_sift
from classicvision.features.keypoints import detect_keypoints
from classicvision.images import luminance
from classicvision.results import Keypoints

SHAPES = {"sift": (128, np.float32), "rootsift": (128, np.float32), "orb": (32, np.uint8)}
SHAPES |= {"patch": (81, np.float32), "color_patch": (243, np.float32)}


def opencv_table(found):
    return [(-p.response, p.pt[1], p.pt[0], p.size, p.angle) for p in found]


@pytest.mark.parametrize("kind", ["sift", "orb"])
def test_equal_to_opencv_in_the_documented_order(kind, photographs):
    import cv2

    gray = luminance(photographs["chelsea"])
    if kind == "sift":
        detector = cv2.SIFT_create(nfeatures=400, contrastThreshold=0.01)
    else:
        detector = cv2.ORB_create(nfeatures=400)
    wanted, descriptors = detector.detectAndCompute(gray, None)
    order = sorted(range(len(wanted)), key=lambda i: opencv_table(wanted)[i])[:400]
    found, ours = extract_descriptors(photographs["chelsea"], kind, max_keypoints=400)
    np.testing.assert_array_equal(ours, descriptors[order])
    np.testing.assert_array_equal(found.points, np.float32([wanted[i].pt for i in order]))


@pytest.mark.lane
def test_root_sift_by_hand():
    roots = root_sift(np.array([[9, 16, 0, 0], [0, 0, 0, 0]], np.float32))
    np.testing.assert_array_equal(roots, np.float32([[0.6, 0.8, 0, 0], [0, 0, 0, 0]]))
    np.testing.assert_array_equal(root_sift(np.array([[9, 16]], np.uint8)), roots[:1, :2])
    assert roots.dtype == np.float32


def test_root_sift_is_the_root_of_sift(photographs):
    found, sift = extract_descriptors(photographs["camera"], "sift", max_keypoints=50)
    same, roots = extract_descriptors(photographs["camera"], max_keypoints=50)
    assert found == same
    np.testing.assert_array_equal(roots, root_sift(sift))
    np.testing.assert_allclose(np.linalg.norm(roots, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("kind", SHAPES)
def test_given_keypoints_are_described_as_when_they_were_found(kind, photographs):
    image = photographs["camera"]
    found, descriptors = extract_descriptors(image, kind, max_keypoints=300)
    same, again = extract_descriptors(image, kind, keypoints=found)
    assert same == found
    if kind == "orb":
        # An angle that is rounded to radians may move a pair to the next pixel.
        assert (again != descriptors).mean() < 0.01
    else:
        assert np.abs(again - descriptors).max() <= (0.04 if kind == "rootsift" else 1)
    backwards, turned = extract_descriptors(image, kind, keypoints=found[::-1])
    assert backwards == found[::-1]
    np.testing.assert_array_equal(turned[::-1], again)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (9, 9), (80, 80), (30, 30, 3)])
def test_images_without_keypoints(kind, shape):
    width, dtype = SHAPES[kind]
    found, descriptors = extract_descriptors(np.full(shape, 7, np.uint8), kind)
    assert (len(found), descriptors.shape, descriptors.dtype) == (0, (0, width), dtype)
    none = Keypoints([], [], [], [])
    found, descriptors = extract_descriptors(np.full(shape, 7, np.uint8), kind, keypoints=none)
    assert (len(found), descriptors.shape, descriptors.dtype) == (0, (0, width), dtype)


@pytest.mark.parametrize("kind", SHAPES)
def test_any_keypoints_in_any_image(kind, rng):
    image = rng.integers(0, 256, (70, 90), np.uint8)
    places = Keypoints([[0, 0], [89, 69], [45, 35]], [1e-3, 1e6, 31], [0, 6, 3], [0, 0, 0])
    found, descriptors = extract_descriptors(image, kind, keypoints=places)
    assert len(found) == len(descriptors) == (1 if kind == "orb" else 3)
    assert np.isfinite(descriptors).all()
    corner = detect_keypoints(image, "fast", max_keypoints=20)
    assert len(extract_descriptors(image, kind, keypoints=corner)[0]) <= 20
    for shape in ((1, 1), (2, 5), (1, 300)):
        place = Keypoints([[0, 0]], [500], [1], [1])
        extract_descriptors(np.zeros(shape), kind, keypoints=place)


@pytest.mark.parametrize("kind", SHAPES)
def test_threads_of_ours_and_of_opencv_change_nothing(kind, photographs):
    import cv2

    images = list(photographs.values())

    def describe(image):
        return extract_descriptors(image, kind, max_keypoints=300)

    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        wanted = [describe(image) for image in images]
        cv2.setNumThreads(4)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(describe, images))
    finally:
        cv2.setNumThreads(before)
    for (ours, descriptors), (theirs, others) in zip(found, wanted, strict=True):
        assert ours == theirs
        np.testing.assert_array_equal(descriptors, others)


def at_places(rows):
    """Return keypoints from rows of x, y, size and angle."""
    x, y, sizes, angles = np.array(rows).T
    return Keypoints(np.column_stack([x, y]), sizes, angles, np.zeros(len(rows)))


@pytest.mark.lane
def test_an_upright_patch_has_the_pixels_themselves(rng):
    image = rng.integers(0, 256, (12, 14, 3), np.uint8)
    _, found = extract_descriptors(
        image, "color_patch", keypoints=at_places([[6, 5, 5 / 6, 0]]), patch_size=5
    )
    wanted = image[3:8, 4:9].astype(np.float64)
    wanted = (wanted - wanted.mean()) / wanted.std()
    np.testing.assert_allclose(found[0], wanted.ravel(), atol=1e-5)
    quarter = at_places([[6, 5, 5 / 6, np.pi / 2]])  # its x axis points down
    _, turned = extract_descriptors(image, "color_patch", keypoints=quarter, patch_size=5)
    np.testing.assert_allclose(turned.reshape(5, 5, 3), np.rot90(wanted), atol=1e-5)


@pytest.mark.lane
@pytest.mark.parametrize("size", [0.9, 1.4, 4.1])
def test_patches_are_interpolated_and_the_outermost_pixels_go_on(size, rng):
    from scipy.ndimage import map_coordinates

    from classicvision.filters.pyramid import pyramid_reduce

    image = rng.integers(0, 256, (16, 19), np.uint8)
    places = [[8.3, 7.2, size, 0.4], [1, 15, size, 4], [18.4, 0, size, 2]]
    _, found = extract_descriptors(image, "patch", keypoints=at_places(places), patch_size=6)
    level, factor = image.astype(np.float32), 1
    while size / factor >= 2:  # samples are as far apart as the size is large
        level, factor = pyramid_reduce(level), 2 * factor
    for (x, y, _, angle), patch in zip(places, found, strict=True):
        j, i = np.meshgrid(*[size * (np.arange(6) - 2.5)] * 2)
        columns = x + np.cos(angle) * j - np.sin(angle) * i
        rows = y + np.sin(angle) * j + np.cos(angle) * i
        wanted = map_coordinates(level, [rows / factor, columns / factor], order=1, mode="nearest")
        wanted = (wanted - wanted.mean()) / wanted.std()
        np.testing.assert_allclose(patch, wanted.ravel(), atol=1e-4)


def test_flat_patches_are_zero():
    _, found = extract_descriptors(
        np.full((20, 20, 3), (9, 9, 9), np.uint8),
        "color_patch",
        keypoints=at_places([[9, 9, 2, 1]]),
    )
    assert (found == 0).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "surf"}, ValueError, "kind must be one of 'sift', 'rootsift', 'orb', 'patch'"),
        ({"keypoints": [[1, 2]]}, TypeError, "keypoints must be Keypoints, got list; detect"),
        (
            {"keypoints": Keypoints([[3, 9]], [1], [0], [0])},
            ValueError,
            "keypoints must lie in the image of 12 x 9 pixels, got one at [3.0, 9.0]; are they",
        ),
        ({"max_keypoints": 0}, ValueError, "max_keypoints must be at least 1, got 0"),
        ({"patch_size": 1}, ValueError, "patch_size must be at least 2, got 1"),
        ({"contrast_threshold": -1}, ValueError, "contrast_threshold must be at least 0, got -1"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error) as caught:
        extract_descriptors(np.zeros((9, 12)), **options)
    assert str(caught.value).startswith(message)
