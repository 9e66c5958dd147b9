"""The values of every unit (a user, a customer) under one model, by seed: what two models are compared by."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.checks import check, check_choice
from ragx.evaluation.conventions import Conventions
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.per_user_table import KEYS
from ragx.evaluation.units import plural
from ragx.metrics.direction import Recorded


@dataclass(frozen=True, eq=False)
class PerUnitRun:
    """The values of every unit under one model, for one seed or more.

    Units are identified by the outside ``id`` where the tables have it, as the row of a user is that of another in
    other data, and else by the row ``user``.

    Args:
        per_unit: table of every seed: ``id``, or ``user`` and perhaps ``id``, and one column a metric.
        conventions: the conventions of the metrics; None where a task has none.
        fingerprint: the split that was evaluated.
        deterministic: whether the values come without draws, as those of a closed form such as the most popular items
            do, so that another seed would give them again. A trained model is not, and its single seed is one draw.
        known: what is known of its metrics, as ``EvaluationResult.metrics`` has it; those of ragx need not stand there.
        unit: what the values are of.

    Raises:
        ValueError: there is no seed, or the seeds are about different units or name one twice, or there are several of
            what is made without draws.
    """

    per_unit: Mapping[int, pl.DataFrame]
    conventions: Conventions | None
    fingerprint: str
    deterministic: bool = False
    known: Recorded = field(default_factory=dict)
    unit: str = "user"
    key: str = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.per_unit)
        check(count > 0, "per_unit: expected the values of at least one seed, got none.")
        check(
            count == 1 or not self.deterministic,
            f"deterministic: expected one seed of what is made without draws, got {count}; give one of them.",
        )
        known = all("id" in table.columns for table in self.per_unit.values())
        object.__setattr__(self, "key", "id" if known else "user")
        ordered = {seed: table.sort(self.key) for seed, table in sorted(self.per_unit.items())}
        object.__setattr__(self, "per_unit", ordered)
        some = self.units
        check(some.n_unique() == len(some), f"per_unit: expected every {self.key} once.")
        same = all(table[self.key].equals(some) for table in ordered.values())
        check(same, f"per_unit: expected the same {plural(self.unit)} in every seed.")

    @classmethod
    def of(cls, results: Mapping[int, EvaluationResult]) -> "PerUnitRun":
        """Return the run made of the evaluation of every seed.

        Raises:
            ValueError: the evaluations differ in split or conventions.
        """
        kinds = {(result.fingerprint, result.conventions) for result in results.values()}
        check(len(kinds) == 1, f"results: expected seeds on one split under one set of conventions, got {len(kinds)}.")
        ((fingerprint, conventions),) = kinds
        known = {name: metric for result in results.values() for name, metric in result.metrics.items()}
        return cls({seed: result.per_user for seed, result in results.items()}, conventions, fingerprint, known=known)

    def without_draws(self) -> "PerUnitRun":
        """Return the values of a closed form: its seeds count as one where all of them gave the same.

        A closed form that draws by itself shows it in its values and is returned as it is.
        """
        first, *others = self.per_unit.values()
        names = [self.key, *self.metrics]
        if not all(table.select(names).equals(first.select(names)) for table in others):
            return self
        return replace(self, per_unit={min(self.per_unit): first}, deterministic=True)

    @property
    def units(self) -> pl.Series:
        """The units, ascending."""
        return next(iter(self.per_unit.values()))[self.key]

    @property
    def metrics(self) -> list[str]:
        """The metrics that every seed has."""
        tables = list(self.per_unit.values())
        names = [name for name in tables[0].columns if name not in KEYS]
        return [name for name in names if all(name in table.columns for table in tables)]

    def matrix(self, metric: str) -> NDArray[np.float64]:
        """Return the values of a metric, [seeds, units].

        Raises:
            ValueError: a seed lacks the metric, or a value is not a finite number.
        """
        known = self.metrics
        if metric not in known and metric.lower() in known:
            raise ValueError(f"metric: expected {metric.lower()}, got {metric!r}; names are in small letters.")
        check_choice("metric", metric, known)
        values = np.stack([table[metric].to_numpy() for table in self.per_unit.values()]).astype(np.float64)
        bad = int((~np.isfinite(values)).sum())
        check(
            bad == 0,
            f"{metric}: expected finite numbers, got {bad} that are not; evaluate the run again before comparing it.",
        )
        return values


PerUserRun = PerUnitRun
"""The name that it had while units were users alone."""
