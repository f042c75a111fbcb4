"""What commands know of models: the installed ones, and how one is loaded."""

import os

import click

DEFAULT_MODEL = "frontal_face"
MODEL_HELP = (
    "A cascade file of OpenCV's format, or an installed one: frontal_face, frontal_face_lbp, "
    "frontalface."
)
# With so many, chosen on scenes for validation, our models see a false face in one of 30 images.
_NEIGHBORS = {"frontal_face": 4, "frontal_face_lbp": 4}
_OTHERS = 3  # as OpenCV


def usual_neighbors(model):
    """Return the min-neighbors at which a model, a name or a path, is used."""
    return _NEIGHBORS.get(model, _OTHERS)


def load_model(model):
    """Load a cascade by a name or a path; what is wrong with it is said in one line."""
    from classicvision.detection.cascade import CascadeDetector

    right = "give a cascade's .xml, or frontal_face, frontal_face_lbp or frontalface"
    if not model:
        raise click.UsageError(f"the model has no name: ''; {right}")
    if os.path.isdir(model):
        raise click.UsageError(f"{model}: a folder, not a model; {right}")
    try:
        return CascadeDetector.load(model)
    except (OSError, ValueError) as problem:
        raise click.ClickException(str(problem)) from None
