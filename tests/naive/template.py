"""Normalised cross-correlation, window by window."""

import numpy as np


def match_template(image, template):
    """The correlation coefficient of the template and each window; 0 where one is flat."""
    image, template = (np.atleast_3d(a).astype(np.float64) for a in (image, template))
    height, width = template.shape[:2]
    pattern = template - template.mean(axis=(0, 1))
    result = np.zeros((image.shape[0] - height + 1, image.shape[1] - width + 1))
    for r, c in np.ndindex(*result.shape):
        window = image[r : r + height, c : c + width]
        window = window - window.mean(axis=(0, 1))
        norm = np.sqrt((pattern**2).sum() * (window**2).sum())
        flat = max(np.ptp(window, axis=(0, 1)).max(), 0) == 0
        result[r, c] = 0 if flat or norm == 0 else (pattern * window).sum() / norm
    return result
