"""Relevance that falls with age: worked weights, two forms that agree, and a half-life that is found again."""

import math
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
import torch
from torch import Tensor

from ragx.data.interactions import Interactions
from ragx.graph.build import build_graph
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


# The pair with item 1 was viewed today and bought twenty days ago; that with item 2 was viewed ten days ago.
NOW = 1_700_000_000
KINDS = Graph.from_pairs(
    torch.tensor([0, 0]),
    torch.tensor([0, 1]),
    1,
    2,
    weight=torch.tensor([3.0, 8.0]),
    attributes={
        "time": torch.tensor([NOW, NOW - 10 * DAY]),
        "time_of_view": torch.tensor([NOW, NOW - 10 * DAY]),
        "time_of_buy": torch.tensor([NOW - 20 * DAY, 0]),
        "count_of_view": torch.tensor([2, 1]),
        "count_of_buy": torch.tensor([1, 0]),
    },
)


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


def test_every_kind_has_a_half_life_and_a_pair_the_mean_over_its_kinds() -> None:
    layer = plain(10.0, kinds=["view", "buy"])
    assert layer.half_life.tolist() == pytest.approx([10.0, 10.0])
    with torch.no_grad():
        layer.log_half_life[1] = math.log(20.0)
    first, second = 3 * (1 + 0.5) / 2, 8 * 0.5  # bought one half-life ago and viewed now; viewed one half-life ago
    expected = torch.stack([first * X[1] + second * X[2], first * X[0], second * X[0]])
    torch.testing.assert_close(layer(X, KINDS), expected)
    # Item 2 was never bought.
    torch.testing.assert_close(plain(10.0, kinds=["buy"])(X, KINDS)[1:], torch.stack([3 * X[0] / 4, 0 * X[0]]))


def test_with_one_kind_of_event_it_is_the_layer_without_kinds() -> None:
    views = {"time_of_view": GRAPH.edge_attributes["time"], "count_of_view": torch.ones(4)}
    graph = replace(GRAPH, edge_attributes=GRAPH.edge_attributes | views)
    torch.testing.assert_close(plain(10.0, kinds=["view"])(X, graph), plain(10.0)(X, graph))


def test_half_lives_of_kinds_are_learned_apart() -> None:
    layer, truth = plain(30.0, kinds=["view", "buy"]), plain(30.0, kinds=["view", "buy"])
    with torch.no_grad():
        truth.log_half_life.copy_(torch.tensor([7.0, 40.0]).log())
    wanted = truth(X, KINDS).detach()
    optimizer = torch.optim.Adam([layer.log_half_life], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        (layer(X, KINDS) - wanted).square().mean().backward()
        optimizer.step()
    assert layer.half_life.tolist() == pytest.approx([7.0, 40.0], rel=0.05)


def test_the_times_of_kinds_come_from_the_events() -> None:
    table = {"user": ["u", "u", "u"], "item": ["a", "a", "b"], "kind": ["view", "buy", "view"]}
    events = pl.DataFrame(table | {"timestamp": [NOW, NOW - 20 * DAY, NOW - 10 * DAY]})
    graph = build_graph(Interactions.from_events(events)).with_weight(KINDS.edge_weight)
    layer = plain(10.0, kinds=["view", "buy"])
    torch.testing.assert_close(layer(X, graph), layer(X, KINDS))


def test_kinds_that_the_graph_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match=r"age of kind: expected one of buy, view; got 'bye'. Did you mean 'buy'\?"):
        plain(10.0, kinds=["bye"])(X, KINDS)
    with pytest.raises(ValueError, match="age of kind 'buy': the interactions of this graph have no column kind"):
        plain(10.0, kinds=["buy"])(X, GRAPH)


def test_the_newest_event_is_one_that_is_heard() -> None:
    quiet = GRAPH.with_weight(torch.where(GRAPH.edge_weight == 3.0, 0.0, GRAPH.edge_weight))
    torch.testing.assert_close(plain(10.0)(X, quiet), torch.stack([8 * X[2], 0 * X[0], 8 * X[0]]))


def test_edges_without_a_time_are_refused() -> None:
    graph = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 2)
    with pytest.raises(ValueError, match=r"TimeDecayConv needs a graph whose edges have a time; .*columns.time=…"):
        TimeDecayConv(2, 2)(X, graph)
    with pytest.raises(ValueError, match=r"TimeDecayConv: expected a ragx.graph.Graph, .* got Tensor; make one"):
        TimeDecayConv(2, 2)(X, graph.edge_index)


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
        ({"kinds": []}, r"kinds: expected null, or at least one kind of event, each once; got \[\]"),
        ({"kinds": ["buy", "buy"]}, r"kinds: expected null, .* each once; got \['buy', 'buy'\]"),
        ({"kinds": "buy"}, "kinds: expected null, .*got 'buy'"),
        ({"edge_dropout": 1.0}, "edge_dropout: expected a number from 0 up to but not including 1"),
    ],
)
def test_options_are_checked(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TimeDecayConv(2, 2, **options)
