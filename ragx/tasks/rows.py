"""Rows of numbers with a number to be predicted: the parts of tasks whose answer is a value."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.checks import check
from ragx.data.problem import Problem, Sealed

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """What is known of units, and the value of each.

    Args:
        ids: outside id of each row's unit.
        x: what is known of it, [N, F].
        y: the value to be predicted, [N].
        names: names of the columns of ``x``; by default their numbers.

    Raises:
        ValueError: lengths differ, or a number is not finite.
    """

    ids: pl.Series
    x: Numbers
    y: Numbers
    names: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        x, y = np.asarray(self.x, dtype=np.float64), np.asarray(self.y, dtype=np.float64)
        sizes = f"{len(self.ids)} ids, x {list(x.shape)}, y {list(y.shape)}"
        check(
            x.ndim == 2 and len(self.ids) == len(x) == len(y) == y.size,
            f"Rows: expected ids [N], x [N, F], y [N]; got {sizes}.",
        )
        bad = int((~np.isfinite(x)).sum() + (~np.isfinite(y)).sum())
        check(bad == 0, f"Rows: expected finite numbers, got {bad} that are not; fill or leave out what is missing.")
        names = tuple(self.names) or tuple(map(str, range(x.shape[1])))
        check(len(names) == x.shape[1], f"Rows: expected {x.shape[1]} names of columns, got {len(names)}.")
        for name, value in (("x", x), ("y", y), ("names", names)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.y)

    def concatenate(self, other: Self) -> Self:
        """Return the rows of both.

        Raises:
            ValueError: their columns have other names.
        """
        check(tuple(self.names) == tuple(other.names), f"Rows: expected columns {self.names}, got {other.names}.")
        ids = pl.concat([self.ids.alias("id"), other.ids.alias("id")])
        return type(self)(ids, np.concatenate([self.x, other.x]), np.concatenate([self.y, other.y]), self.names)

    @property
    def columns_equal_to_target(self) -> list[str]:
        """Names of the columns of ``x`` that are ``y`` itself, row for row; none where all of ``y`` is one number."""
        equal = (self.x == self.y[:, None]).all(0) & (np.unique(self.y).size > 1)
        return [name for name, is_equal in zip(self.names, equal, strict=True) if is_equal]

    @property
    def digest(self) -> bytes:
        """A hash of ids and numbers, the same for the same rows in another order."""
        ids = self.ids.cast(pl.String).to_list()
        numbers = np.column_stack([self.x, self.y[:, None]])
        rows = sorted(
            hashlib.sha256(name.encode() + b"/" + row.tobytes()).digest()
            for name, row in zip(ids, numbers, strict=True)
        )
        return hashlib.sha256(b"".join(rows) + "/".join(self.names).encode()).digest()


@dataclass(frozen=True, eq=False, repr=False)
class RowsProblem(Problem[Rows]):
    """Rows to learn from, to choose by, and sealed ones that judge."""

    unit: str = field(default="unit", kw_only=True)

    @property
    def contents(self) -> str:
        """How many units are judged by on validation, and by what."""
        return f"{self.validation.ids.n_unique():,} {self.unit}s, {self.train.x.shape[1]:,} features"


def rows_problem(
    *,
    name: str,
    train: Rows,
    validation: Rows,
    test: Rows,
    dataset: Any,
    unit: str = "unit",
    notes: Mapping[str, int] | None = None,
) -> RowsProblem:
    """Return a problem of rows, its test part sealed and its fingerprint made of all three.

    Args:
        name: how the parts were made, such as ``"months"``.
        train: what models learn from; a unit may have many rows.
        validation: what chooses, one row a unit.
        test: what judges, one row a unit.
        dataset: what they were made of.
        unit: what a row is of.
        notes: counts worth telling.

    Raises:
        ValueError: a part is empty, or a unit has two rows where it is judged.
    """
    parts = {"train": train, "validation": validation, "test": test}
    for part, rows in parts.items():
        check(len(rows) > 0, f"Problem {name}: expected rows in {part}, got none; the data is too short for it.")
        twice = len(rows) - rows.ids.n_unique()
        check(
            part == "train" or twice == 0,
            f"Problem {name}: expected one row for each {unit} in {part}, got {twice:,} more.",
        )
    mark = hashlib.sha256(b"".join(rows.digest for rows in parts.values())).hexdigest()[:12]
    return RowsProblem(name, train, validation, Sealed(test), mark, dict(notes or {}), dataset=dataset, unit=unit)
