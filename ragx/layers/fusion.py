"""When a layer may take its fused form, and what its plain form is given."""

from collections.abc import Callable

from torch_geometric.nn import MessagePassing

from ragx.graph.graph import Graph
from ragx.typing import Tensor

STEPS = ("message", "aggregate", "update")
HOOKS = (
    "_propagate_forward_pre_hooks",
    "_propagate_forward_hooks",
    "_message_forward_pre_hooks",
    "_message_forward_hooks",
    "_aggregate_forward_pre_hooks",
    "_aggregate_forward_hooks",
)


def may_fuse(layer: MessagePassing, author: type[MessagePassing]) -> bool:
    """Say whether the fused form that ``author`` wrote stands for what ``layer`` does.

    It does unless a more derived class or the object itself has its own ``message``, ``aggregate`` or ``update``, a
    hook watches them, or an explainer masks the edges. (PyG's own ``fuse`` is inherited, so a subclass that writes
    ``message`` alone would silently be ignored.)
    """
    for step in STEPS:
        if step in vars(layer) or getattr(type(layer), step) is not getattr(author, step):
            return False
    return not layer.explain and not any(getattr(layer, hook) for hook in HOOKS)


def is_called_as(layer: MessagePassing, author: type[MessagePassing]) -> bool:
    """Say whether calling ``layer`` comes to what ``author`` wrote, fused form included, and to nothing beside it."""
    own = vars(layer).keys() & {"forward", "message_and_aggregate"}
    written = type(layer).forward is author.forward
    fused = type(layer).message_and_aggregate is author.message_and_aggregate
    return not own and written and fused and not layer._forward_hooks and not layer._forward_pre_hooks


def edges_of(edge_index: Graph | Tensor, edge_weight: Tensor | None, x: Tensor) -> tuple[Callable[[], Tensor], Tensor]:
    """Return edges, made when called for, and weights in the dtype of x: a graph's own, or 1, unless they are given."""
    if isinstance(edge_index, Graph):
        weight = edge_index.edge_weight if edge_weight is None else edge_weight
        return lambda: edge_index.edge_index, weight.to(x.dtype)
    return lambda: edge_index, x.new_ones(edge_index.shape[1]) if edge_weight is None else edge_weight.to(x.dtype)
