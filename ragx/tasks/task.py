"""What the runner asks of a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import polars as pl

from ragx.checks import check, check_choice, check_file_name
from ragx.data.dataset import Dataset
from ragx.data.problem import HeldOutPart, Problem
from ragx.evaluation.result import Result
from ragx.learners.learner import Fitted
from ragx.metrics.known import Metric
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.first_that_fits import FirstThatFits

Part = HeldOutPart
TAKEN = ("model", "best_achievable", "validation", "test", "measured", "published")
"""What stands beside baselines in results, in names of files or in tables."""


class Task(ABC):
    """A question asked of data; ``ragx.tasks.Rank`` is one, and ``conf/task`` has a YAML for each.

    A subclass says in :meth:`problem` how data becomes parts, and in :meth:`evaluate` how good a predictor is. Runs,
    sweeps, searches, the seal of the test part, tables and comparisons work for it as they stand. Where its constructor
    names ``split`` it is given a function from a dataset to the split that the config says, and where it names
    ``evaluation`` the protocol of rankings.

    Args:
        monitor: the metric that stops a training, and that sweeps and searches choose by.
        baselines: closed forms that are fitted to the same problem and stand beside every run, by name.

    Raises:
        ValueError: a baseline has a name that means something else among results.
    """

    unit: ClassVar[str] = "unit"
    """What a row of the values of units is, such as ``"user"``, ``"customer"`` or ``"campaign"``."""

    metrics: Sequence[Metric] = ()
    """The metrics that an evaluation gives, each with its direction."""

    def __init__(self, *, monitor: str, baselines: Mapping[str, ClosedForm] | None = None) -> None:
        for name, baseline in (baselines or {}).items():
            for result in baseline.choices if isinstance(baseline, FirstThatFits) else [name]:
                check(
                    result not in TAKEN,
                    f"task.baselines: expected names other than {', '.join(TAKEN)}, which results use, got {result!r}.",
                )
                check_file_name("task.baselines", result)
        self.monitor, self.baselines = monitor, dict(baselines or {})

    def baselines_for(self, train: Any) -> dict[str, ClosedForm]:
        """Return the baselines by their names in results; one that chooses by the data is what it chooses.

        Args:
            train: what is learned from.
        """
        chosen = (
            baseline.choice(train) if isinstance(baseline, FirstThatFits) else (name, baseline)
            for name, baseline in self.baselines.items()
        )
        return dict(chosen)

    @abstractmethod
    def problem(self, dataset: Dataset) -> Problem[Any]:
        """Return train, validation and the sealed test part.

        Args:
            dataset: the data.

        Raises:
            ValueError: the data has not what it takes; the message says what is missing.
        """

    @abstractmethod
    def evaluate(self, predictor: Any, problem: Problem[Any], part: Part, held_out: Any) -> Result:
        """Return how good a predictor is on a part.

        Args:
            predictor: what a model or a baseline gave.
            problem: the problem.
            part: which part ``held_out`` is.
            held_out: the validation part, or the test part that the run has opened.
        """

    def check(self, problem: Problem[Any]) -> list[str]:
        """Check, before any training, that the data has what the evaluation looks at, and say for how many it has.

        Raises:
            ValueError: something is missing.
        """
        return []

    def metric(self, option: str, name: str) -> Metric:
        """Return what is known of a metric that the evaluation gives.

        Args:
            option: what names it, for the message.
            name: the metric, with its cut-off where it takes one.

        Raises:
            ValueError: there is no such metric.
        """
        known = {metric.name: metric for metric in self.metrics}
        check_choice(option, name, list(known))
        return known[name]

    def check_test(self, problem: Problem[Any]) -> None:
        """Check, while the test part is sealed, that there will be something to measure on it.

        Raises:
            ValueError: there is nobody.
        """
        return

    def curve(self, predictor: Any, problem: Problem[Any], monitor: str) -> dict[str, float]:
        """Return the few validation values that a training is watched by, the monitored one among them."""
        return self.evaluate(predictor, problem, "validation", problem.validation).values

    def best_achievable(self, problem: Problem[Any], part: Part) -> Any:
        """Return the predictor that nothing can beat on average, where generated data knows it; else None."""
        return None

    def outputs(self, fitted: Fitted, problem: Problem[Any], refit: bool) -> Mapping[str, pl.DataFrame]:
        """Return the tables that a run leaves for those who use it, by file name without ending; none by default.

        Args:
            fitted: what the run has fitted.
            problem: the problem.
            refit: whether validation was learned from too.
        """
        return {}

    @property
    def tables_read(self) -> set[str]:
        """Tables of attributes that results are made of, ``"users"`` and ``"items"``."""
        return set()
