"""What the benchmarks of colour compare and count."""

import numpy as np
import pytest

import classicvision as cv
from benchmarks import bench_color, color_identification


def test_both_sides_of_a_benchmark_give_the_same():
    largest = {"compare_histograms kl": 1e-5, "match_histograms": 1}  # theirs cuts decimals off
    for case in bench_color.cases(quick=True):
        difference = case.difference(case.ours()[1], case.peer()[1])
        assert difference <= largest.get(case.operator, 1e-6), case.operator


@pytest.mark.lane
def test_the_interval_holds_the_share():
    right = np.arange(60) % 3 == 0
    low, high = color_identification.interval(right)
    assert 0.15 < low < 1 / 3 < high < 0.5
    assert color_identification.interval(np.ones(9, bool)).tolist() == [1, 1]


def test_settings_are_tried_on_photographs_of_their_own(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    for part, count in (("train", 3), ("test", 2)):
        lines = []
        for label, color in enumerate([(200, 40, 40), (40, 200, 40), (40, 40, 200)]):
            for i in range(count):
                name = f"{part}-{label}-{i}.png"
                noise = rng.integers(-9, 10, (8, 9, 3))
                cv.write_image(tmp_path / name, (np.array(color) + noise).astype(np.uint8))
                lines.append(f"{name}, {label}, 0")
        (tmp_path / f"{part}.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(color_identification, "BINS", {"rgb": (4,), "gray": (8,)})
    results = list(color_identification.tried(tmp_path, ["rgb", "gray"], ["chi2", "ks", "emd"]))
    assert capsys.readouterr().out == "9 photographs learned from, 6 asked, 3 classes\n"
    tried = [(parameters["space"], metric) for parameters, metric, _, _ in results]
    assert tried.count(("rgb", "chi2")) == 6  # three crops, hard and soft
    assert tried.count(("rgb", "emd")) == 1
    assert ("rgb", "ks") not in tried
    assert tried.count(("gray", "ks")) == 6
    assert all(
        left_out == right.mean() == 1 for p, _, left_out, right in results if p["space"] == "rgb"
    )
    assert "rgb       4        hard  crop 1.0  chi2" in color_identification.shown(*results[0])


def test_an_index_names_by_the_first_that_it_finds(tmp_path, photographs):
    for part, rows in (("train", slice(0, 200)), ("test", slice(20, 180))):
        lines = []
        for label, name in enumerate(("astronaut", "coffee")):
            cv.write_image(tmp_path / f"{part}-{name}.png", photographs[name][rows, :300])
            lines.append(f"{part}-{name}.png, {label if part == 'train' else 0}, 0")
        (tmp_path / f"{part}.txt").write_text("\n".join(lines), encoding="utf-8")
    assert color_identification.found_by_index(tmp_path).tolist() == [True, False]


def test_fruits_are_named_as_often_as_before(data_folder):
    if not (data_folder / "grocery_store" / "train.txt").is_file():
        pytest.skip("CLASSICVISION_DATA has no grocery_store")
    images, names = color_identification.photographs(data_folder / "grocery_store", "train")
    asked, answers = color_identification.photographs(data_folder / "grocery_store", "test")
    identifier = cv.ColorIdentifier((16, 4, 4), "hsv", "bhattacharyya", crop=0.7)
    assert identifier.fit(images, names).score(asked, answers) >= 0.41  # 0.422 measured
    identifier = cv.ColorIdentifier(8, "rgb", "kl", crop=0.7)
    assert identifier.fit(images, names).score(asked, answers) >= 0.48  # 0.500 measured
