"""A dry run says what cells are expected to take, and runs none of them."""

import io
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from ragx.learners.learner import Cost
from ragx.learners.node_memory import needed_bytes
from ragx.runner.run.cell import load_cell
from ragx.runner.run.dry_run import expected_cost, print_dry_run
from ragx.runs.sweeps.record import PlannedCell

TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=30", "tracker=none", "trainer.max_epochs=3")
DROPPED = [{"cell": "layer.heads=[/x]", "reason": "8 heads do not divide the width 12"}]


def test_expected_cost_is_of_all_epochs_and_writes_nothing(config_of: Any, tmp_path: Path) -> None:
    def of(*options: str) -> tuple[Cost, int]:
        cell = load_cell(config_of(*TINY, "trainer.batch_size=64", f"runs={tmp_path}", *options))
        graph = cell.parts["graph"].build(interactions=cell.problem.train)
        return expected_cost(cell), needed_bytes(cell.parts, graph, None)

    (few, memory), (many, _) = of(), of("trainer.max_epochs=3000000", "trainer.max_steps=null")
    assert few.memory == memory
    assert few.seconds is not None and many.seconds is not None
    assert 0 < few.seconds < 60
    assert many.seconds > 100 * few.seconds
    assert list(tmp_path.iterdir()) == []


def test_steps_bound_the_expected_cost_before_epochs_do(config_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock is one second after the last one, so that a step and a validation take one each."""
    clock = iter(range(1000))
    monkeypatch.setattr("ragx.learners.trained.time.perf_counter", lambda: float(next(clock)))
    options = ("trainer.batch_size=100", "trainer.validate_every=1", "trainer.batches_per_propagation=1")
    cell = load_cell(config_of(*TINY, *options))
    steps = math.ceil(cell.problem.train.table.select("user", "item").n_unique() / 100)
    assert expected_cost(cell).seconds == 3 * (steps + 1)
    assert expected_cost(load_cell(config_of(*TINY, *options, "trainer.max_steps=1"))).seconds == steps + 1
    shared = expected_cost(load_cell(config_of(*TINY, *options, "trainer.batches_per_propagation=4")))
    assert shared.seconds == 3 * (math.ceil(steps / 4) + 1)


def test_what_does_not_fit_is_not_tried(config_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragx.learners.memory.free_memory", lambda: 10)
    monkeypatch.setattr("ragx.learners.node_setup.build_model", lambda *_: pytest.fail("a model was made"))
    cost = expected_cost(load_cell(config_of(*TINY)))
    assert cost.seconds is not None and math.isnan(cost.seconds)
    assert cost.memory > 10


def test_every_cell_is_listed_and_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    known = {"a": Cost(90.0, 3 * 2**20), "[/b]": Cost(math.nan, 5 * 2**40), "c": Cost(0.04, 2**19)}

    def measure(config: dict[str, Any]) -> Cost:
        asked.append(config)
        return known[config["x"]]

    monkeypatch.setattr("ragx.runner.run.dry_run.load_cell", lambda config: config)
    monkeypatch.setattr("ragx.runner.run.dry_run.expected_cost", measure)
    cells = [
        (PlannedCell((f"x={name}", "same=1", f"seed={seed}"), seed), {"x": name}) for name in known for seed in (0, 1)
    ]
    printed = io.StringIO()
    print_dry_run(Console(file=printed, width=120), cells, DROPPED)
    text = printed.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert rows[::2] == [
        ["x=a", "0", "90 s", "3.0 MiB"],
        ["x=[/b]", "0", "does not fit", "5,242,880 MiB"],
        ["x=c", "0", "less than 0.1 s", "0.5 MiB"],
    ]
    assert len(asked) == 3
    assert "dropped: layer.heads=[/x]: 8 heads do not divide the width 12" in text
    assert text.splitlines()[-1] == "6 cells, at most 3.0 min one after the other."


def test_a_dry_run_prints_time_and_memory_and_runs_nothing(command: Any, tmp_path: Path) -> None:
    axes = ("layer=relevance_attention", "model.hidden_dim=12", "layer.heads=1,8", "seeds=2")
    threads = torch.get_num_threads()
    status, out, err = command("run", "-m", *TINY, *axes, "dry_run=true", "runs=runs")
    assert (status, err) == (0, "")
    assert torch.get_num_threads() == threads
    assert out.count(" MiB ") == out.count(" s ") == 2
    assert "dropped: layer.heads=8: layer: heads: 8 heads do not" in out
    assert "2 cells, at most " in out
    assert list(tmp_path.iterdir()) == []
