"""Where a page of results may be written: over no picture, and nothing else but a page."""

import os
import stat

import click

from classicvision.cli._output import identity

_BEGINNING = b"<!doctype html"


def check_target(path, queries, index):
    """Refuse a name under which the page would overwrite something, or cannot be written.

    Parameters
    ----------
    path : str
        The page.
    queries : sequence of str
        As given: files, folders and patterns.
    index : ImageIndex

    Raises
    ------
    click.UsageError
        In one line.
    """
    if path == "-":
        raise click.UsageError("--report -: the page needs the name of a file")
    target = os.path.realpath(path)
    reason = _reason(target, path, index) or _reason_of_file(target, queries)
    if reason is not None:
        raise click.UsageError(f"--report {path}: {reason}; choose another name")


def _reason(target, path, index):
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        return "a folder"
    if not os.path.isdir(folder):
        return "its folder does not exist"
    if _is_inside(folder, index.path):
        return "inside the folder of the index"
    if target in index or path in index:
        return "a picture of the index"
    return None


def _is_inside(folder, index):
    wanted = identity(index)
    while identity(folder) != wanted:
        folder, inner = os.path.dirname(folder), folder
        if folder == inner:
            return False
    return True


def _reason_of_file(target, queries):
    """Return why what is there must stay, ``None`` where nothing is, or a page."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    if not stat.S_ISREG(mode):
        return "no regular file"
    if identity(target) in _identities(queries):
        return "a query, which the page would overwrite"
    try:
        with open(target, "rb") as file:
            beginning = file.read(len(_BEGINNING))
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if beginning.lower() == _BEGINNING else "exists, and is no page of results"


def _identities(queries):
    from classicvision.images import expand_paths

    files = expand_paths(queries, on_error=lambda path, error: None)  # told of in the search
    return {identity(file) for file in files}
