"""Photographs that scikit-image and scikit-learn install: always there, never downloaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from classicvision.images.reading import read_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FACES_SAMPLE = "astronaut"
LINES_SAMPLE = "brick"
CIRCLES_SAMPLE = "coins"

# Each sample's package and its path inside it; data/manifest.json has the licences.
SAMPLES = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "brick": ("skimage", "data/brick.png"),
    "camera": ("skimage", "data/camera.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "china": ("sklearn", "datasets/images/china.jpg"),
    "coffee": ("skimage", "data/coffee.png"),
    "coins": ("skimage", "data/coins.png"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "rocket": ("skimage", "data/rocket.jpg"),
}
_DISTRIBUTIONS = {"skimage": "scikit-image", "sklearn": "scikit-learn"}


def sample_path(name: str) -> Path:
    """Return the path of a sample photograph.

    Parameters
    ----------
    name : str
        As in :func:`sample_image`.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        For an unknown name.
    FileNotFoundError
        If the package that holds the photograph is not installed, or without its data.
    """
    if name not in SAMPLES:
        raise ValueError(f"no sample is named {name!r}; there are {', '.join(SAMPLES)}")
    package, inside = SAMPLES[name]
    found = importlib.util.find_spec(package)  # finds the package without importing it
    if found is not None and found.submodule_search_locations:
        path = Path(found.submodule_search_locations[0], inside)
        if path.is_file():
            return path
    distribution = _DISTRIBUTIONS[package]
    raise FileNotFoundError(
        f"the sample {name!r} comes with {distribution} and is not there; "
        f"pip install --force-reinstall {distribution}"
    )


def sample_image(name: str, gray: bool = False) -> NDArray[np.uint8]:
    """Return a sample photograph as uint8 RGB.

    Parameters
    ----------
    name : str
        ``"astronaut"`` (one face), ``"brick"`` (a wall of straight lines), ``"camera"``,
        ``"chelsea"`` (a cat), ``"china"`` (a temple), ``"coffee"``, ``"coins"``, ``"flower"`` or
        ``"rocket"``.
    gray : bool
        Return the luminance instead.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3) or (rows, columns)

    Raises
    ------
    ValueError
        For an unknown name.

    Examples
    --------
    >>> sample_image("chelsea").shape
    (300, 451, 3)
    """
    return read_image(sample_path(name), gray)
