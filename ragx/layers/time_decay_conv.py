"""Relevance that falls with the age of an interaction, at a pace that is learned."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from ragx.checks import check, check_positive
from ragx.graph.graph import COUNT_OF, Graph
from ragx.layers.activation import activation_of
from ragx.layers.fusion import graph_of, weighted_neighbours
from ragx.layers.message_layer import MessageLayer
from ragx.typing import Float, Tensor


class TimeDecayConv(MessageLayer):
    """Let old interactions count less: x_i' = σ(W Σ_{j∈N(i)} w_ij δ_ij x_j + b), with learned half-lives in δ_ij.

    Without kinds, δ_ij = 2^(-age_ij / h), the age being that of the newest event between i and j. With kinds, every
    kind k of event has a half-life h_k of its own, and the decay of a pair is the mean over the kinds it has,
    δ_ij = Σ_{k∈K_ij} 2^(-age^k_ij / h_k) / |K_ij|, with age^k_ij that of the newest event of kind k, and K_ij those of
    the layer's kinds that i and j have an event of. δ_ij is 1 for what happened just now, and 0 where K_ij is empty.
    Ages are counted from the newest event in the graph.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'.
        half_life: days after which a weight has halved, to begin with; learned as log h, so that it stays positive.
        kinds: kinds of event that have a half-life each, such as ``["view", "buy"]``; None is one for all events.
        activation: name of σ, or None for the identity.
        edge_dropout: chance that an edge is silent in a training step.

    Shapes:
        x: [N, in_channels]; a graph whose edges have ``time`` (seconds) and, with kinds, ``time_of_<kind>`` and
        ``count_of_<kind>``; returns [N, out_channels].

    Raises:
        ValueError: the edges have no time or not these kinds, a kind repeats, or an option is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        half_life: float = 90.0,
        kinds: Sequence[str] | None = None,
        activation: str | None = "relu",
        edge_dropout: float = 0.0,
    ) -> None:
        super().__init__(edge_dropout=edge_dropout)
        check_positive("half_life", half_life)
        check(
            kinds is None or (not isinstance(kinds, str) and 0 < len(kinds) == len(set(kinds))),
            f"kinds: expected null, or at least one kind of event, each once; got {kinds!r}.",
        )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kinds = None if kinds is None else list(kinds)
        begin = torch.tensor(math.log(half_life))
        self.log_half_life = nn.Parameter(begin if self.kinds is None else begin.repeat(len(self.kinds)))
        self.linear = nn.Linear(in_channels, out_channels)
        self.activation = activation_of(activation)

    @property
    def half_life(self) -> Float[Tensor, "..."]:
        """The half-life h in days, or one for every kind."""
        return self.log_half_life.exp()

    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Return x' of every node; ``edge_weight`` stands in for the graph's own.

        Raises:
            ValueError: the edges are no graph, or have no time or not the layer's kinds.
        """
        graph = graph_of(self, edge_index, edge_weight)
        weight = (graph.edge_weight * self.decay(graph)).to(x.dtype)
        out: Tensor = self.activation(self.linear(self.sum_neighbours(graph, x, weight)))
        return out

    def decay(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return δ of every edge in row order, in single precision at least."""
        check(
            "time" in graph.edge_attributes,
            "TimeDecayConv needs a graph whose edges have a time; name their column (dataset.columns.time=…), "
            "or use another layer.",
        )
        half_life = self.half_life.to(torch.promote_types(self.log_half_life.dtype, torch.float32))
        if self.kinds is None:
            return torch.exp2(-graph.age().to(half_life) / half_life)
        total = count = half_life.new_zeros(graph.num_edges)
        for kind, days in zip(self.kinds, half_life, strict=True):
            decay = torch.exp2(-graph.age(kind).to(half_life) / days)
            present = graph.edge_attributes[COUNT_OF + kind] > 0
            total, count = total + decay * present, count + present
        return total / count.clamp(min=1)

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        """Return w_ij δ_ij x_j of every edge; ``edge_weight`` holds both factors."""
        return edge_weight.unsqueeze(-1) * x_j

    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        """Return the sum of all messages without a tensor of size E × D."""
        return weighted_neighbours(graph, x, edge_weight)
