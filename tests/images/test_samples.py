"""The sample photographs: the table, the manifest and the installed files say the same."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classicvision import images
from classicvision.images import samples

DATA = Path(__file__).parents[2] / "data"
MANIFEST = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))
KEYS = {"package", "path", "licence", "author", "source", "width", "height", "sha256"}


def test_manifest_and_table_name_the_same_files():
    assert {name: entry["path"] for name, entry in MANIFEST.items()} == {
        name: "/".join(place) for name, place in samples.SAMPLES.items()
    }
    assert all(set(entry) == KEYS for entry in MANIFEST.values())


def test_readme_lists_every_sample():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in samples.SAMPLES)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_file_is_the_one_in_the_manifest(name):
    entry = MANIFEST[name]
    image = images.sample_image(name)
    assert image.dtype == np.uint8
    assert image.shape == (entry["height"], entry["width"], 3)
    digest = hashlib.sha256(images.sample_path(name).read_bytes()).hexdigest()
    if digest != entry["sha256"]:
        pytest.skip(f"{entry['package']} stores {name} anew; its size in pixels is the same")


def test_gray_sample():
    color = images.sample_image("coffee")
    np.testing.assert_array_equal(images.sample_image("coffee", gray=True), images.luminance(color))


def test_default_samples_exist():
    defaults = {images.FACES_SAMPLE, images.LINES_SAMPLE, images.CIRCLES_SAMPLE}
    assert defaults <= set(samples.SAMPLES)


def test_unknown_sample():
    with pytest.raises(ValueError, match=r"^no sample is named 'lena'; there are astronaut, br"):
        images.sample_image("lena")


def test_missing_package(monkeypatch):
    monkeypatch.setattr(samples.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="comes with scikit-learn and is not there; pip "):
        images.sample_path("china")


def test_a_sample_loads_neither_package_nor_opencv():
    code = (
        "import sys; from classicvision.images import sample_image; sample_image('china');"
        "sample_image('camera', gray=True);"
        "print([m for m in ('skimage', 'sklearn', 'scipy', 'cv2', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
