"""When the fused form may stand for the plain one."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.modules.module import register_module_forward_hook
from torch_geometric.nn.aggr import MaxAggregation

from ragx.graph.graph import Graph
from ragx.layers.fusion import is_called_as, may_fuse, weights_of
from ragx.layers.ngcf_conv import NGCFConv
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
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


class OwnBoth(RelevanceConv):
    """Writes its message and, to be as fast, its fused form: louder by a factor."""

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return 3 * super().message(x_j, edge_weight)

    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        return 3 * super().message_and_aggregate(graph, x, edge_weight)


class OwnMessageAgain(OwnBoth):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return x_j


class Largest(RelevanceConv):
    """Sets the aggregation alone."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, linear=False, bias=False, activation=None)
        self.aggr_module = MaxAggregation()


class OwnPropagate(RelevanceConv):
    def propagate(self, *arguments: Any, **keywords: Any) -> Tensor:
        return 2 * super().propagate(*arguments, **keywords)  # type: ignore[no-any-return]


class HeirOfPropagate(OwnPropagate):
    pass


GRAPH = Graph.from_pairs(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2, weight=torch.tensor([0.5, 2.0]))
X = torch.tensor([[1.0, -1.0], [2.0, 4.0], [3.0, -5.0]])


def plain(kind: type[RelevanceConv] = RelevanceConv) -> RelevanceConv:
    return kind(2, 2, linear=False, bias=False, activation=None)


def test_only_a_layer_with_its_author_s_steps_fuses() -> None:
    for kind in (RelevanceConv, OnlyRenamed, OwnBoth):
        assert may_fuse(kind(2, 2)), kind
    for other in (OwnMessage, OwnUpdate, OwnAggregate, OwnMessageAgain, Largest, OwnPropagate, HeirOfPropagate):
        assert not may_fuse(other(2, 2)), other


def test_a_class_that_writes_both_forms_is_fused_in_its_own() -> None:
    layer, seen = plain(OwnBoth), list[str]()
    torch.testing.assert_close(layer(X, GRAPH), 3 * plain()(X, GRAPH))
    layer.register_message_forward_hook(lambda module, inputs, output: seen.append("message"))
    torch.testing.assert_close(layer(X, GRAPH), 3 * plain()(X, GRAPH))
    assert seen == ["message"]
    torch.testing.assert_close(plain(OwnMessageAgain)(X, GRAPH)[1], X[0])


def test_another_aggregation_is_obeyed() -> None:
    torch.testing.assert_close(Largest(2, 2)(X, GRAPH)[0], torch.tensor([6.0, 2.0]))


def test_a_propagate_of_one_s_own_is_obeyed_and_inherited() -> None:
    for kind in (OwnPropagate, HeirOfPropagate):
        torch.testing.assert_close(plain(kind)(X, GRAPH), 2 * plain()(X, GRAPH))
    layer = plain()
    layer.propagate = lambda *arguments, **keywords: X
    assert torch.equal(layer(X, GRAPH), X)


@pytest.mark.parametrize(("name", "value"), [("flow", "target_to_source"), ("node_dim", 0), ("fuse", False)])
def test_what_pyg_lets_one_set_is_seen(name: str, value: object) -> None:
    layer = RelevanceConv(2, 2)
    setattr(layer, name, value)
    assert not may_fuse(layer)


def test_layers_of_heads_have_their_nodes_in_front() -> None:
    layer = RelevanceAttentionConv(4, 4)
    assert may_fuse(layer, node_dim=0)
    assert not may_fuse(layer)


def test_a_message_put_on_the_object_and_hooks_and_explainers_are_seen() -> None:
    layer = RelevanceConv(2, 2)
    layer.message = lambda x_j, edge_weight: x_j  # type: ignore[method-assign]
    assert not may_fuse(layer)
    for step in ("propagate", "message", "aggregate", "edge_update"):
        for kind in ("forward_pre_hook", "forward_hook"):
            layer = RelevanceConv(2, 2)
            handle = getattr(layer, f"register_{step}_{kind}")(lambda *arguments: None)
            assert not may_fuse(layer), (step, kind)
            handle.remove()
            assert may_fuse(layer)
    layer = RelevanceConv(2, 2)
    layer.explain = True
    assert not may_fuse(layer)
    layer.explain = None
    assert may_fuse(layer)


def test_hooks_around_the_fused_form_are_called_as_pyg_calls_them() -> None:
    layer = plain()
    pre = layer.register_message_and_aggregate_forward_pre_hook(
        lambda module, inputs: (inputs[0], inputs[1] | {"edge_weight": 2 * inputs[1]["edge_weight"]})
    )
    post = layer.register_message_and_aggregate_forward_hook(lambda module, inputs, output: output + 1)
    assert may_fuse(layer)
    assert not is_called_as(layer, RelevanceConv)
    torch.testing.assert_close(layer(X, GRAPH), 2 * plain()(X, GRAPH) + 1)
    pre.remove()
    post.remove()
    assert is_called_as(layer, RelevanceConv)
    torch.testing.assert_close(layer(X, GRAPH), plain()(X, GRAPH))


@pytest.mark.parametrize("hook", ["forward_pre_hook", "forward_hook", "full_backward_pre_hook", "full_backward_hook"])
def test_a_layer_whose_calls_or_gradients_are_watched_is_not_passed_over(hook: str) -> None:
    layer = plain()
    handle = getattr(layer, f"register_{hook}")(lambda *arguments: None)
    assert not is_called_as(layer, RelevanceConv)
    handle.remove()
    assert is_called_as(layer, RelevanceConv)


def test_hooks_on_all_modules_are_seen_too() -> None:
    handle = register_module_forward_hook(lambda *arguments: None)
    try:
        assert not is_called_as(plain(), RelevanceConv)
    finally:
        handle.remove()
    assert is_called_as(plain(), RelevanceConv)


@pytest.mark.parametrize(
    "layer", [RelevanceConv(2, 2), NGCFConv(2, 2), RelevanceAttentionConv(2, 2, heads=1)], ids=lambda layer: str(layer)
)
@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (GRAPH.edge_index.float(), r"got a tensor \[2, 4\] of torch.float32"),
        (GRAPH.edge_index[:1], r"got a tensor \[1, 4\] of torch.int64"),
        (torch.eye(3).to_sparse(), r"got a sparse tensor \(torch.sparse_coo\).*Graph.from_pairs.*to_edge_index"),
        ("edges", "got str"),
    ],
)
def test_what_are_no_edges_is_refused(layer: torch.nn.Module, edges: object, message: str) -> None:
    expected = r"edge_index: expected a ragx.graph.Graph or a tensor \[2, E\] of integers, "
    with pytest.raises(ValueError, match=expected + message):
        layer(X, edges)


def test_weights_are_those_given_else_the_graph_s_own_else_ones() -> None:
    graph = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 1, weight=torch.tensor([0.5]))
    x, own = torch.ones(2, 3, dtype=torch.float64), torch.tensor([2.0, 3.0], dtype=torch.float64)
    assert torch.equal(weights_of(graph, None, x), torch.tensor([0.5, 0.5], dtype=torch.float64))
    assert weights_of(graph, own, x) is own
    bare = torch.tensor([[0, 1, 1], [1, 0, 0]])
    assert torch.equal(weights_of(bare, None, x), torch.ones(3, dtype=torch.float64))
    assert weights_of(bare, own, x) is own
