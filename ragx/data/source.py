"""Where data came from, so that a message about it names the file and the line."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

LONGEST, MOST_NAMES = 60, 20
READ_ERRORS = (pl.exceptions.PolarsError, OSError, UnicodeDecodeError)


@dataclass(frozen=True)
class Source:
    """The name of a file or query and a way from its rows to its lines.

    Args:
        name: path of a file, or what else messages are to call it.
        line_of: number of the line, from 1, on which a row, from 0, begins; None where there are no lines.
        columns: ragx's name of a column → the file's own.
    """

    name: str
    line_of: Callable[[int], int] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def naming(self, columns: Mapping[str, str]) -> "Source":
        """Return this source with the file's own names of columns, for messages."""
        return replace(self, columns=columns)

    def column(self, name: str) -> str:
        """Return a column for a message, by the file's name and, where it is another, by ragx's."""
        own = self.columns.get(name, name)
        return f"column {own!r}" + ("" if own == name else f" ({name})")

    def location(self, row: int) -> str:
        """Return the line or row of the file for a message."""
        return f"row {row + 1}" if self.line_of is None else f"line {self.line_of(row)}"

    def at(self, row: int) -> str:
        """Return the file and the line or row in it for a message."""
        return f"{self.name}, {self.location(row)}"

    def refuse(self, bad: pl.Series, values: pl.Series, expected: str, remedy: str = "") -> None:
        """Raise at the first row where ``bad`` holds.

        Raises:
            ValueError: some row is bad; the message has its line and value, and the number of bad rows.
        """
        count = int(bad.sum())
        if count:
            row = int(bad.arg_max() or 0)
            value = values[row]
            got = "an empty cell" if value is None or value == "" else shortened(value)
            more = f" {count:,} rows are like this." if count > 1 else ""
            raise ValueError(f"{self.at(row)}: expected {expected}, got {got}.{more}{remedy and ' ' + remedy}")


def read_bytes(path: Path) -> bytes:
    """Return the content of a text file, plain, ``.gz`` or ``.zst``.

    Raises:
        ValueError: the file cannot be read or unpacked.
    """
    try:
        if path.suffix == ".zst":
            return "\n".join(pl.read_lines(path, glob=False)["line"]).encode()
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except pl.exceptions.NoDataError:
        return b""
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{path}: cannot be read or unpacked ({first_line(error)}).") from None


def lossy_lines(path: Path) -> pl.Series:
    """Return the lines of a text file of any compression, undecodable bytes replaced by U+FFFD."""
    return pl.read_csv(
        path,
        glob=False,
        has_header=False,
        separator="\x01",
        quote_char=None,
        infer_schema=False,
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
    ).to_series()


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def shortened(value: object) -> str:
    """Return a value as a message shows it: quoted, on one line, and not too long."""
    text = repr(value).replace("\n", " ")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def listed(names: Iterable[str]) -> str:
    """Return the names of columns for a message: the first few, what cannot be printed escaped."""
    every = list(names)
    shown = ["".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in name) for name in every[:MOST_NAMES]]
    more = len(every) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
