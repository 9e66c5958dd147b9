"""The inner product along every edge: attention scores, and the gradient of edge weights."""

from typing import Any

import torch

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_rows
from ragx.kernels.forms import form_of
from ragx.typing import Float, Tensor


def edge_product(
    query: Float[Tensor, "T ..."], key: Float[Tensor, "S ..."], adjacency: Adjacency
) -> Float[Tensor, "E ..."]:
    """Multiply the two ends of every edge: ``s_e = ⟨query_target(e), key_source(e)⟩``.

    Nothing of size E × D is made, forward or backward, and any order of derivative is right.

    Args:
        query: values of the targets, [T, D] or [T, H, D].
        key: values of the sources, [S, D] or [S, H, D].
        adjacency: the edges.

    Returns:
        One product an edge in row order, [E], or [E, H] for one a head.

    Raises:
        ValueError: shapes or dtypes do not fit.
    """
    expected = [adjacency.num_targets, *key.shape[1:]]
    check(
        key.dim() in (2, 3) and key.shape[0] == adjacency.num_sources,
        f"key: expected shape [{adjacency.num_sources}, D] or [{adjacency.num_sources}, H, D], got {list(key.shape)}.",
    )
    check(list(query.shape) == expected, f"query: expected shape {expected} to fit key, got {list(query.shape)}.")
    check(query.dtype == key.dtype, f"query and key: expected one dtype, got {query.dtype} and {key.dtype}.")
    result: Tensor = _EdgeProduct.apply(query, key, adjacency)  # type: ignore[no-untyped-call]
    return result


def edge_product_reference(
    query: Float[Tensor, "T ..."], key: Float[Tensor, "S ..."], adjacency: Adjacency
) -> Float[Tensor, "E ..."]:
    """Return the edge product by gathering both ends, with two rows an edge in memory."""
    return (query[adjacency.target] * key[adjacency.source]).sum(-1)


def _by_sampled_product(query: Tensor, key: Tensor, adjacency: Adjacency) -> Tensor:
    if query.dtype in (torch.bfloat16, torch.float16):  # torch samples products in single and double precision only
        return _by_sampled_product(query.float(), key.float(), adjacency).to(query.dtype)
    if adjacency.num_edges > adjacency.num_targets * adjacency.num_sources:
        # torch's sparse matrices hold no more entries than a dense one, and repeated edges can exceed that.
        return torch.einsum("t...d,s...d->ts...", query, key)[adjacency.target, adjacency.source]
    if query.dim() == 3:
        by_head = query.new_zeros(query.shape[1], adjacency.num_edges)
        for head, *ends in zip(by_head, query.unbind(1), key.unbind(1), strict=True):
            _sampled(compressed_rows(adjacency, head), *ends)
        return by_head.t()
    return _sampled(compressed_rows(adjacency, query.new_zeros(adjacency.num_edges)), query, key)


def _sampled(pattern: Tensor, query: Tensor, key: Tensor) -> Tensor:
    # Written over its own pattern: a fresh result would copy the indices, which takes as long as the products.
    torch.sparse.sampled_addmm(pattern, query.contiguous(), key.contiguous().t(), beta=0.0, out=pattern)
    return pattern.values()


_FORMS = {"sampled": _by_sampled_product, "reference": edge_product_reference}


class _EdgeProduct(torch.autograd.Function):
    """The gradients are weighted sums in both orders, so derivatives nest."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        ctx.save_for_backward(query, key)
        return _FORMS[form_of("edge_product", query.device)](query.detach(), key.detach(), adjacency)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        from ragx.kernels.weighted_sum import weighted_sum  # the two operations are each other's gradient

        (gradient,) = gradients
        query, key = ctx.saved_tensors
        adjacency: Adjacency = ctx.adjacency
        gradient_query = gradient_key = None
        if ctx.needs_input_grad[0]:
            gradient_query = weighted_sum(key, gradient, adjacency)
        if ctx.needs_input_grad[1]:
            transposed = gradient.index_select(0, adjacency.permutation)
            gradient_key = weighted_sum(query, transposed, adjacency.transposed)
        return gradient_query, gradient_key, None
