"""Postings move from the rows of an index into sealed segments, few large ones in the end."""

from __future__ import annotations

import contextlib
import os

import numpy as np

from classicvision.retrieval._rows import COLUMN, COLUMNS, FILE, PART, checksum, sync_folder
from classicvision.retrieval._segments import (
    damaged_postings,
    merge_segments,
    segment_path,
    sort_postings,
    write_segment,
)
from classicvision.retrieval._steps import reached

_SEAL = 1 << 19  # keypoints whose postings are sealed together
_FANOUT = 8  # segments of one level that are merged into one of the next


class Sealing:
    """Writes the segments of an index whose lock is held.

    Parameters
    ----------
    folder : str
    catalogue : Catalogue
    """

    def __init__(self, folder, catalogue):
        self._folder = folder
        self._catalogue = catalogue
        self._get = catalogue.get
        self._sql = catalogue.connection.execute

    def seal(self):
        """Publish a segment while there are enough keypoints for one; merge where it is time."""
        while self._is_full():
            with self._catalogue.transaction():
                self._write_segment()
            self._merge()
        self._merge()

    def write_full(self):
        """Write the segments that there are enough keypoints for, inside a transaction."""
        while self._is_full():
            self._write_segment()

    def _is_full(self):
        return self._get("rows") - self._get("sealed") >= _SEAL

    def _write_segment(self):
        number, first = self._get("segments"), self._get("sealed")
        stop = self._boundary(first)
        owners = self._sql(
            "SELECT number, first_row, rows FROM images WHERE first_row >= ? AND first_row < ? "
            "AND rows > 0 ORDER BY number",
            (first, stop),
        ).fetchall()
        images, rows = owned_rows(np.array(owners, np.int64).reshape(-1, 3), first)
        arrays = {
            name: COLUMN[name].read(self._folder, self._get("generation"), first, stop - first)
            for name in ("words", "signatures", "angles", "scales")
        }
        arrays = {name: array[rows] for name, array in arrays.items()}
        segment = sort_postings(
            arrays.pop("words"),
            self._get("parameters")["n_words"],
            self._get("images"),
            images=images,
            **arrays,
        )
        path = segment_path(self._folder, self._get("generation"), number)
        write_segment(path, segment)
        sync_folder(self._folder)
        reached("segment written")
        self._register(number, 0, len(segment), path)
        self._catalogue.set("sealed", stop)

    def _boundary(self, first):
        """Return the end of the image with which there are enough rows to seal."""
        found = self._sql(
            "SELECT MIN(first_row + rows) FROM images WHERE first_row + rows >= ?",
            (first + _SEAL,),
        ).fetchone()[0]
        return self._get("rows") if found is None else found

    def _register(self, number, level, postings, path):
        self._sql(
            "INSERT INTO segments VALUES (?, ?, ?, ?)", (number, level, postings, checksum(path))
        )
        self._catalogue.set("segments", number + 1)

    def _merge(self):
        """Merge segments while the last ones are many of one level."""
        while True:
            parts = self._sql(
                "SELECT number, level, postings, checksum FROM segments "
                "ORDER BY number DESC LIMIT ?",
                (_FANOUT,),
            ).fetchall()[::-1]
            if len(parts) < _FANOUT or len({level for _, level, *_ in parts}) > 1:
                return
            self._merge_into_one(parts)

    def _merge_into_one(self, parts):
        generation, number = self._get("generation"), self._get("segments")
        path = segment_path(self._folder, generation, number)
        sources = []
        for part, _, count, expected in parts:
            source = segment_path(self._folder, generation, part)
            # The checksum of the merged one would hide it.
            if not os.path.isfile(source) or checksum(source) != expected:
                raise damaged_postings(source)
            sources.append((source, count))
        count = merge_segments(path, sources, self._get("parameters")["n_words"])
        sync_folder(self._folder)
        reached("segments merged")
        with self._catalogue.transaction():
            self._sql("DELETE FROM segments WHERE number >= ?", (parts[0][0],))
            self._register(number, parts[0][1] + 1, count, path)
        delete_leftovers(self._folder, self._catalogue)


def owned_rows(owners, first):
    """Return the image of each row of ``owners``, (number, first_row, rows), and where it is."""
    numbers, begins, counts = owners.T
    images = np.repeat(numbers, counts).astype(np.uint32)
    ends = np.cumsum(counts)
    rows = np.arange(len(images)) + np.repeat(begins - first - (ends - counts), counts)
    return images, rows


def delete_leftovers(folder, catalogue):
    """Delete the files that belong to no segment, or no generation, of the catalogue."""
    generation = catalogue.get("generation")
    wanted = {column.path(folder, generation) for column in COLUMNS}
    for (number,) in catalogue.connection.execute("SELECT number FROM segments"):
        wanted.add(segment_path(folder, generation, number))
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if path not in wanted and (FILE.fullmatch(name) or PART.fullmatch(name)):
            with contextlib.suppress(OSError):  # Windows keeps what a reader has open
                os.unlink(path)
            reached("leftover deleted")
