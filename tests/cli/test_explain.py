"""``classicvision explain``: a picture of all stages."""

import os

import numpy as np
import pytest

import classicvision as cv
from classicvision.cli._stages import STAGES
from classicvision.cli.explain import explain


@pytest.fixture
def photo(tmp_path):
    image = cv.sample_image("astronaut")[40:200, 120:320]
    cv.write_image(tmp_path / "photo.png", image)
    return image


@pytest.mark.parametrize("algorithm", STAGES)
def test_stages_in_one_picture(run, photo, algorithm):
    result = run("explain", algorithm, "photo.png", "-o", "stages.png")
    assert (result.exit_code, result.stdout) == (0, "stages.png\n")
    picture = cv.read_image("stages.png")
    assert picture.shape[1] == 3 * 480 + 2 * 8
    assert picture.std() > 20
    # The first picture is the photograph itself, or its brightness.
    first = picture[28 : 28 + 384, :480].mean(axis=2)
    small = cv.read_image("photo.png", gray=True)
    assert np.corrcoef(first[::12, ::12].ravel(), small[::5, ::5].ravel())[0, 1] > 0.9


def test_every_algorithm_has_stages():
    (choice,) = [p.type.choices for p in explain.params if p.name == "algorithm"]
    assert list(choice) == list(STAGES)


@pytest.mark.parametrize("algorithm", STAGES)
def test_every_stage_shows_something(photo, algorithm):
    stages = STAGES[algorithm](photo)
    assert len({title for title, _ in stages}) == len(stages) >= 5
    for title, picture in stages:
        assert np.max(picture) > np.min(picture), title


@pytest.mark.parametrize("algorithm", STAGES)
@pytest.mark.parametrize("shape", [(1, 1), (400, 1), (1, 400)])
def test_thin_pictures_are_explained(run, algorithm, shape):
    cv.write_image("thin.png", np.full(shape, 90, np.uint8))
    assert run("explain", algorithm, "thin.png").exit_code == 0
    assert max(cv.read_image(f"{algorithm}.png").shape) < 5000


def test_the_stages_of_a_model_of_ones_own(run, photo):
    cv.CascadeDetector.load("frontalface").first_stages(2).save("face.xml")
    result = run("explain", "cascade", "photo.png", "--model", "face.xml")
    assert (result.exit_code, result.stdout) == (0, "cascade.png\n")
    titles = [title for title, _ in STAGES["cascade"](photo, model="face.xml")]
    assert any(title.endswith("windows pass all 2 stages") for title in titles)


def test_the_default_name_does_not_overwrite_the_photograph_either(run, photo):
    os.rename("photo.png", "canny.png")
    result = run("explain", "canny", "canny.png")
    assert result.exit_code == 2
    np.testing.assert_array_equal(cv.read_image("canny.png"), photo)


def test_reads_standard_input(run, photo):
    with open("photo.png", "rb") as file:
        result = run("explain", "canny", "-", input=file.read())
    assert (result.exit_code, result.stdout) == (0, "canny.png\n")
    run("explain", "canny", "photo.png", "-o", "same.png")
    np.testing.assert_array_equal(cv.read_image("canny.png"), cv.read_image("same.png"))


def test_without_arguments_for_both(run):
    result = run("explain", "canny")
    assert result.exit_code == 0
    assert result.stdout == "canny.png\n"
    assert result.stderr.startswith("classicvision: no image given: this is the sample ")
    assert os.listdir() == ["canny.png"]


@pytest.mark.lane
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sift"], 2, "Invalid value for '{canny|hough-lines|hough-circles|pyramid|cascade}'"),
        ([], 2, "Missing argument"),
        (["canny", "nothing.png"], 2, "nothing.png: no such file"),
        (["canny", ""], 2, "the image has no name"),
        (["canny", "."], 2, ".: a folder; give one picture"),
        (["canny", "photo.png", "-o", "."], 2, ".: a folder; give the picture to write a name"),
        (["canny", "photo.png", "-o", "no/folder/here.png"], 2, "there is no folder no/folder"),
        (["canny", "photo.png", "-o", "./photo.png"], 2, "./photo.png: the picture itself"),
        (["canny", "photo.png", "--model", "face.xml"], 2, "--model is for cascade: canny has no"),
        (["cascade", "photo.png", "--model", "."], 2, ".: a folder, not a model; give a cascade's"),
        (["canny", "photo.png", "-o", "stages.xyz"], 1, "stages.xyz"),
    ],
)
def test_wrong_usage_is_one_line(run, photo, arguments, code, message):
    result = run("explain", *arguments)
    assert result.exit_code == code
    assert result.stderr.startswith("classicvision: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
