"""Every objective with every preset, through the config: built, and two steps taken on a tiny graph."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from ragx.data.batches import PairBatches
from ragx.data.split import Split
from ragx.learners.node_models import sized_model
from ragx.objectives.base import ViewObjective
from ragx.parts import Part, PartsError
from ragx.runner.run.preflight import bind_parts, try_small
from ragx.training.engine import deterministic_algorithms
from ragx.training.step import OnGraph, training_step

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "objectives.md").read_text()
OF_OTHERS = ("custom", "values")
"""One of one's own, and one of models of rows."""
OBJECTIVES = sorted(path.stem for path in (ROOT / "conf" / "objective").glob("*.yaml") if path.stem not in OF_OTHERS)
PRESETS = ("mf", "lightgcn", "ngcf", "relevance_attention")
STEPS, BATCH = 2, 64
Make = Callable[..., dict[str, Any]]


def two_steps(parts: dict[str, Part], split: Split) -> tuple[list[float], torch.nn.Module]:
    """Return the losses of two steps, and the model after them, with the gradients of the last."""
    torch.manual_seed(0)
    graph = parts["graph"].build(interactions=split.train)
    model = sized_model(parts, graph.num_users, graph.num_items)
    objective: ViewObjective = parts["objective"].build()
    batches = PairBatches(split.train, batch_size=BATCH, seed=0, negatives=objective.negatives)
    fabric = Fabric(accelerator="cpu", devices=1)
    module: Any = fabric.setup_module(OnGraph(model, graph))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    with deterministic_algorithms(torch.device("cpu")):
        for step in range(STEPS):
            optimizer.zero_grad()
            losses.append(float(training_step(fabric, module, objective, [batches.batch(0, step)])))
            optimizer.step()
    return losses, model


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains_every_preset(objective: str, preset: str, config_of: Make, tiny_split: Split) -> None:
    parts = bind_parts(config_of(f"model={preset}", f"objective={objective}", "model.hidden_dim=8"))
    losses, model = two_steps(parts, tiny_split)
    assert torch.tensor(losses).isfinite().all()
    assert losses[0] != losses[1]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name
    assert two_steps(parts, tiny_split)[0] == losses


@pytest.mark.parametrize("ranking", [name for name in OBJECTIVES if "simgcl" not in name])
def test_every_loss_over_final_vectors_ranks_within_a_contrast(
    ranking: str, config_of: Make, tiny_split: Split
) -> None:
    options = "objective=xsimgcl", f"objective@objective.ranking={ranking}", "model.hidden_dim=8"
    parts = bind_parts(config_of("model=lightgcn", *options))
    alone = bind_parts(config_of(f"objective={ranking}"))["objective"]
    assert parts["objective"].as_dict()["ranking"] == alone.as_dict()
    assert torch.tensor(two_steps(parts, tiny_split)[0]).isfinite().all()


def test_the_scale_of_ranking_is_that_of_the_loss_that_ranks(config_of: Make) -> None:
    choice = "objective=simgcl", "objective@objective.ranking=in_batch_softmax", "objective.ranking.temperature=0.07"
    assert config_of("model=relevance_attention", *choice)["model"]["temperature"] == 0.07
    assert config_of("model=relevance_attention", "objective=bsl")["model"]["temperature"] == 0.12


def test_a_layer_that_the_model_has_not_is_refused_before_data_is_read(config_of: Make) -> None:
    parts = bind_parts(config_of("model=lightgcn", "objective=xsimgcl", "objective.layer=4"))
    with pytest.raises(PartsError, match=r"objective: XSimGCL.*: layer: expected a layer from 1 to 3, .* got 4"):
        try_small(parts)


def test_the_page_lists_every_objective_and_its_commands_bind(config_of: Make) -> None:
    listed = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `") and "objective=" not in line]
    assert sorted(listed) == OBJECTIVES
    commands = [line for line in PAGE.splitlines() if line.startswith("ragx run ")]
    assert len(commands) == 6
    for line in commands:
        assert bind_parts(config_of(*shlex.split(line)[2:]))
