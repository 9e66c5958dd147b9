"""A split into train, validation and a sealed test part."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from ragx.checks import as_typed, check, did_you_mean
from ragx.data.cleaning.counted import Step
from ragx.data.cleaning.part_rules import PartRules
from ragx.data.ids.identifiers import Identifier
from ragx.data.ids.near_ids import folded
from ragx.data.interactions import Interactions
from ragx.data.problem import Problem, Sealed


class SealedTest(Sealed[Interactions]):
    """The test part of a split, sealed."""

    rows_are = "interactions"

    def __init__(self, interactions: Interactions) -> None:
        super().__init__(interactions)
        self.__interactions = interactions

    @property
    def period(self) -> tuple[int, int] | None:
        """The first second of the part and the second after its last, where it has times."""
        return _period(self.__interactions)

    def count_users_of(self, train: Interactions) -> int:
        """Return how many users with test items have train interactions too: a count, which shows no item."""
        return int(np.isin(np.unique(self.__interactions.column("user")), train.column("user")).sum())


@dataclass(frozen=True, eq=False)
class Events:
    """The open parts of a split with every event in them: all kinds, repeats too.

    Args:
        train: events before validation.
        validation: events of the validation part.
        of_kind: gives the split of the events of one kind alone, its test part sealed.
        rules: what was done to each part.
        steps: (name, users, items, interactions) of all parts together after each step of that.
        target: the kind that a split was made for, see :meth:`Split.for_target`.
        anew: gives the split of all events divided anew for a target, where it decides which events are held out.
    """

    train: Interactions
    validation: Interactions
    of_kind: Callable[[str], "Split"]
    rules: PartRules = field(default_factory=PartRules)
    steps: tuple[Step, ...] = ()
    target: str | None = None
    anew: Callable[[str], "Split"] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Split(Problem[Interactions]):
    """Train and validation in the open, test sealed; all share their maps of ids.

    Args:
        name: how the parts were made, such as ``"published"``.
        train: interactions that models learn from.
        validation: interactions that choose epochs and settings.
        test: the sealed part.
        fingerprint: a hash of the pairs of the three parts.
        notes: what was done to whom, such as counts of users without train interactions.
        events: the open parts with every event in them, where the split was made of events.
        published_fingerprint: a hash of the pairs of train and validation together and of test, where that is the
            published test part: the same whatever was chosen as validation, so that test values can be compared.
    """

    test: SealedTest
    events: Events | None = field(default=None, repr=False)
    published_fingerprint: str | None = None

    @property
    def ids(self) -> dict[str, list[Identifier]]:
        """Outside ids of users and items in the order of a model's rows."""
        return self.train.ids

    @property
    def contents(self) -> str:
        """Numbers of users and items."""
        return f"{self.train.num_users:,} users, {self.train.num_items:,} items"

    @cached_property
    def periods(self) -> Mapping[str, tuple[int, int]]:
        """First second of each part and the second after its last, where the data has times."""
        periods = {"train": _period(self.train), "validation": _period(self.validation), "test": self.test.period}
        return {part: period for part, period in periods.items() if period is not None}

    @cached_property
    def train_and_validation(self) -> Interactions:
        """Everything that is not test: what a refit learns from."""
        return self.train.concatenate(self.validation)

    @property
    def target(self) -> str | None:
        """The one kind of event in the parts, where the split was made for one."""
        return self.events.target if self.events else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """(name, users, items, interactions) of all parts together after each step that waited for the split."""
        return self.events.steps if self.events else ()

    @property
    def evidence(self) -> Interactions:
        """What the graph is made of: train, or, with a target, the train events of every kind."""
        return self.events.train if self.events and self.target else self.train

    @cached_property
    def evidence_and_validation(self) -> Interactions:
        """What the graph of a refit is made of: with a target, train and validation events of every kind."""
        if self.events and self.target:
            return self.events.rules.joined(self.events.train, self.events.validation)
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
        _check_kind(kind, sorted(everything.table["kind"].unique()))
        if self.events.anew is not None:
            return self.events.anew(kind).for_target(kind)
        target = self.events.of_kind(kind)
        published = None
        if self.published_fingerprint is not None:
            published = _joint_mark(self.published_fingerprint, target.published_fingerprint, kind)
        counts = {"train_events_of_the_target": len(target.train), "train_events_of_evidence": len(self.events.train)}
        kinds = everything.table["kind"]
        if near := int(((folded(kinds) == folded(pl.Series([kind]))[0]) & (kinds != kind)).sum()):
            counts["events_of_kinds_that_differ_from_the_target_in_blanks_or_case"] = near
        return replace(
            target,
            name=f"{self.name}_for_{kind}",
            fingerprint=_joint_mark(self.fingerprint, target.fingerprint, kind),
            published_fingerprint=published,
            notes=self.notes | target.notes | counts,
            events=replace(self.events, target=kind),
        )


def _check_kind(kind: str, known: list[str]) -> None:
    with_blanks = sorted(
        (name for name in known if name != name.strip()), key=lambda name: name.strip() != kind.strip()
    )
    typed = f" Blanks are kept in quotes: {as_typed('target_kind', with_blanks[0])}." if with_blanks else ""
    near = did_you_mean(kind, known)
    check(kind in known, f"target_kind: expected one of {', '.join(known)}; got {kind!r}.{near}{typed}")


def _joint_mark(*marks: str | None) -> str:
    return hashlib.sha256(" ".join(map(str, marks)).encode()).hexdigest()[:12]


def _period(part: Interactions) -> tuple[int, int] | None:
    if not part.has("timestamp") or len(part) == 0:
        return None
    seconds = part.column("timestamp")
    return int(seconds.min()), int(seconds.max()) + 1
