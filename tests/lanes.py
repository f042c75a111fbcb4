"""The lanes: the small tests again, in processes where Numba works differently.

Without the JIT the kernels run as plain Python, so that coverage and debuggers see them. With
bounds checks, and a cache of its own, since a stale one would hide them, no read or write
outside an array goes unnoticed. The lanes start when the tests are collected and run on
another core while the other tests do.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LANES = {
    "without the JIT": {"NUMBA_DISABLE_JIT": "1"},
    "with bounds checks": {"NUMBA_BOUNDSCHECK": "1"},
}
_running = {}


def start(folder):
    """Start all lanes, each with its output and its cache in a subfolder of ``folder``."""
    for number, (name, settings) in enumerate(LANES.items()):
        place = Path(folder) / str(number)
        place.mkdir()
        output = open(place / "output.txt", "w+", encoding="utf-8")  # noqa: SIM115
        command = [sys.executable, "-m", "pytest", "-m", "lane", "-p", "no:cacheprovider", "tests"]
        environment = {**os.environ, **settings, "NUMBA_CACHE_DIR": str(place)}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _running[name] = (process, output)


def wait(name, timeout=900):
    """Return the exit status and the output of a lane."""
    process, output = _running[name]
    try:
        status = process.wait(timeout)
    finally:
        process.kill()
    output.seek(0)
    return status, output.read()


def stop():
    """End the lanes that still run."""
    for process, output in _running.values():
        process.kill()
        process.wait()
        output.close()
    _running.clear()
