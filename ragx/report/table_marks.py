"""Whether rows differ from the baseline over users and seeds, corrected by Holm over the rows of a column."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ragx.evaluation.metrics import USER_METRICS
from ragx.evaluation.per_user_run import PerUserRun
from ragx.evaluation.per_user_table import KEYS
from ragx.evaluation.significance import compare_table
from ragx.report.table_cells import Cell, Column, TableRow
from ragx.report.table_checks import conventions_of, rules_of, split_of
from ragx.report.table_conditions import Run

LEVELS = ((0.01, 2), (0.05, 1))
"""Levels of significance, each with the number of signs."""

CLOSE = 1e-9
"""How far the mean of a per-user file may lie from the stored value, through the order of a sum."""


def mark_of(cell: Cell) -> str:
    """Return ``*`` (p < .05) or ``**`` (p < .01) for better than the baseline, ``↓`` or ``↓↓`` for worse."""
    if cell.p_value is None or cell.gain is None:
        return ""
    signs = next((count for level, count in LEVELS if cell.p_value < level), 0)
    return ("*" if cell.gain > 0 else "↓") * signs


def add_p_values(rows: Sequence[TableRow], baseline: TableRow, column: Column, part: str) -> list[str]:
    """Give the cells of a column their p-values, and return a warning for what cannot be tested.

    Args:
        rows: all measured rows, the baseline among them; Holm's correction is over these.
        baseline: what they are held against.
        column: the column.
        part: the part whose per-user files are read.
    """
    if column.metric.partition("@")[0] not in USER_METRICS or column not in baseline.cells:
        return []
    found: dict[str, PerUserRun] = {}
    warnings = []
    for row in rows:
        if column not in row.cells:
            continue
        try:
            found[row.label] = _per_user(row, row.runs[column.dataset], column, part)
        except (ValueError, OSError, pl.exceptions.PolarsError) as error:
            warnings.append(f"row {row.label}: not tested in {column} ({str(error).splitlines()[0]}).")
    if baseline.label not in found or len(found) < 2:
        return warnings
    try:
        compared = compare_table(found, baseline.label, column.metric)
    except ValueError as error:
        return [*warnings, f"{column}: nothing was tested ({error})."]
    for row in rows:
        if row.label in compared:
            row.cells[column] = replace(row.cells[column], p_value=compared[row.label].p_adjusted)
    return warnings


def _per_user(row: TableRow, runs: Sequence[Run], column: Column, part: str) -> PerUserRun:
    """Return the per-user values of a row.

    Raises:
        ValueError: a file is missing, cut off, without the metric, or not what the stored value is the mean of.
    """
    tables: dict[int, pl.DataFrame] = {}
    for place, run in enumerate(runs):
        file, value = _file_and_value(row, run, column, part)
        if file is None:
            raise ValueError(f"{run['folder']} has no per-user values")
        there = [name for name in pl.read_parquet_schema(file) if name in (*KEYS, column.metric)]
        if column.metric not in there:
            raise ValueError(f"{file} lacks {column.metric}")
        if "id" not in there:
            raise ValueError(f"{file} has no outside ids, by which alone users of two files are paired")
        table = pl.read_parquet(file, columns=there)
        mean = float(np.mean(table[column.metric].to_numpy()))
        if not math.isclose(mean, value, rel_tol=0, abs_tol=CLOSE):
            raise ValueError(f"{file} has the mean {mean:.6f}, the stored value is {value:.6f}")
        tables[place if run["seed"] is None else int(run["seed"])] = table
    conventions = conventions_of(runs[0])
    if conventions is None:
        raise ValueError(f"its conventions {rules_of(runs[0])[0]} are unknown here")
    return PerUserRun(tables, conventions, split_of(runs[0], part))


def _file_and_value(row: TableRow, run: Run, column: Column, part: str) -> tuple[Any, float]:
    side = "most_popular" if row.kind == "most_popular" else ""
    file = run[f"per_user_{side}_{part}" if side else f"per_user_{part}"]
    return file, float(run[f"{side}/{part}/{column.metric}" if side else f"{part}/{column.metric}"])
