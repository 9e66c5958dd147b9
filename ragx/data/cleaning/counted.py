"""A table of events on its way through steps, with counts after each, and what is left of the maps of ids."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions

Step = tuple[str, int, int, int]


class CountedTable:
    """A table that steps make smaller.

    Args:
        name: where the events are from, for messages.
        table: columns user and item (rows of maps), -1 for an empty id, and any others.
        first: name under which the table is counted as it is given.
    """

    def __init__(self, name: str, table: pl.DataFrame, first: str) -> None:
        self.name = name
        self.table = table
        self.steps: list[Step] = []
        self._count(first)

    def take(self, step: str, table: pl.DataFrame, always: bool = True) -> None:
        """Go on with the table that a step leaves.

        Args:
            step: name of the step.
            table: what it leaves.
            always: whether a step that left all events as they were is counted too.

        Raises:
            ValueError: nothing is left.
        """
        changed = table.height != self.table.height
        self.table = table
        if changed or always:
            self._count(step)
        check(table.height > 0, f"{self.name}: nothing is left after {step!r}; counts before: {self.steps[:-1]}.")

    def _count(self, step: str) -> None:
        users, items = (int(occurring(self.table[side]).sum()) for side in ("user", "item"))
        self.steps.append((step, users, items, self.table.height))


def compact(
    table: pl.DataFrame, maps: Mapping[str, IdMap], keep: Mapping[str, np.ndarray] | None = None
) -> Interactions:
    """Return interactions whose maps hold only the users and items that are left.

    Args:
        table: columns user and item (rows of maps), and those of interactions.
        maps: outside ids of users and items.
        keep: by side, for every row of its map, whether it stays without events too.
    """
    fresh = dict(maps)
    for side, ids in maps.items():
        present = occurring(table[side], len(ids))
        if keep is not None:
            present = present | keep[side]
        rows = np.flatnonzero(present)
        if len(rows) < len(ids):
            row = np.full(len(ids), -1)
            row[rows] = np.arange(len(rows))
            table = table.with_columns(pl.Series(side, row[table[side].to_numpy()]))
            fresh[side] = IdMap(side, ids.outside(rows))
    return Interactions(table, fresh["user"], fresh["item"])


def occurring(rows: pl.Series, size: int = 0) -> np.ndarray:
    """Return, for every row of a map of at least ``size``, whether it occurs; -1 stands for an empty id."""
    return np.bincount(rows.to_numpy() + 1, minlength=size + 1)[1:] > 0
