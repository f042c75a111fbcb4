"""``classicvision warmup`` compiles all that the public functions need."""

import os
import subprocess
import sys

import pytest

# Run warmup, then everything else, and name the kernels that got a new signature.
SCRIPT = """
import sys
import tempfile
import numpy as np
import classicvision as cv
from classicvision._jit import _Kernel
from classicvision.cli import main
from classicvision.compat.opencv import CascadeClassifier

try:
    main(["warmup"])
except SystemExit as stop:
    assert not stop.code

def signatures():
    modules = [module for name, module in sys.modules.items() if name.startswith("classicvision")]
    kernels = {id(k): k for m in modules for k in vars(m).values() if isinstance(k, _Kernel)}
    return {k: set(k.dispatcher.signatures) for k in kernels.values() if k._dispatcher}

before = signatures()
photo = cv.sample_image("astronaut")[:200, 100:350]
for dtype in ("uint8", "float32"):
    for image in (photo.astype(dtype), photo.astype(dtype)[::2, ::-1, 1]):
        for sigma in (0.7, 3):
            for mode in ("mirror", "nearest", "constant"):
                cv.gaussian(image, sigma, mode=mode)
                cv.gaussian(image, sigma, truncate=3, mode=mode)
        for operator in ("forward", "prewitt", "scharr"):
            cv.gradient(image, operator)
        for aperture in (3, 5, 7):
            cv.gradient(image, size=aperture)
            for l2 in (False, True):
                cv.canny(image, 50, 90, sigma=aperture - 3, aperture=aperture, l2_gradient=l2)
        for function in (cv.integral_image, cv.squared_integral_image, cv.tilted_integral_image):
            function(image)
            function(image, dtype="float32")
        cv.find_lines(image)
        for kernel in (np.ones((1, 5)), np.eye(4), np.eye(60)):
            cv.convolve(image, kernel, mode="wrap")
        cv.box_filter(image, (3, 7))
        cv.sharpen(image, 2, 3)
        cv.laplacian(image, size=3)
        cv.zero_crossings(image, 2, 3, return_steps=True)
        cv.difference_of_gaussians(image, 1, 3)
        for size in (3, 5, 9, 11, 31):
            cv.median(image, size)
        cv.bilateral(image, 20, 2)
        cv.non_local_means(image, 9, patch_size=5, search_size=9)
        cv.reconstruct(cv.laplacian_pyramid(image))
        cv.blend(image, image[::-1], np.zeros(image.shape[:2], bool))
        cv.find_template(image, image[30:90, 40:100])
        cv.canny(image, 0.7, 0.9, quantiles=True, interpolate=True, return_steps=True)
        if image.ndim == 3:
            for space in ("rgb", "rg", "hsv", "opponent"):
                histogram = cv.color_histogram(image, 5, space, range=(0, 255))
                cv.color_histogram(image, 5, space, soft=True, range=(0, 255), joint=False)
                cv.color_histogram(image, 5, space, range=(0, 255), joint=False)
            cv.color_histogram(image, 40, range=(30, 200))
            cv.locate_color(image, image[30:60, 30:50], space="lab", range=(0, 255))
            cv.match_histograms(image, image[::2])
        cv.hough_circles(image, min_radius=8, max_radius=60)
        cv.hough_ellipses(image, min_radius=8)
        cv.GeneralizedHough(image[30:120, 40:130]).detect(image)
edges = cv.canny(photo, 100, 200)
cv.trace_edges(edges)
lines = cv.hough_lines(edges, threshold=60)
cv.fit_lines(lines, edges)
cv.hough_segments(edges, threshold=30, min_length=10, max_gap=2, random_state=1)
for metric in ("intersection", "euclidean", "chi2", "bhattacharyya", "correlation", "emd", "js"):
    cv.compare_histograms(histogram[0, 0], histogram[0], metric)
    cv.compare_histograms(histogram[0, 0], histogram[0, 1], metric)
boxes = np.tile([[1, 2, 30, 40]], (9, 1)).astype("float64")
cv.iou(boxes, boxes)
cv.nms(boxes, np.arange(9), 0.5)
cv.group_boxes(boxes, 2)
descriptors = [np.random.default_rng(0).random((50, 8), "float32")] * 3
words = cv.BagOfWords(9, assignment="soft").fit(descriptors).vocabulary_
cv.VLAD(4, residual_normalization=True).fit_transform(descriptors)
cv.FisherVector(4, descriptor_pca=None, weights=True).fit_transform(descriptors)
cv.VisualVocabulary(9, method="hierarchical", branching=3).fit(descriptors)
with tempfile.TemporaryDirectory() as folder:
    cv.write_image(f"{folder}/photo.png", photo)
    with cv.ImageIndex.build(folder, f"{folder}/index") as index:
        index.search(photo[20:, 20:])
for model in ["frontalface", *sys.argv[1:]]:
    detector = cv.CascadeDetector.load(model)
    detector.detect(photo, min_neighbors=0)
    detector.explain(photo)
    if model != "frontalface":
        CascadeClassifier(model).detectMultiScale3(photo, outputRejectLevels=True)
after = signatures()
print([repr(k) for k in after if after[k] - before.get(k, set())])
"""


def test_nothing_is_left_to_compile():
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("nothing is compiled")
    folder = os.path.join(os.path.dirname(__file__), "..", "golden", "cascades")
    models = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    command = [sys.executable, "-c", SCRIPT, *models]
    result = subprocess.run(command, capture_output=True, text=True)
    lines = result.stdout.splitlines()
    assert result.returncode == 0, result.stderr
    assert lines[0].startswith("boxes ")
    assert lines[-2].startswith("all ")
    assert lines[-1] == "[]"
