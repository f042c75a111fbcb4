"""The generalized Hough transform: contours whose pose is known."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from skimage.draw import polygon2mask

from classicvision.edges.canny import canny
from classicvision.hough.generalized import GeneralizedHough
from classicvision.results import Matches
from tests.hough.contour_scenes import (
    CONTOURS,
    Pose,
    is_right,
    make_scene,
    move,
    resample,
    template_image,
)

ANY = {"rotation": True, "scale_range": (0.7, 1.4)}
WHOLE_TURN = (-math.pi, math.pi)


def letter(size=1, level=200, ground=50):
    """An L of 6 x 10 units of 3 ``size`` pixels, in a picture of 12 x 16 units."""
    units = np.zeros((16, 12), bool)
    units[3:13, 3:5] = units[11:13, 3:9] = True
    return np.where(np.kron(units, np.ones((3 * size, 3 * size), bool)), level, ground).astype("u1")


def placed(parts, rows=120, columns=160, ground=50):
    """A picture with smaller ones at (x, y) of their upper left corners."""
    image = np.full((rows, columns), ground, np.uint8)
    for part, x, y in parts:
        image[y : y + part.shape[0], x : x + part.shape[1]] = part
    return image


def check_match(match, x, y, angle=0.0, scale=1.0, pixels=0.1, radians=0.005, part=0.005):
    assert len(match) == 1
    np.testing.assert_allclose(match.centers, [[x, y]], atol=pixels)
    turn = (match.angles[0] - angle + math.pi) % (2 * math.pi) - math.pi
    assert abs(turn) <= radians
    assert match.scales[0] == pytest.approx(scale, rel=part)


# By hand


@pytest.mark.lane
def test_the_template_finds_itself():
    picture = letter()
    hough = GeneralizedHough(picture, center=(9, 30))
    match = hough.detect(picture)
    check_match(match, 9, 30)
    assert isinstance(match, Matches)
    assert match.votes.tolist() == [len(hough.contour)]
    assert hough.detect(picture, edges=False, threshold=1) == match


@pytest.mark.lane
def test_a_turned_copy():
    template = letter()
    hough = GeneralizedHough(template, center=(11.5, 32))
    image = placed([(np.rot90(template), 5, 9)], 52, 62)
    # Against the clock: x, y of the template is y, width - 1 - x of the copy.
    check_match(hough.detect(image, rotation=(-1.7, -1.5)), 5 + 32, 9 + 35 - 11.5, -math.pi / 2)
    assert len(hough.detect(image)) == 0


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(("level", "ground"), [(200, 50), (90, 50), (40, 160)])
def test_turned_scaled_and_any_contrast(turns, size, level, ground):
    template = letter()
    height, width = template.shape
    x, y = 11.5, 30.0
    part = np.rot90(letter(size, level, ground), turns)
    image = placed([(part, 20, 15)], ground=ground)
    for _ in range(turns):
        x, y, height, width = y, width - 1 - x, width, height
    x, y = ((value + 0.5) * size - 0.5 for value in (x, y))
    match = GeneralizedHough(template, center=(11.5, 30)).detect(
        image, rotation=True, scale_range=(0.8, 2.3)
    )
    check_match(match, 20 + x, 15 + y, -turns * math.pi / 2, size, 0.3, 0.01, 0.02)


@pytest.mark.parametrize("angle", np.radians([-171, -100, -33, 0, 7, 64, 128, 180]).tolist())
@pytest.mark.parametrize("scale", [0.72, 1, 1.37])
def test_any_angle_and_scale(angle, scale):
    curve = CONTOURS["bird"]
    corners = move(curve, Pose(130.5, 109.25, angle, scale))
    inside = polygon2mask((4 * 220, 4 * 260), 4 * corners[:, ::-1] + 1.5)
    cover = inside.reshape(220, 4, 260, 4).mean(axis=(1, 3))
    image = np.rint(60 + 100 * cover).astype(np.uint8)
    match = GeneralizedHough.from_contour(curve, center=(0, 0)).detect(image, **ANY)
    check_match(match, 130.5, 109.25, angle, scale, 0.1, 0.005, 0.005)


def test_all_copies_are_found_and_each_once():
    template = letter()
    places = [(4, 3), (60, 8), (110, 40), (20, 60), (70, 66)]
    image = placed([(template, x, y) for x, y in places])
    hough = GeneralizedHough(template, center=(0, 0))
    found = hough.detect(image)
    np.testing.assert_allclose(np.sort(found.centers, axis=0), np.sort(places, axis=0), atol=0.1)
    assert sorted(found.centers.round().tolist()) == sorted(map(list, places))
    assert hough.detect(image, max_matches=2) == found[:2]


def test_a_symmetric_shape_is_one_match():
    square = placed([(np.full((40, 40), 220, np.uint8), 20, 20)], 80, 80)
    image = placed([(np.full((40, 40), 220, np.uint8), 50, 35)])
    found = GeneralizedHough(square, center=(39.5, 39.5)).detect(image, rotation=True)
    quarter = round(float(found.angles[0] / (math.pi / 2))) * math.pi / 2
    check_match(found, 69.5, 54.5, quarter)


def test_a_shape_half_hidden_needs_a_lower_threshold():
    template = letter()
    image = placed([(template, 60, 30)])
    image[30:54, 60:110] = 50  # the upper part of the L
    hough = GeneralizedHough(template, center=(0, 0))
    assert len(hough.detect(image, threshold=0.75)) == 0
    [found] = hough.detect(image, threshold=0.5)
    check_match(found, 60, 30)
    assert 0.5 * len(hough.contour) <= found.votes[0] < 0.75 * len(hough.contour)


def test_a_shape_partly_outside_the_image():
    template = letter()
    hough = GeneralizedHough(template, center=(0, 0))
    image = placed([(template, 10, 10)])[:, 22:]
    check_match(hough.detect(image, threshold=0.4), -12, 10)


@pytest.mark.lane
def test_polarity_same_wants_the_same_contrast():
    bright, dark = letter(), letter(level=20, ground=160)
    for picture, other in ((bright, dark), (dark, bright)):
        same = GeneralizedHough(picture, polarity="same", center=(0, 0))
        check_match(same.detect(picture), 0, 0)
        assert len(same.detect(other)) == 0


@pytest.mark.parametrize("width", [1.5, 2, 3, 4])
def test_an_outline_is_found_in_its_middle(width):
    curve = CONTOURS["bird"]
    corners = resample(curve, 0.1) + [80, 60]
    y, x = np.mgrid[:120, :160]
    away, _ = cKDTree(corners).query(np.stack([x, y], axis=-1))
    image = np.rint(50 + 150 * np.clip(0.5 + width / 2 - away, 0, 1)).astype(np.uint8)
    hough = GeneralizedHough.from_contour(curve, center=(0, 0))
    for options in ({}, {"rotation": (-0.3, 0.3), "scale_range": (0.8, 1.2)}):
        check_match(hough.detect(image, max_matches=1, **options), 80, 60)


def test_limits_of_rotation_and_scale_hold():
    template = letter()
    image = placed([(np.rot90(letter(2)), 20, 15)])
    hough = GeneralizedHough(template)
    for rotation, scales in (
        ((-2, -1), (1.8, 2.2)),
        ((-1.58, 0.5), (1.9, 2.5)),
        (True, (1.7, 2.05)),
    ):
        found = hough.detect(image, rotation=rotation, scale_range=scales)
        assert len(found) == 1
        low, high = WHOLE_TURN if rotation is True else rotation
        assert low <= found.angles[0] <= high
        assert scales[0] <= found.scales[0] <= scales[1]
    for rotation, scales in ((True, None), (False, (1.8, 2.2)), ((0, 1), (1.8, 2.2))):
        assert len(hough.detect(image, rotation=rotation, scale_range=scales)) == 0


def test_angles_of_a_whole_turn_end_at_pi():
    template = letter()
    image = placed([(template[::-1, ::-1], 50, 40)])
    hough = GeneralizedHough(template)
    for rotation in (True, (0, 2 * math.pi), (-2 * math.pi, 2 * math.pi)):
        [angle] = hough.detect(image, rotation=rotation).angles
        assert abs(angle) == pytest.approx(math.pi, abs=0.005)
        assert -math.pi <= angle <= np.float32(math.pi)
    [angle] = hough.detect(image, rotation=(3, 3.3)).angles
    assert angle == pytest.approx(math.pi, abs=0.005)


# Templates


@pytest.mark.parametrize("name", list(CONTOURS))
def test_a_template_from_a_picture_a_map_or_a_curve(name):
    picture, center = template_image(name)
    scene = make_scene(next(s for s in range(1000, 1100) if make_scene(s).name == name))
    edges = canny(picture, 100, 200, sigma=1.5)
    curve = CONTOURS[name] + center
    whole = [
        GeneralizedHough(picture, center=center),
        GeneralizedHough(np.dstack([picture] * 3), center=center),
        GeneralizedHough(edges, edges=True, center=center),
        GeneralizedHough.from_contour(curve, center=center),
        GeneralizedHough.from_contour(np.rint(curve).astype(np.int32)[:, None], center=center),
    ]
    for hough in whole:
        found = hough.detect(scene.image, max_matches=1, **ANY)
        assert is_right(scene.pose, *found.centers[0], found.angles[0], found.scales[0])


def test_an_edge_map_of_the_image():
    scene = make_scene(1003)
    picture, center = template_image(scene.name)
    hough = GeneralizedHough(picture, center=center)
    edges = hough.detect(scene.image, return_steps=True).edges
    for same in (edges, edges * np.uint8(255), np.dstack([edges * 7.5] * 3)):
        found = hough.detect(same, edges=True, max_matches=1, **ANY)
        assert is_right(scene.pose, *found.centers[0], found.angles[0], found.scales[0])


@pytest.mark.lane
def test_the_center_is_the_mean_unless_given():
    square = [(10, 10), (30, 10), (30, 30), (10, 30)]
    assert GeneralizedHough.from_contour(square).center == pytest.approx((20, 20))
    assert GeneralizedHough.from_contour(square, center=(1, 2)).center == (1.0, 2.0)
    assert repr(GeneralizedHough.from_contour(square)) == (
        "GeneralizedHough(80 contour points, center=(20.0, 20.0))"
    )


# Steps


def test_steps():
    template = letter(2)
    image = placed([(template, 30, 10)])
    hough = GeneralizedHough(template)
    options = {"rotation": (-0.4, 0.4), "scale_range": (0.9, 1.1)}
    steps = hough.detect(image, **options, return_steps=True)
    found = hough.detect(image, **options)
    assert steps.matches == found
    rows, columns = -(-120 // steps.cell), -(-160 // steps.cell)
    for table in (steps.votes, steps.angles, steps.scales):
        assert table.shape == (rows, columns)
    assert steps.edges.shape == image.shape
    best = np.unravel_index(steps.votes.argmax(), steps.votes.shape)
    x, y = found.centers[0]
    assert abs(best[1] * steps.cell - x) <= 2 * steps.cell
    assert abs(best[0] * steps.cell - y) <= 2 * steps.cell
    assert abs(steps.angles[best]) < 0.2
    assert 0.85 <= steps.scales[best] <= 1.15
    assert steps.candidates[:1] == found
    votes = steps.scores * found.scales * len(hough.contour)
    np.testing.assert_allclose(votes, found.votes, atol=0.51)
    assert len(steps.candidates) > 1


# Inputs of every kind


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_every_dtype_and_layout(dtype):
    gray = placed([(letter(), 30, 20)], 90, 100)
    hough = GeneralizedHough(letter(), center=(0, 0))
    wanted = hough.detect(gray, rotation=(-0.2, 0.2))
    check_match(wanted, 30, 20)
    scale = {np.uint16: 257, np.float32: 1 / 255, np.float64: 1 / 255}.get(dtype, 1)
    image = (gray * dtype(scale)).astype(dtype)
    before = image.copy()
    spread = np.zeros((180, 300), dtype)[::2, ::3]
    spread[:] = image
    fixed = image.copy()
    fixed.flags.writeable = False
    big_endian = image.astype(np.dtype(dtype).newbyteorder(">"))
    for same in (image, spread, fixed, big_endian, np.asfortranarray(image)):
        check_match(hough.detect(same, rotation=(-0.2, 0.2)), 30, 20)
        check_match(GeneralizedHough(same, center=(30, 20)).detect(gray), 30, 20)
    np.testing.assert_array_equal(image, before)


def test_color_and_bool():
    gray = placed([(letter(), 30, 20)], 90, 100)
    hough = GeneralizedHough(letter(), center=(0, 0))
    assert hough.detect(np.dstack([gray] * 3)) == hough.detect(gray)
    check_match(hough.detect(gray > 100), 30, 20)


@pytest.mark.lane
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2), (7, 9)])
@pytest.mark.parametrize("edges", [False, True])
def test_small_and_flat_images_have_none(shape, edges, rng):
    hough = GeneralizedHough.from_contour([(0, 0), (20, 0), (10, 25)])
    for image in (np.zeros(shape), np.full(shape, 7.5), rng.random(shape).round()):
        found = hough.detect(image, edges=edges, threshold=0.9)
        assert len(found) == 0
        assert found.centers.shape == (0, 2)
    steps = hough.detect(np.zeros(shape), edges=edges, return_steps=True)
    assert not steps.votes.any()
    assert len(steps.matches) == 0


@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 1000), st.booleans())
def test_noise_gives_valid_matches(rows, columns, seed, edges):
    image = np.random.default_rng(seed).random((rows, columns)) ** 3
    hough = GeneralizedHough.from_contour([(0, 0), (20, 0), (10, 25)])
    options = {"edges": edges, "threshold": 0.3, "rotation": (-1, 0.5), "scale_range": (0.5, 1)}
    steps = hough.detect(image > 0.5 if edges else image, **options, return_steps=True)
    found = steps.matches
    order = list(zip(-steps.scores, -found.votes, strict=True))
    assert order == sorted(order)
    assert np.isfinite(found.centers).all()
    assert ((found.angles >= -1) & (found.angles <= 0.5)).all()
    assert ((found.scales >= 0.5) & (found.scales <= 1)).all()
    assert (found.votes >= np.floor(0.3 * found.scales * len(hough.contour))).all()


def test_several_threads():
    scenes = [make_scene(seed) for seed in (1000, 1001)] * 4
    templates = {name: GeneralizedHough(template_image(name)[0]) for name in CONTOURS}

    def search(scene):
        return templates[scene.name].detect(scene.image, **ANY)

    alone = [search(scene) for scene in scenes]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(search, scenes)) == alone


# Errors


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"threshold": 0}, ValueError, "threshold must be greater than 0, got 0.0"),
        ({"threshold": 2}, ValueError, "threshold must be at most 1, got 2.0"),
        ({"threshold": "1"}, TypeError, "threshold must be a number, got '1'"),
        ({"max_matches": 0}, ValueError, "max_matches must be at least 1, got 0"),
        ({"max_matches": 1.5}, TypeError, "max_matches must be an integer, got 1.5"),
        ({"low": -1}, ValueError, "low must be at least 0, got -1.0"),
        ({"high": np.nan}, ValueError, "high must be a number, got nan"),
        (
            {"rotation": 1.5},
            TypeError,
            "rotation must be True, False or (least, largest), got 1.5",
        ),
        ({"rotation": (1, 0)}, ValueError, "rotation must be (least, largest), got (1, 0)"),
        (
            {"rotation": (0, 10)},
            ValueError,
            "rotation must be at most 6.283185307179586, got 10.0",
        ),
        (
            {"scale_range": 1.5},
            TypeError,
            "scale_range must be None or (least, largest), got 1.5",
        ),
        ({"scale_range": (2, 1)}, ValueError, "scale_range must be (least, largest), got (2, 1)"),
        ({"scale_range": (0, 1)}, ValueError, "scale_range must be at least 0.01, got 0.0"),
    ],
)
def test_wrong_options(options, error, message):
    hough = GeneralizedHough.from_contour([(0, 0), (20, 0), (10, 25)])
    with pytest.raises(error) as raised:
        hough.detect(np.zeros((30, 30), np.uint8), **options)
    assert str(raised.value) == message


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"polarity": "dark"}, ValueError, "polarity must be one of 'any', 'same', got 'dark'"),
        (
            {"edges": True, "polarity": "same"},
            ValueError,
            "polarity must be 'any' for an edge map, got 'same'; give a picture of the shape",
        ),
        ({"sigma": -1}, ValueError, "sigma must be at least 0, got -1.0"),
        ({"center": 3}, TypeError, "center must be (x, y), got 3"),
        ({"center": (3, "4")}, TypeError, "center y must be a number, got '4'"),
        ({"center": (np.inf, 1)}, ValueError, "center must be finite, got (inf, 1)"),
        (
            {"high": 2000},
            ValueError,
            "template must have a contour of at least 8 pixels, got 0; "
            "lower the thresholds, or leave background around the shape",
        ),
    ],
)
def test_wrong_template_options(options, error, message):
    picture = np.zeros((16, 16), np.uint8)
    picture[4:12, 4:12] = 200
    with pytest.raises(error) as raised:
        GeneralizedHough(picture, **options)
    assert str(raised.value) == message


@pytest.mark.lane
def test_wrong_images():
    hough = GeneralizedHough.from_contour([(0, 0), (20, 0), (10, 25)])
    with pytest.raises(TypeError, match="image must have shape"):
        hough.detect(np.zeros(5, np.uint8))
    with pytest.raises(ValueError, match="image has NaN"):
        hough.detect(np.full((9, 9), np.nan))
    with pytest.raises(ValueError, match="template has no pixels"):
        GeneralizedHough(np.zeros((0, 5), np.uint8))
    picture = letter()
    with pytest.raises(ValueError, match="edges must be False with polarity='same', got True"):
        GeneralizedHough(picture, polarity="same").detect(picture, edges=True)
