"""The views of objects that are learned and looked at: pictures, labels and histograms."""

from __future__ import annotations

import numpy as np

from classicvision._checks import check_image
from classicvision.color.histogram import color_histogram


def histogram_of(image, *, crop, **options):
    """Return the normalized histogram of the middle of an image."""
    image = check_image(image)
    if crop < 1:
        rows, columns = (max(1, round(crop * side)) for side in image.shape[:2])
        top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
        image = image[top : top + rows, left : left + columns]
    return color_histogram(image, normalize=True, **options)


def check_images(images):
    """Return images that can be gone through one by one; a single one is refused."""
    if isinstance(images, np.ndarray) and images.dtype != object:
        if images.ndim < 3 or (images.ndim == 3 and images.shape[2] == 3):
            raise TypeError(
                f"images must be a list of images, got one array of shape {images.shape}; "
                "put a single image into a list"
            )
    elif isinstance(images, (str, bytes)) or not np.iterable(images):
        raise TypeError(f"images must be a list of images, got {images!r:.80}")
    return images


def check_labels(labels):
    """Return labels as an array of strings, integers or bool."""
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels must have shape (n,), got {labels.shape}")
    if labels.dtype.kind == "O" and any(
        all(isinstance(label, kind) for label in labels) for kind in (str, int)
    ):
        labels = np.array(labels.tolist())
    if len(labels) and labels.dtype.kind not in "biuU":
        raise TypeError(f"labels must be strings, integers or bool, got {labels.dtype}")
    return labels
