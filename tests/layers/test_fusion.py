"""When the fused form may stand for the plain one."""

import torch
from torch import Tensor

from ragx.graph.graph import Graph
from ragx.layers.fusion import edges_of, may_fuse
from ragx.layers.relevance_conv import RelevanceConv


class OwnMessage(RelevanceConv):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return x_j


class OwnUpdate(RelevanceConv):
    def update(self, inputs: Tensor) -> Tensor:
        return inputs + 1


class OwnAggregate(RelevanceConv):
    def aggregate(self, inputs: Tensor, index: Tensor) -> Tensor:
        return inputs


class OnlyRenamed(RelevanceConv):
    pass


def test_only_a_layer_with_its_author_s_steps_fuses() -> None:
    assert may_fuse(RelevanceConv(2, 2), RelevanceConv)
    assert may_fuse(OnlyRenamed(2, 2), RelevanceConv)
    for kind in (OwnMessage, OwnUpdate, OwnAggregate):
        assert not may_fuse(kind(2, 2), RelevanceConv), kind


def test_a_message_put_on_the_object_and_hooks_and_explainers_are_seen() -> None:
    layer = RelevanceConv(2, 2)
    layer.message = lambda x_j, edge_weight: x_j  # type: ignore[method-assign]
    assert not may_fuse(layer, RelevanceConv)
    for register in (
        "register_propagate_forward_pre_hook",
        "register_propagate_forward_hook",
        "register_message_forward_pre_hook",
        "register_message_forward_hook",
        "register_aggregate_forward_pre_hook",
        "register_aggregate_forward_hook",
    ):
        layer = RelevanceConv(2, 2)
        handle = getattr(layer, register)(lambda *arguments: None)
        assert not may_fuse(layer, RelevanceConv), register
        handle.remove()
        assert may_fuse(layer, RelevanceConv)
    layer = RelevanceConv(2, 2)
    layer.explain = True
    assert not may_fuse(layer, RelevanceConv)


def test_edges_and_weights_of_a_graph_and_of_bare_edges() -> None:
    graph = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 1, weight=torch.tensor([0.5]))
    x, own = torch.ones(2, 3, dtype=torch.float64), torch.tensor([2.0, 3.0], dtype=torch.float64)
    edges, weight = edges_of(graph, None, x)
    assert torch.equal(edges(), graph.edge_index)
    assert torch.equal(weight, torch.tensor([0.5, 0.5], dtype=torch.float64))
    assert edges_of(graph, own, x)[1] is own
    bare = torch.tensor([[0, 1, 1], [1, 0, 0]])
    edges, weight = edges_of(bare, None, x)
    assert edges() is bare
    assert torch.equal(weight, torch.ones(3, dtype=torch.float64))
    assert edges_of(bare, own, x)[1] is own
