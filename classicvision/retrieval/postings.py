"""Postings: for every visual word the descriptors that have it, sorted by image, as plain arrays.

This is the compressed sparse row layout: the postings of word ``w`` are the rows ``offsets[w]`` to
``offsets[w + 1]`` of the other arrays. Several of them, each with its own range of images, make
an index; they may be memory-mapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classicvision._jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SCALE_STEPS = 16  # of a doubling of the size
_SMALLEST_SIZE = 2.0**-4  # pixels; 256 steps reach from here to 2 ** 12


@dataclass(frozen=True, eq=False)
class Postings:
    """The descriptors of some images, sorted by word, then by image.

    Memory-mapped arrays are best mapped copy-on-write (mode "c"): for Numba, a read-only array is
    another type, for which every kernel would be compiled once more.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_words + 1,)
        Where the postings of each word start and end.
    images : ndarray of uint32, shape (n,)
        The image of each posting, counted from ``first_image``; ascending within a word.
    signatures : ndarray of uint64, shape (n,) or (0,)
        Signatures of `HammingEmbedding`, where there are any.
    angles : ndarray of uint8, shape (n,) or (0,)
        Orientations in 256ths of a turn (`quantize_angles`), where there are any.
    scales : ndarray of uint8, shape (n,) or (0,)
        Sizes in 16ths of a doubling (`quantize_scales`), where there are any.
    n_images : int
        The images that it holds, also those without descriptors.
    first_image : int
        The number of its first image.
    """

    offsets: NDArray[np.int64]
    images: NDArray[np.uint32]
    signatures: NDArray[np.uint64]
    angles: NDArray[np.uint8]
    scales: NDArray[np.uint8]
    n_images: int
    first_image: int = 0

    def __len__(self) -> int:
        return len(self.images)


def quantize_angles(angles: NDArray) -> NDArray[np.uint8]:
    """Return angles in radians as the nearest 256ths of a turn."""
    turns = np.asarray(angles, np.float64) * (128 / np.pi)
    return (np.rint(turns).astype(np.int64) & 255).astype(np.uint8)


def quantize_scales(sizes: NDArray) -> NDArray[np.uint8]:
    """Return sizes in pixels as the nearest 16ths of a doubling, from 1/16 pixel up to 4000."""
    with np.errstate(divide="ignore"):
        steps = _SCALE_STEPS * np.log2(np.asarray(sizes, np.float64) / _SMALLEST_SIZE)
    return np.rint(np.clip(steps, 0, 255)).astype(np.uint8)


@kernel
def counting_sort(keys, n_keys):
    """Return where each key's items start, ``(n_keys + 1,)``, and the stable order of all items."""
    offsets = np.zeros(n_keys + 1, np.int64)
    for k in range(len(keys)):
        offsets[keys[k] + 1] += 1
    for key in range(n_keys):
        offsets[key + 1] += offsets[key]
    place = offsets.copy()
    order = np.empty(len(keys), np.int64)
    for k in range(len(keys)):
        key = keys[k]
        order[place[key]] = k
        place[key] += 1
    return offsets, order


def build_postings(
    words: NDArray[np.int32],
    counts: Sequence[int],
    n_words: int,
    *,
    signatures: NDArray[np.uint64] | None = None,
    angles: NDArray[np.uint8] | None = None,
    scales: NDArray[np.uint8] | None = None,
    first_image: int = 0,
) -> Postings:
    """Sort the descriptors of images, one after the other, into postings.

    Parameters
    ----------
    words : ndarray of int32, shape (n,)
        The word of each descriptor, 0 to ``n_words - 1``: those of the first image, then those
        of the second, ...
    counts : sequence of int
        How many descriptors each image has; their sum is n.
    n_words : int
    signatures, angles, scales : ndarray, shape (n,), optional
        What else is known about each descriptor, as in `Postings`.
    first_image : int
        The number of the first image.

    Returns
    -------
    Postings

    Notes
    -----
    A counting sort, in time proportional to the descriptors; 8 bytes for each of them beside the
    result.
    """
    offsets, order = counting_sort(words, n_words)
    images = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
    columns = [
        np.zeros(0, dtype) if column is None else column[order]
        for column, dtype in ((signatures, np.uint64), (angles, np.uint8), (scales, np.uint8))
    ]
    return Postings(offsets, images[order], *columns, len(counts), first_image)


# w = words, p = postings of one; `places` is where those of each word go
@kernel
def _copy_lists(offsets, values, places, joined):
    for w in range(len(places)):
        start, place = offsets[w], places[w]
        for p in range(offsets[w + 1] - start):
            joined[place + p] = values[start + p]


def merge_postings(parts: Sequence[Postings]) -> Postings:
    """Join postings over the same words whose images follow one another.

    The first image of the result is that of the first part; each part's images come right after
    those of the part before it.
    """
    firsts = np.cumsum([0, *(part.n_images for part in parts)])
    offsets = np.sum([part.offsets for part in parts], axis=0)
    columns = []
    for name in ("images", "signatures", "angles", "scales"):
        values = [getattr(part, name) for part in parts]
        joined = np.empty(sum(map(len, values)), values[0].dtype)
        places = offsets[:-1].copy()
        for part, own, first in zip(parts, values, firsts, strict=False):
            if len(own):
                shifted = own + np.uint32(first) if name == "images" else own
                _copy_lists(part.offsets, shifted, places, joined)
                places += np.diff(part.offsets)
        columns.append(joined)
    return Postings(offsets, *columns, int(firsts[-1]), parts[0].first_image)
