"""Models of rows: features of a unit in, its predicted value out."""

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ragx.data.problem import HeldOutPart, Problem
from ragx.models.training_setup import Trainable, TrainingSetup
from ragx.parts import Part, PartsError
from ragx.random import generator
from ragx.typing import Float, Tensor

TRIED_ROWS, TRIED_FEATURES = 4, 3
MOST_ROWS = 2**16
"""Rows that are predicted at once."""


class RowBatch(NamedTuple):
    """B rows.

    Args:
        x: what is known of each, [B, F].
        y: the value of each, [B].
    """

    x: Tensor
    y: Tensor


class RowBatches:
    """Passes over rows, in an order that every epoch draws anew.

    Args:
        x: what is known of each row, [N, F].
        y: the value of each, [N].
        batch_size: rows in a batch; the last batch of an epoch may be smaller.
        seed: key of the orders.
    """

    def __init__(self, x: Tensor, y: Tensor, *, batch_size: int, seed: int) -> None:
        self.x, self.y, self.batch_size, self.seed = x, y, batch_size, seed
        self._order: tuple[int, Tensor] | None = None

    def __len__(self) -> int:
        return math.ceil(len(self.y) / self.batch_size)

    def batch(self, epoch: int, step: int) -> RowBatch:
        """Return batch ``step`` of an epoch, both counted from 0."""
        if self._order is None or self._order[0] != epoch:
            self._order = epoch, torch.randperm(len(self.y), generator=generator(self.seed, "batches", epoch))
        rows = self._order[1][step * self.batch_size : (step + 1) * self.batch_size]
        return RowBatch(self.x[rows], self.y[rows])


class RowSetup(TrainingSetup):
    """Trains a model on rows with a value each, such as :class:`ragx.tasks.Rows`, by mini-batches.

    The objective is called with what the model gives for the rows of a batch and with their values, and returns their
    mean loss: :class:`ragx.objectives.ValueLoss`, or a loss of ``torch.nn``. The predictor is a function from ``x``
    [N, F] to [N] values, as a :class:`ragx.tasks.ValueTask` evaluates it.

    Args:
        parts: as :class:`TrainingSetup`, like all that follow.
        problem: likewise; its parts have ``x`` and ``y``.
        refit: likewise.
        features: likewise.

    Raises:
        ValueError: the parts of the problem are no rows.
    """

    groups = ("objective", "optimizer", "trainer")
    given = ("num_features",)
    predicts_by_part = False

    def __init__(
        self, parts: Mapping[str, Part], problem: Problem[Any], *, refit: bool = False, features: bool = False
    ) -> None:
        super().__init__(parts, problem, refit=refit, features=features)
        if not (hasattr(problem.train, "x") and hasattr(problem.train, "y")):
            raise ValueError(
                f"model: {parts['model'].name} learns from rows with x and y, and the task gives "
                f"{type(problem.train).__name__}; choose a model or a task that fits the other."
            )

    @cached_property
    def objective(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The loss of predicted and actual values."""
        return _objective(self.parts)

    def model(self) -> nn.Module:
        """Return the untrained model, given the number of columns of ``x``."""
        model: nn.Module = self.parts["model"].build(num_features=self.problem.train.x.shape[1])
        return model

    def batches(self, batch_size: int, seed: int) -> RowBatches:
        """Return the mini-batches of the train rows."""
        x, y = (torch.as_tensor(values, dtype=torch.get_default_dtype()) for values in (self.train.x, self.train.y))
        return RowBatches(x, y, batch_size=batch_size, seed=seed)

    def loss(self, module: nn.Module, batch: RowBatch) -> Float[Tensor, ""]:
        """Return the objective of predicted and actual values."""
        return self.objective(module(batch.x), batch.y)

    def predictor(self, model: nn.Module, part: HeldOutPart) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
        """Return the function from ``x`` [N, F] to the values [N] that the model predicts."""

        def predict(x: NDArray[Any]) -> NDArray[np.float64]:
            weight, training = next(model.parameters()), model.training
            rows = torch.as_tensor(x, dtype=weight.dtype, device=weight.device)
            model.eval()
            with torch.no_grad():
                values = torch.cat([model(block) for block in torch.split(rows, MOST_ROWS)])
            model.train(training)
            return values.double().cpu().numpy()

        return predict

    @classmethod
    def small_model(cls, parts: Mapping[str, Part], features: bool) -> nn.Module:
        """Return the model for three features."""
        cls.check_features(parts, features)
        model: nn.Module = parts["model"].build(num_features=TRIED_FEATURES)
        return model

    @classmethod
    def try_step(cls, parts: Mapping[str, Part], features: bool) -> None:
        """Take one step on four rows of three features."""
        objective, (rows, columns) = _objective(parts), (TRIED_ROWS, TRIED_FEATURES)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            model = cls.small_model(parts, features)
            values = model(torch.linspace(0.1, 1, rows * columns).view(rows, columns))
            fits = isinstance(values, Tensor) and values.shape == (rows,)
            shape = list(values.shape) if isinstance(values, Tensor) else type(values).__name__
            _expect(fits, f"model: expected [{rows}] values for x [{rows}, {columns}], got {shape}.")
            loss = objective(values, torch.ones(rows))
            fits = isinstance(loss, Tensor) and loss.dim() == 0 and bool(loss.isfinite()) and loss.requires_grad
            _expect(fits, f"objective: expected a loss that is one finite number with a gradient, got {loss!r:.60}.")
            loss.backward()  # type: ignore[no-untyped-call]


class RowModel(Trainable):
    """A model of rows; a subclass writes ``forward``, which gives [B] values for ``x`` [B, F].

    It is made with ``num_features``, the number of columns F, and with the options of its YAML. It is given ``x`` as it
    is, and scales it itself where that helps.
    """

    training_setup = RowSetup


def _objective(parts: Mapping[str, Part]) -> Callable[[Tensor, Tensor], Tensor]:
    objective: Any = parts["objective"].build()
    _expect(
        callable(objective),
        f"objective: {parts['objective'].name} is no loss of predicted and actual values, which {parts['model'].name} "
        "learns by; choose objective=values.",
    )
    loss: Callable[[Tensor, Tensor], Tensor] = objective
    return loss


def _expect(kept: bool, message: str) -> None:
    if not kept:
        raise PartsError([message])
