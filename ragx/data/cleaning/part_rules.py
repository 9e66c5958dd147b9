"""Rules that wait for the split, so that no event decides about a part that must not know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.cleaning.counted import CountedTable, Step, compact, occurring
from ragx.data.cleaning.duplicates import Policy, merged
from ragx.data.cleaning.filters import Filter, kept
from ragx.data.interactions import PARTS, Interactions
from ragx.data.row_order import row_order

MERGED, COUNTED = "duplicates_merged_before_the_split", "filters_counted_before_the_split"
BEFORE_SPLIT = (MERGED, COUNTED)
"""Notes of what was done over the whole table, so that test events had a say in train."""

TRAIN = pl.col("part") == "train"


@dataclass(frozen=True, kw_only=True)
class PartRules:
    """What becomes of the events of each part, after a split has said which events it holds.

    Duplicates are merged with events of the same part alone. A filter that counts does so on train: a user or an item
    stays where train keeps some event of it, and held-out events of others are left out.

    Args:
        duplicates: as in :class:`ragx.data.EventRules`; ``"keep"`` where nothing waits to be merged.
        filters: in the order in which they are applied, after merging.
        keep: by side, ``user`` or ``item``, outside ids that stay in the maps without events.
        notes: what was done over the whole table, before any split.
    """

    duplicates: Policy = "keep"
    filters: Sequence[Filter] = ()
    keep: Mapping[str, pl.Series] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """Whether anything is left to be done to the parts."""
        return self.duplicates != "keep" or bool(self.filters)

    def apply(
        self, name: str, whole: Interactions, part: pl.Series, held_out: str | None = None, *, ordered: bool = False
    ) -> "Parts":
        """Return what the rules leave of each part; the parts share their maps, without ids that filters took away.

        Args:
            name: name of the split and the dataset, for messages.
            whole: every event.
            part: the part of every event; an event of another word than train, validation and test is left out.
            held_out: side, ``user`` or ``item``, of which the split holds whole ids out, so that train cannot keep any.
            ordered: whether the order of each user's events says something, and is kept.

        Raises:
            ValueError: a filter leaves nothing, or fewer than two items.
        """
        events = whole.table.with_columns(part.cast(pl.String).alias("part"))
        events = events.filter(pl.col("part").is_in(PARTS))
        if not self.waiting:
            return Parts(_divided(events, whole), (), dict(self.notes))
        counted = CountedTable(name, events, "in the parts of the split")
        counted.take(f"duplicates in each part: {self.duplicates}", merged(events, self.duplicates), always=False)
        before = _sizes(counted.table)
        for rule in self.filters:
            if rule.scope == "table":
                counted.take(f"{rule.name}, on train", _kept_by_train(rule, counted.table, held_out))
            else:
                counted.take(rule.name, counted.table.filter(kept(rule, counted.table)))
        notes = {} if not self.filters else {name: before[name] - left for name, left in _sizes(counted.table).items()}
        order = row_order(counted.table, ordered=ordered)
        table = counted.table if order is None else counted.table[order]
        left = compact(table.drop("part"), {"user": whole.users, "item": whole.items}, self._stays(whole))
        check(left.num_items >= 2, f"{name}: expected at least two items; counts after each step: {counted.steps}.")
        return Parts(
            _divided(left.table.with_columns(table["part"]), left), tuple(counted.steps), notes | dict(self.notes)
        )

    def joined(self, one: Interactions, other: Interactions) -> Interactions:
        """Return the events of two parts as one, duplicates merged as in one part."""
        both = one.concatenate(other)
        return replace(both, table=merged(both.table, self.duplicates))

    def _stays(self, whole: Interactions) -> dict[str, np.ndarray]:
        """Return which rows of the maps stay: all without filters, else those without events and those in ``keep``."""
        stays = {}
        for side, ids in (("user", whole.users), ("item", whole.items)):
            stays[side] = ~occurring(whole.table[side], len(ids)) | (not self.filters)
            if side in self.keep:
                rows = ids.lookup(self.keep[side])
                stays[side][rows[rows >= 0]] = True
        return stays


@dataclass(frozen=True)
class Parts:
    """The parts as their rules leave them.

    Args:
        tables: events by part.
        steps: (name, users, items, interactions) of all parts together after each step.
        notes: what was done to how many.
    """

    tables: Mapping[str, Interactions]
    steps: tuple[Step, ...]
    notes: Mapping[str, int]


def _divided(events: pl.DataFrame, whole: Interactions) -> dict[str, Interactions]:
    return {
        part: Interactions(events.filter(pl.col("part") == part).drop("part"), whole.users, whole.items)
        for part in PARTS
    }


def _kept_by_train(filter: Filter, events: pl.DataFrame, held_out: str | None) -> pl.DataFrame:
    """Return the events of train that a filter keeps, and the held-out ones of users and items that it keeps there."""
    train = events.filter(TRAIN)
    train = train.filter(kept(filter, train))
    known = [pl.col(side).is_in(train[side].unique().implode()) for side in ("user", "item") if side != held_out]
    later = events.filter(~TRAIN & pl.all_horizontal(known))
    return pl.concat([train, later])


def _sizes(events: pl.DataFrame) -> dict[str, int]:
    """Return the counts that the notes report losses of."""
    train = events.filter(TRAIN)
    sizes = {f"{side}s_left_without_train_by_filters": train[side].n_unique() for side in ("user", "item")}
    of_part = dict(events["part"].value_counts().iter_rows())
    return sizes | {f"{part}_events_left_out_by_filters": of_part.get(part, 0) for part in PARTS}
