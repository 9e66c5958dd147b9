"""Columns of a table of text, every cell as text."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from ragx.checks import check
from ragx.data.catalogue.root import check_file
from ragx.data.files.columns import check_in_header
from ragx.data.files.csv_faults import NOT_UTF8, check_quotes, csv_fault, csv_line
from ragx.data.files.csv_form import CsvForm
from ragx.data.source import READ_ERRORS, Source

ARCHIVE = "PK\x03\x04"  # how ZIP archives and office files begin


def read_csv(form: CsvForm, wanted: Sequence[str]) -> tuple[pl.DataFrame, Source]:
    """Return columns of a table of text, plain, ``.gz`` or ``.zst``: as many rows as the file has, whatever is wanted.

    Args:
        form: the file and how it is written.
        wanted: names of its columns; without a header line their numbers, from ``"1"``.

    Raises:
        ValueError: the file is missing, empty, not UTF-8 or does not parse, or a column is not in it or stands twice.
    """
    header = csv_header(form)
    check_in_header(wanted, header, lambda: f"{form.path}, line {csv_line(form, -int(form.header))}", form)
    check_quotes(form)
    try:
        table = _parsed(form, new_columns=header)  # of all columns, since of some a row too long is not seen
    except READ_ERRORS as error:
        raise ValueError(csv_fault(form, error)) from None
    while table.height and all(cell is None for cell in table.row(-1)):
        table = table.head(-1)  # blank lines at the end
    table = table.select(list(dict.fromkeys(wanted)))
    rows = "rows below the header" if form.header else "rows"
    check(table.height > 0, f"{form.path}: expected {rows}, got none.")
    if not form.is_plain:
        table = table.select(pl.all().str.replace_all(form.delimiter, form.separator, literal=True))
    return table, Source(str(form.path), lambda row: csv_line(form, row))


def csv_header(form: CsvForm) -> list[str]:
    """Return the names in the header line, of which one that stands twice comes with a suffix, or else the numbers.

    Raises:
        ValueError: the file is missing, empty, not UTF-8 or does not parse.
    """
    path = form.path
    check_file(path)
    try:
        first = _parsed(form, n_rows=0 if form.header else 1)
    except READ_ERRORS as error:
        raise ValueError(csv_fault(form, error)) from None
    cells = first.columns if form.header else [cell or "" for row in first.rows() for cell in row]
    whole = "".join(cells)
    check(
        not whole.startswith(ARCHIVE),
        f"{path}: expected a table of text, got a ZIP archive or a spreadsheet: unpack it or save it as CSV.",
    )
    check("\ufffd" not in whole and "\0" not in whole, f"{path}, line 1: {NOT_UTF8}")
    check(
        "\r" not in whole,
        f"{path}, line 1: expected lines that end in a line feed, got carriage returns: save it with other line ends.",
    )
    return first.columns if form.header else [str(number) for number in range(1, first.width + 1)]


def _parsed(form: CsvForm, **options: Any) -> pl.DataFrame:
    return pl.read_csv(
        form.content(),
        glob=False,
        has_header=form.header,
        infer_schema=False,
        separator=form.delimiter,
        quote_char=form.quote,
        **options,
    )
