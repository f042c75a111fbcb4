"""Fixtures shared by all tests: real photographs and, where it is present, the data folder."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from tests import lanes

settings.register_profile("kernels", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("kernels")


def pytest_collection_finish(session):
    """Start the lanes first, so that they share the time with all other tests."""
    if any(item.path.name == "test_lanes.py" for item in session.items):
        lanes.start(session.config._tmp_path_factory.mktemp("lanes"))
        session.items.sort(key=lambda item: item.path.name == "test_lanes.py")  # and end last


def pytest_sessionfinish():
    lanes.stop()


@pytest.fixture(scope="session")
def photographs():
    """Real photographs that scikit-image installs: name -> uint8 RGB or gray array."""
    from skimage import data

    return {
        "astronaut": data.astronaut(),
        "camera": data.camera(),
        "chelsea": data.chelsea(),
        "coffee": data.coffee(),
        "rocket": data.rocket(),
    }


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def data_folder():
    """The folder that CLASSICVISION_DATA names; tests that need it are skipped without it."""
    folder = os.environ.get("CLASSICVISION_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("CLASSICVISION_DATA does not name a folder")
    return Path(folder)
