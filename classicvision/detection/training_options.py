"""The parameters and the data of a training: checks and conversions."""

from __future__ import annotations

import hashlib
import os

import numpy as np

from classicvision._checks import check_jobs, check_number, check_option, check_random_state
from classicvision.detection._crops import RATIO_SLACK, check_crops, resize_crops
from classicvision.detection.split_search import SEARCHES
from classicvision.features._windows import check_window_size
from classicvision.features.haar import HAAR_MODES
from classicvision.images.reading import display_name
from classicvision.learning.boosting import BOOSTINGS

FEATURES = ("haar", "lbp")


def checked_options(trainer):
    """Return the parameters of a trainer as a dict, checked."""
    options = trainer.get_params(deep=False)
    options["window"] = check_window_size(trainer.window)
    check_option(trainer.features, "features", FEATURES)
    check_option(trainer.haar_mode, "haar_mode", HAAR_MODES)
    check_option(trainer.boosting, "boosting", BOOSTINGS)
    check_option(trainer.search, "search", SEARCHES)
    for name in ("min_hit_rate", "max_false_alarm_rate", "weight_trim_rate"):
        options[name] = check_number(options[name], name, above=0, at_most=1)
    options["min_acceptance_ratio"] = check_number(
        trainer.min_acceptance_ratio, "min_acceptance_ratio", at_least=0, at_most=1
    )
    whole = ("stages", "max_weak_learners", "max_depth", "max_windows", "windows_per_image")
    for name in (*whole, "n_drawn", "n_refined"):
        options[name] = check_number(options[name], name, at_least=1, integer=True)
    if trainer.negatives_per_stage is not None:
        options["negatives_per_stage"] = check_number(
            trainer.negatives_per_stage, "negatives_per_stage", at_least=1, integer=True
        )
    options["scale_factor"] = check_number(trainer.scale_factor, "scale_factor", above=1)
    options["verbose"] = check_number(trainer.verbose, "verbose", at_least=0, integer=True)
    if trainer.n_jobs is not None:
        check_jobs(trainer.n_jobs)
    del options["random_state"]
    return options


def options_fingerprint(options, seed):
    """Tell checked parameters from others, but for those that no stage depends on."""
    free = ("n_jobs", "verbose", "stages")
    chosen = sorted((name, value) for name, value in options.items() if name not in free)
    return hashlib.sha256(repr((chosen, seed)).encode()).hexdigest()


def windows_of(crops, window, name):
    """Return crops at the size of the window, whose aspect ratio they must have."""
    crops = check_crops(crops, name)
    (_, rows, columns), (width, height) = crops.shape, window
    stretched = (columns / rows) / (width / height)
    if max(stretched, 1 / stretched) > 1 + RATIO_SLACK:
        raise ValueError(
            f"{name} are {columns} x {rows} pixels, unlike the window of {width} x {height}; "
            "crop them to its aspect ratio, or set window=(width, height)"
        )
    return resize_crops(crops, window)


def check_data(positives, negatives, validation, checkpoint):
    """Refuse paths where images are wanted, and checkpoints that could never be written."""
    for name, crops in (("positives", positives), ("validation", validation)):
        if _are_paths(crops):
            raise TypeError(
                f"{name} must be an array of crops, got {crops!r:.80}; pass cv.read_positives(path)"
            )
    single = isinstance(negatives, np.ndarray) and negatives.ndim < 3
    sequence = hasattr(negatives, "__len__") and hasattr(negatives, "__getitem__")
    if not sequence or single or _are_paths(negatives):
        got = f"an array of shape {negatives.shape}" if single else f"{negatives!r:.80}"
        raise TypeError(
            f"negatives must be a list of images, got {got}; pass cv.Negatives(path), or a list"
        )
    if checkpoint is None:
        return
    if not isinstance(checkpoint, str | os.PathLike):
        raise TypeError(f"checkpoint must be the name of a file, got {checkpoint!r:.80}")
    name, folder = display_name(os.fspath(checkpoint)), os.path.dirname(os.fspath(checkpoint))
    if os.path.isdir(checkpoint):
        raise ValueError(f"checkpoint {name} is a folder; give a file in it, training.npz")
    if folder and not os.path.isdir(folder):
        raise ValueError(f"checkpoint {name} is in no folder that exists; make it first")


def _are_paths(images):
    if isinstance(images, list | tuple):
        return any(isinstance(image, str | os.PathLike) for image in images)
    return isinstance(images, str | os.PathLike)


def seed_of(random_state):
    """Return an integer from which all random numbers of a training are drawn."""
    return int(check_random_state(random_state).integers(2**63))
