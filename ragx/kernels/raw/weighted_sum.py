"""The forms of the weighted sum over neighbours: values alone, which autograd does not see."""

import torch
from torch.nn import functional

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_heads, compressed_rows
from ragx.kernels.forms import form_of
from ragx.kernels.native import library, run_rows, runs_natively
from ragx.typing import Float, Tensor


def product(
    x: Float[Tensor, "S ..."], weight: Float[Tensor, "E ..."] | None, adjacency: Adjacency
) -> Float[Tensor, "T ..."]:
    """Return the weighted sum in the form chosen for the device, as a fresh tensor that autograd does not see."""
    weight = None if weight is None else weight.detach()
    return _FORMS[form_of("weighted_sum", x.device)](x.detach(), weight, adjacency)


def weighted_sum_reference(
    x: Float[Tensor, "S ..."], weight: Float[Tensor, "E ..."] | None, adjacency: Adjacency
) -> Float[Tensor, "T ..."]:
    """Return the weighted sum by gathering, multiplying and adding, with one message an edge in memory."""
    message = x[adjacency.source]
    if weight is not None:
        message = message * weight.reshape(*weight.shape, *(1,) * (x.dim() - weight.dim()))
    return x.new_zeros(adjacency.num_targets, *x.shape[1:]).index_add(0, adjacency.target, message)


def _by_native(x: Tensor, weight: Tensor | None, adjacency: Adjacency) -> Tensor:
    heads = x.shape[1] if x.dim() == 3 else 1
    weights = 0 if weight is None else 1 if weight.dim() == 1 else heads
    sizes = {"heads": heads, "size": x.shape[-1], "WEIGHTS": weights}
    compiled = library("weighted_sum", x.dtype, **sizes) if runs_natively(x) else None
    if compiled is None:
        return _by_embedding_bag(x, weight, adjacency)
    x, weight = x.contiguous(), None if weight is None else weight.contiguous()
    out = x.new_empty(adjacency.num_targets, *x.shape[1:])
    run_rows(compiled.weighted_sum, adjacency, x, weight, out)
    return out


def _by_embedding_bag(x: Tensor, weight: Tensor | None, adjacency: Adjacency) -> Tensor:
    index, pointer = adjacency.source, adjacency.row_pointer
    if weight is not None and weight.dim() == 2:
        heads, width = x.shape[1:]
        index, pointer = adjacency.head_major(heads)
        by_head = torch.stack(weight.unbind(1)).flatten()  # four times as fast as a transposed copy
        flat = _bag(x.reshape(-1, width), by_head, index, pointer)
        return flat.view(heads, -1, width).transpose(0, 1).contiguous()
    return _bag(x, weight, index, pointer)


def _bag(x: Tensor, weight: Tensor | None, index: Tensor, pointer: Tensor) -> Tensor:
    if not index.numel():
        return x.new_zeros(pointer.numel() - 1, x.shape[1])
    weight = None if weight is None else weight.contiguous()
    # Strided input, an expanded gradient say, would take torch's slow path, with another index in memory.
    return functional.embedding_bag(
        index, x.contiguous(), pointer, mode="sum", per_sample_weights=weight, include_last_offset=True
    )


def _by_csr(x: Tensor, weight: Tensor | None, adjacency: Adjacency) -> Tensor:
    check(
        x.dtype.itemsize >= 4 or x.device.type != "cpu",
        f"form csr of weighted_sum: expected float32 or float64 on a CPU, got {x.dtype}, in which torch has no such "
        "product; take the form embedding_bag.",
    )
    x = x.contiguous()  # of expanded values torch makes a wrong product on a GPU
    if x.dtype.itemsize < 4 or adjacency.num_edges > adjacency.num_targets * adjacency.num_sources:
        return _by_embedding_bag(x, weight, adjacency)  # a sparse matrix has no more entries than a dense one
    if weight is None:
        weight = x.new_ones(adjacency.num_edges)
    if weight.dim() == 1:
        return compressed_rows(adjacency, weight) @ x
    heads, width = x.shape[1:]
    by_head = torch.stack(weight.unbind(1)).flatten()
    flat = compressed_heads(adjacency, by_head, heads) @ x.reshape(-1, width)
    return flat.view(heads, -1, width).transpose(0, 1).contiguous()


_FORMS = {
    "native": _by_native,
    "embedding_bag": _by_embedding_bag,
    "csr": _by_csr,
    "reference": weighted_sum_reference,
}
