"""What every objective shares: the negatives it asks for and the penalty beside it."""

from abc import ABC, abstractmethod

from ragx.checks import check
from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.objectives.views import Views
from ragx.typing import Float, Tensor


class ViewObjective(ABC):
    """A loss that may look at all of the model: layer outputs, and perturbed or thinned views.

    Args:
        negatives: how many negatives each positive gets, and how they are drawn; None where none are.
        l2: weight λ of the penalty λ/2 · Σ ‖e‖² / B over the base embeddings e of the batch's rows.
    """

    def __init__(self, *, negatives: Negatives | None, l2: float) -> None:
        check(l2 >= 0, f"l2: expected at least 0, got {l2}.")
        self.negatives, self.l2 = negatives, l2

    @abstractmethod
    def of_batch(self, views: Views, batch: Batch) -> Float[Tensor, ""]:
        """Return the loss of a batch; add :meth:`penalty` where it is wanted.

        Args:
            views: what the model gives in this step.
            batch: rows of users, items and negatives, and the train pairs.
        """

    def penalty(self, base: Float[Tensor, "R D"], batch: Batch) -> Float[Tensor, ""]:
        """Return λ/2 · Σ ‖e‖² / B of the base embeddings of every row the batch uses."""
        return base.square().sum() * (self.l2 / (2 * len(batch.users)))


class Objective(ViewObjective):
    """A loss over the final vectors of a batch of positive pairs; a subclass writes :meth:`loss`.

    Args:
        negatives: as :class:`ViewObjective`.
        l2: likewise.
    """

    @abstractmethod
    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the loss of the final vectors of a batch.

        Args:
            users: vectors of the batch's users.
            items: vectors of their positive items.
            negatives: vectors of their negatives, where the objective asked for them.
            batch: the rows behind the vectors, and the train pairs.
        """

    def of_batch(self, views: Views, batch: Batch) -> Float[Tensor, ""]:
        """Return the loss of the batch's final vectors and, where λ is above 0, the penalty."""
        return self._of_rows(views.final_rows(batch), views, batch)

    def of_vectors(self, nodes: Float[Tensor, "N D"], views: Views, batch: Batch) -> Float[Tensor, ""]:
        """Return the loss of a batch, with its penalty, where the vectors of all nodes are the given ones.

        Args:
            nodes: vectors of the nodes, users first, such as those of another view.
            views: what the model gives in this step.
            batch: rows of users, items and negatives, and the train pairs.
        """
        return self._of_rows(views.rows(nodes, batch), views, batch)

    def _of_rows(self, rows: tuple[Tensor, Tensor, Tensor | None], views: Views, batch: Batch) -> Tensor:
        loss = self.loss(*rows, batch)
        return loss + self.penalty(views.base_rows(batch), batch) if self.l2 else loss
