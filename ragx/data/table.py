"""Reader of tables of events, with a mapping from the file's columns to ragx's."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.root import find_file

FIELDS = ("user", "item", "value", "timestamp", "kind")


def read_table(path: str | Path, columns: Mapping[str, str]) -> pl.DataFrame:
    """Return the events of a CSV file (plain or ``.gz``) with ragx's column names.

    Args:
        path: file with a header line.
        columns: ragx's name (user, item, value, timestamp, kind) → the file's name.

    Raises:
        ValueError: the file is missing or does not parse, or a column is not there; the nearest name is given.
    """
    path = Path(path)
    check(path.is_file(), f"{path}: expected a CSV file, found none.")
    for name in columns:
        check(
            name in FIELDS, f"columns.{name}: unknown field; known are {', '.join(FIELDS)}.{did_you_mean(name, FIELDS)}"
        )
    check({"user", "item"} <= set(columns), f"columns: expected user and item at least, got {sorted(columns)}.")
    try:
        table = pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected a CSV table with a header line; {error}") from None
    for name, column in columns.items():
        check(
            column in table.columns,
            f"{path}: no column {column!r} for {name}; it has {', '.join(table.columns)}."
            + did_you_mean(column, table.columns),
        )
    return table.select(pl.col(column).alias(name) for name, column in columns.items())


def table_file(*, path: str, columns: Mapping[str, str], name: str | None = None, root: str | None = None) -> Dataset:
    """Return a dataset of one CSV file.

    Args:
        path: the file, absolute or below the current or a data folder.
        columns: ragx's name (user, item, value, timestamp in seconds, kind) → the file's name.
        name: short name of the dataset; by default that of the file.
        root: folder to look in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: as :func:`read_table`, or an id is empty.
    """
    file = Path(path) if Path(path).is_file() else find_file(path, root)
    return Dataset(name or file.name.split(".")[0], Interactions.from_events(read_table(file, columns)))
