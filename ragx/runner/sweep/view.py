"""What a person sees of a sweep: a live table while it runs on a terminal, and how it ended."""

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ragx.evaluation.measured import few_are_measured, measured_sentence
from ragx.runner.run.summary import LOUD
from ragx.runs.files import read_run
from ragx.runs.sweeps.record import STATES, CellState, SweepRecord
from ragx.runs.task import unit_of

REFRESH = 1.0
MOST_LISTED = 20


class SweepView:
    """While entered, shows the whole sweep on a terminal; elsewhere it is quiet.

    Args:
        record: the sweep.
        console: where to show it.
    """

    def __init__(self, record: SweepRecord, console: Console) -> None:
        self.record, self.console = record, console
        self._ended = threading.Event()
        self._live: Live | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(console=self.console, transient=True, auto_refresh=False)
            self._live.start()
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None and self._live is not None:
            self._thread.join()
            self._live.stop()

    def _show(self) -> None:
        assert self._live is not None
        while not self._ended.wait(REFRESH):
            self._live.update(table_of(self.record), refresh=True)


def table_of(record: SweepRecord) -> Table:
    """Return the state of a sweep as a table: how many cells stand where, who is running, the best so far."""
    cells, settings = record.cells(), record.settings
    table = Table(title=f"sweep {settings['name']}", title_justify="left", show_header=False)
    counts = {state: sum(cell.state == state for cell in cells) for state in STATES}
    table.add_row(
        "cells", f"{len(cells)}: " + ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    )
    for cell in cells:
        if cell.state == "running":
            table.add_row("running", Text(short(cell, cells)))
    if (best := best_of(cells)) is not None:
        table.add_row("best so far", Text(f"{best.value:.4f}  {short(best, cells)}"))
        if best.folder is not None:
            table.add_row("", Text(best.folder.name))
    if (left := seconds_left(cells)) is not None:
        table.add_row("time left", f"about {_clock(left)}")
    return table


def print_sweep(console: Console, record: SweepRecord) -> None:
    """Print how a sweep stands: counts, the best cell, what was taken up, what failed and what was dropped."""
    cells = record.cells()
    console.print(table_of(record))
    ways = [cell.how for cell in cells if cell.state == "done"]
    summary = ", ".join(f"{ways.count(way)} {way}" for way in ("run", "continued", "skipped"))
    console.print(f"{summary}.", highlight=False)
    for cell in cells:
        if cell.how == "continued":
            console.print(Text(f"continued: {short(cell, cells)}"))
    for cell in cells:
        if cell.state in ("failed", "interrupted"):
            console.print(Text(f"{cell.state}: {short(cell, cells)}: {cell.error}"), style="red")
        if cell.state == "done" and cell.folder is not None and not cell.folder.is_dir():
            message = (
                f"gone: {short(cell, cells)}: its run folder is not there; run the sweep again, which makes it anew."
            )
            console.print(Text(message), style="red")
    for sentence, few in _measured(cells).items():
        console.print(Text(sentence, style=LOUD if few else ""))
    dropped = record.settings["dropped"]
    for combination in dropped[:MOST_LISTED]:
        console.print(Text(f"dropped: {combination['cell']}: {combination['reason']}"), style="yellow")
    if len(dropped) > MOST_LISTED:
        console.print(f"… and {len(dropped) - MOST_LISTED} more that were dropped", style="yellow")
    console.print(f"Record: {record.folder}", highlight=False, soft_wrap=True)


def _measured(cells: Sequence[CellState]) -> dict[str, bool]:
    """Return how many units the validation values of cells are made of, and whether these are few."""
    sentences = {}
    for cell in cells:
        if cell.state != "done" or cell.folder is None:
            continue
        try:
            metrics = read_run(cell.folder)[1]
            unit, counts = unit_of(metrics), metrics.get("counts", {}).get("validation", {})
        except ValueError:
            continue  # moved away, or cut off
        if sentence := measured_sentence("validation", counts, unit):
            sentences[sentence] = few_are_measured(counts)
    return sentences


def short(cell: CellState, among: Sequence[CellState]) -> str:
    """Return the options in which a cell differs from others."""
    shared = set.intersection(*(set(other.planned.overrides) for other in among))
    own = [option for option in cell.planned.overrides if option not in shared]
    return " ".join(own) or "the only cell"


def best_of(cells: Sequence[CellState]) -> CellState | None:
    """Return the cell with the best monitored value, if any is done."""
    done = [cell for cell in cells if cell.state == "done" and cell.value is not None and cell.value == cell.value]
    return max(done, key=lambda cell: cell.merit, default=None)


def seconds_left(cells: Sequence[CellState]) -> float | None:
    """Return the expected time until the end: the mean time of a cell times what is left, shared by who is running."""
    taken = [cell.seconds for cell in cells if cell.how in ("run", "continued") and cell.seconds]
    left = sum(cell.state in ("waiting", "running", "interrupted") for cell in cells)
    running = sum(cell.state == "running" for cell in cells)
    return sum(taken) / len(taken) * left / max(running, 1) if taken and left else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
