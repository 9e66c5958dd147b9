"""Attention over neighbours: the relevance w_ij of an edge is learned."""

import math
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ragx.checks import check, check_choice
from ragx.graph.adjacency import Adjacency
from ragx.graph.graph import Graph
from ragx.kernels.edge_attention import edge_attention
from ragx.kernels.edge_product import edge_product
from ragx.kernels.edge_softmax import edge_softmax
from ragx.kernels.weighted_sum import weighted_sum
from ragx.layers.additive_score import additive_score
from ragx.layers.fusion import FUSED_HOOKS, call_fused, check_edge_index, may_fuse
from ragx.layers.heads import check_heads
from ragx.layers.message_layer import MessageLayer
from ragx.typing import Float, Tensor

Relevance = Literal["dot", "cosine", "additive"]
WeightRole = Literal["none", "factor", "log_prior"]


class RelevanceAttentionConv(MessageLayer):
    """Multi-head attention as relevance: x_i' = x_i + ‖_h Σ_{j∈N(i)} w_ij^h V_h x_j (Vaswani et al., 2017).

    w_ij = softmax_j(q_i · k_j / √d) over the neighbours of i, one for each head, or with cosine relevance
    softmax_j(s cos(q_i, k_j)) with a learned scale s, or with additive relevance softmax_j(a · LeakyReLU(q_i + k_j))
    with a learned vector a (Brody et al., 2022), which is slower. The graph's own weight may multiply the chance of j
    before the softmax is normed (``log_prior``) or the weight after it (``factor``). In any role, weight 0 is no edge.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'; with ``concat`` each of the H heads has out_channels / H of it.
        heads: number of heads H.
        concat: whether heads are concatenated; otherwise each has the whole width and they are averaged.
        relevance: ``"dot"``, ``"cosine"`` or ``"additive"``.
        edge_weight_role: what the graph's weight does: ``"none"``, ``"factor"`` or ``"log_prior"``.
        residual: whether x_i, mapped where the widths differ, is added.
        edge_dropout: chance that a weight is silent in a training step.

    Shapes:
        x: [N, in_channels]; a graph or ``edge_index`` [2, E] with ``edge_weight`` [E]; returns [N, out_channels].

    Raises:
        ValueError: the heads do not divide the width, and the message names the nearest numbers that do; an option is
            unknown; a weight is negative though ``log_prior``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        heads: int = 4,
        concat: bool = True,
        relevance: Relevance = "dot",
        edge_weight_role: WeightRole = "none",
        residual: bool = True,
        edge_dropout: float = 0.0,
    ) -> None:
        super().__init__(edge_dropout=edge_dropout, node_dim=0)
        check_choice("relevance", relevance, ("dot", "cosine", "additive"))
        check_choice("edge_weight_role", edge_weight_role, ("none", "factor", "log_prior"))
        check_heads(out_channels, heads, concat)
        self.in_channels, self.out_channels, self.heads, self.concat = in_channels, out_channels, heads, concat
        self.relevance, self.edge_weight_role = relevance, edge_weight_role
        self.head_channels = out_channels // heads if concat else out_channels
        inner = heads * self.head_channels
        self.query, self.key, self.value = (nn.Linear(in_channels, inner) for _ in range(3))
        self.scale = nn.Parameter(torch.full((heads,), math.log(10.0))) if relevance == "cosine" else None
        self.factor: nn.Parameter | None = None
        if relevance == "additive":
            self.factor = nn.Parameter(torch.empty(heads, self.head_channels))
            nn.init.xavier_uniform_(self.factor)
        self.skip: nn.Module | None = None
        if residual:
            self.skip = (
                nn.Identity() if in_channels == out_channels else nn.Linear(in_channels, out_channels, bias=False)
            )

    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Return x' of every node."""
        if isinstance(edge_index, Graph):
            adjacency, order = edge_index.adjacency, None
            edge_weight = edge_index.edge_weight if edge_weight is None else edge_weight
        else:
            check_edge_index(edge_index)
            adjacency, order = Adjacency.from_edges(edge_index[0], edge_index[1], x.shape[0], x.shape[0])
            edge_weight = None if edge_weight is None else edge_weight[order]
        if order is None and self._is_whole():
            return self._joined(x, self._attend(x, adjacency, edge_weight))
        weight = self.attention(x, adjacency, edge_weight)
        weight = functional.dropout(weight, self.edge_dropout, self.training) if self.edge_dropout else weight
        value = self._split(self.value(x))
        if order is None and may_fuse(self, node_dim=0):
            h = call_fused(self, adjacency, value=value, edge_weight=weight)
        else:
            edges: Tensor | Graph = adjacency.edge_index
            if order is not None:  # back to the caller's order, in which an explainer's mask lies
                back = torch.empty_like(order)
                back[order] = torch.arange(order.numel(), device=order.device)
                edges, weight = edge_index, weight[back]
            h = self.propagate(edges, value=value, edge_weight=weight, size=(x.shape[0], x.shape[0]))
        return self._joined(x, h)

    def attention(self, x: Tensor, adjacency: Adjacency, edge_weight: Tensor | None) -> Float[Tensor, "E H"]:
        """Return w_ij of every edge and head, in row order."""
        query, key = self._split(self.query(x)), self._split(self.key(x))
        if self.factor is not None:
            score = additive_score(query, key, self.factor, adjacency)
        else:
            query, key, scale = self._ends(query, key)
            score = edge_product(query if scale == 1 else query * scale, key, adjacency)
        prior, factor = self._roles(edge_weight, score.dtype)
        weight = edge_softmax(score if prior is None else score + prior.unsqueeze(-1), adjacency)
        return weight if factor is None else weight * factor.unsqueeze(-1)

    def _attend(self, x: Tensor, adjacency: Adjacency, edge_weight: Tensor | None) -> Float[Tensor, "N H D"]:
        """Return the sums of what :meth:`attention` weighs, in one operation."""
        query, key, scale = self._ends(self._split(self.query(x)), self._split(self.key(x)))
        prior, factor = self._roles(edge_weight, query.dtype)
        if self.edge_dropout and self.training:
            ones = query.new_ones(adjacency.num_edges, self.heads)
            kept = functional.dropout(ones, self.edge_dropout, True)
            factor = kept if factor is None else kept * factor.unsqueeze(-1)
        value = self._split(self.value(x))
        return edge_attention(query, key, value, adjacency, scale=scale, prior=prior, factor=factor)

    def _is_whole(self) -> bool:
        """Say whether nothing looks at the weights or changes what they are or do, so that they need not be there."""
        changed = any(step in vars(self) or getattr(type(self), step) is not own for step, own in WRITTEN.items())
        watched = any(getattr(self, hooks) for hooks in FUSED_HOOKS)
        return self.factor is None and not changed and not watched and may_fuse(self, node_dim=0)

    def _roles(self, edge_weight: Tensor | None, dtype: torch.dtype) -> tuple[Tensor | None, Tensor | None]:
        """Return what the graph's weight adds to the score and what it multiplies the weight by."""
        if edge_weight is None:
            return None, None
        given, prior = edge_weight.to(dtype), None
        if self.edge_weight_role == "log_prior":
            check(bool((given >= 0).all()), "layer.edge_weight_role=log_prior needs weights of at least 0.")
            prior = torch.where(given > 0, given, 1).log()
        silent = given == 0
        if silent.any():
            prior = torch.zeros_like(given) if prior is None else prior
            prior = prior.masked_fill(silent, -torch.inf)
        return prior, given if self.edge_weight_role == "factor" else None

    def _ends(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor, float]:
        """Return what is multiplied at the two ends of an edge, and by what number the product is."""
        if self.scale is None:
            return query, key, 1 / math.sqrt(self.head_channels)
        query = functional.normalize(query, dim=-1) * self.scale.exp().to(query.dtype).unsqueeze(-1)
        return query, functional.normalize(key, dim=-1), 1.0

    def _joined(self, x: Tensor, h: Float[Tensor, "N H D"]) -> Tensor:
        h = h.flatten(1) if self.concat else h.mean(dim=1)
        return h if self.skip is None else h + self.skip(x)

    def message(self, value_j: Tensor, edge_weight: Tensor) -> Tensor:
        """Return w_ij^h V_h x_j of every edge, [E, H, d]; the one method that a subclass writes."""
        return edge_weight.unsqueeze(-1) * value_j

    def message_and_aggregate(self, adjacency: Adjacency, value: Tensor, edge_weight: Tensor) -> Tensor:
        """Return Σ_j w_ij^h V_h x_j, [N, H, d], without a tensor of size E × D."""
        return weighted_sum(value, edge_weight, adjacency)

    def _split(self, x: Float[Tensor, "N HD"]) -> Float[Tensor, "N H D"]:
        return x.view(x.shape[0], self.heads, self.head_channels)


WRITTEN = {name: vars(RelevanceAttentionConv)[name] for name in ("attention", "message_and_aggregate")}
"""What the one operation stands for; read once, so that a change of the class is seen too."""
