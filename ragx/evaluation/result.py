"""What an evaluation of any task gives: values, the values of every unit, and how many these are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ragx.metrics.known import Metric
from ragx.notebook import one_line


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """What a part says of a predictor.

    Args:
        values: every metric by name.
        per_unit: one row a unit (a user, a customer): its outside ``id`` and a column for each metric that is a mean
            over units; what two runs are compared by.
        metrics: what is known of each metric, its direction above all.
        counts: how many units the values are made of, and other numbers beside them.
        intervals: ``low``, ``high`` and ``few`` of the means; see :func:`ragx.evaluation.intervals.intervals_of`.
        groups: values by group, where they were asked for.
        more: what else goes into ``metrics.json``, by name.
        about: what the values of units were measured on, for the file that keeps them.
    """

    values: dict[str, float]
    per_unit: pl.DataFrame
    metrics: Sequence[Metric] = ()
    counts: dict[str, int] = field(default_factory=dict)
    intervals: dict[str, dict[str, float | bool]] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return one_line(self, **dict(list(self.values.items())[:4]), units=self.per_unit.height)
