"""Names for the files that a run writes: each input has its own, and no input is overwritten."""

import os
import re

import click


class Output:
    """A folder of results, named after their inputs.

    Parameters
    ----------
    folder : str
        Made if it is not there.
    inputs : list of str or int
        What the run reads: none of these files is written to.
    command : str
        In the folder of the inputs themselves, ``photo.jpg`` becomes ``photo-faces.jpg``.
    suffix : str, optional
        Of all pictures; by default .jpg for JPEGs and frames of videos, .png for all others.
    reserved : tuple of str
        Names without suffix that no input's results get.
    """

    def __init__(self, folder, inputs, command, *, suffix=None, reserved=()):
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as problem:
            reason = problem.strerror or problem
            raise click.ClickException(f"{folder}: cannot be made ({reason})") from None
        self._folder = folder
        self._command = command
        self._suffix = suffix
        self._taken = {name.casefold() for name in reserved}
        self._inputs = {identity(path) for path in inputs if isinstance(path, str)} - {None}

    def picture_path(self, name):
        """Return where the picture of the input ``name`` goes; other results differ in suffix."""
        parent, base = os.path.split("stdin" if name == "-" else name)
        base, frame = re.fullmatch(r"(.+?)(#\d+)?", base, re.DOTALL).groups()
        stem, suffix = os.path.splitext(base)
        if self._suffix is not None:
            suffix = self._suffix
        elif frame is not None:
            suffix = ".jpg"
        elif suffix.lower() not in (".jpg", ".jpeg"):
            suffix = ".png"
        if frame is not None:
            stem = f"{stem}-{frame[1:]}"
        if name != "-" and identity(parent or ".") == identity(self._folder):
            stem = f"{stem}-{self._command}"
        candidate, count = stem, 1
        while candidate.casefold() in self._taken or self._is_input(candidate + suffix):
            count += 1
            candidate = f"{stem}-{count}"
        self._taken.add(candidate.casefold())
        return os.path.join(self._folder, candidate + suffix)

    def _is_input(self, name):
        return identity(os.path.join(self._folder, name)) in self._inputs


def identity(path):
    """Return what tells files apart whatever they are called; None if there is no such file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
