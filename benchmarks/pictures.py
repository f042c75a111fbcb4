"""The pictures that all groups share: real photographs, from installed packages."""

import os
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

from benchmarks.harness import SEED

_PHOTOGRAPHS = [
    "opencv_samples/lena.jpg",
    "opencv_samples/messi5.jpg",
    "opencv_samples/basketball1.png",
    "cmu_mit_faces/newtest/audrey1.png",
    "cmu_mit_faces/test/cnn1630.png",
]


def scene(width, height, faces=6):
    """Return a gray street scene with portraits of several sizes, uint8 ``(height, width)``."""
    picture = _cover(load_sample_image("china.jpg"), width, height)
    portrait = data.astronaut()[:330, 60:390]
    rng = np.random.default_rng(SEED)
    for size in np.geomspace(height / 2, height / 8, faces).astype(int):
        x, y = rng.integers(0, width - size), rng.integers(0, height - size)
        small = cv2.resize(portrait, (int(size), int(size)), interpolation=cv2.INTER_AREA)
        picture[y : y + size, x : x + size] = small
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def building(width, height):
    """Return the temple alone: a gray photograph with many straight edges."""
    return cv2.cvtColor(_cover(load_sample_image("china.jpg"), width, height), cv2.COLOR_RGB2GRAY)


def camera():
    """Return scikit-image's cameraman, uint8 (512, 512)."""
    return data.camera()


def photographs():
    """Return gray photographs of the folder that CLASSICVISION_DATA names, by file name."""
    folder = Path(os.environ.get("CLASSICVISION_DATA") or os.devnull)
    paths = [folder / name for name in _PHOTOGRAPHS]
    return {path.name: np.array(Image.open(path).convert("L")) for path in paths if path.is_file()}


def size_of(image):
    """Return how a table names an image's size: width x height."""
    return f"{image.shape[1]}x{image.shape[0]}"


def _cover(image, width, height):
    """Scale an image up until it covers the size, and cut off the rest."""
    scale = max(width / image.shape[1], height / image.shape[0])
    columns, rows = round(image.shape[1] * scale), round(image.shape[0] * scale)
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return cv2.resize(image, (columns, rows), interpolation=method)[:height, :width].copy()
