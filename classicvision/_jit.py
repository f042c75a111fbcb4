"""The only place that imports Numba: kernels that are compiled at their first call.

``@kernel`` marks a function as a compiled loop. Nothing happens at import: Numba is
imported, and the function compiled or read from Numba's cache, when it is first called.
Kernels may call each other. They release the GIL, keep no state and raise nothing.
"""

import atexit
import functools
import shutil
import sys
import tempfile
import threading
import warnings

_compile_listeners: list = []
_lock = threading.RLock()


class _Kernel:
    """A function that turns into a Numba dispatcher when it is first called."""

    def __init__(self, function, options):
        functools.update_wrapper(self, function)
        self.py_func = function
        self._options = options
        self._dispatcher = None

    @property
    def dispatcher(self):
        """The Numba dispatcher (the plain function where the JIT is disabled)."""
        if self._dispatcher is None:
            with _lock:
                if self._dispatcher is None:
                    self._dispatcher = _compile(self.py_func, self._options)
        return self._dispatcher

    def __call__(self, *args):
        return (self._dispatcher or self.dispatcher)(*args)

    @property
    def _numba_type_(self):
        # How one kernel is typed when another one calls it (Numba's own protocol).
        return _numba().typeof(self.dispatcher)

    def __repr__(self):
        return f"<kernel {self.__module__}.{self.__qualname__}>"


def kernel(function=None, *, fastmath=False, inline=False, views_only=False):
    """Compile a loop with Numba at its first call; the result is cached on disk.

    Parameters
    ----------
    function : callable
        A function over arrays and scalars, in the subset of Python that Numba compiles.
    fastmath : bool or set of str
        Let LLVM reorder floating-point sums. Off unless a comment at the kernel says what it
        gains and why the rounding is harmless.
    inline : bool
        Ask LLVM to inline the function into the kernels that call it.
    views_only : bool
        The function creates no array but views of its arguments. Numba then counts no
        references, which at each view takes as long as a vector loop over hundreds of pixels.
    """
    if function is None:
        return functools.partial(kernel, fastmath=fastmath, inline=inline, views_only=views_only)
    options = {"fastmath": fastmath, "forceinline": inline, "_nrt": not views_only}
    return _Kernel(function, options)


def on_compile(listener):
    """Call ``listener(kernel_name)`` whenever a kernel is compiled, not read from the cache."""
    _compile_listeners.append(listener)


def start_without_blas():
    """Load Numba without its linear algebra, for a process of our own.

    Numba imports ``scipy.linalg`` when it starts, a sixth of the time of a short command, for
    matrix products that no kernel here has. Never call this in a user's process: its own
    compiled functions could not call ``np.dot`` any more.
    """
    blas = "scipy.linalg.cython_blas"
    if blas in sys.modules or "numba" in sys.modules:
        return
    sys.modules[blas] = None  # an import of it fails, and Numba does without
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[blas]


@functools.cache
def _numba():
    import numba
    from numba.core import event

    class Announce(event.Listener):
        def on_start(self, event):
            for listener in _compile_listeners:
                listener(event.data["dispatcher"].py_func.__name__)

        def on_end(self, event):
            pass

    event.register("numba:compile", Announce())
    return numba


def _compile(function, options):
    numba = _numba()
    options = dict(cache=True, nogil=True, error_model="numpy", **options)
    try:
        return numba.njit(**options)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
    directory = tempfile.mkdtemp(prefix="classicvision-numba-")
    warnings.warn(
        f"Numba's cache is not writable: compiling into {directory} for this run only; "
        "set NUMBA_CACHE_DIR to a writable folder to keep compiled kernels",
        RuntimeWarning,
        stacklevel=4,
    )
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    numba.config.CACHE_DIR = directory
    return numba.njit(**options)(function)
