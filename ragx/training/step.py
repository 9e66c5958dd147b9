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


class OnGraph(nn.Module):
    """A model on one graph: called without arguments, which an engine would convert to its precision every time.

    Args:
        model: gives the final embeddings of all nodes [N, D] when called on the graph, and has ``base_embeddings``.
        graph: train graph.
    """

    def __init__(self, model: nn.Module, graph: Graph) -> None:
        super().__init__()
        self.model, self.graph = model, graph

    @property
    def base_embeddings(self) -> Tensor:
        """The model's embeddings before any layer."""
        base: Tensor = self.model.base_embeddings  # type: ignore[assignment]
        return base

    def forward(self) -> Tensor:
        """Return the final embeddings of all nodes."""
        nodes: Tensor = self.model(self.graph)
        return nodes


def training_step(
    fabric: Fabric, model: nn.Module, graph: Graph, objective: Objective, batches: Sequence[Batch]
) -> Tensor:
    """Add the gradients of the mean loss over ``batches``, which share one propagation, and return that loss.

    The batches meet the final embeddings as a leaf; what gathers there goes back through the layers in one pass.

    Args:
        fabric: engine that ``model`` was set up with.
        model: an :class:`OnGraph` as the engine set it up.
        graph: the train graph, which it is on.
        objective: loss and penalty.
        batches: mini-batches of this step.
    """
    nodes: Tensor = model()
    leaf = nodes.detach().requires_grad_()
    total = torch.zeros((), device=nodes.device)
    single = torch.promote_types(nodes.dtype, torch.float32)
    for batch in batches:
        rows, sizes = batch_rows(batch, graph.num_users)
        rows = rows.to(nodes.device)
        users, items, negatives = gather_rows(leaf, rows).to(single).split(sizes)  # type: ignore[no-untyped-call]
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
