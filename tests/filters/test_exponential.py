"""The power of two that loops over vectors are made of, against NumPy's in float64."""

import numpy as np
import pytest

from classicvision.filters._exponential import power_of_two


@pytest.mark.lane
def test_relative_error():
    x = np.concatenate([np.linspace(-1, 1, 2001), np.linspace(-126, 100, 501)]).astype(np.float32)
    powers = np.array([power_of_two(value) for value in x], np.float64)
    np.testing.assert_allclose(powers, np.exp2(x.astype(np.float64)), rtol=2e-7)


@pytest.mark.lane
def test_less_than_the_smallest_normal_float_is_zero():
    assert power_of_two(np.float32(-126.5)) == power_of_two(np.float32(-np.inf)) == 0
