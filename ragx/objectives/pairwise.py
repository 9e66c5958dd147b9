"""Pairwise ranking."""

from torch.nn import functional

from ragx.checks import check, check_choice, check_positive
from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.objectives.base import Objective
from ragx.objectives.similarity import SIMILARITIES, SimilarityName, comparable
from ragx.typing import Float, Tensor


class BayesianPersonalizedRanking(Objective):
    """L = mean of -log σ((s_ui - s_uj) / τ) over positives i and negatives j (Rendle et al., 2009).

    Args:
        negatives: how many negatives j a positive gets, and how they are drawn; one, uniform, by default.
        similarity: ``"inner_product"``, as in the paper, or ``"cosine"``.
        temperature: τ.
        l2: weight of the penalty on the batch's base embeddings.
    """

    def __init__(
        self,
        *,
        negatives: Negatives | None = None,
        similarity: SimilarityName = "inner_product",
        temperature: float = 1.0,
        l2: float = 1e-4,
    ) -> None:
        check_choice("similarity", similarity, SIMILARITIES)
        check_positive("temperature", temperature)
        super().__init__(negatives=negatives or Negatives(), l2=l2)
        self.similarity, self.temperature = similarity, temperature

    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the mean over the B × n pairs."""
        check(negatives is not None, "BayesianPersonalizedRanking needs batches with negatives.")
        assert negatives is not None
        users = comparable(self.similarity, users) / self.temperature
        positive = (users * comparable(self.similarity, items)).sum(-1, keepdim=True)
        negative = (users.unsqueeze(1) * comparable(self.similarity, negatives)).sum(-1)
        return functional.softplus(negative - positive).mean()
