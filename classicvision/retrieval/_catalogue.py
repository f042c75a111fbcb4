"""The catalogue of an index: an SQLite file whose transactions are what is published.

What the arrays hold beyond the row counts of the catalogue is not there yet. Writers use it
under the lock; readers copy it and let it go, so that none keeps another waiting.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
from pathlib import Path

from classicvision.images.reading import display_name
from classicvision.retrieval._locking import CATALOGUE, cannot_be_written, readable
from classicvision.retrieval._rows import sync_folder
from classicvision.retrieval._steps import reached

VERSION = 1
_FORMAT = "classicvision image index"
_SYNCHRONOUS = "FULL"  # a commit is on the disk when it returns
_PATIENCE = 60  # seconds to wait for another process's transaction, which takes far less
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE images (
    number INTEGER PRIMARY KEY, path NOT NULL UNIQUE, hash BLOB NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL,
    first_row INTEGER NOT NULL, rows INTEGER NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE segments (
    number INTEGER PRIMARY KEY, level INTEGER NOT NULL, postings INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
"""


class NoIndexError(ValueError):
    """A folder that is no index, or one of a newer version: nothing in it is damaged."""


class Catalogue:
    """A connection to a catalogue.

    Parameters
    ----------
    folder : str
    write : bool
        Only for the process that holds the lock.

    Raises
    ------
    FileNotFoundError
        For a folder that is not there.
    ValueError
        For a folder that is no index, a damaged catalogue, or one of a newer version.
    OSError
        For one that cannot be read, or not be written to, where that is wanted.
    """

    def __init__(self, folder, *, write=False):
        self.name = display_name(os.fspath(folder))
        path = os.path.join(folder, CATALOGUE)
        if os.path.isfile(folder):
            raise NotADirectoryError(f"{self.name}: a file, and no index; give an index's folder")
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"{self.name}: no such folder; check the name of the index")
        with readable(self.name):
            _check_rights(path)
        if not os.path.isfile(path):
            raise NoIndexError(f"{self.name}: not an image index, it has no {CATALOGUE}")
        try:
            self.connection = _connect(path, write)
            with self._closed_on_error():
                self._check()
        except sqlite3.OperationalError as error:
            if not write:
                raise ValueError(
                    f"{self.name}: the catalogue cannot be read ({error}); after a crash open it "
                    "once with write access, and if that does not help, build the index anew"
                ) from None
            raise cannot_be_written(folder, error) from None
        except sqlite3.Error as error:
            raise self.damaged(error) from None

    @contextlib.contextmanager
    def _closed_on_error(self):
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _check(self):
        tables = {name for (name,) in self.connection.execute("SELECT name FROM sqlite_master")}
        if "meta" not in tables or self.get("format") != _FORMAT:
            raise NoIndexError(f"{self.name}: not an image index; it is another program's database")
        version = self.get("version")
        if not isinstance(version, int):
            raise self.damaged("it has no version")
        if version > VERSION:
            raise NoIndexError(
                f"{self.name}: an index of version {version}, this program reads {VERSION}; "
                "update classicvision"
            )

    def damaged(self, reason):
        """Return the error for a catalogue that cannot be used."""
        return ValueError(f"{self.name}: the catalogue is damaged ({reason}); build the index anew")

    def close(self):
        """Let the file go."""
        self.connection.close()

    def get(self, key):
        """Return a value of the index as a whole: version, generation, rows, images, ..."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set(self, key, value):
        """Set a value of the index as a whole."""
        self.connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value))
        )

    @contextlib.contextmanager
    def transaction(self):
        """All that is done inside is published at its end, or nothing is."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            reached("before the commit")
            self.connection.execute("COMMIT")
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        reached("committed")


def create_catalogue(folder, parameters):
    """Make the catalogue of an empty index; it appears whole or not at all."""
    path = os.path.join(folder, CATALOGUE)
    part = os.path.join(folder, f"{CATALOGUE}.part")
    try:
        _delete(part)
        _write_empty(part, parameters)
        reached("catalogue written")
        os.replace(part, path)
        sync_folder(folder)
    except (sqlite3.OperationalError, OSError) as error:
        with contextlib.suppress(OSError):
            _delete(part)
        raise cannot_be_written(folder, error) from None
    reached("catalogue named")


def _delete(part):
    for leftover in (part, f"{part}-journal", f"{part}-wal", f"{part}-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover)


def _write_empty(part, parameters):
    values = {"format": _FORMAT, "version": VERSION, "generation": 1, "rows": 0, "images": 0}
    values = {**values, "sealed": 0, "segments": 0, "parameters": parameters}
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS}")
        connection.executescript(f"BEGIN; {_SCHEMA}")
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", [(k, json.dumps(v)) for k, v in values.items()]
        )
        connection.execute("COMMIT")


def _connect(path, write):
    if write:
        connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
        connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS}")
        return connection
    address = Path(path).absolute().as_uri()
    connection = _readable(f"{address}?mode=ro")
    if connection is None and not _is_nonempty(f"{path}-wal"):
        connection = _readable(f"{address}?immutable=1")  # nothing can be written beside it
    if connection is None:
        raise sqlite3.OperationalError("it cannot be opened, or not without write access")
    return connection


def _check_rights(path):
    """Raise ``PermissionError`` for a file that is there, or may be, and must not be read."""
    with contextlib.suppress(FileNotFoundError):
        os.stat(path)
        # Not opened: SQLite's locks of this process are gone when any descriptor is closed.
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def _readable(address):
    connection = sqlite3.connect(address, timeout=_PATIENCE, isolation_level=None, uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError):
            return None
        raise
    return connection


def _is_nonempty(path):
    return os.path.exists(path) and os.path.getsize(path) > 0


def to_sql(path):
    """Return a file name as the catalogue keeps it: text, or bytes where it is no Unicode."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def from_sql(path):
    """Return a file name that the catalogue keeps."""
    return os.fsdecode(path) if isinstance(path, bytes) else path
