"""A table of attributes beside the users or items that have events: how many find a row in it."""

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.ids import IdMap
from ragx.data.near_ids import difference_between


def joined(side: str, ids: IdMap, rows: np.ndarray, table: pl.DataFrame) -> str:
    """Return a sentence that says how many users or items with events have a row in a table.

    Args:
        side: ``"user"`` or ``"item"``, the name of the column of ids in the table.
        ids: outside ids of all users or items.
        rows: user or item of every event.
        table: one row for each user or item.

    Raises:
        ValueError: the table has no such column, or none of its ids is among those with events.
    """
    check(side in table.columns, f"Table {side}s: expected a column {side} of ids, got {', '.join(table.columns)}.")
    has_events = np.zeros(len(ids), dtype=bool)
    has_events[rows] = True
    place = ids.lookup(table[side])
    has_row = np.zeros(len(ids), dtype=bool)
    has_row[place[place >= 0]] = True
    matched, total = int((has_events & has_row).sum()), int(has_events.sum())
    with_events = ids.outside(np.flatnonzero(has_events))
    others = table[side].filter(pl.Series((place < 0) | ~has_events[place]))
    check(matched > 0, _none_matched(side, with_events, table[side]))
    return f"{side}s with attributes: {matched:,} of {total:,}" + _others(side, others, with_events)


def _none_matched(side: str, with_events: pl.Series, given: pl.Series) -> str:
    message = (
        f"0 of {len(with_events):,} {side}s have attributes: expected ids such as {with_events[0]!r} in their table"
    )
    if not len(given):
        return f"{message}, got an empty one. Leave the table out or fill it."
    near = difference_between(given, with_events)
    if near is None:
        return f"{message}, got such as {given[0]!r}. Name the column that holds the same ids as the events."
    return f"{message}, got {near[0]!r}, which differs from {near[1]!r} in {near[2]}. Write them alike in both files."


def _others(side: str, others: pl.Series, with_events: pl.Series) -> str:
    """Return what is to be said of rows of a table whose ids have no events."""
    if not len(others):
        return "."
    near = difference_between(others, with_events)
    hint = f"; {near[0]!r} differs from {near[1]!r} in {near[2]} alone" if near else ""
    return f"; {len(others):,} rows are of {side}s without events, such as {others[0]!r}{hint}."
