"""Pictures of features: boxes on paper, and boxes that add up to the feature's value."""

import numpy as np
import pytest

import classicvision as cv
from classicvision.features.haar import HaarFeatures
from classicvision.features.lbp import LBPFeatures

GRAY = np.full((8, 10), 128, np.uint8)


def signs(pictures):
    """Return 1 where a picture on gray is white, -1 where it is black, else 0."""
    return np.sign(pictures[..., 0].astype(int) - 128)


@pytest.mark.lane
@pytest.mark.parametrize("zoom", [1, 3])
def test_upright_boxes_cover_their_pixels(zoom):
    edge = HaarFeatures(
        (10, 8),
        np.array([[[2, 1, 6, 4], [5, 1, 3, 4], [0, 0, 0, 0]]], np.int32),
        np.array([[-1, 2, 0]], np.float32),
        np.array([False]),
    )
    expected = np.zeros((8, 10), int)
    expected[1:5, 2:5], expected[1:5, 5:8] = -1, 1
    pictures = cv.draw_features(GRAY, edge, zoom=zoom)
    assert (pictures.dtype, pictures.shape) == (np.uint8, (1, 8 * zoom, 10 * zoom, 3))
    expected = expected.repeat(zoom, axis=0).repeat(zoom, axis=1)
    np.testing.assert_array_equal(signs(pictures[0]), expected)


@pytest.mark.lane
def test_painted_areas_are_the_weights_of_every_feature():
    """White and black areas times their weights cancel, as a feature is 0 without contrast."""
    features = cv.haar_features(6, "all")
    zoom = 4  # tilted sides pass between the centres of these pixels
    pictures = cv.draw_features(np.full((6, 6), 128, np.uint8), features, zoom=zoom)
    areas = features.rectangles[..., 2] * features.rectangles[..., 3]
    areas = areas * np.where(features.tilted, 2, 1)[:, None] * zoom**2
    white = np.where(features.weights > 0, areas, 0).sum(axis=1)
    painted = signs(pictures)
    half = 1 + zoom**-1  # a tilted side lies on half of the centres next to it
    for k in range(len(features)):
        count = (painted[k] == 1).sum()
        if features.tilted[k]:
            assert white[k] / half <= count <= white[k] * half
        else:
            assert count == white[k]
    both = (painted != 0).sum(axis=(1, 2))
    assert (both[~features.tilted] == areas[~features.tilted, 0]).all()


def test_tilted_box_is_a_diamond():
    diamond = HaarFeatures(
        (10, 8),
        np.array([[[4, 1, 3, 2], [0, 0, 0, 0], [0, 0, 0, 0]]], np.int32),
        np.array([[1, 0, 0]], np.float32),
        np.array([True]),
    )
    painted = signs(cv.draw_features(GRAY, diamond, zoom=16)[0])
    y, x = np.nonzero(painted)
    # Top (4, 1), right (7, 4), left (2, 3), bottom (5, 6), in pixels of the window.
    np.testing.assert_allclose(
        [x.min() / 16, (x.max() + 1) / 16, y.min() / 16, (y.max() + 1) / 16],
        [2, 7, 1, 6],
        atol=2 / 16,
    )
    assert painted.sum() == pytest.approx(2 * 3 * 2 * 16**2, rel=0.03)


@pytest.mark.lane
def test_grid_has_nine_cells_and_a_coloured_middle():
    pattern = LBPFeatures((10, 8), np.array([[1, 2, 3, 2]], np.int32))
    picture = cv.draw_features(GRAY, pattern, zoom=8)[0]
    colored = (picture != 128).any(axis=2)
    rows, columns = np.nonzero(colored)
    assert (rows.min(), rows.max() + 1) == (2 * 8, 8 * 8)
    assert (columns.min(), columns.max() + 1) == (1 * 8, 10 * 8)
    for r in range(3):
        for c in range(3):
            centre = colored[8 * (2 + 2 * r) + 8, 8 * (1 + 3 * c) + 12]
            assert centre == ((r, c) == (1, 1))


def test_lies_on_the_image_which_is_not_modified(rng):
    image = rng.random((8, 10, 3))
    before = image.copy()
    corner = cv.lbp_features((10, 8))[[0]]
    picture = cv.draw_features(image, corner, zoom=2)[0]
    np.testing.assert_array_equal(image, before)
    shown = cv.draw(image, cv.Segments([], []))
    np.testing.assert_array_equal(picture[-2::-2, -2::-2][:4], shown[::-1, ::-1][:4])
    assert cv.draw_features(image, corner[[]]).shape == (0, 64, 80, 3)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("image", "features", "options", "error", "message"),
    [
        (GRAY, "haar", {}, TypeError, "features must be HaarFeatures or LBPFeatures, got str"),
        (GRAY, None, {"zoom": 0}, ValueError, "zoom must be at least 1, got 0"),
        (GRAY, None, {"zoom": 65}, ValueError, "zoom must be at most 64, got 65"),
        (GRAY.T, None, {}, ValueError, "image must have 8 rows and 10 columns, the window of"),
        (
            GRAY,
            cv.lbp_features((20, 20)),
            {},
            ValueError,
            r"features must be at most 1000, got \d+; choose some: feat",
        ),
        (GRAY + 1j, None, {}, TypeError, "complex"),
    ],
)
def test_wrong_arguments(image, features, options, error, message):
    features = features or cv.lbp_features((10, 8))[[0]]
    with pytest.raises(error, match=message):
        cv.draw_features(image, features, **options)
