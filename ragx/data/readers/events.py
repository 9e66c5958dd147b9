"""Raw events and attributes put together as a dataset."""

from dataclasses import replace

import polars as pl

from ragx.checks import check
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset, check_name
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import written_as
from ragx.data.interactions import Interactions
from ragx.data.source import Source


def build_dataset(
    name: str,
    raw: pl.DataFrame,
    source: Source,
    *,
    rules: EventRules | None = None,
    tables: dict[str, pl.DataFrame] | None = None,
    include_new: tuple[str, ...] = (),
) -> Dataset:
    """Return the dataset of raw events, cleaned by rules, with its attributes.

    Args:
        name: short name of the dataset.
        raw: columns user and item, and any of time, value, kind and part.
        source: where they came from, for messages.
        rules: how they become clean; by default :class:`EventRules`.
        tables: attributes under the names ``users`` and ``items``, ids in columns ``user`` and ``item``.
        include_new: sides, ``user`` or ``item``, whose ids without interactions join the maps.

    Raises:
        ValueError: the name or the rules do not fit, a cell is at fault, a step leaves nothing, or there are fewer than
            two items.
    """
    check_name(name)
    rules = EventRules() if rules is None else rules
    check(
        isinstance(rules, EventRules),
        f"dataset.rules: expected ragx.data.EventRules, got {type(rules).__name__}: set "
        "dataset.rules._target_ to that.",
    )
    interactions, steps, part, notes, waiting = rules.apply(raw, source)
    tables = {name: _stripped(name, table, rules) for name, table in (tables or {}).items()}
    for side in include_new:
        interactions = _with_new(interactions, side, tables[f"{side}s"][side])
    check(
        interactions.num_items >= 2,
        f"{source.name}: expected at least two items, got {interactions.num_items}; "
        + "counts after each step: "
        + "; ".join(f"{step}: {users:,} users, {items:,} items, {rows:,} rows" for step, users, items, rows in steps),
    )
    waiting = replace(waiting, keep={side: tables[f"{side}s"][side] for side in include_new})
    return Dataset(name, interactions, published=part, tables=tables, steps=steps, part_rules=waiting, notes=notes)


def _stripped(name: str, table: pl.DataFrame, rules: EventRules) -> pl.DataFrame:
    """Return a table of attributes, its ids by the rules for those of events."""
    side = name.removesuffix("s")
    ids = rules.stripped(table[side])
    repeated = ids.filter(~ids.is_first_distinct())
    first = repeated[0] if len(repeated) else ""
    check(not len(repeated), f"{name}: expected each {side} once, got {first!r} again once blanks are taken away.")
    return table.with_columns(ids)


def _with_new(interactions: Interactions, side: str, more: pl.Series) -> Interactions:
    """Return the interactions with ids in a map that it does not have; all as text where not all are whole numbers."""
    maps = {"user": interactions.users, "item": interactions.items}
    known = maps[side].ids
    fitting = written_as(more, known.dtype)
    if fitting.has_nulls():
        known, fitting = known.cast(pl.String), more.cast(pl.String)
    maps[side] = IdMap.of(side, pl.concat([known, fitting.rename(known.name)]))
    row = pl.Series(side, maps[side].lookup(known))
    table = interactions.table.with_columns(row.gather(interactions.table[side]))
    return Interactions(table, maps["user"], maps["item"])
