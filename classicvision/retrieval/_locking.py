"""One writer at a time, by a lock that the operating system takes back from a killed process."""

import contextlib
import errno
import os
import sqlite3

from classicvision.images.reading import display_name

CATALOGUE = "catalogue.sqlite"
LOCK = "writer.lock"  # an empty SQLite file, which brings locks for every system


@contextlib.contextmanager
def writer_lock(folder):
    """Hold the lock of the one process that may write to the index in ``folder``.

    Raises
    ------
    BlockingIOError
        If another process, or another object of this one, is writing.
    OSError
        If the folder cannot be written to.
    """
    name = display_name(os.fspath(folder))
    path = os.path.join(folder, LOCK)
    # SQLite alone may open the file: whoever closes it in this process gives the lock away.
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    except sqlite3.Error as error:
        raise cannot_be_written(folder, error) from None
    with contextlib.closing(connection):
        try:
            connection.execute("PRAGMA journal_mode = MEMORY")  # no file beside it
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise cannot_be_written(folder, error) from None
            raise BlockingIOError(
                f"{name}: another process is writing to this index; wait until it ends"
            ) from None
        except sqlite3.DatabaseError:
            raise ValueError(f"{name}: {LOCK} is no lock of an index; remove that file") from None
        yield


def cannot_be_written(folder, error):
    """Return the error, in one line, for an index that SQLite or the system does not write to.

    Parameters
    ----------
    folder : path-like
    error : sqlite3.OperationalError or OSError
    """
    name = display_name(os.fspath(folder))
    reason = getattr(error, "strerror", None) or error
    if isinstance(error, OSError):
        denied = is_denied(error)
    else:  # it cannot open a file if too many are open, too
        unopened = "unable to open" in str(error) and not _may_be_written(folder)
        denied = "readonly" in str(error) or unopened
    if denied:
        return PermissionError(
            f"{name}: cannot be written to ({reason}); check the rights of the folder and its files"
        )
    kind = type(error) if isinstance(error, OSError) else OSError
    return kind(f"{name}: cannot be written ({reason}); check the disk")


def _may_be_written(folder):
    files = [os.path.join(folder, name) for name in (LOCK, CATALOGUE)]
    names = [folder, *filter(os.path.exists, files)]
    return all(os.access(name, os.R_OK | os.W_OK) for name in names)


def is_denied(error):
    """Say whether an ``OSError`` is a matter of rights."""
    return error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)


@contextlib.contextmanager
def readable(name):
    """Have it said in one line which index cannot be read, and what to do.

    Parameters
    ----------
    name : str
        What messages call the index.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError):
            raise  # it is a sentence of our own, or means something else to the caller
        what = f"{os.path.basename(error.filename)} " if error.filename else ""
        remedy = "rights of the folder and its files" if is_denied(error) else "disk"
        raise type(error)(
            f"{name}: {what}cannot be read ({error.strerror}); check the {remedy}"
        ) from None
