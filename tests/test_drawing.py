"""Drawing: pixels that can be worked out by hand, and any kind of image."""

import numpy as np
import pytest

from classicvision.drawing import draw, draw_matches, tile
from classicvision.results import (
    Circles,
    Detections,
    Ellipses,
    Keypoints,
    Lines,
    Matches,
    Segments,
)


def strong(picture, channel=1):
    """Say which pixels are mostly painted: OpenCV's antialiasing spreads 1/5 to each side."""
    others = [c for c in range(3) if c != channel]
    assert not picture[..., others].any()
    return picture[..., channel] > 128


def test_segment_covers_its_pixels():
    segment = Segments([[5, 12, 30, 12]], [26])
    picture = draw(np.zeros((30, 40), np.uint8), segment, color=(255, 0, 0))
    expected = np.zeros((30, 40), bool)
    expected[12, 5:31] = True
    np.testing.assert_array_equal(strong(picture, channel=0), expected)


@pytest.mark.parametrize(
    ("rho", "theta", "row", "column"),
    [
        (12, 0, slice(None), 12),  # x = 12
        (7, np.pi / 2, 7, slice(None)),  # y = 7
        (-12, np.pi, slice(None), 12),  # -x = -12
    ],
)
def test_upright_lines_cross_the_whole_image(rho, theta, row, column):
    picture = draw(np.zeros((20, 30), np.uint8), Lines([rho], [theta], [1]))
    expected = np.zeros((20, 30), bool)
    expected[row, column] = True
    np.testing.assert_array_equal(strong(picture), expected)


def test_diagonal_line_meets_both_corners():
    # x cos(3 pi / 4) + y sin(3 pi / 4) = 0 is y = x.
    picture = draw(np.zeros((25, 25), np.uint8), Lines([0], [3 * np.pi / 4], [1]))
    np.testing.assert_array_equal(strong(picture), np.eye(25, dtype=bool))


def test_line_outside_the_image_draws_nothing():
    assert not draw(np.zeros((20, 20)), Lines([500, -1e9], [0.3, 1], [1, 1])).any()


def test_box_lies_on_its_own_pixels():
    # The right and the bottom edge are exclusive: columns 10..49, rows 20..59.
    found = Detections([[10, 40, 50, 80]])
    picture = draw(np.zeros((100, 100), np.uint8), found, thickness=1)
    expected = np.zeros((100, 100), bool)
    expected[40:80, 10:50] = True
    expected[41:79, 11:49] = False
    np.testing.assert_array_equal(strong(picture)[45:], expected[45:])  # the score is above


def test_scores_are_written_above_or_inside():
    below = draw(np.zeros((100, 100)), Detections([[10, 50, 60, 90]], [3]))
    assert below[:48].any()
    assert not below[:30].any()
    at_the_top = draw(np.zeros((100, 100)), Detections([[10, 0, 60, 90]], [3]))
    assert at_the_top[2:14, 12:20].any()


def test_labels_have_their_own_colors():
    found = Detections([[10, 30, 30, 50], [60, 30, 90, 50]], labels=[0, 1], names=["a", "b"])
    picture = draw(np.zeros((60, 100)), found, thickness=1)
    assert picture[40, 10].argmax() == 1
    assert picture[40, 60].argmax() != 1


def test_thickness_grows_with_the_image():
    def width(size):
        picture = draw(np.zeros((size, size)), Segments([[size / 2, 0, size / 2, size]], [1]))
        return int((picture[size // 3, :, 1] > 127).sum())

    assert width(100) == 1
    assert width(1200) in (4, 5)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([[False, True]]), [0, 255]),
        (np.array([[3, 200]], np.uint8), [3, 200]),
        (np.array([[0, 65535]], np.uint16), [0, 255]),
        (np.array([[257, 514]], ">u2"), [1, 2]),
        (np.array([[-5, 5]], np.int16), [0, 255]),
        (np.array([[0.25, 0.5, 0.75]]), [0, 128, 255]),
        (np.array([[7.0, 7.0]], np.float32), [0, 0]),
        (np.array([[-1.7e308, 1.7e308]]), [0, 255]),
    ],
)
def test_any_gray_image_becomes_rgb(image, expected):
    picture = draw(image, Lines([], [], []))
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, np.repeat(np.array([expected])[..., None], 3, axis=2))


def test_the_image_is_not_modified(rng):
    image = rng.integers(0, 256, (30, 40, 3)).astype(np.uint8)
    image.flags.writeable = False
    before = image.copy()
    for view in (image, image[::-1, ::2], np.asfortranarray(image)):
        picture = draw(view, Detections([[5, 5, 20, 20]]))
        assert picture.flags.writeable
        assert picture.shape == view.shape
        assert (picture != view).any()
    np.testing.assert_array_equal(image, before)


def test_far_away_coordinates():
    far = np.float32(3e38)
    picture = draw(np.zeros((20, 30)), Detections([[-far, 5, far, far]]), thickness=1)
    assert picture.shape == (20, 30, 3)
    draw(np.zeros((20, 30)), Segments([[-far, -far, far, far]], [1]))
    draw(np.zeros((1, 1)), Detections([[0, 0, 0, 0]], [1], names=["\u2603 snow\nman"]))


def test_circle_lies_on_its_radius_and_has_a_dot_in_the_centre():
    picture = draw(np.zeros((41, 61), np.uint8), Circles([[30, 20]], [12], [70]), thickness=1)
    y, x = np.nonzero(strong(picture))
    distance = np.hypot(x - 30, y - 20)
    assert ((distance < 2.5) | (np.abs(distance - 12) < 1)).all()
    assert {(30, 20), (42, 20), (18, 20), (30, 8), (30, 32)} <= set(zip(x, y, strict=True))


@pytest.mark.parametrize("angle", [0, np.pi / 2, 0.7])
def test_ellipse_lies_on_its_outline(angle):
    ellipse = Ellipses([[40, 40]], [[30, 12]], [angle], [70])
    y, x = np.nonzero(strong(draw(np.zeros((81, 81), np.uint8), ellipse, thickness=1)))
    u = (x - 40) * np.cos(angle) + (y - 40) * np.sin(angle)
    v = (y - 40) * np.cos(angle) - (x - 40) * np.sin(angle)
    outside = np.hypot(x - 40, y - 40) > 3
    level = np.hypot(u / 30, v / 12)[outside]
    assert outside.sum() > 100
    assert (np.abs(level - 1) < 0.12).all()
    assert np.abs(u).max() > 29


def test_match_points_along_the_templates_x_axis():
    image = np.zeros((60, 100), np.uint8)
    picture = draw(image, Matches([[50, 30]], [4], [np.pi / 2], [9]), thickness=1)
    y, x = np.nonzero(strong(picture))
    assert {(50, row) for row in range(30, 51)} <= set(zip(x, y, strict=True))
    assert y.min() >= 29


def test_keypoint_is_a_circle_with_the_radius_of_its_direction():
    keypoint = Keypoints([[50, 30]], [24], [np.pi], [1])
    picture = draw(np.zeros((60, 100), np.uint8), keypoint, thickness=1)
    y, x = np.nonzero(strong(picture))
    assert {(column, 30) for column in range(38, 51)} <= set(zip(x, y, strict=True))
    ring = np.hypot(x - 50, y - 30) > 2
    ring &= y != 30
    assert (np.abs(np.hypot(x - 50, y - 30)[ring] - 12) < 1).all()
    assert ring.sum() > 40
    far = Keypoints([[1e9, -1e9], [3, 3]], [1e9, 1e-9], [1, 1], [1, 1])
    assert draw(np.zeros((20, 40), np.uint8), far).shape == (20, 40, 3)


def test_circles_far_outside_or_of_any_size_are_no_trouble():
    circles = Circles([[1e9, 5], [20, 10], [20, 10]], [5, 1e9, 0], [1, 1, 1])
    assert draw(np.zeros((20, 40), np.uint8), circles).shape == (20, 40, 3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"result": [[1, 2, 3, 4]]},
            TypeError,
            "result must be Detections, Lines, Segments, Circles, Ellipses, Matches or ",
        ),
        ({"color": "red"}, TypeError, "color must be (red, green, blue), 0 to 255 each, got 'red'"),
        ({"color": (1, 2, 300)}, ValueError, "color must be at most 255, got 300"),
        ({"thickness": 0}, ValueError, "thickness must be at least 1, got 0"),
        ({"image": np.zeros((2, 2, 4))}, ValueError, "image must have shape (rows, columns) or"),
    ],
)
def test_errors(options, error, message):
    options = {"image": np.zeros((9, 9)), "result": Lines([], [], []), **options}
    with pytest.raises(error) as caught:
        draw(options.pop("image"), options.pop("result"), **options)
    assert str(caught.value).startswith(message)


def test_tiles_need_pictures_and_a_width():
    with pytest.raises(ValueError, match="pictures must be at least one pair"):
        tile([])
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        tile([("one", np.zeros((4, 4)))], width=0)


def test_tall_tiles_are_narrow():
    tall = np.zeros((3000, 2), np.uint8)
    sheet = tile([("tall", tall), ("wide", tall.T)], width=60)
    assert sheet.shape == (28 + 2 * 60 + 8, 2 * 60 + 8, 3)
    assert (sheet[28:148, 0] == 0).all()
    assert (sheet[28:148, 1:60] == 255).all()


def test_matches_are_lines_from_the_left_image_to_the_right_one():
    left, right = np.zeros((30, 20), np.uint8), np.full((12, 25, 3), 7, np.uint8)
    keypoints = Keypoints([[1, 1], [4, 6]], [3, 3], [0, 0], [1, 1])
    picture = draw_matches(left, right, keypoints, [[5, 6]], [[1, 0]], color=(255, 0, 0), gap=3)
    expected = np.full((30, 48, 3), 255, np.uint8)
    expected[:, :20], expected[:12, 23:] = 0, 7
    segment = Segments([[4, 6, 23 + 5, 6]], [1])
    np.testing.assert_array_equal(picture, draw(expected, segment, color=(255, 0, 0)))
    assert (picture[6, 5:28, 0] > picture[6, 5:28, 1]).all()
    plain = draw_matches(left, right, keypoints, [[5, 6]], [], gap=3)
    np.testing.assert_array_equal(plain, expected)
    assert draw_matches(left, right, [], [], [], gap=0).shape == (30, 45, 3)


def test_each_match_has_a_hue_of_its_own_and_the_thickness_grows_with_the_picture():
    image, points = np.zeros((90, 90), np.uint8), [[5, 20], [5, 50], [5, 80]]
    pairs = [[0, 0], [1, 1], [2, 2]]
    picture = draw_matches(image, image, points, points, pairs)
    colors = picture[[20, 50, 80], 40]
    assert len(np.unique(colors, axis=0)) == 3
    image = np.zeros((90, 1500), np.uint8)
    thick = draw_matches(image, image, points, points, pairs)
    assert thick[:, 750].any(axis=1).sum() > picture[:, 40].any(axis=1).sum()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([[1, 2, 3]], [[1, 2]], []), {}, TypeError, "keypoints must be Keypoints, or numbers of"),
        (
            ((Keypoints([[1, 2]], [3], [0], [1]), np.zeros((1, 128))), [[1, 2]], []),
            {},
            TypeError,
            r"^keypoints must be .* dtype object; .* descriptors\), give its first$",
        ),
        (([[1, 2], [3]], [[1, 2]], []), {}, TypeError, r"got shape \(\) and dtype object$"),
        (([], [[1, 2]], [[0, 0]]), {}, ValueError, "pairs must be empty where .* got 1; are they"),
        (([[1, 2]], ["a"], []), {}, TypeError, "other_keypoints must be Keypoints, or numbers of"),
        (([[1, np.nan]], [[1, 2]], []), {}, ValueError, "keypoints must be finite"),
        (([[1, 2]], [[1, 2]], [0, 0]), {}, TypeError, r"pairs must be integers of shape \(n, 2\)"),
        (([[1, 2]], [[1, 2]], [[0.0, 0]]), {}, TypeError, "and dtype float64$"),
        (
            ([[1, 2]], [[1, 2]], [[0, 1]]),
            {},
            ValueError,
            r"pairs\[:, 1\] must be from 0 to 0, got 1",
        ),
        (([[1, 2]], [[1, 2]], [[-1, 0]]), {}, ValueError, "other keypoints"),
        (
            ([[1, 2]], [[1, 2]], ([[0, 0]], [0.5])),
            {},
            TypeError,
            "shape .. and dtype object; .* its first$",
        ),
        (([[1, 2]], [[1, 2]], (np.zeros((0, 2)), [])), {}, TypeError, "give its first"),
        (([], [], []), {"gap": -1}, ValueError, "gap must be at least 0, got -1"),
        (([], [], []), {"thickness": 0}, ValueError, "thickness must be at least 1, got 0"),
        (([], [], []), {"color": "red"}, TypeError, "color must be"),
    ],
)
def test_what_draw_matches_refuses(arguments, options, error, message):
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(error, match=message):
        draw_matches(image, image, *arguments, **options)
    with pytest.raises(TypeError, match="other must have shape"):
        draw_matches(image, image[0], [], [], [])
