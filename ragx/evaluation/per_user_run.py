"""The per-user values of one model over its seeds: what two models are compared by."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.checks import check, check_choice
from ragx.evaluation.conventions import Conventions
from ragx.evaluation.evaluate import EvaluationResult


@dataclass(frozen=True, eq=False)
class PerUserRun:
    """The per-user values of one model, for one seed or more.

    Args:
        per_user: table of every seed: ``user`` and one column a metric.
        conventions: the conventions of the metrics.
        fingerprint: the split that was evaluated.

    Raises:
        ValueError: there is no seed, or the seeds are about different users.
    """

    per_user: Mapping[int, pl.DataFrame]
    conventions: Conventions
    fingerprint: str

    def __post_init__(self) -> None:
        check(len(self.per_user) > 0, "per_user: expected the values of at least one seed, got none.")
        ordered = {seed: table.sort("user") for seed, table in sorted(self.per_user.items())}
        object.__setattr__(self, "per_user", ordered)
        some = self.users
        same = all(table["user"].equals(some) for table in ordered.values())
        check(same, "per_user: expected the same users in every seed.")

    @classmethod
    def of(cls, results: Mapping[int, EvaluationResult]) -> "PerUserRun":
        """Return the run made of the evaluation of every seed.

        Raises:
            ValueError: the evaluations differ in split or conventions.
        """
        kinds = {(result.fingerprint, result.conventions) for result in results.values()}
        check(len(kinds) == 1, f"results: expected seeds on one split under one set of conventions, got {len(kinds)}.")
        ((fingerprint, conventions),) = kinds
        return cls({seed: result.per_user for seed, result in results.items()}, conventions, fingerprint)

    @property
    def users(self) -> pl.Series:
        """The users, ascending."""
        return next(iter(self.per_user.values()))["user"]

    def matrix(self, metric: str) -> NDArray[np.float64]:
        """Return the values of a metric, [seeds, users]."""
        for table in self.per_user.values():
            check_choice("metric", metric, [name for name in table.columns if name != "user"])
        return np.stack([table[metric].to_numpy() for table in self.per_user.values()]).astype(np.float64)
