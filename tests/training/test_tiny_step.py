"""A mistake of a layer, a model or an objective is one line that names it."""

import re
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from ragx.data.batches import Batch
from ragx.graph.graph import Graph
from ragx.layers.light_conv import LightConv
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.node_model import NodeModel
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.parts import PartsError
from ragx.training.tiny_step import try_step


class Misfit(RelevanceConv):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return edge_weight * x_j


class OneNumberAnEdge(RelevanceConv):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return edge_weight * x_j.sum(1)


class EdgesLast(RelevanceConv):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return (edge_weight.unsqueeze(-1) * x_j).T


class Endless(LightConv):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return x_j / 0


class ItemsAlone(RelevanceAwareGraph):
    def forward(self, graph: Graph) -> Tensor:
        return super().forward(graph)[self.num_users :]


class Careless(RelevanceAwareGraph):
    def forward(self, graph: Graph) -> Tensor:
        return self.embedding @ self.embedding


class OneEach(InBatchSoftmax):
    def loss(self, users: Tensor, items: Tensor, negatives: Tensor | None, batch: Batch) -> Tensor:
        return (users * items).sum(1)


class NeedsNegatives(InBatchSoftmax):
    def loss(self, users: Tensor, items: Tensor, negatives: Tensor | None, batch: Batch) -> Tensor:
        assert negatives is not None, "no negatives"
        return users.sum()


def made(layer: Callable[..., torch.nn.Module] = LightConv, kind: type[RelevanceAwareGraph] = RelevanceAwareGraph):  # type: ignore[no-untyped-def]
    def make(users: int, items: int) -> NodeModel:
        return kind(num_users=users, num_items=items, layer=layer, num_layers=1, hidden_dim=8)

    return make


def test_good_parts_pass_and_torch_s_generator_stays() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    try_step(made(partial(RelevanceConv, activation="relu")), InBatchSoftmax(l2=0.1))
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize(
    ("make", "objective", "message"),
    [
        (made(Misfit), InBatchSoftmax(), "layer: Misfit.message raised RuntimeError on 3 users and 4 items: The size"),
        (
            made(OneNumberAnEdge),
            InBatchSoftmax(),
            "layer: OneNumberAnEdge.message: expected vectors [E, D] with E = 16, got [16] of torch.float32 on 3 users",
        ),
        (
            made(EdgesLast),
            InBatchSoftmax(),
            "layer: EdgesLast.message: expected vectors [E, D] with E = 16, got [8, 16] of torch.float32 on 3 users",
        ),
        (made(Endless), InBatchSoftmax(), "layer: Endless: expected finite vectors, got NaN or infinity on 3 users"),
        (
            made(kind=ItemsAlone),
            InBatchSoftmax(),
            "model: ItemsAlone: expected vectors [7, D], users first, got",
        ),
        (made(kind=Careless), InBatchSoftmax(), "model: Careless.forward raised RuntimeError on 3 users and 4 items: "),
        (made(), OneEach(), "objective: OneEach: expected a loss that is one number, got [8] of torch.float32 on 3"),
        (
            made(),
            NeedsNegatives(),
            "objective: NeedsNegatives.loss raised AssertionError on 3 users and 4 items",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_it(
    make: Callable[[int, int], NodeModel], objective: InBatchSoftmax, message: str
) -> None:
    with pytest.raises(PartsError, match="^" + re.escape(message)) as caught:
        try_step(make, objective)
    assert len(caught.value.errors) == 1
    assert "\n" not in str(caught.value)
