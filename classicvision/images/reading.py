"""Read images with Pillow, and 16-bit colour, which Pillow cuts to 8 bits, with OpenCV."""

from __future__ import annotations

import contextlib
import io
import os
import select
import stat
import threading
import warnings
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_flag, check_number
from classicvision._opencv import opencv
from classicvision.images._headers import tiff_depth, webp_size
from classicvision.images.conversion import luminance

if TYPE_CHECKING:
    from _typeshed import SupportsRead

MAX_PIXELS = 178956970  # Pillow's limit too: 512 MiB of RGB
_MAX_BYTES = 1 << 30  # a larger file is no photograph, whatever its header says
_PATIENCE = 1.0  # seconds that something may take to begin to write to a named pipe
_MAX_SCANS = 500  # of a progressive JPEG; encoders make about ten
_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM")  # none that runs a program

# EXIF orientation -> (swap rows and columns, then reverse rows, then reverse columns)
_ORIENTATIONS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def read_image(
    path: str | os.PathLike[str] | bytes | bytearray | memoryview | SupportsRead[bytes],
    gray: bool = False,
    *,
    max_pixels: int = MAX_PIXELS,
) -> np.ndarray:
    """Read a JPEG, PNG, TIFF, WebP, BMP, GIF or PNM image, the first one of a file of several.

    The EXIF orientation is applied and transparency is dropped, as OpenCV's ``imread`` does;
    palettes, black-and-white, CMYK and other colour spaces become RGB.

    Parameters
    ----------
    path : str, path-like, bytes or binary file
        A file's name, the encoded bytes themselves, or an open file.
    gray : bool
        Return the luminance (see :func:`luminance`) instead of RGB.
    max_pixels : int
        The most pixels (width times height) that are accepted, by the header and before
        anything is decoded. WebP and 16-bit colour, which need twice the memory, count twice.

    Returns
    -------
    ndarray of uint8 or uint16
        Always ``(rows, columns, 3)`` RGB, or always ``(rows, columns)`` with ``gray``; uint16
        where the file has 16 bits a sample.

    Raises
    ------
    ValueError
        For an input that is empty, truncated, damaged, too large or no image: one line that
        names the file, what is wrong with it, and the remedy.
    OSError
        For a file that cannot be opened (``FileNotFoundError``, ``PermissionError``,
        ``IsADirectoryError``), in one line too.

    Examples
    --------
    >>> read_image(b"P5 2 1 255 AB", gray=True)
    array([[65, 66]], dtype=uint8)
    """
    max_pixels = check_number(max_pixels, "max_pixels", at_least=1, integer=True)
    gray = check_flag(gray, "gray")
    with _opened(path) as (stream, name):
        try:
            with _no_warnings, _no_limit if max_pixels > MAX_PIXELS else contextlib.nullcontext():
                return _decode(stream, gray, max_pixels)
        except ImportError:
            raise
        except Exception as error:  # decoders raise nearly anything on damaged data
            reason = _reason(error, max_pixels)
    raise ValueError(f"{name}: {reason}")


class _Refused(Exception):
    """An image that is refused, with the reason and the remedy."""


def _reason(error, max_pixels):
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, _Refused):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return (
            "not a JPEG, PNG, TIFF, WebP, BMP, GIF or PNM image, or its header is damaged; "
            "convert it to one of these"
        )
    if isinstance(error, Image.DecompressionBombError):
        return (
            f"more pixels than the limit of {max_pixels}; "
            "shrink it, or raise max_pixels if you trust it"
        )
    if isinstance(error, MemoryError):
        return "decoding it needs more memory than there is; shrink it"
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    return (
        f"truncated, damaged or of an unusual kind ({detail}); get an intact copy, "
        "or convert it to PNG"
    )


@contextlib.contextmanager
def _opened(path):
    """Yield ``(stream, name)``: a seekable binary stream, and what messages call it."""
    if isinstance(path, (bytes, bytearray, memoryview)):
        yield io.BytesIO(path), "<bytes>"
        return
    if hasattr(path, "read"):
        name = display_name(getattr(path, "name", "<stream>"))
        yield _buffered(path, name), name
        return
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a file name, bytes or a binary file, got {path!r:.80}")
    name = display_name(os.fspath(path))
    with open_file(path, pipes=True) as file:
        yield (file if file.seekable() else _buffered(file, name)), name


def open_file(path, *, pipes=False, kind=None):
    """Open a file for reading; what goes wrong is said in one line.

    Where it is a folder, ``kind`` says what it should be, such as "a model"; by default an image.
    Devices are refused, which may never end, and pipes, unless asked for: these are read if
    something writes to them, as a shell's ``<(command)``, or begins to in time, else empty.
    """
    name = display_name(os.fspath(path))
    is_pipe = _is_pipe(path)
    if is_pipe is None or (is_pipe and not pipes):
        raise ValueError(f"{name}: a pipe or a device, no file; save what it gives as a file")
    try:
        return open(path, "rb", opener=_open_pipe if is_pipe else None)
    except OSError as error:
        raise type(error)(f"{name}: {_cannot_open(error, kind)}") from None
    except ValueError as error:
        raise ValueError(f"{name}: {error}; check the name") from None


def _is_pipe(path):
    """Say whether a name is that of a pipe; None for a device."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # opening it says what is wrong
        return False
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return False
    return True if stat.S_ISFIFO(mode) else None


def _open_pipe(path, flags):
    """Open a pipe without waiting for ever for somebody to write to it; read it as any file."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    try:
        select.select([descriptor], [], [], _PATIENCE)
        os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _cannot_open(error, kind):
    if isinstance(error, FileNotFoundError):
        return "no such file; check the name and the folder"
    if isinstance(error, IsADirectoryError) and kind is not None:
        return f"a folder, not {kind}; give a file"
    if isinstance(error, IsADirectoryError):
        return "a folder, not an image; iter_images reads the images of a folder"
    if isinstance(error, PermissionError):
        return "no permission to read it; check the file's and the folder's rights"
    return f"cannot be opened ({error.strerror or error}); check the file"


def _buffered(file, name):
    data = file.read(_MAX_BYTES + 1)
    if not isinstance(data, bytes):
        raise TypeError(f"{name} must be opened in binary mode, with open(path, 'rb')")
    return io.BytesIO(data)


def display_name(name):
    """Return a name or a path on one line: quoted where it has characters that cannot be shown."""
    name = os.fsdecode(name) if isinstance(name, (str, bytes)) else f"<stream {name}>"
    return name if name.isprintable() else repr(name)


class _Shared:
    """A context that all threads inside share: the first one enters it, the last one leaves."""

    def __init__(self, make):
        self._make = make
        self._lock = threading.Lock()
        self._depth = 0

    def __enter__(self):
        with self._lock:
            if self._depth == 0:
                self._context = self._make()
                self._context.__enter__()
            self._depth += 1

    def __exit__(self, *error):
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                self._context.__exit__(None, None, None)


@contextlib.contextmanager
def _ignore_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _discard_stderr():
    try:
        saved = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    yield
    os.dup2(saved, 2)
    os.close(saved)


@contextlib.contextmanager
def _lift_limit():
    from PIL import Image

    saved, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    yield
    Image.MAX_IMAGE_PIXELS = saved


_no_warnings = _Shared(_ignore_warnings)
_no_limit = _Shared(_lift_limit)  # of Pillow's, where a higher one was asked for
# libtiff and libpng write straight to standard error; what they found is raised as well.
no_stderr = _Shared(_discard_stderr)


def _decode(stream, gray, max_pixels):
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size == 0:
        raise _Refused("empty, 0 bytes; get an intact copy")
    if size > _MAX_BYTES:
        raise _Refused(f"more than {_MAX_BYTES} bytes; shrink it or convert it")
    head = stream.read(30)
    _check_pixels(*webp_size(head), 2, max_pixels)
    is_tiff = head[:2] in (b"II", b"MM")
    with no_stderr if is_tiff else contextlib.nullcontext():
        array, orientation = _load(stream, max_pixels)
    if array is None:
        stream.seek(0)
        array = _decode_deep(stream.read())
    if orientation in _ORIENTATIONS:
        swap, reverse_rows, reverse_columns = _ORIENTATIONS[orientation]
        array = array.swapaxes(0, 1) if swap else array
        array = array[:: -1 if reverse_rows else 1, :: -1 if reverse_columns else 1]
    if gray:
        return luminance(array)
    if array.ndim == 2:
        array = np.broadcast_to(array[:, :, None], (*array.shape, 3))
    return np.ascontiguousarray(array)


def _load(stream, max_pixels):
    """Return Pillow's pixels, ``None`` where it would lose depth, and the EXIF orientation."""
    from PIL import Image, UnidentifiedImageError

    stream.seek(0)
    try:
        picture = Image.open(stream, formats=_FORMATS)
    except UnidentifiedImageError:
        bits = tiff_depth(stream)  # of colour with 32 Pillow says that it is no image
        if bits in (32, 64):
            raise _Refused(f"{bits} bits a sample; convert it to 8 or 16 bits") from None
        raise
    with picture:
        deep = _is_deep_color(picture)
        _check_pixels(*picture.size, 2 if deep else 1, max_pixels)
        if picture.info.get("progressive"):
            _check_scans(stream)
        if picture.format == "PPM" and picture.tile[0][0] != "raw":
            raise _Refused("plain-text PNM, or one of an unusual depth; convert it to PNG")
        picture.load()
        if deep:  # loaded all the same: Pillow says best what is damaged
            return None, 1 if picture.format == "TIFF" else _orientation(picture)
        return _pixels(picture), _orientation(picture)


def _check_pixels(width, height, weight, max_pixels):
    if width * height * weight > max_pixels:
        twice = ", which count twice" if weight == 2 else ""
        raise _Refused(
            f"{width} x {height} pixels{twice}, more than the limit of {max_pixels}; "
            "shrink it, or raise max_pixels if you trust it"
        )


def _check_scans(stream):
    """Refuse a JPEG whose thousands of empty scans would each pass over the whole image."""
    position, scans, tail = stream.tell(), 0, b""
    stream.seek(0)
    while block := stream.read(1 << 20):
        scans += (tail + block).count(b"\xff\xda")
        tail = block[-1:] if block[-1:] == b"\xff" else b""
    stream.seek(position)
    if scans > _MAX_SCANS:
        raise _Refused(f"a JPEG of {scans} scans, more than {_MAX_SCANS}; save it again")


def _orientation(picture):
    try:
        # Pillow has applied a TIFF's orientation by now and forgotten the tag; so does OpenCV.
        return picture.getexif().get(0x0112, 1)
    except Exception:  # broken EXIF data, common in real photographs, is no reason to fail
        return 1


def _is_deep_color(picture):
    """Say whether the samples have 16 bits that Pillow would cut to 8: all but plain gray."""
    return not picture.mode.startswith("I") and ";16" in str(picture.tile)


def _pixels(picture):
    """Return a loaded Pillow image as a gray or RGB array, a band of rows at a time."""
    mode, planes, dtype = "RGB", (3,), np.uint8
    if picture.mode in ("1", "L", "LA", "La"):
        mode, planes = "L", ()
    elif picture.mode.startswith("I;16") or (
        picture.mode == "I" and picture.format in ("PNG", "PPM")
    ):
        mode, planes, dtype = picture.mode, (), np.uint16
    elif picture.mode in ("I", "F"):
        raise _Refused("32 bits a sample; convert it to 8 or 16 bits")
    width, height = picture.size
    array = np.empty((height, width, *planes), dtype)
    rows = max(1, (1 << 22) // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        array[top:bottom] = picture.crop((0, top, width, bottom)).convert(mode)
    return array


def _decode_deep(data):
    cv2 = opencv()
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    with no_stderr:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if array is None or array.ndim != 3 or array.dtype != np.uint16:
        raise _Refused("16-bit colour of a kind that OpenCV cannot read; convert it to PNG")
    rows = max(1, (1 << 20) // array.shape[1])
    for top in range(0, len(array), rows):  # BGR to RGB in place
        array[top : top + rows] = array[top : top + rows, :, ::-1].copy()
    return array
