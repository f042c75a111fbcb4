"""CascadeDetector: against a window-by-window oracle, on paper, and with inputs of all kinds."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import classicvision as cv
from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_layout import lay_out
from classicvision.detection.cascade_scan import make_work, scan_layer
from classicvision.detection.cascade_search import make_model
from classicvision.detection.cascade_xml import read_cascade
from tests.naive import cascade as naive

TINY = sorted((Path(__file__).parents[1] / "golden" / "cascades").glob("*.xml"))


@pytest.fixture(scope="module")
def astronaut():
    return cv.sample_image("astronaut")


@pytest.fixture(scope="module")
def detector():
    return CascadeDetector.load("frontalface")


def textured(rng, rows, columns):
    """Noise over a ramp over blocks: windows of every contrast, some of them flat."""
    image = rng.integers(0, 60, (rows, columns)) + np.linspace(0, 150, columns)
    image[: rows // 3, : columns // 2] = 90
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.lane
@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
@pytest.mark.parametrize("step", [1, 2, 3])
def test_scan_layer_is_the_textbook_cascade(path, step, rng):
    model = make_model(read_cascade(path))
    cascade = model.cascade
    image = textured(rng, cascade.window[1] + 7, cascade.window[0] + 12)
    lattice = tuple(
        -(-(side - window + 1) // step)
        for side, window in zip(image.shape[::-1], cascade.window, strict=True)
    )
    positions, sums = np.empty((500, 2), np.int32), np.empty(500)
    depth = np.zeros(lattice[::-1], np.uint16)
    n = scan_layer(
        float((cascade.window[0] - 2) * (cascade.window[1] - 2)),
        lattice,
        tuple(model.tables),
        (stored := lay_out(image, model.corners, step, with_squares=cascade.kind == "haar")),
        make_work(stored[0], model.most_nodes),
        positions,
        sums,
        depth,
    )
    expected = naive.scan(cascade, image, step)
    assert (positions[:n] * step).tolist() == [[x, y] for x, y, _ in expected]
    np.testing.assert_allclose(sums[:n], [total for *_, total in expected], rtol=1e-12)
    assert (depth == len(cascade.stage_thresholds)).sum() == n


@pytest.mark.lane
@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
def test_depth_counts_the_stages_that_a_window_passes(path, rng):
    detector = CascadeDetector.load(path)
    width, height = detector.window
    image = textured(rng, height + 2, width + 2)
    steps = detector.explain(image, scale_factor=5)
    assert steps.steps == [2]
    for row, column in np.ndindex(steps.depths[0].shape):
        window = image[2 * row : 2 * row + height, 2 * column : 2 * column + width]
        passed, *_ = naive.stages_passed(detector._cascade, window)
        depth = steps.depths[0][row, column]
        hidden = column > 0 and steps.depths[0][row, column - 1] == 0  # by its left neighbour
        assert depth == passed or (depth == 0 and hidden)
    assert steps.passed[0] == steps.depths[0].size
    assert (np.diff(steps.passed) <= 0).all()


def test_dense_and_sparse_survivors_agree_with_single_windows(detector, astronaut):
    """Every window that passes in the scan passes when it is the only one."""
    gray = np.ascontiguousarray(cv.images.luminance(astronaut)[::4, ::4])
    found = {tuple(r) for r in detector.detect_windows(gray, 3.0)[0].tolist() if r[2] == 24}
    alone = set()
    for y in range(10, 24, 2):
        for x in range(34, 54, 2):
            window = np.ascontiguousarray(gray[y : y + 24, x : x + 24])
            if len(detector.detect_windows(window)[0]):
                alone.add((x, y, 24, 24))
    assert len(found) > 1
    assert found <= alone  # the skip rule may hide some of those that pass alone
    assert len(alone) < 20


def test_finds_the_astronaut(detector, astronaut):
    faces = detector.detect(astronaut)
    assert len(faces) == 1
    assert cv.iou(faces.boxes, [[175, 60, 275, 175]])[0, 0] > 0.5


def test_order_and_scores(detector, astronaut):
    raw = detector.detect(astronaut, min_neighbors=0)
    assert (raw.scores >= 0).all()
    order = np.lexsort((raw.boxes[:, 0], raw.boxes[:, 1], -raw.scores))
    assert (order == np.arange(len(raw))).all()
    grouped = detector.detect(astronaut, min_neighbors=1)
    assert (np.diff(grouped.scores) <= 0).all()
    assert (grouped.scores > 1).all()


@pytest.mark.parametrize("n_jobs", [2, 3, -1, -2, -1000])
def test_threads_find_the_same(detector, astronaut, n_jobs):
    one = detector.detect_windows(cv.images.luminance(astronaut))
    many = detector.detect_windows(cv.images.luminance(astronaut), n_jobs=n_jobs)
    for a, b in zip(one, many, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image[:, ::-1][:, ::-1],
        np.asfortranarray,
        lambda image: image.astype(">u2") * np.uint16(257),
        lambda image: image.astype(np.float32),
        lambda image: image.astype(np.float64) / 255,
        lambda image: image.astype(np.int16),
        lambda image: np.repeat(image[..., None], 3, axis=2),
    ],
    ids=["strided", "fortran", "big-endian", "float32", "unit float64", "int16", "rgb"],
)
def test_every_kind_of_array_gives_the_same_windows(detector, astronaut, change):
    gray = np.ascontiguousarray(cv.images.luminance(astronaut)[:256, 100:356])
    expected = detector.detect(gray, min_neighbors=0)
    image = change(gray)
    image.setflags(write=False)
    found = detector.detect(image, min_neighbors=0)
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    assert len(expected) > 5


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), value=st.integers(0, 255))
def test_flat_images_of_any_size_have_no_haar_object(rows, columns, value):
    haar = CascadeDetector.load(TINY[0].with_name("haar_stumps.xml"))
    assert len(haar.detect(np.full((rows, columns), value, np.uint8), min_neighbors=0)) == 0


@pytest.mark.parametrize("shape", [(23, 24), (24, 23), (1, 1), (1, 500)])
def test_images_smaller_than_the_window(detector, shape):
    found = detector.detect(np.zeros(shape, np.uint8))
    assert found.boxes.shape == (0, 4)
    assert found.scores.shape == (0,)


def test_size_limits(detector, astronaut):
    found = detector.detect(astronaut, min_neighbors=0, min_size=80, max_size=(120, 120))
    sizes = found.boxes[:, 2] - found.boxes[:, 0]
    assert len(found) > 0
    assert ((sizes >= 80) & (sizes <= 120)).all()


def test_more_windows_than_first_room(astronaut, monkeypatch):
    haar = CascadeDetector.load(TINY[0].with_name("haar_one_stage.xml"))
    gray = cv.images.luminance(astronaut)[:100, :100]
    expected = haar.detect_windows(gray)
    monkeypatch.setattr("classicvision.detection.cascade_search._ROOM", 1)
    for a, b in zip(haar.detect_windows(gray), expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale_factor": 1}, "scale_factor must be greater than 1"),
        ({"scale_factor": float("nan")}, "scale_factor must be a number"),
        ({"scale_factor": float("inf")}, "scale_factor must be at most"),
        ({"scale_factor": 1 + 1e-9}, "makes more than 10000 scales"),
        ({"min_neighbors": -1}, "min_neighbors must be at least 0"),
        ({"min_size": (1, -1)}, "min_size height must be at least 0"),
        ({"min_size": 2**63}, "min_size width must be at most 2147483647"),
        ({"n_jobs": 0}, "n_jobs must not be 0; use -1 for all cores"),
    ],
)
def test_wrong_options(detector, options, message):
    with pytest.raises(ValueError, match=message):
        detector.detect(np.zeros((40, 40), np.uint8), **options)


def test_wrong_images(detector):
    with pytest.raises(ValueError, match="NaN or infinite"):
        detector.detect(np.full((30, 30), np.nan))
    with pytest.raises(ValueError, match="no pixels"):
        detector.detect(np.zeros((0, 30), np.uint8))
    with pytest.raises(TypeError, match="dtype"):
        detector.detect(np.zeros((30, 30), complex))
    with pytest.raises(TypeError, match="shape"):
        detector.detect(np.zeros((2, 30, 30, 3), np.uint8))


@pytest.mark.parametrize(("step", "lattice"), [(1, (8, 5)), (1, (7, 6)), (3, (4, 2)), (0, (1, 1))])
def test_windows_beyond_the_image_are_not_scanned(detector, step, lattice):
    width, height = detector.window
    image = np.zeros((height + 4, width + 6), np.uint8)
    detector.scan(image, 1, (7, 5))
    with pytest.raises(ValueError, match="lattice must be of windows inside the image"):
        detector.scan(image, step, lattice)


def test_a_folder_does_not_hide_a_model(tmp_path, monkeypatch):
    (tmp_path / "frontalface").mkdir()
    monkeypatch.chdir(tmp_path)
    assert CascadeDetector.load("frontalface").window == (24, 24)


def test_a_detector_is_loaded_not_made_from_a_name():
    with pytest.raises(TypeError, match=r"cascade must be a Cascade, got 'frontalface'; use load"):
        CascadeDetector("frontalface")


def test_missing_model():
    with pytest.raises(FileNotFoundError, match="installed models are frontal_face"):
        CascadeDetector.load("no-such-model")


def test_repr(detector):
    assert repr(detector) == (
        "CascadeDetector(lbp, window 24 x 24, 20 stages, 139 weak classifiers)"
    )
