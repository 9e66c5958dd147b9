"""Sweeps: what is finished is not run again, what fails is listed, and no death of a process costs more than a cell."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

from ragx.runner.command_line import guarded
from ragx.runs.files import read_run
from ragx.runs.sweeps.record import SweepRecord
from ragx.training.checkpoint import load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
TINY = ("dataset.num_users=120", "dataset.num_items=60", "dataset.num_days=60", "tracker=none", "trainer.max_epochs=2")
BASIC = ("-m", "sweep.name=mine", *TINY)
FATAL = """
import os
import signal
from pathlib import Path
from ragx.layers.light_conv import LightConv

class FatalConv(LightConv):
    def forward(self, x, edge_index, edge_weight=None):
        mark = Path({mark!r})
        if self.training and len(x) > 10 and x.shape[1] == 16 and not mark.exists():  # not at the tiny step before
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(x, edge_index, edge_weight)
"""


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Return a sweep within this process."""
    from ragx.runner.jobs import run

    def start(*arguments: str) -> int:
        GlobalHydra.instance().clear()
        monkeypatch.setattr("sys.argv", ["run.py", *BASIC, *arguments, f"runs={tmp_path}"])
        return guarded(run.job, str(ROOT / "conf"), "run")

    yield start
    GlobalHydra.instance().clear()


def started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a sweep in a session of its own, so that all of its processes can be killed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "experiments" / "run.py"), "-m", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finished(process: "subprocess.Popen[str]") -> tuple[int, str]:
    output, _ = process.communicate(timeout=400)
    return process.returncode, output


def record_of(runs: Path, name: str = "mine") -> SweepRecord:
    return SweepRecord(runs / "sweeps" / name)


def results(runs: Path) -> dict[str, tuple[Any, dict[str, torch.Tensor]]]:
    """Return metrics, without times, and weights of every run."""
    saved = {}
    for folder in sorted(path.parent for path in runs.glob("*/metrics.json")):
        _, metrics = read_run(folder)
        kept = {name: metrics[name] for name in ("validation", "baseline", "counts", "identity", "monitor")}
        saved[folder.name] = kept | {"best": metrics["fit"]["best"]}, load_checkpoint(folder / "model.pt")["model"]
    return saved


def assert_same(one: Path, other: Path) -> None:
    first, second = results(one), results(other)
    assert first.keys() == second.keys()
    for name, (metrics, weights) in first.items():
        assert metrics == second[name][0]
        assert all(torch.equal(weight, second[name][1][key]) for key, weight in weights.items())


def test_what_is_finished_is_skipped_and_test_stays_sealed(
    sweep: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("model.num_layers=0,1", "seeds=2", "evaluation.final=true") == 0
    assert "4 run, 0 continued, 0 skipped." in capsys.readouterr().out
    cells = record_of(tmp_path).cells()
    assert [cell.state for cell in cells] == ["done"] * 4
    assert len(results(tmp_path)) == 4
    assert not (tmp_path / "looks.jsonl").exists()
    assert all("test" not in read_run(cell.folder)[1] for cell in cells if cell.folder)
    assert sweep("model.num_layers=0,1,2", "seeds=2") == 0
    assert "2 run, 0 continued, 4 skipped." in capsys.readouterr().out


def test_a_failed_cell_is_listed_and_the_rest_is_done(
    sweep: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("optimizer.lr=0.01,1e39,0.02") == 1
    captured = capsys.readouterr()
    assert [cell.state for cell in record_of(tmp_path).cells()] == ["done", "failed", "done"]
    assert "failed: optimizer.lr=1e+39" in captured.out
    assert "error: 1 of 3 cells failed" in captured.err
    failed = record_of(tmp_path).cells()[1]
    assert failed.folder is not None
    assert "TrainingDivergedError" in (failed.folder / "error.txt").read_text()


def test_an_interrupted_sweep_stops_at_once(
    sweep: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cell behind the one that the signal hit may begin."""
    from ragx.runner.run import course

    plain = course.Course._validate

    def signalled(self: Any, *arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return plain(self, *arguments)

    monkeypatch.setattr(course.Course, "_validate", signalled)
    assert sweep("model.num_layers=0,1") == 143
    events = Counter(event["event"] for event in record_of(tmp_path).events())
    assert events["started"] == 1
    assert events["done"] == 0


def test_a_killed_worker_costs_its_cell_at_most_and_not_the_sweep(tmp_path: Path) -> None:
    (tmp_path / "fatal.py").write_text(FATAL.format(mark=str(tmp_path / "mark")))
    layer = ("layer=custom", "layer._target_=fatal.FatalConv", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    status, output = finished(
        started(tmp_path, "sweep.name=mine", *TINY, *layer, "model.hidden_dim=8,16,24", "model.num_layers=1")
    )
    assert status == 0, output
    assert "A process was lost (TerminatedWorkerError)" in output
    assert (tmp_path / "mark").exists()
    cells = record_of(tmp_path / "runs").cells()
    assert [cell.state for cell in cells] == ["done"] * 3


@pytest.mark.slow
def test_two_processes_run_every_cell_once(tmp_path: Path) -> None:
    options = ("sweep.name=mine", *TINY, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "model.num_layers=0,1,2")
    both = [started(tmp_path, *options) for _ in range(2)]
    assert [finished(process)[0] for process in both] == [0, 0]
    ways = Counter(event.get("how") for event in record_of(tmp_path / "runs").events() if event["event"] == "done")
    assert ways == {"run": 3, "skipped": 3}


@pytest.mark.slow
def test_a_sweep_killed_three_times_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    options = ("sweep=smoke", "trainer.max_epochs=4", "trainer.batch_size=128", "model.hidden_dim=16")
    status, output = finished(started(tmp_path, *options, "runs=whole"))
    assert status == 0, output
    draw = random.Random(0)
    for _ in range(3):
        process = started(tmp_path, *options, "runs=broken")
        deadline = time.monotonic() + 120
        begun = len(list((tmp_path / "broken").glob("*/train/last.pt")))
        while process.poll() is None and time.monotonic() < deadline:
            if len(list((tmp_path / "broken").glob("*/train/last.pt"))) > begun:
                time.sleep(draw.uniform(0, 2))
                break
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        finished(process)
    status, output = finished(started(tmp_path, *options, "runs=broken"))
    assert status == 0, output
    ways = Counter(event.get("how") for event in record_of(tmp_path / "broken", "smoke-shop").events())
    assert ways["continued"] >= 1, ways
    assert ways["skipped"] >= 1, ways
    assert_same(tmp_path / "whole", tmp_path / "broken")


@pytest.mark.slow
def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    long = (
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=2",
        "trainer.max_epochs=400",
        "trainer.stopping.patience=null",
    )
    process = started(tmp_path, "sweep.name=mine", *TINY[:4], *long, "model.num_layers=0,1")
    record = record_of(tmp_path / "runs")
    deadline = time.monotonic() + 100
    while len(record.events()) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    workers = {event["pid"] for event in record.events() if event["event"] == "started"}
    assert len(workers) == 2
    process.kill()
    finished(process)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


@pytest.mark.slow
def test_submitit_runs_a_sweep_on_this_machine(tmp_path: Path) -> None:
    options = ("hydra/launcher=submitit_local", "model.num_layers=0,1", "optimizer.lr=0.01,1e39")
    status, output = finished(started(tmp_path, "sweep.name=mine", *TINY, *options))
    assert status == 1, output
    cells = record_of(tmp_path / "runs").cells()
    assert sorted(cell.state for cell in cells) == ["done", "done", "failed", "failed"]


def test_the_record_names_what_was_asked_for(sweep: Callable[..., int], tmp_path: Path) -> None:
    assert sweep("model.num_layers=0") == 0
    settings = json.loads((tmp_path / "sweeps" / "mine" / "sweep.json").read_text())
    assert settings["seeds"] == [0]
    assert settings["budget"] == {"": 1}
