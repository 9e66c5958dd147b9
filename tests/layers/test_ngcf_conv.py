"""The layer of NGCF: worked numbers, its formula written densely, and two forms that agree."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from ragx.graph.graph import Graph
from ragx.layers.ngcf_conv import NGCFConv
from ragx.random import seed_modules

# One user (node 0) with items 1 and 2, at relevance 0.5 and 2.
GRAPH = Graph.from_pairs(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2, weight=torch.tensor([0.5, 2.0]))
X = torch.tensor([[1.0, -1.0], [2.0, 4.0], [3.0, -5.0]])


class LouderNGCF(NGCFConv):
    """Writes ``message`` alone."""

    def message(self, x_i: Tensor, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return 10 * super().message(x_i, x_j, edge_weight)


def random_graph(seed: int, users: int = 6, items: int = 5) -> Graph:
    random = torch.Generator().manual_seed(seed)
    user, item = (torch.rand(users, items, generator=random) < 0.4).nonzero(as_tuple=True)
    return Graph.from_pairs(user, item, users, items, weight=torch.rand(len(user), generator=random) - 0.3)


def test_worked_numbers() -> None:
    layer = NGCFConv(2, 1, activation=None, dropout=0.0)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0, 2.0]]))
        layer.linear.bias.fill_(0.25)
        layer.interaction.weight.copy_(torch.tensor([[3.0, -1.0]]))
    # W1 x = -1, 10, -7; W2 (x0 * x1) = 3·2 + 4 = 10 and W2 (x0 * x2) = 3·3 - 5 = 4.
    expected = torch.tensor([[-1 + 0.5 * (10 + 10) + 2 * (-7 + 4)], [10 + 0.5 * (-1 + 10)], [-7 + 2 * (-1 + 4.0)]])
    torch.testing.assert_close(layer(X, GRAPH), expected + 0.25)
    torch.testing.assert_close(layer(X, GRAPH.edge_index, GRAPH.edge_weight), expected + 0.25)


def test_the_paper_s_matrix_form() -> None:
    """σ((L + I) E W1 + L E ⊙ E W2) of the paper's equation 7."""
    graph, layer = random_graph(3), NGCFConv(4, 6).eval()
    x = torch.randn(graph.num_nodes, 4, generator=torch.Generator().manual_seed(0))
    dense = torch.zeros(graph.num_nodes, graph.num_nodes)
    dense[graph.adjacency.target, graph.adjacency.source] = graph.edge_weight
    first = (dense + torch.eye(graph.num_nodes)) @ x @ layer.linear.weight.T
    second = ((dense @ x) * x) @ layer.interaction.weight.T
    expected = functional.leaky_relu(first + second + layer.linear.bias)
    torch.testing.assert_close(layer(x, graph), expected)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999))
def test_both_forms_agree_with_their_gradients(seed: int) -> None:
    graph, layer = random_graph(seed), NGCFConv(4, 3, activation="tanh", dropout=0.0)
    x = torch.randn(graph.num_nodes, 4, generator=torch.Generator().manual_seed(seed))
    results = []
    for edges in (graph, graph.edge_index):
        inputs, weight = x.clone().requires_grad_(), graph.edge_weight.clone().requires_grad_()
        out = layer(inputs, edges, weight)
        results.append([out, *torch.autograd.grad(out.square().sum(), [inputs, weight, *layer.parameters()])])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_bare_edges_may_stand_in_any_order() -> None:
    graph, layer = random_graph(1), NGCFConv(4, 3).eval()
    x, order = torch.randn(graph.num_nodes, 4), torch.randperm(graph.num_edges)
    shuffled = layer(x, graph.edge_index[:, order], graph.edge_weight[order])
    torch.testing.assert_close(shuffled, layer(x, graph))


def test_a_subclass_that_writes_message_alone_is_obeyed() -> None:
    layer = LouderNGCF(2, 3, activation=None, dropout=0.0)
    plain = NGCFConv(2, 3, activation=None, dropout=0.0)
    plain.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(X, GRAPH) - plain.linear(X), 10 * (plain(X, GRAPH) - plain.linear(X)))


def test_dropout_works_in_training_only_and_is_keyed() -> None:
    layer = NGCFConv(2, 50, activation=None, dropout=0.5, edge_dropout=0.5)
    draws = []
    for key in (1, 1, 2):
        seed_modules(0, "test", key)
        draws.append(layer(X, GRAPH))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert 30 < int((draws[0] == 0).sum()) < 120
    assert torch.equal(layer.eval()(X, GRAPH), layer(X, GRAPH))
    assert not (layer(X, GRAPH) == 0).any()


@pytest.mark.parametrize("option", ["dropout", "edge_dropout"])
def test_dropout_is_a_fraction(option: str) -> None:
    with pytest.raises(ValueError, match=f"{option}: expected a number from 0 up to but not including 1, got 1.0"):
        NGCFConv(2, 2, **{option: 1.0})  # type: ignore[arg-type]
