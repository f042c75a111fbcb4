"""Ways to run the command line: in this process, and in one of its own."""

import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from classicvision import _jit
from classicvision.cli import main
from classicvision.images import sample_path


@pytest.fixture(scope="session", autouse=True)
def compiled():
    """Compile what the commands use, which is announced, before their messages are compared."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return  # nothing is compiled, and photographs take minutes
    for command in ("faces", "lines", "edges", "identify"):
        assert CliRunner().invoke(main, [command]).exit_code == 0
    for announce in _jit._compile_listeners:  # it is said once: not in a test, if all was cached
        announce("the last kernel")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty folder, in this process: ``run("faces", "photo.jpg")``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLASSICVISION_TRACEBACK", "1")  # an unexpected error is an error here
    return lambda *arguments, **options: CliRunner().invoke(main, [*map(str, arguments)], **options)


@pytest.fixture
def start(tmp_path):
    """Start a command in a process of its own."""

    def start(*arguments, environment=None, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        command = [sys.executable, "-m", "classicvision", *arguments]
        environment = {**os.environ, **(environment or {})}
        return subprocess.Popen(command, cwd=tmp_path, env=environment, **options)

    return start


@pytest.fixture
def photo(tmp_path):
    """The astronaut in the folder where commands run, as photo.png."""
    return shutil.copy(sample_path("astronaut"), tmp_path / "photo.png")
