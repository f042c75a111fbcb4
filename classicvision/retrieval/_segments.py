"""Postings sorted by word, as inverted indexes read them: in memory, and sealed in files.

A segment's file holds ``offsets`` (n_words + 1, where the postings of each word begin) and then
of each posting its Hamming signature, its image, and its keypoint's quantised angle and scale.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass

import numpy as np

from classicvision.images.reading import display_name
from classicvision.retrieval._rows import check_size, map_array, sync

_BLOCK = 1 << 19  # postings that are merged at a time


@dataclass(frozen=True, eq=False)
class Segment:
    """Postings sorted by word, then by image; each array of its own, as kernels take them.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_words + 1,)
    signatures : ndarray of uint64, shape (n,)
    images : ndarray of uint32, shape (n,)
    angles, scales : ndarray of uint8, shape (n,)
    """

    offsets: np.ndarray
    signatures: np.ndarray
    images: np.ndarray
    angles: np.ndarray
    scales: np.ndarray

    def __len__(self):
        return len(self.images)

    def checksum(self):
        """Return the CRC-32 of the segment's file."""
        value = 0
        for name in _DTYPES:
            value = zlib.crc32(np.ascontiguousarray(getattr(self, name)), value)
        return value


_DTYPES = {"offsets": "<i8", "signatures": "<u8", "images": "<u4", "angles": "u1", "scales": "u1"}
_POSTING = [name for name in _DTYPES if name != "offsets"]


def segment_path(folder, generation, number):
    """Return the name of the file of a segment."""
    return os.path.join(folder, f"{generation:06d}-{number:06d}.segment")


def sort_postings(words, n_words, **postings):
    """Return the postings of keypoints in the order of their images as a `Segment`."""
    if len(words) and words.max() >= n_words:
        raise ValueError(f"a keypoint has word {words.max()}, there are {n_words}; build it anew")
    small = words.astype(np.uint16) if n_words <= 1 << 16 else words  # which is sorted faster
    order = np.argsort(small, kind="stable")
    offsets = np.zeros(n_words + 1, np.int64)
    np.cumsum(np.bincount(words, minlength=n_words), out=offsets[1:])
    arrays = {
        name: np.ascontiguousarray(postings[name][order].astype(_DTYPES[name], copy=False))
        for name in _POSTING
    }
    return Segment(offsets, **arrays)


def write_segment(path, segment):
    """Write a segment to a new file and wait until it is on the disk."""
    with open(path, "wb") as file:
        for name, dtype in _DTYPES.items():
            file.write(np.ascontiguousarray(getattr(segment, name), dtype))
        sync(file)


def map_segment(path, n_words, count, n_images):
    """Return a segment on disk, read-only, after checking that it can be searched.

    Raises
    ------
    ValueError
        If the file has another size, or postings that lead out of the arrays.
    """
    places = _places(n_words, count)
    check_size(path, places["end"], exact=True)
    arrays = {
        name: map_array(path, places[name], dtype, (n_words + 1 if name == "offsets" else count,))
        for name, dtype in _DTYPES.items()
    }
    _check_offsets(path, arrays["offsets"], count)
    if count and arrays["images"].max() >= n_images:
        raise ValueError(f"{display_name(path)}: damaged postings; build the index anew")
    return Segment(**arrays)


def merge_segments(path, parts, n_words):
    """Write one segment of several, of ascending images, in memory that does not grow with them.

    Parameters
    ----------
    path : str
        The file to write.
    parts : list of (str, int)
        The files to read, and how many postings each has.
    n_words : int

    Returns
    -------
    int
        How many postings there are.
    """
    sources = [_Source(part, n_words, count) for part, count in parts]
    offsets = np.sum([source.offsets for source in sources], axis=0)
    count = int(offsets[-1])
    places = _places(n_words, count)
    with open(path, "wb") as file:
        file.write(offsets)
        for first, stop in _word_blocks(offsets):
            targets = _targets(sources, offsets, first, stop)
            for name in _POSTING:
                block = np.empty(offsets[stop] - offsets[first], _DTYPES[name])
                for source, target in zip(sources, targets, strict=True):
                    block[target] = source.read(name, first, stop)
                file.seek(places[name] + int(offsets[first]) * block.itemsize)
                file.write(block)
        sync(file)
    return count


class _Source:
    """A segment that is read a few words at a time; a mapped one would all stay in memory."""

    def __init__(self, path, n_words, count):
        self._path = path
        self._places = _places(n_words, count)
        check_size(path, self._places["end"], exact=True)
        self.offsets = np.fromfile(path, _DTYPES["offsets"], n_words + 1)
        _check_offsets(path, self.offsets, count)

    def read(self, name, first, stop):
        """Return an array's values of the words from ``first`` to ``stop``."""
        dtype = np.dtype(_DTYPES[name])
        begin, end = self.offsets[[first, stop]].tolist()
        position = self._places[name] + begin * dtype.itemsize
        return np.fromfile(self._path, dtype, end - begin, offset=position)


def _check_offsets(path, offsets, count):
    if offsets[0] != 0 or offsets[-1] != count or (np.diff(offsets) < 0).any():
        raise ValueError(f"{display_name(path)}: damaged postings; build the index anew")


def _places(n_words, count):
    """Return where each array begins in the file, and its end."""
    places, position = {}, 0
    for name, dtype in _DTYPES.items():
        places[name] = position
        position += np.dtype(dtype).itemsize * (n_words + 1 if name == "offsets" else count)
    return {**places, "end": position}


def _word_blocks(offsets):
    """Yield ranges of words with few postings together, one word at least."""
    first, n_words = 0, len(offsets) - 1
    while first < n_words:
        stop = int(np.searchsorted(offsets, offsets[first] + _BLOCK, side="right")) - 1
        stop = min(max(stop, first + 1), n_words)
        yield first, stop
        first = stop


def _targets(sources, offsets, first, stop):
    """Return where in a block of words the postings of each segment go."""
    begins = offsets[first:stop] - offsets[first]
    targets = []
    for source in sources:
        own = source.offsets[first : stop + 1]
        counts = np.diff(own)
        targets.append(np.repeat(begins - (own[:-1] - own[0]), counts) + np.arange(counts.sum()))
        begins = begins + counts
    return targets
