"""Readers of tables of events, with a mapping from the file's columns to ragx's."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.data.catalogue.root import locate
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset, fitting_name
from ragx.data.files.columns import Columns, check_columns
from ragx.data.files.csv_file import read_csv
from ragx.data.files.csv_form import CsvForm
from ragx.data.files.formats import read_columns, read_json_lines, read_parquet
from ragx.data.files.json_faults import check_json_ids
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.events import build_dataset
from ragx.data.source import Source


def read_table(path: str | Path, columns: Columns, separator: str = ",") -> pl.DataFrame:
    """Return the raw events of a file, whose form its name implies, under ragx's column names.

    Args:
        path: CSV, TSV, Parquet or JSON lines.
        columns: ragx's name (user, item, time, value, kind, part) → the file's name, or None where it has none.
        separator: what parts the cells of a CSV file.

    Raises:
        ValueError: the file is missing or does not parse, or a column is not there; the nearest name is given.
    """
    chosen = check_columns(columns)
    return renamed(read_columns(Path(path), list(chosen.values()), separator)[0], chosen)


def table_file(
    *,
    path: str,
    columns: Columns,
    separator: str = ",",
    quote: str | None = '"',
    header: bool = True,
    name: str | None = None,
    rules: EventRules | None = None,
    users: AttributeTable | None = None,
    items: AttributeTable | None = None,
    root: str | None = None,
) -> Dataset:
    r"""Return a dataset of one table of text: CSV, TSV with ``separator="\t"``, or of any other separator.

    Args:
        path: the file, plain, ``.gz`` or ``.zst``, absolute or below the current or a data folder.
        columns: ragx's name (user, item, time, value, kind, part) → the file's name, or None where it has none; without
            a header line, the number of the column, from 1.
        separator: what parts the cells, one character or several such as ``::``.
        quote: what stands around cells that hold the separator or a line break; None where quotes are letters like
            others.
        header: whether the first line names the columns.
        name: short name of the dataset; by default that of the file.
        rules: how times, values, empty ids and duplicates are read, and filters.
        users: attributes of users.
        items: attributes of items.
        root: folder to look in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: a file, a line or the mapping is at fault; the message says where and what to do.
    """
    chosen = check_columns(columns)
    file = locate(path, root)
    raw, source = read_csv(CsvForm(file, separator, quote, header), list(chosen.values()))
    return assemble(named(name, file), raw, source, chosen, rules, users, items, root)


def parquet_file(
    *,
    path: str,
    columns: Columns,
    name: str | None = None,
    rules: EventRules | None = None,
    users: AttributeTable | None = None,
    items: AttributeTable | None = None,
    root: str | None = None,
) -> Dataset:
    """Return a dataset of one Parquet file; arguments as :func:`table_file`."""
    chosen = check_columns(columns)
    file = locate(path, root)
    raw, source = read_parquet(file, list(chosen.values()))
    return assemble(named(name, file), raw, source, chosen, rules, users, items, root)


def json_lines_file(
    *,
    path: str,
    columns: Columns,
    name: str | None = None,
    rules: EventRules | None = None,
    users: AttributeTable | None = None,
    items: AttributeTable | None = None,
    root: str | None = None,
) -> Dataset:
    """Return a dataset of one file of JSON objects, one a line; arguments as :func:`table_file`."""
    chosen = check_columns(columns)
    file = locate(path, root)
    raw, source = read_json_lines(file, list(chosen.values()))
    check_json_ids(file, raw, {side: chosen[side] for side in ("user", "item")})
    return assemble(named(name, file), raw, source, chosen, rules, users, items, root)


def assemble(
    name: str,
    raw: pl.DataFrame,
    source: Source,
    chosen: Mapping[str, str],
    rules: EventRules | None,
    users: AttributeTable | None,
    items: AttributeTable | None,
    root: str | None = None,
) -> Dataset:
    """Return the dataset of raw events and the attribute tables that are given.

    Args:
        name: short name of the dataset.
        raw: the events under their own names of columns.
        source: where they came from.
        chosen: ragx's name → the events' own.
        rules: how they become clean.
        users: attributes of users.
        items: attributes of items.
        root: folder to look for files in.

    Raises:
        ValueError: a part is no such part, or the data is at fault.
    """
    given = {side: table for side, table in (("user", users), ("item", items)) if table is not None}
    for side, table in given.items():
        check(
            isinstance(table, AttributeTable),
            f"dataset.{side}s: expected ragx.data.AttributeTable, got {type(table).__name__}: set "
            f"dataset.{side}s._target_ to that.",
        )
    return build_dataset(
        name,
        renamed(raw, chosen),
        source.naming(chosen),
        rules=rules,
        tables={f"{side}s": table.read(side, root) for side, table in given.items()},
        include_new=tuple(side for side, table in given.items() if table.include_new),
    )


def named(name: str | None, file: Path) -> str:
    """Return a given name, or else one made of the name of a file without its endings."""
    return fitting_name(file.name.split(".")[0] or file.name) if name is None else name


def renamed(raw: pl.DataFrame, chosen: Mapping[str, str]) -> pl.DataFrame:
    """Return the chosen columns under ragx's names."""
    return raw.select(pl.col(column).alias(name) for name, column in chosen.items())
