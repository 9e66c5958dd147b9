"""A fitted model evaluated beside the baselines of its task: what every command that evaluates has in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragx.data.problem import Problem
from ragx.evaluation.result import Result
from ragx.files import write_atomically
from ragx.learners.learner import Fitted
from ragx.metrics.recorded import record_of
from ragx.runs.task import MODEL, per_unit_file
from ragx.tasks.task import Part, Task

BEST = "best_achievable"
Results = dict[str, Result]
"""The results of the model, of every baseline and, where it is known, of the best achievable."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """A fitted model on its problem, beside the baselines and, on generated data, the best that can be achieved.

    Args:
        task: how it is evaluated, and against what.
        problem: the data.
        fitted: what was fitted.
        refit: whether it has learned from validation too.
        beside: the predictors of the baselines, fitted to train, where that was done before.
    """

    task: Task
    problem: Problem[Any]
    fitted: Fitted
    refit: bool = False
    beside: Mapping[str, Any] | None = None

    def check(self) -> list[str]:
        """Raise ``ValueError`` where the data lacks what metrics are made of; say for how many it has."""
        return self.task.check(self.problem)

    def on_validation(self) -> Results:
        """Return what the validation part says."""
        return self._results("validation", self.problem.validation, refit=False)

    def model_on_validation(self) -> Result:
        """Return what the validation part says of the model alone."""
        return self.task.evaluate(
            self.fitted.predictor_for("validation"), self.problem, "validation", self.problem.validation
        )

    def on_test(self, *, reason: str, on_open: Callable[[str], None]) -> Results:
        """Open the test part and return what it says; ``on_open`` is told before any number is made.

        Raises:
            ValueError: nobody could be measured; the test part stays sealed.
        """
        self.task.check_test(self.problem)
        return self._results("test", self.problem.test.open(reason=reason, on_open=on_open), self.refit)

    def _results(self, part: Part, held_out: Any, refit: bool) -> Results:
        task, problem = self.task, self.problem
        predictors = {MODEL: self.fitted.predictor_for(part)}
        if task.baselines:
            predictors |= (
                fitted_baselines(task, problem.learned_from(refit)) if refit or not self.beside else self.beside
            )
        best = task.best_achievable(problem, part)
        predictors |= {} if best is None else {BEST: best}
        return {name: task.evaluate(predictor, problem, part, held_out) for name, predictor in predictors.items()}


def fitted_baselines(task: Task, train: Any) -> dict[str, Any]:
    """Return the predictors of the baselines of a task, by their names in results."""
    return {name: baseline.fit(train) for name, baseline in task.baselines_for(train).items()}


def too_good(results: Mapping[str, Result], unit: str) -> list[str]:
    """Say which baselines make no error on any unit, which features that hold the target would explain."""
    return [
        f"warning: {name} of the baseline {baseline} is 0 for every {unit}; the features may hold the target."
        for baseline, result in results.items()
        if baseline not in (MODEL, BEST)
        for name in result.without_error
    ]


def add_results(metrics: dict[str, Any], part: str, results: Mapping[str, Result]) -> None:
    """Put what a part says of every predictor into what ``metrics.json`` holds."""
    model = results[MODEL]
    metrics[part] = model.values
    metrics["metrics"] = metrics.get("metrics", {}) | record_of(model.metrics)
    more = {"intervals": model.intervals, "groups": model.groups, "counts": model.counts, **model.more}
    for name, value in more.items():
        metrics.setdefault(name, {})[part] = value
    metrics.setdefault("baseline", {})
    for name, result in results.items():
        if name == BEST:
            metrics.setdefault(BEST, {})[part] = result.values
        elif name != MODEL:
            metrics["baseline"].setdefault(name, {})[part] = result.values


def keep_per_unit(folder: Path, unit: str, part: str, results: Mapping[str, Result], fingerprint: str) -> None:
    """Write the values of every unit under the model and under each baseline, one file for each."""
    for name, result in results.items():
        if name == BEST:
            continue
        metadata = {f"ragx.{key}": text for key, text in result.about.items()}
        metadata |= {"ragx.split": fingerprint, "ragx.part": part}

        def write(path: Path, table: Any = result.per_unit, about: Mapping[str, str] = metadata) -> None:
            table.write_parquet(path, metadata=dict(about))

        write_atomically(folder / per_unit_file(unit, name, part), write)
