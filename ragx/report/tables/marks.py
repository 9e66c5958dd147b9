"""Whether rows differ from the baseline over users and seeds, corrected by Holm over the whole table."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ragx.evaluation.comparison import Comparison, notes_on_tests
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.per_user_table import KEYS
from ragx.evaluation.significance import compare, corrected
from ragx.evaluation.units import plural
from ragx.metrics.direction import Recorded, about
from ragx.metrics.known import KNOWN, Metric
from ragx.report.tables.cells import Cell, Column, TableRow
from ragx.report.tables.checks import conventions_of, rules_of, split_of, unit_of
from ragx.report.tables.conditions import Run
from ragx.runs.task import MODEL, per_unit_column

LEVELS = ((0.01, 2), (0.05, 1))
"""Levels of significance, each with the number of signs."""

CLOSE = 1e-9
"""How far the mean of a file of units may lie from the stored value, through the order of a sum."""


def mark_of(cell: Cell) -> str:
    """Return ``*`` (p < .05) or ``**`` (p < .01) for better than the baseline, ``↓`` or ``↓↓`` for worse."""
    if cell.p_value is None or cell.gain is None:
        return ""
    signs = next((count for level, count in LEVELS if cell.p_value < level), 0)
    return ("*" if cell.gain > 0 else "↓") * signs


class Tested(NamedTuple):
    """What was said while the cells were tested: what could not be, and what a reader must know of what was."""

    warnings: list[str]
    notes: list[str]


def add_p_values(
    rows: Sequence[TableRow], baseline: TableRow, columns: Sequence[Column], part: str, known: Recorded = KNOWN
) -> Tested:
    """Give the cells of a table their p-values, corrected by Holm over all of them.

    Args:
        rows: all measured rows, the baseline among them.
        baseline: what they are held against.
        columns: the columns.
        part: the part whose files of units are read.
        known: what is known of metrics of one's own.
    """
    comparisons: dict[tuple[str, Column], Comparison] = {}
    warnings: list[str] = []
    for column in columns:
        metric = about(column.metric, known)
        if metric.is_mean_over_units and column in baseline.cells:
            comparisons |= _compared(rows, baseline, column, part, metric, warnings)
    for (label, column), comparison in corrected(comparisons).items():
        row = next(candidate for candidate in rows if candidate.label == label)
        row.cells[column] = replace(row.cells[column], p_value=comparison.p_adjusted)
    labelled = [(label, comparison) for (label, _), comparison in comparisons.items()]
    return Tested(warnings, notes_on_tests(labelled) if labelled else [])


def _compared(
    rows: Sequence[TableRow], baseline: TableRow, column: Column, part: str, metric: Metric, warnings: list[str]
) -> dict[tuple[str, Column], Comparison]:
    """Return the comparisons of a column's rows with the baseline, and add a warning for what cannot be compared."""
    runs: dict[str, PerUnitRun] = {}
    for row in rows:
        if column not in row.cells:
            continue
        try:
            runs[row.label] = _values(row, row.runs[column.dataset], column, part, metric)
        except (ValueError, OSError, pl.exceptions.PolarsError) as error:
            warnings.append(f"row {row.label}: not tested in {column} ({str(error).splitlines()[0]}).")
    base = runs.pop(baseline.label, None)
    if base is None:
        return {}
    try:
        return {(label, column): compare(run, base, column.metric) for label, run in runs.items()}
    except ValueError as error:
        warnings.append(f"{column}: nothing was tested ({error}).")
        return {}


def _values(row: TableRow, runs: Sequence[Run], column: Column, part: str, metric: Metric) -> PerUnitRun:
    """Return the values of units under a row.

    Raises:
        ValueError: a file is missing, cut off, without the metric, or not what the stored value is the mean of.
    """
    tables: dict[int, pl.DataFrame] = {}
    unit = unit_of(runs[0])
    for index, run in enumerate(runs):
        file, value = _file_and_value(row, run, column, part)
        if file is None:
            raise ValueError(f"{run['folder']} has no per-{unit} values")
        present = [name for name in pl.read_parquet_schema(file) if name in (*KEYS, column.metric)]
        if column.metric not in present:
            raise ValueError(f"{file} lacks {column.metric}")
        if "id" not in present:
            raise ValueError(f"{file} has no outside ids, by which alone {plural(unit)} of two files are paired")
        table = pl.read_parquet(file, columns=present)
        mean = float(np.mean(table[column.metric].to_numpy()))
        if not math.isclose(mean, value, rel_tol=0, abs_tol=CLOSE):
            raise ValueError(f"{file} has the mean {mean:.6f}, the stored value is {value:.6f}")
        tables[index if run["seed"] is None else int(run["seed"])] = table
    conventions = conventions_of(runs[0])
    if conventions is None and runs[0]["rules"] is not None:
        raise ValueError(f"its conventions {rules_of(runs[0])[0]} are unknown here")
    per_unit = PerUnitRun(tables, conventions, split_of(runs[0], part), known={metric.name: metric}, unit=unit)
    closed = row.side != MODEL or all(run.get("epochs") == 0 for run in runs)
    return per_unit.without_draws() if closed else per_unit


def _file_and_value(row: TableRow, run: Run, column: Column, part: str) -> tuple[Any, float]:
    side = "" if row.side == MODEL else f"{row.side}/"
    return run.get(per_unit_column(row.side, part)), float(run[f"{side}{part}/{column.metric}"])
