"""Where a table of text is at fault, found by reading it again line by line: slow, and only for messages."""

import csv
import re
from collections.abc import Iterator

import polars as pl

from ragx.data.files.csv_form import CsvForm
from ragx.data.source import READ_ERRORS, first_line, lossy_lines, shortened

NOT_UTF8 = "expected UTF-8 text, got other bytes. Save the file as UTF-8."


def csv_line(form: CsvForm, row: int) -> int:
    """Return the line on which a row begins, from 1; row -1 is the header."""
    index = row + form.header
    try:
        return next(line for number, (line, _) in enumerate(_records(form)) if number == index)
    except (StopIteration, csv.Error, *READ_ERRORS):
        return index + 1


def check_quotes(form: CsvForm) -> None:
    """Raise unless all quotes of a table stand around whole cells.

    Where they do not, a reader may take several rows for one, or pass over some, and which depends on the columns that
    it is asked for. Lines that are whole records are looked at together, and only the others one by one.

    Raises:
        ValueError: a quote stands elsewhere; the message names the line.
    """
    if form.quote is None:
        return
    lines = form.lines()
    quoted = lines.filter(lines.str.contains(form.quote, literal=True))
    cell, separator = _cell_pattern(form), re.escape(form.delimiter)
    if quoted.str.contains(f"^{cell}(?:{separator}{cell})*$").all():
        return
    fault = _quote_fault(form)
    if fault:
        raise ValueError(f"{form.path}, line {fault[0]}: {fault[1]}")


def csv_fault(form: CsvForm, error: Exception) -> str:
    """Return a message that says where a table of text, which was refused with an error, is at fault."""
    path = form.path
    if isinstance(error, pl.exceptions.NoDataError):
        return f"{path}: expected a table with a header line, got an empty file."
    looks = [_quote_fault, _width_fault]
    if "more fields" in str(error):
        looks.reverse()
    fault = None
    try:
        spoilt = lossy_lines(path).fill_null("").str.contains("\ufffd")
        if "utf" in str(error).lower() and spoilt.any():
            fault = int(spoilt.arg_max() or 0) + 1, NOT_UTF8
        for look in looks:
            fault = fault or look(form)
    except (csv.Error, *READ_ERRORS):
        pass
    if fault:
        return f"{path}, line {fault[0]}: {fault[1]}"
    return f"{path}: expected a table of text with a header line; {first_line(error)}."


def _records(form: CsvForm) -> Iterator[tuple[int, list[str]]]:
    """Give the line on which each record begins, and its cells; blank lines above the first are none."""
    reader = csv.reader(
        (f"{line}\n" for line in form.lines()),
        delimiter=form.delimiter,
        quotechar=form.quote,
        quoting=csv.QUOTE_NONE if form.quote is None else csv.QUOTE_MINIMAL,
    )
    begin, in_table = 1, False
    for cells in reader:
        in_table = in_table or bool(cells)
        if in_table:
            yield begin, cells
        begin = reader.line_num + 1


def _width_fault(form: CsvForm) -> tuple[int, str] | None:
    width = 0
    for line, cells in _records(form):
        width = width or len(cells)
        if len(cells) > width:
            return line, f"expected {width} cells as in the {'header' if form.header else 'first'}, got {len(cells)}."
    return None


def _quote_fault(form: CsvForm) -> tuple[int, str] | None:
    """Return the first line with a cell whose quotes do not stand around it, or are not closed."""
    if form.quote is None:
        return None
    quote, separator = re.escape(form.quote), re.escape(form.delimiter)
    opened = f"{quote}(?:[^{quote}]|{quote}{quote})*+"
    cell = re.compile(f"{_cell_pattern(form)}(?={separator}|\\Z)")
    last = re.compile(f"{opened}\\Z")
    advice = f" {form.advice}" if form.advice else ""
    record: list[str] = []
    begin, is_open = 1, False
    for number, line in enumerate(form.lines(), start=1):
        record, begin = ([*record, line], begin) if is_open else ([line], number)
        was_open, is_open = is_open, is_open ^ bool(line.count(form.quote) % 2)
        if form.quote not in line or (was_open and is_open):
            continue
        text = "\n".join(record)
        end = _end_of_cells(text, cell)
        if end < len(text) and not (is_open and last.match(text, end)):
            shown = shortened(form.as_in_file(text))
            return begin, f"expected quotes around whole cells, those within doubled, got {shown}.{advice}"
    unclosed = f"a quote is opened and not closed. Double the quotes that belong to a cell.{advice}"
    return (begin, unclosed) if is_open else None


def _cell_pattern(form: CsvForm) -> str:
    quote, separator = re.escape(form.quote or ""), re.escape(form.delimiter)
    return f"(?:{quote}(?:[^{quote}]|{quote}{quote})*{quote}|[^{quote}{separator}]*)"


def _end_of_cells(text: str, cell: re.Pattern[str]) -> int:
    """Return the position in a record after its last cell, or before the first that is not well formed."""
    end = 0
    while match := cell.match(text, end):
        if match.end() == len(text):
            return match.end()
        end = match.end() + 1
    return end
