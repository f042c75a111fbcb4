"""An index survives whatever ends its writer: an error or a death after any step, or a signal.

It opens every time, as it was or as it became; no image is lost or doubled; the same work, begun
again, ends as it would have.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from classicvision.retrieval import _sealing
from classicvision.retrieval._catalogue import CATALOGUE
from classicvision.retrieval._snapshot import Snapshot
from classicvision.retrieval._writer import Writer
from tests.retrieval.store_records import (
    SEAL,
    check_index,
    check_snapshot,
    make_small,
    new_index,
    record,
    steps,
)

ROOT = Path(__file__).parents[2]
NAMES = [f"photo {i}.jpg" for i in range(20)]
VERSIONS = {(name, v): record(name, version=v) for name in NAMES for v in (0, 1)}
OLD, NEW = NAMES[2:9], NAMES[9:12]  # to be removed, and to be replaced
TOUCHED = [(name, 1000, 5) for name in NAMES[12:15]]  # with their size and another time


def work(folder):
    """Build an index, remove images, change some and compact it; go on where it was left."""
    if not os.path.exists(os.path.join(folder, CATALOGUE)):
        new_index(folder)
    with Writer(folder) as session:
        if session.get("work") is None:
            for i in range(0, len(NAMES), 5):
                batch = [record(name) for name in NAMES[i : i + 5]]
                if session.find(batch[0].path) is None:
                    session.append(batch)
            session.set("work", "built")
        if session.get("work") == "built":
            session.remove(OLD)
            session.append([record(name, version=1) for name in NEW])
            session.touch(TOUCHED)
            session.set("work", "changed")
        if session.get("work") == "changed":
            session.compact()
            session.set("work", "compacted")


def finished():
    """Return the images that the index has in the end."""
    kept = [record(name) for name in NAMES if name not in OLD and name not in NEW]
    return kept + [record(name, version=1) for name in NEW]


def contents(folder):
    """Return the images that an index has, as (path, size), and check that all rows are theirs."""
    if not os.path.exists(os.path.join(folder, CATALOGUE)):
        return None
    snapshot = Snapshot(folder)
    records = []
    for path, summed in zip(
        snapshot.contents.paths, snapshot.contents.images[:, 5].tolist(), strict=True
    ):
        records.extend(r for r in map(VERSIONS.get, [(path, 0), (path, 1)]) if r.checksum == summed)
    check_snapshot(snapshot, records)
    return frozenset((record.path, record.size) for record in records)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Return the steps of the work, and what the index holds after each."""
    folder = str(tmp_path_factory.mktemp("history") / "index")
    names, states = [], []

    def note(name):
        names.append(name)
        states.append(contents(folder))

    with pytest.MonkeyPatch.context() as patch, steps(note):
        make_small(patch)
        patch.setattr(_sealing, "_FANOUT", 2)
        work(folder)
    return names, states


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Merge often and wait for no disk; return a folder, in memory where there is one."""
    make_small(monkeypatch)
    monkeypatch.setattr(_sealing, "_FANOUT", 2)
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield folder


class Failure(Exception):
    pass


def at_step(number, act):
    """Return a listener that acts when so many steps are done."""
    left = [number]

    def listen(name):
        if left[0] == 0:
            act(name)
        left[0] -= 1

    return listen


def raise_failure(name):
    raise Failure(name)


def check_steps(history, place, interrupt, every=1):
    names, states = history
    assert {"segments merged", "segment written", "vectors copied", "before the commit"} <= set(
        names
    )
    for i in range(0, len(states), every):
        folder = os.path.join(place, str(i))
        interrupt(folder, i)
        assert contents(folder) == states[i], names[i]
        work(folder)
        check_index(folder, finished())
        with Writer(folder) as session:
            for name, *stamp in TOUCHED:
                assert session.find(name)[1:] == tuple(stamp)


def test_an_error_after_any_step(history, quick):
    def interrupt(folder, i):
        with pytest.raises(Failure), steps(at_step(i, raise_failure)):
            work(folder)

    check_steps(history, quick, interrupt)


def test_touched_files_are_noted_together(quick):
    folder = new_index(os.path.join(quick, "index"))
    with Writer(folder) as session:
        session.append([record(name) for name in NAMES])
        for step, times in enumerate([{10**18}, {5}]):  # before the commit, after it
            with pytest.raises(Failure), steps(at_step(step, raise_failure)):
                session.touch(TOUCHED)
            assert {session.find(name)[2] for name, *_ in TOUCHED} == times


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_death_after_every_third_step(history, quick):
    def interrupt(folder, i):
        child = os.fork()
        if child == 0:
            with steps(at_step(i, lambda name: os._exit(9))):
                work(folder)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    check_steps(history, quick, interrupt, every=3)


def start_work(folder):
    """Start the work in a process of its own, and return it when it is about to begin."""
    code = (
        "import sys; from classicvision.retrieval import _sealing\n"
        f"_sealing._FANOUT, _sealing._SEAL = 2, {SEAL}\n"
        "from tests.retrieval.test_kills import work\n"
        "print('ready', flush=True); work(sys.argv[1])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, folder], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_kills_at_any_moment(history, tmp_path):
    folder, kills = str(tmp_path / "index"), 0
    delays = random.Random(5)
    for _ in range(8):
        with start_work(folder) as process:
            time.sleep(delays.uniform(0, 0.15))
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL)
        assert contents(folder) in history[1] or not os.path.exists(f"{folder}/{CATALOGUE}")
    assert kills > 1
    work(folder)
    check_index(folder, finished())


def test_readers_see_consistent_states(history, tmp_path):
    folder, seen = str(tmp_path / "index"), []
    with start_work(folder) as process:
        while process.poll() is None:
            seen.append(contents(folder))
            assert seen[-1] in history[1] or seen[-1] is None
    assert process.returncode == 0
    assert len(set(seen)) > 2
    check_index(folder, finished())
