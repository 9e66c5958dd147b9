"""The cosine contrastive loss."""

from ragx.checks import check
from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.objectives.base import Objective
from ragx.objectives.similarity import comparable
from ragx.typing import Float, Tensor


class CosineContrastive(Objective):
    """L = mean of (1 - cos_ui) + w/n Σ_j max(0, cos_uj - m) over n negatives j: the loss of SimpleX (Mao et al., 2021).

    Negatives that are less alike than the margin m cost nothing, so that many are drawn, of which few count; published
    with n = 1,000, m = 0.9 and w = 150.

    Args:
        negatives: how many negatives j a positive gets, and how they are drawn; 64, uniform, by default.
        margin: m, from -1 up to 1.
        negative_weight: w, what the negatives weigh together.
        l2: weight of the penalty on the batch's base embeddings.
    """

    def __init__(
        self,
        *,
        negatives: Negatives | None = None,
        margin: float = 0.9,
        negative_weight: float = 150.0,
        l2: float = 0.0,
    ) -> None:
        check(-1 <= margin < 1, f"margin: expected a cosine from -1 up to but not including 1, got {margin}.")
        check(negative_weight >= 0, f"negative_weight: expected at least 0, got {negative_weight}.")
        super().__init__(negatives=negatives or Negatives(count=64), l2=l2)
        self.margin, self.negative_weight = margin, negative_weight

    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the mean over the B positives."""
        check(negatives is not None, "CosineContrastive needs batches with negatives.")
        assert negatives is not None
        users = comparable("cosine", users)
        positive = (users * comparable("cosine", items)).sum(-1)
        negative = (comparable("cosine", negatives) @ users.unsqueeze(-1)).squeeze(-1)
        return (1 - positive).mean() + self.negative_weight * (negative - self.margin).relu().mean()
