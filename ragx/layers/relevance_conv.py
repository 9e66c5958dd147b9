"""The relevance layer: a weighted sum over neighbours, a linear map and an activation."""

import torch
from torch import nn

from ragx.checks import check
from ragx.graph.graph import Graph
from ragx.layers.activation import activation_of
from ragx.layers.fusion import is_called_as, may_fuse, weighted_neighbours, weights_of
from ragx.layers.message_layer import MessageLayer
from ragx.typing import Tensor


class RelevanceConv(MessageLayer):
    r"""Sum the neighbours by relevance, then map: h_i = Σ_{j∈N(i)} w_ij x_j ; x_i' = σ(W h_i + b).

    With ``self_term`` h_i also holds x_i. Without linear map, bias and activation it is the layer of LightGCN (He et
    al., 2020). To make a layer of one's own, subclass it and write ``message``; the fused form then stands back.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'.
        linear: whether there is a linear map W.
        bias: whether there is a bias b.
        activation: name of σ, or None for the identity.
        self_term: whether a node receives its own vector, with weight 1.
        edge_dropout: chance that an edge is silent in a training step; the others grow by 1 / (1 - chance).

    Shapes:
        x: [N, in_channels]; a graph or PyG's ``edge_index`` [2, E] with ``edge_weight`` [E]; returns [N, out_channels].

    Raises:
        ValueError: the widths differ without a linear map, or an option is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        linear: bool = True,
        bias: bool = True,
        activation: str | None = "relu",
        self_term: bool = False,
        edge_dropout: float = 0.0,
    ) -> None:
        super().__init__(edge_dropout=edge_dropout)
        check(
            linear or in_channels == out_channels,
            f"Without a linear map a layer keeps its width: got {in_channels} in and {out_channels} out. "
            "Set layer.linear=true or equal widths.",
        )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.self_term = self_term
        self.linear = nn.Linear(in_channels, out_channels, bias=False) if linear else nn.Identity()
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.activation = activation_of(activation)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw W anew (Glorot and Bengio, 2010) and set b to zero."""
        if isinstance(self.linear, nn.Linear):
            nn.init.xavier_uniform_(self.linear.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    @property
    def is_linear_propagation(self) -> bool:
        """Whether the layer is nothing but A x, so that a stack of such layers is one polynomial in A."""
        plain = isinstance(self.linear, nn.Identity) and isinstance(self.activation, nn.Identity)
        quiet = self.bias is None and not self.self_term and not self.edge_dropout
        return plain and quiet and may_fuse(self) and is_called_as(self, RelevanceConv)

    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Return x' of every node; ``edge_weight`` stands in for the graph's own, and is 1 where neither is given."""
        h = self.sum_neighbours(edge_index, x, weights_of(edge_index, edge_weight, x))
        h = self.linear(h + x if self.self_term else h)
        out: Tensor = self.activation(h if self.bias is None else h + self.bias)
        return out

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        """Return w_ij x_j of every edge; the one method that a subclass writes."""
        return edge_weight.unsqueeze(-1) * x_j

    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        """Return Σ_j w_ij x_j without a tensor of size E × D."""
        return weighted_neighbours(graph, x, edge_weight)
