"""The stand-in for OpenCV 4: signatures, shapes, types and errors as OpenCV 4.14 has them."""

import importlib
import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import classicvision.compat.opencv as cv2
from classicvision._opencv import opencv
from tests.golden.fingerprints import checksum, groups, summary
from tests.golden.pictures import picture

GOLDEN = Path(__file__).parents[1] / "golden"
CASCADES = GOLDEN / "cascades"
CONTENT = json.loads((GOLDEN / "cascades.json").read_text(encoding="ascii"))
CODE = {"argument": -5, "channels": -15, "parse": -212, "missing": -213, "assertion": -215}


@pytest.fixture
def classifier():
    return cv2.CascadeClassifier(str(CASCADES / "haar_stumps.xml"))


@pytest.fixture
def gray():
    return picture("noise_41x38")


@pytest.fixture
def gray_fires(classifier, gray):
    """The picture, after making sure that the cascade finds something in it."""
    assert len(classifier.detectMultiScale(gray, minNeighbors=0)) > 20
    return gray


# ---- results


@pytest.mark.parametrize("cascade", sorted({r["cascade"] for r in CONTENT["results"]}))
def test_results_and_their_order_are_those_of_opencv_on_one_thread(cascade):
    classifier = cv2.CascadeClassifier(str(CASCADES / cascade))
    compared = 0
    for name, expected_checksum in CONTENT["pictures"].items():
        image = picture(name)
        if checksum(image) != expected_checksum:
            continue  # another scikit-image; test_golden.py says so
        bgr = image[..., ::-1] if image.ndim == 3 else image
        for expected in CONTENT["results"]:
            if (expected["cascade"], expected["picture"]) == (cascade, name):
                compare_with_golden(classifier, bgr, expected)
                compared += 1
    assert compared > 10


def compare_with_golden(classifier, image, expected):
    options = {
        "scaleFactor": expected["scale_factor"],
        "minSize": expected["min_size"],
        "maxSize": expected["max_size"],
    }
    raw = classifier.detectMultiScale(image, minNeighbors=0, **options)
    assert summary(raw) == expected["raw"]
    for k in (1, 3):
        boxes, counts = classifier.detectMultiScale2(image, minNeighbors=k, **options)
        assert groups(boxes, counts) == expected[f"grouped_{k}"]
        assert np.array_equal(classifier.detectMultiScale(image, minNeighbors=k, **options), boxes)
    if "levels_3" in expected:
        options["outputRejectLevels"] = True
        *_, weights = classifier.detectMultiScale3(image, minNeighbors=0, **options)
        assert checksum(np.array(weights, np.float64)) == expected["raw_weights"]
        found = classifier.detectMultiScale3(image, minNeighbors=3, **options)
        assert groups(*found) == expected["levels_3"]


def test_types_and_shapes_of_results(classifier, gray_fires):
    boxes = classifier.detectMultiScale(gray_fires)
    assert (type(boxes), boxes.dtype, boxes.ndim, boxes.shape[1]) == (np.ndarray, np.int32, 2, 4)
    boxes, counts = classifier.detectMultiScale2(gray_fires)
    assert (boxes.dtype, boxes.shape[1]) == (np.int32, 4)
    assert (counts.dtype, counts.shape) == (np.int32, (len(boxes),))
    boxes, levels, weights = classifier.detectMultiScale3(gray_fires, outputRejectLevels=True)
    assert (boxes.dtype, boxes.shape[1]) == (np.int32, 4)
    assert (levels.dtype, levels.tolist()) == (np.int32, [3] * len(boxes))
    assert (weights.dtype, weights.shape) == (np.float64, (len(boxes),))
    assert all(part.flags.c_contiguous and part.flags.writeable for part in (boxes, weights))


@pytest.mark.lane
@pytest.mark.parametrize(
    "image",
    [
        np.zeros((14, 12), np.uint8),
        np.zeros((3, 3), np.uint8),
        np.zeros((0, 5), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
        np.zeros(30, np.uint8),
        None,
    ],
    ids=["flat", "tiny", "no pixels", "no colour pixels", "one column", "None"],
)
def test_nothing_found_is_an_empty_tuple(classifier, image):
    assert classifier.detectMultiScale(image) == ()
    assert classifier.detectMultiScale2(image) == ((), ())
    assert classifier.detectMultiScale3(image) == ((), (), ())
    assert classifier.detectMultiScale3(image, outputRejectLevels=True) == ((), (), ())


def test_detect_multi_scale_3_works_with_its_default_arguments(classifier, gray_fires):
    boxes, levels, weights = classifier.detectMultiScale3(gray_fires)
    assert np.array_equal(boxes, classifier.detectMultiScale(gray_fires))
    assert (levels, weights) == ((), ())


def test_arguments_by_position_and_by_name(classifier, gray_fires):
    by_position = classifier.detectMultiScale3(gray_fires, 1.2, 2, 0, (11, 11), (30, 30), True)
    by_name = classifier.detectMultiScale3(
        image=gray_fires,
        scaleFactor=1.2,
        minNeighbors=2,
        flags=cv2.CASCADE_SCALE_IMAGE,
        minSize=[11, 11],
        maxSize=np.array([30, 30]),
        outputRejectLevels=True,
    )
    assert all(np.array_equal(a, b) for a, b in zip(by_position, by_name, strict=True))


def test_none_stands_for_the_default(classifier, gray_fires):
    arguments = (None, None, None, None, None)
    found = classifier.detectMultiScale(gray_fires, *arguments)
    assert np.array_equal(found, classifier.detectMultiScale(gray_fires))


def test_negative_sizes(classifier, gray_fires):
    everything = classifier.detectMultiScale(gray_fires, minNeighbors=0)
    found = classifier.detectMultiScale(gray_fires, minNeighbors=0, minSize=(-5, -5))
    assert np.array_equal(found, everything)
    found = classifier.detectMultiScale(gray_fires, minNeighbors=0, maxSize=(-5, -5))
    assert set(found[:, 2]) == {10}  # no size is small enough: the one nearest to minSize


def test_a_huge_scale_factor_leaves_one_size(classifier, gray_fires):
    for factor in (1e7, float("inf")):
        found = classifier.detectMultiScale(gray_fires, factor, minNeighbors=0)
        assert set(found[:, 2]) == {10}


def test_images_of_every_layout_give_the_same(classifier, gray_fires):
    expected = classifier.detectMultiScale(gray_fires, minNeighbors=0)
    rows, columns = gray_fires.shape
    wide = np.zeros((rows, 2 * columns), np.uint8)
    wide[:, ::2] = gray_fires
    read_only = gray_fires.copy()
    read_only.flags.writeable = False
    for image in (
        gray_fires[..., None],
        np.dstack([gray_fires] * 3),
        np.dstack([gray_fires] * 4),
        np.asfortranarray(gray_fires),
        wide[:, ::2],
        gray_fires[::-1].copy()[::-1],
        read_only,
        opencv().UMat(gray_fires),
    ):
        assert np.array_equal(classifier.detectMultiScale(image, minNeighbors=0), expected)


def test_colour_images_are_bgr(classifier):
    astronaut = picture("astronaut")
    bgr = np.ascontiguousarray(astronaut[..., ::-1])
    gray = opencv().cvtColor(bgr, opencv().COLOR_BGR2GRAY)
    bgra = np.dstack([bgr, gray])
    expected = classifier.detectMultiScale(gray, minNeighbors=0)
    assert len(expected) > 100
    assert np.array_equal(classifier.detectMultiScale(bgr, minNeighbors=0), expected)
    assert np.array_equal(classifier.detectMultiScale(bgra, minNeighbors=0), expected)


# ---- the classifier


@pytest.mark.lane
def test_loading(classifier):
    assert classifier.empty() is False
    assert classifier.getOriginalWindowSize() == (10, 10)
    assert classifier.getFeatureType() == 0
    assert classifier.isOldFormatCascade() is False
    other = cv2.CascadeClassifier()
    assert other.empty() is True
    assert other.load(CASCADES / "lbp_trees.xml") is True
    assert other.getOriginalWindowSize() == (12, 9)
    assert other.getFeatureType() == 1
    assert other.load(filename=str(CASCADES / "haar_old.xml")) is True
    assert other.isOldFormatCascade() is False


@pytest.mark.lane
def test_a_missing_file_leaves_the_classifier_empty_with_a_warning(classifier, tmp_path):
    missing = str(tmp_path / "missing.xml")
    with pytest.warns(RuntimeWarning, match=r"no cascade file .*missing\.xml") as caught:
        assert cv2.CascadeClassifier(missing).empty() is True
    assert caught[0].filename == __file__
    with pytest.warns(RuntimeWarning, match="the classifier is empty") as caught:
        assert classifier.load(missing) is False
    assert caught[0].filename == __file__
    assert classifier.empty() is True


@pytest.mark.lane
@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '<?xml version="1.0"?><opencv_storage><x>',
        '<?xml version="1.0"?><opencv_storage><x>1</x></opencv_storage>',
    ],
)
def test_a_damaged_file_raises(tmp_path, text):
    path = tmp_path / "damaged.xml"
    path.write_text(text)
    classifier = cv2.CascadeClassifier()
    for load in (classifier.load, cv2.CascadeClassifier):
        with pytest.raises(cv2.error, match=r"damaged\.xml") as caught:
            load(str(path))
        assert caught.value.code == CODE["parse"]
    assert classifier.empty()


@pytest.mark.lane
@pytest.mark.parametrize("filename", ["", 3, b"name"])
def test_a_filename_must_be_a_path(filename):
    with pytest.raises(cv2.error, match="filename must be a path") as caught:
        cv2.CascadeClassifier(filename)
    assert caught.value.code == CODE["argument"]


@pytest.mark.lane
@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.getOriginalWindowSize(),
        lambda c: c.getFeatureType(),
        lambda c: c.isOldFormatCascade(),
        lambda c: c.detectMultiScale(np.zeros((20, 20), np.uint8)),
        lambda c: c.detectMultiScale2(np.zeros((20, 20), np.uint8)),
        lambda c: c.detectMultiScale3(np.zeros((20, 20), np.uint8)),
    ],
)
def test_an_empty_classifier_raises(call):
    with pytest.raises(cv2.error, match=r"Assertion failed\) !empty\(\)") as caught:
        call(cv2.CascadeClassifier())
    assert caught.value.code == CODE["assertion"]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"scaleFactor": 1.0}, "assertion", "scaleFactor > 1: got 1.0"),
        ({"scaleFactor": 0.5}, "assertion", "scaleFactor > 1"),
        ({"scaleFactor": float("nan")}, "assertion", "scaleFactor > 1"),
        ({"scaleFactor": 1 + 1e-7}, "argument", "makes more than 10000 scales"),
        ({"scaleFactor": "1.1"}, "argument", "scaleFactor must be a number, got '1.1'"),
        ({"scaleFactor": True}, "argument", "scaleFactor must be a number"),
        ({"minNeighbors": 3.0}, "argument", "minNeighbors must be a 32-bit integer, got 3.0"),
        ({"minNeighbors": True}, "argument", "minNeighbors must be a 32-bit integer"),
        ({"flags": 1.5}, "argument", "flags must be a 32-bit integer"),
        ({"minSize": 30}, "argument", "minSize must be two 32-bit integers, .*, got 30"),
        ({"minSize": (30.0, 30.0)}, "argument", "minSize must be two 32-bit integers"),
        ({"minSize": (2**63, 1)}, "argument", "minSize must be two 32-bit integers"),
        ({"minSize": [30]}, "argument", "minSize must be two 32-bit integers"),
        ({"maxSize": (1, 2, 3)}, "argument", "maxSize must be two 32-bit integers"),
        ({"maxSize": ("a", 1)}, "argument", "maxSize must be two 32-bit integers"),
        ({"image": np.zeros((20, 20))}, "assertion", "CV_8U: .* uint8, got float64"),
        ({"image": np.zeros((20, 20), bool)}, "assertion", "uint8, got bool"),
        ({"image": np.zeros((20, 20, 2), np.uint8)}, "channels", "3 or 4 channels, got 2"),
        ({"image": np.zeros((1, 1, 9, 9), np.uint8)}, "argument", "got shape"),
        ({"image": [[1, 2]]}, "argument", "must be a NumPy array, got list"),
        ({"image": "photo.jpg"}, "argument", "must be a NumPy array, got str"),
    ],
)
def test_wrong_arguments_raise_opencvs_error(classifier, options, code, message):
    arguments = {"image": np.zeros((20, 20), np.uint8), **options}
    for method in ("detectMultiScale", "detectMultiScale2", "detectMultiScale3"):
        with pytest.raises(cv2.error, match=message) as caught:
            getattr(classifier, method)(**arguments)
        assert caught.value.code == CODE[code]
        assert "\n" not in str(caught.value)


@pytest.mark.lane
def test_convert_and_read_say_what_to_do_instead():
    for call in (
        lambda: cv2.CascadeClassifier.convert("old.xml", "new.xml"),
        lambda: cv2.CascadeClassifier().read(None),
    ):
        with pytest.raises(cv2.error, match=r"not supported.*load\(") as caught:
            call()
        assert caught.value.code == CODE["missing"]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("detectMultiScale", ""),
        ("detectMultiScale2", ""),
        ("detectMultiScale3", " outputRejectLevels"),
    ],
)
def test_signatures(method, names):
    signature = inspect.signature(getattr(cv2.CascadeClassifier, method))
    expected = f"self image scaleFactor minNeighbors flags minSize maxSize{names}"
    assert list(signature.parameters) == expected.split()
    defaults = [p.default for p in list(signature.parameters.values())[2:]]
    assert defaults == [1.1, 3, 0, (0, 0), (0, 0), False][: len(defaults)]


# ---- groupRectangles


FOUR = [(10, 10, 20, 20), (11, 10, 20, 20), (10, 11, 20, 20), (50, 50, 10, 10)]


@pytest.mark.lane
@pytest.mark.parametrize(
    "rectangles",
    [
        FOUR,
        tuple(FOUR),
        [list(r) for r in FOUR],
        [np.array(r) for r in FOUR],
        np.array(FOUR),
        np.array(FOUR, np.uint8),
        np.array(FOUR, ">i2"),
    ],
)
def test_group_rectangles(rectangles):
    boxes, weights = cv2.groupRectangles(rectangles, 1)
    assert (boxes.dtype, boxes.tolist()) == (np.int32, [[10, 10, 20, 20]])
    assert (weights.dtype, weights.tolist()) == (np.int32, [3])
    for threshold in (0, -1, None):
        boxes, weights = cv2.groupRectangles(rectangles, threshold)
        assert (boxes.dtype, boxes.tolist()) == (np.int32, [list(r) for r in FOUR])
        assert (weights.dtype, weights.tolist()) == (np.int32, [1, 1, 1, 1])
    assert cv2.groupRectangles(rectList=rectangles, groupThreshold=5, eps=0.5) == ((), ())


@pytest.mark.lane
def test_group_rectangles_of_nothing():
    for nothing in ([], (), None, np.zeros((0, 4), np.int32)):
        assert cv2.groupRectangles(nothing, 1) == ((), ())


@pytest.mark.lane
@pytest.mark.parametrize(
    "rectangles",
    [
        np.array(FOUR, float),
        [(1.0, 2.0, 3.0, 4.0)],
        [(1, 2, 3)],
        np.arange(4),
        np.zeros((2, 5), int),
        [(2**33, 0, 5, 5)],
    ],
)
def test_group_rectangles_refuses_what_are_not_four_integers(rectangles):
    with pytest.raises(TypeError, match="32-bit integers"):
        cv2.groupRectangles(rectangles, 1)


@pytest.mark.lane
def test_group_rectangles_threshold_must_be_an_integer():
    with pytest.raises(TypeError, match=r"groupThreshold must be an integer, got 1\.0"):
        cv2.groupRectangles(FOUR, 1.0)


@pytest.mark.skipif(not hasattr(opencv(), "groupRectangles"), reason="OpenCV 5 has none")
def test_group_rectangles_equals_opencv(rng):
    for _ in range(50):
        n = rng.integers(1, 60)
        rectangles = rng.integers(0, 40, (n, 4)) + [0, 0, 10, 10]
        for threshold, eps in ((1, 0.2), (2, 0.5), (0, 0.2)):
            ours = cv2.groupRectangles(rectangles, threshold, eps)
            theirs = opencv().groupRectangles(rectangles.tolist(), threshold, eps)
            assert groups(*ours) == groups(*theirs)


# ---- the module


@pytest.mark.lane
def test_constants():
    assert cv2.CASCADE_DO_CANNY_PRUNING == 1
    assert cv2.CASCADE_SCALE_IMAGE == 2
    assert cv2.CASCADE_FIND_BIGGEST_OBJECT == 4
    assert cv2.CASCADE_DO_ROUGH_SEARCH == 8


def test_everything_else_is_opencvs():
    assert cv2.cvtColor is opencv().cvtColor
    assert cv2.__version__ == opencv().__version__
    assert cv2.error is opencv().error
    assert cv2.samples is opencv().samples
    from classicvision.compat.opencv import COLOR_BGR2GRAY, CascadeClassifier, data, imread

    assert COLOR_BGR2GRAY == opencv().COLOR_BGR2GRAY
    assert imread is opencv().imread
    assert CascadeClassifier is cv2.CascadeClassifier
    assert data is cv2.data
    assert {"CascadeClassifier", "imread", "data", "groupRectangles"} <= set(dir(cv2))
    assert all(hasattr(cv2, name) for name in dir(cv2))


@pytest.mark.lane
def test_a_name_that_nobody_has():
    with pytest.raises(AttributeError, match=r"neither classicvision nor OpenCV \S+ has 'imraed'"):
        _ = cv2.imraed
    with pytest.raises(ImportError):
        importlib.import_module("classicvision.compat.opencv.aruco")
    assert not hasattr(cv2, "__path__")


def test_importing_loads_neither_opencv_nor_numba():
    code = (
        "import sys; import classicvision.compat.opencv as cv2; cv2.CascadeClassifier();"
        "print([name for name in ('cv2', 'numba', 'scipy', 'skimage') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.lane
def test_the_data_folder_exists_and_ends_with_a_separator():
    assert isinstance(cv2.data.haarcascades, str)
    assert cv2.data.haarcascades.endswith(os.sep)
    assert Path(cv2.data.haarcascades).is_dir()


@pytest.mark.lane
@pytest.mark.parametrize("load", [cv2.CascadeClassifier, lambda p: cv2.CascadeClassifier().load(p)])
def test_a_cascade_that_is_nowhere_says_where_it_can_be_had(load):
    with pytest.raises(FileNotFoundError) as caught:
        load(cv2.data.haarcascades + "haarcascade_of_nobody.xml")
    message = str(caught.value)
    assert "\n" not in message
    for part in ("haarcascade_of_nobody.xml", "github.com/opencv", "pip download", "cv2/data"):
        assert part in message


@pytest.mark.lane
def test_a_cascade_of_the_installed_opencv_is_found(monkeypatch, tmp_path):
    shutil.copy(CASCADES / "haar_old.xml", tmp_path / "of_opencv.xml")
    monkeypatch.setattr(opencv().data, "haarcascades", str(tmp_path) + os.sep)
    beside = os.path.dirname(os.path.abspath(cv2.__file__))
    for folder in (cv2.data.haarcascades, os.path.join(beside, "data", "")):
        classifier = cv2.CascadeClassifier(folder + "of_opencv.xml")
        assert classifier.getOriginalWindowSize() == (8, 8)


def test_the_installed_face_model_is_found_under_its_name_in_opencv():
    classifier = cv2.CascadeClassifier(cv2.data.haarcascades + "lbpcascade_frontalface.xml")
    assert classifier.getOriginalWindowSize() == (24, 24)
    assert classifier.getFeatureType() == 1
