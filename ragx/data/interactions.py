"""Interactions: who did what to which item, with what value, when."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from scipy import sparse

from ragx.checks import check
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import Identifier, as_ids
from ragx.data.source import Source
from ragx.notebook import one_line

PARTS = ("train", "validation", "test")
OPTIONAL_COLUMNS = {"value": pl.Float64, "timestamp": pl.Int64, "kind": pl.String}


@dataclass(frozen=True, eq=False)
class Interactions:
    """A frozen table of events between users and items, in rows, with maps to the outside ids.

    Args:
        table: columns ``user`` and ``item`` (rows of the maps), optionally ``value`` (finite number),
            ``timestamp`` (seconds since 1970, UTC) and ``kind`` (kind of event, text).
        users: outside ids of the U users.
        items: outside ids of the I items.

    Raises:
        ValueError: a column is missing, unknown, null or not finite, or a row lies outside its map.
    """

    table: pl.DataFrame
    users: IdMap
    items: IdMap

    def __post_init__(self) -> None:
        unknown = set(self.table.columns) - {"user", "item", *OPTIONAL_COLUMNS}
        check({"user", "item"} <= set(self.table.columns), "Interactions: expected the columns user and item.")
        check(not unknown, f"Interactions: unknown columns {sorted(unknown)}; known are {sorted(OPTIONAL_COLUMNS)}.")
        for name, ids in (("user", self.users), ("item", self.items)):
            column = self.table[name]
            check(column.dtype == pl.Int64, f"Interactions: expected {name} as int64 rows, got {column.dtype}.")
            if len(column):
                low, high = int(column.min()), int(column.max())  # type: ignore[arg-type]
                check(low >= 0 and high < len(ids), f"Interactions: {name} rows {low} to {high} exceed {len(ids)} ids.")
        for name in self.table.columns:
            check(self.table[name].null_count() == 0, f"Interactions: column {name} has empty cells.")
        if "value" in self.table.columns:
            check(
                bool(self.table["value"].is_finite().all()), "Interactions: column value has NaN or infinite numbers."
            )

    def __repr__(self) -> str:
        return one_line(self, users=self.num_users, items=self.num_items, interactions=len(self))

    @classmethod
    def from_events(cls, events: pl.DataFrame, users: IdMap | None = None, items: IdMap | None = None) -> Self:
        """Return the interactions of a table of events with outside ids in ``user`` and ``item``.

        Args:
            events: columns ``user``, ``item`` and any of ``value``, ``timestamp``, ``kind``.
            users: a map to share with other tables; made of the events when not given.
            items: likewise.

        Raises:
            ValueError: user or item is missing, or an id is empty, not in the map that is given, or no id.
        """
        ids = {}
        for name in ("user", "item"):
            check(name in events.columns, f"Events: expected a column {name}, got {events.columns}.")
            ids[name] = as_ids(events[name], name, Source("Events"))
            empty = ids[name].null_count()
            check(empty == 0, f"Events: column {name} has {empty} empty ids.")
        users = users or IdMap.of("user", ids["user"])
        items = items or IdMap.of("item", ids["item"])
        optional = [pl.col(name).cast(kind) for name, kind in OPTIONAL_COLUMNS.items() if name in events.columns]
        table = events.select(
            pl.Series("user", users.rows(ids["user"])), pl.Series("item", items.rows(ids["item"])), *optional
        )
        return cls(table, users, items)

    @property
    def num_users(self) -> int:
        """Number of users U in the map, with or without interactions."""
        return len(self.users)

    @property
    def ids(self) -> dict[str, list[Identifier]]:
        """Outside ids of users and items in the order of their rows."""
        return {"users": self.users.ids.to_list(), "items": self.items.ids.to_list()}

    @property
    def num_items(self) -> int:
        """Number of items I in the map, with or without interactions."""
        return len(self.items)

    def __len__(self) -> int:
        return self.table.height

    def has(self, column: str) -> bool:
        """Say whether the table carries an optional column."""
        return column in self.table.columns

    def column(self, name: str) -> np.ndarray:
        """Return one column as a numpy array.

        Raises:
            ValueError: the table does not carry the column.
        """
        check(self.has(name), f"These interactions have no {name}: they carry {', '.join(self.table.columns)}.")
        return self.table[name].to_numpy()

    def filter(self, keep: np.ndarray | pl.Series | pl.Expr) -> Self:
        """Return the interactions where ``keep`` is true, with the same maps."""
        predicate = pl.Series(keep) if isinstance(keep, np.ndarray) else keep
        return type(self)(self.table.filter(predicate), self.users, self.items)

    def numbered(self) -> Self:
        """Return the same interactions with ids numbered in ascending order: see ``IdMap.of``."""
        table, maps = self.table, {"user": self.users, "item": self.items}
        for side, ids in maps.items():
            if not ids.ids.is_sorted():
                maps[side] = IdMap.of(side, ids.ids)
                row = pl.Series(side, maps[side].lookup(ids.ids))
                table = table.with_columns(row.gather(table[side]))
        return self if table is self.table else type(self)(table, maps["user"], maps["item"])

    def concatenate(self, other: Self) -> Self:
        """Return both tables one after the other; they share their maps."""
        check(self.users is other.users and self.items is other.items, "Interactions: expected tables of shared maps.")
        return type(self)(pl.concat([self.table, other.table], how="vertical"), self.users, self.items)

    def pairs(self) -> pl.DataFrame:
        """Return the distinct (user, item) rows, sorted."""
        key = self.pair_keys().sort()
        key = key.filter(key != key.shift(1, fill_value=-1))
        user, item = np.divmod(key.to_numpy(), max(1, self.num_items))
        return pl.DataFrame({"user": user, "item": item})

    def pair_keys(self) -> pl.Series:
        """Return ``user * I + item`` of every event: one number for a pair, in the order of pairs."""
        return self.table["user"] * self.num_items + self.table["item"]

    def matrix(self) -> sparse.csr_array:
        """Return the matrix [U, I] that is 1 where a user has an item, else 0, in double precision."""
        pairs = self.pairs()
        ones = np.ones(pairs.height)
        coordinates = pairs["user"].to_numpy(), pairs["item"].to_numpy()
        return sparse.csr_array((ones, coordinates), shape=(self.num_users, self.num_items))

    def item_counts(self) -> np.ndarray:
        """Return the number of distinct users of every item, of shape [I]."""
        return np.bincount(self.pairs()["item"].to_numpy(), minlength=self.num_items)
