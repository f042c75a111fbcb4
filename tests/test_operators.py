"""What holds for every operator on images: any layout, nothing changed, clear errors, threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import classicvision as cv

_KERNEL = np.array([[1, 2, 0], [0, 3, 1], [1, 0, 1]]) / 9
_TEMPLATE = np.add.outer([0, 9, 9, 0, 50], [1, 70, 70, 0, 0, 90]).astype(np.uint8)
_BAR = np.pad(np.full((26, 5), 120, np.uint8), 8, constant_values=45)
_BAR_CONTOUR = cv.GeneralizedHough(_BAR)


def as_edges(image):
    """Return an edge map in the image's own layout: what is bright."""
    if np.asarray(image).dtype.kind not in "uf" or not np.isfinite(image).all():
        return image
    return (image > 100) * image.dtype.type(1)


# Each takes an image and returns an array, a tuple or list of arrays, or a result.
OPERATORS = {
    "correlate": lambda image: cv.correlate(image, _KERNEL),
    "convolve": lambda image: cv.convolve(image, _KERNEL),
    "convolve_separable": lambda image: cv.convolve_separable(image, [1, 2, 1], [0.5, 1, 0.5]),
    "box_filter": lambda image: cv.box_filter(image, 5),
    "gaussian": lambda image: cv.gaussian(image, 1.5),
    "sharpen": lambda image: cv.sharpen(image, 1, 1.5),
    "gradient": cv.gradient,
    "median": lambda image: cv.median(image, 3),
    "bilateral": lambda image: cv.bilateral(image, 30, 1),
    "non_local_means": lambda image: cv.non_local_means(image, 12, search_size=7),
    "integral_image": cv.integral_image,
    "squared_integral_image": cv.squared_integral_image,
    "tilted_integral_image": cv.tilted_integral_image,
    "pyramid_reduce": cv.pyramid_reduce,
    "pyramid_expand": cv.pyramid_expand,
    "gaussian_pyramid": lambda image: cv.gaussian_pyramid(image, 2),
    "laplacian_pyramid": lambda image: cv.laplacian_pyramid(image, 2),
    "blend": lambda image: cv.blend(image, image[::-1], np.full(image.shape[:2], 0.3), 2),
    "canny": lambda image: cv.canny(image, 50, 100),
    "match_template": lambda image: cv.match_template(image, _TEMPLATE),
    "hough_circles": lambda image: cv.hough_circles(image, min_radius=3, max_radius=9),
    "hough_ellipses": lambda image: cv.hough_ellipses(image, min_radius=3, max_radius=9),
    "find_lines": cv.find_lines,
    "find_template": lambda image: cv.find_template(image, _BAR),
    "GeneralizedHough": lambda image: _BAR_CONTOUR.detect(image),
    "trace_edges": lambda image: cv.trace_edges(as_edges(image)),
    "hough_lines": lambda image: cv.hough_lines(as_edges(image), threshold=10),
    "hough_segments": lambda image: cv.hough_segments(as_edges(image), threshold=8, min_length=8),
    "detect_keypoints": lambda image: cv.detect_keypoints(image, max_keypoints=50),
    "extract_descriptors": lambda image: cv.extract_descriptors(image, max_keypoints=50),
    "dense_descriptors": lambda image: cv.dense_descriptors(image, step=4, sizes=12),
    "harris": cv.harris,
    "draw": lambda image: cv.draw(image, cv.Circles([[16, 20]], [7], [30])),
    "laplacian": cv.laplacian,
    "laplacian_of_gaussian": lambda image: cv.laplacian_of_gaussian(image, 1),
    "difference_of_gaussians": lambda image: cv.difference_of_gaussians(image, 1, 2),
    "gradient_magnitude": lambda image: cv.gradient_magnitude(*cv.gradient(image)),
    "gradient_orientation": lambda image: cv.gradient_orientation(*cv.gradient(image)),
    "zero_crossings": lambda image: cv.zero_crossings(image, 1, 1),
    "color_histogram": lambda image: cv.color_histogram(image, 4, "gray", range=(0, 256)),
    "back_project": lambda image: cv.back_project(image, [1, 2, 3], "gray", range=(0, 256)),
    "mean_shift": lambda image: cv.mean_shift(image, [0, 0, 20, 20], return_steps=True),
    "match_histograms": lambda image: cv.match_histograms(image, _BAR),
    "add_noise": lambda image: cv.add_noise(image, "gaussian", sigma=5, random_state=0),
}


def arrays(result):
    """Return all arrays of a result."""
    if isinstance(result, np.ndarray):
        return [result]
    if isinstance(result, (tuple, list)):
        return [array for part in result for array in arrays(part)]
    return [value for value in vars(result).values() if isinstance(value, np.ndarray)]


def assert_equal(a, b):
    a, b = arrays(a), arrays(b)
    assert len(a) == len(b)
    for one, other in zip(a, b, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.fixture(params=["uint8", "float32"])
def image(request):
    """A disk and a bar on noise, gray."""
    y, x = np.mgrid[:40, :46]
    image = 40.0 + 10 * np.random.default_rng(0).random((40, 46))
    image[np.hypot(x - 16, y - 20) < 7] = 180
    image[8:34, 30:35] = 120
    return image.astype(request.param)


@pytest.mark.parametrize("name", OPERATORS)
def test_layout_does_not_matter_and_the_image_stays(name, image):
    operator = OPERATORS[name]
    wanted = operator(image)
    assert_equal(operator(np.repeat(image, 2, axis=1)[:, ::2]), wanted)
    assert_equal(operator(np.asfortranarray(image)), wanted)
    assert_equal(operator(image[::-1][::-1]), wanted)
    assert_equal(operator(image.astype(image.dtype.newbyteorder(">"))), wanted)
    sealed = image.copy()
    sealed.setflags(write=False)
    assert_equal(operator(sealed), wanted)
    np.testing.assert_array_equal(sealed, image)
    assert all(array.dtype.isnative for array in arrays(wanted))


@pytest.mark.parametrize("name", OPERATORS)
def test_results_do_not_share_memory_with_the_image(name, image):
    assert not any(np.shares_memory(array, image) for array in arrays(OPERATORS[name](image)))


@pytest.mark.parametrize("name", OPERATORS)
def test_threads_do_not_disturb_each_other(name, image):
    operator = OPERATORS[name]
    images = [image, image[::-1], image[:, ::-1]]
    wanted = [operator(one) for one in images]
    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            for result, expected in zip(pool.map(operator, images), wanted, strict=True):
                assert_equal(result, expected)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((20, 20), complex),
        np.zeros((20, 20), object),
        np.zeros((20, 20), "U1"),
        np.zeros((2, 20, 20, 3), np.uint8),
        np.zeros((20, 20, 2), np.uint8),
        np.zeros(20, np.uint8),
        np.zeros((0, 20), np.uint8),
    ],
    ids=lambda array: f"{array.dtype.kind}{array.shape}",
)
def test_what_is_no_image_is_refused_in_one_line(name, wrong):
    with pytest.raises((TypeError, ValueError)) as refused:
        OPERATORS[name](wrong)
    text = str(refused.value)
    assert "\n" not in text
    assert "got" in text or "its shape is (0, 20)" in text


@pytest.mark.parametrize("name", OPERATORS)
def test_nan_is_refused(name):
    wrong = np.full((20, 24), 3, np.float32)
    wrong[5, 6] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        OPERATORS[name](wrong)


@pytest.mark.parametrize("name", sorted(set(OPERATORS) - {"match_template", "find_template"}))
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_smallest_images_are_taken(name, shape, rng):
    image = rng.integers(0, 256, shape, np.uint8)
    if shape == (1, 1) and name in ("gaussian_pyramid", "laplacian_pyramid", "blend"):
        with pytest.raises(ValueError, match="levels must be at most 1"):
            OPERATORS[name](image)
        return
    for array in arrays(OPERATORS[name](image)):
        assert array.dtype.kind != "f" or np.isfinite(array).all()


@pytest.mark.parametrize(
    "explain",
    [
        lambda image: cv.canny(image, 50, 100, return_steps=True),
        lambda image: cv.zero_crossings(image, 1, 1, return_steps=True),
        lambda image: cv.hough_circles(image, min_radius=3, max_radius=9, return_steps=True),
        lambda image: cv.hough_ellipses(image, min_radius=3, max_radius=9, return_steps=True),
        lambda image: cv.hough_lines(image, threshold=10, return_accumulator=True)[1],
        lambda image: cv.CascadeDetector.load("frontalface").explain(image),
    ],
)
def test_steps_can_be_compared_and_kept_in_sets(explain, image):
    steps, others = explain(image), explain(image)
    assert steps == steps
    assert steps != others
    assert len({steps, others}) == 2
