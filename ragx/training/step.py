"""One optimiser step: propagate once, compare the batches, send the gradients back once."""

from collections.abc import Sequence

import torch
from lightning_fabric import Fabric
from torch import nn

from ragx.data.batches import Batch
from ragx.graph.graph import Graph
from ragx.kernels.gather_rows import gather_rows
from ragx.objectives.base import Objective
from ragx.typing import Int, Tensor


def training_step(
    fabric: Fabric, model: nn.Module, graph: Graph, objective: Objective, batches: Sequence[Batch]
) -> Tensor:
    """Add the gradients of the mean loss over ``batches``, which share one propagation, and return that loss.

    The batches meet the final embeddings as a leaf; what gathers there goes back through the layers in one pass.

    Args:
        fabric: engine that ``model`` was set up with.
        model: gives the final embeddings of all nodes [N, D] when called on the graph, and has ``base_embeddings``.
        graph: train graph.
        objective: loss and penalty.
        batches: mini-batches of this step.
    """
    nodes: Tensor = model(graph)
    leaf = nodes.detach().requires_grad_()
    total = torch.zeros((), device=nodes.device)
    for batch in batches:
        rows, sizes = batch_rows(batch, graph.num_users)
        rows = rows.to(nodes.device)
        users, items, negatives = gather_rows(leaf, rows).float().split(sizes)  # type: ignore[no-untyped-call]
        drawn = None if batch.negatives is None else negatives.view(*batch.negatives.shape, -1)
        loss = objective.loss(users, items, drawn, batch)
        if objective.l2:
            loss = loss + objective.penalty(gather_rows(model.base_embeddings, rows), batch)  # type: ignore[arg-type]
        loss = loss / len(batches)
        fabric.backward(loss)
        total += loss.detach()
    fabric.backward(nodes, gradient=leaf.grad)
    return total


def batch_rows(batch: Batch, num_users: int) -> tuple[Int[Tensor, " R"], list[int]]:
    """Return the nodes of users, items and negatives one after the other, and their numbers."""
    parts = [batch.users, batch.items + num_users]
    parts.append(batch.users[:0] if batch.negatives is None else batch.negatives.flatten() + num_users)
    return torch.cat(parts), [len(part) for part in parts]
