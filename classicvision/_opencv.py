"""The only place that imports OpenCV, which is loaded when it is first used."""

import functools


@functools.cache
def opencv():
    """Return the ``cv2`` module.

    Raises
    ------
    ImportError
        In one line: which system library is missing, and that ``opencv-python-headless``
        does without it.
    """
    try:
        import cv2
    except ImportError as error:
        raise ImportError(
            f"OpenCV does not load ({error}); opencv-python-headless needs no system library: "
            "pip uninstall -y opencv-python && pip install opencv-python-headless"
        ) from error
    return cv2
