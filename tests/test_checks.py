import numpy as np
import pytest

from classicvision._checks import check_flag

pytestmark = pytest.mark.lane


@pytest.mark.parametrize("flag", [False, True])
def test_flags_also_of_numpy_and_as_numbers(flag):
    for value in (flag, np.bool_(flag), np.array(flag), int(flag), np.uint8(flag)):
        assert check_flag(value, "gray") is flag


@pytest.mark.parametrize("value", ["no", None, 2, -1, 1.0, np.array([True]), np.array(1), [True]])
def test_what_is_no_flag(value):
    with pytest.raises(TypeError, match="gray must be True or False, got"):
        check_flag(value, "gray")
