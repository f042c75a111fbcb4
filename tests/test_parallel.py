"""The parallel map: order, laziness, backends, progress, and leaving early."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

import classicvision as cv
from classicvision._parallel import parallel_map


def square(x):
    return x * x


def fail_at_three(x):
    if x == 3:
        raise ValueError("three")
    return x


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_results_are_in_order(n_jobs):
    assert list(parallel_map(square, range(9), n_jobs=n_jobs)) == [i * i for i in range(9)]


def test_nothing_to_do():
    assert list(parallel_map(square, [], n_jobs=2)) == []


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_any_joblib_backend(backend):
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config(backend=backend, n_jobs=2):
        assert list(parallel_map(square, iter(range(5)))) == [0, 1, 4, 9, 16]


@pytest.mark.slow
def test_a_dask_cluster_of_two_workers():
    distributed = pytest.importorskip("distributed", reason="the extra 'distributed' is missing")
    joblib = pytest.importorskip("joblib")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        found = list(parallel_map(mean_of_edges, [50, 100, 200, 400]))
    assert [mean for mean, _ in found] == [mean_of_edges(low)[0] for low in (50, 100, 200, 400)]
    workers = {process for _, process in found}
    assert os.getpid() not in workers
    assert len(workers) <= 2


def mean_of_edges(low):
    """Return the share of edge pixels of a photograph, and the process that found them."""
    image = cv.sample_image("camera", gray=True)
    return float(cv.canny(image, low, 2 * low).mean()), os.getpid()


def test_the_configured_backend_is_used():
    import joblib

    with joblib.parallel_config(backend="threading", n_jobs=2):
        names = set(parallel_map(lambda i: threading.current_thread().name, range(4)))
    assert threading.main_thread().name not in names


def test_one_job_is_lazy():
    drawn = []
    results = parallel_map(square, (drawn.append(i) or i for i in range(100)))
    assert drawn == []
    assert next(results) == 0
    assert drawn == [0]


def test_two_jobs_draw_no_more_than_they_need():
    drawn = []
    results = parallel_map(square, (drawn.append(i) or i for i in range(10**6)), n_jobs=2)
    assert next(results) == 0
    results.close()
    assert len(drawn) < 10**5


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_arrives(n_jobs):
    with pytest.raises(ValueError, match=r"^three$"):
        list(parallel_map(fail_at_three, range(9), n_jobs=n_jobs))


def test_wrong_n_jobs():
    with pytest.raises(ValueError, match="n_jobs must not be 0; use -1 for all cores"):
        parallel_map(square, [], n_jobs=0)
    with pytest.raises(TypeError, match=r"n_jobs must be an integer, got 1\.5"):
        parallel_map(square, [], n_jobs=1.5)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_bar_on_a_terminal_only(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    options = {"progress": True, "description": "faces"}
    assert list(parallel_map(square, range(3), **options)) == [0, 1, 4]
    assert "faces: 100%" in sys.stderr.getvalue()
    assert list(parallel_map(square, iter(range(3)), total=3, **options)) == [0, 1, 4]
    assert sys.stderr.getvalue().count("3/3") == 2

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert list(parallel_map(square, range(3), **options)) == [0, 1, 4]
    assert sys.stderr.getvalue() == ""


def test_one_job_loads_neither_joblib_nor_tqdm():
    code = (
        "import sys; from classicvision._parallel import parallel_map;"
        "list(parallel_map(abs, [1], progress=True));"
        "print([m for m in ('joblib', 'tqdm', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_ends_at_once_and_leaves_no_process(n_jobs):
    code = f"""
        import os, sys, time
        from classicvision._parallel import parallel_map

        def slow(i):
            time.sleep(0.1)
            return os.getpid()

        try:
            for pid in parallel_map(slow, iter(range(10**6)), n_jobs={n_jobs}):
                print(pid, flush=True)
        except KeyboardInterrupt:
            sys.exit(130)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    workers = {int(process.stdout.readline()) for _ in range(4)}
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the whole group
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == ""
    assert not any(_is_running(pid) for pid in workers)


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
