"""From the start of a process to its first result, with Numba's cache cold and warm."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import cv2
from skimage import data

from benchmarks.harness import Case
from benchmarks.peers import opencv4, opencv4_python

_IMPORTS = "import numba, cv2"
_FACES_OPENCV = """
import cv2, sys
image = cv2.imread(sys.argv[1], cv2.IMREAD_GRAYSCALE)
path = cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
print(cv2.CascadeClassifier(path).detectMultiScale(image))
"""
_FACES_SKIMAGE = """
import sys
from skimage.data import lbp_frontal_face_cascade_filename
from skimage.feature import Cascade
from skimage.io import imread
detector = Cascade(lbp_frontal_face_cascade_filename())
image = imread(sys.argv[1])
print(detector.detect_multi_scale(image, 1.1, 1, min_size=(24, 24), max_size=(400, 400)))
"""
_LINES_OPENCV = """
import cv2, sys
image = cv2.imread(sys.argv[1], cv2.IMREAD_GRAYSCALE)
print(cv2.HoughLines(cv2.Canny(image, 50, 150), 1, 3.14159265 / 180, 100))
"""
_LINES_SKIMAGE = """
import sys
from skimage.feature import canny
from skimage.io import imread
from skimage.transform import hough_line, hough_line_peaks
edges = canny(imread(sys.argv[1], as_gray=True))
print(hough_line_peaks(*hough_line(edges)))
"""


def cases(quick):
    folder = Path(tempfile.mkdtemp(prefix="benchmarks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    picture = folder / "astronaut.png"
    cv2.imwrite(str(picture), data.astronaut()[..., ::-1])
    warm = folder / "warm"

    def ours(command, cold):
        def run():
            cache = tempfile.mkdtemp(dir=folder) if cold else str(warm)
            return _process([sys.executable, "-m", "classicvision", command, str(picture)], cache)

        return run

    def python(code, executable=sys.executable):
        return lambda: _process([executable, "-c", code, str(picture)], str(warm))

    def case(command, state, peer_name, peer):
        return Case(
            operator=f"classicvision {command}, {state} cache",
            size="512x512",
            peer_name=peer_name,
            ours=ours(command, state == "cold"),
            peer=peer,
            cost=True,
        )

    old = f"OpenCV {opencv4().about['version']}"
    new = f"OpenCV {cv2.__version__}"
    skimage = f"scikit-image {metadata.version('scikit-image')}"
    for command in ("faces", "lines"):
        yield case(command, "warm", "import numba, cv2", python(_IMPORTS))
    yield case("faces", "warm", old, python(_FACES_OPENCV, opencv4_python()))
    yield case("lines", "warm", new, python(_LINES_OPENCV))
    if quick:
        return
    yield case("faces", "warm", skimage, python(_FACES_SKIMAGE))
    yield case("lines", "warm", skimage, python(_LINES_SKIMAGE))
    yield case("faces", "cold", old, python(_FACES_OPENCV, opencv4_python()))
    yield case("lines", "cold", new, python(_LINES_OPENCV))


def _process(command, cache):
    """Run a process to its end and return ``(seconds, its output)``."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-500:]}")
    return seconds, done.stdout
