"""Advice of the contract of layers."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch_geometric.nn import MessagePassing

from ragx.graph.graph import Graph
from ragx.testing import check_layer


class WeightedSum(MessagePassing):  # type: ignore[misc]
    """A layer that casts the weights of edges to the dtype of its vectors, or does not."""

    def __init__(self, in_channels: int, out_channels: int, cast: bool) -> None:
        super().__init__(aggr="add")
        self.linear, self.cast = torch.nn.Linear(in_channels, out_channels), cast

    def forward(self, x: torch.Tensor, graph: Graph) -> torch.Tensor:
        weight = graph.edge_weight.to(x.dtype) if self.cast else graph.edge_weight
        out: torch.Tensor = self.propagate(graph.edge_index, x=self.linear(x), weight=weight)
        return out

    def message(self, x_j: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return x_j * weight.unsqueeze(-1)


CONTRACT_ROWS = {"over weights in float32 become …; cast the weights": WeightedSum}


@pytest.mark.parametrize("advice", CONTRACT_ROWS)
def test_a_layer_keeps_the_contract_once_it_does_what_is_advised(advice: str, follow: Callable[..., None]) -> None:
    layer = CONTRACT_ROWS[advice]
    follow(
        advice,
        lambda: check_layer(partial(layer, cast=False)),
        lambda: check_layer(partial(layer, cast=True)),
    )
