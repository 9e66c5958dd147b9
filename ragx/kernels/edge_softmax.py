"""Softmax over the edges of every target: attention weights."""

from typing import Any

import torch

from ragx.graph.adjacency import Adjacency
from ragx.kernels.segment import (
    check_edges,
    segment_max_raw,
    segment_max_reference,
    segment_spread,
    segment_sum,
    segment_sum_raw,
    segment_sum_reference,
)
from ragx.typing import Float, Tensor


def edge_softmax(score: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "E ..."]:
    """Normalise the scores of every target's edges: ``p_e = exp(s_e - m_i) / Σ_f exp(s_f - m_i)``, with i = target(e).

    m_i is the largest score of i, so that no exponential overflows. Half precision is summed in single precision.

    Args:
        score: score of every edge in row order, [E] or [E, H].
        adjacency: the edges.

    Returns:
        Weights of the same shape, which sum to 1 over the edges of a target; a target without edges has none. An edge
        of score -∞ has weight 0, also where all edges of a target are so.

    Raises:
        ValueError: ``score`` does not have one row an edge.
    """
    check_edges("score", score, adjacency)
    if score.dtype in (torch.bfloat16, torch.float16):
        return edge_softmax(score.float(), adjacency).to(score.dtype)
    result: Tensor = _EdgeSoftmax.apply(score, adjacency)  # type: ignore[no-untyped-call]
    return result


def edge_softmax_reference(score: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "E ..."]:
    """Return the softmax by its formula, one plain operation after the other."""
    largest = segment_max_reference(score.detach(), adjacency)
    power = (score - largest.masked_fill(largest == -torch.inf, 0)[adjacency.target]).exp()
    return power / segment_sum_reference(power, adjacency).clamp(min=1)[adjacency.target]


class _EdgeSoftmax(torch.autograd.Function):
    """The gradient is ``p_e (g_e - Σ_f p_f g_f)``, made of segment operations that can be derived again."""

    @staticmethod
    def forward(ctx: Any, score: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        largest = segment_max_raw(score, adjacency)
        largest.masked_fill_(largest == -torch.inf, 0)  # -∞ minus itself is NaN
        largest = largest.index_select(0, adjacency.target)
        probability = torch.sub(score.detach(), largest, out=largest).exp_()
        total = segment_sum_raw(probability, adjacency).clamp_(min=1)  # the largest alone adds 1, -∞ nothing
        probability.div_(total.index_select(0, adjacency.target))
        ctx.save_for_backward(probability)
        return probability

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (probability,) = ctx.saved_tensors
        flow = probability * gradients[0]
        return flow - probability * segment_spread(segment_sum(flow, ctx.adjacency), ctx.adjacency), None
