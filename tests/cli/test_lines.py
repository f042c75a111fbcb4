"""``classicvision lines`` and ``classicvision edges``."""

import json
import math

import numpy as np
import pytest

import classicvision as cv
from classicvision.images import LINES_SAMPLE, sample_path


@pytest.fixture
def cross(tmp_path):
    """Two edges: between columns 59 and 60, and between rows 79 and 80."""
    image = np.zeros((160, 120), np.uint8)
    image[:, 60:] += 100
    image[80:] += 100
    cv.write_image(tmp_path / "cross.png", image)
    return image


def test_lines_of_the_sample(run):
    result = run("lines")
    assert result.exit_code == 0
    first, *lines = result.stdout.splitlines()
    assert first == f"{sample_path(LINES_SAMPLE)}: {len(lines)} lines"
    assert len(lines) >= 10
    assert (
        result.stderr == f"classicvision: no image given: this is the sample {LINES_SAMPLE}.png\n"
    )


def test_lines_json_has_lines_and_segments(run, cross):
    values = json.loads(run("lines", "cross.png", "--json").stdout)
    assert list(values) == ["path", "width", "height", "lines", "votes", "segments"]
    assert (values["path"], values["width"], values["height"]) == ("cross.png", 120, 160)
    lines = sorted(values["lines"], key=lambda line: line[1])
    np.testing.assert_allclose(lines, [[59.5, 0], [79.5, math.pi / 2]], atol=0.6)
    assert len(values["votes"]) == 2
    for x1, y1, x2, y2 in values["segments"]:
        assert abs(x1 - x2) <= 1 or abs(y1 - y2) <= 1


def test_lines_options(run, cross):
    assert run("lines", "cross.png").stdout.startswith("cross.png: 2 lines\n  rho ")
    upright = run("lines", "cross.png", "--threshold", "130").stdout
    assert upright.startswith("cross.png: 1 line\n  rho 59")
    assert run("lines", "cross.png", "--min-length", "1000").stdout == "cross.png: 0 lines\n"
    pieces = run("lines", "cross.png", "--segments", "--max-gap", "3").stdout.splitlines()
    assert pieces[0].startswith(f"cross.png: {len(pieces) - 1} segment")
    assert len(pieces) >= 3
    assert pieces[1].split()[4] == "votes"


@pytest.mark.parametrize("options", [[], ["--segments"]])
def test_lines_are_drawn(run, cross, options):
    run("lines", "cross.png", "-o", "found", *options)
    picture = cv.read_image("found/cross.png").astype(int)
    green = picture[:, :, 1] - picture[:, :, 0] > 50
    assert green[40, 58:62].any()
    assert green[78:82, 30].any()
    assert not green[20:60, :50].any()


@pytest.mark.lane
@pytest.mark.parametrize(
    ("options", "low", "high"),
    [
        ([], 100, 200),
        (["--low", "150"], 150, 300),
        (["--high", "90"], 45, 90),
        (["--low", "10", "--high", "30"], 10, 30),
    ],
)
def test_edges_are_those_of_canny(run, rng, options, low, high):
    image = rng.integers(0, 120, (20, 30), np.uint8)
    cv.write_image("noise.png", image)
    result = run("edges", "noise.png", "-o", "found", "--json", *options)
    expected = cv.canny(image, low, high)
    assert json.loads(result.stdout) == {
        "path": "noise.png",
        "width": 30,
        "height": 20,
        "edge_pixels": int(expected.sum()),
    }
    np.testing.assert_array_equal(cv.read_image("found/noise.png", gray=True), expected * 255)


@pytest.mark.lane
def test_edges_of_16_bits_are_those_of_8(run, rng):
    image = rng.integers(0, 256, (20, 30), np.uint8)
    cv.write_image("8.png", image)
    cv.write_image("16.png", image.astype(np.uint16) * 257)
    first, second = run("edges", "8.png", "16.png", "--sigma", "1").stdout.splitlines()
    assert first.removeprefix("8.png") == second.removeprefix("16.png")


@pytest.mark.lane
def test_edges_for_people(run):
    image = np.zeros((10, 20), np.uint8)
    image[:, 10:] = 100
    cv.write_image("step.png", image)
    assert run("edges", "step.png").stdout == "step.png: 10 edge pixels (5.0 %)\n"
