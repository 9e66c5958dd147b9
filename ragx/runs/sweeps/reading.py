"""A sweep joined with the results of its runs, read from their folders."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ragx.metrics.recorded import agreed
from ragx.runs.results import collect
from ragx.runs.row import recorded_of
from ragx.runs.sweeps.record import SweepRecord
from ragx.runs.sweeps.results import Configuration, SweepResults, SweepRun

NOT_OPTIONS = ("seed", "threads", "name", "sweep", "sweep.folder", "sweep.name")
"""Overrides of a cell that are no choice between configurations."""


def read_sweep(record: SweepRecord, runs: Path) -> SweepResults:
    """Return a sweep with the results of its runs.

    Args:
        record: the folder of the sweep.
        runs: the folder that run folders lie in.

    Raises:
        ValueError: two runs mean different metrics by the name of what they are judged by.
    """
    results = collect(runs)
    rows = {Path(row["folder"]).name: row for row in results.table.iter_rows(named=True)}
    cells = [(cell, rows.get(cell.folder.name, {}) if cell.folder else {}) for cell in record.cells()]
    metric = _metric([row for _, row in cells if row])
    known = agreed(metric, {str(row["name"]): recorded_of(row) for _, row in cells if row})
    axes = short_names(_axes(record))
    groups: dict[tuple[str, ...], list[SweepRun]] = {}
    for cell, row in cells:
        options = _options(cell.planned.overrides)
        chosen = tuple(options.get(name, "") for name in axes.values())
        groups.setdefault(chosen, []).append(SweepRun(cell, _with_metric(row, metric)))
    configurations = [
        Configuration(dict(zip(axes, chosen, strict=True)), tuple(members), metric, known)
        for chosen, members in groups.items()
    ]
    return SweepResults(record, metric, known, axes, tuple(configurations), tuple(results.warnings))


def _metric(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the monitored metric, which is the most frequent one where the sweep varies it."""
    monitors = Counter(str(row["monitor"]) for row in rows if row["monitor"])
    return f"validation/{monitors.most_common(1)[0][0]}" if monitors else "validation"


def _with_metric(row: Mapping[str, Any], metric: str) -> Mapping[str, Any]:
    """Return a row whose metric stands in its column, though a refit leaves no evaluation on validation."""
    monitored = bool(row) and f"validation/{row['monitor']}" == metric and row["value"] is not None
    return {**row, metric: row["value"]} if monitored else row


def _axes(record: SweepRecord) -> list[str]:
    """Return the options that differ: the axes that were planned, or all that are seen to."""
    if planned := record.settings.get("axes"):
        return [str(name).lstrip("+~") for name in planned]
    options = [_options(cell.overrides) for cell in record.planned]
    names = dict.fromkeys(name for chosen in options for name in chosen if name not in NOT_OPTIONS)
    return [name for name in names if len({chosen.get(name) for chosen in options}) > 1]


def _options(overrides: Sequence[str]) -> dict[str, str]:
    pairs = (override.partition("=") for override in overrides)
    return {name.lstrip("+~"): _unquoted(value) for name, _, value in pairs}


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return the options by the last part of their names, or by the whole name where that is not one option's own."""
    leaves = Counter(name.rpartition(".")[2] for name in names)
    return {leaf if leaves[leaf := name.rpartition(".")[2]] == 1 else name: name for name in names}


def from_json(text: str | None) -> dict[str, Any]:
    """Return what a column of the results table keeps as JSON; empty where it keeps nothing."""
    value = json.loads(text) if text else None
    return value if isinstance(value, dict) else {}
