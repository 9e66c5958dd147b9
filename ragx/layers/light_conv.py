"""The layer of LightGCN."""

from ragx.layers.relevance_conv import RelevanceConv


class LightConv(RelevanceConv):
    """Sum the neighbours by relevance and do nothing else: x_i' = Σ_{j∈N(i)} w_ij x_j (He et al., 2020).

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i', the same.
        edge_dropout: chance that an edge is silent in a training step.
    """

    def __init__(self, in_channels: int, out_channels: int, *, edge_dropout: float = 0.0) -> None:
        super().__init__(
            in_channels, out_channels, linear=False, bias=False, activation=None, edge_dropout=edge_dropout
        )
