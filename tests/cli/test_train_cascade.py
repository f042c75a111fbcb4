"""``classicvision train-cascade``: a model from files, what is refused, and going on."""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

import classicvision as cv
from classicvision import detection
from classicvision.cli._training import _ADVICE
from classicvision.detection import training_run
from classicvision.detection.samples import write_info, write_vec

FAST = (
    "--window", "12", "--stages", "4", "--max-weak-learners", "8", "--augment", "60",
    "--max-windows", "200000",
)  # fmt: skip


def crop(rng, side=24):
    """A bright bar beside a dark one, in noise that hides some of them."""
    image = rng.integers(60, 140, (side // 2, side // 2)).repeat(2, 0).repeat(2, 1)
    strength = rng.integers(5, 40)
    image[side // 6 : -side // 6, side // 4 : side // 2] += strength
    image[side // 6 : -side // 6, side // 2 : 3 * side // 4] -= strength
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture
def data(tmp_path):
    """Photographs with the object and without it, and crops, in the folder of the command."""
    rng = np.random.default_rng(0)
    camera = cv.sample_image("camera")[..., 0]
    for folder in ("without", "scenes", "crops"):
        (tmp_path / folder).mkdir()
    for i in range(3):
        part = camera[130 * i : 130 * i + 120, 100 * i : 100 * i + 160]
        cv.write_image(tmp_path / "without" / f"{i}.png", part)
    entries = []
    for i in range(8):
        scene = camera[10 * i : 10 * i + 90, 20 * i : 20 * i + 120].copy()
        x, y = rng.integers(0, 66, 2)
        scene[y : y + 24, x : x + 24] = crop(rng)
        cv.write_image(tmp_path / "scenes" / f"{i}.png", scene)
        cv.write_image(tmp_path / "crops" / f"{i}.png", crop(rng))
        entries.append((tmp_path / "scenes" / f"{i}.png", [[x, y, x + 24, y + 24]]))
    write_info(tmp_path / "scenes.dat", entries)
    return tmp_path


def lines(result):
    return result.stderr.splitlines()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_command_from_annotated_photographs(run, data, jobs):
    result = run("train-cascade", "scenes.dat", "-o", "bar.xml", *FAST, "--jobs", jobs)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("bar.xml: ")
    assert result.stdout.endswith("; bar.json says how it was made\n")
    assert result.stdout.count("\n") == 1
    assert "52 positives are made from 8" in result.stderr
    assert any(line.startswith("stage 1 of 4: ") for line in lines(result))
    assert sorted(name for name in os.listdir(data) if "bar" in name) == ["bar.json", "bar.xml"]
    detector = cv.CascadeDetector.load("bar.xml")
    about = json.loads((data / "bar.json").read_text())
    assert about["model"] == "bar.xml"
    assert about["parameters"]["random_state"] == 0
    assert about["parameters"]["window"] == [12, 12]
    assert about["data"]["positives"] == "scenes.dat"
    assert (about["data"]["crops"], about["data"]["crops_made"]) == (8, 52)
    assert (about["data"]["negatives"], about["data"]["negative_images"]) == (["-"], 8)
    assert [stage["weak_learners"] for stage in about["stages"]] == detector.stages
    assert about["stop_reason"] in result.stdout


def test_the_same_command_gives_the_same_files(run, data):
    for name in ("a", "b"):
        command = ("train-cascade", "crops", "without", "-o", f"{name}.xml", *FAST)
        assert run(*command, "--features", "lbp", "--validation", "0.25").exit_code == 0
    assert (data / "a.xml").read_bytes() == (data / "b.xml").read_bytes()
    about = [json.loads((data / f"{name}.json").read_text()) for name in ("a", "b")]
    assert {**about[0], "model": ""} == {**about[1], "model": ""}
    assert about[0]["data"]["crops_held_back"] == 2
    run("train-cascade", "crops", "without", "-o", "c.xml", *FAST, "--seed", "1")
    assert (data / "a.xml").read_bytes() != (data / "c.xml").read_bytes()


def test_other_positives_and_negatives(run, data):
    crops = np.stack([crop(np.random.default_rng(i), 12) for i in range(60)])
    write_vec(data / "bar.vec", crops)
    np.savez(data / "bar.npz", images=crops)
    command = ("-o", "bar.xml", *FAST, "--stages", "2")
    for positives in ("bar.vec", "bar.npz"):
        result = run("train-cascade", positives, "without", *command)
        assert result.exit_code == 0, result.output
        assert "are made" not in result.stderr
    result = run("train-cascade", "scenes.dat", "without/*.png", "-", *command, "--margin", "0.1")
    assert result.exit_code == 0, result.output
    assert json.loads((data / "bar.json").read_text())["data"]["negative_images"] == 11


def test_what_is_wrong_with_the_samples_is_said_before(run, data):
    (data / "without" / "broken.png").write_bytes(b"no picture")
    result = run("train-cascade", "crops", "without", "-o", "bar.xml", *FAST, "--stages", "1")
    assert result.exit_code == 0
    warned = [line for line in lines(result) if ": warning: " in line]
    stages = [line.startswith("stage") for line in lines(result)]
    assert sum(": warning: " in line for line in lines(result)[stages.index(True) :]) == 0
    assert len(warned) == 4
    assert "or have more made by --augment" in warned[1]
    assert "broken.png" in warned[0]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["crops", "without", "-o", "bar.yml"], "--output bar.yml: the name of a model ends in"),
        (["crops", "without", "-o", "x.xml"], "--output x.xml: a folder; give the model a name"),
        (["crops", "without", "-o", "no/bar.xml"], "--output no/bar.xml: its folder cannot be"),
        (["crops", "without", "-o", "crops/0.png/bar.xml"], "its folder cannot be written to"),
        (["nothing", "without", "-o", "bar.xml"], "nothing: no such file or folder"),
        (["nothing", "-o", "bar.xml"], "nothing: no such file or folder"),
        (["nothing.vec", "-o", "bar.xml"], "nothing.vec: no such file or folder"),
        (["crops", "nope", "-o", "bar.xml"], "nope: no such file or folder"),
        (["crops", "without", "nope.png", "-o", "bar.xml"], "nope.png: no such file or folder"),
        (["empty", "-o", "bar.xml"], "empty: no image and no annotation"),
        (["nested", "-o", "bar.xml"], "nested: no image and no annotation"),
        (["crops", "without", "-o", "y.xml"], "y.json: a folder, but a file of this name"),
        (["crops", "without", "-o", "z.xml"], "z.xml.training.npz: a folder, but a file of"),
        (["empty", "without", "-o", "bar.xml"], "empty: no image and no annotation"),
        (["crops", "empty", "-o", "bar.xml"], "empty: "),
        (["crops", "", "-o", "bar.xml"], "must not be empty names"),
        (["crops", "-o", "bar.xml"], "crops: crops have no surroundings to take for NEGATIVES"),
        (["crops", "without", "-o", "bar.xml", "--label", "x"], "crops have no classes"),
        (["scenes.dat", "-o", "bar.xml", "--label", "x"], "its boxes have no classes"),
        (["crops", "without", "-o", "bar.xml", "--window", "2"], "at least 3, got 2"),
        (["crops", "without", "-o", "bar.xml", "--window", "200"], "and holds a window of 200"),
        (["flat", "without", "-o", "bar.xml"], "the positives have no contrast at all"),
        (["crops/1.png", "without", "-o", "bar.xml"], "cannot learn from 1 positive; give"),
        (["unread", "without", "-o", "bar.xml"], "unread: no usable crop; "),
        (["crops", "unread", "-o", "bar.xml"], "none of 1 negatives looked at can be read"),
        (["floats.npz", "without", "-o", "bar.xml"], "has NaN or infinite values"),
        (["four", "without", "-o", "bar.xml", "--augment", "0"], "at least 10 crops, got 4"),
    ],
)  # fmt: skip
def test_what_nothing_can_be_learned_from_is_refused_in_one_line(run, data, arguments, said):
    for folder in ("empty", "flat", "unread", "four", "x.xml", "y.json", "z.xml.training.npz"):
        (data / folder).mkdir()
    (data / "nested" / "deeper").mkdir(parents=True)
    for i in range(4):
        shutil.copy(data / "crops" / f"{i}.png", data / "four")
    cv.write_image(data / "flat" / "1.png", np.full((40, 40), 9, np.uint8))
    cv.write_image(data / "flat" / "2.png", np.full((40, 40), 7, np.uint8))
    (data / "unread" / "1.png").write_bytes(b"no picture")
    np.savez(data / "floats.npz", images=np.full((20, 30, 30), np.nan))
    result = run("train-cascade", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert lines(result)[-1].startswith("classicvision: error: ")
    assert sum("error" in line for line in lines(result)) == 1
    assert said in lines(result)[-1]
    assert "stage 1" not in result.stderr
    assert not any("bar" in name for name in os.listdir(data))


def test_negatives_that_are_used_up_end_the_training(run, data):
    cv.write_image(data / "tiny.png", cv.sample_image("camera")[200:240, 200:240])
    command = ("train-cascade", "crops", "tiny.png", "-o", "bar.xml", *FAST, "--stages", "30")
    result = run(*command)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert "; give more, or more varied, negative images, or ask for fewer" in result.stdout


@pytest.mark.lane
def test_all_advice_of_the_library_is_put_in_the_words_of_the_command():
    source = "".join(p.read_text("utf-8") for p in Path(detection.__file__).parent.glob("*.py"))
    source = re.sub(r'"\s*\n\s*f?"', "", source)  # literals over several lines
    for library, command in _ADVICE:
        assert library in source
        assert command not in library


@pytest.mark.lane
def test_files_of_others_are_not_replaced(run, data):
    annotation = "<annotation><filename>0.png</filename></annotation>"
    (data / "voc").mkdir()
    kept = {
        "scenes/ann.json": '{"images": [], "annotations": [], "categories": []}',
        "voc/0000.xml": annotation,
        "notes.json": '{"model": "mine"}',
        "broken.xml": "<opencv_",
    }
    for name, text in kept.items():
        (data / name).write_text(text)
    for command, said in (
        (
            ["scenes/ann.json", "-o", "scenes/ann.xml"],
            "ann.json: an input, which the report",
        ),
        (["voc", "-o", "voc/0000.xml"], "voc/0000.xml: exists, and is not the model of a training"),
        (["voc/0000.xml", "-o", "voc/0000.xml"], "voc/0000.xml: an input, which the model would"),
        (["crops", "without", "-o", "notes.xml"], "notes.json: exists, and is not the report of"),
        (["crops", "without", "-o", "broken.xml"], "broken.xml: exists, and is not the model"),
    ):
        result = run("train-cascade", *command)
        assert (result.exit_code, len(lines(result))) == (2, 1)
        assert said in lines(result)[0]
        assert "give another --output" in lines(result)[0]
    assert {name: (data / name).read_text() for name in kept} == kept


def test_a_model_beside_its_data_does_not_change_what_they_are(run, data):
    command = ("train-cascade", "crops", "without", "-o", "crops/bar.xml", *FAST, "--stages", "1")
    for _ in range(2):  # the second replaces what the first made
        result = run(*command)
        assert result.exit_code == 0, result.output
    assert "crops/bar.xml: 1 stage, " in result.stdout
    assert "; the one stage is trained; " in result.stdout
    assert json.loads((data / "crops" / "bar.json").read_text())["data"]["crops"] == 8


def test_a_failed_training_does_not_stand_in_the_way(run, data):
    camera = cv.sample_image("camera")[..., 0]  # what is to be found is unlike nothing else
    parts = [camera[y : y + 24, x : x + 24] for y in range(0, 480, 60) for x in range(0, 480, 60)]
    np.savez(data / "any.npz", images=np.stack(parts))
    command = ("train-cascade", "any.npz", "without", "-o", "bar.xml", *FAST, "--stages", "2")
    command += ("--min-hit-rate", "1", "--max-weak-learners")
    result = run(*command, "1")
    assert result.exit_code == 2
    assert "no stage could be trained: stage 1 lets " in lines(result)[-1]
    assert "after 1 weak learner; raise --max-weak-learners, lower --min-hit" in lines(result)[-1]
    assert not any("bar" in name for name in os.listdir(data))
    result = run(*command, "60")
    assert result.exit_code == 0, result.output


def test_a_stage_that_misses_its_rates_is_said(run, data):
    command = ("train-cascade", "crops", "without", "-o", "bar.xml", *FAST, "--stages", "1")
    result = run(*command, "--max-false-alarm-rate", "0.0001", "--max-weak-learners", "4")
    assert result.exit_code == 0, result.output
    assert "warning: the last stage lets " in result.stderr
    assert "raise --max-weak-learners" in result.stderr
    result = run(*command, "--negatives-per-stage", "1000", "--max-windows", "600")
    assert "of 1000 windows without the object were found" in result.stderr


def test_advice_about_crops_is_in_the_words_of_the_command(run, data):
    result = run("train-cascade", "crops", "without", "-o", "bar.xml", *FAST, "--window", "12x24")
    assert "were cut; set --window" in result.stderr


def test_a_checkpoint_of_other_samples_is_refused(run, data):
    (data / "bar.xml.training.npz").write_bytes(b"something else")
    result = run("train-cascade", "crops", "without", "-o", "bar.xml", *FAST)
    assert result.exit_code == 2
    assert len(lines(result)) == 1  # before the samples are looked at
    assert "bar.xml.training.npz: not the checkpoint of a training" in lines(result)[0]
    assert "delete it, or give another --output, to train anew" in lines(result)[0]


def test_an_interrupted_training_goes_on(run, data, monkeypatch):
    command = ("train-cascade", "scenes.dat", "without", *FAST, "-o")
    assert run(*command, "whole.xml").exit_code == 0
    trained, train_stage = [], training_run.train_stage

    def interrupted(*arguments, **options):
        trained.append(1)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train_stage(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(training_run, "train_stage", interrupted)
        result = run(*command, "bar.xml")
    assert (result.exit_code, result.stdout) == (130, "")
    assert lines(result)[-1] == "classicvision: interrupted; the same command goes on"
    assert not (data / "bar.xml").exists()
    result = run(*command, "bar.xml", "--min-hit-rate", 0.99)
    assert result.exit_code == 2
    assert len(lines(result)) == 1  # before the samples are looked at
    assert "with other parameters; delete it, or give another --output, to" in lines(result)[0]
    result = run(*command, "bar.xml", "--augment", "70")
    assert result.exit_code == 2
    assert "other data or other parameters; delete it, or give another --output" in result.stderr
    assert "going on" not in result.stderr
    result = run(*command, "bar.xml")
    assert result.exit_code == 0
    assert "going on from bar.xml.training.npz, after 1 stage" in lines(result)
    assert (data / "bar.xml").read_bytes() == (data / "whole.xml").read_bytes()
    assert not (data / "bar.xml.training.npz").exists()


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill"])
def test_a_process_that_is_stopped_goes_on(run, start, data, number):
    command = ("train-cascade", "crops", "without", *FAST, "--stages", "8", "-o")
    assert run(*command, "whole.xml").exit_code == 0
    process = start(
        *command,
        "bar.xml",
        "--verbose",
        # A shell in the background would have it ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    for line in process.stderr:
        if line.startswith("stage 2 of 8"):
            break
    process.send_signal(number)
    errors = process.communicate(timeout=60)[1]
    assert "Traceback" not in errors
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    result = run(*command, "bar.xml")
    assert "going on from" in result.stderr
    assert result.stdout.startswith("bar.xml: ")
    assert (data / "bar.xml").read_bytes() == (data / "whole.xml").read_bytes()
