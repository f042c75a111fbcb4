"""What the classifiers of this folder check before they learn from samples or look at them."""

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

_DTYPES = [np.float64, np.float32]


def check_training(classifier, X, y, sample_weight):
    """Return samples, numbers of their classes, and weights; set ``classes_`` and the like.

    Samples without weight are left out, so that they have no influence on thresholds either.
    """
    X, y = validate_data(classifier, X, y, dtype=_DTYPES)
    check_classification_targets(y)
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if (weights < 0).any():
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}")
    classifier.classes_, classes = np.unique(y, return_inverse=True)
    used = weights > 0
    found = len(np.unique(classes[used]))
    if found < 2:
        raise ValueError(
            f"y must have at least two classes with samples of positive weight, got {found} class"
        )
    if used.all():
        return X, classes, weights
    return X[used], classes[used], weights[used]


def check_samples(classifier, X):
    """Return the samples that a fitted classifier is to look at."""
    check_is_fitted(classifier)
    return np.ascontiguousarray(validate_data(classifier, X, dtype=_DTYPES, reset=False))
