"""An index as it was at one moment: what readers work on while others write."""

from __future__ import annotations

import contextlib
import os
import shlex
import sqlite3
import zlib
from dataclasses import dataclass

import numpy as np

from classicvision.images.reading import display_name
from classicvision.retrieval._catalogue import Catalogue, from_sql
from classicvision.retrieval._locking import readable
from classicvision.retrieval._rows import COLUMNS, check_size
from classicvision.retrieval._sealing import owned_rows
from classicvision.retrieval._segments import (
    damaged_postings,
    map_segment,
    segment_checksum,
    segment_path,
    sort_postings,
)


@dataclass(frozen=True, eq=False)
class Contents:
    """What a catalogue says, read in one transaction.

    Attributes
    ----------
    parameters : dict
    generation, rows, sealed, n_images : int
        Rows that there are, and that are sealed; numbers of images that were given out.
    paths : list of str
    images : ndarray of int64, shape (n, 6)
        Of each image, by ascending number: the number, width, height, first row, rows, checksum.
    stamps : ndarray of int64, shape (n, 2)
        Of its file, when it was read: the size in bytes, and the time of the last change.
    hashes : ndarray of 16 bytes each, shape (n,)
        Of its contents then.
    segments : list of (number, postings, checksum)
    """

    parameters: dict
    generation: int
    rows: int
    sealed: int
    n_images: int
    paths: list
    images: np.ndarray
    stamps: np.ndarray
    hashes: np.ndarray
    segments: list


def read_catalogue(folder):
    """Return the contents of the catalogue in ``folder``, as of the last commit."""
    with contextlib.closing(Catalogue(folder)) as catalogue:
        try:
            catalogue.connection.execute("BEGIN")  # all that follows is of one moment
            contents = _read(catalogue)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise catalogue.damaged(error) from None
    numbers, _, _, first, rows, _ = contents.images.T
    outside = (numbers < 0) | (numbers >= contents.n_images) | (first < 0) | (rows < 0)
    if (outside | (first + rows > contents.rows)).any():
        raise catalogue.damaged("an image has rows that are not there")
    return contents


def _read(catalogue):
    paths = []

    def numbers():
        for path, digest, *values in catalogue.connection.execute(
            "SELECT path, hash, number, width, height, first_row, rows, checksum, "
            "size, mtime_ns FROM images ORDER BY number"
        ):
            paths.append(from_sql(path))
            yield digest, tuple(values)

    found = np.fromiter(numbers(), np.dtype([("hash", "V16"), ("numbers", np.int64, 8)]))
    hashes, images = np.ascontiguousarray(found["hash"]), np.ascontiguousarray(found["numbers"])
    segments = catalogue.connection.execute(
        "SELECT number, postings, checksum FROM segments ORDER BY number"
    ).fetchall()
    keys = ("parameters", "generation", "rows", "sealed", "images")
    values = [catalogue.get(key) for key in keys]
    if None in values or "n_words" not in values[0]:
        raise ValueError("it is not complete")
    return Contents(*values, paths, images[:, :6], images[:, 6:], hashes, segments)


def damaged_image(folder, path):
    """Return the error for an index that holds what nothing has written there for a picture."""
    name = display_name(folder)
    return ValueError(
        f"{name}: damaged data of {display_name(path)}; remove it and add it again; see what else "
        f"is damaged: classicvision index -o {shlex.quote(name)} --verify"
    )


class Snapshot:
    """The arrays of an index, mapped, and its postings; later changes do not reach it.

    Parameters
    ----------
    folder : str

    Attributes
    ----------
    contents : Contents
    columns : dict of str to ndarray
        The committed rows of each array, on disk.
    segments : list of Postings
        All postings: the sealed ones on disk, the others in memory.
    problems : dict of str to ValueError
        What of the postings cannot be used and is left out, by the names of files, or of the
        image: a search would not be right, but an index that is damaged can be mended.

    Raises
    ------
    FileNotFoundError
        For a folder that is not there.
    ValueError
        For one that is no index, or a damaged one.
    """

    def __init__(self, folder):
        self.folder = os.fspath(folder)
        seen = None
        while True:
            self.contents = read_catalogue(self.folder)
            now = (self.contents.generation, self.contents.segments)
            try:
                with readable(display_name(self.folder)):
                    self._map(again=now == seen)
                return
            except FileNotFoundError as error:
                if now == seen:
                    raise ValueError(
                        f"{display_name(self.folder)}: {os.path.basename(error.filename)} is "
                        "missing; the index is damaged, build it anew"
                    ) from None
            seen = now  # a writer has just replaced the file: the catalogue names the new one

    def _map(self, again):
        contents = self.contents
        self.columns, self.problems, self._sealed = {}, {}, {}
        for column in COLUMNS:
            count = contents.n_images if column.per_image else contents.rows
            if count:
                path = column.path(self.folder, contents.generation)
                check_size(path, count * column.row_bytes)
            self.columns[column.name] = column.map(self.folder, contents.generation, count)
        n_words = contents.parameters["n_words"]
        for number, postings, _ in contents.segments:
            path = segment_path(self.folder, contents.generation, number)
            try:
                self._sealed[path] = map_segment(path, n_words, postings, contents.n_images)
            except FileNotFoundError:
                if not again:
                    raise
                self.problems[path] = damaged_postings(path)
            except ValueError as error:
                self.problems[path] = error
        self.segments = [*self._sealed.values(), *self._tail(n_words)]

    def _tail(self, n_words):
        """Return the postings that are not sealed yet, if there are any, in a list."""
        sealed = self.contents.sealed
        owners = self.contents.images[:, [0, 3, 4]]
        images, rows = owned_rows(owners[owners[:, 1] >= sealed], sealed)
        arrays = {
            name: np.asarray(self.columns[name])[sealed:][rows]
            for name in ("words", "signatures", "angles", "scales")
        }
        words = arrays.pop("words")
        strange = words >= n_words
        if strange.any():
            place = np.searchsorted(self.contents.images[:, 0], images[np.argmax(strange)])
            path = self.contents.paths[place]
            self.problems[path] = damaged_image(self.folder, path)
            return []
        tail = sort_postings(words, n_words, self.contents.n_images, images=images, **arrays)
        return [tail] if len(tail) else []

    def damages(self):
        """Read everything, and yield ``(path, error)`` of what is not as it was written.

        Yields
        ------
        path : str
            Of a file of postings, or of an image.
        error : ValueError
        """
        contents = self.contents
        for number, _, expected in contents.segments:
            path = segment_path(self.folder, contents.generation, number)
            segment = self._sealed.get(path)
            if (
                segment is None
                or (len(segment) and segment.images.max() >= contents.n_images)
                or segment_checksum(segment) != expected
            ):
                yield path, damaged_postings(path)
        name = display_name(self.folder)
        for path, (number, _, _, first, rows, expected) in zip(
            contents.paths, contents.images.tolist(), strict=True
        ):
            found = 0
            for column in COLUMNS:
                part = slice(number, number + 1) if column.per_image else slice(first, first + rows)
                found = zlib.crc32(np.ascontiguousarray(self.columns[column.name][part]), found)
            if found != expected:
                text = f"{name}: damaged data of {display_name(path)}; remove it and add it again"
                yield path, ValueError(text)
