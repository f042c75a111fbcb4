"""Identification by colour: labels, rejection, the contract of estimators, files."""

import json
import os

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_curve
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils import get_tags

from classicvision.color.comparison import METRICS, compare_histograms, metric_is_similarity
from classicvision.color.histogram import color_histogram
from classicvision.color.identification import ColorIdentifier

COLORS = {"lemon": (230, 210, 40), "lime": (80, 160, 40), "plum": (90, 30, 110)}


def views(rng, name, count):
    """Pictures of a colour under several lights."""
    pictures = []
    for light in rng.uniform(0.8, 1.1, count):
        noise = rng.normal(0, 12, (9, 11, 3))
        pictures.append(np.clip(np.array(COLORS[name]) * light + noise, 0, 255).astype(np.uint8))
    return pictures


@pytest.fixture
def objects(rng):
    """Images and labels: four views of each of three fruits."""
    images = [picture for name in COLORS for picture in views(rng, name, 4)]
    return images, [name for name in COLORS for _ in range(4)]


@pytest.mark.lane
@pytest.mark.parametrize("metric", ["intersection", "bhattacharyya", "kl", "correlation"])
@pytest.mark.parametrize("space", ["rgb", "hsv", "opponent", "rg"])
def test_identifies(objects, rng, metric, space):
    identifier = ColorIdentifier(6, space, metric).fit(*objects)
    assert identifier.classes_.tolist() == ["lemon", "lime", "plum"]
    assert identifier.score([view for name in COLORS for view in views(rng, name, 2)],
                            [name for name in COLORS for _ in range(2)]) == 1  # fmt: skip


@pytest.mark.lane
@pytest.mark.parametrize("metric", ["intersection", "emd", "chi2"])
def test_the_nearest_view_wins(objects, rng, metric):
    images, labels = objects
    identifier = ColorIdentifier(3, "rgb", metric, soft=True).fit(images, labels)
    query = views(rng, "lime", 1)[0]
    histograms = [color_histogram(i, 3, soft=True, normalize=True) for i in [query, *images]]
    values = np.array([compare_histograms(histograms[0], h, metric) for h in histograms[1:]])
    sign = 1 if metric_is_similarity(metric) else -1
    order = np.argsort(-sign * values, kind="stable")
    found, indices = identifier.kneighbors([query], 5)
    np.testing.assert_array_equal(indices[0], order[:5])
    np.testing.assert_allclose(found[0], values[order[:5]], atol=1e-5)
    best = [max(sign * values[np.array(labels) == name]) for name in identifier.classes_]
    np.testing.assert_allclose(identifier.similarities([query]), [best], atol=1e-5)
    assert identifier.kneighbors([query], 99)[1].shape == (1, 12)


@pytest.mark.lane
def test_rejects_what_is_not_near_enough(objects):
    images, labels = objects
    identifier = ColorIdentifier(8, metric="intersection", reject_threshold=0.3)
    unknown = np.full((5, 5, 3), (0, 0, 255), np.uint8)
    identifier.fit(images, labels)
    assert identifier.predict([images[0], unknown]).tolist() == ["lemon", None]
    assert identifier.score([images[0], unknown], ["lemon", None]) == 1
    identifier.set_params(reject_label="nothing")
    found = identifier.predict([images[0], unknown])
    assert (found.dtype.kind, found.tolist()) == ("U", ["lemon", "nothing"])
    numbers = ColorIdentifier(reject_threshold=0.5, reject_label=-1).fit(images, np.arange(12))
    found = numbers.predict([images[3], unknown])
    assert (found.dtype.kind, found.tolist()) == ("i", [3, -1])
    assert numbers.set_params(reject_threshold=None).predict([unknown])[0] in range(12)


@pytest.mark.lane
@pytest.mark.parametrize("metric", ["intersection", "bhattacharyya"])
def test_the_threshold_is_chosen_from_the_roc_curve(objects, rng, metric):
    identifier = ColorIdentifier(4, metric=metric).fit(*objects)
    known = [view for name in COLORS for view in views(rng, name, 4)]
    labels = [name for name in COLORS for _ in range(4)]
    unknown = list(rng.integers(0, 256, (10, 9, 9, 3), np.uint8)) + views(rng, "lime", 2)
    images, labels = known + unknown, labels + [None] * 12  # two of them are like limes
    threshold = identifier.choose_threshold(images, labels)
    assert identifier.reject_threshold == threshold
    scores = identifier.similarities(images)
    right = identifier.classes_[scores.argmax(axis=1)] == np.array(labels, object)
    false, true, _ = roc_curve(right, scores.max(axis=1), drop_intermediate=False)
    curve = identifier.rejection_curve_
    np.testing.assert_allclose(curve.true_positive_rates, true)
    np.testing.assert_allclose(curve.false_positive_rates, false)
    kept = np.array([label is not None for label in identifier.predict(images)])
    assert kept[right].mean() - kept[~right].mean() == pytest.approx(max(true - false))
    for allowed in (0, 0.1, 1):
        identifier.choose_threshold(images, labels, false_positive_rate=allowed)
        kept = np.array([label is not None for label in identifier.predict(images)])
        assert kept[~right].mean() <= allowed
        assert kept[right].mean() == pytest.approx(true[false <= allowed].max())


@pytest.mark.lane
def test_the_middle_of_pictures(rng):
    def framed(name):
        picture = rng.integers(0, 256, (30, 40, 3), np.uint8)
        picture[10:20, 14:26] = COLORS[name]
        return picture

    identifier = ColorIdentifier(4, crop=0.3).fit([framed("lime"), framed("plum")], [0, 1])
    np.testing.assert_array_equal(np.sort(identifier.histograms_.max(axis=(1, 2, 3))), [1, 1])
    assert identifier.predict([framed("plum"), framed("lime")]).tolist() == [1, 0]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([True, False, True, False], "b"),
        (np.array([True, False] * 2, object), "b"),
        (np.array([3, 5] * 2, object), "i"),
        (np.array([3, 5] * 2, np.uint8), "u"),
        (np.array(["ripe", "green"] * 2, object), "U"),
    ],
)
def test_labels_may_be_of_several_kinds(rng, tmp_path, labels, kind):
    images = [view for i in range(2) for name in ("lime", "plum") for view in views(rng, name, 1)]
    identifier = ColorIdentifier(4).fit(images, labels)
    found = identifier.predict(images)
    assert (found.dtype.kind, found.tolist()) == (kind, list(labels))
    assert identifier.score(images, labels) == 1
    assert cross_val_score(ColorIdentifier(4), images, labels, cv=2).tolist() == [1, 1]
    identifier.save(tmp_path / "model.npz")
    np.testing.assert_array_equal(
        ColorIdentifier.load(tmp_path / "model.npz").predict(images), found
    )
    unknown = np.full((5, 5, 3), (0, 0, 255), np.uint8)
    for label in (None, ("no", "thing"), found[0]):
        identifier.set_params(reject_threshold=0.9, reject_label=label)
        assert identifier.predict([images[0], unknown]).tolist() == [labels[0], label]


@pytest.mark.lane
def test_of_two_objects_the_decision_is_one_number(rng):
    images = [view for name in ("lime", "plum") for view in views(rng, name, 4)]
    labels = ["lime"] * 4 + ["plum"] * 4
    identifier = ColorIdentifier(4).fit(images, labels)
    decisions = identifier.decision_function(images)
    values = identifier.similarities(images)
    np.testing.assert_array_equal(decisions, values[:, 1] - values[:, 0])
    np.testing.assert_array_equal(
        identifier.predict(images), identifier.classes_[(decisions > 0) * 1]
    )
    areas = cross_val_score(ColorIdentifier(4), images, labels, cv=2, scoring="roc_auc")
    assert areas.tolist() == [1, 1]
    assert not get_tags(identifier).input_tags.two_d_array


@pytest.mark.lane
def test_fitted_anew_it_has_no_curve_of_before(objects):
    images, labels = objects
    identifier = ColorIdentifier(4).fit(images, labels)
    identifier.choose_threshold([*images, images[0]], [*labels, None])
    assert len(identifier.rejection_curve_.thresholds) > 1
    assert not hasattr(identifier.fit(images, labels), "rejection_curve_")


@pytest.mark.lane
def test_is_an_estimator(objects):
    images, labels = objects
    identifier = ColorIdentifier((4, 5, 6), "hsv", "chi2", 0.3, crop=0.5, soft=True)
    copy = clone(identifier)
    assert copy.get_params() == identifier.get_params()
    search = GridSearchCV(ColorIdentifier(), {"metric": ["chi2", "js"], "bins": [2, 3]}, cv=2)
    assert search.fit(images, labels).best_score_ > 0.9
    jobs = ColorIdentifier(3, n_jobs=2).fit(images, labels)
    np.testing.assert_array_equal(
        jobs.histograms_, ColorIdentifier(3).fit(images, labels).histograms_
    )


@pytest.mark.lane
@pytest.mark.parametrize("numbers", [False, True])
def test_saved_and_loaded(objects, tmp_path, numbers):
    images, labels = objects
    labels = np.arange(12) // 4 if numbers else labels
    threshold, reject = (np.float32(0.25), np.int64(-1)) if numbers else (0.25, "?")
    identifier = ColorIdentifier((3, 4, 5), "lab", "js", threshold, crop=0.9, reject_label=reject)
    identifier.fit(images, labels).save(tmp_path / "fruit.npz")
    loaded = ColorIdentifier.load(tmp_path / "fruit.npz")
    assert loaded.set_params(bins=(3, 4, 5)).get_params() == identifier.get_params()
    np.testing.assert_array_equal(loaded.predict(images), identifier.predict(images))
    np.testing.assert_array_equal(loaded.classes_, identifier.classes_)
    assert os.listdir(tmp_path) == ["fruit.npz"]


def damaged_models(folder):
    """Files that are no identifiers, and one that says of itself what is not so."""
    images = [np.zeros((2, 2, 3), np.uint8)] * 2
    ColorIdentifier(2).fit(images, ["a", "b"]).save(folder / "good.npz")
    data = (folder / "good.npz").read_bytes()
    with np.load(folder / "good.npz") as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays["about"].tobytes())

    def changed(parameters=(), version=1, **others):
        text = json.dumps({**about, "version": version,
                           "parameters": {**about["parameters"], **dict(parameters)}})  # fmt: skip
        file = folder / f"{len(os.listdir(folder))}.npz"
        np.savez(file, **{**arrays, "about": np.frombuffer(text.encode(), np.uint8), **others})
        return file.read_bytes()

    yield b""
    yield b"PK\x03\x04 no more"
    yield data[: len(data) // 2]
    yield data.replace(b"color identifier", b"color identifies")
    yield changed(version=99)
    yield changed({"bins": 3})
    yield changed({"space": "xyz"})
    yield changed({"bogus": 1})
    yield changed(histograms=np.zeros((3, 2, 2, 2), np.float32))
    yield changed(histograms=np.zeros((2, 2, 2, 2)))
    yield changed(labels=np.array([0.5, 1]))
    yield changed(about=np.zeros(3, np.uint8))
    yield changed(labels=np.array([{}, {}], object))
    np.savez_compressed(folder / "small.npz", **arrays)
    small = (folder / "small.npz").read_bytes()
    yield small[:70] + b"\xff\xff\xff\xff" + small[74:]
    entry = small.index(b"PK\x01\x02")  # of the first array in the table of contents
    yield small[: entry + 8] + b"\x01" + small[entry + 9 :]  # "encrypted"
    yield small[: entry + 10] + b"\x63" + small[entry + 11 :]  # "compressed in a way of our own"


@pytest.mark.lane
def test_refuses_files_that_are_no_identifiers(tmp_path):
    for i, data in enumerate(damaged_models(tmp_path)):
        path = tmp_path / f"bad{i}.npz"
        path.write_bytes(data)
        with pytest.raises(ValueError, match=rf"bad{i}\.npz: (no|a) color identifier"):
            ColorIdentifier.load(path)
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz: no such file"):
        ColorIdentifier.load(tmp_path / "nothing.npz")


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"space": "cmyk"}, ValueError, "space must be one of"),
        ({"metric": "cosine"}, ValueError, "metric must be one of"),
        ({"metric": "ks"}, ValueError, "metric 'ks' is for space 'gray' only"),
        ({"bins": 0}, ValueError, "bins must be at least 1"),
        ({"crop": 0}, ValueError, "crop must be greater than 0, got 0"),
        ({"crop": 1.5}, ValueError, "crop must be at most 1, got 1.5"),
        ({"reject_threshold": "low"}, TypeError, "reject_threshold must be a number, got 'low'"),
    ],
)
def test_refuses_options(objects, options, error, message):
    with pytest.raises(error, match=message):
        ColorIdentifier(**options).fit(*objects)


@pytest.mark.lane
def test_refuses_inputs(objects):
    images, labels = objects
    identifier = ColorIdentifier().fit(images, labels)
    with pytest.raises(ValueError, match="labels must be as many as images, 12, got 3"):
        ColorIdentifier().fit(images, labels[:3])
    with pytest.raises(ValueError, match="labels must name at least one view, got none"):
        ColorIdentifier().fit([], [])
    with pytest.raises(TypeError, match="labels must be strings, integers or bool, got float64"):
        ColorIdentifier().fit(images, np.arange(12.0))
    with pytest.raises(ValueError, match=r"labels must have shape \(n,\), got \(3, 4\)"):
        ColorIdentifier().fit(images, np.arange(12).reshape(3, 4))
    with pytest.raises(TypeError, match="put a single image into a list"):
        identifier.predict(images[0])
    with pytest.raises(TypeError, match="images must be a list of images, got 'photo"):
        identifier.predict("photo.jpg")
    with pytest.raises(ValueError, match="image must be RGB for space 'rgb'"):
        identifier.predict([images[0][..., 0]])
    with pytest.raises(ValueError, match="labels must be as many as images, at least one"):
        identifier.score(images, labels[:2])
    with pytest.raises(ValueError, match="some that are identified rightly and some that are not"):
        identifier.choose_threshold(images, labels)
    assert identifier.predict([]).shape == (0,)
    assert identifier.similarities([]).shape == identifier.decision_function([]).shape == (0, 3)


def test_every_metric_of_gray_pictures(photographs):
    names = ["astronaut", "camera", "rocket"]
    pictures = [photographs[name] for name in names]
    for metric in METRICS:
        identifier = ColorIdentifier(16, "gray", metric)
        identifier.fit([picture[::2] for picture in pictures], names)
        assert identifier.predict([picture[1::2] for picture in pictures]).tolist() == names
