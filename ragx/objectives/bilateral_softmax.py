"""Bilateral softmax: a temperature of the positive and one of the negatives."""

import torch

from ragx.checks import check_choice, check_positive
from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.kernels.gather_rows import gather_rows
from ragx.objectives.base import Objective
from ragx.objectives.batch_items import distinct, false_negatives
from ragx.objectives.similarity import SIMILARITIES, SimilarityName, comparable
from ragx.typing import Float, Int, Tensor


class BilateralSoftmax(Objective):
    """L = mean of -log( e^{s_ui/τ} / (Σ_j e^{s_uj/τ})^ρ ) over negatives j: BSL (Wu et al., ICDE 2024).

    L / ρ = -s_ui / ρτ + log Σ_j e^{s_uj/τ}: the positive has temperature ρτ, the negatives have τ. With ρ = 1 it is the
    softmax loss without the positive in its denominator. Published on LightGCN with the negatives of the batch, false
    ones among them: τ = 0.12 and ρ = 0.84 on Gowalla, τ = 0.15 and ρ = 1.12 on Yelp2018.

    Args:
        negatives: how many negatives j a positive gets, and how they are drawn; by default the other items of the
            batch serve, each as often as it occurs. A positive without any costs nothing.
        similarity: ``"cosine"`` or ``"inner_product"``.
        temperature: τ.
        ratio: ρ, the temperature of positives over that of negatives.
        pool_positives: whether e^{s_ui/τ} is its mean over all positives of the user in the batch, as published for
            matrix factorisation, so that one false positive counts for less.
        mask_false_negatives: whether items of the batch that the user has in train are left out.
        l2: weight of the penalty on the batch's base embeddings.
    """

    def __init__(
        self,
        *,
        negatives: Negatives | None = None,
        similarity: SimilarityName = "cosine",
        temperature: float = 0.12,
        ratio: float = 0.84,
        pool_positives: bool = False,
        mask_false_negatives: bool = True,
        l2: float = 0.0,
    ) -> None:
        check_choice("similarity", similarity, SIMILARITIES)
        check_positive("temperature", temperature)
        check_positive("ratio", ratio)
        super().__init__(negatives=negatives, l2=l2)
        self.similarity, self.temperature, self.ratio = similarity, temperature, ratio
        self.pool_positives, self.mask_false_negatives = pool_positives, mask_false_negatives

    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the mean over the B positives."""
        users, items = comparable(self.similarity, users) / self.temperature, comparable(self.similarity, items)
        positive = (users * items).sum(-1)
        if self.pool_positives:
            positive = pooled(positive, batch.users.to(users.device))
        if negatives is None:
            logits = self._of_batch_items(users, items, batch)
        else:
            logits = torch.bmm(comparable(self.similarity, negatives), users.unsqueeze(-1)).squeeze(-1)
        alone = logits.isneginf().all(dim=1)
        spread = logits.masked_fill(alone.unsqueeze(1), 0).logsumexp(dim=1)
        return (self.ratio * spread - positive).masked_fill(alone, 0).mean()

    def _of_batch_items(
        self, users: Float[Tensor, "B D"], items: Float[Tensor, "B D"], batch: Batch
    ) -> Float[Tensor, "B C"]:
        """Return s_uj / τ + log(how often j is a negative of u) for every distinct item j of the batch."""
        of_batch, device = distinct(batch.items), users.device
        columns = gather_rows(items, of_batch.position.to(device))
        count = of_batch.counts.to(users)
        logits = torch.addmm(count.log(), users, columns.T)
        own = of_batch.column.unsqueeze(1).to(device)
        if not self.mask_false_negatives:  # repeats of the positive are negatives then
            return logits.scatter_add(1, own, ((count - 1) / count).log()[own])
        position, column = false_negatives(batch, of_batch.rows).to(device)
        silent = torch.zeros_like(logits, dtype=torch.bool).scatter_(1, own, True)
        silent[position, column] = True
        return logits.masked_fill(silent, -torch.inf)


def pooled(logits: Float[Tensor, " B"], users: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
    """Return, for every position of a batch, the logarithm of the mean of e^logit over the positions of its user."""
    _, group, count = torch.unique(users, return_inverse=True, return_counts=True)
    peak = torch.full_like(count, -torch.inf, dtype=logits.dtype)
    peak = peak.scatter_reduce(0, group, logits.detach(), "amax")
    total = torch.zeros_like(peak).index_add(0, group, (logits - peak[group]).exp())
    return gather_rows((peak + (total / count).log()).unsqueeze(1), group).squeeze(1)
