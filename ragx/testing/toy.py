"""What objectives are checked on: two groups of users, each with items of its own."""

from dataclasses import dataclass

import torch

from ragx.data.batches import Batch
from ragx.data.negatives import TrainPairs
from ragx.graph.graph import Graph
from ragx.layers.light_conv import LightConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.base import ViewObjective
from ragx.objectives.views import Views
from ragx.random import derive_seed, generator
from ragx.testing.subject import without
from ragx.training.step import OnGraph
from ragx.typing import Bool, Tensor

USERS, ITEMS, WIDTH = 8, 10, 8
OF_A_GROUP = USERS // 2, ITEMS // 2


@dataclass(frozen=True)
class Toy:
    """Two groups of four users and five items; a user has most items of its group.

    All is made anew when it is asked for, so that nothing done to it stays.

    Args:
        objective: what is learned by.
    """

    objective: ViewObjective

    def seed(self) -> None:
        """Key torch's generator, which views draw from."""
        torch.default_generator.manual_seed(derive_seed(0, "check_objective"))

    def generator(self, step: int = 0) -> torch.Generator:
        """Return what negatives are drawn with."""
        return generator(0, "check_objective", step)

    @property
    def others(self) -> Bool[Tensor, "U I"]:
        """Which items are of the other group."""
        of_users, of_items = (torch.arange(size) // half for size, half in zip((USERS, ITEMS), OF_A_GROUP, strict=True))
        return of_users.unsqueeze(1) != of_items

    @property
    def pairs(self) -> TrainPairs:
        """The train pairs."""
        diagonal = torch.arange(USERS).unsqueeze(1) + torch.arange(ITEMS)
        users, items = (~self.others & (diagonal % 4 != 0)).nonzero().T
        return TrainPairs(users, items, USERS, ITEMS)

    @property
    def pairs_with_a_user_of_all(self) -> TrainPairs:
        """The train pairs, but the last user has every item."""
        users = torch.cat([self.pairs.users, torch.full((ITEMS,), USERS - 1)])
        return TrainPairs(users, torch.cat([self.pairs.items, torch.arange(ITEMS)]), USERS, ITEMS)

    @property
    def graph(self) -> Graph:
        """The graph of the train pairs."""
        weight = torch.full((len(self.pairs),), 0.3)
        return Graph.from_pairs(self.pairs.users, self.pairs.items, USERS, ITEMS, weight=weight)

    @property
    def empty(self) -> Graph:
        """A graph without edges."""
        return without(self.graph, torch.ones_like(self.graph.adjacency.target, dtype=torch.bool))

    def model(self) -> RelevanceAwareGraph:
        """Return a fresh model of one layer, in training."""
        self.seed()
        model = RelevanceAwareGraph(
            num_users=USERS, num_items=ITEMS, layer=LightConv, num_layers=1, hidden_dim=WIDTH, readout="mean"
        )
        return model.train()

    def batch(self, step: int = 0) -> Batch:
        """Return all pairs, with negatives where the objective asks for them."""
        users, items, negatives = self.pairs.users, self.pairs.items, None
        if self.objective.negatives is not None:
            negatives = self.objective.negatives.sampler(self.pairs).draw(users, self.generator(step))
        return Batch(users, items, negatives, self.pairs)

    def two_pairs(self) -> Batch:
        """Return a pair of each group, whose negatives are items that neither pair has."""
        users, items = torch.tensor([0, USERS - 1]), torch.tensor([1, ITEMS - 2])
        negatives = self.batch().negatives
        if negatives is not None:
            negatives = torch.tensor([[ITEMS - 1], [0]]).repeat(1, negatives.shape[1])
        return Batch(users, items, negatives, self.pairs)

    def loss(self, model: RelevanceAwareGraph, batch: Batch) -> Tensor:
        """Return the loss of a batch under one state of torch's generator."""
        self.seed()
        return self.objective.of_batch(Views(OnGraph(model, self.graph)), batch)

    def learn(self, model: RelevanceAwareGraph, batch: Batch, graph: Graph) -> None:
        """Add the gradients of the loss of a batch to those of the model."""
        views = Views(OnGraph(model, graph))
        self.objective.of_batch(views, batch).backward()  # type: ignore[no-untyped-call]
        views.send_back(lambda tensor, gradient: tensor.backward(gradient))
