"""The loop on something that is no graph: rows of a table, with batches and a step of their own."""

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from ragx.random import generator
from ragx.training.loop import Validate
from ragx.training.state import FitResult
from ragx.training.trainer import Trainer
from ragx.typing import Tensor

ROWS, WIDTH, BATCH, EPOCHS = 200, 3, 32, 60
WEIGHT = torch.tensor([[1.0, -2.0, 0.5]])


class Rows(NamedTuple):
    """A few rows and what they are to give."""

    inputs: Tensor
    targets: Tensor


class RowBatches:
    """Rows in an order that every epoch draws anew."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.inputs = torch.randn(ROWS, WIDTH, generator=generator(1, "inputs"))
        self.targets = self.inputs @ WEIGHT.T + 4.0

    def __len__(self) -> int:
        return math.ceil(ROWS / BATCH)

    def batch(self, epoch: int, step: int) -> Rows:
        order = torch.randperm(ROWS, generator=generator(self.seed, "batches", epoch))
        chosen = order[step * BATCH : (step + 1) * BATCH]
        return Rows(self.inputs[chosen], self.targets[chosen])


def squared_error(fabric: Any, module: nn.Module, batches: Sequence[Rows]) -> Tensor:
    losses = [(module(batch.inputs) - batch.targets).square().mean() for batch in batches]
    loss = torch.stack(losses).mean()
    fabric.backward(loss)
    return loss.detach()


def train(trainer: Trainer, folder: Path | None = None, validate: Validate | None = None) -> tuple[Any, FitResult]:
    model = nn.Linear(WIDTH, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    result = trainer.train(
        model=model,
        module=model,
        batches=RowBatches(),
        step=squared_error,
        optimizer=functools.partial(torch.optim.Adam, lr=0.05),
        folder=folder,
        identity="rows",
        validate=validate,
    )
    return model, result


def test_rows_are_learned_and_the_epoch_that_validation_likes_is_kept() -> None:
    def closeness(model: nn.Module) -> dict[str, float]:
        assert isinstance(model, nn.Linear)
        return {"ndcg@20": -float((model.weight.detach() - WEIGHT).abs().max()), "recall@20": 0.0}

    model, result = train(Trainer(max_epochs=EPOCHS), validate=closeness)
    torch.testing.assert_close(model.weight, WEIGHT, atol=1e-2, rtol=0)
    assert model.bias.item() == pytest.approx(4.0, abs=1e-2)
    assert result.best["ndcg@20"] == max(row["ndcg@20"] for row in result.history)


@pytest.mark.parametrize("share", [1, 3])
def test_a_training_of_rows_that_was_killed_ends_as_one_that_was_not(share: int, tmp_path: Path) -> None:
    trainer = Trainer(max_epochs=4, checkpoint_every=2, batches_per_propagation=share)
    whole, _ = train(trainer, tmp_path / "whole")

    class Died(BaseException):
        """Stands for the death of the process."""

    left = iter([True] * 7)

    def dying(fabric: Any, module: nn.Module, batches: Sequence[Rows]) -> Tensor:
        if next(left, None) is None:
            raise Died
        return squared_error(fabric, module, batches)

    model = nn.Linear(WIDTH, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    with pytest.raises(Died):
        trainer.train(
            model=model,
            module=model,
            batches=RowBatches(),
            step=dying,
            optimizer=functools.partial(torch.optim.Adam, lr=0.05),
            folder=tmp_path / "killed",
            identity="rows",
        )
    resumed, result = train(trainer, tmp_path / "killed")
    assert result.resumed_at is not None
    assert torch.equal(resumed.weight, whole.weight)
    assert torch.equal(resumed.bias, whole.bias)


def test_steps_are_timed_one_by_one_over_the_end_of_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr("ragx.training.loop.time.perf_counter", lambda: float(next(clock)))
    model, trainer = nn.Linear(WIDTH, 1), Trainer(max_epochs=1)
    steps = trainer.budget(RowBatches()).per_epoch
    took = trainer.seconds_of_steps(
        steps + 2,
        model=model,
        module=model,
        batches=RowBatches(),
        step=squared_error,
        optimizer=functools.partial(torch.optim.SGD, lr=0.1),
    )
    assert took == [1.0] * (steps + 2)


def test_arguments_that_a_training_does_not_have_or_lacks_are_refused() -> None:
    model, trainer = nn.Linear(WIDTH, 1), Trainer(max_epochs=1)
    whole: dict[str, Any] = {"model": model, "module": model, "batches": RowBatches(), "step": squared_error}
    whole["optimizer"] = functools.partial(torch.optim.SGD, lr=0.1)
    with pytest.raises(
        TypeError, match=r"has no argument 'validte'\. Did you mean 'validate'\? Arguments: model, .*view"
    ):
        trainer.train(**whole | {"validte": None})
    with pytest.raises(
        TypeError, match=r"has no argument 'folder'.* Arguments: model, module, batches, step, optimizer\.$"
    ):
        trainer.seconds_of_steps(1, **whole | {"folder": None})
    del whole["model"], whole["step"]
    with pytest.raises(TypeError, match=r"A training is missing model, step\."):
        trainer.train(**whole)
