"""Writing to an index: what was begun and not published is cleared away first.

Rows are appended to the files, the files and new names are waited for, and one transaction of the
catalogue publishes them: a process that dies leaves the index as it was, or as it became.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import zlib
from dataclasses import dataclass

from classicvision.retrieval._catalogue import Catalogue, from_sql, to_sql
from classicvision.retrieval._locking import cannot_be_written, writer_lock
from classicvision.retrieval._rows import (
    COLUMNS,
    append_rows,
    check_size,
    copy_ranges,
    sync_folder,
)
from classicvision.retrieval._sealing import Sealing, delete_leftovers
from classicvision.retrieval._steps import reached


@dataclass(frozen=True, eq=False)
class Record:
    """An image to be written: what the catalogue says of it, and its rows of each array."""

    path: str
    hash: bytes
    size: int
    mtime_ns: int
    width: int
    height: int
    arrays: dict

    @property
    def rows(self):
        """The number of keypoints."""
        return len(self.arrays["words"])

    @property
    def checksum(self):
        """The CRC-32 of all rows."""
        value = 0
        for column in COLUMNS:
            value = zlib.crc32(column.encode(self.arrays[column.name]), value)
        return value


def _in_one_line(method):
    """Have what goes wrong on the disk said in one line."""

    @functools.wraps(method)
    def wrapped(self, *arguments):
        try:
            return method(self, *arguments)
        except sqlite3.OperationalError as error:  # the disk is full, or may not be written to
            raise cannot_be_written(self._folder, error) from None
        except sqlite3.DatabaseError as error:
            raise self._catalogue.damaged(error) from None
        except OSError as error:
            if error.errno is None:  # it is a sentence of our own
                raise
            raise cannot_be_written(self._folder, error) from None

    return wrapped


class Writer:
    """The process that may write to an index; use it in a ``with`` statement.

    Parameters
    ----------
    folder : str
    """

    def __init__(self, folder):
        self._folder = folder

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(writer_lock(self._folder))
            self._catalogue = Catalogue(self._folder, write=True)
            stack.callback(self._catalogue.close)
            self._sql = self._catalogue.connection.execute
            self._sealing = Sealing(self._folder, self._catalogue)
            self._recover()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    @_in_one_line
    def get(self, key):
        """Return a value of the index as a whole."""
        return self._catalogue.get(key)

    @_in_one_line
    def find(self, path):
        """Return ``(hash, size, mtime_ns)`` of an image, or ``None`` where there is none."""
        return self._sql(
            "SELECT hash, size, mtime_ns FROM images WHERE path = ?", (to_sql(path),)
        ).fetchone()

    def paths(self):
        """Yield the paths of all images, a few of them in memory at a time."""
        last = -1
        while rows := self._sql(
            "SELECT number, path FROM images WHERE number > ? ORDER BY number LIMIT 1000", (last,)
        ).fetchall():
            yield from (from_sql(path) for _, path in rows)
            last = rows[-1][0]

    @_in_one_line
    def append(self, records):
        """Publish images, together; one of a path that is there takes its place."""
        first_row, number = self.get("rows"), self.get("images")
        generation = self.get("generation")
        for column in COLUMNS:
            data = b"".join(column.encode(record.arrays[column.name]) for record in records)
            position = (number if column.per_image else first_row) * column.row_bytes
            append_rows(column.path(self._folder, generation), position, data)
            reached(f"{column.name} appended")
        with self._catalogue.transaction():
            for record in records:
                self._insert(record, number, first_row)
                number, first_row = number + 1, first_row + record.rows
            self._catalogue.set("rows", first_row)
            self._catalogue.set("images", number)
        self._sealing.seal()

    def _insert(self, record, number, first_row):
        self._sql("DELETE FROM images WHERE path = ?", (to_sql(record.path),))
        self._sql(
            "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                to_sql(record.path),
                record.hash,
                record.size,
                record.mtime_ns,
                record.width,
                record.height,
                first_row,
                record.rows,
                record.checksum,
            ),
        )

    @_in_one_line
    def remove(self, paths):
        """Take images out, together; return how many there were."""
        before = self._count()
        with self._catalogue.transaction():
            self._catalogue.connection.executemany(
                "DELETE FROM images WHERE path = ?", ((to_sql(path),) for path in paths)
            )
        return before - self._count()

    @_in_one_line
    def touch(self, stamps):
        """Note, together, that files have another time, and the same contents.

        Parameters
        ----------
        stamps : iterable of (path, size, mtime_ns)
        """
        with self._catalogue.transaction():
            self._catalogue.connection.executemany(
                "UPDATE images SET size = ?, mtime_ns = ? WHERE path = ?",
                ((size, mtime_ns, to_sql(path)) for path, size, mtime_ns in stamps),
            )

    @_in_one_line
    def set(self, key, value):
        """Publish a value of the index as a whole."""
        with self._catalogue.transaction():
            self._catalogue.set(key, value)

    def _count(self):
        return self._sql("SELECT COUNT(*) FROM images").fetchone()[0]

    @_in_one_line
    def compact(self):
        """Write the index anew without what was removed, and switch to it in one transaction."""
        if self.get("images") == 0:
            return
        old, new = self.get("generation"), self.get("generation") + 1
        for column in COLUMNS:
            ranges = ((a * column.row_bytes, b * column.row_bytes) for a, b in self._live(column))
            copy_ranges(column.path(self._folder, old), column.path(self._folder, new), ranges)
            reached(f"{column.name} copied")
        sync_folder(self._folder)
        with self._catalogue.transaction():
            self._renumber()
            for key, value in (("generation", new), ("sealed", 0), ("segments", 0)):
                self._catalogue.set(key, value)
            self._sql("DELETE FROM segments")
            self._sealing.write_full()
        delete_leftovers(self._folder, self._catalogue)
        self._sealing.seal()

    def _live(self, column):
        """Yield (first, stop) of the rows in use, neighbours together; few at a time in memory."""
        columns = "number, number + 1" if column.per_image else "first_row, first_row + rows"
        first = stop = 0
        for a, b in self._sql(f"SELECT {columns} FROM images ORDER BY number"):
            if a != stop:
                yield first, stop
                first = a
            stop = b
        yield first, stop

    def _renumber(self):
        self._sql(
            "CREATE TEMP TABLE kept AS SELECT ROW_NUMBER() OVER (ORDER BY number) - 1 AS number, "
            "path, hash, size, mtime_ns, width, height, "
            "SUM(rows) OVER (ORDER BY number) - rows AS first_row, rows, checksum FROM images"
        )
        self._sql("DELETE FROM images")
        self._sql("INSERT INTO images SELECT * FROM kept ORDER BY number")
        images, rows = self._sql("SELECT COUNT(*), COALESCE(SUM(rows), 0) FROM kept").fetchone()
        self._sql("DROP TABLE kept")
        self._catalogue.set("images", images)
        self._catalogue.set("rows", rows)

    @_in_one_line
    def _recover(self):
        """Clear away what no transaction published; what is published must be there."""
        delete_leftovers(self._folder, self._catalogue)
        generation = self.get("generation")
        for column in COLUMNS:
            path = column.path(self._folder, generation)
            size = self.get("images" if column.per_image else "rows") * column.row_bytes
            if not os.path.exists(path) and size == 0:
                continue
            if not os.path.exists(path):
                raise self._catalogue.damaged(f"{os.path.basename(path)} is missing")
            check_size(path, size)
            if os.path.getsize(path) > size:
                os.truncate(path, size)
            reached(f"{column.name} truncated")
