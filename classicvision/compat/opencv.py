"""``import classicvision.compat.opencv as cv2`` keeps programs for OpenCV 4 running on OpenCV 5.

`CascadeClassifier`, `groupRectangles`, the ``CASCADE_*`` constants, ``data.haarcascades``,
`BOWKMeansTrainer` and `BOWImgDescriptorExtractor` are ours, with OpenCV's signatures, return
types, errors and order of results. Every other name is asked of the installed ``cv2``, which is
loaded when the first such name is used.
"""

from __future__ import annotations

import os
import types
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from classicvision._opencv import opencv
from classicvision.boxes import group_levels
from classicvision.compat._arguments import (
    ASSERTION,
    BAD_ARGUMENT,
    NOT_IMPLEMENTED,
    PARSE,
    make_error,
    read_gray,
    read_integer,
    read_number,
    read_size,
)
from classicvision.compat._bag_of_words import (
    BOWImgDescriptorExtractor,
    BOWKMeansTrainer,
    BOWTrainer,
)
from classicvision.compat._rectangles import corners_of, grouped, groupRectangles, inside
from classicvision.detection.cascade import CascadeDetector, model_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classicvision.compat._rectangles import Floats, Integers

    _Path = str | os.PathLike[str]

CASCADE_DO_CANNY_PRUNING = 1
CASCADE_SCALE_IMAGE = 2
CASCADE_FIND_BIGGEST_OBJECT = 4
CASCADE_DO_ROUGH_SEARCH = 8

_MODELS = str(Path(__file__).absolute().parents[1] / "models")
_BESIDE_MODULE = str(Path(__file__).absolute().parent / "data")  # as if data were a package
_OPENCV_NAMES = {"lbpcascade_frontalface.xml": "frontalface"}  # of models that are installed
_LARGEST_SCALE_FACTOR = 1e6  # beyond it too every window has the cascade's own size
_FEATURE_TYPES = {"haar": 0, "lbp": 1}

data = types.ModuleType(f"{__name__}.data", "Where cascades are found, as in ``cv2.data``.")
data.haarcascades = os.path.join(_MODELS, "")  # type: ignore[attr-defined]

__all__ = [
    "CASCADE_DO_CANNY_PRUNING",
    "CASCADE_DO_ROUGH_SEARCH",
    "CASCADE_FIND_BIGGEST_OBJECT",
    "CASCADE_SCALE_IMAGE",
    "BOWImgDescriptorExtractor",
    "BOWKMeansTrainer",
    "BOWTrainer",
    "CascadeClassifier",
    "data",
    "groupRectangles",
]


def __getattr__(name: str) -> Any:
    # Without __path__ and the like: with them this module would pass for OpenCV's package.
    if not name.startswith("__") or name == "__version__":
        try:
            return getattr(opencv(), name)
        except AttributeError:
            message = f"neither classicvision nor OpenCV {opencv().__version__} has {name!r}"
            raise AttributeError(message, name=name) from None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)


def __dir__():
    forwarded = (name for name in dir(opencv()) if not name.startswith("_"))
    return sorted({*__all__, "__version__", *forwarded})


class CascadeClassifier:
    """OpenCV's cascade classifier: the interface of ``cv2.CascadeClassifier`` in OpenCV 4.

    Parameters
    ----------
    filename : path-like, optional
        An XML file, loaded as by `load`.

    Notes
    -----
    Differences from OpenCV 4.14, all where it fails: a file under ``data.haarcascades`` that
    does not exist raises `FileNotFoundError` with the places that have it; the constructor
    raises ``cv2.error``, not `SystemError`, for a damaged file; a file without a complete cascade
    raises ``cv2.error`` where OpenCV sometimes only returned False; `detectMultiScale3` works
    with its default arguments. Results come in the order of OpenCV on one thread. As many
    threads run as ``cv2.getNumThreads()`` says.

    Examples
    --------
    >>> import classicvision.compat.opencv as cv2
    >>> classifier = cv2.CascadeClassifier()
    >>> classifier.empty()
    True
    """

    def __init__(self, filename: _Path | None = None) -> None:
        self._detector: CascadeDetector | None = None
        if filename is not None:
            self._load(filename)

    def __repr__(self):
        return f"<CascadeClassifier {'empty' if self.empty() else self._detector!r}>"

    def load(self, filename: _Path) -> bool:
        """Load a cascade from an XML file, in OpenCV's new or old format.

        Parameters
        ----------
        filename : path-like
            A name under ``data.haarcascades`` that is not there is also looked for in the
            installed ``cv2.data.haarcascades``.

        Returns
        -------
        bool
            False, with a warning, if the file does not exist; the classifier is then empty.

        Raises
        ------
        FileNotFoundError
            For a file that exists neither under ``data.haarcascades`` nor in OpenCV's folder.
        cv2.error
            If the file is damaged or is not a Haar or LBP cascade.
        """
        return self._load(filename)

    def _load(self, filename):
        self._detector = None
        if not isinstance(filename, (str, os.PathLike)) or not os.fspath(filename):
            raise make_error(BAD_ARGUMENT, f"filename must be a path, got {filename!r}", "load")
        path = _find_file(os.fspath(filename))
        if path is None:
            warnings.warn(
                f"no cascade file {os.fspath(filename)!r}: the classifier is empty",
                RuntimeWarning,
                stacklevel=3,
            )
            return False
        try:
            self._detector = CascadeDetector.load(path)
        except (ValueError, OSError) as error:
            raise make_error(PARSE, str(error), "load") from error
        return True

    def empty(self) -> bool:
        """Return whether no cascade has been loaded."""
        return self._detector is None

    def read(self, node: Any) -> NoReturn:
        """Refuse to read from a ``cv2.FileNode``; `load` reads the file itself."""
        reason = "reading from a FileNode is not supported; use load(filename)"
        raise make_error(NOT_IMPLEMENTED, reason, "read")

    @staticmethod
    def convert(oldcascade: _Path, newcascade: _Path) -> NoReturn:
        """Refuse to convert an old cascade file; `load` reads the old format as it is."""
        reason = "converting is not supported, nor needed: load(oldcascade) reads the old format"
        raise make_error(NOT_IMPLEMENTED, reason, "convert")

    def getOriginalWindowSize(self) -> tuple[int, int]:
        """Return the (width, height) of the cascade's window in pixels."""
        return tuple(self._loaded("getOriginalWindowSize").window)

    def getFeatureType(self) -> int:
        """Return 0 for Haar features, 1 for local binary patterns."""
        return _FEATURE_TYPES[self._loaded("getFeatureType").feature_type]

    def isOldFormatCascade(self) -> bool:
        """Return False, as OpenCV does since 3.0: old files are converted when loaded."""
        self._loaded("isOldFormatCascade")
        return False

    def detectMultiScale(
        self,
        image: np.ndarray | None,
        scaleFactor: float = 1.1,
        minNeighbors: int = 3,
        flags: int = 0,
        minSize: Sequence[int] = (0, 0),
        maxSize: Sequence[int] = (0, 0),
    ) -> Integers:
        """Detect objects of different sizes.

        Parameters
        ----------
        image : ndarray of uint8, shape (rows, columns), (rows, columns, 1), (…, 3) or (…, 4)
            Gray, BGR or BGRA. ``None`` and an image without pixels hold no objects.
        scaleFactor : float
            Ratio of successive window sizes; above 1.
        minNeighbors : int
            A group of windows survives with more than this many; 0 gives all windows.
        flags : int
            Ignored, as in OpenCV since 3.0.
        minSize, maxSize : sequence of two int
            Smallest and largest (width, height) of windows; a ``maxSize`` of 0 is no limit.
            Where no window size fits, the one nearest to ``minSize`` is searched for.

        Returns
        -------
        objects : ndarray of int32, shape (n, 4), or an empty tuple
            x, y, width, height, clipped to the image.

        Raises
        ------
        cv2.error
            For an empty classifier, a scale factor that is not above 1, an image that is not
            uint8 or has a wrong shape, arguments of a wrong type.
        """
        found = self._find(image, scaleFactor, minNeighbors, flags, minSize, maxSize)
        return grouped(*found, counts=False)[0]

    def detectMultiScale2(
        self,
        image: np.ndarray | None,
        scaleFactor: float = 1.1,
        minNeighbors: int = 3,
        flags: int = 0,
        minSize: Sequence[int] = (0, 0),
        maxSize: Sequence[int] = (0, 0),
    ) -> tuple[Integers, Integers]:
        """Detect objects as `detectMultiScale` does, and count the windows of each.

        Returns
        -------
        objects : ndarray of int32, shape (n, 4), or an empty tuple
        numDetections : ndarray of int32, shape (n,), or an empty tuple
            How many windows were merged into the object.
        """
        return grouped(*self._find(image, scaleFactor, minNeighbors, flags, minSize, maxSize))

    def detectMultiScale3(
        self,
        image: np.ndarray | None,
        scaleFactor: float = 1.1,
        minNeighbors: int = 3,
        flags: int = 0,
        minSize: Sequence[int] = (0, 0),
        maxSize: Sequence[int] = (0, 0),
        outputRejectLevels: bool = False,
    ) -> tuple[Integers, Integers, Floats]:
        """Detect objects as `detectMultiScale` does, with the certainty of the last stage.

        Returns
        -------
        objects : ndarray of int32, shape (n, 4), or an empty tuple
        rejectLevels : ndarray of int32, shape (n,), or an empty tuple
            The number of stages passed, which is all of them.
        levelWeights : ndarray of float64, shape (n,), or an empty tuple
            The largest sum of the last stage in each group.

        Notes
        -----
        Without ``outputRejectLevels`` both are empty. OpenCV 4.14 raises in that case, where it
        finds something; and for a Haar cascade of a single stage it also reports windows without
        contrast, which we do not.
        """
        found = self._find(image, scaleFactor, minNeighbors, flags, minSize, maxSize)
        if not outputRejectLevels:
            return grouped(*found, counts=False)[0], (), ()
        windows, sums, minNeighbors, size = found
        all_stages = np.full(len(sums), len(self._loaded("detectMultiScale3").stages))
        boxes, levels, weights = group_levels(corners_of(windows), all_stages, sums, minNeighbors)
        return inside(boxes, size, levels.astype(np.int32), weights)

    def _loaded(self, function):
        if self._detector is None:
            raise make_error(ASSERTION, "!empty(): no cascade has been loaded", function)
        return self._detector

    def _find(self, image, scaleFactor, minNeighbors, flags, minSize, maxSize):
        """Check the arguments; return windows, last stage sums, minNeighbors and the image size."""
        detector = self._loaded("detectMultiScale")
        scale_factor = min(read_number(scaleFactor, "scaleFactor", 1.1), _LARGEST_SCALE_FACTOR)
        min_neighbors = read_integer(minNeighbors, "minNeighbors", 3)
        read_integer(flags, "flags", 0)
        min_size, max_size = read_size(minSize, "minSize"), read_size(maxSize, "maxSize")
        if not scale_factor > 1:
            reason = f"scaleFactor > 1: got {scale_factor}"
            raise make_error(ASSERTION, reason, "detectMultiScale")
        gray = read_gray(image)
        size = gray.shape[1], gray.shape[0]
        if gray.size == 0:
            return np.zeros((0, 4), np.int32), np.zeros(0), min_neighbors, size
        # A negative smallest size is no limit; a negative largest one is too small for any window.
        min_size = tuple(max(side, 0) for side in min_size)
        max_size = tuple(side if side >= 0 else 1 for side in max_size)
        threads = max(1, opencv().getNumThreads())
        try:
            windows, sums = detector.detect_windows(gray, scale_factor, min_size, max_size, threads)
        except ValueError as error:  # a scale factor so near to 1 that the scales have no end
            raise make_error(BAD_ARGUMENT, str(error), "detectMultiScale") from error
        return windows, sums, min_neighbors, size


def _find_file(path):
    """Return the file to load, ``None`` where it is missing, as OpenCV treats it.

    Programs find the cascades through ``data.haarcascades`` or as ``data`` beside
    ``cv2.__file__``. Raises `FileNotFoundError` for what is in neither our folder nor OpenCV's.
    """
    if os.path.exists(path):
        return path
    folder, name = os.path.split(os.path.abspath(path))
    if folder not in (_MODELS, _BESIDE_MODULE):
        return None
    theirs = getattr(getattr(opencv(), "data", None), "haarcascades", _MODELS)
    for candidate in (os.path.join(_MODELS, name), os.path.join(theirs, name)):
        if os.path.isfile(candidate):
            return candidate
    if name in _OPENCV_NAMES:
        return model_path(_OPENCV_NAMES[name])
    folder = "lbpcascades" if name.startswith("lbp") else "haarcascades"
    raise FileNotFoundError(
        f"neither classicvision nor OpenCV {opencv().__version__} comes with {name}: get it from "
        f"data/{folder} of https://github.com/opencv/opencv/tree/4.x, or, if it is a Haar cascade, "
        "from cv2/data in the wheel of 'pip download --no-deps opencv-python-headless==4.14.*', "
        f"and put it into {data.haarcascades} or load it by its own path"
    )
