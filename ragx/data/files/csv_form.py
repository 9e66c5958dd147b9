"""How a table of text is written: what parts its cells, what goes around them, and whether it has a header line."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.data.source import lossy_lines, read_bytes

MARKS = "\x1f\x1e\x1d\x1c"
"""Characters that stand in for a separator of several, the first that the file does not hold."""


@dataclass(frozen=True)
class CsvForm:
    """A table of text and how it is written.

    Args:
        path: the file.
        separator: what parts its cells, one character or several.
        quote: what goes around cells, or None where quotes are letters like others.
        header: whether its first line names the columns; else they are named by their numbers, from ``"1"``.
        option: where separator, quote and header are set, for messages, such as ``"dataset"``; None where they cannot
            be.
    """

    path: Path
    separator: str = ","
    quote: str | None = '"'
    header: bool = True
    option: str | None = "dataset"

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless separator and quote differ from each other and from line ends."""
        check(
            bool(self.separator) and not set(self.separator) & {'"', "\r", "\n", self.quote},
            f"separator: expected at least one character, no quote and no line break, got {self.separator!r}.",
        )
        check(
            self.quote is None or (len(self.quote) == 1 and self.quote.isascii() and self.quote not in "\r\n"),
            f"quote: expected one ASCII character, or null where quotes are letters like others, got {self.quote!r}.",
        )

    @property
    def is_plain(self) -> bool:
        """Whether the separator is one byte, as readers take it."""
        return len(self.separator) == 1 and self.separator.isascii()

    @cached_property
    def delimiter(self) -> str:
        """The separator, or the one character that stands in for it.

        Raises:
            ValueError: the file holds every character that could.
        """
        if self.is_plain:
            return self.separator
        content = read_bytes(self.path)
        free = next((mark for mark in MARKS if mark.encode() not in content), None)
        check(
            free is not None,
            f"{self.path}: expected no control characters {MARKS!r} beside the separator {self.separator!r}.",
        )
        return free or ""

    @property
    def may_lack_header(self) -> bool:
        """Whether it can be set that there is no header line; a table of attributes has one."""
        return self.option == "dataset"

    @property
    def advice(self) -> str:
        """How quotes are read as letters, where that can be set."""
        return f"Where quotes are letters like others, set {self.option}.quote=null." if self.option else ""

    def content(self) -> Path | bytes:
        """Return the file, or what it holds with :attr:`delimiter` for its separator."""
        if self.is_plain:
            return self.path
        return read_bytes(self.path).replace(self.separator.encode(), self.delimiter.encode())

    def lines(self) -> pl.Series:
        """Return the lines, undecodable bytes replaced, with :attr:`delimiter` for the separator."""
        lines = lossy_lines(self.path).fill_null("")
        return lines if self.is_plain else lines.str.replace_all(self.separator, self.delimiter, literal=True)

    def as_in_file(self, text: str) -> str:
        """Return text with the separator as the file has it."""
        return text if self.is_plain else text.replace(self.delimiter, self.separator)
