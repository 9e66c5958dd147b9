"""Tasks whose answer is a value: spending, sales, lifetime value."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.problem import Problem
from ragx.evaluation.intervals import intervals_of
from ragx.evaluation.result import Result
from ragx.learners.learner import Fitted
from ragx.metrics.known import KNOWN, Metric
from ragx.models.closed_form import ClosedForm
from ragx.tasks.rows import Numbers, Rows
from ragx.tasks.task import Part, Task


class ValueTask(Task):
    """Predicts a number for each unit; a subclass says in :meth:`problem` which.

    Parts are :class:`ragx.tasks.Rows`, and a predictor is a function from their ``x`` [N, F] to [N] values. Reported
    are the mean absolute error ``mae`` and the root of the mean squared error ``rmse``; a metric of one's own is named
    in ``metrics`` and calculated in :meth:`measure`.

    Args:
        monitor: the metric that stops and chooses.
        baselines: what stands beside every run, by name.
    """

    metrics: Sequence[Metric] = (KNOWN["mae"], KNOWN["rmse"])

    def __init__(self, *, monitor: str = "mae", baselines: Mapping[str, ClosedForm] | None = None) -> None:
        super().__init__(monitor=monitor, baselines=baselines)

    def evaluate(self, predictor: Any, problem: Problem[Any], part: Part, held_out: Rows) -> Result:
        """Return the errors of a predictor, per unit and over all.

        Args:
            predictor: gives [N] values for ``x`` [N, F].
            problem: the problem.
            part: which part the rows are of.
            held_out: the rows.

        Raises:
            ValueError: it gives another number of values, or one that is not finite; or :meth:`measure` gives other
                metrics than the task declares.
        """
        measured = self.measure(predicted(predictor, held_out), held_out.y)
        means = self._of_units(measured, len(held_out))
        return Result(
            values={name: float(np.mean(value)) for name, value in measured.items()},
            per_unit=pl.DataFrame({"id": held_out.ids, **means}),
            metrics=self.metrics,
            counts={"units": len(held_out)},
            intervals=intervals_of(means),
        )

    def check(self, problem: Problem[Any]) -> list[str]:
        """Say which features equal the target in train or validation, where a model need not predict it."""
        parts: dict[str, Any] = {"train": problem.train, "validation": problem.validation}
        return [
            f"warning: the feature {name} equals the target in every row of {part}; a feature may know nothing of it."
            for part, rows in parts.items()
            if isinstance(rows, Rows)
            for name in rows.columns_equal_to_target
        ]

    def measure(self, predicted: Numbers, actual: Numbers) -> dict[str, Numbers | float]:
        """Return every metric by name: the value of each unit [N], whose mean it is, or else one number.

        Args:
            predicted: what the predictor gave, [N].
            actual: what it was, [N].
        """
        error = predicted - actual
        return {"mae": np.abs(error), "rmse": float(np.sqrt((error**2).mean()))}

    def _of_units(self, measured: Mapping[str, Numbers | float], units: int) -> dict[str, Numbers]:
        """Return the metrics that are means over units.

        Raises:
            ValueError: other metrics were measured than the task declares, or one in another form than it says.
        """
        known, name = {metric.name: metric for metric in self.metrics}, type(self).__name__
        check(
            measured.keys() == known.keys(),
            f"{name}.measure: expected what the task declares, {', '.join(known)}; got {', '.join(measured)}.",
        )
        for metric, value in measured.items():
            of_units = known[metric].is_mean_over_units
            form = (
                f"[{units}] values, one of each unit,"
                if of_units
                else "one number, as it is declared to be no mean over units,"
            )
            check(
                np.shape(value) == ((units,) if of_units else ()),
                f"{name}.measure: expected {form} of {metric}, got {list(np.shape(value))}.",
            )
        return {metric: np.asarray(value) for metric, value in measured.items() if known[metric].is_mean_over_units}

    def outputs(self, fitted: Fitted, problem: Problem[Any], refit: bool) -> Mapping[str, pl.DataFrame]:
        """Return what is predicted for every unit of the validation part, beside what it was."""
        rows: Rows = problem.validation
        columns = {"id": rows.ids, "predicted": predicted(fitted.predictor, rows), "actual": rows.y}
        return {"predictions": pl.DataFrame(columns).with_columns(part=pl.lit("validation"))}


def predicted(predictor: Any, rows: Rows) -> Numbers:
    """Return the values that a predictor gives for rows.

    Raises:
        ValueError: it gives another number of values, or one that is not finite.
    """
    values = np.asarray(predictor(rows.x), dtype=np.float64)
    check(
        values.shape == rows.y.shape,
        f"model: expected a predictor that gives [{len(rows)}] values for x {list(rows.x.shape)}, got "
        f"{list(values.shape)}.",
    )
    bad = int((~np.isfinite(values)).sum())
    check(bad == 0, f"model: expected finite predictions, got {bad} of {len(rows)} that are not.")
    return values
