"""The parameters and the data of a training: checks and conversions."""

from __future__ import annotations

from classicvision._checks import check_jobs, check_number, check_option, check_random_state
from classicvision.detection._crops import check_crops, resize_crops
from classicvision.detection.split_search import SEARCHES
from classicvision.features._windows import check_window_size
from classicvision.features.haar import HAAR_MODES
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


def windows_of(crops, window, name):
    """Return crops at the size of the window."""
    return resize_crops(check_crops(crops, name), window)


def seed_of(random_state):
    """Return an integer from which all random numbers of a training are drawn."""
    return int(check_random_state(random_state).integers(2**63))
