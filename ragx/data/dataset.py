"""A dataset: interactions, the parts it was published in, linked tables and, where it was made, its truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.interactions import Interactions

PARTS = ("train", "validation", "test")


class Truth(Protocol):
    """What is known of a generated dataset: how much each user wants each item."""

    def preference(self, start: int, end: int) -> np.ndarray:
        """Return the expected number of events of every pair in [start, end), seconds, of shape [U, I]."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions and what belongs to them.

    Args:
        name: short name, used in folders and tables.
        interactions: every interaction.
        published: part of every interaction (``train``, ``validation``, ``test``) where the publisher gave one.
        tables: linked tables by name, such as ``items`` or ``campaigns``; ids as outside ids.
        truth: the planted structure of a generated dataset.
        steps: (name, users, items, interactions) after each step of reading and filtering.
    """

    name: str
    interactions: Interactions
    published: pl.Series | None = None
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    truth: Truth | None = None
    steps: tuple[tuple[str, int, int, int], ...] = ()

    def __post_init__(self) -> None:
        check(len(self.interactions) > 0, f"Dataset {self.name}: expected interactions, got none.")
        check(self.interactions.num_items >= 2, f"Dataset {self.name}: expected at least two items.")
        if self.published is not None:
            unknown = set(self.published.unique()) - set(PARTS)
            check(not unknown, f"Dataset {self.name}: unknown parts {sorted(unknown)}; known are {', '.join(PARTS)}.")
