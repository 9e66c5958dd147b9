"""Rules by which raw events become clean ones: times, values, empty ids, duplicates, filters, each step counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from ragx.checks import check, check_choice
from ragx.data.cells import as_numbers, as_parts, as_text
from ragx.data.duplicates import POLICIES, Policy, merged
from ragx.data.filters import Filter, kept
from ragx.data.identifiers import as_ids
from ragx.data.ids import IdMap
from ragx.data.interactions import Interactions
from ragx.data.reading_notes import blank_notes, kind_notes, strip_note, time_note
from ragx.data.source import Source
from ragx.data.times import read_times

CHOICES = {
    "duplicates": POLICIES,
    "negative": ("error", "drop", "keep"),
    "empty_ids": ("error", "drop"),
    "id_blanks": ("keep", "strip"),
}
Step = tuple[str, int, int, int]


class CleanEvents(NamedTuple):
    """Events after all rules.

    Args:
        interactions: the events.
        steps: (name, users, items, interactions) after every step that changed something.
        part: the part of every event, where the file says so.
        notes: what a person is to know of how they were read, a sentence each.
    """

    interactions: Interactions
    steps: tuple[Step, ...]
    part: pl.Series | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EventRules:
    """What becomes of times, negative values, empty ids, duplicates, and which events stay.

    Args:
        time_format: as :func:`ragx.data.times.read_times`: auto, seconds, milliseconds, microseconds, nanoseconds,
            excel, iso or a strptime format.
        time_zone: zone of times that name none.
        duplicates: of events of one user, item, kind and part: keep all, sum their values (a count where there are
            none) at the last time, keep the last or the first by time (among equal times, or without times, the one of
            the largest or the smallest value), or an error.
        negative: what a negative value, such as a return, means: an error, dropped, or kept.
        empty_ids: what an empty or blank user or item means: an error, or dropped.
        id_blanks: whether blanks around ids are kept, and tell ids apart, or taken away, in attributes too.
        filters: applied in this order, after all that.
    """

    time_format: str = "auto"
    time_zone: str = "UTC"
    duplicates: Policy = "keep"
    negative: Literal["error", "drop", "keep"] = "error"
    empty_ids: Literal["error", "drop"] = "error"
    id_blanks: Literal["keep", "strip"] = "keep"
    filters: Sequence[Filter] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        for name, options in CHOICES.items():
            check_choice(f"dataset.rules.{name}", getattr(self, name), options)
        for each in self.filters:
            check(
                isinstance(each, Filter),
                f"dataset.rules.filters: expected parts such as ragx.data.filters.KCore, got {type(each).__name__}: "
                "set its _target_ to a subclass of ragx.data.filters.Filter.",
            )

    def apply(self, raw: pl.DataFrame, source: Source) -> CleanEvents:
        """Return clean interactions, counts after each step, and the published parts.

        Args:
            raw: columns user and item, and any of time, value, kind and part, of any type.
            source: where they came from, for messages.

        Raises:
            ValueError: a cell is at fault, with its line, or a step leaves nothing.
        """
        notes: list[str] = []
        ids = {side: self._ids(raw[side], side, source, notes) for side in ("user", "item")}
        notes += blank_notes(ids)
        empty = ids["user"].is_null() | ids["item"].is_null()
        if self.empty_ids == "error":
            for side, series in ids.items():
                expected = f"an id in {source.column(side)}"
                source.refuse(series.is_null(), raw[side], expected, "dataset.rules.empty_ids=drop leaves them out.")
        maps = {side: IdMap.of(side, series.drop_nulls()) for side, series in ids.items()}
        table = pl.DataFrame({side: maps[side].lookup(series) for side, series in ids.items()}).with_columns(
            self._optional(raw, source, notes)
        )
        if self.duplicates == "error":
            table = table.with_row_index("row")
        counted = _Counted(source.name, table)
        if empty.any():
            counted.take("empty ids dropped", table.filter(~empty))
        if self.negative == "drop" and "value" in table.columns:
            counted.take("negative values dropped", counted.table.filter(pl.col("value") >= 0), always=False)
        single = merged(counted.table, self.duplicates, source, maps)
        counted.take(f"duplicates: {self.duplicates}", single, always=False)
        for each in self.filters:
            counted.take(each.name, counted.table.filter(kept(each, counted.table)))
        part = counted.table["part"] if "part" in counted.table.columns else None
        interactions = _compact(counted.table.drop("part", strict=False), maps)
        return CleanEvents(interactions, tuple(counted.steps), part, tuple(notes))

    def stripped(self, ids: pl.Series) -> pl.Series:
        """Return ids without blanks around them, where they are to be taken away."""
        return ids.str.strip_chars() if self.id_blanks == "strip" and ids.dtype == pl.String else ids

    def _ids(self, raw: pl.Series, side: str, source: Source, notes: list[str]) -> pl.Series:
        ids = as_ids(raw, side, source)
        stripped = self.stripped(ids)
        if stripped is not ids:
            notes += strip_note(side, ids, stripped)
        return stripped

    def _optional(self, raw: pl.DataFrame, source: Source, notes: list[str]) -> list[pl.Series]:
        """Return the columns value, timestamp, kind and part that there are, checked, and add to the notes."""
        columns = []
        if "value" in raw.columns:
            expected = f"a finite number in {source.column('value')}"
            value = as_numbers(raw["value"], expected, source)
            source.refuse(~value.is_finite().fill_null(False), raw["value"], expected)
            if self.negative == "error":
                source.refuse(
                    value < 0,
                    raw["value"],
                    f"a value of at least 0 in {source.column('value')}",
                    "dataset.rules.negative=drop leaves them out, dataset.rules.negative=keep takes them as they are.",
                )
            columns.append((value + 0.0).alias("value"))  # -0 becomes 0, so that equal values are equal to the bit
        if "time" in raw.columns:
            times = read_times(raw["time"], source, time_format=self.time_format, time_zone=self.time_zone)
            stated = self.time_format != "auto" or raw["time"].dtype.is_temporal()
            notes.append(time_note(times, stated))
            columns.append(times.seconds.alias("timestamp"))
        if "kind" in raw.columns:
            expected = f"a kind of event in {source.column('kind')}"
            kind = as_text(raw["kind"], expected, source)
            source.refuse(kind.is_null(), raw["kind"], expected)
            notes += kind_notes(kind)
            columns.append(kind.alias("kind"))
        if "part" in raw.columns:
            columns.append(as_parts(raw["part"], source).alias("part"))
        return columns


class _Counted:
    """A table on its way through steps, with counts after each."""

    def __init__(self, name: str, table: pl.DataFrame) -> None:
        self.name = name
        self.table = table
        self.steps: list[Step] = []
        self._count("read")

    def take(self, step: str, table: pl.DataFrame, always: bool = True) -> None:
        """Go on with the table that a step leaves."""
        changed = table.height != self.table.height
        self.table = table
        if changed or always:
            self._count(step)
        check(table.height > 0, f"{self.name}: nothing is left after {step!r}; counts before: {self.steps[:-1]}.")

    def _count(self, step: str) -> None:
        users, items = (int(_present(self.table[side]).sum()) for side in ("user", "item"))
        self.steps.append((step, users, items, self.table.height))


def _compact(table: pl.DataFrame, maps: Mapping[str, IdMap]) -> Interactions:
    """Return interactions whose maps hold only the users and items that are left."""
    fresh = dict(maps)
    for side, ids in maps.items():
        present = np.flatnonzero(_present(table[side]))
        if len(present) < len(ids):
            row = np.full(len(ids), -1)
            row[present] = np.arange(len(present))
            table = table.with_columns(pl.Series(side, row[table[side].to_numpy()]))
            fresh[side] = IdMap(side, ids.outside(present))
    return Interactions(table, fresh["user"], fresh["item"])


def _present(rows: pl.Series) -> np.ndarray:
    """Return, for every row of a map, whether it occurs; -1 stands for an empty id."""
    return np.bincount(rows.to_numpy() + 1)[1:] > 0
