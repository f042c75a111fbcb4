"""``classicvision circles``."""

import json

import numpy as np
import pytest

import classicvision as cv
from classicvision.images import CIRCLES_SAMPLE, sample_path


@pytest.fixture
def disks(tmp_path):
    """A bright disk of radius 30 around (60, 50) and a dark one of radius 18 around (140, 90)."""
    y, x = np.mgrid[:130, :190]
    image = np.full(x.shape, 100.0)
    image += 100 * np.clip(30.5 - np.hypot(x - 60, y - 50), 0, 1)
    image -= 80 * np.clip(18.5 - np.hypot(x - 140, y - 90), 0, 1)
    cv.write_image(tmp_path / "disks.png", np.rint(image).astype(np.uint8))
    return image


def test_circles_of_the_sample(run):
    result = run("circles")
    assert result.exit_code == 0
    first, *circles = result.stdout.splitlines()
    assert first == f"{sample_path(CIRCLES_SAMPLE)}: {len(circles)} circles"
    assert 22 <= len(circles) <= 26  # of 24 coins


def test_small_circles_of_a_sample(run, data_folder):
    dots = str(data_folder / "opencv_samples" / "pic1.png")
    circles = np.array(json.loads(run("circles", dots, "--json").stdout)["circles"])
    small = circles[(circles[:, 1] < 110) & (circles[:, 2] < 8)]
    assert len(small) == 7  # white dots of a black rectangle, radius 6
    assert len(circles) <= 9  # and parts of the question mark


def test_circles_json(run, disks):
    values = json.loads(run("circles", "disks.png", "--json").stdout)
    assert list(values) == ["path", "width", "height", "circles", "votes"]
    assert (values["path"], values["width"], values["height"]) == ("disks.png", 190, 130)
    circles = sorted(values["circles"])
    np.testing.assert_allclose(circles, [[60, 50, 30], [140, 90, 18]], atol=0.5)
    assert len(values["votes"]) == 2


def test_circles_options(run, disks):
    small = run("circles", "disks.png", "--max-radius", "25").stdout
    assert small.startswith("disks.png: 1 circle\n  140.")
    large = run("circles", "disks.png", "--min-radius", "25").stdout
    assert large.startswith("disks.png: 1 circle\n  60.")
    assert run("circles", "disks.png", "--max-circles", "1").stdout.count("radius") == 1
    result = run("circles", "disks.png", "--min-radius", "9", "--max-radius", "8")
    assert result.exit_code == 2
    assert "--min-radius must be at most --max-radius, got 9 and 8" in result.stderr
    assert run("circles", "disks.png", "--threshold", "0").exit_code == 2


def test_circles_are_drawn(run, disks):
    run("circles", "disks.png", "-o", "found")
    picture = cv.read_image("found/disks.png").astype(int)
    green = picture[:, :, 1] - picture[:, :, 0] > 50
    assert green[50, 88:93].any()
    assert green[50, 60]
    assert not green[50, 70:80].any()
