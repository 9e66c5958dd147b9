"""The rows of a table that a sweep gives: what validation chose, or the whole grid on validation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ragx.checks import check
from ragx.report.tables.conditions import Run, shown_option
from ragx.report.tables.rows import Found, Group, Name, by_dataset, label_of, of_one_cell, rows_by_conditions
from ragx.report.tables.spec import TableSpec
from ragx.runs.files import read_json
from ragx.runs.sweeps.record import SweepRecord

NO_LABELS = ("dataset", "seed", "threads", "sweep", "name")
"""Options that name no row: the dataset is a column, of seeds there is the mean, and all runs have one name."""


class _Entry(NamedTuple):
    """One configuration of a sweep: options, names of run folders, and how many it was chosen from."""

    options: Mapping[str, str]
    folders: Sequence[str]
    budget: int | None


def rows_of_sweeps(records: Sequence[SweepRecord], runs: Sequence[Run], spec: TableSpec) -> Found:
    """Return the rows that sweeps give; those of one label over several datasets become one row.

    On test these are the configurations that ``final.json`` names, on validation all that were run. Where the table
    picks rows by conditions, they choose among these.

    Args:
        records: the sweeps.
        runs: results of all runs.
        spec: what the table is to show.

    Raises:
        ValueError: nothing was chosen yet, or the rows cannot be told apart by their labels.
    """
    by_name = {Path(run["folder"]).name: run for run in runs}
    parts = [_rows_of(record, by_name, spec) for record in records]
    heads = list(dict.fromkeys(part.headings for part in parts))
    check(
        len(heads) == 1 or bool(spec.rows),
        f"the sweeps {', '.join(record.folder.name for record in records)} vary different options: "
        f"{' and '.join(', '.join(filter(None, names)) or 'none' for names in heads)}. Choose by labels: which of them "
        "name the rows.",
    )
    selection = Found(heads[0], [], [line for part in parts for line in part.warnings])
    selection.notes += [line for part in parts for line in part.notes]
    groups = [group for part in parts for group in part.groups]
    if spec.rows:
        chosen = {
            str(run["folder"]): (run, group) for group in groups for members in group.runs.values() for run in members
        }
        budgets = {folder: group.budget[str(run["dataset"])] for folder, (run, group) in chosen.items() if group.budget}
        picked = rows_by_conditions([run for run, _ in chosen.values()], spec, budgets)
        return Found(picked.headings, picked.groups, selection.warnings + picked.warnings, selection.notes)
    for group in groups:
        _add(selection, group)
    return selection


def _rows_of(record: SweepRecord, by_name: Mapping[str, Run], spec: TableSpec) -> Found:
    settings, name, on_test = record.settings, record.folder.name, spec.part == "test"
    entries, warnings = (_chosen(record), []) if on_test else _all(record)
    named_by = spec.labels or _short((on_test and settings.get("rows")) or settings.get("axes") or [])
    selection = Found(tuple(named_by.values()) or ("",), [], warnings)
    for entry in entries:
        present = [by_name[folder] for folder in entry.folders if folder in by_name]
        if lost := [folder for folder in entry.folders if folder not in by_name]:
            selection.warnings.append(
                f"sweep {name}: {', '.join(lost)} cannot be read or is gone; its seed is missing from the table."
            )
        stub = tuple(Name(heading, _text(entry, present, option)) for option, heading in named_by.items())
        if not label_of(stub):
            stub = (Name(selection.headings[0], name), *stub[1:])
        runs = by_dataset(label_of(stub), present, selection.warnings)
        rest = [f"{key}={value}" for key, value in entry.options.items() if key not in (*named_by, *NO_LABELS)]
        budget = {} if entry.budget is None else dict.fromkeys(runs, entry.budget)
        _add(selection, Group(stub, runs, budget, " ".join(rest) if on_test else ""))
    if on_test:
        selection.notes.append(
            f"Of every row of sweep {name}, what was best on validation, looked at on test afterwards."
        )
    else:
        selection.notes.append(
            f"All {len(entries)} configurations of sweep {name}, on the part that chooses among them."
        )
    return selection


def _text(entry: _Entry, runs: Sequence[Run], option: str) -> str:
    """Return an option's text for a label: as the sweep was told, or as the run took it by default."""
    return entry.options.get(option) or (shown_option(runs[0], option) if runs else "")


def _add(selection: Found, group: Group) -> None:
    """Add a row, or the datasets of one that is there already.

    Raises:
        ValueError: two configurations of one dataset have the same label.
    """
    for index, existing in enumerate(selection.groups):
        if existing.stub == group.stub:
            for dataset in existing.runs.keys() & group.runs.keys():
                of_one_cell(group.label, dataset, [*existing.runs[dataset], *group.runs[dataset]], selection.warnings)
            chosen = "; ".join(dict.fromkeys(filter(None, (existing.chosen, group.chosen))))
            both = {**existing.runs, **group.runs}
            selection.groups[index] = Group(group.stub, both, {**existing.budget, **group.budget}, chosen)
            return
    selection.groups.append(group)


def _chosen(record: SweepRecord) -> list[_Entry]:
    """Return what validation chose for every row.

    Raises:
        ValueError: nothing was chosen yet, or the record of it is damaged.
    """
    path, name = record.folder / "final.json", record.folder.name
    command = f"ragx final sweep={name}"
    check(
        path.is_file(),
        f"sweep={name}: its test part was not opened yet. Run {command} first, or show part=validation.",
    )
    try:
        rows = read_json(path)["rows"]
        entries = [_Entry(_pairs(row["options"]), _names(row["folders"]), int(row["budget"])) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: damaged ({type(error).__name__}: {error}); run {command} again.") from None
    check(bool(entries), f"{path}: it has no rows; run {command} again.")
    return entries


def _all(record: SweepRecord) -> tuple[list[_Entry], list[str]]:
    """Return every configuration of a sweep, and a warning of what is not done."""
    folders: dict[tuple[str, ...], list[str]] = {}
    states: Counter[str] = Counter()
    for cell in record.cells():
        of_configuration = folders.setdefault(cell.planned.configuration, [])
        if cell.state == "done" and cell.folder is not None:
            of_configuration.append(cell.folder.name)
        else:
            states[cell.state] += 1
    unfinished = ", ".join(f"{count} {state}" for state, count in states.items())
    warnings = [f"sweep {record.folder.name}: runs that are not in the table: {unfinished}."] if unfinished else []
    return [_Entry(_pairs(options), names, None) for options, names in folders.items()], warnings


def _pairs(overrides: Sequence[Any]) -> dict[str, str]:
    pairs = (str(override).lstrip("+~").partition("=") for override in overrides)
    return {name: value.strip("'\"") for name, _, value in pairs if not name.startswith("sweep.")}


def _names(folders: Sequence[Any]) -> list[str]:
    return [Path(str(folder)).name for folder in folders]


def _short(options: Sequence[Any]) -> dict[str, str]:
    """Return options with the last part of their names as headings, or the whole name where two would be alike."""
    names = [name for name in (str(option).lstrip("+~") for option in options) if name not in NO_LABELS]
    leaves = Counter(name.rpartition(".")[2] for name in names)
    return {name: leaf if leaves[leaf := name.rpartition(".")[2]] == 1 else name for name in names}
