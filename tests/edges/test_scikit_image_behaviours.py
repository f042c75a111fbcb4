"""What scikit-image's own tests of ``canny`` demand, in this package's terms.

Each test says which behaviour it is about and whether it holds or differs; what differs is in
the notes of ``canny``.
"""

import numpy as np
import pytest
from scipy import ndimage

from classicvision.edges.canny import canny
from classicvision.filters.smoothing import gaussian

AS_SKIMAGE = {"l2_gradient": True, "interpolate": True}


def ring():
    """A circle of radius 100, drawn 8 pixels wide."""
    y, x = np.mgrid[-200:200, -200:200]
    return np.abs(np.hypot(y, x) - 100) < 4


def near_outline(drawn, distance):
    return ndimage.binary_dilation(drawn, iterations=distance) & ~ndimage.binary_erosion(
        drawn, iterations=distance
    )


@pytest.mark.parametrize("options", [{}, AS_SKIMAGE])
def test_blank_images_have_no_edges(options):  # holds
    for value in (0.0, 1.0):
        for sigma in (0, 1, 4):
            assert not canny(np.full((20, 20), value), 0, 0, sigma=sigma, **options).any()


def test_a_mask_is_applied_to_the_edges():  # differs: there is no argument for it
    from skimage.feature import canny as skimage_canny

    image = gaussian(np.random.default_rng(3).random((60, 70)), 2)
    mask = np.zeros(image.shape, bool)
    mask[10:50, 15:60] = True
    inner = ndimage.binary_erosion(mask, np.ones((3, 3)))
    limits = np.quantile(canny(image, 0, 0, return_steps=True).magnitude, [0.5, 0.8])
    wanted = skimage_canny(image, 0, *limits, mask=mask)
    found = canny(image, *limits, **AS_SKIMAGE) & inner
    # scikit-image sees a step at the mask's outline, and links no edges outside of it.
    assert (wanted != found)[13:47, 18:57].mean() < 0.02


@pytest.mark.parametrize("options", [{}, AS_SKIMAGE])
def test_a_circle_has_two_outlines(options):  # holds
    edges = canny(ring().astype(float), 1e-6, 1e-6, sigma=4, **options)
    assert near_outline(ring(), 3)[edges].all()
    assert 1200 < edges.sum() < 1600


@pytest.mark.parametrize("options", [{}, AS_SKIMAGE])
def test_a_circle_in_noise_has_two_outlines(options, rng):  # holds
    image = 0.5 * ring() + 0.5 * rng.random((400, 400))
    edges = canny(image, 0.1, 0.2, sigma=4, **options)
    assert near_outline(ring(), 4)[edges].all()
    assert 1200 < edges.sum() < 1600


def test_volumes_are_refused():  # holds; colour images, refused there, count as their luminance
    with pytest.raises(ValueError, match=r"must have shape .* got \(20, 20, 20\)"):
        canny(np.zeros((20, 20, 20)), 0, 0)


@pytest.mark.parametrize(("low", "high"), [(0.5, 3.6), (-5, 0.5), (99, 0.9), (0.5, -100)])
def test_quantiles_are_from_0_to_1(low, high, photographs):  # holds
    with pytest.raises(ValueError, match=r"(low|high) must be at (least 0|most 1), got"):
        canny(photographs["camera"], low, high, quantiles=True)


def test_quantiles_leave_the_same_edges(photographs):  # holds, but for the borders
    from skimage.feature import canny as skimage_canny

    for step in (2, 5, 10):
        image = photographs["camera"][::step, ::step] / 256
        wanted = skimage_canny(image, 1, 0.6, 0.8, use_quantiles=True, mode="mirror")
        found = canny(image, 0.6, 0.8, sigma=1, quantiles=True, **AS_SKIMAGE)
        inner = (slice(2, -2), slice(2, -2))
        assert (found == wanted)[inner].mean() > 0.99


def test_equal_values_of_any_dtype_have_equal_edges(photographs):  # holds without smoothing
    image = photographs["camera"]
    for options in ({}, AS_SKIMAGE):
        wanted = canny(image, 100, 200, **options)
        for dtype in (np.uint16, np.int16, np.float32, np.float64):
            same = canny(image.astype(dtype), 100, 200, **options)
            assert (same != wanted).sum() <= (1 if options else 0)  # roots in float32 or 64
        scaled = image.astype(np.float32) / 256
        np.testing.assert_array_equal(canny(scaled, 100 / 256, 200 / 256, **options), wanted)


def test_smoothing_keeps_the_dtype(photographs):  # differs: integers are rounded, as in OpenCV
    image = photographs["camera"]
    rounded = canny(gaussian(image, 1), 100, 200)
    np.testing.assert_array_equal(canny(image, 100, 200, sigma=1), rounded)
    unrounded = canny(image.astype(np.float32), 100, 200, sigma=1)
    assert 0 < (unrounded != rounded).mean() < 0.01


def test_suppression_is_scikit_images(rng):  # but that its outermost pixels are never edges
    from skimage.feature import canny as skimage_canny

    image = rng.random((50, 60))
    wanted = skimage_canny(image, 0, 0, 0)
    found = canny(image, 0, 0, **AS_SKIMAGE)
    np.testing.assert_array_equal(found[1:-1, 1:-1], wanted[1:-1, 1:-1])
    outline = np.ones_like(found)
    outline[1:-1, 1:-1] = False
    assert found[outline].any()
    assert not wanted[outline].any()


def test_of_two_equal_ridges_one_stays():  # differs: there both do
    from skimage.feature import canny as skimage_canny

    image = np.zeros((9, 12))
    image[:, 6:] = 1
    assert skimage_canny(image, 0, 1, 2)[4].sum() == 2
    for options in ({}, AS_SKIMAGE):
        assert canny(image, 1, 2, **options)[4].sum() == 1
