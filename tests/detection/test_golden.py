"""The cascade detector against recorded results of OpenCV 4.14: the same boxes as multisets."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from classicvision._opencv import opencv
from classicvision.detection.cascade import CascadeDetector
from tests.golden.fingerprints import checksum, groups, summary
from tests.golden.pictures import photograph, picture

GOLDEN = Path(__file__).parents[1] / "golden"
SMALL = {"noise_13x29", "one_window", "too_small"}


def read(name):
    """Return the checksums of the pictures, and the results by cascade and picture."""
    content = json.loads((GOLDEN / name).read_text(encoding="ascii"))
    results = defaultdict(list)
    for result in content["results"]:
        results[result["cascade"], result["picture"]].append(result)
    return content["pictures"], results


OUR_PICTURES, OUR_RESULTS = read("cascades.json")
PHOTOGRAPHS, OPENCV_RESULTS = read("opencv_cascades.json")
INSTALLED, MODEL_RESULTS = read("models.json")


@pytest.mark.parametrize(
    ("cascade", "name"),
    [pytest.param(*key, marks=pytest.mark.lane if key[1] in SMALL else ()) for key in OUR_RESULTS],
)
def test_tiny_cascades_find_what_opencv_finds(cascade, name):
    image = picture(name)
    if checksum(image) != OUR_PICTURES[name]:
        pytest.skip(f"this scikit-image has another {name} picture")
    detector = CascadeDetector.load(GOLDEN / "cascades" / cascade)
    for expected in OUR_RESULTS[cascade, name]:
        compare(detector, image, expected)


@pytest.mark.parametrize(("model", "name"), MODEL_RESULTS)
def test_opencv_finds_the_same_with_our_models(model, name):
    image = photograph(name)
    if checksum(image) != INSTALLED[name]:
        pytest.skip(f"this scikit-image has another {name}")
    detector = CascadeDetector.load(model.removesuffix(".xml"))
    for expected in MODEL_RESULTS[model, name]:
        compare(detector, image, expected)


@pytest.mark.parametrize(("cascade", "name"), OPENCV_RESULTS)
def test_opencv_cascades_find_what_opencv_finds(cascade, name, data_folder):
    image = opencv().imread(str(data_folder / name), 0)
    if image is None or checksum(image) != PHOTOGRAPHS[name]:
        pytest.skip(f"{name} is missing or decoded to other pixels here")
    detector = CascadeDetector.load(data_folder / "opencv_cascades" / cascade)
    for expected in OPENCV_RESULTS[cascade, name]:
        compare(detector, image, expected)


def compare(detector, image, expected):
    options = {key: expected[key] for key in ("scale_factor", "min_size", "max_size")}
    raw = detector.detect(image, min_neighbors=0, **options)
    assert summary(rectangles(raw))[:2] == expected["raw"][:2], options
    for min_neighbors in (1, 3):
        grouped = detector.detect(image, min_neighbors=min_neighbors, **options)
        found = groups(rectangles(grouped), grouped.scores.astype(int))
        assert sorted(found) == sorted(expected[f"grouped_{min_neighbors}"]), options


def rectangles(detections):
    """Return the boxes as x, y, width, height."""
    boxes = detections.boxes.astype(np.int32)
    boxes[:, 2:] -= boxes[:, :2]
    return boxes


def test_the_tiny_cascades_cover_every_kind():
    """The golden results mean little if the cascades never fire or never differ."""
    fired = defaultdict(int)
    for (cascade, _), results in OUR_RESULTS.items():
        fired[cascade] += sum(result["raw"][0] for result in results)
    assert len(fired) == 10
    assert min(fired.values()) > 1000
