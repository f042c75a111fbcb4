"""Training a cascade: what comes out, what is refused, and that nothing is lost on the way."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.negative_mining import NegativeMiner
from classicvision.detection.training_checkpoint import load_progress


def crops(count, side=12, seed=1):
    """A bright bar beside a dark one, in noise, of varied contrast."""
    rng = np.random.default_rng(seed)
    images = rng.integers(60, 140, (count, side, side)).astype(float)
    strength = rng.uniform(4, 30, (count, 1, 1))
    images[:, 2:-2, 3:6] += strength
    images[:, 2:-2, 6:9] -= strength
    return np.clip(images, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def negatives():
    camera = cv.sample_image("camera")[..., 0]
    return [camera[:160, :160], camera[200:400, 100:300], camera[300:, 300:]]


def trainer(**options):
    options = {"window": 12, "stages": 8, "random_state": 0, "windows_per_image": 40, **options}
    return cv.CascadeTrainer(**options)


def parts(detector):
    cascade = detector._cascade
    return [getattr(cascade, name) for name in cascade.__dataclass_fields__]


def assert_same(a, b):
    for one, other in zip(parts(a), parts(b), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("features", ["haar", "lbp"])
def test_a_detector_comes_out(features, negatives):
    own = trainer(features=features, max_weak_learners=20)
    detector = own.fit(crops(200), negatives)
    assert detector.feature_type == features
    assert detector is own.detector_
    assert len(own.history_) == len(detector.stages) >= 2
    for record, learners in zip(own.history_, detector.stages, strict=True):
        assert record["weak_learners"] == learners
        assert record["hit_rate"] >= 0.995
    # Each stage lets 99.5 % of its crops pass; of new ones most do.
    passed = [len(detector.scan(crop, 1, (1, 1))[0]) for crop in crops(100, seed=2)]
    assert np.mean(passed) > 0.7
    ratios = [record["acceptance_ratio"] for record in own.history_]
    assert ratios[-1] < 0.3 < ratios[0]


def test_it_finds_the_object(negatives):
    detector = trainer(stages=10, haar_mode="core").fit(crops(200), negatives)
    passing = [crop for crop in crops(200) if len(detector.scan(crop, 1, (1, 1))[0])]
    places = [(20, 30), (70, 40), (120, 90)]
    scene = np.random.default_rng(0).integers(60, 140, (120, 160)).astype(np.uint8)
    for crop, (x, y) in zip(passing[:3], places, strict=True):
        scene[y : y + 12, x : x + 12] = crop
    found = detector.detect(scene, min_neighbors=0)
    overlap = cv.iou(found.boxes, [[x, y, x + 12, y + 12] for x, y in places])
    # Detection does not look at the right neighbour of a window that the first stage rejects.
    assert (overlap.max(axis=0) > 0.7).sum() >= 2


@pytest.mark.parametrize("boosting", ["discrete", "real", "logit"])
def test_boostings_and_trees(boosting, negatives):
    own = trainer(boosting=boosting, max_depth=2, max_weak_learners=10)
    detector = own.fit(crops(60), negatives)
    assert len(detector.stages) >= 2
    assert own.history_[-1]["acceptance_ratio"] < 0.3


def test_the_number_of_workers_does_not_matter(negatives):
    one, two = (trainer(n_jobs=n).fit(crops(80), negatives) for n in (1, 2))
    assert_same(one, two)


def test_another_seed_is_another_model(negatives):
    one, two = (trainer(random_state=n).fit(crops(80), negatives) for n in (0, 1))
    assert not np.array_equal(one._cascade.leaves, two._cascade.leaves)


def test_validation_crops_choose_the_thresholds(negatives):
    held, own = crops(50, seed=9), trainer(stages=1)
    detector = own.fit(crops(80), negatives, validation=held)
    passed = [len(detector.scan(crop, 1, (1, 1))[0]) == 1 for crop in held]
    assert np.mean(passed) == own.history_[0]["hit_rate"] >= own.min_hit_rate


class _Stop(Exception):
    pass


def test_an_interrupted_training_ends_in_the_same_model(negatives, tmp_path, monkeypatch):
    whole = trainer().fit(crops(80), negatives)
    monkeypatch.setattr("classicvision.detection.training_report._CHECKPOINT_SECONDS", 0)
    search = NegativeMiner.search_image
    for calls in (1, 3, 6):
        path, left = tmp_path / f"{calls}.npz", [calls]

        def stop(self, task, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise _Stop
            return search(self, task)

        with monkeypatch.context() as patch:
            patch.setattr(NegativeMiner, "search_image", stop)
            with pytest.raises(_Stop):
                trainer().fit(crops(80), negatives, checkpoint=path)
        assert path.exists()
        assert_same(trainer().fit(crops(80), negatives, checkpoint=path), whole)


_PROGRAM = """
import sys
from classicvision.detection import training_report
from tests.detection.test_cascade_training import crops, trainer
import classicvision as cv
training_report._CHECKPOINT_SECONDS = 0
camera = cv.sample_image("camera")[..., 0]
negatives = [camera[:160, :160], camera[200:400, 100:300], camera[300:, 300:]]
trainer().fit(crops(150), negatives, checkpoint=sys.argv[1])
"""


@pytest.mark.slow
def test_a_killed_training_ends_in_the_same_model(negatives, tmp_path):
    whole = trainer().fit(crops(150), negatives)
    path = tmp_path / "training.npz"
    rng = np.random.default_rng()

    def saved():
        return path.stat().st_mtime_ns if path.exists() else None

    for _ in range(3):
        before = saved()
        process = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(path)])
        deadline = time.monotonic() + 60
        while saved() == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.1))  # and it has gone on by then
        process.kill()
        process.wait()
    own = trainer()
    assert_same(own.fit(crops(150), negatives, checkpoint=path), whole)


def test_a_finished_checkpoint_gives_the_model_at_once(negatives, tmp_path):
    path = tmp_path / "training.npz"
    own = trainer()
    whole = own.fit(crops(80), negatives, checkpoint=path)
    again = trainer()
    assert_same(again.fit(crops(80), negatives, checkpoint=path), whole)
    assert again.history_ == own.history_
    assert again.stop_reason_ == own.stop_reason_


def test_a_finished_training_can_get_more_stages_or_less(negatives, tmp_path):
    path = tmp_path / "training.npz"
    trainer(stages=2).fit(crops(80), negatives, checkpoint=path)
    whole = trainer(stages=5).fit(crops(80), negatives)
    assert_same(trainer(stages=5).fit(crops(80), negatives, checkpoint=path), whole)
    own = trainer(stages=2)
    assert own.fit(crops(80), negatives, checkpoint=path).stages == whole.stages[:2]
    assert len(own.history_) == 2


def test_without_a_random_state_the_checkpoint_has_the_seed(negatives, tmp_path):
    path = tmp_path / "training.npz"
    one, two = (
        trainer(random_state=None, stages=3).fit(crops(80), negatives, checkpoint=path)
        for _ in range(2)
    )
    assert_same(one, two)


def test_a_checkpoint_of_another_training_is_refused(negatives, tmp_path):
    path = tmp_path / "training.npz"
    trainer(stages=1).fit(crops(80), negatives, checkpoint=path)
    for other in (trainer(max_depth=2), trainer(stages=1, random_state=1)):
        with pytest.raises(ValueError, match=r"training.npz: the checkpoint of a training with ot"):
            other.fit(crops(80), negatives, checkpoint=path)
    with pytest.raises(ValueError, match="other data or other parameters"):
        trainer(stages=1).fit(crops(81), negatives, checkpoint=path)
    with pytest.raises(ValueError, match="other data or other parameters"):
        trainer(stages=1).fit(crops(80), [image + 1 for image in negatives], checkpoint=path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip file at all"])
def test_damaged_checkpoints(data, tmp_path):
    path = tmp_path / "training.npz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="not the checkpoint of a training, or damaged"):
        load_progress(path, "")
    whole = tmp_path / "other.npz"
    np.savez(whole, images=np.zeros(3))
    with pytest.raises(ValueError, match="not the checkpoint of a training, or damaged"):
        load_progress(whole, "")


def test_negatives_that_are_used_up_end_the_training(negatives):
    own = trainer(stages=20, max_windows=200_000, max_false_alarm_rate=0.2)
    detector = own.fit(crops(150), negatives[:1])
    assert 0 < len(detector.stages) < 20
    assert "give more, or more varied, negative images" in own.stop_reason_


def test_the_rate_that_was_asked_for_ends_the_training(negatives):
    own = trainer(stages=20, min_acceptance_ratio=0.05)
    detector = own.fit(crops(80), negatives)
    assert len(detector.stages) < 20
    assert "below min_acceptance_ratio" in own.stop_reason_


def test_no_windows_at_all():
    with pytest.raises(ValueError, match="no stage could be trained: only 0 of 80 negatives"):
        trainer().fit(crops(80), [np.zeros((5, 90), np.uint8)])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"features": "hog"}, ValueError, "features must be"),
        ({"boosting": "ada"}, ValueError, "boosting must be"),
        ({"haar_mode": "ALL"}, ValueError, "haar_mode must be"),
        ({"search": "fast"}, ValueError, "search must be"),
        ({"min_hit_rate": 0}, ValueError, "min_hit_rate must be greater than 0, got 0"),
        ({"max_false_alarm_rate": 1.5}, ValueError, "max_false_alarm_rate must be at most 1"),
        ({"stages": 0}, ValueError, "stages must be at least 1, got 0"),
        ({"max_depth": 1.5}, TypeError, "max_depth must be an integer, got 1.5"),
        ({"negatives_per_stage": 0}, ValueError, "negatives_per_stage must be at least 1"),
        ({"scale_factor": 1}, ValueError, "scale_factor must be greater than 1"),
        ({"window": 2}, ValueError, "window width must be at least 3, got 2"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0, got -1"),
    ],
)
def test_wrong_parameters(options, error, message, negatives):
    with pytest.raises(error, match=message):
        trainer(**options).fit(crops(20), negatives)


@pytest.mark.parametrize(
    ("positives", "error", "message"),
    [
        (np.zeros((20, 12, 12)), TypeError, "positives must be of dtype uint8, got float64"),
        (np.zeros((12, 12), np.uint8), TypeError, r"positives must have shape \(n, rows, columns"),
        (crops(5), ValueError, "positives must be at least 10 crops, got 5"),
        (crops(20)[:, :10], ValueError, "positives are 12 x 10 pixels, unlike the window of 12 x"),
        ("faces.vec", TypeError, r"got 'faces.vec'; pass cv.read_positives\(path\)"),
        (["one.png"], TypeError, r"got \['one.png'\]; pass cv.read_positives\(path\)"),
    ],
)
def test_wrong_positives(positives, error, message, negatives):
    with pytest.raises(error, match=message):
        trainer().fit(positives, negatives)


@pytest.mark.lane
@pytest.mark.parametrize(
    ("wrong", "got"),
    [
        ("photos", "'photos'"),
        (Path("photos"), r"\w*Path\('photos'\)"),
        (["a.png", "b.png"], r"\['a.png', 'b.png'\]"),
        (None, "None"),
        ((image for image in ()), "<generator object .*"),
        (np.zeros((90, 90), np.uint8), r"an array of shape \(90, 90\)"),
    ],
)
def test_wrong_negatives(wrong, got):
    with pytest.raises(TypeError, match=rf"negatives must .* got {got}; pass cv.Negatives\(path"):
        trainer().fit(crops(20), wrong)


@pytest.mark.lane
def test_checkpoints_that_could_not_be_written(tmp_path):
    image = [np.zeros((90, 90), np.uint8)]
    with pytest.raises(ValueError, match=r"is a folder; give a file in it, training\.npz"):
        trainer().fit(crops(20), image, checkpoint=tmp_path)
    with pytest.raises(ValueError, match=r"no.training.npz is in no folder that exists; make it"):
        trainer().fit(crops(20), image, checkpoint=tmp_path / "no" / "training.npz")
    with pytest.raises(TypeError, match="checkpoint must be the name of a file, got True"):
        trainer().fit(crops(20), image, checkpoint=True)


def test_positives_without_contrast(negatives):
    flat = np.full((20, 12, 12), 99, np.uint8)
    with pytest.raises(ValueError, match="only 5 of 25 positives have the contrast that Haar"):
        trainer().fit(np.concatenate([flat, crops(5)]), negatives)


def test_no_negatives():
    with pytest.raises(ValueError, match="negatives must be at least one image, got none"):
        trainer().fit(crops(20), [])


def test_a_line_for_each_stage(negatives, capsys):
    detector = trainer(verbose=1).fit(crops(80), negatives)
    lines = capsys.readouterr().err.splitlines()
    names = [f"stage {n + 1} of 8" for n in range(len(detector.stages))]
    assert [line.split(":")[0] for line in lines] == names
    assert "hit rate 0.9" in lines[0] or "hit rate 1.0" in lines[0]


def test_the_detector_is_loadable_where_it_was_trained(negatives, tmp_path):
    detector = trainer().fit(crops(80), negatives)
    detector.save(tmp_path / "bars.xml")
    assert_same(CascadeDetector.load(tmp_path / "bars.xml"), detector)
