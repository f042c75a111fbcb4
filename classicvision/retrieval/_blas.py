"""One thread for matrix products whose sums are kept: last bits differ with their number."""

import contextlib


@contextlib.contextmanager
def one_blas_thread():
    """Let NumPy compute matrix products in one thread."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
