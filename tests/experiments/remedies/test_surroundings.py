"""Advice about what surrounds a run: memory, devices, packages, servers and processes that are killed."""

import shlex
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ragx.data.readers.sql import read_query
from ragx.graph.graph import Graph
from ragx.kernels.edge_attention import edge_attention
from ragx.kernels.forms import use_form
from ragx.kernels.native import has_compiler
from ragx.learners.memory import check_fits
from ragx.learners.node_setup import NodeSetup
from ragx.runner.commands import verify_resume as resuming
from ragx.runner.commands.status import show_status
from ragx.runner.run.cell import load_cell
from ragx.runner.sweep.sweeping import Sweep
from ragx.runs.sweeps.record import PlannedCell, SweepRecord
from ragx.training.keeper import Keeper
from ragx.training.state import Progress

SHOP = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
TINY = f"{SHOP} tracker=none trainer.max_epochs=1 evaluation.final=false threads=1"
Command = Callable[..., tuple[int, str, str]]
Follow = Callable[..., None]

TRIED_OUT = """
import torch
from ragx.layers.relevance_conv import RelevanceConv

class TriedOut(RelevanceConv):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        assert torch.ones(2).sum().item() == 2
"""
"""A layer that cannot be measured without memory."""
MEMORY_ROWS = {"its layers alone do not fit into memory; make it narrower": (100_000_000, 8)}


@pytest.mark.parametrize("advice", MEMORY_ROWS)
def test_a_layer_that_fits_no_memory(
    advice: str, command: Command, tmp_path: Path, follow_lines: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tried_out_here.py").write_text(TRIED_OUT)
    monkeypatch.syspath_prepend(str(tmp_path))
    line = f"run {TINY} layer=custom layer._target_=tried_out_here.TriedOut model.hidden_dim="
    follow_lines(advice, *(f"{line}{width}" for width in MEMORY_ROWS[advice]))


WIDTH_ROWS = {
    "Narrower or fewer layers would fit": (
        ("model.hidden_dim=[64,64]", "model.num_layers=2"),
        ("model.hidden_dim=[64,32]", "model.num_layers=2"),
        ("model.hidden_dim=[64]", "model.num_layers=1"),
    )
}


@pytest.mark.parametrize("advice", WIDTH_ROWS)
def test_a_model_of_several_widths_that_does_not_fit(
    advice: str, config_of: Callable[..., Any], tmp_path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*options: str) -> Callable[[], None]:
        cell = load_cell(
            config_of(*TINY.split(), "layer=relevance", "model.readout=last", f"runs={tmp_path}", *options)
        )
        setup = NodeSetup(cell.parts, cell.problem)
        needed.append(setup.needed_bytes())
        return lambda: check_fits(setup, "cpu")

    needed: list[int] = []
    wide, *others = [fit(*options) for options in WIDTH_ROWS[advice]]
    monkeypatch.setattr("ragx.learners.memory.free_memory", lambda: needed[0] - 1)
    follow(advice, wide, *others)


DEVICE_ROWS = {"got one on …; move it with .to": torch.ones(4, 2, 4)}


@pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")
@pytest.mark.parametrize("advice", DEVICE_ROWS)
def test_a_tensor_on_another_device(advice: str, follow: Follow) -> None:
    """Device ``meta`` stands for one that this machine may lack."""
    query, edges = DEVICE_ROWS[advice], Graph.from_pairs(torch.arange(2), torch.arange(2), 2, 2).adjacency

    def attend(device: str) -> None:
        key = query.to(device)
        with use_form("edge_attention", "native"), torch.no_grad():
            edge_attention(query, key, key, edges)

    follow(advice, lambda: attend("meta"), lambda: attend("cpu"))


PACKAGE_ROWS = {"needs the package psycopg: pip install 'psycopg[binary]'": "psycopg"}


@pytest.mark.parametrize("advice", PACKAGE_ROWS)
def test_a_package_that_is_missing(advice: str, follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in that answers from SQLite takes the place of the driver and its server."""

    def read(driver: object) -> None:
        monkeypatch.setitem(sys.modules, PACKAGE_ROWS[advice], driver)
        assert read_query("postgresql://host/shop", "SELECT 1 AS user, 2 AS item").height == 1

    driver = SimpleNamespace(connect=lambda *_, **__: sqlite3.connect(":memory:"), Error=sqlite3.Error)
    follow(advice, lambda: read(None), lambda: read(driver))


class Training:
    """A process that takes a step whenever it is looked at, and writes a checkpoint every so many steps."""

    def __init__(self, runs: Path, every: int) -> None:
        self.folder, self.every, self.step = runs / "run" / "train", every, 0
        self.folder.mkdir(parents=True)

    def __enter__(self) -> "Training":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def poll(self) -> int | None:
        self.step += 1
        if self.step % self.every == 0:
            model = torch.nn.Linear(2, 1)
            progress = Progress(steps=self.step)
            Keeper(self.folder, "one").save(model, torch.optim.Adam(model.parameters()), progress)
        return None if self.step < 5 else 0

    def kill(self) -> None:
        self.step = 5

    def send_signal(self, _: int) -> None:
        self.step = 5

    def wait(self) -> None:
        pass


KILL_ROWS = {"was over before it could be killed at step …; set trainer.checkpoint_every lower": (9, 2)}


@pytest.mark.parametrize("advice", KILL_ROWS)
def test_a_run_that_is_over_before_its_first_checkpoint(
    advice: str, tmp_path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(every: int) -> None:
        runs = tmp_path / str(every)
        monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Training(runs, every))
        assert resuming._kill_at(runs, [f"trainer.checkpoint_every={every}"], 2) == 2

    monkeypatch.setattr(resuming, "POLL", 0)
    seldom, often = KILL_ROWS[advice]
    follow(advice, lambda: kill(seldom), lambda: kill(often))


SWEEP_STATE_ROWS = {
    "its process was killed; run the sweep again": f"run {TINY} model.hidden_dim=8 sweep.name=killed seeds=1 -m"
}


@pytest.mark.parametrize("advice", SWEEP_STATE_ROWS)
def test_a_cell_whose_process_was_killed(
    advice: str, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The launcher loses its workers twice: before a cell began, and behind its beginning."""
    line = shlex.split(SWEEP_STATE_ROWS[advice])

    def lose(sweep: Sweep, cells: Sequence[PlannedCell]) -> bool:
        launches.append(len(cells))
        if len(launches) == 2:
            SweepRecord(Path("runs/sweeps/killed")).event(cells[0].key, "started")
        return False

    launches: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(Sweep, "_survives", lose)
        assert command(*line)[0] == 1
    capsys.readouterr()
    show_status(["killed"])
    assert advice in " ".join(capsys.readouterr().out.split())
    assert command(*line)[0] == 0
    show_status(["killed"])
    assert advice not in " ".join(capsys.readouterr().out.split())
