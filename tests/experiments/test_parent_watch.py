"""Workers whose parent dies, even while they start."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
PARENT = """
import sys, time
sys.path.insert(0, sys.argv[1])
from joblib import Parallel, delayed
from ragx.runner.sweep.parent_watch import have_workers_watch
have_workers_watch()
print("ready", flush=True)
Parallel(n_jobs=2, backend="loky")(delayed(time.sleep)(300) for _ in range(2))
"""
ORPHAN = """
import os, sys
sys.path.insert(0, sys.argv[1])
from ragx.runner.sweep.parent_watch import watch_parent
watch_parent(os.getppid() + 1)
print("alive")
"""


def workers_of(pid: int) -> list[int]:
    """Return the processes of joblib that a process has started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in children if is_worker(int(child))]


def is_worker(pid: int) -> bool:
    try:
        return "LokyProcess" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("delay", [0.0, 1.0])
def test_workers_end_when_their_parent_is_killed(delay: float) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, ROOT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        deadline = time.monotonic() + 60
        while not (workers := workers_of(parent.pid)) and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(delay)
        workers = workers_of(parent.pid)
        parent.kill()
    assert workers
    while (living := [pid for pid in workers if is_worker(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not living


def test_a_worker_that_was_orphaned_before_it_began_to_watch_ends_at_once() -> None:
    ended = subprocess.run([sys.executable, "-c", ORPHAN, ROOT], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")


def test_a_sweep_needs_no_package_of_a_launcher_that_it_does_not_use() -> None:
    code = (
        "import sys; sys.modules.update(joblib=None, submitit=None, optuna=None); "
        "import ragx.runner.sweep.sweeping; ragx.runner.sweep.sweeping.have_workers_watch()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
