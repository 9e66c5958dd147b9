"""Filters of events; each is a part that a reader applies in the order given, and counts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.cleaning.times import moment_to_seconds

Scope = Literal["event", "merged", "table"]


class Filter(ABC):
    """A rule that keeps some events of a table: user and item (rows of maps), value, timestamp, kind, part.

    ``scope`` says what decides whether an event stays: ``"event"``, its own cells, so that it is decided before any
    split; ``"merged"``, its own cells once duplicates are merged; ``"table"``, other events too, which are those of
    train.
    """

    scope: ClassVar[Scope] = "table"

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the step in counts, such as ``"5-core"``."""

    @abstractmethod
    def keep(self, table: pl.DataFrame) -> pl.Series:
        """Return, for every event, whether it stays."""


@dataclass(frozen=True, kw_only=True)
class KCore(Filter):
    """The k-core: users and items with too few partners are taken out until none is left.

    Args:
        users: least number of distinct items of a user.
        items: least number of distinct users of an item.
    """

    users: int = 5
    items: int = 5

    def __post_init__(self) -> None:
        check(
            self.users >= 1 and self.items >= 1,
            f"KCore: expected at least 1 for users and items, got {self.users} and {self.items}.",
        )

    @property
    def name(self) -> str:
        """Name of the step in counts."""
        return f"{self.users}-core" if self.users == self.items else f"core of {self.users} items, {self.items} users"

    def keep(self, table: pl.DataFrame) -> pl.Series:
        """Return whether user and item of every event are in the core."""
        user, item = table["user"].to_numpy(), table["item"].to_numpy()
        num_items = int(item.max(initial=-1)) + 1
        pairs = pl.Series(user * num_items + item).unique().to_numpy()
        left, right = np.divmod(pairs, num_items)
        users, items = np.bincount(left) >= self.users, np.bincount(right, minlength=num_items) >= self.items
        while True:
            alive = users[left] & items[right]
            if alive.all():
                break
            left, right = left[alive], right[alive]
            users = np.bincount(left, minlength=users.size) >= self.users
            items = np.bincount(right, minlength=items.size) >= self.items
        return pl.Series(users[user] & items[item])


@dataclass(frozen=True, kw_only=True)
class MinimumValue(Filter):
    """Events of at least some value, such as ratings of 4 and 5.

    Args:
        at_least: least value that stays.
    """

    scope: ClassVar[Scope] = "merged"
    at_least: float

    @property
    def name(self) -> str:
        """Name of the step in counts."""
        return f"value of at least {self.at_least:g}"

    def keep(self, table: pl.DataFrame) -> pl.Series:
        """Return whether every event is worth enough."""
        return _column(table, "value", self.name) >= self.at_least


@dataclass(frozen=True, kw_only=True)
class KindsOfEvent(Filter):
    """Events of some kinds, such as only purchases.

    Args:
        kinds: names of the kinds that stay.
    """

    scope: ClassVar[Scope] = "event"
    kinds: Sequence[str]

    def __post_init__(self) -> None:
        check(not isinstance(self.kinds, str), f"KindsOfEvent: expected a list of kinds, got {self.kinds!r}: use [].")

    @property
    def name(self) -> str:
        """Name of the step in counts."""
        return f"kind {', '.join(self.kinds)}"

    def keep(self, table: pl.DataFrame) -> pl.Series:
        """Return whether every event is of a kind that stays.

        Raises:
            ValueError: no event is of one of the kinds; the nearest that exists is named.
        """
        column = _column(table, "kind", self.name)
        known = sorted(column.unique())
        for kind in self.kinds:
            check(
                kind in known,
                f"Filter {self.name}: no event of kind {kind!r}; there are {', '.join(known)}."
                + did_you_mean(kind, known),
            )
        return column.is_in(list(self.kinds))


@dataclass(frozen=True, kw_only=True)
class Period(Filter):
    """Events of a period; an open end is None.

    Args:
        first: first moment that stays, ISO 8601.
        before: first moment that does not stay any more, ISO 8601.
        time_zone: zone of moments that name none.
    """

    scope: ClassVar[Scope] = "event"
    first: str | None = None
    before: str | None = None
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        self._bounds()

    @property
    def name(self) -> str:
        """Name of the step in counts."""
        return f"period {self.first or '…'} to {self.before or '…'}"

    def keep(self, table: pl.DataFrame) -> pl.Series:
        """Return whether every event lies in the period."""
        times = _column(table, "timestamp", self.name)
        first, before = self._bounds()
        return (times >= first) & (times < before)

    def _bounds(self) -> tuple[int, int]:
        ends = [-(2**62), 2**62]
        for end, (name, moment) in enumerate((("first", self.first), ("before", self.before))):
            if moment is not None:
                ends[end] = moment_to_seconds(f"Period.{name}", moment, self.time_zone)
        check(ends[0] < ends[1], f"Period: expected first before the end, got {self.first} and {self.before}.")
        return ends[0], ends[1]


def kept(filter: Filter, table: pl.DataFrame) -> pl.Series:
    """Return, for every event, whether a filter lets it stay.

    Raises:
        ValueError: the filter gives something else than a truth value for each event.
    """
    keep = filter.keep(table)
    fits = isinstance(keep, pl.Series) and keep.dtype == pl.Boolean and len(keep) == table.height
    check(
        fits,
        f"Filter {type(filter).__name__}: expected keep to return a polars Series of {table.height:,} truth values, "
        f"got {type(keep).__name__}" + (f" of {len(keep):,} {keep.dtype}." if isinstance(keep, pl.Series) else "."),
    )
    return keep


def _column(table: pl.DataFrame, name: str, step: str) -> pl.Series:
    check(
        name in table.columns,
        f"Filter {step}: the events have no {name}: they carry {', '.join(table.columns)}. Name their "
        f"column: dataset.columns.{'time' if name == 'timestamp' else name}=…",
    )
    return table[name]
