"""Datasets of tables that are in memory already."""

from typing import Any

import polars as pl

from ragx.checks import check
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.files.columns import Columns, check_columns, check_present
from ragx.data.readers.events import build_dataset
from ragx.data.readers.table import renamed
from ragx.data.source import Source


def frame_dataset(events: Any, columns: Columns, *, name: str = "frame", rules: EventRules | None = None) -> Dataset:
    """Return the dataset of a table of events in memory, read as a file of the same cells would be.

    Args:
        events: a ``polars.DataFrame`` or a ``pandas.DataFrame``.
        columns: ragx's name (user, item, time, value, kind, part) → the table's own.
        name: short name of the dataset.
        rules: how times, values, empty ids and duplicates are read, and filters.

    Raises:
        ValueError: it is no table, a column is not there, or a cell is at fault; the message names the row.
    """
    chosen = check_columns(columns)
    frame = events if isinstance(events, pl.DataFrame) else _from_pandas(events, list(chosen.values()))
    check_present(chosen, frame.columns, "DataFrame")
    check(frame.height > 0, "DataFrame: expected rows, got none.")
    return build_dataset(name, renamed(frame, chosen), Source("DataFrame").naming(chosen), rules=rules)


def _from_pandas(events: Any, columns: list[str]) -> pl.DataFrame:
    """Return the named columns of a pandas table; missing cells are empty. It takes no pyarrow, as polars' own does."""
    check(
        type(events).__module__.partition(".")[0] == "pandas" and hasattr(events, "columns"),
        f"events: expected a polars or a pandas DataFrame, got {type(events).__name__}.",
    )
    names = list(events.columns)
    for name in columns:
        check(names.count(name) < 2, f"DataFrame: expected one column {name!r}, got several: rename all but one.")
    chosen = [name for name in names if name in columns]
    check_present(dict(zip(columns, columns, strict=True)), map(str, names), "DataFrame")
    return pl.DataFrame({name: _column(events[name]) for name in chosen})


def _column(cells: Any) -> pl.Series:
    if str(getattr(cells.dtype, "tz", None)) != "None":
        cells = cells.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    if getattr(cells.dtype, "kind", "O") in "iufbM" and hasattr(cells.dtype, "itemsize"):
        series = pl.Series(cells.to_numpy(), nan_to_null=True)
        whole = cells.dtype.kind == "f" and bool((series.drop_nulls() % 1 == 0).all()) and series.has_nulls()
        return series.cast(pl.Int64) if whole else series  # pandas makes numbers real where a cell is missing
    return pl.Series(
        [None if missing else cell for cell, missing in zip(cells, cells.isna(), strict=True)], strict=False
    )
