"""Softmax over drawn items."""

import torch
from torch.nn import functional

from ragx.checks import check, check_choice, check_positive
from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.objectives.base import Objective
from ragx.objectives.similarity import SIMILARITIES, SimilarityName, comparable
from ragx.typing import Float, Tensor


class SampledSoftmax(Objective):
    """L = mean of -log( e^{s_ui/τ} / (e^{s_ui/τ} + Σ_j e^{s_uj/τ}) ) over drawn negatives j (Wu et al., 2022).

    Args:
        negatives: how many negatives j a positive gets, and how they are drawn; 64, uniform, by default.
        similarity: ``"cosine"`` or ``"inner_product"``.
        temperature: τ.
        l2: weight of the penalty on the batch's base embeddings.
    """

    def __init__(
        self,
        *,
        negatives: Negatives | None = None,
        similarity: SimilarityName = "cosine",
        temperature: float = 0.12,
        l2: float = 0.0,
    ) -> None:
        check_choice("similarity", similarity, SIMILARITIES)
        check_positive("temperature", temperature)
        super().__init__(negatives=negatives or Negatives(count=64), l2=l2)
        self.similarity, self.temperature = similarity, temperature

    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the mean over the B positives."""
        check(negatives is not None, "SampledSoftmax needs batches with negatives.")
        assert negatives is not None
        users = comparable(self.similarity, users) / self.temperature
        candidates = torch.cat([items.unsqueeze(1), negatives], dim=1)
        logits = torch.bmm(comparable(self.similarity, candidates), users.unsqueeze(-1)).squeeze(-1)
        return functional.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.long))
