"""The layer of Neural Graph Collaborative Filtering."""

from torch import nn
from torch.nn import functional

from ragx.checks import check_fraction
from ragx.graph.graph import Graph
from ragx.layers.activation import activation_of
from ragx.layers.fusion import weighted_neighbours, weights_of
from ragx.layers.message_layer import MessageLayer
from ragx.typing import Tensor


class NGCFConv(MessageLayer):
    """Let a neighbour's message depend on what it shares with the node (Wang et al., 2019).

    x_i' = σ(W₁ x_i + Σ_{j∈N(i)} w_ij (W₁ x_j + W₂ (x_j ⊙ x_i))). Fused, both sums come from one h_i = Σ_j w_ij x_j.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'.
        activation: name of σ, or None for the identity.
        dropout: chance that a component of x_i' is silent in a training step.
        edge_dropout: chance that an edge is silent in a training step.

    Shapes:
        x: [N, in_channels]; a graph or ``edge_index`` [2, E] with ``edge_weight`` [E]; returns [N, out_channels].
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        activation: str | None = "leaky_relu",
        dropout: float = 0.1,
        edge_dropout: float = 0.0,
    ) -> None:
        super().__init__(edge_dropout=edge_dropout)
        check_fraction("dropout", dropout)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.dropout = dropout
        self.linear = nn.Linear(in_channels, out_channels)
        self.interaction = nn.Linear(in_channels, out_channels, bias=False)
        self.activation = activation_of(activation)

    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Return x' of every node."""
        summed = self.sum_neighbours(edge_index, x, weights_of(edge_index, edge_weight, x))
        out: Tensor = functional.dropout(self.activation(self.linear(x) + summed), self.dropout, self.training)
        return out

    def message(self, x_i: Tensor, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        """Return w_ij (W₁ x_j + W₂ (x_j ⊙ x_i)) of every edge."""
        shared = functional.linear(x_j, self.linear.weight) + self.interaction(x_j * x_i)
        message: Tensor = edge_weight.unsqueeze(-1) * shared
        return message

    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        """Return W₁ h_i + W₂ (h_i ⊙ x_i) with h_i = Σ_j w_ij x_j."""
        h = weighted_neighbours(graph, x, edge_weight)
        out: Tensor = functional.linear(h, self.linear.weight) + self.interaction(h * x)
        return out
