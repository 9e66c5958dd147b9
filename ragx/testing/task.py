"""The contract of a task: parts, a sealed test part, a fingerprint and an evaluation that runs can be held to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import polars as pl
import torch

from ragx.checks import check_file_name
from ragx.data.dataset import Dataset
from ragx.data.problem import Problem, Sealed
from ragx.evaluation.result import Result
from ragx.learners.learner import Fitted
from ragx.metrics.name import MetricName
from ragx.models.closed_form import ClosedForm
from ragx.random import generator, seed_modules
from ragx.tasks.task import Task
from ragx.testing.clauses import UnkeptError, expect, hold
from ragx.training.state import FitResult

TOLERANCE = 1e-6
Arrays = np.ndarray | pl.DataFrame | torch.Tensor


def check_task(task: Task, dataset: Dataset, *, model: ClosedForm | None = None) -> None:
    """Hold a task against the contract of tasks, clause by clause, on a dataset.

    Parts with rows; a test part that nothing gives away but its seal; features that are not the target; a fingerprint
    of contents, whatever the order of rows in the data; an evaluation that leaves the test part sealed and gives a
    finite value for every metric; one row for each unit, whose means are the values; baselines that fit and err;
    outputs that are tables.

    Args:
        task: the task.
        dataset: data it is asked of, best small.
        model: what is fitted and evaluated; the first baseline by default.

    Raises:
        AssertionError: a clause does not hold; the message begins with its name and says how it fails.
    """
    asked = _Asked(task, dataset, model)
    clauses = {name: partial(clause, asked) for name, clause in CLAUSES.items()}
    hold("the task", clauses, lambda: seed_modules(0, "check_task"), torch.device("cpu"))


@dataclass(frozen=True)
class _Asked:
    """The task that is checked, and what it is asked of."""

    task: Task
    dataset: Dataset
    model: ClosedForm | None

    @cached_property
    def problem(self) -> Problem[Any]:
        return self.task.problem(self.dataset)

    @cached_property
    def held_out(self) -> Any:
        """The test part, opened to be looked for."""
        return self.problem.test.open(reason="check of the task's contract", on_open=lambda reason: None)

    @cached_property
    def predictor(self) -> Any:
        model = self.model or next(iter(self.task.baselines.values()), None)
        if model is None:
            raise UnkeptError("expected a baseline or a model to evaluate, got none.")
        return model.fit(self.problem.train)

    @cached_property
    def results(self) -> dict[str, Result]:
        task, problem = self.task, self.problem
        with _sealed(problem.test):
            task.check(problem)
            results = {"validation": task.evaluate(self.predictor, problem, "validation", problem.validation)}
        task.check_test(problem)
        return results | {"test": task.evaluate(self.predictor, problem, "test", self.held_out)}


def _parts(asked: _Asked) -> None:
    problem = asked.problem
    expect(isinstance(problem, Problem), f"expected a ragx.data.Problem, got a {type(problem).__name__}.")
    empty = [name for name, size in problem.sizes.items() if size == 0]
    expect(not empty, f"expected rows in every part, got none in {' and '.join(empty)}.")
    unit = asked.task.unit
    expect(bool(unit) and unit.isidentifier(), f"expected a unit such as 'customer', one word; got {unit!r}.")
    if hasattr(problem.train, "concatenate"):
        joined, least = len(problem.train_and_validation), max(len(problem.train), len(problem.validation))
        expect(joined >= least, f"expected at least {least:,} rows of train and validation together, got {joined:,}.")


def _seal(asked: _Asked) -> None:
    problem = asked.problem
    kind = type(problem.test).__name__
    expect(isinstance(problem.test, Sealed), f"expected a test part in ragx.data.Sealed, got a {kind}.")
    held_out = asked.held_out
    inside = getattr(held_out, "__dict__", {}).values()
    secret = {id(held_out)} | {id(value) for value in inside if isinstance(value, Arrays)}
    for owner, name in ((problem, "problem"), (problem.test, "problem.test"), (asked.task, "task")):
        for path, value in _reachable(owner, name):
            expect(id(value) not in secret, f"{path} gives the test part away, which problem.test alone may hold.")


def _features(asked: _Asked) -> None:
    parts = {"train": asked.problem.train, "validation": asked.problem.validation, "test": asked.held_out}
    for part, rows in parts.items():
        same = ", ".join(getattr(rows, "columns_equal_to_target", []))
        expect(not same, f"expected no feature that is the target, got {same} equal to it in every row of {part}.")


def _fingerprint(asked: _Asked) -> None:
    task, dataset, mark = asked.task, asked.dataset, asked.problem.fingerprint
    expect(isinstance(mark, str) and bool(mark), f"expected a text, got {mark!r}.")
    reordered = task.problem(_in_another_order(dataset)).fingerprint
    expect(
        reordered == mark, f"the same data in another order of rows has the fingerprint {reordered}, and had {mark}."
    )
    other = task.problem(_thinned(dataset)).fingerprint
    expect(other != mark, f"data without a part of its events has the same fingerprint {mark}.")


def _metrics(asked: _Asked) -> None:
    task = asked.task
    declared = [metric.name for metric in task.metrics]
    expect(bool(declared), "expected the metrics that an evaluation gives in task.metrics, got none.")
    monitor = str(MetricName(task.metric("monitor", task.monitor).name, MetricName.read(task.monitor).k))
    for part, result in asked.results.items():
        expect(isinstance(result, Result), f"expected a ragx.evaluation.Result, got a {type(result).__name__}.")
        measured = {MetricName.read(name).metric for name in result.values}
        missing = [name for name in declared if name not in measured]
        expect(not missing, f"{part}: expected a value of every metric in task.metrics, got none of {missing}.")
        wild = {name: value for name, value in result.values.items() if not np.isfinite(value)}
        expect(not wild, f"{part}: expected finite values, got {wild}.")
    chosen = asked.task.curve(asked.predictor, asked.problem, task.monitor)
    expect(monitor in chosen, f"expected the monitor {monitor} among what curve gives, got {', '.join(chosen)}.")


def _units(asked: _Asked) -> None:
    means = {metric.name for metric in asked.task.metrics if metric.is_mean_over_units}
    for part, result in asked.results.items():
        table = result.per_unit
        expect(isinstance(table, pl.DataFrame) and "id" in table.columns, f"{part}: expected a table with a column id.")
        twice = table.height - table["id"].n_unique()
        expect(twice == 0, f"{part}: expected one row for each {asked.task.unit}, got {twice:,} more.")
        for name, value in result.values.items():
            if MetricName.read(name).metric not in means:
                continue
            expect(name in table.columns, f"{part}: expected a column {name}, the mean of which is its value.")
            mean = float(table[name].to_numpy().mean())
            expect(
                abs(mean - value) <= TOLERANCE * max(1, abs(value)),
                f"{part}: {name} is {value:.6g}, the mean of its column {mean:.6g}; it is declared to be a mean.",
            )


def _baselines(asked: _Asked) -> None:
    task, problem = asked.task, asked.problem
    for name, baseline in task.baselines.items():
        with _sealed(problem.test):
            predictor = baseline.fit(problem.train)
            result = task.evaluate(predictor, problem, "validation", problem.validation)
        wild = {metric: value for metric, value in result.values.items() if not np.isfinite(value)}
        expect(not wild, f"{name}: expected finite values, got {wild}.")
        zero = result.without_error
        expect(not zero, f"{name}: expected an error of some {task.unit}, got {', '.join(zero)} of 0 for all.")


def _outputs(asked: _Asked) -> None:
    result = FitResult(0, 0, 0, {}, [], 0.0, None)
    fitted = Fitted(predictor=asked.predictor, weights={}, result=result, model=asked.predictor)
    with _sealed(asked.problem.test):
        tables = asked.task.outputs(fitted, asked.problem, False)
    expect(isinstance(tables, Mapping), f"expected tables by name, got a {type(tables).__name__}.")
    for name, table in tables.items():
        check_file_name("outputs", name)
        expect(isinstance(table, pl.DataFrame), f"{name}: expected a polars.DataFrame, got a {type(table).__name__}.")


CLAUSES: dict[str, Callable[[_Asked], None]] = {
    "parts": _parts,
    "sealed test": _seal,
    "features": _features,
    "fingerprint": _fingerprint,
    "metrics": _metrics,
    "units": _units,
    "baselines": _baselines,
    "outputs": _outputs,
}


def _attributes(value: Any) -> dict[str, Any]:
    """Return what a value keeps in attributes, and gives as public properties, apart from what a seal keeps."""
    kept = {
        name: kept for name, kept in vars(value).items() if not name.startswith("_") or not isinstance(value, Sealed)
    }
    given = [name for name in dir(type(value)) if isinstance(getattr(type(value), name), property | cached_property)]
    return kept | {name: getattr(value, name) for name in given if not name.startswith("_")}


def _reachable(owner: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give what stands in attributes, and one floor deeper in those, by its path."""
    for name, value in _attributes(owner).items():
        yield f"{path}.{name}", value
        if not isinstance(value, Sealed | Dataset):
            inner = value if isinstance(value, dict) else getattr(value, "__dict__", {})
            yield from ((f"{path}.{name}.{key}", nested) for key, nested in inner.items())


@contextmanager
def _sealed(test: Sealed[Any]) -> Iterator[None]:
    """Refuse every look at a test part."""

    def refuse(**_: Any) -> Any:
        raise UnkeptError("the test part was opened where validation alone is asked about.")

    object.__setattr__(test, "open", refuse)
    try:
        yield
    finally:
        object.__delattr__(test, "open")


def _in_another_order(dataset: Dataset) -> Dataset:
    """Return the same data with its events and the rows of its tables in another order."""
    tables = {name: table[_order(table.height)] for name, table in dataset.tables.items()}
    if dataset.ordered:
        return replace(dataset, tables=tables)
    return _of_events(replace(dataset, tables=tables), _order(len(dataset.interactions)))


def _thinned(dataset: Dataset) -> Dataset:
    """Return the data without every tenth event."""
    rows = np.arange(len(dataset.interactions))
    return _of_events(dataset, rows[rows % 10 != 5])


def _of_events(dataset: Dataset, rows: np.ndarray) -> Dataset:
    events = replace(dataset.interactions, table=dataset.interactions.table[rows])
    published = None if dataset.published is None else dataset.published[rows]
    return replace(dataset, interactions=events, published=published)


def _order(rows: int) -> np.ndarray:
    order: np.ndarray = torch.randperm(rows, generator=generator(0, "check_task")).numpy()
    return order
