"""Which pictures are meant by files, folders and patterns, and which of them are gone."""

from __future__ import annotations

import fnmatch
import glob
import os

import numpy as np

from classicvision.images import expand_paths
from classicvision.images.reading import display_name


def image_paths(paths):
    """Return what is named, and the pictures of it: absolute paths, each once.

    Parameters
    ----------
    paths : path-like, or an iterable of them

    Returns
    -------
    sources, files : list of str
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
    sources = list(dict.fromkeys(sources))
    if not sources:
        raise ValueError("paths must name at least one picture, got none")
    return sources, list(dict.fromkeys(expand_paths(sources)))


def lasting(sources):
    """Return the folders and patterns among what is named: new pictures may come to them."""
    return [source for source in sources if os.path.isdir(source) or _is_pattern(source)]


def lasting_paths(sources, known):
    """Return the pictures of folders and patterns that an index was made from.

    One that is gone, or has no pictures now, is a ``ValueError`` while any of ``known``, the
    pictures in the index, are its own: its disk may not be there just now.
    """
    found = []
    for source in sources:
        try:
            if not os.path.isdir(source) and not _is_pattern(source):
                raise ValueError(
                    f"{display_name(source)}: the folder is gone; bring it back, or remove its "
                    "pictures from the index"
                )
            found += image_paths(source)[1]
        except ValueError:
            folder, pattern = os.path.join(source, ""), [_parts(source)]
            if any(path.startswith(folder) or _is_named(path, pattern) for path in known):
                raise
    return found


def vanished_paths(paths, sources):
    """Return those of the paths that are not there, and that the sources name."""
    exact = {source for source in sources if not os.path.isdir(source)}
    folders = tuple(os.path.join(source, "") for source in sources if os.path.isdir(source))
    patterns = [_parts(source) for source in exact if _is_pattern(source)]
    return [
        path
        for path in paths
        if (path in exact or path.startswith(folders) or _is_named(path, patterns))
        and not os.path.lexists(path)
    ]


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
