"""What a task is made of: parts to learn from and to choose by in the open, and a sealed part that judges."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from ragx.checks import check
from ragx.data.cleaning.counted import Step
from ragx.data.ids.identifiers import Identifier
from ragx.notebook import one_line

HeldOutPart = Literal["validation", "test"]
"""A part that predictors are judged by."""


class Sized(Protocol):
    """A part of the data."""

    def __len__(self) -> int:
        """Return how many rows it has."""


PartData = TypeVar("PartData", bound=Sized)


class Sealed(Generic[PartData]):
    """The test part, which no attribute gives away: only :meth:`open`, called by the final evaluation, does.

    Args:
        rows: the part.
    """

    rows_are = "rows"

    def __init__(self, rows: PartData) -> None:
        self.__rows = rows

    def __len__(self) -> int:
        return len(self.__rows)

    def __repr__(self) -> str:
        return one_line(self, **{self.rows_are: len(self)})

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"The test part is sealed, so it has no {name!r}: evaluation.final=true opens it once, at the end, and in "
            "Python test.open with a reason."
        )

    def open(self, *, reason: str, on_open: Callable[[str], None]) -> PartData:
        """Return the test part and report the look.

        Args:
            reason: why the seal is broken; it goes to the record of looks.
            on_open: called with the reason before anything is given out.
        """
        check(bool(reason.strip()), "The test part opens only for a stated reason.")
        on_open(reason)
        return self.__rows


@dataclass(frozen=True, eq=False)
class Problem(Generic[PartData]):
    """Train and validation in the open, test sealed.

    Args:
        name: how the parts were made, such as ``"published"``.
        train: what models learn from.
        validation: what chooses epochs and settings.
        test: the sealed part.
        fingerprint: a hash of the three parts: values on problems of one fingerprint can be compared.
        notes: what was done to whom, such as counts of users without train interactions.
        dataset: what it was made of, for tasks and learners that look at more of it.
    """

    name: str
    train: PartData
    validation: PartData
    test: Sealed[PartData]
    fingerprint: str
    notes: dict[str, int] = field(default_factory=dict)
    dataset: Any = field(default=None, kw_only=True, repr=False)

    def __repr__(self) -> str:
        return one_line(self, self.name, **self.sizes, fingerprint=self.fingerprint)

    @property
    def sizes(self) -> dict[str, int]:
        """Rows of each part."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    @property
    def train_and_validation(self) -> PartData:
        """Everything that is not test: what a refit learns from.

        Raises:
            ValueError: the parts cannot be joined.
        """
        join: Any = getattr(self.train, "concatenate", None)
        check(
            join is not None,
            f"trainer.refit: expected parts that can be joined, got {type(self.train).__name__}, which has no "
            "concatenate; leave trainer.refit=false.",
        )
        joined: PartData = join(self.validation)
        return joined

    def input(self, part: HeldOutPart) -> PartData:
        """Return what may be looked at when a part is predicted: everything before it, and nothing of it or after.

        That is train for validation, and train and validation for test. A model may look at less: one of nodes works on
        the graph of what it learned from, in both parts. A model of sequences continues these histories.

        Args:
            part: the part that is predicted.

        Raises:
            ValueError: the parts cannot be joined.
        """
        return self.train if part == "validation" else self.train_and_validation

    def learned_from(self, refit: bool) -> PartData:
        """Return the train part, or, for a refit, train and validation."""
        return self.train_and_validation if refit else self.train

    @property
    def published_fingerprint(self) -> str | None:
        """A hash that the problem shares with others whose test part was published with it; None without one."""
        return None

    @property
    def test_mark(self) -> str:
        """What looks at the test part are counted under: the published fingerprint, where there is one."""
        return self.published_fingerprint or self.fingerprint

    @property
    def ids(self) -> Mapping[str, Sequence[Identifier]]:
        """Outside ids in the order of a model's rows, by name, kept with its weights; none by default."""
        return {}

    @property
    def steps(self) -> tuple[Step, ...]:
        """(name, users, items, interactions) after each step of cleaning that waited for the split."""
        return ()

    @property
    def contents(self) -> str:
        """What the parts are made of in a few words, such as ``"943 users, 1,682 items"``."""
        return f"{sum(self.sizes.values()):,} rows"
