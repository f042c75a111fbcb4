"""Images in and out: read, write, iterate over files and videos, luminance, samples.

Images are ``(rows, columns)`` gray or ``(rows, columns, 3)`` RGB arrays. Pillow and OpenCV are
loaded when they are first needed.
"""

from classicvision.images.conversion import as_uint8, luminance
from classicvision.images.iteration import expand_paths, iter_images
from classicvision.images.reading import read_image
from classicvision.images.samples import (
    CIRCLES_SAMPLE,
    FACES_SAMPLE,
    LINES_SAMPLE,
    sample_image,
    sample_path,
)
from classicvision.images.writing import write_bytes, write_image

__all__ = [
    "CIRCLES_SAMPLE",
    "FACES_SAMPLE",
    "LINES_SAMPLE",
    "as_uint8",
    "expand_paths",
    "iter_images",
    "luminance",
    "read_image",
    "sample_image",
    "sample_path",
    "write_bytes",
    "write_image",
]
