"""A polynomial of the adjacency as one operation: the whole of a linear stack of layers, and its gradient."""

from collections.abc import Sequence
from typing import Any

import torch

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.raw.horner import Chosen, chosen_of, horner
from ragx.kernels.raw.weighted_sum import weighted_sum_reference
from ragx.typing import Float, Int, Tensor


def linear_propagation(
    x: Float[Tensor, "N D"],
    weight: Float[Tensor, " E"],
    adjacency: Adjacency,
    coefficients: Sequence[float],
    *,
    transposed_weight: Float[Tensor, " E"] | None = None,
    nodes: Int[Tensor, " R"] | None = None,
) -> Float[Tensor, "Y D"]:
    """Propagate linearly: ``y = Σ_k coefficients[k] Aᵏ x``, where row i of A holds the weights of the edges into i.

    Horner's scheme, ``y ← c_k x + A y``; the backward pass is the same with A transposed, and no layer is kept. Where
    few nodes are asked for, the last of the products is made for their rows of A alone, and the first of the backward
    pass for their columns; the bits of values and gradients are those of the whole.

    Args:
        x: values of the nodes, [N, D].
        weight: constant weight of every edge in row order, [E].
        adjacency: the edges, among N nodes.
        coefficients: factor of every power of A, from 0 up; K layers have K + 1 of them.
        transposed_weight: ``weight[adjacency.permutation]``, to spare every backward pass the permutation.
        nodes: nodes whose y is asked for, each once, [R]; all by default.

    Returns:
        y [Y, D] of all Y = N nodes, or of those asked for, Y = R.

    Raises:
        ValueError: sources and targets differ in number, shapes do not fit, the weight needs a gradient, or a node is
            asked for that is not there or was asked for before.
    """
    size = adjacency.num_targets
    check(
        adjacency.num_sources == size,
        f"adjacency: expected as many sources as targets, got {adjacency.num_sources} and {size}.",
    )
    check(
        x.dim() == 2 and x.shape[0] == size and list(weight.shape) == [adjacency.num_edges],
        f"x and weight: expected shapes [{size}, D] and [{adjacency.num_edges}], "
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
        return traced if nodes is None else traced.index_select(0, nodes)
    chosen = None if nodes is None else _chosen(nodes, adjacency)
    result: Tensor = _LinearPropagation.apply(  # type: ignore[no-untyped-call]
        x, weight, transposed_weight, adjacency, factors, None, chosen
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


def _chosen(nodes: Tensor, adjacency: Adjacency) -> Chosen:
    size = adjacency.num_targets
    low, high = (int(nodes.min()), int(nodes.max())) if nodes.numel() else (0, -1)
    check(
        nodes.dim() == 1 and nodes.dtype == torch.int64 and low >= 0 and high < size,
        f"nodes: expected one row of int64 numbers from 0 to {size - 1}, got {list(nodes.shape)} of {nodes.dtype} from "
        f"{low} to {high}.",
    )
    chosen = chosen_of(nodes.contiguous(), size)
    number = int((chosen.position >= 0).sum())
    check(number == len(nodes), f"nodes: expected each node once, got {number} in {len(nodes)} rows.")
    return chosen


class _LinearPropagation(torch.autograd.Function):
    """The gradient is the same polynomial of the transposed adjacency, given what was asked for."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        transposed_weight: Tensor | None,
        adjacency: Adjacency,
        coefficients: tuple[float, ...],
        given: Chosen | None,
        asked: Chosen | None,
    ) -> Tensor:
        ctx.adjacency, ctx.coefficients, ctx.chosen = adjacency, coefficients, (given, asked)
        ctx.save_for_backward(weight, transposed_weight)
        return horner(x.detach(), weight, adjacency, coefficients, given=given, asked=asked)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, transposed_weight = ctx.saved_tensors
        adjacency: Adjacency = ctx.adjacency
        given, asked = ctx.chosen
        if transposed_weight is None:
            transposed_weight = weight.index_select(0, adjacency.permutation)
        gradient = _LinearPropagation.apply(  # type: ignore[no-untyped-call]
            gradients[0], transposed_weight, weight, adjacency.transposed, ctx.coefficients, asked, given
        )
        return gradient, *[None] * 6


@torch.library.custom_op("ragx::linear_propagation", mutates_args=())
def _operation(
    x: Tensor, weight: Tensor, transposed: Tensor | None, edges: Sequence[Tensor], coefficients: Sequence[float]
) -> Tensor:
    """The same for ``torch.compile`` and ``torch.export``, see :mod:`ragx.kernels.adjoint`."""
    return horner(x, weight, Adjacency.unpacked(edges), coefficients)


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
