"""Relevance that falls with the age of an interaction, at a pace that is learned."""

import math

import torch
from torch import nn
from torch.nn import functional

from ragx.checks import check, check_fraction, check_positive
from ragx.graph.graph import Graph
from ragx.kernels.weighted_sum import weighted_sum
from ragx.layers.activation import activation_of
from ragx.layers.fusion import may_fuse
from ragx.layers.message_layer import MessageLayer
from ragx.typing import Float, Tensor

DAY = 86_400


class TimeDecayConv(MessageLayer):
    """Let old interactions count less: x_i' = σ(W Σ_{j∈N(i)} w_ij 2^(-age_ij / h) x_j + b) with a learned half-life h.

    The age is that of the newest event between i and j, counted from the newest in the graph.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'.
        half_life: days after which a weight has halved, to begin with; learned as log h, so that it stays positive.
        activation: name of σ, or None for the identity.
        edge_dropout: chance that an edge is silent in a training step.

    Shapes:
        x: [N, in_channels]; a graph whose edges have ``time`` (seconds); returns [N, out_channels].

    Raises:
        ValueError: the edges have no time, or an option is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        half_life: float = 90.0,
        activation: str | None = "relu",
        edge_dropout: float = 0.0,
    ) -> None:
        super().__init__(aggr="sum")
        check_positive("half_life", half_life)
        check_fraction("edge_dropout", edge_dropout)
        self.in_channels, self.out_channels, self.edge_dropout = in_channels, out_channels, edge_dropout
        self.log_half_life = nn.Parameter(torch.tensor(math.log(half_life)))
        self.linear = nn.Linear(in_channels, out_channels)
        self.activation = activation_of(activation)

    @property
    def half_life(self) -> Float[Tensor, ""]:
        """The half-life h in days."""
        return self.log_half_life.exp()

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """Return x' of every node."""
        decay = self.decay(graph)
        weight = (graph.edge_weight * decay).to(x.dtype)
        weight = functional.dropout(weight, self.edge_dropout, self.training) if self.edge_dropout else weight
        if may_fuse(self, TimeDecayConv):
            h = self.message_and_aggregate(graph, x, weight)
        else:
            h = self.propagate(graph.edge_index, x=x, edge_weight=weight, size=(x.shape[0], x.shape[0]))
        out: Tensor = self.activation(self.linear(h))
        return out

    def decay(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return 2^(-age / h) of every edge in row order."""
        check(
            isinstance(graph, Graph) and "time" in graph.edge_attributes,
            "TimeDecayConv needs a graph whose edges have a time; give the interactions a column timestamp, "
            "or use another layer.",
        )
        time = graph.edge_attributes["time"]
        newest = time.max() if time.numel() else 0
        age = ((newest - time) / DAY).to(self.log_half_life.dtype)
        return torch.exp2(-age / self.half_life)

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        """Return w_ij 2^(-age_ij / h) x_j of every edge; ``edge_weight`` holds both factors."""
        return edge_weight.unsqueeze(-1) * x_j

    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        """Return the sum of all messages without a tensor of size E × D."""
        return weighted_sum(x, edge_weight, graph.adjacency)
