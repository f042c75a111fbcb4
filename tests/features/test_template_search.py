"""Templates at any scale: places one can work out, and cut-outs of shrunk photographs."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from classicvision.features.template import match_template
from classicvision.features.template_search import TemplateSteps, find_template
from tests.features import template_scenes


def texture(rng, shape):
    """Smooth noise, with structures of a few pixels."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(rng.normal(size=shape), 2)
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_a_cut_out_of_the_same_size(dtype, rng):
    image = texture(rng, (24, 30)).astype(dtype)
    template = image[5:18, 9:23]
    found = find_template(image, template, scales=1)
    assert found.boxes[0].tolist() == [9, 5, 23, 18]
    assert found.scores[0] == pytest.approx(match_template(image, template)[5, 9], abs=1e-6)
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.lane
def test_color_and_layout(rng):
    image = np.stack([texture(rng, (24, 30)) for _ in range(3)], axis=2)
    strided = np.repeat(image, 2, axis=1)[:, ::2]
    strided.flags.writeable = False
    found = find_template(strided, np.asfortranarray(image[5:18, 9:23]), scales=1)
    assert found.boxes[0].tolist() == [9, 5, 23, 18]


@pytest.mark.lane
def test_nothing_found_is_empty(rng):
    image = texture(rng, (20, 20))
    for template in [np.full((12, 12), 7, np.uint8), texture(rng, (12, 12))]:
        found = find_template(image, template, scales=1, threshold=0.95)
        assert found.boxes.shape == (0, 4)
        assert len(found.scores) == 0


@pytest.mark.lane
def test_all_copies_are_found(rng):
    image = np.zeros((30, 60), np.uint8)
    part = texture(rng, (14, 14))
    image[3:17, 2:16] = image[12:26, 24:38] = image[8:22, 44:58] = part
    found = find_template(image, part, scales=1, threshold=0.99)
    assert sorted(found.boxes[:, 0].tolist()) == [2, 24, 44]


def test_as_many_detections_as_are_wanted(rng):
    image = np.tile(texture(rng, (12, 12)), (10, 10))
    for count, found in [(None, 100), (100, 100), (64, 64), (3, 3)]:
        options = {"scales": 1, "threshold": 0.9, "max_detections": count}
        boxes = find_template(image, image[:12, :12], **options).boxes
        assert len(boxes) == found
        assert (boxes[:, :2] % 12 == 0).all()


@pytest.mark.lane
def test_steps(rng):
    image = texture(rng, (60, 70))
    template = image[11:41, 20:60]
    steps = find_template(image, template, return_steps=True)
    assert isinstance(steps, TemplateSteps)
    detections = find_template(image, template)
    np.testing.assert_array_equal(steps.detections.boxes, detections.boxes)
    assert steps.scales[[0, -1]] == pytest.approx([0.5, 1])
    assert len(steps.scales) == len(steps.correlations)
    assert steps.correlations[-1].shape == (31, 31)
    assert steps.reduction == 2 ** (len(steps.candidates) - 1)


def test_a_range_of_scales_of_a_larger_texture(rng):
    import cv2

    image = texture(rng, (200, 240))
    for scale in (0.6, 0.8):
        template = image[40:140, 60:180]
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found = find_template(small, template)
        wanted = np.array([60, 40, 180, 140]) * scale
        np.testing.assert_allclose(found.boxes[0], wanted, atol=1)
        assert found.scores[0] > 0.97
        larger = find_template(image, cv2.resize(template, None, fx=scale, fy=scale), scales=(1, 2))
        np.testing.assert_allclose(larger.boxes[0], [60, 40, 180, 140], atol=3)


def test_several_threads_at_once(rng):
    images = [texture(rng, (60, 70)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: find_template(image, image[9:40, 20:60]), images))
    for image, result in zip(images, results, strict=True):
        alone = find_template(image, image[9:40, 20:60])
        np.testing.assert_array_equal(result.boxes, alone.boxes)
        np.testing.assert_array_equal(result.scores, alone.scores)


@pytest.mark.slow
@pytest.mark.parametrize("shrunk", ["photograph", "cut-out"])
def test_cut_outs_of_installed_photographs_are_found(shrunk, photographs):
    gray = [image if image.ndim == 2 else image[..., 1] for image in photographs.values()]
    assert template_scenes.count_found(gray, shrunk, scenes=50, seed=0) >= 49


@pytest.mark.slow
@pytest.mark.parametrize("shrunk", ["photograph", "cut-out"])
def test_cut_outs_of_data_photographs_are_found(shrunk, data_folder):
    import cv2

    paths = [data_folder / "opencv_samples" / name for name in template_scenes.PHOTOGRAPHS]
    gray = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    assert template_scenes.count_found(gray, shrunk, scenes=100, seed=0) >= 98


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"scales": "half"}, TypeError, "scales must be a number or (smallest, largest)"),
        ({"scales": (1, 0.5)}, ValueError, "scales must be (smallest, largest), got (1, 0.5)"),
        ({"scales": 0}, ValueError, "scales must be greater than 0, got 0.0"),
        ({"scales": (1, 100)}, ValueError, "scales must be at most 64, got 100.0"),
        ({"threshold": 2}, ValueError, "threshold must be at most 1, got 2.0"),
        ({"threshold": -0.1}, ValueError, "threshold must be at least 0, got -0.1"),
        ({"overlap": -1}, ValueError, "overlap must be at least 0, got -1.0"),
        ({"overlap": 0.9}, ValueError, "overlap must be at most 0.8, got 0.9"),
        ({"max_detections": 0}, ValueError, "max_detections must be at least 1, got 0"),
        ({"max_detections": 2.5}, TypeError, "max_detections must be an integer, got 2.5"),
        (
            {"scales": 0.1},
            ValueError,
            "scales are too small for a template of shape (10, 8): at 0.1 it has 1 x 1 pixels",
        ),
        (
            {"scales": (4, 5)},
            ValueError,
            "template must fit into the image at its smallest scale, got shapes (10, 8) at 4 and "
            "(20, 20); did they change places?",
        ),
        (
            {"template": np.zeros((9, 9, 3))},
            ValueError,
            "template must have as many channels as the image, got shapes (9, 9, 3) and (20, 20)",
        ),
        (
            {"template": np.full((9, 9), np.nan)},
            ValueError,
            "template has NaN or infinite values; replace them, e.g. np.nan_to_num",
        ),
    ],
)
def test_wrong_arguments(options, error, message):
    arguments = {"image": np.zeros((20, 20)), "template": np.zeros((10, 8)), **options}
    with pytest.raises(error) as raised:
        find_template(**arguments)
    assert str(raised.value).startswith(message)
