"""Additive scores of edges (GATv2), a block of edges at a time."""

import math
from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

from ragx.graph.adjacency import Adjacency
from ragx.typing import Float, Tensor

SLOPE, BLOCK, PARTS = 0.2, 65_536, 16


def additive_score(
    query: Float[Tensor, "N H D"], key: Float[Tensor, "N H D"], factor: Float[Tensor, "H D"], adjacency: Adjacency
) -> Float[Tensor, "E H"]:
    """Score every edge: ``s_ij = a · LeakyReLU(q_i + k_j)``, with slope 0.2 below zero (Brody et al., 2022).

    Only a block of edges, a sixteenth of them and at most 65,536, has vectors at any time, forward and backward, where
    they are made anew. A second derivative is refused.

    Args:
        query: q of the targets.
        key: k of the sources.
        factor: a of every head.
        adjacency: the edges.
    """
    result: Tensor = _AdditiveScore.apply(query, key, factor, adjacency)  # type: ignore[no-untyped-call]
    return result


class _AdditiveScore(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, factor: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        ctx.save_for_backward(query, key, factor)
        score = query.new_empty(adjacency.num_edges, query.shape[1])
        for target, source, edges in _blocks(adjacency):
            joined = query.index_select(0, target).add_(key.index_select(0, source))
            score[edges] = functional.leaky_relu_(joined, SLOPE).mul_(factor).sum(-1)
        return score

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, factor = ctx.saved_tensors
        wide = torch.promote_types(query.dtype, torch.float32)  # half precision would stall at a heavy node
        totals = [torch.zeros_like(tensor, dtype=wide) for tensor in (query, key, factor)]
        for target, source, edges in _blocks(ctx.adjacency):
            joined = query.index_select(0, target).add_(key.index_select(0, source))
            flow = gradient[edges].unsqueeze(-1)
            slope = (joined > 0).to(joined.dtype).mul_(1 - SLOPE).add_(SLOPE)
            totals[2].add_((flow * slope).mul_(joined).sum(0, dtype=wide))
            flow = slope.mul_(flow).mul_(factor).to(wide)
            totals[0].index_add_(0, target, flow)
            totals[1].index_add_(0, source, flow)
        return *(total.to(query.dtype) for total in totals), None


def _blocks(adjacency: Adjacency) -> list[tuple[Tensor, Tensor, slice]]:
    size = min(BLOCK, max(1, math.ceil(adjacency.num_edges / PARTS)))
    parts = zip(torch.split(adjacency.target, size), torch.split(adjacency.source, size), strict=True)
    return [(target, source, slice(n * size, n * size + len(target))) for n, (target, source) in enumerate(parts)]
