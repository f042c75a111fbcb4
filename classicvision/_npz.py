"""Arrays and what is known of them in one file: npz without pickle, and JSON in it."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib

import numpy as np

from classicvision.images import write_bytes
from classicvision.images.reading import display_name, open_file

# What NumPy, zipfile and JSON raise at bytes that are none of theirs, found by changing some.
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, OSError)
_DAMAGE += (RuntimeError, OverflowError, zipfile.BadZipFile, zlib.error)


def save_arrays(path, kind, version, about, arrays):
    """Write a file of some kind; one that is there is replaced in one step.

    Parameters
    ----------
    path : path-like
    kind : str
        What it is, such as "visual vocabulary".
    version : int
        Of the kind's format.
    about : dict
        Anything that JSON holds.
    arrays : dict of str to ndarray
        No name may be "about".
    """
    about = {"classicvision": kind, "version": version, **about}
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    data = io.BytesIO()
    np.savez(data, about=text, **arrays)
    write_bytes(path, data.getbuffer())


def load_arrays(path, kind, version, writer="classicvision"):
    """Read a file of some kind.

    Parameters
    ----------
    path : path-like
    kind : str
    version : int
    writer : str
        What writes such files, for the message of one that it did not write.

    Returns
    -------
    about : dict
    arrays : dict of str to ndarray

    Raises
    ------
    TypeError
        For what is no path.
    ValueError
        With the file's name, if it is of another kind or version, or damaged.
    OSError
        If it cannot be read.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the name of a file, got {path!r:.80}")
    name = display_name(os.fspath(path))
    with open_file(path, pipes=True, kind=f"a {kind}") as file:
        data = io.BytesIO(file.read())
    try:
        with np.load(data, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        about = json.loads(arrays.pop("about").tobytes())
        found = about["classicvision"], about["version"]
    except _DAMAGE:  # whose texts advise, among other things, to load pickles
        raise ValueError(f"{name}: no {kind}, or damaged: not a file that {writer} wrote") from None
    if found[0] != kind:
        raise ValueError(f"{name}: no {kind}, but a {found[0]}")
    if found[1] != version:
        raise ValueError(
            f"{name}: a {kind} of version {found[1]}, and this classicvision reads {version}"
        )
    return about, arrays
