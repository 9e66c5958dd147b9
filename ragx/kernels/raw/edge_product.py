"""The forms of the inner product along every edge: values alone, which autograd does not see."""

import torch

from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_rows
from ragx.kernels.forms import form_of
from ragx.typing import Float, Tensor


def sampled(query: Float[Tensor, "T ..."], key: Float[Tensor, "S ..."], adjacency: Adjacency) -> Float[Tensor, "E ..."]:
    """Return the edge product in the form chosen for the device, as a fresh tensor that autograd does not see."""
    return _FORMS[form_of("edge_product", query.device)](query.detach(), key.detach(), adjacency)


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
