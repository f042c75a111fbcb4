"""What a colour identifier has learned, as a file."""

from __future__ import annotations

import io
import json
import os
import zipfile

import numpy as np

from classicvision.images import write_bytes
from classicvision.images.reading import display_name

_KIND = "color identifier"
_VERSION = 1


def save_model(path, parameters, arrays):
    """Write parameters and arrays; an existing file is replaced in one step."""
    about = {"classicvision": _KIND, "version": _VERSION, "parameters": parameters}
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    data = io.BytesIO()
    np.savez(data, about=text, **arrays)
    write_bytes(path, data.getvalue())


def load_model(path):
    """Return the parameters and the arrays of a file.

    Raises
    ------
    ValueError
        If the file is another one, or damaged.
    OSError
        If it cannot be read.
    """
    name = display_name(os.fspath(path))
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        about = json.loads(arrays.pop("about").tobytes())
        known = about["classicvision"] == _KIND
        version, parameters = about["version"], dict(about["parameters"])
    except FileNotFoundError:
        raise FileNotFoundError(f"{name}: no such file; check the name and the folder") from None
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, RecursionError,
            zipfile.BadZipFile) as error:  # fmt: skip
        if isinstance(error, OSError) and error.errno:
            raise
        raise ValueError(f"{name}: not a {_KIND}, or damaged; save it anew") from None
    if not known or version != _VERSION:
        raise ValueError(f"{name}: not a {_KIND} of this version of classicvision; save it anew")
    return parameters, arrays
