"""Columns out of files: CSV, TSV, Parquet and JSON lines, plain or compressed, with lines in every message."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.source import Source, first_line, lossy_lines

SEPARATORS = (",", ";", "\t", "|")
NOT_UTF8 = "expected UTF-8 text, got other bytes. Save the file as UTF-8."
READ_ERRORS = (pl.exceptions.PolarsError, OSError, UnicodeDecodeError)


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
        ValueError: the file is missing, empty, not UTF-8 or does not parse, or a column is not in it.
    """
    _check_file(path)
    check(len(separator) == 1, f"separator: expected one character, got {separator!r}.")
    try:
        header = pl.read_csv(path, n_rows=0, infer_schema=False, separator=separator, quote_char=quote).columns
    except READ_ERRORS as error:
        raise ValueError(_csv_fault(path, separator, quote, error)) from None
    check("\ufffd" not in "".join(header), f"{path}, line 1: {NOT_UTF8}")
    _check_columns(path, wanted, header)
    try:
        table = pl.read_csv(
            path, columns=list(dict.fromkeys(wanted)), infer_schema=False, separator=separator, quote_char=quote
        )
    except READ_ERRORS as error:
        raise ValueError(_csv_fault(path, separator, quote, error)) from None
    while table.height and all(cell is None for cell in table.row(-1)):
        table = table.head(-1)  # blank lines at the end
    check(table.height > 0, f"{path}: expected rows below the header, got none.")
    return table, Source(str(path), lambda row: _csv_line(path, separator, quote, row))


def read_parquet(path: Path, wanted: Sequence[str]) -> tuple[pl.DataFrame, Source]:
    """Return columns of a Parquet file with their own types.

    Raises:
        ValueError: the file is missing, empty or no Parquet, or a column is not in it.
    """
    _check_file(path)
    try:
        _check_columns(path, wanted, list(pl.read_parquet_schema(path)))
        table = pl.read_parquet(path, columns=list(dict.fromkeys(wanted)))
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
        table = pl.read_ndjson(path, schema=dict.fromkeys(wanted, pl.String))
    except READ_ERRORS as error:
        raise ValueError(_json_fault(path, error)) from None
    check(table.height > 0, f"{path}: expected lines with JSON objects, got none.")
    absent = [name for name in wanted if table[name].null_count() == table.height]
    if absent:
        fault, known = _json_fields(path)
        check(not fault, fault)
        _check_columns(path, absent, known)
    return table, Source(str(path), lambda row: _json_line(path, row))


def _check_file(path: Path) -> None:
    check(path.is_file(), f"{path}: expected a file, found none.")
    check(path.stat().st_size > 0, f"{path}: expected a table, got an empty file.")


def _check_columns(path: Path, wanted: Sequence[str], header: Sequence[str]) -> None:
    for name in wanted:
        hint = did_you_mean(name, header)
        if len(header) == 1:
            parted = [mark for mark in SEPARATORS if mark in header[0]]
            hint += f" Its header holds {parted[0]!r}: set the separator to that." if parted else ""
        check(name in header, f"{path}, line 1: no column {name!r}; it has {', '.join(header)}.{hint}")


def _csv_rows(path: Path, separator: str, quote: str | None) -> Iterator[tuple[int, list[str]]]:
    """Give the line on which each record begins, and its cells: slow, and only for messages."""
    lines = lossy_lines(path).fill_null("")
    reader = csv.reader(
        (f"{line}\n" for line in lines),
        delimiter=separator,
        quotechar=quote,
        quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
    )
    begin = 1
    for cells in reader:
        yield begin, cells
        begin = reader.line_num + 1


def _csv_line(path: Path, separator: str, quote: str | None, row: int) -> int:
    try:
        return next(line for place, (line, _) in enumerate(_csv_rows(path, separator, quote)) if place == row + 1)
    except (StopIteration, csv.Error, *READ_ERRORS):
        return row + 2


def _csv_fault(path: Path, separator: str, quote: str | None, error: Exception) -> str:
    """Return where a table of text is at fault, found by reading it again line by line."""
    if isinstance(error, pl.exceptions.NoDataError):
        return f"{path}: expected a table with a header line, got an empty file."
    try:
        spoilt = lossy_lines(path).fill_null("").str.contains("\ufffd")
        if "utf" in str(error).lower() and spoilt.any():
            line = int(spoilt.arg_max() or 0) + 1
            return f"{path}, line {line}: {NOT_UTF8}"
        width = 0
        for line, cells in _csv_rows(path, separator, quote):
            width = width or len(cells)
            if len(cells) > width:
                return f"{path}, line {line}: expected {width} cells as in the header, got {len(cells)}."
            if len(cells) < width and "\n" in cells[-1]:
                return f"{path}, line {line}: a quote is opened and not closed."
    except (csv.Error, *READ_ERRORS):
        pass
    return f"{path}: expected a table of text with a header line; {first_line(error)}."


def _json_records(path: Path) -> Iterator[tuple[int, str]]:
    lines = lossy_lines(path).fill_null("")
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _json_line(path: Path, row: int) -> int:
    try:
        return next(line for place, (line, _) in enumerate(_json_records(path)) if place == row)
    except (StopIteration, *READ_ERRORS):
        return row + 1


def _json_fault(path: Path, error: Exception) -> str:
    try:
        fault, _ = _json_fields(path)
    except READ_ERRORS:
        fault = ""
    return fault or f"{path}: expected one JSON object a line; {first_line(error)}."


def _json_fields(path: Path) -> tuple[str, list[str]]:
    """Return what is wrong with the first bad line, if one is, and the names of all fields."""
    fields: dict[str, None] = {}
    for number, line in _json_records(path):
        if "\ufffd" in line:
            return f"{path}, line {number}: {NOT_UTF8}", []
        try:
            record = json.loads(line)
        except ValueError as error:
            return f"{path}, line {number}: expected a JSON object; {first_line(error)}.", []
        if not isinstance(record, dict):
            return f"{path}, line {number}: expected a JSON object, got {line[:40]!r}.", []
        fields |= dict.fromkeys(record)
    return "", list(fields)
