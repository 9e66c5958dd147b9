"""What the graph's own weight does in attention, worked by hand."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from ragx.graph.graph import Graph
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv


def worked_layer(role: Any) -> tuple[RelevanceAttentionConv, Graph, Tensor]:
    """One user with two items: scores 0 and log 3, so that the chances are 1/4 and 3/4; values 8 and 4."""
    graph = Graph.from_pairs(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2, weight=torch.tensor([6.0, 2.0]))
    layer = RelevanceAttentionConv(2, 1, heads=1, edge_weight_role=role, residual=False)
    with torch.no_grad():
        for part in (layer.query, layer.key, layer.value):
            part.weight.zero_()
            part.bias.zero_()
        layer.query.bias.fill_(1.0)
        layer.key.weight[0, 0] = layer.value.weight[0, 1] = 1.0
    return layer, graph, torch.tensor([[0.0, 1.0], [0.0, 8.0], [math.log(3.0), 4.0]])


@pytest.mark.parametrize(
    ("role", "user"),
    [
        ("none", 8 / 4 + 3 * 4 / 4),
        ("factor", 6 * 8 / 4 + 2 * 3 * 4 / 4),
        ("log_prior", (6 * 1 * 8 + 2 * 3 * 4) / (6 + 6)),
    ],
)
def test_worked_roles_of_the_weight(role: Any, user: float) -> None:
    layer, graph, x = worked_layer(role)
    item = [6.0, 2.0] if role == "factor" else [1.0, 1.0]  # an item has one neighbour, whose chance is 1
    expected = torch.tensor([[user], *([value] for value in item)])
    torch.testing.assert_close(layer(x, graph), expected)
    torch.testing.assert_close(layer(x, graph.edge_index, graph.edge_weight), expected)


@pytest.mark.parametrize("role", ["none", "factor", "log_prior"])
def test_weight_zero_is_no_edge(role: Any) -> None:
    layer, graph, x = worked_layer(role)
    weight = torch.where(graph.edge_weight == 2.0, 0.0, 1.0)
    torch.testing.assert_close(layer(x, graph.with_weight(weight)), torch.tensor([[8.0], [1.0], [0.0]]))
    torch.testing.assert_close(layer(x, graph.edge_index, weight), torch.tensor([[8.0], [1.0], [0.0]]))
    assert layer(x, graph.with_weight(torch.zeros(4))).tolist() == [[0.0], [0.0], [0.0]]


def test_a_log_prior_takes_no_negative_weight() -> None:
    layer, graph, x = worked_layer("log_prior")
    with pytest.raises(ValueError, match="edge_weight_role=log_prior needs weights of at least 0"):
        layer(x, graph.with_weight(torch.tensor([1.0, -1.0, 1.0, 1.0])))
