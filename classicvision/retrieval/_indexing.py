"""Images go into an index: described by as many workers as wanted, written by one process."""

from __future__ import annotations

import functools
import os
from typing import NamedTuple

import numpy as np

from classicvision._parallel import parallel_map
from classicvision.images import read_image
from classicvision.images.iteration import is_video
from classicvision.images.reading import display_name
from classicvision.retrieval._blas import one_blas_thread
from classicvision.retrieval._description import Description, Extraction, describe
from classicvision.retrieval._index_words import IndexWords
from classicvision.retrieval._paths import (
    Found,
    file_digest,
    file_stamp,
    forget,
    image_paths,
    is_below,
    is_gone,
    lasting,
    lasting_paths,
    vanished_paths,
    without_absent,
)
from classicvision.retrieval._writer import Record

_BATCH = 32  # images that are published together
_TOUCHED = 1000  # images whose new times are
_SAMPLE_IMAGES = 400  # whose descriptors the words are learned from, at most
_SAMPLE_ROWS = 250_000  # of their descriptors, at most


class Changes(NamedTuple):
    """What was done to an index, in numbers of images.

    Attributes
    ----------
    added, changed, removed, unchanged : int
    skipped : int
        Files, and folders, that could not be read.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0


class Options(NamedTuple):
    """How images are gone through.

    Attributes
    ----------
    n_jobs : int or None
    progress : bool
    on_error : callable
        Is given ``(path, error)`` of a file that cannot be read.
    """

    n_jobs: int | None
    progress: bool
    on_error: object

    @classmethod
    def checked(cls, n_jobs, verbose, on_error):
        """Return what is given; without ``on_error`` warnings are."""
        check_on_error(on_error)
        return cls(n_jobs, verbose > 0, on_error or warn)


def check_on_error(on_error):
    """Raise ``TypeError`` for what is given in place of a function, or ``None``."""
    if on_error is not None and not callable(on_error):
        raise TypeError(f"on_error must be a function of (path, error), got {on_error!r:.80}")


class _Described(NamedTuple):
    stamp: tuple  # size and time of the file
    digest: bytes
    description: Description


class _Task(NamedTuple):
    path: str
    known: bytes | None  # the hash of the contents that the index has
    described: _Described | None  # where it was in the sample


def files_and_gone(writer, paths):
    """Return what is `Found` at paths for an update, and which pictures are to leave the index.

    Parameters
    ----------
    writer : Writer
    paths : path-like, an iterable of them, or None
        Where ``None`` stands for all that the index was made from.
    """
    known = list(writer.paths())
    stored = writer.get("sources") or []
    if paths is not None:
        found = image_paths(paths, empty=True)
        sources = found.sources
        gone = vanished_paths(known, sources)
    else:
        sources = stored
        found = lasting_paths(sources, known)
        closed = tuple(found.unreadable)  # what is in them stays as it is
        files = [*found.files, *(path for path in known if not is_below(path, *closed))]
        found = found._replace(files=list(dict.fromkeys(files)))
        gone = [path for path in known if is_gone(path)]
    missing = set(gone)
    leaving, absent = without_absent(gone, sources, stored)
    return Found(
        found.sources,
        [path for path in found.files if path not in missing],
        {**found.unreadable, **absent},
    ), leaving


def add_images(writer, folder, found, options, described):
    """Write the images that are new or changed; return the `Changes`.

    Parameters
    ----------
    writer : Writer
    folder : str
    found : Found
        The files, and the folders and patterns, which are noted, to look into again.
    options : Options
    described : dict
        The files that `sample_descriptors` has read.
    """
    known = writer.get("sources") or []
    new = [source for source in lasting(found.sources) if source not in known]
    if new:
        writer.set("sources", known + new)
    tasks, counts = _tasks(writer, found.files, described)
    for path, error in found.unreadable.items():
        options.on_error(path, error)
        counts["skipped"] += 1
    work = functools.partial(_work, folder, writer.get("parameters"), os.getpid())
    batch, touched = [], []

    def publish():
        if batch:
            writer.append([record for record, _ in batch])
        if touched:
            writer.touch(touched)
        for _, known in batch:
            counts["added" if known is None else "changed"] += 1
        counts["unchanged"] += len(touched)
        batch.clear()
        touched.clear()

    for task, record in _each(work, tasks, options, "images"):
        if isinstance(record, Record):
            batch.append((record, task.known))
        elif isinstance(record, tuple):  # the same contents, of another time
            touched.append((task.path, *record))
        else:
            options.on_error(task.path, ValueError(record))
            counts["skipped"] += 1
        if len(batch) == _BATCH or len(touched) == _TOUCHED:
            publish()
    publish()
    return Changes(**counts)


def remove_images(writer, paths):
    """Take pictures, and those of folders, out; forget sources that have none any more.

    Parameters
    ----------
    writer : Writer
    paths : path-like, or an iterable of them

    Returns
    -------
    Changes
    """
    single = isinstance(paths, (str, os.PathLike))
    known, removed = dict.fromkeys(writer.paths()), {}
    for path in [paths] if single else paths:
        name = os.fspath(path)
        full = os.path.abspath(name)
        found = [full] if full in known else [other for other in known if is_below(other, full)]
        if not found or not name:
            raise ValueError(f"{display_name(full)}: not in the index; check its name and folder")
        removed.update(dict.fromkeys(found))
    changes = Changes(removed=writer.remove(removed))
    sources = writer.get("sources") or []
    left = forget(sources, removed, [path for path in known if path not in removed])
    if left != sources:
        writer.set("sources", left)
    return changes


def _tasks(writer, paths, described):
    """Return the files to describe: those that are not in the index as they are."""
    counts = {"added": 0, "changed": 0, "unchanged": 0, "skipped": 0}
    tasks = []
    for path in paths:
        known = writer.find(path)
        if known is not None and known[1:] == file_stamp(path):
            counts["unchanged"] += 1
        else:
            known = None if known is None else known[0]
            tasks.append(_Task(path, known, described.pop(path, None)))
    return tasks, counts


def _each(work, tasks, options, what):
    """Yield each task with what ``work`` returns, with one BLAS thread for each worker."""
    results = parallel_map(
        work, tasks, n_jobs=options.n_jobs, description=what, progress=options.progress
    )
    with one_blas_thread():
        try:
            yield from zip(tasks, results, strict=True)
        finally:
            if hasattr(results, "close"):  # a backend that is not lazy gives a plain iterator
                results.close()


@functools.cache
def _keep_one_blas_thread(process):
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def _work(folder, parameters, parent, task):
    """Return the `Record` of a file, its stamp if its contents are known, or what is wrong."""
    if os.getpid() != parent:
        _keep_one_blas_thread(os.getpid())
    found = task.described or _described(task.path, parameters["extraction"], task.known)
    if not isinstance(found, _Described):
        return found
    words = _load_words(folder, tuple(parameters["files"].items()))
    description = found.description
    return Record(
        task.path,
        found.digest,
        *found.stamp,
        description.width,
        description.height,
        words.encode(description),
    )


def _described(path, extraction, known=None):
    """Return what is found in a file, its stamp if its contents are known, or what is wrong."""
    try:
        stamp = file_stamp(path)
        digest = file_digest(path)
        if digest == known:
            return stamp
        description = describe(read_image(path), Extraction(**extraction))
    except (OSError, ValueError, MemoryError) as error:
        if isinstance(error, ValueError) and is_video(path):
            return f"{display_name(path)}: a video; an index is of pictures"
        return str(error) or type(error).__name__
    return _Described(stamp, digest, description)


@functools.lru_cache(maxsize=2)  # in each worker
def _load_words(folder, checksums):
    return IndexWords.load(folder, dict(checksums))


def sample_descriptors(paths, extraction, options):
    """Return SIFT descriptors of images spread over all of them.

    Parameters
    ----------
    paths : list of str
    extraction : dict
        The parameters of `Extraction`.
    options : Options

    Returns
    -------
    sample : list of ndarray of uint8, shape (n, 128)
        An array for each image that can be read.
    described : dict
        All that was found, by path.

    Raises
    ------
    ValueError
        If no image can be read.
    """
    count = min(len(paths), _SAMPLE_IMAGES)
    chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, count).round().astype(int)]
    most = max(_SAMPLE_ROWS // count, 1)
    work = functools.partial(_described, extraction=extraction)
    sample, described, problem = [], {}, None
    for path, found in _each(work, chosen, options, "sample"):
        if isinstance(found, _Described):
            sample.append(_some_rows(found.description.descriptors, most))
            described[path] = found
        else:
            problem = problem or found
    if not sample and count == len(paths):
        raise ValueError(problem)
    return sample, described


def _some_rows(descriptors, most):
    if len(descriptors) <= most:
        return descriptors
    rows = np.random.default_rng(len(descriptors)).choice(len(descriptors), most, replace=False)
    return descriptors[np.sort(rows)]


def warn(path, error):
    """Tell of a file that is skipped, where no ``on_error`` was given."""
    import warnings

    name, text = display_name(str(path)), str(error)
    text = text if text.startswith(name) else f"{name}: {text}"
    warnings.warn(f"{text}; skipped", RuntimeWarning, stacklevel=2)
