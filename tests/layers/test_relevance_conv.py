"""The relevance layer: worked numbers, two forms that agree, and subclasses that are obeyed."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch_geometric.nn import LGConv

from ragx.graph.graph import Graph
from ragx.layers.relevance_conv import RelevanceConv
from ragx.random import seed_modules

# One user (node 0) with items 1 and 2, at relevance 0.5 and 2.
GRAPH = Graph.from_pairs(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2, weight=torch.tensor([0.5, 2.0]))
X = torch.tensor([[1.0, -1.0], [2.0, 4.0], [3.0, -5.0]])
SUMS = torch.tensor([[7.0, -8.0], [0.5, -0.5], [2.0, -2.0]])


class RelevanceOfNothing(RelevanceConv):
    """Writes ``message`` alone: what is sent is the neighbour, whatever its weight, and one."""

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return x_j + 1


def plain(**options: Any) -> RelevanceConv:
    return RelevanceConv(2, 2, **{"linear": False, "bias": False, "activation": None, **options})


def random_graph(seed: int, users: int = 7, items: int = 5) -> Graph:
    random = torch.Generator().manual_seed(seed)
    user, item = (torch.rand(users, items, generator=random) < 0.4).nonzero(as_tuple=True)
    return Graph.from_pairs(user, item, users, items, weight=torch.rand(len(user), generator=random) - 0.3)


def test_worked_sums() -> None:
    torch.testing.assert_close(plain()(X, GRAPH), SUMS)
    torch.testing.assert_close(plain()(X, GRAPH.edge_index, GRAPH.edge_weight), SUMS)


def test_self_term_adds_the_node_itself_with_weight_one() -> None:
    torch.testing.assert_close(plain(self_term=True)(X, GRAPH), SUMS + X)


def test_map_bias_and_activation_come_after_the_sum_in_this_order() -> None:
    layer = RelevanceConv(2, 3, activation="relu")
    assert isinstance(layer.linear, nn.Linear)
    assert layer.bias is not None
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
        layer.bias.copy_(torch.tensor([-1.0, 1.0, 10.0]))
    expected = torch.tensor([[6.0, 0.0, 9.0], [0.0, 0.5, 10.0], [1.0, 0.0, 10.0]])
    torch.testing.assert_close(layer(X, GRAPH), expected)
    torch.testing.assert_close(layer(X, GRAPH.edge_index, GRAPH.edge_weight), expected)


def test_the_self_term_goes_through_the_map() -> None:
    layer = RelevanceConv(2, 1, bias=False, activation=None, self_term=True)
    assert isinstance(layer.linear, nn.Linear)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[2.0, 0.0]]))
    torch.testing.assert_close(layer(X, GRAPH), 2 * (SUMS + X)[:, :1])


def test_weights_given_stand_in_for_the_graph_s() -> None:
    weight = torch.arange(1.0, 5.0)  # row order: 1 → 0, 2 → 0, 0 → 1, 0 → 2
    expected = torch.stack([X[1] + 2 * X[2], 3 * X[0], 4 * X[0]])
    torch.testing.assert_close(plain()(X, GRAPH, weight), expected)


def test_bare_edges_weigh_one_and_repeated_ones_add_up() -> None:
    edges = torch.tensor([[0, 0, 1, 2], [1, 1, 0, 1]])
    torch.testing.assert_close(plain()(X, edges), torch.stack([X[1], 2 * X[0] + X[2], torch.zeros(2)]))


def test_pyg_says_the_same_of_bare_edges() -> None:
    torch.manual_seed(0)
    edges, weight, x = torch.randint(6, (2, 20)), torch.rand(20), torch.randn(6, 3)
    layer = RelevanceConv(3, 3, linear=False, bias=False, activation=None)
    torch.testing.assert_close(layer(x, edges, weight), LGConv(normalize=False)(x, edges, weight))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), self_term=st.booleans(), linear=st.booleans())
def test_both_forms_agree_with_their_gradients(seed: int, self_term: bool, linear: bool) -> None:
    graph = random_graph(seed)
    layer = RelevanceConv(4, 4, linear=linear, activation="tanh", self_term=self_term)
    x = torch.randn(graph.num_nodes, 4, generator=torch.Generator().manual_seed(seed))
    results = []
    for edges in (graph, graph.edge_index):
        inputs, weight = x.clone().requires_grad_(), graph.edge_weight.clone().requires_grad_()
        out = layer(inputs, edges, weight)
        wanted = [inputs, weight, *layer.parameters()]
        results.append([out, *torch.autograd.grad(out.square().sum(), wanted)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_the_gradient_with_the_graph_s_own_constant_weight(tiny_graph: Graph) -> None:
    graph = tiny_graph.with_weight(torch.rand(tiny_graph.num_edges, generator=torch.Generator().manual_seed(1)))
    x = torch.randn(graph.num_nodes, 2, requires_grad=True)
    factor = torch.randn(graph.num_nodes, 2)
    (fused,) = torch.autograd.grad((plain()(x, graph) * factor).sum(), x)
    (by_message,) = torch.autograd.grad((plain()(x, graph.edge_index, graph.edge_weight) * factor).sum(), x)
    torch.testing.assert_close(fused, by_message, atol=1e-4, rtol=1e-4)


def test_a_subclass_that_writes_message_alone_is_obeyed() -> None:
    layer = RelevanceOfNothing(2, 2, linear=False, bias=False, activation=None)
    expected = torch.stack([X[1] + X[2] + 2, X[0] + 1, X[0] + 1])
    torch.testing.assert_close(layer(X, GRAPH), expected)
    torch.testing.assert_close(layer(X, GRAPH.edge_index), expected)
    assert not layer.is_linear_propagation


def test_hooks_are_obeyed() -> None:
    layer = plain()
    seen: list[str] = []
    handle = layer.register_message_forward_hook(lambda module, inputs, output: output * 10)
    layer.register_propagate_forward_pre_hook(lambda module, inputs: seen.append("propagate"))
    torch.testing.assert_close(layer(X, GRAPH), 10 * SUMS)
    assert seen == ["propagate"]
    handle.remove()
    torch.testing.assert_close(layer(X, GRAPH), SUMS)


def test_dropped_edges_are_silent_both_in_sum_and_share() -> None:
    graph = random_graph(0, 40, 30)
    layer = RelevanceConv(1, 1, linear=False, bias=False, activation=None, edge_dropout=0.25)
    ones, weight = torch.ones(graph.num_nodes, 1), torch.ones(graph.num_edges)
    seed_modules(0, "test")
    kept = layer(ones, graph, weight).sum() * 0.75  # each edge that is heard weighs 1 / 0.75
    assert kept.item() == pytest.approx(round(kept.item()), abs=1e-3)
    share = kept.item() / graph.num_edges
    assert 0.75 - 4 * (0.1875 / graph.num_edges) ** 0.5 < share < 0.75 + 4 * (0.1875 / graph.num_edges) ** 0.5


def test_dropout_is_keyed_and_alike_in_both_forms_and_off_in_evaluation() -> None:
    graph = random_graph(0, 20, 20)
    layer, x = plain(edge_dropout=0.5), torch.randn(graph.num_nodes, 2)
    draws = []
    for key in (1, 1, 2):
        seed_modules(0, "modules", key)
        draws.append(layer(x, graph))
    assert torch.equal(draws[0], draws[1])
    assert not torch.allclose(draws[0], draws[2])
    seed_modules(0, "modules", 1)
    torch.testing.assert_close(layer(x, graph.edge_index, graph.edge_weight), draws[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(layer.eval()(x, graph), plain()(x, graph))


def test_without_neighbours_a_node_hears_nothing() -> None:
    empty = torch.zeros(0, dtype=torch.int64)
    graph = Graph.from_pairs(empty, empty, 1, 2)
    torch.testing.assert_close(plain()(X, graph), torch.zeros(3, 2))
    torch.testing.assert_close(plain(self_term=True)(X, graph), X)


def test_parameters_are_as_many_as_asked_for_and_drawn_anew() -> None:
    shapes = {name: tuple(value.shape) for name, value in RelevanceConv(3, 4).named_parameters()}
    assert shapes == {"bias": (4,), "linear.weight": (4, 3)}
    assert not list(plain().parameters())
    layer = RelevanceConv(3, 4)
    before = {name: value.clone() for name, value in layer.named_parameters()}
    layer.reset_parameters()
    assert not torch.equal(layer.get_parameter("linear.weight"), before["linear.weight"])
    assert torch.equal(layer.get_parameter("bias"), torch.zeros(4))


@pytest.mark.parametrize(
    ("options", "linear_propagation"),
    [
        ({}, True),
        ({"activation": "identity"}, True),
        ({"activation": "relu"}, False),
        ({"self_term": True}, False),
        ({"edge_dropout": 0.1}, False),
        ({"bias": True}, False),
        ({"linear": True}, False),
    ],
)
def test_nothing_but_a_sum_is_linear_propagation(options: dict[str, Any], linear_propagation: bool) -> None:
    assert plain(**options).is_linear_propagation is linear_propagation


def test_a_class_that_changes_more_than_message_is_no_linear_propagation() -> None:
    class Residual(RelevanceConv):
        def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
            out: Tensor = super().forward(x, edge_index, edge_weight) + x
            return out

    class OwnFusedForm(RelevanceConv):
        def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
            return 2 * super().message_and_aggregate(graph, x, edge_weight)

    for kind in (Residual, OwnFusedForm):
        layer = kind(2, 2, linear=False, bias=False, activation=None)
        assert not layer.is_linear_propagation, kind


def test_a_layer_whose_calls_are_watched_is_no_linear_propagation() -> None:
    layer = plain()
    handle = layer.register_forward_hook(lambda module, inputs, output: None)
    assert not layer.is_linear_propagation
    handle.remove()
    assert layer.is_linear_propagation


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Without a linear map a layer keeps its width: got 2 in and 3 out"):
        RelevanceConv(2, 3, linear=False)
    with pytest.raises(ValueError, match=r"edge_dropout: expected a number from 0 up to .* 1, got 1\.0"):
        RelevanceConv(2, 2, edge_dropout=1.0)
    with pytest.raises(ValueError, match=r"activation: .*got 'tahn'.*'tanh'"):
        RelevanceConv(2, 2, activation="tahn")
