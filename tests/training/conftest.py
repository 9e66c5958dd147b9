"""A small training problem whose steps can be counted, watched and cut off."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import torch
from torch import nn

from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.base import Objective
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.random import seed_modules
from ragx.training.state import FitResult
from ragx.training.step import training_step
from ragx.training.trainer import Trainer


class Fit(Protocol):
    """Trains a fresh model from one and the same start."""

    def __call__(
        self,
        trainer: Trainer,
        folder: Path | None = None,
        *,
        objective: Objective | None = None,
        dropout: float = 0.0,
        **options: Any,
    ) -> tuple[RelevanceAwareGraph, FitResult]:
        """Return the trained model and what came of the training."""


@pytest.fixture
def fit(tiny_split: Split, tiny_graph: Graph) -> Fit:
    """Return a function that trains a fresh model on the tiny shop."""

    def run(
        trainer: Trainer,
        folder: Path | None = None,
        *,
        objective: Objective | None = None,
        dropout: float = 0.0,
        **options: Any,
    ) -> tuple[RelevanceAwareGraph, FitResult]:
        seed_modules(0, "model")
        layer = functools.partial(RelevanceConv, linear=False, bias=False, activation=None, edge_dropout=dropout)
        model = RelevanceAwareGraph(
            num_users=tiny_graph.num_users, num_items=tiny_graph.num_items, layer=layer, num_layers=1, hidden_dim=8
        )
        optimizer = options.pop("optimizer", functools.partial(torch.optim.Adam, lr=0.01))
        result = trainer.fit(
            model=model,
            graph=tiny_graph,
            train=tiny_split.train,
            objective=objective or InBatchSoftmax(),
            optimizer=optimizer,
            folder=folder,
            identity=options.pop("identity", "one"),
            **options,
        )
        return model, result

    return run


class Break(BaseException):
    """Stands for the death of a process: nothing of ours catches it."""


@pytest.fixture
def break_at_step() -> Iterator[Callable[[int], type[BaseException]]]:
    """Return a switch: the process 'dies' instead of step ``number``, counted from 0 over all epochs, and only once."""
    with pytest.MonkeyPatch.context() as patch:

        def arm(number: int) -> type[BaseException]:
            plain, taken = training_step, 0

            def step(*arguments: Any) -> torch.Tensor:
                nonlocal taken
                taken += 1
                if taken == number + 1:
                    raise Break
                return plain(*arguments)

            patch.setattr("ragx.training.trainer.training_step", step)
            return Break

        yield arm


@pytest.fixture
def ranks_of() -> Callable[[nn.Module], dict[str, float]]:
    """Return a validation that is a plain function of the model: here the mean of the embeddings' squares."""
    return lambda model: {"ndcg@20": float(model.embedding.detach().double().square().mean())}  # type: ignore[operator]
