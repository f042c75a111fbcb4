"""Arrays and what is known of them in one file: npz without pickle, and JSON in it."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from classicvision.images import write_bytes
from classicvision.images.reading import display_name

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


def load_arrays(path, kind, version):
    """Read a file of some kind.

    Returns
    -------
    about : dict
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError
        With the file's name, if it is of another kind or version, or damaged.
    OSError
        If it cannot be read.
    """
    name = display_name(os.fspath(path))
    try:
        data = io.BytesIO(Path(path).read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"{name}: no such file; check the name and the folder") from None
    try:
        with np.load(data, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        about = json.loads(arrays.pop("about").tobytes())
        found = about["classicvision"], about["version"]
    except _DAMAGE as error:
        raise ValueError(f"{name}: no {kind}, or damaged: {_reason(error)}") from None
    if found[0] != kind:
        raise ValueError(f"{name}: no {kind}, but a {found[0]}")
    if found[1] != version:
        raise ValueError(
            f"{name}: a {kind} of version {found[1]}, and this classicvision reads {version}"
        )
    return about, arrays


def _reason(error):
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
