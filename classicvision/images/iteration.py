"""Go through files, folders, patterns, videos and cameras, one image at a time."""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from classicvision._checks import check_flag, check_number
from classicvision._opencv import opencv
from classicvision.images.conversion import luminance
from classicvision.images.reading import MAX_PIXELS, display_name, no_stderr, open_file, read_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    _Input = str | os.PathLike[str] | int

_IMAGE = re.compile(r"\.(bmp|gif|jpe|jpe?g|p[bgnp]m|png|tiff?|webp)$", re.IGNORECASE)
_VIDEO = re.compile(r"\.(3gp|avi|m4v|mkv|mov|mp4|mpe?g|ogv|webm|wmv)$", re.IGNORECASE)
# The containers that state the true number of frames; the others' is an estimate.
_COUNTED = re.compile(r"\.(avi|m4v|mov|mp4)$", re.IGNORECASE)


def iter_images(
    paths: _Input | Iterable[_Input],
    *,
    gray: bool = False,
    on_error: Literal["raise"] | Callable[[Any, Exception], object] = "raise",
) -> Iterator[tuple[str, np.ndarray]]:
    """Go through images one at a time: files, folders, patterns, videos, cameras.

    Parameters
    ----------
    paths : str, path-like, int, or a list of them
        An image, a folder (all images in it and below, but no hidden ones), a pattern
        (``"scans/*.tif"``, ``**`` for folders at any depth), a video, the number of a camera,
        or ``"-"`` for one image's bytes on standard input.
    gray : bool
        Give the luminance instead of RGB.
    on_error : "raise" or callable
        A callable is given ``(path, error)`` for what cannot be read, and the run goes on.

    Yields
    ------
    name : str
        The file's path; of a video ``clip.mp4#000012``, frames counted from 0; ``camera0#000012``.
    image : ndarray
        As :func:`read_image` returns it.

    Examples
    --------
    >>> import classicvision as cv
    >>> from classicvision.images import sample_path
    >>> for name, image in cv.iter_images(sample_path("camera"), gray=True):
    ...     print(image.shape)
    (512, 512)
    """
    gray = check_flag(gray, "gray")
    inputs = expand_paths(paths, on_error=on_error)
    report = _raise if on_error == "raise" else on_error
    return _iterate(inputs, gray, report)


def expand_paths(
    paths: _Input | Iterable[_Input],
    *,
    on_error: Literal["raise"] | Callable[[Any, Exception], object] = "raise",
) -> list[str | int]:
    """Return the inputs that ``iter_images`` goes through, without reading any of them.

    Parameters
    ----------
    paths, on_error
        As in :func:`iter_images`.

    Returns
    -------
    list of str or int
        Paths of images and videos, ``"-"``, and camera numbers; a folder's images and a
        pattern's matches in natural order (``page2`` before ``page10``).

    Raises
    ------
    ValueError
        For a folder without images or a pattern that matches nothing.
    OSError
        For a folder, or one below it, that cannot be read.
    """
    if on_error != "raise" and not callable(on_error):
        raise TypeError(f"on_error must be 'raise' or a callable, got {on_error!r}")
    report = _raise if on_error == "raise" else on_error
    single = isinstance(paths, (str, bytes, os.PathLike)) or not np.iterable(paths)
    inputs = []
    for path in [paths] if single else paths:  # type: ignore[union-attr]
        try:
            inputs.extend(_expand(path, report))
        except (OSError, ValueError) as error:
            report(path, error)
    return inputs


def _raise(path, error):
    raise error


def _expand(path, report):
    if isinstance(path, (int, np.integer)) and not isinstance(path, bool):
        return [check_number(path, "camera", at_least=0, integer=True)]
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"paths must be file names or camera numbers, got {path!r:.80}")
    path = os.fspath(path)
    problems = []
    if os.path.isdir(path):
        found = _images_below(path, problems)
        if not found and not problems:
            raise ValueError(f"{display_name(path)}: no image in this folder; check its name")
    elif glob.has_magic(path) and not os.path.lexists(path):
        matches = sorted(glob.glob(path, recursive=True), key=_natural)
        if not matches:
            raise ValueError(f"{display_name(path)}: matches no file; check the pattern")
        lists = (
            _images_below(name, problems) if os.path.isdir(name) else [name] for name in matches
        )
        found = list(dict.fromkeys(name for names in lists for name in names))
    else:
        found = [path]
    for problem in problems:
        _tell(problem, report)
    return found


def _tell(problem, report):
    """Report a folder that cannot be read."""
    folder, reason = problem.filename, problem.strerror
    text = f"{display_name(folder)}: the folder cannot be read ({reason}); check its rights"
    report(folder, type(problem)(text))


def _images_below(folder, problems):
    found = []
    for parent, folders, files in os.walk(folder, onerror=problems.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(
            os.path.join(parent, name)
            for name in files
            if not name.startswith(".") and _IMAGE.search(name)
        )
    return sorted(filter(_may_be_file, found), key=_natural)


def _may_be_file(path):
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except PermissionError:
        return True  # reading it says what is wrong
    except OSError:
        return False


def is_video(path):
    """Say whether a file is a video by its name."""
    return _VIDEO.search(path) is not None


def _natural(path):
    parts = re.split(r"(\d+)", path.lower())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], path


def _iterate(inputs, gray, report):
    for path in inputs:
        try:
            if isinstance(path, int) or is_video(path):
                yield from _frames(path, gray)
            else:
                yield path, read_image(sys.stdin.buffer if path == "-" else path, gray)
        except (OSError, ValueError) as error:
            report(path, error)


def _frames(source, gray):
    """Yield the frames of a video file, or of a camera by its number."""
    name = f"camera{source}" if isinstance(source, int) else source
    capture = _open_capture(source)
    try:
        width, height, stated = (round(capture.get(i)) for i in _capture_properties())
        if width * height > MAX_PIXELS:
            raise ValueError(
                f"{display_name(name)}: frames of {width} x {height} pixels; shrink it"
            )
        count = 0
        while True:
            with no_stderr:
                done, frame = capture.read()
            if not done:
                break
            frame = np.ascontiguousarray(frame[:, :, ::-1])  # BGR to RGB
            yield f"{name}#{count:06d}", luminance(frame) if gray else frame
            count += 1
    finally:
        capture.release()
    if count == 0 or (_COUNTED.search(name) and count < 0.9 * stated):
        raise ValueError(
            f"{display_name(name)}: the video ends after {count} of {max(stated, 0)} frames, "
            "truncated or damaged; get an intact copy"
        )


def _capture_properties():
    cv2 = opencv()
    return cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_COUNT


def _open_capture(source):
    cv2 = opencv()
    if isinstance(source, str):
        open_file(source).close()
    with no_stderr:  # where FFmpeg writes what it dislikes
        capture = cv2.VideoCapture(source)
    if not capture.isOpened():
        capture.release()
        if isinstance(source, int):
            raise ValueError(f"camera{source}: cannot be opened; check that it is connected")
        raise ValueError(
            f"{display_name(source)}: not a video, truncated, or of a kind OpenCV cannot read; "
            "get an intact copy or convert it to .mp4"
        )
    return capture
