"""One optimiser step: propagate once, compare the batches, send the gradients back once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

from ragx.data.batches import Batch
from ragx.data.batches import Batches as Batches
from ragx.data.interactions import Interactions
from ragx.data.negatives import Negatives
from ragx.graph.graph import Graph
from ragx.objectives.base import ViewObjective
from ragx.objectives.views import Pass, View, Views
from ragx.typing import Tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Sampler(Protocol):
    """Makes the batches of a training on pairs of users and items: ``ragx.data.PairBatches``, or one of one's own."""

    def __call__(self, train: Interactions, /, *, batch_size: int, seed: int, negatives: Negatives | None) -> Batches:
        """Return the batches.

        Args:
            train: interactions to learn from.
            batch_size: pairs in a batch.
            seed: key of every draw, so that batch s of epoch e is a function of (seed, e, s) alone.
            negatives: what the objective asks for beside each pair, or None.
        """


class Step(Protocol):
    """What a group of batches gives within one optimiser step: its mean loss, and the gradients of that."""

    def __call__(self, fabric: "Fabric", module: nn.Module, batches: Sequence[Any], /) -> Tensor:
        """Add the gradients of the loss to the parameters by ``fabric.backward``, and return the loss.

        Args:
            fabric: engine that ``module`` was set up with.
            module: what was given to :meth:`ragx.training.Trainer.train`, as the engine set it up.
            batches: the batches of this step.
        """


class OnGraph(nn.Module):
    """A model on one graph: called without tensors, which an engine would convert to its precision every time.

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

    def forward(self, change: Pass | None = None) -> Tensor | View | None:
        """Return the final embeddings of all nodes, or what ``change`` makes of model and graph."""
        if change is not None:
            return change(self.model, self.graph)
        nodes: Tensor = self.model(self.graph)
        return nodes


def training_step(fabric: "Fabric", model: nn.Module, objective: ViewObjective, batches: Sequence[Batch]) -> Tensor:
    """Add the gradients of the mean loss over ``batches``, which share one propagation, and return that loss.

    The batches meet the final embeddings as a leaf; what gathers there goes back through the layers in one pass.

    Args:
        fabric: engine that ``model`` was set up with.
        model: an :class:`OnGraph` as the engine set it up.
        objective: loss and penalty.
        batches: mini-batches of this step.
    """
    views = Views(model, batches)  # type: ignore[arg-type]
    total = torch.zeros((), device=views.base_embeddings.device)
    for batch in batches:
        loss = objective.of_batch(views, batch) / len(batches)
        fabric.backward(loss)
        total += loss.detach()
    views.send_back(fabric.backward)
    return total
