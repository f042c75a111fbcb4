"""Where descriptors come from: arrays, files and streams, none of which need fit in memory."""

from __future__ import annotations

import os

import numpy as np

from classicvision._checks import GIVE_DESCRIPTORS, as_array, whole_result
from classicvision.images.reading import display_name, open_file
from classicvision.results import Keypoints

# Encodings sum up descriptors, then square the sums: a hundred thousand as large as this, each up
# to twice as far from its word, give 128 times (2e17)^2, or 5e36, while float32 ends at 3e38.
LARGEST = 1e12
_RUN = 16  # neighbouring rows that are read together: a few kilobytes of a file


def check_descriptors(descriptors, dimensions=None, *, largest=None) -> np.ndarray:
    """Return descriptors as a float32 array ``(n, d)``, C-contiguous and writable.

    Parameters
    ----------
    descriptors : array_like, shape (n, d)
        Numbers; without rows also of shape (0,), whatever d is.
    dimensions : int, optional
        The d that is wanted.
    largest : float, optional
        The largest magnitude; that of float32 by default.

    Raises
    ------
    TypeError
        For anything but a 2-D array of numbers.
    ValueError
        For another d, or values that are NaN, infinite or too large.
    """
    array = as_array(descriptors)
    if array.size == 0:
        array = _without_rows(array, dimensions)
    if array.ndim != 2 or array.dtype.kind not in "buif":
        raise TypeError(
            "descriptors must be an array of numbers of shape (n, d), "
            f"got shape {array.shape} and dtype {array.dtype}{_remedy(descriptors)}"
        )
    if dimensions is not None and array.shape[1] != dimensions:
        raise ValueError(
            f"descriptors must have {dimensions} columns as those that were learned from, "
            f"got {array.shape[1]}"
        )
    limit = float(np.finfo(np.float32).max if largest is None else largest)
    with np.errstate(over="ignore", invalid="ignore"):
        rows = np.require(array, np.float32, ["C", "W"])
        squares = float(rows.reshape(-1) @ rows.reshape(-1))  # enough to look at, most often
    if not squares <= limit**2 and not -limit <= rows.min() <= rows.max() <= limit:
        beyond = "float32" if largest is None else f"{largest:g}"
        raise ValueError(
            f"descriptors have values that are NaN, infinite or beyond {beyond}; "
            "drop these rows, or use np.nan_to_num"
        )
    return rows


def _remedy(given):
    """Return a hint if all that `extract_descriptors` returns was given, or a part of it."""
    whole = (None, None) if isinstance(given, Keypoints) else given
    return whole_result(whole, GIVE_DESCRIPTORS)


def _without_rows(array, dimensions):
    if array.ndim == 2 and array.shape[1]:
        return array
    if array.ndim > 2 or (array.ndim == 2 and len(array)):
        return array  # refused as such
    return np.zeros((0, dimensions or 0), np.float32)


class Rows:
    """Descriptors that can be read in any order: one array, or one for each image.

    Attributes
    ----------
    count, dimensions : int
    documents : list of ndarray or None
        The arrays of the images, where there are such.
    passes : bool
        Whether they can be read more than once.
    """

    passes = True

    def __init__(self, arrays, documents):
        arrays = [_checked_shape(array) for array in arrays]
        self.documents = arrays if documents else None
        self._arrays = [array for array in arrays if len(array)]
        sizes = {array.shape[1] for array in self._arrays}
        if len(sizes) > 1:
            raise ValueError(
                "descriptors must all have the same number of columns, "
                f"got {', '.join(map(str, sorted(sizes)))}"
            )
        self.dimensions = sizes.pop() if sizes else 0
        lengths = [len(array) for array in self._arrays]
        self._ends = np.cumsum(lengths, dtype=np.int64)
        self.count = int(sum(lengths))

    def take(self, indices):
        """Return the rows of some indices, each array read once, in ascending order."""
        indices = np.sort(indices)
        parts = [np.zeros((0, self.dimensions), np.float32)]
        owners = np.searchsorted(self._ends, indices, side="right")
        owners, starts = np.unique(owners, return_index=True)
        for owner, own in zip(owners, np.split(indices, starts[1:]), strict=False):
            array = self._arrays[owner]
            parts.append(self._checked(array[own - (self._ends[owner] - len(array))]))
        return np.concatenate(parts)

    def first(self, size, rng):
        """Return ``size`` different rows, or all."""
        if size >= self.count:
            return self.take(np.arange(self.count))
        return self.take(rng.choice(self.count, size, replace=False))

    def batches(self, size, seed, start, passes):
        """Yield as many batches of random rows as make up the passes, from number ``start``."""
        runs = max(1, size // _RUN)
        for number in range(start, self.batch_count(size, passes)):
            rng = np.random.default_rng([seed, number])
            begins = rng.integers(self.count, size=runs)
            yield self.take(((begins[:, None] + np.arange(_RUN)) % self.count).ravel())

    def batch_count(self, size, passes):
        """Return how many batches there are in so many passes."""
        return max(1, -(-passes * self.count // size))

    def blocks(self, size):
        """Yield all rows in order, at most ``size`` at a time."""
        for array in self._arrays:
            for begin in range(0, len(array), size):
                yield self._checked(array[begin : begin + size])

    def _checked(self, rows):
        return check_descriptors(rows, self.dimensions, largest=LARGEST)


class Stream:
    """Descriptors that come array by array, each of one image, in an order of their own."""

    count = None

    def __init__(self, iterable):
        self._iterable = iterable
        self.passes = iter(iterable) is not iterable
        self._ahead = None if self.passes else iter(iterable)
        self.documents = _Checked(iterable) if self.passes else None
        self.dimensions = None

    def first(self, size, rng):
        """Return the first ``size`` rows, or all; those of a single pass come up again."""
        parts, found = [], 0
        source = self._ahead if self._ahead is not None else iter(self._iterable)
        while found < size:
            array = next(source, None)
            if array is None:
                break
            rows = self._checked(array)
            if len(rows):
                parts.append(rows)
                found += len(rows)
        if self._ahead is not None:
            self._ahead = _chained(parts, self._ahead)
        return np.concatenate(parts)[:size] if parts else np.zeros((0, 0), np.float32)

    def batches(self, size, seed, start, passes):
        """Yield batches of ``size`` rows in the stream's order, from number ``start``."""
        number = 0
        for _ in range(passes if self.passes else 1):
            for rows in self._rechunked(size):
                if number >= start:
                    yield rows
                number += 1

    def batch_count(self, size, passes):
        """Return None: nobody knows how many there will be."""
        return None

    def blocks(self, size):
        """Yield all rows in order, at most ``size`` at a time."""
        return self._rechunked(size)

    def _rechunked(self, size):
        parts, held = [], 0
        for array in self._ahead if self._ahead is not None else iter(self._iterable):
            rows = self._checked(array)
            while held + len(rows) >= size:
                cut = size - held
                yield np.concatenate([*parts, rows[:cut]])
                parts, held, rows = [], 0, rows[cut:]
            if len(rows):
                parts.append(rows.copy())  # not a view that keeps all of the array
                held += len(rows)
        if held:
            yield np.concatenate(parts)

    def _checked(self, array):
        rows = check_descriptors(_checked_shape(array), self.dimensions, largest=LARGEST)
        if len(rows):
            self.dimensions = rows.shape[1]
        return rows


class _Checked:
    """The arrays of a stream, checked, as often as asked for."""

    def __init__(self, iterable):
        self._iterable = iterable

    def __iter__(self):
        return map(_checked_shape, self._iterable)


def _chained(parts, rest):
    yield from parts
    yield from rest


def _checked_shape(given):
    array = as_array(given)
    if array.size == 0 and array.ndim <= 2:
        return array.reshape(0, array.shape[1] if array.ndim == 2 else 0)
    if array.ndim != 2 or array.dtype.kind not in "buif":
        raise TypeError(
            "descriptors must be an array of numbers of shape (n, d), or an iterable of such "
            f"arrays, one for each image; got shape {array.shape} and dtype {array.dtype}"
            f"{_remedy(given)}"
        )
    return array


def open_source(descriptors):
    """Return the descriptors as `Rows` or as a `Stream`.

    Parameters
    ----------
    descriptors : array_like of shape (n, d), path-like, or iterable of arrays
        A path is that of a ``.npy`` file, which is mapped into memory.

    Raises
    ------
    TypeError, ValueError
        For anything else, and for a file that is no array.
    """
    if isinstance(descriptors, (str, os.PathLike)):
        return Rows([_mapped(descriptors)], documents=False)
    if isinstance(descriptors, np.ndarray) and descriptors.dtype == object and descriptors.ndim:
        descriptors = list(descriptors)
    if isinstance(descriptors, (list, tuple)):
        if all(as_array(item).ndim != 1 for item in descriptors[:1]):
            return Rows(descriptors, documents=True)
        if all(item.size == 0 or item.ndim != 1 for item in map(as_array, descriptors)):
            return Rows(descriptors, documents=True)
        return Rows([as_array(descriptors)], documents=False)
    if hasattr(descriptors, "__array__"):
        return Rows([np.asanyarray(descriptors)], documents=False)
    if not hasattr(descriptors, "__iter__"):
        raise TypeError(
            "descriptors must be an array of shape (n, d), a .npy file or an iterable of arrays, "
            f"got {type(descriptors).__name__}"
        )
    return Stream(descriptors)


def _mapped(path):
    open_file(path, kind="a .npy file of descriptors").close()  # says what is wrong with the name
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError) as error:
        name = display_name(os.fspath(path))
        if "Python objects" in str(error):  # which open_memmap says of them alone
            raise ValueError(
                f"{name}: holds Python objects, not numbers; save np.concatenate of the arrays"
            ) from None
        raise ValueError(f"{name}: not a .npy file, or damaged; np.save writes one") from None
