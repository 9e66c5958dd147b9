"""Relevance that falls with age: worked weights, two forms that agree, and a half-life that is found again."""

from typing import Any

import pytest
import torch
from torch import Tensor

from ragx.graph.graph import Graph
from ragx.layers.time_decay_conv import TimeDecayConv

DAY = 86_400
# One user (node 0): item 1 today at weight 3, item 2 ten days ago at weight 8.
GRAPH = Graph.from_pairs(
    torch.tensor([0, 0]),
    torch.tensor([0, 1]),
    1,
    2,
    weight=torch.tensor([3.0, 8.0]),
    attributes={"time": torch.tensor([1_700_000_000 + 10 * DAY, 1_700_000_000])},
)
X = torch.tensor([[1.0, -1.0], [2.0, 4.0], [3.0, -5.0]])


def plain(half_life: float, **options: Any) -> TimeDecayConv:
    layer = TimeDecayConv(2, 2, half_life=half_life, activation=None, **options)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.eye(2))
        layer.linear.bias.zero_()
    return layer


class OwnMessage(TimeDecayConv):
    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return edge_weight.unsqueeze(-1) * x_j


def test_an_edge_of_one_half_life_weighs_half() -> None:
    expected = torch.stack([3 * X[1] + 4 * X[2], 3 * X[0], 4 * X[0]])
    torch.testing.assert_close(plain(10.0)(X, GRAPH), expected)
    torch.testing.assert_close(plain(5.0)(X, GRAPH)[2], 2 * X[0])
    assert plain(5.0).half_life.item() == pytest.approx(5.0)


def test_both_forms_agree_and_the_half_life_has_a_gradient() -> None:
    results: list[Any] = []
    for kind in (TimeDecayConv, OwnMessage):
        layer = kind(2, 2, half_life=20.0, activation="tanh")
        layer.load_state_dict(results[0][0] if results else layer.state_dict())
        x = X.clone().requires_grad_()
        out = layer(x, GRAPH)
        results.append((layer.state_dict(), out, *torch.autograd.grad(out.square().sum(), [x, *layer.parameters()])))
    for one, other in zip(results[0][1:], results[1][1:], strict=True):
        torch.testing.assert_close(one, other)
    assert results[0][3].abs() > 0  # of the half-life


def test_the_half_life_that_made_the_numbers_is_learned() -> None:
    layer, wanted = plain(30.0), plain(7.0)(X, GRAPH).detach()
    optimizer = torch.optim.Adam([layer.log_half_life], lr=0.1)
    for _ in range(120):
        optimizer.zero_grad()
        (layer(X, GRAPH) - wanted).square().mean().backward()
        optimizer.step()
    assert layer.half_life.item() == pytest.approx(7.0, rel=0.02)


def test_edges_without_a_time_are_refused() -> None:
    graph = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 2)
    for edges in (graph, graph.edge_index):
        with pytest.raises(ValueError, match=r"TimeDecayConv needs a graph whose edges have a time; give .* timestamp"):
            TimeDecayConv(2, 2)(X, edges)


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-5), (torch.bfloat16, 0.05)])
def test_other_precisions_of_the_vectors(dtype: torch.dtype, error: float) -> None:
    layer = plain(10.0)
    expected, out = layer(X, GRAPH), layer.to(dtype)(X.to(dtype), GRAPH)
    assert out.dtype == dtype
    torch.testing.assert_close(out.float(), expected, atol=error, rtol=error)


def test_a_graph_without_edges_is_fine() -> None:
    empty = torch.zeros(0, dtype=torch.int64)
    graph = Graph.from_pairs(empty, empty, 1, 2, attributes={"time": empty})
    assert plain(1.0)(X, graph).tolist() == [[0.0, 0.0]] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"half_life": 0.0}, "half_life: expected a number greater than 0, got 0.0"),
        ({"edge_dropout": 1.0}, "edge_dropout: expected a number from 0 up to but not including 1"),
    ],
)
def test_options_are_checked(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TimeDecayConv(2, 2, **options)
