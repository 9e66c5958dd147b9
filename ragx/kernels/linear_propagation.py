"""A polynomial of the adjacency as one operation: the whole of a linear stack of layers, and its gradient."""

from collections.abc import Sequence
from typing import Any

import torch

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.raw.weighted_sum import product, weighted_sum_reference
from ragx.typing import Float, Tensor


def linear_propagation(
    x: Float[Tensor, "N D"],
    weight: Float[Tensor, " E"],
    adjacency: Adjacency,
    coefficients: Sequence[float],
    *,
    transposed_weight: Float[Tensor, " E"] | None = None,
) -> Float[Tensor, "N D"]:
    """Propagate linearly: ``y = Σ_k coefficients[k] Aᵏ x``, where row i of A holds the weights of the edges into i.

    Horner's scheme, ``y ← c_k x + A y``; the backward pass is the same with A transposed, and no layer is kept.

    Args:
        x: values of the nodes, [N, D].
        weight: constant weight of every edge in row order, [E].
        adjacency: the edges, among N nodes.
        coefficients: factor of every power of A, from 0 up; K layers have K + 1 of them.
        transposed_weight: ``weight[adjacency.permutation]``, to spare every backward pass the permutation.

    Raises:
        ValueError: sources and targets differ in number, shapes do not fit, or the weight needs a gradient.
    """
    nodes = adjacency.num_targets
    check(
        adjacency.num_sources == nodes,
        f"adjacency: expected as many sources as targets, got {adjacency.num_sources} and {nodes}.",
    )
    check(
        x.dim() == 2 and x.shape[0] == nodes and list(weight.shape) == [adjacency.num_edges],
        f"x and weight: expected shapes [{nodes}, D] and [{adjacency.num_edges}], "
        f"got {list(x.shape)} and {list(weight.shape)}.",
    )
    check(weight.dtype == x.dtype, f"weight: expected the dtype of x, {x.dtype}, got {weight.dtype}; cast it.")
    check(
        transposed_weight is None or transposed_weight.shape == weight.shape,
        f"transposed_weight: expected the shape of weight, {list(weight.shape)}, to hold weight[permutation].",
    )
    check(len(coefficients) > 0, "coefficients: expected at least one factor, got none.")
    check(
        not (weight.requires_grad and torch.is_grad_enabled()),
        "weight: expected a constant, got a tensor that needs a gradient; "
        "call weighted_sum once a layer to learn edge weights, or pass weight.detach().",
    )
    factors = tuple(float(factor) for factor in coefficients)
    if torch.compiler.is_compiling():
        traced: Tensor = _operation(x, weight, transposed_weight, adjacency.packed, factors)
        return traced
    result: Tensor = _LinearPropagation.apply(  # type: ignore[no-untyped-call]
        x, weight, transposed_weight, adjacency, factors
    )
    return result


def linear_propagation_reference(
    x: Float[Tensor, "N D"], weight: Float[Tensor, " E"], adjacency: Adjacency, coefficients: Sequence[float]
) -> Float[Tensor, "N D"]:
    """Return the polynomial layer by layer, each power of A on its own."""
    result, power = coefficients[0] * x, x
    for factor in coefficients[1:]:
        power = weighted_sum_reference(power, weight, adjacency)
        result = result + factor * power
    return result


def _horner(x: Tensor, weight: Tensor, adjacency: Adjacency, coefficients: Sequence[float]) -> Tensor:
    leading = coefficients[-1]
    if leading == 0 or len(coefficients) == 1:
        return leading * x if len(coefficients) == 1 else _horner(x, weight, adjacency, coefficients[:-1])
    result = x  # the leading factor comes last and in place, since a scaled copy of x would cost fresh memory
    for factor in reversed(coefficients[:-1]):
        result = product(result, weight, adjacency)
        if factor:
            result.add_(x, alpha=factor / leading)
    return result if leading == 1 else result.mul_(leading)


class _LinearPropagation(torch.autograd.Function):
    """The gradient is the same polynomial of the transposed adjacency."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        transposed_weight: Tensor | None,
        adjacency: Adjacency,
        coefficients: tuple[float, ...],
    ) -> Tensor:
        ctx.adjacency, ctx.coefficients = adjacency, coefficients
        ctx.save_for_backward(weight, transposed_weight)
        return _horner(x.detach(), weight, adjacency, coefficients)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, transposed_weight = ctx.saved_tensors
        adjacency: Adjacency = ctx.adjacency
        if transposed_weight is None:
            transposed_weight = weight.index_select(0, adjacency.permutation)
        gradient = linear_propagation(
            gradients[0], transposed_weight, adjacency.transposed, ctx.coefficients, transposed_weight=weight
        )
        return gradient, None, None, None, None


@torch.library.custom_op("ragx::linear_propagation", mutates_args=())
def _operation(
    x: Tensor, weight: Tensor, transposed: Tensor | None, edges: Sequence[Tensor], coefficients: Sequence[float]
) -> Tensor:
    """The same for ``torch.compile`` and ``torch.export``, see :mod:`ragx.kernels.adjoint`."""
    return _horner(x, weight, Adjacency.unpacked(edges), coefficients)


@_operation.register_fake
def _(x: Tensor, weight: Tensor, transposed: Tensor | None, edges: Sequence[Tensor], coefficients: object) -> Tensor:
    return torch.empty_like(x)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, weight, transposed, edges, ctx.coefficients = inputs
    ctx.save_for_backward(weight, transposed, *edges)


def _back(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    weight, transposed, *edges = ctx.saved_tensors
    adjacency = Adjacency.unpacked(edges)
    if transposed is None:
        transposed = weight.index_select(0, adjacency.permutation)
    gradient = _operation(gradient, transposed, weight, adjacency.transposed.packed, ctx.coefficients)
    return gradient, None, None, [None] * len(edges), None


_operation.register_autograd(_back, setup_context=_keep)
