"""The public namespace: every name is there, documented, and nothing is loaded too early."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import classicvision

# What programs may rely on. Removing one breaks them; new ones are added here.
NAMES = [
    "AdaBoostClassifier", "BagOfWords", "CascadeDetector", "CascadeTrainer", "Circles",
    "ColorIdentifier", "DecisionStump", "Detections", "Ellipses", "FisherVector",
    "GeneralizedHough", "HammingEmbedding", "ImageIndex", "InvertedIndex", "Keypoints", "Lines",
    "Matches", "Negatives", "Ranking", "Segments", "VLAD", "VisualVocabulary", "WordedKeypoints",
    "__version__", "add_noise", "augment_samples", "back_project", "bilateral", "blend",
    "box_filter", "box_sum", "calibrate_detector", "canny", "chromaticity", "color_histogram",
    "compare_histograms", "convolve", "convolve_separable", "correlate", "dense_descriptors",
    "dense_search", "detect_keypoints", "difference_of_gaussians", "draw", "draw_features",
    "draw_matches", "evaluate_detector", "evaluation", "expand_query", "extract_descriptors",
    "find_lines", "find_template", "fit_lines", "gaussian", "gaussian_pyramid", "gradient",
    "gradient_magnitude", "gradient_orientation", "group_boxes", "haar_features", "harris",
    "hough_circles", "hough_ellipses", "hough_lines", "hough_segments", "hough_slope_intercept",
    "integral_image", "iou", "iter_images", "laplacian", "laplacian_of_gaussian",
    "laplacian_pyramid", "lbp_features", "locate_color", "match_descriptors",
    "match_histograms", "match_template", "mean_shift", "median", "metric_is_similarity", "nms",
    "non_local_means", "pyramid_expand", "pyramid_reduce", "read_annotations", "read_image",
    "read_positives", "reconstruct", "sample_image", "sharpen", "squared_integral_image",
    "suppress_lines", "tilted_integral_image", "trace_edges", "verify_matches", "write_image",
    "zero_crossings",
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


def test_the_stub_names_exactly_the_public_names():
    stub = ast.parse(Path(classicvision.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imported = [
        (node.module, alias.name, alias.asname)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    for module, name, alias in imported:
        assert alias == name  # what makes it an export
        assert getattr(importlib.import_module(module), name) is getattr(classicvision, name)
    declared = [node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)]
    assert sorted([name for _, name, _ in imported] + declared) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"__version__"}))
def test_public_signatures_are_annotated(name):
    value = getattr(classicvision, name)
    members = vars(value).values() if inspect.isclass(value) else [value]
    for member in members:
        function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)))
        if not inspect.isfunction(function) or function.__name__.startswith("_"):
            continue
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, function.__qualname__
        for parameter in signature.parameters.values():
            annotated = parameter.annotation is not inspect.Parameter.empty
            assert annotated or parameter.name in ("self", "cls"), (function.__qualname__, name)


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
import classicvision.learning.boosting, classicvision.learning.splits
heavy = {"numba", "cv2", "scipy", "skimage", "sklearn", "joblib", "tqdm", "click", "PIL"}
print(sorted(heavy & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
