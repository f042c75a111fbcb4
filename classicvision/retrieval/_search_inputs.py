"""Checks of words and what goes with them."""

import numpy as np

from classicvision._checks import as_array
from classicvision.retrieval.postings import quantize_angles, quantize_scales


def check_words(words, n_words, count=None, *, several=False, name="words"):
    """Return words below ``n_words`` as a C-contiguous int32 array, (n,) or (n, k) if several."""
    array = as_array(words)
    if array.size == 0:
        array = array.astype(np.int32)
    wanted = "(n,) or (n, k)" if several else "(n,)"
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    if array.ndim != 1 and not (several and array.ndim == 2):
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
    if count is not None and len(array) != count:
        raise ValueError(f"{name} must be as many as the descriptors, {count}, got {len(array)}")
    if array.size and not 0 <= array.min() <= array.max() < n_words:
        raise ValueError(
            f"{name} must be from 0 to {n_words - 1}, got {array.min()} to {array.max()}"
        )
    return np.require(array, np.int32, ["C", "W"])


def check_idf(idf, n_words):
    """Return inverse document frequencies as float32; 1 for all where there are none."""
    if idf is None:
        return np.ones(n_words, np.float32)
    array = np.array(idf, np.float32)
    if array.shape != (n_words,):
        raise ValueError(f"idf must have shape ({n_words},), one for a word, got {array.shape}")
    if not np.isfinite(array).all() or (array < 0).any():
        raise ValueError("idf must be finite and not negative")
    return array


def check_signatures(signatures, shape):
    """Return signatures as a C-contiguous uint64 array of this shape."""
    array = np.asarray(signatures)
    if array.size == 0:
        array = array.astype(np.uint64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"signatures must be uint64, got {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"signatures must have the shape of words, {shape}, got {array.shape}")
    return np.require(array.astype(np.uint64), requirements=["C", "W"])


def check_geometry(angles, scales, count):
    """Return angles in 256ths of a turn and scales in 16ths of a doubling, as uint8."""
    columns = []
    for values, name in ((angles, "angles"), (scales, "scales")):
        array = np.asarray(values, np.float64)
        if array.shape != (count,):
            raise ValueError(f"{name} must have shape ({count},), as words, got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite")
        columns.append(array)
    if (columns[1] <= 0).any():
        raise ValueError(f"scales must be above 0, sizes in pixels, got {columns[1].min()}")
    return quantize_angles(columns[0]), quantize_scales(columns[1])
