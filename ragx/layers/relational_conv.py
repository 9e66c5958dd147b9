"""The relational layer: one linear map for every kind of event."""

from collections.abc import Sequence

import torch
from torch import nn

from ragx.checks import check
from ragx.graph.graph import Graph
from ragx.layers.activation import activation_of
from ragx.layers.fusion import graph_of, weighted_neighbours
from ragx.layers.message_layer import MessageLayer
from ragx.typing import Float, Tensor


class RelationalConv(MessageLayer):
    r"""Sum each kind's neighbours apart: h_i = Σ_k W_k Σ_{j∈N_k(i)} w^k_ij x_j ; x_i' = σ(h_i + b).

    N_k(i) are the neighbours that i has an event of kind k with, and w^k_ij = 1 / √(d^k_i d^k_j) with the degrees
    among them, see :meth:`ragx.graph.graph.Graph.relation`. It is R-GCN (Schlichtkrull et al., 2018) without the map
    of the node itself and with the symmetric norm in place of the mean. Of the graph's own weights only 0 counts: it is
    no edge. Messages are passed once for every kind, along all edges, with weight 0 on those of other kinds.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'.
        kinds: the kinds of event that carry messages.
        activation: name of σ, or None for the identity.
        edge_dropout: chance that an edge of a relation is silent in a training step; the others grow by
            1 / (1 - chance).

    Shapes:
        x: [N, in_channels]; a graph with kinds; returns [N, out_channels].

    Raises:
        ValueError: there is no kind, one repeats, or an option is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kinds: Sequence[str],
        activation: str | None = "relu",
        edge_dropout: float = 0.0,
    ) -> None:
        super().__init__(edge_dropout=edge_dropout)
        check(
            len(kinds) > 0 and len(set(kinds)) == len(kinds),
            f"kinds: expected at least one kind of event, each once, got {list(kinds)}.",
        )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kinds = list(kinds)
        self.weight = nn.Parameter(torch.empty(len(kinds), in_channels, out_channels))
        self.bias = nn.Parameter(torch.empty(out_channels))
        self.activation = activation_of(activation)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every W_k anew (Glorot and Bengio, 2010) and set b to zero."""
        for matrix in self.weight:
            nn.init.xavier_uniform_(matrix)
        nn.init.zeros_(self.bias)

    def forward(
        self, x: Float[Tensor, "N D"], edge_index: Graph | Tensor, edge_weight: Tensor | None = None
    ) -> Float[Tensor, "N D_out"]:
        """Return x' of every node; where ``edge_weight`` is 0 instead of the graph's own, there is no edge.

        Raises:
            ValueError: the edges are no graph, or the graph has no kinds or lacks one of the layer's.
        """
        graph = graph_of(self, edge_index, edge_weight)
        check(bool(graph.kinds), "RelationalConv: the interactions of this graph have no column kind.")
        sums = []
        for kind in self.kinds:
            relation = graph.relation(kind)
            sums.append(self.sum_neighbours(relation, x, relation.weight_in(x.dtype)))
        h = torch.cat(sums, dim=1) @ self.weight.flatten(0, 1)
        out: Tensor = self.activation(h + self.bias)
        return out

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        """Return w^k_ij x_j of every edge; the one method that a subclass writes."""
        return edge_weight.unsqueeze(-1) * x_j

    def message_and_aggregate(self, relation: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        """Return Σ_j w^k_ij x_j without a tensor of size E × D."""
        return weighted_neighbours(relation, x, edge_weight)
