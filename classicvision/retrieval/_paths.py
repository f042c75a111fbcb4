"""Which pictures are meant by files, folders and patterns, and which of them are gone."""

from __future__ import annotations

import fnmatch
import functools
import glob
import hashlib
import os
from typing import NamedTuple

import numpy as np

from classicvision.images import expand_paths
from classicvision.images.reading import display_name, open_file


class Found(NamedTuple):
    """What is named by files, folders and patterns.

    Attributes
    ----------
    sources : list of str
        The names, as absolute paths.
    files : list of str
        The pictures: absolute paths, each once.
    unreadable : dict of str to OSError
        Folders that cannot be looked into, or are not there.
    """

    sources: list
    files: list
    unreadable: dict


def index_folder(path, name):
    """Return the absolute name of an index's folder, given as the argument ``name``."""
    path = os.fspath(path)
    if not path:
        raise ValueError(f"{name} must name a folder, got {path!r}")
    return os.path.abspath(path)


def image_paths(paths, *, empty=False):
    """Return what is `Found` at some paths.

    Parameters
    ----------
    paths : path-like, or an iterable of them
    empty : bool
        Accept folders without pictures.
    """
    single = isinstance(paths, (str, bytes, os.PathLike)) or not np.iterable(paths)
    sources = []
    for path in [paths] if single else paths:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"paths must be file names, folders or patterns, got {path!r:.80}")
        path = os.fspath(path)
        if path in ("", "-"):
            raise ValueError(f"paths must be files, folders or patterns, got {path!r}")
        sources.append(os.path.abspath(path))
    if not sources:
        raise ValueError("paths must name at least one picture, got none")
    found = Found(list(dict.fromkeys(sources)), [], {})
    files = {}
    for source in found.sources:
        files.update(dict.fromkeys(_expanded(source, found.unreadable, empty)))
    if not files and found.unreadable and not empty:
        raise next(iter(found.unreadable.values()))
    found.files.extend(files)
    return found


def _expanded(source, unreadable, empty):
    def report(path, error):
        if isinstance(error, OSError):
            unreadable[path] = error
        elif not (empty and os.path.isdir(source)):
            raise error

    return expand_paths(source, on_error=report)


def lasting(sources):
    """Return the folders and patterns among what is named: new pictures may come to them."""
    return [source for source in sources if os.path.isdir(source) or _is_pattern(source)]


def lasting_paths(sources, known):
    """Return what is `Found` in folders and patterns that an index was made from.

    A folder that is gone or without any file, or a pattern without a match, is a ``ValueError``
    while any of ``known``, the pictures in the index, are its own: its disk may not be there
    just now.
    """
    there = []
    for source in sources:
        missing = _missing(source)
        if missing is None:
            there.append(source)
        elif any(_is_of(path, source) for path in known):
            raise ValueError(_not_there(source, missing))
    return image_paths(there, empty=True) if there else Found([], [], {})


def _not_there(source, missing):
    return (
        f"{display_name(source)}: {missing}; bring it back, or remove its pictures from the index"
    )


def _missing(source):
    """Return what is wrong with a folder or pattern where nothing is, otherwise None."""
    if _is_pattern(source):
        return None if glob.glob(source, recursive=True) else "the pattern matches no file"
    return _missing_folder(source)


def _missing_folder(folder):
    if not os.path.isdir(folder):
        return "the folder is gone"
    try:
        with os.scandir(folder) as entries:
            return None if any(entries) else "the folder is empty"
    except OSError:  # which is told when its pictures are looked for
        return None


def forget(sources, removed, left):
    """Return the sources without those that have had pictures and have none any more."""
    return [
        source
        for source in sources
        if any(_is_of(path, source) for path in left)
        or not any(_is_of(path, source) for path in removed)
    ]


def _is_of(path, source):
    return is_below(path, source) or _is_named(path, [_parts(source)])


def is_below(path, *folders):
    """Say whether a path begins with one of the folders."""
    return path.startswith(tuple(os.path.join(folder, "") for folder in folders))


def vanished_paths(paths, sources):
    """Return those of the paths that are not there, and that the sources name."""
    exact = {source for source in sources if not os.path.isdir(source)}
    folders = [source for source in sources if os.path.isdir(source)]
    patterns = [_parts(source) for source in exact if _is_pattern(source)]
    return [
        path
        for path in paths
        if (path in exact or is_below(path, *folders) or _is_named(path, patterns))
        and is_gone(path)
    ]


def without_absent(gone, sources, known):
    """Return which pictures that are gone are to leave the index, and which folders are absent.

    A picture leaves if the folder it was in, or a folder among the sources that it was below, is
    there and holds anything; so must the nearest folder that the index was made from, if it was
    below one. Otherwise its disk may not be there just now.

    Parameters
    ----------
    gone : list of str
    sources : list of str
        What is brought up to date.
    known : list of str
        The folders and patterns that the index was made from.

    Returns
    -------
    leaving : list of str
    absent : dict of str to OSError
        The folders that the others were in.
    """
    missing = functools.cache(_missing_folder)
    there = [source for source in sources if missing(source) is None]
    nearest_first = sorted(set(map(_fixed_folder, known)), key=len, reverse=True)
    leaving, absent = [], {}
    for path in gone:
        folder = os.path.dirname(path)
        nearest = next((root for root in nearest_first if is_below(path, root)), None)
        if nearest is not None and missing(nearest) is not None:
            folder = nearest
        elif is_below(path, *there) or missing(folder) is None:
            leaving.append(path)
            continue
        absent[folder] = FileNotFoundError(_not_there(folder, missing(folder)))
    return leaving, absent


def _fixed_folder(source):
    """Return the folder that a pattern begins with, or what is no pattern itself."""
    while _is_pattern(source):
        source = os.path.dirname(source)
    return source


def is_gone(path):
    """Say whether a file is not there; one that cannot be looked at may be."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def file_stamp(path):
    """Return the size of a file in bytes and the time of its last change, or ``None``."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def file_digest(path):
    """Return the hash of a file's contents: 16 bytes."""
    digest = hashlib.blake2b(digest_size=16)
    with open_file(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


def change_since(path, known, digest):
    """Return ``"gone"`` or ``"changed"`` if a file is not what had a stamp and a hash, or None.

    It is read only if it has another time, and the same size.
    """
    if is_gone(path):
        return "gone"
    stamp = file_stamp(path)
    if stamp in (None, known):
        return None
    try:
        same = stamp[0] == known[0] and file_digest(path) == digest
    except (OSError, ValueError):
        same = False
    return None if same else "changed"


def _is_pattern(path):
    return glob.has_magic(path) and not os.path.lexists(path)


def _parts(path):
    return path.split(os.sep)


def _is_named(path, patterns):
    """Say whether one of the patterns, in parts, matches a file or a folder that it was in."""
    parts = _parts(path)
    return any(_begins_with(parts, pattern) for pattern in patterns)


def _begins_with(parts, pattern):
    if not pattern:
        return True
    if pattern[0] == "**":  # any number of folders
        return any(_begins_with(parts[i:], pattern[1:]) for i in range(len(parts)))
    return bool(
        parts and fnmatch.fnmatch(parts[0], pattern[0]) and _begins_with(parts[1:], pattern[1:])
    )
