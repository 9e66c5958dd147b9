"""Where a file of JSON lines is at fault, found by reading it again line by line: slow, and only for messages."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from ragx.checks import check
from ragx.data.files.csv_faults import NOT_UTF8
from ragx.data.ids.identifiers import as_ids
from ragx.data.source import READ_ERRORS, Source, first_line, lossy_lines, read_bytes, shortened

MARK = b"\xef\xbb\xbf"
AT_ONCE = 1000
ODD = r"^(?s:true|false|[\[{].*|-?[0-9]{16,}|-?[0-9]*\.[0-9].*|-?[0-9.]+[eE][+-]?[0-9]+)$"
"""How the text of what is no id looks, and that of some ids."""
ESCAPED_NAME = r'"[^"\\]*\\.(?:[^"\\]|\\.)*"\s*:'
"""A name of a field that is written with a backslash."""


def json_line(path: Path, row: int) -> int:
    """Return the line on which a record stands, from 1."""
    try:
        return next(line for index, (line, _) in enumerate(_records(path)) if index == row)
    except (StopIteration, *READ_ERRORS):
        return row + 1


def json_fault(path: Path, error: Exception) -> str:
    """Return a message that says where a file of JSON lines, which was refused with an error, is at fault."""
    try:
        if read_bytes(path).startswith(MARK):
            return f"{path}, line 1: expected UTF-8 without a byte order mark: save the file without one."
        fault, _ = json_fields(path)
        fault = fault or _unread(path)
    except (ValueError, *READ_ERRORS):
        fault = ""
    return fault or f"{path}: expected one JSON object a line; {first_line(error)}."


def check_json_ids(path: Path, table: pl.DataFrame, columns: Mapping[str, str]) -> None:
    """Raise unless ids, of which a reader gives the text alone, are text or whole numbers in the file too.

    Args:
        path: the file.
        table: what was read of it, as text.
        columns: ``"user"`` and ``"item"`` → the name of the field.

    Raises:
        ValueError: one is a fraction, a truth value, a list, an object, or a number that is not exact.
    """
    odd = table.select(pl.any_horizontal(pl.col(name).str.contains(ODD) for name in columns.values())).to_series()
    rows = set(odd.arg_true())
    for row, (line, text) in enumerate(_records(path)) if rows else ():
        record = json_value(text) if row in rows else {}
        for side, name in columns.items():
            if isinstance(value := record.get(name), float | bool | list | dict):
                as_ids(pl.Series(name, [value], dtype=pl.Object), side, _at(path, line).naming({side: name}))


def check_json_names(path: Path, names: Sequence[str]) -> None:
    """Raise where an object names a wanted field twice, of which a reader would take one without a word.

    Args:
        path: the file.
        names: the wanted fields.

    Raises:
        ValueError: one does; the message names the line.
    """
    lines = lossy_lines(path).fill_null("")
    several = lines.str.contains(ESCAPED_NAME)  # an escape may stand for any letter of a wanted name
    for name in names:
        several |= lines.str.count_matches(json.dumps(name, ensure_ascii=False), literal=True) > 1
    for row in several.arg_true().to_list():
        for field in _twice(lines[row], names):
            raise ValueError(f"{path}, line {row + 1}: expected field {field!r} once, got it again: leave one of them.")


def _twice(line: str, names: Sequence[str]) -> list[str]:
    """Return the wanted names that the object of a line, not one within it, has more than once."""
    last: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        last[:] = pairs  # the outermost object comes last
        return dict(pairs)

    try:
        json.loads(line, object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return []  # what does not parse is reported elsewhere
    keys = [key for key, _ in last]
    return [name for name in names if keys.count(name) > 1]


def json_fields(path: Path) -> tuple[str, list[str]]:
    """Return what is wrong with the first bad line, if one is, and the names of all fields."""
    fields: dict[str, None] = {}
    for number, line in _records(path):
        if "\ufffd" in line:
            return f"{path}, line {number}: {NOT_UTF8}", []
        try:
            record = json_value(line)
        except ValueError as error:
            fault = (
                f"{error.msg} at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
            )
            return f"{path}, line {number}: expected a JSON object; {fault}.", []
        if not isinstance(record, dict):
            return f"{path}, line {number}: expected a JSON object, got {shortened(line)}.", []
        fields |= dict.fromkeys(record)
    return "", list(fields)


def json_value(text: str | bytes, of_pairs: Callable[[list[tuple[str, Any]]], Any] = dict) -> Any:
    """Return what a JSON text says.

    Args:
        text: the text.
        of_pairs: makes the value of an object out of its names and their values.

    Raises:
        ValueError: it is no JSON, holds NaN or an infinite number, or is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=of_pairs)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of names and their values.

    Raises:
        ValueError: a name is there twice.
    """
    values: dict[str, Any] = {}
    for name, value in pairs:
        check(name not in values, f"{name!r} is there twice: leave one of them")
        values[name] = value
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not in JSON: write null")


def _at(path: Path, line: int) -> Source:
    return Source(str(path), lambda row: line)


def _records(path: Path) -> Iterator[tuple[int, str]]:
    lines = lossy_lines(path).fill_null("")
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _unread(path: Path) -> str:
    """Return where the reader stops at a line that the standard library takes, such as one with a lone surrogate."""
    records = list(_records(path))
    for begin in range(0, len(records), AT_ONCE):
        block = records[begin : begin + AT_ONCE]
        if _stops_at([line for _, line in block]):
            for number, line in block:
                if fault := _stops_at([line]):
                    return f"{path}, line {number}: expected a JSON object; {fault}."
    return ""


def _stops_at(lines: list[str]) -> str:
    try:
        pl.read_ndjson("\n".join(lines).encode())
    except READ_ERRORS as error:
        return first_line(error)
    return ""
