"""What an evaluation of any task gives: values, the values of every unit, and how many these are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
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

    @property
    def without_error(self) -> list[str]:
        """Metrics of which less is better and every unit's value is 0, as where features hold what is predicted."""
        errors = {metric.name for metric in self.metrics if metric.larger_is_better is False}
        columns = [name for name in self.per_unit.columns if MetricName.read(name).metric in errors]
        return [name for name in columns if self.per_unit.height and (self.per_unit[name] == 0).all()]

    def __repr__(self) -> str:
        return one_line(self, **dict(list(self.values.items())[:4]), units=self.per_unit.height)
