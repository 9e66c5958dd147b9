"""Columns out of files: CSV, TSV, Parquet and JSON lines, plain or compressed, with lines in every message."""

import glob
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.csv_faults import NOT_UTF8, CsvForm, csv_fault, csv_line
from ragx.data.json_faults import json_fault, json_fields, json_line
from ragx.data.root import is_file
from ragx.data.source import READ_ERRORS, Source, first_line, listed

SEPARATORS = (",", ";", "\t", "|")
ARCHIVE = "PK\x03\x04"  # how ZIP archives and office files begin


def read_columns(path: Path, wanted: Sequence[str], separator: str = ",") -> tuple[pl.DataFrame, Source]:
    """Return the wanted columns of a table, its form told by the file's name (``.csv.gz``, ``.parquet``, …).

    Args:
        path: the file.
        wanted: names of its columns.
        separator: what parts the cells of a text table; a ``.tsv`` has tabs.

    Raises:
        ValueError: as the reader of that form.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix not in (".gz", ".zst")]
    form = suffixes[-1].lower() if suffixes else ".csv"
    if form in (".parquet", ".pq"):
        return read_parquet(path, wanted)
    if form in (".jsonl", ".ndjson"):
        return read_json_lines(path, wanted)
    return read_csv(path, wanted, separator="\t" if form == ".tsv" else separator)


def read_csv(
    path: Path, wanted: Sequence[str], *, separator: str = ",", quote: str | None = '"'
) -> tuple[pl.DataFrame, Source]:
    """Return columns of a table of text with a header line (plain, ``.gz`` or ``.zst``), every cell as text.

    Raises:
        ValueError: the file is missing, empty, not UTF-8 or does not parse, or a column is not in it or stands twice.
    """
    header = csv_header(path, separator, quote)
    form = CsvForm(path, separator, quote)
    _check_columns(wanted, header, lambda: f"{path}, line {csv_line(form, -1)}")
    try:
        table = pl.read_csv(
            path,
            glob=False,
            columns=list(dict.fromkeys(wanted)),
            infer_schema=False,
            separator=separator,
            quote_char=quote,
        )
    except READ_ERRORS as error:
        raise ValueError(csv_fault(form, error)) from None
    while table.height and all(cell is None for cell in table.row(-1)):
        table = table.head(-1)  # blank lines at the end
    check(table.height > 0, f"{path}: expected rows below the header, got none.")
    return table, Source(str(path), lambda row: csv_line(form, row))


def csv_header(path: Path, separator: str = ",", quote: str | None = '"') -> list[str]:
    """Return the names in the header line of a table of text; a name that stands twice comes with a suffix.

    Raises:
        ValueError: the file is missing, empty, not UTF-8 or does not parse.
    """
    _check_file(path)
    check(
        len(separator) == 1 and separator.isascii() and separator not in '"\r\n',
        f"separator: expected one ASCII character, no quote and no line break, got {separator!r}.",
    )
    try:
        header = pl.read_csv(
            path, glob=False, n_rows=0, infer_schema=False, separator=separator, quote_char=quote
        ).columns
    except READ_ERRORS as error:
        raise ValueError(csv_fault(CsvForm(path, separator, quote), error)) from None
    whole = "".join(header)
    check(
        not whole.startswith(ARCHIVE),
        f"{path}: expected a table of text, got a ZIP archive or a spreadsheet: unpack it or save it as CSV.",
    )
    check("\ufffd" not in whole and "\0" not in whole, f"{path}, line 1: {NOT_UTF8}")
    check(
        "\r" not in whole,
        f"{path}, line 1: expected lines that end in a line feed, got carriage returns: save it with other line ends.",
    )
    return header


def read_parquet(path: Path, wanted: Sequence[str]) -> tuple[pl.DataFrame, Source]:
    """Return columns of a Parquet file with their own types.

    Raises:
        ValueError: the file is missing, empty or no Parquet, or a column is not in it.
    """
    _check_file(path)
    try:
        _check_columns(wanted, pl.read_parquet(path, glob=False, n_rows=0).columns, lambda: str(path))
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
    _check_file(path)
    try:
        table = pl.read_ndjson(glob.escape(str(path)), schema=dict.fromkeys(wanted, pl.String))
    except READ_ERRORS as error:
        raise ValueError(json_fault(path, error)) from None
    check(table.height > 0, f"{path}: expected lines with JSON objects, got none.")
    absent = [name for name in wanted if table[name].null_count() == table.height]
    if absent:
        fault, known = json_fields(path)
        check(not fault, fault)
        _check_columns(absent, known, lambda: str(path))
    return table, Source(str(path), lambda row: json_line(path, row))


def _check_file(path: Path) -> None:
    check(is_file(path), f"{path}: expected a file, found none.")
    check(path.stat().st_size > 0, f"{path}: expected a table, got an empty file.")


def _check_columns(wanted: Sequence[str], header: Sequence[str], place: Callable[[], str]) -> None:
    """Raise unless every wanted column is in the header, once."""
    for name in wanted:
        if name not in header:
            hint = did_you_mean(name, header)
            if len(header) == 1:
                parted = [mark for mark in SEPARATORS if mark in header[0]]
                hint += f" Its header holds {parted[0]!r}: set the separator to that." if parted else ""
            raise ValueError(f"{place()}: no column {name!r}; it has {listed(header)}.{hint}")
        check(
            f"{name}_duplicated_0" not in header,
            f"{place()}: expected one column {name!r}, got several: rename all but one.",
        )
