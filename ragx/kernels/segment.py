"""Sum, mean and maximum over the edges of every target, and the way back from targets to edges."""

from typing import Any

import torch
from torch.nn import functional

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.forms import form_of
from ragx.typing import Float, Tensor


def segment_sum(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Sum the edges of every target: ``out_i = Σ_e value_e`` over the edges e with target i; 0 without edges.

    Args:
        value: one value an edge in row order, [E, ...].
        adjacency: the edges.

    Raises:
        ValueError: ``value`` does not have one row an edge.
    """
    check_edges("value", value, adjacency)
    result: Tensor = _SegmentSum.apply(value, adjacency)  # type: ignore[no-untyped-call]
    return result


def segment_spread(value: Float[Tensor, "T ..."], adjacency: Adjacency) -> Float[Tensor, "E ..."]:
    """Give every edge the value of its target, ``out_e = value_target(e)``; its gradient is a segment sum.

    Args:
        value: one value a target, [T, ...].
        adjacency: the edges.

    Raises:
        ValueError: ``value`` does not have one row a target.
    """
    expected = adjacency.num_targets
    check(value.shape[:1] == (expected,), f"value: expected shape [{expected}, ...], got {list(value.shape)}.")
    result: Tensor = _SegmentSpread.apply(value, adjacency)  # type: ignore[no-untyped-call]
    return result


def segment_mean(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Average the edges of every target; 0 without edges. Arguments and errors as in ``segment_sum``."""
    check_edges("value", value, adjacency)
    result: Tensor = _SegmentMean.apply(value, adjacency)  # type: ignore[no-untyped-call]
    return result


def segment_max(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Take the largest edge value of every target; 0 without edges. Arguments and errors as in ``segment_sum``.

    Edges that tie for the maximum share its gradient equally, as in ``torch.amax``.
    """
    check_edges("value", value, adjacency)
    result: Tensor = _SegmentMax.apply(value, adjacency)  # type: ignore[no-untyped-call]
    return result


def segment_sum_reference(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Return the sums by adding one edge after the other."""
    return value.new_zeros(adjacency.num_targets, *value.shape[1:]).index_add(0, adjacency.target, value)


def segment_mean_reference(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Return the means as the sums of every value over the number of its target's edges."""
    count = torch.bincount(adjacency.target, minlength=adjacency.num_targets)[adjacency.target]
    return segment_sum_reference(value / _per_row(count, value), adjacency)


def segment_max_reference(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Return the maxima row by row."""
    rows = torch.split(value, adjacency.row_pointer.diff().tolist())
    zero = value.new_zeros(value.shape[1:])
    return torch.stack([row.amax(0) if len(row) else zero for row in rows]) if rows else value[:0]


def segment_max_raw(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Return the maxima, in the form chosen for the device, as a fresh tensor that autograd does not see."""
    return _MAX[form_of("segment_max", value.device)](value.detach(), adjacency)


def segment_mean_raw(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Return the means, in the form chosen for the device, as a fresh tensor that autograd does not see."""
    if value.dtype in (torch.bfloat16, torch.float16):  # sums would stall or be rounded once more before the division
        return segment_mean_raw(value.float(), adjacency).to(value.dtype)
    return _MEAN[form_of("segment_mean", value.device)](value.detach(), adjacency)


def segment_sum_raw(value: Float[Tensor, "E ..."], adjacency: Adjacency) -> Float[Tensor, "T ..."]:
    """Return the sums, in the form chosen for the device, as a fresh tensor that autograd does not see."""
    return _SUM[form_of("segment_sum", value.device)](value.detach(), adjacency)


def _sum_by_embedding_bag(value: Tensor, adjacency: Adjacency) -> Tensor:
    shape = (adjacency.num_targets, *value.shape[1:])
    if not value.numel():
        return value.new_zeros(shape)
    flat = value.reshape(adjacency.num_edges, -1).contiguous()
    total = functional.embedding_bag(
        adjacency.edge_number, flat, adjacency.row_pointer, mode="sum", include_last_offset=True
    )
    return total.reshape(shape)


def _sum_by_torch(value: Tensor, adjacency: Adjacency) -> Tensor:
    if value.dtype in (torch.bfloat16, torch.float16):  # sums would stall
        return _sum_by_torch(value.float(), adjacency).to(value.dtype)
    return torch.segment_reduce(value.contiguous(), "sum", offsets=adjacency.row_pointer, axis=0, unsafe=True)


def _max_by_torch(value: Tensor, adjacency: Adjacency) -> Tensor:
    largest = torch.segment_reduce(value.contiguous(), "max", offsets=adjacency.row_pointer, axis=0, unsafe=True)
    return largest.masked_fill_(_per_row(adjacency.degree == 0, largest), 0)


def _max_by_scatter(value: Tensor, adjacency: Adjacency) -> Tensor:
    largest = _segment_csr(value, adjacency, "max")
    lowest = largest == torch.finfo(value.dtype).min
    if lowest.any():  # what torch-scatter says of rows of -∞ and NaN
        return _max_by_torch(value, adjacency)
    return largest


def _mean_by_torch(value: Tensor, adjacency: Adjacency) -> Tensor:
    return _over_count(segment_sum_raw(value, adjacency), adjacency)


def _mean_by_scatter(value: Tensor, adjacency: Adjacency) -> Tensor:
    return _segment_csr(value, adjacency, "mean")


def _segment_csr(value: Tensor, adjacency: Adjacency, reduce: str) -> Tensor:
    from torch_scatter import segment_csr  # beside torch's own form, and not always there

    result: Tensor = segment_csr(value.contiguous(), adjacency.row_pointer, reduce=reduce)
    return result


_SUM = {"embedding_bag": _sum_by_embedding_bag, "torch": _sum_by_torch, "reference": segment_sum_reference}
_MAX = {"torch": _max_by_torch, "scatter": _max_by_scatter, "reference": segment_max_reference}
_MEAN = {"torch": _mean_by_torch, "scatter": _mean_by_scatter, "reference": segment_mean_reference}


class _SegmentSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        return segment_sum_raw(value, adjacency)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return segment_spread(gradients[0], ctx.adjacency), None


class _SegmentMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        return segment_mean_raw(value, adjacency)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return segment_spread(_over_count(gradients[0], ctx.adjacency), ctx.adjacency), None


class _SegmentSpread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        return value.detach().index_select(0, adjacency.target)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return segment_sum(gradients[0], ctx.adjacency), None


class _SegmentMax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        largest = segment_max_raw(value, adjacency)
        ctx.save_for_backward(value, largest)
        return largest

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        adjacency: Adjacency = ctx.adjacency
        value, largest = (saved.detach() for saved in ctx.saved_tensors)  # where the maximum stands is constant
        chosen = (value == largest.index_select(0, adjacency.target)).to(value.dtype)
        ties = segment_sum_raw(chosen, adjacency).clamp_(min=1)
        return chosen * segment_spread(gradients[0] / ties, adjacency), None


def _over_count(total: Tensor, adjacency: Adjacency) -> Tensor:
    single = torch.promote_types(total.dtype, torch.float32)  # half precision would round the counts too
    count = adjacency.degree.clamp(min=1).to(single)
    return (total.to(single) / _per_row(count, total)).to(total.dtype)


def _per_row(row: Tensor, like: Tensor) -> Tensor:
    return row.reshape(-1, *(1,) * (like.dim() - 1))


def check_edges(name: str, value: Tensor, adjacency: Adjacency) -> None:
    """Raise ``ValueError`` unless ``value`` has one row an edge."""
    expected = adjacency.num_edges
    check(value.shape[:1] == (expected,), f"{name}: expected shape [{expected}, ...], got {list(value.shape)}.")
