"""Detecting objects with a boosted cascade of Haar or LBP features."""

from __future__ import annotations

import importlib.util
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_image, check_number, check_option
from classicvision.boxes import group_boxes
from classicvision.detection.cascade_growing import first_stages
from classicvision.detection.cascade_inspection import CascadeSteps, features_of
from classicvision.detection.cascade_layers import find_enlarged_layers, find_layers, map_layers
from classicvision.detection.cascade_search import (
    make_model,
    scan_image,
    search_enlarged,
    search_shrunk,
)
from classicvision.detection.cascade_writing import write_cascade
from classicvision.detection.cascade_xml import Cascade, read_cascade
from classicvision.filters.integral import integral_image, squared_integral_image
from classicvision.images import as_uint8, luminance
from classicvision.results import Detections

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from classicvision.features.haar import HaarFeatures
    from classicvision.features.lbp import LBPFeatures

_GROUP_EPS = 0.2

# name -> (package that installs it, path inside the package)
_MODELS = {
    "frontal_face": ("classicvision", "models/frontal_face.xml"),
    "frontal_face_lbp": ("classicvision", "models/frontal_face_lbp.xml"),
    "frontalface": ("skimage", "data/lbpcascade_frontalface_opencv.xml"),
}
MODEL_NAMES = tuple(_MODELS)


class CascadeDetector:
    """A boosted cascade that finds objects of all sizes, as OpenCV's ``CascadeClassifier`` does.

    Windows and groups are those of ``cv2.CascadeClassifier.detectMultiScale`` of OpenCV 4.14,
    all of them and no others. Get a detector from `load`.

    Attributes
    ----------
    window : tuple of int
        (width, height) of the smallest object in pixels.
    feature_type : {"haar", "lbp"}
    stages : list of int
        The number of weak classifiers in each stage.

    References
    ----------
    .. [1] P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple
           features", CVPR 2001.
    .. [2] R. Lienhart and J. Maydt, "An extended set of Haar-like features for rapid object
           detection", ICIP 2002.
    .. [3] S. Liao, X. Zhu, Z. Lei, L. Zhang and S. Z. Li, "Learning multi-scale block local
           binary patterns for face recognition", ICB 2007.

    Examples
    --------
    >>> import classicvision as cv
    >>> detector = cv.CascadeDetector.load()
    >>> faces = detector.detect(cv.sample_image("astronaut"), scale_factor=1.2)
    >>> len(faces)
    1
    """

    def __init__(self, cascade: Cascade) -> None:
        if not isinstance(cascade, Cascade):
            raise TypeError(f"cascade must be a Cascade, got {cascade!r:.80}; use load(path)")
        self._cascade = cascade
        self._model = make_model(cascade)

    @classmethod
    def load(cls, path_or_name: str | os.PathLike[str] = "frontal_face") -> Self:
        """Load a cascade from an OpenCV XML file or by the name of a model that is installed.

        Parameters
        ----------
        path_or_name : path-like or str
            A Haar cascade (old or new format, upright and tilted features, stumps and trees)
            or an LBP cascade; or the name of an installed model: ``"frontal_face"`` and
            ``"frontal_face_lbp"``, our own, or ``"frontalface"``, OpenCV's LBP face cascade that
            scikit-image installs. A file of that name goes first.

        Returns
        -------
        CascadeDetector

        Raises
        ------
        OSError
            If there is no such file and no such model, or it cannot be read.
        ValueError
            If the file is not a cascade, or is damaged; the message says where.
        """
        path = Path(path_or_name)
        if str(path_or_name) in _MODELS and not path.is_file():
            path = model_path(str(path_or_name))
        if not path.exists():
            raise FileNotFoundError(
                f"{path}: no such cascade file; the installed models are {', '.join(MODEL_NAMES)}"
            )
        return cls(read_cascade(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the cascade as an XML file that `load` and every OpenCV with cascades read.

        Parameters
        ----------
        path : path-like
            An existing file is replaced, at once and as a whole.

        Raises
        ------
        OSError
            In one line, for a folder that is missing or cannot be written to.

        Notes
        -----
        The format is that of ``opencv_traincascade``, whatever was loaded. All numbers are kept
        exactly: the same windows are found. Comments, parameters and unused features are not.
        """
        write_cascade(path, self._cascade)

    def first_stages(self, count: int) -> CascadeDetector:
        """Return a detector of the first stages: it finds more, and more that is none.

        Parameters
        ----------
        count : int
            1 to the number of stages.

        Raises
        ------
        TypeError
            For a count that is not whole.
        ValueError
            For a count out of range.

        Examples
        --------
        >>> import classicvision as cv
        >>> cv.CascadeDetector.load("frontalface").first_stages(3).stages
        [3, 4, 4]
        """
        count = check_number(count, "count", at_least=1, at_most=len(self.stages), integer=True)
        return CascadeDetector(first_stages(self._cascade, count))

    @property
    def cascade(self) -> Cascade:
        """The stages, trees and features as flat arrays."""
        return self._cascade

    @property
    def window(self) -> tuple[int, int]:
        """Width and height, in pixels, of the smallest windows that are searched."""
        return self._cascade.window

    @property
    def feature_type(self) -> str:
        """Which features it has: "haar" or "lbp"."""
        return self._cascade.kind

    @property
    def stages(self) -> list[int]:
        """The number of weak classifiers of each stage."""
        return np.diff(self._cascade.stage_trees).tolist()

    @property
    def features(self) -> HaarFeatures | LBPFeatures:
        """The feature of each weak classifier, in order; of each node where these are trees."""
        return features_of(self._cascade)

    def __repr__(self) -> str:
        width, height = self.window
        return (
            f"CascadeDetector({self.feature_type}, window {width} x {height}, "
            f"{len(self.stages)} stages, {sum(self.stages)} weak classifiers)"
        )

    def detect(
        self,
        image: ArrayLike,
        *,
        scale_factor: float = 1.1,
        min_neighbors: int = 3,
        min_size: int | tuple[int, int] | None = None,
        max_size: int | tuple[int, int] | None = None,
        scaling: str = "image",
        n_jobs: int | None = None,
    ) -> Detections:
        """Find objects in an image.

        Parameters
        ----------
        image : array_like, shape (rows, columns) or (rows, columns, 3) RGB
            Other types than uint8 are brought to 0..255 first: uint16 is divided by 257, bool
            multiplied by 255, floats too where none exceeds 1, and what is outside is clipped.
        scale_factor : float
            Ratio of one object size to the next smaller one, above 1.
        min_neighbors : int
            A group of similar windows is reported if it has more members than this; 0
            reports every window that passes, ungrouped.
        min_size, max_size : int or (width, height), optional
            Bounds of the object size in pixels. If no searched size lies between them, the
            one closest to `min_size` is used, as OpenCV does.
        scaling : {"image", "features"}
            How larger objects are found: "image" shrinks the image, as OpenCV does; "features"
            enlarges the features, as Viola and Jones did [1]_. See Notes.
        n_jobs : int, optional
            Threads that share the scales: -1 means all cores, -2 all but one, as in joblib. The
            result is the same.

        Returns
        -------
        Detections
            Boxes clipped to the image, by falling score. Scores are the numbers of windows
            merged, for ungrouped windows the last stage's sum minus its threshold.

        Raises
        ------
        TypeError
            For an argument of the wrong type.
        ValueError
            For an argument outside its range.

        Notes
        -----
        Memory: about 9 bytes per pixel of the largest layer, 13 with tilted features. With
        enlarged features about 24 bytes per pixel, 27 with tilted ones, 5 for LBP.

        Enlarged features see the image unblurred, with all its noise, where a shrunk image has
        been interpolated; their corners are rounded to whole pixels, which matters most for
        sizes a little above the smallest. Both ways search the same sizes at the same distances.
        Windows then are not OpenCV's, and those of more than 8.4 million pixels are refused.
        """
        gray = luminance(as_uint8(check_image(image)))
        min_neighbors = check_number(min_neighbors, "min_neighbors", at_least=0, integer=True)
        limits = (scale_factor, min_size, max_size)
        rectangles, sums = self.detect_windows(gray, *limits, n_jobs, scaling)
        boxes = rectangles.astype(np.float32)
        boxes[:, 2:] += boxes[:, :2]
        scores: np.ndarray  # counts, or sums
        if min_neighbors > 0:
            boxes, scores = group_boxes(boxes, min_neighbors, _GROUP_EPS)
        else:
            scores = sums - np.float64(self._cascade.stage_thresholds[-1])
        rows, columns = gray.shape
        boxes = np.clip(boxes, 0, np.array([columns, rows, columns, rows], np.float32))
        order = np.lexsort((boxes[:, 0], boxes[:, 1], -scores))
        return Detections(boxes[order], scores[order])

    def detect_windows(
        self,
        gray: NDArray[np.uint8],
        scale_factor: float = 1.1,
        min_size: int | tuple[int, int] | None = None,
        max_size: int | tuple[int, int] | None = None,
        n_jobs: int | None = None,
        scaling: str = "image",
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return every window that passes all stages, before grouping and clipping.

        Parameters
        ----------
        gray : ndarray of uint8, shape (rows, columns)
        scale_factor, min_size, max_size, n_jobs, scaling
            As for `detect`.

        Returns
        -------
        rectangles : ndarray of int32, shape (n, 4)
            x, y, width, height, in the order of OpenCV on one thread.
        sums : ndarray of float64, shape (n,)
            The sum of leaves of the last stage.

        Raises
        ------
        TypeError
            For an image that is not gray uint8.
        ValueError
            For options out of range.
        """
        gray = check_image(gray, name="gray", color=False)
        if gray.dtype != np.uint8:
            raise TypeError(f"gray must be of dtype uint8, got {gray.dtype}; detect converts")
        layers, search = self._plan(gray, scaling, scale_factor, min_size, max_size)
        found = map_layers(search, layers, n_jobs)
        if not found:
            return np.zeros((0, 4), np.int32), np.zeros(0)
        return np.concatenate([part for part, _ in found]), np.concatenate([s for _, s in found])

    def explain(
        self,
        image: ArrayLike,
        *,
        scale_factor: float = 1.1,
        min_size: int | tuple[int, int] | None = None,
        max_size: int | tuple[int, int] | None = None,
        scaling: str = "image",
    ) -> CascadeSteps:
        """Show how far every window gets.

        Parameters
        ----------
        image, scale_factor, min_size, max_size, scaling
            As for `detect`, which also says what is raised.

        Returns
        -------
        CascadeSteps
            For each layer a map of how many stages each window passes.

        Examples
        --------
        >>> import classicvision as cv
        >>> detector = cv.CascadeDetector.load("frontalface")
        >>> steps = detector.explain(cv.sample_image("astronaut"), scale_factor=1.5)
        >>> steps.passed.shape
        (21,)
        """
        gray = luminance(as_uint8(check_image(image)))
        layers, search = self._plan(gray, scaling, scale_factor, min_size, max_size)
        depths = []
        for layer in layers:
            depths.append(np.zeros(layer.lattice[::-1], np.uint16))
            search(layer, depths[-1])
        passed = [
            sum(int((depth >= s).sum()) for depth in depths) for s in range(len(self.stages) + 1)
        ]
        return CascadeSteps(
            scales=np.array([layer.scale for layer in layers], np.float32),
            depths=depths,
            steps=[layer.step for layer in layers],
            passed=np.array(passed, np.int64),
        )

    def scan(
        self,
        gray: NDArray[np.uint8],
        step: int,
        lattice: tuple[int, int],
        depth: NDArray[np.uint16] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Run the cascade over an image at the size of its window.

        Parameters
        ----------
        gray : ndarray of uint8, shape (rows, columns)
        step : int
            Distance in pixels between neighbouring windows.
        lattice : (int, int)
            Columns and rows of windows, all of which lie in the image.
        depth : ndarray of uint16, shape (lattice rows, lattice columns), optional
            Where the number of stages that each window passes is written.

        Returns
        -------
        positions : ndarray of int32, shape (n, 2)
            Column and row, in the lattice, of the windows that pass all stages.
        sums : ndarray of float64, shape (n,)
            The sum of leaves of the last stage.

        Raises
        ------
        ValueError
            For windows that do not all lie in the image.
        """
        return scan_image(self._model, gray, step, lattice, depth)

    def _plan(self, gray, scaling, scale_factor, min_size, max_size):
        """Return the layers of a search, and a function that searches one."""
        limits = (self.window, gray.shape, scale_factor, min_size, max_size)
        if check_option(scaling, "scaling", ("image", "features")) == "image":
            return find_layers(*limits), partial(search_shrunk, self._model, gray)
        layers = find_enlarged_layers(*limits)
        integrals = None
        if layers and self.feature_type == "haar":
            integrals = integral_image(gray), squared_integral_image(gray)
        return layers, partial(search_enlarged, self._model, gray, integrals)


def model_path(name):
    """Return the path of an installed model, one of ``MODEL_NAMES``."""
    package, path = _MODELS[name]
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise FileNotFoundError(f"the model {name!r} comes with {package}, which is not installed")
    return Path(spec.submodule_search_locations[0]) / path
