"""What scikit-image's own tests of its filters and pyramids demand, in this package's terms.

Each test says which behaviour it is about and whether it holds or differs, and why.
"""

import numpy as np
import pytest
from scipy import ndimage

import classicvision as cv


def spike():
    image = np.zeros((3, 3))
    image[1, 1] = 1
    return image


class TestGaussian:
    @pytest.mark.parametrize("sigma", [-1.0, [-1.0, 1.0], np.array([-1.0, 1.0])])
    def test_a_negative_sigma_is_an_error(self, sigma):  # holds
        with pytest.raises(ValueError, match="sigma must be at least 0"):
            cv.gaussian(spike(), sigma)

    def test_sigma_0_changes_nothing(self):  # holds
        np.testing.assert_array_equal(cv.gaussian(spike(), 0), spike())

    def test_sigma_has_no_default(self):  # differs: there it is 1; no width suits all images
        with pytest.raises(TypeError, match="sigma"):
            cv.gaussian(spike())

    def test_contrast_decreases(self):  # holds
        assert cv.gaussian(spike(), 1, mode="reflect").std() < spike().std()

    @pytest.mark.parametrize("sigma", [1, (1, 2)])
    def test_channels_do_not_mix(self, sigma):  # holds for the last axis, where channels are
        image = np.zeros((5, 5, 3))
        image[1, 1] = [1, 2, 3]
        for truncate in (None, 4):
            smooth = cv.gaussian(image, sigma, truncate=truncate, mode="reflect")
            np.testing.assert_allclose(smooth.mean(axis=(0, 1)), image.mean(axis=(0, 1)))

    def test_the_range_is_kept(self):  # holds, without an option
        image = np.array([[10, -10], [-4, 3]], np.float32)
        smooth = cv.gaussian(image, 1, mode="reflect")
        assert smooth.min() < 0
        np.testing.assert_allclose(smooth.sum(), image.sum(), atol=1e-5)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
    def test_the_dtype_is_kept(self, dtype):  # differs for integers: floats there, OpenCV's here
        assert cv.gaussian(np.ones((4, 5), dtype), 1).dtype == dtype

    @pytest.mark.parametrize("shape", [(5,), (5, 5, 5, 5)])
    def test_only_images_are_filtered(self, shape):  # differs: any number of dimensions there
        with pytest.raises(TypeError, match=r"must have shape \(rows, columns\)"):
            cv.gaussian(np.zeros(shape), 1)

    def test_equals_scipy(self, rng):  # holds, with SciPy's truncation instead of OpenCV's
        image = rng.random((20, 30))
        for mode in ("nearest", "reflect", "mirror", "wrap", "constant"):
            wanted = ndimage.gaussian_filter(image, 2, mode=mode, truncate=4)
            found = cv.gaussian(image, 2, truncate=4, mode=mode)
            np.testing.assert_allclose(found, wanted, atol=1e-12)


class TestDifferenceOfGaussians:
    @pytest.mark.parametrize("low", [1, (2, 3)])
    @pytest.mark.parametrize("high", [4, (5, 6)])
    def test_it_is_the_difference(self, low, high, rng):  # holds
        image = rng.random((10, 10))
        wanted = cv.gaussian(image, low, truncate=4) - cv.gaussian(image, high, truncate=4)
        np.testing.assert_allclose(cv.difference_of_gaussians(image, low, high), wanted)

    @pytest.mark.parametrize("low", [1.0, (1.0, 2.0)])
    def test_the_wider_one_has_1_6_times_the_width(self, low, rng):  # holds
        image = rng.random((10, 10))
        high = tuple(1.6 * np.broadcast_to(low, 2))
        wanted = cv.difference_of_gaussians(image, low, high)
        np.testing.assert_allclose(cv.difference_of_gaussians(image, low), wanted)

    @pytest.mark.parametrize(("low", "high"), [(3, 2), ((1, 5), (2, 4))])
    def test_the_wider_one_comes_second(self, low, high):  # holds
        with pytest.raises(ValueError, match="high"):
            cv.difference_of_gaussians(np.ones((3, 3)), low, high)

    def test_there_is_a_width_for_each_axis(self):  # holds, as a TypeError
        with pytest.raises(TypeError, match="must be a number or a pair"):
            cv.difference_of_gaussians(np.ones((5, 5)), (1, 2, 3))

    def test_channels_have_the_same_widths(self, rng):  # differs: a pair is ambiguous there
        image = rng.random((5, 5, 3))
        found = cv.difference_of_gaussians(image, (1, 2))
        for channel in range(3):
            alone = cv.difference_of_gaussians(image[..., channel], (1, 2))
            np.testing.assert_allclose(found[..., channel], alone, atol=1e-12)


class TestMedian:
    IMAGE = np.array(
        [
            [5, 1, 3, 2, 9],
            [1, 7, 2, 2, 3],
            [3, 2, 8, 2, 1],
            [3, 6, 1, 0, 1],
            [1, 2, 4, 2, 3],
        ],
        np.uint8,
    )

    def test_equals_scipy(self):  # holds; the default border is "nearest" in both
        wanted = ndimage.median_filter(self.IMAGE, size=3, mode="nearest")
        np.testing.assert_array_equal(cv.median(self.IMAGE, 3), wanted)

    def test_the_window_has_no_default(self):  # differs: 3 x 3 there
        with pytest.raises(TypeError, match="size"):
            cv.median(self.IMAGE)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
    def test_the_dtype_is_kept(self, dtype):  # holds
        assert cv.median(self.IMAGE.astype(dtype), 3).dtype == dtype

    def test_four_dimensions_are_an_error(self):  # holds, as a TypeError
        with pytest.raises(TypeError, match="must have shape"):
            cv.median(np.zeros((5, 5, 5, 5), np.uint8), 3)

    def test_three_channels_are_colours(self, rng):  # differs: a volume's third axis there
        image = rng.integers(0, 10, (3, 3, 3), np.uint8)
        wanted = ndimage.median_filter(image, size=(3, 3, 1), mode="nearest")
        np.testing.assert_array_equal(cv.median(image, 3), wanted)


class TestIntegralImage:
    @pytest.fixture
    def image(self, rng):
        return rng.integers(0, 255, (50, 50), np.uint8)

    def test_the_last_value_is_the_sum(self, image):  # holds
        assert cv.integral_image(image)[-1, -1] == image.sum()

    def test_a_row_and_a_column_of_zeros_come_first(self, image):  # differs: none there
        from skimage.transform import integral_image

        table = cv.integral_image(image)
        np.testing.assert_array_equal(table[1:, 1:], integral_image(image))
        assert not table[0].any()
        assert not table[:, 0].any()

    def test_sums_of_boxes_and_pixels(self, image):  # hold: one call takes all boxes
        corners = [
            ((12, 10), (23, 19)),
            ((0, 0), (19, 19)),
            ((0, 10), (19, 19)),
            ((10, 0), (19, 19)),
            ((0, 0), (0, 0)),
            ((10, 10), (10, 10)),
            ((30, 31), (49, 49)),
        ]  # first and last (row, column), both inside
        boxes = [(x1, y1, x2 + 1, y2 + 1) for (y1, x1), (y2, x2) in corners]
        wanted = [image[y1:y2, x1:x2].sum() for x1, y1, x2, y2 in boxes]
        table = cv.integral_image(image)
        assert cv.box_sum(table, boxes).tolist() == wanted
        for box, total in zip(boxes, wanted, strict=True):
            assert cv.box_sum(table, [box]).tolist() == [total]

    def test_boxes_stay_inside(self, image):  # differs: negative indices count from the end there
        with pytest.raises(ValueError, match="boxes"):
            cv.box_sum(cv.integral_image(image), [[-3, -3, 5, 5]])

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_floats_are_summed_in_float64(self, dtype, rng):  # holds; there is no float16 here
        image = rng.random((20, 20)).astype(dtype)
        table = cv.integral_image(image)
        assert table.dtype == np.float64
        np.testing.assert_allclose(table[-1, -1], image.sum(dtype=np.float64))


class TestPyramids:
    @pytest.fixture
    def color(self, photographs):
        return photographs["astronaut"]

    def test_reduced_shapes(self, color):  # hold; odd ones are rounded up in both
        assert cv.pyramid_reduce(color).shape == (256, 256, 3)
        assert cv.pyramid_reduce(color[..., 0]).shape == (256, 256)
        assert cv.pyramid_reduce(color[:301, :201, 0]).shape == (151, 101)

    def test_the_range_is_kept(self, color):  # holds, without an option
        gray = color[..., 0]
        assert np.ptp(cv.pyramid_reduce(gray)) / np.ptp(gray) == pytest.approx(1, abs=0.015)

    def test_expanded_shapes(self, color):  # hold
        assert cv.pyramid_expand(color).shape == (1024, 1024, 3)
        assert cv.pyramid_expand(color[..., 0]).shape == (1024, 1024)

    @pytest.mark.parametrize("shape", [(8,), (8, 8, 8, 8)])
    def test_only_images_have_pyramids(self, shape):  # differs: any number of dimensions there
        for function in (cv.pyramid_reduce, cv.pyramid_expand):
            with pytest.raises(TypeError, match="must have shape"):
                function(np.zeros(shape))

    @pytest.mark.parametrize("build", ["gaussian_pyramid", "laplacian_pyramid"])
    def test_shapes_of_the_levels(self, build, color):  # hold
        for image in (color, color[..., 0]):
            levels = getattr(cv, build)(image, 10)
            for number, level in enumerate(levels):
                assert level.shape[:2] == (512 / 2**number, 512 / 2**number)
            assert level.shape[:2] == (1, 1)

    @pytest.mark.parametrize("build", ["gaussian_pyramid", "laplacian_pyramid"])
    def test_a_single_pixel_ends_it(self, build, rng):  # holds; by default it ends at 4 pixels
        image = rng.standard_normal((32, 8))
        levels = getattr(cv, build)(image, 6)
        assert all(max(level.shape) > 1 for level in levels[:-1])
        assert levels[-1].shape == (1, 1)
        with pytest.raises(ValueError, match="levels"):
            getattr(cv, build)(image, 7)
        assert min(getattr(cv, build)(image)[-1].shape) >= 4

    def test_factors_other_than_2_do_not_exist(self, color):  # differs: as OpenCV's pyramids
        with pytest.raises(TypeError, match="downscale"):
            cv.pyramid_reduce(color, downscale=3)

    def test_the_last_level_is_the_rest(self, rng):  # differs: a band like the others there
        image = rng.standard_normal((32, 8))
        bands = cv.laplacian_pyramid(image, 4)
        np.testing.assert_allclose(bands[-1], cv.gaussian_pyramid(image, 4)[-1])
        np.testing.assert_allclose(cv.reconstruct(bands), image, atol=1e-12)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
    def test_the_dtype_is_kept(self, dtype, rng):  # differs for integers: float64 there
        image = (10 * rng.random((32, 8))).astype(dtype)
        assert all(level.dtype == dtype for level in cv.gaussian_pyramid(image, 6))
