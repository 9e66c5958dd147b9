"""A split into train, validation and a sealed test part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.dataset import PARTS, Dataset
from ragx.data.fingerprint import fingerprint
from ragx.data.interactions import Interactions


class SealedTest:
    """The test part, which no attribute gives away: only :meth:`open`, called by the final evaluation, does."""

    def __init__(self, interactions: Interactions) -> None:
        self.__interactions = interactions

    def __len__(self) -> int:
        return len(self.__interactions)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"The test part is sealed, so it has no {name!r}: evaluate.final opens it once, at the end."
        )

    def open(self, *, reason: str, on_open: Callable[[str], None]) -> Interactions:
        """Return the test interactions and report the look.

        Args:
            reason: why the seal is broken; it goes to the record of looks.
            on_open: called with the reason before anything is given out.
        """
        check(bool(reason.strip()), "The test part opens only for a stated reason.")
        on_open(reason)
        return self.__interactions


@dataclass(frozen=True, eq=False)
class Split:
    """Train and validation in the open, test sealed; all share their maps of ids.

    Args:
        name: how the parts were made, such as ``"published"``.
        train: interactions that models learn from.
        validation: interactions that choose epochs and settings.
        test: the sealed part.
        periods: first second of each part and the second after its last, where the data has times.
        notes: what was done to whom, such as counts of users without train interactions.
    """

    name: str
    train: Interactions
    validation: Interactions
    test: SealedTest
    fingerprint: str
    periods: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    @cached_property
    def train_and_validation(self) -> Interactions:
        """Everything that is not test: what a refit learns from."""
        return self.train.concatenate(self.validation)


def split_by_part(dataset: Dataset, part: pl.Series, name: str) -> Split:
    """Return the split in which every interaction goes to the part named beside it.

    A held-out pair that also stands in train is a repeat: it is left in train only and counted, as ranking masks it.

    Raises:
        ValueError: a part is empty; the message says which.
    """
    sizes = {each: int((part == each).sum()) for each in PARTS}
    for each, size in sizes.items():
        check(
            size > 0, f"Split {name} of {dataset.name} leaves {each} empty: {sizes}. Choose other fractions or a split."
        )
    tables = {each: dataset.interactions.filter(part == each) for each in PARTS}
    notes: dict[str, int] = {}
    known = [tables["train"].pair_keys()]
    for each in PARTS[1:]:
        keys = tables[each].pair_keys()
        repeated = pl.concat([earlier.filter(earlier.is_in(keys.implode())) for earlier in known])
        fresh = tables[each].filter(~keys.is_in(repeated.implode()))
        notes[f"{each}_repeats_left_out"] = len(keys) - len(fresh)
        check(len(fresh) > 0, f"Split {name} of {dataset.name}: every {each} pair repeats an earlier one.")
        tables[each] = fresh
        known.append(fresh.pair_keys())
        for side, ids in (("user", fresh.users), ("item", fresh.items)):
            gone = np.zeros(len(ids), dtype=bool)
            gone[fresh.column(side)] = True
            gone[tables["train"].column(side)] = False
            notes[f"{each}_{side}s_without_train"] = int(gone.sum())
    periods = {}
    if dataset.interactions.has("timestamp"):
        times = {each: table.column("timestamp") for each, table in tables.items()}
        periods = {each: (int(seconds.min()), int(seconds.max()) + 1) for each, seconds in times.items()}
    mark = fingerprint(tables)
    return Split(name, tables["train"], tables["validation"], SealedTest(tables["test"]), mark, periods, notes)
