"""What a sweep planned, and what became of every cell: readable at any time, by any process, after any death."""

import datetime
import math
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ragx.checks import check
from ragx.metrics.direction import direction
from ragx.metrics.known import Metric
from ragx.runs.files import read_json, write_json
from ragx.runs.lock import is_locked
from ragx.training.trackers import JsonLines

State = Literal["waiting", "running", "interrupted", "failed", "done"]
STATES: tuple[State, ...] = ("done", "running", "interrupted", "failed", "waiting")


@dataclass(frozen=True)
class PlannedCell:
    """One run of a sweep.

    Args:
        overrides: its options, those that differ from cell to cell and those that do not.
        seed: its seed.
        row: which row of the sweep's table it is tried for.
    """

    overrides: tuple[str, ...]
    seed: int
    row: str = ""

    @property
    def configuration(self) -> tuple[str, ...]:
        """The options without the seed."""
        return tuple(option for option in self.overrides if not option.startswith("seed="))

    @property
    def key(self) -> str:
        """The options as one text, by which events find their cell."""
        return " ".join(sorted(self.overrides))


@dataclass
class CellState:
    """Where a cell stands.

    Args:
        planned: what was planned.
        state: waiting, running, interrupted (begun, and nobody is at it), failed or done.
        how: ``"run"``, ``"continued"`` or ``"skipped"`` where it is done.
        folder: its run folder, once known.
        value: its monitored validation value, where it is done.
        monitor: which metric that is; empty before it is done, and where an earlier version did not say.
        larger_is_better: its direction, as the run had it; None where an earlier version did not say.
        seconds: how long it took this process.
        error: last error of a failed cell.
        attempts: how often it was begun.
    """

    planned: PlannedCell
    state: State = "waiting"
    how: str = ""
    folder: Path | None = None
    value: float | None = None
    monitor: str = ""
    larger_is_better: bool | None = None
    seconds: float | None = None
    error: str = ""
    attempts: int = 0

    @property
    def merit(self) -> float:
        """Its value with the sign by which more is better; NaN without one."""
        return math.nan if self.value is None else self.direction * self.value

    @property
    def direction(self) -> Literal[1, -1]:
        """1 where more of its metric is better, −1 where less is."""
        return direction(
            Metric(self.monitor, self.larger_is_better) if self.larger_is_better is not None else self.monitor
        )


@dataclass(frozen=True)
class SweepRecord:
    """The folder of a sweep: ``sweep.json`` is the plan, ``events.jsonl`` grows with every beginning and end.

    Args:
        folder: where both lie.
    """

    folder: Path

    def plan(self, cells: Sequence[PlannedCell], dropped: Sequence[dict[str, str]], **settings: Any) -> None:
        """Write the plan; one that was there is replaced, while events stay."""
        planned = [{"overrides": list(cell.overrides), "seed": cell.seed, "row": cell.row} for cell in cells]
        write_json(self.folder / "sweep.json", {**settings, "cells": planned, "dropped": list(dropped)})

    def event(self, key: str, kind: str, **details: Any) -> None:
        """Note that a cell began (``started``) or ended (``done``, ``failed``)."""
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        who = {"pid": os.getpid(), "host": socket.gethostname()}
        JsonLines.append(self.folder / "events.jsonl", {"cell": key, "event": kind, "when": when, **who, **details})

    @property
    def settings(self) -> dict[str, Any]:
        """What the plan holds beside its cells."""
        return {name: value for name, value in self._plan()[0].items() if name != "cells"}

    @property
    def planned(self) -> list[PlannedCell]:
        """The cells of the plan."""
        return self._plan()[1]

    def _plan(self) -> tuple[dict[str, Any], list[PlannedCell]]:
        path = self.folder / "sweep.json"
        try:
            plan = read_json(path)
            return plan, [_planned(cell) for cell in plan["cells"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: damaged ({type(error).__name__}: {error}); run the sweep again.") from None

    def events(self) -> list[dict[str, Any]]:
        """Return all events in order."""
        return JsonLines.read(self.folder / "events.jsonl")

    def cells(self) -> list[CellState]:
        """Return where every planned cell stands."""
        states = {planned.key: CellState(planned) for planned in self.planned}
        for event in self.events():
            if (cell := states.get(str(event.get("cell", "")))) is not None:
                _take(cell, event, self.folder.parent.parent)
        for cell in states.values():
            if cell.state == "running" and not (cell.folder and is_locked(cell.folder)):
                cell.state = "interrupted"
        return list(states.values())


def _planned(cell: Any) -> PlannedCell:
    return PlannedCell(tuple(map(str, cell["overrides"])), int(cell["seed"]), str(cell.get("row", "")))


def _take(cell: CellState, event: dict[str, Any], runs: Path) -> None:
    kind = event.get("event")
    if kind == "started":
        cell.state, cell.attempts, cell.error = "running", cell.attempts + 1, ""
    elif kind in ("done", "failed"):
        cell.state, cell.how = ("done" if kind == "done" else "failed"), str(event.get("how", ""))
        cell.value, cell.seconds = _number(event.get("value")), _number(event.get("seconds"))
        cell.error, cell.monitor = str(event.get("error", "")), str(event.get("monitor", ""))
        given = event.get("larger_is_better")
        cell.larger_is_better = given if isinstance(given, bool) else None
    if event.get("folder"):
        # A run lies beside the sweeps, wherever both were moved to; what else an event names is none.
        name = Path(str(event["folder"])).name
        cell.folder = runs / name if name not in ("", "..") else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and abs(value) < 2.0**63 else None


def find_sweep(runs: Path, name: str) -> SweepRecord:
    """Return the record of the sweep called ``name``, or of the one whose name begins so.

    Raises:
        ValueError: no sweep begins so, or several do.
    """
    folders = sorted(path.parent for path in (runs / "sweeps").glob("*/sweep.json"))
    exact = [folder for folder in folders if folder.name == name]
    begun = exact or [folder for folder in folders if folder.name.startswith(name)]
    known = ", ".join(folder.name for folder in folders) or "none yet"
    check(len(begun) > 0, f"sweep={name}: there is no such sweep in {runs / 'sweeps'}; there are: {known}.")
    several = ", ".join(folder.name for folder in begun)
    check(len(begun) == 1, f"sweep={name}: {len(begun)} sweeps begin so: {several}. Write more of the name.")
    return SweepRecord(begun[0])
