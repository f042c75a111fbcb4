"""Back-projection and mean shift against OpenCV's; objects found where they were put."""

import cv2
import numpy as np
import pytest

from classicvision.boxes import iou
from classicvision.color import localization
from classicvision.color.histogram import color_histogram
from classicvision.color.localization import back_project, locate_color, mean_shift
from tests.naive import color as naive

SPACES = {
    "rgb": (None, [0, 256] * 3),
    "hsv": (cv2.COLOR_RGB2HSV, [0, 180, 0, 256, 0, 256]),
    "lab": (cv2.COLOR_RGB2Lab, [0, 256] * 3),
}


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("bins", [(8, 8, 8), (5, 3, 7)])
def test_back_projection_equals_opencv(photographs, rng, space, bins):
    image = photographs["astronaut"][::2, 3::4]
    histogram = (rng.random(bins) * 300).astype(np.float32)
    code, ranges = SPACES[space]
    converted = image if code is None else cv2.cvtColor(image, code)
    # As cv2.Mat, or the last dimension would be taken for channels.
    joint = cv2.Mat(histogram)
    expected = cv2.calcBackProject([converted], [0, 1, 2], joint, ranges, 1)
    result = back_project(image, histogram, space)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(np.clip(np.rint(result), 0, 255), expected)


@pytest.mark.lane
def test_back_projection_equals_the_definition(rng):
    image = rng.random((6, 7, 3))
    histogram = rng.random((3, 4, 2)).astype(np.float32)
    expected = [
        histogram[tuple(naive.bin_of(v, 0, 1, n) for v, n in zip(pixel, (3, 4, 2), strict=True))]
        for pixel in image.reshape(-1, 3)
    ]
    np.testing.assert_array_equal(back_project(image, histogram).ravel(), expected)
    gray = np.array([[0, 100], [200, 255]], np.uint8)
    np.testing.assert_array_equal(back_project(gray, [1, 2], "gray"), [[1, 1], [2, 2]])
    outside = back_project(gray, [1, 2], "gray", range=(50, 250))
    np.testing.assert_array_equal(outside, [[0, 1], [2, 0]])
    shares = np.array([[[8, 1, 1], [1, 8, 1]]], np.uint8)
    np.testing.assert_array_equal(back_project(shares, [[1, 2], [3, 4]], "rg"), [[3, 2]])


@pytest.mark.lane
@pytest.mark.parametrize(
    ("histogram", "error", "message"),
    [
        (np.zeros((2, 2)), ValueError, "histogram must have 3 dimensions for space 'rgb', got"),
        (np.full((2, 2, 2), -1.0), ValueError, "histogram must not be negative, got -1"),
        (np.full((2, 2, 2), np.nan), ValueError, "histogram must be finite"),
        (np.full((2, 2, 2), "a"), TypeError, "histogram must be an array of numbers, got <U1"),
    ],
)
def test_back_projection_refuses(histogram, error, message):
    with pytest.raises(error, match=message):
        back_project(np.zeros((4, 5, 3), np.uint8), histogram)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_mean_shift_equals_opencv(rng, dtype):
    for case in range(60):
        probability = np.zeros((30, 40), np.float32)
        x, y = rng.integers(0, 33), rng.integers(0, 23)
        probability[y : y + 9, x : x + 7] = rng.random((30, 40))[y : y + 9, x : x + 7] * 255
        if case % 2:
            probability += rng.random((30, 40)) * 20
        probability = probability.astype(dtype)
        left, top = rng.integers(-3, 35), rng.integers(-3, 25)
        width, height = rng.integers(4, 20, 2)
        criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 1 + case % 20, 1)
        start = tuple(int(v) for v in (left, top, width, height))
        _, (x, y, w, h) = cv2.meanShift(probability, start, criteria)
        box = [left, top, left + width, top + height]
        result = mean_shift(probability, box, max_iterations=1 + case % 20)
        assert result.tolist() == [x, y, x + w, y + h]


@pytest.mark.lane
def test_mean_shift_walks_to_the_mass():
    probability = np.zeros((50, 60))
    probability[30:36, 40:46] = 2
    steps = mean_shift(probability, [22, 20, 42, 34], return_steps=True)
    assert steps[0].tolist() == [22, 20, 42, 34]
    assert steps[-1].tolist() == [32, 26, 52, 40]  # its middle, to half a pixel
    assert len(steps) > 2
    still = mean_shift(probability, [0, 0, 10, 10])
    assert still.tolist() == [0, 0, 10, 10]
    assert mean_shift(probability, [-5, -5, 10, 10]).tolist() == [0, 0, 10, 10]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("window", "message"),
    [
        ([1, 2, 3], "window must be x1, y1, x2, y2 in whole pixels, got"),
        ("left", "window must be x1, y1, x2, y2 in whole pixels, got 'left'"),
        ([9, 2, 3, 8], "window must have x1 <= x2 and y1 <= y2"),
        ([1, 2, 3.5, 6], "window must be x1, y1, x2, y2 in whole pixels"),
        ([50, 0, 60, 9], "window must have pixels of the image, 20 x 10, got"),
        ([5, 5, 5, 9], "window must have pixels of the image, 20 x 10, got"),
    ],
)
def test_mean_shift_refuses_windows(window, message):
    with pytest.raises(ValueError, match=message):
        mean_shift(np.zeros((10, 20)), window)


@pytest.mark.lane
def test_mean_shift_refuses_values():
    with pytest.raises(ValueError, match="probability must not be negative, got -1"):
        mean_shift(np.full((5, 5), -1.0), [0, 0, 2, 2])
    with pytest.raises(ValueError, match="max_iterations must be at least 1, got 0"):
        mean_shift(np.ones((5, 5)), [0, 0, 2, 2], max_iterations=0)


@pytest.mark.lane
def test_locates_where_the_object_was_put(rng):
    image = rng.integers(90, 140, (60, 80, 3), np.uint8)
    image[20:32, 50:66] = 220, 30, 60
    image[40:46, 4:12] = 220, 30, 60  # a piece of it
    found = locate_color(image, image[20:32, 50:66])
    assert found.boxes.tolist() == [[50, 20, 66, 32]]
    assert found.scores[0] == pytest.approx(192 / 240)  # the other piece is as red
    both = locate_color(image, image[20:32, 50:66], max_detections=5)
    assert len(both) == 2
    assert both.scores[0] > both.scores[1]
    assert len(locate_color(image, np.full((9, 9, 3), (0, 255, 0), np.uint8))) == 0
    small = locate_color(image, image[20:32, 50:66], size=(8, 6), max_detections=9)
    assert small.boxes.shape == (len(small), 4)
    assert ((small.boxes[:, 2:] - small.boxes[:, :2]) == [8, 6]).all()


@pytest.mark.lane
def test_the_best_is_first():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image = rng.integers(0, 3, (40, 50, 3), np.uint8) * 86
        options = {"bins": 4, "max_detections": 4, "threshold": 0.05}
        found = locate_color(image, image[5:17, 8:22], **options)
        assert len(found) > 1
        assert (np.diff(found.scores) <= 0).all()


@pytest.mark.lane
def test_what_is_found_is_not_lost_by_moving_it(rng, monkeypatch):
    image = rng.integers(90, 140, (60, 80, 3), np.uint8)
    image[20:32, 50:66] = 220, 30, 60
    away = np.array([0, 0, 16, 12], np.float32)
    monkeypatch.setattr(localization, "mean_shift", lambda *arguments: away)
    assert locate_color(image, image[20:32, 50:66]).boxes.tolist() == [[50, 20, 66, 32]]


@pytest.mark.lane
def test_an_example_of_one_channel_is_refused(rng):
    image = rng.integers(0, 256, (9, 9, 3), np.uint8)
    with pytest.raises(ValueError, match="example must be RGB for space 'rgb', got shape"):
        locate_color(image, image[:5, :5, 0])


@pytest.mark.lane
def test_a_mask_tells_what_belongs_to_the_object(rng):
    image = rng.integers(90, 140, (40, 50, 3), np.uint8)
    image[10:20, 30:40] = 20, 30, 220
    example = image[5:25, 25:45]
    mask = example[..., 2] > 200
    found = locate_color(image, example, mask=mask, size=10)
    assert found.boxes.tolist() == [[30, 10, 40, 20]]
    with pytest.raises(ValueError, match="mask must leave pixels of the example to learn from"):
        locate_color(image, example, mask=mask & False)
    with pytest.raises(ValueError, match="size must fit into the image, 50 x 40, got 60 x 5"):
        locate_color(image, example, size=(60, 5))


@pytest.mark.parametrize("space", ["rgb", "hsv", "lab", "opponent"])
def test_locates_in_photographs(photographs, space):
    image, x, y = photographs["astronaut"].copy(), 320, 300
    cup = photographs["coffee"][100:300:2, 150:450:2]
    image[y : y + 100, x : x + 150] = cup
    found = locate_color(image, cup, space=space)
    assert iou(found.boxes, [[x, y, x + 150, y + 100]]).max() > 0.6
    assert np.isfinite(color_histogram(image, space=space)).all()
