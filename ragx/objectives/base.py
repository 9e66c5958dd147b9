"""What every objective shares: the negatives it asks for and the penalty beside it."""

from abc import ABC, abstractmethod

from ragx.checks import check
from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.typing import Float, Tensor


class Objective(ABC):
    """A loss over a batch of positive pairs.

    Args:
        negatives: how many negatives each positive gets, and how they are drawn; None where none are.
        l2: weight λ of the penalty λ/2 · Σ ‖e‖² / B over the base embeddings e of the batch's rows.
    """

    def __init__(self, *, negatives: Negatives | None, l2: float) -> None:
        check(l2 >= 0, f"l2: expected at least 0, got {l2}.")
        self.negatives, self.l2 = negatives, l2

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

    def penalty(self, base: Float[Tensor, "R D"], batch: Batch) -> Float[Tensor, ""]:
        """Return λ/2 · Σ ‖e‖² / B of the base embeddings of every row the batch uses."""
        return base.square().sum() * (self.l2 / (2 * len(batch.users)))
