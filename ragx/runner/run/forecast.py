"""What the cells of a sweep are expected to take, measured on a few steps of each."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.graph.graph import Graph
from ragx.models.node_model import NodeModel
from ragx.random import seed_modules
from ragx.runner.run.cell import Cell, load_cell
from ragx.runner.run.fitting import is_enough, needed_bytes
from ragx.runs.parts import build_model, features_for
from ragx.runs.sweeps.record import PlannedCell
from ragx.training.step import OnGraph, training_step

STEPS = 2


@dataclass(frozen=True)
class Forecast:
    """The expected cost of one run.

    Args:
        seconds: training to its last epoch and validation; early stopping may end it sooner. NaN where it does not fit.
        memory: bytes of tensors.
    """

    seconds: float
    memory: int


def forecast(cell: Cell) -> Forecast:
    """Return what a run is expected to take, from a few of its steps and validations."""
    graph: Graph = cell.parts["graph"].build(interactions=cell.split.evidence)
    features = features_for(cell.dataset, cell.split.evidence, cell.config["features"])
    memory = needed_bytes(cell, graph, features)
    if not is_enough(cell, memory):
        return Forecast(math.nan, memory)
    seed_modules(cell.config["seed"], "model")
    trainer, objective = cell.trainer, cell.parts["objective"].build()
    model = build_model(cell.parts, graph, features)
    batches = cell.parts["sampler"].build(
        train=cell.split.train, batch_size=trainer.batch_size, seed=0, negatives=objective.negatives
    )
    graph = graph.to(trainer.engine.fabric().device)
    took = trainer.seconds_of_steps(
        STEPS + 1,  # the first one makes what the others find made
        model=model,
        module=OnGraph(model, graph),
        batches=batches,
        step=lambda fabric, module, group: training_step(fabric, module, objective, group),
        optimizer=lambda parameters: cell.parts["optimizer"].build(params=parameters),
    )
    validation = min(_validate(cell, model, graph) for _ in range(STEPS))
    steps = trainer.steps_of(batches)
    epochs = min(trainer.max_epochs, math.ceil(trainer.max_steps / steps) if trainer.max_steps else trainer.max_epochs)
    seconds = epochs * (steps * min(took[1:]) + validation / trainer.validate_every)
    return Forecast(seconds, memory)


def _validate(cell: Cell, model: NodeModel, graph: Graph) -> float:
    """Return the seconds of one validation."""
    began = time.perf_counter()
    cell.protocol.validate(model.scorer(graph), cell.split, metrics=[cell.trainer.stopping.monitor])
    return time.perf_counter() - began


def print_forecast(
    console: Console, cells: Sequence[tuple[PlannedCell, dict[str, Any]]], dropped: Sequence[dict[str, str]]
) -> None:
    """Print every cell with the time and memory it is expected to take, measured once for all its seeds."""
    shared = set.intersection(*(set(planned.overrides) for planned, _ in cells))
    known: dict[tuple[str, ...], Forecast] = {}
    table = Table("cell", "seed", "time at most", "memory of tensors", title="dry run: nothing is run")
    for planned, config in cells:
        key = planned.configuration
        if key not in known:
            threads = torch.get_num_threads()
            known[key] = forecast(load_cell(config))
            torch.set_num_threads(threads)
        own = " ".join(each for each in key if each not in shared) or "the only one"
        expected = known[key]
        took = "does not fit" if math.isnan(expected.seconds) else f"{_short(expected.seconds)} s"
        table.add_row(Text(own), str(planned.seed), took, f"{_short(expected.memory / 2**20)} MiB")
    console.print(table)
    for each in dropped:
        console.print(Text(f"dropped: {each['cell']}: {each['reason']}"), style="yellow")
    times = [known[planned.configuration].seconds for planned, _ in cells]
    total = sum(seconds for seconds in times if not math.isnan(seconds))
    number = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
    console.print(f"{number}, at most {_short(total / 60)} min one after the other.", highlight=False)


def _short(number: float) -> str:
    """Return a number whole, or, where it is small, with one digit that counts."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}" if number >= 0.1 else "less than 0.1"
