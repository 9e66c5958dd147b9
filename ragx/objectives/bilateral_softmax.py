"""Bilateral softmax: a temperature of the positive and one of the negatives."""

from typing import Any

import torch
from torch.autograd.function import once_differentiable

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
            spread = self._over_the_batch(users, items, batch)
        else:
            spread = (comparable(self.similarity, negatives) @ users.unsqueeze(-1)).squeeze(-1).logsumexp(dim=1)
        return (self.ratio * spread - positive).masked_fill(spread.isneginf(), 0).mean()

    def _over_the_batch(
        self, users: Float[Tensor, "B D"], items: Float[Tensor, "B D"], batch: Batch
    ) -> Float[Tensor, " B"]:
        """Return log Σ_j e^{s_uj/τ} over the negatives j that the batch has for each position, -∞ where it has none."""
        of_batch, device = distinct(batch.items), users.device
        counts, own = of_batch.counts.to(users), of_batch.column.to(device)
        others, silent = counts - 1, None  # repeats of the positive, which are negatives where nothing is masked
        if self.mask_false_negatives:
            others, silent = torch.zeros_like(counts), false_negatives(batch, of_batch.rows).to(device)
        columns, shift = gather_rows(items, of_batch.position.to(device)), (others / counts).log()[own]
        spread: Tensor = _LogSumExp.apply(users, columns, counts.log(), own, shift, silent)  # type: ignore[no-untyped-call]
        return spread


class _LogSumExp(torch.autograd.Function):
    """Row by row log Σ_c e^{u·v_c + b_c} over the columns that are not silent, the own one shifted.

    The shares of the columns, which the backward pass needs, are made in place of the logits.
    """

    @staticmethod
    def forward(
        ctx: Any, users: Tensor, columns: Tensor, bias: Tensor, own: Tensor, shift: Tensor, silent: Tensor | None
    ) -> Tensor:
        users, columns = users.detach(), columns.detach()
        logits = torch.addmm(bias, users, columns.T)
        logits.scatter_add_(1, own.unsqueeze(1), shift.unsqueeze(1))
        if silent is not None:
            logits[silent[0], silent[1]] = -torch.inf
        peak = logits.amax(dim=1, keepdim=True).clamp_(min=torch.finfo(logits.dtype).min)
        total = logits.sub_(peak).exp_().sum(dim=1, keepdim=True)
        ctx.save_for_backward(users, columns, logits.div_(total.masked_fill(total == 0, 1)))
        return (peak + total.log()).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        users, columns, shares = ctx.saved_tensors
        gradient = gradients[0].unsqueeze(1)
        return (shares @ columns) * gradient, shares.T @ (users * gradient), None, None, None, None


def pooled(logits: Float[Tensor, " B"], users: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
    """Return, for every position of a batch, the logarithm of the mean of e^logit over the positions of its user."""
    _, group, count = torch.unique(users, return_inverse=True, return_counts=True)
    peak = torch.full_like(count, -torch.inf, dtype=logits.dtype)
    peak = peak.scatter_reduce(0, group, logits.detach(), "amax")
    total = torch.zeros_like(peak).index_add(0, group, (logits - peak[group]).exp())
    return gather_rows((peak + (total / count).log()).unsqueeze(1), group).squeeze(1)
