"""A training that does not fit into memory fails with what would fit, before it starts or when it runs out."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ragx.graph.graph import Graph
from ragx.learners.learner import DoesNotFitError
from ragx.learners.memory import check_fits, explain
from ragx.learners.node_memory import needed_bytes
from ragx.learners.node_setup import NodeSetup
from ragx.models.training_setup import COPIES
from ragx.runner.run.cell import Cell, load_cell

TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=30", "tracker=none", "trainer.max_epochs=1")
NODES, WIDTH, FLOAT = 100, 64, 4
MODULE = """
import torch
from ragx.layers.relevance_conv import RelevanceConv

class TriedOut(RelevanceConv):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        assert torch.ones(2).sum().item() == 2
"""


@pytest.fixture
def cell_of(config_of: Any, tmp_path: Path) -> Any:
    """Return a function that gives a bound cell and its graph."""

    def make(*options: str) -> tuple[Cell, Graph]:
        cell = load_cell(config_of(*TINY, f"runs={tmp_path}", *options))
        return cell, cell.parts["graph"].build(interactions=cell.problem.train)

    return make


def setup_of(cell: Cell) -> NodeSetup:
    return NodeSetup(cell.parts, cell.problem)


def test_needed_memory_is_parameters_with_their_moments_and_outputs(cell_of: Any) -> None:
    cell, graph = cell_of("layer=light", "model.num_layers=3")
    table = NODES * WIDTH * FLOAT
    assert needed_bytes(cell.parts, graph, None) == COPIES * table + (3 + 2) * table
    features = torch.zeros(NODES, 7)
    assert needed_bytes(cell.parts, graph, features) == COPIES * (table + 7 * WIDTH * FLOAT) + (3 + 2) * table
    cell, graph = cell_of("layer=relevance", "model.num_layers=1", "layer.bias=false")
    assert needed_bytes(cell.parts, graph, None) == COPIES * (table + WIDTH * WIDTH * FLOAT) + (1 + 2) * table


def test_a_layer_that_tries_itself_out_is_measured_by_a_small_model(
    cell_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tried_out.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    known = [cell_of("layer=relevance"), cell_of("layer=custom", "layer._target_=tried_out.TriedOut")]
    one, other = (needed_bytes(cell.parts, graph, None) for cell, graph in known)
    assert one == other
    for layer in ("gcn", "gatv2"):
        cell, graph = cell_of(f"layer={layer}")
        assert needed_bytes(cell.parts, graph, None) > COPIES * NODES * WIDTH * FLOAT


def test_what_would_fit_is_named(cell_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, graph = cell_of("layer=light", "model.hidden_dim=64")
    needed = needed_bytes(cell.parts, graph, None)
    monkeypatch.setattr("ragx.learners.memory.free_memory", lambda: needed)
    check_fits(setup_of(cell), "cpu")
    monkeypatch.setattr("ragx.learners.memory.free_memory", lambda: needed - 1)
    with pytest.raises(DoesNotFitError, match=r"model.hidden_dim=32 instead of 64 would fit, or fewer layers\.$"):
        check_fits(setup_of(cell), "cpu")
    smaller, _ = cell_of("layer=light", "model.hidden_dim=32")
    check_fits(setup_of(smaller), "cpu")
    monkeypatch.setattr("ragx.learners.memory.free_memory", lambda: 1)
    with pytest.raises(DoesNotFitError, match=r"0.00 GiB is free\. No width would fit\.$"):
        check_fits(setup_of(cell), "cpu")


@pytest.mark.parametrize("layer", ["relevance_attention", "relevance"])
def test_the_width_that_is_named_is_the_greatest_power_of_two_that_fits(
    layer: str, cell_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights grow with the square of the width, so that a share of the width is not what fits."""
    cell, graph = cell_of(f"layer={layer}", "model.hidden_dim=3000")
    within, beyond = (
        needed_bytes(cell_of(f"layer={layer}", f"model.hidden_dim={w}")[0].parts, graph, None) for w in (512, 1024)
    )
    monkeypatch.setattr("ragx.learners.memory.free_memory", lambda: (within + beyond) // 2)
    with pytest.raises(DoesNotFitError, match=r"model.hidden_dim=512 instead of 3000 would fit"):
        check_fits(setup_of(cell), "cpu")


def test_an_error_of_memory_is_explained_and_no_other(cell_of: Any) -> None:
    cell, _ = cell_of("model.hidden_dim=64")
    for error in (
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        torch.OutOfMemoryError("CUDA out of memory."),
    ):
        message = str(explain(error, setup_of(cell), "cpu"))
        assert message.startswith("The training ran out of memory (its tensors take 0.00 GiB); ")
        assert "model.hidden_dim=32 instead of 64 would fit" in message
    for other in (ValueError("out of memory"), RuntimeError("a size does not match"), KeyError("x")):
        assert explain(other, setup_of(cell), "cpu") is other


def test_a_training_that_does_not_fit_ends_with_status_one(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of 100 nodes alone takes 400 GB."""
    status, _, err = command(
        "run", *TINY, "layer=light", "model.num_layers=2", "model.hidden_dim=1000000000", "runs=runs"
    )
    assert (status, len(err.splitlines())) == (1, 1)
    assert err.startswith("error: The training needs about 2980.23 GiB of memory, and ")
    assert "model.hidden_dim=" in err
    assert "instead of 1000000000 would fit, or fewer layers." in err
    assert not list(tmp_path.rglob("metrics.json")) + list(tmp_path.rglob("*.pt")) + list(tmp_path.rglob("*.part"))
    assert command("run", *TINY, "layer=light", "model.hidden_dim=8", "runs=runs").status == 0


def test_layers_too_wide_for_any_data_end_with_status_one(command: Any, tmp_path: Path) -> None:
    wide = "model.hidden_dim=100000000"
    status, _, err = command("run", *TINY, "layer=relevance_attention", wide, "runs=runs")
    assert (status, len(err.splitlines())) == (1, 1)
    assert "would fit" in err
    assert not list(tmp_path.rglob("metrics.json")) + list(tmp_path.rglob("*.part"))
    status, _, err = command("run", *TINY, "layer=gcn", wide, "runs=runs")
    assert (status in (1, 2), len(err.splitlines())) == (True, 1)
    assert "can't allocate memory" in err


def test_memory_that_runs_out_within_a_training_is_explained(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr("ragx.learners.node_setup.training_step", run_out)
    status, _, err = command("run", *TINY, "runs=runs")
    assert status == 1
    (line,) = err.splitlines()
    assert line.startswith("error: The training ran out of memory (its tensors take ")
    assert "model.hidden_dim=32 instead of 64 would fit" in line
    assert not list(tmp_path.rglob("metrics.json")) + list(tmp_path.rglob("*.part"))


def test_memory_that_runs_out_elsewhere_is_one_line(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 9 GiB")

    monkeypatch.setattr("ragx.runner.run.cell.build_task", run_out)
    assert command("run", *TINY, "dataset.seed=7") == (1, "", "error: Memory ran out. Unable to allocate 9 GiB\n")


def test_a_model_of_another_kind_is_measured_too(cell_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, graph = cell_of()
    monkeypatch.setattr("ragx.learners.node_memory.build_model", lambda *_: nn.Embedding(NODES, 3))
    assert needed_bytes(cell.parts, graph, None) == COPIES * NODES * 3 * FLOAT + 2 * NODES * 3 * FLOAT
