"""When a layer may take its fused form, and what either form is given."""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules import module as torch_module

from ragx.checks import check
from ragx.geometric import SumAggregation
from ragx.graph.graph import Graph
from ragx.kernels.weighted_sum import weighted_sum
from ragx.typing import Tensor

if TYPE_CHECKING:
    from ragx.layers.message_layer import MessageLayer

STEPS = ("message", "aggregate", "update")
HOOKS = (
    "_propagate_forward_pre_hooks",
    "_propagate_forward_hooks",
    "_message_forward_pre_hooks",
    "_message_forward_hooks",
    "_aggregate_forward_pre_hooks",
    "_aggregate_forward_hooks",
    "_edge_update_forward_pre_hooks",
    "_edge_update_forward_hooks",
)
FUSED_HOOKS = "_message_and_aggregate_forward_pre_hooks", "_message_and_aggregate_forward_hooks"
MODULE_HOOKS = "_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks"


def may_fuse(layer: "MessageLayer", node_dim: int = -2) -> bool:
    """Say whether the fused form of ``layer`` stands for what its messages do.

    Its author is the most derived class that writes ``message_and_aggregate``. The form stands unless a more derived
    class or the object itself has its own ``message``, ``aggregate``, ``update`` or ``propagate``, the messages are not
    summed from source to target, ``fuse`` is off, a hook watches them, or an explainer masks the edges. (PyG's own
    ``fuse`` is inherited, so a subclass that writes ``message`` alone would silently be ignored.) What
    ``torch.compile`` has compiled keeps the answer that it got.

    Args:
        layer: the layer.
        node_dim: the dimension of the nodes in what the fused form sums.
    """
    kind, own = type(layer), vars(layer)
    author = next(base for base in kind.__mro__ if "message_and_aggregate" in vars(base))
    if any(step in own or getattr(kind, step) is not getattr(author, step) for step in STEPS):
        return False
    sums = type(layer.aggr_module) is SumAggregation and layer.flow == "source_to_target"
    if not sums or not layer.fuse or layer.node_dim != node_dim or _has_own_propagate(layer):
        return False
    return not layer.explain and not any(getattr(layer, hook) for hook in HOOKS)


# As torch.compiler.assume_constant_result does, which imports the compiler for it.
may_fuse._dynamo_marked_constant = True  # type: ignore[attr-defined]


def _has_own_propagate(layer: "MessageLayer") -> bool:
    """Say whether ``propagate`` is none of PyG's two forms, which it puts on the object as explainers come and go."""
    kind, own = type(layer), vars(layer).get("propagate")
    theirs = [vars(kind).get(form) for form in ("_orig_propagate", "_jinja_propagate")]
    return kind.writes_propagate or (own is not None and getattr(own, "__func__", None) not in theirs)


def call_fused(layer: "MessageLayer", edges: Any, **arguments: Any) -> Tensor:
    """Return ``layer.message_and_aggregate(edges, **arguments)`` with the hooks that PyG calls around it."""
    for hook in getattr(layer, FUSED_HOOKS[0]).values():
        changed = hook(layer, (edges, arguments))
        edges, arguments = (edges, arguments) if changed is None else changed
    out: Tensor = layer.message_and_aggregate(edges, **arguments)
    for hook in getattr(layer, FUSED_HOOKS[1]).values():
        changed = hook(layer, (edges, arguments), out)
        out = out if changed is None else changed
    return out


def is_called_as(layer: "MessageLayer", author: "type[MessageLayer]") -> bool:
    """Say whether calling ``layer`` comes to what ``author`` wrote, fused form included, and to nothing beside it."""
    fused = type(layer).message_and_aggregate is author.message_and_aggregate
    watched = "message_and_aggregate" in vars(layer) or any(getattr(layer, hook) for hook in FUSED_HOOKS)
    return fused and not watched and runs_as(layer, author)


def runs_as(module: nn.Module, author: type[nn.Module]) -> bool:
    """Say whether calling ``module`` comes to the ``forward`` that ``author`` wrote, and to no hook beside it."""
    written = type(module).forward is author.forward and "forward" not in vars(module)
    watched = any(getattr(module, hook) for hook in MODULE_HOOKS)
    return written and not watched and not torch_module._has_any_global_hook()  # type: ignore[no-untyped-call]


def weights_of(edges: Graph | Tensor, edge_weight: Tensor | None, x: Tensor) -> Tensor:
    """Return the weights of edges in the dtype of x: those that are given, else a graph's own, else ones.

    Raises:
        ValueError: the edges are neither a graph nor a tensor [2, E] of integers.
    """
    if not isinstance(edges, Graph):
        check_edge_index(edges)
        return x.new_ones(edges.shape[1]) if edge_weight is None else edge_weight.to(x.dtype)
    return edges.weight_in(x.dtype) if edge_weight is None else edge_weight.to(x.dtype)


def graph_of(layer: nn.Module, edges: Graph | Tensor, edge_weight: Tensor | None) -> Graph:
    """Return the graph that a layer needs, with ``edge_weight`` in place of its own weights where they are given.

    Raises:
        ValueError: the edges are bare, without what a graph knows of them.
    """
    check(
        isinstance(edges, Graph),
        f"{type(layer).__name__}: expected a ragx.graph.Graph, whose edges have times and kinds, got "
        f"{type(edges).__name__}; make one with ragx.graph.build_graph, or use another layer.",
    )
    assert isinstance(edges, Graph)
    return edges if edge_weight is None else edges.with_weight(edge_weight)


def weighted_neighbours(graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
    """Return Σ_j w_ij x_j of every node without a tensor of size E × D; the graph's own weights cost no permutation."""
    return weighted_sum(x, edge_weight, graph.adjacency, transposed_weight=graph.transposed_of(edge_weight))


def check_edge_index(edge_index: Any) -> None:
    """Raise ``ValueError`` unless ``edge_index`` is a dense tensor [2, E] of integers, and say what to do."""
    came = type(edge_index).__name__
    if isinstance(edge_index, Tensor):
        if edge_index.layout != torch.strided:
            came = f"a sparse tensor ({edge_index.layout})"
        elif edge_index.dim() == 2 and len(edge_index) == 2 and not edge_index.is_floating_point():
            return
        else:
            came = f"a tensor {list(edge_index.shape)} of {edge_index.dtype}"
    raise ValueError(
        f"edge_index: expected a ragx.graph.Graph or a tensor [2, E] of integers, got {came}. Make a graph with "
        "Graph.from_pairs, or pass what torch_geometric.utils.to_edge_index returns."
    )
