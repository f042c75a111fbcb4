"""Map a function over many items: in this process, or on any joblib backend."""

import contextlib
import sys
import threading
import warnings

from classicvision._checks import check_jobs

_LONGEST_WAIT = 10  # seconds for a task to end when the results are not wanted any more


def parallel_map(function, items, *, n_jobs=None, total=None, description=None, progress=False):
    """Yield ``function(item)`` for each item, in order and lazily.

    Items are drawn as workers become free, so they may come from a generator that opens files.
    Leaving the loop early, an error in ``function`` or Ctrl-C ends the workers' tasks.

    Parameters
    ----------
    function : callable
        Must be picklable where the backend runs it in other processes.
    items : iterable
    n_jobs : int, optional
        As in scikit-learn: -1 for all cores; ``None`` means 1, in this process and without
        loading joblib, unless a ``joblib.parallel_config`` says otherwise. Jobs are threads,
        since kernels and decoders release the GIL, unless ``parallel_config`` chose another
        backend: processes, a Dask cluster, ... ("multiprocessing" gives all results at once).
    total : int, optional
        The number of items, for the progress bar; ``len(items)`` where there is one.
    description : str, optional
        The progress bar's title.
    progress : bool
        Show a progress bar on standard error, if that is a terminal.

    Yields
    ------
    object
        What ``function`` returned.

    Raises
    ------
    TypeError, ValueError
        For an ``n_jobs`` that is no integer or is 0.

    Examples
    --------
    >>> list(parallel_map(len, ["a", "bcd"]))
    [1, 3]
    """
    if n_jobs is not None:
        check_jobs(n_jobs)
    if total is None and hasattr(items, "__len__"):
        total = len(items)
    results = _results(function, items, n_jobs)
    if progress and sys.stderr is not None and sys.stderr.isatty():
        return _with_bar(results, total, description)
    return results


def _results(function, items, n_jobs):
    if n_jobs == 1 or (n_jobs is None and "joblib" not in sys.modules):
        return _in_turn(function, items)  # joblib is not loaded, so nothing was configured
    import joblib
    from joblib.parallel import get_active_backend

    if joblib.effective_n_jobs(n_jobs) == 1:
        return _in_turn(function, items)
    backend, _ = get_active_backend(prefer="threads")
    lazy = getattr(backend, "supports_return_generator", False)
    run = joblib.Parallel(
        n_jobs=n_jobs, prefer="threads", return_as="generator" if lazy else "list"
    )
    tasks = (joblib.delayed(function)(item) for item in items)
    return _closing(run, tasks) if lazy else iter(run(tasks))


def _in_turn(function, items):
    for item in items:
        yield function(item)


def _closing(run, tasks):
    from multiprocessing.dummy import DummyProcess

    others = set(threading.enumerate())
    results = run(tasks)
    try:
        while True:
            with _no_word_of_cancelled_tasks():
                try:
                    result = next(results)
                except StopIteration:
                    return
            yield result
    finally:
        with _no_word_of_cancelled_tasks():
            results.close()
        # What a thread has begun it ends: a process that exits meanwhile may crash.
        for thread in set(threading.enumerate()) - others:
            if isinstance(thread, DummyProcess):  # a worker of a pool of threads
                thread.join(_LONGEST_WAIT)


@contextlib.contextmanager
def _no_word_of_cancelled_tasks():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\d+ tasks .*", UserWarning)  # joblib's, on leaving
        yield


def _with_bar(results, total, description):
    from tqdm import tqdm

    with tqdm(total=total, desc=description, file=sys.stderr) as bar:
        for result in results:
            bar.update()
            yield result
