"""Which node a row of a table belongs to, as the final vectors of a model tell it."""

from collections.abc import Iterator, Mapping

import torch

from ragx.graph.graph import Graph
from ragx.models.node_model import NodeModel
from ragx.typing import Tensor


def rows_elsewhere(model: NodeModel, graph: Graph, tables: Mapping[str, Tensor]) -> Iterator[tuple[str, int, int]]:
    """Give the rows that change final vectors of other nodes and not that of the node they belong to.

    A table with a row for every node, user or item belongs to these; others are left out.

    Args:
        model: the model.
        graph: a graph without edges, over which nothing gets from node to node.
        tables: parameters and features by name.

    Returns:
        name of the table, row, and the node that the row belongs to, users first.
    """
    first = {graph.num_nodes: 0, graph.num_users: 0, graph.num_items: graph.num_users}
    of_rows = {name: table for name, table in tables.items() if table.dim() and len(table) in first}
    final = model(graph)
    if not of_rows or not final.requires_grad:
        return
    influenced = {
        name: table.new_zeros(graph.num_nodes, len(table), dtype=torch.bool) for name, table in of_rows.items()
    }
    direction = torch.linspace(-1, 2, final.shape[1])
    for node, vector in enumerate(final):
        gradients = torch.autograd.grad(
            vector @ direction, list(of_rows.values()), retain_graph=True, allow_unused=True
        )
        for name, gradient in zip(of_rows, gradients, strict=True):
            if gradient is not None:
                influenced[name][node] = gradient.flatten(1).any(1) if gradient.dim() > 1 else gradient.bool()
    for name, table in of_rows.items():
        for row in range(len(table)):
            node = first[len(table)] + row
            if bool(influenced[name][:, row].any()) and not bool(influenced[name][node, row]):
                yield name, row, node
