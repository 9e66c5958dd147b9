"""Columns out of files: CSV, TSV, Parquet and JSON lines, plain or compressed, with lines in every message."""

import glob
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.data.catalogue.root import check_file
from ragx.data.files.columns import check_in_header
from ragx.data.files.csv_file import read_csv
from ragx.data.files.csv_form import CsvForm
from ragx.data.files.json_faults import check_json_names, json_fault, json_fields, json_line
from ragx.data.source import READ_ERRORS, Source, first_line


def read_columns(
    path: Path,
    wanted: Sequence[str],
    separator: str = ",",
    quote: str | None = '"',
    option: str = "dataset",
    header: bool = True,
) -> tuple[pl.DataFrame, Source]:
    """Return the wanted columns of a table, in the form that the file's name implies (``.csv.gz``, ``.parquet``, …).

    Args:
        path: the file.
        wanted: names of its columns.
        separator: what parts the cells of a text table; a ``.tsv`` has tabs.
        quote: what goes around cells of a text table, or None where quotes are letters like others.
        option: where separator and quote are set, for messages.
        header: whether the first line of a text table names the columns; else ``wanted`` are numbers, from ``"1"``.

    Raises:
        ValueError: as the reader of that form.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix not in (".gz", ".zst")]
    form = suffixes[-1].lower() if suffixes else ".csv"
    is_text = form not in (".parquet", ".pq", ".jsonl", ".ndjson")
    check(header or is_text, f"{path}: expected names of columns, as the file has, got their numbers.")
    if form in (".parquet", ".pq"):
        return read_parquet(path, wanted)
    if form in (".jsonl", ".ndjson"):
        return read_json_lines(path, wanted)
    return read_csv(CsvForm(path, "\t" if form == ".tsv" else separator, quote, header, option), wanted)


def read_parquet(path: Path, wanted: Sequence[str]) -> tuple[pl.DataFrame, Source]:
    """Return columns of a Parquet file with their own types.

    Raises:
        ValueError: the file is missing, empty or no Parquet, or a column is not in it.
    """
    check_file(path)
    try:
        check_in_header(wanted, pl.read_parquet(path, glob=False, n_rows=0).columns, lambda: str(path))
        table = pl.read_parquet(path, glob=False, columns=list(dict.fromkeys(wanted)))
    except READ_ERRORS as error:
        raise ValueError(f"{path}: expected a Parquet file; {first_line(error)}.") from None
    check(table.height > 0, f"{path}: expected rows, got none.")
    return table, Source(str(path))


def read_json_lines(path: Path, wanted: Sequence[str]) -> tuple[pl.DataFrame, Source]:
    """Return fields of a file with one JSON object a line (plain, ``.gz`` or ``.zst``), every one as text.

    Raises:
        ValueError: the file is missing or empty, a line does not parse, or a field is in none of them.
    """
    check_file(path)
    try:
        table = pl.read_ndjson(glob.escape(str(path)), schema=dict.fromkeys(wanted, pl.String))
    except READ_ERRORS as error:
        raise ValueError(json_fault(path, error)) from None
    check(table.height > 0, f"{path}: expected lines with JSON objects, got none.")
    check_json_names(path, wanted)
    absent = [name for name in wanted if table[name].null_count() == table.height]
    if absent:
        fault, known = json_fields(path)
        check(not fault, fault)
        check_in_header(absent, known, lambda: str(path))
    return table, Source(str(path), lambda row: json_line(path, row))
