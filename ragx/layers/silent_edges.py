"""An explainer's edge masks where edges of weight 0 are left out."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from ragx.checks import check
from ragx.geometric import MessagePassing
from ragx.graph.graph import Graph


@contextmanager
def masks_of_heard_edges(module: nn.Module, graph: Graph) -> Iterator[None]:
    """Show the convolutions of ``module``, within the block, only the edge masks of edges with a weight other than 0.

    An explainer lays its mask over all edges of the graph, while a convolution is called without those of weight 0.

    Raises:
        ValueError: a mask has another number of edges than the graph.
    """
    parts = [part for part in module.modules() if isinstance(part, MessagePassing) and part.explain]
    kept = [(part, part._edge_mask, part._loop_mask) for part in parts if part._edge_mask is not None]
    for _, mask, _ in kept:
        check(
            len(mask) == graph.num_edges,
            f"edge mask of an explainer: expected one number for each of the graph's {graph.num_edges} edges, "
            f"got {len(mask)}; explain with graph.edge_index.",
        )
    if graph.heard is None:
        yield
        return
    learned = [part._parameters.pop("_edge_mask", None) for part, *_ in kept]
    for part, mask, loops in kept:
        part._edge_mask, part._loop_mask = mask[graph.heard], None if loops is None else loops[graph.heard]
    try:
        yield
    finally:
        for (part, mask, loops), parameter in zip(kept, learned, strict=True):
            del part._edge_mask
            part._edge_mask, part._loop_mask = mask if parameter is None else parameter, loops
