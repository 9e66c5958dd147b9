"""Attention over neighbours as one operation: scores, softmax and weighted sum."""

import ctypes
from typing import Any

import torch

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.edge_product import edge_product, edge_product_reference
from ragx.kernels.edge_softmax import edge_softmax, edge_softmax_reference
from ragx.kernels.forms import form_of
from ragx.kernels.native import library, run_rows, runs_natively
from ragx.kernels.weighted_sum import weighted_sum, weighted_sum_reference
from ragx.typing import Float, Tensor


def edge_attention(
    query: Float[Tensor, "T H D"],
    key: Float[Tensor, "S H D"],
    value: Float[Tensor, "S H D"],
    adjacency: Adjacency,
    *,
    scale: float = 1.0,
    prior: Float[Tensor, " E"] | None = None,
    factor: Float[Tensor, "E ..."] | None = None,
) -> Float[Tensor, "T H D"]:
    """Attend to the neighbours of every target: ``out_i = Σ_e f_e softmax_e(s ⟨q_i, k_source(e)⟩ + b_e) v_source(e)``.

    The softmax goes over the edges e with target i. Nothing of size E × D is made, forward or backward, and any order
    of derivative is right. On a CPU with a C compiler all of it is one pass over the edges, and its gradient two.

    Args:
        query: q of the targets, [T, H, D].
        key: k of the sources, [S, H, D].
        value: v of the sources, [S, H, D].
        adjacency: the edges.
        scale: s, such as 1 / √D.
        prior: b of every edge in row order, [E]; -∞ silences an edge. None stands for zeros.
        factor: f of every edge in row order, [E], or [E, H] for one a head. None stands for ones.

    Returns:
        Sums of the targets, [T, H, D]; zeros where a target has no edge that speaks.

    Raises:
        ValueError: shapes or dtypes do not fit.
    """
    check(query.dim() == 3, f"query: expected shape [{adjacency.num_targets}, H, D], got {list(query.shape)}.")
    check(
        isinstance(scale, int | float),
        f"scale: expected a number, got {type(scale).__name__}; multiply query by what is learnt.",
    )
    heads, form = query.shape[1:2], form_of("edge_attention", query.device)
    for name, given, shapes in (("prior", prior, [()]), ("factor", factor, [(), heads])):
        fits = given is None or given.shape in [(adjacency.num_edges, *shape) for shape in shapes]
        expected = " or ".join(str([adjacency.num_edges, *shape]) for shape in shapes)
        check(fits, f"{name}: expected shape {expected}, got {[] if given is None else list(given.shape)}.")
        fits = given is None or given.dtype == query.dtype
        check(fits, f"{name}: expected the dtype of query, {query.dtype}, got {given is not None and given.dtype}.")
    learnt = any(given is not None and given.requires_grad for given in (prior, factor))
    if form == "reference":
        return edge_attention_reference(query, key, value, adjacency, scale=scale, prior=prior, factor=factor)
    alike = query.shape[1:] == key.shape[1:] == value.shape[1:] and query.dtype == key.dtype == value.dtype
    compiled = None
    if form == "native" and alike and not learnt and runs_natively(query):
        compiled = _library(query, prior, factor)
    if compiled is None:
        return _composed(query * scale, key, value, adjacency, prior, factor)
    sizes = [len(query), len(key), len(value)]
    expected_sizes = [adjacency.num_targets, adjacency.num_sources, adjacency.num_sources]
    check(sizes == expected_sizes, f"query, key and value: expected {expected_sizes} rows, got {sizes}.")
    result: Tensor = _EdgeAttention.apply(  # type: ignore[no-untyped-call]
        query, key, value, adjacency, float(scale), prior, factor, compiled
    )
    return result


def edge_attention_reference(
    query: Float[Tensor, "T H D"],
    key: Float[Tensor, "S H D"],
    value: Float[Tensor, "S H D"],
    adjacency: Adjacency,
    *,
    scale: float = 1.0,
    prior: Float[Tensor, " E"] | None = None,
    factor: Float[Tensor, "E ..."] | None = None,
) -> Float[Tensor, "T H D"]:
    """Return the attention by the references of its three parts."""
    score = edge_product_reference(scale * query, key, adjacency)
    weight = edge_softmax_reference(score if prior is None else score + prior.unsqueeze(-1), adjacency)
    return weighted_sum_reference(value, weight if factor is None else _times(weight, factor), adjacency)


def _composed(
    query: Tensor, key: Tensor, value: Tensor, adjacency: Adjacency, prior: Tensor | None, factor: Tensor | None
) -> Tensor:
    score = edge_product(query, key, adjacency)
    weight = edge_softmax(score if prior is None else score + prior.unsqueeze(-1), adjacency)
    return weighted_sum(value, weight if factor is None else _times(weight, factor), adjacency)


def _times(weight: Tensor, factor: Tensor) -> Tensor:
    return weight * (factor.unsqueeze(-1) if factor.dim() == 1 else factor)


class _EdgeAttention(torch.autograd.Function):
    """Keeps one number an edge and head. Where a second derivative may follow, the gradient is that of the parts."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        adjacency: Adjacency,
        scale: float,
        prior: Tensor | None,
        factor: Tensor | None,
        compiled: ctypes.CDLL,
    ) -> Tensor:
        ctx.adjacency, ctx.scale, ctx.compiled = adjacency, scale, compiled
        q, k, v = (tensor.detach().contiguous() for tensor in (query, key, value))
        prior, factor = (None if tensor is None else tensor.detach().contiguous() for tensor in (prior, factor))
        out, weight = torch.empty_like(q), q.new_empty(adjacency.num_edges, q.shape[1])
        run_rows(compiled.forward, adjacency, scale, q, k, v, prior, factor, weight, out)
        ctx.save_for_backward(query, key, value, prior, factor, weight)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, prior, factor, weight = ctx.saved_tensors
        adjacency: Adjacency = ctx.adjacency
        if torch.is_grad_enabled():
            # Aliases, since an input may be another one too, or made of it: what is asked for are the partial ones.
            inputs = [tensor.view_as(tensor) for tensor in (query, key, value)]
            composed = _composed(inputs[0] * ctx.scale, inputs[1], inputs[2], adjacency, prior, factor)
            asked = [tensor for tensor, needed in zip(inputs, ctx.needs_input_grad, strict=False) if needed]
            gradient_of = iter(torch.autograd.grad(composed, asked, gradients, create_graph=True))
            return *(next(gradient_of) if needed else None for needed in ctx.needs_input_grad[:3]), *[None] * 5
        q, k, v, gradient = (tensor.contiguous() for tensor in (query, key, value, gradients[0]))
        pair = q.new_empty(adjacency.num_edges, 2, q.shape[1])
        of_query, of_key, of_value = (torch.empty_like(tensor) for tensor in (q, k, v))
        by_target = (k, v, factor, weight, gradient, pair, of_query)
        run_rows(ctx.compiled.backward_by_target, adjacency, ctx.scale, *by_target)
        by_source = (adjacency.permutation, q, gradient, pair, of_key, of_value)
        run_rows(ctx.compiled.backward_by_source, adjacency.transposed, ctx.scale, *by_source)
        return of_query, of_key, of_value, *[None] * 5


def _library(query: Tensor, prior: Tensor | None, factor: Tensor | None) -> ctypes.CDLL | None:
    factors = 0 if factor is None else 1 if factor.dim() == 1 else query.shape[1]
    sizes = {"heads": query.shape[1], "size": query.shape[2], "PRIOR": int(prior is not None), "FACTORS": factors}
    return library("edge_attention", query.dtype, **sizes)
