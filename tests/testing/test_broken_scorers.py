"""A model whose scorer, modes or memory are wrong in one way fails that clause."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from ragx.graph.graph import Graph
from ragx.ranking.scorers import InnerProduct, Scorer
from ragx.testing import check_model

from .conftest import Changed


class Scored(Changed):
    def scorer(self, graph: Graph) -> Scorer:
        vectors = self.forward(graph).detach()
        return self.scored(vectors[: self.num_users], vectors[self.num_users :])

    def scored(self, users: Tensor, items: Tensor) -> Scorer:
        return InnerProduct(users, items)


class ScorerOfItems(Scored):
    def scored(self, users: Tensor, items: Tensor) -> Scorer:
        return InnerProduct(items, users)


class Unscored(Scored):
    def scored(self, users: Tensor, items: Tensor) -> Scorer:
        return InnerProduct(users + torch.nan, items)


class ByPlace(InnerProduct):  # type: ignore[misc]
    def scores(self, users: Tensor, items: slice) -> Tensor:
        return super().scores(users, items) + torch.arange(len(users)).unsqueeze(1)


class PlaceScored(Scored):
    def scored(self, users: Tensor, items: Tensor) -> Scorer:
        return ByPlace(users, items)


class QuickWithoutGradients(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x * torch.arange(1.0, 5.0).to(x) if torch.is_grad_enabled() else x


class DropsInScorer(Scored):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return functional.dropout(x, 0.5, self.training)


class StaysInEvaluation(Scored):
    def scorer(self, graph: Graph) -> Scorer:
        self.eval()
        return super().scorer(graph)


class StaysInTraining(Scored):
    def scorer(self, graph: Graph) -> Scorer:
        scorer = super().scorer(graph)
        self.train()
        return scorer


class KeepsVectors(Changed):
    kept: Tensor | None = None

    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        if self.training:
            return x
        if self.kept is None or torch.is_grad_enabled():
            self.kept = x.detach().clone()
        return x if torch.is_grad_enabled() else self.kept


class KeepsForward(Changed):
    kept: Tensor | None = None

    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        if self.training or not torch.is_grad_enabled():
            return x
        if self.kept is None:
            self.kept = x.detach().clone()
        return self.kept


class KeepsScorer(Scored):
    kept: Scorer | None = None

    def scored(self, users: Tensor, items: Tensor) -> Scorer:
        if self.training or self.kept is None:
            self.kept = super().scored(1 * users, 1 * items)
        return self.kept


class DrawsElsewhere(Changed):
    def made(self) -> None:
        self.embedding.data = torch.from_numpy(np.random.default_rng().normal(size=self.embedding.shape)).float()


class AlwaysDrops(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return functional.dropout(x, 0.5, True)


class DropsByNumpy(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x * float(np.random.default_rng().random()) if self.training else x


class Forgetful(Changed):
    def made(self) -> None:
        self.hidden = [torch.rand(())]

    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x + self.hidden[0].to(x)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (ScorerOfItems, "scorer: expected 7 users and 11 items, got 11 and 7"),
        (Unscored, "scorer: expected scores without NaN and infinity"),
        (PlaceScored, "scorer: users in another order get other scores"),
        (QuickWithoutGradients, "scorer: the scores are not those of head and forward"),
        (DropsInScorer, "training and evaluation: scorer gives other scores for a model in training"),
        (StaysInEvaluation, "training and evaluation: scorer leaves a model in evaluation that was in training"),
        (StaysInTraining, "training and evaluation: scorer leaves a model in training that was in evaluation"),
        (KeepsVectors, "nothing kept from before: scorer gives what it had with other weights or on another graph"),
        (KeepsForward, "nothing kept from before: forward gives what it had with other weights or on another graph"),
        (Scored, "nothing kept from before: a scorer changes as the model learns on: they differ"),
        (KeepsScorer, "nothing kept from before: scorer gives what it had with other weights or on another graph"),
        (DrawsElsewhere, "repeatable draws: embedding is drawn, and not from torch's generator alone"),
        (AlwaysDrops, "repeatable draws: forward gives two results in evaluation"),
        (DropsByNumpy, "repeatable draws: forward gives two results in training under one state of torch's generator"),
        (Forgetful, "state round trip: a model loaded from the state gives other vectors: they differ"),
    ],
)
def test_a_broken_scorer_fails_with_its_clause_named(kind: Any, message: str) -> None:
    with pytest.raises(AssertionError, match="^" + message):
        check_model(kind)
