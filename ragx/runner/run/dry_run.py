"""What the cells of a sweep are expected to take, measured on a few steps of each."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.learners.learner import Cost
from ragx.runner.run.cell import Cell, load_cell
from ragx.runs.sweeps.record import PlannedCell


def expected_cost(cell: Cell) -> Cost:
    """Return what a run is expected to take, from a few of its steps and validations."""
    return cell.learner.cost(
        cell.problem, lambda predictor: cell.task.curve(predictor, cell.problem, cell.stopping.monitor)
    )


def print_dry_run(
    console: Console, cells: Sequence[tuple[PlannedCell, dict[str, Any]]], dropped: Sequence[dict[str, str]]
) -> None:
    """Print every cell with the time and memory it is expected to take, measured once for all its seeds."""
    shared = set.intersection(*(set(planned.overrides) for planned, _ in cells))
    known: dict[tuple[str, ...], Cost] = {}
    table = Table("cell", "seed", "time at most", "memory of tensors", title="dry run: nothing is run")
    for planned, config in cells:
        key = planned.configuration
        if key not in known:
            threads = torch.get_num_threads()
            known[key] = expected_cost(load_cell(config))
            torch.set_num_threads(threads)
        own = " ".join(option for option in key if option not in shared) or "the only one"
        expected = known[key]
        seconds = expected.seconds
        took = "not known" if seconds is None else "does not fit" if math.isnan(seconds) else f"{_short(seconds)} s"
        table.add_row(Text(own), str(planned.seed), took, f"{_short(expected.memory / 2**20)} MiB")
    console.print(table)
    for combination in dropped:
        console.print(Text(f"dropped: {combination['cell']}: {combination['reason']}"), style="yellow")
    times = [known[planned.configuration].seconds for planned, _ in cells]
    total = sum(seconds for seconds in times if seconds is not None and not math.isnan(seconds))
    number = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
    console.print(f"{number}, at most {_short(total / 60)} min one after the other.", highlight=False)


def _short(number: float) -> str:
    """Return a number whole, or, where it is small, with one digit that counts."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}" if number >= 0.1 else "less than 0.1"
