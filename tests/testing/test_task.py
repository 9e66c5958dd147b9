"""The contract of a task: rankings and values keep it, and each way to break it is named."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ragx.data import Dataset, Problem, Sealed, generated_shop, time_split
from ragx.evaluation import Protocol, Result
from ragx.learners import Fitted
from ragx.metrics import Metric
from ragx.models import ClosedForm
from ragx.tasks import Part, Rank, Rows, ValueTask, rows_problem
from ragx.tasks.rows import Numbers
from ragx.testing import check_task

HALF = 40 * 86_400


class LastValue(ClosedForm):
    """As much as before."""

    def fit(self, train: Rows) -> Any:
        return lambda x: x[:, -1]


class Spending(ValueTask):
    """What a customer spends in 40 days, told from the 40 days before."""

    unit = "customer"

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"baselines": {"last": LastValue()}} | options))

    def problem(self, dataset: Dataset) -> Problem[Any]:
        spent, ids = self.spent(dataset), dataset.interactions.users.ids
        train, validation, test = (Rows(ids, spent[:, [part]], spent[:, part + 1]) for part in range(3))
        return rows_problem(
            name="halves", unit="customer", dataset=dataset, train=train, validation=validation, test=test
        )

    @staticmethod
    def spent(dataset: Dataset) -> Numbers:
        events = dataset.interactions
        period = (events.column("timestamp") - events.column("timestamp").min()) // HALF
        spent = np.zeros((events.num_users, 5))
        np.add.at(spent, (events.column("user"), period), events.column("value"))
        return spent


@dataclass(frozen=True, eq=False, repr=False)
class Shown(Problem[Rows]):
    """A problem with the test part beside its seal."""

    shown: Any = None


class NoSeal(Spending):
    def problem(self, dataset: Dataset) -> Problem[Any]:
        return replace(super().problem(dataset), test=super().problem(dataset).validation)


class InTheOpen(Spending):
    def problem(self, dataset: Dataset) -> Problem[Any]:
        made = super().problem(dataset)
        rows = made.test.open(reason="a mistake", on_open=lambda reason: None)
        return Shown("shown", made.train, made.validation, Sealed(rows), "mark", dataset=dataset, shown={"y": rows.y})


class Remembers(Spending):
    def problem(self, dataset: Dataset) -> Problem[Any]:
        made = super().problem(dataset)
        self._test = made.test.open(reason="a mistake", on_open=lambda reason: None)
        return made


class Fixed(Spending):
    def problem(self, dataset: Dataset) -> Problem[Any]:
        return replace(super().problem(dataset), fingerprint="always")


class ByOrder(Spending):
    def problem(self, dataset: Dataset) -> Problem[Any]:
        first = dataset.tables["items"]["item"][0]
        return replace(super().problem(dataset), fingerprint=f"first {first}")


class Opens(Spending):
    def evaluate(self, predictor: Any, problem: Problem[Any], part: Part, held_out: Any) -> Result:
        rows = problem.test.open(reason="a mistake", on_open=lambda reason: None)
        return super().evaluate(predictor, problem, part, rows)


class Undeclared(Spending):
    def evaluate(self, predictor: Any, problem: Problem[Any], part: Part, held_out: Any) -> Result:
        result = super().evaluate(predictor, problem, part, held_out)
        return replace(result, values={"mae": result.values["mae"]})


class NotFinite(Spending):
    metrics = (*ValueTask.metrics, Metric("ratio", takes_cutoff=False, is_mean_over_units=False))

    def measure(self, predicted: Numbers, actual: Numbers) -> dict[str, Numbers | float]:
        return {**super().measure(predicted, actual), "ratio": float("inf")}


class NoMean(Spending):
    def evaluate(self, predictor: Any, problem: Problem[Any], part: Part, held_out: Any) -> Result:
        result = super().evaluate(predictor, problem, part, held_out)
        return replace(result, values=result.values | {"mae": float(np.median(result.per_unit["mae"].to_numpy()))})


class Twice(Spending):
    def evaluate(self, predictor: Any, problem: Problem[Any], part: Part, held_out: Any) -> Result:
        result = super().evaluate(predictor, problem, part, held_out)
        return replace(result, per_unit=pl.concat([result.per_unit, result.per_unit]))


class NoTable(Spending):
    def outputs(self, fitted: Fitted, problem: Problem[Any], refit: bool) -> Mapping[str, pl.DataFrame]:
        return {"predictions": fitted.predictor(problem.validation.x)}


class Leaks(Spending):
    """Has what is to be told among the features of validation."""

    def problem(self, dataset: Dataset) -> Problem[Any]:
        made = super().problem(dataset)
        y = made.validation.y
        leaking = Rows(made.validation.ids, y[:, None], y, names=["spent"])
        train = Rows(made.train.ids, made.train.x, made.train.y, names=["spent"])
        return replace(made, train=train, validation=leaking)


class Short(Spending):
    def problem(self, dataset: Dataset) -> Problem[Any]:
        raise ValueError("the data is too short")


class NotFitted(ClosedForm):
    def fit(self, train: Rows) -> Any:
        return lambda x: np.full(len(x), np.nan)


@pytest.fixture(scope="module")
def shop() -> Dataset:
    """Return a shop of half a year."""
    return generated_shop(num_users=30, num_items=20, num_days=200, events_per_user=10)


def test_a_task_of_values_keeps_it(shop: Dataset) -> None:
    check_task(Spending(), shop)
    check_task(Spending(baselines={}), shop, model=LastValue())


def test_rankings_keep_it(shop: Dataset) -> None:
    check_task(Rank(split=time_split, evaluation=Protocol(), monitor="recall@10"), shop)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Short(), "parts: the task raised ValueError: the data is too short"),
        (NoSeal(), r"sealed test: expected a test part in ragx.data.Sealed, got a Rows"),
        (InTheOpen(), r"sealed test: problem.shown.y gives the test part away"),
        (Remembers(), r"sealed test: task._test gives the test part away"),
        (Leaks(), "features: expected no feature that is the target, got spent equal to it in every row of validation"),
        (Fixed(), "fingerprint: data without a part of its events has the same fingerprint always"),
        (ByOrder(), "fingerprint: the same data in another order of rows has the fingerprint first"),
        (Opens(), "metrics: the test part was opened where validation alone is asked about"),
        (
            Undeclared(),
            r"metrics: validation: expected a value of every metric in task.metrics, got none of \['rmse'\]",
        ),
        (NotFinite(), r"metrics: validation: expected finite values, got {'ratio': inf}"),
        (Spending(monitor="recall"), "metrics: the task raised .*recall"),
        (NoMean(), "units: validation: mae is .*, the mean of its column"),
        (Twice(), "units: validation: expected one row for each customer, got 30 more"),
        (Spending(baselines={}), "metrics: expected a baseline or a model to evaluate, got none"),
        (Spending(baselines={"last": LastValue(), "nothing": NotFitted()}), "baselines: .*expected finite predictions"),
        (NoTable(), "outputs: predictions: expected a polars.DataFrame, got a ndarray"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ValueTask) else "",
)
def test_each_way_to_break_it_is_named(task: ValueTask, message: str, shop: Dataset) -> None:
    with pytest.raises(AssertionError, match=f"^{message}"):
        check_task(task, shop)


def test_a_baseline_that_never_errs_is_refused(shop: Dataset) -> None:
    class Doubled(Spending):
        def problem(self, dataset: Dataset) -> Problem[Any]:
            made = super().problem(dataset)
            halves = [Rows(rows.ids, rows.y[:, None] / 2, rows.y) for rows in (made.train, made.validation)]
            return replace(made, train=halves[0], validation=halves[1])

    class Twofold(ClosedForm):
        def fit(self, train: Rows) -> Any:
            return lambda x: 2 * x[:, -1]

    with pytest.raises(AssertionError, match=r"^baselines: twofold: expected an error of some customer, got mae of 0"):
        check_task(Doubled(baselines={"twofold": Twofold()}), shop)
