"""Postings sorted by word, as inverted indexes read them: in memory, and sealed in files.

A segment's file holds the arrays of `Postings` one after the other.
"""

from __future__ import annotations

import os
import zlib

import numpy as np

from classicvision.images.reading import display_name
from classicvision.retrieval._rows import map_array, sync
from classicvision.retrieval.postings import Postings, counting_sort

_BLOCK = 1 << 19  # postings that are merged at a time


_DTYPES = {"offsets": "<i8", "signatures": "<u8", "images": "<u4", "angles": "u1", "scales": "u1"}
_POSTING = [name for name in _DTYPES if name != "offsets"]


def segment_path(folder, generation, number):
    """Return the name of the file of a segment."""
    return os.path.join(folder, f"{generation:06d}-{number:06d}.segment")


def damaged_postings(path):
    """Return the error for a segment, or an index, that does not hold what was written."""
    return ValueError(
        f"{display_name(path)}: damaged postings; compact the index, which writes them anew"
    )


def sort_postings(words, n_words, n_images, **postings):
    """Return the postings of keypoints in the order of their images."""
    if len(words) and words.max() >= n_words:
        raise ValueError(
            f"a keypoint has word {words.max()}, there are {n_words}; verify the index, and remove "
            "the picture that is damaged"
        )
    offsets, order = counting_sort(words.astype(np.int32), n_words)
    arrays = {name: postings[name][order].astype(_DTYPES[name]) for name in _POSTING}
    return Postings(offsets, n_images=n_images, **arrays)


def write_segment(path, postings):
    """Write postings to a new file and wait until it is on the disk."""
    with open(path, "wb") as file:
        for name, dtype in _DTYPES.items():
            file.write(np.ascontiguousarray(getattr(postings, name), dtype))
        sync(file)


def segment_checksum(postings):
    """Return the CRC-32 of the file of postings."""
    value = 0
    for name in _DTYPES:
        value = zlib.crc32(np.ascontiguousarray(getattr(postings, name)), value)
    return value


def map_segment(path, n_words, count, n_images):
    """Return postings on disk, of which only the offsets are read.

    Raises
    ------
    ValueError
        If the file has another size, or offsets that lead out of its arrays. Numbers of images
        are for the search to check, which looks at few of them.
    """
    places = _checked_places(path, n_words, count)
    # Kernels are compiled for arrays in memory, which may be written to: these are views whose
    # changes, of which there are none, would not reach the file.
    arrays = {
        name: np.asarray(
            map_array(
                path, places[name], dtype, (n_words + 1 if name == "offsets" else count,), mode="c"
            )
        )
        for name, dtype in _DTYPES.items()
    }
    _check_offsets(path, arrays["offsets"], count)
    return Postings(n_images=n_images, **arrays)


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
        self._places = _checked_places(path, n_words, count)
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
        raise damaged_postings(path)


def _checked_places(path, n_words, count):
    places = _places(n_words, count)
    if os.path.getsize(path) != places["end"]:
        raise damaged_postings(path)
    return places


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
