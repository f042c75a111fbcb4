"""Fixtures of the tests of an index of pictures."""

import shutil

import pytest

import classicvision as cv
from tests.retrieval.pictures import OPTIONS, in_small_parts, make_pictures


@pytest.fixture
def small_parts(monkeypatch):
    in_small_parts(monkeypatch)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory, photographs):
    """A folder of five small photographs."""
    folder = tmp_path_factory.mktemp("pictures")
    make_pictures(folder, photographs)
    return str(folder)


@pytest.fixture(scope="session")
def built(pictures, tmp_path_factory):
    """An index of them that no test changes."""
    out = tmp_path_factory.mktemp("built") / "index"
    with pytest.MonkeyPatch.context() as patch:
        in_small_parts(patch)
        return cv.ImageIndex.build(pictures, out, **OPTIONS)


@pytest.fixture
def index(built, tmp_path):
    """A copy of it, which a test may change."""
    return cv.ImageIndex(shutil.copytree(built.path, tmp_path / "index"))
