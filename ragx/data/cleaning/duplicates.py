"""What becomes of several events of one user with one item."""

from collections.abc import Mapping
from typing import Literal

import polars as pl

from ragx.data.ids.id_map import IdMap
from ragx.data.row_order import row_order
from ragx.data.source import Source

Policy = Literal["keep", "sum", "last", "first", "error"]
POLICIES: tuple[Policy, ...] = ("keep", "sum", "last", "first", "error")
KEY = ("user", "item", "kind", "part")


def merged(table: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return a table of events with its duplicates merged; another kind or part is no duplicate.

    Args:
        table: columns user and item (rows of maps), and any of value, timestamp, kind and part.
        policy: as ``duplicates`` of :class:`ragx.data.EventRules`; ``"keep"`` and ``"error"`` merge nothing.
    """
    key = [name for name in KEY if name in table.columns]
    if policy == "keep" or policy == "error":
        return table
    order = row_order(table)  # settles what times leave open: which of two is the last, and the order of sums
    ordered = table if order is None else table[order]
    if "timestamp" in table.columns:
        ordered = ordered.sort("timestamp", maintain_order=True)
    if policy != "sum":
        return ordered.unique(key, keep=policy, maintain_order=True)
    value = pl.col("value").sum() if "value" in table.columns else pl.len().cast(pl.Float64).alias("value")
    last = [pl.col("timestamp").last()] if "timestamp" in table.columns else []
    return ordered.group_by(key, maintain_order=True).agg(value, *last)


def refuse_repeats(table: pl.DataFrame, source: Source, maps: Mapping[str, IdMap]) -> None:
    """Refuse a table in which an event repeats an earlier one.

    Args:
        table: as in :func:`merged`, and ``row``, its row in the file.
        source: where the events came from, for messages.
        maps: outside ids of users and items, for messages.

    Raises:
        ValueError: an event repeats an earlier one; both lines are named.
    """
    key = [name for name in KEY if name in table.columns]
    first = table.select(pl.col("row").first().over(key))["row"]
    repeated = table["row"] != first
    if not repeated.any():
        return
    count, index = int(repeated.sum()), int(repeated.arg_max() or 0)
    user, item = (maps[side].ids[table[side][index]] for side in ("user", "item"))
    more = f" {count:,} rows are like this." if count > 1 else ""
    raise ValueError(
        f"{source.at(table['row'][index])}: expected one event of each {', '.join(key)}, got user {user!r} and item "
        f"{item!r} again, as in {source.location(first[index])}.{more} Set "
        "dataset.rules.duplicates=last, or first, sum or keep."
    )
