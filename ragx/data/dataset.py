"""A dataset: interactions, the parts it was published in, linked tables and, where it was made, its truth."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.cleaning.part_rules import PartRules
from ragx.data.ids.joins import joined
from ragx.data.interactions import PARTS, Interactions
from ragx.data.row_order import row_order
from ragx.notebook import one_line

MARKS, LONGEST_NAME = " ._-:", 120


class Truth(Protocol):
    """What is known of a generated dataset: how much each user wants each item."""

    def preference(self, start: int, end: int) -> np.ndarray:
        """Return the expected number of events of every pair in [start, end), seconds, of shape [U, I]."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions and what belongs to them.

    Args:
        name: short name, used in folders and tables: letters, digits, space and ``. _ - :``.
        interactions: every interaction.
        published: part of every interaction (``train``, ``validation``, ``test``) where the publisher gave one.
        tables: linked tables by name, such as ``items`` or ``campaigns``; ids as outside ids.
        truth: the planted structure of a generated dataset.
        steps: (name, users, items, interactions) after each step of reading and filtering.
        ordered: whether the interactions of each user stand in order of time, with times or without.
        part_rules: what has to be done to the parts of a split: merging, and filters that count on train.
        notes: what a person is to know of how the data was read, a sentence each.

    The order of interactions says nothing unless they are ``ordered``. So ids are numbered in ascending order, unless
    there is a truth, and events sorted by user, item and all else they carry, or, where ordered, by user alone.

    Raises:
        ValueError: the name has other characters, there are no interactions or fewer than two items, ``published``
            does not fit them, duplicates are to be merged of ordered events, or a table of users or items is of others
            altogether.
    """

    name: str
    interactions: Interactions
    published: pl.Series | None = None
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    truth: Truth | None = None
    steps: tuple[tuple[str, int, int, int], ...] = ()
    ordered: bool = False
    part_rules: PartRules = field(default_factory=PartRules)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        check(len(self.interactions) > 0, f"Dataset {self.name}: expected interactions, got none.")
        check(self.interactions.num_items >= 2, f"Dataset {self.name}: expected at least two items.")
        if self.published is not None:
            unknown = {str(part) for part in self.published.unique()} - set(PARTS)
            check(not unknown, f"Dataset {self.name}: unknown parts {sorted(unknown)}; known are {', '.join(PARTS)}.")
            check(
                len(self.published) == len(self.interactions),
                f"Dataset {self.name}: expected a part for each of {len(self.interactions):,} interactions, "
                f"got {len(self.published):,}.",
            )
        check(
            not self.ordered or self.part_rules.duplicates == "keep",
            f"Dataset {self.name}: duplicates cannot be merged where the order of events says something: merge them "
            "before, or leave ordered=False.",
        )
        _ = self.joins  # refuses tables of others
        self._sort()

    def __repr__(self) -> str:
        events = self.interactions
        return one_line(self, self.name, users=events.num_users, items=events.num_items, interactions=len(events))

    @classmethod
    def from_polars(cls, events: pl.DataFrame, *, name: str = "frame", rules: Any = None, **columns: str) -> "Dataset":
        """Return the dataset of a table of events: ``Dataset.from_polars(frame, user="customer", item="sku")``.

        Args:
            events: a row for each event.
            name: short name of the dataset.
            rules: a :class:`ragx.data.EventRules`: how times, values, empty ids and duplicates are read.
            columns: names of the columns of ``user`` and ``item``, and of any of ``time``, ``value``, ``kind`` and
                ``part``.

        Raises:
            ValueError: a column is not there, or a cell is at fault; the message names the row.
        """
        from ragx.data.readers.frames import frame_dataset  # which is made of readers, and they of this class

        return frame_dataset(events, columns, name=name, rules=rules)

    @classmethod
    def from_pandas(cls, events: Any, *, name: str = "frame", rules: Any = None, **columns: str) -> "Dataset":
        """Return the dataset of a pandas table; arguments as :meth:`from_polars`."""
        return cls.from_polars(events, name=name, rules=rules, **columns)

    @cached_property
    def joins(self) -> tuple[str, ...]:
        """How many users and items have a row in the tables of that name, a sentence for each table."""
        sides = (("user", self.interactions.users), ("item", self.interactions.items))
        return tuple(
            joined(side, ids, self.interactions.column(side), self.tables[f"{side}s"])
            for side, ids in sides
            if f"{side}s" in self.tables
        )

    def _sort(self) -> None:
        """Number ids in ascending order, unless a truth is numbered as they are, and sort events."""
        interactions, published = self.interactions, self.published
        if self.truth is None:
            interactions = interactions.numbered()
        events = interactions.table
        if published is not None:
            events = events.with_columns(published.cast(pl.String).alias("part"))
        order = row_order(events, ordered=self.ordered)
        if order is not None:
            interactions = replace(interactions, table=interactions.table[order])
            published = None if published is None else published[order]
        object.__setattr__(self, "interactions", interactions)
        object.__setattr__(self, "published", published)

    def times(self) -> np.ndarray:
        """Return the second of every interaction.

        Raises:
            ValueError: the interactions have no timestamps; the message says which splits need none.
        """
        other = "choose split=random."
        if self.ordered:
            other = "choose split=leave_last_out, since each user's events stand in order of time, or split=random."
        check(
            self.interactions.has("timestamp"),
            f"Dataset {self.name} has no timestamps, so it cannot be split by time: {other}",
        )
        return self.interactions.column("timestamp")


def check_dataset(made: object) -> None:
    """Raise ``ValueError`` unless what a config names as the dataset made one."""
    check(
        isinstance(made, Dataset),
        f"dataset: expected a function that returns a ragx.data.Dataset, got a {type(made).__name__} from it: "
        "change dataset._target_.",
    )


def check_name(name: str) -> None:
    """Raise ``ValueError`` unless a name of a dataset can stand in a path and in a table."""
    strange = next((mark for mark in name if not _fits_in_a_name(mark)), None)
    expected = f"dataset.name: expected letters, digits, space and {' '.join(MARKS.strip())}"
    check(strange is None, f"{expected}, got {strange!r} in {name[:LONGEST_NAME]!r}.")
    check(name[:1] not in ("", *MARKS), f"{expected}, a letter or digit first, got {name!r}.")
    size = len(name.encode())
    check(size <= LONGEST_NAME, f"dataset.name: expected at most {LONGEST_NAME} bytes, got {size}: shorten it.")


def fitting_name(text: str) -> str:
    """Return what of a text, such as the name of a file, can be the name of a dataset; or ``"data"``."""
    kept = "".join(mark for mark in text if _fits_in_a_name(mark)).lstrip(MARKS)
    return kept.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip() or "data"


def _fits_in_a_name(mark: str) -> bool:
    return mark in MARKS or unicodedata.category(mark)[0] in "LMN"
