"""Harris' corners: by hand, by the definition, OpenCV's values, peaks between pixels."""

import numpy as np
import pytest

from classicvision.features.harris import find_peaks, harris
from classicvision.features.keypoints import detect_keypoints
from classicvision.filters.box import box_filter
from classicvision.filters.derivatives import gradient
from classicvision.filters.smoothing import gaussian
from tests.naive import harris as naive


@pytest.mark.lane
def test_corners_are_positive_edges_negative_and_flat_parts_zero():
    image = np.zeros((24, 24), np.uint8)
    image[8:, 8:] = 100
    response = harris(image, size=3)
    assert np.unravel_index(response.argmax(), response.shape) == (8, 8)
    assert (response[16:20, 7:9] < 0).all()
    assert (response[:4] == 0).all()
    assert response.dtype == np.float32
    assert harris(image.astype(np.float64)).dtype == np.float64


@pytest.mark.lane
@pytest.mark.parametrize("size", [1, 3, 5])
def test_equal_to_the_definition(size, rng):
    image = rng.integers(0, 256, (9, 12), np.uint8)
    for values in (image, image.astype(np.float64)):
        wanted = naive.response(values, size, 0.06)
        # Of float32 products of four derivatives.
        error = 1e-5 if values.dtype == np.uint8 else 1e-12
        np.testing.assert_allclose(
            harris(values, size=size, k=0.06), wanted, atol=error * np.abs(wanted).max()
        )


@pytest.mark.parametrize("aperture", [3, 5, 7])
@pytest.mark.parametrize("size", [2, 3, 6])
def test_equal_to_opencv(size, aperture, photographs):
    import cv2

    image = photographs["camera"]
    found = harris(image, size=size, aperture=aperture, k=0.05)
    wanted = cv2.cornerHarris(image.astype(np.float32), size, aperture, 0.05)
    assert np.abs(found - wanted).max() <= 1e-5 * wanted.max()


@pytest.mark.lane
@pytest.mark.parametrize("options", [{}, {"size": 3, "aperture": 5, "k": 0.06}])
def test_steps(options, rng):
    image = rng.integers(0, 256, (9, 12), np.uint8)
    steps = harris(image, return_steps=True, **options)
    response = harris(image, **options)
    assert np.array_equal(steps.response, response)
    k, scale = options.get("k", 0.04), 1 / 4 ** (options.get("aperture", 3) // 2)
    tensor = np.moveaxis(np.float64([[steps.xx, steps.xy], [steps.xy, steps.yy]]), (0, 1), (2, 3))
    wanted = np.linalg.det(tensor) - k * np.trace(tensor, axis1=2, axis2=3) ** 2
    np.testing.assert_allclose(response, wanted, atol=1e-5 * np.abs(wanted).max())
    gx, gy = gradient(image, size=options.get("aperture", 3), dtype=np.float32)
    assert np.array_equal(steps.gx, scale * gx)
    assert np.array_equal(steps.gy, scale * gy)
    mean = box_filter(gx * gy, 3) if options else gaussian(gx * gy, 1)
    np.testing.assert_allclose(steps.xy, scale**2 * mean, atol=1e-5 * np.abs(steps.xx).max())


@pytest.mark.lane
def test_peaks_by_the_definition(rng):
    for radius in (1, 2):
        values = rng.integers(0, 40, (13, 15)).astype(np.float32)
        points, found = find_peaks(values, 3, radius)
        wanted = naive.peaks(values, 3, radius)
        nearest = [(int(np.rint(y)), int(np.rint(x))) for x, y in points]
        # A parabola may put a peak half way to the next pixel.
        assert len(nearest) == len(wanted)
        assert np.abs(np.array(nearest) - wanted).max() <= 1
        assert found.tolist() == [values[place] for place in wanted]


@pytest.mark.lane
def test_peaks_of_a_parabola_are_exact():
    y, x = np.mgrid[:9, :11]
    for at in [(4.3, 5.2), (5, 3.5), (3.75, 4.75)]:
        hill = 50 - (x - at[0]) ** 2 - 2 * (y - at[1]) ** 2
        points, _ = find_peaks(hill.astype(np.float64), 0, 2)
        np.testing.assert_allclose(points, [at], atol=1e-9)


def test_corners_of_a_square_between_pixels():
    import cv2

    for shift in (0, 0.25, 0.5):
        large = np.zeros((480, 480), np.uint8)
        start = int(160 + 8 * shift)
        large[start : start + 160, start : start + 160] = 200
        image = cv2.resize(large, (60, 60), interpolation=cv2.INTER_AREA)
        found = detect_keypoints(image, "harris", max_keypoints=4, threshold=0.1)
        low, high = start / 8 - 0.5, (start + 160) / 8 - 0.5  # pixel i covers i - 0.5 to i + 0.5
        corners = np.array([[x, y] for y in (low, high) for x in (low, high)])
        apart = np.linalg.norm(corners[:, None] - found.points[None], axis=2).min(axis=1)
        assert (apart < 1.4).all()  # the response is largest a little inside of a corner


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": -1}, "sigma must be at least 0, got -1"),
        ({"size": 0}, "size width must be at least 1, got 0"),
        ({"aperture": 4}, "aperture must be one of 3, 5, 7, got 4"),
        ({"k": 0.3}, "k must be at most 0.25, got 0.3"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match="must be") as caught:
        harris(np.zeros((9, 9)), **options)
    assert str(caught.value).startswith(message)
    with pytest.raises(TypeError, match="return_steps must be True or False, got 'no'"):
        harris(np.zeros((9, 9)), return_steps="no")
