"""A kind of model that ragx has not: a recurrent network over histories joins the loop by its setup alone."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ragx.data import Interactions
from ragx.data.problem import HeldOutPart
from ragx.models import Trainable, TrainingSetup
from ragx.random import generator, seed_modules
from ragx.ranking import FunctionScorer
from ragx.runner.run.cell import load_cell
from ragx.runner.run.single import run_cell

TINY = ("dataset.num_users=40", "dataset.num_items=20", "dataset.num_days=60", "tracker=none", "threads=1")
OWN = ("model=custom", f"model._target_={__name__}.Recurrent", "+model.width=8", "trainer.batch_size=16")
TWO_STEPS = ("trainer.max_epochs=1", "trainer.batch_size=20")
LENGTH = 5
Make = Callable[..., dict[str, Any]]


def histories(events: Interactions) -> list[torch.Tensor]:
    """Return the items of every user in order of time, counted from 1, so that 0 is no item."""
    order = np.lexsort((events.column("item"), events.column("timestamp")))
    users, items = events.column("user")[order], events.column("item")[order] + 1
    return [torch.from_numpy(items[users == user]) for user in range(events.num_users)]


def padded(lists: list[torch.Tensor]) -> torch.Tensor:
    """Return the last items of lists, with zeros before those that are shorter, [B, L]."""
    rows = [nn.functional.pad(items[-LENGTH:], (max(LENGTH - len(items), 0), 0)) for items in lists]
    return torch.stack(rows)


class HistoryBatches:
    """Histories of users in an order that every epoch draws anew."""

    def __init__(self, lists: list[torch.Tensor], batch_size: int, seed: int) -> None:
        self.lists, self.batch_size, self.seed = [items for items in lists if len(items) > 1], batch_size, seed

    def __len__(self) -> int:
        return math.ceil(len(self.lists) / self.batch_size)

    def batch(self, epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        order = torch.randperm(len(self.lists), generator=generator(self.seed, "batches", epoch)).tolist()
        lists = [self.lists[user] for user in order[step * self.batch_size : (step + 1) * self.batch_size]]
        return padded([items[:-1] for items in lists]), torch.stack([items[-1] for items in lists])


class HistorySetup(TrainingSetup):
    """Learns the last item of every history from those before it."""

    given = ("num_items",)

    def model(self) -> nn.Module:
        model: nn.Module = self.parts["model"].build(num_items=self.problem.train.num_items)
        return model

    def batches(self, batch_size: int, seed: int) -> HistoryBatches:
        return HistoryBatches(histories(self.train), batch_size, seed)

    def loss(self, module: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        history, following = batch
        return nn.functional.cross_entropy(module(history), following - 1)

    def predictor(self, model: nn.Module, part: HeldOutPart) -> FunctionScorer:
        known = padded(histories(self.problem.input(part)))
        with torch.no_grad():
            scores = model.eval()(known)
        return FunctionScorer(lambda users, items: scores[users][:, items], *scores.shape)


class Recurrent(Trainable):
    """A GRU over the items of a history, whose last state is compared with every item."""

    training_setup = HistorySetup

    def __init__(self, *, num_items: int, width: int) -> None:
        super().__init__()
        self.items = nn.Embedding(num_items + 1, width, padding_idx=0)
        self.network = nn.GRU(width, width, batch_first=True)

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        state = self.network(self.items(history))[1][0]
        return torch.as_tensor(state @ self.items.weight[1:].T)


@pytest.fixture
def make(config_of: Make, tmp_path: Path) -> Make:
    """Return a function that gives the config of a run of the model."""
    return lambda *options: config_of(*TINY, *OWN, *TWO_STEPS, f"runs={tmp_path}", *options)


def test_two_steps_of_a_recurrent_network_are_a_run_like_any_other(make: Make) -> None:
    cell = run_cell(make("evaluation.final=true"), quiet=True)
    metrics = json.loads((cell.folder / "metrics.json").read_text())
    assert cell.plain.keys() == {"task", "dataset", "split", "model", "optimizer", "trainer", "evaluation", "tracker"}
    assert torch.load(cell.folder / "train" / "last.pt", weights_only=False)["progress"]["steps"] == 2
    assert {"validation", "test"} <= metrics.keys()
    assert 0 < metrics["test"]["ndcg@20"] < 1
    assert run_cell(make("layer=sage", "objective=bpr"), quiet=True).folder == cell.folder  # which it has none of


def test_weights_are_those_of_two_steps_by_hand(make: Make) -> None:
    cell = run_cell(make("optimizer=custom", "optimizer._target_=torch.optim.SGD", "+optimizer.lr=0.5"), quiet=True)
    setup: Any = HistorySetup(cell.parts, cell.problem)
    model = _first_weights(cell, setup)
    batches = setup.batches(20, 0)
    assert len(batches) == 2
    factors = [cell.learner.trainer.schedule.factor(step, 2) for step in range(2)]  # type: ignore[attr-defined]
    for step, factor in enumerate(factors):
        model.zero_grad()
        setup.loss(model, batches.batch(0, step)).backward()
        with torch.no_grad():
            for parameter in model.parameters():
                assert parameter.grad is not None
                parameter.sub_(0.5 * factor * parameter.grad)
    kept = torch.load(cell.folder / "model.pt", weights_only=False)["model"]
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(kept[name], weight, msg=name)


def test_validation_is_seen_for_test_alone(make: Make) -> None:
    cell = load_cell(make())
    assert cell.problem.input("validation") is cell.problem.train
    assert len(cell.problem.input("test")) == len(cell.problem.train) + len(cell.problem.validation)
    run = run_cell(make(), quiet=True)
    fitted = run.learner.restore(
        run.problem, torch.load(run.folder / "model.pt", weights_only=False)["model"], refit=False
    )
    before, after = (histories(run.problem.input(part)) for part in ("validation", "test"))
    continued = [user for user in range(len(before)) if len(before[user]) != len(after[user])]
    users, items = torch.arange(len(before)), slice(0, 20)
    one, other = (fitted.predictor_for(part).scores(users, items) for part in ("validation", "test"))
    assert continued
    assert torch.equal(one, fitted.predictor.scores(users, items))
    assert (one != other).any(1).nonzero().flatten().tolist() == continued


def _first_weights(cell: Any, setup: HistorySetup) -> nn.Module:
    seed_modules(cell.config["seed"], "model")
    return setup.model().train()
