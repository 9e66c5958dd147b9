"""The weighted sum and the edge product with their gradients: each is made of the other, in either order of the edges.

Eagerly they are two autograd functions. Where ``torch.compile`` or ``torch.export`` looks on, they are the operations
``ragx::weighted_sum`` and ``ragx::edge_product`` of tensors alone, with the same gradients; those cost a few hundred
microseconds a call more, which a small graph would feel.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ragx.graph.adjacency import Adjacency
from ragx.kernels.raw.edge_product import sampled
from ragx.kernels.raw.weighted_sum import product
from ragx.typing import Float, Tensor

Gradients = tuple[Tensor | None, Tensor | None]
Sum = Callable[[Tensor, Tensor | None, Tensor | None, Adjacency], Tensor]
Product = Callable[[Tensor, Tensor, Adjacency], Tensor]


def sum_over_edges(
    x: Float[Tensor, "S ..."], weight: Float[Tensor, "E ..."] | None, transposed: Tensor | None, adjacency: Adjacency
) -> Float[Tensor, "T ..."]:
    """Return the weighted sum of checked inputs; ``transposed`` is the weight in the order by source, or None."""
    if torch.compiler.is_compiling():
        return _sum_traced(x, weight, transposed, adjacency)
    return _Sum.apply(x, weight, transposed, adjacency)  # type: ignore[no-any-return, no-untyped-call]


def product_along_edges(
    query: Float[Tensor, "T ..."], key: Float[Tensor, "S ..."], adjacency: Adjacency
) -> Float[Tensor, "E ..."]:
    """Return the edge product of checked inputs."""
    if torch.compiler.is_compiling():
        return _product_traced(query, key, adjacency)
    return _Product.apply(query, key, adjacency)  # type: ignore[no-any-return, no-untyped-call]


def _gradients_of_sum(
    gradient: Tensor,
    saved: Sequence[Any],
    needed: Sequence[bool],
    adjacency: Adjacency,
    operations: tuple[Sum, Product],
) -> Gradients:
    """Return the gradients of x and weight: a sum in the transposed order, and a product."""
    x, weight, transposed = saved
    of_x = of_weight = None
    if needed[0]:
        constant = None if transposed is None else weight
        if transposed is None and weight is not None:
            transposed = weight.index_select(0, adjacency.permutation)
        of_x = operations[0](gradient, transposed, constant, adjacency.transposed)
    if needed[1]:
        of_weight = operations[1](gradient, x, adjacency)
    return of_x, of_weight


def _gradients_of_product(
    gradient: Tensor, saved: Sequence[Any], needed: Sequence[bool], adjacency: Adjacency, edge_sum: Sum
) -> Gradients:
    """Return the gradients of query and key: sums in both orders, weighted by the gradient."""
    query, key = saved
    of_query = edge_sum(key, gradient, None, adjacency) if needed[0] else None
    if not needed[1]:
        return of_query, None
    return of_query, edge_sum(query, gradient.index_select(0, adjacency.permutation), None, adjacency.transposed)


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, transposed: Tensor | None, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, weight, transposed)
        return product(x, weight, adjacency)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        saved, needed, operations = ctx.saved_tensors, ctx.needs_input_grad, (sum_over_edges, product_along_edges)
        return *_gradients_of_sum(gradients[0], saved, needed, ctx.adjacency, operations), None, None


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        ctx.save_for_backward(query, key)
        return sampled(query, key, adjacency)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        saved, needed = ctx.saved_tensors, ctx.needs_input_grad
        return *_gradients_of_product(gradients[0], saved, needed, ctx.adjacency, sum_over_edges), None


@torch.library.custom_op("ragx::weighted_sum", mutates_args=())
def _sum_operation(x: Tensor, weight: Tensor | None, transposed: Tensor | None, edges: Sequence[Tensor]) -> Tensor:
    return product(x, weight, Adjacency.unpacked(edges))


@torch.library.custom_op("ragx::edge_product", mutates_args=())
def _product_operation(query: Tensor, key: Tensor, edges: Sequence[Tensor]) -> Tensor:
    return sampled(query, key, Adjacency.unpacked(edges)).contiguous()


@_sum_operation.register_fake
def _(x: Tensor, weight: Tensor | None, transposed: Tensor | None, edges: Sequence[Tensor]) -> Tensor:
    return x.new_empty(Adjacency.unpacked(edges).num_targets, *x.shape[1:])


@_product_operation.register_fake
def _(query: Tensor, key: Tensor, edges: Sequence[Tensor]) -> Tensor:
    return query.new_empty(Adjacency.unpacked(edges).num_edges, *query.shape[1:-1])


def _sum_traced(x: Tensor, weight: Tensor | None, transposed: Tensor | None, adjacency: Adjacency) -> Tensor:
    out: Tensor = _sum_operation(x, weight, transposed, adjacency.packed)
    return out


def _product_traced(query: Tensor, key: Tensor, adjacency: Adjacency) -> Tensor:
    out: Tensor = _product_operation(query, key, adjacency.packed)
    return out


def _keep_of_sum(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, weight, transposed, edges = inputs
    ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, weight, transposed, *edges)


def _keep_of_product(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    query, key, edges = inputs
    ctx.save_for_backward(query, key, *edges)


def _back_of_sum(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    saved, edges = ctx.saved_tensors[:3], ctx.saved_tensors[3:]
    adjacency, operations = Adjacency.unpacked(edges), (_sum_traced, _product_traced)
    gradients = _gradients_of_sum(gradient, saved, ctx.needs_input_grad, adjacency, operations)
    return *gradients, None, [None] * len(edges)


def _back_of_product(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    saved, edges = ctx.saved_tensors[:2], ctx.saved_tensors[2:]
    adjacency = Adjacency.unpacked(edges)
    gradients = _gradients_of_product(gradient, saved, ctx.needs_input_grad, adjacency, _sum_traced)
    return *gradients, [None] * len(edges)


_sum_operation.register_autograd(_back_of_sum, setup_context=_keep_of_sum)
_product_operation.register_autograd(_back_of_product, setup_context=_keep_of_product)
