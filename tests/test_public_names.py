"""The public namespace: every name is there, documented, and nothing is loaded too early."""

import inspect
import subprocess
import sys

import pytest

import classicvision

# What programs may rely on. Removing one breaks them; new ones are added here.
NAMES = [
    "CascadeDetector", "Detections", "Lines", "Segments", "__version__", "box_sum", "canny",
    "draw", "find_lines", "fit_lines", "gaussian", "gradient", "group_boxes", "hough_lines",
    "hough_segments", "integral_image", "iou", "iter_images", "nms", "read_image",
    "sample_image", "squared_integral_image", "suppress_lines", "tilted_integral_image",
    "write_image",
]  # fmt: skip


def test_the_names():
    assert classicvision.__all__ == sorted(NAMES)
    assert set(NAMES) <= set(dir(classicvision))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"__version__"}))
def test_every_name_loads_and_is_documented(name):
    value = getattr(classicvision, name)
    text = inspect.getdoc(value)
    assert text
    assert "Examples\n--------" in text
    if inspect.isfunction(value):
        assert "Parameters" in text
        for parameter in inspect.signature(value).parameters:
            assert parameter in text


def test_unknown_name():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = classicvision.nonsense


def test_importing_loads_none_of_the_heavy_libraries():
    code = """
import sys, numpy
before = set(sys.modules)
import classicvision
import classicvision.results, classicvision.boxes, classicvision.images
import classicvision.filters.smoothing, classicvision.edges.canny
import classicvision.detection.cascade, classicvision.compat.opencv
heavy = {"numba", "cv2", "scipy", "skimage", "sklearn", "joblib", "tqdm", "click", "PIL"}
print(sorted(heavy & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
