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

from ragx.data.batches import PairBatches
from ragx.graph.graph import Graph
from ragx.random import seed_modules
from ragx.report.run_parts import build_model, features_for
from ragx.report.sweep_record import PlannedCell
from ragx.training.step import OnGraph, training_step
from runner.cell import Cell, load_cell
from runner.fitting import needed_bytes

STEPS = 2


@dataclass(frozen=True)
class Forecast:
    """The expected cost of one run.

    Args:
        seconds: training to its last epoch and validation; early stopping may end it sooner.
        memory: bytes of tensors.
    """

    seconds: float
    memory: int


def forecast(cell: Cell) -> Forecast:
    """Return what a run is expected to take, from a few of its steps and one of its validations."""
    graph: Graph = cell.parts["graph"].build(interactions=cell.split.evidence)
    features = features_for(cell.dataset, cell.split.evidence, cell.config["features"])
    seed_modules(cell.config["seed"], "model")
    trainer, objective = cell.trainer, cell.parts["objective"].build()
    model = build_model(cell.parts, graph, features)
    batches = PairBatches(cell.split.train, batch_size=trainer.batch_size, seed=0, negatives=objective.negatives)
    fabric = trainer.engine.fabric()
    graph = graph.to(fabric.device)
    wrapped, optimizer = fabric.setup(OnGraph(model, graph), cell.parts["optimizer"].build(params=model.parameters()))
    share, took = trainer.batches_per_propagation, []
    for step in range(STEPS + 1):  # the first one makes what the others find made
        began = time.perf_counter()
        optimizer.zero_grad()
        group = [batches.batch(0, (step * share + place) % len(batches)) for place in range(share)]
        training_step(fabric, wrapped, graph, objective, group)
        optimizer.step()
        took.append(time.perf_counter() - began)
    began = time.perf_counter()
    cell.protocol.validate(model.scorer(graph), cell.split, metrics=[trainer.stopping.monitor])
    validation = time.perf_counter() - began
    steps = math.ceil(len(batches) / share)
    epochs = min(trainer.max_epochs, math.ceil(trainer.max_steps / steps) if trainer.max_steps else trainer.max_epochs)
    seconds = epochs * (steps * min(took[1:]) + validation / trainer.validate_every)
    return Forecast(seconds, needed_bytes(cell, graph, features))


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
        table.add_row(Text(own), str(planned.seed), f"{expected.seconds:.0f} s", f"{expected.memory / 2**20:,.0f} MiB")
    console.print(table)
    for each in dropped:
        console.print(Text(f"dropped: {each['cell']}: {each['reason']}"), style="yellow")
    total = sum(known[planned.configuration].seconds for planned, _ in cells)
    console.print(f"{len(cells)} cells, at most {total / 60:.1f} min one after the other.", highlight=False)
