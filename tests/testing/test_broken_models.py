"""Models of one's own keep the contract, and one whose vectors are wrong in one way fails that clause."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ragx.graph.graph import Graph
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.models.node_model import NodeModel
from ragx.models.relevance_aware_graph import LayerFactory, RelevanceAwareGraph
from ragx.testing import check_model

from .conftest import Changed


class Towers(NodeModel):
    """Two towers over ids, without a table of all nodes."""

    def __init__(self, *, num_users: int, num_items: int, width: int = 4) -> None:
        super().__init__(num_users=num_users, num_items=num_items)
        self.of_users, self.of_items = nn.Embedding(num_users, width), nn.Embedding(num_items, width)
        self.user_tower, self.item_tower = nn.Linear(width, width), nn.Linear(width, width)

    @property
    def base_embeddings(self) -> Tensor:
        return torch.cat([self.of_users.weight, self.of_items.weight])

    def forward(self, graph: Graph) -> Tensor:
        return self.joined(self.user_tower(self.of_users.weight), self.item_tower(self.of_items.weight))

    def joined(self, users: Tensor, items: Tensor) -> Tensor:
        return torch.cat([users, items])


class Featured(NodeModel):
    """A map of features, which it must have."""

    def __init__(self, *, num_users: int, num_items: int, features: Tensor) -> None:
        super().__init__(num_users=num_users, num_items=num_items)
        self.features = features
        self.linear = nn.Linear(features.shape[1], 4)

    @property
    def base_embeddings(self) -> Tensor:
        assert self.features is not None
        out: Tensor = self.linear(self.features)
        return out


class Stack(NodeModel):
    """A layer of its own making, after an embedding."""

    def __init__(self, *, num_users: int, num_items: int, layer: LayerFactory) -> None:
        super().__init__(num_users=num_users, num_items=num_items)
        self.embedding = nn.Parameter(torch.randn(num_users + num_items, 8))
        self.layer = layer(in_channels=8, out_channels=8)

    def forward(self, graph: Graph) -> Tensor:
        out: Tensor = self.embedding + self.layer(self.embedding, graph)
        return out


@pytest.mark.parametrize("kind", [Towers, partial(Towers, width=6), Featured, Stack])
def test_a_model_of_ones_own_keeps_it(kind: Any) -> None:
    check_model(kind)


class NoModel(nn.Module):
    def __init__(self, *, num_users: int, num_items: int) -> None:
        super().__init__()


class Swapped(MatrixFactorization):
    def __init__(self, *, num_users: int, num_items: int) -> None:
        super().__init__(num_users=num_items, num_items=num_users)


class TooShort(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x[1:]


class Half(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x.half()


class Endless(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x / 0


class Detached(Changed):
    def made(self) -> None:
        self.linear = nn.Linear(4, 4)

    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        out: Tensor = self.linear(x.detach())
        return out


class NothingToLearn(Changed):
    def made(self) -> None:
        self.embedding.requires_grad_(False)


class ItemsFirst(Towers):
    def joined(self, users: Tensor, items: Tensor) -> Tensor:
        return torch.cat([items, users])


class ItemsFirstOfAll(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x.roll(self.num_users, dims=0)


class FeaturesTurned(Featured):
    @property
    def base_embeddings(self) -> Tensor:
        return super().base_embeddings.flip(0)


class LayerInAList(Stack):
    def __init__(self, *, num_users: int, num_items: int, layer: LayerFactory) -> None:
        super().__init__(num_users=num_users, num_items=num_items, layer=layer)
        self.hidden = [layer(in_channels=8, out_channels=8)]

    def forward(self, graph: Graph) -> Tensor:
        out: Tensor = super().forward(graph) + self.hidden[0](self.embedding, graph)
        return out


class FirstGraph(Stack):
    first: Graph | None = None

    def forward(self, graph: Graph) -> Tensor:
        if self.training:
            return super().forward(graph)
        self.first = self.first or graph
        return super().forward(self.first)


class Deaf(Stack):
    def forward(self, graph: Graph) -> Tensor:
        out: Tensor = self.embedding + self.layer(self.embedding, graph.with_weight(0 * graph.edge_weight))
        return out


class OwnForward(RelevanceAwareGraph):
    def forward(self, graph: Graph) -> Tensor:
        return 2 * super().forward(graph)


class DeafToViews(RelevanceAwareGraph):
    def layer_outputs(self, graph: Graph, after: Any = None) -> list[Tensor]:
        return super().layer_outputs(graph)


class DividesByDegree(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x / graph.degree.to(x).unsqueeze(1)


class ScalesTheGraph(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        graph.edge_weight.mul_(0.5)
        return x


class SingleOnly(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return functional.linear(x, torch.eye(x.shape[1]))


class BackToSingle(Changed):
    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x.float()


class FeaturesLeftOut(MatrixFactorization):
    def __init__(self, *, num_users: int, num_items: int, features: Tensor | None = None) -> None:
        super().__init__(num_users=num_users, num_items=num_items, hidden_dim=4)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (NoModel, "shapes: expected a ragx.models.NodeModel, got NoModel"),
        (Swapped, r"shapes: expected num_users and num_items 7 and 11, got \(11, 7\)"),
        (TooShort, r"shapes: forward: expected \[18, D\], users first, got \[17, 4\]"),
        (Half, r"shapes: forward: expected float32, got torch.float16"),
        (
            partial(MatrixFactorization, hidden_dim=0),
            "shapes: the model raised PartsError: model: hidden_dim: expected",
        ),
        (Endless, r"finite values: forward: expected finite values, got NaN or infinity"),
        (NothingToLearn, "gradient to every parameter: the model has no parameter to learn"),
        (Detached, "gradient to every parameter: no gradient of the final vectors reaches embedding"),
        (
            ItemsFirst,
            "users first: without edges, row 0 of of_users.weight changes the vectors of other nodes and not ",
        ),
        (
            ItemsFirstOfAll,
            "users first: without edges, row 0 of embedding changes the vectors of other nodes and not th",
        ),
        (FeaturesTurned, "users first with features: without edges, row 0 of features changes the vectors of other"),
        (LayerInAList, "outputs of layers: a layer is no module of the model; is it in a list"),
        (Deaf, "gradient to every parameter: no gradient of the final vectors reaches layer.bias"),
        (OwnForward, r"outputs of layers: readout\(layer_outputs\(graph\)\) is not forward\(graph\): they differ"),
        (DeafToViews, "outputs of layers: layer_outputs does not give the outputs that `after` made"),
        (FirstGraph, "outputs of layers: it has layers, and the edges of the graph change nothing"),
        (
            DividesByDegree,
            "nodes without edges: with a user and an item without edges the final vectors are not finite",
        ),
        (ScalesTheGraph, "graph untouched: the model changes the weights that it is given"),
        (SingleOnly, "float64: the model raised RuntimeError: "),
        (BackToSingle, "float64: a model in float64 gives vectors in torch.float32"),
        (FeaturesLeftOut, "features with features: other features give the same vectors"),
    ],
)
def test_a_broken_model_fails_with_its_clause_named(kind: Any, message: str) -> None:
    with pytest.raises(AssertionError, match="^" + message):
        check_model(kind)
