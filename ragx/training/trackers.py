"""Trackers: where the numbers of a run go."""

import json
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from ragx.files import append_whole, make_folder, sync


class Tracker(Protocol):
    """Something that records a run; every method may be called with plain values only."""

    def start(self, folder: Path, run: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Begin the record of a run: its name, identity, config and provenance, and rounds that were run before."""

    def log(self, values: dict[str, float], step: int) -> None:
        """Record values at an epoch, or at a step of a training that validates within epochs."""

    def table(self, folder: Path, name: str, columns: list[str], rows: list[list[Any]]) -> None:
        """Record a table, such as a sweep's means and deviations over seeds, under a name of its own."""

    def finish(self, summary: dict[str, Any], failed: bool = False) -> None:
        """End the record with the final results."""


class JsonLines:
    """One line of JSON for each record, in a file that is cut back to the checkpoint on a resume.

    Args:
        path: the file.
        keep: bytes of an earlier part that still hold; what lies behind them is dropped.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        make_folder(path.parent)
        self.path = path
        with path.open("a+b") as handle:
            handle.seek(0)
            held = handle.read(keep)
            handle.truncate(held.rfind(b"\n") + 1)  # a line that did not reach the disk whole is none
            os.fsync(handle.fileno())

    def write(self, record: dict[str, Any]) -> None:
        """Append one record."""
        with self.path.open("ab") as handle:
            handle.write(json.dumps(record, sort_keys=False).encode() + b"\n")

    def flush(self) -> None:
        """Have all that was written be on the disk, before a checkpoint says how much there is."""
        sync(self.path)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self.path.stat().st_size

    @staticmethod
    def append(path: Path, record: dict[str, Any]) -> None:
        """Add one record to a file that other processes add to at the same time; it is on the disk afterwards.

        Raises:
            OSError: it cannot be written; the file is as it was.
        """
        append_whole(path, json.dumps(record).encode())

    @staticmethod
    def read(path: Path) -> list[dict[str, Any]]:
        """Return the records of a file; a line that a process left unfinished is none."""
        records = []
        for line in path.read_bytes().split(b"\n") if path.is_file() else []:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                records.append(record)
        return records


class WithLines:
    """A tracker that records, beside every value of a curve, lines that stay as they are: those of baselines.

    Args:
        tracker: what records.
        lines: gives the value of each by name; asked at the first record.
    """

    def __init__(self, tracker: Tracker, lines: Callable[[], dict[str, float]]) -> None:
        self._tracker, self._lines = tracker, lines
        self.table, self.finish = tracker.table, tracker.finish

    @cached_property
    def lines(self) -> dict[str, float]:
        """The value of each line by name."""
        return self._lines()

    def start(self, folder: Path, run: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Begin the record, with the lines beside every epoch that was run before."""
        self._tracker.start(folder, run, [record | self.lines for record in history])

    def log(self, values: dict[str, float], step: int) -> None:
        """Record values at an epoch, and the lines."""
        self._tracker.log(values | self.lines, step)


class NoTracker:
    """Records nothing beyond the lines of JSON that every run keeps."""

    def start(self, folder: Path, run: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Do nothing."""

    def log(self, values: dict[str, float], step: int) -> None:
        """Do nothing."""

    def table(self, folder: Path, name: str, columns: list[str], rows: list[list[Any]]) -> None:
        """Do nothing."""

    def finish(self, summary: dict[str, Any], failed: bool = False) -> None:
        """Do nothing."""
