"""The same pixels laid out in memory in other ways."""

import numpy as np

LAYOUTS = ("strided", "fortran", "read-only", "big-endian", "reversed")


def lay_out(image, layout):
    """Return an array equal to ``image``, of the same dtype, laid out otherwise."""
    if layout == "strided":
        return np.repeat(np.repeat(image, 2, axis=0), 3, axis=1)[::2, ::3]
    if layout == "fortran":
        return np.asfortranarray(image)
    if layout == "read-only":
        return np.frombuffer(image.tobytes(), image.dtype).reshape(image.shape)
    if layout == "reversed":
        return image[::-1, ::-1].copy()[::-1, ::-1]
    return image.astype(image.dtype.newbyteorder(">"))
