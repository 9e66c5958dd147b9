"""Select, then look: the best configuration of every row by validation, and only then its test values."""

import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.checks import check
from ragx.evaluation.units import Counts
from ragx.metrics.name import usual_names
from ragx.runner.command_line import plain_command
from ragx.runner.commands.options import NOBODY, parse_options
from ragx.runner.commands.recorded_config import config_of
from ragx.runner.run.cell import Cell, load_cell
from ragx.runner.run.execute import execute
from ragx.runner.run.opening import rehearse
from ragx.runner.run.speaker import Speaker
from ragx.runner.run.summary import print_measured
from ragx.runs.files import read_json, read_run, write_json
from ragx.runs.layout import RECORD, has_record
from ragx.runs.looks import Looks, Readings, test_mark
from ragx.runs.recorded_data import check_unchanged
from ragx.runs.restored import stored_model
from ragx.runs.sweeps.record import CellState, SweepRecord, find_sweep
from ragx.runs.sweeps.spread import spread
from ragx.runs.task import unit_of
from ragx.runs.trusted import Trusted

HELP = """ragx final sweep=<name>

sweep=<name>   a sweep, or as much of its name as no other begins with
refit=true     train the chosen configurations anew on train + validation, as long as validation chose
runs=runs      folder of run folders
trust=[my_layers]  modules of your own that the runs name: their code is run, that of others is not"""

DIVIDING = ("dataset", "split", "task", "target_kind")
"""Groups and settings that decide what is learned and asked."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    sweep: str
    refit: bool = False
    runs: Path = Path("runs")
    trust: Trusted = NOBODY


@dataclass(frozen=True)
class Choice:
    """The configuration that validation chose for a row.

    Args:
        row: label of the row.
        cells: its runs, one for each seed.
        budget: number of configurations it was chosen from.
    """

    row: str
    cells: Sequence[CellState]
    budget: int

    @property
    def mean(self) -> float:
        """Mean monitored validation value over seeds."""
        return statistics.fmean(cell.value or 0.0 for cell in self.cells)

    @property
    def merit(self) -> float:
        """That mean with the sign by which more is better."""
        return statistics.fmean(cell.merit for cell in self.cells)


def finalize(arguments: Sequence[str]) -> None:
    """Choose, do all that can fail on validation, then look once, and leave ``final.json`` in the folder of the sweep.

    Raises:
        ValueError: there is no such sweep, or no configuration of a row is done with all its seeds.
    """
    options = parse_options(Options, arguments)
    refit, trust = options.refit, options.trust
    console = Console(file=sys.stdout)
    record = find_sweep(options.runs, options.sweep)
    choices = choose(record, console)
    for cell in (cell for choice in choices for cell in choice.cells):
        rehearse(_ready(cell, refit, trust, console))
    before = Looks(options.runs).by_test_part()
    opened = [(choice, [_look(cell, refit, trust) for cell in choice.cells]) for choice in choices]
    rows = [
        {
            "row": choice.row,
            "cell": cells[0].cell,
            "options": _own_options(choice, record),
            "folders": [str(cell.folder) for cell in cells],
            "budget": choice.budget,
        }
        for choice, cells in opened
    ]
    write_json(record.folder / "final.json", {"refit": refit, "rows": rows})
    results = [(choice, [read_run(cell.folder)[1] for cell in cells]) for choice, cells in opened]
    _show(console, results, record)
    for sentence in _looks_of(results, before, Looks(options.runs).by_test_part()):
        console.print(sentence, highlight=False, soft_wrap=True)
    console.print(f"Record: {record.folder / 'final.json'}", highlight=False, soft_wrap=True)


def choose(record: SweepRecord, console: Console) -> list[Choice]:
    """Return the best configuration of every row, by the mean over its seeds.

    Raises:
        ValueError: no configuration of a row is done with all its seeds, or of some less is better and of others more.
    """
    rows: dict[str, dict[tuple[str, ...], list[CellState]]] = {}
    for cell in record.cells():
        rows.setdefault(cell.planned.row, {}).setdefault(cell.planned.configuration, []).append(cell)
    choices = []
    for row, configurations in rows.items():
        whole = {name: cells for name, cells in configurations.items() if all(_is_done(cell) for cell in cells)}
        of_row = f" of row {row}" if row else ""
        check(
            bool(whole),
            f"sweep {record.folder.name}: no configuration{of_row} is done with all its seeds; run the sweep again.",
        )
        if len(whole) < len(configurations):
            left = len(configurations) - len(whole)
            message = f"{left} of {len(configurations)} configurations{of_row} are not done"
            console.print(f"{message}; the choice is among the others.", style="yellow", highlight=False)
        done = [cell for cells in whole.values() for cell in cells]
        monitors = " and ".join(sorted({cell.monitor for cell in done}))
        check(
            len({cell.direction for cell in done}) == 1,
            f"sweep {record.folder.name}: runs{of_row} chose by {monitors}, of which one is to be small and another "
            "large; sweep each monitor by itself.",
        )
        _check_one_problem(record, of_row, done)
        candidates = [Choice(row, cells, len(configurations)) for cells in whole.values()]
        choices.append(max(candidates, key=lambda choice: choice.merit))
    return choices


def _check_one_problem(record: SweepRecord, of_row: str, done: Sequence[CellState]) -> None:
    """Check that the runs to choose among were evaluated on one problem, since else their values are no one quantity.

    Raises:
        ValueError: they were not; the message names an option that makes a row of each problem.
    """
    files = {cell.folder: cell.folder / RECORD for cell in done if cell.folder is not None}
    marks = {str(read_json(file).get("fingerprint")): folder.name for folder, file in files.items() if file.is_file()}
    axes = [str(axis).lstrip("+") for axis in record.settings.get("axes", [])]
    dividing = [axis for axis in axes if axis.startswith(DIVIDING)] or axes
    check(
        len(marks) <= 1,
        f"sweep {record.folder.name}: runs{of_row} are on {len(marks)} splits or tasks ({', '.join(marks.values())}), "
        f"whose values are not one quantity; make a row of each: sweep.rows=[{','.join(dividing)}].",
    )


def _is_done(cell: CellState) -> bool:
    return cell.state == "done" and cell.value is not None and math.isfinite(cell.value) and cell.folder is not None


def _ready(state: CellState, refit: bool, trust: Trusted, console: Console) -> Cell:
    """Do for one run what its look needs: a refit takes over the training that the sweep did."""
    assert state.folder is not None
    gone = not has_record(state.folder)
    check(not gone, f"{state.folder}: the run is gone; run the sweep again, which makes what is missing.")
    base = load_cell(config_of(state.folder, final=False), trust)
    cell = load_cell(config_of(state.folder, final=False, refit=True), trust) if refit else base
    record, _ = read_run(state.folder)
    kept = stored_model(state.folder, record)
    check_unchanged(state.folder, record, base.parts, base.problem, kept)
    same_code = cell.folder != base.folder and record.get("source") == cell.source
    console.print(Text(f"{cell.name}: seed {cell.config['seed']}"), style="dim")
    with Speaker(quiet=True) as speaker:
        how = execute(cell, speaker, training=state.folder if same_code else None)
    if record.get("source") != cell.source and how != "skipped":
        console.print(
            f"{cell.name}: other code made what was chosen; this is run by the code here, whose validation may differ.",
            highlight=False,
            soft_wrap=True,
        )
    return cell


def _look(state: CellState, refit: bool, trust: Trusted) -> Cell:
    """Open the test part for one run that is ready."""
    assert state.folder is not None
    cell = load_cell(config_of(state.folder, final=True, refit=refit or None), trust)
    with Speaker(quiet=True) as speaker:
        execute(cell, speaker)
    return cell


def _own_options(choice: Choice, record: SweepRecord) -> list[str]:
    axes = {*record.settings["axes"], *record.settings["rows"]}
    return [option for option in choice.cells[0].planned.configuration if option.partition("=")[0] in axes]


def _show(console: Console, results: Sequence[tuple[Choice, list[dict[str, Any]]]], record: SweepRecord) -> None:
    table = Table(title=f"final of sweep {record.folder.name}", title_justify="left")
    monitor = str(results[0][1][0]["monitor"])
    names = list(dict.fromkeys([monitor, *usual_names(results[0][1][0]["test"])]))
    for name in ("row", "chosen", "of", f"validation\n{monitor}", *(f"test\n{name}" for name in names)):
        table.add_column(name, overflow="fold")
    for choice, metrics in results:
        labels = choice.row or "the sweep", " ".join(_own_options(choice, record)), str(choice.budget)
        values = [[cell.value or 0.0 for cell in choice.cells]]
        values += [[of_seed["test"][name] for of_seed in metrics] for name in names if name in metrics[0]["test"]]
        table.add_row(*map(Text, labels), *(spread(of_seeds).spell(4) for of_seeds in values))
    console.print(table)
    for _, metrics in results:
        fewest = min(
            (of_seed["counts"]["test"] for of_seed in metrics), key=lambda counts: Counts.of(counts).units or 0
        )
        print_measured(console, {"test": fewest}, unit_of(metrics[0]))


def _looks_of(
    results: Sequence[tuple[Choice, list[dict[str, Any]]]], before: Mapping[str, Readings], now: Mapping[str, Readings]
) -> list[str]:
    """Return of every split among the rows how often its test part was read, and how much of that is of this call."""
    marks = dict.fromkeys(test_mark(of_seed["split"]) for _, metrics in results for of_seed in metrics)
    sentences = []
    for mark in marks:
        readings = now.get(mark, Readings())
        fresh = readings.looks - before.get(mark, Readings()).looks
        sentences.append(f"{readings.sentence(mark)} {fresh} of the looks were made now, after the choice.")
    return sentences


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(finalize, HELP)
