"""A split into train, validation and a sealed test part."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from ragx.checks import check, check_choice
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
class Events:
    """The open parts of a split with every event in them: all kinds, repeats too.

    Args:
        train: events before validation.
        validation: events of the validation part.
        of_kind: gives the split of the events of one kind alone, its test part sealed.
        target: the kind that a split was made for, see :meth:`Split.for_target`.
    """

    train: Interactions
    validation: Interactions
    of_kind: Callable[[str], "Split"]
    target: str | None = None


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
        events: the open parts with every event in them, where the split was made of events.
    """

    name: str
    train: Interactions
    validation: Interactions
    test: SealedTest
    fingerprint: str
    periods: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    events: Events | None = field(default=None, repr=False)

    @cached_property
    def train_and_validation(self) -> Interactions:
        """Everything that is not test: what a refit learns from."""
        return self.train.concatenate(self.validation)

    @property
    def target(self) -> str | None:
        """The one kind of event in the parts, where the split was made for one."""
        return self.events.target if self.events else None

    @property
    def evidence(self) -> Interactions:
        """What the graph is made of: train, or, with a target, the train events of every kind."""
        return self.events.train if self.events and self.target else self.train

    @cached_property
    def evidence_and_validation(self) -> Interactions:
        """What the graph of a refit is made of: with a target, train and validation events of every kind."""
        if self.events and self.target:
            return self.events.train.concatenate(self.events.validation)
        return self.train_and_validation

    def for_target(self, kind: str) -> "Split":
        """Return the split whose train, validation and test are of one kind, with all kinds as ``evidence``.

        A pair is a repeat, and left out, only where an earlier part has an event of that very kind with it: what was
        viewed in train may be a purchase of test.

        Args:
            kind: kind of event to learn and to rank, such as ``"buy"``.

        Raises:
            ValueError: the events have no kinds, none of this kind, or a part has none of it.
        """
        check(
            self.events is not None and self.train.has("kind"),
            "target_kind: these interactions have no kinds of event; name their column (dataset.columns.kind=…) or "
            "leave target_kind=null.",
        )
        assert self.events is not None
        everything = self.events.train.concatenate(self.events.validation)
        check_choice("target_kind", kind, sorted(everything.table["kind"].unique()))
        target = self.events.of_kind(kind)
        mark = hashlib.sha256(f"{self.fingerprint} {target.fingerprint} {kind}".encode()).hexdigest()[:12]
        counts = {"train_events_of_the_target": len(target.train), "train_events_of_evidence": len(self.events.train)}
        return replace(
            target,
            name=f"{self.name}_for_{kind}",
            fingerprint=mark,
            notes=self.notes | target.notes | counts,
            events=replace(self.events, target=kind),
        )


def split_by_part(dataset: Dataset, part: pl.Series, name: str) -> Split:
    """Return the split in which every interaction goes to the part named beside it.

    A held-out pair that also stands in train is a repeat: it is left in train only and counted, as ranking masks it.

    Raises:
        ValueError: a part is empty; the message says which.
    """
    return _split_of({each: dataset.interactions.filter(part == each) for each in PARTS}, name, dataset.name)


def _split_of(whole: Mapping[str, Interactions], name: str, dataset: str) -> Split:
    sizes = {each: len(table) for each, table in whole.items()}
    for each, size in sizes.items():
        check(size > 0, f"Split {name} of {dataset} leaves {each} empty: {sizes}. Choose other fractions or a split.")
    tables, notes = _without_repeats(whole, name, dataset)
    periods = {}
    if tables["train"].has("timestamp"):
        times = {each: table.column("timestamp") for each, table in tables.items()}
        periods = {each: (int(seconds.min()), int(seconds.max()) + 1) for each, seconds in times.items()}

    def of_kind(kind: str) -> Split:
        chosen = {each: table.filter(pl.col("kind") == kind) for each, table in whole.items()}
        return _split_of(chosen, f"{name} with target_kind={kind}", dataset)

    events = Events(whole["train"], whole["validation"], of_kind)
    sealed = SealedTest(tables["test"])
    return Split(name, tables["train"], tables["validation"], sealed, fingerprint(tables), periods, notes, events)


def _without_repeats(
    whole: Mapping[str, Interactions], name: str, dataset: str
) -> tuple[dict[str, Interactions], dict[str, int]]:
    """Return the parts without held-out pairs that an earlier part has, and what was left out of them."""
    tables = dict(whole)
    notes: dict[str, int] = {}
    known = [tables["train"].pair_keys()]
    for each in PARTS[1:]:
        keys = tables[each].pair_keys()
        repeated = pl.concat([earlier.filter(earlier.is_in(keys.implode())) for earlier in known])
        fresh = tables[each].filter(~keys.is_in(repeated.implode()))
        notes[f"{each}_repeats_left_out"] = len(keys) - len(fresh)
        check(len(fresh) > 0, f"Split {name} of {dataset}: every {each} pair repeats an earlier one.")
        tables[each] = fresh
        known.append(fresh.pair_keys())
        for side, ids in (("user", fresh.users), ("item", fresh.items)):
            gone = np.zeros(len(ids), dtype=bool)
            gone[fresh.column(side)] = True
            gone[tables["train"].column(side)] = False
            notes[f"{each}_{side}s_without_train"] = int(gone.sum())
    return tables, notes
