"""The small tests pass without the JIT, and with every array access checked."""

import re

import pytest

from tests import lanes


@pytest.mark.slow
@pytest.mark.parametrize("name", lanes.LANES)
def test_lane(name):
    status, output = lanes.wait(name)
    assert status == 0, output[-3000:]
    assert int(re.search(r"(\d+) passed", output)[1]) > 200
