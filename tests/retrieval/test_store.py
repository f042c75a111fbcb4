"""The store of an index: what is written is there, and what is damaged or foreign is refused."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from classicvision.retrieval import _catalogue, _sealing
from classicvision.retrieval._locking import LOCK, cannot_be_written
from classicvision.retrieval._snapshot import Snapshot
from classicvision.retrieval._writer import Writer
from tests.retrieval.store_records import (
    SEAL,
    check_index,
    make_small,
    new_index,
    record,
)

NAMES = [f"photo {i}.jpg" for i in range(60)]
COMPACT = "compact the index, which writes them anew"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    make_small(monkeypatch)


@pytest.fixture
def folder(tmp_path):
    """An index of sixty images in batches of five."""
    folder = new_index(tmp_path / "index")
    with Writer(folder) as session:
        for i in range(0, 60, 5):
            session.append([record(name) for name in NAMES[i : i + 5]])
    return folder


def test_all_is_there(folder):
    check_index(folder, [record(name) for name in NAMES])
    contents = Snapshot(folder).contents
    assert contents.paths == NAMES
    assert 0 < contents.rows - contents.sealed < SEAL + 60
    assert len(contents.segments) < contents.rows / SEAL  # some were merged


def test_an_empty_index(tmp_path):
    folder = new_index(tmp_path / "index")
    check_index(folder, [])
    with Writer(folder) as session:
        session.compact()
        assert session.remove(["nothing"]) == 0
    check_index(folder, [])


def test_an_image_of_the_same_path_takes_its_place(folder):
    new = record(NAMES[3], version=1)
    with Writer(folder) as session:
        session.append([new])
    check_index(folder, [new, *(record(name) for name in NAMES if name != new.path)])


def test_removed_and_compacted(folder):
    kept = [record(name) for name in NAMES[7::3]]
    with Writer(folder) as session:
        assert session.remove(set(NAMES) - {r.path for r in kept} | {"nothing"}) == 42
        check_index(folder, kept)
        before = Snapshot(folder)
        session.compact()
        check_index(folder, kept)
        assert session.get("rows") == sum(r.rows for r in kept)
    assert Snapshot(folder).contents.paths == [r.path for r in kept]
    assert list(before.damages()) == []  # who has it open keeps it
    assert {name.split("-")[0] for name in os.listdir(folder)} == {
        "000002", LOCK, "catalogue.sqlite",
    }  # fmt: skip


def test_the_same_order_gives_the_same_bytes(folder, tmp_path):
    other = new_index(tmp_path / "other")
    with Writer(other) as session:
        for i in range(0, 60, 5):
            session.append([record(name) for name in NAMES[i : i + 5]])
    for name in sorted(os.listdir(folder)):
        if name != "catalogue.sqlite":
            with open(os.path.join(folder, name), "rb") as a, open(f"{other}/{name}", "rb") as b:
                assert a.read() == b.read()
    ours, theirs = Snapshot(folder).contents, Snapshot(other).contents
    assert ours.paths == theirs.paths
    np.testing.assert_array_equal(ours.images, theirs.images)


def test_odd_file_names(tmp_path):
    folder = new_index(tmp_path / "index")
    names = ["a'b", "Größe 😀.png", os.fsdecode(b"\xff\xfe.png"), "new\nline"]
    with Writer(folder) as session:
        session.append([record("x")])
        session.append([record(name.encode("ascii", "replace").decode()) for name in ["y"]])
        for name in names:
            one = record("z")
            session.append([type(one)(**{**vars(one), "path": name})])
            assert session.find(name)[1:] == (1000, 10**18)
        assert list(session.paths()) == ["x", "y", *names]
    assert Snapshot(folder).contents.paths == ["x", "y", *names]


def test_touched_files(folder):
    with Writer(folder) as session:
        session.touch([(name, 1000, 5) for name in (*NAMES[:2], "nothing")])
        for name in NAMES[:2]:
            assert session.find(name) == (record(name).hash, 1000, 5)
        assert session.find(NAMES[2]) == (record(NAMES[2]).hash, 1000, 10**18)
        assert session.find("nothing") is None
    check_index(folder, [record(name) for name in NAMES])


def test_one_writer_at_a_time(folder):
    code = (
        "import sys; from classicvision.retrieval._writer import Writer\n"
        "try:\n with Writer(sys.argv[1]): pass\nexcept BlockingIOError as e: print(e)"
    )
    with Writer(folder):
        with pytest.raises(BlockingIOError, match="another process is writing to this index"):
            Writer(folder).__enter__()
        done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True)
        assert done.stdout == (
            f"{folder}: another process is writing to this index; wait until it ends\n"
        )
    with Writer(folder):
        pass


def test_a_full_disk_is_one_line(folder, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    message = rf"^{folder}: cannot be written \(No space left on device\); check the disk$"
    with pytest.raises(OSError, match=message), Writer(folder) as session:
        session.append([record("new")])
    check_index(folder, [record(name) for name in NAMES])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_without_write_access(folder):
    for name in [*os.listdir(folder), "."]:
        os.chmod(os.path.join(folder, name), 0o500)
    try:
        check_index(folder, [record(name) for name in NAMES])
        with pytest.raises(OSError, match="cannot be written"), Writer(folder):
            pass
    finally:
        os.chmod(folder, 0o700)


def test_what_may_not_be_written_to_is_a_matter_of_rights(tmp_path, monkeypatch):
    for error in (
        sqlite3.OperationalError("attempt to write a readonly database"),
        PermissionError(errno.EACCES, "Permission denied"),
    ):
        problem = cannot_be_written("x", error)
        assert str(problem).startswith("x: cannot be written to (")
        assert str(problem).endswith("); check the rights of the folder and its files")
    unopened = sqlite3.OperationalError("unable to open database file")
    problem = cannot_be_written(tmp_path, unopened)  # too many files are open
    assert str(problem).endswith("cannot be written (unable to open database file); check the disk")
    assert not isinstance(problem, PermissionError)
    monkeypatch.setattr(os, "access", lambda path, mode: path == tmp_path)
    assert not isinstance(cannot_be_written(tmp_path, unopened), PermissionError)
    (tmp_path / "catalogue.sqlite").touch()
    assert isinstance(cannot_be_written(tmp_path, unopened), PermissionError)
    full = cannot_be_written("x", sqlite3.OperationalError("database or disk is full"))
    assert str(full) == "x: cannot be written (database or disk is full); check the disk"


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), OSError(5, "I/O")])
def test_a_disk_too_small_for_a_catalogue(tmp_path, monkeypatch, error):
    def fail(part, parameters):
        for suffix in ("", "-journal", "-wal"):
            (tmp_path / f"{os.path.basename(part)}{suffix}").touch()
        raise error

    monkeypatch.setattr(_catalogue, "_write_empty", fail)
    with pytest.raises(OSError, match=rf"^{tmp_path}: cannot be written \(.*; check the disk$"):
        _catalogue.create_catalogue(tmp_path, {})
    assert os.listdir(tmp_path) == []


def test_readers_need_no_write_access(folder, monkeypatch):
    monkeypatch.setattr(_catalogue, "_readable", _refusing(_catalogue._readable, "mode=ro"))
    assert len(Snapshot(folder).contents.paths) == 60
    with open(f"{folder}/catalogue.sqlite-wal", "w") as file:
        file.write("not published by anybody")
    with pytest.raises(ValueError, match="cannot be opened, or not without write access"):
        Snapshot(folder)


def _refusing(readable, part):
    return lambda address: None if part in address else readable(address)


def damage(folder, name, change):
    path = os.path.join(folder, name)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    with open(path, "wb") as file:
        file.write(change(data))


def test_a_flipped_bit_is_found(folder):
    first = Snapshot(folder)
    names = [name for name in os.listdir(folder) if name.endswith((".rows", ".segment"))]
    for name in names:
        copy = shutil.copytree(folder, f"{folder}-{name}")
        if name.endswith(".segment"):
            damage(copy, name, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
        else:
            damage(copy, name, lambda data: bytes([data[0] ^ 1]) + data[1:])
        ((path, error),) = Snapshot(copy).damages()
        if name.endswith(".segment"):
            assert path == os.path.join(copy, name)
            assert str(error) == f"{path}: damaged postings; {COMPACT}"
        else:
            assert str(error) == f"{copy}: damaged data of {path}; remove it and add it again"
    assert list(first.damages()) == []


def test_damaged_postings_are_not_merged_and_are_written_anew_by_compacting(folder, monkeypatch):
    names = [name for name in os.listdir(folder) if name.endswith(".segment")]
    for name in names:
        damage(folder, name, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    monkeypatch.setattr(_sealing, "_FANOUT", 2)
    new = [record(f"new {i}") for i in range(30)]

    def append_all():
        for one in new:
            session.append([one])

    with Writer(folder) as session:
        with pytest.raises(ValueError, match=rf"\.segment: damaged postings; {COMPACT}$"):
            append_all()
        assert list(Snapshot(folder).damages())
        session.compact()
        present = set(session.paths())
    check_index(folder, [one for one in [*map(record, NAMES), *new] if one.path in present])


def test_postings_that_lead_out_of_a_file_are_left_out(folder):
    name = max(name for name in os.listdir(folder) if name.endswith(".segment"))
    damage(folder, name, lambda data: data[:13] + bytes([data[13] ^ 1]) + data[14:])  # an offset
    ((path, error),) = Snapshot(folder).problems.items()
    assert path == os.path.join(folder, name)
    assert str(error) == f"{path}: damaged postings; {COMPACT}"


def test_a_short_file_is_damage(folder):
    for name in os.listdir(folder):
        if not name.endswith(".rows"):
            continue
        copy = shutil.copytree(folder, f"{folder}-{name}")
        damage(copy, name, lambda data: data[:-1])
        with pytest.raises(ValueError, match=rf"{name}: \d+ bytes, the catalogue says \d+; "):
            Snapshot(copy)
        os.unlink(os.path.join(copy, name))
        with pytest.raises(ValueError, match=rf"{name} is missing; the index is damaged"):
            Snapshot(copy)
    copy = shutil.copytree(folder, f"{folder}-short")
    damage(copy, "000001-points.rows", lambda data: data[:-1])
    with pytest.raises(ValueError, match="the catalogue says"), Writer(copy):
        pass


def test_more_than_is_published_is_cut_off(folder):
    damage(folder, "000001-points.rows", lambda data: data + b"half a row")
    with open(f"{folder}/000001-000099.segment", "w") as file:
        file.write("not published")
    check_index(folder, [record(name) for name in NAMES])  # who reads leaves it alone
    assert os.path.getsize(f"{folder}/000001-points.rows") % 16 == 10
    with Writer(folder) as session:
        assert os.path.getsize(f"{folder}/000001-points.rows") == 16 * session.get("rows")
        assert not os.path.exists(f"{folder}/000001-000099.segment")
    check_index(folder, [record(name) for name in NAMES])


def test_foreign_folders_are_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder; check the name of the index"):
        Snapshot(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"not an image index, it has no catalogue\.sqlite"):
        Snapshot(tmp_path)
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"this is no database at all, however long it may be" * 100)
    with pytest.raises(ValueError, match="the catalogue is damaged"):
        Snapshot(tmp_path)
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (name)")
    connection.close()
    with pytest.raises(ValueError, match="not an image index; it is another program's database"):
        Snapshot(tmp_path)
    with Writer(folder) as session:
        session.set("version", 2)
    with pytest.raises(ValueError, match=r"an index of version 2, this program reads 1; update"):
        Snapshot(folder)


def test_a_catalogue_without_a_version_is_refused(folder):
    with sqlite3.connect(f"{folder}/catalogue.sqlite") as connection:
        connection.execute("DELETE FROM meta WHERE key = 'version'")
    connection.close()
    with pytest.raises(ValueError, match=r"the catalogue is damaged \(it has no version\)"):
        Snapshot(folder)


def test_a_damaged_catalogue_is_refused(folder):
    with Writer(folder) as session:
        session.set("rows", 5)
    with pytest.raises(ValueError, match="an image has rows that are not there"):
        Snapshot(folder)
    damage(folder, "catalogue.sqlite", lambda data: data[:5000])
    with pytest.raises(ValueError, match="the catalogue is damaged"):
        Snapshot(folder)


def test_rows_of_owners():
    images, rows = _sealing.owned_rows(np.array([[4, 10, 2], [7, 13, 0], [9, 14, 3]]), 10)
    assert images.tolist() == [4, 4, 9, 9, 9]
    assert rows.tolist() == [0, 1, 4, 5, 6]
