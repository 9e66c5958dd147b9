"""Models of rows: batches by key, losses worked by hand, predictions, and mistakes that show before any data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ragx.learners.trying import check_objective, try_together
from ragx.models.row_model import RowBatches, RowModel, RowSetup
from ragx.models.training_setup import COPIES
from ragx.objectives import ValueLoss
from ragx.parts import Part, PartsError
from ragx.tasks import Rows, RowsProblem, rows_problem

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


class Linear(RowModel):
    """ŷ = ⟨w, x⟩, dropped out with chance ``drop``."""

    def __init__(self, *, num_features: int, drop: float = 0.0) -> None:
        super().__init__()
        self.layer, self.dropout = nn.Linear(num_features, 1, bias=False), nn.Dropout(drop)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.dropout(self.layer(x)).squeeze(1))


class OfTwoColumns(Linear):
    """Gives [B, 2] instead of [B]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :2] * self.layer.weight.sum()


def parts(
    model: Callable[..., Any] = Linear, objective: Callable[..., Any] = ValueLoss, **options: Any
) -> dict[str, Part]:
    optimizer = Part("optimizer", torch.optim.SGD, "torch.optim.SGD", {"lr": 0.1})
    return {
        "model": Part("model", model, f"mine.{model.__name__}", options),
        "objective": Part("objective", objective, f"mine.{objective.__name__}"),
        "optimizer": optimizer,
    }


def problem() -> RowsProblem:
    part = Rows(pl.Series(["a", "b", "c"]), X, X.sum(1))
    return rows_problem(name="made", train=part, validation=part, test=part, dataset=None)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5))
def test_an_epoch_has_every_row_once_and_a_batch_is_that_of_its_key(rows: int, size: int, epoch: int) -> None:
    def batches() -> RowBatches:
        return RowBatches(torch.arange(rows)[:, None], torch.arange(rows), batch_size=size, seed=3)

    made = batches()
    epochs = [made.batch(epoch, step) for step in range(len(made))]
    assert all(len(batch.y) == size for batch in epochs[:-1])
    assert all(torch.equal(batch.x[:, 0], batch.y) for batch in epochs)
    assert sorted(torch.cat([batch.y for batch in epochs]).tolist()) == list(range(rows))
    last = len(made) - 1
    assert torch.equal(batches().batch(epoch, last).y, epochs[last].y)  # asked for first, as a resume does


def test_the_loss_is_that_of_the_objective_and_the_predictor_has_no_dropout() -> None:
    setup = RowSetup(parts(drop=0.9), problem())
    model: Any = setup.model()
    nn.init.ones_(model.layer.weight)
    predict = setup.predictor(model.train(), "test")
    assert predict(X).tolist() == [3.0, 7.0, 11.0]
    assert model.training
    (batch,) = [setup.batches(8, 0).batch(0, 0)]
    assert float(setup.loss(model.eval(), batch).detach()) == 0.0
    nn.init.zeros_(model.layer.weight)
    assert float(setup.loss(model, batch).detach()) == pytest.approx((9 + 49 + 121) / 3)
    assert setup.needed_bytes() == COPIES * 2 * 4


@pytest.mark.parametrize(
    ("name", "expected"), [("mse_loss", 2.5), ("l1_loss", 1.5), ("huber_loss", 1.0), ("poisson_nll_loss", 1.0)]
)
def test_losses_are_means_over_rows(name: Any, expected: float) -> None:
    """Errors of 1 and 2; of the likelihood, exp(0) − 0 · y."""
    predicted = torch.zeros(2)
    assert float(ValueLoss(name=name)(predicted, torch.tensor([1.0, 2.0]))) == expected


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (parts(OfTwoColumns), r"^model: expected \[4\] values for x \[4, 3\], got \[4, 2\]\.$"),
        (parts(objective=lambda: "text"), "is no loss of predicted and actual values"),
        (parts(objective=lambda: lambda predicted, actual: predicted - actual), "expected a loss that is one finite"),
        (parts(objective=lambda: lambda predicted, actual: actual.sum()), "one finite number with a gradient"),
    ],
)
def test_mistakes_show_before_any_data(made: dict[str, Part], message: str) -> None:
    with pytest.raises((PartsError, TypeError), match=message):
        try_together(made)


def test_a_right_model_is_tried_without_a_word_and_draws_as_before() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    RowSetup.try_step(parts(), False)
    assert torch.equal(torch.rand(1), expected)
    check_objective(parts(), ValueLoss())
    with pytest.raises(ValueError, match=r"^model\.features: mine\.Linear takes no features of users and items\.$"):
        try_together(parts(), features=True)
