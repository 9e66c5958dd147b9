"""One process at a time in a run folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ragx.runs import lock as run_lock
from ragx.runs.lock import LockLostError, RunLock, is_locked, is_stale

HOLD = """
import sys, time
from pathlib import Path
from ragx.runs.lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
COUNT = """
import sys, time
from pathlib import Path
from ragx.runs.lock import RunLock
folder = Path(sys.argv[1])
for _ in range(5):
    with RunLock(folder):
        number = int((folder / "count").read_text())
        time.sleep(0.01)
        (folder / "count").write_text(str(number + 1))
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_the_second_waits_for_the_first_and_says_for_whom(tmp_path: Path) -> None:
    owners: list[str] = []
    order: list[str] = []

    def second() -> None:
        with RunLock(tmp_path, owners.append):
            order.append("second")

    with RunLock(tmp_path) as lock:
        assert is_locked(tmp_path)
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.5)
        order.append("first")
        assert lock.is_held
    thread.join(timeout=10)
    assert order == ["first", "second"]
    assert owners == [f"process {os.getpid()} on {socket.gethostname()}"]
    assert not is_locked(tmp_path)
    assert not (tmp_path / "lock.json").exists()


@pytest.mark.parametrize("reaped", [True, False])
def test_the_lock_of_a_killed_process_is_taken_over_at_once(reaped: bool, tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        assert is_locked(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        if reaped:
            process.wait()
        began = time.monotonic()
        with RunLock(tmp_path) as lock:
            assert lock.took_over
        assert time.monotonic() - began < 5
    finally:
        end(process)


def lock_of_this_process(folder: Path, **changed: object) -> Path:
    """Return the lock of this process, some of its words changed, as its owner left it."""
    with RunLock(folder):
        owner = json.loads((folder / "lock.json").read_text())
    path = folder / "lock.json"
    path.write_text(json.dumps(owner | changed))
    return path


def test_a_number_that_another_process_has_now_does_not_hold_the_lock(tmp_path: Path) -> None:
    assert is_stale(lock_of_this_process(tmp_path, born="1"))


@pytest.mark.parametrize("other", [{"processes": "pid:[1]"}, {"boot": "another"}, {"processes": None, "boot": None}])
def test_in_another_container_of_this_host_name_the_heart_alone_decides(tmp_path: Path, other: dict[str, str]) -> None:
    """Its process has a number that another process, or none, has here."""
    path = lock_of_this_process(tmp_path, pid=2**22 - 1, born="1", **other)
    assert not is_stale(path)
    long_ago = time.time() - run_lock.STALE - 1
    os.utime(path, (long_ago, long_ago))
    assert is_stale(path)


@pytest.mark.parametrize("pid", ["7", None, 10**30, -1, 1.5, True, []])
def test_a_lock_with_an_odd_number_is_told_by_its_heart(tmp_path: Path, pid: object) -> None:
    path = lock_of_this_process(tmp_path, pid=pid)
    assert is_locked(tmp_path) is (type(pid) is not int)  # a number that no process has is that of one that is gone
    path.write_text("[" * 100_000)
    assert not is_stale(path)


def test_a_lock_of_another_machine_is_stale_once_its_heart_stops(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({"token": "x", "host": "elsewhere", "pid": 1, "born": "1"}))
    assert not is_stale(path)
    old = time.time() - run_lock.STALE - 1
    os.utime(path, (old, old))
    assert is_stale(path)


def test_the_heart_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "BEAT", 0.05)
    with RunLock(tmp_path):
        old = time.time() - 1000
        os.utime(tmp_path / "lock.json", (old, old))
        time.sleep(0.5)
        assert (tmp_path / "lock.json").stat().st_mtime > old + 500


def test_an_owner_that_lost_the_folder_learns_of_it(tmp_path: Path) -> None:
    with RunLock(tmp_path) as lock:
        lock.check()
        other = {"token": "another", "host": "elsewhere", "pid": 7, "born": "1"}
        (tmp_path / "lock.json").write_text(json.dumps(other))
        with pytest.raises(LockLostError, match=r"process 7 on elsewhere took this run over"):
            lock.check()
    assert json.loads((tmp_path / "lock.json").read_text()) == other


def test_a_torn_lock_is_no_lock_for_long(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    path.write_text('{"token": "x", "ho')
    assert not is_stale(path)  # it may just be being written, on a file system of another machine
    old = time.time() - run_lock.STALE - 1
    os.utime(path, (old, old))
    with RunLock(tmp_path) as lock:
        assert lock.took_over


def test_many_processes_never_meet(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    command = [sys.executable, "-c", COUNT, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(timeout=100) for process in processes] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "15"
