"""The vectors of some nodes: the bits of all, and nothing of one's own passed by."""

import functools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ragx.graph.graph import Graph
from ragx.layers.readout import ReadoutName
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph

LIGHT = functools.partial(RelevanceConv, linear=False, bias=False, activation=None)


def model_of(graph: Graph, layer: Any = LIGHT, **options: Any) -> RelevanceAwareGraph:
    torch.manual_seed(0)
    options = {"num_layers": 2, "hidden_dim": 8, **options}
    return RelevanceAwareGraph(num_users=graph.num_users, num_items=graph.num_items, layer=layer, **options)


@pytest.mark.parametrize("readout", ["last", "mean", "mean_of_layers"])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_vectors_of_some_nodes_have_the_bits_of_forward(
    readout: ReadoutName, num_layers: int, tiny_graph: Graph
) -> None:
    features = torch.randn(tiny_graph.num_nodes, 3)
    model = model_of(tiny_graph, num_layers=num_layers, readout=readout, features=features)
    nodes = torch.arange(0, tiny_graph.num_nodes, 7)
    some = model.vectors_of(tiny_graph, nodes)
    assert some is not None
    assert torch.equal(some, model(tiny_graph)[nodes])
    upstream = torch.randn_like(some)
    parameters = list(model.parameters())
    mine = torch.autograd.grad(some, parameters, upstream)
    whole = torch.zeros(tiny_graph.num_nodes, 8).index_copy(0, nodes, upstream)
    theirs = torch.autograd.grad(model(tiny_graph), parameters, whole)
    assert all(torch.equal(one, other) for one, other in zip(mine, theirs, strict=True))


def test_vectors_of_nodes_with_most_of_the_edges_are_left_to_forward(tiny_graph: Graph) -> None:
    model = model_of(tiny_graph)
    assert model.vectors_of(tiny_graph, torch.arange(tiny_graph.num_nodes)) is None
    assert model.vectors_of(tiny_graph, torch.arange(3)) is not None


class Doubled(RelevanceAwareGraph):
    def forward(self, graph: Graph) -> Tensor:
        return 2 * super().forward(graph)


class Louder(RelevanceConv):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return 2 * super().message(x_j, edge_weight)


def test_a_forward_or_layer_that_is_not_the_one_written_here_or_is_watched_is_never_passed_by(
    tiny_graph: Graph,
) -> None:
    nodes, sizes = torch.arange(3), {"num_users": tiny_graph.num_users, "num_items": tiny_graph.num_items}
    louder = functools.partial(Louder, linear=False, bias=False, activation=None)
    own, hooked, of_layer, globally = (model_of(tiny_graph) for _ in range(4))
    own.forward = lambda graph: 3 * own.embedding  # type: ignore[method-assign]
    hooked.register_forward_hook(lambda module, given, out: 2 * out)
    of_layer.layers[0].register_forward_hook(lambda module, given, out: 2 * out)
    for model in (Doubled(**sizes, layer=LIGHT), model_of(tiny_graph, louder), own, hooked, of_layer):  # type: ignore[arg-type]
        assert model.vectors_of(tiny_graph, nodes) is None
    handle = nn.modules.module.register_module_forward_hook(lambda module, given, out: None)
    try:
        assert globally.vectors_of(tiny_graph, nodes) is None
    finally:
        handle.remove()
    assert globally.vectors_of(tiny_graph, nodes) is not None
