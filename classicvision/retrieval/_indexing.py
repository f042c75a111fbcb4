"""Images go into an index: described by as many workers as wanted, written by one process."""

from __future__ import annotations

import functools
import hashlib
import os
from typing import NamedTuple

import numpy as np

from classicvision._parallel import parallel_map
from classicvision.images import read_image
from classicvision.images.reading import display_name, open_file
from classicvision.retrieval._blas import one_blas_thread
from classicvision.retrieval._description import Description, Extraction, describe
from classicvision.retrieval._index_words import IndexWords
from classicvision.retrieval._paths import lasting, lasting_paths
from classicvision.retrieval._writer import Record

_BATCH = 32  # images that are published together
_SAMPLE_IMAGES = 400  # whose descriptors the words are learned from, at most
_SAMPLE_ROWS = 250_000  # of their descriptors, at most


class Changes(NamedTuple):
    """What was done to an index, in numbers of images.

    Attributes
    ----------
    added, changed, removed, unchanged : int
    skipped : int
        Files that could not be read.
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


class _Described(NamedTuple):
    stamp: tuple  # size and time of the file
    digest: bytes
    description: Description


class _Task(NamedTuple):
    path: str
    known: bytes | None  # the hash of the contents that the index has
    described: _Described | None  # where it was in the sample


def recorded(writer):
    """Return the folders and patterns that an index was made from, and all files of it."""
    sources, paths = writer.get("sources") or [], list(writer.paths())
    found = lasting_paths(sources, paths)
    return sources, list(dict.fromkeys([*found, *paths]))


def add_images(writer, folder, sources, paths, options, described):
    """Write the images that are new or changed; return the `Changes`.

    Parameters
    ----------
    writer : Writer
    folder : str
    sources : list of str
        Of which folders and patterns are noted, to look into again.
    paths : list of str
        The files.
    options : Options
    described : dict
        The files that `sample_descriptors` has read.
    """
    known = writer.get("sources") or []
    new = [source for source in lasting(sources) if source not in known]
    if new:
        writer.set("sources", known + new)
    tasks, counts = _tasks(writer, paths, described)
    work = functools.partial(_work, folder, writer.get("parameters"), os.getpid())
    batch = []

    def publish():
        writer.append([record for record, _ in batch])
        for _, known in batch:
            counts["added" if known is None else "changed"] += 1
        batch.clear()

    for task, record in _each(work, tasks, options, "images"):
        if isinstance(record, Record):
            batch.append((record, task.known))
        elif isinstance(record, tuple):  # the same contents, of another time
            writer.touch(task.path, *record)
            counts["unchanged"] += 1
        else:
            options.on_error(task.path, ValueError(record))
            counts["skipped"] += 1
        if len(batch) == _BATCH:
            publish()
    if batch:
        publish()
    return Changes(**counts)


def _tasks(writer, paths, described):
    """Return the files to describe: those that are not in the index as they are."""
    counts = {"added": 0, "changed": 0, "unchanged": 0, "skipped": 0}
    tasks = []
    for path in paths:
        known = writer.find(path)
        if known is not None and known[1:] == _stamp(path):
            counts["unchanged"] += 1
        else:
            known = None if known is None else known[0]
            tasks.append(_Task(path, known, described.pop(path, None)))
    return tasks, counts


def _stamp(path):
    """Return the size of a file in bytes and the time of its last change, or ``None``."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


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
        stamp = _stamp(path)
        digest = _file_digest(path)
        if digest == known:
            return stamp
        description = describe(read_image(path), Extraction(**extraction))
    except (OSError, ValueError, MemoryError) as error:
        return str(error) or type(error).__name__
    return _Described(stamp, digest, description)


@functools.lru_cache(maxsize=2)  # in each worker
def _load_words(folder, checksums):
    return IndexWords.load(folder, dict(checksums))


def _file_digest(path):
    digest = hashlib.blake2b(digest_size=16)
    with open_file(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


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
