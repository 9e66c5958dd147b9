"""What a table refuses to show side by side, and what it warns of."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ragx.checks import check
from ragx.evaluation.conventions import Conventions, preset
from ragx.former_names import TARGET
from ragx.metrics.direction import Recorded, about, direction
from ragx.metrics.known import KNOWN
from ragx.report.tables.cells import MEASURED, Column, TableRow
from ragx.report.tables.conditions import Run
from ragx.report.tables.rows import named
from ragx.runs.task import OLD_UNIT


def rules_of(run: Run) -> tuple[str, str | None]:
    """Return the name of a run's conventions, or the choices of those that have none, and what cold users got."""
    rules = json.loads(run["rules"] or "{}")
    given = rules.get("conventions")
    conventions = conventions_of(run)
    spelt = conventions.spell() if conventions is not None and isinstance(given, dict) else str(given or "unknown")
    return spelt, rules.get("cold_users")


def conventions_of(run: Run) -> Conventions | None:
    """Return the conventions of a run, without what cold users got; None where this version does not know them."""
    given = json.loads(run["rules"] or "{}").get("conventions")
    try:
        if isinstance(given, dict):
            conventions = Conventions(**{name: value for name, value in given.items() if name != "_target_"})
        else:
            conventions = preset(str(given))
    except (TypeError, ValueError):
        return None
    return replace(conventions, cold_users=None)


def task_of(run: Run) -> str:
    """Return the question that a run was asked, such as ``Spending, months=3``; empty where it was not recorded."""
    task = json.loads(run.get("task") or "{}")
    options = [f"{name}={value}" for name, value in task.items() if name != TARGET]
    return ", ".join([str(task.get(TARGET, "")).rpartition(".")[2], *options])


def unit_of(run: Run) -> str:
    """Return what the values of a run are of."""
    return str(run.get("unit") or OLD_UNIT)


def split_of(run: Run, part: str) -> str:
    """Return what has to be the same of two runs for their values of a part to be of the same split.

    Values of a published test part can be compared whatever was held out of train as validation.
    """
    published = run.get("published_fingerprint") if part == "test" else None
    return str(published or run["fingerprint"])


def check_comparable(dataset: str, runs: Sequence[Run], part: str) -> None:
    """Refuse runs whose numbers are not the same quantity on the same data.

    Raises:
        ValueError: they differ in the task, the fingerprint of the split, or conventions; the message names runs of
            each.
    """
    _check_one(dataset, runs, task_of, "tasks", "Keep one: where: {task: …, …}, or another sweep.")
    _check_one(
        dataset, runs, lambda run: split_of(run, part), "splits", "Keep one: where: {fingerprint: …}, or another sweep."
    )
    _check_one(dataset, runs, _quantity, "conventions", "Keep one: where: {evaluation.conventions: …, …}.")


def _quantity(run: Run) -> tuple[Any, str | None]:
    """Return what a metric's name leaves open; presets that agree in all choices are one."""
    name, cold_users = rules_of(run)
    return conventions_of(run) or name, cold_users


def _check_one(dataset: str, runs: Sequence[Run], key: Callable[[Run], Any], what: str, hint: str) -> None:
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    listed = []
    for members in groups.values():
        conventions, cold_users = rules_of(members[0])
        names = {"splits": members[0]["fingerprint"], "tasks": task_of(members[0])}
        name = names.get(what, f"{conventions} with cold_users {cold_users}")
        listed.append(f"{name} ({named(members)})")
    check(
        len(groups) < 2,
        f"dataset {dataset}: runs on {len(groups)} {what} cannot stand in one column: {'; '.join(listed)}. {hint}",
    )


def missing_values(rows: Sequence[TableRow], columns: Sequence[Column], part: str) -> list[str]:
    """Return a warning for rows that miss the same values, and for rows with fewer seeds than others."""
    without: dict[str, list[str]] = {}
    for row in rows:
        if gone := [str(column) for column in columns if column not in row.cells]:
            without.setdefault(", ".join(gone), []).append(row.label)
    warnings = []
    for values, labels in without.items():
        which = f"{len(labels)} rows" if len(labels) > 1 else "row"
        warnings.append(f"{which} {'; '.join(labels)}: no {part} value of {values}; shown as –.")
    counts: dict[Column, dict[str, int]] = {}
    for column in columns:
        present = [row for row in rows if row.kind == MEASURED and column in row.cells]
        counts[column] = {row.label: row.cells[column].spread.count for row in present}
    uneven = dict.fromkeys(
        _unequal(column.dataset, by_label) for column, by_label in counts.items() if len({*by_label.values()}) > 1
    )
    return warnings + list(uneven)


def _unequal(dataset: str, seeds: Mapping[str, int]) -> str:
    few = [f"{label} ({count})" for label, count in seeds.items() if count < max(seeds.values())]
    return f"dataset {dataset}: rows with fewer than {max(seeds.values())} seeds: {'; '.join(few)}."


def doubtful_leads(
    rows: Sequence[TableRow], baseline: TableRow | None, columns: Sequence[Column], known: Recorded = KNOWN
) -> list[str]:
    """Return a warning for every column in which a lead is smaller than its spread over seeds.

    A lead is that of a row over the baseline, and that of the best row over the second. Its spread is the larger
    standard deviation of the two rows; a single seed has none, and no warning either. ``known`` has the metrics of
    one's own.
    """
    warnings = []
    for column in columns:
        ranks = [(row.cells[column].rank, row) for row in rows if column in row.cells]
        best, seconds = ([row for rank, row in ranks if rank == wanted] for wanted in ("best", "second"))
        pairs = [(row, second) for row in best for second in seconds]
        pairs += [(row, baseline) for _, row in ranks if baseline is not None and row is not baseline]
        sign = direction(about(column.metric, known))
        doubts = dict.fromkeys(filter(None, (_doubt(row, other, column, sign) for row, other in pairs)))
        if doubts:
            warnings.append(f"{column}: the spread over seeds exceeds the lead of {'; '.join(doubts)}.")
    return warnings


def _doubt(row: TableRow, other: TableRow, column: Column, sign: int) -> str:
    if column not in row.cells or column not in other.cells:
        return ""
    ours, theirs = row.cells[column].spread, other.cells[column].spread
    lead = sign * (ours.mean - theirs.mean)
    stds = [std for std in (ours.std, theirs.std) if not math.isnan(std)]
    if lead <= 0 or not stds or max(stds) <= lead:
        return ""
    return f"{row.label} over {other.label} ({lead:.2g}, std {max(stds):.2g})"
