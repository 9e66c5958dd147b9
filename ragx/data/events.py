"""Raw events and attributes put together as a dataset."""

import polars as pl

from ragx.checks import check
from ragx.data.dataset import Dataset, check_name
from ragx.data.identifiers import written_as
from ragx.data.ids import IdMap
from ragx.data.interactions import Interactions
from ragx.data.rules import EventRules
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
        f"rules: expected ragx.data.rules.EventRules, got {type(rules).__name__}: set rules._target_ to that.",
    )
    interactions, steps, part = rules.apply(raw, source)
    tables = tables or {}
    maps = {"user": interactions.users, "item": interactions.items}
    for side in include_new:
        maps[side] = _with_new(maps[side], tables[f"{side}s"][side])
    check(
        len(maps["item"]) >= 2,
        f"{source.name}: expected at least two items, got {len(maps['item'])}; "
        + "counts after each step: "
        + "; ".join(f"{step}: {users:,} users, {items:,} items, {rows:,} rows" for step, users, items, rows in steps),
    )
    whole = Interactions(interactions.table, maps["user"], maps["item"]) if include_new else interactions
    return Dataset(name, whole, published=part, tables=tables, steps=steps)


def _with_new(ids: IdMap, more: pl.Series) -> IdMap:
    """Return the map with ids that it does not have at its end; all as text where not all are whole numbers."""
    known = ids.ids
    fitting = written_as(more, known.dtype)
    if fitting.has_nulls():
        known, fitting = known.cast(pl.String), more.cast(pl.String)
    fresh = fitting.filter(~fitting.is_in(known.implode()))
    return IdMap(ids.name, pl.concat([known, fresh.rename(known.name)]))
