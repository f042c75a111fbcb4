"""Linear filters: by hand, against sums pixel by pixel, OpenCV and SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classicvision.filters import convolution
from classicvision.filters._fourier import sum_by_spectra
from classicvision.filters._weighted_sums import sum_factors, sum_kernel
from classicvision.filters.convolution import (
    convolve,
    convolve_separable,
    correlate,
    kernel_factors,
)
from tests.layouts import LAYOUTS, lay_out
from tests.naive import convolution as naive

MODES = ["mirror", "reflect", "nearest", "wrap", "constant"]
DTYPES = [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64]
SHAPES = [(1, 1), (1, 6), (5, 1), (2, 3), (5, 8)]
KERNEL_SHAPES = [(1, 1), (1, 4), (3, 1), (2, 2), (3, 5), (6, 3)]


def picture(rng, shape, dtype):
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=shape).astype(dtype)
    if dtype is bool:
        return rng.random(shape) < 0.5
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)


# By hand


@pytest.mark.lane
def test_correlation_lays_the_kernel_on_the_pixels_and_convolution_turns_it():
    image = np.zeros((5, 5), np.uint8)
    image[2, 2] = 1
    kernel = np.arange(1, 10).reshape(3, 3)
    np.testing.assert_array_equal(correlate(image, kernel)[1:4, 1:4], kernel[::-1, ::-1])
    np.testing.assert_array_equal(convolve(image, kernel)[1:4, 1:4], kernel)


@pytest.mark.lane
def test_even_kernels_lie_with_the_element_after_their_middle_on_the_pixel():
    image = np.array([[1, 2, 4, 8, 16]], np.uint8)
    assert correlate(image, [[1, 0]], mode="nearest").tolist() == [[1, 1, 2, 4, 8]]
    assert convolve(image, [[1, 0]], mode="nearest").tolist() == [[2, 4, 8, 16, 16]]
    assert convolve_separable(image, [1], [1, 0], mode="nearest").tolist() == [[2, 4, 8, 16, 16]]


@pytest.mark.lane
def test_results_are_rounded_to_even_and_saturate():
    image = np.array([[1, 3, 5, 200]], np.uint8)
    assert correlate(image, [[0.5]]).tolist() == [[0, 2, 2, 100]]
    assert correlate(image, [[2]]).tolist() == [[2, 6, 10, 255]]
    assert correlate(image, [[-2]]).tolist() == [[0, 0, 0, 0]]
    assert correlate(image, [[-2]], dtype="int16").tolist() == [[-2, -6, -10, -400]]
    assert correlate(image, [[-200]], dtype="int16").tolist() == [[-200, -600, -1000, -32768]]
    assert correlate(image > 2, [[0.75]]).tolist() == [[False, True, True, True]]


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [*DTYPES, np.int32])
def test_the_result_is_of_the_type_asked_for(dtype):
    for source in DTYPES:
        image = np.ones((3, 4), source)
        result = correlate(image, np.ones((2, 2)) / 4, dtype=dtype)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, np.ones((3, 4), dtype))
        assert correlate(image, [[1]]).dtype == source


# Against sums pixel by pixel


@pytest.mark.lane
@pytest.mark.parametrize("mode", MODES)
def test_equal_sums_pixel_by_pixel(mode, rng):
    for shape in SHAPES:
        image = rng.normal(size=shape)
        for kernel_shape in KERNEL_SHAPES:
            kernel = rng.normal(size=kernel_shape)
            np.testing.assert_allclose(
                correlate(image, kernel, mode=mode),
                naive.correlate(image, kernel, mode),
                rtol=0,
                atol=1e-13,
            )
            np.testing.assert_allclose(
                convolve(image, kernel, mode=mode),
                naive.convolve(image, kernel, mode),
                rtol=0,
                atol=1e-13,
            )
            column, row = kernel[:, 0], kernel[0]
            np.testing.assert_allclose(
                convolve_separable(image, column, row, mode=mode),
                naive.convolve(image, np.outer(column, row), mode),
                rtol=0,
                atol=1e-13,
            )


@pytest.mark.lane
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_whole_weights_are_exact(dtype, rng):
    kernel = rng.integers(-3, 4, (3, 4))
    image = picture(rng, (6, 7), dtype)
    sums = naive.correlate(image, kernel)
    np.testing.assert_array_equal(correlate(image, kernel), naive.rounded(sums, dtype))
    for result_dtype in (np.int16, np.int32, np.uint8):
        result = correlate(image, kernel, dtype=result_dtype)
        np.testing.assert_array_equal(result, naive.rounded(sums, result_dtype))
    for result_dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(correlate(image, kernel, dtype=result_dtype), sums)


@pytest.mark.lane
def test_color_is_filtered_per_channel(rng):
    for dtype in (np.uint8, np.float32):
        image = picture(rng, (5, 6, 3), dtype)
        kernel = rng.normal(size=(2, 3))
        for mode in MODES:
            for function, weights in (
                (correlate, [kernel]),
                (convolve, [kernel]),
                (convolve_separable, kernel),
            ):
                weights = [kernel[0], kernel[1]] if function is convolve_separable else weights
                result = function(image, *weights, mode=mode)
                for k in range(3):
                    wanted = function(image[..., k], *weights, mode=mode)
                    np.testing.assert_array_equal(result[..., k], wanted)


# The three ways to the same result


@pytest.mark.lane
@pytest.mark.parametrize("mode", ["mirror", "wrap"])
def test_direct_sums_factors_and_fourier_transforms_agree(mode, rng):
    for shape in [(1, 1), (3, 2), (9, 11), (7, 5, 3)]:
        for height, width in [(1, 1), (2, 3), (5, 4), (12, 9)]:
            image = rng.normal(size=shape)
            column, row = rng.normal(size=height), rng.normal(size=width)
            anchor = (height // 2, (width - 1) // 2)
            results = []
            for method in (sum_kernel, sum_factors, sum_by_spectra):
                weights = (column, row) if method is sum_factors else np.outer(column, row)
                results.append(np.full_like(image, np.nan))
                method(image, weights, anchor, mode, np.float64, results[-1])
            np.testing.assert_allclose(results[1], results[0], rtol=0, atol=1e-12)
            np.testing.assert_allclose(results[2], results[0], rtol=0, atol=1e-12)


def test_tiles_join_without_a_seam(rng):
    image = rng.random((300, 530)).astype(np.float32)
    kernel = rng.normal(size=(23, 30))
    direct, spectra = np.empty_like(image), np.empty_like(image)
    sum_kernel(image, kernel, (11, 15), "mirror", np.float32, direct)
    sum_by_spectra(image, kernel, (11, 15), "mirror", np.float32, spectra)
    # sums of 690 products in float32 either way
    np.testing.assert_allclose(spectra, direct, rtol=0, atol=1e-6 * np.abs(kernel).sum())


def test_the_way_is_chosen_by_cost(rng):
    image = np.zeros((300, 400), np.float32)

    def way(kernel):
        return convolution._method(image, kernel, np.float32)[0]

    assert way(rng.normal(size=(7, 7))) is sum_kernel
    assert way(np.ones((3, 3))) is sum_kernel  # nine taps cost less than two passes
    assert way(np.ones((7, 7))) is sum_factors
    assert way(np.ones((50, 50))) is sum_factors
    assert way(rng.normal(size=(50, 50))) is sum_by_spectra
    assert way(np.eye(50)) is sum_kernel  # 50 taps, the others being 0
    assert way(np.ones((1, 30))) is sum_kernel


@pytest.mark.lane
def test_factors_of_kernels():
    column, row = kernel_factors(np.outer([1, 3, -1], [2, 4, 6, 2.0]), 1e-16)
    assert (column.tolist(), row.tolist()) == ([1, 3, -1], [2, 4, 6, 2])  # whole numbers stay whole
    column, row = kernel_factors(np.outer([0.1, 0.3], [0, 0.7, 0.2]), 1e-16)
    np.testing.assert_allclose(np.outer(column, row), np.outer([0.1, 0.3], [0, 0.7, 0.2]))
    assert kernel_factors(np.eye(3), 1e-7) is None
    rounded = np.outer(column, row).astype(np.float32).astype(np.float64)
    assert kernel_factors(rounded, 1e-7) is not None
    assert kernel_factors(rounded, 1e-16) is None
    assert kernel_factors(np.zeros((3, 3)), 1e-7) is None


def test_kernels_have_factors_where_they_have_one_singular_value(rng):
    for rank in (1, 2, 3):
        for shape in [(3, 3), (4, 9), (12, 7)]:
            kernel = sum(
                np.outer(rng.normal(size=shape[0]), rng.normal(size=shape[1])) for _ in range(rank)
            )
            singular = np.linalg.svd(kernel, compute_uv=False)
            factors = kernel_factors(kernel, 1e-15)
            assert (factors is not None) == (singular[1] < 1e-14 * singular[0])
            if rank == 1:
                np.testing.assert_allclose(np.outer(*factors), kernel, rtol=1e-12)


@pytest.mark.lane
def test_small_weights_beside_a_large_one_count():
    kernel = np.ones((7, 7))
    kernel[3, 3] = 1e7
    image = np.zeros((15, 15), np.float32)
    image[7, 7] = 100
    wanted = np.zeros((15, 15))
    wanted[4:11, 4:11] = 100 * kernel
    np.testing.assert_array_equal(correlate(image, kernel), wanted)
    assert kernel_factors(kernel, 1e-7) is None
    kernel[3, 3] = 1
    kernel[:, 0] = 1e-30
    assert kernel_factors(kernel, 1e-7) is not None
    kernel[2, 0] = 0
    assert kernel_factors(kernel, 1e-7) is None


@pytest.mark.parametrize("size", [31, 45])  # direct sums, and Fourier transforms
def test_a_huge_value_stays_within_reach_of_the_kernel(size, rng):
    """Elsewhere float32 keeps its precision: 1e7 is the ratio that it can tell apart."""
    kernel = rng.normal(size=(size, size))
    image = rng.random((150, 160)).astype(np.float32)
    plain = correlate(image, kernel, dtype="float64")
    image[0, 0] = 1e7
    result = correlate(image, kernel)
    far = np.ones(image.shape, bool)
    far[: size // 2 + 1, : size // 2 + 1] = False
    tolerance = 1e-6 * np.abs(kernel).sum()
    np.testing.assert_allclose(result[far], plain[far], rtol=0, atol=tolerance)
    assert np.abs(result - plain)[~far].max() > 1e6


@pytest.mark.lane
def test_kernels_of_zeros_and_of_one_row():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert not correlate(image, np.zeros((3, 3))).any()
    np.testing.assert_array_equal(correlate(image, [[0, 1, 0]]), image)


# Properties


@pytest.mark.lane
@given(
    shape=st.tuples(st.integers(1, 10), st.integers(1, 10)),
    seed=st.integers(0, 99),
    kind=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_layout(shape, seed, kind, dtype):
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    laid_out = lay_out(image, kind)
    before = laid_out.copy()
    kernel = np.arange(6).reshape(2, 3) / 16
    np.testing.assert_array_equal(correlate(laid_out, kernel), correlate(image, kernel))
    wanted = convolve_separable(image, kernel[1], kernel[0])
    np.testing.assert_array_equal(convolve_separable(laid_out, kernel[1], kernel[0]), wanted)
    np.testing.assert_array_equal(laid_out, before)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda image: correlate(image, [1, 2]),
            ValueError,
            "kernel must have shape (rows, columns), got (2,)",
        ),
        (
            lambda image: convolve(image, np.ones((2, 0))),
            ValueError,
            "kernel has no weights: its shape is (2, 0)",
        ),
        (
            lambda image: correlate(image, [["a"]]),
            TypeError,
            "kernel must be of real numbers, got dtype <U1; convert it with .astype()",
        ),
        (
            lambda image: correlate(image, [[np.nan]]),
            ValueError,
            "kernel has NaN or infinite weights; replace them",
        ),
        (
            lambda image: convolve_separable(image, [[1]], [1]),
            ValueError,
            "column must have shape (n,), got (1, 1)",
        ),
        (
            lambda image: convolve_separable(image, [1], 1),
            ValueError,
            "row must have shape (n,), got ()",
        ),
        (
            lambda image: correlate(image, [[1]], dtype="int64"),
            ValueError,
            "dtype must be one of 'bool', 'uint8', 'uint16', 'int16', 'int32', 'float32', "
            "'float64', got 'int64'",
        ),
        (
            lambda image: correlate(image, [[1]], mode="edges"),
            ValueError,
            "mode must be one of 'mirror', 'reflect', 'nearest', 'wrap', 'constant', "
            "'reflect101', 'symmetric', 'edge', 'replicate', got 'edges'",
        ),
    ],
)
def test_wrong_arguments(call, error, message):
    with pytest.raises(error) as raised:
        call(np.zeros((3, 3), np.uint8))
    assert str(raised.value) == message


@pytest.mark.lane
def test_nan_is_refused():
    with pytest.raises(ValueError, match=r"^image has NaN or infinite values"):
        correlate(np.full((3, 3), np.nan), [[1]])


# Peers


def whole_kernels(rng):
    for shape in [(3, 3), (2, 4), (5, 5), (7, 7), (9, 3)]:
        yield rng.integers(-5, 6, shape).astype(np.float32)
    yield np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).astype(np.float32) / 256
    yield np.outer(*rng.integers(1, 9, (2, 8))).astype(np.float32)


def test_uint8_identical_to_opencv(photographs, rng):
    import cv2

    for image in photographs.values():
        for kernel in whole_kernels(rng):
            np.testing.assert_array_equal(correlate(image, kernel), cv2.filter2D(image, -1, kernel))
            wanted = cv2.filter2D(image, cv2.CV_16S, kernel)
            np.testing.assert_array_equal(correlate(image, kernel, dtype="int16"), wanted)


def test_uint8_of_the_sample_pictures_identical_to_opencv(data_folder, rng):
    import cv2

    kernels = list(whole_kernels(rng))
    for path in sorted((data_folder / "opencv_samples").rglob("*")):
        image = cv2.imread(str(path))
        if image is not None:
            for kernel in kernels[-3:]:
                wanted = cv2.filter2D(image, -1, kernel)
                np.testing.assert_array_equal(correlate(image, kernel), wanted)


def test_other_kernels_equal_opencv(photographs, rng):
    import cv2

    for shape in [(3, 3), (7, 7), (4, 9), (31, 31)]:
        kernel = rng.normal(size=shape).astype(np.float32)
        image = photographs["coffee"]
        # sums of up to 961 float32 products: a sum very near a half may round the other way
        result, wanted = correlate(image, kernel), cv2.filter2D(image, -1, kernel)
        assert np.abs(result.astype(int) - wanted).max() <= 1
        assert (result != wanted).mean() < 1e-4
        image = (image / 255).astype(np.float32)
        wanted = cv2.filter2D(image, -1, kernel)
        tolerance = 1e-6 * np.abs(kernel).sum()
        np.testing.assert_allclose(correlate(image, kernel), wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("mode", MODES)
def test_separable_kernels_equal_scipy(mode, rng):
    from scipy.ndimage import convolve1d

    for shape in [(1, 1), (2, 9), (64, 61)]:
        image = rng.random(shape)
        for height, width in [(3, 4), (8, 1), (30, 101)]:
            column, row = rng.normal(size=height), rng.normal(size=width)
            wanted = convolve1d(convolve1d(image, column, 0, mode=mode), row, 1, mode=mode)
            tolerance = 1e-13 * np.abs(column).sum() * np.abs(row).sum()
            for result in (
                convolve_separable(image, column, row, mode=mode),
                convolve(image, np.outer(column, row), mode=mode),
            ):
                np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_scipy(mode, dtype, rng):
    from scipy import ndimage

    for shape in [(1, 1), (2, 9), (31, 29), (64, 64)]:
        image = picture(rng, shape, dtype)
        for kernel_shape in [(3, 3), (4, 7), (70, 1), (40, 45)]:
            if mode == "reflect" and (np.array(kernel_shape) > 2 * np.array(shape)).any():
                continue  # SciPy 1.17 reads memory that is not the image's
            kernel = rng.normal(size=kernel_shape)
            exact = image.astype(np.float64)
            for ours, scipys in ((correlate, ndimage.correlate), (convolve, ndimage.convolve)):
                wanted = scipys(exact, kernel, mode=mode)
                # both sum in float64, except here for float32 images: up to 1800 products
                precision = 1e-6 if dtype == np.float32 else 1e-13
                tolerance = precision * np.abs(kernel).sum() * max(np.abs(exact).max(), 1)
                result_dtype = dtype if image.dtype.kind == "f" else np.float64
                result = ours(image, kernel, mode=mode, dtype=result_dtype)
                np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance)


@pytest.mark.lane
def test_huge_weights_saturate():
    image = np.array([[0, 1, 2, 0, 0, 0]], np.uint8)
    wanted = [[255, 255, 255, 255, 0, 0]]
    np.testing.assert_array_equal(correlate(image, [[1e39] * 3]), wanted)
    np.testing.assert_array_equal(convolve_separable(image, [1e20], [1e20] * 3), wanted)
