"""The options of the generalized Hough transform, checked."""

from __future__ import annotations

import math

import numpy as np

from classicvision._checks import check_number


def check_thresholds(low, high):
    """Return both as floats of at least 0; None stays None."""
    if low is not None:
        low = check_number(low, "low", at_least=0)
    if high is not None:
        high = check_number(high, "high", at_least=0)
    return low, high


def check_center(center):
    """Return (x, y) as two finite floats."""
    x, y = _check_pair(center, "center", "(x, y)")
    x, y = check_number(x, "center x"), check_number(y, "center y")
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"center must be finite, got ({x:g}, {y:g})")
    return x, y


def check_rotation(rotation):
    """Return the least and the largest angle in radians."""
    if isinstance(rotation, (bool, np.bool_)):
        return (-math.pi, math.pi) if rotation else (0.0, 0.0)
    low, high = _check_pair(rotation, "rotation", "True, False or (least, largest)")
    limits = {"at_least": -2 * math.pi, "at_most": 2 * math.pi}
    low = check_number(low, "rotation", **limits)
    high = check_number(high, "rotation", **limits)
    if low > high:
        raise ValueError(f"rotation must be (least, largest), got ({low:g}, {high:g})")
    return low, high


def check_scales(scale_range):
    """Return the least and the largest scale."""
    if scale_range is None:
        return 1.0, 1.0
    low, high = _check_pair(scale_range, "scale_range", "None or (least, largest)")
    low = check_number(low, "scale_range", at_least=0.01, at_most=100)
    high = check_number(high, "scale_range", at_least=0.01, at_most=100)
    if low > high:
        raise ValueError(f"scale_range must be (least, largest), got ({low:g}, {high:g})")
    return low, high


def _check_pair(values, name, wanted):
    try:
        first, second = values
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {wanted}, got {values!r}") from None
    return first, second
