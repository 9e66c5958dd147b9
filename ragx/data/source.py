"""Where data came from, so that a message about it names the file and the line."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Source:
    """The name of a file or query and a way from its rows to its lines.

    Args:
        name: path of a file, or what else messages are to call it.
        line_of: number of the line, from 1, on which a row, from 0, begins; None where there are no lines.
    """

    name: str
    line_of: Callable[[int], int] | None = None

    def at(self, row: int) -> str:
        """Return the place of a row for a message."""
        return f"{self.name}, row {row + 1}" if self.line_of is None else f"{self.name}, line {self.line_of(row)}"

    def refuse(self, bad: pl.Series, values: pl.Series, expected: str, remedy: str = "") -> None:
        """Raise at the first row where ``bad`` holds.

        Raises:
            ValueError: some row is bad; the message has its place and value, and the number of bad rows.
        """
        count = int(bad.sum())
        if count:
            row = int(bad.arg_max() or 0)
            value = values[row]
            got = "an empty cell" if value is None or value == "" else repr(value)
            more = f" {count:,} rows are like this." if count > 1 else ""
            raise ValueError(f"{self.at(row)}: expected {expected}, got {got}.{more}{remedy and ' ' + remedy}")


def read_bytes(path: Path) -> bytes:
    """Return the content of a text file, plain, ``.gz`` or ``.zst``.

    Raises:
        ValueError: the file cannot be read or unpacked.
    """
    try:
        if path.suffix == ".zst":
            return "\n".join(pl.read_lines(path)["line"]).encode()
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except pl.exceptions.NoDataError:
        return b""
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{path}: cannot be read or unpacked ({first_line(error)}).") from None


def lossy_lines(path: Path) -> pl.Series:
    """Return the lines of a text file of any compression, undecodable bytes replaced by U+FFFD."""
    return pl.read_csv(
        path,
        has_header=False,
        separator="\x01",
        quote_char=None,
        infer_schema=False,
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
    ).to_series()


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
