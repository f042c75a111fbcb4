"""What commands know of the models that are installed."""

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
