"""The weighted sum over neighbours, the one operation that every message-passing layer here comes down to."""

from typing import Any

import torch
from torch.nn import functional

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_heads, compressed_rows
from ragx.kernels.edge_product import edge_product
from ragx.kernels.forms import form_of
from ragx.kernels.native import library, run_rows, runs_natively
from ragx.typing import Float, Tensor


def weighted_sum(
    x: Float[Tensor, "S ..."],
    weight: Float[Tensor, "E ..."] | None,
    adjacency: Adjacency,
    *,
    transposed_weight: Float[Tensor, "E ..."] | None = None,
) -> Float[Tensor, "T ..."]:
    """Sum the neighbours of every target: ``out_i = Σ_e weight_e x_source(e)`` over the edges e with target i.

    Nothing of size E × D is made, forward or backward, and any order of derivative is right.

    Args:
        x: values of the sources, [S, D] or [S, H, D].
        weight: weight of every edge in row order, [E], or [E, H] for one weight a head; None stands for ones.
        adjacency: the edges.
        transposed_weight: ``weight[adjacency.permutation]``, for a constant weight that is used again and again;
            without it every backward pass permutes the weight anew. Of symmetric weights it is ``weight`` itself.

    Returns:
        Sums of the targets, [T, D] or [T, H, D]; zeros where a target has no edge.

    Raises:
        ValueError: shapes or dtypes do not fit, or ``transposed_weight`` comes with a weight that needs a gradient.
    """
    _check_inputs(x, weight, adjacency, transposed_weight)
    if x.dim() == 3 and (weight is None or weight.dim() == 1):
        flat = weighted_sum(x.flatten(1), weight, adjacency, transposed_weight=transposed_weight)
        return flat.reshape(-1, *x.shape[1:])
    result: Tensor = _WeightedSum.apply(x, weight, transposed_weight, adjacency)  # type: ignore[no-untyped-call]
    return result


def weighted_sum_reference(
    x: Float[Tensor, "S ..."], weight: Float[Tensor, "E ..."] | None, adjacency: Adjacency
) -> Float[Tensor, "T ..."]:
    """Return the weighted sum by gathering, multiplying and adding, with one message an edge in memory."""
    message = x[adjacency.source]
    if weight is not None:
        message = message * weight.reshape(*weight.shape, *(1,) * (x.dim() - weight.dim()))
    return x.new_zeros(adjacency.num_targets, *x.shape[1:]).index_add(0, adjacency.target, message)


def product(
    x: Float[Tensor, "S ..."], weight: Float[Tensor, "E ..."] | None, adjacency: Adjacency
) -> Float[Tensor, "T ..."]:
    """Return the weighted sum in the form chosen for the device, as a fresh tensor that autograd does not see."""
    weight = None if weight is None else weight.detach()
    return _FORMS[form_of("weighted_sum", x.device)](x.detach(), weight, adjacency)


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


class _WeightedSum(torch.autograd.Function):
    """The gradients are a weighted sum in the transposed order and an edge product, so derivatives nest."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, transposed_weight: Tensor | None, adjacency: Adjacency
    ) -> Tensor:
        ctx.adjacency = adjacency
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, weight, transposed_weight)
        return product(x, weight, adjacency)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        x, weight, transposed_weight = ctx.saved_tensors
        adjacency: Adjacency = ctx.adjacency
        gradient_x = gradient_weight = None
        if ctx.needs_input_grad[0]:
            constant = None if transposed_weight is None else weight
            if transposed_weight is None and weight is not None:
                transposed_weight = weight.index_select(0, adjacency.permutation)
            gradient_x = weighted_sum(gradient, transposed_weight, adjacency.transposed, transposed_weight=constant)
        if ctx.needs_input_grad[1]:
            gradient_weight = edge_product(gradient, x, adjacency)
        return gradient_x, gradient_weight, None, None


def _check_inputs(x: Tensor, weight: Tensor | None, adjacency: Adjacency, transposed_weight: Tensor | None) -> None:
    check(
        x.dim() in (2, 3) and x.shape[0] == adjacency.num_sources,
        f"x: expected shape [{adjacency.num_sources}, D] or [{adjacency.num_sources}, H, D], got {list(x.shape)}.",
    )
    for name, value in (("weight", weight), ("transposed_weight", transposed_weight)):
        if value is not None:
            expected = [adjacency.num_edges, *x.shape[1:-1]]
            check(
                list(value.shape) in ([adjacency.num_edges], expected),
                f"{name}: expected shape {expected}, one weight an edge (and head), got {list(value.shape)}.",
            )
            check(
                value.dtype == x.dtype,
                f"{name}: expected the dtype of x, {x.dtype}, got {value.dtype}; cast it with .to(x.dtype).",
            )
    if transposed_weight is not None:
        check(
            weight is not None and not (weight.requires_grad or transposed_weight.requires_grad),
            "transposed_weight: expected only beside a constant weight; leave it out for a weight to be learnt.",
        )
