"""Peers that cannot live beside opencv-python 5: each in its own environment and process.

The environment is made at first use in ``.peers/`` (git ignores it). The worker in it holds
the pictures and models, runs one call when told, times that call itself, and is idle else:
at any time only one of the two processes works.
"""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).resolve().parent.parent / ".peers"


class Worker:
    """A process in another environment that loads things and times calls on them.

    Parameters
    ----------
    python : str
        That of the environment.
    script : str
        The name of a file beside this one, which runs there.
    """

    def __init__(self, python, script):
        self._folder = tempfile.TemporaryDirectory(prefix="benchmarks-")
        self._process = subprocess.Popen(
            [python, "-I", "-u", str(Path(__file__).with_name(script))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.close)
        self.about = self.ask("about")

    def ask(self, command, **arguments):
        """Send one command, wait, return its answer."""
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the peer's process ended during {command!r}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"the peer failed at {command!r}: {answer['error']}")
        return answer

    def put(self, name, image):
        """Copy an image, or another array, into the worker's memory."""
        path = Path(self._folder.name, "image.npy")
        np.save(path, image)
        self.ask("image", name=name, path=str(path))

    def timed(self, command, **arguments):
        """Return a callable that runs a command once and returns ``(seconds, result)``."""

        def run():
            answer = self.ask(command, **arguments)
            return answer["seconds"], answer["result"]

        return run

    def close(self):
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait()
        self._folder.cleanup()


@functools.cache
def opencv4():
    """Return the worker that runs OpenCV 4.14, the last to have cascade classifiers."""
    return Worker(opencv4_python(), "opencv4_worker.py")


@functools.cache
def asmk():
    """Return the worker that runs the package ``asmk``, which pip compiles."""
    return Worker(_environment("asmk", ["asmk==0.1.*", "numpy"]), "asmk_worker.py")


@functools.cache
def opencv4_python():
    """Return the Python of an environment with OpenCV 4.14; made at the first call."""
    return _environment("opencv4", ["opencv-contrib-python-headless==4.14.*", "numpy"])


def _environment(name, requirements):
    folder = _FOLDER / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    finished = folder / "finished"
    if finished.is_file() and finished.read_text(encoding="utf-8").split() == requirements:
        return str(python)
    print(f"making {folder} with {' '.join(requirements)}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    install = [str(python), "-I", "-m", "pip", "install", "--quiet", *requirements]
    for command in ([sys.executable, "-m", "venv", str(folder)], install):
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"the peer's environment could not be made: {' '.join(command)}")
    finished.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    return str(python)
