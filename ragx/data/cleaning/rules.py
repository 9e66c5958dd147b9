"""Rules by which raw events become clean ones: times, values, empty ids, duplicates, filters, each step counted."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import polars as pl

from ragx.checks import check, check_choice
from ragx.data.cleaning.cells import as_numbers, as_parts, as_text, number_advice
from ragx.data.cleaning.counted import CountedTable, Step, compact
from ragx.data.cleaning.duplicates import POLICIES, Policy, merged, refuse_repeats
from ragx.data.cleaning.filters import Filter, kept
from ragx.data.cleaning.part_rules import COUNTED, MERGED, PartRules
from ragx.data.cleaning.reading_notes import blank_notes, kind_notes, offset_notes, strip_note, time_note
from ragx.data.cleaning.times import read_times
from ragx.data.first_appearance import in_file_order
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import as_ids
from ragx.data.interactions import Interactions
from ragx.data.source import Source

CHOICES = {
    "duplicates": POLICIES,
    "negative": ("error", "drop", "keep"),
    "empty_ids": ("error", "drop"),
    "id_blanks": ("keep", "strip"),
}
STAGES = ("duplicates", "filters")


class CleanEvents(NamedTuple):
    """Events after all rules that need no split.

    Args:
        interactions: the events.
        steps: (name, users, items, interactions) after every step that changed something.
        part: the part of every event, where the file says so.
        notes: what a person is to know of how they were read, a sentence each.
        waiting: the rules that wait for the split.
    """

    interactions: Interactions
    steps: tuple[Step, ...]
    part: pl.Series | None
    notes: tuple[str, ...] = ()
    waiting: PartRules = PartRules()


@dataclass(frozen=True, kw_only=True)
class EventRules:
    """What becomes of times, negative values, empty ids, duplicates, and which events stay.

    Args:
        time_format: as :func:`ragx.data.cleaning.times.read_times`: auto, seconds, milliseconds, microseconds,
            nanoseconds, excel, iso or a strptime format.
        time_zone: zone of times that name none.
        duplicates: of events of one user, item, kind and part: keep all, sum their values (a count where there are
            none) at the last time, keep the last or the first by time (among equal times, or without times, the one of
            the largest or the smallest value), or an error.
        negative: what a negative value, such as a return, means: an error, dropped, or kept.
        empty_ids: what an empty or blank user or item means: an error, or dropped.
        id_blanks: whether blanks around ids are kept, and tell ids apart, or taken away, in attributes too.
        filters: applied in this order, after all that; those that look at one event alone, such as
            :class:`ragx.data.Period`, before duplicates where no other precedes them.
        before_split: which of ``duplicates`` and ``filters`` are done over the whole table, as most papers do. By
            default neither is: duplicates are merged within a part, and what a filter counts it counts on train, see
            :class:`ragx.data.cleaning.part_rules.PartRules`, so that test events decide nothing about train.
    """

    time_format: str = "auto"
    time_zone: str = "UTC"
    duplicates: Policy = "keep"
    negative: Literal["error", "drop", "keep"] = "error"
    empty_ids: Literal["error", "drop"] = "error"
    id_blanks: Literal["keep", "strip"] = "keep"
    filters: Sequence[Filter] = field(default_factory=tuple)
    before_split: Sequence[str] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        for name, options in CHOICES.items():
            check_choice(f"dataset.rules.{name}", getattr(self, name), options)
        for rule in self.filters:
            check(
                isinstance(rule, Filter),
                f"dataset.rules.filters: expected parts such as ragx.data.KCore, got {type(rule).__name__}: "
                "set its _target_ to a subclass of ragx.data.cleaning.filters.Filter.",
            )
        self._check_before_split()

    def _check_before_split(self) -> None:
        check(
            not isinstance(self.before_split, str),
            f"dataset.rules.before_split: expected a list such as [filters], got {self.before_split!r}.",
        )
        for stage in self.before_split:
            check_choice("dataset.rules.before_split", stage, STAGES)
        of_merged = [rule.name for rule in self.filters if rule.scope == "merged"]
        check(
            not of_merged or "filters" not in self.before_split or not self._merging_waits,
            f"dataset.rules.before_split: the filter {', '.join(of_merged)} looks at what dataset.rules.duplicates="
            f"{self.duplicates} leaves, so both are done at the same time: set "
            "dataset.rules.before_split=[duplicates,filters] or dataset.rules.before_split=[].",
        )

    @property
    def _done_before(self) -> Sequence[str]:
        return STAGES if in_file_order() else self.before_split  # 0.1.0 had no other way

    @property
    def _merging_waits(self) -> bool:
        return self.duplicates not in ("keep", "error") and "duplicates" not in self._done_before

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
        counted = CountedTable(source.name, table.with_row_index("row"), "read")
        if empty.any():
            counted.take("empty ids dropped", counted.table.filter(~empty))
        if self.negative == "drop" and "value" in table.columns:
            counted.take("negative values dropped", counted.table.filter(pl.col("value") >= 0), always=False)
        if self.duplicates == "error":
            refuse_repeats(counted.table, source, maps)
        counted.table = counted.table.drop("row")
        waiting = self._before_split(counted)
        part = counted.table["part"] if "part" in counted.table.columns else None
        interactions = compact(counted.table.drop("part", strict=False), maps)
        return CleanEvents(interactions, tuple(counted.steps), part, tuple(notes), waiting)

    def _before_split(self, counted: CountedTable) -> PartRules:
        """Merge and filter as far as no split is needed, and return what has to wait for one."""
        notes: dict[str, int] = {}
        if not self._merging_waits:
            events = counted.table.height
            counted.take(f"duplicates: {self.duplicates}", merged(counted.table, self.duplicates), always=False)
            if events > counted.table.height:
                notes[MERGED] = events - counted.table.height
        scopes = {"event"} | ({"merged"} if not self._merging_waits else set())
        scopes |= {"table"} if "filters" in self._done_before else set()
        early = list(itertools.takewhile(lambda rule: rule.scope in scopes, self.filters))
        for rule in early:
            counted.take(rule.name, counted.table.filter(kept(rule, counted.table)))
        if counting := sum(rule.scope == "table" for rule in early):
            notes[COUNTED] = counting
        duplicates: Policy = self.duplicates if self._merging_waits else "keep"
        return PartRules(duplicates=duplicates, filters=tuple(self.filters[len(early) :]), notes=notes)

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
            bad = ~value.is_finite().fill_null(False)
            source.refuse(bad, raw["value"], expected, number_advice(raw["value"].filter(bad)))
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
            notes += [time_note(times, stated), *offset_notes(raw["time"], self.time_zone)]
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
