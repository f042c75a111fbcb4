"""Noise: its distribution, its seeds, and what stays as it was."""

import numpy as np
import pytest

import classicvision as cv

GRAY = np.full((200, 300), 100, np.uint8)
KINDS = {
    "gaussian": {"sigma": 0.2},
    "poisson": {"photons": 2},
    "salt_and_pepper": {"amount": 0.4},
    "quantization": {"levels": 3},
}


def test_gaussian_noise_is_normal():
    """60,000 numbers: three standard errors of each statistic."""
    noise = cv.add_noise(np.full((200, 300), 7.0), "gaussian", sigma=5, random_state=1) - 7
    standard = noise / 5
    n = noise.size
    assert abs(standard.mean()) < 3 / n**0.5
    assert abs(standard.std() - 1) < 3 / (2 * n) ** 0.5
    assert abs((standard**3).mean()) < 3 * (15 / n) ** 0.5
    assert abs((standard**4).mean() - 3) < 3 * (96 / n) ** 0.5
    neighbours = (standard[:, 1:] * standard[:, :-1]).mean()
    assert abs(neighbours) < 3 / n**0.5


def test_poisson_noise_has_the_variance_of_its_mean():
    for value, photons in ((4, 1), (100, 0.5), (2.5, 40)):
        image = np.full((200, 300), float(value))
        noisy = cv.add_noise(image, "poisson", photons=photons, random_state=3)
        variance = value / photons
        assert abs(noisy.mean() - value) < 4 * (variance / noisy.size) ** 0.5
        # the variance of a sample's variance, with the fourth moment of a Poisson distribution
        error = ((2 * variance**2 + variance / photons**2) / noisy.size) ** 0.5
        assert abs(noisy.var() - variance) < 4 * error
        np.testing.assert_allclose(noisy * photons, np.rint(noisy * photons), atol=1e-9)


def test_shares_of_salt_and_pepper():
    noisy = cv.add_noise(GRAY, "salt_and_pepper", amount=0.3, random_state=2)
    assert set(np.unique(noisy)) == {0, 100, 255}
    for value in (0, 255):
        share = (noisy == value).mean()
        assert abs(share - 0.15) < 3 * (0.15 * 0.85 / noisy.size) ** 0.5
    hit = noisy != 100
    together = (hit[1:] & hit[:-1]).mean()  # neighbours are independent
    assert abs(together - 0.09) < 4 * (0.09 * 0.91 / noisy.size) ** 0.5


@pytest.mark.lane
def test_all_or_nothing():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(cv.add_noise(image, "salt_and_pepper", amount=0), image)
    assert set(np.unique(cv.add_noise(image, "salt_and_pepper", amount=1))) <= {0, 255}
    np.testing.assert_array_equal(cv.add_noise(image, "gaussian", sigma=0), image)
    np.testing.assert_array_equal(cv.add_noise(image, "poisson", photons=1e12), image)


@pytest.mark.lane
def test_salt_and_pepper_are_white_and_black(rng):
    image = rng.integers(10, 200, (30, 30, 3), np.uint8)
    noisy = cv.add_noise(image, "salt_and_pepper", amount=0.5, random_state=0)
    changed = (noisy != image).any(axis=2)
    assert 300 < changed.sum() < 600
    spots = noisy[changed]
    assert set(map(tuple, spots.tolist())) == {(0, 0, 0), (255, 255, 255)}


@pytest.mark.lane
def test_channels_have_noise_of_their_own():
    noisy = cv.add_noise(np.full((40, 40, 3), 100.0), "gaussian", sigma=1, random_state=0)
    assert abs(np.corrcoef(noisy.reshape(-1, 3).T)[np.triu_indices(3, 1)]).max() < 0.1


@pytest.mark.lane
@pytest.mark.parametrize("levels", [2, 3, 7, 256])
def test_quantization_takes_the_nearest_level(levels):
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    result = cv.add_noise(image, "quantization", levels=levels)
    steps = np.linspace(0, 255, levels)
    distance = abs(image[..., None] - steps)
    assert (abs(result - image.astype(float)) <= distance.min(axis=2) + 0.5).all()
    assert np.unique(result).tolist() == np.rint(steps).tolist()


@pytest.mark.lane
def test_quantization_of_floats_and_ranges():
    image = np.array([[-3.0, 0.1, 0.3, 0.6, 0.9, 8.0]])
    result = cv.add_noise(image, "quantization", levels=3)
    assert result.tolist() == [[0, 0, 0.5, 0.5, 1, 1]]
    result = cv.add_noise(image, "quantization", levels=2, value_range=(-4, 8))
    assert result.tolist() == [[-4, -4, -4, -4, -4, 8]]
    noisy = cv.add_noise(image, "salt_and_pepper", amount=1, value_range=(-4, 8), random_state=0)
    assert set(np.unique(noisy)) == {-4, 8}


@pytest.mark.lane
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "dtype", [bool, np.uint8, np.uint16, np.int16, np.float32, np.float64, ">i2", ">f4"]
)
def test_dtype_and_input_are_kept(kind, dtype, rng):
    image = rng.integers(0, 2, (5, 6, 3)).astype(dtype)
    image.flags.writeable = False
    before = image.copy()
    result = cv.add_noise(image, kind, **KINDS[kind], random_state=0)
    assert result.dtype == np.dtype(dtype).newbyteorder("=")
    assert result.shape == image.shape
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(result, image)
    assert result.flags.writeable
    np.testing.assert_array_equal(
        result, cv.add_noise(np.asfortranarray(image), kind, **KINDS[kind], random_state=0)
    )


@pytest.mark.lane
def test_integers_round_and_saturate():
    image = np.array([[0, 255]] * 500, np.uint8)
    noisy = cv.add_noise(image, "gaussian", sigma=50, random_state=0).astype(int)
    assert noisy[:, 0].min() == 0
    assert noisy[:, 0].max() < 200  # nothing wraps around
    assert noisy[:, 1].max() == 255
    assert noisy[:, 1].min() > 55
    assert 0.4 < (noisy[:, 0] == 0).mean() < 0.6
    gray = cv.add_noise(GRAY, "gaussian", sigma=3, random_state=0)
    assert abs(gray.mean() - 100) < 0.05  # rounded down it would be 99.5


@pytest.mark.lane
@pytest.mark.parametrize("kind", ["gaussian", "poisson", "salt_and_pepper"])
def test_seeds(kind):
    image = np.full((8, 8), 50.0)

    def noisy(random_state):
        return cv.add_noise(image, kind, **KINDS[kind], random_state=random_state).tolist()

    assert noisy(3) == noisy(3) == noisy(np.int64(3)) == noisy(np.random.default_rng(3))
    assert noisy(np.random.RandomState(3)) == noisy(np.random.RandomState(3))
    assert len({str(noisy(seed)) for seed in (0, 1, None, None)}) == 4
    generator = np.random.default_rng(0)
    assert noisy(generator) != noisy(generator)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("kind", "options", "error", "message"),
    [
        (
            "speckle",
            {},
            ValueError,
            "kind must be one of 'gaussian', 'poisson', 'salt_and_pepper', 'quantization', "
            "got 'speckle'",
        ),
        ("gaussian", {}, ValueError, "kind 'gaussian' needs sigma; pass sigma=..."),
        (
            "gaussian",
            {"sigma": 1, "amount": 0.1},
            ValueError,
            "kind 'gaussian' takes sigma, not amount; leave that out",
        ),
        ("gaussian", {"sigma": -1}, ValueError, "sigma must be at least 0, got -1.0"),
        ("poisson", {"photons": 0}, ValueError, "photons must be greater than 0, got 0.0"),
        ("gaussian", {"sigma": np.inf}, ValueError, "sigma must be at most 1e+30, got inf"),
        ("poisson", {"photons": np.inf}, ValueError, "photons must be at most 1e+30, got inf"),
        (
            "quantization",
            {"levels": 10**400},
            ValueError,
            "levels must have at most 1024 bits, got an integer of 1329 bits",
        ),
        (
            "quantization",
            {"levels": 2, "value_range": (-np.inf, np.inf)},
            ValueError,
            "value_range must be at least -1e+30, got -inf",
        ),
        (
            "salt_and_pepper",
            {"amount": 1, "value_range": (0, 10**400)},
            ValueError,
            "value_range must be a float64, got an integer beyond its range",
        ),
        (
            "poisson",
            {"photons": 1e15},
            ValueError,
            "photons must be at most 5e+14 for an image with a maximum of 2, got 1e+15",
        ),
        ("salt_and_pepper", {"amount": 1.5}, ValueError, "amount must be at most 1, got 1.5"),
        ("quantization", {"levels": 1}, ValueError, "levels must be at least 2, got 1"),
        ("quantization", {"levels": 2.5}, TypeError, "levels must be an integer, got 2.5"),
        (
            "quantization",
            {"levels": 2, "value_range": (1, 1)},
            ValueError,
            "value_range must be (low, high) with low < high, got (1, 1)",
        ),
        (
            "quantization",
            {"levels": 2, "value_range": 255},
            TypeError,
            "value_range must be (low, high), got 255",
        ),
        (
            "gaussian",
            {"sigma": 1, "random_state": -1},
            ValueError,
            "random_state must be at least 0, got -1",
        ),
        (
            "gaussian",
            {"sigma": 1, "random_state": "seed"},
            TypeError,
            "random_state must be None, an integer, a numpy Generator or RandomState, got 'seed'",
        ),
    ],
)
def test_wrong_options(kind, options, error, message):
    with pytest.raises(error) as raised:
        cv.add_noise(np.full((3, 3), 2, np.uint8), kind, **options)
    assert str(raised.value) == message


@pytest.mark.lane
def test_the_largest_parameters_give_finite_numbers():
    black = np.zeros((3, 3), np.float32)
    assert not cv.add_noise(black, "poisson", photons=1e30).any()
    wide = (-1e30, 1e30)
    for kind, options in (
        ("gaussian", {"sigma": 1e30}),
        ("salt_and_pepper", {"amount": 1, "value_range": wide}),
        ("quantization", {"levels": 2**31 - 1, "value_range": wide}),
    ):
        assert np.isfinite(cv.add_noise(black, kind, **options, random_state=0)).all()


@pytest.mark.lane
def test_photons_are_not_negative():
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole message is compared
        cv.add_noise(np.array([[-2.5, 1]]), "poisson", photons=1)
    assert str(raised.value) == (
        "image must not be negative for kind 'poisson', its minimum is -2.5; shift it"
    )
